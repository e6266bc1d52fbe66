//! `trustdir.Certificate`.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime};
use trustdir_core as core;

use crate::argument::{Bytes, Text, datetime};
use crate::error::Result;

/// An X.509 certificate. Two are equal when their bytes are.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki", name="Home CA")
///     >>> certificate = ca.issue_server("nas.home.arpa", "192.168.1.5").certificate
///     >>> certificate.subject, certificate.issuer
///     ('CN=nas.home.arpa', 'CN=Home CA')
///     >>> certificate.names
///     ['DNS:nas.home.arpa', 'IP:192.168.1.5']
///     >>> trustdir.Certificate.from_pem(certificate.pem) == certificate
///     True
#[pyclass(frozen, eq, hash, module = "trustdir")]
#[derive(PartialEq)]
pub struct Certificate(pub core::Certificate);

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.fingerprint().hash(state);
    }
}

#[pymethods]
impl Certificate {
    /// Reads a certificate file, PEM or DER.
    ///
    /// Args:
    ///     path: The file; of several certificates in it, the first is read.
    ///
    /// Raises:
    ///     ParseError: There is no certificate in the file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> Result<Self> {
        Ok(Self(py.detach(|| core::Certificate::load(path))?))
    }

    /// Reads the first certificate in a PEM text.
    ///
    /// Args:
    ///     pem: The text, as `str` or bytes.
    ///
    /// Raises:
    ///     ParseError: There is no certificate in the text.
    #[staticmethod]
    fn from_pem(pem: Text) -> Result<Self> {
        Ok(Self(core::Certificate::from_pem(&pem)?))
    }

    /// Reads a certificate in DER, as `ssl.SSLSocket.getpeercert(True)` gives it.
    ///
    /// Args:
    ///     der: The bytes.
    ///
    /// Raises:
    ///     ParseError: The bytes are not a certificate.
    #[staticmethod]
    fn from_der(der: Bytes) -> Result<Self> {
        Ok(Self(core::Certificate::from_der(&der.0)?))
    }

    /// The certificate in DER.
    #[getter]
    fn der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_der())
    }

    /// The certificate in PEM.
    #[getter]
    fn pem<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.to_pem().as_bytes())
    }

    /// Whose certificate it is, in RFC 4514 form: `"CN=alice,O=Home"`.
    #[getter]
    fn subject(&self) -> String {
        self.0.subject().to_string()
    }

    /// Who signed it, in RFC 4514 form.
    #[getter]
    fn issuer(&self) -> String {
        self.0.issuer().to_string()
    }

    /// The serial number in hexadecimal digits.
    #[getter]
    fn serial(&self) -> String {
        self.0.serial()
    }

    /// The SHA-256 of its DER, as 64 hexadecimal digits.
    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }

    /// The hash of its subject that names files in an OpenSSL directory, as 8 hexadecimal digits.
    #[getter]
    fn subject_hash(&self) -> Result<String> {
        Ok(self.0.subject().subject_hash()?.to_string())
    }

    /// The subject hash of OpenSSL before 1.0.0.
    #[getter]
    fn subject_hash_old(&self) -> String {
        self.0.subject().subject_hash_old().to_string()
    }

    /// The instant from which it is valid, in UTC.
    #[getter]
    fn not_before<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.not_before())
    }

    /// The last instant at which it is valid, in UTC.
    #[getter]
    fn not_after<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.not_after())
    }

    /// The subject's alternative names, such as `"DNS:nas.home.arpa"` and `"IP:192.168.1.5"`.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().iter().map(ToString::to_string).collect()
    }

    /// Whether it says that it may sign certificates.
    #[getter]
    fn is_authority(&self) -> bool {
        self.0.is_authority()
    }

    /// The version of X.509: 1, 2 or 3.
    #[getter]
    fn version(&self) -> u8 {
        self.0.version()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Certificate {} {}>", self.0.subject(), self.0.fingerprint())
    }
}
