//! Peers that break the rules: records cut, forged and counted, and a bystander whom that must not disturb.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::cipher::{InboundOpaqueMessage, MessageDecrypter, MessageEncrypter, OutboundPlainMessage};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, ConnectionTrafficSecrets, ContentType, ProtocolVersion, SignatureScheme,
    SupportedProtocolVersion,
};
use trustdir::tls::{Acceptor, AcceptorBuilder};
use trustdir::{EntryNames, Identity, IssueOptions, TrustDir};

use super::World;
use super::wire::{Sessions, Wire, client};

/// A service that admits alice, and a connection of hers that goes on whatever others do.
pub struct Scene {
    pub world: World,
    pub directory: TrustDir,
    pub alice: Identity,
    pub acceptor: Acceptor,
    bystander: Wire,
}

impl Scene {
    pub fn new(settings: impl FnOnce(AcceptorBuilder) -> AcceptorBuilder) -> Self {
        let world = World::new();
        let directory = world.trust_dir(EntryNames::Any);
        let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
        directory.install(alice.certificate()).unwrap();
        let builder = Acceptor::builder(world.server.clone()).trust_dir(directory.clone());
        let acceptor = settings(builder).build().unwrap();
        let mut bystander = Wire::new(&client(&world.ca, &alice, &rustls::version::TLS13, Sessions::None), &acceptor);
        bystander.establish().unwrap();
        Self { world, directory, alice, acceptor, bystander }
    }

    /// Alice's configuration, whose secrets can be had.
    pub fn config(&self, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
        let mut config = (*client(&self.world.ca, &self.alice, version, Sessions::None)).clone();
        config.enable_secret_extraction = true;
        Arc::new(config)
    }

    pub fn wire(&self, version: &'static SupportedProtocolVersion) -> Wire {
        Wire::new(&self.config(version), &self.acceptor)
    }

    /// Alice's connection after its handshake.
    pub fn connected(&self, version: &'static SupportedProtocolVersion) -> Wire {
        let mut wire = self.wire(version);
        wire.establish().unwrap();
        wire
    }

    /// The other connection is what it was, and new ones are made.
    pub fn undisturbed(&mut self) {
        self.bystander.say(b"still here");
        self.bystander.step(usize::MAX).unwrap();
        assert_eq!(self.bystander.read().unwrap(), Some(10));
        self.connected(&rustls::version::TLS12);
    }
}

/// What a client shows, whatever it was asked for.
#[derive(Debug)]
struct Shown(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// A client with this chain and the identity's key; without a chain, one without a certificate.
pub fn showing(config: &Arc<ClientConfig>, identity: &Identity, chain: &[Vec<u8>]) -> Arc<ClientConfig> {
    let key = PrivateKeyDer::from_pem_slice(identity.key().to_pem(None).unwrap().as_bytes()).unwrap();
    let key = config.crypto_provider().key_provider.load_private_key(key).unwrap();
    let chain: Vec<CertificateDer<'static>> = chain.iter().cloned().map(CertificateDer::from).collect();
    let shown = (!chain.is_empty()).then(|| Arc::new(CertifiedKey::new(chain, key)));
    let mut config = (**config).clone();
    config.client_auth_cert_resolver = Arc::new(Shown(shown));
    Arc::new(config)
}

/// Has a client take in what was sent to it, and says what it makes of it.
pub fn hear(client: &mut ClientConnection, mut ciphertext: &[u8]) -> Result<bool, rustls::Error> {
    let mut closed = false;
    while !ciphertext.is_empty() && !closed {
        client.read_tls(&mut ciphertext).unwrap();
        closed = client.process_new_packets()?.peer_has_closed();
    }
    Ok(closed)
}

/// The records in a stream that ends with a whole one.
pub fn records(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some((header, _)) = stream.split_first_chunk::<5>() {
        let (record, rest) = stream.split_at(5 + usize::from(u16::from_be_bytes([header[3], header[4]])));
        records.push(record.to_vec());
        stream = rest;
    }
    records
}

pub fn record(content: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[content, 3, 3], &length[..], payload].concat()
}

/// Level and description of the alert that a stream ends with, if it is one in the clear.
pub fn alert(stream: &[u8]) -> Option<[u8; 2]> {
    match records(stream).last()?[..] {
        [21, 3, _, 0, 2, level, description] => Some([level, description]),
        _ => None,
    }
}

/// A client after a TLS 1.3 handshake that sends any record under its keys.
pub struct Forger {
    encrypter: Box<dyn MessageEncrypter>,
    decrypter: Box<dyn MessageDecrypter>,
    sent: u64,
    received: u64,
}

impl Forger {
    pub fn new(client: ClientConnection) -> Self {
        let suite = client.negotiated_cipher_suite().unwrap().tls13().unwrap();
        let secrets = client.dangerous_extract_secrets().unwrap();
        let parts = |secrets| match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
            _ => panic!("another suite"),
        };
        let ((sent, tx), (received, rx)) = (secrets.tx, secrets.rx);
        let ((tx_key, tx_iv), (rx_key, rx_iv)) = (parts(tx), parts(rx));
        let mut encrypter = suite.aead_alg.encrypter(tx_key, tx_iv);
        // It takes its first record for the first of the connection.
        for sequence in 0..sent {
            encrypter.encrypt(plain(ContentType::ApplicationData, b""), sequence).unwrap();
        }
        Self { encrypter, decrypter: suite.aead_alg.decrypter(rx_key, rx_iv), sent, received }
    }

    pub fn record(&mut self, content: ContentType, payload: &[u8]) -> Vec<u8> {
        self.sent += 1;
        self.encrypter.encrypt(plain(content, payload), self.sent - 1).unwrap().encode()
    }

    /// The content and payload of each record in a stream of the server's.
    pub fn open(&mut self, stream: &[u8]) -> Vec<(ContentType, Vec<u8>)> {
        let mut opened = Vec::new();
        for mut record in records(stream) {
            let message =
                InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, &mut record[5..]);
            let message = self.decrypter.decrypt(message, self.received).unwrap();
            self.received += 1;
            opened.push((message.typ, message.payload.to_vec()));
        }
        opened
    }
}

fn plain(content: ContentType, payload: &[u8]) -> OutboundPlainMessage<'_> {
    OutboundPlainMessage { typ: content, version: ProtocolVersion::TLSv1_2, payload: payload.into() }
}
