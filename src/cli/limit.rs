//! `trustdir clients limit` and `unlimit`: until when, and for which services, a client is admitted.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::trust_dir::Bounds;
use crate::{Entry, Limit, Result, TrustDir};

use super::clients::{self, Directory};
use super::finding::Finding;
use super::output::{Output, path_json};
use super::{Outcome, time};

const LIMIT_EXAMPLES: &str = "\
Examples:
  trustdir clients limit tls/clients alice --until 2030-12-31T00:00:00Z
  trustdir clients limit tls/clients 81bf8251.0 --service rpc --service admin

The limit is written into DIR/trustdir.toml and takes the place of the one that was written so before; other limits in
that file stay and count too, comments in it are lost. An open connection ends at its next read or write after a limit
refuses its client.";

#[derive(Args)]
#[command(after_help = LIMIT_EXAMPLES)]
pub(super) struct SetLimit {
    #[command(flatten)]
    directory: Directory,
    /// A file name, a SHA-256 fingerprint (or its first 8 digits or more), a common name or a subject
    #[arg(value_name = "WHICH")]
    which: String,
    /// Admit the client until then, as RFC 3339 or Unix seconds
    #[arg(long, value_name = "DATE", value_parser = time::parse, required_unless_present = "services")]
    until: Option<i64>,
    /// Admit the client to this service alone; may be given several times
    #[arg(long = "service", value_name = "NAME")]
    services: Vec<String>,
}

impl SetLimit {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let path = &self.directory.path;
        let services: Vec<&str> = self.services.iter().map(String::as_str).collect();
        let services = Some(services.as_slice()).filter(|services| !services.is_empty());
        let limit = self.directory.open(output)?.limit(&self.which, self.until, services)?;
        output.line(format_args!("limited {} {}", shown(path, &limit), words(limit.valid_until(), limit.services())));
        output.set("directory", path_json(path));
        output.set("limit", limit_json(path, &limit));
        Ok(Outcome::Done)
    }
}

const UNLIMIT_EXAMPLES: &str = "\
Examples:
  trustdir clients unlimit tls/clients alice
  trustdir clients unlimit tls/clients 'CN=rpc.user.1,O=Example'

Takes off what limits this certificate, or what trustdir.toml says about this file, fingerprint or subject. A limit of
another sort that fits the client stays, and is shown.";

#[derive(Args)]
#[command(after_help = UNLIMIT_EXAMPLES)]
pub(super) struct Unlimit {
    #[command(flatten)]
    directory: Directory,
    /// A client as for `clients remove`, or what a limit names
    #[arg(value_name = "WHICH")]
    which: String,
}

impl Unlimit {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let path = &self.directory.path;
        let dir = self.directory.open(output)?;
        let taken = dir.unlimit(&self.which)?;
        for limit in &taken {
            output.line(format_args!(
                "no longer limited {}: {}",
                words(limit.valid_until(), limit.services()),
                shown(path, limit)
            ));
        }
        output.set("directory", path_json(path));
        output.set("unlimited", taken.iter().map(|limit| limit_json(path, limit)).collect::<Vec<_>>());
        output.set("warnings", json!([]));
        for limit in dir.limits()? {
            let same = limit.files().iter().any(|file| taken.iter().any(|taken| taken.files().contains(file)));
            if same {
                let what = words(limit.valid_until(), limit.services());
                output.warn(&Finding::new("LIMIT", format!("still limited {what}: {}", shown(path, &limit))));
            }
        }
        Ok(Outcome::Done)
    }
}

/// All limits of an entry together.
pub(super) fn bounds(dir: &TrustDir, entry: &Entry) -> Result<Bounds> {
    let found = dir.hold(&entry.certificate().fingerprint());
    found.map_or_else(|| Ok(Bounds::default()), |found| found.held.bounds(None))
}

/// `until 2026-12-31T00:00:00Z to rpc, admin`; nothing without a limit.
pub(super) fn words(valid_until: Option<i64>, services: Option<&[String]>) -> String {
    let until = valid_until.map(|until| format!("until {}", time::timestamp(until)));
    let services = services.map(|services| match services {
        [] => "to no service".to_owned(),
        services => format!("to {}", services.join(", ")),
    });
    until.into_iter().chain(services).collect::<Vec<_>>().join(" ")
}

/// Adds the limits to the JSON of an entry.
pub(super) fn add_to(answer: &mut Value, bounds: &Bounds) {
    answer["valid_until"] = bounds.valid_until.map(time::timestamp).into();
    answer["services"] = bounds.services.clone().into();
}

/// The limits that fit no entry: misspelt, or of clients that have gone.
pub(super) fn unfitting(path: &Path, dir: &TrustDir) -> Result<Vec<Finding>> {
    let idle = dir.limits()?.into_iter().filter(|limit| limit.files().is_empty());
    let notes = idle.map(|limit| {
        let file = path.join("trustdir.toml");
        let message = format!("{}: the limit of {} fits no client", file.display(), shown(path, &limit));
        Finding::new("LIMIT", message).of_file(file)
    });
    Ok(notes.collect())
}

/// `sha256 3f9a… (tls/clients/81bf8251.0)`.
fn shown(path: &Path, limit: &Limit) -> String {
    let of = limit.of();
    let files: Vec<_> = files(path, limit).iter().map(|file| file.display().to_string()).collect();
    let files = if files.is_empty() { String::new() } else { format!(" ({})", files.join(", ")) };
    format!("{} {of}{files}", of.key())
}

fn files(path: &Path, limit: &Limit) -> Vec<PathBuf> {
    limit.files().iter().map(|file| clients::within(path, file)).collect()
}

fn limit_json(path: &Path, limit: &Limit) -> Value {
    json!({
        "of": limit.of().key(),
        "value": limit.of().to_string(),
        "valid_until": limit.valid_until().map(time::timestamp),
        "services": limit.services(),
        "files": files(path, limit).iter().map(path_json).collect::<Vec<_>>(),
    })
}
