//! What a service or a client shows of itself: a certificate chain and its private key.

use std::path::Path;

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::key::PrivateKey;

/// A certificate chain, end entity first, and the private key of the end entity. Cloning is cheap.
///
/// It cannot be made from a key and a certificate that do not belong together.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// use trustdir::{Authority, AuthorityOptions, Identity, IssueOptions};
///
/// let ca = Authority::create(dir.join("pki"), AuthorityOptions::default())?;
/// let identity = ca.issue_server(&["localhost", "127.0.0.1"], &IssueOptions::default())?;
/// identity.save(dir.join("server.cert.pem"), dir.join("server.key.pem"), Some(b"test"))?;
/// let again = Identity::load(dir.join("server.cert.pem"), dir.join("server.key.pem"), Some(b"test"))?;
/// assert_eq!(again.certificate(), identity.certificate());
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    chain: Vec<Certificate>,
    key: PrivateKey,
}

impl Identity {
    /// Puts a chain and a key together. The key must be the first certificate's
    /// ([`ErrorKind::KeyMismatch`]); each certificate must be issued by the next.
    pub fn new(chain: Vec<Certificate>, key: PrivateKey) -> Result<Self> {
        let Some(end_entity) = chain.first() else {
            return Err(Error::new(ErrorKind::InvalidArgument, "an identity needs at least one certificate"));
        };
        if end_entity.spki() != key.spki() {
            let elsewhere = chain.iter().position(|certificate| certificate.spki() == key.spki());
            let message = match elsewhere {
                Some(at) => format!(
                    "the private key belongs to certificate {} of the chain; put the service's own certificate first",
                    at + 1
                ),
                None => format!(
                    "the private key does not belong to the certificate of {}; they come from different requests",
                    end_entity.subject()
                ),
            };
            return Err(Error::new(ErrorKind::KeyMismatch, message).with_subject(end_entity.subject().to_string()));
        }
        for pair in chain.windows(2) {
            if pair[0].issuer() != pair[1].subject() {
                let message = format!(
                    "the chain is out of order: {} is issued by {}, but {} follows; each certificate is followed by its issuer's",
                    pair[0].subject(),
                    pair[0].issuer(),
                    pair[1].subject()
                );
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        }
        Ok(Self { chain, key })
    }

    /// Reads a chain and a key from PEM text.
    pub fn from_pem(chain: &[u8], key: &[u8], passphrase: Option<&[u8]>) -> Result<Self> {
        Self::new(Certificate::all_from_pem(chain)?, PrivateKey::from_pem(key, passphrase)?)
    }

    /// Loads a chain file and a key file; the errors name the file that is at fault.
    pub fn load(certificate: impl AsRef<Path>, key: impl AsRef<Path>, passphrase: Option<&[u8]>) -> Result<Self> {
        let chain = Certificate::load_all(&certificate)?;
        let private = PrivateKey::load(&key, passphrase)?;
        Self::new(chain, private).map_err(|error| error.at(certificate))
    }

    /// Writes the chain (0644) and the key (0600; encrypted when there is a passphrase), the key first.
    /// Existing files are never overwritten ([`ErrorKind::AlreadyExists`]), and then nothing is written.
    pub fn save(&self, certificate: impl AsRef<Path>, key: impl AsRef<Path>, passphrase: Option<&[u8]>) -> Result<()> {
        let (certificate, key) = (certificate.as_ref(), key.as_ref());
        let key_pem = self.key.to_pem(passphrase)?;
        if certificate.symlink_metadata().is_ok() {
            let message = "this exists and is not overwritten; move it away or choose another name";
            return Err(Error::new(ErrorKind::AlreadyExists, message).at(certificate));
        }
        file::create(key, key_pem.as_bytes(), Mode::Private)?;
        file::create(certificate, self.chain_pem().as_bytes(), Mode::Public).inspect_err(|_| {
            // The key was made a moment ago and nothing refers to it.
            let _ = std::fs::remove_file(key);
        })
    }

    /// The end entity's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.chain[0] // invariant: `new` refuses an empty chain
    }

    /// The whole chain, end entity first.
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The private key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The chain as PEM.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::to_pem).collect()
    }
}
