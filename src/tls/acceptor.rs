//! What all connections of a service share: its identity, its clients, its protocol versions.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion, version};

use super::connection::Connection;
use super::open::{OnRemoval, OpenConnection, OpenConnections};
use super::sessions::{Sessions, Tickets};
use super::verifier::PolicyVerifier;
use crate::admission::{ClientAuth, Policy};
use crate::authority_dir::AuthorityDir;
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::trust_dir::TrustDir;

/// A version of the TLS protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), with forward secrecy and AEAD ciphers only.
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsVersion {
    /// The version's name as OpenSSL prints it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Collects what an [`Acceptor`] needs; building it checks that it makes sense.
#[derive(Clone, Debug)]
pub struct AcceptorBuilder {
    identity: Identity,
    client_auth: Option<ClientAuth>,
    directory: Option<TrustDir>,
    authorities: Option<AuthorityDir>,
    service: Option<String>,
    alpn: Vec<Vec<u8>>,
    versions: (TlsVersion, TlsVersion),
    on_removal: OnRemoval,
}

impl AcceptorBuilder {
    /// Starts with the service's own identity: TLS 1.2 and 1.3, no client certificates.
    pub fn new(identity: Identity) -> Self {
        let versions = (TlsVersion::Tls12, TlsVersion::Tls13);
        Self {
            identity,
            client_auth: None,
            directory: None,
            authorities: None,
            service: None,
            alpn: Vec::new(),
            versions,
            on_removal: OnRemoval::Close,
        }
    }

    /// Whether clients show a certificate. With a directory of clients or authorities the default is
    /// [`ClientAuth::Required`], without one [`ClientAuth::Off`].
    #[must_use]
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = Some(client_auth);
        self
    }

    /// Whose certificates are admitted.
    #[must_use]
    pub fn trust_dir(mut self, directory: TrustDir) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Whose clients are admitted, besides those of the directory of clients - also one whose own entry was removed
    /// there, unless its authority revokes it. The names of the authorities are not
    /// sent to clients: the list could not change while the service runs.
    #[must_use]
    pub fn authorities(mut self, authorities: AuthorityDir) -> Self {
        self.authorities = Some(authorities);
        self
    }

    /// The service's name, for entries that are limited to services: see [`TrustDir::limits`].
    #[must_use]
    pub fn service(mut self, name: impl Into<String>) -> Self {
        self.service = Some(name.into());
        self
    }

    /// The application protocols to negotiate, best first (RFC 7301), such as `http/1.1`.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&str]) -> Self {
        self.alpn = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    /// The oldest version to speak; TLS 1.2 by default.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.versions.0 = version;
        self
    }

    /// The newest version to speak; TLS 1.3 by default.
    #[must_use]
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.versions.1 = version;
        self
    }

    /// What becomes of open connections when the entry that admitted them goes; [`OnRemoval::Close`] by default.
    #[must_use]
    pub fn on_removal(mut self, on_removal: OnRemoval) -> Self {
        self.on_removal = on_removal;
        self
    }

    /// Makes the acceptor. May be called again; the builder stays as it is.
    pub fn build(&self) -> Result<Acceptor> {
        let invalid = |message: &str| Error::new(ErrorKind::InvalidArgument, message);
        let admits = self.directory.is_some() || self.authorities.is_some();
        let auth = self.client_auth.unwrap_or(if admits { ClientAuth::Required } else { ClientAuth::Off });
        match (auth, admits) {
            (ClientAuth::Off, true) => {
                return Err(invalid("a trust directory is given, but client certificates are switched off"));
            }
            (ClientAuth::Optional | ClientAuth::Required, false) => {
                return Err(invalid("client certificates need a trust directory"));
            }
            _ => {}
        }
        if self.alpn.iter().any(|protocol| protocol.is_empty() || protocol.len() > 255) {
            return Err(invalid("an ALPN protocol has 1 to 255 bytes"));
        }
        let certificate = self.identity.certificate();
        if certificate.not_after() < now() {
            let message =
                format!("the service's own certificate {} has expired; issue a new one", certificate.subject());
            return Err(Error::new(ErrorKind::Expired, message).with_subject(certificate.subject().to_string()));
        }
        let mut policy = Policy::new(auth);
        if let Some(directory) = &self.directory {
            policy = policy.with_clients(directory.clone());
        }
        if let Some(authorities) = &self.authorities {
            policy = policy.with_authorities(authorities.clone());
        }
        if let Some(service) = &self.service {
            policy = policy.with_service(service);
        }
        let config = self
            .config(&policy)
            .map_err(|error| Error::new(ErrorKind::Tls, format!("the acceptor cannot be made: {error}")))?;
        let (config, open) = (Arc::new(config), Arc::default());
        Ok(Acceptor(Arc::new(Inner { config, policy, on_removal: self.on_removal, open })))
    }

    fn config(&self, policy: &Policy) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let (min, max) = self.versions;
        let all: [(TlsVersion, &'static SupportedProtocolVersion); 2] =
            [(TlsVersion::Tls12, &version::TLS12), (TlsVersion::Tls13, &version::TLS13)];
        let versions: Vec<_> =
            all.iter().filter(|(version, _)| (min..=max).contains(version)).map(|(_, version)| *version).collect();
        if versions.is_empty() {
            return Err(rustls::Error::General(format!("no version lies between {min} and {max}")));
        }
        let identity = OneIdentity::new(&self.identity, &provider)?;
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions)?;
        let builder = match policy.client_auth() {
            ClientAuth::Off => builder.with_no_client_auth(),
            _ => builder.with_client_cert_verifier(Arc::new(PolicyVerifier { policy: policy.clone(), algorithms })),
        };
        let mut config = builder.with_cert_resolver(Arc::new(identity));
        config.alpn_protocols.clone_from(&self.alpn);
        config.ticketer = Tickets::new(policy.clone())?;
        config.session_storage = Sessions::new(policy.clone());
        Ok(config)
    }
}

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
    config: Arc<ServerConfig>,
    policy: Policy,
    on_removal: OnRemoval,
    open: Arc<OpenConnections>,
}

impl Acceptor {
    /// Starts a builder with the service's own identity.
    pub fn builder(identity: Identity) -> AcceptorBuilder {
        AcceptorBuilder::new(identity)
    }

    /// A connection for a socket that was just accepted.
    pub fn accept(&self) -> Result<Connection> {
        Connection::new(self.clone())
    }

    /// Whether clients show a certificate.
    pub fn client_auth(&self) -> ClientAuth {
        self.0.policy.client_auth()
    }

    /// Whose certificates are admitted.
    pub fn trust_dir(&self) -> Option<&TrustDir> {
        self.0.policy.clients()
    }

    /// Whose clients are admitted.
    pub fn authorities(&self) -> Option<&AuthorityDir> {
        self.0.policy.authorities()
    }

    /// Whom it admits.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// What becomes of open connections when the entry that admitted them goes.
    pub fn on_removal(&self) -> OnRemoval {
        self.0.on_removal
    }

    /// The open connections that stand on an entry, oldest first, those whose entry has gone among them:
    /// from the admission until the connection is dropped or refuses to go on. Looks at each entry, one or
    /// two `stat` calls, so it is exact at this moment. From any thread.
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

    pub(super) fn open(&self) -> &Arc<OpenConnections> {
        &self.0.open
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        self.0.config.clone()
    }
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").field("policy", &self.0.policy).finish_non_exhaustive()
    }
}

/// Always the same identity. `Identity` has compared certificate and key, so that rustls need not parse
/// the certificate: it would refuse X.509 v1.
#[derive(Debug)]
struct OneIdentity(Arc<CertifiedKey>);

impl OneIdentity {
    fn new(identity: &Identity, provider: &CryptoProvider) -> Result<Self, rustls::Error> {
        let chain =
            identity.chain().iter().map(|certificate| CertificateDer::from(certificate.as_der().to_vec())).collect();
        let key = PrivatePkcs8KeyDer::from(
            identity.key().pkcs8().map_err(|error| rustls::Error::General(error.to_string()))?.to_vec(),
        );
        Ok(Self(Arc::new(CertifiedKey::new(chain, provider.key_provider.load_private_key(key.into())?))))
    }
}

impl ResolvesServerCert for OneIdentity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}
