//! `trustdir.Issued`, and the words for how it stands.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDateTime;
use trustdir_core::{self as core, IssuedStatus, RevocationReason};

use crate::argument::datetime;
use crate::certificate::Certificate;
use crate::error::Result;

/// One certificate that an authority has issued, as its directory tells.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> ca.revoke(ca.issue_client("alice").certificate, "superseded")
///     >>> for issued in ca.issued():
///     ...     print(issued.subject, issued.status, issued.reason)
///     CN=alice REVOKED superseded
#[pyclass(frozen, module = "trustdir")]
pub struct Issued(pub core::Issued);

#[pymethods]
impl Issued {
    /// The serial number in hexadecimal digits, as `Certificate.serial` has it.
    #[getter]
    fn serial(&self) -> String {
        self.0.serial.clone()
    }

    /// The subject in RFC 4514 form or, where the certificate is not kept, as the index has it: `"/CN=alice"`.
    #[getter]
    fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The last instant at which it is valid, in UTC.
    #[getter]
    fn not_after<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.not_after)
    }

    /// How it stands, as an `IssuedStatus`.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static STATUS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        STATUS.import(py, "trustdir._issued", "IssuedStatus")?.call1((self.0.status.as_str(),))
    }

    /// The instant at which it was revoked, in UTC, or None.
    #[getter]
    fn revoked_at<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDateTime>>> {
        self.revocation().map(|(since, _)| datetime(py, since)).transpose()
    }

    /// Why it was revoked, as a `RevocationReason`, or None.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static REASON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let Some((_, reason)) = self.revocation() else { return Ok(None) };
        REASON.import(py, "trustdir._issued", "RevocationReason")?.call1((reason.as_str(),)).map(Some)
    }

    /// The certificate, or None if the directory has not kept it.
    #[getter]
    fn certificate(&self) -> Option<Certificate> {
        self.0.certificate.clone().map(Certificate)
    }

    /// Where the directory keeps it.
    #[getter]
    fn file(&self) -> &Path {
        &self.0.file
    }

    /// Whether it is meant by a name, as `Authority.find` asks.
    ///
    /// Args:
    ///     name: A common name, subject, alternative name, serial number or fingerprint.
    fn is_named(&self, name: &str) -> bool {
        self.0.is_named(name)
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Issued {} {} {}>", self.serial(), self.0.status.as_str(), self.0.subject)
    }
}

impl Issued {
    fn revocation(&self) -> Option<(i64, RevocationReason)> {
        match self.0.status {
            IssuedStatus::Revoked { since, reason } => Some((since, reason)),
            _ => None,
        }
    }
}

/// What was issued as a `trustdir.IssuedList`.
pub fn list(py: Python<'_>, issued: Vec<core::Issued>) -> Result<Bound<'_, PyAny>> {
    static LIST: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let issued: Vec<Issued> = issued.into_iter().map(Issued).collect();
    Ok(LIST.import(py, "trustdir._issued", "IssuedList")?.call1((issued,))?)
}
