//! Revoking what was issued, and the list that says so.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::Result;
use crate::authority::Authority;
use crate::buffer::Buffer;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// Why a certificate was revoked, with the numbers of RFC 5280, 5.3.1.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationReason {
    /// No reason is given.
    Unspecified = 0,
    /// Somebody else may have the private key.
    KeyCompromise = 1,
    /// Somebody else may have the authority's private key.
    CaCompromise = 2,
    /// The subject's name or relation has changed.
    AffiliationChanged = 3,
    /// Another certificate has taken its place.
    Superseded = 4,
    /// It is needed no more.
    CessationOfOperation = 5,
    /// On hold: the one reason that can be taken back.
    CertificateHold = 6,
}

const REASONS: [(RevocationReason, trustdir_core::RevocationReason, &CStr); 7] = [
    (RevocationReason::Unspecified, trustdir_core::RevocationReason::Unspecified, c"unspecified"),
    (RevocationReason::KeyCompromise, trustdir_core::RevocationReason::KeyCompromise, c"keyCompromise"),
    (RevocationReason::CaCompromise, trustdir_core::RevocationReason::CaCompromise, c"CACompromise"),
    (RevocationReason::AffiliationChanged, trustdir_core::RevocationReason::AffiliationChanged, c"affiliationChanged"),
    (RevocationReason::Superseded, trustdir_core::RevocationReason::Superseded, c"superseded"),
    (
        RevocationReason::CessationOfOperation,
        trustdir_core::RevocationReason::CessationOfOperation,
        c"cessationOfOperation",
    ),
    (RevocationReason::CertificateHold, trustdir_core::RevocationReason::CertificateHold, c"certificateHold"),
];

impl From<trustdir_core::RevocationReason> for RevocationReason {
    fn from(reason: trustdir_core::RevocationReason) -> Self {
        let known = REASONS.iter().find(|(_, known, _)| *known == reason);
        // A reason that the core learns before this interface has a number for it.
        known.map_or(Self::Unspecified, |(reason, ..)| *reason)
    }
}

fn reason(reason: i32) -> Result<trustdir_core::RevocationReason> {
    let known = REASONS.iter().find(|(known, ..)| *known as i32 == reason);
    known.map(|(_, reason, _)| *reason).ok_or_else(|| Error::unknown("reason", reason))
}

/// The name of a reason, as `openssl ca` writes it: "keyCompromise", "superseded" and so on; "unspecified" for unknown
/// numbers. Static text, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_revocation_reason_text(reason: i32) -> *const c_char {
    guard_or(ptr::null(), || {
        let known = REASONS.iter().find(|(known, ..)| *known as i32 == reason);
        Some(known.map_or(c"unspecified", |(_, _, text)| *text).as_ptr())
    })
}

/// Revokes a certificate that this authority issued. `reason` is a trustdir_revocation_reason. Those who read its list
/// refuse it from the next list on; a directory needs no list: remove the entry. Final, but for
/// TRUSTDIR_REVOCATION_REASON_CERTIFICATE_HOLD: a second time is TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_revoke(
    authority: Option<&Authority>,
    certificate: Option<&Certificate>,
    reason: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let authority = handle::required(authority, "authority")?.core();
        let certificate = handle::required(certificate, "certificate")?.core();
        Ok(authority.revoke(certificate, self::reason(reason)?)?)
    })
}

/// Takes a certificate off hold.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_unhold(
    authority: Option<&Authority>,
    certificate: Option<&Certificate>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let authority = handle::required(authority, "authority")?.core();
        Ok(authority.unhold(handle::required(certificate, "certificate")?.core())?)
    })
}

/// Writes the list of everything revoked (a CRL), good for this many days, as crl.pem in the authority's directory.
/// Its path goes to `list`, which may be NULL when you do not need it; it is yours, free it with trustdir_buffer_free.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_crl(
    authority: Option<&Authority>,
    days: u32,
    list: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let list = handle::optional_slot(list);
        let path = handle::required(authority, "authority")?.core().crl(days)?;
        if let Some(list) = list {
            *list = handle::give(Buffer::path(&path));
        }
        Ok(())
    })
}

/// Puts the newest list into `dir`, a directory of trust anchors, under the name by which OpenSSL finds it
/// ("89abcdef.r0"), in place of this authority's older one. Its path goes to `list`, as with trustdir_authority_crl.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_install_crl(
    authority: Option<&Authority>,
    dir: *const c_char,
    list: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let list = handle::optional_slot(list);
        let authority = handle::required(authority, "authority")?.core();
        let path = authority.install_crl(text::path(dir, "dir")?)?;
        if let Some(list) = list {
            *list = handle::give(Buffer::path(&path));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::REASONS;

    #[test]
    fn texts_are_those_of_the_core() {
        for (_, core, text) in REASONS {
            assert_eq!(text.to_str(), Ok(core.as_str()));
        }
    }
}
