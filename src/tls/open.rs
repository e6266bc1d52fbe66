//! The connections that are open, as their host sees them in a list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::admission::Decision;
use crate::certificate::Certificate;
use crate::trust_dir::lock;

/// What becomes of open connections when the entry that admitted them goes. New handshakes, resumed ones
/// too, are refused either way.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
/// # let clients = trustdir::TrustDir::open(dir.path())?;
/// use trustdir::tls::{Acceptor, OnRemoval};
///
/// let acceptor = Acceptor::builder(identity).trust_dir(clients).on_removal(OnRemoval::Finish).build()?;
/// assert_eq!(acceptor.on_removal(), OnRemoval::Finish);
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnRemoval {
    /// They are closed: not one more byte is read or written.
    #[default]
    Close,
    /// They go on until either side ends them. They are flagged
    /// ([`is_revoked`](crate::tls::Connection::is_revoked)), and their hook is called: the host decides.
    Finish,
}

/// An open connection of an [`Acceptor`](crate::tls::Acceptor) or [`Connector`](crate::tls::Connector), as it was when the list was made.
#[derive(Clone, Debug)]
pub struct OpenConnection {
    id: u64,
    certificate: Certificate,
    entry: PathBuf,
    since: i64,
    revoked: bool,
}

impl OpenConnection {
    fn new(id: u64, decision: &Decision) -> Option<Self> {
        let (held, certificate, entry) = (decision.held()?, decision.certificate()?, decision.entry()?);
        Some(Self {
            id,
            certificate: certificate.clone(),
            entry: entry.to_owned(),
            since: decision.time(),
            revoked: !held.is_current(),
        })
    }

    /// The connection's number, [`Connection::id`](crate::tls::Connection::id).
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The peer's certificate, with its fingerprint and subject.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The file that admitted the peer.
    pub fn entry(&self) -> &Path {
        &self.entry
    }

    /// When the peer was admitted, in Unix seconds.
    pub fn since(&self) -> i64 {
        self.since
    }

    /// Whether the entry has gone since.
    pub fn is_revoked(&self) -> bool {
        self.revoked
    }
}

/// The open connections of one acceptor, by number and so by age.
#[derive(Default)]
pub(super) struct OpenConnections {
    next: AtomicU64,
    /// By what they were admitted, which each shares with its connection.
    open: Mutex<BTreeMap<u64, Arc<Decision>>>,
}

impl OpenConnections {
    /// A number that no other connection of this acceptor has.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Lists a connection for as long as what is returned lives; `None` when it stands on no entry.
    pub(super) fn enter(self: &Arc<Self>, id: u64, decision: &Arc<Decision>) -> Option<Listed> {
        decision.held()?;
        lock(&self.open).insert(id, decision.clone());
        Some(Listed { id, list: self.clone() })
    }

    pub(super) fn list(&self) -> Vec<OpenConnection> {
        // Looking at an entry may run hooks, which may end connections: not under the lock.
        let open: Vec<_> = lock(&self.open).iter().map(|(id, decision)| (*id, decision.clone())).collect();
        open.into_iter().filter_map(|(id, decision)| OpenConnection::new(id, &decision)).collect()
    }
}

/// A connection's place in the list, given up when dropped.
pub(super) struct Listed {
    id: u64,
    list: Arc<OpenConnections>,
}

impl Drop for Listed {
    fn drop(&mut self) {
        let open = lock(&self.list.open).remove(&self.id);
        // What it holds may be the last of a directory: not under the lock.
        drop(open);
    }
}
