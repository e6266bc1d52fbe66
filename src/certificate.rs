//! Certificates as they are read: the exact DER, and what it says.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;

use crate::alt_name::SubjectAltName;
use crate::constraints::NameConstraints;
use crate::error::{Error, ErrorKind, Result};
use crate::extension::Extension;
use crate::key::{KeyAlgorithm, spki_algorithm};
use crate::name::{self, DistinguishedName};
use crate::{der, extension, file, pem, signature};

/// SHA-256 of a certificate's DER, shown as 64 lower-case hexadecimal digits.
///
/// ```
/// let text = "AB:".repeat(31) + "ab";
/// let fingerprint: trustdir::Fingerprint = text.parse()?; // as `openssl x509 -fingerprint` prints it
/// assert_eq!(fingerprint.to_string(), "ab".repeat(32));
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of these bytes.
    pub fn of(der: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(out)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let digits: Vec<u32> = text.chars().filter(|c| *c != ':').map_while(|c| c.to_digit(16)).collect();
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| (high << 4 | low) as u8).collect();
        let whole = rest.is_empty() && digits.len() == text.chars().filter(|c| *c != ':').count();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if whole => Ok(Self(bytes)),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("{text:?} is no SHA-256 fingerprint: it has 64 hexadecimal digits"),
            )),
        }
    }
}

/// An X.509 certificate (v1 to v3): its exact bytes and what they say. Cloning is cheap; two are equal
/// when their bytes are.
///
/// ```
/// use trustdir::{Certificate, ErrorKind};
///
/// let error = Certificate::from_pem(b"-----BEGIN CERTIFICATE-----\nMIIB").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Parse);
/// ```
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Box<[u8]>,
    /// Where its extensions are in the DER.
    extensions: Range<usize>,
    fingerprint: OnceLock<Fingerprint>,
    version: u8,
    serial: Range<usize>,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    not_before: i64,
    not_after: i64,
    spki: Range<usize>,
    stated: Stated,
    /// Read when asked for: a stranger may send thousands, and no decision looks at them.
    names: OnceLock<Vec<SubjectAltName>>,
    /// The subject's text, which each decision says.
    called: OnceLock<Box<str>>,
}

/// A certificate read where it lies, copying nothing: what this refuses is no [`Certificate`].
pub(crate) struct Outline<'a> {
    parts: der::CertificateParts<'a>,
    stated: Stated,
    not_before: i64,
    not_after: i64,
}

impl<'a> Outline<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self> {
        let read = || {
            let parts = der::CertificateParts::read(der)?;
            let stated = Stated::read(der, parts.extensions)?;
            name::check(parts.issuer)?;
            name::check(parts.subject)?;
            let mut validity = der::Reader::new(parts.validity);
            let mut time = || der::read_time(validity.any()?);
            Ok(Self { not_before: time()?, not_after: time()?, parts, stated })
        };
        read().map_err(|error| unreadable(&error))
    }

    /// The subject as DER.
    pub(crate) fn subject(&self) -> &'a [u8] {
        self.parts.subject
    }
}

/// More than anybody writes; without a bound a stranger's certificate could keep us busy.
const MAX_EXTENSIONS: usize = 64;

/// What its extensions say, as far as it matters for every certificate.
#[derive(Default)]
struct Stated {
    authority: bool,
    path_length: Option<u32>,
    constrains_names: bool,
    usage: Usage,
    subject_key_id: Option<Range<usize>>,
    authority_key_id: Option<Range<usize>>,
}

impl Stated {
    fn read(der: &[u8], extensions: &[u8]) -> Result<Self> {
        let mut stated = Self::default();
        let mut seen: [&[u8]; MAX_EXTENSIONS] = [&[]; MAX_EXTENSIONS];
        for (count, extension) in extension::read(extensions).enumerate() {
            let Extension { oid, content, .. } = extension?;
            if count == MAX_EXTENSIONS {
                let message = format!("it has more than {MAX_EXTENSIONS} extensions");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            if seen[..count].contains(&oid) {
                let message = format!("it has the extension {} twice", der::oid_text(oid));
                return Err(Error::new(ErrorKind::Parse, message));
            }
            seen[count] = oid;
            match oid {
                extension::BASIC_CONSTRAINTS => {
                    (stated.authority, stated.path_length) = extension::read_basic_constraints(content)?;
                }
                extension::NAME_CONSTRAINTS => stated.constrains_names = true,
                extension::KEY_USAGE => stated.usage.key = Some(extension::read_key_usage(content)?),
                extension::EXTENDED_KEY_USAGE => {
                    let purposes = extension::read_extended_key_usage(content)?;
                    stated.usage.client = Some(purposes.any || purposes.client);
                    stated.usage.server = Some(purposes.any || purposes.server);
                }
                extension::SUBJECT_KEY_ID => {
                    let id = der::single(content, der::OCTET_STRING).ok();
                    stated.subject_key_id = id.map(|id| place(der, id.content));
                }
                extension::AUTHORITY_KEY_ID => {
                    let id = extension::read_authority_key_id(content).ok().flatten();
                    stated.authority_key_id = id.map(|id| place(der, id));
                }
                _ => {}
            }
        }
        Ok(stated)
    }
}

/// What the extensions allow the key for; absent extensions allow everything (RFC 5280, 4.2.1.3 and 12).
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Bits as in the KeyUsage BIT STRING, digitalSignature lowest.
    pub key: Option<u16>,
    /// Whether extendedKeyUsage names clientAuth or anything.
    pub client: Option<bool>,
    /// Whether extendedKeyUsage names serverAuth or anything.
    pub server: Option<bool>,
}

impl Usage {
    pub(crate) const DIGITAL_SIGNATURE: u16 = 1;
    pub(crate) const KEY_AGREEMENT: u16 = 1 << 4;
    pub(crate) const CERT_SIGN: u16 = 1 << 5;
    pub(crate) const CRL_SIGN: u16 = 1 << 6;
}

impl Certificate {
    /// Reads DER. The signature is not looked at.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let Outline { parts, stated, not_before, not_after } = Outline::read(der)?;
        Ok(Self(Arc::new(Inner {
            fingerprint: OnceLock::new(),
            extensions: parts.extensions_end - parts.extensions.len()..parts.extensions_end,
            version: parts.version,
            serial: place(der, parts.serial),
            issuer: DistinguishedName::from_der(parts.issuer)?,
            subject: DistinguishedName::from_der(parts.subject)?,
            not_before,
            not_after,
            spki: place(der, parts.spki),
            stated,
            names: OnceLock::new(),
            called: OnceLock::new(),
            der: der.into(),
        })))
    }

    /// As [`from_der`](Self::from_der), where the fingerprint of the bytes is known.
    pub(crate) fn from_der_of(der: &[u8], fingerprint: Fingerprint) -> Result<Self> {
        let certificate = Self::from_der(der)?;
        let _ = certificate.0.fingerprint.set(fingerprint);
        Ok(certificate)
    }

    /// Reads the first certificate in PEM text.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        Self::all_from_pem(pem)?
            .into_iter()
            .next()
            .ok_or_else(|| Error::new(ErrorKind::Parse, "there is no certificate here"))
    }

    /// Reads every certificate in PEM text, in order; other blocks are passed over.
    pub fn all_from_pem(pem: &[u8]) -> Result<Vec<Self>> {
        let blocks = pem::blocks(pem)?;
        let certificates = blocks.iter().filter(|block| block.is_certificate());
        certificates
            .map(|block| {
                Self::from_der(&block.der)
                    .map_err(|error| Error::new(error.kind(), format!("line {}: {error}", block.line)))
            })
            .collect()
    }

    /// Loads a file that holds one certificate, or the first of several, in PEM or DER.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut all = Self::load_all(path)?;
        Ok(all.swap_remove(0))
    }

    /// As [`load`](Self::load), from the file's bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut all = Self::all_from_bytes(bytes)?;
        Ok(all.swap_remove(0))
    }

    /// Loads every certificate of a PEM file, or the one of a DER file; at least one.
    pub fn load_all(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        let path = path.as_ref();
        Self::all_from_bytes(&file::read_secret(path)?).map_err(|error| error.at(path))
    }

    /// As [`load_all`](Self::load_all), from the file's bytes.
    pub(crate) fn all_from_bytes(bytes: &[u8]) -> Result<Vec<Self>> {
        if bytes.is_empty() {
            return Err(Error::new(ErrorKind::Parse, "the file is empty"));
        }
        if !pem::is_pem(bytes) {
            return Self::from_der(bytes).map(|certificate| vec![certificate]).map_err(|error| {
                let why = if bytes.is_ascii() { String::new() } else { format!(" ({error})") };
                Error::new(error.kind(), format!("this is neither PEM nor a DER certificate{why}"))
            });
        }
        let all = Self::all_from_pem(bytes)?;
        if all.is_empty() {
            let found: Vec<_> = pem::blocks(bytes)?.into_iter().map(|block| block.label).collect();
            let hint = match found.first().map(String::as_str) {
                Some(label) if label.ends_with("PRIVATE KEY") => {
                    "; name the certificate's file, and keep the key where it is"
                }
                Some(label) if label.ends_with("CERTIFICATE REQUEST") => "; sign it first with `trustdir sign`",
                _ => "",
            };
            let message = format!("there is no certificate here, only {}{hint}", found.join(", "));
            return Err(Error::new(ErrorKind::Parse, message));
        }
        Ok(all)
    }

    /// The exact bytes.
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// The certificate as PEM, 64 columns wide.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.0.der).to_string()
    }

    /// SHA-256 of the exact bytes.
    pub fn fingerprint(&self) -> Fingerprint {
        *self.0.fingerprint.get_or_init(|| Fingerprint::of(&self.0.der))
    }

    /// Whom it names.
    pub fn subject(&self) -> &DistinguishedName {
        &self.0.subject
    }

    /// The [subject's](Self::subject) text, cut where it is long.
    pub(crate) fn called(&self) -> &str {
        self.0.called.get_or_init(|| self.0.subject.brief().into())
    }

    /// Who says it has signed.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.0.issuer
    }

    /// The serial number as OpenSSL shows it, in lower-case hexadecimal, two digits a byte.
    pub fn serial(&self) -> String {
        // DER puts a zero before a first bit that would be a sign.
        let digits = match self.serial_bytes() {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The start of its validity in Unix seconds, inclusive.
    pub fn not_before(&self) -> i64 {
        self.0.not_before
    }

    /// The end of its validity in Unix seconds, inclusive.
    pub fn not_after(&self) -> i64 {
        self.0.not_after
    }

    /// The X.509 version, 1 to 3.
    pub fn version(&self) -> u8 {
        self.0.version
    }

    /// Whether basicConstraints says CA:TRUE. `openssl req -x509` writes that even for clients.
    pub fn is_authority(&self) -> bool {
        self.0.stated.authority
    }

    /// What it is for: `authority`, `server`, `client`, and `anything` when it does not say.
    pub fn purposes(&self) -> Vec<&'static str> {
        if self.is_authority() {
            return vec!["authority"];
        }
        match (self.0.stated.usage.server, self.0.stated.usage.client) {
            (None, None) => vec!["anything"],
            (server, client) => {
                let named = [(server, "server"), (client, "client")];
                named.into_iter().filter(|(is, _)| *is == Some(true)).map(|(_, purpose)| purpose).collect()
            }
        }
    }

    /// How many authorities may follow below it; `None` is no limit (RFC 5280, 4.2.1.9).
    pub fn path_length(&self) -> Option<u32> {
        self.0.stated.path_length
    }

    /// For which names an authority and those below it may issue; empty when nothing limits it.
    pub fn name_constraints(&self) -> Result<NameConstraints> {
        if !self.0.stated.constrains_names {
            return Ok(NameConstraints::default());
        }
        self.extension(extension::NAME_CONSTRAINTS)
            .map_or_else(|| Ok(NameConstraints::default()), NameConstraints::from_der)
    }

    /// Whether it says to be issued by itself.
    pub fn is_self_issued(&self) -> bool {
        self.0.issuer == self.0.subject
    }

    /// The names it is valid for; common names do not count.
    pub fn names(&self) -> &[SubjectAltName] {
        let read = || SubjectAltName::all_from_der(self.extension(extension::SUBJECT_ALT_NAME)?).ok();
        self.0.names.get_or_init(|| read().unwrap_or_default())
    }

    /// The public key as DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        self.at(&self.0.spki)
    }

    /// The sort of its public key; `None` for what trustdir does not admit.
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        spki_algorithm(self.spki())
    }

    /// Why its key is too weak, or of a sort that trustdir does not admit.
    pub(crate) fn key_weakness(&self) -> Option<String> {
        match self.key_algorithm() {
            Some(KeyAlgorithm::Rsa(bits)) if bits < 2048 => {
                Some(format!("has an RSA key of {bits} bits, fewer than 2048"))
            }
            None => Some("has a key that is neither RSA nor on P-256, P-384, P-521 or Ed25519".into()),
            Some(_) => None,
        }
    }

    /// Whether the issuer's key made the signature. Names, dates and powers are not looked at.
    pub fn is_signed_by(&self, issuer: &Certificate) -> bool {
        self.check_signature(issuer).is_ok()
    }

    /// As [`is_signed_by`](Self::is_signed_by), with what is wrong.
    pub(crate) fn check_signature(&self, issuer: &Certificate) -> Result<()> {
        let parts = der::CertificateParts::read(&self.0.der)?;
        signature::verify(issuer.spki(), parts.signature_algorithm, parts.tbs, parts.signature)
    }

    /// The content of the extension with this OID (its content).
    fn extension(&self, oid: &[u8]) -> Option<&[u8]> {
        extension::read(&self.0.der[self.0.extensions.clone()])
            .flatten()
            .find(|extension| extension.oid == oid)
            .map(|found| found.content)
    }

    fn at(&self, place: &Range<usize>) -> &[u8] {
        &self.0.der[place.clone()]
    }

    pub(crate) fn serial_bytes(&self) -> &[u8] {
        self.at(&self.0.serial)
    }

    pub(crate) fn usage(&self) -> Usage {
        self.0.stated.usage
    }

    pub(crate) fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.stated.subject_key_id.as_ref().map(|id| self.at(id))
    }

    pub(crate) fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.stated.authority_key_id.as_ref().map(|id| self.at(id))
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.fingerprint().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, sha256 {})", self.0.subject, self.fingerprint())
    }
}

fn unreadable(error: &Error) -> Error {
    Error::new(error.kind(), format!("the certificate cannot be read: {}", error.message()))
}

/// Where a part that was read from `whole` stands in it.
fn place(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}
