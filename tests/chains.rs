//! Whom an authority vouches for: certificates and lists made by `openssl`, judged without a connection. Each
//! fault that rustls-webpki does not look at is in a chain that it takes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use support::chains::{AUTHORITY, CLIENT, Chains, RSA_1024, days_from_now};
use trustdir::{AuthorityDir, AuthorityDirOptions, Decision, EntryNames, ErrorKind, Reason, StaleCrls};

fn decide(chains: &Chains, authorities: &AuthorityDir, sent: &[&str]) -> Decision {
    decide_at(chains, authorities, sent, days_from_now(0))
}

fn decide_at(chains: &Chains, authorities: &AuthorityDir, sent: &[&str], now: i64) -> Decision {
    let sent = chains.sent(sent);
    authorities.decide(&sent.iter().map(Vec::as_slice).collect::<Vec<_>>(), now)
}

#[track_caller]
fn is(decision: &Decision, reason: Reason, words: &str) {
    assert_eq!(decision.reason(), reason, "{}", decision.message());
    assert!(decision.message().contains(words), "no {words:?} in {}", decision.message());
    assert!(!decision.message().contains('\n'));
}

/// A root, and a client by it.
fn simple(root: &str, client: &str) -> Chains {
    let chains = Chains::new();
    chains.make("root", None, root);
    chains.make("alice", Some("root"), client);
    chains
}

/// A root, an authority below it, and a client by that.
fn three(root: &str, between: &str, client: &str) -> Chains {
    let chains = Chains::new();
    chains.make("root", None, root);
    chains.make("between", Some("root"), between);
    chains.make("alice", Some("between"), client);
    chains
}

#[test]
fn who_is_vouched_for_is_admitted_by_the_authoritys_file() {
    let chains = three(AUTHORITY, AUTHORITY, CLIENT);
    let authorities = chains.trust(&["root"]);
    let decision = decide(&chains, &authorities, &["alice", "between"]);
    is(&decision, Reason::Admitted, "CN=alice is admitted: CN=root vouches for it");
    assert_eq!(decision.entry(), Some(chains.path("authorities/root.pem").as_path()));
    // Sending the anchor too, in any order, changes nothing.
    is(&decide(&chains, &authorities, &["alice", "root", "between"]), Reason::Admitted, "");
    let decision = decide(&chains, &authorities, &["alice"]);
    is(&decision, Reason::UntrustedIssuer, "is issued by CN=between, which is no authority here");
    assert_eq!(authorities.problems().unwrap(), []);
    is(&authorities.decide(&[], 0), Reason::NoCertificate, "");
    is(&authorities.decide(&[b"rubbish"], 0), Reason::Malformed, "");
}

#[test]
fn a_stranger_is_told_what_is_missing() {
    let chains = simple(AUTHORITY, CLIENT);
    chains.make("root@other", None, AUTHORITY);
    chains.make("mallory", Some("root@other"), CLIENT);
    let authorities = chains.trust(&["root"]);
    is(
        &decide(&chains, &authorities, &["mallory", "root@other"]),
        Reason::UntrustedIssuer,
        "another key has signed it",
    );
    chains.make("eve", None, CLIENT);
    is(&decide(&chains, &authorities, &["eve"]), Reason::UntrustedIssuer, "is issued by CN=eve");
    // More than anybody needs, which could be put together in too many ways.
    chains.make("root@third", None, AUTHORITY);
    let names: Vec<String> = (0..7).map(|number| format!("root@{number}")).collect();
    names.iter().for_each(|name| chains.make(name, Some("root@third"), AUTHORITY));
    let sent: Vec<&str> = ["mallory"].into_iter().chain(names.iter().map(String::as_str)).collect();
    is(&decide(&chains, &authorities, &sent), Reason::UntrustedIssuer, "sent 7 other certificates");
}

/// rustls-webpki takes name, key and name constraints from an anchor and nothing else.
#[test]
fn unfit_anchors_vouch_for_nobody_and_are_told() {
    let cases = [
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign", "lacks keyCertSign"),
        ("keyUsage=critical,keyCertSign,cRLSign", "has no basicConstraints"),
        ("basicConstraints=CA:TRUE\nkeyUsage=critical,keyCertSign", "not critical"),
        ("basicConstraints=critical,CA:FALSE", "CA:FALSE)"),
        ("basicConstraints=critical,CA:FALSE,pathlen:1", "CA:FALSE and contradicts itself"),
        ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign", "CA:FALSE and contradicts itself"),
        ("basicConstraints=critical,CA:TRUE\n1.2.3.4=critical,DER:0500", "not known here (1.2.3.4)"),
        ("basicConstraints=critical,CA:TRUE\nextendedKeyUsage=serverAuth", "lacks clientAuth"),
    ];
    for (extensions, words) in cases {
        let chains = simple(extensions, CLIENT);
        chains.webpki("root", &["alice"], days_from_now(0), None).unwrap();
        let authorities = chains.trust(&["root"]);
        is(&decide(&chains, &authorities, &["alice"]), Reason::UntrustedIssuer, words);
        let problems = authorities.problems().unwrap();
        assert!(matches!(&problems[..], [problem] if problem.message().contains(words)), "{problems:?}");
        // Another anchor of the same name is not in its shadow.
        sound_twin(&chains);
        is(&decide(&chains, &chains.trust(&["root@sound"]), &["alice"]), Reason::Admitted, "");
    }
}

/// A sound certificate for the root's name and key.
fn sound_twin(chains: &Chains) {
    fs::write(chains.path("twin.ext"), AUTHORITY).unwrap();
    let request = ["req", "-new", "-config", "empty.cnf", "-subj", "/CN=root", "-key", "root.key", "-out", "twin.csr"];
    support::openssl(&request, chains.0.path());
    let sign = ["x509", "-req", "-in", "twin.csr", "-signkey", "root.key", "-extfile", "twin.ext", "-days", "60"];
    support::openssl(&[&sign[..], &["-out", "root@sound.pem"]].concat(), chains.0.path());
}

#[test]
fn an_anchor_of_version_1_vouches_for_nobody() {
    let chains = Chains::new();
    let shape = support::authorities::USABLE.iter().find(|shape| shape.name == "version 1").unwrap();
    shape.make(chains.0.path());
    fs::rename(chains.path("cacert.pem"), chains.path("root.pem")).unwrap();
    fs::rename(chains.path("private/cakey.pem"), chains.path("root.key")).unwrap();
    chains.make("alice", Some("root"), CLIENT);
    chains.webpki("root", &["alice"], days_from_now(0), None).unwrap();
    is(&decide(&chains, &chains.trust(&["root"]), &["alice"]), Reason::UntrustedIssuer, "X.509 version 1");
}

#[test]
fn an_anchor_ends_with_its_validity() {
    let chains = Chains::new();
    chains.make_with("root", None, AUTHORITY, &["ed25519"], 5);
    chains.make("alice", Some("root"), CLIENT);
    let authorities = chains.trust(&["root"]);
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    let later = days_from_now(6);
    chains.webpki("root", &["alice"], later, None).unwrap();
    is(&decide_at(&chains, &authorities, &["alice"], later), Reason::Expired, "its authority CN=root expired on");
    is(&decide_at(&chains, &authorities, &["alice"], days_from_now(31)), Reason::Expired, "CN=alice expired on");
    is(&decide_at(&chains, &authorities, &["alice"], days_from_now(-1)), Reason::NotYetValid, "CN=alice");
    // Renewed under the same key, both are there: the new one vouches.
    sound_twin(&chains);
    let authorities = chains.trust(&["root@sound"]);
    is(&decide_at(&chains, &authorities, &["alice"], later), Reason::Admitted, "root@sound.pem");
}

#[test]
fn an_authority_in_between_needs_its_rights() {
    for (between, words) in [
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign", "CN=between may not sign certificates"),
        ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign", "no authority's"),
    ] {
        let chains = three(AUTHORITY, between, CLIENT);
        assert_eq!(
            chains.webpki("root", &["alice", "between"], days_from_now(0), None).is_ok(),
            words.contains("may not")
        );
        is(&decide(&chains, &chains.trust(&["root"]), &["alice", "between"]), Reason::UntrustedIssuer, words);
    }
    let between = format!("{AUTHORITY}\nextendedKeyUsage=serverAuth");
    let chains = three(AUTHORITY, &between, CLIENT);
    is(
        &decide(&chains, &chains.trust(&["root"]), &["alice", "between"]),
        Reason::WrongPurpose,
        "extendedKeyUsage lacks clientAuth",
    );
}

#[test]
fn path_lengths_count_in_the_anchor_too() {
    let short = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign";
    let chains = three(short, AUTHORITY, CLIENT);
    chains.webpki("root", &["alice", "between"], days_from_now(0), None).unwrap();
    let decision = decide(&chains, &chains.trust(&["root"]), &["alice", "between"]);
    is(&decision, Reason::UntrustedIssuer, "CN=root allows 0 authorities below it, not 1");

    let chains = three(AUTHORITY, short, CLIENT);
    chains.make("lower", Some("between"), AUTHORITY);
    chains.make("bob", Some("lower"), CLIENT);
    let authorities = chains.trust(&["root"]);
    is(&decide(&chains, &authorities, &["alice", "between"]), Reason::Admitted, "");
    is(&decide(&chains, &authorities, &["bob", "lower", "between"]), Reason::UntrustedIssuer, "path length");
}

#[test]
fn name_constraints_count() {
    let root = format!("{AUTHORITY}\nnameConstraints=critical,permitted;DNS:example.com");
    let chains = simple(&root, &format!("{CLIENT}\nsubjectAltName=DNS:alice.example.com"));
    chains.make("mallory", Some("root"), &format!("{CLIENT}\nsubjectAltName=DNS:example.net"));
    let authorities = chains.trust(&["root"]);
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    is(&decide(&chains, &authorities, &["mallory"]), Reason::UntrustedIssuer, "name constraints");
}

#[test]
fn a_client_needs_its_rights_too() {
    for (client, taken, words) in [
        ("keyUsage=critical,digitalSignature,keyCertSign", true, "keyUsage has keyCertSign"),
        ("keyUsage=critical,keyEncipherment", true, "lacks digitalSignature"),
        ("extendedKeyUsage=serverAuth", false, "lacks clientAuth"),
        ("basicConstraints=critical,CA:TRUE", false, "CA:TRUE"),
    ] {
        let chains = simple(AUTHORITY, client);
        assert_eq!(chains.webpki("root", &["alice"], days_from_now(0), None).is_ok(), taken, "{client}");
        is(&decide(&chains, &chains.trust(&["root"]), &["alice"]), Reason::WrongPurpose, words);
    }
    // The anchor's own certificate is nobody's client.
    let chains = simple(AUTHORITY, CLIENT);
    is(&decide(&chains, &chains.trust(&["root"]), &["root"]), Reason::WrongPurpose, "is not meant for TLS clients");
}

#[test]
fn weak_keys_are_refused_anywhere() {
    let chains = Chains::new();
    chains.make("root", None, AUTHORITY);
    chains.make_with("alice", Some("root"), CLIENT, RSA_1024, 30);
    chains.webpki("root", &["alice"], days_from_now(0), None).unwrap();
    is(&decide(&chains, &chains.trust(&["root"]), &["alice"]), Reason::WeakKey, "RSA key of 1024 bits");

    chains.make_with("weak", None, AUTHORITY, RSA_1024, 30);
    chains.make("bob", Some("weak"), CLIENT);
    let authorities = chains.trust(&["weak"]);
    is(&decide(&chains, &authorities, &["bob"]), Reason::WeakKey, "its authority CN=weak has an RSA key of 1024 bits");
    assert_eq!(authorities.problems().unwrap().len(), 1);
}

#[test]
fn a_list_revokes_whatever_its_number_and_form() {
    let chains = three(AUTHORITY, AUTHORITY, CLIENT);
    chains.make("bob", Some("between"), CLIENT);
    let authorities = chains.trust(&["root"]);
    let (alice, bob) = (["alice", "between"], ["bob", "between"]);
    // A gap before it hides nothing; the list of the authority in between is not the root's.
    let list = chains.install_crl("between", &["alice"], 7);
    is(&decide(&chains, &authorities, &alice), Reason::RevokedByCrl, "was revoked on 2026-01-01, says CN=between in");
    is(&decide(&chains, &authorities, &bob), Reason::Admitted, "");
    assert_eq!(chains.webpki("between", &["alice"], days_from_now(0), Some(&list)), Err(webpki::Error::CertRevoked));
    // Replaced, under its name.
    chains.install_crl("between", &["bob"], 7);
    is(&decide(&chains, &authorities, &alice), Reason::Admitted, "");
    is(&decide(&chains, &authorities, &bob), Reason::RevokedByCrl, "");
    // In DER, and the authority itself.
    fs::remove_file(&list).unwrap();
    chains.install_crl("root", &["between"], 0);
    let der = chains.path("authorities/any.crl");
    let root = chains.path(&format!("authorities/{}.r0", chains.hash("root")));
    support::openssl(
        &["crl", "-in", &support::text(&root), "-outform", "DER", "-out", &support::text(&der)],
        chains.0.path(),
    );
    fs::remove_file(&root).unwrap();
    is(&decide(&chains, &authorities, &bob), Reason::RevokedByCrl, "says CN=root in");
    let crls = authorities.crls();
    assert_eq!((crls.len(), crls[0].revoked(), crls[0].number(), crls[0].file()), (1, 1, Some("01"), der.as_path()));
    assert_eq!(authorities.problems().unwrap(), []);
    fs::remove_file(&der).unwrap();
    is(&decide(&chains, &authorities, &bob), Reason::Admitted, "");
}

#[test]
fn every_list_of_an_authority_counts_and_the_newest_says_how_old_they_are() {
    let chains = simple(AUTHORITY, CLIENT);
    chains.make("bob", Some("root"), CLIENT);
    let authorities = chains.trust(&["root"]);
    chains.crl("root", &["alice"], (-9, -8), "authorities/old.crl");
    is(&decide(&chains, &authorities, &["alice"]), Reason::RevokedByCrl, "");
    is(&decide(&chains, &authorities, &["bob"]), Reason::StaleCrl, "old.crl is out of date since");
    assert!(authorities.problems().unwrap()[0].message().contains("is out of date since"));
    let admitting = chains.open(AuthorityDirOptions { stale_crls: StaleCrls::Admit, ..Default::default() });
    is(&decide(&chains, &admitting, &["bob"]), Reason::Admitted, "");
    is(&decide(&chains, &admitting, &["alice"]), Reason::RevokedByCrl, "");
    chains.install_crl("root", &[], 0);
    is(&decide(&chains, &authorities, &["bob"]), Reason::Admitted, "");
    is(&decide(&chains, &authorities, &["alice"]), Reason::RevokedByCrl, "old.crl");
    // In two days the newest is old too.
    is(&decide_at(&chains, &authorities, &["bob"], days_from_now(2)), Reason::StaleCrl, "");
}

#[test]
fn a_list_by_who_may_not_sign_lists_admits_nobody() {
    let extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash";
    let chains = simple(extensions, CLIENT);
    let authorities = chains.trust(&["root"]);
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    let list = chains.install_crl("root", &[], 0);
    chains.webpki("root", &["alice"], days_from_now(0), Some(&list)).unwrap();
    is(&decide(&chains, &authorities, &["alice"]), Reason::StaleCrl, "lacks cRLSign");
}

/// Broken lists refuse the clients of the authority that they are for, and of no other.
#[test]
fn broken_lists_fail_closed() {
    let chains = simple(AUTHORITY, CLIENT);
    chains.make("elsewhere", None, AUTHORITY);
    chains.make("bob", Some("elsewhere"), CLIENT);
    let authorities = chains.trust(&["root", "elsewhere"]);
    let list = chains.install_crl("root", &["bob"], 0);
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    let whole = fs::read(&list).unwrap();
    let damaged = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let at = bytes.len() - 60; // in the signature
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bytes
    };
    let broken: [(&str, Vec<u8>); 4] = [
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("no revocation list", Vec::from(*b"-----BEGIN X-----\nAQID\n-----END X-----\n")),
        ("does not verify", damaged(&whole)),
        ("may be revoked", Vec::new()),
    ];
    for (words, bytes) in broken {
        fs::write(&list, &bytes).unwrap();
        is(&decide(&chains, &authorities, &["alice"]), Reason::StaleCrl, words);
        is(&decide(&chains, &authorities, &["bob"]), Reason::Admitted, "");
        let problems = authorities.problems().unwrap();
        assert!(matches!(&problems[..], [problem] if problem.file() == list), "{problems:?}");
        fs::write(&list, &whole).unwrap();
        is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    }
    // Under a name that says nothing, what it was before counts.
    let other = chains.path("authorities/root.crl");
    fs::rename(&list, &other).unwrap();
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    fs::write(&other, &whole[..whole.len() / 2]).unwrap();
    is(&decide(&chains, &authorities, &["alice"]), Reason::StaleCrl, "truncated");
    is(&decide(&chains, &authorities, &["bob"]), Reason::Admitted, "");
    // Who sees it for the first time cannot tell whose list it is: it may revoke anybody.
    let again = chains.open(AuthorityDirOptions::default());
    is(&decide(&chains, &again, &["alice"]), Reason::StaleCrl, "truncated");
    is(&decide(&chains, &again, &["bob"]), Reason::StaleCrl, "truncated");
    fs::remove_file(&other).unwrap();
    std::os::unix::fs::symlink("nowhere", &other).unwrap();
    is(&decide(&chains, &chains.open(AuthorityDirOptions::default()), &["alice"]), Reason::StaleCrl, "");
    fs::remove_file(&other).unwrap();
    is(&decide(&chains, &again, &["alice"]), Reason::Admitted, "");
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    // A link that leads nowhere.
    std::os::unix::fs::symlink("nowhere", &list).unwrap();
    is(&decide(&chains, &authorities, &["alice"]), Reason::StaleCrl, "");
}

/// OpenSSL takes names for the same whatever sort of string they are; rustls-webpki would pass over the list.
#[test]
fn a_list_counts_however_its_name_is_written() {
    let chains = simple(AUTHORITY, CLIENT);
    let authorities = chains.trust(&["root"]);
    let config = "[req]\ndistinguished_name=d\nstring_mask=MASK:0x2\n[d]\n";
    fs::write(chains.path("printable.cnf"), config).unwrap();
    let twin = ["req", "-x509", "-new", "-config", "printable.cnf", "-subj", "/CN=ROOT", "-key", "root.key"];
    support::openssl(&[&twin[..], &["-out", "twin.pem"]].concat(), chains.0.path());
    fs::copy(chains.path("root.key"), chains.path("twin.key")).unwrap();
    assert_ne!(chains.load("twin").subject(), chains.load("root").subject());
    let list = chains.install_crl("twin", &["alice"], 0);
    let alone = chains.webpki("root", &["alice"], days_from_now(0), Some(&list));
    assert_eq!(alone, Err(webpki::Error::UnknownRevocationStatus));
    is(&decide(&chains, &authorities, &["alice"]), Reason::RevokedByCrl, "");
}

/// Two authorities of one name: each list counts for the one whose key has signed it.
#[test]
fn a_namesakes_list_is_its_own() {
    let chains = simple(AUTHORITY, CLIENT);
    chains.make("root@other", None, AUTHORITY);
    chains.make("bob", Some("root@other"), CLIENT);
    let authorities = chains.trust(&["root", "root@other"]);
    chains.install_crl("root@other", &["alice", "bob"], 0);
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    is(&decide(&chains, &authorities, &["bob"]), Reason::RevokedByCrl, "");
}

#[test]
fn only_hashed_names_count_where_openssl_reads() {
    let chains = simple(AUTHORITY, CLIENT);
    chains.trust(&["root"]);
    let options = AuthorityDirOptions { entry_names: EntryNames::SubjectHash, ..Default::default() };
    let authorities = chains.open(options);
    is(&decide(&chains, &authorities, &["alice"]), Reason::UntrustedIssuer, "");
    authorities.directory().install(&chains.load("root")).unwrap();
    chains.crl("root", &["alice"], (-1, 1), "authorities/root.crl");
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    let text = fs::read(chains.path("authorities/root.crl")).unwrap();
    let installed = authorities.install_crl(&text).unwrap();
    assert_eq!(installed, chains.path(&format!("authorities/{}.r0", chains.hash("root"))));
    is(&decide(&chains, &authorities, &["alice"]), Reason::RevokedByCrl, "");
    let wrong = chains.path("authorities/00000000.r0");
    fs::rename(&installed, &wrong).unwrap();
    is(&decide(&chains, &authorities, &["alice"]), Reason::RevokedByCrl, "");
    assert!(authorities.problems().unwrap()[0].message().contains("OpenSSL does not find it"));
}

#[test]
fn a_list_that_would_lock_clients_out_is_not_installed() {
    let chains = simple(AUTHORITY, CLIENT);
    chains.make("root@other", None, AUTHORITY);
    let authorities = chains.trust(&["root"]);
    let list = |issuer, revoked: &[&str], days| {
        chains.crl(issuer, revoked, days, "list");
        fs::read(chains.path("list")).unwrap()
    };
    let first = authorities.install_crl(&list("root", &["alice"], (-1, 9))).unwrap();
    for (bytes, kind) in [
        (list("root", &[], (-9, -8)), ErrorKind::Expired),
        (list("root", &[], (-2, 9)), ErrorKind::AlreadyExists),
        (list("root@other", &[], (-1, 9)), ErrorKind::BadSignature),
        (b"rubbish".to_vec(), ErrorKind::Parse),
        (fs::read(chains.path("root.pem")).unwrap(), ErrorKind::Parse),
    ] {
        assert_eq!(authorities.install_crl(&bytes).unwrap_err().kind(), kind);
        is(&decide(&chains, &authorities, &["alice"]), Reason::RevokedByCrl, "");
    }
    assert_eq!(authorities.install_crl(&list("root", &[], (0, 9))).unwrap(), first);
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    assert_eq!(fs::read_dir(chains.path("authorities")).unwrap().count(), 2, "replaced, with nothing left behind");
}

/// An anchor counts as it is listed: up to the damage in its file, and marked as trusted for clients or not at all.
#[test]
fn an_anchor_beside_damage_counts_as_it_is_listed() {
    let chains = simple(AUTHORITY, CLIENT);
    let authorities = chains.trust(&["root"]);
    let file = chains.path("authorities/root.pem");
    let damaged = fs::read_to_string(&file).unwrap() + "-----BEGIN CERTIFICATE-----\nAQID\n";
    fs::write(&file, damaged).unwrap();
    is(&decide(&chains, &authorities, &["alice"]), Reason::Admitted, "");
    assert_eq!(authorities.directory().list().unwrap().len(), 1);
    for (mark, reason) in [("-addtrust", Reason::Admitted), ("-addreject", Reason::UntrustedIssuer)] {
        let arguments = ["x509", "-in", "root.pem", "-trustout", mark, "clientAuth", "-out", "authorities/root.pem"];
        support::openssl(&arguments, chains.0.path());
        is(&decide(&chains, &authorities, &["alice"]), reason, "");
        assert_eq!(authorities.directory().list().unwrap().len(), usize::from(reason == Reason::Admitted));
    }
}
