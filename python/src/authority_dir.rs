//! `trustdir.AuthorityDir`.

use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use trustdir_core::{self as core, AuthorityDirOptions, StaleCrls};

use crate::argument::{self, Bytes, Instant};
use crate::certificate::Presented;
use crate::crl::Crl;
use crate::decision::Decision;
use crate::entry::Problem;
use crate::error::Result;
use crate::trust_dir::TrustDir;

/// A directory of trust anchors: whoever has a certificate from one of these authorities is admitted, unless a revocation
/// list in the directory revokes it. That is much wider than a `TrustDir`, whose entries admit only themselves.
///
/// It is always as the files are now. Several threads may use one object.
///
/// Args:
///     path: The directory.
///     entry_names: Which files count, as for `TrustDir`; under `"subject-hash"` revocation lists are read from names such
///         as `0fb8533c.r0`.
///     watch: Whether a thread watches for changes, as for `TrustDir`.
///     create: Whether to make the directory if it is not there.
///     stale_crls: What becomes of clients whose authority's list is out of date: `"refuse"` them until there is a new
///         one, or `"admit"` them unless the old one revokes them. An authority without any list has revoked nobody.
///
/// Raises:
///     NotFoundError: There is no such directory.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> alice = ca.issue_client("alice").certificate
///     >>> authorities = trustdir.AuthorityDir("authorities", create=True)
///     >>> anchor = authorities.directory.install(ca.trust_anchor)
///     >>> authorities.decide(alice).entry == anchor.file
///     True
///     >>> ca.revoke(alice, "keyCompromise")
///     >>> file = authorities.install_crl(ca.crl())
///     >>> authorities.decide(alice).reason
///     <Reason.REVOKED_BY_CRL: 'REVOKED_BY_CRL'>
#[pyclass(frozen, module = "trustdir")]
pub struct AuthorityDir(pub core::AuthorityDir);

#[pymethods]
impl AuthorityDir {
    #[new]
    #[pyo3(signature = (path, *, entry_names = "any", watch = true, create = false, stale_crls = "refuse"))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        entry_names: &str,
        watch: bool,
        create: bool,
        stale_crls: &str,
    ) -> Result<Self> {
        let (entry_names, stale_crls) = (argument::entry_names(entry_names)?, argument::stale_crls(stale_crls)?);
        let options = AuthorityDirOptions { entry_names, watch, create, stale_crls };
        Ok(Self(py.detach(|| core::AuthorityDir::open_with(path, options))?))
    }

    /// The directory as one of certificates: to install, remove, list and find authorities. What *it* decides is about
    /// the authorities themselves.
    #[getter]
    fn directory(&self) -> TrustDir {
        TrustDir(self.0.directory().clone())
    }

    /// What becomes of clients whose authority's list is out of date: `"refuse"` or `"admit"`.
    #[getter]
    fn stale_crls(&self) -> &'static str {
        match self.0.stale_crls() {
            StaleCrls::Refuse => "refuse",
            StaleCrls::Admit => "admit",
        }
    }

    /// Decides whether to admit a client that has proved to hold the key of a certificate.
    ///
    /// Args:
    ///     chain: The certificates that the client sent, its own first, as objects or as DER, such as
    ///         `ssl.SSLSocket.get_unverified_chain()` gives; or its own alone.
    ///     at: For what instant to decide, as an aware `datetime`; now if not given.
    #[pyo3(signature = (chain, *, at = None))]
    fn decide(&self, py: Python<'_>, chain: Chain, at: Option<Instant>) -> Decision {
        let at = at.unwrap_or_else(Instant::now).0;
        let chain: Vec<&[u8]> = chain.0.iter().map(Presented::der).collect();
        Decision(py.detach(|| self.0.decide(&chain, at)))
    }

    /// Writes a revocation list under the name by which OpenSSL finds it, in place of this authority's older one.
    ///
    /// Args:
    ///     crl: The list: bytes in PEM or DER, or the path of a file, such as `Authority.crl` gives.
    ///
    /// Returns:
    ///     The file.
    ///
    /// Raises:
    ///     ParseError: It is not a list.
    ///     AlreadyExistsError: The one that is here is newer.
    ///     VerificationError: It is out of date, or not signed by the authority of its name.
    fn install_crl(&self, py: Python<'_>, crl: List) -> Result<PathBuf> {
        Ok(py.detach(|| match crl {
            List::Bytes(bytes) => self.0.install_crl(&bytes.0),
            List::Path(path) => self.0.install_crl_file(path),
        })?)
    }

    /// Every revocation list in the directory that can be used, sorted by file.
    fn crls(&self, py: Python<'_>) -> Vec<Crl> {
        py.detach(|| self.0.crls()).into_iter().map(Crl).collect()
    }

    /// Every file that is neither an authority that vouches nor a list that counts, and why; sorted by file. Lists that
    /// are out of date are among them.
    fn problems(&self, py: Python<'_>) -> Result<Vec<Problem>> {
        Ok(py.detach(|| self.0.problems())?.into_iter().map(Problem).collect())
    }

    /// Looks at the directory now. Decisions do this by themselves.
    fn refresh(&self, py: Python<'_>) -> Result<()> {
        Ok(py.detach(|| self.0.refresh())?)
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.AuthorityDir {}>", self.0.directory().path().display())
    }
}

/// The certificates that a client sent.
pub struct Chain(pub Vec<Presented>);

impl FromPyObject<'_, '_> for Chain {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(end_entity) = object.extract() {
            return Ok(Self(vec![end_entity]));
        }
        let invalid = |_| PyTypeError::new_err("expected a Certificate, DER, or a sequence of them");
        object.extract().map(Self).map_err(invalid)
    }
}

/// A revocation list that is to be installed.
enum List {
    Bytes(Bytes),
    Path(PathBuf),
}

impl FromPyObject<'_, '_> for List {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.extract() {
            return Ok(Self::Bytes(bytes));
        }
        let invalid = |_| PyTypeError::new_err("expected a path, or bytes in PEM or DER");
        object.extract().map(Self::Path).map_err(invalid)
    }
}
