//! Promise 1: removal is exact. Once a client's file is gone, the next handshake is refused, a resumed one
//! too, and connections that are open are closed; in TLS 1.2 and 1.3, with `openssl s_client` as the client.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use support::client::{BOTH, SClient, Tls, once};
use support::server::{Server, What};
use support::{ClientFiles, World};
use trustdir::tls::Acceptor;
use trustdir::{EntryNames, IssueOptions, Reason, TrustDir, TrustDirOptions};

/// Installs `rpcuser1`, holds a session and an idle open connection, removes the entry by `remove`, and sees
/// all three end; `alice` goes on undisturbed, and what `restore` brings back is admitted again.
fn exact(
    names: EntryNames,
    install: impl Fn(&World, &ClientFiles),
    remove: impl Fn(&World, &ClientFiles),
    restore: impl Fn(&World, &ClientFiles),
) {
    for tls in BOTH {
        let world = World::new();
        let alice = world.issued("alice", &IssueOptions::default());
        let directory = world.trust_dir(names);
        directory.install(&alice.load()).unwrap();
        let rpcuser1 = world.self_signed("rpcuser1");
        install(&world, &rpcuser1);
        let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap());
        let address = server.address();

        // A session that resumes while the entry is there, so that the refusal below means something.
        let session = world.path("session");
        once(&world, &address, tls, Some(&rpcuser1), Some(("-sess_out", &session))).unwrap();
        let mark = server.mark();
        once(&world, &address, tls, Some(&rpcuser1), Some(("-sess_in", &session))).unwrap();
        assert!(server.wait_from(mark, |event| event.what == What::Admitted).resumed, "{tls:?}");
        once(&world, &address, tls, Some(&rpcuser1), Some(("-sess_out", &session))).unwrap();

        let mut undisturbed = SClient::connect(&world, &address, tls, Some(&alice), &[]);
        assert_eq!(undisturbed.echo("one").as_deref(), Some("one"));
        let mut open = SClient::connect(&world, &address, tls, Some(&rpcuser1), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));

        let mark = server.mark();
        remove(&world, &rpcuser1);
        refused_for_good(&world, &server, tls, &rpcuser1, &session);
        // Idle, told nothing and asked nothing: it is closed all the same.
        open.end();
        let closed = server
            .wait_from(mark, |event| event.what == What::Closed && event.subject.as_deref() == Some("CN=rpcuser1"));
        assert_eq!(closed.reason, Some(Reason::Removed), "{closed:?}");

        restore(&world, &rpcuser1);
        once(&world, &address, tls, Some(&rpcuser1), None)
            .unwrap_or_else(|errors| panic!("not admitted again: {errors}"));
        once(&world, &address, tls, Some(&alice), None).unwrap();
        assert_eq!(undisturbed.echo("two").as_deref(), Some("two"));
        undisturbed.close();
    }
}

/// A full handshake and a resumed one, each without a byte of plaintext.
fn refused_for_good(world: &World, server: &Server, tls: Tls, client: &ClientFiles, session: &Path) {
    for session in [None, Some(("-sess_in", session))] {
        let mark = server.mark();
        let errors = once(world, &server.address(), tls, Some(client), session).unwrap_err();
        let event = server.wait_from(mark, |event| event.what == What::Refused);
        // A replaced certificate of the same name is told apart; everything else was removed.
        assert!(matches!(event.reason, Some(Reason::Removed | Reason::SameNameOtherKey)), "{event:?}");
        assert!(errors.contains("certificate revoked") || errors.contains("unknown ca"), "{errors}");
        let later = &server.events()[mark..];
        assert!(!later.iter().any(|event| event.what == What::Data && event.subject.as_deref() == Some("CN=rpcuser1")));
    }
}

/// A copy of the certificate under its subject hash, as a plain file.
fn install_copy(world: &World, client: &ClientFiles) {
    fs::copy(&client.certificate, hash_path(world, client)).unwrap();
}

fn install_link(world: &World, client: &ClientFiles) {
    world.link(client);
}

fn hash_path(world: &World, client: &ClientFiles) -> std::path::PathBuf {
    world.clients.join(format!("{}.0", client.load().subject().subject_hash().unwrap()))
}

fn unlink(world: &World, client: &ClientFiles) {
    fs::remove_file(hash_path(world, client)).unwrap();
}

#[test]
fn unlink_of_a_file() {
    exact(EntryNames::SubjectHash, install_copy, unlink, install_copy);
}

#[test]
fn unlink_of_a_link() {
    exact(EntryNames::SubjectHash, install_link, unlink, install_link);
}

#[test]
fn unlink_under_any_name() {
    let install = |world: &World, client: &ClientFiles| {
        fs::copy(&client.certificate, world.clients.join("rpcuser1.pem")).unwrap();
    };
    exact(EntryNames::Any, install, |world, _| fs::remove_file(world.clients.join("rpcuser1.pem")).unwrap(), install);
}

#[test]
fn mv_out_of_the_directory() {
    let mv = |world: &World, client: &ClientFiles| fs::rename(hash_path(world, client), world.path("away")).unwrap();
    let back = |world: &World, client: &ClientFiles| fs::rename(world.path("away"), hash_path(world, client)).unwrap();
    exact(EntryNames::SubjectHash, install_copy, mv, back);
}

#[test]
fn rename_over_by_another_certificate() {
    let over = |world: &World, client: &ClientFiles| {
        let other = world.self_signed("other");
        let staged = world.path("staged");
        fs::copy(&other.certificate, &staged).unwrap();
        fs::rename(staged, hash_path(world, client)).unwrap();
    };
    exact(EntryNames::Any, install_copy, over, install_copy);
}

#[test]
fn overwritten_in_place() {
    let over = |world: &World, client: &ClientFiles| {
        let other = world.self_signed("other");
        fs::write(hash_path(world, client), fs::read(other.certificate).unwrap()).unwrap();
    };
    exact(EntryNames::Any, install_copy, over, install_copy);
}

#[test]
fn truncated() {
    exact(
        EntryNames::SubjectHash,
        install_copy,
        |world, client| drop(fs::File::create(hash_path(world, client)).unwrap()),
        install_copy,
    );
}

#[test]
fn target_of_a_link_removed() {
    let away = |world: &World, client: &ClientFiles| {
        fs::rename(world.path("store/rpcuser1.pem"), &client.certificate).unwrap()
    };
    let store = |world: &World, client: &ClientFiles| {
        fs::create_dir_all(world.path("store")).unwrap();
        fs::copy(&client.certificate, world.path("store/rpcuser1.pem")).unwrap();
        let link = hash_path(world, client);
        if link.symlink_metadata().is_err() {
            symlink("../store/rpcuser1.pem", link).unwrap();
        }
    };
    exact(EntryNames::SubjectHash, store, away, store);
}

#[test]
fn target_of_a_link_replaced() {
    // The client itself keeps its certificate elsewhere: what it presents does not change.
    let install = |world: &World, client: &ClientFiles| {
        let shared = world.path("shared.pem");
        fs::copy(&client.certificate, &shared).unwrap();
        let link = hash_path(world, client);
        if link.symlink_metadata().is_err() {
            symlink(&shared, link).unwrap();
        }
    };
    let replace_shared = |world: &World, _: &ClientFiles| {
        let staged = world.path("staged");
        fs::copy(world.self_signed("other").certificate, &staged).unwrap();
        fs::rename(staged, world.path("shared.pem")).unwrap();
    };
    exact(EntryNames::SubjectHash, install, replace_shared, install);
}

#[test]
fn directory_replaced() {
    let swap = |world: &World, alice: &ClientFiles| {
        let next = world.path("next");
        fs::create_dir(&next).unwrap();
        let name = format!("{}.0", alice.load().subject().subject_hash().unwrap());
        fs::copy(&alice.certificate, next.join(name)).unwrap();
        fs::rename(&world.clients, world.path("old")).unwrap();
        fs::rename(next, &world.clients).unwrap();
    };
    // In the moment without a directory nobody is a client: alice is only asked to come back.
    for tls in BOTH {
        let world = World::new();
        let alice = world.issued("alice", &IssueOptions::default());
        let directory = world.trust_dir(EntryNames::SubjectHash);
        directory.install(&alice.load()).unwrap();
        let rpcuser1 = world.self_signed("rpcuser1");
        install_link(&world, &rpcuser1);
        let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap());
        let session = world.path("session");
        once(&world, &server.address(), tls, Some(&rpcuser1), Some(("-sess_out", &session))).unwrap();
        let mut open = SClient::connect(&world, &server.address(), tls, Some(&rpcuser1), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));

        swap(&world, &alice);
        refused_for_good(&world, &server, tls, &rpcuser1, &session);
        open.end();
        once(&world, &server.address(), tls, Some(&alice), None).unwrap();
        install_link(&world, &rpcuser1);
        once(&world, &server.address(), tls, Some(&rpcuser1), None).unwrap();
    }
}

#[test]
fn directory_gone_admits_nobody_and_comes_back() {
    let away = |world: &World| fs::rename(&world.clients, world.path("away")).unwrap();
    for tls in BOTH {
        let world = World::new();
        let rpcuser1 = world.self_signed("rpcuser1");
        install_copy(&world, &rpcuser1);
        let directory = world.trust_dir(EntryNames::SubjectHash);
        let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap());
        let mut open = SClient::connect(&world, &server.address(), tls, Some(&rpcuser1), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));
        away(&world);
        once(&world, &server.address(), tls, Some(&rpcuser1), None).unwrap_err();
        open.end();
        fs::rename(world.path("away"), &world.clients).unwrap();
        once(&world, &server.address(), tls, Some(&rpcuser1), None).unwrap();
    }
}

/// Without the watcher nothing wakes idle connections, but the next byte is refused all the same.
#[test]
fn an_open_connection_is_refused_at_its_next_byte_without_events() {
    for tls in BOTH {
        let world = World::new();
        let rpcuser1 = world.self_signed("rpcuser1");
        install_copy(&world, &rpcuser1);
        let options = TrustDirOptions { watch: false, ..TrustDirOptions::default() };
        let directory = TrustDir::open_with(&world.clients, options).unwrap();
        let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap());
        let mut open = SClient::connect(&world, &server.address(), tls, Some(&rpcuser1), &[]);
        assert_eq!(open.echo("one").as_deref(), Some("one"));
        unlink(&world, &rpcuser1);
        let mark = server.mark();
        assert_eq!(open.echo("two"), None);
        let closed = server.wait_from(mark, |event| event.what == What::Closed);
        assert_eq!(closed.reason, Some(Reason::Removed));
        assert!(server.events()[mark..].iter().all(|event| event.what != What::Data));
    }
}

/// The host that switched the watcher off says when: `refresh` closes idle connections.
#[test]
fn refresh_closes_idle_connections() {
    let world = World::new();
    let rpcuser1 = world.self_signed("rpcuser1");
    install_copy(&world, &rpcuser1);
    let options = TrustDirOptions { watch: false, ..TrustDirOptions::default() };
    let directory = TrustDir::open_with(&world.clients, options).unwrap();
    let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap());
    let mut open = SClient::connect(&world, &server.address(), Tls::V13, Some(&rpcuser1), &[]);
    assert_eq!(open.echo("one").as_deref(), Some("one"));
    unlink(&world, &rpcuser1);
    directory.refresh().unwrap();
    open.end();
}

#[test]
fn a_rename_within_the_directory_disturbs_nobody() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    fs::copy(&alice.certificate, world.clients.join("a.pem")).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap());
    let mut open = SClient::connect(&world, &server.address(), Tls::V13, Some(&alice), &[]);
    assert_eq!(open.echo("one").as_deref(), Some("one"));
    fs::rename(world.clients.join("a.pem"), world.clients.join("b.pem")).unwrap();
    directory.refresh().unwrap();
    assert_eq!(open.echo("two").as_deref(), Some("two"));
}

/// `TrustDir::remove` takes every file and link that carries the certificate.
#[test]
fn remove_takes_links_and_copies() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    fs::copy(&alice.certificate, world.clients.join("alice.pem")).unwrap();
    symlink("alice.pem", hash_path(&world, &alice)).unwrap();
    let directory = world.trust_dir(EntryNames::SubjectHash);
    assert_eq!(directory.remove(&alice.load().fingerprint()).unwrap().len(), 2);
    assert_eq!(fs::read_dir(&world.clients).unwrap().count(), 0);
}

/// A hook runs with no lock held: it may change the directory itself.
#[test]
fn a_hook_may_use_the_directory() {
    let world = World::new();
    let (alice, bob) = (world.issued("alice", &IssueOptions::default()), world.issued("bob", &IssueOptions::default()));
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    directory.install(&bob.load()).unwrap();
    let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap());
    let held = directory.clone();
    let fingerprint = bob.load().fingerprint();
    server.on_revoked(move || drop(held.remove(&fingerprint).unwrap()));
    let mut open = SClient::connect(&world, &server.address(), Tls::V13, Some(&alice), &[]);
    assert_eq!(open.echo("one").as_deref(), Some("one"));
    directory.remove(&alice.load().fingerprint()).unwrap();
    open.end();
    assert!(!directory.contains(&fingerprint));
}

/// What could not be read for a moment is read again, although the file has not changed.
#[test]
fn a_file_that_could_not_be_read_is_tried_again() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let target = world.path("store");
    fs::create_dir(&target).unwrap();
    fs::copy(&alice.certificate, target.join("alice.pem")).unwrap();
    // A link that loops through another for a moment: the error is the system's, not the file's.
    symlink(target.join("hop"), world.clients.join("alice.pem")).unwrap();
    symlink("hop", target.join("hop")).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let certificate = alice.load();
    assert!(!directory.contains(&certificate.fingerprint()));
    fs::remove_file(target.join("hop")).unwrap();
    symlink("alice.pem", target.join("hop")).unwrap();
    directory.refresh().unwrap();
    assert!(directory.contains(&certificate.fingerprint()));
}
