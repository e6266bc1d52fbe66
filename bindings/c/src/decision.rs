//! Decisions about clients.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::certificate::Certificate;
use crate::guard::guard_or;
use crate::handle;
use crate::reason::Reason;
use crate::text;

/// Whether a client is admitted, and why. From `trustdir_decision **out` it is yours: free it with
/// trustdir_decision_free. From trustdir_connection_decision it is borrowed. It never changes and may be used from
/// several threads at once.
pub struct Decision {
    admitted: bool,
    reason: Reason,
    message: CString,
    entry: Option<CString>,
    certificate: Option<Certificate>,
}

const _: () = handle::several_threads::<Decision>();

impl Decision {
    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<trustdir_core::Decision> for Decision {
    fn from(decision: trustdir_core::Decision) -> Self {
        Self {
            admitted: decision.is_admitted(),
            reason: decision.reason().into(),
            message: text::owned(decision.message()),
            entry: decision.entry().map(text::owned_path),
            certificate: decision.certificate().cloned().map(Certificate::from),
        }
    }
}

/// Whether the client is admitted; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_is_admitted(decision: Option<&Decision>) -> bool {
    guard_or(false, || Some(decision?.admitted))
}

/// Why. TRUSTDIR_REASON_NO_CERTIFICATE, which admits nobody, for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_reason(decision: Option<&Decision>) -> Reason {
    guard_or(Reason::NoCertificate, || Some(decision?.reason))
}

/// One line for the log: who, what was decided, and why. Borrowed from the decision. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_message(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.message.as_ptr()))
}

/// The subject of the client's certificate (RFC 4514 text). Borrowed from the decision. NULL when there is no readable
/// certificate, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_subject(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.certificate.as_ref()?.subject()))
}

/// The issuer of the client's certificate, as the subject.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_issuer(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.certificate.as_ref()?.issuer()))
}

/// The serial number of the client's certificate in lower-case hexadecimal, as the subject.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_serial(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.certificate.as_ref()?.serial()))
}

/// The SHA-256 of the client's certificate as 64 lower-case hexadecimal digits, as the subject.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_fingerprint(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.certificate.as_ref()?.fingerprint()))
}

/// The path of the entry that admitted the client, or that the refusal is about. Borrowed from the decision. NULL when
/// there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_entry(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(decision?.entry.as_ref())))
}

/// The client's certificate. Borrowed from the decision. NULL when there is no readable one, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_certificate(decision: Option<&Decision>) -> Option<&Certificate> {
    guard_or(None, || Some(decision?.certificate.as_ref()))
}

/// Frees the decision and everything borrowed from it. NULL is fine. Not for borrowed decisions.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_free(decision: Option<Box<Decision>>) {
    guard_or((), || decision.map(drop));
}
