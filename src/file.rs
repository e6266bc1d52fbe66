//! Reading and writing files without surprises: bounded, never blocking, atomic, private where private.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};

/// The largest file that is read as PEM or DER; anything bigger is no certificate, key or list.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The largest index.
const MAX_LARGE: u64 = 1024 * 1024 * 1024;

/// How long a writer waits for another one.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// How the names of our temporary files begin, and end; a crash may leave one.
pub(crate) const TEMPORARY: &str = ".trustdir-";
const SUFFIX: &str = ".tmp";

/// Who may read a file that we write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// 0600 from its creation: private keys.
    Private,
    /// 0644: certificates.
    Public,
}

#[cfg(unix)]
impl Mode {
    fn bits(self) -> u32 {
        if self == Self::Private { 0o600 } else { 0o644 }
    }
}

/// A whole regular file of at most 16 MiB. FIFOs and devices are refused, not waited for.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    read_secret(path).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// As [`read`], wiped when dropped.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let (file, metadata) = open(path)?;
    read_opened(path, &file, &metadata)
}

#[cfg(target_os = "linux")]
const TRACELESS: nix::fcntl::OFlag = nix::fcntl::OFlag::O_NOATIME;
#[cfg(all(unix, not(target_os = "linux")))]
const TRACELESS: nix::fcntl::OFlag = nix::fcntl::OFlag::empty();

/// A directory whose files are read by their names: sooner than by their paths, and with no trace in the files' times
/// of access where the system allows it.
pub(crate) struct Directory {
    #[cfg(unix)]
    open: File,
    #[cfg(unix)]
    flags: std::cell::Cell<nix::fcntl::OFlag>,
    #[cfg(not(unix))]
    path: std::path::PathBuf,
}

impl Directory {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            open: std::os::unix::fs::OpenOptionsExt::custom_flags(
                OpenOptions::new().read(true),
                nix::fcntl::OFlag::O_DIRECTORY.bits(),
            )
            .open(path)?,
            #[cfg(unix)]
            flags: std::cell::Cell::new(TRACELESS),
            #[cfg(not(unix))]
            path: path.to_owned(),
        })
    }

    /// As [`read_secret`], of what is no link, with what the file was before it was read.
    pub(crate) fn read(&self, name: &OsStr) -> Result<(Zeroizing<Vec<u8>>, fs::Metadata)> {
        let opened = self.open_file(name);
        let path = Path::new(name);
        let (file, metadata) = checked(path, regular(path, opened)?)?;
        Ok((read_opened(path, &file, &metadata)?, metadata))
    }

    #[cfg(unix)]
    fn open_file(&self, name: &OsStr) -> io::Result<File> {
        use nix::errno::Errno;
        use nix::fcntl::{OFlag, openat};
        use nix::sys::stat::Mode;
        let open = || {
            let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | self.flags.get();
            openat(&self.open, name, flags, Mode::empty())
        };
        match open() {
            // Allowed to the file's owner only.
            Err(Errno::EPERM) if !self.flags.replace(OFlag::empty()).is_empty() => Ok(open()?.into()),
            opened => Ok(opened?.into()),
        }
    }

    #[cfg(not(unix))]
    fn open_file(&self, name: &OsStr) -> io::Result<File> {
        let path = self.path.join(name);
        if path.is_symlink() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        File::open(path)
    }
}

fn read_opened(path: &Path, file: &File, metadata: &fs::Metadata) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len() as usize + 1));
    // The length that was just heard saves the question for the end; the kernel's own files tell none.
    let most = if metadata.len() == 0 { MAX_FILE + 1 } else { metadata.len() };
    let read = file.take(most).read_to_end(&mut bytes);
    read.map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large(path));
    }
    Ok(bytes)
}

/// A whole regular file that grows with its owner's work, such as an index.
pub(crate) fn read_large(path: &Path) -> Result<Vec<u8>> {
    let (file, metadata) = open_regular(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0).min(MAX_LARGE as usize) + 1);
    file.take(MAX_LARGE + 1).read_to_end(&mut bytes).map_err(|source| Error::io("read", path, source))?;
    if bytes.len() as u64 > MAX_LARGE {
        return Err(Error::new(ErrorKind::Unsupported, "the file is larger than 1 GiB").at(path));
    }
    Ok(bytes)
}

/// Opens a regular file for reading and says what was opened, so that both are the same file.
pub(crate) fn open(path: &Path) -> Result<(File, fs::Metadata)> {
    checked(path, open_regular(path)?)
}

fn checked(path: &Path, (file, metadata): (File, fs::Metadata)) -> Result<(File, fs::Metadata)> {
    if metadata.len() > MAX_FILE { Err(too_large(path)) } else { Ok((file, metadata)) }
}

fn open_regular(path: &Path) -> Result<(File, fs::Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::fcntl::OFlag::O_NONBLOCK.bits());
    regular(path, options.open(path))
}

fn regular(path: &Path, opened: io::Result<File>) -> Result<(File, fs::Metadata)> {
    let file = opened.map_err(|source| Error::io("open", path, source))?;
    let metadata = file.metadata().map_err(|source| Error::io("inspect", path, source))?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a directory" } else { "not a regular file" };
        return Err(Error::new(ErrorKind::InvalidArgument, format!("this is {what}; name a file")).at(path));
    }
    Ok((file, metadata))
}

/// Writes a new file: all of it under its name or nothing, never over something that is there.
pub(crate) fn create(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let linked = nameless::create(path, bytes, mode).unwrap_or_else(|| {
        let temporary = temporary(tempfile::Builder::new().prefix(TEMPORARY), path, bytes, mode)?;
        temporary.persist_noclobber(path).map(drop).map_err(|failed| failed.error)
    });
    linked.map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            Error::new(
                ErrorKind::AlreadyExists,
                "this exists and is not overwritten; move it away or choose another name",
            )
            .at(path)
        } else {
            Error::io("write", path, error)
        }
    })?;
    sync_directory(parent(path)).inspect_err(|_| {
        // Whoever is told that it failed finds nothing.
        let _ = fs::remove_file(path);
    })
}

/// Adds a line at the end of a file, making the file if there is none: all of it is on the disk, or nothing of it
/// stays. `false`, and nothing is done, when the last line has no end.
pub(crate) fn append_line(path: &Path, line: &str) -> Result<bool> {
    let failed = |source| Error::io("write", path, source);
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let mut last = *b"\n";
    if length > 0 {
        file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last)).map_err(failed)?;
    }
    if last != *b"\n" {
        return Ok(false);
    }
    file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(|source| {
        // A line that cannot be kept whole goes again; what then still stays is mended at the next opening.
        let _ = file.set_len(length);
        failed(source)
    })?;
    if length == 0 { sync_directory(parent(path)).map(|()| true) } else { Ok(true) }
}

/// Writes a file in place of what is there, so that a reader sees the old or the new, never a mixture. The caller has
/// the directory's lock, so one name is enough: what a crash leaves goes when the file is written again.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let failed = |source| Error::io("write", path, source);
    let temporary = successor(path, bytes, mode).map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    sync_directory(parent(path))
}

/// As [`replace`], for whoever could read and write the file that is there: owner, group and mode stay. They are set
/// before the file has its name, so nobody can put another one under them.
#[cfg(feature = "cli")]
pub(crate) fn replace_alike(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |source| Error::io("write", path, source);
    let before = fs::symlink_metadata(path).map_err(failed)?;
    let temporary = successor(path, bytes, Mode::Private).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        // Only root can give files away, and nobody needs to give himself his own.
        let _ = fchown(temporary.as_file(), Some(before.uid()), Some(before.gid()));
    }
    temporary.as_file().set_permissions(before.permissions()).map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    sync_directory(parent(path))
}

/// What will take this file's place, under the one temporary name for that.
fn successor(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<tempfile::NamedTempFile> {
    let name = temporary_name(path);
    let _ = fs::remove_file(parent(path).join(format!("{name}{SUFFIX}")));
    temporary(tempfile::Builder::new().prefix(&name).rand_bytes(0), path, bytes, mode)
}

/// How the one temporary name for writing this file begins.
fn temporary_name(path: &Path) -> String {
    format!("{TEMPORARY}{}", path.file_name().unwrap_or_default().to_string_lossy())
}

/// Makes a directory and its parents; `private` ones are 0700.
pub(crate) fn create_directory(path: &Path, mode: Mode) -> Result<()> {
    make_directory(directories(mode).recursive(true), path)
}

/// Makes one directory that is not there, writable for its owner alone whatever the umask lets pass.
pub(crate) fn create_new_directory(path: &Path) -> Result<()> {
    make_directory(&directories(Mode::Public), path)
}

fn make_directory(builder: &fs::DirBuilder, path: &Path) -> Result<()> {
    builder.create(path).map_err(|source| Error::io("make the directory", path, source))
}

fn directories(mode: Mode) -> fs::DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(if mode == Mode::Private { 0o700 } else { 0o755 });
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Makes renames and removals in the directory last (on Windows the system sees to it).
pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    #[cfg(unix)]
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| Error::io("write to the disk", path, source))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Waits until no other thread or process writes to the directory; released when dropped. Whoever can read
/// the directory can lock it, so the wait is bounded.
pub(crate) fn lock_directory(path: &Path) -> Result<File> {
    let deadline = Instant::now() + LOCK_PATIENCE;
    loop {
        if let Some(lock) = try_lock_directory(path)? {
            return Ok(lock);
        }
        if Instant::now() >= deadline {
            let message = format!(
                "another program has held the lock on this directory for {} s; find it with `fuser` or `lslocks`",
                LOCK_PATIENCE.as_secs()
            );
            return Err(Error::new(ErrorKind::Io, message).at(path));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The lock of [`lock_directory`] if it is free at once.
pub(crate) fn try_lock_directory(path: &Path) -> Result<Option<File>> {
    #[cfg(unix)]
    let opened = File::open(path);
    #[cfg(not(unix))]
    let opened = OpenOptions::new().create(true).append(true).open(path.join(".trustdir.lock"));
    let lock = opened.map_err(|source| Error::io("open", path, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(Error::io("lock", path, source)),
    }
}

/// Gives a file or link another name, never over something that is there. It has one of the two at every moment.
pub(crate) fn rename_new(from: &Path, to: &Path) -> Result<()> {
    let renamed = match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(source) if matches!(source.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => Err(source),
        Err(_) if to.symlink_metadata().is_ok() => Err(io::ErrorKind::AlreadyExists.into()),
        // Where there are no hard links.
        Err(_) => fs::rename(from, to),
    };
    renamed.map_err(|source| Error::io("rename", from, source))
}

/// Gives a file or link a second name, in place of what is there; where there are no hard links (or it is a directory),
/// another name. The caller has the directory's lock, as for [`replace`].
pub(crate) fn replace_name(from: &Path, to: &Path) -> Result<()> {
    let temporary = parent(to).join(temporary_name(to) + SUFFIX);
    let _ = fs::remove_file(&temporary);
    let renamed = match fs::hard_link(from, &temporary) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => Err(source),
        Err(_) => fs::rename(from, to),
        Ok(()) => fs::rename(&temporary, to),
    };
    // Between two names of one file rename(2) does nothing.
    let _ = fs::remove_file(&temporary);
    renamed.map_err(|source| Error::io("rename", from, source))
}

/// Makes a symbolic link in place of what is there. The caller has the directory's lock, as for [`replace`].
pub(crate) fn replace_link(path: &Path, target: &Path) -> Result<()> {
    let failed = |source| Error::io("make the link", path, source);
    let temporary = parent(path).join(temporary_name(path) + SUFFIX);
    let _ = fs::remove_file(&temporary);
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, &temporary).map_err(failed)?;
    #[cfg(not(unix))]
    std::os::windows::fs::symlink_file(target, &temporary).map_err(failed)?;
    fs::rename(&temporary, path).map_err(failed)
}

/// The names in a directory, in no order.
pub(crate) fn names(path: &Path) -> Result<Vec<OsString>> {
    let names = path.read_dir().and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect());
    names.map_err(|source| Error::io("read", path, source))
}

/// The directory that a path lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

fn temporary(
    builder: &mut tempfile::Builder<'_, '_>,
    path: &Path,
    bytes: &[u8],
    mode: Mode,
) -> io::Result<tempfile::NamedTempFile> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(mode.bits()));
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.suffix(SUFFIX).tempfile_in(parent(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Files that have no name until they are whole, so that a crash leaves nothing behind (open(2), O_TMPFILE).
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::OpenOptions;
    use std::io::{self, Write as _};
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::path::Path;

    use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};

    /// `None` where the file system or the system cannot do it.
    pub(super) fn create(path: &Path, bytes: &[u8], mode: super::Mode) -> Option<io::Result<()>> {
        let mut options = OpenOptions::new();
        options.write(true).mode(mode.bits()).custom_flags(OFlag::O_TMPFILE.bits());
        let mut file = options.open(super::parent(path)).ok()?;
        if let Err(error) = file.write_all(bytes).and_then(|()| file.sync_all()) {
            return Some(Err(error));
        }
        let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
        match nix::unistd::linkat(AT_FDCWD, nameless.as_str(), AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW) {
            // Without /proc there is nothing to link.
            Err(nix::Error::ENOENT) if !Path::new(&nameless).exists() => None,
            linked => Some(linked.map_err(io::Error::from)),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod nameless {
    pub(super) fn create(_: &std::path::Path, _: &[u8], _: super::Mode) -> Option<std::io::Result<()>> {
        None
    }
}

fn too_large(path: &Path) -> Error {
    Error::new(ErrorKind::Unsupported, "the file is larger than 16 MiB: no certificate or key is").at(path)
}
