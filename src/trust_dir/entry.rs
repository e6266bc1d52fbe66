//! Entries as people see them: a file and the certificate in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::content;
use super::stamp::Stamp;
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

    // What may name an entry: see `TrustDir::find`.

    pub(super) fn is_file(&self, which: &str) -> bool {
        self.file.file_name() == Some(OsStr::new(which))
    }

    pub(super) fn has_fingerprint(&self, which: &str) -> bool {
        let digits: String = which.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
        let hexadecimal = digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal && self.certificate.fingerprint().to_string().starts_with(&digits)
    }

    pub(super) fn has_name(&self, which: &str) -> bool {
        let subject = self.certificate.subject();
        subject.common_name().is_some_and(|name| name == which) || subject.to_string() == which
    }
}

/// A file in a trust directory that should be an entry and is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    file: PathBuf,
    message: String,
}

impl Problem {
    pub(crate) fn new(file: PathBuf, message: String) -> Self {
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

/// A file or link that carries a certificate and nothing else.
pub(super) struct Carrier {
    pub path: PathBuf,
    pub is_link: bool,
    /// Taken before it was read: whoever removes it makes sure that it is still this file.
    pub stamp: Option<Stamp>,
}

/// Those of the files that carry the certificate, links first, so that none is left dangling by an interruption; and
/// what could not be read, and so may carry it too.
pub(super) fn carriers(
    files: impl IntoIterator<Item = PathBuf>,
    fingerprint: &Fingerprint,
) -> Result<(Vec<Carrier>, Vec<PathBuf>)> {
    let (mut carriers, mut unreadable) = (Vec::new(), Vec::new());
    for path in files {
        // A link that leads nowhere, a directory or a FIFO carries nothing.
        if !path.is_file() {
            continue;
        }
        let stamp = Stamp::of(&path);
        let bytes = match file::read_secret(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                if error.kind() == ErrorKind::Io {
                    unreadable.push(path);
                }
                continue;
            }
        };
        let certificates = content::certificates(&bytes);
        if !certificates.iter().any(|certificate| certificate.fingerprint() == *fingerprint) {
            continue;
        }
        let is_link = path.is_symlink();
        let others = certificates.iter().any(|certificate| certificate.fingerprint() != *fingerprint);
        let key = pem::holds_private_key(&bytes);
        if !is_link && (others || key) {
            let what = if key { "a private key" } else { "other certificates" };
            let message =
                format!("this file also holds {what}; nothing was removed: move the file out of the directory by hand");
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(path));
        }
        carriers.push(Carrier { path, is_link, stamp });
    }
    carriers.sort_by(|a, b| (!a.is_link, &a.path).cmp(&(!b.is_link, &b.path)));
    Ok((carriers, unreadable))
}
