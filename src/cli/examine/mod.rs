//! `trustdir check`: what is wrong with a service's TLS.

mod apache;
mod authority;
mod caddy;
mod haproxy;
mod include;
mod live;
mod mend;
mod nano;
mod nginx;
mod nginx_text;
mod pimatic;
mod settings;
mod site;
mod target;
mod verdict;
mod words;

use std::path::PathBuf;

use clap::Args;

use crate::Result;

use super::Outcome;
use super::finding::{self, Finding};
use super::output::{Output, path_json};

use target::Target;
use verdict::Verdict;

const EXAMPLES: &str = "\
Examples:
  trustdir check pimatic-app
  trustdir check ~/Nano/config-rpc.toml
  trustdir check /etc/nginx home.example.org:443
  trustdir check tls/clients || mail -s 'look at the certificates' admin

WHAT is a configuration of pimatic (config.json), of a Nano node (config-rpc.toml, config-tls.toml), of nginx, Apache, Caddy,
HAProxy, Traefik, Home Assistant, Mosquitto or PostgreSQL, a directory with one, a directory of clients or of an authority,
or a service that runs. Nothing is changed, and no passphrase asked for.

Problems (exit code 1) come with the command that mends them: names, dates, chain, key, file modes, who gets in unasked,
clients that are kept out. Notes (exit code 0) are good to know: who could let others in, and what some clients dislike.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Examine {
    /// Configurations, directories, or HOST:PORT
    #[arg(value_name = "WHAT", required = true)]
    what: Vec<PathBuf>,
}

impl Examine {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let mut verdict = Verdict::default();
        let targets = self.what.iter().map(|word| Target::all(word)).collect::<Result<Vec<_>>>()?;
        for target in targets.iter().flatten() {
            // What cannot be read is found too, and the others are looked at all the same.
            if let Err(error) = target.check(&mut verdict) {
                verdict.error(&error);
            }
        }
        let Verdict { checked, problems, notes } = verdict;
        finding::report(&problems, &notes, output);
        let count = checked.len();
        output.line(format_args!(
            "looked at {}: {}, {}",
            finding::count(count, "thing"),
            finding::count(problems.len(), "problem"),
            finding::count(notes.len(), "note")
        ));
        output.set("checked", checked.iter().map(path_json).collect::<Vec<_>>());
        output.set("problems", problems.iter().map(Finding::to_json).collect::<Vec<_>>());
        output.set("notes", notes.iter().map(Finding::to_json).collect::<Vec<_>>());
        Ok(if problems.is_empty() { Outcome::Done } else { Outcome::Attention })
    }
}
