//! How far a long reading is, told to a Python function.

use std::sync::OnceLock;

use pyo3::prelude::*;

/// The function, and what it raised.
pub struct Progress {
    function: Option<Py<PyAny>>,
    raised: OnceLock<PyErr>,
}

impl Progress {
    pub fn new(function: Option<Py<PyAny>>) -> Self {
        Self { function, raised: OnceLock::new() }
    }

    /// Calls the function, from whichever thread, unless it has raised something. The thread must be detached.
    pub fn tell(&self, done: usize, total: usize) {
        let Some(function) = self.function.as_ref().filter(|_| self.raised.get().is_none()) else { return };
        Python::attach(|py| {
            if let Err(error) = function.call1(py, (done, total)) {
                // Of several at once, the first is told.
                let _ = self.raised.set(error);
            }
        });
    }

    /// What the function raised.
    pub fn finish(self) -> PyResult<()> {
        self.raised.into_inner().map_or(Ok(()), Err)
    }
}
