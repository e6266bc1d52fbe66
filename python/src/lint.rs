//! `trustdir.lint` and `trustdir.Finding`.

use std::path::{Path, PathBuf};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use trustdir_core::lint::{self as core, Client, Options};

use crate::argument::{Instant, Profile};
use crate::certificate::{Certificate, Certificates};
use crate::error::Result;
use crate::identity::Identity;
use crate::request::CertificateRequest;

/// Which clients refuse a certificate, why, and what to do, by the rules of Apple, browsers, Go, OpenSSL and others.
///
/// Args:
///     what: A file (certificates, a chain, requests or keys, PEM or DER), or a folder with all that is below it; a
///         `Certificate`, a `CertificateRequest`, a chain of certificates as a service sends it, or an `Identity`, of which
///         an issuer that is not in its chain is noted too.
///     profile: What it is used for: `"server"`, `"client"`, `"both"` or `"authority"`; what it says if not given.
///     at: The instant of the judgement, as an aware `datetime`; now if not given.
///
/// Returns:
///     The findings, in the order of the files and subjects, the gravest of each first. What cannot be read is a
///     finding too.
///
/// Raises:
///     NotFoundError: There is no such file or folder.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> trustdir.lint("pki")
///     []
///     >>> for finding in trustdir.lint(ca.issue_server("nas.home.arpa", days=3000).certificate):
///     ...     print(finding.severity, finding.rule, finding.refused_by, finding.message)
///     REFUSED VALIDITY_OVER_825_DAYS ['APPLE'] it is valid for 3000 days; Apple refuses over 825
#[pyfunction]
#[pyo3(signature = (what, *, profile = None, at = None))]
pub fn lint(py: Python<'_>, what: Judged, profile: Option<Profile>, at: Option<Instant>) -> Result<Vec<Finding>> {
    let options = Options { profile: profile.map(|profile| profile.0), now: at.map(|instant| instant.0) };
    let findings = py.detach(|| match &what {
        Judged::Path(path) => core::path(path, &options),
        Judged::Certificate(certificate) => Ok(core::certificate(&certificate.get().0, &options)),
        Judged::Request(request) => Ok(core::request(&request.get().0, &options)),
        Judged::Identity(identity) => Ok(identity.get().0.lint(&options)),
        Judged::Chain(chain) => Ok(core::chain(&chain.0, &options)),
    })?;
    Ok(findings.into_iter().map(Finding).collect())
}

/// What is looked at.
pub enum Judged {
    Path(PathBuf),
    Certificate(Py<Certificate>),
    Request(Py<CertificateRequest>),
    Identity(Py<Identity>),
    Chain(Certificates),
}

impl FromPyObject<'_, '_> for Judged {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(certificate) = object.cast::<Certificate>() {
            return Ok(Self::Certificate(certificate.to_owned().unbind()));
        }
        if let Ok(request) = object.cast::<CertificateRequest>() {
            return Ok(Self::Request(request.to_owned().unbind()));
        }
        if let Ok(identity) = object.cast::<Identity>() {
            return Ok(Self::Identity(identity.to_owned().unbind()));
        }
        if let Ok(chain) = object.extract() {
            return Ok(Self::Chain(chain));
        }
        object.extract().map(Self::Path).map_err(|_| {
            let expected = "a path, a Certificate, a CertificateRequest, an Identity or a sequence of certificates";
            PyTypeError::new_err(format!("expected {expected}"))
        })
    }
}

/// One fault, who refuses because of it, and what to do. Its text is the message and the remedy.
///
/// Example:
///     >>> import trustdir
///     >>> key = trustdir.PrivateKey.generate()
///     >>> request = trustdir.CertificateRequest.create(key, "nas.home.arpa")
///     >>> [finding.rule for finding in trustdir.lint(request)]
///     ['NO_SAN']
#[pyclass(frozen, eq, module = "trustdir")]
#[derive(PartialEq)]
pub struct Finding(core::Finding);

#[pymethods]
impl Finding {
    /// Which rule is broken, as a word that never changes, such as `"NO_SAN"`.
    #[getter]
    fn rule(&self) -> &'static str {
        self.0.rule().as_str()
    }

    /// How much it matters, as a `Severity`.
    #[getter]
    fn severity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static SEVERITY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        SEVERITY.import(py, "trustdir._severity", "Severity")?.call1((self.0.severity().as_str(),))
    }

    /// What is wrong, with what was measured.
    #[getter]
    fn message(&self) -> &str {
        self.0.message()
    }

    /// What to do.
    #[getter]
    fn remedy(&self) -> &str {
        self.0.remedy()
    }

    /// Who refuses because of it, such as `"APPLE"`; somebody exactly when the severity is `REFUSED`.
    #[getter]
    fn refused_by(&self) -> Vec<&'static str> {
        self.0.refused_by().iter().copied().map(Client::as_str).collect()
    }

    /// The subject of the certificate or request, or None if it has none.
    #[getter]
    fn subject(&self) -> Option<&str> {
        self.0.subject()
    }

    /// The file that it is in, or None if no file was looked at.
    #[getter]
    fn path(&self) -> Option<&Path> {
        self.0.path()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Finding {} {} {:?}>", self.0.severity(), self.0.rule(), self.0.message())
    }
}
