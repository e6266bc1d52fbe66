//! Decisions about clients, and about servers that are called.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::certificate::Certificate;
use crate::guard::guard_or;
use crate::handle;
use crate::reason::Reason;
use crate::text;

/// Whether a peer - a client, or a server that is called - is admitted, and why. From `trustdir_decision **out` it is
/// yours: free it with trustdir_decision_free. From other functions it is borrowed from their
/// first argument. It never changes and may be used from several threads at once.
#[derive(Debug)]
pub struct Decision {
    reason: Reason,
    admitted: bool,
    message: CString,
    subject: Option<CString>,
    issuer: Option<CString>,
    serial: Option<CString>,
    entry: Option<CString>,
    service: Option<CString>,
    time: i64,
    certificate: Option<Certificate>,
    json: CString,
}

const _: () = handle::several_threads::<Decision>();

impl Decision {
    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<trustdir_core::Decision> for Decision {
    fn from(decision: trustdir_core::Decision) -> Self {
        let owned = |text: Option<String>| text.map(|text| text::owned(&text));
        Self {
            reason: decision.reason().into(),
            admitted: decision.is_admitted(),
            message: text::owned(decision.message()),
            subject: owned(decision.subject()),
            issuer: owned(decision.issuer()),
            serial: owned(decision.serial()),
            entry: decision.entry().map(text::owned_path),
            service: decision.service().map(text::owned),
            time: decision.time(),
            certificate: decision.certificate().cloned().map(Certificate::from),
            json: text::owned(&decision.to_json()),
        }
    }
}

/// Whether the peer is admitted; false for NULL.
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

/// The subject of the peer's certificate as escaped RFC 4514 text, cut after 256 characters: a stranger chooses it.
/// Borrowed from the decision. NULL when there is no readable certificate, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_subject(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(decision?.subject.as_ref())))
}

/// The issuer of the peer's certificate, as the subject.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_issuer(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(decision?.issuer.as_ref())))
}

/// The serial number of the peer's certificate in lower-case hexadecimal, cut after 64 digits; else as the subject.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_serial(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(decision?.serial.as_ref())))
}

/// The SHA-256 of the peer's certificate as 64 lower-case hexadecimal digits, as the subject.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_fingerprint(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.certificate.as_ref()?.fingerprint()))
}

/// The path of the entry that admitted the peer, or that the refusal is about. Borrowed from the decision. NULL when
/// there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_entry(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(decision?.entry.as_ref())))
}

/// The moment that was decided for, in seconds since 1970-01-01 UTC; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_time(decision: Option<&Decision>) -> i64 {
    guard_or(0, || Some(decision?.time))
}

/// The name of the service that decided. Borrowed from the decision. NULL when it has none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_service(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(decision?.service.as_ref())))
}

/// The whole record as one line of JSON, with control and direction characters escaped. Its keys are "reason",
/// "admitted", "message", "subject", "issuer", "serial", "sha256", "file", "time" (RFC 3339) and "service"; what there is
/// none of is null. Later versions may add keys. Borrowed from the decision. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_json(decision: Option<&Decision>) -> *const c_char {
    guard_or(ptr::null(), || Some(decision?.json.as_ptr()))
}

/// The peer's certificate. Borrowed from the decision. NULL when there is no readable one, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_certificate(decision: Option<&Decision>) -> Option<&Certificate> {
    guard_or(None, || Some(decision?.certificate.as_ref()))
}

/// Frees the decision and everything borrowed from it. NULL is fine. Not for borrowed decisions.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_decision_free(decision: Option<Box<Decision>>) {
    guard_or((), || decision.map(drop));
}
