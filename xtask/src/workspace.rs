//! Where things are, and the environment that every child process gets.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository and its one cargo target directory.
pub(crate) struct Workspace {
    /// The repository.
    pub(crate) root: PathBuf,
    /// `target`: everything that is made goes below it.
    pub(crate) target: PathBuf,
    /// `target/debug`: the programs that cargo builds.
    pub(crate) programs: PathBuf,
}

impl Workspace {
    /// Asks cargo's environment and the place of this very program.
    pub(crate) fn locate() -> Result<Self, String> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("run me as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().ok_or("xtask lies in no repository")?;
        let program = env::current_exe().map_err(|e| format!("where is this program: {e}"))?;
        let programs = program.parent().ok_or("this program lies in no directory")?;
        let target = programs.parent().ok_or("this program lies in no target directory")?;
        Ok(Self { root: root.into(), target: target.into(), programs: programs.into() })
    }

    /// A child process in the repository with nothing on its standard input and none of the variables that
    /// `cargo run` set for this program: they would make cargo rebuild, and tests load libraries by accident.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|own| text.starts_with(own)) {
                command.env_remove(&name);
            }
        }
        match self.library_path() {
            Some(path) => command.env("LD_LIBRARY_PATH", path),
            None => command.env_remove("LD_LIBRARY_PATH"),
        };
        // Flipping this variable rebuilds pyo3; with it no build needs a libpython.
        command.env("PYO3_BUILD_EXTENSION_MODULE", "1");
        command
    }

    /// `cargo VERB --locked`.
    pub(crate) fn cargo(&self, verb: &[&str]) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(verb).arg("--locked");
        command
    }

    /// `path` as the reader of a message wants it: relative to the repository.
    pub(crate) fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    fn library_path(&self) -> Option<OsString> {
        let inherited = env::var_os("LD_LIBRARY_PATH")?;
        let kept: Vec<_> = env::split_paths(&inherited)
            .filter(|entry| !entry.as_os_str().is_empty() && !entry.starts_with(&self.target))
            .collect();
        if kept.is_empty() { None } else { env::join_paths(kept).ok() }
    }
}

/// `PATH` with `first` before everything else.
pub(crate) fn path_with(first: &[&Path]) -> Result<OsString, String> {
    let inherited = env::var_os("PATH").unwrap_or_default();
    let entries = first.iter().map(|entry| entry.to_path_buf()).chain(env::split_paths(&inherited));
    env::join_paths(entries).map_err(|e| format!("PATH: {e}"))
}
