//! The decision: who is admitted, who is refused, and why. It names no TLS library and keeps no state.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::certificate::{Certificate, Fingerprint, Usage};
use crate::clock::date;
use crate::error::{ErrorKind, escape};
use crate::key::KeyAlgorithm;
use crate::trust_dir::{EntryNames, Held, TrustDir};

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuth {
    /// None is asked for; everybody is admitted.
    Off,
    /// One is asked for. Who sends none is admitted without a name; who sends one must be an entry.
    Optional,
    /// One is asked for and must be an entry.
    Required,
}

/// Why a client was admitted or refused. The numbers and names are the same in every language and are
/// never given another meaning; new ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Reason {
    /// The certificate is an entry and valid for a client now.
    Admitted = 0,
    /// No certificate was sent, and none is required.
    Anonymous = 1,
    /// No certificate was sent, and one is required.
    NoCertificate = 10,
    /// The certificate is not an entry.
    NotInstalled = 11,
    /// The certificate was an entry and has been removed.
    Removed = 12,
    /// The certificate is not an entry, but was signed with the key of one.
    MintedByPin = 13,
    /// The certificate is not an entry; another certificate of the same subject is, with another key or
    /// the same. Renewed? Install the new one.
    SameNameOtherKey = 14,
    /// What was sent is no certificate that can be read.
    Malformed = 15,
    /// The entry's validity is over.
    Expired = 20,
    /// The entry's validity has not begun.
    NotYetValid = 21,
    /// The entry's key usage or extended key usage does not allow TLS clients.
    WrongPurpose = 22,
    /// The entry's key is RSA below 2048 bits or of an unknown sort.
    WeakKey = 23,
    /// The client could not prove that it has the entry's private key.
    BadSignature = 24,
}

impl Reason {
    /// The reason's name in logs and in other languages, such as `NOT_INSTALLED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "ADMITTED",
            Self::Anonymous => "ANONYMOUS",
            Self::NoCertificate => "NO_CERTIFICATE",
            Self::NotInstalled => "NOT_INSTALLED",
            Self::Removed => "REMOVED",
            Self::MintedByPin => "MINTED_BY_PIN",
            Self::SameNameOtherKey => "SAME_NAME_OTHER_KEY",
            Self::Malformed => "MALFORMED",
            Self::Expired => "EXPIRED",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::WrongPurpose => "WRONG_PURPOSE",
            Self::WeakKey => "WEAK_KEY",
            Self::BadSignature => "BAD_SIGNATURE",
        }
    }

    /// Every reason, in the order of the numbers.
    pub const ALL: [Self; 13] = [
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
    ];

    /// Whether the client is admitted.
    pub fn is_admission(self) -> bool {
        matches!(self, Self::Admitted | Self::Anonymous)
    }

    /// The kind of error that a refusal becomes on a connection.
    pub(crate) fn error_kind(self) -> ErrorKind {
        match self {
            Self::NoCertificate => ErrorKind::NoCertificate,
            Self::Removed => ErrorKind::Revoked,
            Self::Expired => ErrorKind::Expired,
            Self::NotYetValid => ErrorKind::NotYetValid,
            Self::WrongPurpose => ErrorKind::WrongPurpose,
            Self::WeakKey => ErrorKind::WeakKey,
            Self::BadSignature => ErrorKind::BadSignature,
            _ => ErrorKind::Untrusted,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An admission or a refusal, with its reason and what it was decided on.
///
/// ```
/// use trustdir::{Certificate, ClientAuth, Reason, admission};
///
/// let decision = admission::decide(ClientAuth::Required, &[], None, 0);
/// assert_eq!(decision.reason(), Reason::NoCertificate);
/// assert_eq!(decision.message(), "the client sent no certificate, and one is required");
/// ```
#[derive(Clone, Debug)]
pub struct Decision {
    reason: Reason,
    message: String,
    certificate: Option<Certificate>,
    entry: Option<PathBuf>,
    held: Option<Held>,
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

    /// The file of the entry that was matched.
    pub fn entry(&self) -> Option<&Path> {
        self.entry.as_deref()
    }

    /// The hold on the entry, for as long as a connection stands on it.
    pub(crate) fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }

    /// The same certificate and entry, refused for a reason that showed later.
    pub(crate) fn turned(&self, reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), held: None, ..self.clone() }
    }
}

/// A stranger's certificate is parsed for the sake of the reason only, and no real one is larger.
const MAX_STRANGER: usize = 16 * 1024;

/// Decides about the certificates that a client sent, end entity first, at a time in Unix seconds.
///
/// Only the end entity counts: a pin is only itself, whatever stands behind it in the chain.
pub fn decide(auth: ClientAuth, chain: &[&[u8]], directory: Option<&TrustDir>, now: i64) -> Decision {
    Decision { held: None, ..decide_and_hold(auth, chain, directory, now) }
}

impl TrustDir {
    /// Decides about one certificate at a time in Unix seconds, as a handshake that requires one would.
    pub fn decide(&self, certificate_der: &[u8], now: i64) -> Decision {
        decide(ClientAuth::Required, &[certificate_der], Some(self), now)
    }
}

/// As [`decide`]; an admission keeps hold of its entry, for the connection that stands on it.
pub(crate) fn decide_and_hold(auth: ClientAuth, chain: &[&[u8]], directory: Option<&TrustDir>, now: i64) -> Decision {
    let Some(end_entity) = chain.first() else {
        return match auth {
            ClientAuth::Required => {
                Decision::new(Reason::NoCertificate, "the client sent no certificate, and one is required", None)
            }
            _ => Decision::new(Reason::Anonymous, "the client sent no certificate, and none is required", None),
        };
    };
    // The match is by exact bytes, and nothing of a stranger's certificate is parsed before it.
    let fingerprint = Fingerprint::of(end_entity);
    let installed = directory.and_then(|directory| directory.hold(&fingerprint));
    if installed.is_none() && end_entity.len() > MAX_STRANGER {
        let message = format!(
            "a certificate of {} bytes (sha256 {fingerprint}) is not installed and not looked into",
            end_entity.len()
        );
        return Decision::new(Reason::NotInstalled, message, None);
    }
    let certificate = match Certificate::from_der(end_entity) {
        Ok(certificate) => certificate,
        Err(error) => {
            return Decision::new(Reason::Malformed, format!("what the client sent cannot be read: {error}"), None);
        }
    };
    let Some((entry, held)) = installed else {
        let (reason, message) = stranger(&certificate, directory);
        return Decision::new(reason, message, Some(certificate));
    };
    let file = escape(&entry.to_string_lossy());
    let subject = certificate.subject().brief();
    let (reason, message) = match unfit(&certificate, now) {
        Some((reason, what)) => (reason, format!("{file}: {subject} {what}")),
        None => (Reason::Admitted, format!("{subject} is admitted by {file}")),
    };
    let held = reason.is_admission().then_some(held);
    Decision { reason, message, certificate: Some(certificate), entry: Some(entry), held }
}

/// Why an entry is refused all the same. An exact match makes nobody check these for us.
fn unfit(certificate: &Certificate, now: i64) -> Option<(Reason, String)> {
    if now > certificate.not_after() {
        let what = format!("expired on {}; install a renewed certificate", date(certificate.not_after()));
        return Some((Reason::Expired, what));
    }
    if now < certificate.not_before() {
        let what = format!("is not valid before {}; check the clocks", date(certificate.not_before()));
        return Some((Reason::NotYetValid, what));
    }
    let Usage { key, client, .. } = certificate.usage();
    if client == Some(false) {
        return Some((
            Reason::WrongPurpose,
            "is not meant for TLS clients (its extendedKeyUsage lacks clientAuth); issue a client certificate".into(),
        ));
    }
    if key.is_some_and(|bits| bits & (Usage::DIGITAL_SIGNATURE | Usage::KEY_AGREEMENT) == 0) {
        return Some((
            Reason::WrongPurpose,
            "is not meant for TLS clients (its keyUsage lacks digitalSignature); issue a client certificate".into(),
        ));
    }
    match certificate.key_algorithm() {
        Some(KeyAlgorithm::Rsa(bits)) if bits < 2048 => Some((
            Reason::WeakKey,
            format!("has an RSA key of {bits} bits, fewer than 2048; issue a certificate with a new key"),
        )),
        None => Some((
            Reason::WeakKey,
            "has a key that is neither RSA nor on P-256, P-384, P-521 or Ed25519; issue a certificate with a new key"
                .into(),
        )),
        Some(_) => None,
    }
}

/// Why a certificate that is no entry is refused.
fn stranger(certificate: &Certificate, directory: Option<&TrustDir>) -> (Reason, String) {
    let subject = certificate.subject().brief();
    let fingerprint = certificate.fingerprint();
    let Some(directory) = directory else {
        return (
            Reason::NotInstalled,
            format!("{subject} (sha256 {fingerprint}) is refused: there is no trust directory"),
        );
    };
    let path = escape(&directory.path().to_string_lossy());
    // Where only subject hashes count, a copy under another name does not help: the message says what does.
    let add = match directory.entry_names() {
        EntryNames::Any => "trustdir clients add",
        EntryNames::SubjectHash => "trustdir clients add --subject-hash",
    };
    if directory.was_removed(&fingerprint) {
        return (
            Reason::Removed,
            format!(
                "{subject} (sha256 {fingerprint}) has been removed from {path}; if it should come back, add it again with `{add}`"
            ),
        );
    }
    let under = |name: &crate::name::DistinguishedName| {
        name.subject_hash().map(|hash| directory.under_hash(hash.0)).unwrap_or_default()
    };
    if let Some(namesake) = under(certificate.subject()).first() {
        let message = format!(
            "{subject} (sha256 {fingerprint}) is not the installed certificate of that name (sha256 {}); if it was renewed, install the new one in {path}",
            namesake.fingerprint()
        );
        return (Reason::SameNameOtherKey, message);
    }
    if let Some(minter) = under(certificate.issuer()).iter().find(|pin| certificate.is_signed_by(pin)) {
        let message = format!(
            "{subject} (sha256 {fingerprint}) was minted with the key of the entry {}, which admits itself only",
            minter.subject().brief()
        );
        return (Reason::MintedByPin, message);
    }
    (
        Reason::NotInstalled,
        format!("{subject} (sha256 {fingerprint}) is not installed in {path}; if it should be, add it with `{add}`"),
    )
}
