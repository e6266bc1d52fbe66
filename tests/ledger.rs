//! The authority's directory: `openssl ca` reads it, a crash leaves it whole, revocation reaches clients.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::HashSet;
use std::fs;

use support::{World, openssl, try_run};
use trustdir::{Authority, AuthorityOptions, ErrorKind, IssueOptions, KeyAlgorithm, RevocationReason};

fn verify(world: &World, file: &str) -> (bool, String) {
    let arguments = ["verify", "-crl_check", "-CAfile", "pki/cacert.pem", "-CRLfile", "pki/crl.pem", file];
    let output = try_run("openssl", &arguments, world.dir.path());
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn openssl_honours_our_revocation_list() {
    let world = World::new();
    let clients: Vec<_> = ["alice", "bob", "carol"].map(|name| world.issued(name, &IssueOptions::default())).into();
    world.ca.revoke(&clients[0].load(), RevocationReason::KeyCompromise).unwrap();
    world.ca.revoke(&clients[2].load(), RevocationReason::CertificateHold).unwrap();
    let path = world.ca.crl(30).unwrap();
    assert_eq!(path, world.ca.dir().join("crl.pem"));
    let said =
        openssl(&["crl", "-in", "pki/crl.pem", "-CAfile", "pki/cacert.pem", "-text", "-noout"], world.dir.path());
    assert!(
        said.contains("Version 2") && said.contains("Key Compromise") && said.contains("Certificate Hold"),
        "{said}"
    );
    assert!(verify(&world, "bob.cert.pem").0);
    let (ok, why) = verify(&world, "alice.cert.pem");
    assert!(!ok && why.contains("certificate revoked"), "{why}");
    assert!(!verify(&world, "carol.cert.pem").0);

    // A hold can be taken back, and becomes final; nothing else changes.
    world.ca.unhold(&clients[2].load()).unwrap();
    world.ca.crl(30).unwrap();
    assert!(verify(&world, "carol.cert.pem").0);
    assert_eq!(world.ca.unhold(&clients[0].load()).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let again = world.ca.revoke(&clients[0].load(), RevocationReason::Superseded).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    let number = openssl(&["crl", "-in", "pki/crl.pem", "-crlnumber", "-noout"], world.dir.path());
    assert!(number.trim().ends_with("02"), "{number}");
}

#[test]
fn lists_of_every_authority_verify() {
    for algorithm in ["P-384", "P-521", "Ed25519", "RSA-2048"] {
        let dir = tempfile::tempdir().unwrap();
        let options = AuthorityOptions {
            key_algorithm: algorithm.parse::<KeyAlgorithm>().unwrap(),
            name: Some(trustdir::DistinguishedName::parse("CN=x,OU=a,OU=b").unwrap()),
            ..AuthorityOptions::default()
        };
        let ca = Authority::create(dir.path().join("pki"), options).unwrap();
        ca.crl(7).unwrap();
        let output =
            try_run("openssl", &["crl", "-in", "pki/crl.pem", "-CAfile", "pki/cacert.pem", "-noout"], dir.path());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("verify OK"), "{algorithm}: {said}");
    }
}

#[test]
fn a_foreign_certificate_is_not_revoked_here() {
    let (world, other) = (World::new(), World::new());
    let alice = other.issued("alice", &IssueOptions::default()).load();
    assert_eq!(world.ca.revoke(&alice, RevocationReason::Unspecified).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// `openssl ca` writes into our directory, and we go on with what it wrote.
#[test]
fn openssl_ca_and_we_share_a_directory() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let bob = world.issued("bob", &IssueOptions::default());
    let ca = |arguments: &[&str]| {
        // Its own configuration has paths that begin in the directory.
        openssl(&[&["ca", "-config", "openssl.cnf", "-batch"], arguments].concat(), world.ca.dir())
    };
    world.ca.revoke(&alice.load(), RevocationReason::Superseded).unwrap();
    ca(&["-revoke", "../bob.cert.pem", "-crl_reason", "keyCompromise"]);
    openssl(
        &["req", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-out", "r", "-subj", "/CN=dave"],
        world.dir.path(),
    );
    ca(&["-in", "../r", "-out", "../dave.cert.pem", "-notext"]);
    world.ca.crl(7).unwrap();
    for (name, revoked) in [("alice.cert.pem", true), ("bob.cert.pem", true), ("dave.cert.pem", false)] {
        assert_eq!(verify(&world, name).0, !revoked, "{name}");
    }
    ca(&["-gencrl", "-out", "../theirs.pem"]);
    let theirs = openssl(&["crl", "-in", "theirs.pem", "-text", "-noout"], world.dir.path());
    for client in [&alice, &bob] {
        assert!(theirs.contains(&client.load().serial().to_uppercase()), "{theirs}");
    }
    world
        .ca
        .revoke(&trustdir::Certificate::load(world.path("dave.cert.pem")).unwrap(), RevocationReason::Unspecified)
        .unwrap();
}

/// A serial whose first bit would be a sign has a zero before it in DER, and none where OpenSSL writes it.
#[test]
fn serials_are_openssls() {
    let world = World::new();
    let pki = world.ca.dir();
    for serial in ["80", "FF", "8000", "0A"] {
        fs::write(pki.join("serial"), format!("{serial}\n")).unwrap();
        let config =
            fs::read_to_string(pki.join("openssl.cnf")).unwrap().replace("rand_serial = yes", "serial = serial");
        fs::write(pki.join("counted.cnf"), config).unwrap();
        let request =
            ["req", "-new", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-out", "r", "-subj", "/CN=counted"];
        openssl(&request, pki);
        openssl(&["ca", "-config", "counted.cnf", "-batch", "-in", "r", "-out", "c.pem", "-notext"], pki);
        let certificate = trustdir::Certificate::load(pki.join("c.pem")).unwrap();
        assert_eq!(certificate.serial().to_uppercase(), serial);
        let lines = || fs::read_to_string(pki.join("index.txt")).unwrap().lines().count();
        let before = lines();
        let ca = Authority::open(pki, None).unwrap();
        assert_eq!(lines(), before, "nothing is lost, so nothing is entered");
        assert_eq!(ca.find(&certificate.serial()).unwrap().len(), 1);
        ca.revoke(&certificate, RevocationReason::Superseded).unwrap();
        ca.crl(7).unwrap();
        let said = openssl(&["crl", "-in", "crl.pem", "-noout", "-text"], pki);
        assert!(said.contains(&format!("Serial Number: {serial}\n")), "{said}");
        let options = trustdir::RenewOptions { profile: Some(trustdir::Profile::Client), ..Default::default() };
        assert_eq!(ca.renew(&certificate, &options).unwrap_err().kind(), ErrorKind::Revoked);
    }
}

/// The number of a list may be longer than any integer type (RFC 5280, 5.2.3).
#[test]
fn the_number_of_a_list_goes_up_from_wherever_it_stands() {
    let world = World::new();
    let file = world.ca.dir().join("crlnumber");
    for (number, next) in [("FFFFFFFFFFFFFFFF", "010000000000000000"), ("7F", "0080")] {
        fs::write(&file, format!("{number}\n")).unwrap();
        world.ca.crl(7).unwrap();
        let said = openssl(&["crl", "-in", "pki/crl.pem", "-crlnumber", "-noout"], world.dir.path());
        assert!(said.trim().ends_with(number), "{said}");
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), next);
    }
    fs::write(&file, "one\n").unwrap();
    assert_eq!(world.ca.crl(7).unwrap_err().kind(), ErrorKind::Parse);
    // Nothing is used up by who cannot sign.
    fs::write(&file, "05\n").unwrap();
    assert!(Authority::open_without_key(world.ca.dir()).unwrap().crl(7).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "05\n");
}

/// What a crash between the two writes of issuing leaves is entered when the authority is opened again.
#[test]
fn a_crash_while_issuing_loses_nothing() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default()).load();
    let index = world.ca.dir().join("index.txt");
    let before: Vec<String> = fs::read_to_string(&index).unwrap().lines().map(str::to_owned).collect();
    // As it is after the file was written and before the line was.
    fs::write(&index, format!("{}\n", before[0])).unwrap();
    fs::write(world.ca.dir().join("newcerts/.trustdir-half.tmp"), "half").unwrap();
    Authority::open(world.ca.dir(), None).unwrap();
    let after = fs::read_to_string(&index).unwrap();
    assert!(after.contains(&alice.serial().to_uppercase()), "{after}");
    assert_eq!(after.lines().count(), 2);
    assert!(!world.ca.dir().join("newcerts/.trustdir-half.tmp").exists());
}

/// What a crash in the middle of a line leaves: nothing is lost, whatever is left of the line.
#[test]
fn a_line_that_was_cut_is_mended() {
    let world = World::new();
    let (alice, bob) = ("alice", "bob");
    for name in [alice, bob] {
        world.issued(name, &IssueOptions::default());
    }
    let path = world.ca.dir().join("index.txt");
    let whole = fs::read(&path).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for end in first + 2..whole.len() {
        fs::write(&path, &whole[..end]).unwrap();
        Authority::open(world.ca.dir(), None).unwrap();
        let lines = |text: &[u8]| text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<HashSet<_>>();
        assert_eq!(lines(&fs::read(&path).unwrap()), lines(&whole), "cut at {end}");
        // Nor does one that goes on without opening again write behind half a line.
        fs::write(&path, &whole[..end]).unwrap();
        world.ca.issue_client("carol", &IssueOptions::default()).unwrap();
        Authority::open(world.ca.dir(), None).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().all(|line| line.split('\t').count() == 6), "cut at {end}: {text}");
        assert!(["alice", "bob", "carol"].iter().all(|name| text.contains(&format!("/CN={name}\n"))), "{text}");
        for issued in world.ca.find("carol").unwrap() {
            fs::remove_file(issued.file).unwrap();
        }
    }
}

#[test]
fn a_damaged_index_is_named_and_left_alone() {
    let world = World::new();
    let index = world.ca.dir().join("index.txt");
    fs::write(&index, "V\tnonsense\n").unwrap();
    let error = Authority::open(world.ca.dir(), None).unwrap_err();
    assert!(error.message().contains("index.txt") && error.message().contains("line 1"), "{error}");
    assert_eq!(fs::read_to_string(&index).unwrap(), "V\tnonsense\n");
}
