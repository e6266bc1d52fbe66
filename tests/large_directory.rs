//! A directory that takes too long to be listed within a decision: what is removed is refused at once and what is
//! added is found, file by file.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use support::DEADLINE;
use trustdir::{Authority, AuthorityOptions, Certificate, EntryNames, IssueOptions, Reason, TrustDir, TrustDirOptions};

const MANY: usize = 12_000;

/// Certificates that differ in their subjects. They are pins: nobody looks at their signatures.
struct Forge {
    der: Vec<u8>,
    now: i64,
}

impl Forge {
    fn new(dir: &Path) -> Self {
        let ca = Authority::create(dir.join("pki"), AuthorityOptions::default()).unwrap();
        let client = ca.issue_client("client-XXXXXXXX", &IssueOptions::default()).unwrap();
        Self { der: client.certificate().as_der().to_vec(), now: client.certificate().not_before() + 1 }
    }

    fn make(&self, number: usize) -> Certificate {
        let (mut der, digits) = (self.der.clone(), format!("{number:08}"));
        let places = self.der.windows(8).enumerate().filter(|(_, text)| *text == b"XXXXXXXX");
        places.for_each(|(at, _)| der[at..at + 8].copy_from_slice(digits.as_bytes()));
        Certificate::from_der(&der).unwrap()
    }

    fn decide(&self, clients: &TrustDir, certificate: &Certificate) -> Reason {
        clients.decide(certificate.as_der(), self.now).reason()
    }
}

fn file_name(certificate: &Certificate, number: u32) -> String {
    format!("{}.{number}", certificate.subject().subject_hash().unwrap())
}

/// A directory of many, opened; says how many files were read meanwhile.
fn open(forge: &Forge, dir: &Path, entry_names: EntryNames, watch: bool) -> TrustDir {
    fs::create_dir(dir).unwrap();
    for certificate in (0..MANY).map(|number| forge.make(number)) {
        let free = (0..).map(|n| dir.join(file_name(&certificate, n))).find(|path| !path.exists()).unwrap();
        fs::write(free, certificate.to_pem()).unwrap();
    }
    let (calls, last) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let clients =
        TrustDir::open_with_progress(dir, TrustDirOptions { entry_names, watch, create: false }, &|done, total| {
            assert!(done <= total && total == MANY);
            calls.fetch_add(1, Ordering::Relaxed);
            last.fetch_max(done, Ordering::Relaxed);
        })
        .unwrap();
    assert!(calls.into_inner() > 1 && last.into_inner() == MANY);
    clients
}

/// Whether it has changed within the last ticks of its file system.
fn is_young(path: &Path) -> bool {
    let metadata = fs::metadata(path).unwrap();
    let changed = Duration::new(metadata.ctime() as u64, metadata.ctime_nsec() as u32);
    let tick = if metadata.ctime_nsec() == 0 { Duration::from_secs(4) } else { Duration::from_millis(200) };
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + changed).unwrap_or_default() < tick
}

#[test]
fn what_is_added_by_hash_is_found_at_once() {
    let temporary = tempfile::tempdir().unwrap();
    let forge = Forge::new(temporary.path());
    for (path, watch) in [("watched", true), ("unwatched", false)] {
        let dir = temporary.path().join(path);
        let clients = open(&forge, &dir, EntryNames::SubjectHash, watch);
        for number in MANY..MANY + 20 {
            let new = forge.make(number);
            assert_eq!(forge.decide(&clients, &new), Reason::NotInstalled);
            // Whole at once: the watcher may read half of what is being written, and enter that.
            fs::write(temporary.path().join("new"), new.to_pem()).unwrap();
            fs::rename(temporary.path().join("new"), dir.join(file_name(&new, 0))).unwrap();
            assert_eq!(forge.decide(&clients, &new), Reason::Admitted, "{path} {number}");
            fs::remove_file(dir.join(file_name(&new, 0))).unwrap();
            assert_eq!(forge.decide(&clients, &new), Reason::Removed, "{path} {number}");
        }
        assert!((0..MANY).step_by(97).all(|number| forge.decide(&clients, &forge.make(number)) == Reason::Admitted));
    }
}

#[test]
fn what_is_added_under_any_name_is_found_by_its_event() {
    let temporary = tempfile::tempdir().unwrap();
    let forge = Forge::new(temporary.path());
    let dir = temporary.path().join("clients");
    let clients = open(&forge, &dir, EntryNames::Any, true);
    let new = forge.make(MANY);
    let (start, before) = (Instant::now(), clients.generation());
    fs::write(temporary.path().join("new.pem"), new.to_pem()).unwrap();
    fs::rename(temporary.path().join("new.pem"), dir.join("new.pem")).unwrap();
    // Nobody is decided about meanwhile, which would have the directory listed.
    while clients.generation() == before {
        assert!(start.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
    assert_eq!(forge.decide(&clients, &new), Reason::Admitted);
    fs::rename(dir.join("new.pem"), temporary.path().join("away")).unwrap();
    assert_eq!(forge.decide(&clients, &new), Reason::Removed);
}

/// A number that moves up into a gap has never been away.
#[test]
fn what_moves_into_a_gap_stays_admitted() {
    let temporary = tempfile::tempdir().unwrap();
    let forge = Forge::new(temporary.path());
    let dir = temporary.path().join("clients");
    let clients = open(&forge, &dir, EntryNames::SubjectHash, false);
    let first = forge.make(0);
    let second = {
        // Another certificate of the same subject, by its signature.
        let mut der = first.as_der().to_vec();
        let last = der.len() - 1;
        der[last] ^= 1;
        Certificate::from_der(&der).unwrap()
    };
    let path = |number| dir.join(file_name(&first, number));
    fs::write(path(1), second.to_pem()).unwrap();
    assert_eq!(forge.decide(&clients, &second), Reason::Admitted);
    fs::rename(path(1), path(0)).unwrap();
    assert_eq!(forge.decide(&clients, &second), Reason::Admitted);
    assert_eq!(forge.decide(&clients, &first), Reason::Removed);
}

/// Strangers of a name that thousands share are refused as often as they come, and whoever is added under it is found:
/// behind the others, and at a number whose file has gone.
#[test]
fn what_is_added_among_many_of_its_name_is_found_at_once() {
    let temporary = tempfile::tempdir().unwrap();
    let forge = Forge::new(temporary.path());
    let named = |number: usize| {
        // Another certificate of the same subject, by its signature.
        let mut der = forge.make(0).as_der().to_vec();
        let end = der.len() - 2;
        der[end..].copy_from_slice(&(number as u16).to_be_bytes());
        Certificate::from_der(&der).unwrap()
    };
    const NAMESAKES: usize = 10_000;
    for watch in [false, true] {
        let dir = temporary.path().join(format!("watched-{watch}"));
        fs::create_dir(&dir).unwrap();
        let path = |number: usize| dir.join(file_name(&forge.make(0), number as u32));
        (0..NAMESAKES).for_each(|number| fs::write(path(number), named(number).to_pem()).unwrap());
        let clients = TrustDir::open_with(&dir, TrustDirOptions { watch, ..TrustDirOptions::default() }).unwrap();
        let stranger = named(NAMESAKES + 99);
        // Until a change of the directory is bound to show, and then some.
        let settle = || {
            let mut after = 0;
            while after < 3 {
                assert_eq!(forge.decide(&clients, &stranger), Reason::SameNameOtherKey);
                after = if is_young(&dir) { 0 } else { after + 1 };
            }
        };
        settle();
        for (number, place) in [(NAMESAKES, NAMESAKES), (NAMESAKES + 1, NAMESAKES / 2)] {
            let new = named(number);
            fs::write(temporary.path().join("new"), new.to_pem()).unwrap();
            // The number of one who went before anybody asked.
            fs::remove_file(path(place)).unwrap_or_default();
            settle();
            fs::rename(temporary.path().join("new"), path(place)).unwrap();
            assert_eq!(forge.decide(&clients, &new), Reason::Admitted, "{place} {watch}");
            settle();
            fs::write(path(NAMESAKES + 7), "").unwrap();
            settle();
        }
        assert_eq!(forge.decide(&clients, &named(NAMESAKES / 2)), Reason::Removed);
    }
}

/// One of many is installed and removed by trustdir, at its place among others of its subject.
#[test]
fn one_of_many_comes_and_goes() {
    let temporary = tempfile::tempdir().unwrap();
    let forge = Forge::new(temporary.path());
    for (path, watch) in [("watched", true), ("unwatched", false)] {
        let dir = temporary.path().join(path);
        let clients = open(&forge, &dir, EntryNames::SubjectHash, watch);
        let new = forge.make(MANY);
        assert!(clients.install(&new).unwrap().is_new());
        assert!(!clients.install(&new).unwrap().is_new());
        assert_eq!(forge.decide(&clients, &new), Reason::Admitted);
        fs::copy(dir.join(file_name(&new, 0)), dir.join(file_name(&new, 1))).unwrap();
        assert_eq!(clients.remove(&new.fingerprint()).unwrap().len(), 2);
        assert_eq!(forge.decide(&clients, &new), Reason::Removed);
        let kept = forge.make(7);
        let files = clients.remove(&kept.fingerprint()).unwrap();
        assert_eq!((files.len(), forge.decide(&clients, &kept)), (1, Reason::Removed));
        assert_eq!(fs::read_dir(&dir).unwrap().count(), MANY - 1);
    }
}

/// Nothing is left out that the host is not told of.
#[test]
fn a_panic_of_the_hosts_stays_the_hosts() {
    let temporary = tempfile::tempdir().unwrap();
    let forge = Forge::new(temporary.path());
    let dir = temporary.path().join("clients");
    drop(open(&forge, &dir, EntryNames::SubjectHash, false));
    let calls = AtomicUsize::new(0);
    for number in 0..4 {
        calls.store(0, Ordering::Relaxed);
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            TrustDir::open_with_progress(&dir, TrustDirOptions::default(), &|_, _| {
                assert!(calls.fetch_add(1, Ordering::Relaxed) != number, "this panic is the test's");
            })
        }));
        assert!(opened.is_err());
    }
}
