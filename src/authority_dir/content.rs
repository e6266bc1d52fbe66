//! What a file of a directory of authorities holds: certificates, revocation lists, or a list that is broken.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use crate::certificate::Certificate;
use crate::chain::{BrokenCrl, Crl, hashes_in};
use crate::der::SEQUENCE;
use crate::error::{Error, Result};
use crate::pem::CRL;
use crate::trust_dir::{EntryNames, Look, Stamp, certificates, hash_name, hidden};
use crate::{file, pem};

/// A file, and what it was when it was read.
#[derive(Clone, Default)]
pub(super) struct Content {
    stamp: Option<Stamp>,
    pub certificates: Vec<Certificate>,
    pub crls: Vec<Crl>,
    pub broken: Option<BrokenCrl>,
}

impl Content {
    /// Reads a file, unless it is what it was. Fails when the system is short of something: that says nothing of
    /// the file, which may revoke anybody.
    pub(super) fn read(file: &Path, names: EntryNames, old: Option<&Self>) -> Result<Self> {
        // Taken before reading: a change in between shows as a difference later.
        let stamp = Stamp::of(file);
        if let Some(old) = old.filter(|old| old.stamp.is_some_and(|before| before.still(stamp))) {
            return Ok(old.clone());
        }
        let named = file.file_name().and_then(list_hash);
        // A list that breaks is still of the authority that it is named for, or was of before.
        let mut hashes: BTreeSet<u32> = named.into_iter().collect();
        hashes.extend(old.iter().flat_map(|old| &old.crls).flat_map(Crl::hashes));
        hashes.extend(old.iter().flat_map(|old| &old.broken).flat_map(|broken| &broken.hashes));
        let mut content = match file::read(file) {
            Ok(bytes) if named.is_none() && names == EntryNames::SubjectHash => Self::of_certificates(&bytes),
            Ok(bytes) => Self::of(file, &bytes, hashes),
            Err(error) if is_shortage(&error) => return Err(error),
            Err(error) => {
                let broken = Self::broken(file, error.message_without_path().to_owned(), hashes, false);
                Self { broken, ..Self::default() }
            }
        };
        content.stamp = stamp;
        Ok(content)
    }

    /// Looks whether the file is still what was read.
    pub(super) fn look(&self, file: &Path) -> Look {
        Stamp::look(self.stamp, file)
    }

    /// Those up to the first damage, as everybody reads a trust directory's files; which of them are entries is the
    /// directory's to say.
    fn of_certificates(bytes: &[u8]) -> Self {
        Self { certificates: certificates(bytes), ..Self::default() }
    }

    fn of(file: &Path, bytes: &[u8], mut hashes: BTreeSet<u32>) -> Self {
        let mut content = Self::of_certificates(bytes);
        let is_pem = pem::is_pem(bytes);
        let ders = match lists(bytes) {
            Ok(ders) => ders,
            Err(error) => {
                let is_list = bytes.windows(CRL.len()).any(|window| window == CRL.as_bytes());
                content.broken = Self::broken(file, error.message().to_owned(), hashes, is_list);
                return content;
            }
        };
        let expected = !hashes.is_empty();
        for der in &ders {
            match Crl::read(file, der) {
                Ok(crl) => content.crls.push(crl),
                // DER of another sort is no list, unless its name or its past says that it is.
                Err(error) if is_pem || expected => {
                    hashes.extend(hashes_in(der));
                    content.broken = Self::broken(file, error.message().to_owned(), hashes.clone(), true);
                }
                // Cut or damaged, and no certificate either.
                Err(error) if content.certificates.is_empty() && der.first() == Some(&SEQUENCE) => {
                    content.broken = Self::broken(file, error.message().to_owned(), hashes.clone(), true);
                }
                Err(_) => {}
            }
        }
        if ders.is_empty() {
            content.broken = Self::broken(file, "there is no revocation list in it".into(), hashes, false);
        }
        content
    }

    /// A list that refuses whom these authorities vouch for, or everybody's if it is a list and does not say whose.
    fn broken(file: &Path, why: String, hashes: BTreeSet<u32>, is_list: bool) -> Option<BrokenCrl> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let is_list = is_list || name.contains("crl");
        (is_list || !hashes.is_empty()).then(|| BrokenCrl { file: file.to_owned(), why, hashes })
    }
}

/// Whether a file may hold an authority or a list.
pub(super) fn counts(file: &Path, names: EntryNames) -> bool {
    let Some(name) = file.file_name() else { return false };
    let hashed = || hash_name(name).is_some() || list_hash(name).is_some();
    let is_directory = file.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    !hidden(name) && !is_directory && (names == EntryNames::Any || hashed())
}

/// The hash in a list's name such as `0fb8533c.r0`.
fn list_hash(name: &OsStr) -> Option<u32> {
    let (hash, number) = name.to_str()?.split_once(".r")?;
    hash_name(OsStr::new(&format!("{hash}.{number}")))
}

/// What may be lists in these bytes, as DER.
fn lists(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    if !pem::is_pem(bytes) {
        return Ok(vec![bytes.to_vec()]);
    }
    let blocks = pem::blocks(bytes)?.into_iter().filter(|block| block.label == CRL);
    Ok(blocks.map(|block| block.der.to_vec()).collect())
}

/// Whether it was for want of descriptors or memory.
fn is_shortage(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    #[cfg(unix)]
    {
        use nix::errno::Errno;
        let code = source.and_then(std::io::Error::raw_os_error).map(Errno::from_raw);
        matches!(code, Some(Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM))
    }
    #[cfg(not(unix))]
    source.is_some_and(|source| source.kind() == std::io::ErrorKind::OutOfMemory)
}
