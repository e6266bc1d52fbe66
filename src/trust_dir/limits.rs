//! `trustdir.toml`: until when, and for which services, entries of a trust directory are admitted.

mod limit;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::live::{Held, lock};
use super::quiet::{Quiet, Since};
use super::stamp::{Look, Stamp};
use super::{Entry, Problem, TrustDir};
use crate::admission::{ClientAuth, Decision, Policy};
use crate::certificate::{Certificate, Fingerprint};
use crate::error::{Error, ErrorKind, Result, escape};
use crate::file::{self, Mode};
use crate::name::DistinguishedName;

pub use self::limit::{Limit, LimitOf};

/// The file's name in the directory.
pub(super) const FILE: &str = "trustdir.toml";

/// All limits of one entry together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// The earliest end.
    pub(crate) valid_until: Option<i64>,
    /// The services that are in all of them.
    pub(crate) services: Option<Vec<String>>,
}

impl Bounds {
    fn narrow(&mut self, valid_until: Option<i64>, services: Option<&[String]>) {
        self.valid_until = self.valid_until.into_iter().chain(valid_until).min();
        self.services = match (self.services.take(), services) {
            (Some(mut ours), Some(theirs)) => {
                ours.retain(|service| theirs.contains(service));
                Some(ours)
            }
            (ours, theirs) => ours.or(theirs.map(<[_]>::to_vec)),
        };
    }
}

/// The limits as they were read, by what they are for.
#[derive(Default)]
struct Rules {
    limits: Vec<Limit>,
    bounds: HashMap<Key, Bounds>,
    /// Whether there is any need to know the files and the subject of an entry.
    by_file: bool,
    by_subject: bool,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Certificate(Fingerprint),
    File(OsString),
    /// The name in the form in which equal names have equal bytes.
    Subject(Vec<u8>),
}

impl Key {
    fn of_subject(subject: &DistinguishedName) -> Self {
        Self::Subject(subject.canonical())
    }

    fn of(of: &LimitOf) -> Self {
        match of {
            LimitOf::Certificate(fingerprint) => Self::Certificate(*fingerprint),
            LimitOf::File(name) => Self::File(name.into()),
            LimitOf::Subject(subject) => Self::of_subject(subject),
        }
    }
}

impl Rules {
    fn new(limits: Vec<Limit>) -> Self {
        let mut bounds: HashMap<_, Bounds> = HashMap::new();
        for limit in &limits {
            bounds.entry(Key::of(&limit.of)).or_default().narrow(limit.valid_until, limit.services());
        }
        let is_any = |kind: fn(&LimitOf) -> bool| limits.iter().any(|limit| kind(&limit.of));
        let by_file = is_any(|of| matches!(of, LimitOf::File(_)));
        let by_subject = is_any(|of| matches!(of, LimitOf::Subject(_)));
        Self { limits, bounds, by_file, by_subject }
    }

    fn load(path: &Path) -> Result<Self> {
        let bytes = file::read(path)?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::new(ErrorKind::Parse, "this is not UTF-8 text; correct the file"));
        text.and_then(limit::parse).map(Self::new).map_err(|error| error.at(path))
    }
}

/// The file, what was last read, and from which state of the file.
pub(super) struct Limits {
    file: PathBuf,
    seen: Mutex<Arc<Seen>>,
}

struct Seen {
    stamp: Option<Stamp>,
    /// `None` without a file.
    rules: Result<Option<Arc<Rules>>, (ErrorKind, String)>,
    /// When the file was last found to be that one.
    found: Since,
}

impl Limits {
    pub(super) fn of(directory: &Path) -> Self {
        let none = Seen { stamp: None, rules: Ok(None), found: Since::default() };
        Self { file: directory.join(FILE), seen: Mutex::new(Arc::new(none)) }
    }

    /// The limits at this moment; `None` without a file. An unchanged file is not read again, and none is
    /// read under the lock.
    fn now(&self, quiet: Option<Quiet>) -> Result<Option<Arc<Rules>>> {
        let known = lock(&self.seen).clone();
        let is_known = known.found.holds(quiet, || known.look(&self.file));
        let seen = if is_known { known } else { self.read() };
        seen.rules.clone().map_err(|(kind, message)| Error::new(kind, message).with_path(&self.file))
    }

    fn read(&self) -> Arc<Seen> {
        let stamp = Stamp::of(&self.file);
        let rules = match Rules::load(&self.file) {
            // It went while it was looked at.
            Err(error) if error.kind() == ErrorKind::NotFound && is_absent(&self.file) => Ok(None),
            Err(error) => Err((error.kind(), error.message().to_owned())),
            Ok(rules) => Ok(Some(Arc::new(rules))),
        };
        let seen = Arc::new(Seen { stamp, rules, found: Since::default() });
        *lock(&self.seen) = seen.clone();
        seen
    }
}

impl Seen {
    /// Looks whether the file is what was read.
    fn look(&self, file: &Path) -> Look {
        match self.rules {
            Ok(None) if is_absent(file) => Look::Told,
            // What the system could not read may be readable again without the file having changed.
            Ok(None) | Err((ErrorKind::Io, _)) => Look::Changed,
            _ => Stamp::look(self.stamp, file),
        }
    }
}

impl Held {
    /// All limits of the entry together, as they are at this moment.
    pub(crate) fn bounds(&self, quiet: Option<Quiet>) -> Result<Bounds> {
        let (directory, fingerprint) = (&self.directory, self.live.fingerprint);
        let mut all = Bounds::default();
        let Some(rules) = directory.0.limits.now(quiet)? else { return Ok(all) };
        let mut keys = vec![Key::Certificate(fingerprint)];
        if rules.by_file {
            directory.catch_up();
            // The certificate may lie in several files: a limit of one of them is not evaded through another.
            keys.extend(directory.index().files_of(&fingerprint).into_iter().map(|(name, _)| Key::File(name)));
        }
        if rules.by_subject {
            let certificate = self.live.certificate(|| directory.read_entry(&fingerprint)).ok_or_else(|| {
                let message =
                    format!("the subject of the entry {fingerprint} cannot be read, so its limits are unknown");
                Error::new(ErrorKind::Io, message).at(&directory.0.path)
            })?;
            keys.push(Key::of_subject(certificate.subject()));
        }
        for bounds in keys.iter().filter_map(|key| rules.bounds.get(key)) {
            all.narrow(bounds.valid_until, bounds.services.as_deref());
        }
        Ok(all)
    }
}

impl TrustDir {
    /// The limits in the directory's `trustdir.toml`, in its order, each with the entries that it fits. Without
    /// that file there are none.
    ///
    /// ```toml
    /// [[limit]]
    /// sha256 = "3f9a6c01…"               # or file = "alice.pem" (no 0fb8533c.0: numbers move), or subject = "CN=alice"
    /// valid_until = 2026-12-31T00:00:00Z # to the second
    /// services = ["rpc", "admin"]        # only for these; see `Policy::with_service`
    /// ```
    ///
    /// All limits that fit an entry count together. A file that is empty or cannot be read refuses everybody with
    /// [`Reason::Scope`](crate::Reason::Scope) until it is repaired: a change counts from the next decision on. Whoever edits it
    /// by hand should rename the new text over the old, as [`limit`](Self::limit) does.
    pub fn limits(&self) -> Result<Vec<Limit>> {
        let Some(rules) = self.rules()? else { return Ok(Vec::new()) };
        let mut files: HashMap<Key, Vec<PathBuf>> = HashMap::new();
        for entry in self.list()? {
            for key in keys(&entry) {
                files.entry(key).or_default().push(entry.file().to_owned());
            }
        }
        let with_files = |limit: &Limit| Limit {
            files: files.get(&Key::of(&limit.of)).cloned().unwrap_or_default(),
            ..limit.clone()
        };
        Ok(rules.limits.iter().map(with_files).collect())
    }

    /// Limits the one certificate that `which` names (as for [`find`](Self::find)): until a moment in Unix seconds, to
    /// some services, or both. Takes the place of what this wrote for the certificate before; other limits stay, and
    /// count too. The file is written anew and renamed into place; comments in it are lost.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let alice = ca.issue_client("alice", &Default::default())?;
    /// # let alice = alice.certificate();
    /// # let options = trustdir::TrustDirOptions { create: true, ..Default::default() };
    /// # let clients = trustdir::TrustDir::open_with(dir.path().join("clients"), options)?;
    /// use trustdir::{ClientAuth, Policy, Reason};
    ///
    /// clients.install(alice)?;
    /// clients.limit("alice", None, Some(&["rpc"]))?;
    /// let rpc = Policy::new(ClientAuth::Required).with_clients(clients.clone()).with_service("rpc");
    /// let admin = rpc.clone().with_service("admin");
    /// let now = alice.not_before();
    /// assert_eq!(rpc.decide(&[alice.as_der()], now).reason(), Reason::Admitted);
    /// assert_eq!(admin.decide(&[alice.as_der()], now).reason(), Reason::Scope);
    ///
    /// clients.limit("alice", Some(now), None)?;
    /// assert_eq!(admin.decide(&[alice.as_der()], now).reason(), Reason::Admitted);
    /// assert_eq!(admin.decide(&[alice.as_der()], now + 1).reason(), Reason::Expired);
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn limit(&self, which: &str, valid_until: Option<i64>, services: Option<&[&str]>) -> Result<Limit> {
        let of = LimitOf::Certificate(self.find_one(which)?.fingerprint());
        let services = services.map(|services| services.iter().map(|&service| service.to_owned()).collect());
        let limit = Limit::new(of, valid_until, services)?;
        self.rewrite(|limits| {
            limits.retain(|other| other.of != limit.of);
            limits.push(limit.clone());
            Ok(())
        })?;
        let listed = self.limits()?.into_iter().find(|listed| listed.of == limit.of);
        Ok(listed.unwrap_or(limit))
    }

    /// Takes limits off: those that say `which` themselves (a file name, a fingerprint or its first 8 digits or more,
    /// a subject), and those of the certificate that `which` names. Returns them; none is [`ErrorKind::NotFound`].
    /// Limits of other sorts that fit the certificate stay: see [`limits`](Self::limits). Comments in the file are lost.
    pub fn unlimit(&self, which: &str) -> Result<Vec<Limit>> {
        // What names several certificates, or none any more, may still be what a limit says.
        let named = self.find_one(which).ok().map(|certificate| LimitOf::Certificate(certificate.fingerprint()));
        let listed = self.limits()?;
        let digits: String = which.chars().filter(|c| *c != ':').collect::<String>().to_ascii_lowercase();
        let says = |of: &LimitOf| match of {
            LimitOf::Certificate(fingerprint) => digits.len() >= 8 && fingerprint.to_string().starts_with(&digits),
            LimitOf::File(name) => name == which,
            LimitOf::Subject(subject) => DistinguishedName::parse(which).is_ok_and(|name| name.is_same(subject)),
        };
        let taken = |limit: &Limit| named.as_ref() == Some(&limit.of) || says(&limit.of);
        self.rewrite(|limits| {
            let before = limits.len();
            limits.retain(|limit| !taken(limit));
            if limits.len() == before {
                let message = format!("no limit is for {which:?}; `trustdir clients list` shows them");
                return Err(Error::new(ErrorKind::NotFound, escape(&message)).at(self.limits_file()));
            }
            Ok(())
        })?;
        Ok(listed.into_iter().filter(taken).collect())
    }

    /// Limits a certificate as another one is limited by its fingerprint; other sorts of limits see to that themselves.
    pub(super) fn pass_limits(&self, old: &Fingerprint, new: &Fingerprint) -> Result<()> {
        let (old, new) = (LimitOf::Certificate(*old), LimitOf::Certificate(*new));
        let is_limited = self.rules()?.is_some_and(|rules| rules.limits.iter().any(|limit| limit.of == old));
        if !is_limited {
            return Ok(());
        }
        self.rewrite(|limits| {
            let passed: Vec<_> = limits.iter().filter(|limit| limit.of == old).cloned().collect();
            limits.extend(passed.into_iter().map(|limit| Limit { of: new.clone(), ..limit }));
            Ok(())
        })
    }

    /// What a service that the entry is limited to would decide, if it is limited to any.
    pub(crate) fn decide_as_limited(&self, certificate: &Certificate, now: i64) -> Decision {
        let found = self.hold(&certificate.fingerprint());
        let services = found.and_then(|found| found.held.bounds(None).ok()?.services).unwrap_or_default();
        let policy = Policy::new(ClientAuth::Required).with_clients(self.clone());
        let policy = services.into_iter().next().map_or(policy.clone(), |service| policy.with_service(service));
        policy.decide(&[certificate.as_der()], now)
    }

    /// Writes the limits anew while nobody else does. The file stays when the last one goes: its absence for a moment,
    /// as in an editor's hands, would mean the same as no limits.
    fn rewrite(&self, change: impl FnOnce(&mut Vec<Limit>) -> Result<()>) -> Result<()> {
        let _lock = file::lock_directory(&self.0.path)?;
        let mut limits = self.rules()?.map(|rules| rules.limits.clone()).unwrap_or_default();
        change(&mut limits)?;
        file::replace(self.limits_file(), limit::write(&limits)?.as_bytes(), Mode::Public)
    }

    /// Fails when the limits cannot be read, and everybody is refused therefore.
    pub(super) fn check_limits(&self) -> Result<()> {
        self.rules().map(drop)
    }

    /// What is wrong with the limits, for those who list the directory.
    pub(super) fn limits_problem(&self) -> Option<Problem> {
        let error = self.rules().err()?;
        let message = format!("{}; until then everybody is refused", error.message_without_path());
        Some(Problem::new(self.limits_file().to_owned(), message))
    }

    /// Whether there are limits, or a file that cannot be read for them.
    pub(crate) fn has_limits(&self) -> bool {
        !matches!(self.0.limits.now(self.quiet()), Ok(None))
    }

    fn rules(&self) -> Result<Option<Arc<Rules>>> {
        self.0.limits.now(None)
    }

    fn limits_file(&self) -> &Path {
        &self.0.limits.file
    }
}

/// Whether there is no such file, nor a link of that name.
fn is_absent(path: &Path) -> bool {
    matches!(path.symlink_metadata(), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// What a limit may say of an entry.
fn keys(entry: &Entry) -> [Key; 3] {
    let certificate = entry.certificate();
    [
        Key::Certificate(certificate.fingerprint()),
        Key::File(entry.file().file_name().unwrap_or_default().to_owned()),
        Key::of_subject(certificate.subject()),
    ]
}
