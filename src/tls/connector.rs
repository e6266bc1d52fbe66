//! What all connections of a client share.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::connection::Connection;
use super::connector_builder::ConnectorBuilder;
use super::counters::{Counters, Tally};
use super::engine::Engine;
use super::open::{OpenConnection, OpenConnections};
use super::setup::HandshakeLimits;
use super::side::{Calling, Side};
use crate::admission::Servers;
use crate::alt_name::{SubjectAltName, host_name};
use crate::error::{Error, ErrorKind, Result};

/// Makes client connections. Cloning is cheap; may be used from several threads at once.
///
/// A connector trusts whom it was told to and nobody else: the system's authorities do not count. How servers are
/// judged is at [`ConnectorBuilder`].
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// use trustdir::tls::{Acceptor, Connection, Connector, Read};
///
/// let acceptor = Acceptor::builder(ca.issue_server(&["nas.home.arpa"], &Default::default())?).build()?;
/// let connector = Connector::builder().authority(ca.certificate().clone()).build()?;
///
/// /// The sockets between the two.
/// fn carry(from: &mut Connection, to: &mut Connection) -> trustdir::Result<()> {
///     let mut wire = [0; 16384];
///     let count = from.write_tls(&mut wire);
///     to.read_tls(&wire[..count])
/// }
///
/// let (mut client, mut server) = (connector.connect("nas.home.arpa")?, acceptor.accept()?);
/// while client.write(b"hello")? == 0 {
///     carry(&mut client, &mut server)?;
///     carry(&mut server, &mut client)?;
/// }
/// carry(&mut client, &mut server)?;
/// assert_eq!(server.read(&mut [0; 64])?, Read::Data(5));
/// assert!(client.decision().is_some_and(|decision| decision.is_admitted()));
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct Connector(Arc<Inner>);

pub(super) struct Inner {
    pub servers: Arc<Servers>,
    pub config: Arc<ClientConfig>,
    pub limits: HandshakeLimits,
    pub open: Arc<OpenConnections>,
    pub tally: Arc<Tally>,
}

impl Connector {
    /// Starts a builder. It needs a pin, a directory of pins, an authority or a directory of authorities.
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::default()
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// A connection for a socket that is connected to this host: a DNS name, whose international letters may be given
    /// as such, or a bare IP address. The ClientHello waits to be [sent](Connection::write_tls). The time for the
    /// handshake runs from now.
    ///
    /// Where an authority vouches for the server its certificate must bear this name
    /// ([`ErrorKind::NameMismatch`]). Fails with [`ErrorKind::InvalidArgument`] on what is no host.
    pub fn connect(&self, host: &str) -> Result<Connection> {
        let name = server_name(host)?;
        let failed = |error| Error::new(ErrorKind::Tls, format!("no connection to {host} can be begun: {error}"));
        let engine = Engine::calling(self.0.config.clone(), name.clone()).map_err(failed)?;
        let side = Side::Client(Calling { connector: self.clone(), name });
        Ok(Connection::new(side, engine, Instant::now()))
    }

    /// The open connections that stand on an entry of a directory, oldest first, as
    /// [`Acceptor::connections`](super::Acceptor::connections).
    pub fn connections(&self) -> Vec<OpenConnection> {
        self.0.open.list()
    }

    /// What its connections have done so far; a server counts as a client does in an acceptor's counters.
    pub fn counters(&self) -> Counters {
        self.0.tally.counters()
    }

    pub(super) fn tally(&self) -> &Arc<Tally> {
        &self.0.tally
    }

    pub(super) fn servers(&self) -> &Servers {
        &self.0.servers
    }

    /// Whether it has a certificate to show.
    pub(super) fn has_identity(&self) -> bool {
        self.0.config.client_auth_cert_resolver.has_certs()
    }

    pub(super) fn limits(&self) -> HandshakeLimits {
        self.0.limits
    }

    pub(super) fn open(&self) -> &Arc<OpenConnections> {
        &self.0.open
    }
}

/// A host as people write it; none that stands for several.
fn server_name(host: &str) -> Result<ServerName<'static>> {
    let name = match host_name(host)? {
        SubjectAltName::Ip(address) => Some(ServerName::IpAddress(address.into())),
        SubjectAltName::Dns(name) => ServerName::try_from(name).ok(),
        _ => None,
    };
    let message = || format!("{host:?} is no host to connect to; give one DNS name or IP address");
    name.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, message()).with_subject(host))
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("servers", &self.0.servers).finish_non_exhaustive()
    }
}
