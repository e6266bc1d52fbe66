//! The trust directory: a directory of certificates, each of which is trusted to be only itself.

mod check;
mod content;
mod entry;
mod index;
mod limits;
mod links;
mod listing;
mod live;
mod looks;
mod names;
mod others;
mod quiet;
mod rehash;
mod removals;
mod runs;
mod scan;
mod searched;
mod stamp;
mod trusted;
mod watch;
mod write;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::index::Index;
use self::limits::Limits;
use self::live::LiveEntries;
use self::looks::Looks;
use self::scan::LastScan;
use self::searched::Searched;
use self::stamp::Mark;
use self::watch::Watch;
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};

pub use self::check::{Notice, NoticeKind};
#[cfg(feature = "cli")]
pub(crate) use self::check::{authority, distinct, refusal};
#[cfg(feature = "bench")]
pub(crate) use self::content::fingerprints;
pub(crate) use self::content::{certificates, hash_name, hidden};
pub use self::entry::{Entry, Problem};
#[cfg(feature = "cli")]
pub(crate) use self::limits::Bounds;
pub use self::limits::{Limit, LimitOf};
pub(crate) use self::live::{Found, Held, Hook, Live, Registration, forget_one, lock};
pub(crate) use self::quiet::{Quiet, Since};
pub use self::rehash::{RehashPlan, Rehashed};
pub use self::removals::{Removal, Removals};
pub(crate) use self::stamp::{Look, Stamp};
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
    /// and so are new files (among more than 4,096 names: those under their subject hash); idle connections are closed, and an entry written over another one in place is
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
    looks: Looks,
    last_scan: Mutex<LastScan>,
    searched: Mutex<Searched>,
    limits: Limits,
    watch: OnceLock<Watch>,
    observers: Mutex<Vec<Observer>>,
}

/// Entries of one name, and the size of their files, that are looked into for the reason of a refusal.
const NAMESAKES: usize = 4;
const NAMESAKE_FILE: u64 = 16 * 1024;

/// Called when something in the directory may have changed.
type Observer = Arc<dyn Fn() + Send + Sync>;

impl TrustDir {
    /// Opens a directory in which every certificate file is an entry, and watches it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, TrustDirOptions::default())
    }

    /// Opens a directory. It must exist unless `create` is set; it may be empty: then nobody is admitted. Fails when
    /// its [limits](Self::limits) cannot be read.
    pub fn open_with(path: impl AsRef<Path>, options: TrustDirOptions) -> Result<Self> {
        Self::open_with_progress(path, options, &|_, _| {})
    }

    /// As [`open_with`](Self::open_with); `progress` hears how many files of how many have been read, now and then and
    /// from several threads. A million take seconds.
    pub fn open_with_progress(
        path: impl AsRef<Path>,
        options: TrustDirOptions,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Self> {
        let directory = Self::open_to_repair(path, options, progress)?;
        directory.check_limits()?;
        Ok(directory)
    }

    /// As [`open_with_progress`](Self::open_with_progress), also if the limits cannot be read: to see what is wrong, and to
    /// remove clients meanwhile.
    pub(crate) fn open_to_repair(
        path: impl AsRef<Path>,
        options: TrustDirOptions,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Self> {
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
            limits: Limits::of(&absolute),
            path: absolute,
            names: options.entry_names,
            index: RwLock::default(),
            live: LiveEntries::default(),
            looks: Looks::default(),
            last_scan: Mutex::default(),
            searched: Mutex::default(),
            watch: OnceLock::new(),
            observers: Mutex::default(),
        }));
        if options.watch {
            // Before the scan, which then misses nothing.
            let watch = Watch::start(Arc::downgrade(&directory.0), &directory.0.path)?;
            directory.0.watch.get_or_init(|| watch);
        }
        directory.refresh_with(progress)?;
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

    /// Counts the changes that were noticed: equal numbers mean that nothing has changed in between.
    pub fn generation(&self) -> u64 {
        self.index().generation
    }

    /// Whether the certificate with this fingerprint is an entry at this moment.
    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.locate(fingerprint).is_some()
    }

    /// Whether the index has the certificate, without a look at its file.
    #[cfg(feature = "bench")]
    pub(crate) fn knows(&self, fingerprint: &Fingerprint) -> bool {
        self.index().contains(fingerprint)
    }

    /// The file that carries the certificate at this moment. The file is looked at; when it is not what it
    /// was, it is read again; when no file is left, the directory is, if it has changed.
    pub(crate) fn locate(&self, fingerprint: &Fingerprint) -> Option<(PathBuf, Mark)> {
        self.look_for(fingerprint).or_else(|| {
            let retries = self.index().retries();
            let readable = self.reread(retries, Some(fingerprint));
            readable.or_else(|| {
                self.catch_up();
                self.look_for(fingerprint)
            })
        })
    }

    /// The file that carried the certificate when it was looked at last: nobody looks, and nobody is told anything.
    pub(crate) fn last_place(&self, fingerprint: &Fingerprint) -> Option<PathBuf> {
        self.index().files_of(fingerprint).into_iter().next().map(|(name, _)| self.0.path.join(name))
    }

    /// Looks at the files that the index has for the certificate.
    fn look_for(&self, fingerprint: &Fingerprint) -> Option<(PathBuf, Mark)> {
        let known = self.index().files_of(fingerprint);
        for (name, mark) in &known {
            let path = self.0.path.join(name);
            if mark.still(&path) {
                return Some((path, *mark));
            }
        }
        self.reread(known.into_iter().map(|(name, _)| name).collect(), Some(fingerprint))
    }

    /// The links that lead by way of a path, as [`links::hash`].
    fn links_by(&self, path: u64) -> Vec<OsString> {
        self.index().links_by(path)
    }

    /// Whether a live entry is still in the directory; if not, its connections are told.
    fn recheck(&self, live: &Live) -> bool {
        match self.locate(&live.fingerprint) {
            Some((path, mark)) => {
                live.saw(path, mark);
                !live.is_removed()
            }
            None => {
                self.dismiss(vec![live.fingerprint]);
                !live.is_removed()
            }
        }
    }

    /// Tells the connections of certificates that have gone. Whose file has come back by now, and may stand on that, is
    /// let be.
    pub(crate) fn dismiss(&self, gone: Vec<Fingerprint>) {
        for fingerprint in gone {
            let taken = {
                let index = self.index();
                (!index.contains(&fingerprint)).then(|| self.0.live.take(&fingerprint)).flatten()
            };
            if let Some(live) = taken {
                self.0.live.tell(&live);
            }
        }
    }

    /// Looks a certificate up and takes hold of its entry.
    pub(crate) fn hold(&self, fingerprint: &Fingerprint) -> Option<Found> {
        self.hold_again(fingerprint).or_else(|| self.hold_known(fingerprint)).or_else(|| self.hold_located(fingerprint))
    }

    /// Takes hold where somebody has lately. Of what the index has lost since, somebody may be about to tell.
    fn hold_again(&self, fingerprint: &Fingerprint) -> Option<Found> {
        let (file, live) = self.0.live.again(fingerprint)?;
        Some(self.found(file, live)).filter(|found| found.is_there() && self.index().contains(fingerprint))
    }

    /// Takes hold of the file that the index has.
    fn hold_known(&self, fingerprint: &Fingerprint) -> Option<Found> {
        let (name, mark) = self.index().files_of(fingerprint).into_iter().next()?;
        let file = self.0.path.join(name);
        let live = self.0.live.of(fingerprint, &file, mark);
        Some(self.found(file, live)).filter(Found::is_there)
    }

    /// Takes hold of the file that is found to have it.
    fn hold_located(&self, fingerprint: &Fingerprint) -> Option<Found> {
        let (file, mark) = self.locate(fingerprint)?;
        let live = self.0.live.of(fingerprint, &file, mark);
        let found = self.found(file, live);
        // Too young for its times to tell, it is located again.
        let live = &found.held.live;
        (live.is_where_it_was(None) || self.recheck(live)).then_some(found)
    }

    /// Holds an entry, to be looked at then: who removed it before it was held has told nobody.
    fn found(&self, file: PathBuf, live: Arc<Live>) -> Found {
        if let Some(watch) = self.0.watch.get() {
            watch.connections_are_live();
        }
        let held = Held { directory: self.clone(), live };
        Found { file, quiet: held.quiet(), held }
    }

    /// As [`hold`](Self::hold) for a certificate that is not known, in a directory that is too large to be listed in a
    /// decision: looks where it would have been installed since.
    pub(crate) fn hold_new(&self, certificate: &Certificate) -> Option<Found> {
        if self.catch_up() {
            return None;
        }
        self.search_under(certificate.subject().subject_hash().ok()?.0);
        let fingerprint = certificate.fingerprint();
        let found = self.index().contains(&fingerprint);
        found.then(|| self.hold(&fingerprint))?
    }

    /// Looks at the file of every live entry. Returns whether there are any.
    fn check_live(&self) -> bool {
        let live = self.0.live.all();
        for live in &live {
            if !live.is_removed() && !live.is_where_it_was(None) {
                self.recheck(live);
            }
        }
        !live.is_empty()
    }

    /// Has the watcher call this after each batch of changes in the directory, of whatever files, and whenever it
    /// looks at files without having been told of a change. Called with no lock held.
    pub(crate) fn observe(&self, observer: Box<dyn Fn() + Send + Sync>) {
        lock(&self.0.observers).push(observer.into());
    }

    fn tell_observers(&self) {
        let observers = lock(&self.0.observers).clone();
        observers.iter().for_each(|observer| observer());
    }

    /// The stretch of time without changes that this moment belongs to: `None` where changes may go untold, and while
    /// one waits to be seen to.
    pub(crate) fn quiet(&self) -> Option<Quiet> {
        self.0.watch.get()?.quiet()
    }

    pub(crate) fn was_removed(&self, fingerprint: &Fingerprint) -> bool {
        self.index().was_removed(fingerprint)
    }

    /// The pins whose subject has this hash, read from their files: for the reason of a refusal.
    pub(crate) fn under_hash(&self, hash: u32) -> Vec<Certificate> {
        let (fingerprints, names): (Vec<_>, BTreeSet<_>) = {
            let index = self.index();
            let fingerprints: Vec<_> = index.under_hash(hash).take(NAMESAKES).collect();
            let names = fingerprints.iter().filter_map(|one| Some(index.files_of(one).into_iter().next()?.0)).collect();
            (fingerprints, names)
        };
        // A stranger asks, before it has shown any key: it gets no more work than a few small files.
        let files = names.into_iter().map(|name| self.0.path.join(name));
        let small = files.filter(|file| file.metadata().is_ok_and(|file| file.len() <= NAMESAKE_FILE));
        let found = small.flat_map(|file| content::load(&file).unwrap_or_default());
        found.filter(|found| fingerprints.contains(&found.fingerprint())).collect()
    }

    /// An entry's certificate, read from its file.
    fn read_entry(&self, fingerprint: &Fingerprint) -> Option<Certificate> {
        let all = content::load(&self.last_place(fingerprint)?).ok()?;
        all.into_iter().find(|found| found.fingerprint() == *fingerprint)
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
