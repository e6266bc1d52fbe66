//! Where a verb writes its files: never over something that is there.

use std::path::{Path, PathBuf};

use crate::file::{self, Mode};
use crate::{Error, ErrorKind, Result};

use super::output::Output;

/// Chooses a file of the directory `out`, and refuses before anything is made if it exists.
pub(super) fn plan(out: &Path, name: &str) -> Result<PathBuf> {
    vacant(if out == Path::new(".") { PathBuf::from(name) } else { out.join(name) })
}

/// Refuses before anything is made if the file exists.
pub(super) fn vacant(file: PathBuf) -> Result<PathBuf> {
    if file.symlink_metadata().is_ok() {
        let message = "this exists and is not overwritten; move it away or choose another --out";
        return Err(Error::new(ErrorKind::AlreadyExists, message).at(file));
    }
    Ok(file)
}

/// Makes the directory `out` if it is missing.
pub(super) fn make_directory(out: &Path, output: &mut Output) -> Result<()> {
    if !out.exists() {
        file::create_directory(out, Mode::Public)?;
        output.line(format_args!("made the directory {}", out.display()));
    }
    Ok(())
}

/// `name` as the beginning of a file name: nothing that leads to another directory, hides the file or begins an option.
pub(super) fn stem(name: &str) -> String {
    let name = name.replace('*', "_wildcard");
    let safe = |c: char| if c.is_alphanumeric() || "._-@+".contains(c) { c } else { '_' };
    let mut stem: String = name.chars().map(safe).collect();
    if stem.is_empty() || stem.starts_with(['.', '-']) {
        stem.insert(0, '_');
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        assert_eq!(stem("alice"), "alice");
        assert_eq!(stem("*.example.org"), "_wildcard.example.org");
        assert_eq!(stem("../../etc/passwd"), "_.._.._etc_passwd");
        assert_eq!(stem("::1"), "__1");
        assert_eq!(stem("Zoë Müller"), "Zoë_Müller");
        assert_eq!(stem("-rf"), "_-rf");
        assert_eq!(stem(""), "_");
    }
}
