//! Core errors become Python exceptions here and nowhere else.

use std::error::Error as _;
use std::io;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use trustdir_core as core;

pub type Result<T> = std::result::Result<T, Error>;

/// What a method can fail with, so that `?` takes errors of the core and of Python alike.
pub enum Error {
    Core(core::Error),
    Python(PyErr),
}

impl From<core::Error> for Error {
    fn from(error: core::Error) -> Self {
        Self::Core(error)
    }
}

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Python(error) => error,
            Error::Core(error) => Python::attach(|py| exception(py, &error).map_or_else(|e| e, PyErr::from_value)),
        }
    }
}

// The classes are written in Python: they have two bases each, which `create_exception!` cannot say.
fn exception<'py>(py: Python<'py>, error: &core::Error) -> PyResult<Bound<'py, PyAny>> {
    static FROM_CORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    FROM_CORE.import(py, "trustdir._errors", "from_core")?.call1((
        error.kind().as_str(),
        error.message(),
        error.path(),
        error.subject(),
        errno(error),
    ))
}

fn errno(error: &core::Error) -> Option<i32> {
    error.source()?.downcast_ref::<io::Error>()?.raw_os_error()
}
