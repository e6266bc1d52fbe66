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
    use super::super::{TrustDir, TrustDirOptions};
    use super::*;
    use crate::authority::{Authority, AuthorityOptions};
    use crate::profile::IssueOptions;

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

    #[test]
    fn a_second_stranger_costs_no_look() {
        let dir = tempfile::tempdir().unwrap();
        let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
        let alice = ca.issue_client("alice", &IssueOptions::default()).unwrap();
        let (path, hash) = (dir.path().join("clients"), alice.certificate().subject().subject_hash().unwrap());
        let options = TrustDirOptions { create: true, watch: false, ..TrustDirOptions::default() };
        let clients = TrustDir::open_with(&path, options).unwrap();
        let write = |number: usize| {
            // Others of the same subject, by their signatures.
            let mut der = alice.certificate().as_der().to_vec();
            *der.last_mut().unwrap() ^= number as u8;
            fs::write(path.join(format!("{hash}.{number}")), der).unwrap();
        };
        (0..=FEW).for_each(write);
        clients.refresh().unwrap();
        // Each look takes a number, and so does this.
        let looks = || clients.0.looks.begin().now();
        let is_looked_at = || {
            let before = looks();
            clients.search_under(hash.0);
            looks() > before + 2
        };
        mark(&path);
        assert!(is_looked_at() && !is_looked_at());
        write(FEW + 1);
        assert!(is_looked_at());
        mark(&path);
        assert!(is_looked_at() && !is_looked_at());
    }
}
