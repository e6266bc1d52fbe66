//! The private certificate authority: create, open, issue, sign.

mod revoke;
mod sign;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::certificate::{Certificate, SubjectAltName};
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::ledger::{Ledger, random_serial};
use crate::name::DistinguishedName;
use crate::profile::{IssueOptions, Profile, client_name, server_name};
use crate::seal::{Signer, Template, key_id, seal};

pub use self::revoke::RevocationReason;
pub use self::sign::{SignOptions, Signed};

/// What may be chosen when an authority is made; `Default` is right for a home or a team.
#[derive(Clone, Debug)]
pub struct AuthorityOptions {
    /// The authority's own name; by default `CN=trustdir CA` and a random tag, so that two authorities
    /// never share one. iOS lists only authorities that have a common name.
    pub name: Option<DistinguishedName>,
    /// Validity in days; ten years by default.
    pub days: Option<u32>,
    /// Encrypts the private key on disk.
    pub passphrase: Option<Zeroizing<Vec<u8>>>,
    /// The authority's own key; P-256 by default.
    pub key_algorithm: KeyAlgorithm,
}

impl Default for AuthorityOptions {
    fn default() -> Self {
        Self { name: None, days: None, passphrase: None, key_algorithm: KeyAlgorithm::EcdsaP256 }
    }
}

/// A private certificate authority in a directory, laid out as `openssl ca` has it: `cacert.pem`,
/// `private/cakey.pem` (0600), `index.txt` and `newcerts/`.
///
/// May be used from several threads and processes at once; writers wait for each other.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// use trustdir::{Authority, AuthorityOptions, ErrorKind, IssueOptions};
///
/// let ca = Authority::create(dir.join("pki"), AuthorityOptions::default())?;
/// let alice = ca.issue_client("alice", &IssueOptions::default())?;
/// assert_eq!(alice.certificate().subject().to_string(), "CN=alice");
/// assert!(alice.certificate().is_signed_by(ca.certificate()));
///
/// // An existing authority is never overwritten.
/// let error = Authority::create(dir.join("pki"), AuthorityOptions::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::AlreadyExists);
/// # Ok::<(), trustdir::Error>(())
/// ```
pub struct Authority {
    ledger: Ledger,
    certificate: Certificate,
    key: PrivateKey,
}

impl Authority {
    /// Makes a new authority in a directory that is empty or does not exist.
    pub fn create(dir: impl AsRef<Path>, options: AuthorityOptions) -> Result<Self> {
        let key = PrivateKey::generate(options.key_algorithm)?;
        let serial = random_serial()?;
        let name = options.name.unwrap_or_else(|| {
            let tag: String = serial[12..].iter().map(|byte| format!("{byte:02x}")).collect();
            DistinguishedName::from_common_name(&format!("trustdir CA {tag}"))
        });
        if name.common_name().is_none() {
            let message = format!(
                "the authority's name {name} has no common name (CN=…), and iOS lists no authority without one"
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let wishes = IssueOptions { days: options.days, ..IssueOptions::default() };
        let (not_before, not_after) = Profile::Authority.validity(&wishes, now(), None)?;
        let template = Template {
            profile: Profile::Authority,
            serial,
            subject: &name,
            names: &[],
            not_before,
            not_after,
            spki: key.spki(),
        };
        let certificate = seal(&template, &Signer { subject: &name, key_id: key_id(key.spki())?, key: &key })?;
        let passphrase = options.passphrase.as_ref().map(|passphrase| passphrase.as_slice());
        let ledger = Ledger::create(dir.as_ref(), &certificate, &key, passphrase)?;
        Ok(Self { ledger, certificate, key })
    }

    /// Opens the authority in a directory. The certificate and the key must belong together.
    pub fn open(dir: impl AsRef<Path>, passphrase: Option<&[u8]>) -> Result<Self> {
        let ledger = Ledger::open(dir.as_ref())?;
        let identity = Identity::load(ledger.certificate_path(), ledger.key_path(), passphrase)?;
        let certificate = identity.certificate().clone();
        if !certificate.is_authority() {
            let message = format!("{} is no authority (basicConstraints does not say CA:TRUE)", certificate.subject());
            return Err(Error::new(ErrorKind::WrongPurpose, message).at(ledger.certificate_path()));
        }
        ledger.repair()?;
        Ok(Self { ledger, certificate, key: identity.key().clone() })
    }

    /// The authority's own certificate: what clients of its servers import.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        self.ledger.dir()
    }

    /// Its certificate's file.
    pub fn certificate_path(&self) -> PathBuf {
        self.ledger.certificate_path()
    }

    /// Makes a key and a certificate for a service under these DNS names and IP addresses, all of them in
    /// the SAN; the first becomes the common name too.
    pub fn issue_server(&self, names: &[&str], options: &IssueOptions) -> Result<Identity> {
        let Some(first) = names.first() else {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "a server certificate needs at least one DNS name or IP address",
            ));
        };
        let mut sans: Vec<SubjectAltName> = Vec::with_capacity(names.len());
        for name in names {
            let name = server_name(name)?;
            if !sans.contains(&name) {
                sans.push(name);
            }
        }
        // A common name holds 64 characters (RFC 5280, ub-common-name) and nobody reads it any more.
        let common_name: String = first.chars().take(64).collect();
        self.issue(Profile::Server, &DistinguishedName::from_common_name(&common_name), &sans, options)
    }

    /// Makes a key and a certificate for a client; its name becomes the common name.
    pub fn issue_client(&self, name: &str, options: &IssueOptions) -> Result<Identity> {
        let subject = DistinguishedName::from_common_name(client_name(name)?);
        self.issue(Profile::Client, &subject, &[], options)
    }

    fn issue(
        &self,
        profile: Profile,
        subject: &DistinguishedName,
        names: &[SubjectAltName],
        options: &IssueOptions,
    ) -> Result<Identity> {
        let key = PrivateKey::generate(options.key_algorithm.unwrap_or(KeyAlgorithm::EcdsaP256))?;
        Identity::new(vec![self.seal(profile, subject, names, key.spki(), options)?], key)
    }

    /// The one way in which this authority signs: sealed, compared, and entered in the ledger.
    fn seal(
        &self,
        profile: Profile,
        subject: &DistinguishedName,
        names: &[SubjectAltName],
        spki: &[u8],
        options: &IssueOptions,
    ) -> Result<Certificate> {
        let now = now();
        if self.certificate.not_after() < now {
            let message = format!("the authority {} has expired; make a new one", self.certificate.subject());
            return Err(Error::new(ErrorKind::Expired, message).at(self.certificate_path()));
        }
        let (not_before, not_after) = profile.validity(options, now, Some(self.certificate.not_after()))?;
        let serial = self.ledger.serial()?;
        let template = Template { profile, serial, subject, names, not_before, not_after, spki };
        let certificate = seal(&template, &self.signer()?)?;
        self.ledger.record(&certificate)?;
        Ok(certificate)
    }

    fn signer(&self) -> Result<Signer<'_>> {
        let key_id = match self.certificate.subject_key_id() {
            Some(id) => id.to_vec(),
            None => key_id(self.certificate.spki())?,
        };
        Ok(Signer { subject: self.certificate.subject(), key_id, key: &self.key })
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({}, {})", self.dir().display(), self.certificate.subject())
    }
}
