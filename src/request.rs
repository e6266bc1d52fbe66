//! Certificate requests (PKCS#10, RFC 2986): create, read, check, and say what they ask for.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::alt_name::SubjectAltName;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{KeyAlgorithm, PrivateKey, spki_algorithm};
use crate::name::DistinguishedName;
use crate::{der, extension, file, pem, signature};

/// The largest request that is read, and the largest subject and number of names in it: what is signed is
/// kept in the ledger and shown to people.
const MAX_REQUEST: usize = 64 * 1024;
const MAX_SUBJECT: usize = 4 * 1024;
const MAX_NAMES: usize = 256;
const MAX_IGNORED: usize = 64;

/// The OID of the attribute (RFC 2985, 5.4.2), as content.
const EXTENSION_REQUEST: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e";

/// A request for a certificate, with its signature checked: whoever made it has the private key.
///
/// What it asks for is shown, not granted: whoever signs it says what the certificate gets. Cloning is cheap.
///
/// ```
/// use trustdir::{CertificateRequest, DistinguishedName, KeyAlgorithm, PrivateKey, SubjectAltName};
///
/// let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
/// let name = SubjectAltName::Dns("nas.home.arpa".into());
/// let request = CertificateRequest::create(&key, &DistinguishedName::parse("CN=nas.home.arpa")?, &[name])?;
/// let again = CertificateRequest::from_pem(request.to_pem().as_bytes())?;
/// assert_eq!(again.names()[0].to_string(), "DNS:nas.home.arpa");
/// assert_eq!(again.spki(), key.spki());
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct CertificateRequest(Arc<Inner>);

struct Inner {
    der: Box<[u8]>,
    subject: DistinguishedName,
    spki: Box<[u8]>,
    names: Vec<SubjectAltName>,
    asks_for_authority: bool,
    ignored: Vec<String>,
}

impl CertificateRequest {
    /// Makes a request for this key and these names, signed with the key.
    pub fn create(key: &PrivateKey, subject: &DistinguishedName, names: &[SubjectAltName]) -> Result<Self> {
        let mut attributes = Vec::new();
        if !names.is_empty() {
            let mut extension = Vec::new();
            extension::write_subject_alt_name(&mut extension, names, false)?;
            let extensions = der::element(der::SET, &[&der::element(der::SEQUENCE, &[&extension])]);
            attributes = der::element(der::SEQUENCE, &[&der::element(der::OID, &[EXTENSION_REQUEST]), &extensions]);
        }
        let version = der::element(der::INTEGER, &[&[0]]);
        let info =
            der::element(der::SEQUENCE, &[&version, subject.as_der(), key.spki(), &der::element(0xa0, &[&attributes])]);
        let signature = der::element(der::BIT_STRING, &[&[0], &key.sign(&info)?]);
        Self::from_der(&der::element(der::SEQUENCE, &[&info, key.signature_algorithm(), &signature]))
    }

    /// Reads DER and checks the signature.
    ///
    /// Attributes and extensions that we do not know are listed by [`ignored`](Self::ignored), never an error.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let too_large = |what: &str| Error::new(ErrorKind::Unsupported, format!("the request is refused: {what}"));
        if der.len() > MAX_REQUEST {
            return Err(too_large("it is larger than 64 KiB"));
        }
        let mut request = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
        let info = request.expect(der::SEQUENCE)?;
        let algorithm = request.expect(der::SEQUENCE)?.content;
        let signature = request.expect(der::BIT_STRING)?.content;
        request.finish()?;

        let mut fields = der::Reader::new(info.content);
        fields.expect(der::INTEGER)?;
        let subject = DistinguishedName::from_der(fields.expect(der::SEQUENCE)?.whole)?;
        let spki = fields.expect(der::SEQUENCE)?.whole;
        let mut inner = Inner {
            der: der.into(),
            spki: spki.into(),
            names: Vec::new(),
            asks_for_authority: false,
            ignored: Vec::new(),
            subject,
        };
        if let Some(attributes) = fields.optional(0xa0)? {
            let mut attributes = der::Reader::new(attributes.content);
            while !attributes.is_empty() {
                inner.attribute(attributes.expect(der::SEQUENCE)?.content)?;
            }
        }
        if inner.subject.as_der().len() > MAX_SUBJECT || inner.names.len() > MAX_NAMES {
            return Err(too_large("its subject is longer than 4 KiB or it asks for more than 256 names"));
        }
        if !inner.subject.is_empty() && inner.subject.subject_hash().is_err() {
            return Err(too_large("its subject has a value that OpenSSL cannot read; make it again with UTF-8 text"));
        }
        match spki_algorithm(spki) {
            None => {
                let message = "its key is neither RSA nor on P-256, P-384, P-521 or Ed25519; make another one";
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
            Some(KeyAlgorithm::Rsa(bits)) if bits < 2048 => {
                let message = format!("its RSA key has {bits} bits; make one of 2048 or more");
                return Err(Error::new(ErrorKind::WeakKey, message));
            }
            Some(_) => {}
        }
        signature::verify(spki, algorithm, info.whole, signature.get(1..).unwrap_or_default()).map_err(|error| {
            let remedy = match error.kind() {
                ErrorKind::Unsupported => "; make it again with `openssl req -new -sha256`",
                _ => "",
            };
            let message = format!("the request of {} is refused: {error}{remedy}", inner.subject);
            Error::new(error.kind(), message).with_subject(inner.subject.to_string())
        })?;
        Ok(Self(Arc::new(inner)))
    }

    /// Reads the first request in PEM text (`CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`).
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let blocks = pem::blocks(pem)?;
        let request = blocks.iter().find(|block| block.label.ends_with("CERTIFICATE REQUEST"));
        let request = request.ok_or_else(|| Error::new(ErrorKind::Parse, "there is no certificate request here"))?;
        Self::from_der(&request.der)
    }

    /// Loads a request from a file in PEM or DER.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let bytes = file::read(path.as_ref())?;
        let request = if pem::is_pem(&bytes) { Self::from_pem(&bytes) } else { Self::from_der(&bytes) };
        request.map_err(|error| error.at(path))
    }

    /// The exact bytes.
    pub fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// The request as PEM.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE REQUEST", &self.0.der).to_string()
    }

    /// Whom it names.
    pub fn subject(&self) -> &DistinguishedName {
        &self.0.subject
    }

    /// Its public key as DER SubjectPublicKeyInfo.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// The sort and size of its public key, if we know it.
    pub fn key_algorithm(&self) -> Option<KeyAlgorithm> {
        spki_algorithm(&self.0.spki)
    }

    /// The names that it asks for.
    pub fn names(&self) -> &[SubjectAltName] {
        &self.0.names
    }

    /// Whether it asks to be an authority. That is never granted to a request for an end entity.
    pub fn asks_for_authority(&self) -> bool {
        self.0.asks_for_authority
    }

    /// What else it asks for and is not looked at, a line each.
    pub fn ignored(&self) -> &[String] {
        &self.0.ignored
    }
}

impl Inner {
    fn attribute(&mut self, content: &[u8]) -> Result<()> {
        let mut fields = der::Reader::new(content);
        let oid = fields.expect(der::OID)?.content;
        let values = fields.expect(der::SET)?;
        if oid != EXTENSION_REQUEST {
            self.ignore(format!("attribute {}", der::oid_text(oid)));
            return Ok(());
        }
        let mut extensions = der::Reader::new(der::single(values.content, der::SEQUENCE)?.content);
        while !extensions.is_empty() {
            let mut extension = der::Reader::new(extensions.expect(der::SEQUENCE)?.content);
            let oid = extension.expect(der::OID)?.content;
            extension.optional(0x01)?;
            self.extension(oid, extension.expect(der::OCTET_STRING)?.content)?;
        }
        Ok(())
    }

    /// Notes what is passed over; who asks for hundreds of things is told of the first.
    fn ignore(&mut self, what: String) {
        if self.ignored.len() < MAX_IGNORED {
            self.ignored.push(what);
        }
    }

    fn extension(&mut self, oid: &[u8], value: &[u8]) -> Result<()> {
        match oid {
            extension::SUBJECT_ALT_NAME => self.names.extend(SubjectAltName::all_from_der(value)?),
            extension::BASIC_CONSTRAINTS => {
                let flag = der::Reader::new(der::single(value, der::SEQUENCE)?.content).optional(0x01)?;
                self.asks_for_authority |= flag.is_some_and(|flag| flag.content != [0]);
            }
            // Key usages are the profile's business.
            extension::KEY_USAGE | extension::EXTENDED_KEY_USAGE => {}
            other => self.ignore(format!("extension {}", der::oid_text(other))),
        }
        Ok(())
    }
}

impl fmt::Debug for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateRequest({})", self.0.subject)
    }
}
