//! `trustdir ca …`: the private certificate authority.

mod import;
mod make;
mod renew;
mod show;

use clap::Subcommand;

use crate::{Authority, Profile, Result};

use super::output::{Output, path_json};
use super::summary::{certificate_json, summary};
use super::{Outcome, lint, passphrase};

#[derive(Subcommand)]
pub(super) enum Ca {
    /// Make a new authority in a directory
    Init(make::Init),
    /// Make an authority below another one
    Intermediate(make::Intermediate),
    /// Take over an authority that something else made
    Import(import::Import),
    /// Renew the authority's own certificate; what it issued stays valid
    Renew(renew::Renew),
    /// Show an authority
    Show(show::Show),
}

impl Ca {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        match self {
            Self::Init(init) => init.run(output),
            Self::Intermediate(intermediate) => intermediate.run(output),
            Self::Import(import) => import.run(output),
            Self::Renew(renew) => renew.run(output),
            Self::Show(show) => show.run(output),
        }
    }
}

/// Says that an authority was written, and how its key is kept.
fn report(authority: &Authority, encrypted: bool, output: &mut Output) {
    let (file, certificate) = (authority.certificate_path(), authority.certificate());
    output.line(format_args!("wrote {} ({})", file.display(), summary(certificate)));
    let protection = if encrypted { "encrypted" } else { "NOT encrypted: whoever can read it can issue" };
    output.line(format_args!("its private key is {protection}"));
    let mut answer = certificate_json(certificate, Some(&file));
    answer["directory"] = path_json(authority.dir());
    answer["key_encrypted"] = encrypted.into();
    output.set("authority", answer);
    lint::warn_of_faults(authority.chain(), Some(Profile::Authority), &file, output);
}
