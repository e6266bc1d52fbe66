//! The settings of an acceptor.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use super::acceptor::Acceptor;
use super::account::OnDecision;
use super::host_name::HostName;
use super::identities::Identities;
use super::negotiated::TlsVersion;
use super::open::OnRemoval;
use super::plain_http::PlainHttp;
use super::proof::Proof;
use super::protocol::{KeyLog, Protocol};
use super::sessions::SessionMemory;
use super::setup::{Setup, Site};
use super::verifier::ClientVerifier;
use crate::admission::{ClientAuth, Decision, Peer, Policy};
use crate::authority_dir::AuthorityDir;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::trust_dir::TrustDir;

/// Collects what an [`Acceptor`] needs; building it checks that it makes sense.
#[derive(Clone, Debug)]
pub struct AcceptorBuilder {
    identities: Vec<Identity>,
    client_auth: Option<ClientAuth>,
    directory: Option<TrustDir>,
    authorities: Option<AuthorityDir>,
    service: Option<String>,
    on_removal: OnRemoval,
    on_decision: Option<OnDecision>,
    policies: Vec<(String, Policy)>,
    plain_http: PlainHttp,
    tiny_records: Option<u32>,
    protocol: Protocol,
}

impl AcceptorBuilder {
    /// Starts with the service's own identity: TLS 1.2 and 1.3, no client certificates.
    pub fn new(identity: Identity) -> Self {
        Self {
            identities: vec![identity],
            client_auth: None,
            directory: None,
            authorities: None,
            service: None,
            on_removal: OnRemoval::Close,
            on_decision: None,
            policies: Vec::new(),
            plain_http: PlainHttp::alert(),
            tiny_records: Some(10_000),
            protocol: Protocol::default(),
        }
    }

    /// One more identity. A client is shown the one whose certificate carries the name that it asks for (SNI) exactly,
    /// else one that carries it as a wildcard, else the first; among several, one whose signatures it can verify.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identities.push(identity);
        self
    }

    /// These identities instead of those so far, the first one for clients that ask for no other's name: for a builder
    /// that is kept, when they have been renewed.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
    /// # let (certificate, key) = (dir.join("server.cert.pem"), dir.join("server.key.pem"));
    /// # ca.issue_server(&["localhost"], &Default::default())?.save(&certificate, &key, None)?;
    /// use trustdir::{IdentityFiles, tls::Acceptor};
    ///
    /// let mut files = IdentityFiles::new(certificate, key, None);
    /// let settings = Acceptor::builder(files.load()?).alpn(&["http/1.1"]);
    /// let acceptor = settings.build()?;
    /// // From time to time:
    /// if let Some(renewed) = files.reload_if_changed()? {
    ///     acceptor.reload(&settings.clone().identities([renewed]))?;
    /// }
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    #[must_use]
    pub fn identities(mut self, identities: impl IntoIterator<Item = Identity>) -> Self {
        self.identities = identities.into_iter().collect();
        self
    }

    /// Whom the host of this name admits, instead of whom the other settings do; `*.example.org` stands for all names
    /// with one label more. Check the request's host against
    /// [`Connection::server_name`](super::Connection::server_name): the policy is that of the name that the handshake
    /// was made with. Its [service](Self::service) is the policy's own ([`Policy::with_service`]).
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let identity = ca.issue_server(&["www.home.arpa", "admin.home.arpa"], &Default::default())?;
    /// # let clients = trustdir::TrustDir::open(dir.path())?;
    /// use trustdir::tls::Acceptor;
    /// use trustdir::{ClientAuth, Policy};
    ///
    /// let admins = Policy::new(ClientAuth::Required).with_clients(clients);
    /// let acceptor = Acceptor::builder(identity).policy_for("admin.home.arpa", admins).build()?;
    /// assert_eq!(acceptor.policy_for("www.home.arpa").client_auth(), ClientAuth::Off);
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    #[must_use]
    pub fn policy_for(mut self, host: &str, policy: Policy) -> Self {
        self.policies.push((host.to_owned(), policy));
        self
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

    /// What becomes of open connections when the entry that admitted them goes; [`OnRemoval::Close`] by default.
    #[must_use]
    pub fn on_removal(mut self, on_removal: OnRemoval) -> Self {
        self.on_removal = on_removal;
        self
    }

    /// Has each decision told, once: about each handshake that comes to one, and again when the client of an open
    /// connection is admitted no more. Called by the thread that drives the connection, with no lock held, after the
    /// [counters](Acceptor::counters) have it; it may use the acceptor, and should be quick. Its panics are caught:
    /// the decision stands. Handshakes that fail undecided are not told.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
    /// # let clients = trustdir::TrustDir::open(dir.path())?;
    /// use std::sync::Arc;
    /// use trustdir::tls::Acceptor;
    ///
    /// let acceptor = Acceptor::builder(identity)
    ///     .trust_dir(clients)
    ///     .on_decision(Arc::new(|decision| println!("{}", decision.to_json())))
    ///     .build()?;
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    #[must_use]
    pub fn on_decision(mut self, tell: Arc<dyn Fn(&Decision) + Send + Sync>) -> Self {
        self.on_decision = Some(OnDecision(tell));
        self
    }

    /// How clients are answered that open `http://` on this https port; by a TLS alert by default.
    #[must_use]
    pub fn plain_http(mut self, answer: PlainHttp) -> Self {
        self.plain_http = answer;
        self
    }

    /// How long a handshake may take; 30 s by default. See [`Connection::deadline`](super::Connection::deadline).
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.protocol.limits.timeout = timeout;
        self
    }

    /// How many bytes of ciphertext a client may send before it is decided about; 64 KiB by default.
    #[must_use]
    pub fn handshake_bytes(mut self, bytes: usize) -> Self {
        self.protocol.limits.bytes = bytes;
        self
    }

    /// How many certificates a client may send; 10 by default.
    #[must_use]
    pub fn max_chain(mut self, certificates: usize) -> Self {
        self.protocol.limits.chain = certificates;
        self
    }

    /// How many records of fewer than 64 bytes, key updates among them, a client may send a second before its connection
    /// ends with [`ErrorKind::Tls`]; twice as many may come at once. For each [`write`](super::Connection::write) of the
    /// service one more may come, so that clients that wait for answers never meet it. 10,000 by default, a hundred
    /// times what typing, games or telemetry send; at least 10, `None` for any number.
    #[must_use]
    pub fn max_tiny_records(mut self, per_second: Option<u32>) -> Self {
        self.tiny_records = per_second;
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

    /// Makes the acceptor. May be called again; the builder stays as it is.
    pub fn build(&self) -> Result<Acceptor> {
        Acceptor::new(self)
    }

    pub(super) fn setup(&self, memory: &SessionMemory) -> Result<Setup> {
        if self.identities.is_empty() {
            return Err(Error::new(ErrorKind::InvalidArgument, "a service needs an identity to show; give one"));
        }
        self.protocol.check("service", &self.identities)?;
        if self.tiny_records.is_some_and(|rate| rate < 10) {
            let message = "a handshake has tiny records too; give a rate of at least 10, or none";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let failed = |error| Error::new(ErrorKind::Tls, format!("the acceptor cannot be made: {error}"));
        let identities = Arc::new(Identities::new(&self.identities, &provider).map_err(failed)?);
        let site = |policy: Policy| {
            checked(&policy)?;
            let config = self.config(&policy, memory, &identities, &provider).map_err(failed)?;
            Ok(Arc::new(Site { policy, config: Arc::new(config) }))
        };
        let named = self.policies.iter().map(|(host, policy)| Ok((HostName::parse(host)?, site(policy.clone())?)));
        Ok(Setup {
            named: named.collect::<Result<_>>()?,
            default: site(self.policy())?,
            plain_http: self.plain_http.clone(),
            limits: self.protocol.limits,
            tiny_records: self.tiny_records,
            on_removal: self.on_removal,
            on_decision: self.on_decision.clone(),
        })
    }

    /// The policy that the settings amount to.
    fn policy(&self) -> Policy {
        let admits = self.directory.is_some() || self.authorities.is_some();
        let default = if admits { ClientAuth::Required } else { ClientAuth::Off };
        let mut policy = Policy::new(self.client_auth.unwrap_or(default));
        if let Some(directory) = &self.directory {
            policy = policy.with_clients(directory.clone());
        }
        if let Some(authorities) = &self.authorities {
            policy = policy.with_authorities(authorities.clone());
        }
        match &self.service {
            Some(service) => policy.with_service(service),
            None => policy,
        }
    }

    fn config(
        &self,
        policy: &Policy,
        memory: &SessionMemory,
        identities: &Arc<Identities>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<ServerConfig, rustls::Error> {
        let versions = self.protocol.versions()?;
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&versions)?;
        let builder = match policy.client_auth() {
            ClientAuth::Off => builder.with_no_client_auth(),
            _ => {
                let proof = Proof { peer: Peer::Client, algorithms: provider.signature_verification_algorithms };
                let max_chain = self.protocol.limits.chain;
                let verifier = ClientVerifier { policy: policy.clone(), proof, max_chain };
                builder.with_client_cert_verifier(Arc::new(verifier))
            }
        };
        let mut config = builder.with_cert_resolver(identities.clone());
        config.alpn_protocols.clone_from(&self.protocol.alpn);
        config.ticketer = memory.tickets(policy);
        config.session_storage = memory.sessions(policy);
        config.max_fragment_size = self.protocol.fragment;
        if let Some(log) = &self.protocol.key_log {
            config.key_log = Arc::new(log.clone());
        }
        Ok(config)
    }
}

fn checked(policy: &Policy) -> Result<()> {
    let admits = policy.clients().is_some() || policy.authorities().is_some();
    let message = match (policy.client_auth(), admits) {
        (ClientAuth::Off, true) => "a trust directory is given, but client certificates are switched off",
        (ClientAuth::Optional | ClientAuth::Required, false) => "client certificates need a trust directory",
        _ => return Ok(()),
    };
    Err(Error::new(ErrorKind::InvalidArgument, message))
}
