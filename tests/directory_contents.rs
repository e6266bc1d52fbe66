//! What lies in a trust directory: everything that people and programs put there is read or reported, nothing blocks,
//! and nothing affects another file.
#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use support::{World, openssl, run, text};
use trustdir::{Certificate, EntryNames, ErrorKind, IssueOptions, Reason, TrustDir, TrustDirOptions};

fn decide(directory: &TrustDir, certificate: &Certificate) -> Reason {
    directory.decide(certificate.as_der(), certificate.not_before()).reason()
}

/// What is said of a file; nothing when there is nothing to say.
fn said_of(directory: &TrustDir, name: &str) -> String {
    let problems = directory.problems().unwrap();
    let mut of = problems.iter().filter(|problem| problem.file().file_name().unwrap() == name);
    let message = of.next().map(|problem| problem.message().to_owned()).unwrap_or_default();
    assert!(!message.contains('\n') && of.next().is_none(), "{message}");
    message
}

fn hash(certificate: &Certificate) -> String {
    certificate.subject().subject_hash().unwrap().to_string()
}

fn revocation_list(world: &World) -> String {
    fs::read_to_string(world.ca.crl(30).unwrap()).unwrap()
}

/// Makes each odd thing under the name that it is given, and says what must be said of it.
#[expect(clippy::type_complexity)]
fn odd_things() -> Vec<(Box<dyn Fn(&World, &Path)>, &'static str)> {
    fn thing(make: impl Fn(&World, &Path) + 'static, said: &'static str) -> (Box<dyn Fn(&World, &Path)>, &'static str) {
        (Box::new(make), said)
    }
    let links_to = |target: &'static str| move |_: &World, path: &Path| symlink(target, path).unwrap();
    let holds = |bytes: &'static [u8]| move |_: &World, path: &Path| fs::write(path, bytes).unwrap();
    vec![
        thing(|_, path| drop(run("mkfifo", &[&text(path)], Path::new("/"))), "a FIFO, which is not read"),
        thing(|_, path| drop(UnixListener::bind(path).unwrap()), "a socket, which is not read"),
        thing(links_to("/dev/zero"), "a device, which is not read"),
        thing(links_to("/"), "a directory, which is not read"),
        thing(links_to("nowhere"), "a link that leads nowhere"),
        thing(|_, path| symlink(path.file_name().unwrap(), path).unwrap(), "a link that cannot be followed"),
        thing(|_, path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap(), "larger than 16 MiB"),
        thing(holds(b""), "the file is empty"),
        thing(holds(b"-----BEGIN CERTIFICATE-----\nMIIB"), "no -----END CERTIFICATE-----"),
        thing(holds(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "line 1: "),
        thing(holds(b"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n"), "only DH PARAMETERS"),
        thing(|world, path| fs::write(path, revocation_list(world)).unwrap(), "for a directory of authorities"),
        thing(|world, path| symlink(world.path("bob.key.pem"), path).unwrap(), "a private key without"),
        thing(
            |world, path| {
                let key = text(&world.path("bob.key.pem"));
                openssl(&["req", "-new", "-key", &key, "-subj", "/CN=bob", "-out", &text(path)], Path::new("/"));
            },
            "sign it with `trustdir sign`",
        ),
    ]
}

/// One odd thing after another lies beside a client's file, before and behind it: it is reported with its remedy, the
/// client is admitted, and nothing waits.
#[test]
fn odd_things_are_reported_and_affect_nobody() {
    let world = World::new();
    let (alice, bob) = (world.issued("alice", &Default::default()), world.issued("bob", &Default::default()));
    let alice = alice.load();
    for (names, first, entry, last) in [
        (EntryNames::Any, "0.pem".to_owned(), "alice.pem".to_owned(), "z".to_owned()),
        (EntryNames::SubjectHash, hash(&alice) + ".0", hash(&alice) + ".1", hash(&alice) + ".2"),
    ] {
        for (make, said) in odd_things() {
            fs::write(world.clients.join(&entry), alice.to_pem()).unwrap();
            make(&world, &world.clients.join(&first));
            make(&world, &world.clients.join(&last));
            let start = Instant::now();
            let directory = world.trust_dir(names);
            assert_eq!(decide(&directory, &alice), Reason::Admitted, "{said}");
            assert_eq!(decide(&directory, &bob.load()), Reason::NotInstalled, "{said}");
            for name in [&first, &last] {
                let message = said_of(&directory, name);
                assert!(message.contains(said) && message.contains(';'), "{message}");
            }
            assert_eq!((said_of(&directory, &entry), directory.list().unwrap().len()), (String::new(), 1));
            assert!(start.elapsed() < Duration::from_secs(10), "{said}");
            directory.remove(&alice.fingerprint()).unwrap();
            assert_eq!(decide(&directory, &alice), Reason::Removed, "{said}");
            fs::remove_file(world.clients.join(&first)).unwrap();
            fs::remove_file(world.clients.join(&last)).unwrap();
        }
    }
}

/// A FIFO in place of a client's file removes the client, and what waits at its other end goes on waiting.
#[test]
fn a_fifo_in_place_of_a_file_is_a_removal() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default()).load();
    let (file, fifo) = (world.clients.join("alice.pem"), world.path("fifo"));
    let directory = world.trust_dir(EntryNames::Any);
    for _ in 0..3 {
        fs::write(&file, alice.to_pem()).unwrap();
        assert_eq!(decide(&directory, &alice), Reason::Admitted);
        run("mkfifo", &[&text(&fifo)], world.dir.path());
        fs::rename(&fifo, &file).unwrap();
        assert_eq!(decide(&directory, &alice), Reason::Removed);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn limits_hidden_files_and_sub_directories_are_passed_over() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default());
    for name in [".alice.pem", ".trustdir-1.tmp"] {
        fs::copy(&alice.certificate, world.clients.join(name)).unwrap();
    }
    fs::write(world.clients.join("trustdir.toml"), "limit = []\n").unwrap();
    fs::create_dir(world.clients.join("former")).unwrap();
    fs::copy(&alice.certificate, world.clients.join("former/alice.pem")).unwrap();
    for names in [EntryNames::Any, EntryNames::SubjectHash] {
        let directory = world.trust_dir(names);
        assert_eq!(decide(&directory, &alice.load()), Reason::NotInstalled);
        assert_eq!(directory.problems().unwrap(), []);
    }
}

/// What stands before the damage counts, as for OpenSSL, and the rest is reported.
#[test]
fn a_file_that_is_damaged_counts_up_to_the_damage() {
    let world = World::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| world.issued(name, &Default::default()).load());
    let damaged = bob.to_pem().replacen("\nM", "\n!", 1);
    fs::write(world.clients.join("all.pem"), [alice.to_pem(), damaged, carol.to_pem()].concat()).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let reasons = [&alice, &bob, &carol].map(|certificate| decide(&directory, certificate));
    assert_eq!(reasons, [Reason::Admitted, Reason::NotInstalled, Reason::NotInstalled]);
    let message = said_of(&directory, "all.pem");
    assert!(message.contains("damaged base64") && message.contains("nothing after it"), "{message}");
    let entries = directory.list().unwrap();
    assert_eq!(entries.iter().map(|entry| entry.certificate()).collect::<Vec<_>>(), [&alice]);
}

/// Under a subject hash only the certificates with that hash count, whatever else the file holds.
#[test]
fn a_bundle_counts_where_its_name_fits() {
    let world = World::new();
    let [alice, bob] = ["alice", "bob"].map(|name| world.issued(name, &Default::default()).load());
    fs::write(world.clients.join(hash(&alice) + ".0"), [bob.to_pem(), alice.to_pem()].concat()).unwrap();
    let directory = world.trust_dir(EntryNames::SubjectHash);
    assert_eq!([&alice, &bob].map(|one| decide(&directory, one)), [Reason::Admitted, Reason::NotInstalled]);
    let message = said_of(&directory, &(hash(&alice) + ".0"));
    assert!(message.contains("CN=bob") && message.contains(&(hash(&bob) + ".0")), "{message}");
    assert_eq!(world.trust_dir(EntryNames::Any).list().unwrap().len(), 2);
    let error = directory.remove(&alice.fingerprint()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
}

#[test]
fn the_old_hash_and_revocation_lists_are_called_what_they_are() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default()).load();
    let old = format!("{}.0", alice.subject().subject_hash_old());
    fs::write(world.clients.join(&old), alice.to_pem()).unwrap();
    let list = hash(&alice) + ".r0";
    fs::write(world.clients.join(&list), revocation_list(&world)).unwrap();
    let directory = world.trust_dir(EntryNames::SubjectHash);
    assert_eq!(decide(&directory, &alice), Reason::NotInstalled);
    assert!(said_of(&directory, &old).contains("OpenSSL before 1.0"));
    assert!(said_of(&directory, &list).contains("for a directory of authorities"));
    openssl(&["crl", "-in", &text(&world.clients.join(&list)), "-outform", "DER", "-out", "list.crl"], &world.clients);
    let directory = world.trust_dir(EntryNames::Any);
    assert!(said_of(&directory, "list.crl").contains("for a directory of authorities"));
    assert_eq!(decide(&directory, &alice), Reason::Admitted, "any name counts");
}

/// `openssl x509 -trustout`: a client purpose that is rejected, or not among the trusted, is no client's.
#[test]
fn trust_settings_are_honoured() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default());
    let certificate = alice.load();
    let file = world.clients.join("alice.pem");
    for (settings, admitted) in [
        (&["-trustout"][..], true),
        (&["-addtrust", "clientAuth"], true),
        (&["-addtrust", "anyExtendedKeyUsage"], true),
        (&["-addreject", "serverAuth"], true),
        (&["-addtrust", "serverAuth"], false),
        (&["-addreject", "clientAuth"], false),
        (&["-addtrust", "clientAuth", "-addreject", "anyExtendedKeyUsage"], false),
    ] {
        let command = ["x509", "-trustout", "-in", &text(&alice.certificate), "-out", &text(&file)];
        openssl(&[&command[..], settings].concat(), world.dir.path());
        assert!(fs::read_to_string(&file).unwrap().contains("TRUSTED CERTIFICATE"));
        let directory = world.trust_dir(EntryNames::Any);
        assert_eq!(decide(&directory, &certificate).is_admission(), admitted, "{settings:?}");
        assert_eq!(directory.list().unwrap().len(), usize::from(admitted), "{settings:?}");
        let message = said_of(&directory, "alice.pem");
        assert_eq!(message.contains("CN=alice is marked as"), !admitted, "{settings:?}: {message}");
        directory.remove(&certificate.fingerprint()).unwrap();
        assert!(!file.exists(), "a removal takes the file, whether it counted or not");
    }
}

/// Written in place, and read when half of it was there: nothing in the directory tells that the rest has come.
#[test]
fn what_was_half_written_is_read_again() {
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap().certificate().clone();
    let (file, pem) = (world.clients.join("alice.pem"), alice.to_pem());
    fs::write(&file, "").unwrap();
    let options = TrustDirOptions { watch: false, ..TrustDirOptions::default() };
    let clients = TrustDir::open_with(&world.clients, options).unwrap();
    // On a machine that is very busy the half may be older than a file's stamp is taken to be in doubt.
    let read = (0..50).any(|round| {
        fs::write(&file, &pem[..100 + round]).unwrap();
        clients.refresh().unwrap();
        fs::write(&file, &pem).unwrap();
        clients.decide(alice.as_der(), alice.not_before()).is_admitted()
    });
    assert!(read);
}

/// Of a million files, that saves a million writes. It is allowed to the files' owner only.
#[cfg(target_os = "linux")]
#[test]
fn reading_leaves_no_trace_in_times_of_access() {
    use std::os::unix::fs::MetadataExt as _;
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap().certificate().clone();
    let file = world.clients.join(hash(&alice) + ".0");
    fs::write(&file, alice.to_pem()).unwrap();
    let accessed = || fs::metadata(&file).map(|metadata| (metadata.atime(), metadata.atime_nsec())).unwrap();
    let before = accessed();
    let clients = world.trust_dir(EntryNames::SubjectHash);
    assert_eq!(accessed(), before);
    assert_eq!(decide(&clients, &alice), Reason::Admitted);
}

#[cfg(target_os = "linux")]
#[test]
fn files_of_somebody_else_are_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap().certificate().clone();
    fs::write(world.clients.join(hash(&alice) + ".0"), alice.to_pem()).unwrap();
    for dir in [world.dir.path(), &world.clients] {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Of this thread alone, and only where root runs the tests.
    nix::unistd::setfsuid(65534.into());
    assert_eq!(decide(&world.trust_dir(EntryNames::SubjectHash), &alice), Reason::Admitted);
}
