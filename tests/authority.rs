//! Authorities below authorities, limited ones, foreign ones, renewed ones: OpenSSL is the judge.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use support::{World, openssl, try_run};
use trustdir::{
    Authority, AuthorityOptions, Certificate, DistinguishedName, ErrorKind, Identity, IssueOptions, IssuedStatus,
    KeyAlgorithm, NameConstraint, NameConstraints, Profile, RenewOptions, RevocationReason, SubjectAltName,
};

/// What `openssl verify -x509_strict` says of an identity under a trust anchor.
fn verified(dir: &Path, anchor: &Certificate, chain: &[Certificate]) -> Result<(), String> {
    fs::write(dir.join("anchor.pem"), anchor.to_pem()).unwrap();
    fs::write(dir.join("end.pem"), chain[0].to_pem()).unwrap();
    fs::write(dir.join("between.pem"), chain[1..].iter().map(Certificate::to_pem).collect::<String>()).unwrap();
    let mut arguments = vec!["verify", "-x509_strict", "-CAfile", "anchor.pem"];
    if chain.len() > 1 {
        arguments.extend(["-untrusted", "between.pem"]);
    }
    arguments.push("end.pem");
    let output = try_run("openssl", &arguments, dir);
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn home() -> AuthorityOptions {
    let constraints = NameConstraints::home(&["example.dyndns.org".parse().unwrap()]);
    AuthorityOptions { constraints, ..AuthorityOptions::default() }
}

#[test]
fn intermediates_verify_and_end_where_they_should() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (index, algorithm) in ["P-256", "P-384", "P-521", "Ed25519", "RSA-2048"].into_iter().enumerate() {
        let key_algorithm = algorithm.parse::<KeyAlgorithm>().unwrap();
        let options = || AuthorityOptions { key_algorithm, ..AuthorityOptions::default() };
        let root =
            Authority::create(at(&format!("root{index}")), AuthorityOptions { path_length: Some(2), ..options() })
                .unwrap();
        let policy = root
            .create_intermediate(at(&format!("policy{index}")), AuthorityOptions { path_length: Some(1), ..options() })
            .unwrap();
        let issuing = policy.create_intermediate(at(&format!("issuing{index}")), options()).unwrap();
        let issuing = Authority::open(issuing.dir(), None).unwrap();
        let server = issuing.issue_server(&["nas.home.arpa", "192.168.1.5"], &IssueOptions::default()).unwrap();
        assert_eq!(server.chain().len(), 3, "the root is not sent");
        assert_eq!(issuing.trust_anchor(), root.certificate());
        verified(dir.path(), root.certificate(), server.chain()).unwrap();

        let too_deep = issuing.create_intermediate(at("deeper"), AuthorityOptions::default()).unwrap_err();
        assert!(too_deep.message().contains("leaves no room"), "{too_deep}");
        let too_long = AuthorityOptions { path_length: Some(2), ..AuthorityOptions::default() };
        assert!(root.create_intermediate(at("longer"), too_long).unwrap_err().message().contains("more than"));
        assert!(!at("deeper").exists() && !at("longer").exists());
        // The root has entered the authority that it made.
        let entered = root.find(&policy.certificate().serial()).unwrap();
        assert_eq!(entered[0].certificate.as_ref(), Some(policy.certificate()));
    }
}

/// What the constraints do not permit is not issued; and OpenSSL, which reads the same constraints, agrees.
#[test]
fn a_home_authority_issues_for_the_home_only() {
    let world = World::new();
    let ca = Authority::create(world.path("home"), home()).unwrap();
    let written = ca.certificate().name_constraints().unwrap();
    assert!(home().constraints.permitted.iter().all(|subtree| written.permitted.contains(subtree)));
    let good: [&[&str]; 8] = [
        &["nas.home.arpa"],
        &["*.local"],
        &["localhost", "127.0.0.1", "::1"],
        &["192.168.1.5"],
        &["fd12::5"],
        &["printer.internal", "10.0.0.9"],
        &["example.dyndns.org"],
        &["NAS.Home.Arpa"],
    ];
    for names in good {
        let server = ca.issue_server(names, &IssueOptions::default()).unwrap();
        verified(world.dir.path(), ca.certificate(), server.chain()).unwrap_or_else(|why| panic!("{names:?}: {why}"));
    }
    let index = || fs::read(ca.dir().join("index.txt")).unwrap();
    let before = index();
    for names in [&["bank.example.com"][..], &["8.8.8.8"], &["nas.home.arpa", "example.org"], &["*.arpa"], &["arpa"]] {
        let error = ca.issue_server(names, &IssueOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameMismatch, "{error}");
        assert!(error.message().contains("permitted: DNS:home.arpa"), "{error}");
    }
    // OpenSSL takes a common name with dots for a DNS name.
    assert_eq!(ca.issue_client("rpc.user.1", &IssueOptions::default()).unwrap_err().kind(), ErrorKind::NameMismatch);
    assert_eq!(index(), before, "what is refused is not entered");
    let alice = ca.issue_client("alice", &IssueOptions::default()).unwrap();
    verified(world.dir.path(), ca.certificate(), alice.chain()).unwrap();

    // Those below are bound by it too, and OpenSSL would not take what we do not issue.
    let below = ca.create_intermediate(world.path("below"), AuthorityOptions::default()).unwrap();
    let error = below.issue_server(&["bank.example.com"], &IssueOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameMismatch);
    let stray = Identity::load(below.dir().join("cacert.pem"), below.dir().join("private/cakey.pem"), None).unwrap();
    // Without the chain it does not know of the constraints above it.
    let stray = Authority::import(world.path("stray"), &stray, None).unwrap();
    let bank = stray.issue_server(&["bank.example.com"], &IssueOptions::default()).unwrap();
    let chain = [bank.certificate().clone(), below.certificate().clone()];
    let why = verified(world.dir.path(), ca.certificate(), &chain).unwrap_err();
    assert!(why.contains("permitted subtree violation"), "{why}");
}

/// What was named is all that the authority is good for: sorts that were not mentioned are closed.
#[test]
fn an_authority_for_one_sort_of_names_is_good_for_no_other() {
    let world = World::new();
    for (index, (permit, good, bad)) in [
        ("home.arpa", "DNS:nas.home.arpa", ["IP:8.8.8.8", "IP:2001:db8::1", "email:alice@gmail.com"]),
        ("192.168.0.0/16", "IP:192.168.1.5", ["DNS:evil.com", "IP:::1", "email:alice@gmail.com"]),
        ("email:home.arpa", "email:alice@home.arpa", ["DNS:google.com", "IP:8.8.8.8", "email:alice@gmail.com"]),
    ]
    .into_iter()
    .enumerate()
    {
        let constraints = NameConstraints { permitted: vec![permit.parse().unwrap()], ..NameConstraints::default() };
        let options = AuthorityOptions { constraints, ..AuthorityOptions::default() };
        let ca = Authority::create(world.path(&format!("closed{index}")), options).unwrap();
        let subject = DistinguishedName::parse("CN=x").unwrap();
        let issue = |ca: &Authority, name: &str| {
            ca.issue(Profile::Server, &subject, &[name.parse().unwrap()], &IssueOptions::default())
        };
        verified(world.dir.path(), ca.certificate(), issue(&ca, good).unwrap().chain()).unwrap();
        // OpenSSL takes it neither, when somebody with the key issues it all the same.
        for name in bad {
            assert_eq!(issue(&ca, name).unwrap_err().kind(), ErrorKind::NameMismatch, "{permit}: {name}");
            let free = [
                "x509",
                "-req",
                "-in",
                "free.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-days",
                "9",
                "-CAcreateserial",
            ];
            fs::copy(ca.certificate_path(), world.path("ca.pem")).unwrap();
            fs::copy(ca.dir().join("private/cakey.pem"), world.path("ca.key")).unwrap();
            fs::write(world.path("free.cnf"), format!("subjectAltName={name}\nauthorityKeyIdentifier=keyid\n"))
                .unwrap();
            openssl(
                &[
                    "req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "free.key", "-out", "free.csr", "-subj",
                    "/CN=x",
                ],
                world.dir.path(),
            );
            openssl(&[&free[..], &["-extfile", "free.cnf", "-out", "free.pem"]].concat(), world.dir.path());
            let forced = Certificate::load(world.path("free.pem")).unwrap();
            let why = verified(world.dir.path(), ca.certificate(), &[forced]).unwrap_err();
            assert!(why.contains("subtree violation"), "{permit}: {name}: {why}");
        }
    }
}

/// An authority that could issue for nothing is not made.
#[test]
fn an_authority_below_is_permitted_no_more_than_the_one_above() {
    let world = World::new();
    let ca = Authority::create(world.path("home"), home()).unwrap();
    let limited = |name: &str| {
        let constraints = NameConstraints { permitted: vec![name.parse().unwrap()], ..NameConstraints::default() };
        AuthorityOptions { constraints, ..AuthorityOptions::default() }
    };
    for name in ["example.com", "arpa", "8.0.0.0/8"] {
        let error = ca.create_intermediate(world.path("wider"), limited(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NameMismatch, "{name}");
        assert!(!world.path("wider").exists());
    }
    for (index, name) in ["lab.home.arpa", "192.168.7.0/24", "email:home.arpa"].into_iter().enumerate() {
        ca.create_intermediate(world.path(&format!("narrower{index}")), limited(name)).unwrap();
    }
}

#[test]
fn excluded_names_and_mailboxes_are_constrained_too() {
    let world = World::new();
    let read = |texts: &[&str]| texts.iter().map(|text| text.parse::<NameConstraint>().unwrap()).collect();
    let constraints = NameConstraints {
        permitted: Vec::new(),
        excluded: read(&["email:gmail.com", "secret.example.org", "10.0.0.0/8"]),
    };
    let options = AuthorityOptions { constraints, ..AuthorityOptions::default() };
    let ca = Authority::create(world.path("pki2"), options).unwrap();
    let issue = |subject: &str, name: &str| {
        let subject = DistinguishedName::parse(subject).unwrap();
        ca.issue(Profile::Client, &subject, &[name.parse().unwrap()], &IssueOptions::default())
    };
    for (subject, name, good) in [
        ("CN=alice", "email:alice@home.arpa", true),
        ("CN=alice", "email:alice@gmail.com", false),
        ("CN=alice,emailAddress=alice@gmail.com", "DNS:a.b", false),
        ("CN=x", "DNS:example.org", true),
        ("CN=x", "DNS:a.secret.example.org", false),
        ("CN=x", "IP:10.1.2.3", false),
        ("CN=x", "IP:11.1.2.3", true),
        ("CN=x", "URI:https://example.org/x", true),
    ] {
        match issue(subject, name) {
            Ok(identity) if good => verified(world.dir.path(), ca.certificate(), identity.chain()).unwrap(),
            Err(error) if !good => assert_eq!(error.kind(), ErrorKind::NameMismatch, "{error}"),
            result => panic!("{subject} {name}: {result:?}"),
        }
    }
}

#[test]
fn a_renewed_root_keeps_what_it_issued_valid() {
    let world = World::new();
    let ca = Authority::create(world.path("home"), home()).unwrap();
    let old = ca.certificate().clone();
    let server = ca.issue_server(&["nas.home.arpa"], &IssueOptions::default()).unwrap();
    let renewed = ca.renew_authority(None, Some(7300)).unwrap();
    assert!(renewed.certificate().not_after() > old.not_after());
    assert_ne!(renewed.certificate().serial(), old.serial());
    assert_eq!(renewed.certificate().name_constraints().unwrap(), old.name_constraints().unwrap());
    let opened = Authority::open(ca.dir(), None).unwrap();
    assert_eq!(opened.certificate(), renewed.certificate());
    verified(world.dir.path(), opened.certificate(), server.chain()).unwrap();
    let later = opened.issue_server(&["new.home.arpa"], &IssueOptions::default()).unwrap();
    for anchor in [&old, opened.certificate()] {
        verified(world.dir.path(), anchor, later.chain()).unwrap();
    }
    let kept = ca.dir().join(format!("cacert.{}.pem", old.serial().to_uppercase()));
    assert_eq!(Certificate::load(kept).unwrap(), old);
}

#[test]
fn an_intermediate_is_renewed_by_its_issuer() {
    let world = World::new();
    let below = world.ca.create_intermediate(world.path("below"), AuthorityOptions::default()).unwrap();
    let server = below.issue_server(&["nas.home.arpa"], &IssueOptions::default()).unwrap();
    assert!(below.renew_authority(None, None).unwrap_err().message().contains("is signed by"));
    let stranger = Authority::create(world.path("stranger"), AuthorityOptions::default()).unwrap();
    assert!(below.renew_authority(Some(&stranger), None).is_err());
    let renewed = below.renew_authority(Some(&world.ca), None).unwrap();
    let chain = [server.certificate().clone(), renewed.certificate().clone()];
    verified(world.dir.path(), world.ca.certificate(), &chain).unwrap();
    assert_eq!(Authority::open(below.dir(), None).unwrap().chain(), renewed.chain());
}

/// A CA as plain `openssl req -x509` makes it fails the strict checks; renewed by us it passes, with what it issued.
#[test]
fn renewing_mends_a_foreign_root() {
    let world = World::new();
    let dir = world.path("theirs");
    fs::create_dir_all(dir.join("private")).unwrap();
    let (key, certificate) = (dir.join("private/cakey.pem"), dir.join("cacert.pem"));
    let subject = "/C=DE/O=pimatic.org/CN=pimatic.org";
    let files = [key.to_str().unwrap(), certificate.to_str().unwrap()];
    openssl(
        &["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", files[0], "-out", files[1], "-subj", subject],
        world.dir.path(),
    );
    let ca = Authority::open(&dir, None).unwrap();
    let server = ca.issue_server(&["nas.home.arpa"], &IssueOptions::default()).unwrap();
    let why = verified(world.dir.path(), ca.certificate(), server.chain()).unwrap_err();
    assert!(why.contains("key usage"), "{why}");
    let renewed = ca.renew_authority(None, None).unwrap();
    assert_eq!(renewed.certificate().subject(), ca.certificate().subject());
    verified(world.dir.path(), renewed.certificate(), server.chain()).unwrap();
}

#[test]
fn renewing_an_end_entity_keeps_its_names_and_takes_a_new_serial() {
    let world = World::new();
    let options = IssueOptions { days: Some(90), ..IssueOptions::default() };
    let server = world.ca.issue_server(&["nas.home.arpa", "192.168.1.5"], &options).unwrap();
    let old = server.certificate();
    let same = world.ca.renew(old, &RenewOptions::default()).unwrap();
    assert!(same.notes.is_empty());
    assert_eq!((same.certificate.subject(), same.certificate.names()), (old.subject(), old.names()));
    assert_eq!(same.certificate.spki(), old.spki());
    let length = |certificate: &Certificate| (certificate.not_after() - certificate.not_before()) / 86400;
    assert_eq!(length(&same.certificate), 90, "as long as the old one");
    let (new, _) = world.ca.renew_with_new_key(old, &RenewOptions::default()).unwrap();
    assert_ne!(new.key().spki(), old.spki());
    let serials = [old.serial(), same.certificate.serial(), new.certificate().serial()];
    assert!(serials[0] != serials[1] && serials[1] != serials[2] && serials[0] != serials[2]);
    for certificate in [&same.certificate, new.certificate()] {
        verified(world.dir.path(), world.ca.certificate(), std::slice::from_ref(certificate)).unwrap();
    }
    world.ca.revoke(old, RevocationReason::KeyCompromise).unwrap();
    assert_eq!(world.ca.renew(old, &RenewOptions::default()).unwrap_err().kind(), ErrorKind::Revoked);
}

/// The Rocket.Chat guide's leaf: v1, no SAN, no usage. Renewed, it has what clients ask for.
#[test]
fn renewing_mends_what_the_guides_made() {
    let world = World::new();
    let pki = world.ca.dir().to_str().unwrap().to_owned();
    let request =
        ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "r.pem", "-subj", "/CN=chat.home.arpa"];
    openssl(&request, world.dir.path());
    let (ca, key) = (format!("{pki}/cacert.pem"), format!("{pki}/private/cakey.pem"));
    openssl(
        &[
            "x509",
            "-req",
            "-in",
            "r.pem",
            "-CA",
            &ca,
            "-CAkey",
            &key,
            "-CAcreateserial",
            "-out",
            "v1.pem",
            "-days",
            "365",
        ],
        world.dir.path(),
    );
    let old = Certificate::load(world.path("v1.pem")).unwrap();
    let error = world.ca.renew(&old, &RenewOptions::default()).unwrap_err();
    assert!(error.message().contains("does not say what it is for"), "{error}");
    let options = RenewOptions { profile: Some(Profile::Server), ..RenewOptions::default() };
    let renewed = world.ca.renew(&old, &options).unwrap();
    assert!(renewed.notes[0].contains("DNS:chat.home.arpa"), "{:?}", renewed.notes);
    assert_eq!(renewed.certificate.spki(), old.spki());
    verified(world.dir.path(), world.ca.certificate(), &[renewed.certificate]).unwrap();
}

#[test]
fn what_was_issued_is_found_by_name_and_by_its_end() {
    let world = World::new();
    let soon = IssueOptions { days: Some(5), ..IssueOptions::default() };
    let alice = world.ca.issue_client("alice", &soon).unwrap();
    let server = world.ca.issue_server(&["nas.home.arpa", "192.168.1.5"], &IssueOptions::default()).unwrap();
    let renewed = world.ca.issue_client("renewed", &soon).unwrap();
    let longer = RenewOptions { issue: IssueOptions { days: Some(90), ..Default::default() }, ..Default::default() };
    world.ca.renew(renewed.certificate(), &longer).unwrap();
    let past = IssueOptions { not_before: Some(1_000_000_000), not_after: Some(1_000_086_400), ..soon.clone() };
    world.ca.issue_client("past", &IssueOptions { days: None, ..past }).unwrap();
    let serial = alice.certificate().serial();
    for name in ["alice", "CN=alice", &serial, &serial.to_uppercase(), &alice.certificate().fingerprint().to_string()] {
        let found = world.ca.find(name).unwrap();
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].certificate.as_ref(), Some(alice.certificate()));
    }
    for name in ["nas.home.arpa", "DNS:nas.home.arpa", "192.168.1.5", "IP:192.168.1.5"] {
        assert_eq!(world.ca.find(name).unwrap()[0].certificate.as_ref(), Some(server.certificate()), "{name}");
    }
    assert!(world.ca.find("nobody").unwrap().is_empty());
    assert_eq!(world.ca.find("past").unwrap()[0].status, IssuedStatus::Expired);
    let expiring: Vec<_> = world.ca.expiring(30).unwrap().into_iter().map(|issued| issued.subject).collect();
    assert_eq!(expiring, ["CN=alice"]);
    world.ca.revoke(alice.certificate(), RevocationReason::CertificateHold).unwrap();
    assert!(world.ca.expiring(30).unwrap().is_empty(), "what is revoked needs no renewal");
    // Without the file the index still tells.
    fs::remove_file(&world.ca.find("alice").unwrap()[0].file).unwrap();
    let bare = &world.ca.find("/CN=alice").unwrap()[0];
    assert!(bare.certificate.is_none() && matches!(bare.status, IssuedStatus::Revoked { .. }));
}

/// Layouts of other tools: opened where they are, and the ledger goes beside them.
#[test]
fn foreign_directories_open_as_they_are() {
    let world = World::new();
    for (index, (certificate, key)) in [
        ("certs/cacert.pem", "private/cakey.pem"),
        ("ca.crt", "private/ca.key"),
        ("rootCA.pem", "rootCA-key.pem"),
        ("minica.pem", "minica-key.pem"),
        ("Rocket.Chat-root.crt", "Rocket.Chat-root.key"),
    ]
    .into_iter()
    .enumerate()
    {
        let dir = world.path(&format!("foreign{index}"));
        for file in [certificate, key] {
            fs::create_dir_all(dir.join(file).parent().unwrap()).unwrap();
        }
        fs::copy(world.ca.dir().join("cacert.pem"), dir.join(certificate)).unwrap();
        fs::copy(world.ca.dir().join("private/cakey.pem"), dir.join(key)).unwrap();
        let ca = Authority::open(&dir, None).unwrap();
        let alice = ca.issue_client("alice", &IssueOptions::default()).unwrap();
        // As a crash before the first line leaves it.
        let index = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        let index =
            index.into_iter().find(|path| path.ends_with("index.txt") || path.ends_with("database.txt")).unwrap();
        fs::write(&index, "").unwrap();
        assert_eq!(Authority::open(&dir, None).unwrap().issued().unwrap().len(), 1);
        ca.revoke(alice.certificate(), RevocationReason::Superseded).unwrap();
        ca.crl(7).unwrap();
        let again = Authority::open(&dir, None).unwrap();
        assert_eq!(again.issued().unwrap().len(), 1, "{certificate}");
        again.renew_authority(None, None).unwrap();
        assert_eq!(Authority::open(&dir, None).unwrap().issued().unwrap().len(), 1);
    }
    let error = Authority::open(world.dir.path(), None).unwrap_err();
    assert!(error.message().contains("ca import"), "{error}");
}

#[test]
fn revocation_lists_are_installed_where_openssl_finds_them() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let anchors = world.path("anchors");
    fs::create_dir(&anchors).unwrap();
    let hash = world.ca.certificate().subject().subject_hash().unwrap();
    fs::copy(world.ca.certificate_path(), anchors.join(format!("{hash}.0"))).unwrap();
    let check = || {
        let arguments = ["verify", "-crl_check", "-CApath", "anchors", "alice.cert.pem"];
        try_run("openssl", &arguments, world.dir.path()).status.success()
    };
    world.ca.crl(7).unwrap();
    // Another authority's list under the same hash is not overwritten.
    fs::write(anchors.join(format!("{hash}.r0")), "another one's").unwrap();
    let path = world.ca.install_crl(&anchors).unwrap();
    assert_eq!(path, anchors.join(format!("{hash}.r1")));
    fs::rename(&path, anchors.join(format!("{hash}.r0"))).unwrap();
    assert!(check());
    world.ca.revoke(&alice.load(), RevocationReason::Superseded).unwrap();
    world.ca.crl(7).unwrap();
    assert_eq!(world.ca.install_crl(&anchors).unwrap(), anchors.join(format!("{hash}.r0")), "its own is replaced");
    assert!(!check());
}

#[test]
fn names_of_every_sort_are_issued() {
    let world = World::new();
    let bavarian = world.ca.issue_server(&["münchen.example", "*.bücher.example"], &IssueOptions::default()).unwrap();
    let names: Vec<_> = bavarian.certificate().names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:xn--mnchen-3ya.example", "DNS:*.xn--bcher-kva.example"]);
    let names: Vec<SubjectAltName> =
        ["email:alice@home.arpa", "URI:https://example.org/alice", "fd00::5", "nas.home.arpa"]
            .iter()
            .map(|name| name.parse().unwrap())
            .collect();
    let subject = DistinguishedName::parse("CN=alice,OU=a+OU=b,OU=c").unwrap();
    let both = world.ca.issue(Profile::ServerAndClient, &subject, &names, &IssueOptions::default()).unwrap();
    assert_eq!(both.certificate().names(), names);
    verified(world.dir.path(), world.ca.certificate(), both.chain()).unwrap();
    for purpose in ["sslserver", "sslclient"] {
        let arguments = ["verify", "-purpose", purpose, "-CAfile", "anchor.pem", "end.pem"];
        assert!(try_run("openssl", &arguments, world.dir.path()).status.success(), "{purpose}");
    }
    let error = world.ca.issue(Profile::Authority, &subject, &[], &IssueOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn options_hide_their_passphrase() {
    let options = AuthorityOptions { passphrase: Some(b"secret".to_vec().into()), ..AuthorityOptions::default() };
    let shown = format!("{options:?}");
    assert!(shown.contains("encrypted: true") && !shown.contains(&format!("{:?}", b"secret")), "{shown}");
}
