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

    /// Watches whether another directory is put under a path.
    pub(super) fn watch_above(&mut self, path: &Path) {
        let _ = path.parent().map(|parent| self.watch(parent));
    }

    /// Waits for events, for the waker or for the time to pass.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> Vec<Event> {
        let first = match timeout {
            Some(timeout) => self.received.recv_timeout(timeout).ok(),
            None => self.received.recv().ok(),
        };
        first.into_iter().chain(self.received.try_iter()).flatten().flat_map(sort).collect()
    }
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
