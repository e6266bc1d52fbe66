//! How authorities come to be: made, made below another one, taken over from elsewhere, renewed.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::{Authority, Grant, check_authority, check_chain, own_key_id};
use crate::alt_name::SubjectAltName;
use crate::certificate::Certificate;
use crate::clock::now;
use crate::constraints::{NameConstraint, NameConstraints};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::ledger::{Founding, Ledger, random_serial};
use crate::name::DistinguishedName;
use crate::profile::{IssueOptions, Limits, Profile};
use crate::seal::{Signer, Template, key_id, seal};

/// What may be chosen when an authority is made; `Default` is right for a home or a team.
#[derive(Clone)]
pub struct AuthorityOptions {
    /// The authority's own name; by default `CN=trustdir CA` and a random tag, so that two authorities
    /// never share one. iOS lists only authorities that have a common name.
    pub name: Option<DistinguishedName>,
    /// Validity in days; ten years by default, and never longer than the issuer's.
    pub days: Option<u32>,
    /// Encrypts the private key on disk.
    pub passphrase: Option<Zeroizing<Vec<u8>>>,
    /// The authority's own key; P-256 by default.
    pub key_algorithm: KeyAlgorithm,
    /// How many authorities may follow below it (RFC 5280, 4.2.1.9). `None` is no limit for a root, and none at all
    /// for an intermediate.
    pub path_length: Option<u8>,
    /// For which names it may issue; not constrained by default.
    pub constraints: NameConstraints,
}

impl fmt::Debug for AuthorityOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorityOptions")
            .field("name", &self.name)
            .field("days", &self.days)
            .field("encrypted", &self.passphrase.is_some())
            .field("key_algorithm", &self.key_algorithm)
            .field("path_length", &self.path_length)
            .field("constraints", &self.constraints)
            .finish()
    }
}

impl Default for AuthorityOptions {
    fn default() -> Self {
        Self {
            name: None,
            days: None,
            passphrase: None,
            key_algorithm: KeyAlgorithm::EcdsaP256,
            path_length: None,
            constraints: NameConstraints::default(),
        }
    }
}

impl AuthorityOptions {
    fn name(&self, what: &str, serial: &[u8; 16]) -> Result<DistinguishedName> {
        let name = self.name.clone().unwrap_or_else(|| {
            let tag: String = serial[12..].iter().map(|byte| format!("{byte:02x}")).collect();
            DistinguishedName::from_common_name(&format!("trustdir {what} {tag}"))
        });
        if name.common_name().is_some() {
            return Ok(name);
        }
        let message =
            format!("the authority's name {name} has no common name (CN=…), and iOS lists no authority without one");
        Err(Error::new(ErrorKind::InvalidArgument, message))
    }

    fn validity(&self) -> IssueOptions {
        IssueOptions { days: self.days, ..IssueOptions::default() }
    }
}

impl Authority {
    /// Makes a new authority in a directory that is empty or does not exist.
    pub fn create(dir: impl AsRef<Path>, options: AuthorityOptions) -> Result<Self> {
        Ledger::check_vacant(dir.as_ref())?;
        let key = PrivateKey::generate(options.key_algorithm)?;
        let name = options.name("CA", &random_serial()?)?;
        let (key_id, passphrase) = (key_id(key.spki())?, options.passphrase.clone());
        let validity = options.validity();
        let limits =
            Limits { path_length: options.path_length.map(u32::from), constraints: options.constraints.closed() };
        let certificate = self_signed(&name, &key, key_id, limits, &validity)?;
        Self::found(dir.as_ref(), vec![certificate], key, passphrase.as_ref().map(|bytes| bytes.as_slice()))
    }

    /// Makes an authority below this one, in a directory of its own. This one enters it in its ledger.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// # use trustdir::{Authority, AuthorityOptions};
    /// let root = Authority::create(dir.join("root"), AuthorityOptions::default())?;
    /// let office = root.create_intermediate(dir.join("office"), AuthorityOptions::default())?;
    /// assert_eq!(office.certificate().path_length(), Some(0));
    /// // What it issues comes with its certificate; clients trust the root.
    /// assert_eq!(office.issue_server(&["nas.home.arpa"], &Default::default())?.chain().len(), 2);
    /// assert_eq!(office.trust_anchor(), root.certificate());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn create_intermediate(&self, dir: impl AsRef<Path>, options: AuthorityOptions) -> Result<Self> {
        Ledger::check_vacant(dir.as_ref())?;
        let key = PrivateKey::generate(options.key_algorithm)?;
        let name = options.name("intermediate CA", &random_serial()?)?;
        if self.chain.iter().any(|authority| authority.subject().is_same(&name)) {
            let message = format!("{name} is the name of an authority above it; choose another one");
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        self.check_within(&options.constraints)?;
        let path_length = u32::from(options.path_length.unwrap_or(0));
        self.check_room(path_length)?;
        let limits = Limits { path_length: Some(path_length), constraints: options.constraints.clone().closed() };
        let grant = Grant { profile: Profile::Authority, subject: &name, names: &[], spki: key.spki() };
        let certificate = self.seal_limited(&grant, &options.validity(), key_id(key.spki())?, limits)?;
        let chain = std::iter::once(certificate).chain(self.chain.iter().cloned()).collect();
        Self::found(dir.as_ref(), chain, key, options.passphrase.as_ref().map(|bytes| bytes.as_slice()))
    }

    /// Takes over an authority that something else made: a new directory with its certificate, those above it, and
    /// its key. What it issued before is not known here.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// # let old = trustdir::Authority::create(dir.join("old"), Default::default())?;
    /// use trustdir::{Authority, Identity};
    ///
    /// let theirs = Identity::load(dir.join("old/cacert.pem"), dir.join("old/private/cakey.pem"), None)?;
    /// let ours = Authority::import(dir.join("pki"), &theirs, Some(b"a passphrase"))?;
    /// assert_eq!(ours.certificate(), old.certificate());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn import(dir: impl AsRef<Path>, authority: &Identity, passphrase: Option<&[u8]>) -> Result<Self> {
        authority.chain().iter().try_for_each(check_authority)?;
        check_chain(authority.chain())?;
        Self::found(dir.as_ref(), authority.chain().to_vec(), authority.key().clone(), passphrase)
    }

    /// Renews this authority's own certificate: same name, key, key identifier and limits, so that what it issued
    /// stays valid; a new serial and a new end. A root signs itself; `issuer` signs an intermediate.
    ///
    /// The old certificate is kept beside the new one, which is written in its place. This value goes on with the
    /// old one; the renewed authority is the answer. Missing extensions of a foreign authority are added.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// let renewed = ca.renew_authority(None, Some(3650))?;
    /// assert_eq!(renewed.certificate().subject(), ca.certificate().subject());
    /// assert!(alice.certificate().is_signed_by(renewed.certificate()));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn renew_authority(&self, issuer: Option<&Authority>, days: Option<u32>) -> Result<Self> {
        let old = self.certificate();
        let limits = Limits { path_length: old.path_length(), constraints: old.name_constraints()? };
        let wishes = IssueOptions { days, ..IssueOptions::default() };
        let key_id = own_key_id(old)?;
        let chain = match issuer {
            None if !old.is_self_issued() => {
                let message = format!("{} is signed by {}; name that authority too", old.subject(), old.issuer());
                return Err(Error::new(ErrorKind::InvalidArgument, message).at(self.certificate_path()));
            }
            None => vec![self_signed(old.subject(), self.key()?, key_id, limits, &wishes)?],
            Some(issuer) => {
                // The file is its owner's: only what the issuer once signed, and has not revoked, is signed again.
                issuer.check_renewable(old)?;
                issuer.check_room(0)?;
                let grant = Grant { profile: Profile::Authority, subject: old.subject(), names: &[], spki: old.spki() };
                let renewed = issuer.seal_limited(&grant, &wishes, key_id, limits)?;
                std::iter::once(renewed).chain(issuer.chain.iter().cloned()).collect()
            }
        };
        self.ledger.succeed(old, &chain[0], &chain[1..])?;
        Self::assemble(self.ledger.clone(), chain, self.key.clone())
    }

    fn found(dir: &Path, chain: Vec<Certificate>, key: PrivateKey, passphrase: Option<&[u8]>) -> Result<Self> {
        let founding = Founding { certificate: &chain[0], issuers: &chain[1..], key: &key, passphrase };
        let ledger = Ledger::create(dir, &founding)?;
        Self::assemble(ledger, chain, Some(key))
    }

    /// What an authority below may be permitted: it would be good for nothing where those above forbid it.
    fn check_within(&self, wished: &NameConstraints) -> Result<()> {
        for subtree in &wished.permitted {
            let name = match subtree {
                NameConstraint::Dns(name) => SubjectAltName::Dns(name.trim_start_matches('.').to_owned()),
                NameConstraint::Ip(address, _) => SubjectAltName::Ip(*address),
                _ => continue,
            };
            if let Some(at) = self.constraints.iter().position(|constraints| !constraints.allow(&name)) {
                let message = format!(
                    "{subtree} cannot be permitted below {}, whose own constraints do not permit all of it",
                    self.chain[at].subject()
                );
                return Err(Error::new(ErrorKind::NameMismatch, message));
            }
        }
        Ok(())
    }

    /// Whether an authority of this path length may stand below this one, by what every authority above allows.
    fn check_room(&self, path_length: u32) -> Result<()> {
        for (depth, authority) in (1..).zip(&self.chain) {
            let Some(length) = authority.path_length() else { continue };
            let room = length.checked_sub(depth).ok_or_else(|| {
                let message = format!(
                    "the path length of {} ({length}) leaves no room for an authority below; make it below another one",
                    authority.subject()
                );
                Error::new(ErrorKind::InvalidArgument, message)
            })?;
            if path_length > room {
                let message = format!(
                    "a path length of {path_length} is more than {} with its own of {length} allows here ({room})",
                    authority.subject()
                );
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        }
        Ok(())
    }
}

/// A root's certificate.
fn self_signed(
    name: &DistinguishedName,
    key: &PrivateKey,
    key_id: Vec<u8>,
    limits: Limits,
    validity: &IssueOptions,
) -> Result<Certificate> {
    let (not_before, not_after) = Profile::Authority.validity(validity, now(), None)?;
    let template = Template {
        profile: Profile::Authority,
        serial: random_serial()?,
        subject: name,
        names: &[],
        not_before,
        not_after,
        spki: key.spki(),
        key_id: key_id.clone(),
        limits,
    };
    seal(&template, &Signer { subject: name, key_id: &key_id, key })
}
