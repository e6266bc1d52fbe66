//! `trustdir clients check`: what keeps a client out, and what lets one in unawares.

use clap::Args;

use crate::{Notice, Result, trust_dir};

use super::Outcome;
use super::clients::Directory;
use super::finding::{self, Finding};
use super::limit;
use super::output::{Output, path_json};
use super::progress;

const EXAMPLES: &str = "\
Examples:
  trustdir clients check tls/clients
  trustdir clients check --subject-hash tls/clients   (as a node with the Nano configuration reads it)
  trustdir clients check tls/clients || mail -s 'look at the clients' admin

Problems (exit code 1): files that cannot be read or that hold private keys, certificates that are refused
now, and with --subject-hash files that admit nobody. Notes (exit code 0): certificates that would be
authorities under OpenSSL, clients whose admission depends on which file names count, and limits that fit nobody.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    #[command(flatten)]
    directory: Directory,
}

impl Check {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let path = &self.directory.path;
        let dir = self.directory.open(output)?;
        let (problems, notes): (Vec<Notice>, Vec<Notice>) =
            progress::during("checking the clients", output, |_| dir.check())?
                .into_iter()
                .partition(Notice::is_problem);
        let [problems, mut notes] = [problems, notes]
            .map(|notices| -> Vec<Finding> { notices.iter().map(|notice| Finding::of_notice(path, notice)).collect() });
        // Limits that cannot be read are a problem already.
        notes.extend(limit::unfitting(path, &dir).unwrap_or_default());
        let clients = trust_dir::distinct(dir.list()?).len();
        finding::report(&problems, &notes, output);
        output.line(format_args!(
            "{}: {}, {}, {}",
            path.display(),
            finding::count(clients, "client"),
            finding::count(problems.len(), "problem"),
            finding::count(notes.len(), "note")
        ));
        output.set("directory", path_json(path));
        output.set("entry_names", self.directory.entry_names.as_str());
        output.set("client_count", clients);
        output.set("problems", problems.iter().map(Finding::to_json).collect::<Vec<_>>());
        output.set("notes", notes.iter().map(Finding::to_json).collect::<Vec<_>>());
        Ok(if problems.is_empty() { Outcome::Done } else { Outcome::Attention })
    }
}
