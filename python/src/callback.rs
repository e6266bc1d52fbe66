//! What callers have called back, from whatever thread.

use pyo3::PyTypeInfo;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Something that can be called.
pub struct Callback(Py<PyAny>);

impl Callback {
    /// Calls it without arguments.
    pub fn notify(&self) {
        self.run(|py| self.0.call0(py));
    }

    /// Calls it with what `argument` makes.
    pub fn call<T: PyTypeInfo>(&self, argument: impl FnOnce(Python<'_>) -> PyResult<Py<T>>) {
        self.run(|py| self.0.call1(py, (argument(py)?,)));
    }

    /// Nobody waits for what it raises: the interpreter reports that. Nothing is called once the interpreter is going.
    fn run(&self, call: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>) {
        Python::try_attach(|py| {
            if let Err(error) = call(py) {
                error.write_unraisable(py, Some(self.0.bind(py)));
            }
        });
    }
}

impl FromPyObject<'_, '_> for Callback {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if object.is_callable() {
            return Ok(Self(object.to_owned().unbind()));
        }
        Err(PyTypeError::new_err(format!("expected something to call, not {}", object.get_type().name()?)))
    }
}
