//! What an attacker tried, and what must not work again.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use support::client::{SClient, Tls, once};
use support::server::Server;
use support::{ClientFiles, World, openssl, text};
use trustdir::tls::Acceptor;
use trustdir::{CertificateRequest, DistinguishedName, EntryNames, ErrorKind, KeyAlgorithm, PrivateKey, Reason};

fn start(world: &World) -> Server {
    let directory = world.trust_dir(EntryNames::Any);
    Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap())
}

/// A stranger chooses what its certificate says, not how long our log lines are or how much we parse.
#[test]
fn a_strangers_certificate_costs_little() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let make = |name: &str, san: &str| {
        let path = world.path("stranger.pem");
        let arguments = ["req", "-newkey", "ed25519", "-nodes", "-keyout", "k", "-x509", "-out", &text(&path), "-subj"];
        let subject = format!("/CN={name}");
        let extension = format!("subjectAltName={san}");
        openssl(&[&arguments[..], &[&subject, "-addext", &extension]].concat(), world.dir.path());
        trustdir::Certificate::load(path).unwrap()
    };
    let long = "x".repeat(64);
    let wordy = make(&format!("{long}/OU={long}/OU={long}/OU={long}/OU={long}/OU={long}/OU={long}"), "DNS:a");
    let decision = directory.decide(wordy.as_der(), wordy.not_before());
    assert_eq!(decision.reason(), Reason::NotInstalled);
    assert!(decision.subject().unwrap().chars().count() <= 257);
    assert!(decision.message().len() < 1024, "{}", decision.message().len());

    let names: Vec<String> = (0..2000).map(|number| format!("DNS:host{number}.example")).collect();
    let large = make("large", &names.join(","));
    assert!(large.as_der().len() > 16 * 1024);
    let decision = directory.decide(large.as_der(), large.not_before());
    assert_eq!(decision.reason(), Reason::NotInstalled);
    assert!(decision.certificate().is_none() && decision.message().contains(&large.fingerprint().to_string()));
    // Installed, it is as good as any.
    directory.install(&large).unwrap();
    assert!(directory.decide(large.as_der(), large.not_before()).is_admitted());
}

/// One request must not be able to fill the ledger.
#[test]
fn an_outsized_request_is_refused() {
    let world = World::new();
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap();
    for length in [5_000, 100_000] {
        let subject = DistinguishedName::from_common_name(&"\u{1}".repeat(length));
        let error = CertificateRequest::create(&key, &subject, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().len() < 200);
    }
    let own = CertificateRequest::create(&key, world.ca.certificate().subject(), &[]).unwrap();
    assert_eq!(world.ca.sign(&own, &Default::default()).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

/// A client cannot stand in the way of another one's removal by its name.
#[test]
fn a_name_cannot_block_a_removal() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let mallory = world.issued("mallory", &Default::default()).load();
    let entry = directory.install(&mallory).unwrap();
    let file = entry.file().file_name().unwrap().to_str().unwrap().to_owned();
    let fingerprint = mallory.fingerprint().to_string();
    let friends =
        [world.ca.issue_client(&fingerprint, &Default::default()), world.ca.issue_client(&file, &Default::default())];
    for friend in friends {
        directory.install(friend.unwrap().certificate()).unwrap();
    }
    for which in [&file, &fingerprint, &fingerprint[..8], "mallory", "CN=mallory"] {
        assert_eq!(directory.find_one(which).unwrap(), mallory, "{which}");
    }
    assert_eq!(directory.find_one("nobody").unwrap_err().kind(), ErrorKind::NotFound);
    let again = world.ca.issue_client("mallory", &Default::default()).unwrap();
    directory.install(again.certificate()).unwrap();
    let error = directory.find_one("mallory").unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidArgument && error.message().contains(&fingerprint), "{error}");
}

/// Whoever can read the directory can lock it; that must not keep a client in.
#[test]
fn a_lock_held_by_another_program_does_not_stop_a_removal() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default()).load();
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice).unwrap();
    let held = fs::File::open(&world.clients).unwrap();
    held.lock().unwrap();
    directory.remove(&alice.fingerprint()).unwrap();
    assert!(!directory.contains(&alice.fingerprint()));
}

/// A hook that panics ends neither the others nor the watcher.
#[test]
fn a_panicking_hook_harms_nobody_else() {
    let world = World::new();
    let clients: Vec<ClientFiles> = ["alice", "bob"].map(|name| world.issued(name, &Default::default())).into();
    let directory = world.trust_dir(EntryNames::Any);
    clients.iter().for_each(|client| drop(directory.install(&client.load()).unwrap()));
    let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap());
    server.on_revoked(|| panic!("a host's fault"));
    for client in &clients {
        let mut open = SClient::connect(&world, &server.address(), Tls::V13, Some(client), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));
        // Not through `remove`: the watcher must notice, also after the first hook has panicked in it.
        let path = directory.find(&client.load().fingerprint().to_string()).unwrap()[0].file().to_owned();
        fs::remove_file(path).unwrap();
        open.end();
    }
}

/// A certificate that is renamed within the directory all the time never seems to be away.
#[test]
fn renaming_does_not_refuse() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default());
    let names = [world.clients.join("a.pem"), world.clients.join("b.pem")];
    fs::copy(&alice.certificate, &names[0]).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let certificate = alice.load();
    let stop = AtomicBool::new(false);
    let mut refused = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = 0;
            while !stop.load(Ordering::Relaxed) {
                fs::rename(&names[at], &names[1 - at]).unwrap();
                at = 1 - at;
                std::thread::yield_now();
            }
        });
        for _ in 0..500 {
            refused += usize::from(!directory.contains(&certificate.fingerprint()));
        }
        stop.store(true, Ordering::Relaxed);
    });
    // A directory listing may miss a file that moves while it is made, so this is rare, not impossible.
    assert!(refused < 25, "{refused} of 500 refused");
}

/// Swaps that deployments use: a symlinked directory, and Kubernetes' `..data`.
#[test]
fn symlinked_directories_can_be_swapped() {
    let world = World::new();
    let (alice, bob) = (world.issued("alice", &Default::default()), world.issued("bob", &Default::default()));
    for (name, client) in [("v1", &alice), ("v2", &bob)] {
        fs::create_dir(world.path(name)).unwrap();
        fs::copy(&client.certificate, world.path(name).join("client.pem")).unwrap();
    }
    fs::remove_dir(&world.clients).unwrap();
    symlink("v1", &world.clients).unwrap();
    let server = start(&world);
    let mut open = SClient::connect(&world, &server.address(), Tls::V13, Some(&alice), &[]);
    assert_eq!(open.echo("one").as_deref(), Some("one"));
    symlink("v2", world.path("next")).unwrap();
    fs::rename(world.path("next"), &world.clients).unwrap();
    once(&world, &server.address(), Tls::V13, Some(&alice), None).unwrap_err();
    open.end();
    once(&world, &server.address(), Tls::V13, Some(&bob), None).unwrap();
}
