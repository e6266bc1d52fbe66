//! `trustdir.Identity`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trustdir_core as core;

use crate::argument::Text;
use crate::certificate::Certificate;
use crate::error::Result;
use crate::key::PrivateKey;

/// A certificate chain and its private key: what a service or a client shows to prove who it is.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> ca.issue_client("alice").save("alice.cert.pem", "alice.key.pem", passphrase="correct horse")
///     >>> alice = trustdir.Identity.load("alice.cert.pem", "alice.key.pem", passphrase="correct horse")
///     >>> alice.certificate.subject
///     'CN=alice'
#[pyclass(frozen, module = "trustdir")]
pub struct Identity(pub core::Identity);

#[pymethods]
impl Identity {
    /// Reads a chain and its key from files.
    ///
    /// Args:
    ///     certificate: The PEM file of the chain, the end entity first.
    ///     key: The PEM file of the private key.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     KeyMismatchError: The key is another certificate's.
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    #[staticmethod]
    #[pyo3(signature = (certificate, key, *, passphrase = None))]
    fn load(py: Python<'_>, certificate: PathBuf, key: PathBuf, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::Identity::load(certificate, key, passphrase.as_deref()))?))
    }

    /// Reads a chain and its key from PEM texts.
    ///
    /// Args:
    ///     chain: The certificates, the end entity first, as `str` or bytes.
    ///     key: The private key, as `str` or bytes.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     KeyMismatchError: The key is another certificate's.
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    #[staticmethod]
    #[pyo3(signature = (chain, key, *, passphrase = None))]
    fn from_pem(py: Python<'_>, chain: Text, key: Text, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::Identity::from_pem(&chain, &key, passphrase.as_deref()))?))
    }

    /// Writes the chain and the key to two new files; only their owner may read the key.
    ///
    /// Args:
    ///     certificate: The file for the chain.
    ///     key: The file for the key.
    ///     passphrase: What to encrypt the key with.
    ///
    /// Raises:
    ///     AlreadyExistsError: One of the files is there already; nothing is overwritten.
    #[pyo3(signature = (certificate, key, *, passphrase = None))]
    fn save(&self, py: Python<'_>, certificate: PathBuf, key: PathBuf, passphrase: Option<Text>) -> Result<()> {
        Ok(py.detach(|| self.0.save(certificate, key, passphrase.as_deref()))?)
    }

    /// The end entity's certificate.
    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }

    /// The certificates, the end entity first.
    #[getter]
    fn chain(&self) -> Vec<Certificate> {
        self.0.chain().iter().cloned().map(Certificate).collect()
    }

    /// The private key.
    #[getter]
    fn key(&self) -> PrivateKey {
        PrivateKey(self.0.key().clone())
    }

    /// The certificates in PEM, the end entity first.
    #[getter]
    fn chain_pem<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.chain_pem().as_bytes())
    }

    /// The key as PKCS#8 in PEM, encrypted if there is a passphrase.
    ///
    /// Args:
    ///     passphrase: What to encrypt the key with.
    #[pyo3(signature = (passphrase = None))]
    fn key_pem<'py>(&self, py: Python<'py>, passphrase: Option<Text>) -> Result<Bound<'py, PyBytes>> {
        self.key().to_pem(py, passphrase)
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Identity {}>", self.0.certificate().subject())
    }
}
