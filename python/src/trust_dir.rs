//! `trustdir.TrustDir`: open it, install, remove and decide; the rest is in files of its own.

use std::path::{Path, PathBuf};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use trustdir_core::{self as core, ClientAuth, EntryNames, Fingerprint, Policy, TrustDirOptions};

use crate::argument::{self, Instant};
use crate::certificate::{Certificate, Offered, Presented};
use crate::decision::Decision;
use crate::entry::{Entry, Installed, Problem};
use crate::error::Result;
use crate::progress::Progress;

/// A directory of certificates, each of which admits exactly itself.
///
/// It is always as the files are now: `len`, iteration and `in` look at the directory. Several threads may use one object.
///
/// Args:
///     path: The directory.
///     entry_names: Which files count: `"any"` certificate file, or only those that are named by their `"subject-hash"`,
///         as OpenSSL reads a directory.
///     watch: Whether a thread watches for changes. Without it, decisions are as exact; `removals` lists what has gone,
///         and an entry that was written over in place is seen, no sooner than at `refresh`.
///     create: Whether to make the directory if it is not there.
///     progress: Called now and then with how many files of how many have been read, from several threads and with
///         the interpreter held. What it raises is raised when all have been read.
///
/// Raises:
///     NotFoundError: There is no such directory.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> alice = ca.issue_client("alice").certificate
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> entry = clients.install(alice)
///     >>> alice in clients, len(clients)
///     (True, 1)
///     >>> [entry.certificate.subject for entry in clients]
///     ['CN=alice']
///     >>> removed = clients.remove("alice")
///     >>> clients.decide(alice).reason
///     <Reason.REMOVED: 'REMOVED'>
#[pyclass(frozen, module = "trustdir")]
pub struct TrustDir(pub core::TrustDir);

#[pymethods]
impl TrustDir {
    #[new]
    #[pyo3(signature = (path, *, entry_names = "any", watch = true, create = false, progress = None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        entry_names: &str,
        watch: bool,
        create: bool,
        progress: Option<Py<PyAny>>,
    ) -> Result<Self> {
        let options = TrustDirOptions { entry_names: argument::entry_names(entry_names)?, watch, create };
        let progress = Progress::new(progress);
        let tell = |done, total| progress.tell(done, total);
        let opened = py.detach(|| core::TrustDir::open_with_progress(path, options, &tell));
        progress.finish()?;
        Ok(Self(opened?))
    }

    /// The directory.
    #[getter]
    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Which files count: `"any"` or `"subject-hash"`.
    #[getter]
    fn entry_names(&self) -> &'static str {
        match self.0.entry_names() {
            EntryNames::Any => "any",
            EntryNames::SubjectHash => "subject-hash",
        }
    }

    /// A number that grows with every change that was noticed.
    #[getter]
    fn generation(&self) -> u64 {
        self.0.generation()
    }

    /// Writes a certificate into the directory, under its subject hash.
    ///
    /// Args:
    ///     certificate: The certificate to admit: the object, bytes in PEM or DER, or the path of a file. Of several in
    ///         them, the first is the client; a private key is left where it is.
    ///
    /// Returns:
    ///     The new entry, or the one that was there already. Its `warning` says if it is refused all the same.
    ///
    /// Raises:
    ///     ParseError: There is no certificate in the bytes or the file.
    fn install<'py>(&self, py: Python<'py>, certificate: Offered) -> Result<Bound<'py, Installed>> {
        let installed = py.detach(|| self.0.install(&certificate.read()?))?;
        Ok(Installed::new(py, installed)?)
    }

    /// Installs a certificate in place of another one. There is no moment at which neither is installed.
    ///
    /// Args:
    ///     which: The old one: the certificate itself, its entry, or a text that `find` takes.
    ///     certificate: The new one, as for `install`.
    ///
    /// Returns:
    ///     The new entry. Its `removed` names the files and links of the old one that went.
    ///
    /// Raises:
    ///     NotFoundError: There is nothing like the old one in the directory; nothing was installed.
    ///     InvalidArgumentError: The text names several certificates, or the old one's file holds more than that.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> clients = trustdir.TrustDir("clients", create=True)
    ///     >>> old = clients.install(ca.issue_client("alice").certificate)
    ///     >>> new = clients.replace("alice", ca.renew(old.certificate).certificate)
    ///     >>> clients.decide(old.certificate).admitted, clients.decide(new.certificate).admitted
    ///     (False, True)
    fn replace<'py>(&self, py: Python<'py>, which: Which, certificate: Offered) -> Result<Bound<'py, Installed>> {
        let installed = py.detach(|| self.0.replace(&which.fingerprint(&self.0)?, &certificate.read()?))?;
        Ok(Installed::new(py, installed)?)
    }

    /// Removes a certificate: every file and link that carries it.
    ///
    /// Args:
    ///     which: The certificate itself, its entry, or a text that `find` takes.
    ///
    /// Returns:
    ///     The files and links that were removed.
    ///
    /// Raises:
    ///     NotFoundError: There is nothing like it in the directory.
    ///     InvalidArgumentError: The text names several certificates; none was removed.
    fn remove(&self, py: Python<'_>, which: Which) -> Result<Vec<PathBuf>> {
        Ok(py.detach(|| self.0.remove(&which.fingerprint(&self.0)?))?)
    }

    /// Finds entries by file name, fingerprint (or its first 8 digits or more), common name or whole subject.
    ///
    /// Args:
    ///     which: The text to look for.
    fn find(&self, py: Python<'_>, which: &str) -> Result<Vec<Entry>> {
        let entries = py.detach(|| self.0.find(which))?;
        Ok(entries.into_iter().map(Entry).collect())
    }

    /// All entries, sorted by file.
    fn list(&self, py: Python<'_>) -> Result<Vec<Entry>> {
        let entries = py.detach(|| self.0.list())?;
        Ok(entries.into_iter().map(Entry).collect())
    }

    /// What is wrong with files of the directory; each affects that file only.
    fn problems(&self, py: Python<'_>) -> Result<Vec<Problem>> {
        let problems = py.detach(|| self.0.problems())?;
        Ok(problems.into_iter().map(Problem).collect())
    }

    /// Looks at the directory now. Decisions do this by themselves.
    fn refresh(&self, py: Python<'_>) -> Result<()> {
        Ok(py.detach(|| self.0.refresh())?)
    }

    /// Decides whether to admit a client that has proved to hold the key of a certificate.
    ///
    /// Args:
    ///     certificate: The certificate that the client presented, as an object or as DER, such as
    ///         `ssl.SSLSocket.getpeercert(True)` gives.
    ///     at: For what instant to decide, as an aware `datetime`; now if not given.
    ///     service: The name of the service that decides, for entries that are limited to services.
    ///     hold: Whether the decision holds the entry for as long as it is kept: then `removals` lists the entry when it
    ///         goes. Keep it with the connection that it is about.
    #[pyo3(signature = (certificate, *, at = None, service = None, hold = false))]
    fn decide(
        &self,
        py: Python<'_>,
        certificate: Presented,
        at: Option<Instant>,
        service: Option<&str>,
        hold: bool,
    ) -> Decision {
        let at = at.unwrap_or_else(Instant::now).0;
        let mut policy = Policy::new(ClientAuth::Required).with_clients(self.0.clone());
        if let Some(service) = service {
            policy = policy.with_service(service);
        }
        let decide = if hold { Policy::decide_and_hold } else { Policy::decide };
        Decision(py.detach(|| decide(&policy, &[certificate.der()], at)))
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyIterator>> {
        Ok(self.list(py)?.into_pyobject(py)?.try_iter()?)
    }

    fn __len__(&self, py: Python<'_>) -> Result<usize> {
        Ok(py.detach(|| self.0.list())?.len())
    }

    fn __contains__(&self, py: Python<'_>, item: &Bound<'_, PyAny>) -> Result<bool> {
        let Ok(certificate) = item.cast::<Certificate>() else {
            return Ok(false);
        };
        let certificate = &certificate.get().0;
        Ok(py.detach(|| self.0.list())?.iter().any(|entry| entry.certificate() == certificate))
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.TrustDir {}>", self.0.path().display())
    }
}

/// Which entry is meant.
enum Which {
    Fingerprint(Fingerprint),
    Text(String),
}

impl Which {
    fn fingerprint(&self, directory: &core::TrustDir) -> core::Result<Fingerprint> {
        match self {
            Self::Fingerprint(fingerprint) => Ok(*fingerprint),
            Self::Text(text) => Ok(directory.find_one(text)?.fingerprint()),
        }
    }
}

impl FromPyObject<'_, '_> for Which {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(certificate) = object.cast::<Certificate>() {
            return Ok(Self::Fingerprint(certificate.get().0.fingerprint()));
        }
        if let Ok(entry) = object.cast::<Entry>() {
            return Ok(Self::Fingerprint(entry.get().0.certificate().fingerprint()));
        }
        let invalid = |_| PyTypeError::new_err("expected a Certificate, an Entry or a str");
        object.extract().map(Self::Text).map_err(invalid)
    }
}
