//! What was last read from a directory of authorities, and how to see that it is still so.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::content::{Content, counts};
use super::standing::{Key, key};
use crate::admission::Peer;
use crate::certificate::{Certificate, Fingerprint};
use crate::chain::{Anchor, Refusal, StaleCrls, Trust, Vouched};
use crate::error::{Error, Result};
use crate::trust_dir::{Quiet, Since, Stamp, TrustDir, lock};

/// The content of the directory at one moment.
pub(super) struct State {
    path: PathBuf,
    directory: Option<Stamp>,
    /// The files that count, or would if they could be read.
    files: BTreeMap<PathBuf, Content>,
    pub trust: Trust,
    /// A digest of all that counts.
    pub edition: Fingerprint,
    /// Chains that were vouched for, by who showed them and the fingerprints of their certificates.
    vouched: Mutex<HashMap<Key, Vouched>>,
    /// When everything was last found to be what was read.
    found: Since,
}

/// Chains that are remembered; a peer whose chain is not costs a verification.
const REMEMBERED: usize = 4096;

impl State {
    /// Reads the directory, and says which certificates have gone: their connections are yet to be told. Files that
    /// have not changed are taken over. If something cannot be read for now, nobody is vouched for, since a list could
    /// be missing, and the next decision reads again.
    pub(super) fn load(directory: &TrustDir, stale_crls: StaleCrls, old: Option<&Self>) -> (Self, Vec<Fingerprint>) {
        let path = directory.path();
        let stamp = Stamp::of(path);
        let read = read(directory, old);
        // Which of them are entries, after they were read: one that is none by then has changed since, which shows.
        let (gone, updated) = directory.update(&|_, _| {});
        let (directory, files, mut trust) = match updated.and(read) {
            Ok(files) => {
                let trust = trust(directory, &files);
                (stamp, files, trust)
            }
            Err(error) => {
                let files = old.map(|old| old.files.clone()).unwrap_or_default();
                (None, files, Trust { fault: Some(error.message().to_owned()), ..Trust::default() })
            }
        };
        trust.stale_crls = stale_crls;
        let (path, edition) = (path.to_owned(), edition(&trust));
        (Self { path, directory, files, edition, trust, vouched: Mutex::default(), found: Since::default() }, gone)
    }

    /// As [`Trust::verify`]; what has been found is not looked for again, until something of it ends.
    pub(super) fn verify(&self, chain: &[Certificate], peer: Peer, now: i64) -> Result<Vouched, Refusal> {
        let key = key(chain, peer);
        let known = lock(&self.vouched).get(&key).filter(|known| known.valid.contains(&now)).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let vouched = self.trust.verify(chain, peer, now)?;
        let mut known = lock(&self.vouched);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, vouched.clone());
        Ok(vouched)
    }

    /// Whether everything is still what was read.
    pub(super) fn is_current(&self, quiet: Option<Quiet>) -> bool {
        self.found.holds(quiet, || {
            let directory = Stamp::look(self.directory, &self.path);
            self.files.iter().fold(directory, |look, (file, content)| look.and(|| content.look(file)))
        })
    }
}

fn read(directory: &TrustDir, old: Option<&State>) -> Result<BTreeMap<PathBuf, Content>> {
    let (path, names) = (directory.path(), directory.entry_names());
    let failed = |source| Error::io("read the directory of authorities", path, source);
    let listed = path.read_dir().map_err(failed)?.map(|entry| entry.map(|entry| entry.path()));
    let listed: Vec<PathBuf> = listed.collect::<std::io::Result<_>>().map_err(failed)?;
    let files = listed.into_iter().filter(|file| counts(file, names));
    files
        .map(|file| {
            let content = Content::read(&file, names, old.and_then(|old| old.files.get(&file)))?;
            Ok((file, content))
        })
        .collect()
}

/// The certificates that are entries, with the lists.
fn trust(directory: &TrustDir, files: &BTreeMap<PathBuf, Content>) -> Trust {
    let mut seen = HashSet::new();
    let certificates = files.values().flat_map(|content| &content.certificates);
    let entries = certificates.filter(|certificate| seen.insert(certificate.fingerprint())).filter_map(|certificate| {
        // Without a look at the file, which could find it gone and run hooks.
        let file = directory.last_place(&certificate.fingerprint())?;
        Some(Anchor::new(certificate.clone(), Some(file)))
    });
    let trust = Trust {
        anchors: entries.collect(),
        crls: files.values().flat_map(|content| &content.crls).cloned().collect(),
        broken: files.values().filter_map(|content| content.broken.clone()).collect(),
        ..Trust::default()
    };
    // Whose list it is is found out here, not in a handshake.
    let authorities: Vec<&Certificate> = trust.anchors.iter().map(|anchor| &anchor.certificate).collect();
    for crl in &trust.crls {
        crl.is_proven(&authorities);
    }
    trust
}

fn edition(trust: &Trust) -> Fingerprint {
    let mut all: Vec<u8> = Vec::new();
    let mut add = |file: Option<&Path>, rest: &[u8]| {
        all.extend(file.into_iter().flat_map(|file| file.as_os_str().as_encoded_bytes()));
        all.extend(rest);
    };
    trust.anchors.iter().for_each(|anchor| add(anchor.file.as_deref(), &anchor.certificate.fingerprint().0));
    trust.crls.iter().for_each(|crl| add(Some(crl.file()), &crl.fingerprint().0));
    for broken in &trust.broken {
        let hashes: Vec<u8> = broken.hashes.iter().flat_map(|hash| hash.to_be_bytes()).collect();
        add(Some(&broken.file), &hashes);
    }
    Fingerprint::of(&all)
}
