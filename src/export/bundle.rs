//! Certificates in one file, in the order and the form in which programs and devices read them.

use std::path::Path;

use zeroize::Zeroizing;

use crate::certificate::Certificate;
use crate::error::Result;
use crate::file::{self, Mode};
use crate::identity::{Identity, full_chain};

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
