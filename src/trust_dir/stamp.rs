//! What tells a file from any other and from its own later states.

use std::fs::Metadata;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// File systems stamp times in ticks of up to this length. A file that changed more recently than that
/// may change again without its stamp showing it, so it is read again at the next decision.
const TICK: Duration = Duration::from_millis(100);

/// Some stamp whole seconds only, or every second one (ext3, FAT, some network mounts); a stamp without a
/// fraction is taken for one of theirs.
const COARSE_TICK: Duration = Duration::from_secs(3);

/// What tells a file from any other and from its own later states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Id {
    device: u64,
    inode: u64,
    size: u64,
    /// Status change: unlike the modification time, no program can set it.
    changed: (i64, i64),
}

impl Id {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        let since = |time: std::io::Result<SystemTime>| {
            let since = time.ok().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok()).unwrap_or_default();
            (since.as_secs().cast_signed(), i64::from(since.subsec_nanos()))
        };
        let created = since(metadata.created());
        Self {
            device: 0,
            inode: created.0.cast_unsigned() ^ created.1.cast_unsigned(),
            size: metadata.len(),
            changed: since(metadata.modified()),
        }
    }

    fn settled(&self) -> bool {
        let (seconds, nanoseconds) = self.changed;
        let (Ok(seconds), Ok(nanoseconds)) = (u64::try_from(seconds), u32::try_from(nanoseconds)) else { return true };
        let changed = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds);
        // A time in the future is a clock that was set back: the next change has another time.
        let apart = SystemTime::now().duration_since(changed).unwrap_or_else(|ahead| ahead.duration());
        apart > if nanoseconds == 0 { COARSE_TICK } else { TICK }
    }
}

#[cfg(unix)]
fn has_one_name(metadata: &Metadata) -> bool {
    metadata.is_dir() || std::os::unix::fs::MetadataExt::nlink(metadata) == 1
}

#[cfg(not(unix))]
fn has_one_name(_: &Metadata) -> bool {
    false
}

/// A path's identity at one moment: the link's, if it is one, and the file's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    link: Option<Id>,
    file: Id,
    /// Whether later changes are bound to show.
    settled: bool,
    /// Whether the directory that it lies in, if watched, is where they are told: it is no link and has no second name.
    /// A file that is mounted there is not told apart; the watcher sees to that.
    told: bool,
}

/// What came of looking at something that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Look {
    Changed,
    Same,
    /// The same, and whoever watches its directory is told of each change.
    Told,
}

impl Look {
    /// What came of both.
    pub(crate) fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::Changed { self } else { self.min(other()) }
    }
}

impl Stamp {
    /// One `lstat`, and a `stat` when it is a link; `None` when there is nothing.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        Self::seen(path, path.symlink_metadata().ok()?)
    }

    /// As [`of`](Self::of), after an `lstat`.
    pub(crate) fn seen(path: &Path, metadata: Metadata) -> Option<Self> {
        let link = metadata.file_type().is_symlink().then(|| Id::of(&metadata));
        let file = Self::of_file(&if link.is_some() { path.metadata().ok()? } else { metadata });
        let settled = file.settled && link.is_none_or(|link| link.settled());
        Some(Self { link, settled, told: file.told && link.is_none(), ..file })
    }

    /// Of what is no link.
    pub(super) fn of_file(metadata: &Metadata) -> Self {
        let file = Id::of(metadata);
        Self { link: None, file, settled: file.settled(), told: has_one_name(metadata) }
    }

    /// Whether the same path is still what it was, beyond doubt.
    pub(crate) fn still(&self, now: Option<Self>) -> bool {
        self.settled && now.is_some_and(|now| now.link == self.link && now.file == self.file)
    }

    /// Whether what a path was when this was taken, or that there was nothing, holds beyond doubt.
    pub(crate) fn holds(before: Option<Self>, path: &Path) -> bool {
        Self::look(before, path) != Look::Changed
    }

    /// As [`holds`](Self::holds), and whether later changes will be told.
    pub(crate) fn look(before: Option<Self>, path: &Path) -> Look {
        match (before, Self::of(path)) {
            (None, None) if path.is_symlink() => Look::Same,
            (None, None) => Look::Told,
            (Some(before), Some(now)) if before.still(Some(now)) => now.same(),
            _ => Look::Changed,
        }
    }

    fn same(&self) -> Look {
        if self.told { Look::Told } else { Look::Same }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(if self.settled { self.digest() } else { 0 } | u64::from(self.link.is_some()))
    }

    pub(super) fn is_link(&self) -> bool {
        self.link.is_some()
    }

    /// Whether later changes are bound to show.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Whether it is the same file or directory, whatever it holds now.
    pub(super) fn same_inode(&self, other: &Self) -> bool {
        (self.file.device, self.file.inode) == (other.file.device, other.file.inode)
    }

    /// Never 0, and without the last bit. The key is the process's own: nobody can make two stamps meet.
    fn digest(&self) -> u64 {
        static KEY: OnceLock<RandomState> = OnceLock::new();
        (KEY.get_or_init(RandomState::new).hash_one((self.link, self.file)) | 2) & !1
    }
}

/// A [`Stamp`] in eight bytes, to be compared with what the path is later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark(u64);

impl Mark {
    /// Whether the same path is still what it was, beyond doubt: never when it was marked too soon after a change
    /// for a second change to show.
    pub(super) fn still(self, path: &Path) -> bool {
        self.look(path) != Look::Changed
    }

    /// As [`still`](Self::still), and whether later changes will be told.
    pub(super) fn look(self, path: &Path) -> Look {
        let now = Some(self).filter(|mark| mark.0 > 1).and_then(|_| Stamp::of(path));
        now.filter(|now| now.digest() == self.0 & !1).map_or(Look::Changed, |now| now.same())
    }

    pub(super) fn is_link(self) -> bool {
        self.0 & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where times are whole seconds, a change in the same second would not show.
    #[test]
    fn a_coarse_clock_takes_longer_to_settle() {
        let id = |age: Duration, fraction: bool| {
            let changed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() - age;
            let nanoseconds = if fraction { i64::from(changed.subsec_nanos().max(1)) } else { 0 };
            Id { device: 0, inode: 0, size: 0, changed: (changed.as_secs().cast_signed(), nanoseconds) }
        };
        assert!(!id(Duration::from_millis(10), true).settled());
        assert!(id(Duration::from_millis(500), true).settled());
        assert!(!id(Duration::from_millis(1500), false).settled());
        assert!(id(Duration::from_secs(5), false).settled());
    }

    #[test]
    fn a_time_in_the_future_is_settled() {
        let ahead = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_secs(3600);
        assert!(Id { device: 0, inode: 0, size: 0, changed: (ahead.as_secs().cast_signed(), 1) }.settled());
    }
}
