//! `trustdir.Authority`.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use trustdir_core::{self as core, AuthorityOptions, DistinguishedName, IssueOptions};

use crate::argument::{Algorithm, Days, HostName, Instant, Text};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::identity::Identity;

/// A private certificate authority, kept in a directory.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki", name="Home CA", passphrase="correct horse")
///     >>> ca = trustdir.Authority.open("pki", passphrase="correct horse")
///     >>> nas = ca.issue_server("nas.home.arpa", "192.168.1.5")
///     >>> nas.save("nas.cert.pem", "nas.key.pem")
#[pyclass(frozen, module = "trustdir")]
pub struct Authority(core::Authority);

#[pymethods]
impl Authority {
    /// Makes a new authority in a directory that has none.
    ///
    /// Args:
    ///     path: The directory; it is made if it is not there.
    ///     name: What the authority is called: a common name, or a whole name such as `"CN=Home CA,O=Home"`.
    ///     days: How long its certificate is valid, as `int` or `timedelta`.
    ///     passphrase: What to encrypt its private key with.
    ///     algorithm: The kind of its key, as for `PrivateKey.generate`.
    ///
    /// Raises:
    ///     AlreadyExistsError: There is an authority already; it is never overwritten.
    #[staticmethod]
    #[pyo3(signature = (path, *, name = None, days = None, passphrase = None, algorithm = None))]
    fn create(
        py: Python<'_>,
        path: PathBuf,
        name: Option<&str>,
        days: Option<Days>,
        passphrase: Option<Text>,
        algorithm: Option<Algorithm>,
    ) -> Result<Self> {
        let mut options = AuthorityOptions {
            name: name.map(distinguished_name).transpose()?,
            days: days.map(|days| days.0),
            passphrase: passphrase.map(Text::into_bytes),
            ..AuthorityOptions::default()
        };
        if let Some(algorithm) = algorithm {
            options.key_algorithm = algorithm.0;
        }
        Ok(Self(py.detach(|| core::Authority::create(path, options))?))
    }

    /// Opens the authority in a directory.
    ///
    /// Args:
    ///     path: The directory.
    ///     passphrase: What its private key is encrypted with.
    ///
    /// Raises:
    ///     NotFoundError: There is no authority in the directory.
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    #[staticmethod]
    #[pyo3(signature = (path, *, passphrase = None))]
    fn open(py: Python<'_>, path: PathBuf, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::Authority::open(path, passphrase.as_deref()))?))
    }

    /// Issues a certificate and key to a server.
    ///
    /// Args:
    ///     names: The DNS names and addresses by which clients call it, as `str` or `ipaddress` objects; the first
    ///         becomes its common name.
    ///     days: How long the certificate is valid, as `int` or `timedelta`.
    ///     not_before: From when it is valid, as an aware `datetime`; now if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///     algorithm: The kind of the key, as for `PrivateKey.generate`.
    ///
    /// Example:
    ///     >>> import ipaddress, trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> nas = ca.issue_server("nas.home.arpa", ipaddress.ip_address("192.168.1.5"), days=90)
    ///     >>> nas.certificate.names
    ///     ['DNS:nas.home.arpa', 'IP:192.168.1.5']
    #[pyo3(signature = (*names, days = None, not_before = None, not_after = None, algorithm = None))]
    fn issue_server(
        &self,
        py: Python<'_>,
        names: Vec<HostName>,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
        algorithm: Option<Algorithm>,
    ) -> Result<Identity> {
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let options = issue_options(days, not_before, not_after, algorithm);
        Ok(Identity(py.detach(|| self.0.issue_server(&names, &options))?))
    }

    /// Issues a certificate and key to a client.
    ///
    /// Args:
    ///     name: What the client is called; it becomes the common name.
    ///     days: How long the certificate is valid, as `int` or `timedelta`.
    ///     not_before: From when it is valid, as an aware `datetime`; now if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///     algorithm: The kind of the key, as for `PrivateKey.generate`.
    #[pyo3(signature = (name, *, days = None, not_before = None, not_after = None, algorithm = None))]
    fn issue_client(
        &self,
        py: Python<'_>,
        name: &str,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
        algorithm: Option<Algorithm>,
    ) -> Result<Identity> {
        let options = issue_options(days, not_before, not_after, algorithm);
        Ok(Identity(py.detach(|| self.0.issue_client(name, &options))?))
    }

    /// The authority's own certificate, which those who are to trust it install.
    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }

    /// The directory.
    #[getter]
    fn path(&self) -> &Path {
        self.0.dir()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Authority {} in {}>", self.0.certificate().subject(), self.0.dir().display())
    }
}

fn distinguished_name(text: &str) -> Result<DistinguishedName> {
    if text.contains('=') { Ok(DistinguishedName::parse(text)?) } else { Ok(DistinguishedName::from_common_name(text)) }
}

fn issue_options(
    days: Option<Days>,
    not_before: Option<Instant>,
    not_after: Option<Instant>,
    algorithm: Option<Algorithm>,
) -> IssueOptions {
    IssueOptions {
        days: days.map(|days| days.0),
        not_before: not_before.map(|instant| instant.0),
        not_after: not_after.map(|instant| instant.0),
        key_algorithm: algorithm.map(|algorithm| algorithm.0),
    }
}
