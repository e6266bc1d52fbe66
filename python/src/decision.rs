//! `trustdir.Decision`.

use std::path::Path;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDateTime;
use trustdir_core as core;

use crate::argument::datetime;
use crate::certificate::Certificate;

/// Whether a certificate was admitted, and why.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> decision = clients.decide(ca.issue_client("mallory").certificate)
///     >>> decision.admitted, decision.reason == "NOT_INSTALLED", decision.subject
///     (False, True, 'CN=mallory')
#[pyclass(frozen, module = "trustdir")]
pub struct Decision(pub core::Decision);

#[pymethods]
impl Decision {
    /// Whether it was admitted.
    #[getter]
    fn admitted(&self) -> bool {
        self.0.is_admitted()
    }

    /// Why, as a `Reason`.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static REASON: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        REASON.import(py, "trustdir._reason", "Reason")?.call1((self.0.reason().as_str(),))
    }

    /// Why, in one line for a log.
    #[getter]
    fn message(&self) -> &str {
        self.0.message()
    }

    /// The subject of the certificate, escaped and cut after 256 characters, or None if there was none.
    #[getter]
    fn subject(&self) -> Option<String> {
        self.0.subject()
    }

    /// The issuer of the certificate, escaped and cut after 256 characters, or None if there was none.
    #[getter]
    fn issuer(&self) -> Option<String> {
        self.0.issuer()
    }

    /// The serial number of the certificate in hexadecimal digits, cut after 64, or None if there was none.
    #[getter]
    fn serial(&self) -> Option<String> {
        self.0.serial()
    }

    /// The fingerprint of the certificate, or None if there was none.
    #[getter]
    fn fingerprint(&self) -> Option<String> {
        self.0.fingerprint().map(|fingerprint| fingerprint.to_string())
    }

    /// The file that matched, or None.
    #[getter]
    fn entry(&self) -> Option<&Path> {
        self.0.entry()
    }

    /// The instant that was decided for, in UTC.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.time())
    }

    /// The name of the service that decided, or None.
    #[getter]
    fn service(&self) -> Option<&str> {
        self.0.service()
    }

    /// The whole record as one line of JSON, with control and direction characters escaped. Its keys are `reason`,
    /// `admitted`, `message`, `subject`, `issuer`, `serial`, `sha256`, `file`, `time` (RFC 3339) and `service`.
    fn to_json(&self) -> String {
        self.0.to_json()
    }

    /// The certificate, or None if there was none.
    #[getter]
    fn certificate(&self) -> Option<Certificate> {
        self.0.certificate().cloned().map(Certificate)
    }

    /// Refuses to be a truth value: a refusal is an object too, and would count as true.
    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("a Decision is not a truth value; use its `admitted`"))
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Decision {} {:?}>", self.0.reason().as_str(), self.0.message())
    }
}
