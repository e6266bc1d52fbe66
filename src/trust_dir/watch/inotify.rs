//! Events of files and directories, and of mounts, as Linux tells them (inotify(7), proc_pid_mountinfo(5)).

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use nix::sys::statfs::{self, FsType, statfs};

use super::Event;
use crate::file;

/// What may change what a path in the directory holds. Reading, ours above all, changes nothing.
const CHILDREN: AddWatchFlags = AddWatchFlags::IN_CREATE
    .union(AddWatchFlags::IN_DELETE)
    .union(AddWatchFlags::IN_MODIFY)
    .union(AddWatchFlags::IN_CLOSE_WRITE)
    .union(AddWatchFlags::IN_ATTRIB)
    .union(AddWatchFlags::IN_MOVED_FROM)
    .union(AddWatchFlags::IN_MOVED_TO)
    .union(AddWatchFlags::IN_ONLYDIR);

/// A directory may be watched twice, for different things (inotify(7), IN_MASK_ADD).
const MASK_ADD: AddWatchFlags = AddWatchFlags::from_bits_retain(0x2000_0000);

/// What may put another directory under a path.
const ITSELF: AddWatchFlags = AddWatchFlags::IN_MOVE_SELF.union(AddWatchFlags::IN_DELETE_SELF);

/// File systems that report whatever changes them; others may be changed by other machines.
const LOCAL: [FsType; 10] = [
    statfs::BTRFS_SUPER_MAGIC,
    statfs::EXT2_SUPER_MAGIC,
    statfs::EXT3_SUPER_MAGIC,
    statfs::EXT4_SUPER_MAGIC,
    statfs::F2FS_SUPER_MAGIC,
    statfs::MSDOS_SUPER_MAGIC,
    statfs::OVERLAYFS_SUPER_MAGIC,
    statfs::REISERFS_SUPER_MAGIC,
    statfs::TMPFS_MAGIC,
    statfs::XFS_SUPER_MAGIC,
];

/// Wakes whoever waits for events, from any thread.
pub(super) type Waker = Arc<EventFd>;

pub(super) fn wake(waker: &Waker) {
    let _ = waker.write(1);
}

pub(super) struct Events {
    inotify: Inotify,
    waker: Waker,
    mounts: Option<File>,
    paths: HashMap<WatchDescriptor, Vec<PathBuf>>,
}

/// What waits to be told, for whoever looks, from any thread.
pub(super) struct Waiting {
    /// Asked by one at a time: of a change of mounts it tells once. Without /proc nobody is told of those.
    epoll: Option<Mutex<Epoll>>,
    /// Another one than the watcher's, which is told for itself.
    _mounts: Option<File>,
}

impl Waiting {
    fn of(inotify: &Inotify) -> io::Result<Self> {
        let Some(mounts) = mounts() else { return Ok(Self { epoll: None, _mounts: None }) };
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(inotify.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, EVENTS))?;
        epoll.add(&mounts, EpollEvent::new(EpollFlags::EPOLLPRI, MOUNTS))?;
        Ok(Self { epoll: Some(Mutex::new(epoll)), _mounts: Some(mounts) })
    }

    /// Whether no event waits to be taken, as far as can be said at once. Has the watcher asked to see to a change of
    /// mounts.
    pub(super) fn is_empty(&self, ask: impl FnOnce()) -> bool {
        let Some(epoll) = self.epoll.as_ref().and_then(|epoll| epoll.try_lock().ok()) else { return false };
        let mut events = [EpollEvent::empty(); 2];
        let ready = epoll.wait(&mut events, EpollTimeout::ZERO);
        if events.iter().any(|event| event.data() == MOUNTS) {
            // Before the next one asks, who is not told.
            ask();
        }
        ready == Ok(0)
    }
}

/// What is ready.
const EVENTS: u64 = 1;
const MOUNTS: u64 = 2;

impl Events {
    pub(super) fn open() -> io::Result<(Self, Waker)> {
        let waker = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let events = Self { inotify, waker: waker.clone(), mounts: mounts(), paths: HashMap::new() };
        Ok((events, waker))
    }

    /// What waits to be told by these events.
    pub(super) fn waiting(&self) -> io::Result<Waiting> {
        Waiting::of(&self.inotify)
    }

    /// Forgets every watch. Another inotify would do, but the kernel takes milliseconds to close one.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        for (watch, _) in self.paths.drain() {
            // What it watched may be gone, and the watch with it.
            let _ = self.inotify.rm_watch(watch);
        }
        Ok(())
    }

    /// Watches what lies in a directory; whether all that changes it will be told.
    pub(super) fn watch(&mut self, dir: &Path) -> io::Result<bool> {
        self.add(dir, CHILDREN | ITSELF)?;
        // That one has gone which somebody has open is told only where it lay.
        let told = self.add(file::parent(dir), AddWatchFlags::IN_DELETE).is_ok();
        Ok(told && is_local(dir))
    }

    /// Watches whether the directories and links that a path leads by stay where they are, and can be passed; whether
    /// all that changes that will be told.
    pub(super) fn watch_above(&mut self, path: &Path) -> bool {
        self.watch_way(path, &mut HashSet::new())
    }

    /// Watches a way from its beginning, so that each step is taken from where one is watched already.
    fn watch_way(&mut self, way: &Path, seen: &mut HashSet<PathBuf>) -> bool {
        let mut told = true;
        let mut steps: Vec<_> = way.ancestors().collect();
        while let Some(step) = steps.pop() {
            if !seen.insert(step.to_owned()) {
                continue;
            }
            told &= self.watch_itself(step);
            // A link that cannot be reached, by too many others, is none.
            if let Ok(target) = step.read_link() {
                let lies = file::parent(step);
                told &= self.watch_way(&lies.join(target), seen) && is_local(lies);
            }
        }
        told
    }

    fn watch_itself(&mut self, path: &Path) -> bool {
        let added = self.add(path, ITSELF | AddWatchFlags::IN_ATTRIB | AddWatchFlags::IN_DONT_FOLLOW);
        // What is not there moves when its parent changes, which is watched then.
        added.is_ok() || path.symlink_metadata().is_err()
    }

    fn add(&mut self, path: &Path, flags: AddWatchFlags) -> io::Result<()> {
        let watch = self.inotify.add_watch(path, flags | MASK_ADD)?;
        let paths = self.paths.entry(watch).or_default();
        if !paths.iter().any(|known| known == path) {
            paths.push(path.to_owned());
        }
        Ok(())
    }

    /// Waits for events, for the waker or for the time to pass; `begin` is called before an event is taken.
    pub(super) fn wait(&mut self, timeout: Option<Duration>, begin: impl FnOnce()) -> Vec<Event> {
        let timeout = timeout.map_or(PollTimeout::NONE, |timeout| timeout.try_into().unwrap_or(PollTimeout::MAX));
        let mut ready = vec![
            PollFd::new(self.inotify.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.waker.as_fd(), PollFlags::POLLIN),
        ];
        ready.extend(self.mounts.as_ref().map(|mounts| PollFd::new(mounts.as_fd(), PollFlags::POLLPRI)));
        let _ = poll(&mut ready, timeout);
        let mounts = ready.get(2).and_then(PollFd::any).unwrap_or_default();
        let mut events: Vec<_> = mounts.then_some(Event::Mounts).into_iter().collect();
        begin();
        let _ = self.waker.read();
        loop {
            match self.inotify.read_events() {
                Ok(read) if !read.is_empty() => events.extend(read.iter().flat_map(|event| self.sort(event))),
                Ok(_) | Err(Errno::EAGAIN) => return events,
                Err(Errno::EINTR) => {}
                Err(_) => {
                    events.push(Event::Lost);
                    return events;
                }
            }
        }
    }

    fn sort(&self, event: &InotifyEvent) -> Vec<Event> {
        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            return vec![Event::Lost];
        }
        let itself = ITSELF | AddWatchFlags::IN_UNMOUNT | AddWatchFlags::IN_IGNORED;
        // Numbers of watches are not used again: what is told of a forgotten one is over.
        let Some(paths) = self.paths.get(&event.wd) else { return Vec::new() };
        let paths = paths.iter();
        match &event.name {
            _ if event.mask.intersects(itself) => vec![Event::Moved],
            Some(name) => paths.map(|dir| Event::Changed(dir.join(name))).collect(),
            None => paths.map(|dir| Event::Changed(dir.clone())).collect(),
        }
    }
}

const MOUNTINFO: &str = "/proc/self/mountinfo";

/// Tells of changes of mounts (proc_pid_mountinfo(5)). Without /proc they are seen by those who look only.
fn mounts() -> Option<File> {
    File::open(MOUNTINFO).ok()
}

/// Whether something is mounted in a directory: changes of such a file are told where it really lies.
pub(super) fn has_mounts(dir: &Path) -> bool {
    let escaped = |byte: u8| match byte {
        b' ' | b'\t' | b'\n' | b'\\' => format!("\\{byte:03o}").into_bytes(),
        _ => vec![byte],
    };
    let mut within: Vec<u8> = dir.as_os_str().as_bytes().iter().copied().flat_map(escaped).collect();
    within.push(b'/');
    let is_within = |line: &[u8]| line.split(|byte| *byte == b' ').nth(4).is_some_and(|at| at.starts_with(&within));
    fs::read(MOUNTINFO).is_ok_and(|mounts| mounts.split(|byte| *byte == b'\n').any(is_within))
}

/// Whether all that changes what lies in a directory is told here.
fn is_local(dir: &Path) -> bool {
    statfs(dir).is_ok_and(|status| LOCAL.contains(&status.filesystem_type()))
}
