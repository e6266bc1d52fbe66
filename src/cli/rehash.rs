//! `trustdir clients rehash`: what `openssl rehash` does, without what it does wrong.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::{Error, ErrorKind, Rehashed, Result};

use super::Outcome;
use super::clients::{self, Directory};
use super::output::{Output, path_json};
use super::progress;
use super::summary::{entry_json, summary};

const EXAMPLES: &str = "\
Examples:
  trustdir clients rehash tls/clients --dry-run
  trustdir clients rehash tls/clients --yes

Links files that end in .pem, .crt, .cer or .crl by their hash, closes gaps, removes links that lead nowhere and old
(MD5) names. Never removes a file. Where only such names count, as for OpenSSL and the Nano configuration, a link admits
its client: if there are any new ones, --yes says that they are meant.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rehash {
    #[command(flatten)]
    directory: Directory,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Do it also if that admits clients
    #[arg(long)]
    yes: bool,
}

impl Rehash {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let path = &self.directory.path;
        let dir = self.directory.open(output)?;
        let plan = progress::during("planning the names", output, |_| dir.plan_rehash())?;
        let rehashed = plan.rehashed().clone();
        output.set("directory", path_json(path));
        set(path, &rehashed, output);
        let count = rehashed.newly_admitted.len();
        let refused = !self.yes && !self.dry_run && count > 0;
        if refused || self.dry_run {
            drop(plan);
        } else {
            progress::during("giving the names", output, |_| plan.carry_out())?;
        }
        output.set("done", !refused && !self.dry_run);
        report(path, &rehashed, output);
        if refused {
            let message = format!(
                "this would admit {count} certificate{} where only subject hashes count, and nothing was done; give --yes to admit them",
                if count == 1 { "" } else { "s" }
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(path));
        }
        if rehashed.is_unchanged() {
            output.line(format_args!("{}: nothing to change", path.display()));
        } else if self.dry_run {
            output.line(format_args!("{}: nothing was changed", path.display()));
        }
        Ok(Outcome::Done)
    }
}

fn report(path: &Path, rehashed: &Rehashed, output: &mut Output) {
    let file = |file: &PathBuf| clients::within(path, file);
    let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for (link, target) in &rehashed.linked {
        output.line(format_args!("link {} -> {}", file(link).display(), name(target)));
    }
    for (old, new) in &rehashed.renamed {
        output.line(format_args!("rename {} to {}", file(old).display(), name(new)));
    }
    for link in &rehashed.removed {
        output.line(format_args!("remove {}", file(link).display()));
    }
    for entry in &rehashed.newly_admitted {
        output.line(format_args!(
            "admit {} ({})",
            clients::within(path, entry.file()).display(),
            summary(entry.certificate())
        ));
    }
    for problem in &rehashed.left {
        output.line(format_args!("leave {}: {}", clients::within(path, problem.file()).display(), problem.message()));
    }
}

fn set(path: &Path, rehashed: &Rehashed, output: &mut Output) {
    let file = |file: &PathBuf| path_json(clients::within(path, file));
    let pairs = |pairs: &[(PathBuf, PathBuf)], to: &str| -> Value {
        pairs.iter().map(|(from, target)| json!({ "file": file(from), to: file(target) })).collect()
    };
    output.set("linked", pairs(&rehashed.linked, "target"));
    output.set("renamed", pairs(&rehashed.renamed, "to"));
    output.set("removed", rehashed.removed.iter().map(file).collect::<Vec<_>>());
    let left = rehashed.left.iter();
    let left =
        left.map(|left| json!({ "file": path_json(clients::within(path, left.file())), "message": left.message() }));
    output.set("left", left.collect::<Vec<_>>());
    let admitted = rehashed.newly_admitted.iter().map(|entry| entry_json(path, entry));
    output.set("newly_admitted", admitted.collect::<Vec<_>>());
}
