//! What lies in a trust directory, for people: entries by name, and the files that are none.

use super::content;
use super::stamp::Stamp;
use super::watch::Watch;
use super::write::until_certain;
use super::{Entry, Problem, TrustDir};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result, escape};
use crate::file;

impl TrustDir {
    /// The entries that `which` names: a file name; else a fingerprint (8 hexadecimal digits or more of it);
    /// else a common name or a whole subject as RFC 4514 text. The first kind that fits counts, so that no
    /// client can stand in the way of another by its name.
    pub fn find(&self, which: &str) -> Result<Vec<Entry>> {
        let entries = self.list()?;
        let kinds: [fn(&Entry, &str) -> bool; 3] = [Entry::is_file, Entry::has_fingerprint, Entry::has_name];
        let mut found = kinds.iter().map(|fits| entries.iter().filter(|entry| fits(entry, which)).cloned().collect());
        Ok(found.find(|found: &Vec<Entry>| !found.is_empty()).unwrap_or_default())
    }

    /// The one certificate that `which` names, as for [`find`](Self::find). None is
    /// [`ErrorKind::NotFound`]; several are [`ErrorKind::InvalidArgument`], and the message lists them.
    pub fn find_one(&self, which: &str) -> Result<Certificate> {
        let entries = self.find(which)?;
        let mut certificates: Vec<_> = entries.iter().map(Entry::certificate).collect();
        certificates.sort_by_key(|certificate| certificate.fingerprint());
        certificates.dedup();
        match certificates[..] {
            [certificate] => Ok(certificate.clone()),
            [] => {
                let message = format!("no entry is named {which:?}; list them with `trustdir clients list`");
                Err(Error::new(ErrorKind::NotFound, escape(&message)).at(&self.0.path))
            }
            ref several => {
                let list: Vec<_> =
                    several.iter().map(|one| format!("{} (sha256 {})", one.subject(), one.fingerprint())).collect();
                let message = format!(
                    "{which:?} names {} certificates: {}; name one by its fingerprint",
                    several.len(),
                    list.join(", ")
                );
                Err(Error::new(ErrorKind::InvalidArgument, message).at(&self.0.path))
            }
        }
    }

    /// Every entry, sorted by file. Reads each file; decisions do not.
    pub fn list(&self) -> Result<Vec<Entry>> {
        // Beside writers that never pause it is as good as it gets.
        until_certain(|pass| {
            let before = Stamp::of(&self.0.path);
            // A file that is renamed while the directory is listed may be missed under both names, so then it is
            // listed again while nobody writes.
            let lock = if pass == 0 { None } else { file::try_lock_directory(&self.0.path).ok().flatten() };
            let (gone, updated) = self.update(&|_, _| {});
            let (entries, whole) = self.read_entries();
            let unchanged = before.is_some_and(|before| before.still(Stamp::of(&self.0.path)));
            let certain = lock.is_some() || (whole && unchanged);
            drop(lock);
            self.dismiss(gone);
            updated.map(|()| (entries, certain))
        })
    }

    /// The entries of the index, read again, and whether all could be.
    fn read_entries(&self) -> (Vec<Entry>, bool) {
        let mut files = self.index().entries();
        files.sort();
        let (mut entries, mut whole) = (Vec::new(), true);
        for (name, pins) in files {
            let path = self.0.path.join(name);
            let mut certificates = content::load(&path).unwrap_or_default();
            certificates.retain(|found| pins.contains(&found.fingerprint()));
            whole &= !certificates.is_empty();
            entries.extend(certificates.into_iter().map(|certificate| Entry::new(path.clone(), certificate)));
        }
        (entries, whole)
    }

    /// Every file that should be an entry and is not, or not with all that it holds, and why; sorted by file.
    /// Such a file affects itself only.
    pub fn problems(&self) -> Result<Vec<Problem>> {
        self.refresh()?;
        let mut problems: Vec<_> = {
            let index = self.index();
            index.problems().map(|(name, message)| Problem::new(self.0.path.join(name), message.into())).collect()
        };
        problems.extend(self.limits_problem());
        problems.sort_by(|a, b| a.file().cmp(b.file()));
        if let Some(fault) = self.0.watch.get().and_then(Watch::fault) {
            problems.insert(0, Problem::new(self.0.path.clone(), fault));
        }
        Ok(problems)
    }
}
