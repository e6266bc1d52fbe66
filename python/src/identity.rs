//! `trustdir.Identity`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trustdir_core::{self as core, export::Pkcs12Options};

use crate::argument::{Bytes, Text, protection};
use crate::certificate::{Certificate, Certificates};
use crate::error::Result;
use crate::key::PrivateKey;

/// A certificate chain and its private key: what a service or a client shows to prove who it is.
///
/// Args:
///     chain: The certificates in any order: the key's own becomes the first, followed by its issuers. Of several for one
///         key the one that is valid now and ends last is taken.
///     key: The private key of the end entity.
///
/// Raises:
///     KeyMismatchError: No certificate is the key's.
///     InvalidArgumentError: The chain is empty, or a certificate has no part in it.
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
    #[new]
    fn new(chain: Certificates, key: &PrivateKey) -> Result<Self> {
        Ok(Self(core::Identity::new(chain.0, key.0.clone())?))
    }

    /// Reads a chain and its key from files.
    ///
    /// Args:
    ///     certificate: The file of the chain, its certificates in any order.
    ///     key: The file of the private key.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     KeyMismatchError: No certificate is the key's.
    ///     InvalidArgumentError: A certificate has no part in the chain.
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    #[staticmethod]
    #[pyo3(signature = (certificate, key, *, passphrase = None))]
    fn load(py: Python<'_>, certificate: PathBuf, key: PathBuf, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::Identity::load(certificate, key, passphrase.as_deref()))?))
    }

    /// Reads a chain and its key from PEM texts.
    ///
    /// Args:
    ///     chain: The certificates in any order, as `str` or bytes.
    ///     key: The private key, as `str` or bytes.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     KeyMismatchError: No certificate is the key's.
    ///     InvalidArgumentError: A certificate has no part in the chain.
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    #[staticmethod]
    #[pyo3(signature = (chain, key, *, passphrase = None))]
    fn from_pem(py: Python<'_>, chain: Text, key: Text, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::Identity::from_pem(&chain, &key, passphrase.as_deref()))?))
    }

    /// Reads the content of a PKCS#12 file that holds one private key, as OpenSSL, Windows and Java write it.
    ///
    /// Args:
    ///     data: The bytes.
    ///     password: The file's password, empty for none.
    ///
    /// Raises:
    ///     PassphraseError: The password is wrong.
    ///     KeyMismatchError: No certificate in it belongs to the key.
    ///     UnsupportedError: It is protected by an algorithm that is not taken, or holds several keys.
    ///     ParseError: It is no PKCS#12 file, or holds no key.
    #[staticmethod]
    fn from_pkcs12(py: Python<'_>, data: Bytes, password: &str) -> Result<Self> {
        Ok(Self(py.detach(|| core::Identity::from_pkcs12(&data.0, password))?))
    }

    /// Reads a PKCS#12 file, as `from_pkcs12` does.
    ///
    /// Args:
    ///     path: The file.
    ///     password: The file's password, empty for none.
    #[staticmethod]
    fn load_pkcs12(py: Python<'_>, path: PathBuf, password: &str) -> Result<Self> {
        Ok(Self(py.detach(|| core::Identity::load_pkcs12(path, password))?))
    }

    /// The key, its chain and further certificates as a PKCS#12 file, which every device takes in.
    ///
    /// Args:
    ///     password: What to encrypt the file with.
    ///     profile: How it is protected: `"modern"` by AES and SHA-256, or `"compat"` by triple DES and SHA-1, for
    ///         Apple's devices and for older Windows and Java.
    ///     name: The name that devices show; the common name if not given.
    ///     authorities: Certificates to carry besides the chain: phones want the authority's.
    ///
    /// Raises:
    ///     InvalidArgumentError: The password is empty, or it or the name has a character that PKCS#12 cannot carry.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> p12 = ca.issue_client("alice").p12("correct horse", profile="compat", authorities=[ca.certificate])
    ///     >>> alice = trustdir.Identity.from_pkcs12(p12, "correct horse")
    ///     >>> [certificate == ca.certificate for certificate in alice.chain]
    ///     [False, True]
    #[pyo3(
        signature = (password, *, profile = "modern", name = None, authorities = Certificates::default()),
        text_signature = "($self, password, *, profile='modern', name=None, authorities=())"
    )]
    fn p12<'py>(
        &self,
        py: Python<'py>,
        password: &str,
        profile: &str,
        name: Option<String>,
        authorities: Certificates,
    ) -> Result<Bound<'py, PyBytes>> {
        let options = Pkcs12Options { profile: protection(profile)?, name, authorities: authorities.0 };
        Ok(PyBytes::new(py, &py.detach(|| self.0.to_pkcs12(password, &options))?))
    }

    /// Writes what `p12` gives to a new file that only its owner may read.
    ///
    /// Args:
    ///     path: The file.
    ///     password: What to encrypt the file with.
    ///     profile: How it is protected, as for `p12`.
    ///     name: The name that devices show; the common name if not given.
    ///     authorities: Certificates to carry besides the chain.
    ///
    /// Raises:
    ///     AlreadyExistsError: The file is there already; nothing is overwritten.
    #[pyo3(
        signature = (path, password, *, profile = "modern", name = None, authorities = Certificates::default()),
        text_signature = "($self, path, password, *, profile='modern', name=None, authorities=())"
    )]
    fn save_pkcs12(
        &self,
        py: Python<'_>,
        path: PathBuf,
        password: &str,
        profile: &str,
        name: Option<String>,
        authorities: Certificates,
    ) -> Result<()> {
        let options = Pkcs12Options { profile: protection(profile)?, name, authorities: authorities.0 };
        Ok(py.detach(|| self.0.save_pkcs12(path, password, &options))?)
    }

    /// The chain and then the key in one PEM text, which curl and HAProxy read.
    ///
    /// Args:
    ///     passphrase: What to encrypt the key with.
    #[pyo3(signature = (passphrase = None))]
    fn bundle<'py>(&self, py: Python<'py>, passphrase: Option<Text>) -> Result<Bound<'py, PyBytes>> {
        let pem = py.detach(|| self.0.to_bundle(passphrase.as_deref()))?;
        Ok(PyBytes::new(py, pem.as_bytes()))
    }

    /// Writes what `bundle` gives to a new file that only its owner may read.
    ///
    /// Args:
    ///     path: The file.
    ///     passphrase: What to encrypt the key with.
    ///
    /// Raises:
    ///     AlreadyExistsError: The file is there already; nothing is overwritten.
    #[pyo3(signature = (path, *, passphrase = None))]
    fn save_bundle(&self, py: Python<'_>, path: PathBuf, passphrase: Option<Text>) -> Result<()> {
        Ok(py.detach(|| self.0.save_bundle(path, passphrase.as_deref()))?)
    }

    /// The identity with its chain completed, as `trustdir.export.full_chain` does it.
    ///
    /// Args:
    ///     pool: Where to take the issuers from.
    fn with_issuers(&self, py: Python<'_>, pool: Certificates) -> Result<Self> {
        Ok(Self(py.detach(|| self.0.with_issuers(&pool.0))?))
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
    ///     derivation: As for `PrivateKey.to_pem`.
    #[pyo3(signature = (passphrase = None, *, derivation = "scrypt"))]
    fn key_pem<'py>(&self, py: Python<'py>, passphrase: Option<Text>, derivation: &str) -> Result<Bound<'py, PyBytes>> {
        self.key().to_pem(py, passphrase, derivation)
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Identity {}>", self.0.certificate().subject())
    }
}
