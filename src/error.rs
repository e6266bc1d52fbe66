//! The one error type: a kind for programs, one line of text for people.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::admission::Decision;

/// A result whose error is [`Error`] unless said otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong. New kinds may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument makes no sense (an empty name, a reversed period, …).
    InvalidArgument,
    /// The operating system refused a file or directory operation.
    Io,
    /// The named file, directory or entry does not exist.
    NotFound,
    /// Something is there already and is never overwritten.
    AlreadyExists,
    /// The bytes are not what they should be (damaged PEM, DER, TOML, …).
    Parse,
    /// Well-formed, but of a sort that this library does not take.
    Unsupported,
    /// The passphrase does not open this private key, or the password this PKCS#12 file.
    WrongPassphrase,
    /// The private key is encrypted and no passphrase was given.
    PassphraseRequired,
    /// A certificate and a private key do not belong together.
    KeyMismatch,
    /// The certificate is not installed.
    Untrusted,
    /// The certificate's validity is over.
    Expired,
    /// The certificate's validity has not begun.
    NotYetValid,
    /// The certificate is not meant for this purpose.
    WrongPurpose,
    /// The certificate does not carry the expected name.
    NameMismatch,
    /// A signature does not verify.
    BadSignature,
    /// The certificate was installed and has been removed, or its authority has revoked it; on an open connection,
    /// whatever ended its admission.
    Revoked,
    /// The peer sent no certificate and one is required.
    NoCertificate,
    /// The key is too weak (RSA below 2048 bits, an unknown curve, …).
    WeakKey,
    /// The TLS protocol failed (no common version, garbage, plain HTTP, …).
    Tls,
    /// The peer sent a fatal TLS alert.
    Alert,
    /// The connection is closed.
    Closed,
    /// The transport ended without close_notify (RFC 8446, 6.1).
    Truncated,
    /// The peer took too long.
    TimedOut,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::InvalidArgument,
        Self::Io,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Parse,
        Self::Unsupported,
        Self::WrongPassphrase,
        Self::PassphraseRequired,
        Self::KeyMismatch,
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
    ];

    /// The kind's name in JSON and in other languages, such as `WRONG_PASSPHRASE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::Io => "IO",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Parse => "PARSE",
            Self::Unsupported => "UNSUPPORTED",
            Self::WrongPassphrase => "WRONG_PASSPHRASE",
            Self::PassphraseRequired => "PASSPHRASE_REQUIRED",
            Self::KeyMismatch => "KEY_MISMATCH",
            Self::Untrusted => "UNTRUSTED",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::WrongPurpose => "WRONG_PURPOSE",
            Self::NameMismatch => "NAME_MISMATCH",
            Self::BadSignature => "BAD_SIGNATURE",
            Self::Revoked => "REVOKED",
            Self::NoCertificate => "NO_CERTIFICATE",
            Self::WeakKey => "WEAK_KEY",
            Self::Tls => "TLS",
            Self::Alert => "ALERT",
            Self::Closed => "CLOSED",
            Self::Truncated => "TRUNCATED",
            Self::TimedOut => "TIMED_OUT",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error with its kind, its one-line message and what it is about.
///
/// The message names the file, the subject and the remedy where there is one.
/// Text taken from certificates is escaped, so a message is always one line.
///
/// ```
/// let error = trustdir::Certificate::load("no/such.pem").unwrap_err();
/// assert_eq!(error.kind(), trustdir::ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("no/such.pem: "));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    path: Option<PathBuf>,
    subject: Option<String>,
    decision: Option<Decision>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind with this one-line message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), path: None, subject: None, decision: None, source: None }))
    }

    /// The error for a failed file operation on `path`; `doing` continues "cannot".
    pub(crate) fn io(doing: &str, path: impl AsRef<Path>, source: io::Error) -> Self {
        let kind = match source.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            _ => ErrorKind::Io,
        };
        let mut error = Self::new(kind, format!("cannot {doing}: {source}")).at(path);
        error.0.source = Some(Box::new(source));
        error
    }

    /// The error for a failed read or write of a connection's transport; one of ours that was inside comes out.
    pub(crate) fn transport(source: io::Error) -> Self {
        source.downcast().unwrap_or_else(|source| {
            let mut error = Self::new(ErrorKind::Io, format!("the transport failed: {source}"));
            error.0.source = Some(Box::new(source));
            error
        })
    }

    /// Names the file that the error is about, in the message too.
    pub(crate) fn at(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        if self.0.path.is_none() {
            self.0.message = format!("{}: {}", escape(&path.to_string_lossy()), self.0.message);
            self.0.path = Some(path.to_owned());
        }
        self
    }

    /// Attaches the file that the error is about, leaving the message as it is.
    #[must_use]
    pub fn with_path(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path = Some(path.as_ref().to_owned());
        self
    }

    /// Attaches the subject that the error is about, leaving the message as it is.
    #[must_use]
    pub fn with_subject(mut self, subject: impl Into<String>) -> Self {
        self.0.subject = Some(subject.into());
        self
    }

    /// Attaches the decision that refused or revoked a connection.
    #[must_use]
    pub fn with_decision(mut self, decision: Decision) -> Self {
        self.0.subject = decision.subject();
        self.0.path = decision.entry().map(Path::to_owned);
        self.0.decision = Some(decision);
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The whole message, one line: what [`Display`](fmt::Display) prints.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The message without the file that it begins with: for where that is shown beside it.
    pub(crate) fn message_without_path(&self) -> &str {
        let file = self.0.path.as_ref().map(|path| escape(&path.to_string_lossy()) + ": ");
        file.and_then(|file| self.0.message.strip_prefix(&file)).unwrap_or(&self.0.message)
    }

    /// The file that the error is about.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The subject (RFC 4514) that the error is about.
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// The decision behind a refused or revoked connection.
    pub fn decision(&self) -> Option<&Decision> {
        self.0.decision.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("message", &self.0.message).finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// For [`Read`](io::Read) and [`Write`](io::Write). The error itself is inside: [`downcast`](io::Error::downcast) has it
/// again, with its kind and its decision.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::InvalidArgument => io::ErrorKind::InvalidInput,
            ErrorKind::Io => io::ErrorKind::Other,
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            ErrorKind::AlreadyExists => io::ErrorKind::AlreadyExists,
            ErrorKind::Unsupported => io::ErrorKind::Unsupported,
            ErrorKind::Parse | ErrorKind::Tls => io::ErrorKind::InvalidData,
            ErrorKind::Alert => io::ErrorKind::ConnectionAborted,
            ErrorKind::Closed => io::ErrorKind::BrokenPipe,
            ErrorKind::Truncated => io::ErrorKind::UnexpectedEof,
            ErrorKind::TimedOut => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::PermissionDenied,
        };
        Self::new(kind, error)
    }
}

/// Text that may come from a stranger, made safe for one line of a log: what [`disturbs`] is written as `\u{…}`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if disturbs(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Control characters, line separators, what changes the direction of text, and what nobody sees.
pub(crate) fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{1d173}'..='\u{1d17a}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_the_file_is_called() {
        let error = Error::new(ErrorKind::Parse, "empty").at("a\nb\u{202e}");
        assert_eq!(error.to_string(), "a\\u{a}b\\u{202e}: empty");
    }
}
