//! `trustdir revoke` and `trustdir crl`: what was issued and no longer counts, for those who read the list.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{Authority, Certificate, Error, ErrorKind, IssuedStatus, Result, RevocationReason};

use super::output::{Output, argument, path_json};
use super::summary::{certificate_json, summary};
use super::{Outcome, files, passphrase};

const REVOKE_EXAMPLES: &str = "\
Examples:
  trustdir revoke alice.cert.pem --ca pki --reason keyCompromise
  trustdir revoke bob.cert.pem --ca pki --reason certificateHold
  trustdir revoke bob.cert.pem --ca pki --unhold
  trustdir revoke carol --ca pki --reason superseded

Revoking changes the authority's index only and needs no passphrase; `trustdir crl` writes the list. A trust directory
needs no list: `trustdir clients remove` is enough there.";

#[derive(Args)]
#[command(after_help = REVOKE_EXAMPLES)]
pub(super) struct Revoke {
    /// The certificate's file, or a name, serial number or fingerprint that one certificate alone has
    certificate: PathBuf,
    /// The authority's directory, made by `trustdir ca init`
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// Why: keyCompromise, superseded, cessationOfOperation, certificateHold ...
    #[arg(long, value_name = "R", default_value_t = RevocationReason::Unspecified)]
    reason: RevocationReason,
    /// Take it off hold instead
    #[arg(long, conflicts_with = "reason")]
    unhold: bool,
}

impl Revoke {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let authority = Authority::open_without_key(&self.ca)?;
        let certificate = match Certificate::load(&self.certificate) {
            Err(error) if error.kind() == ErrorKind::NotFound => self.named(&authority, error)?,
            result => result?,
        };
        let done = if self.unhold {
            authority.unhold(&certificate).map(|()| "is off hold")
        } else {
            authority.revoke(&certificate, self.reason).map(|()| "is revoked")
        };
        let done = done.map_err(|error| error.at(&self.certificate))?;
        output.line(format_args!("{done}: {}", summary(&certificate)));
        output.set("certificate", certificate_json(&certificate, Some(&self.certificate)));
        output.set("revoked", if self.unhold { json!(null) } else { json!(self.reason.as_str()) });
        output.next(format_args!("trustdir crl --ca {}", argument(&self.ca)));
        Ok(Outcome::Done)
    }
}

impl Revoke {
    /// The one certificate of that name that the authority has issued; `missing` says that there is no such file.
    fn named(&self, authority: &Authority, missing: Error) -> Result<Certificate> {
        let name = self.certificate.to_string_lossy();
        let found = authority.find(&name)?.into_iter().filter(|issued| issued.status != IssuedStatus::Expired);
        let mut found: Vec<Certificate> = found.filter_map(|issued| issued.certificate).collect();
        match found.len() {
            0 => Err(missing),
            1 => Ok(found.swap_remove(0)),
            count => {
                let message =
                    format!("{count} certificates are named {name:?}; give the serial number of one (`trustdir list`)");
                Err(Error::new(ErrorKind::InvalidArgument, message))
            }
        }
    }
}

const CRL_EXAMPLES: &str = "\
Examples:
  trustdir crl --ca pki --days 7
  trustdir crl --ca pki --install anchors

Writes DIR/crl.pem, the list of everything revoked. Its readers want a new one before it ends, so run this from a timer.";

#[derive(Args)]
#[command(after_help = CRL_EXAMPLES)]
pub(super) struct Crl {
    /// The authority's directory, made by `trustdir ca init`
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// Also put it into this directory of trust anchors, as <subject hash>.r0, where OpenSSL finds it
    #[arg(long, value_name = "DIR")]
    install: Option<PathBuf>,
    /// How long the list is good
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// The file with the CA key's passphrase [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    ca_passphrase_file: Option<PathBuf>,
}

impl Crl {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let authority = passphrase::open_authority(&self.ca, self.ca_passphrase_file.as_deref())?;
        let file = authority.crl(self.days)?;
        output.line(format_args!("wrote {}, good for {} days", file.display(), self.days));
        output.set("file", path_json(&file));
        output.set("days", self.days);
        if let Some(dir) = &self.install {
            files::make_directory(dir, output)?;
            let installed = authority.install_crl(dir)?;
            output.line(format_args!("installed {}", installed.display()));
            output.set("installed", path_json(&installed));
        }
        Ok(Outcome::Done)
    }
}
