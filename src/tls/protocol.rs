//! What the builders of both ends set of the protocol.

use std::fmt;
use std::sync::Arc;

use rustls::{SupportedProtocolVersion, version};

use super::negotiated::TlsVersion;
use super::setup::HandshakeLimits;
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;

/// Versions, application protocols, limits and the key log.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    /// The oldest and the newest.
    pub versions: (TlsVersion, TlsVersion),
    /// Best first.
    pub alpn: Vec<Vec<u8>>,
    pub limits: HandshakeLimits,
    /// The largest record to send.
    pub fragment: Option<usize>,
    pub key_log: Option<KeyLog>,
}

impl Default for Protocol {
    fn default() -> Self {
        let versions = (TlsVersion::Tls12, TlsVersion::Tls13);
        Self { versions, alpn: Vec::new(), limits: HandshakeLimits::default(), fragment: None, key_log: None }
    }
}

impl Protocol {
    /// Checks that it makes sense, and that the certificates to be shown have not expired; `whose` they are.
    pub(super) fn check<'a>(&self, whose: &str, identities: impl IntoIterator<Item = &'a Identity>) -> Result<()> {
        let invalid = |message: &str| Error::new(ErrorKind::InvalidArgument, message);
        if self.alpn.iter().any(|protocol| protocol.is_empty() || protocol.len() > 255) {
            return Err(invalid("an ALPN protocol has 1 to 255 bytes"));
        }
        if self.limits.chain == 0 || self.limits.bytes == 0 || self.limits.timeout.is_zero() {
            return Err(invalid("a handshake limit of 0 admits nobody; give at least 1"));
        }
        if self.fragment.is_some_and(|bytes| !(32..=16389).contains(&bytes)) {
            return Err(invalid("a TLS record has 32 to 16389 bytes; give max_fragment_size in that range"));
        }
        for certificate in identities.into_iter().map(Identity::certificate) {
            if certificate.not_after() < now() {
                let subject = certificate.subject();
                let message = format!("the {whose}'s own certificate {subject} has expired; issue a new one");
                return Err(Error::new(ErrorKind::Expired, message).with_subject(subject.to_string()));
            }
        }
        Ok(())
    }

    pub(super) fn set_alpn(&mut self, protocols: &[&str]) {
        self.alpn = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    }

    pub(super) fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, rustls::Error> {
        let (min, max) = self.versions;
        let all: [(TlsVersion, &'static SupportedProtocolVersion); 2] =
            [(TlsVersion::Tls12, &version::TLS12), (TlsVersion::Tls13, &version::TLS13)];
        let versions: Vec<_> =
            all.iter().filter(|(version, _)| (min..=max).contains(version)).map(|(_, version)| *version).collect();
        if versions.is_empty() {
            return Err(rustls::Error::General(format!("no version lies between {min} and {max}")));
        }
        Ok(versions)
    }
}

#[derive(Clone)]
pub(super) struct KeyLog(pub Arc<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLog")
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        (self.0)(&format!("{label} {} {}", hex(client_random), hex(secret)));
    }
}
