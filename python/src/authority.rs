//! `trustdir.Authority`.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use trustdir_core::{self as core, AuthorityOptions, DistinguishedName, IssueOptions, SignOptions};

use crate::argument::{Algorithm, AltName, Days, HostName, Instant, Profile, Text};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::identity::Identity;
use crate::request::{CertificateRequest, Signed};

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
            name: name.map(DistinguishedName::parse).transpose()?,
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
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
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
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
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

    /// Signs a request. Its key and its subject are taken as they are; everything else is decided here.
    ///
    /// Args:
    ///     request: The request.
    ///     profile: What the certificate is for: `"server"`, `"client"` or `"both"`.
    ///     names: The names to grant, as for `CertificateRequest.create`. If not given, a server gets the DNS names and
    ///         addresses that were asked for, or its common name when no name was; and a client none.
    ///     days: How long the certificate is valid, as `int` or `timedelta`.
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///
    /// Returns:
    ///     The certificate, and notes of what was asked for and not granted.
    ///
    /// Raises:
    ///     InvalidArgumentError: A server's request names no host, and `names` neither.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> key = trustdir.PrivateKey.generate()
    ///     >>> request = trustdir.CertificateRequest.create(key, "nas", "nas.home.arpa", "bank.example")
    ///     >>> signed = ca.sign(request, names=["nas.home.arpa"], days=90)
    ///     >>> signed.certificate.names
    ///     ['DNS:nas.home.arpa']
    ///     >>> signed.notes
    ///     ['DNS:bank.example was asked for and is not granted']
    #[pyo3(
        signature = (request, *, profile = Profile(core::Profile::Server), names = None, days = None, not_before = None, not_after = None),
        text_signature = "($self, request, *, profile='server', names=None, days=None, not_before=None, not_after=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn sign(
        &self,
        py: Python<'_>,
        request: &CertificateRequest,
        profile: Profile,
        names: Option<Vec<AltName>>,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
    ) -> Result<Signed> {
        let options = SignOptions {
            profile: profile.0,
            names: names.map(|names| names.into_iter().map(|name| name.0).collect()),
            issue: issue_options(days, not_before, not_after, None),
        };
        Ok(Signed(py.detach(|| self.0.sign(&request.0, &options))?))
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
