//! Promise 1, every combination: each way in which a client's file goes, while the client is in a full handshake, a
//! resumed one, or connected, idle or busy; in TLS 1.2 and 1.3; at a random moment and beside another writer. Once
//! the removal has returned, not one byte of plaintext passes.
//!
//! `TRUSTDIR_ROUNDS` says how often each combination is tried.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use rustls::{ClientConfig, SupportedProtocolVersion, version};
use support::dice::Dice;
use support::wire::{Sessions, Wire, client, padded};
use support::{DEADLINE, World, in_child};
use tempfile::TempDir;
use trustdir::tls::Acceptor;
use trustdir::{Certificate, ErrorKind, Identity, IssueOptions, Reason, TrustDir, TrustDirOptions};

/// How alice's certificate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Unlinked,
    MovedAway,
    RenamedOver,
    Truncated,
    Overwritten,
    TargetRemoved,
    TargetReplaced,
    DirectoryReplaced,
    DirectoryExchanged,
    ParentReplaced,
    Unreadable,
    DirectoryUnsearchable,
    MountedOver,
    TruncatedBehindMount,
}

impl Way {
    const PLAIN: [Self; 10] = [
        Self::Unlinked,
        Self::MovedAway,
        Self::RenamedOver,
        Self::Truncated,
        Self::Overwritten,
        Self::TargetRemoved,
        Self::TargetReplaced,
        Self::DirectoryReplaced,
        Self::DirectoryExchanged,
        Self::ParentReplaced,
    ];
    const BY_MODE: [Self; 2] = [Self::Unreadable, Self::DirectoryUnsearchable];
    const BY_MOUNT: [Self; 2] = [Self::MountedOver, Self::TruncatedBehindMount];

    /// Whether what brings alice back leaves the directory itself as it was: then it takes an event or a refresh to
    /// be seen. Everything else is there at once.
    fn comes_back_unseen(self) -> bool {
        self.lies_elsewhere() || matches!(self, Self::Truncated | Self::Overwritten)
    }

    fn lies_elsewhere(self) -> bool {
        self.by_link() || self == Self::TruncatedBehindMount
    }

    fn by_link(self) -> bool {
        matches!(self, Self::TargetRemoved | Self::TargetReplaced)
    }
}

/// What alice is doing when it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    FullHandshake,
    TicketHandshake,
    IdHandshake,
    Idle,
    Busy,
}

impl When {
    const ALL: [Self; 5] = [Self::FullHandshake, Self::TicketHandshake, Self::IdHandshake, Self::Idle, Self::Busy];

    fn sessions(self) -> Sessions {
        if self == Self::IdHandshake { Sessions::Ids } else { Sessions::Tickets }
    }

    fn is_open(self) -> bool {
        matches!(self, Self::Idle | Self::Busy)
    }
}

/// The authority, the server and the clients, which all combinations share.
struct Cast {
    world: World,
    alice: Identity,
    others: Vec<Certificate>,
}

impl Cast {
    fn new() -> Self {
        let world = World::new();
        let issue = |name: &str| world.ca.issue_client(name, &IssueOptions::default()).unwrap();
        let alice = issue("alice");
        let others = (0..4).map(|number| issue(&format!("other {number}")).certificate().clone()).collect();
        Self { world, alice, others }
    }
}

/// One combination's folder: `parent/clients`, what links lead to, and what is put in its place.
struct Site<'a> {
    dir: TempDir,
    cast: &'a Cast,
    way: Way,
}

impl<'a> Site<'a> {
    fn new(cast: &'a Cast, way: Way) -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap(), cast, way };
        for folder in ["parent/clients", "store", "next/clients"] {
            fs::create_dir_all(site.path(folder)).unwrap();
        }
        site.put(site.file(), cast.alice.certificate());
        let entry = site.clients().join("alice.pem");
        if way.by_link() {
            symlink("../../store/alice.pem", entry).unwrap();
        } else if way.lies_elsewhere() {
            fs::write(&entry, "").unwrap();
            mount(Some(&site.file()), &entry, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
        }
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn clients(&self) -> PathBuf {
        self.path("parent/clients")
    }

    /// The file with alice's certificate.
    fn file(&self) -> PathBuf {
        self.path(if self.way.lies_elsewhere() { "store/alice.pem" } else { "parent/clients/alice.pem" })
    }

    /// Puts a file in its place by a rename.
    fn put(&self, place: PathBuf, certificate: &Certificate) {
        fs::write(self.path("staged"), padded(certificate)).unwrap();
        fs::rename(self.path("staged"), place).unwrap();
    }

    fn remove(&self) {
        let (file, other) = (self.file(), &self.cast.others[0]);
        match self.way {
            Way::Unlinked | Way::TargetRemoved => fs::remove_file(file).unwrap(),
            Way::MovedAway => fs::rename(file, self.path("away")).unwrap(),
            Way::RenamedOver | Way::TargetReplaced => self.put(file, other),
            Way::Truncated | Way::TruncatedBehindMount => drop(fs::File::create(file).unwrap()),
            Way::Overwritten => fs::write(file, padded(other)).unwrap(),
            Way::DirectoryReplaced => {
                fs::rename(self.clients(), self.path("old")).unwrap();
                fs::rename(self.path("next/clients"), self.clients()).unwrap();
            }
            Way::DirectoryExchanged => self.exchange(),
            Way::ParentReplaced => {
                fs::rename(self.path("parent"), self.path("old")).unwrap();
                fs::rename(self.path("next"), self.path("parent")).unwrap();
            }
            Way::Unreadable => fs::set_permissions(file, Permissions::from_mode(0o000)).unwrap(),
            Way::DirectoryUnsearchable => fs::set_permissions(self.clients(), Permissions::from_mode(0o000)).unwrap(),
            Way::MountedOver => {
                let next = self.path("next/clients");
                mount(Some(&next), &self.clients(), None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
            }
        }
    }

    fn restore(&self) {
        let (file, alice) = (self.file(), self.cast.alice.certificate());
        match self.way {
            Way::Unlinked | Way::TargetRemoved | Way::RenamedOver | Way::TargetReplaced => self.put(file, alice),
            Way::MovedAway => fs::rename(self.path("away"), file).unwrap(),
            Way::Truncated | Way::Overwritten | Way::TruncatedBehindMount => fs::write(file, padded(alice)).unwrap(),
            Way::DirectoryReplaced => {
                fs::rename(self.clients(), self.path("next/clients")).unwrap();
                fs::rename(self.path("old"), self.clients()).unwrap();
            }
            Way::DirectoryExchanged => self.exchange(),
            Way::ParentReplaced => {
                fs::rename(self.path("parent"), self.path("next")).unwrap();
                fs::rename(self.path("old"), self.path("parent")).unwrap();
            }
            Way::Unreadable => fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap(),
            Way::DirectoryUnsearchable => fs::set_permissions(self.clients(), Permissions::from_mode(0o755)).unwrap(),
            Way::MountedOver => umount2(&self.clients(), MntFlags::MNT_DETACH).unwrap(),
        }
    }

    fn exchange(&self) {
        let next = self.path("next/clients");
        renameat2(AT_FDCWD, &self.clients(), AT_FDCWD, &next, RenameFlags::RENAME_EXCHANGE).unwrap();
    }

    /// Waits until the file is so old that its times alone tell a change.
    fn age(&self) {
        let metadata = self.file().metadata().unwrap();
        let changed = Duration::new(metadata.ctime().unsigned_abs(), u32::try_from(metadata.ctime_nsec()).unwrap());
        let old = SystemTime::UNIX_EPOCH + changed + Duration::from_millis(110);
        while let Ok(left) = old.duration_since(SystemTime::now()) {
            thread::park_timeout(left);
        }
    }

    /// Installs and removes others, as another program would, until it is told to stop.
    fn disturb(&self, stop: &Receiver<Infallible>) {
        let mut dice = Dice::new();
        while stop.recv_timeout(Duration::from_micros(300)) == Err(RecvTimeoutError::Timeout) {
            let number = dice.below(self.cast.others.len());
            let place = self.clients().join(format!("other-{number}.pem"));
            // The directory may be away at this moment.
            if dice.below(2) == 0 {
                let _ = fs::remove_file(place);
            } else if fs::write(self.path("other"), padded(&self.cast.others[number])).is_ok() {
                let _ = fs::rename(self.path("other"), place);
            }
        }
    }
}

impl Drop for Site<'_> {
    fn drop(&mut self) {
        if self.way == Way::TruncatedBehindMount {
            umount2(&self.clients().join("alice.pem"), MntFlags::MNT_DETACH).unwrap();
        }
    }
}

/// A service on the site's directory, and alice's two ways to come.
struct Service {
    acceptor: Acceptor,
    full: Arc<ClientConfig>,
    resuming: Arc<ClientConfig>,
    /// Whether the watcher is told that alice is back.
    is_told: bool,
}

impl Service {
    fn new(site: &Site<'_>, tls: &'static SupportedProtocolVersion, sessions: Sessions, watch: bool) -> Self {
        let options = TrustDirOptions { watch, ..TrustDirOptions::default() };
        let directory = TrustDir::open_with(site.clients(), options).unwrap();
        let Cast { world, alice, .. } = site.cast;
        let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap();
        let config = |sessions| client(&world.ca, alice, tls, sessions);
        Self {
            acceptor,
            full: config(Sessions::None),
            resuming: config(sessions),
            is_told: watch && site.way != Way::TruncatedBehindMount,
        }
    }

    /// Waits until the watcher has seen that the certificate is back; where it is not told, has it seen.
    fn wait_for(&self, certificate: &Certificate) {
        let policy = self.acceptor.policy();
        let (directory, begin) = (policy.clients().unwrap(), Instant::now());
        if !self.is_told {
            directory.refresh().unwrap();
        }
        while !directory.contains(&certificate.fingerprint()) {
            assert!(begin.elapsed() < DEADLINE, "never seen again");
            thread::yield_now();
        }
    }
}

/// One removal at a random moment, and what comes of it. Returns how long after it the connection was told.
fn round(site: &Site<'_>, service: &Service, when: When, old: bool, dice: &mut Dice) -> Option<Duration> {
    let Service { acceptor, full, resuming, .. } = service;
    Wire::new(resuming, acceptor).establish().unwrap_or_else(|error| panic!("{:?}: not admitted: {error}", site.way));
    if old {
        site.age();
    }
    let mut wire = Wire::new(if when == When::FullHandshake { full } else { resuming }, acceptor);
    if when.is_open() {
        wire.establish().unwrap();
        assert!(wire.server.resumed(), "so that the refusals below mean something");
    }
    let (woken, hook) = channel();
    wire.server.on_revoked(Box::new(move || woken.send(Instant::now()).unwrap_or_default()));
    let (started, returned) = (AtomicBool::new(false), OnceLock::new());
    let moment = Duration::from_micros(dice.below(if when.is_open() { 300 } else { 3000 }) as u64);
    let told = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(moment);
            started.store(true, Ordering::Release);
            site.remove();
            returned.set(Instant::now()).unwrap();
        });
        if when == When::Idle {
            let told = hook.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{:?}: nobody was woken", site.way));
            assert_eq!(wire.server.recheck().unwrap_err().kind(), ErrorKind::Revoked);
            return Some(told);
        }
        let refusal = until_refused(&mut wire, &returned, dice);
        assert!(started.load(Ordering::Acquire), "{:?}: refused while installed: {refusal}", site.way);
        let was_admitted = refusal.kind() == ErrorKind::Revoked && when.is_open();
        was_admitted.then(|| hook.recv_timeout(DEADLINE).unwrap())
    });
    for config in [full, resuming] {
        let refusal = Wire::new(config, acceptor).refused();
        let reason = refusal.decision().map(trustdir::Decision::reason);
        assert!(matches!(reason, Some(Reason::Removed | Reason::NotInstalled)), "{refusal}");
    }
    assert!(wire.server.read(&mut [0; 16]).is_err() && wire.server.write(b"more").is_err());
    told.map(|told| told.saturating_duration_since(*returned.get().unwrap()))
}

/// Has client and server talk in pieces of any size until the server has had enough: whatever begins after the
/// removal has returned yields nothing.
fn until_refused(wire: &mut Wire, returned: &OnceLock<Instant>, dice: &mut Dice) -> trustdir::Error {
    loop {
        wire.say(b"are you there?");
        if let Err(refusal) = wire.step(1 + dice.below(1500)) {
            return refusal;
        }
        let gone = returned.get().is_some();
        match wire.read() {
            Ok(Some(count)) => assert!(!gone, "{count} bytes were released after the removal"),
            Ok(None) => {}
            Err(refusal) => return refusal,
        }
        let gone = returned.get().is_some();
        match wire.server.write(b"I am") {
            Ok(0) => {}
            Ok(count) => assert!(!gone, "{count} bytes were taken after the removal"),
            Err(refusal) => return refusal,
        }
        wire.heard();
    }
}

type Times = Mutex<BTreeMap<(Way, When), Vec<Duration>>>;

fn combination(cast: &Cast, way: Way, when: When, tls: &'static SupportedProtocolVersion, times: &Times) {
    let site = Site::new(cast, way);
    let services = [true, false].map(|watch| Service::new(&site, tls, when.sessions(), watch));
    let mut dice = Dice::new();
    thread::scope(|scope| {
        // Dropped also when a round panics, or the writer would never end.
        let (_stop, stopped) = channel();
        let (site, mut stopped) = (&site, Some(stopped));
        for number in 0..rounds() {
            // Alone at first: what the other writer does would wake the watcher for us.
            if number == rounds().div_ceil(4)
                && let Some(stopped) = stopped.take()
            {
                scope.spawn(move || site.disturb(&stopped));
            }
            // Who sleeps can only be woken by a watcher; the rest must hold without.
            let service = &services[if when == When::Idle { 0 } else { number % 2 }];
            // Of an old file that nobody touches a watched directory tells each change: it is not looked at meanwhile.
            let old = number % 8 == 0 || number % 64 == 1;
            let told = round(site, service, when, old, &mut dice);
            if let Some(told) = told.filter(|_| number % 2 == 0 || when == When::Idle) {
                times.lock().unwrap().entry((way, when)).or_default().push(told);
            }
            site.restore();
            if way.comes_back_unseen() {
                services.iter().for_each(|service| service.wait_for(cast.alice.certificate()));
            }
        }
    });
}

fn rounds() -> usize {
    env::var("TRUSTDIR_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

fn matrix(ways: &[Way]) {
    let cast = Cast::new();
    let all = ways.iter().flat_map(|way| When::ALL.map(|when| (*way, when)));
    let both = all.flat_map(|(way, when)| [(way, when, &version::TLS12), (way, when, &version::TLS13)]);
    // TLS 1.3 has no session IDs.
    let combinations: Vec<_> =
        both.filter(|(_, when, tls)| *when != When::IdHandshake || **tls == version::TLS12).collect();
    let (times, next) = (Times::default(), Mutex::new(combinations.iter()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                loop {
                    let Some((way, when, tls)) = next.lock().unwrap().next() else { return };
                    combination(&cast, *way, *when, tls, &times);
                }
            });
        }
    });
    println!(
        "{} combinations, {} rounds each; from the removal until the connection was told:",
        combinations.len(),
        rounds()
    );
    for ((way, when), mut times) in times.into_inner().unwrap() {
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        let (half, most, all) = (at(50), at(99), at(100));
        println!("{way:?}, {when:?}: p50 {half:?}, p99 {most:?}, max {all:?} of {}", times.len());
    }
}

#[test]
fn every_way_of_removing() {
    matrix(&Way::PLAIN);
}

/// The superuser reads what nobody may read, so this is tried by somebody else.
#[test]
fn permissions_taken_away() {
    const NOBODY: u32 = 65534;
    let probe = tempfile::tempdir().unwrap();
    if probe.path().metadata().unwrap().uid() == 0 {
        let mut command = Command::new(env::current_exe().unwrap());
        in_child(command.uid(NOBODY).gid(NOBODY).current_dir("/"), "permissions_in_child");
    } else {
        matrix(&Way::BY_MODE);
    }
}

#[test]
#[ignore = "what the child of `permissions_taken_away` does"]
fn permissions_in_child() {
    matrix(&Way::BY_MODE);
}

/// Mounting needs a privilege, which a user namespace gives where the system allows it.
#[test]
fn another_directory_mounted_over() {
    let unshare = |program: &str| {
        let mut command = Command::new("unshare");
        command.arg("-rm").arg(program);
        command
    };
    match unshare("true").output() {
        Ok(output) if output.status.success() => {
            in_child(&mut unshare(env::current_exe().unwrap().to_str().unwrap()), "mounts_in_child");
        }
        refused => println!("skipped: this system allows no `unshare -rm`: {refused:?}"),
    }
}

#[test]
#[ignore = "what the child of `another_directory_mounted_over` does"]
fn mounts_in_child() {
    matrix(&Way::BY_MOUNT);
}
