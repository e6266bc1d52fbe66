//! What went wrong, in words.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use crate::decision::Decision;
use crate::guard::guard_or;
use crate::handle;
use crate::status::Status;
use crate::text;

/// Why a call failed. Yours: free it with trustdir_error_free. One thread at a time.
#[derive(Debug)]
pub struct Error {
    status: Status,
    message: CString,
    path: Option<CString>,
    subject: Option<CString>,
    decision: Option<Box<Decision>>,
}

const _: () = handle::one_thread_at_a_time::<Error>();

impl Error {
    pub(crate) fn new(status: Status, message: &str) -> Self {
        Self { status, message: text::owned(message), path: None, subject: None, decision: None }
    }

    pub(crate) fn null(argument: &str) -> Self {
        Self::new(Status::NullArgument, &format!("{argument} is NULL"))
    }

    pub(crate) fn invalid(message: impl AsRef<str>) -> Self {
        Self::new(Status::InvalidArgument, message.as_ref())
    }

    /// A number from C that is none of an enumeration's.
    pub(crate) fn unknown(argument: &str, number: i32) -> Self {
        Self::invalid(format!("{argument} is {number}, which is none of its values"))
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    pub(crate) fn message(&self) -> &CStr {
        &self.message
    }
}

impl From<trustdir_core::Error> for Error {
    fn from(error: trustdir_core::Error) -> Self {
        Self {
            status: error.kind().into(),
            message: text::owned(error.message()),
            path: error.path().map(text::owned_path),
            subject: error.subject().map(text::owned),
            decision: error.decision().cloned().map(|decision| Box::new(decision.into())),
        }
    }
}

/// The status that the failed call returned; TRUSTDIR_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_error_status(error: Option<&Error>) -> Status {
    guard_or(Status::Ok, || Some(error?.status))
}

/// One line for people: which file, which subject, what is wrong and what to do about it. Borrowed from the error.
/// Never NULL; empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_error_message(error: Option<&Error>) -> *const c_char {
    guard_or(c"".as_ptr(), || Some(error?.message().as_ptr()))
}

/// The file or directory that the error is about, or NULL. Borrowed from the error.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_error_path(error: Option<&Error>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(error?.path.as_ref())))
}

/// The subject of the certificate that the error is about (RFC 4514 text), or NULL. Borrowed from the error.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_error_subject(error: Option<&Error>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(error?.subject.as_ref())))
}

/// The refusal that the error is, in all its parts, or NULL. Borrowed from the error.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_error_decision(error: Option<&Error>) -> Option<&Decision> {
    guard_or(None, || Some(error?.decision.as_deref()))
}

/// Frees the error and everything borrowed from it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_error_free(error: Option<Box<Error>>) {
    guard_or((), || error.map(drop));
}
