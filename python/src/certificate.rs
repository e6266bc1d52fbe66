//! `trustdir.Certificate`.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDateTime};
use trustdir_core as core;

use crate::argument::{Bytes, Text, datetime};
use crate::constraints::NameConstraints;
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

    /// Reads every certificate of a PEM file, or the one of a DER file.
    ///
    /// Args:
    ///     path: The file.
    ///
    /// Returns:
    ///     At least one certificate, in the order of the file.
    ///
    /// Raises:
    ///     ParseError: There is no certificate in the file, or one that cannot be read.
    #[staticmethod]
    fn load_all(py: Python<'_>, path: PathBuf) -> Result<Vec<Self>> {
        Ok(py.detach(|| core::Certificate::load_all(path))?.into_iter().map(Self).collect())
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

    /// How many authorities may follow below it, or None for no limit.
    #[getter]
    fn path_length(&self) -> Option<u32> {
        self.0.path_length()
    }

    /// For which names an authority and those below it may issue, or None for all.
    #[getter]
    fn name_constraints(&self) -> Result<Option<NameConstraints>> {
        let constraints = self.0.name_constraints()?;
        Ok((!constraints.is_empty()).then_some(NameConstraints(constraints)))
    }

    /// What it is for: `"authority"`, `"server"` and `"client"`, or `"anything"` when it does not say.
    #[getter]
    fn purposes(&self) -> Vec<&'static str> {
        self.0.purposes()
    }

    /// Whether it says that it was issued by itself, as the certificates of roots do.
    #[getter]
    fn is_self_issued(&self) -> bool {
        self.0.is_self_issued()
    }

    /// The kind of its public key, such as `"P-256"`, or None for one that is not admitted.
    #[getter]
    fn key_algorithm(&self) -> Option<String> {
        self.0.key_algorithm().map(|algorithm| algorithm.to_string())
    }

    /// Whether the issuer's key made its signature; names and dates are not looked at.
    ///
    /// Args:
    ///     issuer: The certificate of the authority.
    fn is_signed_by(&self, py: Python<'_>, issuer: &Certificate) -> bool {
        py.detach(|| self.0.is_signed_by(&issuer.0))
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

/// Certificates as a sequence.
#[derive(Default)]
pub struct Certificates(pub Vec<core::Certificate>);

impl FromPyObject<'_, '_> for Certificates {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let certificates: Vec<Bound<'_, Certificate>> = object.extract()?;
        Ok(Self(certificates.iter().map(|certificate| certificate.get().0.clone()).collect()))
    }
}

/// A certificate that is to be installed: the object, its bytes in PEM or DER, or the path of its file.
pub enum Offered {
    Certificate(core::Certificate),
    Bytes(Bytes),
    Path(PathBuf),
}

impl Offered {
    /// The certificate; of several, the first.
    pub fn read(self) -> core::Result<core::Certificate> {
        match self {
            Self::Certificate(certificate) => Ok(certificate),
            Self::Bytes(bytes) => core::Certificate::from_bytes(&bytes.0),
            Self::Path(path) => core::Certificate::load(path),
        }
    }
}

impl FromPyObject<'_, '_> for Offered {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(certificate) = object.cast::<Certificate>() {
            return Ok(Self::Certificate(certificate.get().0.clone()));
        }
        if let Ok(bytes) = object.extract() {
            return Ok(Self::Bytes(bytes));
        }
        let invalid = |_| PyTypeError::new_err("expected a Certificate, a path, or bytes in PEM or DER");
        object.extract().map(Self::Path).map_err(invalid)
    }
}

/// A certificate that a client presented: the object, or DER.
pub enum Presented {
    Certificate(core::Certificate),
    Der(Bytes),
}

impl Presented {
    pub fn der(&self) -> &[u8] {
        match self {
            Self::Certificate(certificate) => certificate.as_der(),
            Self::Der(der) => &der.0,
        }
    }
}

impl FromPyObject<'_, '_> for Presented {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.cast::<Certificate>() {
            Ok(certificate) => Ok(Self::Certificate(certificate.get().0.clone())),
            Err(_) => object.extract().map(Self::Der),
        }
    }
}
