//! Files of an identity that are replaced in every order and manner: a key is never given with another's certificate.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use support::DEADLINE;
use tempfile::TempDir;
use trustdir::{Authority, ErrorKind, Identity, IdentityFiles};

/// A folder with an intermediate authority, and the two files of an identity.
struct Rack {
    dir: TempDir,
    ca: Authority,
    files: IdentityFiles,
    first: Identity,
}

/// How a file is written over.
#[derive(Clone, Copy, Debug)]
enum Manner {
    Renamed,
    InPlace,
}

impl Manner {
    fn write(self, path: &Path, bytes: &[u8]) {
        match self {
            Self::InPlace => fs::write(path, bytes).unwrap(),
            Self::Renamed => {
                let beside = path.with_extension("new");
                fs::write(&beside, bytes).unwrap();
                fs::rename(beside, path).unwrap();
            }
        }
    }
}

impl Rack {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = Authority::create(dir.path().join("root"), Default::default()).unwrap();
        let ca = root.create_intermediate(dir.path().join("pki"), Default::default()).unwrap();
        let first = ca.issue_server(&["localhost"], &Default::default()).unwrap();
        let (certificate, key) = (dir.path().join("server.cert.pem"), dir.path().join("server.key.pem"));
        first.save(&certificate, &key, None).unwrap();
        let mut files = IdentityFiles::new(certificate, key, None);
        assert_eq!(files.load().unwrap().chain(), first.chain());
        Self { dir, ca, files, first }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn issue(&self) -> Identity {
        self.ca.issue_server(&["localhost"], &Default::default()).unwrap()
    }

    /// Waits until no change of the files can hide behind the clock any more. Nothing new is told then.
    #[track_caller]
    fn settle(&mut self) {
        for file in [self.files.certificate(), self.files.key()] {
            while file.metadata().is_ok_and(|metadata| is_young(&metadata)) {
                thread::yield_now();
            }
        }
        self.fails();
        assert_eq!(self.fails(), None, "an error is told once");
    }

    #[track_caller]
    fn fails(&mut self) -> Option<ErrorKind> {
        match self.files.reload_if_changed() {
            Ok(given) => assert!(given.is_none(), "{given:?}"),
            Err(error) => return Some(error.kind()),
        }
        None
    }

    #[track_caller]
    fn gives(&mut self, identity: &Identity) {
        let given = self.files.reload_if_changed().unwrap().unwrap_or_else(|| panic!("no change is seen"));
        assert_eq!(given.chain(), identity.chain());
        assert_eq!(given.key().spki(), identity.key().spki());
        assert_eq!(self.fails(), None, "it is given once");
    }
}

fn write_certificate(files: &IdentityFiles, identity: &Identity, manner: Manner) {
    manner.write(files.certificate(), identity.chain_pem().as_bytes());
}

fn write_key(files: &IdentityFiles, identity: &Identity, manner: Manner) {
    manner.write(files.key(), identity.key().to_pem(None).unwrap().as_bytes());
}

/// Whether the file has changed within the last ticks of its file system.
fn is_young(metadata: &fs::Metadata) -> bool {
    let changed = Duration::new(metadata.ctime() as u64, metadata.ctime_nsec() as u32);
    let tick = if metadata.ctime_nsec() == 0 { Duration::from_secs(4) } else { Duration::from_millis(200) };
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH + changed).unwrap_or_default() < tick
}

const MANNERS: [Manner; 2] = [Manner::Renamed, Manner::InPlace];

/// Both orders, all manners, at once and after a pause that any clock shows.
#[test]
fn a_pair_that_changes_in_two_steps_is_given_when_it_is_whole() {
    let mut rack = Rack::new();
    for manners in MANNERS.into_iter().flat_map(|first| MANNERS.map(|second| (first, second))) {
        for (key_first, pause) in [(false, false), (false, true), (true, false), (true, true)] {
            let next = rack.issue();
            let steps: [fn(&IdentityFiles, &Identity, Manner); 2] = match key_first {
                true => [write_key, write_certificate],
                false => [write_certificate, write_key],
            };
            steps[0](&rack.files, &next, manners.0);
            let error = rack.files.reload_if_changed().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::KeyMismatch, "{error}");
            assert_eq!(error.path(), Some(rack.files.certificate()));
            if pause {
                rack.settle();
            }
            steps[1](&rack.files, &next, manners.1);
            rack.gives(&next);
        }
    }
}

#[test]
fn a_renewed_certificate_of_the_same_key_is_one_step() {
    let mut rack = Rack::new();
    for manner in MANNERS {
        let renewed = rack.ca.renew(rack.first.certificate(), &Default::default()).unwrap().certificate;
        let chain = [&[renewed], &rack.first.chain()[1..]].concat();
        let next = Identity::new(chain, rack.first.key().clone()).unwrap();
        write_certificate(&rack.files, &next, manner);
        rack.gives(&next);
    }
}

#[test]
fn what_says_the_same_is_no_change() {
    let mut rack = Rack::new();
    let first = rack.first.clone();
    for manner in MANNERS {
        rack.settle();
        write_key(&rack.files, &first, manner);
        write_certificate(&rack.files, &first, manner);
        assert_eq!(rack.fails(), None);
    }
}

/// Half a file is never taken for a whole one, and the rest of it is seen even if it follows within the same tick.
#[test]
fn a_torn_write_in_place_ends_with_the_whole() {
    let mut rack = Rack::new();
    let next = rack.issue();
    let (key, chain) = (next.key().to_pem(None).unwrap(), next.chain_pem());
    for cut in [0, 1, 30, key.len() / 2, key.len() - 10] {
        fs::write(rack.files.key(), &key.as_bytes()[..cut]).unwrap();
        assert_eq!(rack.fails(), Some(ErrorKind::Parse), "{cut}");
    }
    write_key(&rack.files, &next, Manner::InPlace);
    assert_eq!(rack.fails(), Some(ErrorKind::KeyMismatch));
    let second = chain.rfind("-----BEGIN").unwrap();
    for cut in [0, 40, second / 2, second + 40, chain.len() - 10] {
        fs::write(rack.files.certificate(), &chain.as_bytes()[..cut]).unwrap();
        assert_eq!(rack.fails(), Some(ErrorKind::Parse), "{cut}");
    }
    // The end entity's certificate alone is a chain as well.
    fs::write(rack.files.certificate(), &chain.as_bytes()[..second]).unwrap();
    let alone = Identity::new(next.chain()[..1].to_vec(), next.key().clone()).unwrap();
    rack.gives(&alone);
    write_certificate(&rack.files, &next, Manner::InPlace);
    rack.gives(&next);
}

/// Written over in place, of the same size, and sooner than the clock of a file system moves on.
#[test]
fn a_change_within_one_tick_is_seen() {
    let mut rack = Rack::new();
    let (first, next) = (rack.first.clone(), rack.issue());
    assert_eq!(first.key().to_pem(None).unwrap().len(), next.key().to_pem(None).unwrap().len());
    for _ in 0..200 {
        write_key(&rack.files, &next, Manner::InPlace);
        assert_eq!(rack.fails(), Some(ErrorKind::KeyMismatch));
        write_key(&rack.files, &first, Manner::InPlace);
        rack.gives(&first);
    }
}

/// After an error the identity is given again, also if it is the one from before.
#[test]
fn files_that_come_back_are_given_again() {
    let mut rack = Rack::new();
    let away = rack.path("away");
    for file in [rack.files.certificate().to_owned(), rack.files.key().to_owned()] {
        fs::rename(&file, &away).unwrap();
        assert_eq!(rack.fails(), Some(ErrorKind::NotFound));
        rack.settle();
        fs::rename(&away, &file).unwrap();
        let first = rack.first.clone();
        rack.gives(&first);
        // What is no file is told in other words.
        fs::rename(&file, &away).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(rack.files.load().is_err());
        fs::remove_dir(&file).unwrap();
        fs::rename(&away, &file).unwrap();
        rack.gives(&first);
    }
}

/// Links that lead through a directory link which is swapped, as container platforms and ACME clients do it.
#[test]
fn a_pair_behind_a_link_changes_in_one_step() {
    let mut rack = Rack::new();
    let save = |name: &str, identity: &Identity| {
        fs::create_dir(rack.path(name)).unwrap();
        let (certificate, key) = (rack.path(name).join("cert.pem"), rack.path(name).join("key.pem"));
        identity.save(certificate, key, None).unwrap();
    };
    let (first, next) = (rack.first.clone(), rack.issue());
    save("1", &first);
    save("2", &next);
    symlink("1", rack.path("current")).unwrap();
    for name in ["cert.pem", "key.pem"] {
        symlink(Path::new("current").join(name), rack.path(name)).unwrap();
    }
    rack.files = IdentityFiles::new(rack.path("cert.pem"), rack.path("key.pem"), None);
    assert_eq!(rack.files.load().unwrap().chain(), first.chain());
    symlink("2", rack.path("swap")).unwrap();
    fs::rename(rack.path("swap"), rack.path("current")).unwrap();
    rack.gives(&next);
}

/// A writer that never waits for the reader: whatever is given is a pair, and the last pair is given in the end.
#[test]
fn a_writer_beside_the_reader_never_makes_a_mixture() {
    const ROUNDS: usize = 100;
    let mut rack = Rack::new();
    let pairs: Vec<Identity> = (0..4).map(|_| rack.issue()).collect();
    let last = pairs[(ROUNDS - 1) % pairs.len()].clone();
    let files = rack.files.clone();
    let writing = thread::spawn(move || {
        for round in 0..ROUNDS {
            let (pair, manner) = (&pairs[round % pairs.len()], MANNERS[round / 2 % 2]);
            if round % 3 == 0 {
                write_key(&files, pair, manner);
            }
            write_certificate(&files, pair, manner);
            write_key(&files, pair, manner);
        }
    });
    let mut given = None;
    let begin = Instant::now();
    while !writing.is_finished() || given.as_ref().is_none_or(|it: &Identity| it.chain() != last.chain()) {
        assert!(begin.elapsed() < DEADLINE, "the last pair is not given");
        match rack.files.reload_if_changed() {
            Ok(Some(pair)) => {
                assert_eq!(pair.certificate().spki(), pair.key().spki());
                given = Some(pair);
            }
            Ok(None) => {}
            Err(error) => assert!(matches!(error.kind(), ErrorKind::KeyMismatch | ErrorKind::Parse), "{error}"),
        }
    }
    writing.join().unwrap();
}

#[test]
fn an_encrypted_key_is_opened_and_its_passphrase_never_shown() {
    let rack = Rack::new();
    let (certificate, key) = (rack.path("sealed.cert.pem"), rack.path("sealed.key.pem"));
    rack.first.save(&certificate, &key, Some(b"correct horse")).unwrap();
    let mut files = IdentityFiles::new(&certificate, &key, Some(b"correct horse"));
    assert_eq!(files.load().unwrap().chain(), rack.first.chain());
    let shown = format!("{files:?}");
    assert!(shown.contains("sealed.key.pem") && !shown.contains("horse") && !shown.contains("99, 111"), "{shown}");
    for (passphrase, kind) in [(None, ErrorKind::PassphraseRequired), (Some(&b"wrong"[..]), ErrorKind::WrongPassphrase)]
    {
        let error = IdentityFiles::new(&certificate, &key, passphrase).load().unwrap_err();
        assert_eq!((error.kind(), error.path()), (kind, Some(&*key)));
    }
}
