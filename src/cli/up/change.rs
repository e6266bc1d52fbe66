//! A file as it is and as it will be.

use std::fs;
use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};

use super::super::output::{Output, path_json};
use super::diff::diff;

/// One file to write. What is there is kept beside it.
pub(super) struct Change {
    path: PathBuf,
    old: Option<Zeroizing<Vec<u8>>>,
    new: Zeroizing<Vec<u8>>,
    mode: Mode,
    /// Whether people can read it, so that what changes can be shown.
    is_text: bool,
}

impl Change {
    /// A configuration; `None` if it is so already.
    pub(super) fn text(path: &Path, new: &str) -> Result<Option<Self>> {
        Self::plan(path, new.as_bytes(), Mode::Public, true)
    }

    /// A certificate or, with [`Mode::Private`], a key.
    pub(super) fn object(path: &Path, new: &[u8], mode: Mode) -> Result<Option<Self>> {
        Self::plan(path, new, mode, false)
    }

    fn plan(path: &Path, new: &[u8], mode: Mode, is_text: bool) -> Result<Option<Self>> {
        let old = match fs::metadata(path) {
            Err(error) if error.kind() == Io::NotFound => None,
            _ => Some(file::read_secret(path)?),
        };
        let change = Self { path: path.to_owned(), old, new: Zeroizing::new(new.to_owned()), mode, is_text };
        Ok((change.old.as_ref().is_none_or(|old| **old != *new)).then_some(change))
    }

    /// Whether it makes this file, which was not there.
    pub(super) fn is_new_at(&self, path: &Path) -> bool {
        self.old.is_none() && self.path == path
    }

    /// Shows what will be other than it is.
    pub(super) fn show(&self, output: &mut Output) {
        let what = if self.old.is_some() { "changes" } else { "new file" };
        output.line(format_args!("{what}: {}", self.path.display()));
        for line in self.diff() {
            output.line(format_args!("  {}", line.replace('\t', "    ")));
        }
    }

    fn diff(&self) -> Vec<String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let old = self.old.as_ref().map(|bytes| text(bytes)).unwrap_or_default();
        if self.is_text { diff(&old, &text(&self.new)) } else { Vec::new() }
    }

    pub(super) fn to_json(&self, backup: Option<&Path>) -> Value {
        json!({
            "file": path_json(&self.path),
            "created": self.old.is_none(),
            "backup": backup.map(path_json),
            "diff": self.diff(),
        })
    }

    /// Writes the file, and answers where the old one is kept.
    pub(super) fn apply(&self, output: &mut Output) -> Result<Option<PathBuf>> {
        let directory = file::parent(&self.path);
        file::create_directory(directory, Mode::Public)?;
        let Some(old) = &self.old else {
            file::create(&self.path, &self.new, self.mode)?;
            output.line(format_args!("wrote {}", self.path.display()));
            return Ok(None);
        };
        // A link stays a link.
        let path = fs::canonicalize(&self.path).map_err(|error| Error::io("find", &self.path, error))?;
        let _lock = file::lock_directory(file::parent(&path))?;
        if file::read_secret(&path)? != *old {
            let message = "somebody else has just changed this; nothing was written, run the command again";
            return Err(Error::new(ErrorKind::Io, message).at(&self.path));
        }
        let backup = keep(&path)?;
        file::replace_alike(&path, &self.new)?;
        output.line(format_args!("wrote {}; what it was is {}", self.path.display(), backup.display()));
        Ok(Some(backup))
    }
}

/// Gives the file a second name that is free, `config.json.bak` or `config.json.bak.2`.
fn keep(path: &Path) -> Result<PathBuf> {
    let failed = |error| Error::io("keep", path, error);
    for number in 1..=u16::MAX {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".bak");
        if number > 1 {
            name.push(format!(".{number}"));
        }
        let backup = path.with_file_name(name);
        match fs::hard_link(path, &backup) {
            Ok(()) => return Ok(backup),
            Err(error) if error.kind() == Io::AlreadyExists => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(failed(Io::AlreadyExists.into()))
}
