//! Who is admitted and who is refused, with the `openssl` and `curl` commands as clients.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use support::client::{BOTH, SClient, Tls, once};
use support::server::{Server, What};
use support::{ClientFiles, World, text, try_run};
use trustdir::tls::{Acceptor, TlsVersion};
use trustdir::{ClientAuth, EntryNames, IssueOptions, Reason};

fn start(world: &World) -> Server {
    let directory = world.trust_dir(EntryNames::SubjectHash);
    Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap())
}

/// The refusal that the server logs for this client, and the alert that openssl reports, in both versions.
fn refused(world: &World, server: &Server, client: Option<&ClientFiles>, reason: Reason, alert: [&str; 2]) {
    for (tls, alert) in BOTH.into_iter().zip(alert) {
        let mark = server.mark();
        let errors = once(world, &server.address(), tls, client, None).unwrap_err();
        let event = server.wait_from(mark, |event| event.what == What::Refused);
        assert_eq!(event.reason, Some(reason), "{tls:?}: {event:?}");
        assert!(!event.message.contains('\n'));
        assert!(errors.contains(alert), "{tls:?} {reason}: expected {alert:?} in {errors}");
    }
}

#[test]
fn installed_clients_are_admitted_and_named() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::SubjectHash);
    let entry = directory.install(&alice.load()).unwrap();
    let rpcuser1 = world.self_signed("rpc.user.1");
    let link = world.link(&rpcuser1);
    let server = start(&world);
    for tls in BOTH {
        for (client, subject, file) in [(&alice, "CN=alice", entry.file()), (&rpcuser1, "CN=rpc.user.1", &link)] {
            let mark = server.mark();
            once(&world, &server.address(), tls, Some(client), None).unwrap();
            let event = server.wait_from(mark, |event| event.what == What::Admitted);
            assert_eq!(event.reason, Some(Reason::Admitted));
            assert_eq!(event.subject.as_deref(), Some(subject));
            assert_eq!(event.entry.as_deref(), Some(file));
        }
    }
}

#[test]
fn curl_is_admitted_in_both_versions() {
    let world = World::new();
    let rpcuser1 = world.self_signed("rpcuser1");
    world.link(&rpcuser1);
    let server = start(&world);
    for (option, version) in [("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")] {
        let mark = server.mark();
        let only = format!("--tlsv{option}");
        let url = format!("https://{}/", server.address());
        let (ca, certificate, key) =
            (text(&world.ca.certificate_path()), text(&rpcuser1.certificate), text(&rpcuser1.key));
        // The echo is no HTTP: what counts is that the request arrived in plaintext.
        let arguments = [
            "-sS",
            "--http0.9",
            "--max-time",
            "1",
            &only,
            "--tls-max",
            option,
            "--cacert",
            &ca,
            "--cert",
            &certificate,
            "--key",
            &key,
            &url,
        ];
        try_run("curl", &arguments, world.dir.path());
        let event = server.wait_from(mark, |event| event.what == What::Data);
        assert_eq!((event.version, event.subject.as_deref()), (Some(version), Some("CN=rpcuser1")));
    }
}

#[test]
fn no_certificate_is_refused() {
    let world = World::new();
    refused(&world, &start(&world), None, Reason::NoCertificate, ["certificate required"; 2]);
}

#[test]
fn strangers_are_refused() {
    let world = World::new();
    let server = start(&world);
    let unknown = ["unknown ca"; 2];
    let stranger = world.self_signed("stranger");
    refused(&world, &server, Some(&stranger), Reason::NotInstalled, unknown);
    // The hole in the guide's node: an end entity together with its own self-signed root.
    let chained = world.minted("chained", &stranger);
    refused(&world, &server, Some(&chained), Reason::NotInstalled, unknown);
    // Our own authority is no ticket either: only what is installed is admitted.
    let issued = world.issued("issued", &IssueOptions::default());
    refused(&world, &server, Some(&issued), Reason::NotInstalled, unknown);
}

#[test]
fn an_expired_entry_is_refused() {
    let world = World::new();
    let year = 365 * 24 * 60 * 60;
    let now = world.server.certificate().not_before();
    let past =
        IssueOptions { not_before: Some(now - 2 * year), not_after: Some(now - year), ..IssueOptions::default() };
    let old = world.issued("old", &past);
    world.link(&old);
    let server = start(&world);
    refused(&world, &server, Some(&old), Reason::Expired, ["certificate expired"; 2]);
    let future =
        IssueOptions { not_before: Some(now + year / 2), not_after: Some(now + year), ..IssueOptions::default() };
    let early = world.issued("early", &future);
    world.link(&early);
    refused(&world, &server, Some(&early), Reason::NotYetValid, ["certificate expired"; 2]);
}

#[test]
fn entries_for_other_purposes_and_weak_keys_are_refused() {
    let world = World::new();
    let server = start(&world);
    let identity = world.ca.issue_server(&["web.example"], &IssueOptions::default()).unwrap();
    let web = ClientFiles { certificate: world.path("web.pem"), key: world.path("web.key"), chain: None };
    identity.save(&web.certificate, &web.key, None).unwrap();
    world.link(&web);
    refused(&world, &server, Some(&web), Reason::WrongPurpose, ["unsupported certificate"; 2]);

    let weak = ClientFiles { certificate: world.path("weak.pem"), key: world.path("weak.key"), chain: None };
    let (certificate, key) = (text(&weak.certificate), text(&weak.key));
    support::openssl(
        &["req", "-newkey", "rsa:1024", "-nodes", "-keyout", &key, "-x509", "-out", &certificate, "-subj", "/CN=weak"],
        world.dir.path(),
    );
    world.link(&weak);
    let mark = server.mark();
    let level = ["-cipher", "DEFAULT@SECLEVEL=0"];
    let mut connection = SClient::connect(&world, &server.address(), Tls::V13, Some(&weak), &level);
    assert_eq!(connection.echo("hello"), None);
    assert_eq!(server.wait_from(mark, |event| event.what == What::Refused).reason, Some(Reason::WeakKey));
}

#[test]
fn a_renewed_certificate_that_is_not_installed_is_refused_as_such() {
    let world = World::new();
    let old = world.self_signed("rpcuser1");
    world.trust_dir(EntryNames::SubjectHash).install(&old.load()).unwrap();
    std::fs::remove_file(&old.key).unwrap();
    std::fs::remove_file(&old.certificate).unwrap();
    let new = world.self_signed("rpcuser1");
    refused(&world, &start(&world), Some(&new), Reason::SameNameOtherKey, ["unknown ca"; 2]);
}

#[test]
fn optional_admits_without_a_certificate_but_no_stranger() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    let acceptor =
        Acceptor::builder(world.server.clone()).trust_dir(directory).client_auth(ClientAuth::Optional).build();
    let server = Server::start(acceptor.unwrap());
    for tls in BOTH {
        for (client, reason) in [(None, Reason::Anonymous), (Some(&alice), Reason::Admitted)] {
            let mark = server.mark();
            once(&world, &server.address(), tls, client, None).unwrap();
            assert_eq!(server.wait_from(mark, |event| event.what == What::Admitted).reason, Some(reason));
        }
    }
    refused(&world, &server, Some(&world.self_signed("stranger")), Reason::NotInstalled, ["unknown ca"; 2]);
}

#[test]
fn off_asks_for_no_certificate() {
    let world = World::new();
    let server = Server::start(Acceptor::builder(world.server.clone()).build().unwrap());
    for tls in BOTH {
        once(&world, &server.address(), tls, None, None).unwrap();
    }
    assert!(server.events().iter().all(|event| event.what != What::Refused));
}

#[test]
fn the_certificate_request_names_no_client() {
    let world = World::new();
    let rpcuser1 = world.self_signed("rpcuser1");
    world.link(&rpcuser1);
    let server = start(&world);
    for option in ["-tls1_2", "-tls1_3"] {
        let ca = text(&world.ca.certificate_path());
        let output =
            try_run("openssl", &["s_client", "-connect", &server.address(), "-CAfile", &ca, option], world.dir.path());
        let output = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.contains("No client certificate CA names sent"), "{output}");
        assert!(!output.contains("rpcuser1"));
    }
}

#[test]
fn versions_can_be_restricted() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    let builder = Acceptor::builder(world.server.clone()).trust_dir(directory);
    let old = Server::start(builder.clone().max_version(TlsVersion::Tls12).build().unwrap());
    let new = Server::start(builder.clone().min_version(TlsVersion::Tls13).build().unwrap());
    once(&world, &old.address(), Tls::V12, Some(&alice), None).unwrap();
    once(&world, &old.address(), Tls::V13, Some(&alice), None).unwrap_err();
    once(&world, &new.address(), Tls::V13, Some(&alice), None).unwrap();
    once(&world, &new.address(), Tls::V12, Some(&alice), None).unwrap_err();
    assert!(builder.min_version(TlsVersion::Tls13).max_version(TlsVersion::Tls12).build().is_err());
}

#[test]
fn plain_http_is_recognised() {
    let world = World::new();
    let server = start(&world);
    try_run("curl", &["-sS", "--max-time", "5", &format!("http://{}/", server.address())], world.dir.path());
    let event = server.wait(|event| event.what == What::Refused);
    assert!(event.message.contains("http://"), "{event:?}");
}
