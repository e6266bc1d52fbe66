//! `trustdir.OpenConnection`.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyDateTime;
use trustdir_core::tls;

use crate::argument::datetime;
use crate::certificate::Certificate;

/// A connection that is open and stands on an entry, as it was when the list was made.
#[pyclass(frozen, module = "trustdir")]
pub struct OpenConnection(pub tls::OpenConnection);

#[pymethods]
impl OpenConnection {
    /// The connection's number, as `Connection.id` has it.
    #[getter]
    fn id(&self) -> u64 {
        self.0.id()
    }

    /// The peer's certificate.
    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }

    /// The file that admitted the peer.
    #[getter]
    fn entry(&self) -> &Path {
        self.0.entry()
    }

    /// When the peer was admitted, in UTC.
    #[getter]
    fn since<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.since())
    }

    /// Whether the entry has gone since.
    #[getter]
    fn is_revoked(&self) -> bool {
        self.0.is_revoked()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.OpenConnection {} {}>", self.0.id(), self.0.certificate().subject())
    }
}
