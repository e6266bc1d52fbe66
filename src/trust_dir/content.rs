//! What a file of a trust directory holds.

use std::ffi::OsStr;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::Path;

use super::stamp::Stamp;
use super::{EntryNames, limits, trusted};
use crate::certificate::{Certificate, Fingerprint, Outline};
use crate::der::{self, Reader};
use crate::error::{Error, ErrorKind, Result};
use crate::name::{self, DistinguishedName};
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
    /// The certificates that count, and what in the file does not.
    Pins(Vec<Pin>, Option<String>),
    Problem(String),
    /// Not an entry under the directory's policy, and nothing to report.
    Ignored,
}

impl Content {
    pub(super) fn pins(&self) -> &[Pin] {
        if let Self::Pins(pins, _) = self { pins } else { &[] }
    }

    /// One line for people: what is wrong, and what to do.
    pub(super) fn problem(&self) -> Option<&str> {
        match self {
            Self::Pins(_, problem) => problem.as_deref(),
            Self::Problem(problem) => Some(problem),
            Self::Ignored => None,
        }
    }
}

/// A file and the moment at which it was looked at.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub stamp: Option<Stamp>,
    pub content: Content,
    /// What was read may be something else soon without the file's stamp showing it: each decision about a stranger
    /// reads it again.
    pub retry: bool,
}

impl Record {
    /// As [`read`](Self::read), of what was just listed as a regular file: opened without a look at what it is, and
    /// `None` where it is something else by now.
    pub(super) fn read_listed(dir: &file::Directory, name: &OsStr, names: EntryNames) -> Option<Self> {
        let Role::Entry(expected) = Role::of(name, names) else { return None };
        let (bytes, metadata) = dir.read(name).ok()?;
        Some(Self::new(Some(Stamp::of_file(&metadata)), Content::of(&bytes, names, expected)))
    }

    /// Looks at `dir/name`; `None` when there is no such file.
    pub(super) fn read(dir: &Path, name: &OsStr, names: EntryNames) -> Option<Self> {
        let path = dir.join(name);
        let seen = path.symlink_metadata().ok()?;
        // Taken before reading: a change in between shows as a difference later.
        let stamp = Stamp::seen(&path, seen.clone());
        let (content, unread) = read(&path, seen, names);
        if content.pins().is_empty() && path.symlink_metadata().is_err() {
            // It went while it was looked at.
            return None;
        }
        match stamp {
            Some(_) if unread => Some(Self { stamp: None, content, retry: true }),
            _ => Some(Self::new(stamp, content)),
        }
    }

    /// What is damaged and has just been written may be half of what its writer has in mind.
    fn new(stamp: Option<Stamp>, content: Content) -> Self {
        let retry = content.problem().is_some() && stamp.is_some_and(|stamp| !stamp.is_settled());
        Self { stamp, content, retry }
    }
}

/// What a name says that its file is, under the directory's policy.
#[derive(Clone, Copy)]
enum Role {
    /// Certificates; with this subject hash, where names are subject hashes.
    Entry(Option<u32>),
    RevocationList,
    None,
}

impl Role {
    fn of(name: &OsStr, names: EntryNames) -> Self {
        let list = || name.to_str()?.split_once(".r").and_then(|(hash, number)| hash_of(hash, number));
        match (names, hash_name(name)) {
            _ if hidden(name) => Self::None,
            (EntryNames::Any, _) => Self::Entry(None),
            (EntryNames::SubjectHash, Some(hash)) => Self::Entry(Some(hash)),
            (EntryNames::SubjectHash, None) if list().is_some() => Self::RevocationList,
            (EntryNames::SubjectHash, None) => Self::None,
        }
    }
}

/// The hash in a name such as `0fb8533c.0`; OpenSSL looks for lower-case digits and a plain number.
pub(crate) fn hash_name(name: &OsStr) -> Option<u32> {
    let (hash, number) = name.to_str()?.split_once('.')?;
    hash_of(hash, number)
}

pub(super) fn hash_of(hash: &str, number: &str) -> Option<u32> {
    let lower = hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let plain = number == "0"
        || !number.starts_with('0') && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (lower && plain).then(|| u32::from_str_radix(hash, 16).ok()).flatten()
}

/// Temporary and dot files are nobody's certificates, nor are the limits.
pub(crate) fn hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.') || name == limits::FILE
}

const REVOCATION_LIST: &str = "revocation lists are for a directory of authorities and change nothing here; move it there, and remove a client by removing its file";

/// What the file at `path`, of which an `lstat` says this, holds, and whether the system could not say. Only regular files are opened: a FIFO would
/// let its writer go, a device may do anything.
fn read(path: &Path, seen: Metadata, names: EntryNames) -> (Content, bool) {
    let problem = |text: String| (Content::Problem(text), false);
    let expected = match Role::of(path.file_name().unwrap_or_default(), names) {
        Role::Entry(expected) => expected,
        Role::RevocationList => return problem(REVOCATION_LIST.into()),
        Role::None => return (Content::Ignored, false),
    };
    let link = seen.is_symlink();
    match if link { path.metadata() } else { Ok(seen) } {
        Ok(metadata) if metadata.is_file() => {}
        Ok(metadata) if metadata.is_dir() && expected.is_none() && !link => return (Content::Ignored, false),
        Ok(metadata) => return problem(format!("{}, which is not read; move it away", kind(metadata.file_type()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return problem("a link that leads nowhere; restore its target or remove it".into());
        }
        Err(error) => return problem(format!("a link that cannot be followed ({error}); correct or remove it")),
    }
    match file::read_secret(path) {
        Ok(bytes) => (Content::of(&bytes, names, expected), false),
        Err(error) => {
            let unread = error.kind() == ErrorKind::Io;
            let remedy = if unread { "let the service read it, or remove it" } else { "move it away" };
            (Content::Problem(format!("{}; {remedy}", error.message_without_path())), unread)
        }
    }
}

fn kind(file_type: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if file_type.is_fifo() {
            return "this is a FIFO";
        }
        if file_type.is_socket() {
            return "this is a socket";
        }
        if file_type.is_block_device() || file_type.is_char_device() {
            return "this is a device";
        }
    }
    if file_type.is_dir() { "this is a directory" } else { "this is no regular file" }
}

impl Content {
    /// `expected` is the hash in the file's name, where only that one counts.
    fn of(bytes: &[u8], names: EntryNames, expected: Option<u32>) -> Self {
        let (mut pins, mut problems) = (Vec::new(), Vec::new());
        let scanned = scan(bytes, names, |der, objection| {
            let pin = pin(der)?;
            match (objection, expected) {
                (Some(objection), _) => problems.push(objected(der, objection)),
                (None, Some(expected)) if pin.subject_hash != Some(expected) => {
                    problems.push(misplaced(der, &pin, expected));
                }
                (None, _) => pins.push(pin),
            }
            Ok(())
        });
        match scanned {
            Err(error) if pins.is_empty() => problems.push(format!("{error}; replace or remove it")),
            Err(error) => {
                problems.push(format!("{error}; what stands before it counts, nothing after it does: replace the file"))
            }
            Ok(others) if others.iter().any(|label| label == pem::CRL) => problems.push(REVOCATION_LIST.into()),
            Ok(others) if pins.is_empty() && problems.is_empty() => problems.push(no_certificate(&others)),
            Ok(_) => {}
        }
        pins.sort_unstable_by_key(|pin: &Pin| pin.fingerprint);
        pins.dedup();
        let more = problems.len().saturating_sub(1);
        let problem = problems.into_iter().next().map(|first| match more {
            0 => first,
            more => format!("{first} (and {more} more in this file)"),
        });
        match problem {
            Some(problem) if pins.is_empty() => Self::Problem(problem),
            problem => Self::Pins(pins, problem),
        }
    }
}

/// What an index keeps of a certificate. Refuses what [`Certificate::from_der`] does, and makes no copy.
pub(super) fn pin(der: &[u8]) -> Result<Pin> {
    let subject_hash = name::subject_hash(Outline::read(der)?.subject()).map(|hash| hash.0);
    Ok(Pin { fingerprint: Fingerprint::of(der), subject_hash })
}

/// For the benchmarks: the certificates of a file that count where any name does.
#[cfg(feature = "bench")]
pub(crate) fn fingerprints(bytes: &[u8]) -> Vec<Fingerprint> {
    Content::of(bytes, EntryNames::Any, None).pins().iter().map(|pin| pin.fingerprint).collect()
}

/// Gives `take` each certificate of a file with what its trust settings have against it, up to the first damage, as
/// OpenSSL reads it (`X509_load_cert_file`). Returns the labels of the other blocks.
fn scan(
    bytes: &[u8],
    names: EntryNames,
    mut take: impl FnMut(&[u8], Option<&'static str>) -> Result<()>,
) -> Result<Vec<String>> {
    let mut others = Vec::new();
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "the file is empty"));
    }
    if !pem::is_pem(bytes) {
        if names == EntryNames::SubjectHash {
            let message =
                "this is not PEM, and OpenSSL reads nothing else here: convert it with `openssl x509 -inform DER`";
            return Err(Error::new(ErrorKind::Parse, message));
        }
        return match take(bytes, None) {
            Ok(()) => Ok(others),
            Err(_) if is_revocation_list(bytes) => Ok(vec![pem::CRL.to_owned()]),
            Err(error) => {
                let why = if bytes.is_ascii() { String::new() } else { format!(" ({error})") };
                Err(Error::new(error.kind(), format!("this is neither PEM nor a DER certificate{why}")))
            }
        };
    }
    for block in pem::iter(bytes) {
        let block = block?;
        if block.is_certificate() || block.label == "TRUSTED CERTIFICATE" {
            trusted::split(&block.der)
                .and_then(|(der, objection)| take(der, objection))
                .map_err(|error| Error::new(error.kind(), format!("line {}: {error}", block.line)))?;
        } else {
            others.push(block.label);
        }
    }
    Ok(others)
}

/// Every certificate in a file's bytes up to the first damage, whether it counts or not.
pub(crate) fn certificates(bytes: &[u8]) -> Vec<Certificate> {
    let mut found = Vec::new();
    // What is damaged is reported where the file is read as an entry.
    let _ =
        scan(bytes, EntryNames::Any, |der, _| Certificate::from_der(der).map(|certificate| found.push(certificate)));
    found
}

/// As [`certificates`], from the file.
pub(super) fn load(path: &Path) -> Result<Vec<Certificate>> {
    file::read_secret(path).map(|bytes| certificates(&bytes))
}

/// A CertificateList (RFC 5280, 5.1) has a time where a certificate has its validity.
fn is_revocation_list(der: &[u8]) -> bool {
    let time = || {
        let mut fields = Reader::new(Reader::new(der::single(der, der::SEQUENCE).ok()?.content).any().ok()?.content);
        fields.optional(der::INTEGER).ok()?;
        fields.expect(der::SEQUENCE).ok()?;
        fields.expect(der::SEQUENCE).ok()?;
        der::read_time(fields.any().ok()?).ok()
    };
    time().is_some()
}

fn objected(der: &[u8], objection: &str) -> String {
    let subject = subject(der).brief();
    format!(
        "{subject} is marked as {objection}, so it does not count; if it is to be a client, drop the mark with `openssl x509 -in OLD -out NEW`"
    )
}

/// OpenSSL would look for such a certificate under another name: it admits nobody there, nor here.
fn misplaced(der: &[u8], pin: &Pin, expected: u32) -> String {
    let name = subject(der);
    let text = name.brief();
    let Some(hash) = pin.subject_hash else {
        return format!(
            "{text} is a name that OpenSSL refuses, so it counts under no subject hash; issue it again under another name"
        );
    };
    let old = name.subject_hash_old().0 == expected;
    let wrong = if old { "the subject hash of OpenSSL before 1.0" } else { "the wrong subject hash" };
    format!("{text} lies under {wrong}, so it does not count; name its file {hash:08x}.0")
}

/// The subject of a certificate that has been read once.
fn subject(der: &[u8]) -> DistinguishedName {
    let name = Outline::read(der).and_then(|outline| DistinguishedName::from_der(outline.subject()));
    name.unwrap_or_else(|_| DistinguishedName::from_common_name(""))
}

fn no_certificate(others: &[String]) -> String {
    if others.iter().any(|label| label.ends_with("PRIVATE KEY")) {
        return "a private key without a certificate; move it away, a trust directory holds certificates only".into();
    }
    if others.iter().any(|label| label.ends_with("CERTIFICATE REQUEST")) {
        return "a request, not a certificate; sign it with `trustdir sign` and install what comes out".into();
    }
    match others.first() {
        Some(label) => format!("there is no certificate here, only {label}; replace or remove it"),
        None => "there is no certificate here; replace or remove it".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Authority, AuthorityOptions};

    /// One byte after another is changed: what is no certificate is no pin, and the other way round.
    #[test]
    fn a_pin_is_read_from_certificates_only() {
        let dir = tempfile::tempdir().unwrap();
        let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
        let mut refused = 0;
        for (at, bit) in (0..ca.certificate().as_der().len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut der = ca.certificate().as_der().to_vec();
            der[at] ^= 1 << bit;
            let pin = pin(&der).ok();
            let expected = Certificate::from_der(&der).ok().map(|certificate| Pin {
                fingerprint: certificate.fingerprint(),
                subject_hash: certificate.subject().subject_hash().ok().map(|hash| hash.0),
            });
            assert_eq!(pin, expected, "bit {bit} of byte {at}");
            refused += usize::from(pin.is_none());
        }
        assert!(refused > 100, "{refused}");
    }
}
