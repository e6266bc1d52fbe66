//! The names in a directory at one moment.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::content::hidden;
use super::index::Place;

/// A file to look at.
pub(super) struct Name {
    pub name: OsString,
    /// The listing that it comes from says that it is a regular file.
    pub regular: bool,
}

impl From<OsString> for Name {
    fn from(name: OsString) -> Self {
        Self { name, regular: false }
    }
}

/// Names from a directory.
#[derive(Default)]
pub(super) struct Names {
    places: Vec<Place>,
    others: Vec<OsString>,
    /// The places of what is no regular file.
    irregular: HashSet<Place>,
}

impl Names {
    /// Lists a directory: gives `take` so many names at a time, as soon as the next ones are known to follow, and
    /// returns the rest.
    pub(super) fn in_directory(dir: &Path, many: usize, mut take: impl FnMut(Self)) -> io::Result<Self> {
        let mut names = Self::default();
        for entry in dir.read_dir()? {
            let entry = entry?;
            if names.len() == many {
                take(std::mem::take(&mut names));
            }
            let name = entry.file_name();
            let Some(place) = Place::named(&name) else {
                names.others.push(name);
                continue;
            };
            names.places.push(place);
            if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
                names.irregular.insert(place);
            }
        }
        Ok(names)
    }

    /// Adds names that were looked at: what sorts of files they are has served its turn.
    pub(super) fn append(&mut self, more: Self) {
        self.places.extend(more.places);
        self.others.extend(more.others);
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() + self.others.len()
    }

    /// Whether there are names that are no subject hashes.
    pub(super) fn has_strays(&self) -> bool {
        self.others.iter().any(|name| !hidden(name))
    }

    /// In the order of the system, in which files are read soonest.
    pub(super) fn files(&self) -> impl Iterator<Item = Name> {
        let places =
            self.places.iter().map(|place| Name { name: place.name(), regular: !self.irregular.contains(place) });
        places.chain(self.others.iter().cloned().map(Name::from))
    }

    /// Into the order in which names are found.
    pub(super) fn sort(&mut self) {
        self.places.sort_unstable();
        self.others.sort_unstable();
    }

    /// Names by subject hash, sorted.
    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    /// Once sorted.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        match Place::named(name) {
            Some(place) => self.places.binary_search(&place).is_ok(),
            None => self.others.binary_search_by(|other| other.as_os_str().cmp(name)).is_ok(),
        }
    }
}
