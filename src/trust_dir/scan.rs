//! One file of a trust directory: what it is now, and what it holds.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::EntryNames;
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{ErrorKind, escape};
use crate::{file, pem};

/// File systems stamp times in ticks of up to this length. A file that changed more recently than that
/// may change again without its stamp showing it, so it is read again at the next decision.
const TICK: Duration = Duration::from_millis(100);

/// Some stamp whole seconds only, or every second one (ext3, FAT, some network mounts); a stamp without a
/// fraction is taken for one of theirs.
const COARSE_TICK: Duration = Duration::from_secs(3);

/// What tells a file from any other and from its own later states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    device: u64,
    inode: u64,
    size: u64,
    /// Status change: unlike the modification time, no program can set it.
    changed: (i64, i64),
}

impl Id {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        let since = |time: std::io::Result<SystemTime>| {
            let since = time.ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
            (since.as_secs().cast_signed(), i64::from(since.subsec_nanos()))
        };
        let created = since(metadata.created());
        Self {
            device: 0,
            inode: created.0.cast_unsigned() ^ created.1.cast_unsigned(),
            size: metadata.len(),
            changed: since(metadata.modified()),
        }
    }

    fn settled(&self) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds)) else { return true };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        // A time in the future is a clock that was set back: the next change has another time.
        let apart = SystemTime::now().duration_since(changed).unwrap_or_else(|ahead| ahead.duration());
        apart > if nanoseconds == 0 { COARSE_TICK } else { TICK }
    }
}

/// A path's identity at one moment: the link's, if it is one, and the file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    link: Option<Id>,
    file: Id,
    /// Whether later changes are bound to show.
    settled: bool,
}

impl Stamp {
    /// One `lstat`, and a `stat` when it is a link; `None` when there is nothing.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = path.symlink_metadata().ok()?;
        let link = metadata.file_type().is_symlink().then(|| Id::of(&metadata));
        let metadata = if link.is_some() { path.metadata().ok()? } else { metadata };
        let file = Id::of(&metadata);
        Some(Self { link, file, settled: file.settled() && link.is_none_or(|link| link.settled()) })
    }

    /// Whether the same path is still what it was, beyond doubt.
    pub(super) fn still(&self, now: Option<Self>) -> bool {
        self.settled && now.is_some_and(|now| now.link == self.link && now.file == self.file)
    }

    pub(super) fn is_link(&self) -> bool {
        self.link.is_some()
    }

    /// The identity of a directory, whatever is in it.
    pub(super) fn same_inode(&self, other: &Self) -> bool {
        (self.file.device, self.file.inode) == (other.file.device, other.file.inode)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Where times are whole seconds, a change in the same second would not show.
    #[test]
    fn a_coarse_clock_takes_longer_to_settle() {
        let id = |age: Duration, fraction: bool| {
            let changed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() - age;
            let nanoseconds = if fraction { i64::from(changed.subsec_nanos().max(1)) } else { 0 };
            Id { device: 0, inode: 0, size: 0, changed: (changed.as_secs().cast_signed(), nanoseconds) }
        };
        assert!(!id(Duration::from_millis(10), true).settled());
        assert!(id(Duration::from_millis(500), true).settled());
        assert!(!id(Duration::from_millis(1500), false).settled());
        assert!(id(Duration::from_secs(5), false).settled());
    }

    #[test]
    fn a_time_in_the_future_is_settled() {
        let ahead = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(3600);
        assert!(Id { device: 0, inode: 0, size: 0, changed: (ahead.as_secs().cast_signed(), 1) }.settled());
    }
}
