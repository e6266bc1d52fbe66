//! Entries as people see them: a file and the certificate in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::scan::hidden;
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Error, ErrorKind, Result};
use crate::{file, pem};

/// One certificate in a trust directory and its file.
#[derive(Clone, Debug)]
pub struct Entry {
    file: PathBuf,
    link_target: Option<PathBuf>,
    certificate: Certificate,
}

impl Entry {
    pub(super) fn new(file: PathBuf, certificate: Certificate) -> Self {
        Self { link_target: file.read_link().ok(), file, certificate }
    }

    /// The file or link in the directory.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where it leads if it is a symbolic link, as written in the link.
    pub fn link_target(&self) -> Option<&Path> {
        self.link_target.as_deref()
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whether `which` names this entry: see [`TrustDir::find`](super::TrustDir::find).
    pub(super) fn is(&self, which: &str) -> bool {
        let subject = self.certificate.subject();
        let digits: String = which.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
        let is_fingerprint = digits.len() >= 8
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
            && self.certificate.fingerprint().to_string().starts_with(&digits);
        self.file.file_name() == Some(OsStr::new(which))
            || is_fingerprint
            || subject.common_name().is_some_and(|name| name == which)
            || subject.to_string() == which
    }
}

/// A file in a trust directory that should be an entry and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    message: String,
}

impl Problem {
    pub(super) fn new(file: PathBuf, message: String) -> Self {
        Self { file, message }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is wrong with it and what to do, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// Every file and link in the directory that carries the certificate and nothing else. Links come first,
/// so that a link is never left dangling by an interruption.
pub(super) fn carriers(dir: &Path, fingerprint: &Fingerprint) -> Result<Vec<PathBuf>> {
    let mut carriers = Vec::new();
    for entry in dir.read_dir().map_err(|source| Error::io("read", dir, source))? {
        let entry = entry.map_err(|source| Error::io("read", dir, source))?;
        let path = entry.path();
        // What cannot be read carries nothing that could be admitted.
        let Some(bytes) = (!hidden(&entry.file_name())).then(|| file::read_secret(&path).ok()).flatten() else {
            continue;
        };
        let Ok(certificates) = Certificate::all_from_bytes(&bytes) else { continue };
        if !certificates.iter().any(|certificate| certificate.fingerprint() == *fingerprint) {
            continue;
        }
        let is_link = path.is_symlink();
        let others = certificates.iter().any(|certificate| certificate.fingerprint() != *fingerprint);
        let key = pem::blocks(&bytes).is_ok_and(|blocks| blocks.iter().any(pem::Block::is_private_key));
        if !is_link && (others || key) {
            let what = if key { "a private key" } else { "other certificates" };
            let message =
                format!("this file also holds {what}; nothing was removed: move the file out of the directory by hand");
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(path));
        }
        carriers.push((!is_link, path));
    }
    carriers.sort();
    Ok(carriers.into_iter().map(|(_, path)| path).collect())
}
