//! `trustdir list`: what an authority has issued.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::{Authority, Issued, IssuedStatus, Result};

use super::output::{Output, path_json};
use super::summary::certificate_json;
use super::{Outcome, time};

const EXAMPLES: &str = "\
Examples:
  trustdir list --ca pki
  trustdir list alice --ca pki
  trustdir list --ca pki --expiring 30

Needs no passphrase.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct List {
    /// Only those of this name: a common name, a subject, a SAN, a serial number or a SHA-256 fingerprint
    name: Option<String>,
    /// The authority's directory, made by `trustdir ca init`
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// Only those to renew: followed by none, and ending within this many days or ended within as many
    #[arg(long, value_name = "DAYS")]
    expiring: Option<u32>,
}

impl List {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let authority = Authority::open_without_key(&self.ca)?;
        let mut issued = match self.expiring {
            Some(days) => authority.expiring(days)?,
            None => authority.issued()?,
        };
        issued.retain(|issued| self.name.as_ref().is_none_or(|name| issued.is_named(name)));
        output.set("issued", json!([]));
        for one in &issued {
            let end = time::date(one.not_after);
            let names = one.certificate.as_ref().map_or(&[][..], |certificate| certificate.names());
            let names: String = names.iter().map(|name| format!(", {name}")).collect();
            output.line(format_args!("{:<8} {end}  {}  {}{names}", one.status.as_str(), one.serial, one.subject));
            output.push("issued", issued_json(one));
        }
        if issued.is_empty() {
            output.line("nothing");
        }
        Ok(Outcome::Done)
    }
}

/// A certificate of the ledger, as far as it is known.
fn issued_json(issued: &Issued) -> Value {
    let mut value = match &issued.certificate {
        Some(certificate) => certificate_json(certificate, Some(&issued.file)),
        None => json!({
            "subject": issued.subject,
            "serial": issued.serial.to_lowercase(),
            "not_after": time::timestamp(issued.not_after),
            "file": null,
        }),
    };
    value["status"] = issued.status.as_str().into();
    let (since, reason) = match issued.status {
        IssuedStatus::Revoked { since, reason } => (Some(time::timestamp(since)), Some(reason.as_str())),
        _ => (None, None),
    };
    value["revoked_at"] = since.into();
    value["revocation_reason"] = reason.into();
    value["ledger_file"] = path_json(&issued.file);
    value
}
