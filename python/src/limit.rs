//! `trustdir.Limit`, and how a trust directory sets limits.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDateTime;
use trustdir_core as core;

use crate::argument::{Instant, datetime};
use crate::error::Result;
use crate::trust_dir::TrustDir;

/// One limit of a trust directory: until when, and for which services, entries are admitted.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> alice = ca.issue_client("alice").certificate
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> entry = clients.install(alice)
///     >>> limit = clients.limit("alice", services=["rpc"])
///     >>> clients.decide(alice, service="rpc").admitted
///     True
///     >>> clients.decide(alice, service="admin").reason
///     <Reason.SCOPE: 'SCOPE'>
///     >>> [limit.services for limit in clients.limits()]
///     [['rpc']]
#[pyclass(frozen, module = "trustdir")]
pub struct Limit(core::Limit);

#[pymethods]
impl Limit {
    /// By what it names its entries: `"sha256"`, `"file"` or `"subject"`.
    #[getter]
    fn key(&self) -> &'static str {
        self.0.of().key()
    }

    /// The fingerprint, the file's name or the subject.
    #[getter]
    fn value(&self) -> String {
        self.0.of().to_string()
    }

    /// The last second at which the entries are admitted, in UTC, or None for no end.
    #[getter]
    fn valid_until<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        self.0.valid_until().map(|until| datetime(py, until)).transpose()
    }

    /// The services that admit the entries, or None for every service.
    #[getter]
    fn services(&self) -> Option<Vec<String>> {
        self.0.services().map(<[_]>::to_vec)
    }

    /// The files of the entries that it fits; none may be a misspelt limit.
    #[getter]
    fn files(&self) -> Vec<PathBuf> {
        self.0.files().to_vec()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Limit {} {:?}>", self.0.of().key(), self.0.of().to_string())
    }
}

#[pymethods]
impl TrustDir {
    /// The limits in the directory's `trustdir.toml`, in its order, each with the files that it fits.
    ///
    /// Raises:
    ///     ParseError: The file cannot be read. Then everybody is refused until it is repaired.
    fn limits(&self, py: Python<'_>) -> Result<Vec<Limit>> {
        Ok(py.detach(|| self.0.limits())?.into_iter().map(Limit).collect())
    }

    /// Limits a client without a new certificate. Takes the place of what this wrote for it before; other limits in
    /// `trustdir.toml` stay and count too, comments in it are lost.
    ///
    /// Args:
    ///     which: A text that `find` takes, and that names one certificate.
    ///     until: The last instant at which it is admitted, as an aware `datetime`.
    ///     services: The names of the services that admit it.
    ///
    /// Raises:
    ///     NotFoundError: There is nothing like it in the directory.
    ///     InvalidArgumentError: Neither `until` nor `services` was given, or the text names several certificates.
    #[pyo3(signature = (which, *, until = None, services = None))]
    fn limit(
        &self,
        py: Python<'_>,
        which: &str,
        until: Option<Instant>,
        services: Option<Vec<String>>,
    ) -> Result<Limit> {
        let services: Option<Vec<&str>> =
            services.as_ref().map(|services| services.iter().map(String::as_str).collect());
        let until = until.map(|until| until.0);
        Ok(Limit(py.detach(|| self.0.limit(which, until, services.as_deref()))?))
    }

    /// Takes limits off: those of the certificate that `which` names, and those that say `which` themselves.
    ///
    /// Args:
    ///     which: A text that `find` takes, or a file name, fingerprint or subject that a limit names.
    ///
    /// Returns:
    ///     The limits that were taken off.
    ///
    /// Raises:
    ///     NotFoundError: There are none.
    fn unlimit(&self, py: Python<'_>, which: &str) -> Result<Vec<Limit>> {
        Ok(py.detach(|| self.0.unlimit(which))?.into_iter().map(Limit).collect())
    }
}
