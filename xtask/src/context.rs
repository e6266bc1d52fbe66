//! What the suites share: each part is made when the first suite asks for it, once, and a failure is remembered.

use std::cell::OnceCell;
use std::path::PathBuf;

use crate::artifacts::{self, Prefix};
use crate::venv::Venv;
use crate::workspace::Workspace;

type Once<T> = OnceCell<Result<T, String>>;

/// One run of xtask.
pub(crate) struct Context {
    /// Where things are.
    pub(crate) workspace: Workspace,
    venv: Once<Venv>,
    wheel: Once<()>,
    command: Once<PathBuf>,
    prefix: Once<Prefix>,
    node: Once<PathBuf>,
}

impl Context {
    pub(crate) fn new() -> Result<Self, String> {
        Ok(Self {
            workspace: Workspace::locate()?,
            venv: Once::new(),
            wheel: Once::new(),
            command: Once::new(),
            prefix: Once::new(),
            node: Once::new(),
        })
    }

    /// The Python environment with the tools.
    pub(crate) fn venv(&self) -> Result<&Venv, String> {
        remembered(&self.venv, || Venv::ensure(&self.workspace))
    }

    /// The Python environment with the trustdir wheel in it.
    pub(crate) fn venv_with_wheel(&self) -> Result<&Venv, String> {
        let venv = self.venv()?;
        remembered(&self.wheel, || venv.install_wheel(&self.workspace))?;
        Ok(venv)
    }

    /// The `trustdir` command.
    pub(crate) fn command(&self) -> Result<&PathBuf, String> {
        remembered(&self.command, || artifacts::command(&self.workspace))
    }

    /// The C library, its headers and its CMake package, installed.
    pub(crate) fn prefix(&self) -> Result<&Prefix, String> {
        remembered(&self.prefix, || artifacts::install(self))
    }

    /// The example node in C++.
    pub(crate) fn node(&self) -> Result<&PathBuf, String> {
        remembered(&self.node, || artifacts::node(self))
    }
}

fn remembered<T>(cell: &Once<T>, make: impl FnOnce() -> Result<T, String>) -> Result<&T, String> {
    cell.get_or_init(make).as_ref().map_err(Clone::clone)
}
