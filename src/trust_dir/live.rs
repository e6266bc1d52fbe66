//! Entries that open connections stand on, and what is to be done when they go.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::TrustDir;
use super::quiet::{Quiet, Since};
use super::removals::{Listeners, Removal};
use super::stamp::{Look, Mark};
use crate::certificate::{Certificate, Fingerprint};
use crate::error::Result;

/// Called once when an entry goes, from whichever thread notices.
pub(crate) type Hook = Box<dyn FnOnce() + Send>;

/// One certificate that connections stand on; gone once and for all when `removed` is set.
pub(crate) struct Live {
    pub(super) fingerprint: Fingerprint,
    removed: AtomicBool,
    known: Arc<Known>,
    hooks: Mutex<Hooks>,
}

/// What is known of an entry, whether connections stand on it at the moment or have lately.
#[derive(Default)]
struct Known {
    /// The file that carried the certificate when it was last looked at.
    seen: Mutex<Option<(PathBuf, Mark)>>,
    /// When a file was last found to carry it.
    found: Since,
    /// Read once for all connections.
    certificate: OnceLock<Certificate>,
}

/// Entries that are remembered though nobody stands on them.
const REMEMBERED: usize = 256;

#[derive(Default)]
struct Hooks {
    next: u64,
    waiting: BTreeMap<u64, Hook>,
}

impl Live {
    pub(crate) fn new(fingerprint: Fingerprint) -> Self {
        Self::of(fingerprint, Arc::default())
    }

    fn of(fingerprint: Fingerprint, known: Arc<Known>) -> Self {
        Self { fingerprint, removed: AtomicBool::new(false), known, hooks: Mutex::default() }
    }

    /// Whether the file last seen is still that file: one or two `stat` calls, if any, and no lock of the directory's.
    pub(super) fn is_where_it_was(&self, quiet: Option<Quiet>) -> bool {
        let look = || lock(&self.known.seen).as_ref().map_or(Look::Changed, |(path, mark)| mark.look(path));
        self.known.found.holds(quiet, look)
    }

    pub(super) fn saw(&self, path: PathBuf, mark: Mark) {
        *lock(&self.known.seen) = Some((path, mark));
    }

    /// The certificate itself.
    pub(super) fn certificate(&self, read: impl FnOnce() -> Option<Certificate>) -> Option<&Certificate> {
        let known = &self.known.certificate;
        if known.get().is_none()
            && let Some(certificate) = read()
        {
            let _ = known.set(certificate);
        }
        known.get()
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::Acquire)
    }

    /// Marks the entry as gone; true when it was not yet.
    fn mark(&self) -> bool {
        !self.removed.swap(true, Ordering::AcqRel)
    }

    /// Marks what nobody lists as gone, and runs the hooks.
    pub(crate) fn remove(&self) {
        self.mark();
        self.run_hooks();
    }

    /// Runs the hooks. They hold no lock and may drop connections.
    fn run_hooks(&self) {
        let waiting = std::mem::take(&mut lock(&self.hooks).waiting);
        for hook in waiting.into_values() {
            // A hook that panics is its host's fault; the others are called all the same.
            let _ = catch_unwind(AssertUnwindSafe(hook));
        }
    }

    /// Runs the hook when the entry goes, at once if it has gone. Dropping the registration takes it back.
    pub(crate) fn on_removed(self: &Arc<Self>, hook: Hook) -> Registration {
        let mut hooks = lock(&self.hooks);
        let id = hooks.next;
        hooks.next += 1;
        hooks.waiting.insert(id, hook);
        drop(hooks);
        // The flag is set before the hooks are taken: either ours was among them or we see the flag.
        if self.is_removed() {
            self.run_hooks();
        }
        Registration { live: self.clone(), id }
    }
}

/// The entries of a directory that connections stand on.
#[derive(Default)]
pub(super) struct LiveEntries {
    table: Mutex<Table>,
    pub(super) listeners: Listeners,
}

#[derive(Default)]
struct Table {
    by_fingerprint: HashMap<Fingerprint, Weak<Live>>,
    known: HashMap<Fingerprint, Arc<Known>>,
    /// The size at which entries without connections are dropped next.
    sweep_at: usize,
}

impl Table {
    /// The live entry of a certificate of which this is known.
    fn live(&mut self, fingerprint: &Fingerprint, known: impl FnOnce(&mut Self) -> Arc<Known>) -> Arc<Live> {
        let live = self.by_fingerprint.get(fingerprint).and_then(Weak::upgrade);
        live.filter(|live| !live.is_removed()).unwrap_or_else(|| {
            if self.by_fingerprint.len() >= self.sweep_at {
                self.by_fingerprint.retain(|_, live| live.strong_count() > 0);
                self.sweep_at = 2 * self.by_fingerprint.len().max(32);
            }
            let live = Arc::new(Live::of(*fingerprint, known(self)));
            self.by_fingerprint.insert(*fingerprint, Arc::downgrade(&live));
            live
        })
    }

    fn known(&mut self, fingerprint: &Fingerprint) -> Arc<Known> {
        if self.known.len() >= REMEMBERED && !self.known.contains_key(fingerprint) {
            forget_one(&mut self.known);
        }
        self.known.entry(*fingerprint).or_default().clone()
    }
}

impl LiveEntries {
    /// The live entry of a certificate that was just found in the directory.
    pub(super) fn of(&self, fingerprint: &Fingerprint, path: &Path, mark: Mark) -> Arc<Live> {
        let live = lock(&self.table).live(fingerprint, |table| table.known(fingerprint));
        live.saw(path.to_owned(), mark);
        live
    }

    /// As [`of`](Self::of), of one that somebody has stood on lately, and the file that it was seen in then.
    pub(super) fn again(&self, fingerprint: &Fingerprint) -> Option<(PathBuf, Arc<Live>)> {
        let known = lock(&self.table).known.get(fingerprint)?.clone();
        // Somebody may be looking at it.
        let file = lock(&known.seen).as_ref()?.0.clone();
        Some((file, lock(&self.table).live(fingerprint, |_| known)))
    }

    /// Marks the entry of a certificate as gone, and forgets it; its connections are yet to be told, by
    /// [`tell`](Self::tell).
    pub(super) fn take(&self, fingerprint: &Fingerprint) -> Option<Arc<Live>> {
        let mut table = lock(&self.table);
        table.known.remove(fingerprint);
        let live = table.by_fingerprint.remove(fingerprint)?.upgrade()?;
        live.mark().then_some(live)
    }

    /// Tells those who listen and those who stand on an entry that has gone. No lock is held while their hooks run.
    pub(super) fn tell(&self, live: &Live) {
        let seen = lock(&live.known.seen).clone();
        if let Some((path, _)) = seen {
            self.listeners.tell(&Removal::new(live.fingerprint, path));
        }
        live.run_hooks();
    }

    pub(super) fn all(&self) -> Vec<Arc<Live>> {
        lock(&self.table).by_fingerprint.values().filter_map(Weak::upgrade).collect()
    }
}

/// An entry that was found and taken hold of, and in which stretch of time without changes, if in one.
pub(crate) struct Found {
    pub file: PathBuf,
    pub held: Held,
    pub quiet: Option<Quiet>,
}

impl Found {
    /// Whether it is still there.
    pub(super) fn is_there(&self) -> bool {
        self.held.live.is_where_it_was(self.quiet)
    }
}

/// A connection's hold on the entry that admitted it.
#[derive(Clone)]
pub(crate) struct Held {
    pub(super) directory: TrustDir,
    pub(super) live: Arc<Live>,
}

impl Held {
    /// The entry's certificate, of which these are the bytes.
    pub(crate) fn certificate(&self, der: &[u8]) -> Result<Certificate> {
        if let Some(known) = self.live.certificate(|| None) {
            return Ok(known.clone());
        }
        let read = Certificate::from_der_of(der, self.live.fingerprint)?;
        Ok(self.live.certificate(|| Some(read.clone())).cloned().unwrap_or(read))
    }

    /// Whether the entry is still there: exact at this moment, whether events were seen to yet or not.
    pub(crate) fn is_current(&self, quiet: Option<Quiet>) -> bool {
        let is_there = || self.live.is_where_it_was(quiet) || self.directory.recheck(&self.live);
        let current = !self.live.is_removed() && is_there();
        if !current {
            // Whoever hears it here may take its hook back before the thread that noticed has come to it.
            self.live.run_hooks();
        }
        current
    }

    /// The stretch of time without changes that this moment belongs to, if there is one.
    pub(crate) fn quiet(&self) -> Option<Quiet> {
        self.directory.quiet()
    }

    /// Runs the hook when the entry goes, at once if it has gone. Dropping the registration takes it back.
    pub(crate) fn on_removed(&self, hook: Hook) -> Registration {
        self.live.on_removed(hook)
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

/// Makes room among what is remembered, at the cost of whichever comes first.
pub(crate) fn forget_one<T>(remembered: &mut HashMap<Fingerprint, T>) {
    let one = remembered.keys().next().copied();
    one.map(|one| remembered.remove(&one));
}

/// The data under these locks is whole after every statement, so a panic elsewhere poisons nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
