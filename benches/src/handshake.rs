//! A client and a server in memory, of which the server's part is timed.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore};
use trustdir::{Authority, Identity, KeyDerivation};

/// The server's side of TLS, whoever makes it.
pub(crate) trait Service {
    fn accept(&self) -> Box<dyn Session>;
}

/// One connection.
pub(crate) trait Session {
    /// Takes what the client has sent.
    fn feed(&mut self, ciphertext: &[u8]);

    /// Hands out what is for the client.
    fn drain(&mut self, ciphertext: &mut [u8]) -> usize;

    fn send(&mut self, plaintext: &[u8]);

    /// Fills the buffer with what has arrived.
    fn receive(&mut self, plaintext: &mut [u8]);

    /// Takes what the client has sent and fills the buffer with it.
    fn exchange(&mut self, ciphertext: &[u8], plaintext: &mut [u8]) {
        self.feed(ciphertext);
        self.receive(plaintext);
    }
}

/// Both ends after a handshake, and how long the server's took.
pub(crate) struct Shaken {
    pub session: Box<dyn Session>,
    pub peer: ClientConnection,
    took: Duration,
}

/// A client with a certificate, of one cipher suite and one key exchange.
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    kind: HandshakeKind,
}

impl Client {
    /// Its handshakes are full ones.
    pub(crate) fn new(ca: &Authority, client: &Identity, group: &'static dyn SupportedKxGroup) -> Self {
        let mut config = config(ca, client, group);
        config.resumption = Resumption::disabled();
        Self { config: Arc::new(config), kind: HandshakeKind::Full }
    }

    /// It has a ticket of this service, and each handshake brings new ones.
    pub(crate) fn resuming(
        ca: &Authority,
        client: &Identity,
        group: &'static dyn SupportedKxGroup,
        service: &dyn Service,
    ) -> Self {
        let new = Self { config: Arc::new(config(ca, client, group)), kind: HandshakeKind::Resumed };
        new.shake(service);
        new
    }

    /// One handshake, from the connection's making to its tickets.
    pub(crate) fn shake(&self, service: &dyn Service) -> Shaken {
        let name = "localhost".try_into().expect("a name");
        let mut peer = ClientConnection::new(self.config.clone(), name).expect("a client");
        let mut wire = vec![0; 1 << 16];
        let start = Instant::now();
        let mut session = service.accept();
        let mut took = start.elapsed();
        while peer.wants_write() {
            let sent = sent(&mut peer);
            let start = Instant::now();
            session.feed(&sent);
            let count = session.drain(&mut wire);
            took += start.elapsed();
            hand(&mut peer, &wire[..count]);
        }
        assert!(!peer.is_handshaking());
        Shaken { session, peer, took }
    }

    /// The server's part of one handshake and of the connection's end, in microseconds.
    pub(crate) fn time(&self, service: &dyn Service) -> f64 {
        let Shaken { session, peer, took } = self.shake(service);
        assert_eq!(peer.handshake_kind(), Some(self.kind));
        let start = Instant::now();
        drop(session);
        (took + start.elapsed()).as_secs_f64() * 1e6
    }
}

fn config(ca: &Authority, client: &Identity, group: &'static dyn SupportedKxGroup) -> ClientConfig {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256],
        kx_groups: vec![group],
        ..aws_lc_rs::default_provider()
    });
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(ca.certificate().as_der().to_vec())).expect("a root");
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let chain = vec![CertificateDer::from(client.certificate().as_der().to_vec())];
    let key = PrivatePkcs8KeyDer::from(client.key().to_der(KeyDerivation::Scrypt, None).expect("a key").to_vec());
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("TLS 1.3")
        .with_webpki_verifier(verifier.expect("a verifier"))
        .with_client_auth_cert(chain, key.into())
        .expect("an identity")
}

/// What the client has to send.
pub(crate) fn sent(peer: &mut ClientConnection) -> Vec<u8> {
    let mut sent = Vec::new();
    while peer.wants_write() {
        peer.write_tls(&mut sent).expect("memory");
    }
    sent
}

/// Gives the client what the server has sent; it reads all of it.
pub(crate) fn hand(peer: &mut ClientConnection, mut received: &[u8]) {
    while !received.is_empty() {
        peer.read_tls(&mut received).expect("memory");
        let state = peer.process_new_packets().expect("TLS");
        let mut plaintext = vec![0; state.plaintext_bytes_to_read()];
        peer.reader().read_exact(&mut plaintext).expect("plaintext");
    }
}
