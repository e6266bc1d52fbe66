//! What all connections of a service share, and what of it changes.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use super::builder::AcceptorBuilder;
use super::connection::Connection;
use super::counters::{Counters, Tally};
use super::engine::Engine;
use super::open::{OnRemoval, OpenConnection, OpenConnections};
use super::sessions::SessionMemory;
use super::setup::Setup;
use super::side::{Serving, Side};
#[cfg(feature = "tracing")]
use super::trace;
use crate::admission::Policy;
use crate::error::Result;
use crate::identity::Identity;

/// Makes server connections. Cloning is cheap; may be used from several threads at once.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
/// use trustdir::tls::Acceptor;
/// use trustdir::{TrustDir, TrustDirOptions};
///
/// let identity = ca.issue_server(&["localhost"], &Default::default())?;
/// let clients = TrustDir::open_with(dir.join("clients"), TrustDirOptions { create: true, ..Default::default() })?;
/// let acceptor = Acceptor::builder(identity).trust_dir(clients).build()?;
/// let connection = acceptor.accept()?; // one for each socket
/// assert!(connection.is_handshaking());
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct Acceptor(Arc<Inner>);

struct Inner {
    setup: RwLock<Arc<Setup>>,
    /// Sessions outlive a reload: who is still admitted resumes.
    memory: SessionMemory,
    open: Arc<OpenConnections>,
    tally: Arc<Tally>,
}

impl Acceptor {
    /// Starts a builder with the service's own identity.
    pub fn builder(identity: Identity) -> AcceptorBuilder {
        AcceptorBuilder::new(identity)
    }

    pub(super) fn new(builder: &AcceptorBuilder) -> Result<Self> {
        let memory = SessionMemory::new()?;
        let setup = RwLock::new(Arc::new(builder.setup(&memory)?));
        Ok(Self(Arc::new(Inner { setup, memory, open: Arc::default(), tally: Arc::default() })))
    }

    /// A connection for a socket that was just accepted.
    pub fn accept(&self) -> Result<Connection> {
        self.accept_at(Instant::now())
    }

    /// As [`accept`](Self::accept), for a socket that was accepted at this moment: the time for the handshake runs from
    /// then.
    pub fn accept_at(&self, accepted: Instant) -> Result<Connection> {
        Ok(Connection::new(Side::Server(Serving::new(self.clone())), Engine::greeting(), accepted))
    }

    /// Takes the settings of another builder for all handshakes that begin from now on: renewed identities, other
    /// policies, limits, versions … Connections and handshakes that have begun keep what they have, and sessions are
    /// resumed by whom the new settings admit. A client that has connected and not said its ClientHello yet gets the new
    /// settings, in the time and bytes that the old ones gave it. When this fails nothing changes. From any thread.
    ///
    /// All settings are the builder's: give it the directories again, since one without any asks no client for a
    /// certificate, as [`AcceptorBuilder::build`] has it.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// use trustdir::tls::Acceptor;
    ///
    /// # let clients = trustdir::TrustDir::open(dir.path())?;
    /// let settings = |identity| Acceptor::builder(identity).trust_dir(clients.clone()).alpn(&["http/1.1"]);
    /// let acceptor = settings(ca.issue_server(&["localhost"], &Default::default())?).build()?;
    /// // A year later:
    /// acceptor.reload(&settings(ca.issue_server(&["localhost"], &Default::default())?))?;
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn reload(&self, settings: &AcceptorBuilder) -> Result<()> {
        let reloaded = settings.setup(&self.0.memory).map(|setup| {
            let setup = Arc::new(setup);
            let old = std::mem::replace(&mut *self.0.setup.write().unwrap_or_else(PoisonError::into_inner), setup);
            // The host's callback may be dropped with it: not under the lock.
            drop(old);
        });
        if reloaded.is_ok() { &self.0.tally.reloads } else { &self.0.tally.failed_reloads }.add(1);
        #[cfg(feature = "tracing")]
        trace::reloaded(&reloaded);
        reloaded
    }

    /// Whom it admits at this moment, where the name that a client asks for has no policy of its own.
    pub fn policy(&self) -> Policy {
        self.setup().default.policy.clone()
    }

    /// Whom it admits at this moment to the host of this name (SNI).
    pub fn policy_for(&self, host: &str) -> Policy {
        self.setup().site(Some(host)).policy.clone()
    }

    /// What becomes of open connections when the entry that admitted them goes.
    pub fn on_removal(&self) -> OnRemoval {
        self.setup().on_removal
    }

    /// The open connections that stand on an entry, oldest first, those whose entry has gone among them:
    /// from the admission until the connection is dropped or refuses to go on. Looks at each entry that
    /// may have changed, so it is exact at this moment. From any thread.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
    /// # let acceptor = trustdir::tls::Acceptor::builder(identity).build()?;
    /// for open in acceptor.connections() {
    ///     let gone = if open.is_revoked() { ", whose entry is gone" } else { "" };
    ///     println!("{} {}{gone}", open.id(), open.certificate().subject());
    /// }
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn connections(&self) -> Vec<OpenConnection> {
        self.0.open.list()
    }

    /// What it has done so far, in numbers. From any thread; takes no lock.
    pub fn counters(&self) -> Counters {
        self.0.tally.counters()
    }

    pub(super) fn tally(&self) -> &Arc<Tally> {
        &self.0.tally
    }

    pub(super) fn open(&self) -> &Arc<OpenConnections> {
        &self.0.open
    }

    pub(super) fn setup(&self) -> Arc<Setup> {
        self.0.setup.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("policy", &self.policy()).finish_non_exhaustive()
    }
}
