//! What is in the directory, as far as it has been looked at: file by file and by fingerprint.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::EntryNames;
use super::content::{Content, Pin, Record};
use super::stamp::Stamp;
use crate::certificate::Fingerprint;

/// Removed certificates remembered, so that a refusal can say "removed" instead of "not installed".
const REMEMBERED: usize = 4096;

/// The directory's content. Every decision looks at the file again; the index says which file.
#[derive(Default)]
pub(super) struct Index {
    files: HashMap<OsString, Record>,
    by_fingerprint: HashMap<Fingerprint, Vec<OsString>>,
    by_subject_hash: HashMap<u32, Vec<Fingerprint>>,
    /// Files that the system could not read.
    retries: HashSet<OsString>,
    removed: VecDeque<Fingerprint>,
    /// The directory itself when it was last read as a whole.
    pub(super) directory: Option<Stamp>,
    pub(super) generation: u64,
}

impl Index {
    /// The files that carry this certificate, with their stamps.
    pub(super) fn files_of(&self, fingerprint: &Fingerprint) -> Vec<(OsString, Option<Stamp>)> {
        let names = self.by_fingerprint.get(fingerprint).into_iter().flatten();
        names.map(|name| (name.clone(), self.files.get(name).and_then(|record| record.stamp))).collect()
    }

    /// The certificates under this subject hash.
    pub(super) fn under_hash(&self, hash: u32) -> Vec<Fingerprint> {
        self.by_subject_hash.get(&hash).cloned().unwrap_or_default()
    }

    pub(super) fn was_removed(&self, fingerprint: &Fingerprint) -> bool {
        self.removed.contains(fingerprint)
    }

    pub(super) fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.by_fingerprint.contains_key(fingerprint)
    }

    /// The files that the system could not read: each may carry any certificate.
    pub(super) fn retries(&self) -> Vec<OsString> {
        self.retries.iter().cloned().collect()
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (&OsStr, &Record)> {
        self.files.iter().map(|(name, record)| (name.as_os_str(), record))
    }

    /// Whether the file needs no reading: it is what it was.
    pub(super) fn is_fresh(&self, dir: &Path, name: &OsStr) -> bool {
        let known = self.files.get(name).and_then(|record| record.stamp);
        known.is_some_and(|stamp| stamp.still(Stamp::of(&dir.join(name))))
    }

    /// Looks at one file again if it is not what it was. Returns the certificates that are in the directory
    /// no more.
    pub(super) fn refresh_file(&mut self, dir: &Path, name: &OsStr, names: EntryNames) -> Vec<Fingerprint> {
        if self.is_fresh(dir, name) { Vec::new() } else { self.reread_file(dir, name, names) }
    }

    /// Reads one file again, whatever its stamp says.
    pub(super) fn reread_file(&mut self, dir: &Path, name: &OsStr, names: EntryNames) -> Vec<Fingerprint> {
        let record = Record::read(dir, name, names);
        self.put(name, record)
    }

    /// Enters what a file holds now (`None`: it is gone). Returns the certificates that have gone with it.
    fn put(&mut self, name: &OsStr, record: Option<Record>) -> Vec<Fingerprint> {
        if record.as_ref().is_some_and(|record| record.retry) {
            self.retries.insert(name.to_owned());
        } else {
            self.retries.remove(name);
        }
        let old = match &record {
            Some(record) => self.files.insert(name.to_owned(), record.clone()),
            None => self.files.remove(name),
        };
        let (old_content, new_content) = (old.map(|old| old.content), record.map(|record| record.content));
        if old_content == new_content {
            return Vec::new();
        }
        self.generation += 1;
        let old_pins = pins(old_content);
        for pin in pins(new_content) {
            let files = self.by_fingerprint.entry(pin.fingerprint).or_default();
            if !files.iter().any(|file| file == name) {
                files.push(name.to_owned());
            }
            if let Some(hash) = pin.subject_hash {
                let fingerprints = self.by_subject_hash.entry(hash).or_default();
                if !fingerprints.contains(&pin.fingerprint) {
                    fingerprints.push(pin.fingerprint);
                }
            }
            self.removed.retain(|removed| *removed != pin.fingerprint);
        }
        let mut gone = Vec::new();
        for pin in old_pins {
            let still_here = self.files.get(name).is_some_and(|record| record.content.pins().contains(&pin));
            if !still_here && self.forget(name, &pin) {
                gone.push(pin.fingerprint);
            }
        }
        gone
    }

    /// Takes a file off a certificate; true when that was its last.
    fn forget(&mut self, name: &OsStr, pin: &Pin) -> bool {
        let Some(files) = self.by_fingerprint.get_mut(&pin.fingerprint) else { return false };
        files.retain(|file| file != name);
        if !files.is_empty() {
            return false;
        }
        self.by_fingerprint.remove(&pin.fingerprint);
        if let Some(hash) = pin.subject_hash
            && let Some(fingerprints) = self.by_subject_hash.get_mut(&hash)
        {
            fingerprints.retain(|fingerprint| *fingerprint != pin.fingerprint);
            if fingerprints.is_empty() {
                self.by_subject_hash.remove(&hash);
            }
        }
        if self.removed.len() == REMEMBERED {
            self.removed.pop_front();
        }
        self.removed.push_back(pin.fingerprint);
        true
    }

    /// Brings the whole index in line with these names. Returns the certificates that have gone.
    pub(super) fn refresh_all(&mut self, dir: &Path, present: &[OsString], names: EntryNames) -> Vec<Fingerprint> {
        let present_set: HashSet<&OsStr> = present.iter().map(OsString::as_os_str).collect();
        let vanished: Vec<OsString> =
            self.files.keys().filter(|name| !present_set.contains(name.as_os_str())).cloned().collect();
        // New files first: a certificate that was renamed has never been away.
        let mut gone: Vec<_> = present.iter().flat_map(|name| self.refresh_file(dir, name, names)).collect();
        // What a listing beside a writer has missed is still there.
        gone.extend(vanished.iter().flat_map(|name| self.refresh_file(dir, name, names)));
        gone.retain(|fingerprint| !self.contains(fingerprint));
        gone
    }
}

fn pins(content: Option<Content>) -> Vec<Pin> {
    match content {
        Some(Content::Pins(pins, _)) => pins,
        _ => Vec::new(),
    }
}
