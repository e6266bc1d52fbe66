//! Open connections: listed, flagged and woken when their entry goes; closed, or left to finish.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::mpsc::channel;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rustls::{ClientConfig, ClientConnection, version};
use support::dice::Dice;
use support::wire::{Sessions, Wire, client, flight, sent};
use support::{DEADLINE, World};
use trustdir::tls::{Acceptor, Connection, OnRemoval, Read};
use trustdir::{EntryNames, ErrorKind, Identity, IssueOptions, Reason, Removals, TrustDir, TrustDirOptions};

fn issue(world: &World, name: &str) -> Identity {
    world.ca.issue_client(name, &IssueOptions::default()).unwrap()
}

/// A client of either version, once with each sort of session.
fn configs(world: &World, identity: &Identity) -> [Arc<ClientConfig>; 3] {
    [(&version::TLS12, Sessions::Ids), (&version::TLS12, Sessions::Tickets), (&version::TLS13, Sessions::Tickets)]
        .map(|(version, sessions)| client(&world.ca, identity, version, sessions))
}

fn acceptor(world: &World, directory: &TrustDir, on_removal: OnRemoval) -> Acceptor {
    let builder = Acceptor::builder(world.server.clone()).trust_dir(directory.clone());
    builder.on_removal(on_removal).build().unwrap()
}

fn connect(config: &Arc<ClientConfig>, acceptor: &Acceptor) -> Wire {
    let mut wire = Wire::new(config, acceptor);
    wire.establish().unwrap();
    wire
}

fn handshaking(config: &Arc<ClientConfig>, acceptor: &Acceptor) -> (ClientConnection, Connection) {
    let client = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
    (client, acceptor.accept().unwrap())
}

fn is_readable(removals: &Removals, wait: PollTimeout) -> bool {
    poll(&mut [PollFd::new(removals.as_fd(), PollFlags::POLLIN)], wait).unwrap() == 1
}

fn deadline() -> PollTimeout {
    PollTimeout::try_from(DEADLINE).unwrap()
}

#[test]
fn connections_are_listed_while_they_are_open() {
    let world = World::new();
    let (alice, bob) = (issue(&world, "alice"), issue(&world, "bob"));
    let directory = world.trust_dir(EntryNames::Any);
    let entry = directory.install(alice.certificate()).unwrap();
    directory.install(bob.certificate()).unwrap();
    let acceptor = acceptor(&world, &directory, OnRemoval::default());
    assert!(acceptor.connections().is_empty());

    let handshaking = acceptor.accept().unwrap();
    let first = connect(&configs(&world, &alice)[0], &acceptor);
    let second = connect(&configs(&world, &bob)[2], &acceptor);
    let open = acceptor.connections();
    assert_eq!(open.iter().map(|open| open.id()).collect::<Vec<_>>(), [first.server.id(), second.server.id()]);
    assert_ne!(handshaking.id(), first.server.id());
    assert_eq!((open[0].certificate(), open[0].entry()), (alice.certificate(), entry.file()));
    assert!(open.iter().all(|open| open.since() >= alice.certificate().not_before() && !open.is_revoked()));

    drop(first);
    assert_eq!(acceptor.connections().len(), 1);
    // Its entry goes: flagged while its host knows nothing yet, listed no more once it is over.
    let mut second = second;
    directory.remove(&bob.certificate().fingerprint()).unwrap();
    assert!(acceptor.connections()[0].is_revoked() && second.server.is_revoked());
    assert_eq!(second.server.recheck().unwrap_err().kind(), ErrorKind::Revoked);
    assert!(acceptor.connections().is_empty() && second.server.is_revoked());
}

#[test]
fn nobody_is_listed_without_an_entry() {
    let world = World::new();
    let anonymous = Acceptor::builder(world.server.clone()).build().unwrap();
    let alice = issue(&world, "alice");
    let wire = connect(&configs(&world, &alice)[2], &anonymous);
    assert!(anonymous.connections().is_empty() && !wire.server.is_revoked());
}

/// What is open goes on; what is new is refused, resumed or not; and everybody is told.
#[test]
fn connections_may_finish() {
    let world = World::new();
    let alice = issue(&world, "alice");
    let directory = world.trust_dir(EntryNames::Any);
    let acceptor = acceptor(&world, &directory, OnRemoval::Finish);
    assert_eq!(acceptor.on_removal(), OnRemoval::Finish);
    for config in configs(&world, &alice) {
        let entry = directory.install(alice.certificate()).unwrap();
        let mut wire = connect(&config, &acceptor);
        drop(connect(&config, &acceptor));
        let (woken, hook) = channel();
        wire.server.on_revoked(Box::new(move || woken.send(()).unwrap()));

        fs::remove_file(entry.file()).unwrap();
        hook.recv_timeout(DEADLINE).unwrap();
        for _ in 0..2 {
            let refusal = Wire::new(&config, &acceptor).refused();
            assert_eq!(refusal.decision().unwrap().reason(), Reason::Removed);
        }
        wire.server.recheck().unwrap();
        assert!(wire.server.is_revoked() && wire.server.decision().unwrap().is_admitted());
        assert_eq!(acceptor.connections().iter().map(|open| open.is_revoked()).collect::<Vec<_>>(), [true]);
        wire.say(b"more");
        wire.step(usize::MAX).unwrap();
        assert_eq!(wire.read().unwrap(), Some(4));
        wire.server.write(b"more").unwrap();
        wire.step(usize::MAX).unwrap();
        assert_eq!(wire.heard(), b"more");

        // Back again: new connections are admitted, the flag stays.
        directory.install(alice.certificate()).unwrap();
        assert!(!connect(&config, &acceptor).server.is_revoked() && wire.server.is_revoked());
    }
}

/// A hook that is set when it is too late is called at once, also when the connection may finish.
#[test]
fn a_late_hook_is_called() {
    let world = World::new();
    let alice = issue(&world, "alice");
    let directory = world.trust_dir(EntryNames::Any);
    for on_removal in [OnRemoval::Close, OnRemoval::Finish] {
        directory.install(alice.certificate()).unwrap();
        let mut wire = connect(&configs(&world, &alice)[2], &acceptor(&world, &directory, on_removal));
        directory.remove(&alice.certificate().fingerprint()).unwrap();
        let _ = wire.server.recheck();
        let (woken, hook) = channel();
        wire.server.on_revoked(Box::new(move || woken.send(()).unwrap()));
        hook.try_recv().unwrap();
    }
}

#[test]
fn an_event_loop_waits_on_a_descriptor() {
    let world = World::new();
    let (alice, bob) = (issue(&world, "alice"), issue(&world, "bob"));
    let directory = world.trust_dir(EntryNames::Any);
    let mut removals = directory.removals().unwrap();
    let mut later = directory.removals().unwrap();
    let acceptor = acceptor(&world, &directory, OnRemoval::Close);
    let entry = directory.install(alice.certificate()).unwrap();
    let unused = directory.install(bob.certificate()).unwrap();
    let mut wires = [connect(&configs(&world, &alice)[0], &acceptor), connect(&configs(&world, &alice)[2], &acceptor)];
    assert!(!is_readable(&removals, PollTimeout::ZERO));

    // Bob has no connection: nothing is to be done when his entry goes.
    fs::remove_file(unused.file()).unwrap();
    fs::remove_file(entry.file()).unwrap();
    assert!(is_readable(&removals, deadline()));
    let removal = removals.next().unwrap();
    assert_eq!((removal.fingerprint(), removal.file()), (alice.certificate().fingerprint(), entry.file()));
    // Whoever is woken finds it gone.
    assert!(wires.iter().all(|wire| wire.server.is_revoked()));
    assert!(wires.iter_mut().all(|wire| wire.server.recheck().is_err()));
    // One item an entry, and each list has it.
    assert_eq!(removals.next(), None);
    assert!(!is_readable(&removals, PollTimeout::ZERO) && !removals.missed());
    assert!(is_readable(&later, deadline()));
    assert_eq!(later.next(), Some(removal));
}

#[test]
fn nothing_is_written_after_close_notify() {
    let world = World::new();
    let alice = issue(&world, "alice");
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    for config in configs(&world, &alice) {
        let mut wire = connect(&config, &acceptor);
        assert_eq!(wire.server.write(b"bye").unwrap(), 3);
        wire.server.close_notify();
        assert_eq!(wire.server.write(b"more").unwrap_err().kind(), ErrorKind::Closed);
        wire.say(b"still here");
        wire.step(usize::MAX).unwrap();
        assert_eq!((wire.heard(), wire.read().unwrap()), (b"bye".to_vec(), Some(10)));
    }
}

/// As much as a host has room for: many looks at the entry and many calls less.
#[test]
fn one_read_takes_all_records_that_have_arrived() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let alice = issue(&world, "alice");
    directory.install(alice.certificate()).unwrap();
    let acceptor = acceptor(&world, &directory, OnRemoval::Close);
    for config in configs(&world, &alice) {
        let mut wire = connect(&config, &acceptor);
        let (sent, mut read) = (vec![7; 60_000], vec![0; 100_000]);
        wire.client.writer().write_all(&sent).unwrap();
        let records = flight(&mut wire.client);
        wire.server.read_tls(&records).unwrap();
        assert_eq!(wire.server.read(&mut read[..20_000]).unwrap(), Read::Data(20_000));
        assert_eq!(wire.server.read(&mut read[20_000..]).unwrap(), Read::Data(40_000));
        assert_eq!(read[..60_000], sent);
        assert_eq!(wire.server.read(&mut read).unwrap(), Read::Pending);

        // What follows is damaged: what came before it is given out, and the damage told after that.
        wire.client.writer().write_all(&sent).unwrap();
        let mut records = flight(&mut wire.client);
        *records.last_mut().unwrap() ^= 1;
        wire.server.read_tls(&records).unwrap();
        assert_eq!(wire.server.read(&mut read).unwrap(), Read::Data(49_152));
        assert_eq!(wire.server.read(&mut read).unwrap_err().kind(), ErrorKind::Tls);
    }
}

/// Ciphertext goes in and plaintext comes out in one call, however either is cut; nothing is taken that has no room.
#[test]
fn receiving_takes_no_more_than_it_moves() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let alice = issue(&world, "alice");
    let acceptor = acceptor(&world, &directory, OnRemoval::Close);
    let mut dice = Dice::new();
    for config in configs(&world, &alice) {
        directory.install(alice.certificate()).unwrap();
        let (mut client, mut server) = handshaking(&config, &acceptor);
        let mut plaintext = vec![0; 40_000];
        while client.is_handshaking() || server.is_handshaking() {
            let flight = flight(&mut client);
            assert_eq!(server.receive(&flight, &mut plaintext).unwrap(), (flight.len(), Read::Pending));
            client.read_tls(&mut &sent(&mut server)[..]).unwrap();
            client.process_new_packets().unwrap();
        }

        let said: Vec<u8> = (0..60_000).map(|_| dice.below(256) as u8).collect();
        client.writer().write_all(&said).unwrap();
        client.send_close_notify();
        let (records, mut taken, mut heard) = (flight(&mut client), 0, Vec::<u8>::new());
        let end = loop {
            let piece = &records[taken..records.len().min(taken + dice.below(40_000))];
            let room = dice.below(plaintext.len());
            let (count, read) = server.receive(piece, &mut plaintext[..room]).unwrap();
            taken += count;
            match read {
                Read::Data(count) => heard.extend(&plaintext[..count]),
                Read::Pending => assert_eq!(count, piece.len(), "nothing waits, and it is not taken"),
                Read::Closed => break read,
            }
        };
        assert_eq!((end, taken), (Read::Closed, records.len()));
        assert!(heard == said);

        // A removal ends it; what is given then is taken by nobody.
        directory.remove(&alice.certificate().fingerprint()).unwrap();
        assert_eq!(server.receive(&[], &mut plaintext).unwrap_err().kind(), ErrorKind::Revoked);
    }
}

/// Without room for plaintext no more than a record of it waits, and no copy of the rest.
#[test]
fn receiving_without_room_leaves_what_follows() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let alice = issue(&world, "alice");
    directory.install(alice.certificate()).unwrap();
    let acceptor = acceptor(&world, &directory, OnRemoval::Close);
    for config in configs(&world, &alice) {
        let mut wire = connect(&config, &acceptor);
        wire.client.writer().write_all(&[7; 60_000]).unwrap();
        let records = flight(&mut wire.client);
        let (taken, read) = wire.server.receive(&records, &mut []).unwrap();
        assert!(taken < 20_000 && read == Read::Data(0), "{taken} {read:?}");
        assert_eq!(wire.server.receive(&records[taken..], &mut []).unwrap(), (0, Read::Data(0)));
        let mut plaintext = vec![0; 60_000];
        let received = wire.server.receive(&records[taken..], &mut plaintext).unwrap();
        assert_eq!(received, (records.len() - taken, Read::Data(60_000)));

        // What is damaged is told after what came before it.
        wire.client.writer().write_all(&[7; 60_000]).unwrap();
        let mut records = flight(&mut wire.client);
        *records.last_mut().unwrap() ^= 1;
        assert_eq!(wire.server.receive(&records, &mut plaintext).unwrap(), (records.len(), Read::Data(49_152)));
        assert_eq!(wire.server.receive(&[], &mut plaintext).unwrap_err().kind(), ErrorKind::Tls);
    }
}

/// What was shown without a copy may be done with only after the connection has ended.
#[test]
fn what_was_seen_may_be_dropped_after_a_removal() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let alice = issue(&world, "alice");
    let acceptor = acceptor(&world, &directory, OnRemoval::Close);
    for config in configs(&world, &alice) {
        directory.install(alice.certificate()).unwrap();
        let mut wire = connect(&config, &acceptor);
        wire.say(b"hello");
        wire.step(usize::MAX).unwrap();
        assert_eq!(wire.server.peek().unwrap(), Some(&b"hello"[..]));
        directory.remove(&alice.certificate().fingerprint()).unwrap();
        assert_eq!(wire.server.write(b"x").unwrap_err().kind(), ErrorKind::Revoked);
        wire.server.consume(5);
        assert_eq!(wire.server.peek().unwrap_err().kind(), ErrorKind::Revoked);
    }
}

/// rustls takes no end while more than one record's plaintext waits.
#[test]
fn an_end_is_told_behind_any_number_of_records() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let alice = issue(&world, "alice");
    directory.install(alice.certificate()).unwrap();
    let acceptor = acceptor(&world, &directory, OnRemoval::Close);
    for (config, count) in configs(&world, &alice).into_iter().zip([16_484, 16_484, 50_000]) {
        let mut wire = connect(&config, &acceptor);
        wire.client.writer().write_all(&vec![7; count]).unwrap();
        let records = flight(&mut wire.client);
        wire.server.read_tls(&records).unwrap();
        wire.server.received_eof();
        let mut read = vec![0; 100_000];
        assert_eq!(wire.server.read(&mut read).unwrap(), Read::Data(count));
        assert_eq!(wire.server.read(&mut read).unwrap_err().kind(), ErrorKind::Truncated);
    }
}

/// Without a watcher it is `refresh` that notices.
#[test]
fn a_removal_is_listed_by_refresh() {
    let world = World::new();
    let alice = issue(&world, "alice");
    let options = TrustDirOptions { watch: false, ..TrustDirOptions::default() };
    let directory = TrustDir::open_with(&world.clients, options).unwrap();
    let mut removals = directory.removals().unwrap();
    let entry = directory.install(alice.certificate()).unwrap();
    let _wire = connect(&configs(&world, &alice)[2], &acceptor(&world, &directory, OnRemoval::Close));
    fs::remove_file(entry.file()).unwrap();
    assert_eq!(removals.next(), None);
    directory.refresh().unwrap();
    assert_eq!(removals.next().unwrap().fingerprint(), alice.certificate().fingerprint());
}

/// What happens above a link's target takes the client away, and wakes who is idle: nothing changes where the link or
/// the target lies.
#[test]
fn idle_connections_hear_of_what_leads_to_a_target() {
    use std::os::unix::fs::symlink;
    type Change = fn(&World);
    let changes: [(&str, Change); 3] = [
        ("a link on the way", |world| {
            symlink("v2", world.path("store/next")).unwrap();
            fs::rename(world.path("store/next"), world.path("store/current")).unwrap();
        }),
        ("a directory above", |world| fs::rename(world.path("store"), world.path("gone")).unwrap()),
        ("the last of many links", |world| fs::remove_file(world.path("store/v1/alice.pem")).unwrap()),
    ];
    for (what, change) in changes {
        let world = World::new();
        let alice = issue(&world, "alice");
        fs::create_dir_all(world.path("store/v1")).unwrap();
        fs::create_dir_all(world.path("store/v2")).unwrap();
        symlink("v1", world.path("store/current")).unwrap();
        fs::write(world.path("store/v1/alice.pem"), alice.certificate().to_pem()).unwrap();
        let mut target = world.path("store/current/alice.pem");
        for number in 0..12 {
            let link = world.path(&format!("link-{number}"));
            symlink(target, &link).unwrap();
            target = link;
        }
        symlink(target, world.clients.join("alice.pem")).unwrap();
        let directory = world.trust_dir(EntryNames::Any);
        let mut wire = connect(&configs(&world, &alice)[2], &acceptor(&world, &directory, OnRemoval::Close));
        let (woken, hook) = channel();
        wire.server.on_revoked(Box::new(move || woken.send(()).unwrap_or_default()));
        change(&world);
        hook.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{what}: nobody was woken"));
        assert_eq!(wire.server.recheck().unwrap_err().kind(), ErrorKind::Revoked, "{what}");
    }
}
