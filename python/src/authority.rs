//! `trustdir.Authority`: open it, issue, sign and list; the rest is in its parts.

mod create;
mod renew;
mod revoke;

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use trustdir_core::{self as core, DistinguishedName, IssueOptions, SignOptions, SubjectAltName};

use crate::argument::{Algorithm, AltName, Days, HostName, Instant, Profile, Text, Word};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::identity::Identity;
use crate::issued;
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
    /// Opens the authority in a directory, made by trustdir, `openssl ca`, easy-rsa, mkcert or minica.
    ///
    /// Args:
    ///     path: The directory.
    ///     passphrase: What its private key is encrypted with.
    ///     key: Whether to open its private key. Without it, everything works but what signs: issuing, renewing and
    ///         writing the list of what is revoked.
    ///
    /// Raises:
    ///     NotFoundError: There is no authority in the directory.
    ///     PassphraseError: The passphrase is wrong, or there is none and the key is encrypted.
    #[staticmethod]
    #[pyo3(signature = (path, *, passphrase = None, key = true))]
    fn open(py: Python<'_>, path: PathBuf, passphrase: Option<Text>, key: bool) -> Result<Self> {
        let open = || match key {
            true => core::Authority::open(path, passphrase.as_deref()),
            false => core::Authority::open_without_key(path),
        };
        Ok(Self(py.detach(open)?))
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

    /// Issues a certificate and key to a server that is a client of others too.
    ///
    /// Args:
    ///     names: Its names, as for `issue_server`.
    ///     days: How long the certificate is valid, as `int` or `timedelta`.
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///     algorithm: The kind of the key, as for `PrivateKey.generate`.
    #[pyo3(signature = (*names, days = None, not_before = None, not_after = None, algorithm = None))]
    fn issue_both(
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
        Ok(Identity(py.detach(|| self.0.issue_both(&names, &options))?))
    }

    /// Issues a certificate and key to a client.
    ///
    /// Args:
    ///     name: What the client is called; it becomes the common name.
    ///     names: Names besides, as for `CertificateRequest.create`, such as `"email:alice@home.arpa"`.
    ///     days: How long the certificate is valid, as `int` or `timedelta`.
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///     algorithm: The kind of the key, as for `PrivateKey.generate`.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> alice = ca.issue_client("alice", names=["email:alice@home.arpa"])
    ///     >>> alice.save_pkcs12("alice.p12", "correct horse")
    #[pyo3(
        signature = (name, *, names = vec![], days = None, not_before = None, not_after = None, algorithm = None),
        text_signature = "($self, name, *, names=(), days=None, not_before=None, not_after=None, algorithm=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn issue_client(
        &self,
        py: Python<'_>,
        name: &str,
        names: Vec<AltName>,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
        algorithm: Option<Algorithm>,
    ) -> Result<Identity> {
        let (names, options) = (alt_names(names), issue_options(days, not_before, not_after, algorithm));
        Ok(Identity(py.detach(|| self.0.issue_client_with(name, &names, &options))?))
    }

    /// Issues a certificate and key with this subject and these names, which no profile demands.
    ///
    /// Args:
    ///     profile: What the certificate is for: `"server"`, `"client"` or `"both"`.
    ///     subject: Whom it names: a common name, or a whole name such as `"CN=nas,O=Home"`.
    ///     names: Its names, as for `CertificateRequest.create`.
    ///     days: How long the certificate is valid, as `int` or `timedelta`.
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///     algorithm: The kind of the key, as for `PrivateKey.generate`.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> ca.issue("client", "CN=alice,O=Home").certificate.subject
    ///     'CN=alice,O=Home'
    #[pyo3(
        signature = (profile, subject, *, names = vec![], days = None, not_before = None, not_after = None, algorithm = None),
        text_signature = "($self, profile, subject, *, names=(), days=None, not_before=None, not_after=None, algorithm=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn issue(
        &self,
        py: Python<'_>,
        profile: Profile,
        subject: &str,
        names: Vec<AltName>,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
        algorithm: Option<Algorithm>,
    ) -> Result<Identity> {
        let (names, options) = (alt_names(names), issue_options(days, not_before, not_after, algorithm));
        let subject = DistinguishedName::parse(subject)?;
        Ok(Identity(py.detach(|| self.0.issue(profile.0, &subject, &names, &options))?))
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
        signature = (request, *, profile = Word(core::Profile::Server), names = None, days = None, not_before = None, not_after = None),
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
            names: names.map(alt_names),
            issue: issue_options(days, not_before, not_after, None),
        };
        Ok(Signed(py.detach(|| self.0.sign(&request.0, &options))?))
    }

    /// Everything that was issued, the oldest first.
    fn issued<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        issued::list(py, py.detach(|| self.0.issued())?)
    }

    /// What was issued under a name, the oldest first.
    ///
    /// Args:
    ///     name: A common name, subject, alternative name (with or without `DNS:`), serial number or fingerprint.
    fn find<'py>(&self, py: Python<'py>, name: &str) -> Result<Bound<'py, PyAny>> {
        issued::list(py, py.detach(|| self.0.find(name))?)
    }

    /// What needs to be renewed: not revoked, not followed by a later one, and ending soon or lately ended.
    ///
    /// Args:
    ///     days: How soon, and how lately, as `int` or `timedelta`.
    fn expiring<'py>(&self, py: Python<'py>, days: Days) -> Result<Bound<'py, PyAny>> {
        issued::list(py, py.detach(|| self.0.expiring(days.0))?)
    }

    /// The authority's own certificate.
    #[getter]
    fn certificate(&self) -> Certificate {
        Certificate(self.0.certificate().clone())
    }

    /// Its certificate and those of the authorities above it, as far as they are known.
    #[getter]
    fn chain(&self) -> Vec<Certificate> {
        self.0.chain().iter().cloned().map(Certificate).collect()
    }

    /// What those who are to trust it install: the last certificate of the chain.
    #[getter]
    fn trust_anchor(&self) -> Certificate {
        Certificate(self.0.trust_anchor().clone())
    }

    /// The file of its certificate.
    #[getter]
    fn certificate_path(&self) -> PathBuf {
        self.0.certificate_path()
    }

    /// The file of the trust anchor.
    #[getter]
    fn trust_anchor_path(&self) -> PathBuf {
        self.0.trust_anchor_path()
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

fn alt_names(names: Vec<AltName>) -> Vec<SubjectAltName> {
    names.into_iter().map(|name| name.0).collect()
}
