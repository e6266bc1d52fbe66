//! Removals as they are noticed, for event loops that wait on a descriptor.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};

use super::TrustDir;
use super::live::lock;
use crate::certificate::Fingerprint;
use crate::error::{Error, Result};

/// Removals that wait for a host which does not take them.
const WAITING: usize = 1024;

/// An entry that has gone while connections stood on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    fingerprint: Fingerprint,
    file: PathBuf,
}

impl Removal {
    pub(super) fn new(fingerprint: Fingerprint, file: PathBuf) -> Self {
        Self { fingerprint, file }
    }

    /// The fingerprint of the certificate that was the entry.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The file that carried it last.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// The entries that go while connections stand on them, in the order in which that is noticed: one item an
/// entry, however many connections it had. The iterator never blocks; `None` means that there is none *now*.
///
/// On Unix it is a descriptor ([`AsFd`](std::os::fd::AsFd)) that is readable exactly while an item waits:
/// register it with epoll, asyncio or Asio, but never read from it. For each item,
/// [`recheck`](crate::tls::Connection::recheck) the connections of that client, each where it lives;
/// [`Acceptor::connections`](crate::tls::Acceptor::connections) names them. Elsewhere, ask from time to
/// time, or use the hook of each connection, [`on_revoked`](crate::tls::Connection::on_revoked).
///
/// It is the caller's, for any one thread, and its descriptor is closed when it is dropped; it does not keep
/// the directory open. Whichever thread notices fills it: the watcher, a decision, [`TrustDir::refresh`].
/// What a revocation list of an [`AuthorityDir`](crate::AuthorityDir) ends is not listed: for that there is the hook.
/// Each call of [`TrustDir::removals`] begins a list of its own. 1,024 items wait; what is noticed beyond
/// that is not listed, and [`missed`](Self::missed) says so.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// let clients = trustdir::TrustDir::open(dir.path())?;
/// let mut removals = clients.removals()?;
/// // When the event loop says that it is readable:
/// for removal in &mut removals {
///     println!("{} is gone: {}", removal.file().display(), removal.fingerprint());
/// }
/// if removals.missed() {
///     // Too many at once: recheck every connection.
/// }
/// # Ok::<(), trustdir::Error>(())
/// ```
pub struct Removals(Arc<Queue>);

struct Queue {
    state: Mutex<State>,
    signal: Signal,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Removal>,
    missed: bool,
}

impl TrustDir {
    /// Starts to list the entries that go while connections stand on them. Fails when the process may open no
    /// more descriptors.
    pub fn removals(&self) -> Result<Removals> {
        let signal =
            Signal::new().map_err(|source| Error::io("make the descriptor for removals from", self.path(), source))?;
        let queue = Arc::new(Queue { state: Mutex::default(), signal });
        self.0.live.listeners.add(&queue);
        Ok(Removals(queue))
    }
}

impl Removals {
    /// Whether removals were not listed, because too many waited, since this was last asked. Then recheck
    /// every connection.
    pub fn missed(&mut self) -> bool {
        std::mem::take(&mut lock(&self.0.state).missed)
    }
}

impl Iterator for Removals {
    type Item = Removal;

    fn next(&mut self) -> Option<Removal> {
        let mut state = lock(&self.0.state);
        let removal = state.waiting.pop_front()?;
        if state.waiting.is_empty() {
            self.0.signal.clear();
        }
        Some(removal)
    }
}

impl fmt::Debug for Removals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Removals({} waiting)", lock(&self.0.state).waiting.len())
    }
}

#[cfg(unix)]
impl std::os::fd::AsFd for Removals {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.signal.reader.as_fd()
    }
}

/// Who wants to hear of removals. Whoever has dropped its list is forgotten at the next one.
#[derive(Default)]
pub(super) struct Listeners(Mutex<Vec<Weak<Queue>>>);

impl Listeners {
    fn add(&self, queue: &Arc<Queue>) {
        lock(&self.0).push(Arc::downgrade(queue));
    }

    pub(super) fn tell(&self, removal: &Removal) {
        lock(&self.0).retain(|queue| {
            let queue = queue.upgrade();
            queue.iter().for_each(|queue| queue.push(removal.clone()));
            queue.is_some()
        });
    }
}

impl Queue {
    fn push(&self, removal: Removal) {
        let mut state = lock(&self.state);
        if state.waiting.len() == WAITING {
            state.missed = true;
            return;
        }
        if state.waiting.is_empty() {
            self.signal.set();
        }
        state.waiting.push_back(removal);
    }
}

/// One byte lies in the pair while an item waits. Both ends are changed under the queue's lock only.
#[cfg(unix)]
struct Signal {
    reader: std::os::unix::net::UnixStream,
    writer: std::os::unix::net::UnixStream,
}

#[cfg(unix)]
impl Signal {
    fn new() -> io::Result<Self> {
        let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
        reader.set_nonblocking(true)?;
        writer.set_nonblocking(true)?;
        Ok(Self { reader, writer })
    }

    fn set(&self) {
        // An empty pair takes a byte.
        let _ = io::Write::write(&mut &self.writer, &[1]);
    }

    fn clear(&self) {
        let _ = io::Read::read(&mut &self.reader, &mut [0]);
    }
}

#[cfg(not(unix))]
struct Signal;

#[cfg(not(unix))]
impl Signal {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    fn set(&self) {}

    fn clear(&self) {}
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn readable(removals: &Removals) -> bool {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        use std::os::fd::AsFd as _;
        poll(&mut [PollFd::new(removals.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO).unwrap() == 1
    }

    #[test]
    fn the_descriptor_is_readable_while_an_item_waits() {
        let signal = Signal::new().unwrap();
        let mut removals = Removals(Arc::new(Queue { state: Mutex::default(), signal }));
        let removal = |number: u8| Removal::new(Fingerprint([number; 32]), PathBuf::from("alice.pem"));
        assert!(!readable(&removals));
        removals.0.push(removal(1));
        removals.0.push(removal(2));
        assert!(readable(&removals));
        assert_eq!(removals.next(), Some(removal(1)));
        assert!(readable(&removals));
        assert_eq!(removals.next(), Some(removal(2)));
        assert!(!readable(&removals));
        assert_eq!(removals.next(), None);
    }

    #[test]
    fn what_is_too_much_is_said() {
        let listeners = Listeners::default();
        let queue = Arc::new(Queue { state: Mutex::default(), signal: Signal::new().unwrap() });
        listeners.add(&queue);
        let mut removals = Removals(queue);
        let removal = Removal::new(Fingerprint([1; 32]), PathBuf::new());
        for _ in 0..WAITING {
            listeners.tell(&removal);
        }
        assert!(!removals.missed());
        listeners.tell(&removal);
        assert_eq!(removals.by_ref().count(), WAITING);
        assert!(removals.missed() && !removals.missed());
        drop(removals);
        listeners.tell(&removal);
        assert!(lock(&listeners.0).is_empty());
    }
}
