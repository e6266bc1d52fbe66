//! What was decided about a peer.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::Serialize;

use super::{Held, Reason};
use crate::certificate::{Certificate, Fingerprint};
use crate::clock::timestamp;
use crate::error::escape;
use crate::json;
use crate::trust_dir;

/// No real serial number has more digits (RFC 5280, 4.1.2.2: 20 octets).
const MAX_SERIAL: usize = 64;

/// An admission or a refusal, with its reason and what it was decided on.
///
/// ```
/// use trustdir::{ClientAuth, Policy, Reason};
///
/// let decision = Policy::new(ClientAuth::Required).decide(&[], 1_801_440_000);
/// assert_eq!(decision.reason(), Reason::NoCertificate);
/// assert_eq!(decision.message(), "the client sent no certificate, and one is required");
/// assert!(decision.to_json().contains(r#""time":"2027-02-01T00:00:00Z""#));
/// ```
#[derive(Clone, Debug)]
pub struct Decision {
    pub(super) reason: Reason,
    /// Of an admission by an entry it is made when asked for: most are never read.
    pub(super) message: OnceLock<String>,
    pub(super) certificate: Option<Certificate>,
    pub(super) entry: Option<PathBuf>,
    pub(super) time: i64,
    pub(super) service: Option<String>,
    pub(super) held: Option<Held>,
    pub(super) until: i64,
}

/// The record as JSON, in this order.
#[derive(Serialize)]
struct Record<'a> {
    reason: &'a str,
    admitted: bool,
    message: &'a str,
    subject: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
    sha256: Option<String>,
    file: Option<String>,
    time: String,
    service: Option<&'a str>,
}

impl Decision {
    pub(crate) fn new(reason: Reason, message: impl Into<String>, certificate: Option<Certificate>) -> Self {
        Self {
            reason,
            message: OnceLock::from(message.into()),
            certificate,
            entry: None,
            time: 0,
            service: None,
            held: None,
            until: i64::MAX,
        }
    }

    pub(super) fn by_entry(certificate: Certificate, entry: PathBuf, held: trust_dir::Held) -> Self {
        Self {
            message: OnceLock::new(),
            until: certificate.not_after(),
            entry: Some(entry),
            held: Some(Held::Entry(held)),
            ..Self::new(Reason::Admitted, String::new(), Some(certificate))
        }
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
        self.message.get_or_init(|| {
            let (subject, file) = (self.subject().unwrap_or_default(), self.entry.as_deref().unwrap_or(Path::new("")));
            format!("{subject} is admitted by {}", escape(&file.to_string_lossy()))
        })
    }

    /// The certificate that was decided on.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Its subject as escaped RFC 4514 text, cut after 256 characters: a stranger chooses it.
    pub fn subject(&self) -> Option<String> {
        self.certificate.as_ref().map(|certificate| certificate.called().to_owned())
    }

    /// Its issuer, escaped and cut as the subject is.
    pub fn issuer(&self) -> Option<String> {
        self.certificate.as_ref().map(|certificate| certificate.issuer().brief())
    }

    /// Its serial number in lower-case hexadecimal, cut after 64 digits.
    pub fn serial(&self) -> Option<String> {
        let mut serial = self.certificate.as_ref()?.serial();
        if serial.len() > MAX_SERIAL {
            serial.truncate(MAX_SERIAL);
            serial.push('…');
        }
        Some(serial)
    }

    /// Its fingerprint.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.certificate.as_ref().map(Certificate::fingerprint)
    }

    /// The file of the entry that was matched: the client's own, or that of the authority that vouches for it.
    pub fn entry(&self) -> Option<&Path> {
        self.entry.as_deref()
    }

    /// The moment that was decided for, in Unix seconds.
    pub fn time(&self) -> i64 {
        self.time
    }

    /// The name of the service that decided, if it has one.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// The whole record as one line of JSON, with control and direction characters escaped. Its keys are `reason`,
    /// `admitted`, `message`, `subject`, `issuer`, `serial`, `sha256`, `file`, `time` (RFC 3339) and `service`; what
    /// there is none of is `null`. Later versions may add keys.
    pub fn to_json(&self) -> String {
        json::line(&Record {
            reason: self.reason.as_str(),
            admitted: self.is_admitted(),
            message: self.message(),
            subject: self.subject(),
            issuer: self.issuer(),
            serial: self.serial(),
            sha256: self.fingerprint().map(|fingerprint| fingerprint.to_string()),
            file: self.entry.as_ref().map(|file| file.to_string_lossy().into_owned()),
            time: timestamp(self.time),
            service: self.service(),
        })
    }

    /// The hold on the entry, for as long as a connection stands on it.
    pub(crate) fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// The last moment at which no certificate has ended that an admission rests on, in Unix seconds.
    pub(crate) fn until(&self) -> i64 {
        self.until
    }

    /// The refusal of a peer that was admitted and would not be any more: its entry has gone, no authority vouches
    /// for it now, or its limits are another's now or have been passed.
    pub(crate) fn refused_since(&self, now: i64) -> Option<Self> {
        let (reason, message) = self.held()?.ended(self, now, self.service())?;
        Some(Self { time: now, ..self.turned(reason, message) })
    }

    /// The same certificate and entry, refused for a reason that showed later.
    pub(crate) fn turned(&self, reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: OnceLock::from(message.into()), held: None, ..self.clone() }
    }
}
