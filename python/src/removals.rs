//! `trustdir.Removals`: entries as they go, for event loops.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use trustdir_core as core;

use crate::error::Result;
use crate::trust_dir::TrustDir;

/// The entries that go while somebody stands on them: what `TrustDir.removals` gives.
///
/// It has a descriptor, which is readable exactly while a removal waits: hand the object to `loop.add_reader` or to
/// `selectors`, and never read from it. Its loop never blocks and ends when no removal waits *now*; later it can be
/// gone through again. A with statement closes it.
///
/// Several threads may use it; each removal goes to one of them. Close it after the event loop has forgotten it.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> alice = ca.issue_client("alice").certificate
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> entry = clients.install(alice)
///     >>> with clients.removals() as removals:
///     ...     admission = clients.decide(alice, hold=True)  # kept with the connection
///     ...     removed = clients.remove("alice")
///     ...     # when the event loop says that it is readable:
///     ...     for removal in removals:
///     ...         print(removal.fingerprint == admission.fingerprint)
///     True
#[pyclass(frozen, module = "trustdir")]
pub struct Removals(Mutex<Option<core::Removals>>);

#[pymethods]
impl Removals {
    /// Its descriptor, until it is closed.
    ///
    /// Raises:
    ///     ValueError: It is closed.
    #[cfg(unix)]
    fn fileno(&self) -> PyResult<i32> {
        use std::os::fd::{AsFd as _, AsRawFd as _};
        self.open(|removals| removals.as_fd().as_raw_fd())
    }

    /// Whether removals were not listed since this was last asked, because more than 1,024 waited. Then decide about
    /// every connection again.
    ///
    /// Raises:
    ///     ValueError: It is closed.
    fn missed(&self) -> PyResult<bool> {
        self.open(core::Removals::missed)
    }

    /// Ends the list and closes its descriptor. Closing it again does nothing.
    fn close(&self) {
        drop(self.lock().take());
    }

    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __next__(&self) -> PyResult<Option<Removal>> {
        Ok(self.open(core::Removals::next)?.map(Removal))
    }

    fn __enter__(this: Py<Self>) -> Py<Self> {
        this
    }

    fn __exit__(&self, _kind: &Bound<'_, PyAny>, _error: &Bound<'_, PyAny>, _traceback: &Bound<'_, PyAny>) {
        self.close();
    }

    fn __repr__(&self) -> &'static str {
        if self.lock().is_some() { "<trustdir.Removals>" } else { "<trustdir.Removals closed>" }
    }
}

impl Removals {
    fn lock(&self) -> MutexGuard<'_, Option<core::Removals>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open<T>(&self, ask: impl FnOnce(&mut core::Removals) -> T) -> PyResult<T> {
        self.lock().as_mut().map(ask).ok_or_else(|| PyValueError::new_err("the list of removals is closed"))
    }
}

/// An entry that has gone while somebody stood on it.
#[pyclass(frozen, eq, module = "trustdir")]
#[derive(PartialEq)]
pub struct Removal(core::Removal);

#[pymethods]
impl Removal {
    /// The fingerprint of the certificate that was the entry, as `Decision.fingerprint` has it.
    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint().to_string()
    }

    /// The file that carried it last.
    #[getter]
    fn file(&self) -> &Path {
        self.0.file()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Removal {} {}>", self.0.file().display(), self.0.fingerprint())
    }
}

#[pymethods]
impl TrustDir {
    /// Begins a list of the entries that go while somebody stands on them: a decision that was made with `hold` and is
    /// kept. Each call begins a list of its own.
    ///
    /// Raises:
    ///     IoError: The process may open no more descriptors.
    fn removals(&self, py: Python<'_>) -> Result<Removals> {
        Ok(Removals(Mutex::new(Some(py.detach(|| self.0.removals())?))))
    }
}
