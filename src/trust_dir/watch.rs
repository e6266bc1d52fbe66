//! The watcher: notices changes, so that additions are indexed and idle connections are closed early.
//!
//! Nothing is exact because of it: each decision looks at the file itself. It is one thread a directory,
//! with all signals blocked, asleep until the directory, its parent or a link's target changes. While
//! connections are live it also looks at their files once a second, for file systems without events.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::live::lock;
use super::stamp::Stamp;
use super::{Inner, TrustDir};
use crate::error::{Error, Result};
use crate::file;

/// How long an idle connection may outlive its entry where the file system gives no events.
const SWEEP: Duration = Duration::from_secs(1);

/// The directory's handle on its watcher thread, which ends when the handle is dropped.
pub(super) struct Watch {
    sender: Sender<Message>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Whether the thread knows that there are live connections.
    sweeping: AtomicBool,
    /// The directory that the events come from; another one under its name needs a new watch.
    armed: Mutex<Option<Stamp>>,
    fault: Mutex<Option<String>>,
}

enum Message {
    Event(notify::Result<notify::Event>),
    Live,
    Rearm,
    Stop,
}

impl Watch {
    /// Starts the thread and returns once the directory is watched, so that a scan after it misses nothing.
    pub(super) fn start(directory: Weak<Inner>, path: &Path) -> Result<Self> {
        let (sender, receiver) = channel();
        let (ready, armed) = channel();
        let shared = Arc::new(Shared::default());
        let (path, events, state) = (path.to_owned(), sender.clone(), shared.clone());
        let spawned = thread::Builder::new().name("trustdir-watch".into()).spawn({
            let path = path.clone();
            move || {
                block_signals();
                let mut eyes = Eyes::open(&path, events, state);
                let _ = ready.send(());
                run(&directory, &mut eyes, &receiver);
            }
        });
        spawned.map_err(|source| Error::io("start the thread that watches", &path, source))?;
        let _ = armed.recv();
        Ok(Self { sender, shared })
    }

    /// Tells the thread that there are connections to look after.
    pub(super) fn connections_are_live(&self) {
        if !self.shared.sweeping.swap(true, Ordering::AcqRel) {
            let _ = self.sender.send(Message::Live);
        }
    }

    /// Asks for a new watch if another directory lies under the name now.
    pub(super) fn rearm(&self, now: Option<Stamp>) {
        let armed = *lock(&self.shared.armed);
        let same = match (armed, now) {
            (Some(armed), Some(now)) => armed.same_inode(&now),
            (armed, now) => armed.is_none() && now.is_none(),
        };
        if !same && lock(&self.shared.fault).is_none() {
            let _ = self.sender.send(Message::Rearm);
        }
    }

    /// Why the directory cannot be watched, if it cannot.
    pub(super) fn fault(&self) -> Option<String> {
        lock(&self.shared.fault).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.sender.send(Message::Stop);
    }
}

/// Wakes on messages, and every [`SWEEP`] while connections are live.
fn run(directory: &Weak<Inner>, eyes: &mut Eyes, receiver: &Receiver<Message>) {
    let mut sweeping = false;
    loop {
        let first = if sweeping {
            match receiver.recv_timeout(SWEEP) {
                Err(RecvTimeoutError::Disconnected) => return,
                first => first.ok(),
            }
        } else {
            match receiver.recv() {
                Err(_) => return,
                first => first.ok(),
            }
        };
        let mut changes = Changes::default();
        for message in first.into_iter().chain(receiver.try_iter()) {
            match message {
                Message::Stop => return,
                Message::Live => sweeping = true,
                Message::Rearm => changes.directory = true,
                Message::Event(Ok(event)) => eyes.sort(&event, &mut changes),
                // An error is lost events.
                Message::Event(Err(_)) => changes.all = true,
            }
        }
        let Some(directory) = directory.upgrade().map(TrustDir) else { return };
        if changes.directory {
            eyes.arm();
        }
        if changes.directory || changes.all {
            // A directory that has gone admits nobody; whoever lists it is told why.
            let _ = directory.refresh();
        } else if !changes.files.is_empty() {
            directory.reread(changes.files.into_iter());
        }
        eyes.follow_links(&directory);
        if sweeping {
            eyes.shared.sweeping.store(false, Ordering::Release);
            sweeping = directory.check_live();
            eyes.shared.sweeping.fetch_or(sweeping, Ordering::AcqRel);
        }
        directory.tell_observers();
    }
}

/// What a batch of events asks for.
#[derive(Default)]
struct Changes {
    files: HashSet<OsString>,
    all: bool,
    directory: bool,
}

/// The watches: on the directory, on its parent (the directory may be replaced) and on the directories
/// that links lead to (a target that changes gives no event where the link lies).
struct Eyes {
    watcher: Option<RecommendedWatcher>,
    directory: PathBuf,
    followed: HashSet<PathBuf>,
    targets: HashMap<PathBuf, Vec<OsString>>,
    generation: Option<u64>,
    shared: Arc<Shared>,
}

impl Eyes {
    fn open(path: &Path, sender: Sender<Message>, shared: Arc<Shared>) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading, ours above all, changes nothing.
            let reading = event.as_ref().is_ok_and(
                |event| matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)),
            );
            if !reading {
                let _ = sender.send(Message::Event(event));
            }
        });
        // Resolved once: two names for one directory would share one watch and confuse its events.
        let parent = file::parent(path).canonicalize();
        let directory = match (parent, path.file_name()) {
            (Ok(parent), Some(name)) => parent.join(name),
            _ => path.to_owned(),
        };
        let mut eyes = Self {
            watcher: None,
            directory,
            followed: HashSet::new(),
            targets: HashMap::new(),
            generation: None,
            shared,
        };
        match watcher {
            Ok(watcher) => eyes.watcher = Some(watcher),
            Err(error) => eyes.fail(&error),
        }
        eyes.arm();
        eyes
    }

    /// Watches the directory that lies under the name now, and its parent.
    fn arm(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        // The watch may be on a directory that was moved away, or be gone with it.
        let _ = watcher.unwatch(&self.directory);
        let stamp = Stamp::of(&self.directory);
        *lock(&self.shared.armed) = stamp;
        if stamp.is_some()
            && let Err(error) = watcher.watch(&self.directory, RecursiveMode::NonRecursive)
        {
            self.fail(&error);
        }
        self.follow(file::parent(&self.directory.clone()));
    }

    fn follow(&mut self, directory: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        // What cannot be watched (no permission, too many watches) is looked at once a second instead.
        if !self.followed.contains(directory) && watcher.watch(directory, RecursiveMode::NonRecursive).is_ok() {
            self.followed.insert(directory.to_owned());
        }
    }

    fn fail(&mut self, error: &notify::Error) {
        self.watcher = None;
        let message = format!(
            "this directory cannot be watched ({error}); idle connections of removed clients are closed within {} s",
            SWEEP.as_secs()
        );
        *lock(&self.shared.fault) = Some(message);
    }

    /// Sorts an event into the changes that it asks for.
    fn sort(&self, event: &notify::Event, changes: &mut Changes) {
        if event.need_rescan() {
            changes.all = true;
        }
        let name_change =
            matches!(event.kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        for path in &event.paths {
            if *path == self.directory {
                changes.directory |= name_change;
            } else if file::parent(path) == self.directory {
                changes.files.extend(path.file_name().map(ToOwned::to_owned));
            }
            changes.files.extend(self.targets.get(path).into_iter().flatten().cloned());
        }
    }

    /// Follows the links that are in the directory now to where they lead.
    fn follow_links(&mut self, directory: &TrustDir) {
        let (generation, links) = directory.links();
        if self.generation == Some(generation) {
            return;
        }
        self.generation = Some(generation);
        self.targets.clear();
        let here = self.directory.canonicalize().ok();
        for name in links {
            let Ok(target) = self.directory.join(&name).read_link() else { continue };
            let target = self.directory.join(target);
            let (Ok(parent), Some(file_name)) = (file::parent(&target).canonicalize(), target.file_name()) else {
                continue;
            };
            let parent = if Some(&parent) == here.as_ref() { self.directory.clone() } else { parent };
            self.targets.entry(parent.join(file_name)).or_default().push(name);
            if parent != self.directory {
                self.follow(&parent);
            }
        }
    }
}

/// The host's signals are for the host's threads.
fn block_signals() {
    #[cfg(unix)]
    {
        let _ = nix::sys::signal::SigSet::all().thread_block();
    }
}
