//! Identities and directories change while connections come and go.
//!
//! `TRUSTDIR_ROUNDS` says how many changes there are.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::{env, fs, thread};

use rustls::{ClientConfig, version};
use support::World;
use support::wire::{Sessions, Wire, client};
use trustdir::tls::{Acceptor, AcceptorBuilder};
use trustdir::{EntryNames, ErrorKind, Identity, IssueOptions};

/// Connections that are open at each moment.
const OPEN: usize = 200;
const THREADS: usize = 4;

/// Handshakes that were made while nothing changed.
#[derive(Default)]
struct Tally {
    admitted: AtomicUsize,
    refused: AtomicUsize,
    resumed: AtomicUsize,
    /// Something changed meanwhile: either outcome is right.
    between: AtomicUsize,
}

struct Scene {
    acceptor: Acceptor,
    /// Odd while bob is being installed or removed; the next bit says whether he is installed.
    phase: AtomicU64,
    done: AtomicBool,
    tally: Tally,
}

/// Opens connections, the oldest of which are closed, until all changes are made.
fn come_and_go(scene: &Scene, alice: &[Arc<ClientConfig>], bob: &[Arc<ClientConfig>], eve: &Arc<ClientConfig>) {
    let mut open = VecDeque::new();
    let mut round = 0;
    let count = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::Relaxed);
    while !scene.done.load(Ordering::Acquire) {
        round += 1;
        let mut anyone = Wire::new(&alice[round % alice.len()], &scene.acceptor);
        anyone.establish().unwrap();
        count(&scene.tally.admitted);
        if anyone.server.resumed() {
            count(&scene.tally.resumed);
        }
        open.push_back(anyone);

        assert_eq!(Wire::new(eve, &scene.acceptor).refused().kind(), ErrorKind::Untrusted);

        let before = scene.phase.load(Ordering::SeqCst);
        let mut wire = Wire::new(&bob[round % bob.len()], &scene.acceptor);
        let outcome = wire.establish();
        if before % 2 == 1 || scene.phase.load(Ordering::SeqCst) != before {
            count(&scene.tally.between);
        } else if before & 2 != 0 {
            outcome.unwrap();
            count(&scene.tally.admitted);
        } else {
            let error = outcome.expect_err("a removed client was admitted");
            assert!(matches!(error.kind(), ErrorKind::Revoked | ErrorKind::Untrusted), "{error}");
            count(&scene.tally.refused);
        }
        open.push_back(wire);
        while open.len() > OPEN / THREADS {
            let mut oldest: Wire = open.pop_front().unwrap();
            oldest.server.close_notify();
        }
    }
}

fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn connections_come_and_go_while_everything_changes() {
    let rounds: u64 = env::var("TRUSTDIR_ROUNDS").map_or(60, |rounds| rounds.parse().unwrap());
    let world = World::new();
    let issue = |name| world.ca.issue_client(name, &IssueOptions::default()).unwrap();
    let (alice, bob, eve) = (issue("alice"), issue("bob"), issue("eve"));
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(alice.certificate()).unwrap();
    let servers: Vec<Identity> = (0..3)
        .map(|number| world.ca.issue_server(&["localhost", &format!("s{number}")], &IssueOptions::default()).unwrap())
        .collect();
    let settings =
        |identity: &Identity| -> AcceptorBuilder { Acceptor::builder(identity.clone()).trust_dir(directory.clone()) };
    let old = IssueOptions { not_before: Some(1_000_000_000), not_after: Some(1_000_086_400), ..Default::default() };
    let expired = settings(&world.ca.issue_server(&["localhost"], &old).unwrap());
    let scene = Scene {
        acceptor: settings(&servers[0]).build().unwrap(),
        phase: AtomicU64::new(0),
        done: AtomicBool::new(false),
        tally: Tally::default(),
    };
    let configs = |identity: &Identity| {
        [(&version::TLS12, Sessions::Ids), (&version::TLS12, Sessions::Tickets), (&version::TLS13, Sessions::Tickets)]
            .map(|(version, sessions)| client(&world.ca, identity, version, sessions))
    };
    let stranger = client(&world.ca, &eve, &version::TLS13, Sessions::Tickets);
    let mut warm = 0;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let (alice, bob) = (configs(&alice), configs(&bob));
                come_and_go(&scene, &alice, &bob, &stranger);
            });
        }
        for round in 0..rounds {
            let settled = |phase: u64| {
                // Some handshakes are made before the next change.
                let before = scene.tally.admitted.load(Ordering::Relaxed);
                scene.phase.store(phase, Ordering::SeqCst);
                while scene.tally.admitted.load(Ordering::Relaxed) < before + THREADS {
                    thread::yield_now();
                }
            };
            scene.phase.store(4 * round + 1, Ordering::SeqCst);
            directory.install(bob.certificate()).unwrap();
            settled(4 * round + 2);
            scene.acceptor.reload(&settings(&servers[round as usize % servers.len()])).unwrap();
            assert_eq!(scene.acceptor.reload(&expired).unwrap_err().kind(), ErrorKind::Expired);
            scene.phase.store(4 * round + 3, Ordering::SeqCst);
            directory.remove(&bob.certificate().fingerprint()).unwrap();
            settled(4 * round + 4);
            if round == rounds / 3 {
                warm = resident();
            }
        }
        scene.done.store(true, Ordering::Release);
    });
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let Tally { admitted, refused, resumed, between } = &scene.tally;
    println!(
        "{rounds} changes each of identity and directory; {} admitted, {} of them resumed, {} refused, {} while something changed; {} kB more than after a third",
        count(admitted),
        count(resumed),
        count(refused),
        count(between),
        (resident() as i64 - warm as i64) / 1000
    );
    assert!(count(refused) > 0 && count(resumed) > 0);
    assert!(scene.acceptor.connections().is_empty());
    assert!(resident() < warm + 16_000_000, "{} bytes, and {warm} after a third", resident());
}
