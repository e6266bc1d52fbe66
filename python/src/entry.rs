//! `trustdir.Entry`, `trustdir.Installed` and `trustdir.Problem`: what lies in a directory.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use trustdir_core as core;

use crate::certificate::Certificate;
use crate::decision::Decision;

/// One certificate of a trust directory, and its file.
#[pyclass(frozen, subclass, module = "trustdir")]
pub struct Entry(pub core::Entry);

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

/// An entry as `TrustDir.install` and `TrustDir.replace` leave it.
///
/// Example:
///     >>> import datetime, trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
///     >>> late = ca.issue_client("late", not_before=yesterday - datetime.timedelta(days=1), not_after=yesterday)
///     >>> installed = trustdir.TrustDir("clients", create=True).install(late.certificate)
///     >>> installed.is_new, installed.certificate.subject
///     (True, 'CN=late')
///     >>> if installed.warning is not None:
///     ...     print(installed.warning.reason)
///     EXPIRED
#[pyclass(frozen, extends = Entry, module = "trustdir")]
pub struct Installed(core::Installed);

impl Installed {
    pub fn new(py: Python<'_>, installed: core::Installed) -> PyResult<Bound<'_, Self>> {
        let entry = Entry(installed.entry().clone());
        Bound::new(py, PyClassInitializer::from(entry).add_subclass(Self(installed)))
    }
}

#[pymethods]
impl Installed {
    /// Whether it was written now, and not there already.
    #[getter]
    fn is_new(&self) -> bool {
        self.0.is_new()
    }

    /// The refusal that awaits the client all the same, were it to come now, or None: expired, of the wrong purpose,
    /// with a weak key.
    #[getter]
    fn warning(&self) -> Option<Decision> {
        self.0.warning().cloned().map(Decision)
    }

    /// The files and links that went because the certificate replaces another one; one that was written over in place
    /// is not among them.
    #[getter]
    fn removed(&self) -> Vec<PathBuf> {
        self.0.removed().to_vec()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Installed {} {}>", self.0.file().display(), self.0.certificate().subject())
    }
}

/// A file of a trust directory that needs attention.
#[pyclass(frozen, module = "trustdir")]
pub struct Problem(pub core::Problem);

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
