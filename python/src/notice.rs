//! `trustdir.Notice`, and how a trust directory is checked.

use std::path::Path;

use pyo3::prelude::*;
use trustdir_core as core;

use crate::certificate::Certificate;
use crate::error::Result;
use crate::trust_dir::TrustDir;

/// Something about a file of a trust directory that somebody should know.
///
/// Example:
///     >>> import pathlib, trustdir
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> written = pathlib.Path("clients", "alice.pem").write_text("not a certificate")
///     >>> [(notice.kind, notice.is_problem, notice.file.name) for notice in clients.check()]
///     [('FILE', True, 'alice.pem')]
#[pyclass(frozen, module = "trustdir")]
pub struct Notice(core::Notice);

#[pymethods]
impl Notice {
    /// What it is about: `"FILE"`, which cannot be an entry; `"PRIVATE_KEY"`, which lies in the entry's file;
    /// `"ENTRY_NAMES"`, on which the client's admission depends; `"AUTHORITY"`, which the certificate says to be; or
    /// the `Reason` for which an entry is refused.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind().as_str()
    }

    /// Whether somebody has to do something; else it is only good to know.
    #[getter]
    fn is_problem(&self) -> bool {
        self.0.is_problem()
    }

    /// The file.
    #[getter]
    fn file(&self) -> &Path {
        self.0.file()
    }

    /// What is the matter with the file and what to do, in one line.
    #[getter]
    fn message(&self) -> &str {
        self.0.message()
    }

    /// The certificate, or None if none was read.
    #[getter]
    fn certificate(&self) -> Option<Certificate> {
        self.0.certificate().cloned().map(Certificate)
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Notice {} {}: {}>", self.0.kind().as_str(), self.0.file().display(), self.0.message())
    }
}

#[pymethods]
impl TrustDir {
    /// Looks for everything that keeps a client out or lets one in unawares; problems first.
    ///
    /// Problems are files that cannot be read or that hold private keys, certificates that are refused now, and, where
    /// only subject hashes count, files that admit nobody. Notes are certificates that would be authorities under
    /// OpenSSL, and clients whose admission depends on which file names count.
    fn check(&self, py: Python<'_>) -> Result<Vec<Notice>> {
        Ok(py.detach(|| self.0.check())?.into_iter().map(Notice).collect())
    }
}
