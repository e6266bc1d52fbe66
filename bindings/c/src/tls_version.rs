//! Versions of TLS.

use trustdir_core::tls;

use crate::Result;
use crate::error::Error;

/// A version of the TLS protocol.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12 = 12,
    /// TLS 1.3.
    Tls13 = 13,
}

const ALL: [(TlsVersion, tls::TlsVersion); 2] =
    [(TlsVersion::Tls12, tls::TlsVersion::Tls12), (TlsVersion::Tls13, tls::TlsVersion::Tls13)];

/// The version of this number, which was given as the argument of this name.
pub(crate) fn tls_version(number: i32, name: &str) -> Result<tls::TlsVersion> {
    let known = ALL.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, version)| version).ok_or_else(|| Error::unknown(name, number))
}
