//! Subject hashes whose names were all looked at, so that strangers of a name that many entries share cannot have that
//! done again and again.

use std::collections::HashSet;
use std::path::Path;

use super::stamp::Mark;

/// So many names under a hash are looked at in each decision about a stranger.
const FEW: usize = 64;

#[derive(Default)]
pub(super) struct Searched {
    /// What the directory was before it was looked at.
    directory: Mark,
    hashes: HashSet<u32>,
}

impl Searched {
    /// Whether nothing has come under this hash since, or gone from there.
    pub(super) fn holds(&self, hash: u32, path: &Path) -> bool {
        self.hashes.contains(&hash) && self.directory.still(path)
    }

    /// Notes that so many names of this hash were looked at. Of few it is not worth it: strangers can think up any
    /// number of hashes.
    pub(super) fn note(&mut self, hash: u32, names: usize, directory: Mark) {
        if names <= FEW {
            return;
        }
        if self.directory != directory {
            *self = Self { directory, hashes: HashSet::new() };
        }
        self.hashes.insert(hash);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use super::super::stamp::Stamp;
    use super::*;

    /// The directory's mark, once changes are bound to show.
    fn mark(path: &Path) -> Mark {
        while Stamp::of(path).is_none_or(|stamp| !stamp.is_settled()) {
            thread::yield_now();
        }
        Stamp::of(path).unwrap().mark()
    }

    #[test]
    fn a_look_holds_until_the_directory_changes() {
        let dir = tempfile::tempdir().unwrap();
        let (path, mut searched) = (dir.path(), Searched::default());
        let before = mark(path);
        searched.note(1, FEW + 1, before);
        searched.note(2, FEW + 1, before);
        searched.note(3, FEW, before);
        assert!(searched.holds(1, path) && searched.holds(2, path) && !searched.holds(3, path));
        fs::write(path.join("new"), "").unwrap();
        assert!(!searched.holds(1, path));
        // Too soon after the change for another one to show.
        searched.note(1, FEW + 1, Stamp::of(path).unwrap().mark());
        assert!(!searched.holds(1, path));
        searched.note(2, FEW + 1, mark(path));
        assert!(searched.holds(2, path) && !searched.holds(1, path));
    }
}
