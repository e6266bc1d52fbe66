//! Promise 5: nothing silently altered; serials never repeat; an existing CA is never overwritten.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::HashSet;
use std::fs;

use support::{World, text};
use trustdir::{Authority, AuthorityOptions, Certificate, DistinguishedName, ErrorKind, IssueOptions};

/// Names that rcgen's model would lose: repeated attributes, several in one part, odd text.
#[test]
fn the_issuer_is_the_authoritys_subject_byte_for_byte() {
    for name in
        ["CN=home,OU=a,OU=b,DC=example,DC=com", "CN=a+O=b", "CN=Größe\\, Ltd.,C=DE", "CN=x,emailAddress=a@example.com"]
    {
        let dir = tempfile::tempdir().unwrap();
        let name = DistinguishedName::parse(name).unwrap();
        let options = AuthorityOptions { name: Some(name.clone()), ..AuthorityOptions::default() };
        let ca = Authority::create(dir.path().join("pki"), options).unwrap();
        assert_eq!(ca.certificate().subject(), &name);
        let identity = ca.issue_server(&["localhost"], &IssueOptions::default()).unwrap();
        assert_eq!(identity.certificate().issuer().as_der(), name.as_der());
        fs::write(dir.path().join("c.pem"), identity.chain_pem()).unwrap();
        support::openssl(&["verify", "-x509_strict", "-CAfile", "pki/cacert.pem", "c.pem"], dir.path());
    }
}

#[test]
fn names_and_dates_are_what_was_asked_for() {
    let world = World::new();
    let options =
        IssueOptions { not_before: Some(1_800_000_000), not_after: Some(1_800_086_400), ..IssueOptions::default() };
    let server = world.ca.issue_server(&["a.example", "10.0.0.1", "::1"], &options).unwrap();
    let certificate = server.certificate();
    assert_eq!((certificate.not_before(), certificate.not_after()), (1_800_000_000, 1_800_086_400));
    let names: Vec<_> = certificate.names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:a.example", "IP:10.0.0.1", "IP:::1"]);
    let days = world.ca.issue_client("a", &IssueOptions { days: Some(30), ..IssueOptions::default() }).unwrap();
    let span = days.certificate().not_after() - days.certificate().not_before();
    assert_eq!(span, 30 * 86400 + 3600, "30 days from now, backdated by an hour");
}

#[test]
fn what_cannot_be_issued_is_refused() {
    let world = World::new();
    let year = 365 * 86400;
    let end = world.ca.certificate().not_after();
    for (names, options) in [
        (&[][..], IssueOptions::default()),
        (&["a b"], IssueOptions::default()),
        (&["-a.example"], IssueOptions::default()),
        (&["a..example"], IssueOptions::default()),
        (&["1.2.3"], IssueOptions::default()),
        (&["münchen.exa mple"], IssueOptions::default()),
        (&["*"], IssueOptions::default()),
        (&["a\u{202e}.example"], IssueOptions::default()),
        (&["localhost"], IssueOptions { not_after: Some(end + year), ..IssueOptions::default() }),
        (&["localhost"], IssueOptions { days: Some(100_000), ..IssueOptions::default() }),
        (&["localhost"], IssueOptions { days: Some(0), not_before: Some(end), ..IssueOptions::default() }),
        (&["localhost"], IssueOptions { days: Some(1), not_after: Some(end), ..IssueOptions::default() }),
    ] {
        let error = world.ca.issue_server(names, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{names:?}: {error}");
        assert!(!error.message().contains('\n'));
    }
    for name in ["", " alice", "a\nb", &"x".repeat(65)] {
        assert_eq!(
            world.ca.issue_client(name, &IssueOptions::default()).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
    }
    let index = fs::read_to_string(world.ca.dir().join("index.txt")).unwrap();
    assert_eq!(index.lines().count(), 1, "only the server of the test's world is in the ledger");
}

#[test]
fn an_existing_authority_is_never_overwritten() {
    let world = World::new();
    let before = fs::read(world.ca.dir().join("private/cakey.pem")).unwrap();
    for dir in [world.ca.dir().to_owned(), world.dir.path().to_owned()] {
        let error = Authority::create(&dir, AuthorityOptions::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    }
    assert_eq!(fs::read(world.ca.dir().join("private/cakey.pem")).unwrap(), before);
    let leftovers = fs::read_dir(world.dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".trustdir"));
    assert_eq!(leftovers.count(), 0);
}

/// Threads and processes issue from one directory: every serial once, every certificate in the index.
#[test]
fn serials_never_repeat() {
    let world = World::new();
    let pki = world.ca.dir().to_owned();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let ca = Authority::open(&pki, None).unwrap();
                for _ in 0..25 {
                    ca.issue_client("same name", &IssueOptions::default()).unwrap();
                }
            });
        }
    });
    let index = fs::read_to_string(pki.join("index.txt")).unwrap();
    let serials: HashSet<_> = index.lines().map(|line| line.split('\t').nth(3).unwrap().to_owned()).collect();
    assert_eq!((index.lines().count(), serials.len()), (101, 101));
    for serial in serials {
        let certificate = Certificate::load(pki.join(format!("newcerts/{serial}.pem"))).unwrap();
        assert_eq!(certificate.serial().to_uppercase(), serial);
        assert_eq!(serial.len(), 32, "16 bytes: {}", text(&pki));
    }
}

#[test]
fn two_authorities_never_share_a_name() {
    assert_ne!(World::new().ca.certificate().subject(), World::new().ca.certificate().subject());
}
