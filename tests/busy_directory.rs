//! A directory that changes all the time: writers and readers beside each other, the directory away and back, thousands
//! of files at once, clocks that jump. A decision is right at every moment.
//!
//! `TRUSTDIR_SECONDS` says for how long each of the tests goes on.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustls::version;
use support::dice::Dice;
use support::wire::{Sessions, Wire, client, padded};
use support::{DEADLINE, World};
use trustdir::tls::Acceptor;
use trustdir::{
    Certificate, ClientAuth, EntryNames, ErrorKind, IssueOptions, Policy, Reason, TrustDir, TrustDirOptions,
};

const READERS: usize = 10;
const DIRECTORY: &str = "TRUSTDIR_TEST_CLIENTS";

fn duration() -> Duration {
    Duration::from_secs(env::var("TRUSTDIR_SECONDS").map_or(3, |seconds| seconds.parse().unwrap()))
}

fn issue(world: &World, names: &[&str]) -> Vec<Certificate> {
    names
        .iter()
        .map(|name| world.ca.issue_client(name, &IssueOptions::default()).unwrap().certificate().clone())
        .collect()
}

/// The directory as another program would open it, with its own index.
fn open(path: &Path, watch: bool) -> TrustDir {
    TrustDir::open_with(path, TrustDirOptions { watch, ..TrustDirOptions::default() }).unwrap()
}

fn admitted(directory: &TrustDir, certificate: &Certificate) -> bool {
    directory.decide(certificate.as_der(), certificate.not_before()).is_admitted()
}

/// What is the case, as the one who changes it knows it: the count of changes, odd while one is being made.
#[derive(Default)]
struct Truth {
    changes: AtomicUsize,
    installed: AtomicBool,
}

impl Truth {
    fn change(&self, installed: bool, how: impl FnOnce()) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        how();
        self.installed.store(installed, Ordering::SeqCst);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Holds an answer against what was the case, if that did not change while it was given.
    fn check(&self, admitted: impl FnOnce() -> bool) -> bool {
        let before = self.changes.load(Ordering::SeqCst);
        let (admitted, installed) = (admitted(), self.installed.load(Ordering::SeqCst));
        let steady = before.is_multiple_of(2) && before == self.changes.load(Ordering::SeqCst);
        assert!(
            !steady || admitted == installed,
            "admitted: {admitted}, installed: {installed}, after change {before}"
        );
        steady
    }
}

/// Two writers, one by trustdir and one by hand, and ten readers, some with an index and a watcher of their own. All
/// that comes and goes has one name, so that it takes numbers.
#[test]
fn every_decision_is_right_beside_two_writers() {
    let world = World::new();
    let stay = issue(&world, &["stays", "node"]);
    let strangers = issue(&world, &["stranger", "node", "stays"]);
    let changing = issue(&world, &["node"; 12]);
    let shared = world.trust_dir(EntryNames::Any);
    stay.iter().for_each(|certificate| drop(shared.install(certificate).unwrap()));
    let truths: Vec<_> = changing.iter().map(|_| Truth::default()).collect();
    let (end, steady) = (Instant::now() + duration(), AtomicUsize::new(0));
    let by_trustdir = |number: usize, install: bool, directory: &TrustDir| {
        if install {
            directory.install(&changing[number]).unwrap();
        } else {
            directory.remove(&changing[number].fingerprint()).unwrap();
        }
    };
    let by_hand = |number: usize, install: bool, _: &TrustDir| {
        let (staged, place) = (world.path("staged"), world.clients.join(format!("{number}.pem")));
        if install {
            fs::write(&staged, padded(&changing[number])).unwrap();
            fs::rename(staged, place).unwrap();
        } else {
            fs::remove_file(place).unwrap();
        }
    };
    type Write<'a> = &'a (dyn Fn(usize, bool, &TrustDir) + Sync);
    let writers: [(Write<'_>, usize); 2] = [(&by_trustdir, 0), (&by_hand, 6)];
    thread::scope(|scope| {
        for (write, first) in writers {
            let (world, truths) = (&world, &truths);
            scope.spawn(move || {
                let (directory, mut dice) = (open(&world.clients, false), Dice::new());
                while Instant::now() < end {
                    let number = first + dice.below(6);
                    let install = !truths[number].installed.load(Ordering::SeqCst);
                    truths[number].change(install, || write(number, install, &directory));
                    thread::sleep(Duration::from_micros(dice.below(3000) as u64));
                }
            });
        }
        for reader in 0..READERS {
            let own = (reader >= READERS / 2).then(|| open(&world.clients, reader % 2 == 0));
            let directory = own.unwrap_or_else(|| shared.clone());
            let (stay, strangers, changing, truths, steady) = (&stay, &strangers, &changing, &truths, &steady);
            scope.spawn(move || {
                let mut dice = Dice::new();
                while Instant::now() < end {
                    let number = dice.below(changing.len());
                    let counts = truths[number].check(|| admitted(&directory, &changing[number]));
                    steady.fetch_add(usize::from(counts), Ordering::Relaxed);
                    assert!(stay.iter().all(|certificate| admitted(&directory, certificate)), "a lost entry");
                    assert!(!strangers.iter().any(|certificate| admitted(&directory, certificate)), "a stranger");
                }
            });
        }
    });
    println!("{steady:?} decisions about entries that come and go");
    assert!(steady.into_inner() > 0);
    for directory in [shared, open(&world.clients, false)] {
        let installed = truths.iter().filter(|truth| truth.installed.load(Ordering::SeqCst)).count();
        assert_eq!(directory.list().unwrap().len(), installed + stay.len());
        changing.iter().zip(&truths).for_each(|(certificate, truth)| {
            assert!(truth.check(|| admitted(&directory, certificate)));
        });
    }
}

#[test]
#[ignore = "what each of the processes of the test below does"]
fn process() {
    let directory = open(Path::new(&env::var_os(DIRECTORY).unwrap()), false);
    let (certificates, end) =
        (Certificate::load_all(directory.path().with_extension("pem")).unwrap(), Instant::now() + duration());
    while Instant::now() < end {
        for certificate in &certificates {
            directory.install(certificate).unwrap();
        }
        for certificate in &certificates {
            match directory.remove(&certificate.fingerprint()) {
                // The other process does the same, and may have been first.
                Err(error) if error.kind() != ErrorKind::NotFound => panic!("{error}"),
                _ => {}
            }
        }
    }
}

/// Two processes install and remove the same clients: nothing is half there, nobody else gains or loses.
#[test]
fn two_processes_write_the_same_entries() {
    let world = World::new();
    let stay = issue(&world, &["stays", "node"]);
    let strangers = issue(&world, &["stranger", "node"]);
    let changing = issue(&world, &["node"; 4]);
    let directory = world.trust_dir(EntryNames::Any);
    stay.iter().for_each(|certificate| drop(directory.install(certificate).unwrap()));
    fs::write(world.clients.with_extension("pem"), changing.iter().map(Certificate::to_pem).collect::<String>())
        .unwrap();
    let start = || {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "process"]).env(DIRECTORY, &world.clients).stdout(Stdio::null());
        command.spawn().unwrap()
    };
    let mut processes = [start(), start()];
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    assert!(stay.iter().all(|certificate| admitted(&directory, certificate)), "a lost entry");
                    assert!(!strangers.iter().any(|certificate| admitted(&directory, certificate)), "a stranger");
                    // Half a certificate would be a file with a problem.
                    let problems = directory.problems().unwrap();
                    assert!(problems.is_empty(), "{problems:?}");
                }
            });
        }
        let succeeded = processes.iter_mut().map(|process| process.wait().unwrap().success()).collect::<Vec<_>>();
        ended.store(true, Ordering::Relaxed);
        assert_eq!(succeeded, [true, true]);
    });
    changing.iter().for_each(|certificate| assert!(!admitted(&directory, certificate)));
    assert_eq!(fs::read_dir(&world.clients).unwrap().count(), stay.len());
}

/// Nobody is admitted while the directory is away, everybody again when it is back.
#[test]
fn the_directory_goes_and_comes_back() {
    let world = World::new();
    let stay = issue(&world, &["alice", "bob"]);
    let shared = world.trust_dir(EntryNames::Any);
    stay.iter().for_each(|certificate| drop(shared.install(certificate).unwrap()));
    let truth = Truth::default();
    truth.change(true, || ());
    let end = Instant::now() + duration();
    let (steady, away) = (AtomicUsize::new(0), world.path("away"));
    thread::scope(|scope| {
        for reader in 0..READERS {
            let directory = if reader < 5 { shared.clone() } else { open(&world.clients, reader % 2 == 0) };
            let (stay, truth, steady) = (&stay, &truth, &steady);
            scope.spawn(move || {
                while Instant::now() < end {
                    for certificate in stay {
                        let counts = truth.check(|| admitted(&directory, certificate));
                        steady.fetch_add(usize::from(counts), Ordering::Relaxed);
                    }
                }
            });
        }
        let mut dice = Dice::new();
        while Instant::now() < end {
            truth.change(false, || fs::rename(&world.clients, &away).unwrap());
            thread::sleep(Duration::from_micros(dice.below(3000) as u64));
            truth.change(true, || fs::rename(&away, &world.clients).unwrap());
            thread::sleep(Duration::from_micros(dice.below(3000) as u64));
        }
    });
    println!("{steady:?} decisions, {} times away", truth.changes.load(Ordering::SeqCst) / 4);
    assert!(steady.into_inner() > 0);
}

/// More events at once than the system keeps (16,384 by default on Linux): who is removed in the middle of them is
/// refused and woken, who is installed is admitted, and the list is complete.
#[test]
fn thousands_of_files_at_once() {
    const FILES: usize = 20_000;
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let new = issue(&world, &["bob", "carol"]);
    let directory = world.trust_dir(EntryNames::Any);
    let entry = directory.install(alice.certificate()).unwrap();
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap();
    let mut wire = Wire::new(&client(&world.ca, &alice, &version::TLS13, Sessions::None), &acceptor);
    wire.establish().unwrap();
    let (woken, hook) = channel();
    wire.server.on_revoked(Box::new(move || woken.send(()).unwrap_or_default()));
    let junk = world.path("junk");
    fs::write(&junk, "no certificate").unwrap();
    for number in 0..FILES {
        fs::hard_link(&junk, world.clients.join(format!("{number}.pem"))).unwrap();
        if number == FILES / 2 {
            fs::remove_file(entry.file()).unwrap();
            new.iter().enumerate().for_each(|(number, new)| {
                fs::write(world.clients.join(format!("new-{number}.pem")), new.to_pem()).unwrap();
            });
        }
    }
    assert!(!admitted(&directory, alice.certificate()));
    // In so large a directory, additions under other names than subject hashes are found by the watcher.
    let begin = Instant::now();
    while !new.iter().all(|new| admitted(&directory, new)) {
        assert!(begin.elapsed() < DEADLINE, "never found");
        thread::yield_now();
    }
    hook.recv_timeout(DEADLINE).unwrap();
    assert_eq!(wire.server.recheck().unwrap_err().kind(), ErrorKind::Revoked);
    directory.refresh().unwrap();
    assert_eq!((directory.list().unwrap().len(), directory.problems().unwrap().len()), (new.len(), FILES));
    for number in 0..FILES {
        fs::remove_file(world.clients.join(format!("{number}.pem"))).unwrap();
    }
    assert!(new.iter().all(|new| admitted(&directory, new)));
    assert_eq!(directory.problems().unwrap(), []);
}

/// The time is the caller's: back and forth, each decision is right for its own.
#[test]
fn the_clock_jumps() {
    let world = World::new();
    let alice = &issue(&world, &["alice"])[0];
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(alice).unwrap();
    let at = |now: i64| directory.decide(alice.as_der(), now).reason();
    for _ in 0..2 {
        assert_eq!(at(alice.not_before() - 1), Reason::NotYetValid);
        assert_eq!(at(alice.not_before()), Reason::Admitted);
        assert_eq!(at(alice.not_after()), Reason::Admitted);
        assert_eq!(at(alice.not_after() + 1), Reason::Expired);
        assert_eq!((at(i64::MAX), at(i64::MIN)), (Reason::Expired, Reason::NotYetValid));
    }
}

/// A file's own times are its writer's to set: neither the past nor the future hides that it is another.
#[test]
fn times_of_files_jump() {
    let world = World::new();
    let both = issue(&world, &["alice", "bob"]);
    let file = world.clients.join("client.pem");
    let directories = [open(&world.clients, true), open(&world.clients, false)];
    for year in [0, 1, 200] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(year * 31_556_952);
        for (here, other) in [(0, 1), (1, 0), (0, 1)] {
            fs::write(&file, padded(&both[here])).unwrap();
            fs::File::options().write(true).open(&file).unwrap().set_modified(time).unwrap();
            for directory in &directories {
                // Who is asked about first must not matter.
                assert!(!admitted(directory, &both[other]) && admitted(directory, &both[here]));
            }
        }
    }
}

/// Whoever hears late of a removal does not put out the client that has come back since.
#[test]
fn whoever_is_installed_is_admitted_at_once() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let policy = Policy::new(ClientAuth::Required).with_clients(directory.clone());
    let decide = |client: &Certificate| policy.decide_and_hold(&[client.as_der()], client.not_before());
    let names: Vec<_> = (0..READERS).map(|number| format!("client {number}")).collect();
    let clients = issue(&world, &names.iter().map(String::as_str).collect::<Vec<_>>());
    thread::scope(|scope| {
        for client in &clients {
            let (directory, decide) = (&directory, &decide);
            scope.spawn(move || {
                let begin = Instant::now();
                while begin.elapsed() < duration() {
                    directory.install(client).unwrap();
                    let admission = decide(client);
                    assert!(admission.is_admitted(), "{}", admission.message());
                    directory.remove(&client.fingerprint()).unwrap();
                    assert_eq!(decide(client).reason(), Reason::Removed);
                    directory.refresh().unwrap();
                }
            });
        }
    });
}
