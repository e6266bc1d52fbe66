//! Where the links of a trust directory lead: a target that changes gives no event where the link lies.

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::index::Place;
use super::runs::{Radix, Runs};
use crate::file;

/// Links in a row that are followed, as Linux does not follow more than 40 either way.
const HOPS: usize = 8;

/// The links by the paths that they lead by.
#[derive(Default)]
pub(super) struct Links {
    pub targets: Runs<Target>,
    /// How many links there are.
    pub count: usize,
}

/// A path, as [`hash`], that the link at this place leads by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub path: u64,
    pub place: Place,
}

impl Radix for Target {
    fn radix(&self) -> u32 {
        (self.path >> 32) as u32
    }
}

/// Stands for a path. Two paths that meet cost a needless look at a file.
pub(super) fn hash(path: &Path) -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    KEY.get_or_init(RandomState::new).hash_one(path)
}

/// The paths that a link leads by, in directories without links; none if it is no link.
pub(super) fn hops(link: &Path) -> Vec<PathBuf> {
    let mut hops: Vec<PathBuf> = Vec::new();
    while hops.len() < HOPS {
        let from = hops.last().map_or(link, PathBuf::as_path);
        let Ok(target) = from.read_link() else { break };
        let target = file::parent(from).join(target);
        let (Ok(parent), Some(name)) = (file::parent(&target).canonicalize(), target.file_name()) else { break };
        hops.push(parent.join(name));
    }
    hops
}
