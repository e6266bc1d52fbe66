//! What is installed, replaced and removed.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use super::content::{self, hash_name, hidden};
use super::entry::{self, Carrier};
use super::index::{OTHER, Place};
use super::stamp::Stamp;
use super::{Entry, EntryNames, TrustDir};
use crate::admission::Decision;
use crate::certificate::{Certificate, Fingerprint};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};

/// How long a directory is looked at again because others are renaming files at the same time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks at a directory until what was seen is certain, or patience is at its end.
pub(super) fn until_certain<T>(mut look: impl FnMut(u32) -> Result<(T, bool)>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    let mut pass = 0;
    loop {
        let (seen, certain) = look(pass)?;
        if certain || Instant::now() > deadline {
            return Ok(seen);
        }
        thread::sleep(Duration::from_millis(1));
        pass += 1;
    }
}

/// What became of a certificate that was to be installed.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// # let clients = trustdir::TrustDir::open_with(dir.path().join("clients"), trustdir::TrustDirOptions { create: true, ..Default::default() })?;
/// use trustdir::{IssueOptions, Reason};
///
/// let last_year = IssueOptions { not_before: Some(1_700_000_000), not_after: Some(1_700_086_400), ..Default::default() };
/// let installed = clients.install(ca.issue_client("alice", &last_year)?.certificate())?;
/// assert!(installed.is_new());
/// assert_eq!(installed.warning().map(|refusal| refusal.reason()), Some(Reason::Expired));
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Installed {
    entry: Entry,
    new: bool,
    warning: Option<Decision>,
    removed: Vec<PathBuf>,
}

impl Installed {
    /// The entry, which may have been there already.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The entry alone.
    pub fn into_entry(self) -> Entry {
        self.entry
    }

    /// The entry's file.
    pub fn file(&self) -> &Path {
        self.entry.file()
    }

    /// The entry's certificate.
    pub fn certificate(&self) -> &Certificate {
        self.entry.certificate()
    }

    /// Whether it was written now, and not there already.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// The refusal that awaits the client all the same, were it to come now: expired, not yet valid, of the wrong
    /// purpose, with a weak key …
    pub fn warning(&self) -> Option<&Decision> {
        self.warning.as_ref()
    }

    /// The files and links that went because the certificate replaces another one; one that was written over in
    /// place is not among them.
    pub fn removed(&self) -> &[PathBuf] {
        &self.removed
    }
}

/// Where a certificate was put.
struct Placed {
    file: PathBuf,
    new: bool,
}

/// What was taken away.
#[derive(Default)]
struct Taken {
    removed: Vec<PathBuf>,
    /// What could not be read, and so may carry the certificate too.
    unreadable: Vec<PathBuf>,
    /// Certificates that were found gone, whose connections are to be told when the lock is free again.
    gone: Vec<Fingerprint>,
}

impl TrustDir {
    /// Installs a certificate under its subject hash (`0fb8533c.0`, the first free number), atomically, where
    /// every reader of such directories finds it. One that lies there already stays, and that entry is returned.
    ///
    /// What will be refused all the same (expired, wrong purpose, …) is installed, with a
    /// [`warning`](Installed::warning). Fails with [`ErrorKind::Unsupported`] on a subject that OpenSSL refuses.
    pub fn install(&self, certificate: &Certificate) -> Result<Installed> {
        let known = self.locate(&certificate.fingerprint()).map(|(path, _)| path);
        let lock = file::lock_directory(&self.0.path)?;
        let placed = self.place(certificate, known.as_deref());
        // Hooks may well install or remove: they run when the lock is free again.
        drop(lock);
        let placed = placed?;
        self.notice([&placed.file])?;
        Ok(self.installed(placed, certificate, Vec::new()))
    }

    /// Installs the first certificate in PEM text or DER, as [`install`](Self::install) does. What stands beside it, a
    /// private key or the rest of a chain, is not installed; a private key alone is refused.
    pub fn install_bytes(&self, bytes: &[u8]) -> Result<Installed> {
        self.install(&Certificate::from_bytes(bytes)?)
    }

    /// Installs the first certificate of a file, as [`install_bytes`](Self::install_bytes) does.
    pub fn install_file(&self, path: impl AsRef<Path>) -> Result<Installed> {
        self.install(&Certificate::load(path)?)
    }

    /// Installs a certificate in place of another one, whose connections are closed. There is no moment at which
    /// neither is installed; if both have one subject hash, the file is renamed over, so that OpenSSL finds no gap. What
    /// limits the old one limits the new one too.
    ///
    /// Fails as [`install`](Self::install) and [`remove`](Self::remove) do.
    pub fn replace(&self, old: &Fingerprint, certificate: &Certificate) -> Result<Installed> {
        if *old == certificate.fingerprint() {
            return self.install(certificate);
        }
        self.pass_limits(old, &certificate.fingerprint())?;
        let known = self.locate(&certificate.fingerprint()).map(|(path, _)| path);
        let lock = file::lock_directory(&self.0.path)?;
        let mut taken = Taken::default();
        let placed = self.exchange(old, certificate, known.as_deref(), &mut taken);
        drop(lock);
        self.dismiss(std::mem::take(&mut taken.gone));
        let placed = placed?;
        self.notice(taken.removed.iter().chain([&placed.file]))?;
        self.complain_of(&taken)?;
        Ok(self.installed(placed, certificate, taken.removed))
    }

    /// Removes every file and link in the directory that carries this certificate, whatever its name.
    /// Connections that stand on it are closed. Returns what was removed.
    ///
    /// What is left under the same subject hash moves up, so that OpenSSL, which stops at the first number that is
    /// missing, still finds it. A file that also holds a private key or another certificate is not touched, and then
    /// nothing is.
    pub fn remove(&self, fingerprint: &Fingerprint) -> Result<Vec<PathBuf>> {
        // Without waiting: whoever holds the lock must not be able to keep a client in. Then the gap stays until
        // something is installed under that hash, or the directory is rehashed.
        let lock = file::try_lock_directory(&self.0.path)?;
        let mut taken = Taken::default();
        let done = self.take_out(fingerprint, lock.is_some(), &mut taken);
        if lock.is_some() {
            self.close_up(&taken.removed);
        }
        drop(lock);
        self.dismiss(std::mem::take(&mut taken.gone));
        self.notice(&taken.removed)?;
        done?;
        if !taken.removed.is_empty() {
            file::sync_directory(&self.0.path)?;
        }
        self.complain_of(&taken)?;
        if taken.removed.is_empty() {
            return Err(self.carried_by_none(fingerprint));
        }
        Ok(taken.removed)
    }

    fn installed(&self, placed: Placed, certificate: &Certificate, removed: Vec<PathBuf>) -> Installed {
        let decision = self.decide_as_limited(certificate, clock::now());
        Installed {
            entry: Entry::new(placed.file, certificate.clone()),
            new: placed.new,
            warning: (!decision.is_admitted()).then_some(decision),
            removed,
        }
    }

    /// Puts a certificate under the first free number of its subject hash, unless it has one. `known` is a file that
    /// has carried it. The caller has the lock.
    fn place(&self, certificate: &Certificate, known: Option<&Path>) -> Result<Placed> {
        let hash = certificate.subject().subject_hash()?;
        let behind =
            known.filter(|path| path.file_name().and_then(hash_name) == Some(hash.0) && holds(path, certificate));
        for number in 0_u32.. {
            let file = self.0.path.join(format!("{hash}.{number}"));
            if file.symlink_metadata().is_ok() {
                if holds(&file, certificate) {
                    return Ok(Placed { file, new: false });
                }
                continue;
            }
            // Behind a gap OpenSSL does not find it.
            let put = match behind {
                Some(behind) => file::rename_new(behind, &file),
                None => file::create(&file, certificate.to_pem().as_bytes(), Mode::Public),
            };
            match put {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                put => return put.map(|()| Placed { file, new: behind.is_none() }),
            }
        }
        Err(Error::new(ErrorKind::AlreadyExists, "every number of this subject hash is taken").at(&self.0.path))
    }

    /// Puts a certificate in another one's place. The caller has the lock.
    fn exchange(
        &self,
        old: &Fingerprint,
        new: &Certificate,
        known: Option<&Path>,
        taken: &mut Taken,
    ) -> Result<Placed> {
        let carriers = self.carriers(old, taken)?;
        if carriers.is_empty() {
            return Err(self.carried_by_none(old));
        }
        let hash = new.subject().subject_hash()?;
        let named = |carrier: &&Carrier| carrier.path.file_name().and_then(hash_name) == Some(hash.0);
        let seat = carriers.iter().filter(named).max_by_key(|carrier| !carrier.is_link).filter(|_| known.is_none());
        let placed = match seat {
            Some(seat) => {
                // A link stays, and the file in the directory that it leads to becomes another.
                let target = seat.path.canonicalize().ok();
                let mut files = carriers.iter().filter(|carrier| !carrier.is_link);
                let behind = files.find(|file| file.path.canonicalize().ok() == target);
                file::replace(&behind.unwrap_or(seat).path, new.to_pem().as_bytes(), Mode::Public)?;
                Placed { file: seat.path.clone(), new: true }
            }
            None => self.place(new, known)?,
        };
        self.take_out(old, true, taken)?;
        self.close_up(&taken.removed);
        file::sync_directory(&self.0.path)?;
        Ok(placed)
    }

    /// Removes what carries the certificate. Who is alone (`locked`) need not look twice.
    fn take_out(&self, fingerprint: &Fingerprint, locked: bool, taken: &mut Taken) -> Result<()> {
        // Beside writers that never pause, what was seen is removed.
        until_certain(|_| {
            let before = Stamp::of(&self.0.path);
            let carriers = self.carriers(fingerprint, taken)?;
            let unchanged = || before.is_some_and(|before| before.still(Stamp::of(&self.0.path)));
            let mut certain = locked || (carriers.is_empty() && unchanged());
            for carrier in carriers {
                let removed = if locked { remove_file(&carrier.path) } else { self.remove_aside(&carrier) };
                match removed? {
                    true => taken.removed.push(carrier.path),
                    false => certain = false,
                }
            }
            Ok(((), certain))
        })
    }

    /// Removes a file without the lock. Another process may have moved it and put its neighbour there at any moment, so
    /// it is taken aside, looked at, and put back if it is the neighbour.
    fn remove_aside(&self, Carrier { path, stamp, .. }: &Carrier) -> Result<bool> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let is_it = |path: &Path| stamp.zip(Stamp::of(path)).is_some_and(|(then, now)| then.same_inode(&now));
        if !is_it(path) {
            return Ok(false);
        }
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let aside = self.0.path.join(format!("{}removed-{}-{count}", file::TEMPORARY, std::process::id()));
        match fs::rename(path, &aside) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(false),
            renamed => renamed.map_err(|source| Error::io("remove", path, source))?,
        }
        if is_it(&aside) {
            return remove_file(&aside);
        }
        let hash = path.file_name().and_then(hash_name);
        let others = hash.into_iter().flat_map(|hash| (0_u32..).map(move |number| format!("{hash:08x}.{number}")));
        for path in std::iter::once(path.clone()).chain(others.map(|name| self.0.path.join(name))) {
            match file::rename_new(&aside, &path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                renamed => return renamed.map(|()| false),
            }
        }
        Ok(false)
    }

    /// The files and links that carry a certificate.
    fn carriers(&self, fingerprint: &Fingerprint, taken: &mut Taken) -> Result<Vec<Carrier>> {
        let path = &self.0.path;
        if self.is_small() {
            let (gone, updated) = self.update(&|_, _| {});
            taken.gone.extend(gone);
            updated?;
        } else {
            let known = self.index().files_of(fingerprint);
            for hash in known.iter().filter_map(|(name, _)| hash_name(name)) {
                self.look_under(hash);
            }
        }
        let mut names: BTreeSet<OsString> = {
            let index = self.index();
            let known = index.files_of(fingerprint).into_iter().map(|(name, _)| name);
            // What does not count carries it too.
            known.chain(index.problems().map(|(name, _)| name.to_owned())).collect()
        };
        if self.0.names == EntryNames::SubjectHash && self.has_strays() {
            names.extend(file::names(path)?.into_iter().filter(|name| hash_name(name).is_none() && !hidden(name)));
        }
        let (carriers, unreadable) = entry::carriers(names.iter().map(|name| path.join(name)), fingerprint)?;
        taken.unreadable = unreadable;
        Ok(carriers)
    }

    /// Moves what lies behind each number that was removed, the last first, into the gap. The caller has the lock.
    fn close_up(&self, removed: &[PathBuf]) {
        let mut gaps: Vec<Place> = removed.iter().filter_map(|path| Place::named(path.file_name()?)).collect();
        gaps.sort_unstable();
        for Place { hash, number: gap } in gaps.into_iter().rev() {
            let file = |number: u32| self.0.path.join(Place { hash, number }.name());
            let behind: Vec<_> =
                (gap.saturating_add(1)..OTHER).map(file).take_while(|path| path.symlink_metadata().is_ok()).collect();
            // What OpenSSL cannot load would hide the others from it.
            if let Some(last) = behind.iter().rfind(|path| content::load(path).is_ok_and(|all| !all.is_empty())) {
                // The removal has succeeded whatever becomes of this; the next one or `rehash` tries again.
                let _ = file::rename_new(last, &file(gap));
            }
        }
    }

    fn complain_of(&self, taken: &Taken) -> Result<()> {
        let Some(path) = taken.unreadable.first() else { return Ok(()) };
        let message = format!(
            "this cannot be read, so it may still carry the certificate, and {} others were removed; make it readable and run it again, or remove it",
            taken.removed.len()
        );
        Err(Error::new(ErrorKind::Io, message).at(path))
    }

    fn carried_by_none(&self, fingerprint: &Fingerprint) -> Error {
        let message = format!(
            "no file here carries the certificate {fingerprint}; `trustdir clients list` shows who is admitted"
        );
        Error::new(ErrorKind::NotFound, message).at(&self.0.path)
    }
}

/// Whether it was there.
fn remove_file(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::io("remove", path, source)),
    }
}

fn holds(file: &Path, certificate: &Certificate) -> bool {
    content::load(file).is_ok_and(|all| all.contains(certificate))
}
