//! What was decided about a client.

use std::path::{Path, PathBuf};

use super::{Held, Reason};
use crate::certificate::{Certificate, Fingerprint};

/// An admission or a refusal, with its reason and what it was decided on.
///
/// ```
/// use trustdir::{ClientAuth, Policy, Reason};
///
/// let decision = Policy::new(ClientAuth::Required).decide(&[], 0);
/// assert_eq!(decision.reason(), Reason::NoCertificate);
/// assert_eq!(decision.message(), "the client sent no certificate, and one is required");
/// ```
#[derive(Clone, Debug)]
pub struct Decision {
    pub(super) reason: Reason,
    pub(super) message: String,
    pub(super) certificate: Option<Certificate>,
    pub(super) entry: Option<PathBuf>,
    pub(super) held: Option<Held>,
}

impl Decision {
    pub(crate) fn new(reason: Reason, message: impl Into<String>, certificate: Option<Certificate>) -> Self {
        Self { reason, message: message.into(), certificate, entry: None, held: None }
    }

    /// Whether the client is admitted.
    pub fn is_admitted(&self) -> bool {
        self.reason.is_admission()
    }

    /// Why.
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Why, for people: one line, with the remedy. Text from certificates is escaped.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The certificate that was decided on.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Its subject as escaped RFC 4514 text, cut after 256 characters: a stranger chooses it.
    pub fn subject(&self) -> Option<String> {
        self.certificate.as_ref().map(|certificate| certificate.subject().brief())
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.certificate.as_ref().map(Certificate::fingerprint)
    }

    /// The file of the entry that was matched: the client's own, or that of the authority that vouches for it.
    pub fn entry(&self) -> Option<&Path> {
        self.entry.as_deref()
    }

    /// The hold on the entry, for as long as a connection stands on it.
    pub(crate) fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// The refusal that it has become if what the client stands on has gone since: exact at this moment.
    pub(crate) fn ended(&self) -> Option<Self> {
        let (reason, message) = self.held.as_ref()?.ended(self)?;
        Some(self.turned(reason, message))
    }

    /// The same certificate and entry, refused for a reason that showed later.
    pub(crate) fn turned(&self, reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), held: None, ..self.clone() }
    }
}
