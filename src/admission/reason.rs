//! Why a peer was admitted or refused.

use std::fmt;

use crate::error::ErrorKind;

/// Why a client was admitted or refused, or a server by a [`Connector`](crate::tls::Connector). The numbers and names
/// are the same in every language and are never given another meaning; new ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Reason {
    /// The certificate is an entry, or an authority vouches for it, and it is valid for this peer now.
    Admitted = 0,
    /// No certificate was sent, and none is required.
    Anonymous = 1,
    /// No certificate was sent, and one is required.
    NoCertificate = 10,
    /// The certificate is not an entry.
    NotInstalled = 11,
    /// The certificate was an entry and has been removed.
    Removed = 12,
    /// The certificate is not an entry, but was signed with the key of one.
    MintedByPin = 13,
    /// The certificate is not an entry; another certificate of the same subject is, with another key or
    /// the same. Renewed? Install the new one.
    SameNameOtherKey = 14,
    /// What was sent is no certificate that can be read.
    Malformed = 15,
    /// The entry's validity is over, or the limit of its validity has been passed.
    Expired = 20,
    /// The entry's validity has not begun.
    NotYetValid = 21,
    /// The entry's key usage or extended key usage does not allow TLS clients (or servers).
    WrongPurpose = 22,
    /// The entry's key is RSA below 2048 bits or of an unknown sort.
    WeakKey = 23,
    /// The peer could not prove that it has the entry's private key.
    BadSignature = 24,
    /// The entry is limited to other services, or the directory's limits cannot be read.
    Scope = 25,
    /// No authority of the directory of authorities vouches for the certificate.
    UntrustedIssuer = 30,
    /// An authority has revoked the certificate, or an intermediate one above it.
    RevokedByCrl = 31,
    /// An authority's revocation list is out of date, and the policy is to admit nobody by it then; or it cannot be
    /// read or verified.
    StaleCrl = 32,
    /// The server's certificate does not bear the name that was connected to.
    NameMismatch = 33,
}

impl Reason {
    /// The reason's name in logs and in other languages, such as `NOT_INSTALLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "ADMITTED",
            Self::Anonymous => "ANONYMOUS",
            Self::NoCertificate => "NO_CERTIFICATE",
            Self::NotInstalled => "NOT_INSTALLED",
            Self::Removed => "REMOVED",
            Self::MintedByPin => "MINTED_BY_PIN",
            Self::SameNameOtherKey => "SAME_NAME_OTHER_KEY",
            Self::Malformed => "MALFORMED",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::WrongPurpose => "WRONG_PURPOSE",
            Self::WeakKey => "WEAK_KEY",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::Scope => "SCOPE",
            Self::UntrustedIssuer => "UNTRUSTED_ISSUER",
            Self::RevokedByCrl => "REVOKED_BY_CRL",
            Self::StaleCrl => "STALE_CRL",
            Self::NameMismatch => "NAME_MISMATCH",
        }
    }

    /// Every reason, in the order of the numbers.
    pub const ALL: [Self; 18] = [
        Self::Admitted,
        Self::Anonymous,
        Self::NoCertificate,
        Self::NotInstalled,
        Self::Removed,
        Self::MintedByPin,
        Self::SameNameOtherKey,
        Self::Malformed,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongPurpose,
        Self::WeakKey,
        Self::BadSignature,
        Self::Scope,
        Self::UntrustedIssuer,
        Self::RevokedByCrl,
        Self::StaleCrl,
        Self::NameMismatch,
    ];

    /// Whether the peer is admitted.
    pub fn is_admission(self) -> bool {
        matches!(self, Self::Admitted | Self::Anonymous)
    }

    /// The kind of error that a refusal becomes on a connection.
    pub(crate) fn error_kind(self) -> ErrorKind {
        match self {
            Self::NoCertificate => ErrorKind::NoCertificate,
            Self::Removed | Self::RevokedByCrl => ErrorKind::Revoked,
            Self::Expired => ErrorKind::Expired,
            Self::NotYetValid => ErrorKind::NotYetValid,
            Self::WrongPurpose => ErrorKind::WrongPurpose,
            Self::WeakKey => ErrorKind::WeakKey,
            Self::NameMismatch => ErrorKind::NameMismatch,
            Self::BadSignature => ErrorKind::BadSignature,
            _ => ErrorKind::Untrusted,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
