//! Bringing the index in line with the directory. Files are read without the index being locked: whatever is entered
//! late has an old mark, and is looked at again by the next decision.

use std::ffi::{OsStr, OsString};
use std::io;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::content::{Content, Pin, Record};
use super::index::{Pinned, Place};
use super::live::lock;
use super::names::{Name, Names};
use super::stamp::{Mark, Stamp};
use super::watch::block_signals;
use super::{TrustDir, links};
use crate::certificate::Fingerprint;
use crate::error::{Error, Result};
use crate::file::Directory;

/// Files that a thread takes at a time.
const CHUNK: usize = 512;

/// A directory of so many names is looked at as a whole within a decision: that takes a few milliseconds.
const FEW: usize = 4096;

/// Larger ones are looked at by decisions no more often than this many times as long as it takes.
const REST: u32 = 10;

/// Hears how many files of how many have been looked at, from any thread.
pub(crate) type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// The last look at the whole directory.
#[derive(Default)]
pub(super) struct LastScan {
    names: usize,
    /// Whether there were names that are no subject hashes.
    strays: bool,
    took: Duration,
    ended: Option<Instant>,
}

impl LastScan {
    fn add(&mut self, names: &Names) {
        self.names += names.len();
        self.strays |= names.has_strays();
    }

    fn see(&mut self, seen: &Self) {
        (self.names, self.strays) = (seen.names, seen.strays);
    }

    fn is_cheap(&self) -> bool {
        self.names <= FEW
    }

    fn is_rested(&self) -> bool {
        self.ended.is_none_or(|ended| ended.elapsed() >= self.took * REST)
    }
}

impl TrustDir {
    /// Brings the index in line with the directory now and closes connections whose entry has gone. Reads
    /// only files that have changed. Needed only by hosts that have switched the watcher off.
    pub fn refresh(&self) -> Result<()> {
        self.refresh_with(&|_, _| {})
    }

    pub(super) fn refresh_with(&self, progress: Progress<'_>) -> Result<()> {
        let (gone, updated) = self.update(progress);
        self.dismiss(gone);
        updated
    }

    /// Brings the index in line and says which certificates have gone; their connections are yet to be told.
    pub(crate) fn update(&self, progress: Progress<'_>) -> (Vec<Fingerprint>, Result<()>) {
        let start = Instant::now();
        let (mut gone, mut result, moved) = self.update_once(progress);
        if moved && !gone.is_empty() {
            // A file that is renamed while the directory is listed may be missing from the list under both names.
            let (more, again, _) = self.update_once(progress);
            gone.extend(more);
            result = again;
        }
        let mut last = lock(&self.0.last_scan);
        (last.took, last.ended) = (start.elapsed(), Some(Instant::now()));
        drop(last);
        (self.still_gone(gone), result)
    }

    /// Also whether the directory has changed meanwhile.
    fn update_once(&self, progress: Progress<'_>) -> (Vec<Pin>, Result<()>, bool) {
        let path = &self.0.path;
        let stamp = Stamp::of(path);
        let mark = stamp.map(|stamp| stamp.mark()).unwrap_or_default();
        // New files first: a certificate that was renamed has never been away.
        let (listed, mut gone, mut names) = self.look_at_all(progress);
        let result = match listed {
            Ok(()) => Ok(()),
            Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                lock(&self.0.last_scan).see(&LastScan::default());
                Err(Error::io("read the trust directory, so nobody is admitted", path, source))
            }
            // What cannot be listed at the moment is still there, and each decision looks at its file.
            Err(source) => return (gone, Err(Error::io("read", path, source)), true),
        };
        names.sort();
        // What a listing beside a writer has missed is still there.
        let vanished = self.index().vanished(&names);
        for names in vanished.chunks(CHUNK) {
            gone.extend(self.look_at(names.iter().cloned().map(Name::from).collect(), None, None).gone);
        }
        // Another directory may have been listed than the one that was looked at before.
        let same = mark.still(path);
        self.index_mut().directory = if same { mark } else { Mark::default() };
        if let Some(watch) = self.0.watch.get() {
            watch.rearm(stamp);
        }
        (gone, result, !same)
    }

    /// Brings the index in line with what was just written or removed, and with all else if that is soon done.
    pub(super) fn notice<'a>(&self, files: impl IntoIterator<Item = &'a PathBuf>) -> Result<()> {
        if self.is_small() {
            return self.refresh();
        }
        let names = files.into_iter().filter_map(|file| file.file_name()).map(ToOwned::to_owned);
        self.reread(names.collect(), None);
        Ok(())
    }

    /// Whether the directory may be looked at as a whole within a call.
    pub(super) fn is_small(&self) -> bool {
        lock(&self.0.last_scan).is_cheap()
    }

    /// Whether files of other names than subject hashes may lie in the directory, as far as is known without listing a
    /// large one.
    pub(super) fn has_strays(&self) -> bool {
        let last = lock(&self.0.last_scan);
        last.is_cheap() || last.strays
    }

    /// Looks at all that the directory lists, in as many threads as there are processors and while it is still being
    /// listed: at the files that are not what they were. After an error, what has been looked at is right all the same.
    fn look_at_all(&self, progress: Progress<'_>) -> (io::Result<()>, Vec<Pin>, Names) {
        let (total, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (to_all, listed) = mpsc::channel::<Names>();
        let listed = Mutex::new(listed);
        // Into an empty index everything is entered at once, in the end.
        let fill = self.index().is_empty();
        let work = || {
            let (mut gone, mut plain, mut names) = (Vec::new(), Vec::<Pinned>::new(), Names::default());
            loop {
                let Ok(chunk) = lock(&listed).recv() else {
                    plain.sort_unstable();
                    return (gone, plain, names);
                };
                let changed = chunk.files().filter(|file| fill || !self.is_fresh(&file.name)).collect();
                gone.extend(self.look_at(changed, None, fill.then_some(&mut plain)).gone);
                let done = done.fetch_add(chunk.len(), Ordering::AcqRel) + chunk.len();
                // Unknown until all are listed.
                let total = total.load(Ordering::Relaxed);
                if total > 0 {
                    progress(done, total);
                }
                names.append(chunk);
            }
        };
        thread::scope(|scope| {
            let helper = || {
                block_signals();
                work()
            };
            let most = thread::available_parallelism().map_or(1, NonZero::get);
            let (mut helpers, mut seen) = (Vec::new(), LastScan::default());
            let rest = Names::in_directory(&self.0.path, CHUNK, |chunk| {
                seen.add(&chunk);
                let _ = to_all.send(chunk);
                // Where no thread can be started, this one does it all.
                if seen.names / (4 * CHUNK) > helpers.len() && helpers.len() + 1 < most {
                    helpers.extend(thread::Builder::new().spawn_scoped(scope, helper).ok());
                }
            });
            let listing = rest.map(|rest| {
                seen.add(&rest);
                total.store(seen.names, Ordering::Relaxed);
                let _ = to_all.send(rest);
                lock(&self.0.last_scan).see(&seen);
            });
            drop(to_all);
            let (mut gone, mut plain, mut names) = work();
            for helper in helpers {
                // A panic is the host's, whose callback is told of progress; it goes on where the host is.
                let (more_gone, more_plain, more_names) = helper.join().unwrap_or_else(|panic| resume_unwind(panic));
                gone.extend(more_gone);
                plain.extend(more_plain);
                names.append(more_names);
            }
            if fill {
                self.index_mut().fill(plain);
            }
            (listing, gone, names)
        })
    }

    /// Whether the file needs no reading: it is what it was.
    fn is_fresh(&self, name: &OsStr) -> bool {
        let known = self.index().mark_of(name);
        known.is_some_and(|mark| mark.still(&self.0.path.join(name)))
    }

    /// Reads these files, whatever their marks say, and says which certificates have gone with it, and which of the
    /// files carries the wanted one: the index may have it otherwise a moment later, from somebody who read before.
    /// What goes into `plain` is entered by the caller.
    fn look_at(&self, files: Vec<Name>, wanted: Option<&Fingerprint>, mut plain: Option<&mut Vec<Pinned>>) -> Look {
        let mut look = Look::default();
        let looking = self.0.looks.begin();
        let directory = files.iter().any(|file| file.regular).then(|| Directory::open(&self.0.path).ok()).flatten();
        let mut read = Vec::with_capacity(files.len());
        for Name { name, regular } in files {
            let looked = looking.now();
            let listed = directory.as_ref().filter(|_| regular);
            let record = listed
                .and_then(|directory| Record::read_listed(directory, &name, self.0.names))
                .or_else(|| Record::read(&self.0.path, &name, self.0.names))
                .filter(Record::is_worth_keeping);
            if let Some(plain) = &mut plain
                && let Some(pinned) = record.as_ref().and_then(|record| Pinned::plain(Place::named(&name)?, record))
                && !pinned.is_link()
            {
                plain.push(pinned);
                continue;
            }
            let link = record.as_ref().is_some_and(|record| record.stamp.is_none_or(|stamp| stamp.is_link()));
            let hops = match self.0.watch.get() {
                Some(watch) if link => watch.follow(&name, &links::hops(&self.0.path.join(&name))),
                _ => Vec::new(),
            };
            if let Some(record) = &record
                && wanted.is_some_and(|wanted| record.content.pins().iter().any(|pin| pin.fingerprint == *wanted))
            {
                look.found = Some((self.0.path.join(&name), record.mark()));
            }
            read.push((name, looked, record, hops));
        }
        if read.is_empty() {
            return look;
        }
        let mut index = self.index_mut();
        for (name, looked, record, hops) in read {
            if !looking.is_latest(&name, looked) {
                continue;
            }
            look.gone.extend(index.put(&name, record));
            hops.into_iter().for_each(|hop| index.link(&name, hop));
        }
        look
    }

    /// Reads these files again and tells the connections of certificates that have gone. Returns the file that carries
    /// the wanted certificate.
    pub(super) fn reread(&self, names: Vec<OsString>, wanted: Option<&Fingerprint>) -> Option<(PathBuf, Mark)> {
        let files = |names: Vec<OsString>| names.into_iter().map(Name::from).collect();
        let Look { mut gone, mut found } = self.look_at(files(names.clone()), wanted, None);
        if gone.is_empty() {
            return found;
        }
        // A file that was renamed within the directory has not gone, nor one that somebody wrote since it was looked at.
        let mut hashes: Vec<u32> = gone.iter().filter_map(|pin| pin.subject_hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        let neighbours = hashes.into_iter().flat_map(|hash| self.index().names_under(hash));
        let look = self.look_at(files(neighbours.chain(names).collect()), wanted, None);
        gone.extend(look.gone);
        found = found.or(look.found);
        if gone.iter().any(|pin| !self.index().contains(&pin.fingerprint)) {
            self.catch_up();
        }
        self.dismiss(self.still_gone(gone));
        found
    }

    /// Looks at the names `<hash>.<number>` of a subject hash, up to the first that is free: what was installed there
    /// is new. Returns how many there are.
    pub(super) fn look_under(&self, hash: u32) -> usize {
        loop {
            let names = self.index().names_under(hash);
            let known = names.len();
            self.reread(names.into_iter().filter(|name| !self.is_fresh(name)).collect(), None);
            if self.index().names_under(hash).len() <= known {
                return known;
            }
        }
    }

    /// As [`look_under`](Self::look_under) for a stranger, who may come as often as it likes: what many entries share is
    /// looked at again only if the directory has changed.
    pub(super) fn search_under(&self, hash: u32) {
        if lock(&self.0.searched).holds(hash, &self.0.path) {
            return;
        }
        let before = Stamp::of(&self.0.path).map(|stamp| stamp.mark()).unwrap_or_default();
        let names = self.look_under(hash);
        lock(&self.0.searched).note(hash, names, before);
    }

    /// Lists the directory again if it has changed since, as far as a decision has the time: else the watcher does.
    /// Returns whether everything in it is known now.
    pub(super) fn catch_up(&self) -> bool {
        let directory = self.index().directory;
        if directory.still(&self.0.path) {
            return true;
        }
        let (cheap, rested) = {
            let last = lock(&self.0.last_scan);
            (last.is_cheap(), last.is_rested())
        };
        match self.0.watch.get() {
            Some(watch) if !cheap => {
                if rested {
                    watch.rescan();
                }
                false
            }
            // A directory that cannot be read admits nobody; its error is for those who list it.
            _ if cheap || rested => self.refresh().is_ok(),
            _ => false,
        }
    }

    fn still_gone(&self, gone: Vec<Pin>) -> Vec<Fingerprint> {
        let index = self.index();
        gone.into_iter().map(|pin| pin.fingerprint).filter(|fingerprint| !index.contains(fingerprint)).collect()
    }
}

/// What came of reading files.
#[derive(Default)]
struct Look {
    gone: Vec<Pin>,
    /// The file that carries the certificate that was wanted, as it was when it was read.
    found: Option<(PathBuf, Mark)>,
}

impl Record {
    pub(super) fn mark(&self) -> Mark {
        self.stamp.map(|stamp| stamp.mark()).unwrap_or_default()
    }

    /// What is no entry for its name alone need not be remembered, unless it is a link that somebody else follows.
    fn is_worth_keeping(&self) -> bool {
        self.content != Content::Ignored || self.mark().is_link()
    }
}
