//! What is installed and removed.

use std::path::PathBuf;

use super::content::hash_name;
use super::{Entry, TrustDir, entry};
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::name::SubjectHash;

impl TrustDir {
    /// Installs a certificate under its subject hash (`0fb8533c.0`, the first free number), atomically, where
    /// every reader of such directories finds it. One that lies there already stays, and that entry is returned.
    ///
    /// What will be refused all the same (expired, wrong purpose, …) is installed: ask [`decide`](Self::decide).
    pub fn install(&self, certificate: &Certificate) -> Result<Entry> {
        let lock = file::lock_directory(&self.0.path)?;
        let (mut gone, updated) = self.update(&|_, _| {});
        let installed = updated.and_then(|()| {
            let hash = certificate.subject().subject_hash()?;
            let files = self.index().files_of(&certificate.fingerprint());
            let there = files.into_iter().find(|(name, _)| hash_name(name) == Some(hash.0));
            there.map_or_else(|| self.install_new(certificate, hash), |(name, _)| Ok(self.0.path.join(name)))
        });
        gone.extend(self.update(&|_, _| {}).0);
        // Hooks may well install or remove: they run when the lock is free again.
        drop(lock);
        self.dismiss(gone);
        Ok(Entry::new(installed?, certificate.clone()))
    }

    fn install_new(&self, certificate: &Certificate, hash: SubjectHash) -> Result<PathBuf> {
        for number in 0_u32.. {
            let path = self.0.path.join(format!("{hash}.{number}"));
            match file::create(&path, certificate.to_pem().as_bytes(), Mode::Public) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(path),
            }
        }
        Err(Error::new(ErrorKind::AlreadyExists, "every number of this subject hash is taken").at(&self.0.path))
    }

    /// Removes every file and link in the directory that carries this certificate, whatever its name.
    /// Connections that stand on it are closed. Returns what was removed.
    ///
    /// A file that also holds a private key or another certificate is not touched, and then nothing is.
    pub fn remove(&self, fingerprint: &Fingerprint) -> Result<Vec<PathBuf>> {
        // Without the lock: whoever holds it must not be able to keep a client in, and nobody writes over a
        // file that is there.
        let (carriers, unreadable) = entry::carriers(&self.0.path, fingerprint)?;
        for path in &carriers {
            std::fs::remove_file(path).map_err(|source| Error::io("remove", path, source))?;
        }
        if !carriers.is_empty() {
            file::sync_directory(&self.0.path)?;
        }
        self.refresh()?;
        if let Some(path) = unreadable.first() {
            let message = format!(
                "this cannot be read, so it may still carry the certificate; {} others were removed",
                carriers.len()
            );
            return Err(Error::new(ErrorKind::Io, message).at(path));
        }
        if carriers.is_empty() {
            let message = format!("no file here carries the certificate {fingerprint}");
            return Err(Error::new(ErrorKind::NotFound, message).at(&self.0.path));
        }
        Ok(carriers)
    }
}
