//! `trustdir.TrustDir`, its entries and its problems.

use std::path::{Path, PathBuf};

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyIterator;
use trustdir_core::{self as core, ClientAuth, EntryNames, Policy, TrustDirOptions};

use crate::argument::{Bytes, Instant};
use crate::certificate::Certificate;
use crate::decision::Decision;
use crate::error::Result;

/// A directory of certificates, each of which admits exactly itself.
///
/// It is always as the files are now: `len`, iteration and `in` look at the directory. Several threads may use one object.
///
/// Args:
///     path: The directory.
///     entry_names: Which files count: `"any"` certificate file, or only those that are named by their `"subject-hash"`,
///         as OpenSSL reads a directory.
///     create: Whether to make the directory if it is not there.
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
pub struct TrustDir(core::TrustDir);

impl TrustDir {
    pub fn core(&self) -> &core::TrustDir {
        &self.0
    }
}

#[pymethods]
impl TrustDir {
    #[new]
    #[pyo3(signature = (path, *, entry_names = "any", create = false))]
    fn new(py: Python<'_>, path: PathBuf, entry_names: &str, create: bool) -> Result<Self> {
        let entry_names = match entry_names {
            "any" => EntryNames::Any,
            "subject-hash" => EntryNames::SubjectHash,
            _ => {
                Err(PyValueError::new_err(format!("entry_names is \"any\" or \"subject-hash\", not {entry_names:?}")))?
            }
        };
        let options = TrustDirOptions { entry_names, create, ..TrustDirOptions::default() };
        Ok(Self(py.detach(|| core::TrustDir::open_with(path, options))?))
    }

    /// The directory.
    #[getter]
    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A number that grows with every change that was noticed.
    #[getter]
    fn generation(&self) -> u64 {
        self.0.generation()
    }

    /// Writes a certificate into the directory, under its subject hash.
    ///
    /// Args:
    ///     certificate: The certificate to admit.
    ///
    /// Returns:
    ///     The new entry, or the one that was there already.
    fn install(&self, py: Python<'_>, certificate: &Certificate) -> Result<Entry> {
        Ok(Entry(py.detach(|| self.0.install(&certificate.0))?.into_entry()))
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
    fn remove(&self, py: Python<'_>, which: Which<'_, '_>) -> Result<Vec<PathBuf>> {
        let which = match which {
            Which::Certificate(certificate) => certificate.get().0.fingerprint(),
            Which::Entry(entry) => entry.get().0.certificate().fingerprint(),
            Which::Text(text) => py.detach(|| self.0.find_one(text))?.fingerprint(),
        };
        Ok(py.detach(|| self.0.remove(&which))?)
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
    #[pyo3(signature = (certificate, *, at = None, service = None))]
    fn decide(
        &self,
        py: Python<'_>,
        certificate: Presented<'_, '_>,
        at: Option<Instant>,
        service: Option<&str>,
    ) -> Decision {
        let at = at.unwrap_or_else(Instant::now).0;
        let der = match &certificate {
            Presented::Certificate(certificate) => certificate.get().0.as_der(),
            Presented::Der(der) => &der.0,
        };
        let mut policy = Policy::new(ClientAuth::Required).with_clients(self.0.clone());
        if let Some(service) = service {
            policy = policy.with_service(service);
        }
        Decision(py.detach(|| policy.decide(&[der], at)))
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

/// What to remove.
enum Which<'a, 'py> {
    Certificate(Borrowed<'a, 'py, Certificate>),
    Entry(Borrowed<'a, 'py, Entry>),
    Text(&'a str),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Which<'a, 'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(certificate) = object.cast() {
            return Ok(Self::Certificate(certificate));
        }
        if let Ok(entry) = object.cast() {
            return Ok(Self::Entry(entry));
        }
        match object.extract() {
            Ok(text) => Ok(Self::Text(text)),
            Err(_) => Err(PyTypeError::new_err("expected a Certificate, an Entry or a str")),
        }
    }
}

/// What a client presented.
enum Presented<'a, 'py> {
    Certificate(Borrowed<'a, 'py, Certificate>),
    Der(Bytes),
}

impl<'a, 'py> FromPyObject<'a, 'py> for Presented<'a, 'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match object.cast() {
            Ok(certificate) => Ok(Self::Certificate(certificate)),
            Err(_) => object.extract().map(Self::Der),
        }
    }
}

/// One certificate of a trust directory, and its file.
#[pyclass(frozen, module = "trustdir")]
pub struct Entry(core::Entry);

#[pymethods]
impl Entry {
    /// The file.
    #[getter]
    fn file(&self) -> &Path {
        self.0.file()
    }

    /// Where the file leads if it is a symbolic link, or None.
    #[getter]
    fn link_target(&self) -> Option<&Path> {
        self.0.link_target()
    }

    /// The certificate.
    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Entry {} {}>", self.0.file().display(), self.0.certificate().subject())
    }
}

/// A file of a trust directory that needs attention.
#[pyclass(frozen, module = "trustdir")]
pub struct Problem(core::Problem);

#[pymethods]
impl Problem {
    /// The file.
    #[getter]
    fn file(&self) -> &Path {
        self.0.file()
    }

    /// What is wrong and what to do about it, in one line.
    #[getter]
    fn message(&self) -> &str {
        self.0.message()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Problem {}: {}>", self.0.file().display(), self.0.message())
    }
}
