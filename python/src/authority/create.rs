//! How authorities come to be: made, made below another one, taken over from elsewhere, renewed.

use std::path::PathBuf;

use pyo3::prelude::*;
use trustdir_core::{self as core, AuthorityOptions, DistinguishedName};

use super::Authority;
use crate::argument::{Algorithm, Days, PathLength, Subtree, Text};
use crate::constraints::wished;
use crate::error::Result;
use crate::identity::Identity;

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
    ///     path_length: How many authorities may follow below it; no limit if not given.
    ///     permitted: For which names it may issue: `"home.arpa"`, `"192.168.0.0/16"` or an `ipaddress` network,
    ///         `"email:home.arpa"`. Once anything is permitted, no other DNS name, address or mailbox is.
    ///     excluded: For which names it may not issue.
    ///     home: Whether to permit what a home needs: `home.arpa`, `internal`, `local`, `localhost` and the private
    ///         addresses, and besides what `permitted` names.
    ///
    /// Raises:
    ///     AlreadyExistsError: There is an authority already; it is never overwritten.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki", home=True, permitted=["example.dyndns.org"])
    ///     >>> ca.issue_server("nas.home.arpa", "www.example.dyndns.org").certificate.subject
    ///     'CN=nas.home.arpa'
    ///     >>> try:
    ///     ...     ca.issue_server("bank.example")
    ///     ... except trustdir.VerificationError as error:
    ///     ...     print(error.kind, error.subject)
    ///     NAME_MISMATCH DNS:bank.example
    #[staticmethod]
    #[pyo3(
        signature = (path, *, name = None, days = None, passphrase = None, algorithm = None, path_length = None, permitted = vec![], excluded = vec![], home = false),
        text_signature = "(path, *, name=None, days=None, passphrase=None, algorithm=None, path_length=None, permitted=(), excluded=(), home=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn create(
        py: Python<'_>,
        path: PathBuf,
        name: Option<&str>,
        days: Option<Days>,
        passphrase: Option<Text>,
        algorithm: Option<Algorithm>,
        path_length: Option<PathLength>,
        permitted: Vec<Subtree>,
        excluded: Vec<Subtree>,
        home: bool,
    ) -> Result<Self> {
        let constraints = wished(permitted, excluded, home);
        let options = authority_options(name, days, passphrase, algorithm, path_length, constraints)?;
        Ok(Self(py.detach(|| core::Authority::create(path, options))?))
    }

    /// Makes an authority below this one, in a directory of its own. What it issues comes with its certificate, and
    /// its clients trust this one.
    ///
    /// Args:
    ///     path: The directory; it is made if it is not there.
    ///     name: What the authority is called, as for `create`.
    ///     days: How long its certificate is valid, as `int` or `timedelta`.
    ///     passphrase: What to encrypt its private key with.
    ///     algorithm: The kind of its key, as for `PrivateKey.generate`.
    ///     path_length: How many authorities may follow below it; none if not given.
    ///     permitted: For which names it may issue, as for `create`.
    ///     excluded: For which names it may not issue.
    ///     home: Whether to permit what a home needs, as for `create`.
    ///
    /// Raises:
    ///     AlreadyExistsError: There is an authority already; it is never overwritten.
    ///     InvalidArgumentError: The path length of those above leaves no room.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> root = trustdir.Authority.create("root", name="Root", passphrase="kept in a safe")
    ///     >>> office = root.create_intermediate("office", name="Office")
    ///     >>> [certificate.subject for certificate in office.issue_server("nas.home.arpa").chain]
    ///     ['CN=nas.home.arpa', 'CN=Office']
    ///     >>> office.trust_anchor.subject
    ///     'CN=Root'
    #[pyo3(
        signature = (path, *, name = None, days = None, passphrase = None, algorithm = None, path_length = None, permitted = vec![], excluded = vec![], home = false),
        text_signature = "($self, path, *, name=None, days=None, passphrase=None, algorithm=None, path_length=None, permitted=(), excluded=(), home=False)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn create_intermediate(
        &self,
        py: Python<'_>,
        path: PathBuf,
        name: Option<&str>,
        days: Option<Days>,
        passphrase: Option<Text>,
        algorithm: Option<Algorithm>,
        path_length: Option<PathLength>,
        permitted: Vec<Subtree>,
        excluded: Vec<Subtree>,
        home: bool,
    ) -> Result<Self> {
        let constraints = wished(permitted, excluded, home);
        let options = authority_options(name, days, passphrase, algorithm, path_length, constraints)?;
        Ok(Self(py.detach(|| self.0.create_intermediate(path, options))?))
    }

    /// Takes over an authority that something else made. What it issued before is not known here.
    ///
    /// Args:
    ///     path: The new directory; it is made if it is not there.
    ///     authority: Its certificate, those above it, and its key.
    ///     passphrase: What to encrypt the key with.
    ///
    /// Raises:
    ///     AlreadyExistsError: There is an authority already; it is never overwritten.
    ///     VerificationError: The certificate is no authority's.
    #[staticmethod]
    #[pyo3(signature = (path, authority, *, passphrase = None))]
    fn import_(py: Python<'_>, path: PathBuf, authority: &Identity, passphrase: Option<Text>) -> Result<Self> {
        Ok(Self(py.detach(|| core::Authority::import(path, &authority.0, passphrase.as_deref()))?))
    }

    /// Renews this authority's own certificate: same name and key, so that what it issued stays valid.
    ///
    /// The old certificate is kept beside the new one. This object goes on with the old one.
    ///
    /// Args:
    ///     issuer: The authority above, which signs the certificate; a root signs its own.
    ///     days: How long the new certificate is valid, as `int` or `timedelta`.
    ///
    /// Returns:
    ///     The renewed authority.
    #[pyo3(signature = (issuer = None, *, days = None))]
    fn renew_authority(&self, py: Python<'_>, issuer: Option<&Self>, days: Option<Days>) -> Result<Self> {
        let renew = || self.0.renew_authority(issuer.map(|issuer| &issuer.0), days.map(|days| days.0));
        Ok(Self(py.detach(renew)?))
    }
}

fn authority_options(
    name: Option<&str>,
    days: Option<Days>,
    passphrase: Option<Text>,
    algorithm: Option<Algorithm>,
    path_length: Option<PathLength>,
    constraints: core::NameConstraints,
) -> Result<AuthorityOptions> {
    let default = AuthorityOptions::default();
    Ok(AuthorityOptions {
        name: name.map(DistinguishedName::parse).transpose()?,
        days: days.map(|days| days.0),
        passphrase: passphrase.map(Text::into_bytes),
        key_algorithm: algorithm.map_or(default.key_algorithm, |algorithm| algorithm.0),
        path_length: path_length.map(|length| length.0),
        constraints,
    })
}
