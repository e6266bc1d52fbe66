//! The trust directory: a directory of certificates, each of which is trusted to be only itself.

mod check;
mod content;
mod entry;
mod index;
mod listing;
mod live;
mod rehash;
mod stamp;
mod watch;
mod write;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::index::Index;
use self::live::{Live, LiveEntries};
use self::stamp::Stamp;
use self::watch::Watch;
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};

pub use self::check::{Notice, NoticeKind};
#[cfg(feature = "cli")]
pub(crate) use self::check::{authority, distinct, refusal};
pub use self::entry::{Entry, Problem};
pub(crate) use self::live::{Held, Hook, Registration};
pub use self::rehash::{RehashPlan, Rehashed};
pub use self::write::Installed;

/// Which files of a trust directory are entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryNames {
    /// Every certificate file, PEM or DER, whatever its name; names that begin with a dot are passed over.
    #[default]
    Any,
    /// Only names such as `0fb8533c.0`, the subject hash and a number, as OpenSSL reads a directory:
    /// removing the link alone revokes, and a file without a link admits nobody.
    SubjectHash,
}

/// How a trust directory is opened; `Default` is right for directories that trustdir makes.
#[derive(Clone, Debug)]
pub struct TrustDirOptions {
    /// Which files are entries.
    pub entry_names: EntryNames,
    /// Whether a thread watches for changes. Without it removals are seen at the next decision all the same,
    /// and so are new files; idle connections are closed, and an entry written over another one in place is
    /// seen, no sooner than [`TrustDir::refresh`].
    pub watch: bool,
    /// Whether the directory is made when it does not exist.
    pub create: bool,
}

impl Default for TrustDirOptions {
    fn default() -> Self {
        Self { entry_names: EntryNames::Any, watch: true, create: false }
    }
}

/// A directory of certificates. Whose certificate lies in it is admitted; once its file is gone, the
/// next handshake is refused, a resumed one too, and open connections are closed.
///
/// Cloning is cheap and gives the same directory. May be used from several threads at once.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
/// use trustdir::{Reason, TrustDir, TrustDirOptions};
///
/// let alice = ca.issue_client("alice", &Default::default())?;
/// let clients = TrustDir::open_with(dir.join("clients"), TrustDirOptions { create: true, ..Default::default() })?;
/// let now = alice.certificate().not_before();
/// assert_eq!(clients.decide(alice.certificate().as_der(), now).reason(), Reason::NotInstalled);
///
/// clients.install(alice.certificate())?;
/// assert_eq!(clients.decide(alice.certificate().as_der(), now).reason(), Reason::Admitted);
///
/// clients.remove(&alice.certificate().fingerprint())?;
/// assert_eq!(clients.decide(alice.certificate().as_der(), now).reason(), Reason::Removed);
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone)]
pub struct TrustDir(Arc<Inner>);

struct Inner {
    path: PathBuf,
    names: EntryNames,
    index: RwLock<Index>,
    live: LiveEntries,
    watch: OnceLock<Watch>,
}

impl TrustDir {
    /// Opens a directory in which every certificate file is an entry, and watches it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, TrustDirOptions::default())
    }

    /// Opens a directory. It must exist unless `create` is set; it may be empty: then nobody is admitted.
    pub fn open_with(path: impl AsRef<Path>, options: TrustDirOptions) -> Result<Self> {
        let path = path.as_ref();
        if options.create {
            file::create_directory(path, Mode::Public)?;
        }
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    "this is no directory; name the directory of client certificates",
                )
                .at(path));
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                let message = "the trust directory does not exist; make it with `mkdir` or add a first client with `trustdir clients add`";
                return Err(Error::new(ErrorKind::NotFound, message).at(path));
            }
            Err(source) => return Err(Error::io("inspect", path, source)),
        }
        let absolute = std::path::absolute(path).map_err(|source| Error::io("resolve", path, source))?;
        let directory = Self(Arc::new(Inner {
            path: absolute,
            names: options.entry_names,
            index: RwLock::default(),
            live: LiveEntries::default(),
            watch: OnceLock::new(),
        }));
        if options.watch {
            // Before the scan, which then misses nothing.
            let watch = Watch::start(Arc::downgrade(&directory.0), &directory.0.path)?;
            directory.0.watch.get_or_init(|| watch);
        }
        directory.refresh()?;
        Ok(directory)
    }

    /// The directory's absolute path.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Which files are entries.
    pub fn entry_names(&self) -> EntryNames {
        self.0.names
    }

    /// Brings the index in line with the directory now and closes connections whose entry has gone. Reads
    /// only files that have changed. Needed only by hosts that have switched the watcher off.
    pub fn refresh(&self) -> Result<()> {
        let (gone, updated) = self.update();
        self.dismiss(gone);
        updated
    }

    /// Brings the index in line and says which certificates have gone; their connections are yet to be told.
    fn update(&self) -> (Vec<Fingerprint>, Result<()>) {
        let (mut gone, mut result) = self.update_once();
        if !gone.is_empty() {
            // A file that is renamed while the directory is listed may be missing from the list under both names.
            let (more, again) = self.update_once();
            gone.extend(more);
            result = again;
            gone.retain(|fingerprint| !self.index().contains(fingerprint));
        }
        (gone, result)
    }

    fn update_once(&self) -> (Vec<Fingerprint>, Result<()>) {
        let path = &self.0.path;
        let stamp = Stamp::of(path);
        let names =
            path.read_dir().and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect());
        let (names, result) = match names {
            Ok(names) => (names, Ok(())),
            Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                let doing = "read the trust directory, so nobody is admitted";
                (Vec::new(), Err(Error::io(doing, path, source)))
            }
            // What cannot be listed at the moment is still there, and each decision looks at its file.
            Err(source) => return (Vec::new(), Err(Error::io("read", path, source))),
        };
        let gone = {
            let mut index = self.index_mut();
            let gone = index.refresh_all(path, &names, self.0.names);
            index.directory = stamp;
            gone
        };
        if let Some(watch) = self.0.watch.get() {
            watch.rearm(stamp);
        }
        (gone, result)
    }

    /// Counts the changes that were noticed: equal numbers mean that nothing has changed in between.
    pub fn generation(&self) -> u64 {
        self.index().generation
    }

    /// Whether the certificate with this fingerprint is an entry at this moment.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.locate(fingerprint).is_some()
    }

    /// The file that carries the certificate at this moment. The file is looked at; when it is not what it
    /// was, it is read again; when no file is left, the directory is, if it has changed.
    fn locate(&self, fingerprint: &Fingerprint) -> Option<(PathBuf, Stamp)> {
        let known = self.index().files_of(fingerprint);
        for (name, stamp) in &known {
            let path = self.0.path.join(name);
            if let Some(stamp) = stamp.filter(|stamp| stamp.still(Stamp::of(&path))) {
                return Some((path, stamp));
            }
        }
        if !known.is_empty() {
            self.reread(known.into_iter().map(|(name, _)| name));
        }
        self.indexed(fingerprint).or_else(|| {
            let retries = self.index().retries();
            if !retries.is_empty() {
                self.reread(retries.into_iter());
            }
            let unchanged = self.index().directory.is_some_and(|stamp| stamp.still(Stamp::of(&self.0.path)));
            if !unchanged {
                // A directory that cannot be read admits nobody; its error is for those who list it.
                let _ = self.refresh();
            }
            self.indexed(fingerprint)
        })
    }

    /// A file that the index, just brought up to date, has for the certificate.
    fn indexed(&self, fingerprint: &Fingerprint) -> Option<(PathBuf, Stamp)> {
        let files = self.index().files_of(fingerprint);
        files.into_iter().find_map(|(name, stamp)| stamp.map(|stamp| (self.0.path.join(name), stamp)))
    }

    /// Reads these files again and tells the connections of certificates that have gone.
    fn reread(&self, names: impl Iterator<Item = OsString>) {
        let mut gone: Vec<_> = {
            let mut index = self.index_mut();
            names.flat_map(|name| index.reread_file(&self.0.path, &name, self.0.names)).collect()
        };
        if !gone.is_empty() {
            // A file that was renamed within the directory has not gone.
            let _ = self.refresh();
        }
        gone.retain(|fingerprint| !self.index().contains(fingerprint));
        self.dismiss(gone);
    }

    /// The links in the directory, and the generation at which they were.
    fn links(&self) -> (u64, Vec<OsString>) {
        let index = self.index();
        let links = index.records().filter(|(_, record)| record.stamp.is_none_or(|stamp| stamp.is_link()));
        (index.generation, links.map(|(name, _)| name.to_owned()).collect())
    }

    /// Whether a live entry is still in the directory; if not, its connections are told.
    fn recheck(&self, live: &Live) -> bool {
        match self.locate(&live.fingerprint) {
            Some((path, stamp)) => {
                live.saw(path, stamp);
                !live.is_removed()
            }
            None => {
                live.remove();
                false
            }
        }
    }

    /// Tells the connections of certificates that have gone. No lock is held meanwhile.
    fn dismiss(&self, gone: Vec<Fingerprint>) {
        for fingerprint in gone {
            if let Some(live) = self.0.live.take(&fingerprint) {
                live.remove();
            }
        }
    }

    /// Looks a certificate up and takes hold of its entry.
    pub(crate) fn hold(&self, fingerprint: &Fingerprint) -> Option<(PathBuf, Held)> {
        let (path, stamp) = self.locate(fingerprint)?;
        let live = self.0.live.of(fingerprint);
        live.saw(path.clone(), stamp);
        if let Some(watch) = self.0.watch.get() {
            watch.connections_are_live();
        }
        Some((path, Held { directory: self.clone(), live }))
    }

    /// Looks at the file of every live entry. Returns whether there are any.
    fn check_live(&self) -> bool {
        let live = self.0.live.all();
        for live in &live {
            if !live.is_removed() && !live.is_where_it_was() {
                self.recheck(live);
            }
        }
        !live.is_empty()
    }

    pub(crate) fn was_removed(&self, fingerprint: &Fingerprint) -> bool {
        self.index().was_removed(fingerprint)
    }

    /// The pins whose subject has this hash, read from their files: for the reason of a refusal.
    pub(crate) fn under_hash(&self, hash: u32) -> Vec<Certificate> {
        let fingerprints = self.index().under_hash(hash);
        let files = fingerprints
            .iter()
            .filter_map(|fingerprint| self.indexed(fingerprint).map(|(path, _)| (path, fingerprint)));
        files
            .filter_map(|(path, fingerprint)| {
                Certificate::load_all(path).ok()?.into_iter().find(|found| found.fingerprint() == *fingerprint)
            })
            .take(8)
            .collect()
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.0.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.0.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TrustDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustDir({})", self.0.path.display())
    }
}
