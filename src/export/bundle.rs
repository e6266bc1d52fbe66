//! Certificates in one file, in the order and the form in which programs and devices read them.

use std::path::Path;

use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::error::Result;
use crate::file::{self, Mode};
use crate::identity::Identity;

/// The longest chain, and the most authorities of one name that are asked for their signature: the pool may be a
/// stranger's.
const LONGEST: usize = 16;
const NAMESAKES: usize = 64;

/// The chain that begins with `end_entity`: each certificate is followed by its issuer's as far as `pool` has
/// it, up to and with the self-signed one. The rest of the pool is left out.
///
/// Of several authorities of one name (renewed, with another key) the one that made the signature is taken.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use trustdir::{Authority, export};
///
/// let ca = Authority::create(dir.path().join("pki"), Default::default())?;
/// let server = ca.issue_server(&["localhost"], &Default::default())?;
/// let chain = export::full_chain(server.certificate(), &[ca.certificate().clone()]);
/// assert_eq!(chain, [server.certificate().clone(), ca.certificate().clone()]);
/// # Ok::<(), trustdir::Error>(())
/// ```
pub fn full_chain(end_entity: &Certificate, pool: &[Certificate]) -> Vec<Certificate> {
    let mut chain = vec![end_entity.clone()];
    let mut last = end_entity;
    while !last.is_self_issued() && chain.len() < LONGEST {
        let issues = |issuer: &&Certificate| issuer.subject() == last.issuer() && !chain.contains(issuer);
        let named = || pool.iter().filter(issues).take(NAMESAKES);
        // A signature by an algorithm that nobody takes any more proves nothing; then the name has to do.
        let Some(issuer) = named().find(|issuer| last.is_signed_by(issuer)).or_else(|| named().next()) else { break };
        chain.push(issuer.clone());
        last = issuer;
    }
    chain
}

/// Writes certificates as PEM one after another into a new file (0644): a chain, or several authorities. What
/// occurs twice is written once. An existing file is [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
pub fn save_bundle(certificates: &[Certificate], path: impl AsRef<Path>) -> Result<()> {
    let once = certificates.iter().enumerate().filter(|(at, certificate)| !certificates[..*at].contains(certificate));
    let pem: String = once.map(|(_, certificate)| certificate.to_pem()).collect();
    file::create(path.as_ref(), pem.as_bytes(), Mode::Public)
}

/// Writes a certificate as DER into a new file (0644): the `.crt` that Android and Windows install. An
/// existing file is [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
pub fn save_der(certificate: &Certificate, path: impl AsRef<Path>) -> Result<()> {
    file::create(path.as_ref(), certificate.as_der(), Mode::Public)
}

impl Identity {
    /// The identity with its chain completed from `pool`; see [`full_chain`].
    pub fn with_issuers(&self, pool: &[Certificate]) -> Result<Self> {
        let pool = [self.chain(), pool].concat();
        Self::new(full_chain(self.certificate(), &pool), self.key().clone())
    }

    /// The chain and then the key, encrypted when there is a passphrase, in one PEM: what
    /// `cat client.cert.pem client.key.pem` makes, and what curl and HAProxy read.
    pub fn to_bundle(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>> {
        let (chain, key) = (self.chain_pem(), self.key().to_pem(passphrase)?);
        // Full size at once: a buffer that grows leaves copies of the key behind.
        let mut pem = Zeroizing::new(String::with_capacity(chain.len() + key.len()));
        pem.push_str(&chain);
        pem.push_str(&key);
        Ok(pem)
    }

    /// Writes [`to_bundle`](Self::to_bundle) into a new file (0600). An existing file is
    /// [`AlreadyExists`](crate::ErrorKind::AlreadyExists).
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let dir = dir.path();
    /// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// alice.save_bundle(dir.join("alice.pem"), None)?; // curl --cert alice.pem
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn save_bundle(&self, path: impl AsRef<Path>, passphrase: Option<&[u8]>) -> Result<()> {
        file::create(path.as_ref(), self.to_bundle(passphrase)?.as_bytes(), Mode::Private)
    }
}
