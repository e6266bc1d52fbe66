//! The files of a trust directory that are not one certificate under its subject hash.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::sync::Arc;

use super::content::Content;
use super::index::{OTHER, Place};
use super::stamp::Mark;

/// A file under another name, of several certificates, or of none.
pub(super) struct Other {
    pub name: Arc<OsStr>,
    pub mark: Mark,
    pub content: Content,
    /// As in [`Record`](super::content::Record).
    pub retry: bool,
}

/// The files by name, and by the number that stands for the name in a [`Place`].
#[derive(Default)]
pub(super) struct Others {
    numbers: HashMap<Arc<OsStr>, u32>,
    slots: Vec<Option<Other>>,
    free: Vec<u32>,
    pub retries: HashSet<Arc<OsStr>>,
}

impl Others {
    pub(super) fn files(&self) -> impl Iterator<Item = &Other> {
        self.slots.iter().flatten()
    }

    pub(super) fn find(&self, name: &OsStr) -> Option<&Other> {
        self.at(self.place(name)?)
    }

    /// The place, under no hash, that stands for a file.
    pub(super) fn place(&self, name: &OsStr) -> Option<Place> {
        self.numbers.get(name).map(|number| Place { hash: 0, number: *number })
    }

    pub(super) fn at(&self, place: Place) -> Option<&Other> {
        self.slots.get(place.number.checked_sub(OTHER)? as usize)?.as_ref()
    }

    /// Puts in a file that is not there; its number.
    pub(super) fn put(&mut self, other: Other) -> u32 {
        let number = self.free.pop().unwrap_or(OTHER + self.slots.len() as u32);
        let slot = (number - OTHER) as usize;
        if slot == self.slots.len() {
            self.slots.push(None);
        }
        self.numbers.insert(other.name.clone(), number);
        if other.retry {
            self.retries.insert(other.name.clone());
        }
        self.slots[slot] = Some(other);
        number
    }

    pub(super) fn take(&mut self, name: &OsStr) -> Option<(u32, Other)> {
        let number = self.numbers.remove(name)?;
        self.retries.remove(name);
        self.free.push(number);
        Some((number, self.slots[(number - OTHER) as usize].take()?))
    }
}
