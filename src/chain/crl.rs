//! Revocation lists as they are read (RFC 5280, 5).

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use webpki::{BorrowedCertRevocationList, CertRevocationList};

use crate::certificate::{Certificate, Fingerprint, Usage};
use crate::clock::date;
use crate::error::{Error, ErrorKind, Result, escape};
use crate::extension::{self, Extension};
use crate::name::{DistinguishedName, SubjectHash};
use crate::{der, signature};

/// A revocation list in a directory of authorities, and its file. Cloning is cheap.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// use trustdir::{AuthorityDir, AuthorityDirOptions};
///
/// let options = AuthorityDirOptions { create: true, ..Default::default() };
/// let authorities = AuthorityDir::open_with(dir.path().join("authorities"), options)?;
/// authorities.directory().install(ca.certificate())?;
/// authorities.install_crl(&std::fs::read(ca.crl(30)?).unwrap())?;
/// let crls = authorities.crls();
/// assert_eq!(crls[0].issuer(), ca.certificate().subject());
/// assert_eq!(crls[0].revoked(), 0);
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct Crl(Arc<Inner>);

struct Inner {
    file: PathBuf,
    der: Box<[u8]>,
    issuer: DistinguishedName,
    hash: Option<SubjectHash>,
    this_update: i64,
    next_update: i64,
    number: Option<String>,
    authority_key_id: Option<Vec<u8>>,
    revoked: usize,
    list: CertRevocationList<'static>,
    /// The public key under which its signature was found to be good.
    signer: OnceLock<Fingerprint>,
}

/// Whose list it is, seen from one authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Authorship {
    Own,
    /// Of another authority with the same name.
    Another,
    /// It bears the authority's name, and its key has not made the signature.
    Unproven,
}

impl Crl {
    /// Reads one list. The signature is not looked at: its key is known only to whoever has the issuer.
    pub(crate) fn read(file: &Path, list: &[u8]) -> Result<Self> {
        let head = Head::read(list)?;
        let next_update = head.next_update.ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "it does not say when the next list comes (nextUpdate)")
        })?;
        let unusable = |error: webpki::Error| Error::new(ErrorKind::Unsupported, unusable(&error));
        let borrowed = BorrowedCertRevocationList::from_der(list).map_err(unusable)?;
        Ok(Self(Arc::new(Inner {
            file: file.to_owned(),
            hash: head.issuer.subject_hash().ok(),
            this_update: head.this_update,
            next_update,
            number: head.number.map(hexadecimal),
            authority_key_id: head.authority_key_id.map(<[u8]>::to_vec),
            revoked: (&borrowed).into_iter().count(),
            list: borrowed.to_owned().map_err(unusable)?.into(),
            issuer: head.issuer,
            der: list.into(),
            signer: OnceLock::new(),
        })))
    }

    /// The file in which it lies.
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// The authority that says it has signed it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.0.issuer
    }

    /// When it was made, in Unix seconds (thisUpdate).
    pub fn this_update(&self) -> i64 {
        self.0.this_update
    }

    /// When the next one is due, in Unix seconds (nextUpdate): it is out of date from then on.
    pub fn next_update(&self) -> i64 {
        self.0.next_update
    }

    /// Its number in lower-case hexadecimal, two digits a byte (RFC 5280, 5.2.3); `None` when it has none.
    pub fn number(&self) -> Option<&str> {
        self.0.number.as_deref()
    }

    /// How many certificates it revokes.
    pub fn revoked(&self) -> usize {
        self.0.revoked
    }

    /// Whether it revokes the certificate, if that is of the same issuer: when and why, in words.
    pub(super) fn revocation(&self, certificate: &Certificate) -> Option<String> {
        let found = self.0.list.find_serial(certificate.serial_bytes()).ok().flatten()?;
        let when = date(i64::try_from(found.revocation_date.as_secs()).unwrap_or(i64::MAX));
        let reason = found.reason_code.map(|reason| format!(", {reason:?}")).unwrap_or_default();
        Some(format!("on {when}{reason}"))
    }

    /// Whether the list is in an authority's name.
    pub(crate) fn names(&self, issuer: &DistinguishedName) -> bool {
        self.0.issuer == *issuer
            || self.0.hash.is_some() && self.0.hash == issuer.subject_hash().ok() && self.0.issuer.is_same(issuer)
    }

    /// Whether it is the list of this authority, which it [names](Self::names). A key that has signed it is
    /// remembered: a handshake does not pay for the length of the list.
    pub(super) fn authorship(&self, issuer: &Certificate) -> Authorship {
        let key = Fingerprint::of(issuer.spki());
        match self.0.signer.get() {
            Some(signer) if *signer == key => return Authorship::Own,
            Some(_) => return Authorship::Another,
            None => {}
        }
        if self.is_signed_by(issuer) {
            self.0.signer.get_or_init(|| key);
            return Authorship::Own;
        }
        match (&self.0.authority_key_id, issuer.subject_key_id()) {
            (Some(named), Some(own)) if *named != own => Authorship::Another,
            _ => Authorship::Unproven,
        }
    }

    pub(crate) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let head = Head::read(&self.0.der);
        head.is_ok_and(|head| signature::verify(issuer.spki(), head.algorithm, head.tbs, head.signature).is_ok())
    }

    /// Whether one of these authorities has signed it, or at least none of its name is among them.
    pub(crate) fn is_proven(&self, authorities: &[&Certificate]) -> bool {
        let mut named = authorities.iter().filter(|authority| self.names(authority.subject())).peekable();
        named.peek().is_none() || named.any(|authority| self.authorship(authority) == Authorship::Own)
    }

    pub(crate) fn is_stale(&self, now: i64) -> bool {
        now >= self.0.next_update
    }

    /// The subject hash of its issuer, if OpenSSL takes the name.
    pub(crate) fn hash(&self) -> Option<SubjectHash> {
        self.0.hash
    }

    /// Both hashes of its issuer: by them it is known when its file breaks.
    pub(crate) fn hashes(&self) -> BTreeSet<u32> {
        hashes(&self.0.issuer)
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.0.der)
    }

    pub(crate) fn as_der(&self) -> &[u8] {
        &self.0.der
    }

    /// Whether both are the same authority's, as far as can be told without its certificate.
    pub(crate) fn same_issuer(&self, other: &Self) -> bool {
        let same_key = match (&self.0.authority_key_id, &other.0.authority_key_id) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        self.names(&other.0.issuer) && same_key
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crl({}, {})", self.0.issuer, self.0.file.display())
    }
}

/// A file that should hold a revocation list and holds none that can be used.
#[derive(Clone, Debug)]
pub(crate) struct BrokenCrl {
    pub file: PathBuf,
    pub why: String,
    /// The hashes of the authorities that it may be for; none if that cannot be told: then it may be for any.
    pub hashes: BTreeSet<u32>,
}

impl BrokenCrl {
    pub(super) fn concerns(&self, issuer: &DistinguishedName) -> bool {
        self.hashes.is_empty() || !self.hashes.is_disjoint(&hashes(issuer))
    }
}

/// Whether the authority may sign lists (RFC 5280, 4.2.1.3).
pub(super) fn may_sign(issuer: &Certificate) -> bool {
    issuer.usage().key.is_none_or(|bits| bits & Usage::CRL_SIGN != 0)
}

/// Both hashes of the issuer that broken bytes still name.
pub(crate) fn hashes_in(list: &[u8]) -> BTreeSet<u32> {
    let fields = || -> Result<DistinguishedName> {
        let mut fields = der::Reader::new(der::Reader::new(list).any()?.content);
        issuer(&mut der::Reader::new(fields.expect(der::SEQUENCE)?.content))
    };
    fields().map(|issuer| hashes(&issuer)).unwrap_or_default()
}

fn hashes(name: &DistinguishedName) -> BTreeSet<u32> {
    name.subject_hash().ok().into_iter().chain([name.subject_hash_old()]).map(|hash| hash.0).collect()
}

/// The parts of a list (RFC 5280, 5.1) that are looked at here.
struct Head<'a> {
    tbs: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    issuer: DistinguishedName,
    this_update: i64,
    next_update: Option<i64>,
    number: Option<&'a [u8]>,
    authority_key_id: Option<&'a [u8]>,
}

impl<'a> Head<'a> {
    fn read(list: &'a [u8]) -> Result<Self> {
        let mut list = der::Reader::new(der::single(list, der::SEQUENCE)?.content);
        let tbs = list.expect(der::SEQUENCE)?;
        let algorithm = list.expect(der::SEQUENCE)?.content;
        let signature = list.expect(der::BIT_STRING)?.content;
        list.finish()?;

        let mut fields = der::Reader::new(tbs.content);
        let issuer = issuer(&mut fields)?;
        let this_update = der::read_time(fields.any()?)?;
        let has_next = fields.peek().is_some_and(|tag| tag != der::SEQUENCE && tag != 0xa0);
        let next_update = if has_next { Some(der::read_time(fields.any()?)?) } else { None };
        fields.optional(der::SEQUENCE)?; // the revoked certificates
        let (mut number, mut authority_key_id) = (None, None);
        if let Some(tagged) = fields.optional(0xa0)? {
            for extension in extension::read(der::single(tagged.content, der::SEQUENCE)?.content) {
                let Extension { oid, content, .. } = extension?;
                match oid {
                    extension::CRL_NUMBER => number = Some(der::single(content, der::INTEGER)?.content),
                    extension::AUTHORITY_KEY_ID => authority_key_id = extension::read_authority_key_id(content)?,
                    _ => {}
                }
            }
        }
        let signature = signature.strip_prefix(&[0]).unwrap_or_default();
        Ok(Self { tbs: tbs.whole, algorithm, signature, issuer, this_update, next_update, number, authority_key_id })
    }
}

fn issuer(fields: &mut der::Reader<'_>) -> Result<DistinguishedName> {
    fields.optional(der::INTEGER)?;
    fields.expect(der::SEQUENCE)?;
    DistinguishedName::from_der(fields.expect(der::SEQUENCE)?.whole)
}

fn hexadecimal(number: &[u8]) -> String {
    number.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why rustls-webpki does not take a list.
fn unusable(error: &webpki::Error) -> String {
    match error {
        webpki::Error::UnsupportedCrlVersion => {
            "it is a version 1 list; have `openssl ca` number its lists (crlnumber)".into()
        }
        webpki::Error::UnsupportedDeltaCrl => "it is a delta list; put the complete one here".into(),
        webpki::Error::UnsupportedIndirectCrl => "it is an indirect list; put the authority's own one here".into(),
        other => format!("it cannot be used ({other})"),
    }
}

/// A file in a message.
pub(super) fn shown(file: &Path) -> String {
    escape(&file.to_string_lossy())
}
