//! A client (rustls) and our connection in one thread, with buffers for a wire: every step is the test's.

use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

use rustls::client::{Resumption, Tls12Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use trustdir::tls::{Acceptor, Connection, Read};
use trustdir::{Authority, Certificate, Identity, Result};

/// How a client takes its sessions up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    None,
    Tickets,
    /// TLS 1.2 only.
    Ids,
}

/// A client's configuration; its sessions live as long as it does.
pub fn client(
    ca: &Authority,
    identity: &Identity,
    version: &'static SupportedProtocolVersion,
    sessions: Sessions,
) -> Arc<ClientConfig> {
    let mut config = config(ca, Some(identity), version, aws_lc_rs::default_provider());
    config.resumption = match sessions {
        Sessions::None => Resumption::disabled(),
        Sessions::Tickets => Resumption::in_memory_sessions(8),
        Sessions::Ids => Resumption::in_memory_sessions(8).tls12_resumption(Tls12Resumption::SessionIdOnly),
    };
    Arc::new(config)
}

/// As [`client`], of somebody who may have no identity and sends the chain of one; with key exchanges of its own.
pub fn config(
    ca: &Authority,
    identity: Option<&Identity>,
    version: &'static SupportedProtocolVersion,
    provider: CryptoProvider,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(ca.certificate().as_der().to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&[version]).unwrap();
    let config = config.with_root_certificates(roots);
    let Some(identity) = identity else { return config.with_no_client_auth() };
    let key = PrivateKeyDer::from_pem_slice(identity.key().to_pem(None).unwrap().as_bytes()).unwrap();
    let chain = identity.chain().iter().map(|one| CertificateDer::from(one.as_der().to_vec())).collect();
    config.with_client_auth_cert(chain, key).unwrap()
}

/// What a client has to send at this moment.
pub fn flight(client: &mut ClientConnection) -> Vec<u8> {
    let mut flight = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut flight).unwrap();
    }
    flight
}

/// All that a connection has to send.
pub fn sent(connection: &mut Connection) -> Vec<u8> {
    let mut sent = Vec::new();
    while connection.send_tls(&mut sent).unwrap() > 0 {}
    sent
}

/// Both ends of one connection.
pub struct Wire {
    pub client: ClientConnection,
    pub server: Connection,
    /// What the client has sent and the server has not got.
    upstream: Vec<u8>,
}

impl Wire {
    pub fn new(config: &Arc<ClientConfig>, acceptor: &Acceptor) -> Self {
        let client = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
        Self { client, server: acceptor.accept().unwrap(), upstream: Vec::new() }
    }

    /// Has the client say something, as soon as it may.
    pub fn say(&mut self, plaintext: &[u8]) {
        if !self.client.is_handshaking() {
            self.client.writer().write_all(plaintext).unwrap();
        }
    }

    /// Moves at most this many bytes up, and everything that lies there down.
    pub fn step(&mut self, at_most: usize) -> Result<()> {
        self.upstream.extend(flight(&mut self.client));
        let count = at_most.min(self.upstream.len());
        let chunk: Vec<u8> = self.upstream.drain(..count).collect();
        let result = self.server.read_tls(&chunk);
        let mut wire = [0; 16384];
        loop {
            let count = self.server.write_tls(&mut wire);
            if count == 0 {
                return result;
            }
            let mut flight = &wire[..count];
            while !flight.is_empty() && self.client.read_tls(&mut flight).is_ok() {
                // An alert is what a refused client gets.
                let _ = self.client.process_new_packets();
            }
        }
    }

    /// One read of plaintext at the server.
    pub fn read(&mut self) -> Result<Option<usize>> {
        match self.server.read(&mut [0; 4096])? {
            Read::Data(count) => Ok(Some(count)),
            Read::Pending => Ok(None),
            Read::Closed => panic!("the client does not close"),
        }
    }

    /// What the client has got from the server.
    pub fn heard(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        match self.client.reader().read_to_end(&mut heard) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => panic!("{error}"),
            _ => heard,
        }
    }

    /// The handshake and one echo, as an honest client and server do: the client gets its tickets by it.
    pub fn establish(&mut self) -> Result<()> {
        let mut said = false;
        loop {
            if !said && !self.client.is_handshaking() {
                self.say(b"hello");
                said = true;
            }
            self.step(usize::MAX)?;
            if self.read()?.is_some() {
                self.server.write(b"hello")?;
                self.step(usize::MAX)?;
                assert_eq!(self.heard(), b"hello");
                return Ok(());
            }
        }
    }

    /// The whole handshake of a client that must be refused; returns the refusal.
    pub fn refused(mut self) -> trustdir::Error {
        self.establish().expect_err("a removed client was admitted")
    }
}

/// The certificate as a file of exactly 2 KiB: nothing shows in the size when one is written over another.
pub fn padded(certificate: &Certificate) -> Vec<u8> {
    let mut pem = certificate.to_pem().into_bytes();
    assert!(pem.len() <= 2048);
    pem.resize(2048, b'\n');
    pem
}
