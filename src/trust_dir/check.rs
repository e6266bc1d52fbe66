//! What keeps a client out of a directory, and what lets one in unawares.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{Entry, EntryNames, TrustDir, TrustDirOptions};
use crate::admission::{Decision, Reason};
use crate::certificate::Certificate;
use crate::clock;
use crate::error::{Result, escape};
use crate::{file, pem};

/// What a notice is about. New kinds may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// A file that cannot be an entry.
    File,
    /// An entry whose file holds a private key too.
    PrivateKey,
    /// An entry that is refused at this moment.
    Refused(Reason),
    /// Admission depends on which file names count.
    EntryNames,
    /// A certificate that says CA:TRUE.
    Authority,
}

impl NoticeKind {
    /// The kind's name in JSON and in other languages, such as `PRIVATE_KEY`; of a refusal, its reason's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "FILE",
            Self::PrivateKey => "PRIVATE_KEY",
            Self::Refused(reason) => reason.as_str(),
            Self::EntryNames => "ENTRY_NAMES",
            Self::Authority => "AUTHORITY",
        }
    }
}

/// Something about a file of a trust directory that somebody should know: see [`TrustDir::check`].
#[derive(Clone, Debug)]
pub struct Notice {
    kind: NoticeKind,
    problem: bool,
    file: PathBuf,
    message: String,
    certificate: Option<Certificate>,
}

impl Notice {
    fn new(kind: NoticeKind, entry: &Entry, message: String) -> Self {
        let certificate = Some(entry.certificate().clone());
        Self { kind, problem: true, file: entry.file().to_owned(), message, certificate }
    }

    fn note(kind: NoticeKind, entry: &Entry, message: String) -> Self {
        Self { problem: false, ..Self::new(kind, entry, message) }
    }

    /// What it is about.
    pub fn kind(&self) -> NoticeKind {
        self.kind
    }

    /// Whether somebody has to do something; else it is only good to know.
    pub fn is_problem(&self) -> bool {
        self.problem
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What is the matter with the file and what to do, in one line. Text from certificates is escaped.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The certificate, if one was read.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }
}

impl TrustDir {
    /// Looks for everything that keeps a client out or lets one in unawares; problems first.
    ///
    /// Problems are files that cannot be read or that hold private keys, certificates that are refused now, and, where
    /// only subject hashes count, files that admit nobody. Notes are certificates that would be authorities under
    /// OpenSSL, and clients whose admission depends on which file names count.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// use trustdir::{NoticeKind, TrustDir};
    ///
    /// std::fs::write(dir.path().join("alice.pem"), "not a certificate").unwrap();
    /// let notices = TrustDir::open(dir.path())?.check()?;
    /// assert_eq!((notices.len(), notices[0].kind()), (1, NoticeKind::File));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn check(&self) -> Result<Vec<Notice>> {
        let hashed = self.0.names == EntryNames::SubjectHash;
        let entry_names = if hashed { EntryNames::Any } else { EntryNames::SubjectHash };
        let options = TrustDirOptions { entry_names, watch: false, ..TrustDirOptions::default() };
        let other = Self::open_to_repair(&self.0.path, options, &|_, _| {})?;
        let entries = self.list()?;
        let keys: Vec<Notice> = entries.iter().filter_map(private_key).collect();
        let clients = distinct(entries);

        let unusable = self.problems()?.into_iter().map(|problem| Notice {
            kind: NoticeKind::File,
            problem: true,
            file: problem.file().to_owned(),
            message: problem.message().to_owned(),
            certificate: None,
        });
        let mut notices: Vec<Notice> = unusable.collect();
        // A file under a wrong hash is a problem of the directory already.
        let known: HashSet<PathBuf> = notices.iter().map(|notice| notice.file.clone()).collect();
        notices.extend(keys);
        notices.extend(clients.iter().filter_map(|entry| refusal(entry, &self.decide_now(entry))));
        if hashed {
            let clients = distinct(other.list()?);
            let unnamed = differing(&other, self, &clients).filter(|entry| !known.contains(entry.file()));
            notices.extend(unnamed.map(not_admitted));
        }
        notices.extend(clients.iter().filter_map(authority));
        if !hashed {
            notices.extend(differing(self, &other, &clients).map(admitted_only_here));
        }
        Ok(notices)
    }

    fn decide_now(&self, entry: &Entry) -> Decision {
        self.decide_as_limited(entry.certificate(), clock::now())
    }
}

/// The first entry of each certificate: a link and its target are one client.
pub(crate) fn distinct(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    entries.retain(|entry| seen.insert(entry.certificate().fingerprint()));
    entries
}

/// An entry that is refused all the same.
pub(crate) fn refusal(entry: &Entry, decision: &Decision) -> Option<Notice> {
    let file = format!("{}: ", escape(&entry.file().to_string_lossy()));
    let message = decision.message().strip_prefix(&file).unwrap_or(decision.message()).to_owned();
    (!decision.is_admitted()).then(|| Notice::new(NoticeKind::Refused(decision.reason()), entry, message))
}

/// What an installed CA:TRUE certificate means here and elsewhere.
pub(crate) fn authority(entry: &Entry) -> Option<Notice> {
    let certificate = entry.certificate();
    certificate.is_authority().then(|| {
        let message = format!(
            "{} says CA:TRUE; here it is only itself, but under OpenSSL it would be an authority whose key can mint further clients",
            certificate.subject()
        );
        Notice::note(NoticeKind::Authority, entry, message)
    })
}

/// A client's private key in a file of the directory, where services and their operators read it.
fn private_key(entry: &Entry) -> Option<Notice> {
    // What a link leads to is not in the directory, and a file that has just gone is no finding.
    let bytes = entry.link_target().is_none().then(|| file::read_secret(entry.file()).ok())??;
    pem::holds_private_key(&bytes).then(|| {
        let subject = entry.certificate().subject();
        let message = format!("holds the private key of {subject} too; replace the file by the certificate alone");
        Notice::new(NoticeKind::PrivateKey, entry, message)
    })
}

/// Where only hash names count: a certificate that lies in the directory and admits nobody.
fn not_admitted(entry: &Entry) -> Notice {
    let subject = entry.certificate().subject();
    let why = match subject.subject_hash() {
        Ok(hash) => format!(
            "no file or link is named by its subject hash ({hash}.0); add the file with \
             `trustdir clients add --subject-hash` to admit it, or else delete it"
        ),
        Err(_) => "OpenSSL computes no hash of such a subject; issue a certificate with another name".to_owned(),
    };
    Notice::new(NoticeKind::EntryNames, entry, format!("{subject} is not admitted: {why}"))
}

/// Where every name counts: a client that a reader of hash names would refuse.
fn admitted_only_here(entry: &Entry) -> Notice {
    let message = format!(
        "{} is admitted here, but not where only subject-hash names count (OpenSSL, the Nano configuration); \
         `trustdir clients rehash` makes it the same for both",
        entry.certificate().subject()
    );
    Notice::note(NoticeKind::EntryNames, entry, message)
}

/// The clients that `wider` admits at this moment and `narrower` does not.
fn differing<'a>(wider: &TrustDir, narrower: &TrustDir, clients: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
    clients
        .iter()
        .filter(move |entry| wider.decide_now(entry).is_admitted() && !narrower.decide_now(entry).is_admitted())
}
