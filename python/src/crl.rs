//! `trustdir.Crl`.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyDateTime;
use trustdir_core as core;

use crate::argument::datetime;

/// A revocation list in a directory of authorities, and its file.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki", name="Home CA")
///     >>> ca.revoke(ca.issue_client("alice").certificate)
///     >>> authorities = trustdir.AuthorityDir("authorities", create=True)
///     >>> anchor = authorities.directory.install(ca.trust_anchor)
///     >>> file = authorities.install_crl(ca.crl())
///     >>> [(crl.issuer, crl.revoked, crl.file == file) for crl in authorities.crls()]
///     [('CN=Home CA', 1, True)]
#[pyclass(frozen, module = "trustdir")]
pub struct Crl(pub core::Crl);

#[pymethods]
impl Crl {
    /// The file in which it lies.
    #[getter]
    fn file(&self) -> &Path {
        self.0.file()
    }

    /// The authority that says it has signed it, in RFC 4514 form.
    #[getter]
    fn issuer(&self) -> String {
        self.0.issuer().to_string()
    }

    /// The instant at which it was made, in UTC.
    #[getter]
    fn this_update<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.this_update())
    }

    /// The instant at which the next one is due, in UTC: it is out of date from then on.
    #[getter]
    fn next_update<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDateTime>> {
        datetime(py, self.0.next_update())
    }

    /// Its number in hexadecimal digits, or None if it has none.
    #[getter]
    fn number(&self) -> Option<&str> {
        self.0.number()
    }

    /// How many certificates it revokes.
    #[getter]
    fn revoked(&self) -> usize {
        self.0.revoked()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Crl {} {}>", self.0.file().display(), self.0.issuer())
    }
}
