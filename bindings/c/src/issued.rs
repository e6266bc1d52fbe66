//! What an authority has issued.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use crate::authority::Authority;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::revocation::RevocationReason;
use crate::status::Status;
use crate::text;

/// How an issued certificate stands. Later versions may add numbers; trust none that is unknown.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssuedStatus {
    /// Not known.
    Unknown = 0,
    /// Neither revoked nor over.
    Valid = 1,
    /// Its validity is over.
    Expired = 2,
    /// Revoked.
    Revoked = 3,
}

impl IssuedStatus {
    const ALL: [Self; 4] = [Self::Unknown, Self::Valid, Self::Expired, Self::Revoked];

    fn text(self) -> &'static CStr {
        match self {
            Self::Unknown => c"UNKNOWN",
            Self::Valid => c"VALID",
            Self::Expired => c"EXPIRED",
            Self::Revoked => c"REVOKED",
        }
    }
}

/// What an authority had issued at one moment, in the order in which it did. Yours: free it with trustdir_issued_free.
/// It never changes and may be used from several threads at once.
pub struct Issued {
    certificates: Vec<One>,
}

const _: () = handle::several_threads::<Issued>();

struct One {
    serial: CString,
    subject: CString,
    not_after: i64,
    status: IssuedStatus,
    revocation: Option<(i64, RevocationReason)>,
    certificate: Option<Certificate>,
    file: CString,
}

impl From<trustdir_core::Issued> for One {
    fn from(issued: trustdir_core::Issued) -> Self {
        let (status, revocation) = match issued.status {
            trustdir_core::IssuedStatus::Valid => (IssuedStatus::Valid, None),
            trustdir_core::IssuedStatus::Expired => (IssuedStatus::Expired, None),
            trustdir_core::IssuedStatus::Revoked { since, reason } => {
                (IssuedStatus::Revoked, Some((since, reason.into())))
            }
            // What the core learns before this interface has a number for it.
            _ => (IssuedStatus::Unknown, None),
        };
        Self {
            serial: text::owned(&issued.serial),
            subject: text::owned(&issued.subject),
            not_after: issued.not_after,
            status,
            revocation,
            certificate: issued.certificate.map(Certificate::from),
            file: text::owned_path(&issued.file),
        }
    }
}

impl From<Vec<trustdir_core::Issued>> for Issued {
    fn from(issued: Vec<trustdir_core::Issued>) -> Self {
        Self { certificates: issued.into_iter().map(One::from).collect() }
    }
}

/// Lists everything that the authority has issued.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issued(
    authority: Option<&Authority>,
    out: *mut *mut Issued,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        *out = handle::give(authority.issued()?.into());
        Ok(())
    })
}

/// Lists the issued certificates that are meant by `name`, the newest last: a common name, a subject in RFC 4514 text,
/// a DNS name or another of its names, a serial number, or a fingerprint. None is TRUSTDIR_STATUS_OK as well.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_find(
    authority: Option<&Authority>,
    name: *const c_char,
    out: *mut *mut Issued,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        *out = handle::give(authority.find(text::required(name, "name")?)?.into());
        Ok(())
    })
}

/// Lists what needs to be renewed: certificates whose validity ends within this many days, or has ended within as many,
/// and that are neither revoked nor followed by a later one of the same subject, names and purpose.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_expiring(
    authority: Option<&Authority>,
    days: u32,
    out: *mut *mut Issued,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        *out = handle::give(authority.expiring(days)?.into());
        Ok(())
    })
}

/// The number of certificates in the list; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_len(issued: Option<&Issued>) -> usize {
    guard_or(0, || Some(issued?.certificates.len()))
}

/// The serial number in lower-case hexadecimal, as a certificate has it. Borrowed from the list. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_serial(issued: Option<&Issued>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(issued?.certificates.get(index)?.serial.as_ptr()))
}

/// The subject as RFC 4514 text, or as the index has it ("/CN=alice") when the certificate was not kept. Borrowed from
/// the list. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_subject(issued: Option<&Issued>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(issued?.certificates.get(index)?.subject.as_ptr()))
}

/// The end of the validity, in seconds since 1970-01-01 UTC; 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_not_after(issued: Option<&Issued>, index: usize) -> i64 {
    guard_or(0, || Some(issued?.certificates.get(index)?.not_after))
}

/// How it stands. TRUSTDIR_ISSUED_STATUS_UNKNOWN past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_standing(issued: Option<&Issued>, index: usize) -> IssuedStatus {
    guard_or(IssuedStatus::Unknown, || Some(issued?.certificates.get(index)?.status))
}

/// When it was revoked, in seconds since 1970-01-01 UTC; 0 when it is not, past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_revoked_at(issued: Option<&Issued>, index: usize) -> i64 {
    guard_or(0, || Some(issued?.certificates.get(index)?.revocation?.0))
}

/// Why it was revoked. TRUSTDIR_REVOCATION_REASON_UNSPECIFIED when it is not, past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_revocation_reason(issued: Option<&Issued>, index: usize) -> RevocationReason {
    guard_or(RevocationReason::Unspecified, || Some(issued?.certificates.get(index)?.revocation?.1))
}

/// The certificate. Borrowed from the list. NULL when the authority did not keep it, past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_certificate(issued: Option<&Issued>, index: usize) -> Option<&Certificate> {
    guard_or(None, || Some(issued?.certificates.get(index)?.certificate.as_ref()))
}

/// The path where the authority keeps the certificate. Borrowed from the list. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_file(issued: Option<&Issued>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(issued?.certificates.get(index)?.file.as_ptr()))
}

/// Frees the list and everything borrowed from it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_free(issued: Option<Box<Issued>>) {
    guard_or((), || issued.map(drop));
}

/// The name of a status, for logs: "VALID", "EXPIRED", "REVOKED"; "UNKNOWN" for unknown numbers. Static text, never
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issued_status_text(status: i32) -> *const c_char {
    guard_or(ptr::null(), || {
        let known = IssuedStatus::ALL.into_iter().find(|known| *known as i32 == status);
        Some(known.unwrap_or(IssuedStatus::Unknown).text().as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use trustdir_core::{IssuedStatus as Core, RevocationReason as Reason};

    use super::IssuedStatus;

    #[test]
    fn texts_are_those_of_the_core() {
        let core = [Core::Valid, Core::Expired, Core::Revoked { since: 0, reason: Reason::Unspecified }];
        for (own, core) in IssuedStatus::ALL[1..].iter().zip(core) {
            assert_eq!(own.text().to_str(), Ok(core.as_str()));
        }
    }
}
