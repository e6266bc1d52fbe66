//! The files that an identity is loaded from, again and again.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Identity;
use crate::certificate::Certificate;
use crate::error::{ErrorKind, Result};
use crate::trust_dir::Stamp;

/// A chain file and a key file that are replaced while a service runs, with the passphrase of the key.
///
/// No order of replacing them, by renaming or in place, gives a key with another's certificate: until both files
/// are there, [`reload_if_changed`](Self::reload_if_changed) answers an error, and the identity that was loaded
/// before stays good. Rename files into place where you can: of a chain that is being written in place, the first
/// certificates are a shorter chain until the next look.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// use trustdir::{Authority, IdentityFiles};
///
/// let ca = Authority::create(dir.join("pki"), Default::default())?;
/// let (certificate, key) = (dir.join("server.cert.pem"), dir.join("server.key.pem"));
/// ca.issue_server(&["localhost"], &Default::default())?.save(&certificate, &key, None)?;
/// let mut files = IdentityFiles::new(&certificate, &key, None);
/// let first = files.load()?;
/// assert!(files.reload_if_changed()?.is_none());
///
/// std::fs::remove_file(&certificate).unwrap();
/// std::fs::remove_file(&key).unwrap();
/// ca.issue_server(&["localhost"], &Default::default())?.save(&certificate, &key, None)?;
/// let second = files.reload_if_changed()?.expect("they have changed");
/// assert_ne!(second.certificate(), first.certificate());
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct IdentityFiles {
    certificate: PathBuf,
    key: PathBuf,
    passphrase: Option<Zeroizing<Vec<u8>>>,
    /// What the files were before they were read last, if that told anything of them.
    read: Option<[Option<Stamp>; 2]>,
    /// The chain that was given last; none after an error.
    given: Vec<Certificate>,
}

impl IdentityFiles {
    /// Names the files; nothing is read yet. They may be one file that holds both, in PEM.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>, passphrase: Option<&[u8]>) -> Self {
        let passphrase = passphrase.map(|passphrase| passphrase.to_vec().into());
        Self { certificate: certificate.into(), key: key.into(), passphrase, read: None, given: Vec::new() }
    }

    /// The chain's file.
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// The key's file.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Loads them, with the errors of [`Identity::load`].
    pub fn load(&mut self) -> Result<Identity> {
        // Taken before reading: a change in between shows as a difference later.
        let before = self.paths().map(Stamp::of);
        let loaded = Identity::load(&self.certificate, &self.key, self.passphrase.as_deref().map(Vec::as_slice));
        // What the system has failed at says nothing of the files.
        let tells = loaded.as_ref().err().is_none_or(|error| error.kind() != ErrorKind::Io);
        self.read = tells.then_some(before);
        self.given = loaded.as_ref().map(|identity| identity.chain().to_vec()).unwrap_or_default();
        loaded
    }

    /// The identity, if the files give another one than before, or one again after an error. Without a change this
    /// costs a `stat` or two for each file.
    ///
    /// An error is told once for each change. Every call reads the files again after an error of the system
    /// ([`ErrorKind::Io`]), and as long as a further change could hide behind the clock of the file system: 0.1 s from
    /// the last one, 3 s where times have no fraction.
    pub fn reload_if_changed(&mut self) -> Result<Option<Identity>> {
        if self.is_current() {
            return Ok(None);
        }
        let before = std::mem::take(&mut self.given);
        let identity = self.load()?;
        Ok((identity.chain() != before).then_some(identity))
    }

    fn is_current(&self) -> bool {
        self.read
            .is_some_and(|read| read.into_iter().zip(self.paths()).all(|(before, path)| Stamp::holds(before, path)))
    }

    fn paths(&self) -> [&Path; 2] {
        [&self.certificate, &self.key]
    }
}

/// The names of the files alone.
impl fmt::Debug for IdentityFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certificate, key, .. } = self;
        f.debug_struct("IdentityFiles").field("certificate", certificate).field("key", key).finish_non_exhaustive()
    }
}
