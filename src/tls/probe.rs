//! What a server shows of itself to whoever connects. Nothing is sent to it, and nothing that it sends is believed.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, ClientConnection, ResolvesClientCert};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{DigitallySignedStruct, SignatureScheme};

use super::TlsVersion;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// How long a server may take for all of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was seen.
pub(crate) struct Shown {
    pub(crate) chain: Vec<Certificate>,
    pub(crate) version: TlsVersion,
    /// Whether it asks for a client's certificate.
    pub(crate) asks_client: bool,
}

/// Shakes hands as far as a stranger can, whatever the certificate is.
pub(crate) fn probe(host: &str, port: u16) -> Result<Shown> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Io, format!("{host}:{port}: {what}: {error}"))
    };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed("this is no host", &error))?;
    let seen = Arc::new(Seen::default());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed("TLS", &error))?
        .dangerous()
        .with_custom_certificate_verifier(seen.clone())
        .with_client_cert_resolver(seen.clone());
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| failed("TLS", &error))?;
    let ended = connect(host, port).and_then(|mut socket| shake_hands(&mut connection, &mut socket));
    let chain = std::mem::take(&mut *seen.chain.lock().unwrap_or_else(PoisonError::into_inner));
    if chain.is_empty() {
        // Who has shown it may refuse us then: we have no certificate of our own.
        let error = ended.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
        return Err(failed("the server shows no certificate", &error));
    }
    let chain: Result<Vec<_>> = chain.iter().map(|der| Certificate::from_der(der)).collect();
    let version = match connection.protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => TlsVersion::Tls12,
        _ => TlsVersion::Tls13,
    };
    Ok(Shown { chain: chain?, version, asks_client: seen.asked.load(Ordering::Relaxed) })
}

fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    let mut addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    if host == "localhost" {
        // Both are (RFC 6761, 6.3), whatever the machine's list of hosts has.
        addresses.push((Ipv6Addr::LOCALHOST, port).into());
    }
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn shake_hands(connection: &mut ClientConnection, socket: &mut TcpStream) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while connection.is_handshaking() {
        while connection.wants_write() {
            connection.write_tls(socket)?;
        }
        socket.flush()?;
        let left = deadline.saturating_duration_since(Instant::now());
        // A timeout of zero means none.
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut bytes = [0; 4096];
        let count = socket.read(&mut bytes)?;
        if count == 0 || left.is_zero() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut taken = &bytes[..count];
        while !taken.is_empty() {
            connection.read_tls(&mut taken)?;
            connection.process_new_packets().map_err(io::Error::other)?;
        }
    }
    Ok(())
}

/// Keeps what the server shows, and trusts it for nothing: no byte of ours goes out and none of its comes in.
#[derive(Debug, Default)]
struct Seen {
    chain: Mutex<Vec<CertificateDer<'static>>>,
    asked: AtomicBool,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _stapled: &[u8],
        _now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(end_entity).chain(intermediates).map(|der| der.clone().into_owned()).collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

impl ResolvesClientCert for Seen {
    fn resolve(&self, _issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}
