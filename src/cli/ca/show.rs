//! `trustdir ca show`: an authority, what limits it, and what it has issued.

use std::path::PathBuf;

use clap::Args;

use crate::{Authority, IssuedStatus, Profile, Result};

use super::super::output::{Output, path_json};
use super::super::summary::{details, details_json};
use super::super::time;
use super::{Outcome, lint};

const EXAMPLES: &str = "\
Examples:
  trustdir ca show pki

Needs no passphrase. `trustdir lint DIR` tells its faults, `trustdir list` what it has issued.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Show {
    /// The authority's directory
    dir: PathBuf,
}

impl Show {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let authority = Authority::open_without_key(&self.dir)?;
        let file = authority.certificate_path();
        details(authority.certificate(), &file, output);
        for above in &authority.chain()[1..] {
            output.line(format_args!("below {}, expires {}", above.subject(), time::date(above.not_after())));
        }
        let issued = authority.issued()?;
        let count = |is: fn(&IssuedStatus) -> bool| issued.iter().filter(|issued| is(&issued.status)).count();
        let valid = count(|status| *status == IssuedStatus::Valid);
        output.line(format_args!(
            "issued {}: {valid} valid, {} expired, {} revoked",
            issued.len(),
            count(|status| *status == IssuedStatus::Expired),
            count(|status| matches!(status, IssuedStatus::Revoked { .. }))
        ));
        let mut answer = details_json(authority.certificate(), Some(&file));
        answer["directory"] = path_json(&self.dir);
        answer["above"] = authority.chain()[1..].iter().map(|above| details_json(above, None)).collect();
        answer["issued_count"] = issued.len().into();
        answer["valid_count"] = valid.into();
        output.set("authority", answer);
        lint::warn_of_faults(authority.chain(), Some(Profile::Authority), &file, output);
        Ok(Outcome::Done)
    }
}
