//! The private certificate authority: open it, issue, and what else it does in its parts.

mod create;
mod issued;
mod renew;
mod revoke;
mod sign;

use std::path::{Path, PathBuf};

use crate::alt_name::{SubjectAltName, is_label};
use crate::certificate::Certificate;
use crate::clock::now;
use crate::constraints::{NameConstraint, NameConstraints};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::key::{KeyAlgorithm, PrivateKey};
use crate::ledger::{Ledger, random_serial};
use crate::name::DistinguishedName;
use crate::profile::{IssueOptions, Limits, Profile, client_name};
use crate::seal::{Signer, Template, key_id, seal};

pub use self::create::AuthorityOptions;
pub use self::issued::{Issued, IssuedStatus};
pub use self::renew::RenewOptions;
pub use self::revoke::RevocationReason;
pub use self::sign::{SignOptions, Signed};

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
    /// Its own certificate, and those of the authorities above it as far as they are known.
    chain: Vec<Certificate>,
    /// Those of each certificate of the chain.
    constraints: Vec<NameConstraints>,
    /// The key identifier that what it issues bears.
    key_id: Vec<u8>,
    /// Not there when it was opened for reading.
    key: Option<PrivateKey>,
}

impl Authority {
    /// Opens the authority in a directory: one of ours or of `openssl ca`, or what pimatic's `ssl-setup`, easy-rsa,
    /// mkcert, minica or the Rocket.Chat guide made. The certificate and the key must belong together.
    ///
    /// Whatever made it, its name stays as it is byte for byte, and what is issued bears its key identifier. Its
    /// faults are told by `trustdir lint`.
    pub fn open(dir: impl AsRef<Path>, passphrase: Option<&[u8]>) -> Result<Self> {
        let ledger = Ledger::open(dir.as_ref())?;
        let chain = load_chain(&ledger)?;
        let key = PrivateKey::load(ledger.key_path(), passphrase)?;
        let own = Identity::new(vec![chain[0].clone()], key).map_err(|error| error.at(ledger.certificate_path()))?;
        ledger.repair(&chain[0])?;
        Self::assemble(ledger, chain, Some(own.key().clone()))
    }

    /// Opens it without its key, for everything but signing: to list, to show, to revoke.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// # use trustdir::{Authority, AuthorityOptions, ErrorKind};
    /// let options = AuthorityOptions { passphrase: Some(b"secret".to_vec().into()), ..Default::default() };
    /// Authority::create(dir.join("pki"), options)?.issue_client("alice", &Default::default())?;
    /// let ca = Authority::open_without_key(dir.join("pki"))?;
    /// assert_eq!(ca.issued()?.len(), 1);
    /// let error = ca.issue_client("bob", &Default::default()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn open_without_key(dir: impl AsRef<Path>) -> Result<Self> {
        let ledger = Ledger::open(dir.as_ref())?;
        let chain = load_chain(&ledger)?;
        Self::assemble(ledger, chain, None)
    }

    fn assemble(ledger: Ledger, chain: Vec<Certificate>, key: Option<PrivateKey>) -> Result<Self> {
        let constraints = chain.iter().map(Certificate::name_constraints).collect::<Result<_>>()?;
        let key_id = own_key_id(&chain[0])?;
        Ok(Self { ledger, chain, constraints, key_id, key })
    }

    /// The authority's own certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0] // invariant: it is there from the beginning
    }

    /// Its certificate and those of the authorities above it, as far as they are known.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// What clients of its servers import: the last certificate of the chain.
    pub fn trust_anchor(&self) -> &Certificate {
        self.chain.last().unwrap_or(self.certificate())
    }

    /// The file with the trust anchor; of an authority below another one it holds the whole chain.
    pub fn trust_anchor_path(&self) -> PathBuf {
        if self.chain.len() == 1 { self.certificate_path() } else { self.ledger.issuers_path() }
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        self.ledger.dir()
    }

    /// Its private key's file.
    #[cfg(feature = "cli")]
    pub(crate) fn key_path(&self) -> PathBuf {
        self.ledger.key_path()
    }

    /// Its certificate's file.
    pub fn certificate_path(&self) -> PathBuf {
        self.ledger.certificate_path()
    }

    /// Makes a key and a certificate for a service under these DNS names and IP addresses, all of them in
    /// the SAN; the first becomes the common name too.
    pub fn issue_server(&self, names: &[&str], options: &IssueOptions) -> Result<Identity> {
        self.issue_host(Profile::Server, names, options)
    }

    /// As [`issue_server`](Self::issue_server), for a service that is a client of others too.
    pub fn issue_both(&self, names: &[&str], options: &IssueOptions) -> Result<Identity> {
        self.issue_host(Profile::ServerAndClient, names, options)
    }

    fn issue_host(&self, profile: Profile, names: &[&str], options: &IssueOptions) -> Result<Identity> {
        let mut sans: Vec<SubjectAltName> = Vec::with_capacity(names.len());
        for name in names {
            let name = name.parse()?;
            if !sans.contains(&name) {
                sans.push(name);
            }
        }
        let common_name = sans.iter().find_map(|name| match name {
            // A common name holds 64 characters (RFC 5280, ub-common-name).
            SubjectAltName::Dns(name) if name.len() <= 64 => Some(name.clone()),
            // Cut, and by its last character no other host's name.
            SubjectAltName::Dns(name) => Some(name.chars().take(63).chain(['…']).collect()),
            // OpenSSL reads a common name with dots as a DNS name when the SAN has none, and applies DNS
            // constraints to it (v3_ncons.c, NAME_CONSTRAINTS_check_CN).
            SubjectAltName::Ip(address) => Some(format!("IP {address}")),
            _ => None,
        });
        let common_name: String = common_name.ok_or_else(|| {
            let message = "a server certificate needs at least one DNS name or IP address";
            Error::new(ErrorKind::InvalidArgument, message)
        })?;
        self.issue(profile, &DistinguishedName::from_common_name(&common_name), &sans, options)
    }

    /// Makes a key and a certificate for a client; its name becomes the common name.
    pub fn issue_client(&self, name: &str, options: &IssueOptions) -> Result<Identity> {
        self.issue_client_with(name, &[], options)
    }

    /// As [`issue_client`](Self::issue_client), with names for the SAN too, such as the client's e-mail address.
    pub fn issue_client_with(&self, name: &str, names: &[SubjectAltName], options: &IssueOptions) -> Result<Identity> {
        let subject = DistinguishedName::from_common_name(client_name(name)?);
        self.issue(Profile::Client, &subject, names, options)
    }

    /// Makes a key and a certificate with this subject and these names, which no profile demands.
    pub fn issue(
        &self,
        profile: Profile,
        subject: &DistinguishedName,
        names: &[SubjectAltName],
        options: &IssueOptions,
    ) -> Result<Identity> {
        if profile == Profile::Authority {
            let message = "an authority is made by `create_intermediate`, in a directory of its own";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        let key = PrivateKey::generate(options.key_algorithm.unwrap_or(KeyAlgorithm::EcdsaP256))?;
        let certificate = self.seal(&Grant { profile, subject, names, spki: key.spki() }, options)?;
        Identity::new(self.chain_of(certificate), key)
    }

    /// A certificate with the intermediates that its servers must send: all but a root, which its clients have.
    pub(crate) fn chain_of(&self, certificate: Certificate) -> Vec<Certificate> {
        let intermediates = self.chain.iter().filter(|authority| !authority.is_self_issued()).cloned();
        std::iter::once(certificate).chain(intermediates).collect()
    }

    /// The one way in which this authority signs end entities: sealed, compared, and entered in the ledger.
    fn seal(&self, grant: &Grant<'_>, options: &IssueOptions) -> Result<Certificate> {
        if self.chain.iter().any(|authority| authority.subject().is_same(grant.subject)) {
            let message = format!("{} is the name of the authority itself; name another subject", grant.subject);
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(grant.subject.to_string()));
        }
        if grant.subject.is_empty() && grant.names.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the certificate would name nobody; give a subject or a name",
            ));
        }
        let key_id = key_id(grant.spki)?;
        self.seal_limited(grant, options, key_id, Limits::default())
    }

    /// As [`seal`](Self::seal), for authorities too.
    fn seal_limited(
        &self,
        grant: &Grant<'_>,
        options: &IssueOptions,
        key_id: Vec<u8>,
        limits: Limits,
    ) -> Result<Certificate> {
        let certificate = self.make(grant, options, key_id, limits)?;
        self.ledger.record(&certificate)?;
        Ok(certificate)
    }

    #[cfg(feature = "bench")]
    pub(crate) fn make_server(
        &self,
        subject: &DistinguishedName,
        names: &[SubjectAltName],
        spki: &[u8],
        options: &IssueOptions,
    ) -> Result<Certificate> {
        let grant = Grant { profile: Profile::Server, subject, names, spki };
        self.make(&grant, options, key_id(spki)?, Limits::default())
    }

    /// The certificate, not yet entered.
    fn make(&self, grant: &Grant<'_>, options: &IssueOptions, key_id: Vec<u8>, limits: Limits) -> Result<Certificate> {
        let now = now();
        if let Some(over) = self.chain.iter().find(|authority| authority.not_after() < now) {
            let message = format!("the authority {} has expired; renew it with `trustdir ca renew`", over.subject());
            return Err(Error::new(ErrorKind::Expired, message).at(self.certificate_path()));
        }
        self.check_names(grant)?;
        let (not_before, not_after) = grant.profile.validity(options, now, Some(self.ends()))?;
        let template = Template {
            profile: grant.profile,
            serial: random_serial()?,
            subject: grant.subject,
            names: grant.names,
            not_before,
            not_after,
            spki: grant.spki,
            key_id,
            limits,
        };
        seal(&template, &self.signer()?)
    }

    /// Every name must be within what this authority and those above it may issue for.
    fn check_names(&self, grant: &Grant<'_>) -> Result<()> {
        if let Some(name) = grant.names.iter().find(|name| !name.is_well_formed()) {
            let message = format!("{name} is no name that clients read in one way; it is not issued");
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(name.to_string()));
        }
        if self.constraints.iter().all(NameConstraints::is_empty) {
            return Ok(());
        }
        let mut names = grant.names.to_vec();
        names.extend(grant.subject.emails().into_iter().map(SubjectAltName::Email));
        if !names.iter().any(|name| matches!(name, SubjectAltName::Dns(_))) {
            let hosts = grant.subject.common_names().into_iter().filter(|name| is_host_for_openssl(name));
            names.extend(hosts.map(SubjectAltName::Dns));
        }
        for (authority, constraints) in self.chain.iter().zip(&self.constraints) {
            if let Some(name) = names.iter().find(|name| !constraints.allow(name)) {
                let list = |subtrees: &[NameConstraint]| {
                    subtrees.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
                };
                let common_name = if grant.names.contains(name) {
                    ""
                } else {
                    " (the common name or e-mail address of the subject, which OpenSSL reads so)"
                };
                let message = format!(
                    "{name}{common_name} is outside the name constraints of {} (permitted: {}; excluded: {}); they cannot be widened: take another name or another authority",
                    authority.subject(),
                    list(&constraints.permitted),
                    list(&constraints.excluded)
                );
                return Err(Error::new(ErrorKind::NameMismatch, message).with_subject(name.to_string()));
            }
        }
        Ok(())
    }

    /// When the first of the authorities above what it issues ends.
    fn ends(&self) -> i64 {
        self.chain.iter().map(Certificate::not_after).fold(i64::MAX, i64::min)
    }

    fn signer(&self) -> Result<Signer<'_>> {
        Ok(Signer { subject: self.certificate().subject(), key_id: &self.key_id, key: self.key()? })
    }

    fn key(&self) -> Result<&PrivateKey> {
        self.key.as_ref().ok_or_else(|| {
            let message = "the authority was opened without its private key and cannot sign; open it with its key";
            Error::new(ErrorKind::InvalidArgument, message).at(self.ledger.key_path())
        })
    }
}

/// The authority's certificate and those above it.
fn load_chain(ledger: &Ledger) -> Result<Vec<Certificate>> {
    let mut chain = Certificate::load_all(ledger.certificate_path())?;
    chain.truncate(1);
    check_authority(&chain[0]).map_err(|error| error.at(ledger.certificate_path()))?;
    if ledger.issuers_path().exists() {
        let own = chain[0].clone();
        // Itself stands in that file too; a renewal that did not get to its end has left the new one there.
        let above = |authority: &Certificate| authority.subject() != own.subject() || authority.spki() != own.spki();
        chain.extend(Certificate::load_all(ledger.issuers_path())?.into_iter().filter(above));
        check_chain(&chain).map_err(|error| error.at(ledger.issuers_path()))?;
    }
    Ok(chain)
}

/// Each authority must have been signed by the next. Signatures by what nobody takes any more cannot be looked at.
fn check_chain(chain: &[Certificate]) -> Result<()> {
    for pair in chain.windows(2) {
        let named = pair[0].issuer() == pair[1].subject();
        if !named || matches!(pair[0].check_signature(&pair[1]), Err(error) if error.kind() == ErrorKind::BadSignature)
        {
            let message = format!("{} was not issued by {}, which follows it", pair[0].subject(), pair[1].subject());
            return Err(Error::new(ErrorKind::BadSignature, message).with_subject(pair[0].subject().to_string()));
        }
    }
    Ok(())
}

/// What a certificate is to say, apart from what the profile and the authority decide.
struct Grant<'a> {
    profile: Profile,
    subject: &'a DistinguishedName,
    names: &'a [SubjectAltName],
    spki: &'a [u8],
}

/// Whether OpenSSL takes a common name for a DNS name, to which it then applies constraints (v3_ncons.c, cn2dnsid).
fn is_host_for_openssl(name: &str) -> bool {
    name.contains('.') && name.split('.').all(is_label)
}

/// The key identifier that an authority's certificate bears, whatever made it.
fn own_key_id(certificate: &Certificate) -> Result<Vec<u8>> {
    certificate.subject_key_id().map_or_else(|| key_id(certificate.spki()), |id| Ok(id.to_vec()))
}

/// A v1 root has no way to say that it is an authority (RFC 5280, 6.1.4 (k)).
fn check_authority(certificate: &Certificate) -> Result<()> {
    let old_root = certificate.version() == 1 && certificate.is_self_issued();
    if certificate.is_authority() || old_root {
        return Ok(());
    }
    let message = format!("{} is no authority (basicConstraints does not say CA:TRUE)", certificate.subject());
    Err(Error::new(ErrorKind::WrongPurpose, message))
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({}, {})", self.dir().display(), self.certificate().subject())
    }
}
