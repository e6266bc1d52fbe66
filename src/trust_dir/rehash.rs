//! `openssl rehash`, without what locks clients out: links, gaps, names of old.

mod name;
mod numbering;
mod survey;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use self::numbering::{Names, Order, Step};
use self::survey::Survey;
use super::stamp::Stamp;
use super::{Entry, Problem, TrustDir};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file;

/// What a rehash changes. All paths are absolute.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rehashed {
    /// The links that are made, and the names of the files that they lead to.
    pub linked: Vec<(PathBuf, PathBuf)>,
    /// The files and links that get another number or hash: their old names and their new ones.
    pub renamed: Vec<(PathBuf, PathBuf)>,
    /// The links that go: they lead nowhere, or where another one leads.
    pub removed: Vec<PathBuf>,
    /// What stays as it is though it is not as it should be, and why.
    pub left: Vec<Problem>,
    /// The files whose clients are admitted from then on where only subject hashes count, by
    /// [`EntryNames::SubjectHash`](crate::EntryNames::SubjectHash) and by OpenSSL, and were not before.
    pub newly_admitted: Vec<Entry>,
}

impl Rehashed {
    /// Whether the directory is as a rehash leaves it, but for what is [`left`](Self::left).
    pub fn is_unchanged(&self) -> bool {
        self.linked.is_empty() && self.renamed.is_empty() && self.removed.is_empty()
    }
}

/// What a rehash is going to do. As long as it is kept, no other trustdir writes to the directory.
#[derive(Debug)]
pub struct RehashPlan {
    directory: TrustDir,
    lock: File,
    /// Names of files that have others.
    doubles: Vec<(OsString, OsString)>,
    steps: Vec<Step>,
    rehashed: Rehashed,
}

impl Rehashed {
    /// What the steps come to, `things` being renamed: names that come and go on the way are nobody's business.
    fn tell<'a>(&mut self, dir: &Path, steps: &[Step], things: impl Iterator<Item = (&'a OsString, &'a OsString)>) {
        let (mut made, mut gone) = (BTreeMap::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Link { name, target } => drop(made.insert(name, target)),
                Step::Remove { name } if made.remove(name).is_none() => drop(gone.insert(name)),
                Step::Remove { .. } | Step::Copy { .. } => {}
            }
        }
        for (old, new) in things.filter(|(old, new)| old != new) {
            gone.remove(old);
            self.renamed.push((dir.join(old), dir.join(new)));
        }
        self.linked = made.into_iter().map(|(name, target)| (dir.join(name), dir.join(target))).collect();
        self.removed = gone.into_iter().map(|name| dir.join(name)).collect();
    }
}

impl TrustDir {
    /// Makes the directory one in which OpenSSL finds every certificate and revocation list by its hash
    /// (`0fb8533c.0 -> alice.pem`, `0fb8533c.r0 -> ca.crl`), as `openssl rehash` does, which finds nothing to change
    /// afterwards, but without its faults: gaps are closed, links that lead nowhere and links under old (MD5) or wrong
    /// names go, what OpenSSL cannot load hides nobody any more, and a regular file is never removed.
    ///
    /// Like `openssl rehash` it links files that end in `.pem`, `.crt`, `.cer` or `.crl` and hold one certificate or
    /// list in PEM. It can admit clients where only subject hashes count: [`plan_rehash`](Self::plan_rehash) says whom.
    ///
    /// It may be killed at any moment: whoever was found before is found then, too.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let clients = dir.path().join("clients");
    /// # std::fs::create_dir(&clients).unwrap();
    /// # let alice = ca.issue_client("alice", &Default::default())?;
    /// use trustdir::TrustDir;
    ///
    /// std::fs::write(clients.join("alice.pem"), alice.certificate().to_pem()).unwrap();
    /// let directory = TrustDir::open(&clients)?;
    /// let rehashed = directory.rehash()?;
    /// assert_eq!(rehashed.linked[0].1, clients.join("alice.pem"));
    /// assert!(directory.rehash()?.is_unchanged());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn rehash(&self) -> Result<Rehashed> {
        self.plan_rehash()?.carry_out()
    }

    /// Says what [`rehash`](Self::rehash) would do, and can do it.
    pub fn plan_rehash(&self) -> Result<RehashPlan> {
        let dir = &self.0.path;
        let lock = file::lock_directory(dir)?;
        let Survey { buckets, mut things, strays, doubles, left, unnamed, .. } = Survey::read(dir)?;
        let doubles = doubles.into_iter().map(|(name, thing)| (name, things[thing].clone())).collect();
        let old = things.clone();
        let (mut steps, mut retired) = (Vec::new(), Vec::new());
        let mut names = Names { things: &mut things, steps: &mut steps, retired: &mut retired };
        let orders: Vec<Order<'_>> = buckets.iter().map(|(key, bucket)| Order::of(*key, bucket)).collect();
        orders.iter().for_each(|order| order.clear(&mut names));
        orders.iter().for_each(|order| order.fill(&mut names));
        orders.iter().for_each(|order| order.tidy(&mut names));
        steps.extend(retired.into_iter().chain(strays).map(|name| Step::Remove { name }));
        let mut rehashed = Rehashed { left, ..Rehashed::default() };
        rehashed.tell(dir, &steps, old.iter().zip(&things));
        rehashed.left.sort_by(|a, b| a.file().cmp(b.file()));
        for name in unnamed {
            let path = dir.join(name);
            let certificate = Certificate::load(&path)?;
            rehashed.newly_admitted.push(Entry::new(path, certificate));
        }
        Ok(RehashPlan { directory: self.clone(), lock, doubles, steps, rehashed })
    }
}

impl RehashPlan {
    /// What is going to be changed.
    pub fn rehashed(&self) -> &Rehashed {
        &self.rehashed
    }

    /// Changes it. Fails, and leaves the rest as it is, when somebody else changes the directory without its lock.
    pub fn carry_out(self) -> Result<Rehashed> {
        let done = self.take_steps();
        // Hooks may well write to the directory.
        drop(self.lock);
        self.directory.refresh()?;
        done.map(|()| self.rehashed)
    }

    fn take_steps(&self) -> Result<()> {
        let mut names = SeveralNames { dir: self.directory.path(), things: HashMap::new(), stays: Vec::new() };
        for (name, other) in &self.doubles {
            names.add(other, name);
            names.add(other, other);
        }
        for step in &self.steps {
            names.take(step)?;
        }
        if self.steps.is_empty() { Ok(()) } else { file::sync_directory(names.dir) }
    }
}

/// Which names are names of one thing, and which of them stays.
struct SeveralNames<'a> {
    dir: &'a Path,
    things: HashMap<&'a OsStr, usize>,
    stays: Vec<&'a OsStr>,
}

impl<'a> SeveralNames<'a> {
    /// Gives what is called `from` the name `to`, which stays.
    fn add(&mut self, from: &'a OsStr, to: &'a OsStr) {
        let thing = *self.things.entry(from).or_insert_with(|| {
            self.stays.push(from);
            self.stays.len() - 1
        });
        self.things.insert(to, thing);
        self.stays[thing] = to;
    }

    fn take(&mut self, step: &'a Step) -> Result<()> {
        match step {
            Step::Copy { from, to } => {
                match file::replace_name(&self.dir.join(from), &self.vacant(to)?) {
                    // A removal does not wait for the lock, and this is not brought back.
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                    renamed => renamed.map(|()| self.add(from, to)),
                }
            }
            Step::Link { name, target } => {
                file::replace_link(&self.vacant(name)?, Path::new(target))?;
                self.things.remove(name.as_os_str());
                Ok(())
            }
            Step::Remove { name } => {
                let path = self.vacant(name)?;
                match fs::remove_file(&path) {
                    Err(source) if source.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, source)),
                    _ => Ok(()),
                }
            }
        }
    }

    /// The path of a name that may go or be written over: nothing is there, a link, or what has another name.
    fn vacant(&self, name: &OsStr) -> Result<PathBuf> {
        let path = self.dir.join(name);
        let is_file = path.symlink_metadata().is_ok_and(|metadata| !metadata.is_symlink());
        let other = self.things.get(name).map(|thing| self.stays[*thing]).filter(|other| *other != name);
        let other = other.and_then(|other| Stamp::of(&self.dir.join(other)));
        let same = other.zip(Stamp::of(&path)).is_some_and(|(other, here)| other.same_inode(&here));
        if is_file && !same {
            let message = "another program has put this here meanwhile, and it is left; rehash again";
            return Err(Error::new(ErrorKind::AlreadyExists, message).at(path));
        }
        Ok(path)
    }
}
