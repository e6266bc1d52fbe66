//! `trustdir.CertificateRequest` and `trustdir.Signed`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trustdir_core::{self as core, DistinguishedName};

use crate::argument::{AltName, Bytes, Text};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::key::PrivateKey;

/// A request for a certificate (PKCS#10). Its signature is checked: whoever made it has the private key.
///
/// What it asks for is shown, not granted: `Authority.sign` says what the certificate gets.
///
/// Example:
///     >>> import trustdir
///     >>> key = trustdir.PrivateKey.generate()
///     >>> request = trustdir.CertificateRequest.create(key, "CN=nas.home.arpa", "nas.home.arpa", "192.168.1.5")
///     >>> request.names
///     ['DNS:nas.home.arpa', 'IP:192.168.1.5']
///     >>> trustdir.CertificateRequest.from_pem(request.pem).subject
///     'CN=nas.home.arpa'
#[pyclass(frozen, module = "trustdir")]
pub struct CertificateRequest(pub core::CertificateRequest);

#[pymethods]
impl CertificateRequest {
    /// Makes a request, signed with the key.
    ///
    /// Args:
    ///     key: The key that the certificate shall be for.
    ///     subject: Whom it shall name: a common name, or a whole name such as `"CN=nas,O=Home"`.
    ///     names: The names to ask for, as `str` or `ipaddress` objects: DNS names and addresses, or text such as
    ///         `"email:alice@home.arpa"`.
    #[staticmethod]
    #[pyo3(signature = (key, subject, *names))]
    fn create(py: Python<'_>, key: &PrivateKey, subject: &str, names: Vec<AltName>) -> Result<Self> {
        let subject = DistinguishedName::parse(subject)?;
        let names: Vec<_> = names.into_iter().map(|name| name.0).collect();
        Ok(Self(py.detach(|| core::CertificateRequest::create(&key.0, &subject, &names))?))
    }

    /// Reads a request file, PEM or DER.
    ///
    /// Args:
    ///     path: The file.
    ///
    /// Raises:
    ///     ParseError: There is no request in the file.
    ///     VerificationError: It was altered after it was signed, or its key is too weak.
    ///     UnsupportedError: It has a key or a signature of a sort that is not taken, such as SHA-1.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> Result<Self> {
        Ok(Self(py.detach(|| core::CertificateRequest::load(path))?))
    }

    /// Reads the first request in a PEM text, as `load` does.
    ///
    /// Args:
    ///     pem: The text, as `str` or bytes.
    #[staticmethod]
    fn from_pem(py: Python<'_>, pem: Text) -> Result<Self> {
        Ok(Self(py.detach(|| core::CertificateRequest::from_pem(&pem))?))
    }

    /// Reads a request in DER, as `load` does.
    ///
    /// Args:
    ///     der: The bytes.
    #[staticmethod]
    fn from_der(py: Python<'_>, der: Bytes) -> Result<Self> {
        Ok(Self(py.detach(|| core::CertificateRequest::from_der(&der.0))?))
    }

    /// The request in DER.
    #[getter]
    fn der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_der())
    }

    /// The request in PEM.
    #[getter]
    fn pem<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.to_pem().as_bytes())
    }

    /// Whom it names, in RFC 4514 form.
    #[getter]
    fn subject(&self) -> String {
        self.0.subject().to_string()
    }

    /// The names that it asks for, such as `"DNS:nas.home.arpa"` and `"IP:192.168.1.5"`.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names().iter().map(ToString::to_string).collect()
    }

    /// Whether it asks to be an authority, which is never granted.
    #[getter]
    fn asks_for_authority(&self) -> bool {
        self.0.asks_for_authority()
    }

    /// What else it asks for and is not looked at, such as `"extension 1.2.3.4"`.
    #[getter]
    fn ignored(&self) -> Vec<String> {
        self.0.ignored().to_vec()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.CertificateRequest {}>", self.0.subject())
    }
}

/// A signed request: what `Authority.sign` gives.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> request = trustdir.CertificateRequest.create(trustdir.PrivateKey.generate(), "nas.home.arpa")
///     >>> signed = ca.sign(request)
///     >>> signed.certificate.names
///     ['DNS:nas.home.arpa']
///     >>> for note in signed.notes:
///     ...     print(note)
///     no name was asked for; the common name is granted as DNS:nas.home.arpa, since no client reads it there
#[pyclass(frozen, module = "trustdir")]
pub struct Signed(pub core::Signed);

#[pymethods]
impl Signed {
    /// The certificate.
    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate.clone())
    }

    /// What was asked for and not granted, or granted otherwise, a line each.
    #[getter]
    fn notes(&self) -> Vec<String> {
        self.0.notes.clone()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Signed {}>", self.0.certificate.subject())
    }
}
