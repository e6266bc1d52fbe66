//! The watcher: notices changes, so that additions are indexed and idle connections are closed early.
//!
//! A decision looks at the file itself, unless nothing has changed since somebody did: then it is for the watcher to say
//! that nothing waits to be told (see `quiet.rs`). It is one thread a directory, with all signals blocked, asleep until
//! something changes. Only where changes may go untold (network file systems, files mounted into the directory, too many
//! watches) does it look at the files of live connections once a second.

#[cfg(target_os = "linux")]
mod inotify;
#[cfg(not(target_os = "linux"))]
mod notify;

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

#[cfg(target_os = "linux")]
use self::inotify as system;
#[cfg(not(target_os = "linux"))]
use self::notify as system;
use self::system::{Events, Waiting, Waker};
use super::links::{self, Hop};
use super::live::lock;
use super::quiet::Quiet;
use super::stamp::Stamp;
use super::{Inner, TrustDir};
use crate::error::{Error, Result};
use crate::file;

/// How long an idle connection may outlive its entry where changes may go untold.
const SWEEP: Duration = Duration::from_secs(1);

/// Directories that links lead to and that are watched.
const FOLLOWED: usize = 1024;

/// Something has changed.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "notify says less"))]
enum Event {
    /// What lies under this path.
    Changed(PathBuf),
    /// What a path leads to, or a watched directory itself.
    Moved,
    Mounts,
    /// Events were lost.
    Lost,
}

/// The directory's handle on its watcher thread, which ends when the handle is dropped.
pub(super) struct Watch(Arc<Shared>);

struct Shared {
    waker: Waker,
    /// The process of the thread: in one forked from it nothing is seen to.
    process: u32,
    waiting: Waiting,
    /// Counts what is to be seen to: batches of events when the first is taken, and whatever the thread is woken for.
    asked: AtomicU32,
    /// How much of it has been seen to.
    answered: AtomicU32,
    stop: AtomicBool,
    /// There are connections to look after.
    live: AtomicBool,
    rearm: AtomicBool,
    rescan: AtomicBool,
    /// A rescan is going on.
    scanning: AtomicBool,
    /// Whether changes may go untold.
    deaf: AtomicBool,
    /// The directory that is watched; another one under its name needs new watches.
    armed: Mutex<Option<Stamp>>,
    fault: Mutex<Option<String>>,
    /// Directories that links lead to, as they are written there, and that are watched; and those that are to be, with a
    /// link to each.
    followed: Mutex<HashSet<PathBuf>>,
    to_follow: Mutex<Vec<(PathBuf, OsString)>>,
}

impl Watch {
    /// Starts the thread. The directory is watched when this returns, so that a scan after it misses nothing.
    pub(super) fn start(directory: Weak<Inner>, path: &Path) -> Result<Self> {
        let failed = |source| Error::io("watch", path, source);
        let (events, waker) = Events::open().map_err(failed)?;
        let shared = Arc::new(Shared {
            waker,
            process: process::id(),
            waiting: events.waiting().map_err(failed)?,
            asked: AtomicU32::new(0),
            answered: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            live: AtomicBool::new(false),
            rearm: AtomicBool::new(false),
            rescan: AtomicBool::new(false),
            scanning: AtomicBool::new(false),
            deaf: AtomicBool::new(false),
            armed: Mutex::default(),
            fault: Mutex::default(),
            followed: Mutex::default(),
            to_follow: Mutex::default(),
        });
        let mut eyes = Eyes {
            events,
            path: path.to_owned(),
            directory: path.to_owned(),
            has_mounts: false,
            targets: HashSet::new(),
            shared: shared.clone(),
        };
        eyes.arm();
        let spawned = thread::Builder::new().name("trustdir-watch".into()).spawn(move || {
            block_signals();
            eyes.run(&directory);
        });
        spawned.map_err(failed)?;
        Ok(Self(shared))
    }

    /// Tells the thread that there are connections to look after.
    pub(super) fn connections_are_live(&self) {
        if self.0.deaf.load(Ordering::Acquire) && !self.0.live.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Asks for new watches if another directory lies under the name now.
    pub(super) fn rearm(&self, now: Option<Stamp>) {
        let same = match (*lock(&self.0.armed), now) {
            (Some(armed), Some(now)) => armed.same_inode(&now),
            (armed, now) => armed.is_none() && now.is_none(),
        };
        if !same && !self.0.rearm.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Asks for a look at the whole directory, which takes too long for whoever noticed that it is needed.
    pub(super) fn rescan(&self) {
        if !self.0.rescan.swap(true, Ordering::AcqRel) {
            self.wake();
        }
    }

    /// Sees to it that a change of what the link leads to is noticed. Returns what stands for the paths it leads by.
    pub(super) fn follow(&self, link: &OsStr, hops: &[Hop]) -> Vec<u64> {
        let unknown: Vec<_> = {
            let followed = lock(&self.0.followed);
            let directories = hops.iter().map(|hop| file::parent(&hop.written)).filter(|dir| !followed.contains(*dir));
            directories.map(|dir| (dir.to_owned(), link.to_owned())).collect()
        };
        if !unknown.is_empty() {
            lock(&self.0.to_follow).extend(unknown);
            self.wake();
        }
        hops.iter().map(|hop| links::hash(&hop.path)).collect()
    }

    /// The stretch of time without changes that this moment belongs to, if there is one.
    pub(super) fn quiet(&self) -> Option<Quiet> {
        let shared = &*self.0;
        // In this order: whatever was taken by the thread is counted as asked before it.
        if shared.process != process::id() || !shared.waiting.is_empty(|| self.wake()) {
            return None;
        }
        let asked = shared.asked.load(Ordering::SeqCst);
        let answered = shared.answered.load(Ordering::SeqCst);
        (asked == answered && !shared.deaf.load(Ordering::SeqCst)).then(|| Quiet::now(asked))
    }

    /// Why the directory cannot be watched, if it cannot.
    pub(super) fn fault(&self) -> Option<String> {
        lock(&self.0.fault).clone()
    }

    fn wake(&self) {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        system::wake(&self.0.waker);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Release);
        self.wake();
    }
}

/// What a batch of events asks for.
#[derive(Default)]
struct Changes {
    files: HashSet<OsString>,
    all: bool,
    /// Another directory may lie under the name.
    directory: bool,
}

/// The thread's own: what it watches, and how.
struct Eyes {
    events: Events,
    path: PathBuf,
    /// The path without links, as the events name it.
    directory: PathBuf,
    /// Whether something is mounted in the directory, of whose changes nothing is told there.
    has_mounts: bool,
    /// The directories that links lead to, as the events name them.
    targets: HashSet<PathBuf>,
    shared: Arc<Shared>,
}

impl Eyes {
    fn run(&mut self, directory: &Weak<Inner>) {
        let mut sweeping = false;
        loop {
            let mut asked = 0;
            let begin = || asked = self.shared.asked.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
            let events = self.events.wait(sweeping.then_some(SWEEP), begin);
            if self.shared.stop.load(Ordering::Acquire) {
                return;
            }
            let Some(directory) = directory.upgrade().map(TrustDir) else { return };
            let see = AssertUnwindSafe(|| self.see_to(events, &directory));
            sweeping = catch_unwind(see).unwrap_or_else(|_| {
                // Whoever reads or writes looks at the file itself then, and the idle are looked after by the clock.
                self.shared.deaf.store(true, Ordering::SeqCst);
                *lock(&self.shared.fault) = Some(fault("its watcher has panicked"));
                true
            });
            self.shared.answered.store(asked, Ordering::SeqCst);
        }
    }

    /// Sees to a batch of events, and to what else was asked for. Returns whether there are connections to be looked
    /// after by the clock.
    fn see_to(&mut self, events: Vec<Event>, directory: &TrustDir) -> bool {
        let mut changes = Changes::default();
        for event in events {
            self.sort(event, directory, &mut changes);
        }
        changes.directory |= self.shared.rearm.swap(false, Ordering::AcqRel);
        if changes.directory {
            // Whose entry has gone does not wait for the watches, which the system takes back in its own time.
            directory.check_live();
            self.arm();
        }
        changes.files.extend(self.follow());
        if changes.directory || changes.all {
            // A directory that has gone admits nobody; whoever lists it is told why.
            let _ = directory.refresh();
            // One that cannot be listed any more says nothing of its files.
            directory.check_live();
        } else if !changes.files.is_empty() {
            directory.reread(changes.files.into_iter().collect(), None);
        }
        if self.shared.rescan.swap(false, Ordering::AcqRel) {
            self.rescan(directory);
        }
        let mut sweeping = false;
        if self.shared.deaf.load(Ordering::Acquire) {
            self.shared.live.store(false, Ordering::Release);
            sweeping = directory.check_live();
            self.shared.live.fetch_or(sweeping, Ordering::AcqRel);
        }
        directory.tell_observers();
        sweeping
    }

    /// Sorts an event into the changes that it asks for.
    fn sort(&self, event: Event, directory: &TrustDir, changes: &mut Changes) {
        match event {
            Event::Lost => changes.all = true,
            Event::Moved => changes.directory = true,
            Event::Mounts => {
                let same = Stamp::of(&self.path).zip(*lock(&self.shared.armed));
                changes.directory |= same.is_none_or(|(now, armed)| !now.same_inode(&armed));
                changes.directory |= system::has_mounts(&self.directory) != self.has_mounts;
                // Something may have been mounted over what a link leads to.
                changes.all |= !lock(&self.shared.followed).is_empty();
            }
            Event::Changed(path) => {
                if file::parent(&path) == self.directory {
                    changes.files.extend(path.file_name().map(ToOwned::to_owned));
                }
                changes.directory |= self.directory.starts_with(&path) || self.path.starts_with(&path);
                // The directory of a target itself: its permissions.
                changes.all |= self.targets.contains(&path);
                changes.files.extend(directory.links_by(links::hash(&path)));
            }
        }
    }

    /// Watches the directory that lies under the path now, or where it would appear, and all that leads there.
    fn arm(&mut self) {
        // Before the watches: what changes from here on is told.
        let stamp = Stamp::of(&self.path);
        *lock(&self.shared.armed) = stamp;
        let cleared = self.events.clear();
        // First the way: if it leads elsewhere than where it is found to lead after that, that is told.
        let way = self.events.watch_above(&self.path);
        self.directory = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let there = self.directory.ancestors().find(|above| above.is_dir()).unwrap_or(&self.directory).to_owned();
        let above = [way, self.events.watch_above(&self.directory)];
        let armed = cleared.and_then(|()| self.events.watch(&there));
        self.has_mounts = system::has_mounts(&self.directory);
        let told = above == [true; 2] && matches!(armed, Ok(true)) && !self.has_mounts;
        self.shared.deaf.store(!told, Ordering::SeqCst);
        self.targets.clear();
        let followed = std::mem::take(&mut *lock(&self.shared.followed));
        // What is gone is followed again by whoever restores it and finds the link changed.
        followed.into_iter().filter(|dir| dir.is_dir()).for_each(|dir| self.watch_target(dir));
        *lock(&self.shared.fault) = armed.err().map(|error| fault(&error.to_string()));
    }

    /// Watches the directories that links were found to lead to; the links are to be looked at again.
    fn follow(&mut self) -> Vec<OsString> {
        let to_follow = std::mem::take(&mut *lock(&self.shared.to_follow));
        let mut links = Vec::new();
        for (dir, link) in to_follow {
            let (known, count) = {
                let followed = lock(&self.shared.followed);
                (followed.contains(&dir), followed.len())
            };
            if known {
                continue;
            }
            links.push(link);
            if count < FOLLOWED {
                self.watch_target(dir);
            } else {
                // Whoever owns a link's target may lead it anywhere, but not use up the system's watches.
                self.shared.deaf.store(true, Ordering::Release);
            }
        }
        links
    }

    /// Watches a directory that links lead to, and all that leads there.
    fn watch_target(&mut self, dir: PathBuf) {
        let target = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        let above = [&dir, &target].map(|path| self.events.watch_above(path));
        // What cannot be watched (no permission, too many watches) is looked at once a second instead.
        if above != [true; 2] || !self.events.watch(&target).unwrap_or_default() {
            self.shared.deaf.store(true, Ordering::Release);
        }
        self.targets.insert(target);
        lock(&self.shared.followed).insert(dir);
    }

    /// Looks at the whole directory in a thread of its own, so that removals do not wait for it.
    fn rescan(&self, directory: &TrustDir) {
        if self.shared.scanning.swap(true, Ordering::AcqRel) {
            return;
        }
        let (directory, shared) = (directory.clone(), self.shared.clone());
        let spawned = thread::Builder::new().name("trustdir-scan".into()).spawn(move || {
            block_signals();
            let _ = catch_unwind(AssertUnwindSafe(|| directory.refresh()));
            shared.scanning.store(false, Ordering::Release);
        });
        if spawned.is_err() {
            self.shared.scanning.store(false, Ordering::Release);
        }
    }
}

fn fault(why: &str) -> String {
    format!(
        "this directory cannot be watched ({why}); idle connections of removed clients are closed within {} s",
        SWEEP.as_secs()
    )
}

/// The host's signals are for the host's threads.
pub(super) fn block_signals() {
    #[cfg(unix)]
    {
        let _ = nix::sys::signal::SigSet::all().thread_block();
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
