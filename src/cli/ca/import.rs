//! `trustdir ca import`: an authority that something else made.

use std::path::PathBuf;

use clap::Args;

use crate::{Authority, ErrorKind, Identity, Result};

use super::super::output::{Output, argument};
use super::{Outcome, passphrase, report};

const EXAMPLES: &str = "\
Examples:
  trustdir ca import pki --cert Rocket.Chat-root.crt --key Rocket.Chat-root.key --key-passphrase-file old.pass
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
    key_passphrase_file: Option<PathBuf>,
    /// Encrypt the copy with the passphrase in this file [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Keep the copy of the key unencrypted: whoever can read it can issue
    #[arg(long)]
    no_passphrase: bool,
}

impl Import {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let old = passphrase::given(self.key_passphrase_file.as_deref(), passphrase::VARIABLE)?;
        let load = |passphrase: Option<&[u8]>| Identity::load(&self.cert, &self.key, passphrase);
        let identity = match load(old.as_ref().map(|bytes| bytes.as_slice())) {
            Err(error) if error.kind() == ErrorKind::PassphraseRequired => {
                load(Some(&passphrase::ask_for("Passphrase of the old key: ", error)?))?
            }
            result => result?,
        };
        let new = if self.no_passphrase {
            None
        } else {
            Some(passphrase::for_new_authority(self.passphrase_file.as_deref(), passphrase::CA_VARIABLE)?)
        };
        let authority = Authority::import(&self.dir, &identity, new.as_ref().map(|bytes| bytes.as_slice()))?;
        output.line(format_args!("took the authority over into {}", self.dir.display()));
        report(&authority, new.is_some(), output);
        output.next(format_args!("trustdir lint {}", argument(&self.dir)));
        Ok(Outcome::Done)
    }
}
