//! The record of a decision: every reason, what it is recorded with, and that nothing in it disturbs a log.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{World, run, text};
use trustdir::{ClientAuth, Decision, EntryNames, IssueOptions, Policy, Reason};

/// Every character that the record may not hold, whatever it is shown on.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
}

fn record(decision: &Decision) -> Value {
    let line = decision.to_json();
    assert!(!line.contains(disturbs), "{line:?}");
    serde_json::from_str(&line).unwrap()
}

/// The reasons that a directory of clients decides by itself; `BAD_SIGNATURE` needs a handshake (tests/pinning.rs), and
/// those from 30 on authorities (tests/chains.rs, tests/connector.rs).
#[test]
fn each_reason_is_produced_and_recorded() {
    let world = World::new();
    let clients = world.trust_dir(EntryNames::Any);
    let policy = Policy::new(ClientAuth::Required).with_clients(clients.clone()).with_service("rpc");
    let alice = world.issued("alice", &IssueOptions::default()).load();
    let other = world.ca.issue_client("alice", &IssueOptions::default()).unwrap().certificate().clone();
    let bob = world.issued("bob", &IssueOptions::default()).load();
    let carol = world.issued("carol", &IssueOptions::default()).load();
    let minter = world.self_signed("minter");
    let minted = world.minted("minted", &minter).load();
    let server = world.server.certificate();
    let weak = support::ClientFiles { certificate: world.path("weak.pem"), key: world.path("weak.key"), chain: None };
    let (certificate, key) = (text(&weak.certificate), text(&weak.key));
    support::openssl(
        &["req", "-newkey", "rsa:1024", "-nodes", "-keyout", &key, "-x509", "-out", &certificate, "-subj", "/CN=weak"],
        world.dir.path(),
    );
    let weak = weak.load();
    for certificate in [&alice, &bob, &carol, &minter.load(), server, &weak] {
        clients.install(certificate).unwrap();
    }
    clients.remove(&bob.fingerprint()).unwrap();
    clients.limit("carol", None, Some(&["admin"])).unwrap();
    let now = carol.not_before(); // the last to be issued, perhaps a second after the others
    let stranger = world.self_signed("stranger").load();

    let decide = |der: &[u8], now| policy.decide(&[der], now);
    let decided = [
        (Reason::Admitted, decide(alice.as_der(), now)),
        (Reason::Anonymous, Policy::new(ClientAuth::Optional).with_clients(clients.clone()).decide(&[], now)),
        (Reason::NoCertificate, policy.decide(&[], now)),
        (Reason::NotInstalled, decide(stranger.as_der(), now)),
        (Reason::Removed, decide(bob.as_der(), now)),
        (Reason::MintedByPin, decide(minted.as_der(), now)),
        (Reason::SameNameOtherKey, decide(other.as_der(), now)),
        (Reason::Malformed, decide(b"garbage", now)),
        (Reason::Expired, decide(alice.as_der(), alice.not_after() + 1)),
        (Reason::NotYetValid, decide(alice.as_der(), alice.not_before() - 1)),
        (Reason::WrongPurpose, decide(server.as_der(), now)),
        (Reason::WeakKey, decide(weak.as_der(), weak.not_before())),
        (Reason::Scope, decide(carol.as_der(), now)),
    ];
    let produced: Vec<_> = decided.iter().map(|(reason, _)| *reason).collect();
    let elsewhere = |reason: &Reason| *reason == Reason::BadSignature || *reason as i32 >= 30;
    assert!(Reason::ALL.iter().all(|reason| produced.contains(reason) || elsewhere(reason)), "{produced:?}");

    for (reason, decision) in &decided {
        assert_eq!(decision.reason(), *reason, "{decision:?}");
        let record = record(decision);
        assert_eq!(record["reason"], reason.as_str());
        assert_eq!(record["admitted"], decision.is_admitted());
        assert_eq!(record["message"], decision.message());
        let certificate = decision.certificate();
        assert_eq!(
            certificate.is_none(),
            matches!(reason, Reason::Anonymous | Reason::NoCertificate | Reason::Malformed)
        );
        for (key, value) in [
            ("subject", certificate.map(|certificate| certificate.subject().to_string())),
            ("issuer", certificate.map(|certificate| certificate.issuer().to_string())),
            ("serial", certificate.map(|certificate| certificate.serial())),
            ("sha256", certificate.map(|certificate| certificate.fingerprint().to_string())),
            ("file", decision.entry().map(text)),
        ] {
            assert_eq!(record[key], Value::from(value), "{key} of {reason}");
        }
        assert_eq!(record.as_object().unwrap().len(), 10);
        // Those with an entry of their own name its file.
        assert_eq!(decision.entry().is_some(), *reason == Reason::Admitted || (20..30).contains(&(*reason as i32)));
    }
    let (_, admitted) = &decided[0];
    assert_eq!((admitted.service(), admitted.time()), (Some("rpc"), now));
    assert_eq!(record(admitted)["service"], "rpc");
    let epoch = policy.decide(&[], 0);
    let keys = ["reason", "admitted", "message", "subject", "issuer", "serial", "sha256", "file", "time", "service"];
    let line = epoch.to_json();
    let places: Vec<_> = keys.map(|key| line.find(&format!("\"{key}\":")).unwrap()).into();
    assert!(places.is_sorted() && line.contains(r#""time":"1970-01-01T00:00:00Z""#), "{line}");
    assert_eq!(record(&clients.decide(b"", 0))["service"], Value::Null);
}

/// What strangers and clients may put into names and numbers, whether they are admitted or not.
#[test]
fn nothing_in_the_record_disturbs() {
    let world = World::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/hostile.py");
    let hostile = world.path("hostile");
    fs::create_dir(&hostile).unwrap();
    run("python3", &[&text(&script), &text(&hostile)], world.dir.path());
    let clients = world.trust_dir(EntryNames::Any);
    let mut seen = 0;
    for file in fs::read_dir(&hostile).unwrap() {
        let file = file.unwrap();
        let der = fs::read(file.path()).unwrap();
        let now = 1_801_440_000;
        let stranger = clients.decide(&der, now);
        assert_eq!(stranger.reason(), Reason::NotInstalled, "{:?}", file.path());
        // A file name may disturb as well.
        let entry = world.clients.join(format!("{}\n\u{202e}.der", text(Path::new(&file.file_name()))));
        fs::write(&entry, &der).unwrap();
        clients.refresh().unwrap();
        let entered = clients.decide(&der, now);
        assert_eq!((entered.reason(), entered.entry()), (Reason::Admitted, Some(entry.as_path())), "{entered:?}");
        for decision in [&stranger, &entered, &clients.decide(&der, i64::MIN), &clients.decide(&der, i64::MAX)] {
            let record = record(decision);
            assert!(!decision.message().contains(disturbs), "{:?}", decision.message());
            assert!(decision.to_json().len() < 8192, "{}", decision.to_json().len());
            for text in [decision.subject(), decision.issuer(), decision.serial()].into_iter().flatten() {
                assert!(!text.contains(disturbs) && text.chars().count() <= 257, "{text:?}");
            }
            assert_eq!(record["subject"], Value::from(decision.subject()));
            assert_eq!(record["admitted"], decision.is_admitted());
        }
        fs::remove_file(entry).unwrap();
        seen += 1;
    }
    assert_eq!(seen, 10);
}
