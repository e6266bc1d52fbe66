//! Why a peer was admitted or refused.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::guard::guard_or;

/// Why a peer was admitted (below 10) or refused. Later versions may add numbers; treat an unknown one as a refusal.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Admitted: exactly this certificate is an entry of the directory.
    Admitted = 0,
    /// Admitted without a certificate, because the acceptor does not ask for one or makes it optional.
    Anonymous = 1,
    /// Refused: the peer sent no certificate.
    NoCertificate = 10,
    /// Refused: no entry holds this certificate.
    NotInstalled = 11,
    /// Refused: its entry was there and has been removed.
    Removed = 12,
    /// Refused: signed by an installed certificate, which gives no right to admit others.
    MintedByPin = 13,
    /// Refused: another certificate of the same subject is an entry. Renewed? Install the new one.
    SameNameOtherKey = 14,
    /// Refused: not a certificate that can be read.
    Malformed = 15,
    /// Refused: its validity has ended, or the limit that the directory sets to it has been passed.
    Expired = 20,
    /// Refused: its validity has not begun.
    NotYetValid = 21,
    /// Refused: not issued for what the peer is, a client or a server.
    WrongPurpose = 22,
    /// Refused: its key is too weak.
    WeakKey = 23,
    /// Refused: the peer's signature does not verify.
    BadSignature = 24,
    /// Refused: its entry is limited to other services, or the directory's limits cannot be read.
    Scope = 25,
    /// Refused: no authority vouches for it.
    UntrustedIssuer = 30,
    /// Refused: an authority has revoked it, or an intermediate one above it.
    RevokedByCrl = 31,
    /// Refused: an authority's revocation list is out of date.
    StaleCrl = 32,
    /// Refused: the server's certificate does not bear the name that was connected to.
    NameMismatch = 33,
}

impl Reason {
    const ALL: [Self; 18] = [
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

    fn text(self) -> &'static CStr {
        match self {
            Self::Admitted => c"ADMITTED",
            Self::Anonymous => c"ANONYMOUS",
            Self::NoCertificate => c"NO_CERTIFICATE",
            Self::NotInstalled => c"NOT_INSTALLED",
            Self::Removed => c"REMOVED",
            Self::MintedByPin => c"MINTED_BY_PIN",
            Self::SameNameOtherKey => c"SAME_NAME_OTHER_KEY",
            Self::Malformed => c"MALFORMED",
            Self::Expired => c"EXPIRED",
            Self::NotYetValid => c"NOT_YET_VALID",
            Self::WrongPurpose => c"WRONG_PURPOSE",
            Self::WeakKey => c"WEAK_KEY",
            Self::BadSignature => c"BAD_SIGNATURE",
            Self::Scope => c"SCOPE",
            Self::UntrustedIssuer => c"UNTRUSTED_ISSUER",
            Self::RevokedByCrl => c"REVOKED_BY_CRL",
            Self::StaleCrl => c"STALE_CRL",
            Self::NameMismatch => c"NAME_MISMATCH",
        }
    }
}

impl From<trustdir_core::Reason> for Reason {
    fn from(reason: trustdir_core::Reason) -> Self {
        let known = Self::ALL.into_iter().find(|known| *known as i32 == reason as i32);
        // A reason that the core learns before this interface has a number for it: never one that admits.
        known.unwrap_or(Self::Malformed)
    }
}

/// The name of a reason, for logs: "ADMITTED", "NOT_INSTALLED" and so on; "UNKNOWN" for unknown numbers. Static text,
/// never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_reason_text(reason: i32) -> *const c_char {
    guard_or(ptr::null(), || {
        let known = Reason::ALL.into_iter().find(|known| *known as i32 == reason);
        Some(known.map_or(c"UNKNOWN", Reason::text).as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use trustdir_core::Reason as Core;

    use super::*;

    #[test]
    fn numbers_and_texts_are_those_of_the_core() {
        assert_eq!(Core::ALL.len(), Reason::ALL.len());
        for (core, own) in Core::ALL.into_iter().zip(Reason::ALL) {
            assert_eq!((Reason::from(core), core as i32), (own, own as i32));
            assert_eq!(own.text().to_str(), Ok(core.as_str()));
        }
    }
}
