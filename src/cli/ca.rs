//! `trustdir ca …`: the private certificate authority.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::{Authority, AuthorityOptions, DistinguishedName, Result};

use super::output::{Output, argument, path_json};
use super::summary::{certificate_json, summary};
use super::{Outcome, passphrase};

#[derive(Subcommand)]
pub(super) enum Ca {
    /// Make a new authority in a directory
    Init(Init),
}

impl Ca {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        match self {
            Self::Init(init) => init.run(output),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  trustdir ca init pki
  trustdir ca init pki --name 'CN=Home CA,O=Example' --passphrase-file ca.pass
  TRUSTDIR_CA_PASSPHRASE=… trustdir ca init pki --json
  trustdir ca init pki --no-passphrase

The directory has the layout of `openssl ca`. An authority that is already there is never overwritten.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Init {
    /// Where to make it; the certificate will be DIR/cacert.pem
    dir: PathBuf,
    /// The authority's name: RFC 4514 text, or just a common name
    #[arg(long, value_name = "DN", value_parser = DistinguishedName::parse)]
    name: Option<DistinguishedName>,
    /// How long the certificate is valid
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// Encrypt the CA's key with the passphrase in this file [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Keep the CA's key unencrypted: whoever can read it can issue
    #[arg(long)]
    no_passphrase: bool,
}

impl Init {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        let passphrase = if self.no_passphrase {
            None
        } else {
            Some(passphrase::for_new_authority(self.passphrase_file.as_deref())?)
        };
        let encrypted = passphrase.is_some();
        let options = AuthorityOptions { name: self.name, days: self.days, passphrase, ..AuthorityOptions::default() };
        let authority = Authority::create(&self.dir, options)?;

        let (file, certificate) = (authority.certificate_path(), authority.certificate());
        output.line(format_args!("made the authority in {}", self.dir.display()));
        output.line(format_args!("wrote {} ({})", file.display(), summary(certificate)));
        let protection = if encrypted { "encrypted" } else { "NOT encrypted: whoever can read it can issue" };
        output.line(format_args!("its private key is {protection}"));
        output.next(format_args!("trustdir issue server NAME… --ca {}", argument(&self.dir)));
        output.next(format_args!("give {} to those who must trust what it issues; never its key", file.display()));

        let mut answer = certificate_json(certificate, Some(&file));
        answer["directory"] = path_json(&self.dir);
        answer["key_encrypted"] = encrypted.into();
        output.set("authority", answer);
        Ok(Outcome::Done)
    }
}
