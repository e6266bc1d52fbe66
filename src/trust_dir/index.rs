//! What is in the directory, as far as it has been looked at: by fingerprint and by file.
//!
//! A certificate alone under its subject hash, as [`TrustDir::install`](super::TrustDir::install) and OpenSSL's
//! directories have it, takes 60 bytes here and some slack; files of other names and sorts are kept whole.

use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};

use super::content::{Content, Pin, Record, hash_of};
use super::links::{Links, Target};
use super::names::Names;
use super::others::{Other, Others};
use super::runs::{Radix, Runs};
use super::stamp::Mark;
use crate::certificate::Fingerprint;

/// Removed certificates remembered, so that a refusal can say "removed" instead of "not installed".
const REMEMBERED: usize = 4096;

/// Files that are read again in one decision about a stranger.
const RETRIED: usize = 64;

/// The directory's content. Every decision looks at the file again; the index says which file.
#[derive(Default)]
pub(super) struct Index {
    by_fingerprint: Runs<Pinned>,
    by_place: Runs<Placed>,
    others: Others,
    links: Links,
    removed: Removed,
    /// The directory itself when it was last listed.
    pub(super) directory: Mark,
    pub(super) generation: u64,
}

/// Where a certificate lies: `<hash>.<number>`, or from [`OTHER`] on a file of another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub hash: u32,
    pub number: u32,
}

pub(super) const OTHER: u32 = 1 << 31;

impl Place {
    /// The place that a file name says.
    pub(super) fn named(name: &OsStr) -> Option<Self> {
        let (hash, number) = name.to_str()?.split_once('.')?;
        Some(Self { hash: hash_of(hash, number)?, number: number.parse().ok().filter(|number| *number < OTHER)? })
    }

    pub(super) fn name(self) -> OsString {
        format!("{:08x}.{}", self.hash, self.number).into()
    }
}

/// A certificate and its file, in the order of both.
#[derive(Clone, Copy)]
pub(super) struct Pinned {
    fingerprint: Fingerprint,
    place: Place,
    mark: Mark,
}

/// A file and the first bytes of its certificate's fingerprint, which lead to the [`Pinned`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    place: Place,
    prefix: u32,
}

impl Index {
    /// The files that carry this certificate, with their marks.
    pub(super) fn files_of(&self, fingerprint: &Fingerprint) -> Vec<(OsString, Mark)> {
        self.pinned(fingerprint).map(|pinned| (self.name(pinned.place), self.mark(pinned))).collect()
    }

    pub(super) fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.pinned(fingerprint).next().is_some()
    }

    /// The certificates under this subject hash, by their files.
    pub(super) fn under_hash(&self, hash: u32) -> impl Iterator<Item = Fingerprint> {
        let first = Placed { place: Place { hash, number: 0 }, prefix: 0 };
        let placed = self.by_place.from(&first).iter().take_while(move |placed| placed.place.hash == hash);
        placed.filter_map(|placed| self.at(placed)).map(|pinned| pinned.fingerprint)
    }

    /// The names `<hash>.<number>` that are known, and the first that is not: where a file is now that was renamed to
    /// close a gap, and where the next one is installed.
    pub(super) fn names_under(&self, hash: u32) -> Vec<OsString> {
        let first = Placed { place: Place { hash, number: 0 }, prefix: 0 };
        let under = |placed: &&Placed| placed.place.hash == hash && placed.place.number < OTHER;
        let mut numbers: Vec<u32> =
            self.by_place.from(&first).iter().take_while(under).map(|placed| placed.place.number).collect();
        let free = (0..).zip(&numbers).find(|(free, number)| free != *number).map_or(numbers.len() as u32, |(n, _)| n);
        numbers.push(free);
        numbers.into_iter().map(|number| Place { hash, number }.name()).collect()
    }

    pub(super) fn was_removed(&self, fingerprint: &Fingerprint) -> bool {
        self.removed.set.contains(fingerprint)
    }

    /// The files that could not be read, or only in part: each may carry any certificate.
    pub(super) fn retries(&self) -> Vec<OsString> {
        self.others.retries.iter().take(RETRIED).map(|name| name.to_os_string()).collect()
    }

    /// The files that are entries and the certificates in them that count, unsorted.
    pub(super) fn entries(&self) -> Vec<(OsString, Vec<Fingerprint>)> {
        let plain = self.by_place.iter().filter(|placed| placed.place.number < OTHER);
        let plain = plain.filter_map(|placed| Some((placed.place.name(), vec![self.at(placed)?.fingerprint])));
        let others =
            self.others.files().filter(|other| !other.content.pins().is_empty()).map(|other| {
                (other.name.to_os_string(), other.content.pins().iter().map(|pin| pin.fingerprint).collect())
            });
        plain.chain(others).collect()
    }

    /// The files of which something does not count, and why.
    pub(super) fn problems(&self) -> impl Iterator<Item = (&OsStr, &str)> {
        self.others.files().filter_map(|other| Some((&*other.name, other.content.problem()?)))
    }

    /// The mark of a file, if it is known.
    pub(super) fn mark_of(&self, name: &OsStr) -> Option<Mark> {
        let plain = Place::named(name).and_then(|place| self.placed(place)).and_then(|placed| self.at(&placed));
        plain.map(|pinned| pinned.mark).or_else(|| self.others.find(name).map(|other| other.mark))
    }

    /// Enters what a file holds now (`None`: it is gone). Returns the certificates that have gone with it.
    pub(super) fn put(&mut self, name: &OsStr, record: Option<Record>) -> Vec<Pin> {
        let place = Place::named(name);
        let old = self.take(name, place);
        let same = old == *record.as_ref().map_or(&Content::Ignored, |record| &record.content);
        if let Some(record) = record {
            record.content.pins().iter().for_each(|pin| self.removed.forget(&pin.fingerprint));
            self.enter(name, place, record);
        }
        if same {
            return Vec::new();
        }
        self.generation += 1;
        let Content::Pins(mut gone, _) = old else { return Vec::new() };
        gone.retain(|pin| !self.contains(&pin.fingerprint));
        gone.iter().for_each(|pin| self.removed.remember(pin.fingerprint));
        gone
    }

    /// Enters many files, of which those that were entered since are newer.
    pub(super) fn fill(&mut self, mut files: Vec<Pinned>) {
        let others = self.others.files().next().is_some();
        let other = |place: Place| others && self.others.find(&place.name()).is_some();
        files.retain(|file| self.placed(file.place).is_none() && !other(file.place));
        self.generation += u64::from(!files.is_empty());
        let sorted = |files: &[Pinned]| {
            let mut placed: Vec<_> = files.iter().map(Pinned::placed).collect();
            placed.sort_unstable();
            placed
        };
        let mut placed = sorted(&files);
        // A system may list a file twice that is replaced meanwhile.
        if placed.windows(2).any(|two| two[0].place == two[1].place) {
            files.sort_by_key(|file| file.place);
            files.dedup_by_key(|file| file.place);
            placed = sorted(&files);
        }
        self.by_place.fill(placed);
        self.by_fingerprint.fill(files);
    }

    fn enter(&mut self, name: &OsStr, place: Option<Place>, record: Record) {
        if let Some(pinned) = place.and_then(|place| Pinned::plain(place, &record)) {
            self.insert(pinned);
            return;
        }
        let mark = record.mark();
        let pins = record.content.pins().to_vec();
        let number = self.others.put(Other { name: name.into(), mark, content: record.content, retry: record.retry });
        for pin in pins {
            let place = Place { hash: pin.subject_hash.unwrap_or_default(), number };
            self.insert(Pinned { fingerprint: pin.fingerprint, place, mark });
        }
    }

    /// Takes a file out; what it held.
    fn take(&mut self, name: &OsStr, place: Option<Place>) -> Content {
        let plain = place.and_then(|place| self.placed(place)).and_then(|placed| self.at(&placed)).copied();
        let (mark, number, content) = match plain {
            Some(Pinned { fingerprint, place, mark }) => {
                let pin = Pin { fingerprint, subject_hash: Some(place.hash) };
                (mark, place.number, Content::Pins(vec![pin], None))
            }
            None => match self.others.take(name) {
                Some((number, other)) => (other.mark, number, other.content),
                None => return Content::Ignored,
            },
        };
        for pin in content.pins() {
            let place = Place { hash: pin.subject_hash.unwrap_or_default(), number };
            let pinned = Pinned { fingerprint: pin.fingerprint, place, mark };
            self.by_fingerprint.remove(&pinned);
            self.by_place.remove(&pinned.placed());
        }
        content
    }

    fn insert(&mut self, pinned: Pinned) {
        self.by_fingerprint.insert(pinned);
        self.by_place.insert(pinned.placed());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_place.len() == 0 && self.others.files().next().is_none()
    }

    /// The known files that a listing does not have.
    pub(super) fn vanished(&self, listing: &Names) -> Vec<OsString> {
        let mut listed = listing.places().iter().peekable();
        let plain = self.by_place.iter().map(|placed| placed.place).filter(|place| place.number < OTHER);
        let plain = plain.filter(|place| {
            while listed.next_if(|listed| *listed < place).is_some() {}
            listed.peek() != Some(&place)
        });
        let plain = plain.map(Place::name).collect::<Vec<_>>().into_iter();
        let others = self.others.files().filter(|other| !listing.has(&other.name));
        plain.chain(others.map(|other| other.name.to_os_string())).collect()
    }

    /// Remembers that a link leads by way of this path.
    pub(super) fn link(&mut self, name: &OsStr, target: u64) {
        let plain = Place::named(name).filter(|place| self.placed(*place).is_some());
        let Some(place) = plain.or_else(|| self.others.place(name)) else { return };
        self.links.targets.insert(Target { path: target, place });
        if self.links.targets.len() > self.links.sweep_at {
            let mut targets = std::mem::take(&mut self.links.targets);
            targets.retain(|target| self.mark_of(&self.name(target.place)).is_some());
            self.links.sweep_at = 2 * targets.len() + 64;
            self.links.targets = targets;
        }
    }

    /// The links that lead by way of this path, and maybe some that did once.
    pub(super) fn links_by(&self, target: u64) -> Vec<OsString> {
        let first = Target { path: target, place: Place { hash: 0, number: 0 } };
        let links = self.links.targets.from(&first).iter().take_while(|link| link.path == target);
        links.map(|link| self.name(link.place)).collect()
    }

    fn pinned(&self, fingerprint: &Fingerprint) -> impl Iterator<Item = &Pinned> {
        let first = Pinned { fingerprint: *fingerprint, place: Place { hash: 0, number: 0 }, mark: Mark::default() };
        let from = self.by_fingerprint.from(&first).iter();
        from.take_while(move |pinned| pinned.fingerprint == first.fingerprint)
    }

    fn placed(&self, place: Place) -> Option<Placed> {
        self.by_place.from(&Placed { place, prefix: 0 }).first().copied().filter(|placed| placed.place == place)
    }

    fn at(&self, placed: &Placed) -> Option<&Pinned> {
        let mut fingerprint = Fingerprint([0; 32]);
        fingerprint.0[..4].copy_from_slice(&placed.prefix.to_be_bytes());
        let first = Pinned { fingerprint, place: Place { hash: 0, number: 0 }, mark: Mark::default() };
        let mut from = self.by_fingerprint.from(&first).iter();
        from.by_ref()
            .take_while(|pinned| prefix(&pinned.fingerprint) == placed.prefix)
            .find(|pinned| pinned.place == placed.place)
    }

    fn mark(&self, pinned: &Pinned) -> Mark {
        self.others.at(pinned.place).map_or(pinned.mark, |other| other.mark)
    }

    fn name(&self, place: Place) -> OsString {
        self.others.at(place).map_or_else(|| place.name(), |other| other.name.to_os_string())
    }
}

fn prefix(fingerprint: &Fingerprint) -> u32 {
    let [a, b, c, d, ..] = fingerprint.0;
    u32::from_be_bytes([a, b, c, d])
}

impl Pinned {
    /// A file that is one certificate under its subject hash.
    pub(super) fn plain(place: Place, record: &Record) -> Option<Self> {
        let [pin] = record.content.pins() else { return None };
        let plain = pin.subject_hash == Some(place.hash) && record.content.problem().is_none();
        plain.then(|| Self { fingerprint: pin.fingerprint, place, mark: record.mark() })
    }

    pub(super) fn is_link(&self) -> bool {
        self.mark.is_link()
    }

    fn placed(&self) -> Placed {
        Placed { place: self.place, prefix: prefix(&self.fingerprint) }
    }

    fn key(&self) -> (&Fingerprint, Place) {
        (&self.fingerprint, self.place)
    }
}

impl PartialEq for Pinned {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pinned {}

impl PartialOrd for Pinned {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pinned {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Radix for Pinned {
    fn radix(&self) -> u32 {
        prefix(&self.fingerprint)
    }
}

impl Radix for Placed {
    fn radix(&self) -> u32 {
        self.place.hash
    }
}

/// The certificates that were removed last.
#[derive(Default)]
struct Removed {
    set: HashSet<Fingerprint>,
    order: VecDeque<Fingerprint>,
}

impl Removed {
    fn remember(&mut self, fingerprint: Fingerprint) {
        if self.set.insert(fingerprint) {
            self.order.push_back(fingerprint);
        }
        if self.order.len() > REMEMBERED {
            self.order.pop_front().map(|oldest| self.set.remove(&oldest));
        }
    }

    fn forget(&mut self, fingerprint: &Fingerprint) {
        if self.set.remove(fingerprint) {
            self.order.retain(|removed| removed != fingerprint);
        }
    }
}

#[cfg(test)]
mod tests;
