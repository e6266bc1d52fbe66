//! What a call came to.

use std::ffi::{CStr, c_char};
use std::ptr;

use trustdir_core::ErrorKind;

use crate::guard::guard_or;

/// The result of every function that can fail. Numbers are grouped by ten (the caller's mistakes, the system, reading
/// files, trust, TLS, flow) and never change their meaning; later versions may add some, so treat an unknown number as
/// a failure.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// A pointer that must not be NULL is NULL. The message names the argument.
    NullArgument = 1,
    /// An argument has a value that the function does not take.
    InvalidArgument = 2,
    /// A defect in this library, caught before it could end the program. Free the objects that were given to the call.
    Panic = 3,
    /// The system refused: permissions, disk, a file that is not a file.
    Io = 10,
    /// There is no such file, entry or authority.
    NotFound = 11,
    /// There is one already, and it is not overwritten.
    AlreadyExists = 12,
    /// The contents are damaged or not what was expected.
    Parse = 20,
    /// Understood, but not supported.
    Unsupported = 21,
    /// The passphrase does not open the key.
    WrongPassphrase = 22,
    /// The key does not belong to the certificate.
    KeyMismatch = 23,
    /// The key is encrypted and no passphrase was given.
    PassphraseRequired = 24,
    /// The certificate is not one that is trusted here.
    Untrusted = 30,
    /// The certificate's validity has ended.
    Expired = 31,
    /// The certificate's validity has not begun.
    NotYetValid = 32,
    /// The certificate was not issued for this use.
    WrongPurpose = 33,
    /// The certificate is for another name.
    NameMismatch = 34,
    /// A signature does not verify.
    BadSignature = 35,
    /// The certificate's entry has been removed from the directory.
    Revoked = 36,
    /// The peer sent no certificate.
    NoCertificate = 37,
    /// The key is too weak.
    WeakKey = 38,
    /// The peer broke the TLS protocol, or does not speak TLS.
    Tls = 40,
    /// The peer sent a TLS alert.
    Alert = 41,
    /// The connection is closed.
    Closed = 42,
    /// The transport ended without the closing message of TLS: the end of the data may be missing.
    Truncated = 43,
    /// The peer took too long.
    TimedOut = 44,
    /// Not an error: nothing can be done until more bytes have moved. No error object is made.
    Again = 50,
}

impl Status {
    const ALL: [Self; 27] = [
        Self::Ok,
        Self::NullArgument,
        Self::InvalidArgument,
        Self::Panic,
        Self::Io,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Parse,
        Self::Unsupported,
        Self::WrongPassphrase,
        Self::KeyMismatch,
        Self::PassphraseRequired,
        Self::Untrusted,
        Self::Expired,
        Self::NotYetValid,
        Self::WrongPurpose,
        Self::NameMismatch,
        Self::BadSignature,
        Self::Revoked,
        Self::NoCertificate,
        Self::WeakKey,
        Self::Tls,
        Self::Alert,
        Self::Closed,
        Self::Truncated,
        Self::TimedOut,
        Self::Again,
    ];

    fn message(self) -> &'static CStr {
        match self {
            Self::Ok => c"success",
            Self::NullArgument => c"an argument is NULL",
            Self::InvalidArgument => c"an argument has an invalid value",
            Self::Panic => c"a defect in trustdir",
            Self::Io => c"input or output failed",
            Self::NotFound => c"not found",
            Self::AlreadyExists => c"exists already",
            Self::Parse => c"damaged or unexpected contents",
            Self::Unsupported => c"not supported",
            Self::WrongPassphrase => c"wrong passphrase",
            Self::KeyMismatch => c"the key does not belong to the certificate",
            Self::PassphraseRequired => c"the key is encrypted and needs a passphrase",
            Self::Untrusted => c"the certificate is not trusted here",
            Self::Expired => c"the certificate has expired",
            Self::NotYetValid => c"the certificate is not yet valid",
            Self::WrongPurpose => c"the certificate was not issued for this use",
            Self::NameMismatch => c"the certificate is for another name",
            Self::BadSignature => c"a signature does not verify",
            Self::Revoked => c"the certificate has been removed",
            Self::NoCertificate => c"no certificate was sent",
            Self::WeakKey => c"the key is too weak",
            Self::Tls => c"a TLS protocol error",
            Self::Alert => c"the peer sent a TLS alert",
            Self::Closed => c"the connection is closed",
            Self::Truncated => c"the connection ended without the closing message of TLS",
            Self::TimedOut => c"the peer took too long",
            Self::Again => c"nothing to do until more bytes have moved",
        }
    }
}

impl From<()> for Status {
    fn from((): ()) -> Self {
        Self::Ok
    }
}

impl From<ErrorKind> for Status {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::InvalidArgument,
            ErrorKind::Io => Self::Io,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::AlreadyExists => Self::AlreadyExists,
            ErrorKind::Parse => Self::Parse,
            ErrorKind::WrongPassphrase => Self::WrongPassphrase,
            ErrorKind::KeyMismatch => Self::KeyMismatch,
            ErrorKind::PassphraseRequired => Self::PassphraseRequired,
            ErrorKind::Untrusted => Self::Untrusted,
            ErrorKind::Expired => Self::Expired,
            ErrorKind::NotYetValid => Self::NotYetValid,
            ErrorKind::WrongPurpose => Self::WrongPurpose,
            ErrorKind::NameMismatch => Self::NameMismatch,
            ErrorKind::BadSignature => Self::BadSignature,
            ErrorKind::Revoked => Self::Revoked,
            ErrorKind::NoCertificate => Self::NoCertificate,
            ErrorKind::WeakKey => Self::WeakKey,
            ErrorKind::Tls => Self::Tls,
            ErrorKind::Alert => Self::Alert,
            ErrorKind::Closed => Self::Closed,
            ErrorKind::Truncated => Self::Truncated,
            ErrorKind::TimedOut => Self::TimedOut,
            // `Unsupported`, and any kind that the core learns before this interface has a number for it.
            _ => Self::Unsupported,
        }
    }
}

/// One line of static text for a status; never NULL, also for unknown numbers. The error object says more.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_status_message(status: i32) -> *const c_char {
    guard_or(ptr::null(), || {
        let known = Status::ALL.into_iter().find(|known| *known as i32 == status);
        Some(known.map_or(c"unknown status", Status::message).as_ptr())
    })
}
