//! Where the links of a trust directory lead: a target that changes gives no event where the link lies.

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::index::Place;
use super::runs::{Radix, Runs};
use crate::file;

/// The most links in a row that a system follows.
pub(super) const MAX_LINKS: usize = 40;

/// The links by the paths that they lead by.
#[derive(Default)]
pub(super) struct Links {
    pub targets: Runs<Target>,
    /// At how many targets those are dropped that no link leads by any more.
    pub sweep_at: usize,
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

/// A path that a link leads by.
pub(super) struct Hop {
    /// As it is written.
    pub written: PathBuf,
    /// In a directory without links, as events name it.
    pub path: PathBuf,
}

/// The paths that a link leads by; none if it is no link.
pub(super) fn hops(link: &Path) -> Vec<Hop> {
    let mut hops: Vec<Hop> = Vec::new();
    while hops.len() < MAX_LINKS {
        let from = hops.last().map_or(link, |hop| hop.path.as_path());
        let Ok(target) = from.read_link() else { break };
        let written = file::parent(from).join(target);
        let (Ok(parent), Some(name)) = (file::parent(&written).canonicalize(), written.file_name()) else { break };
        hops.push(Hop { path: parent.join(name), written });
    }
    hops
}
