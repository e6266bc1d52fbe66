//! `trustdir ca import`: an authority that something else made.

use std::path::PathBuf;

use clap::Args;

use crate::{Authority, Result};

use super::super::output::{Output, argument};
use super::{Outcome, passphrase, report};

const EXAMPLES: &str = "\
Examples:
  trustdir ca import pki --cert Rocket.Chat-root.crt --key Rocket.Chat-root.key --passphrase-file old.pass
  trustdir ca import pki --cert rootCA.pem --key rootCA-key.pem --no-passphrase

Copies both into a new directory; the originals stay as they are. The directories of `openssl ca`, easy-rsa, mkcert,
minica and pimatic's ssl-setup need no import: give them to --ca as they are.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(in super::super) struct Import {
    /// Where to make the directory
    dir: PathBuf,
    /// The authority's certificate, with those of the authorities above it if there are any
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// Its private key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The file with the passphrase that opens the key [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Encrypt the copy with the passphrase in this file [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    ca_passphrase_file: Option<PathBuf>,
    /// Keep the copy of the key unencrypted: whoever can read it can issue
    #[arg(long)]
    no_passphrase: bool,
}

impl Import {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let (identity, _) = passphrase::open_identity(&self.cert, &self.key, self.passphrase_file.as_deref())?;
        let new = if self.no_passphrase {
            None
        } else {
            Some(passphrase::for_new_authority(
                self.ca_passphrase_file.as_deref(),
                "--ca-passphrase-file",
                passphrase::CA_VARIABLE,
            )?)
        };
        let authority = Authority::import(&self.dir, &identity, new.as_ref().map(|bytes| bytes.as_slice()))?;
        output.line(format_args!("took the authority over into {}", self.dir.display()));
        report(&authority, new.is_some(), output);
        output.next(format_args!("trustdir lint {}", argument(&self.dir)));
        Ok(Outcome::Done)
    }
}
