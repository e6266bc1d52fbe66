//! Promise 6: private files are 0600 from their creation, nothing is half-written, nothing is overwritten.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use support::World;
use trustdir::{Authority, AuthorityOptions, EntryNames, ErrorKind, IssueOptions};

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn private_files_are_private() {
    let world = World::new();
    let pki = world.ca.dir();
    assert_eq!(mode(pki.join("private")), 0o700);
    assert_eq!(mode(pki.join("private/cakey.pem")), 0o600);
    assert_eq!(mode(pki.join("cacert.pem")) & 0o022, 0);
    let alice = world.issued("alice", &IssueOptions::default());
    assert_eq!(mode(&alice.key), 0o600);
    assert_eq!(mode(&alice.certificate) & 0o444, 0o444, "services under other users read certificates");
}

#[test]
fn the_authoritys_key_is_encrypted_under_its_passphrase() {
    let dir = tempfile::tempdir().unwrap();
    let options =
        AuthorityOptions { passphrase: Some(b"correct horse".to_vec().into()), ..AuthorityOptions::default() };
    Authority::create(dir.path().join("pki"), options).unwrap();
    let pem = fs::read_to_string(dir.path().join("pki/private/cakey.pem")).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let open = |passphrase: Option<&[u8]>| Authority::open(dir.path().join("pki"), passphrase);
    assert_eq!(open(None).unwrap_err().kind(), ErrorKind::PassphraseRequired);
    assert_eq!(open(Some(b"wrong")).unwrap_err().kind(), ErrorKind::WrongPassphrase);
    open(Some(b"correct horse")).unwrap().issue_client("alice", &IssueOptions::default()).unwrap();
}

#[test]
fn saving_an_identity_never_overwrites_and_leaves_nothing_half_done() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let before = (fs::read(&alice.certificate).unwrap(), fs::read(&alice.key).unwrap());
    let again = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let free = world.path("free");
    for (certificate, key) in [(&alice.certificate, &alice.key), (&alice.certificate, &free), (&free, &alice.key)] {
        assert_eq!(again.save(certificate, key, None).unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert!(!free.exists());
    }
    assert_eq!((fs::read(&alice.certificate).unwrap(), fs::read(&alice.key).unwrap()), before);
    let missing = again.save(world.path("no/cert"), world.path("no/key"), None).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    let temporary = fs::read_dir(world.dir.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'));
    assert_eq!(temporary.count(), 0);
}

/// Writers of one trust directory wait for each other: every certificate under its own number.
#[test]
fn concurrent_installs_lose_nothing() {
    let world = World::new();
    // One subject, so that all want the same name.
    let certificates: Vec<_> = (0..24)
        .map(|_| world.ca.issue_client("same", &IssueOptions::default()).unwrap().certificate().clone())
        .collect();
    std::thread::scope(|scope| {
        for part in certificates.chunks(6) {
            let directory = world.trust_dir(EntryNames::SubjectHash);
            scope.spawn(move || part.iter().for_each(|certificate| drop(directory.install(certificate).unwrap())));
        }
    });
    let directory = world.trust_dir(EntryNames::SubjectHash);
    assert_eq!(directory.list().unwrap().len(), 24);
    for certificate in &certificates {
        assert!(directory.decide(certificate.as_der(), certificate.not_before()).is_admitted());
    }
}

/// A file that holds more than the certificate is not thrown away with it.
#[test]
fn removing_a_client_destroys_no_key() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let single = fs::read_to_string(&alice.certificate).unwrap() + &fs::read_to_string(&alice.key).unwrap();
    fs::write(world.clients.join("alice.pem"), single).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let certificate = alice.load();
    let error = directory.remove(&certificate.fingerprint()).unwrap_err();
    assert!(error.message().contains("private key") && error.message().contains("nothing was removed"), "{error}");
    assert!(directory.decide(certificate.as_der(), certificate.not_before()).is_admitted());
}

/// A copy under another name is no entry for readers of subject hashes: installing makes the one that is.
#[test]
fn installing_makes_the_name_that_every_reader_finds() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    fs::copy(&alice.certificate, world.clients.join("alice.pem")).unwrap();
    let certificate = alice.load();
    let hashed = world.trust_dir(EntryNames::SubjectHash);
    let refusal = hashed.decide(certificate.as_der(), certificate.not_before());
    assert!(refusal.message().contains("clients add --subject-hash"), "{}", refusal.message());
    let directory = world.trust_dir(EntryNames::Any);
    let entry = directory.install(&certificate).unwrap();
    assert!(hashed.decide(certificate.as_der(), certificate.not_before()).is_admitted());
    assert_eq!(directory.install(&certificate).unwrap().file(), entry.file());
    assert_eq!(directory.list().unwrap().len(), 2);
}
