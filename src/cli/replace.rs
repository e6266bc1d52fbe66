//! `trustdir clients replace`: a renewed certificate in place of the old one.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{Certificate, Result};

use super::Outcome;
use super::clients::{self, Directory};
use super::output::{Output, path_json};
use super::summary::{certificate_json, entry_json, summary};

const EXAMPLES: &str = "\
Examples:
  trustdir clients replace tls/clients alice alice-2027.cert.pem
  trustdir clients replace tls/clients 3f9a6c01d2e4 incoming/alice.pem

There is no moment at which neither certificate is admitted. Connections of the old one are closed.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Replace {
    #[command(flatten)]
    directory: Directory,
    /// The old one: a file name, a SHA-256 fingerprint (or its first 8 digits or more), a common name or a subject
    which: String,
    /// The new certificate, PEM or DER; of a chain, the first certificate is the client
    file: PathBuf,
}

impl Replace {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let path = &self.directory.path;
        let new = Certificate::load(&self.file)?;
        let dir = self.directory.open(output)?;
        output.set("directory", path_json(path));
        output.set("warnings", json!([]));
        let old = self.directory.one(&dir, &self.which, output)?;
        let installed = dir.replace(&old.fingerprint(), &new)?;
        let file = clients::within(path, installed.file());
        output.line(format_args!("installed {} ({})", file.display(), summary(&new)));
        output.line(format_args!("in place of {}", summary(&old)));
        let removed: Vec<PathBuf> = installed.removed().iter().map(|file| clients::within(path, file)).collect();
        for file in &removed {
            output.line(format_args!("removed {}", file.display()));
        }
        let mut replaced = certificate_json(&old, None);
        replaced["files"] = removed.iter().map(path_json).collect();
        output.set("entry", entry_json(path, installed.entry()));
        output.set("replaced", replaced);
        clients::warn_of_refusal(path, &installed, output);
        Ok(Outcome::Done)
    }
}
