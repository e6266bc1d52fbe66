//! What client and server have agreed on.

use std::fmt;

use rustls::pki_types::ServerName;
use rustls::{HandshakeKind, ProtocolVersion};

use super::connection::Connection;
use super::host_name::without_root;
use super::side::{Calling, Side};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

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

impl Connection {
    /// The protocol version, once negotiated.
    pub fn version(&self) -> Option<TlsVersion> {
        match self.engine.common()?.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
            ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
            _ => None,
        }
    }

    /// The cipher suite's IANA name, once negotiated.
    pub fn cipher_suite(&self) -> Option<&str> {
        self.engine.common()?.negotiated_cipher_suite()?.suite().as_str()
    }

    /// The key exchange's IANA name, such as `X25519MLKEM768`, once negotiated.
    pub fn key_exchange(&self) -> Option<&str> {
        self.engine.common()?.negotiated_key_exchange_group()?.name().as_str()
    }

    /// The application protocol, if one was negotiated.
    pub fn alpn(&self) -> Option<&str> {
        std::str::from_utf8(self.engine.common()?.alpn_protocol()?).ok()
    }

    /// The host name that the client asked for (SNI).
    pub fn server_name(&self) -> Option<&str> {
        match (&self.side, self.engine.tls()?) {
            (_, rustls::Connection::Server(tls)) => tls.server_name().map(without_root),
            (Side::Client(Calling { name: ServerName::DnsName(name), .. }), _) => Some(name.as_ref()),
            _ => None,
        }
    }

    /// Whether an earlier session was resumed.
    pub fn resumed(&self) -> bool {
        self.engine.common().and_then(|common| common.handshake_kind()) == Some(HandshakeKind::Resumed)
    }

    /// The certificates that the peer has sent, its own first; of a resumed session, those that it sent when that
    /// began. Empty before the handshake is over, and if there are none.
    pub fn peer_chain(&self) -> Vec<Certificate> {
        self.engine.peer_chain().into_iter().filter_map(|der| Certificate::from_der(der).ok()).collect()
    }

    /// Fills the buffer with key material that both ends can compute and nobody else (RFC 8446, 7.5; RFC 5705). Fails
    /// with [`ErrorKind::Tls`] before the handshake is over.
    pub fn export_keying_material(&self, out: &mut [u8], label: &[u8], context: Option<&[u8]>) -> Result<()> {
        let early = || Error::new(ErrorKind::Tls, "there is no key material before the handshake is over");
        let tls = self.engine.tls().filter(|_| !self.is_handshaking()).ok_or_else(early)?;
        let failed = |error: rustls::Error| Error::new(ErrorKind::Tls, format!("no key material: {error}"));
        tls.export_keying_material(out, label, context).map(drop).map_err(failed)
    }

    /// What binds a log-in to this connection: `tls-exporter` (RFC 9266).
    pub fn channel_binding(&self) -> Result<[u8; 32]> {
        let mut binding = [0; 32];
        self.export_keying_material(&mut binding, b"EXPORTER-Channel-Binding", Some(b""))?;
        Ok(binding)
    }
}
