//! `trustdir.export`: what devices and other programs take in.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trustdir_core::{self as core, export};

use crate::argument::protection;
use crate::certificate::{Certificate, Certificates};
use crate::error::Result;
use crate::identity::Identity;

/// An Apple configuration profile, which an iPhone, an iPad or a Mac installs in one step.
///
/// On an iPhone or iPad an authority counts in TLS only after its owner has switched it on, under Settings, General,
/// About, Certificate Trust Settings. A web server hands the file out as `application/x-apple-aspen-config`.
///
/// Args:
///     name: The name that the device shows.
///     authorities: Certificates to trust.
///     identities: Keys and chains to install.
///     password: What to encrypt the identities with; the device asks for it.
///     embed_password: Whether to put the password into the profile: nobody is asked, and whoever reads it has the keys.
///
/// Raises:
///     InvalidArgumentError: There are identities and no password, or one that a profile cannot carry.
///
/// Example:
///     >>> import trustdir
///     >>> from trustdir.export import MobileConfig
///     >>> ca = trustdir.Authority.create("pki")
///     >>> MobileConfig("Home", [ca.trust_anchor]).save("home.mobileconfig")
///     >>> alice = ca.issue_client("alice")
///     >>> MobileConfig("Home of Alice", [ca.trust_anchor], identities=[alice], password="correct horse")
///     <trustdir.export.MobileConfig 'Home of Alice'>
#[pyclass(frozen, module = "trustdir.export")]
pub struct MobileConfig {
    name: String,
    profile: export::MobileConfig,
}

#[pymethods]
impl MobileConfig {
    #[new]
    #[pyo3(
        signature = (name, authorities = Certificates::default(), *, identities = vec![], password = None, embed_password = false),
        text_signature = "(name, authorities=(), *, identities=(), password=None, embed_password=False)"
    )]
    fn new(
        py: Python<'_>,
        name: String,
        authorities: Certificates,
        identities: Vec<Bound<'_, Identity>>,
        password: Option<&str>,
        embed_password: bool,
    ) -> Result<Self> {
        let identities: Vec<core::Identity> = identities.iter().map(|identity| identity.get().0.clone()).collect();
        let profile = py.detach(|| {
            let empty = export::MobileConfig::new(name.as_str());
            let trusting = authorities.0.iter().fold(empty, export::MobileConfig::with_authority);
            // An empty password is refused by the core, as is none.
            let password = password.unwrap_or_default();
            identities.iter().try_fold(trusting, |all, one| all.with_identity(one, password, embed_password))
        })?;
        Ok(Self { name, profile })
    }

    /// The profile as an XML property list.
    #[getter]
    fn xml<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.profile.to_xml().as_bytes())
    }

    /// Writes the profile to a new file, which only its owner may read if it holds a key.
    ///
    /// Args:
    ///     path: The file.
    ///
    /// Raises:
    ///     AlreadyExistsError: The file is there already; nothing is overwritten.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<()> {
        Ok(py.detach(|| self.profile.save(path))?)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let name = self.name.as_str().into_pyobject(py)?.repr()?;
        Ok(format!("<trustdir.export.MobileConfig {name}>"))
    }
}

/// A PKCS#12 file of authorities alone, which Java takes as its truststore.
///
/// Nothing in it is secret, but Java wants a password; `changeit` is customary.
///
/// Args:
///     certificates: The authorities to trust, at least one.
///     password: The file's password.
///     profile: How it is protected, as for `Identity.p12`; `"compat"` is for Java before 8u301.
///
/// Example:
///     >>> import pathlib, trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> p12 = trustdir.export.truststore([ca.trust_anchor], "changeit")
///     >>> pathlib.Path("trust.p12").write_bytes(p12) == len(p12)
///     True
#[pyfunction]
#[pyo3(signature = (certificates, password, *, profile = "modern"))]
pub fn truststore<'py>(
    py: Python<'py>,
    certificates: Certificates,
    password: &str,
    profile: &str,
) -> Result<Bound<'py, PyBytes>> {
    let profile = protection(profile)?;
    Ok(PyBytes::new(py, &py.detach(|| export::truststore(&certificates.0, password, profile))?))
}

/// The chain that begins with a certificate: each is followed by its issuer's, up to and with the root.
///
/// Args:
///     certificate: The end entity's.
///     pool: Where to take the issuers from; what is not in the chain is left out.
#[pyfunction]
pub fn full_chain(py: Python<'_>, certificate: &Certificate, pool: Certificates) -> Vec<Certificate> {
    py.detach(|| export::full_chain(&certificate.0, &pool.0)).into_iter().map(Certificate).collect()
}

/// Writes certificates to a new PEM file: a chain, or several authorities.
///
/// Args:
///     certificates: What to write, in this order; what occurs twice is written once.
///     path: The file.
///
/// Raises:
///     AlreadyExistsError: The file is there already; nothing is overwritten.
#[pyfunction]
pub fn save_bundle(py: Python<'_>, certificates: Certificates, path: PathBuf) -> Result<()> {
    Ok(py.detach(|| export::save_bundle(&certificates.0, path))?)
}

/// Writes a certificate to a new DER file: the `.crt` that Android and Windows install.
///
/// Args:
///     certificate: What to write.
///     path: The file.
///
/// Raises:
///     AlreadyExistsError: The file is there already; nothing is overwritten.
#[pyfunction]
pub fn save_der(py: Python<'_>, certificate: &Certificate, path: PathBuf) -> Result<()> {
    Ok(py.detach(|| export::save_der(&certificate.0, path))?)
}
