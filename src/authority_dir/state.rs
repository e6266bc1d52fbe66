//! What was last read from a directory of authorities, and how to see that it is still so.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::certificate::Fingerprint;
use crate::chain::{Anchor, BrokenCrl, Crl, StaleCrls, Trust, hashes_in};
use crate::trust_dir::{EntryNames, Stamp, TrustDir};
use crate::{file, pem};

/// The content of the directory at one moment.
pub(super) struct State {
    path: PathBuf,
    directory: Option<Stamp>,
    /// The files that count, or would if they could be read, as they were before they were read.
    files: BTreeMap<PathBuf, Option<Stamp>>,
    pub trust: Trust,
    /// A digest of all that counts.
    pub edition: Fingerprint,
}

/// The revocation lists of one file.
#[derive(Default)]
struct Lists {
    crls: Vec<Crl>,
    broken: Option<BrokenCrl>,
}

impl State {
    /// Reads the directory; what cannot be read vouches for nobody. Lists that have not changed are taken over.
    pub(super) fn load(directory: &TrustDir, stale_crls: StaleCrls, old: Option<&Self>) -> Self {
        let (path, names) = (directory.path(), directory.entry_names());
        let stamp = Stamp::of(path);
        let listed = path.read_dir().into_iter().flatten().flatten().map(|file| file.path());
        // Taken before reading: a change in between shows as a difference later.
        let files: BTreeMap<_, _> = listed
            .filter(|file| counts(file, names))
            .map(|file| {
                let stamp = Stamp::of(&file);
                (file, stamp)
            })
            .collect();
        let anchors: Vec<Anchor> = directory
            .list()
            .unwrap_or_default()
            .iter()
            .map(|entry| Anchor::new(entry.certificate().clone(), entry.file().to_owned()))
            .collect();
        let (mut crls, mut broken) = (Vec::new(), Vec::new());
        for (file, stamp) in &files {
            let lists = old.and_then(|old| old.unchanged(file, *stamp)).unwrap_or_else(|| read(file, names, old));
            crls.extend(lists.crls);
            broken.extend(lists.broken);
        }
        let trust = Trust { anchors, crls, broken, stale_crls };
        // Whose list it is is found out here, not in a handshake.
        let certificates: Vec<_> = trust.anchors.iter().map(|anchor| &anchor.certificate).collect();
        for crl in &trust.crls {
            crl.is_proven(&certificates);
        }
        Self { path: path.to_owned(), directory: stamp, files, edition: edition(&trust), trust }
    }

    /// Whether everything is still what was read.
    pub(super) fn is_current(&self) -> bool {
        self.is_current_for(self.files.keys())
    }

    /// Whether these files are, and no file has come or gone.
    pub(super) fn is_current_for<'a>(&self, mut files: impl Iterator<Item = &'a PathBuf>) -> bool {
        let same = |path: &Path, before: Option<Stamp>| match (before, Stamp::of(path)) {
            (Some(before), now) => before.still(now),
            (None, now) => now.is_none(),
        };
        same(&self.path, self.directory)
            && files.all(|file| self.files.get(file).is_some_and(|before| same(file, *before)))
    }

    /// The lists of a file that is what it was.
    fn unchanged(&self, file: &Path, now: Option<Stamp>) -> Option<Lists> {
        let before = self.files.get(file).copied().flatten()?;
        before.still(now).then(|| self.lists_of(file))
    }

    fn lists_of(&self, file: &Path) -> Lists {
        Lists {
            crls: self.trust.crls.iter().filter(|crl| crl.file() == file).cloned().collect(),
            broken: self.trust.broken.iter().find(|broken| broken.file == file).cloned(),
        }
    }
}

/// Whether a file may hold an authority or a list.
fn counts(file: &Path, names: EntryNames) -> bool {
    let Some(name) = file.file_name() else { return false };
    let hidden = name.as_encoded_bytes().first() == Some(&b'.');
    !hidden
        && !file.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
        && (names == EntryNames::Any || hash_of(name, "").is_some() || hash_of(name, "r").is_some())
}

/// The hash in a name such as `0fb8533c.r0`, where `r` stands before the number.
fn hash_of(name: &OsStr, before: &str) -> Option<u32> {
    let (hash, number) = name.to_str()?.split_once('.')?;
    let number = number.strip_prefix(before)?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let lower = hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    (lower && digits).then(|| u32::from_str_radix(hash, 16).ok()).flatten()
}

/// Reads the lists in a file. One that breaks is still of the authority that it was of before, or is named for.
fn read(file: &Path, names: EntryNames, old: Option<&State>) -> Lists {
    let named = file.file_name().and_then(|name| hash_of(name, "r"));
    if named.is_none() && names == EntryNames::SubjectHash {
        return Lists::default();
    }
    let mut hashes: BTreeSet<u32> = named.into_iter().collect();
    if let Some(old) = old.map(|old| old.lists_of(file)) {
        hashes.extend(old.crls.iter().flat_map(Crl::hashes));
        hashes.extend(old.broken.into_iter().flat_map(|broken| broken.hashes));
    }
    let expected = !hashes.is_empty();
    let broken = |why: String, hashes| Some(BrokenCrl { file: file.to_owned(), why, hashes });
    let ders = match ders(file) {
        Ok(ders) => ders,
        Err(why) => return Lists { broken: broken(why, hashes).filter(|_| expected), ..Lists::default() },
    };
    let (is_pem, ders) = ders;
    let mut lists = Lists::default();
    for der in &ders {
        match Crl::read(file, der) {
            Ok(crl) => lists.crls.push(crl),
            // A DER file of another sort is no list, unless its name says that it is.
            Err(error) if is_pem || expected => {
                hashes.extend(hashes_in(der));
                lists.broken = broken(error.message().to_owned(), hashes.clone());
            }
            Err(_) => {}
        }
    }
    if ders.is_empty() && expected {
        lists.broken = broken("there is no revocation list in it".into(), hashes);
    }
    lists
}

/// The lists in a file as DER, and whether they are PEM there.
fn ders(file: &Path) -> Result<(bool, Vec<Vec<u8>>), String> {
    let bytes = file::read(file).map_err(|error| without_path(file, error.message()))?;
    if !pem::is_pem(&bytes) {
        return Ok((false, vec![bytes]));
    }
    let blocks = pem::blocks(&bytes).map_err(|error| error.message().to_owned())?;
    let lists = blocks.into_iter().filter(|block| block.label == "X509 CRL").map(|block| block.der.to_vec());
    Ok((true, lists.collect()))
}

/// A message that is shown beside its file.
fn without_path(file: &Path, message: &str) -> String {
    let prefix = format!("{}: ", crate::error::escape(&file.to_string_lossy()));
    message.strip_prefix(&prefix).unwrap_or(message).to_owned()
}

fn edition(trust: &Trust) -> Fingerprint {
    let mut all: Vec<u8> = Vec::new();
    for Anchor { certificate, file, .. } in &trust.anchors {
        all.extend(file.as_os_str().as_encoded_bytes());
        all.extend(certificate.fingerprint().0);
    }
    for crl in &trust.crls {
        all.extend(crl.file().as_os_str().as_encoded_bytes());
        all.extend(crl.fingerprint().0);
    }
    for broken in &trust.broken {
        all.extend(broken.file.as_os_str().as_encoded_bytes());
        all.extend(broken.hashes.iter().flat_map(|hash| hash.to_be_bytes()));
    }
    Fingerprint::of(&all)
}
