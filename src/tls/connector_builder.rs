//! The settings of a connector.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::Resumption as Resume;
use rustls::crypto::aws_lc_rs;
use rustls::sign::SingleCertAndKey;

use super::connector::{Connector, Inner};
use super::identities::certified;
use super::negotiated::TlsVersion;
use super::open::OpenConnections;
use super::proof::Proof;
use super::protocol::{KeyLog, Protocol};
use super::resumption::Resumption;
use super::verifier::ServerVerifier;
use crate::admission::{Peer, Reason, Servers};
use crate::authority_dir::AuthorityDir;
use crate::certificate::Certificate;
use crate::chain::{Anchor, Refusal, Trust};
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::trust_dir::TrustDir;

/// Collects what a [`Connector`] needs; building it checks that it makes sense.
///
/// A server is trusted in one of two ways, and both may be set:
///
/// - As a **pin**: its certificate is exactly one of these, whatever its shape - self-signed, CA:TRUE or X.509 v1 as
///   the guides' commands make it. Validity, extended key usage (serverAuth), key usage and the strength of the key
///   count. The name that is connected to does not, since such certificates seldom bear one: the server proves that it
///   has the pinned key, and that is who was meant. Of several pins any may answer under any name; where that matters
///   give each server a connector.
/// - By an **authority** that vouches for it (RFC 5280): the certificate must also bear the name that is connected to,
///   as a DNS name or an IP address of its subjectAltName (RFC 9525). Its common name never counts.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
/// # let node = ca.issue_server(&["node.home.arpa"], &Default::default())?.certificate().clone();
/// # let alice = ca.issue_client("alice", &Default::default())?;
/// use trustdir::tls::{Connector, TlsVersion};
///
/// let connector = Connector::builder().pin(node).identity(alice).min_version(TlsVersion::Tls13).build()?;
/// assert!(connector.connect("192.168.1.5").is_ok());
/// assert!(Connector::builder().build().is_err()); // there is nobody to trust
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ConnectorBuilder {
    roots: Vec<Certificate>,
    authorities: Option<AuthorityDir>,
    pins: Vec<Certificate>,
    directory: Option<TrustDir>,
    identity: Option<Identity>,
    protocol: Protocol,
}

impl ConnectorBuilder {
    /// One more authority that vouches for servers. Its own limits count, as an authority's in an [`AuthorityDir`] do;
    /// a certificate that is none is refused when building: [`pin`](Self::pin) it instead.
    #[must_use]
    pub fn authority(mut self, certificate: Certificate) -> Self {
        self.roots.push(certificate);
        self
    }

    /// The directory of authorities that vouch for servers, with their revocation lists. It is looked at in every
    /// decision, and open connections end when they are no longer vouched for. It takes the place of every
    /// [`authority`](Self::authority), with which its lists could be got round: install those in it.
    #[must_use]
    pub fn authorities(mut self, authorities: AuthorityDir) -> Self {
        self.authorities = Some(authorities);
        self
    }

    /// One more certificate that a server is trusted by, whatever its shape.
    #[must_use]
    pub fn pin(mut self, certificate: Certificate) -> Self {
        self.pins.push(certificate);
        self
    }

    /// The directory of certificates that servers are trusted by: pins that may come and go. Once one is removed new
    /// handshakes with its server are refused, resumed ones too, and open connections end
    /// ([`ErrorKind::Revoked`]). An entry that is [limited](TrustDir::limits) to services is refused here.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// use trustdir::tls::Connector;
    /// use trustdir::{TrustDir, TrustDirOptions};
    ///
    /// let servers = TrustDir::open_with(dir.join("servers"), TrustDirOptions { create: true, ..Default::default() })?;
    /// let connector = Connector::builder().trust_dir(servers).build()?;
    /// assert!(connector.connections().is_empty());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    #[must_use]
    pub fn trust_dir(mut self, directory: TrustDir) -> Self {
        self.directory = Some(directory);
        self
    }

    /// What is shown to servers that ask who calls; without one they are told that there is no certificate.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// The application protocols to negotiate, best first (RFC 7301), such as `http/1.1`.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&str]) -> Self {
        self.protocol.set_alpn(protocols);
        self
    }

    /// The oldest version to speak; TLS 1.2 by default.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.protocol.versions.0 = version;
        self
    }

    /// The newest version to speak; TLS 1.3 by default.
    #[must_use]
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.protocol.versions.1 = version;
        self
    }

    /// How long a handshake may take; 30 s by default. See [`Connection::deadline`](super::Connection::deadline).
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.protocol.limits.timeout = timeout;
        self
    }

    /// How many bytes of ciphertext a server may send before it is decided about; 64 KiB by default.
    #[must_use]
    pub fn handshake_bytes(mut self, bytes: usize) -> Self {
        self.protocol.limits.bytes = bytes;
        self
    }

    /// How many certificates a server may send; 10 by default.
    #[must_use]
    pub fn max_chain(mut self, certificates: usize) -> Self {
        self.protocol.limits.chain = certificates;
        self
    }

    /// The largest TLS record to send, with its five bytes of header and without what its encryption adds (24 bytes at
    /// most); as large as TLS allows by default. From 32 to 16389 bytes.
    #[must_use]
    pub fn max_fragment_size(mut self, bytes: usize) -> Self {
        self.protocol.fragment = Some(bytes);
        self
    }

    /// Has each session's secrets told, a line in the format of `SSLKEYLOGFILE`: whoever has them reads and alters all
    /// that is sent. For debugging only; nothing but this call switches it on.
    #[must_use]
    pub fn key_log(mut self, log: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        self.protocol.key_log = Some(KeyLog(log));
        self
    }

    /// Makes the connector. May be called again; the builder stays as it is.
    pub fn build(&self) -> Result<Connector> {
        self.protocol.check("client", &self.identity)?;
        let servers = Arc::new(self.servers()?);
        let failed = |error| Error::new(ErrorKind::Tls, format!("the connector cannot be made: {error}"));
        let config = Arc::new(self.config(&servers).map_err(failed)?);
        let open = Arc::<OpenConnections>::default();
        Ok(Connector::new(Inner { servers, config, limits: self.protocol.limits, open, tally: Arc::default() }))
    }

    fn servers(&self) -> Result<Servers> {
        let Self { roots, authorities, pins, directory, .. } = self;
        if !roots.is_empty() && authorities.is_some() {
            let message = "an authority is given beside a directory of them, whose revocation lists it would not respect; install it in the directory";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        if roots.is_empty() && authorities.is_none() && pins.is_empty() && directory.is_none() {
            let message = "a connector trusts nobody by itself; give it an authority, a pin or a directory of them";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let anchors = roots.iter().map(anchor).collect::<Result<_>>()?;
        Ok(Servers {
            pins: pins.clone(),
            directory: directory.clone(),
            given: Trust { anchors, ..Trust::default() },
            authorities: authorities.clone(),
        })
    }

    fn config(&self, servers: &Arc<Servers>) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let shown = self.identity.as_ref().map(|identity| certified(identity, &provider)).transpose()?;
        let proof = Proof { peer: Peer::Server, algorithms: provider.signature_verification_algorithms };
        let max_chain = self.protocol.limits.chain;
        let verifier = ServerVerifier { servers: servers.clone(), proof, max_chain };
        let builder =
            ClientConfig::builder_with_provider(provider).with_protocol_versions(&self.protocol.versions()?)?;
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match shown {
            Some(shown) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols.clone_from(&self.protocol.alpn);
        config.max_fragment_size = self.protocol.fragment;
        config.resumption = Resume::store(Arc::new(Resumption::default()));
        if let Some(log) = &self.protocol.key_log {
            config.key_log = Arc::new(log.clone());
        }
        Ok(config)
    }
}

/// An authority that can vouch for servers now.
fn anchor(certificate: &Certificate) -> Result<Anchor> {
    let anchor = Anchor::new(certificate.clone(), None);
    let Some(Refusal(reason, what)) = anchor.unfit(Peer::Server, now()) else { return Ok(anchor) };
    let kind = match reason {
        Reason::UntrustedIssuer => ErrorKind::InvalidArgument,
        other => other.error_kind(),
    };
    let subject = certificate.subject();
    let message = format!("{} cannot vouch for servers: it {what}", subject.brief());
    Err(Error::new(kind, message).with_subject(subject.to_string()))
}
