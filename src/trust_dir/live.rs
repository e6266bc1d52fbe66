//! Entries that open connections stand on, and what is to be done when they go.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::TrustDir;
use super::stamp::Stamp;
use crate::certificate::Fingerprint;

/// Called once when an entry goes, from whichever thread notices.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// One certificate that connections stand on; gone once and for all when `removed` is set.
pub(crate) struct Live {
    pub(super) fingerprint: Fingerprint,
    removed: AtomicBool,
    /// The file that carried the certificate when it was last looked at.
    seen: Mutex<Option<(PathBuf, Stamp)>>,
    hooks: Mutex<Hooks>,
}

#[derive(Default)]
struct Hooks {
    next: u64,
    waiting: BTreeMap<u64, Hook>,
}

impl Live {
    fn new(fingerprint: Fingerprint) -> Self {
        Self { fingerprint, removed: AtomicBool::new(false), seen: Mutex::default(), hooks: Mutex::default() }
    }

    /// Whether the file last seen is still that file: one or two `stat` calls and no lock of the directory's.
    pub(super) fn is_where_it_was(&self) -> bool {
        lock(&self.seen).as_ref().is_some_and(|(path, stamp)| stamp.still(Stamp::of(path)))
    }

    pub(super) fn saw(&self, path: PathBuf, stamp: Stamp) {
        *lock(&self.seen) = Some((path, stamp));
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Acquire)
    }

    /// Marks the entry as gone and runs the hooks. They hold no lock and may drop connections.
    pub(super) fn remove(&self) {
        self.removed.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut lock(&self.hooks).waiting);
        for hook in waiting.into_values() {
            // A hook that panics is its host's fault; the others are called all the same.
            let _ = catch_unwind(AssertUnwindSafe(hook));
        }
    }
}

/// The entries of a directory that connections stand on.
#[derive(Default)]
pub(super) struct LiveEntries(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_fingerprint: HashMap<Fingerprint, Weak<Live>>,
    /// The size at which entries without connections are dropped next.
    sweep_at: usize,
}

impl LiveEntries {
    /// The live entry of a certificate that was just found in the directory.
    pub(super) fn of(&self, fingerprint: &Fingerprint) -> Arc<Live> {
        let mut table = lock(&self.0);
        if table.by_fingerprint.len() >= table.sweep_at {
            table.by_fingerprint.retain(|_, live| live.strong_count() > 0);
            table.sweep_at = 2 * table.by_fingerprint.len().max(32);
        }
        let known = table.by_fingerprint.get(fingerprint).and_then(Weak::upgrade);
        known.filter(|live| !live.is_removed()).unwrap_or_else(|| {
            let live = Arc::new(Live::new(*fingerprint));
            table.by_fingerprint.insert(*fingerprint, Arc::downgrade(&live));
            live
        })
    }

    /// Takes out the entry of a certificate that has gone.
    pub(super) fn take(&self, fingerprint: &Fingerprint) -> Option<Arc<Live>> {
        lock(&self.0).by_fingerprint.remove(fingerprint).and_then(|live| live.upgrade())
    }

    pub(super) fn all(&self) -> Vec<Arc<Live>> {
        lock(&self.0).by_fingerprint.values().filter_map(Weak::upgrade).collect()
    }
}

/// A connection's hold on the entry that admitted it.
#[derive(Clone)]
pub(crate) struct Held {
    pub(super) directory: TrustDir,
    pub(super) live: Arc<Live>,
}

impl Held {
    /// Whether the entry is still there: exact at this moment, whatever the events did.
    pub(crate) fn is_current(&self) -> bool {
        !self.live.is_removed() && (self.live.is_where_it_was() || self.directory.recheck(&self.live))
    }

    /// Runs the hook when the entry goes, at once if it has gone. Dropping the registration takes it back.
    pub(crate) fn on_removed(&self, hook: Hook) -> Registration {
        let mut hooks = lock(&self.live.hooks);
        let id = hooks.next;
        hooks.next += 1;
        hooks.waiting.insert(id, hook);
        drop(hooks);
        // `remove` sets the flag before it takes the hooks: either it saw ours or we see the flag.
        if self.live.is_removed() {
            self.live.remove();
        }
        Registration { live: self.live.clone(), id }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.live.fingerprint)
    }
}

/// A waiting hook; dropped, the hook is dropped uncalled.
pub(crate) struct Registration {
    live: Arc<Live>,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        let hook = lock(&self.live.hooks).waiting.remove(&self.id);
        drop(hook);
    }
}

/// The data under these locks is whole after every statement, so a panic elsewhere poisons nothing.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
