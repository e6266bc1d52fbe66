//! `trustdir.Rehashed`, and how a trust directory is rehashed.

use std::path::PathBuf;

use pyo3::prelude::*;
use trustdir_core as core;

use crate::entry::{Entry, Problem};
use crate::error::Result;
use crate::trust_dir::TrustDir;

/// What `TrustDir.rehash` has changed, or would change. All paths are absolute.
///
/// Example:
///     >>> import pathlib, trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> written = pathlib.Path("clients", "alice.pem").write_bytes(ca.issue_client("alice").certificate.pem)
///     >>> [entry.file.name for entry in clients.rehash(dry_run=True).newly_admitted]
///     ['alice.pem']
///     >>> [target.name for link, target in clients.rehash().linked]
///     ['alice.pem']
///     >>> clients.rehash().is_unchanged
///     True
#[pyclass(frozen, module = "trustdir")]
pub struct Rehashed(core::Rehashed);

#[pymethods]
impl Rehashed {
    /// The links that are made, and the names of the files that they lead to.
    #[getter]
    fn linked(&self) -> Vec<(PathBuf, PathBuf)> {
        self.0.linked.clone()
    }

    /// The files and links that get another number or hash: their old names and their new ones.
    #[getter]
    fn renamed(&self) -> Vec<(PathBuf, PathBuf)> {
        self.0.renamed.clone()
    }

    /// The links that go: they lead nowhere, or where another one leads.
    #[getter]
    fn removed(&self) -> Vec<PathBuf> {
        self.0.removed.clone()
    }

    /// What stays as it is though it is not as it should be, and why.
    #[getter]
    fn left(&self) -> Vec<Problem> {
        self.0.left.iter().cloned().map(Problem).collect()
    }

    /// The files whose clients are admitted from then on where only subject hashes count, and were not before.
    #[getter]
    fn newly_admitted(&self) -> Vec<Entry> {
        self.0.newly_admitted.iter().cloned().map(Entry).collect()
    }

    /// Whether the directory is as a rehash leaves it, but for what is `left`.
    #[getter]
    fn is_unchanged(&self) -> bool {
        self.0.is_unchanged()
    }

    fn __repr__(&self) -> String {
        let core::Rehashed { linked, renamed, removed, left, .. } = &self.0;
        let [linked, renamed, removed, left] = [linked.len(), renamed.len(), removed.len(), left.len()];
        format!("<trustdir.Rehashed {linked} linked, {renamed} renamed, {removed} removed, {left} left>")
    }
}

#[pymethods]
impl TrustDir {
    /// Makes the directory one in which OpenSSL finds every certificate and revocation list by its hash, as
    /// `openssl rehash` does, but without its faults: gaps are closed, and a regular file is never removed.
    ///
    /// It can admit clients where only subject hashes count: `newly_admitted` of a dry run says whom.
    ///
    /// Args:
    ///     dry_run: Whether only to say what would be changed.
    ///
    /// Raises:
    ///     AlreadyExistsError: Another program changes the directory at the same time; the rest is as it was.
    #[pyo3(signature = (*, dry_run = false))]
    fn rehash(&self, py: Python<'_>, dry_run: bool) -> Result<Rehashed> {
        let rehash = || match dry_run {
            true => Ok(self.0.plan_rehash()?.rehashed().clone()),
            false => self.0.rehash(),
        };
        Ok(Rehashed(py.detach(rehash)?))
    }
}
