//! Events of files and directories where there is no inotify.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Event;

/// Wakes whoever waits for events, from any thread.
pub(super) type Waker = Sender<Option<notify::Result<notify::Event>>>;

pub(super) fn wake(waker: &Waker) {
    let _ = waker.send(None);
}

/// What waits to be told: nobody can say.
pub(super) struct Waiting;

impl Waiting {
    pub(super) fn is_empty(&self, _: impl FnOnce()) -> bool {
        false
    }
}

pub(super) struct Events {
    watcher: RecommendedWatcher,
    waker: Waker,
    received: Receiver<Option<notify::Result<notify::Event>>>,
}

impl Events {
    pub(super) fn open() -> io::Result<(Self, Waker)> {
        let (waker, received) = channel();
        Ok((Self { watcher: watcher(waker.clone())?, waker: waker.clone(), received }, waker))
    }

    /// Forgets every watch.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.watcher = watcher(self.waker.clone())?;
        Ok(())
    }

    /// Watches what lies in a directory; whether all that changes it will be told, which nothing here vouches for.
    pub(super) fn watch(&mut self, dir: &Path) -> io::Result<bool> {
        self.watcher.watch(dir, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        Ok(false)
    }

    /// Watches whether another directory is put under a path; whether all that changes that will be told.
    pub(super) fn watch_above(&mut self, path: &Path) -> bool {
        path.parent().is_none_or(|parent| self.watch(parent).unwrap_or_default())
    }

    /// What waits to be told by these events.
    pub(super) fn waiting(&self) -> io::Result<Waiting> {
        Ok(Waiting)
    }

    /// Waits for events, for the waker or for the time to pass; `begin` is called before an event is seen to.
    pub(super) fn wait(&mut self, timeout: Option<Duration>, begin: impl FnOnce()) -> Vec<Event> {
        let first = match timeout {
            Some(timeout) => self.received.recv_timeout(timeout).ok(),
            None => self.received.recv().ok(),
        };
        begin();
        first.into_iter().chain(self.received.try_iter()).flatten().flat_map(sort).collect()
    }
}

/// Whether something is mounted in a directory, which matters only where all else is told.
pub(super) fn has_mounts(_: &Path) -> bool {
    false
}

fn watcher(waker: Waker) -> io::Result<RecommendedWatcher> {
    let tell = move |event| {
        let _ = waker.send(Some(event));
    };
    notify::recommended_watcher(tell).map_err(io::Error::other)
}

fn sort(event: notify::Result<notify::Event>) -> Vec<Event> {
    match event {
        // Reading, ours above all, changes nothing.
        Ok(event) if matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write)) => {
            Vec::new()
        }
        Ok(event) if !event.need_rescan() => event.paths.into_iter().map(Event::Changed).collect(),
        // An error is lost events.
        _ => vec![Event::Lost],
    }
}
