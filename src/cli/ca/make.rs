//! `trustdir ca init` and `ca intermediate`: new authorities.

use std::path::PathBuf;

use clap::Args;

use crate::{Authority, AuthorityOptions, DistinguishedName, KeyAlgorithm, NameConstraint, NameConstraints, Result};

use super::super::output::{Output, argument};
use super::super::progress;
use super::{Outcome, passphrase, report};

const INIT_EXAMPLES: &str = "\
Examples:
  trustdir ca init pki
  trustdir ca init pki --home --permit example.dyndns.org
  trustdir ca init pki --name 'CN=Home CA,O=Example' --key-algorithm P-384 --passphrase-file ca.pass
  trustdir ca init pki --no-passphrase

Without --passphrase-file the passphrase comes from TRUSTDIR_CA_PASSPHRASE or a prompt. Limits cannot be changed later.
The directory has the layout of `openssl ca`. An authority that is already there is never overwritten.";

const INTERMEDIATE_EXAMPLES: &str = "\
Examples:
  trustdir ca intermediate office --ca root
  trustdir ca intermediate office --ca root --permit office.example.org --permit 10.1.0.0/16 --days 1825

Without --passphrase-file the new key's passphrase comes from TRUSTDIR_PASSPHRASE or a prompt. What it issues comes
with its certificate; clients trust the root.";

/// What both sorts of authority are made with.
#[derive(Args)]
struct Making {
    /// The authority's name: RFC 4514 text, or just a common name
    #[arg(long, value_name = "DN", value_parser = DistinguishedName::parse)]
    name: Option<DistinguishedName>,
    /// How long the certificate is valid
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// P-256, P-384, P-521, Ed25519, RSA-2048, RSA-3072 or RSA-4096
    #[arg(long, value_name = "A", default_value_t = KeyAlgorithm::EcdsaP256)]
    key_algorithm: KeyAlgorithm,
    /// How many authorities may follow below it
    #[arg(long, value_name = "N")]
    path_length: Option<u8>,
    /// Issue for home.arpa, internal, local, localhost and private addresses only
    #[arg(long)]
    home: bool,
    /// Issue for this only (home.arpa, 10.0.0.0/8, email:home.arpa); may be repeated, adds to --home
    #[arg(long, value_name = "NAMES")]
    permit: Vec<NameConstraint>,
    /// Never issue for this; may be repeated
    #[arg(long, value_name = "NAMES")]
    exclude: Vec<NameConstraint>,
    /// Encrypt the new CA key with the passphrase in this file
    #[arg(long, value_name = "FILE", conflicts_with = "no_passphrase")]
    passphrase_file: Option<PathBuf>,
    /// Keep the CA's key unencrypted: whoever can read it can issue
    #[arg(long)]
    no_passphrase: bool,
}

impl Making {
    /// The options; the passphrase comes from the file, the environment variable or a prompt.
    fn options(self, variable: &str) -> Result<AuthorityOptions> {
        let passphrase = if self.no_passphrase {
            None
        } else {
            Some(passphrase::for_new_authority(self.passphrase_file.as_deref(), "--passphrase-file", variable)?)
        };
        let mut constraints = if self.home {
            NameConstraints::home(&self.permit)
        } else {
            NameConstraints { permitted: self.permit, ..NameConstraints::default() }
        };
        constraints.excluded = self.exclude;
        Ok(AuthorityOptions {
            name: self.name,
            days: self.days,
            passphrase,
            key_algorithm: self.key_algorithm,
            path_length: self.path_length,
            constraints,
        })
    }
}

#[derive(Args)]
#[command(after_help = INIT_EXAMPLES)]
pub(in super::super) struct Init {
    /// Where to make it; the certificate will be DIR/cacert.pem
    dir: PathBuf,
    #[command(flatten)]
    making: Making,
}

impl Init {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let options = self.making.options(passphrase::CA_VARIABLE)?;
        let encrypted = options.passphrase.is_some();
        let authority = progress::during(progress::KEY, output, |_| Authority::create(&self.dir, options))?;
        output.line(format_args!("made the authority in {}", self.dir.display()));
        report(&authority, encrypted, output);
        let file = authority.certificate_path();
        output.next(format_args!("trustdir issue server NAME… --ca {}", argument(&self.dir)));
        output.next(format_args!("give {} to those who must trust what it issues; never its key", file.display()));
        Ok(Outcome::Done)
    }
}

#[derive(Args)]
#[command(after_help = INTERMEDIATE_EXAMPLES)]
pub(in super::super) struct Intermediate {
    /// Where to make it; the certificate will be DIR/cacert.pem
    dir: PathBuf,
    /// The directory of the authority above it
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// The file with the passphrase of that authority's key [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    ca_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    making: Making,
}

impl Intermediate {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let options = self.making.options(passphrase::VARIABLE)?;
        let encrypted = options.passphrase.is_some();
        let above = passphrase::open_authority(&self.ca, self.ca_passphrase_file.as_deref())?;
        let make = |_: progress::Progress<'_>| above.create_intermediate(&self.dir, options);
        let authority = progress::during(progress::KEY, output, make)?;
        output.line(format_args!("made the authority in {}, below {}", self.dir.display(), self.ca.display()));
        report(&authority, encrypted, output);
        output.next(format_args!("trustdir issue server NAME… --ca {}", argument(&self.dir)));
        Ok(Outcome::Done)
    }
}
