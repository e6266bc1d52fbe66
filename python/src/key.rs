//! `trustdir.PrivateKey`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trustdir_core::{self as core, KeyAlgorithm};

use crate::argument::{self, Algorithm, Bytes, Text, Word};
use crate::error::Result;

/// A private key. It never shows its secret: not in its text, not in an error.
///
/// Example:
///     >>> import trustdir
///     >>> key = trustdir.PrivateKey.generate()
///     >>> key
///     <trustdir.PrivateKey P-256>
///     >>> pem = key.to_pem(passphrase="correct horse")
///     >>> trustdir.PrivateKey.from_pem(pem, passphrase="correct horse").algorithm
///     'P-256'
#[pyclass(frozen, module = "trustdir")]
pub struct PrivateKey(pub core::PrivateKey);

#[pymethods]
impl PrivateKey {
    /// Makes a new key.
    ///
    /// Args:
    ///     algorithm: `"P-256"`, `"P-384"`, `"P-521"`, `"Ed25519"`, or `"RSA-2048"` and up.
    #[staticmethod]
    #[pyo3(signature = (algorithm = Word(KeyAlgorithm::EcdsaP256)), text_signature = "(algorithm='P-256')")]
    fn generate(py: Python<'_>, algorithm: Algorithm) -> Result<Self> {
        Ok(Self(py.detach(|| core::PrivateKey::generate(algorithm.0))?))
    }

    /// Reads a key file: PKCS#8, PKCS#1 or SEC 1, encrypted or not.
    ///
    /// Args:
    ///     path: The file.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    ///     ParseError: There is no private key in the file.
    #[staticmethod]
    #[pyo3(signature = (path, *, passphrase = None))]
    fn load(py: Python<'_>, path: PathBuf, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::PrivateKey::load(path, passphrase.as_deref()))?))
    }

    /// Reads a key from the content of a key file.
    ///
    /// Args:
    ///     pem: The PEM text, as `str` or bytes.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    ///     ParseError: There is no private key in the text.
    #[staticmethod]
    #[pyo3(signature = (pem, *, passphrase = None))]
    fn from_pem(py: Python<'_>, pem: Text, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::PrivateKey::from_pem(&pem, passphrase.as_deref()))?))
    }

    /// Reads a key in DER: PKCS#8, encrypted or not, PKCS#1 or SEC 1.
    ///
    /// Args:
    ///     der: The bytes.
    ///     passphrase: What the key is encrypted with.
    ///
    /// Raises:
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    ///     ParseError: The bytes are not a private key.
    #[staticmethod]
    #[pyo3(signature = (der, *, passphrase = None))]
    fn from_der(py: Python<'_>, der: Bytes, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::PrivateKey::from_der(&der.0, passphrase.as_deref()))?))
    }

    /// The key as PKCS#8 in PEM, encrypted if there is a passphrase.
    ///
    /// Args:
    ///     passphrase: What to encrypt the key with.
    ///     derivation: How the passphrase becomes a key: by `"scrypt"`, which OpenSSL 1.1 and later read, or by
    ///         `"pbkdf2"`, which GnuTLS and Java read too.
    #[pyo3(signature = (passphrase = None, *, derivation = "scrypt"))]
    pub fn to_pem<'py>(
        &self,
        py: Python<'py>,
        passphrase: Option<Text>,
        derivation: &str,
    ) -> Result<Bound<'py, PyBytes>> {
        let derivation = argument::derivation(derivation)?;
        // Stretching the passphrase takes its time on purpose.
        let pem = py.detach(|| self.0.to_pem_under(derivation, passphrase.as_deref()))?;
        Ok(PyBytes::new(py, pem.as_bytes()))
    }

    /// The key as PKCS#8 in DER, encrypted if there is a passphrase.
    ///
    /// Args:
    ///     passphrase: What to encrypt the key with.
    ///     derivation: As for `to_pem`.
    #[pyo3(signature = (passphrase = None, *, derivation = "scrypt"))]
    fn to_der<'py>(&self, py: Python<'py>, passphrase: Option<Text>, derivation: &str) -> Result<Bound<'py, PyBytes>> {
        let derivation = argument::derivation(derivation)?;
        let der = py.detach(|| self.0.to_der(derivation, passphrase.as_deref()))?;
        Ok(PyBytes::new(py, &der))
    }

    /// What kind of key it is, such as `"P-256"` or `"RSA-2048"`.
    #[getter]
    fn algorithm(&self) -> String {
        self.0.algorithm().to_string()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.PrivateKey {}>", self.0.algorithm())
    }
}
