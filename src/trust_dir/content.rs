//! What a file of a trust directory holds.

use std::ffi::OsStr;
use std::path::Path;

use super::EntryNames;
use super::stamp::Stamp;
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{ErrorKind, escape};
use crate::{file, pem};

/// A certificate found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    pub fingerprint: Fingerprint,
    /// The subject hash, unless OpenSSL would refuse the name.
    pub subject_hash: Option<u32>,
}

/// What a file of the directory turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Pins(Vec<Pin>),
    Problem(String),
    /// Not an entry under the directory's policy, and nothing to report.
    Ignored,
}

/// A file and the moment at which it was looked at.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub stamp: Option<Stamp>,
    pub content: Content,
    /// The system could not read it, which may pass without the file changing.
    pub retry: bool,
}

impl Record {
    /// Looks at `dir/name`; `None` when there is no such file.
    pub(super) fn read(dir: &Path, name: &OsStr, names: EntryNames) -> Option<Self> {
        let path = dir.join(name);
        let link = path.symlink_metadata().ok()?;
        // Taken before reading: a change in between shows as a difference later.
        let mut stamp = Stamp::of(&path);
        let mut retry = false;
        let content = match hash_name(name) {
            _ if link.is_dir() || hidden(name) => Content::Ignored,
            None if names == EntryNames::SubjectHash => Content::Ignored,
            hash => match certificates(&path, names) {
                Err(_) if stamp.is_none() && link.file_type().is_symlink() => {
                    Content::Problem("a link that leads nowhere; remove it or restore its target".into())
                }
                Err((kind, message)) => {
                    retry = kind == ErrorKind::Io && stamp.is_some();
                    stamp = stamp.filter(|_| !retry);
                    Content::Problem(message)
                }
                Ok(certificates) => pins(&certificates, hash.filter(|_| names == EntryNames::SubjectHash)),
            },
        };
        Some(Self { stamp, content, retry })
    }
}

/// The hash in a name such as `0fb8533c.0`; OpenSSL looks for lower-case digits and a plain number.
pub(super) fn hash_name(name: &OsStr) -> Option<u32> {
    let (hash, number) = name.to_str()?.split_once('.')?;
    let lower = hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let plain = number == "0"
        || !number.starts_with('0') && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (lower && plain).then(|| u32::from_str_radix(hash, 16).ok()).flatten()
}

/// The hash and the number in such a name.
pub(super) fn hash_number(name: &OsStr) -> Option<(u32, u32)> {
    let hash = hash_name(name)?;
    Some((hash, name.to_str()?.split_once('.')?.1.parse().ok()?))
}

/// Temporary and dot files are nobody's certificates.
pub(super) fn hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// Every certificate in a file, or one line of what is wrong with it.
fn certificates(path: &Path, names: EntryNames) -> Result<Vec<Certificate>, (ErrorKind, String)> {
    let bytes = file::read_secret(path).map_err(|error| {
        let prefix = format!("{}: ", escape(&path.to_string_lossy()));
        (error.kind(), error.message().strip_prefix(&prefix).unwrap_or(error.message()).to_owned())
    })?;
    if names == EntryNames::SubjectHash && !bytes.is_empty() && !pem::is_pem(&bytes) {
        let message =
            "this is not PEM, and OpenSSL reads nothing else here; convert it with `openssl x509 -inform DER`";
        return Err((ErrorKind::Parse, message.into()));
    }
    Certificate::all_from_bytes(&bytes).map_err(|error| {
        let blocks = pem::blocks(&bytes).unwrap_or_default();
        let message = if blocks.iter().any(pem::Block::is_private_key) {
            "a private key without a certificate; move it away, a trust directory holds certificates only".into()
        } else if blocks.iter().any(|block| block.label == "TRUSTED CERTIFICATE") {
            "a TRUSTED CERTIFICATE is not read; rewrite it with `openssl x509 -in OLD -out NEW`".into()
        } else {
            format!("{error}; replace or remove it")
        };
        (error.kind(), message)
    })
}

fn pins(certificates: &[Certificate], expected: Option<u32>) -> Content {
    let pins: Vec<_> = certificates
        .iter()
        .map(|certificate| Pin {
            fingerprint: certificate.fingerprint(),
            subject_hash: certificate.subject().subject_hash().ok().map(|hash| hash.0),
        })
        .collect();
    // OpenSSL would look for such a certificate under another name: it admits nobody there, nor here.
    if let Some(expected) = expected
        && let Some(certificate) = pins.iter().position(|pin| pin.subject_hash != Some(expected))
    {
        let subject = certificates[certificate].subject();
        let right = pins[certificate].subject_hash.map_or_else(|| "nothing".to_owned(), |hash| format!("{hash:08x}.0"));
        return Content::Problem(format!("{subject} lies under the wrong subject hash; rename the file to {right}"));
    }
    Content::Pins(pins)
}
