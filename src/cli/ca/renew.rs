//! `trustdir ca renew`: the authority's own certificate, for its key and under its name.

use std::path::PathBuf;

use clap::Args;

use crate::{Authority, Certificate, IssuedStatus, Result};

use super::super::output::{Output, argument, path_json};
use super::super::summary::{certificate_json, summary};
use super::{Outcome, passphrase};

const EXAMPLES: &str = "\
Examples:
  trustdir ca renew pki
  trustdir ca renew office --ca root --days 1825

Name, key and limits stay, so that what it issued stays valid. Those who trust the old certificate must import the new
one before the old one ends.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Renew {
    /// The authority's directory
    dir: PathBuf,
    /// The directory of the authority above it, if there is one
    #[arg(long, value_name = "DIR")]
    ca: Option<PathBuf>,
    /// How long the new certificate is valid; ten years by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// The file with the passphrase of the key that signs [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    ca_passphrase_file: Option<PathBuf>,
}

impl Renew {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let file = self.ca_passphrase_file.as_deref();
        let renewed = match &self.ca {
            Some(above) => {
                let above = passphrase::open_authority(above, file)?;
                Authority::open_without_key(&self.dir)?.renew_authority(Some(&above), self.days)?
            }
            None => passphrase::open_authority(&self.dir, file)?.renew_authority(None, self.days)?,
        };
        let (file, certificate) = (renewed.certificate_path(), renewed.certificate());
        output.line(format_args!("renewed {} ({})", file.display(), summary(certificate)));
        let mut answer = certificate_json(certificate, Some(&file));
        answer["directory"] = path_json(&self.dir);
        output.set("authority", answer);
        match &self.ca {
            Some(_) => output.next("renew what it issued (`trustdir renew`): its services send the old one until then"),
            None => output.next(format_args!("give {} to those who trust the old one", file.display())),
        }
        let below = renewed.issued()?.into_iter().filter(|issued| issued.status == IssuedStatus::Valid);
        for authority in below.filter_map(|issued| issued.certificate).filter(Certificate::is_authority) {
            let (name, ca) = (authority.subject(), argument(&self.dir));
            output.next(format_args!(
                "trustdir ca renew DIRECTORY --ca {ca}, with the directory of {name}, which knows the old one"
            ));
        }
        Ok(Outcome::Done)
    }
}
