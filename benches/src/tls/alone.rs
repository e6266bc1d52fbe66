//! rustls alone.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::aws_lc_rs::{self, Ticketer};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, ServerConnection,
    SignatureScheme,
};
use trustdir::KeyDerivation;

use super::Scene;
use crate::handshake::{Service, Session};

/// rustls with its own verifier of clients.
pub(super) fn authority(scene: &Scene, tickets: bool) -> Box<dyn Service> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(scene.ca.certificate().as_der().to_vec())).expect("a root");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build().expect("a verifier");
    with(scene, verifier, tickets)
}

/// rustls with one certificate to compare with, and no file that could go.
pub(super) fn pin(scene: &Scene) -> Box<dyn Service> {
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    with(scene, Arc::new(Pin { der: scene.alice.certificate().as_der().to_vec(), algorithms }), true)
}

fn with(scene: &Scene, verifier: Arc<dyn ClientCertVerifier>, tickets: bool) -> Box<dyn Service> {
    let chain = vec![CertificateDer::from(scene.server.certificate().as_der().to_vec())];
    let key = scene.server.key().to_der(KeyDerivation::Scrypt, None).expect("a key").to_vec();
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(key).into())
        .expect("an identity");
    if tickets {
        config.ticketer = Ticketer::new().expect("a ticketer");
    } else {
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    Box::new(Rustls(Arc::new(config)))
}

struct Rustls(Arc<ServerConfig>);

impl Service for Rustls {
    fn accept(&self) -> Box<dyn Session> {
        Box::new(ServerConnection::new(self.0.clone()).expect("a connection"))
    }
}

impl Session for ServerConnection {
    fn feed(&mut self, mut ciphertext: &[u8]) {
        while !ciphertext.is_empty() {
            self.read_tls(&mut ciphertext).expect("memory");
            self.process_new_packets().expect("an admission");
        }
    }

    fn drain(&mut self, mut ciphertext: &mut [u8]) -> usize {
        let capacity = ciphertext.len();
        while self.wants_write() {
            self.write_tls(&mut ciphertext).expect("memory");
        }
        capacity - ciphertext.len()
    }

    fn send(&mut self, plaintext: &[u8]) {
        self.writer().write_all(plaintext).expect("memory");
    }

    fn receive(&mut self, plaintext: &mut [u8]) {
        self.reader().read_exact(plaintext).expect("plaintext");
    }

    /// It takes no more than two records before their plaintext is read.
    fn exchange(&mut self, mut ciphertext: &[u8], mut plaintext: &mut [u8]) {
        while !ciphertext.is_empty() {
            self.read_tls(&mut ciphertext).expect("memory");
            let count = self.process_new_packets().expect("TLS").plaintext_bytes_to_read();
            let (filled, rest) = plaintext.split_at_mut(count);
            self.receive(filled);
            plaintext = rest;
        }
    }
}

#[derive(Debug)]
struct Pin {
    der: Vec<u8>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Pin {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if end_entity.as_ref() == self.der {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
