//! What a service or a client shows of itself: a certificate chain and its private key.

mod files;
mod order;

use std::path::Path;

use crate::certificate::Certificate;
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::key::PrivateKey;

pub use self::files::IdentityFiles;
pub use self::order::full_chain;

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
    /// Puts a key and its chain together: certificates in any order, of which the key's own is the end entity
    /// ([`ErrorKind::KeyMismatch`] when there is none).
    ///
    /// Each certificate is followed by its issuer's; of several of one name the one that made the signature is taken,
    /// and of several for one key - a certificate and its renewal, an authority that was signed again - the one that is
    /// valid now and ends last. The others of them are left out, and so is what is there twice. What has nothing to do
    /// with the chain is [`ErrorKind::InvalidArgument`], and the message names it.
    ///
    /// A root at the end stays. Peers need none (RFC 8446, 4.4.2, lets it be left out), but devices that take in an
    /// export do. What peers refuse - an identity that has expired, say - is no error here: see
    /// [`lint`](Self::lint).
    pub fn new(chain: Vec<Certificate>, key: PrivateKey) -> Result<Self> {
        Ok(Self { chain: order::in_order(chain, key.spki(), clock::now())?, key })
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
