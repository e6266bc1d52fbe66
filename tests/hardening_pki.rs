//! What an attacker tries on the private authority, and its owner's bad day: each of these once worked.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use support::{World, openssl, try_run};
use trustdir::{
    Authority, AuthorityOptions, Certificate, CertificateRequest, DistinguishedName, ErrorKind, Identity, IssueOptions,
    KeyAlgorithm, NameConstraints, PrivateKey, Profile, RenewOptions, RevocationReason, SignOptions, SubjectAltName,
    export,
};

fn limited(name: &str) -> AuthorityOptions {
    let constraints = NameConstraints { permitted: vec![name.parse().unwrap()], ..NameConstraints::default() };
    AuthorityOptions { constraints, ..AuthorityOptions::default() }
}

/// The owner of an intermediate's directory writes what is in it: the issuer renews only what it once signed.
#[test]
fn renewing_an_authority_signs_nothing_new() {
    let world = World::new();
    let office = world.ca.create_intermediate(world.path("office"), limited("office.example.org")).unwrap();
    let name = world.ca.certificate().subject().to_string();
    let forge =
        AuthorityOptions { name: Some(DistinguishedName::parse(&name).unwrap()), ..AuthorityOptions::default() };
    let false_root = Authority::create(world.path("false"), forge).unwrap();
    let wide = AuthorityOptions { name: Some(office.certificate().subject().clone()), ..AuthorityOptions::default() };
    let forged = false_root.create_intermediate(world.path("forged"), wide).unwrap();
    let error = forged.renew_authority(Some(&world.ca), None).unwrap_err();
    assert!(error.message().contains("was not issued by"), "{error}");
    // Nor is one that was revoked.
    world.ca.revoke(office.certificate(), RevocationReason::KeyCompromise).unwrap();
    assert_eq!(office.renew_authority(Some(&world.ca), None).unwrap_err().kind(), ErrorKind::Revoked);
}

/// A chain is held together by signatures, not by names.
#[test]
fn a_false_root_of_the_same_name_is_no_trust_anchor() {
    let world = World::new();
    let office = world.ca.create_intermediate(world.path("office"), AuthorityOptions::default()).unwrap();
    let name = Some(world.ca.certificate().subject().clone());
    let forge = AuthorityOptions { name, ..AuthorityOptions::default() };
    let false_root = Authority::create(world.path("false"), forge).unwrap();
    let key = PrivateKey::load(office.dir().join("private/cakey.pem"), None).unwrap();
    let chain = vec![office.certificate().clone(), false_root.certificate().clone()];
    let identity = Identity::new(chain, key).unwrap();
    let error = Authority::import(world.path("imported"), &identity, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadSignature);
    assert!(!world.path("imported").exists());
    fs::write(office.dir().join("cachain.pem"), false_root.certificate().to_pem()).unwrap();
    assert_eq!(Authority::open(office.dir(), None).unwrap_err().kind(), ErrorKind::BadSignature);
}

/// Only the index tells what was revoked, so without it nothing is guessed.
#[test]
fn a_lost_index_revives_nobody() {
    let world = World::new();
    let eve = world.issued("eve", &IssueOptions::default()).load();
    world.ca.revoke(&eve, RevocationReason::KeyCompromise).unwrap();
    let index = world.ca.dir().join("index.txt");
    let whole = fs::read(&index).unwrap();
    fs::remove_file(&index).unwrap();
    assert!(Authority::open(world.ca.dir(), None).unwrap_err().message().contains("index is missing"));
    // A revocation that was cut before its serial.
    let revoked = whole.windows(3).position(|part| part == b"\nR\t").unwrap();
    fs::write(&index, &whole[..revoked + 20]).unwrap();
    assert!(Authority::open(world.ca.dir(), None).unwrap_err().message().contains("tells of a revocation"));
    assert_eq!(fs::read(&index).unwrap(), whole[..revoked + 20], "nothing is thrown away");
    fs::write(&index, &whole).unwrap();
    Authority::open(world.ca.dir(), None).unwrap();
}

/// What lies in `newcerts` and was not issued here is not entered, and stops nobody.
#[test]
fn strangers_files_are_not_entered() {
    let world = World::new();
    let other = World::new();
    let alice = world.issued("alice", &IssueOptions::default()).load();
    let newcerts = world.ca.dir().join("newcerts");
    fs::write(newcerts.join("1234.pem"), other.ca.certificate().to_pem()).unwrap();
    fs::write(newcerts.join("99.pem"), "garbage").unwrap();
    fs::write(newcerts.join("ABCD.pem"), alice.to_pem()).unwrap();
    let before = fs::read(world.ca.dir().join("index.txt")).unwrap();
    Authority::open(world.ca.dir(), None).unwrap();
    assert_eq!(fs::read(world.ca.dir().join("index.txt")).unwrap(), before);
}

/// Names are checked at the one place where certificates are made, whichever way they come.
#[test]
fn names_that_are_read_in_two_ways_are_not_issued() {
    let world = World::new();
    let ca = Authority::create(world.path("home"), limited("home.arpa")).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap();
    let subject = DistinguishedName::parse("CN=x").unwrap();
    for name in ["bank.example.com\0.home.arpa", "a\n.home.arpa", "*.*.home.arpa", "b*.home.arpa", "a..home.arpa", ""] {
        let name = SubjectAltName::Dns(name.to_owned());
        let request = CertificateRequest::create(&key, &subject, &[]).unwrap();
        let options = SignOptions { names: Some(vec![name.clone()]), ..SignOptions::default() };
        assert_eq!(ca.sign(&request, &options).unwrap_err().kind(), ErrorKind::InvalidArgument, "{name:?}");
        let issued = ca.issue(Profile::Server, &subject, std::slice::from_ref(&name), &IssueOptions::default());
        assert_eq!(issued.unwrap_err().kind(), ErrorKind::InvalidArgument, "{name:?}");
    }
    // Every common name counts, not the last alone.
    let two = DistinguishedName::parse("CN=alice,CN=evil.example.com").unwrap();
    let issued = ca.issue(Profile::Client, &two, &[], &IssueOptions::default());
    assert_eq!(issued.unwrap_err().kind(), ErrorKind::NameMismatch);
    let empty = DistinguishedName::from_der(b"\x30\x00").unwrap();
    let nobody = ca.issue(Profile::Client, &empty, &[], &IssueOptions::default()).unwrap_err();
    assert!(nobody.message().contains("name nobody"), "{nobody}");
}

/// OpenSSL holds names equal that differ in case and blanks: nobody gets the authority's.
#[test]
fn nobody_is_named_as_the_authority_is() {
    let world = World::new();
    let options =
        AuthorityOptions { name: Some(DistinguishedName::parse("CN=Home CA").unwrap()), ..Default::default() };
    let ca = Authority::create(world.path("named"), options).unwrap();
    for name in ["Home CA", "home ca", "HOME  CA"] {
        let error = ca.issue_client(name, &IssueOptions::default()).unwrap_err();
        assert!(error.message().contains("name of the authority"), "{name}: {error}");
        let name = Some(DistinguishedName::from_common_name(name));
        let options = AuthorityOptions { name, ..AuthorityOptions::default() };
        assert!(ca.create_intermediate(world.path("below"), options).is_err());
    }
}

/// A client does not become a server by being renewed.
#[test]
fn renewing_changes_no_purpose() {
    let world = World::new();
    let alice = world.issued("alice.example.com", &IssueOptions::default()).load();
    let options = RenewOptions { profile: Some(Profile::Server), ..RenewOptions::default() };
    assert!(world.ca.renew(&alice, &options).unwrap_err().message().contains("is for a client"));
    let key_algorithm = Some(KeyAlgorithm::Ed25519);
    let issue = IssueOptions { key_algorithm, ..IssueOptions::default() };
    let error = world.ca.renew(&alice, &RenewOptions { issue, ..RenewOptions::default() }).unwrap_err();
    assert!(error.message().contains("no Ed25519 key is made"), "{error}");
}

/// Renewed again and again, a certificate does not grow by the hour that it is dated back.
#[test]
fn renewals_do_not_add_up() {
    let world = World::new();
    let days = Some(30);
    let mut alice = world.issued("alice", &IssueOptions { days, ..IssueOptions::default() }).load();
    for _ in 0..3 {
        alice = world.ca.renew(&alice, &RenewOptions::default()).unwrap().certificate;
        assert_eq!((alice.not_after() - alice.not_before()) / 3600, 30 * 24 + 1);
    }
    let never = IssueOptions { not_before: Some(i64::MAX), ..IssueOptions::default() };
    assert_eq!(world.ca.issue_client("never", &never).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// A certificate of very many extensions, and a pool of very many namesakes, cost no more than others.
#[test]
fn work_is_bounded() {
    let world = World::new();
    let extensions: String = (1..200).map(|number| format!("1.2.3.{number}=DER:0500\n")).collect();
    fs::write(world.path("many.cnf"), format!("[req]\ndistinguished_name=d\n[d]\n[x]\n{extensions}")).unwrap();
    let make = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-config", "many.cnf", "-extensions", "x"];
    openssl(&[&make[..], &["-subj", "/CN=many", "-keyout", "k", "-out", "many.pem"]].concat(), world.dir.path());
    let error = Certificate::load(world.path("many.pem")).unwrap_err();
    assert!(error.message().contains("more than 64 extensions"), "{error}");

    let named = |name: &str| AuthorityOptions {
        name: Some(DistinguishedName::parse(name).unwrap()),
        ..AuthorityOptions::default()
    };
    // Two names that issue each other never come to a root.
    let (a, b) = (world.path("a"), world.path("b"));
    let (a, b) = (Authority::create(a, named("CN=a")).unwrap(), Authority::create(b, named("CN=b")).unwrap());
    let pool: Vec<Certificate> = (0..20)
        .flat_map(|number| {
            let below = |ca: &Authority, name: &str| {
                let dir = world.path(&format!("{name}{number}"));
                ca.create_intermediate(dir, named(&format!("CN={name}"))).unwrap().certificate().clone()
            };
            [below(&a, "b"), below(&b, "a")]
        })
        .collect();
    assert!(export::full_chain(&pool[0], &pool).len() <= 16);
}

/// The directory is its owner's whatever the umask lets pass.
#[test]
fn an_authoritys_directory_is_writable_for_its_owner_alone() {
    let world = World::new();
    let mut command = std::process::Command::new("sh");
    let exe = option_env!("CARGO_BIN_EXE_trustdir").unwrap_or("trustdir");
    command.args(["-c", &format!("umask 0; exec {exe} ca init open --no-passphrase")]).current_dir(world.dir.path());
    assert!(command.output().unwrap().status.success());
    let listed = try_run("find", &["open", "-perm", "/022"], world.dir.path());
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "");
    let here = try_run(exe, &["ca", "init", ".", "--no-passphrase"], &world.path("open/certs"));
    assert!(String::from_utf8_lossy(&here.stderr).contains("go to the directory above"), "{here:?}");
}
