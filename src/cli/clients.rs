//! `trustdir clients …`: the directory of admitted clients.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::error::escape;
use crate::trust_dir;
use crate::{
    Certificate, Entry, EntryNames, Error, ErrorKind, Fingerprint, Installed, Result, TrustDir, TrustDirOptions,
};

use super::check::Check;
use super::finding::{self, Finding};
use super::limit::{self, SetLimit, Unlimit};
use super::output::{Output, argument, path_json};
use super::rehash::Rehash;
use super::replace::Replace;
use super::summary::{certificate_json, details, details_json, entry_json, summary};
use super::watch::Watch;
use super::{Outcome, progress, time};

#[derive(Subcommand)]
pub(super) enum Clients {
    /// Admit clients: install their certificates
    Add(Add),
    /// Refuse clients from now on: remove every file and link that carries their certificates
    Remove(Remove),
    /// Show who is admitted
    List(List),
    /// Show all about one client
    Show(Show),
    /// Admit a client's new certificate in place of the old one
    Replace(Replace),
    /// Name every certificate by its subject hash, as `openssl rehash` does, and mend gaps and stale links
    Rehash(Rehash),
    /// Look for everything that keeps a client out or lets one in unawares
    Check(Check),
    /// Show who connects, and what changes in the directory, as it happens
    Watch(Watch),
    /// Limit a client to a time or to services, without a new certificate
    Limit(SetLimit),
    /// Take a client's limits off
    Unlimit(Unlimit),
}

impl Clients {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        match self {
            Self::Add(add) => add.run(output),
            Self::Remove(remove) => remove.run(output),
            Self::List(list) => list.run(output),
            Self::Show(show) => show.run(output),
            Self::Replace(replace) => replace.run(output),
            Self::Rehash(rehash) => rehash.run(output),
            Self::Check(check) => check.run(output),
            Self::Watch(watch) => watch.run(output),
            Self::Limit(limit) => limit.run(output),
            Self::Unlimit(unlimit) => unlimit.run(output),
        }
    }
}

/// The directory that every verb is about.
#[derive(Args)]
pub(super) struct Directory {
    /// The directory of client certificates
    #[arg(value_name = "DIR")]
    pub(super) path: PathBuf,
    #[command(flatten)]
    pub(super) entry_names: EntryNamesArg,
}

impl Directory {
    pub(super) fn open(&self, output: &Output) -> Result<TrustDir> {
        open(&self.path, self.entry_names, TrustDirOptions { watch: false, ..TrustDirOptions::default() }, output)
    }

    /// The one certificate that `which` names.
    pub(super) fn one(&self, dir: &TrustDir, which: &str, output: &mut Output) -> Result<Certificate> {
        let entries = dir.find(which)?;
        let path = &self.path;
        let Some(first) = entries.first() else {
            let message =
                format!("no client is named {which:?}; `trustdir clients list {}` shows them", argument(path));
            return Err(Error::new(ErrorKind::NotFound, message).at(path));
        };
        let distinct: BTreeSet<Fingerprint> = entries.iter().map(|entry| entry.certificate().fingerprint()).collect();
        if distinct.len() == 1 {
            return Ok(first.certificate().clone());
        }
        output.set("matches", entries.iter().map(|entry| entry_json(path, entry)).collect::<Vec<_>>());
        for entry in &entries {
            output.aside(format_args!(
                "{which:?} matches {} ({})",
                within(path, entry.file()).display(),
                summary(entry.certificate())
            ));
        }
        let count = distinct.len();
        let message =
            format!("{which:?} names {count} certificates, and nothing was done; name one by its file or fingerprint");
        Err(Error::new(ErrorKind::InvalidArgument, message).at(path))
    }
}

/// Which files of the directory count.
#[derive(Args, Clone, Copy, Default)]
pub(super) struct EntryNamesArg {
    /// Count only files and links named by subject hash (81bf8251.0), as OpenSSL and the Nano configuration do
    #[arg(long)]
    pub(super) subject_hash: bool,
}

impl EntryNamesArg {
    pub(super) fn as_str(self) -> &'static str {
        if self.subject_hash { "subject-hash" } else { "any" }
    }
}

/// Opens the directory, which may have to be read for a while.
pub(super) fn open(path: &Path, names: EntryNamesArg, options: TrustDirOptions, output: &Output) -> Result<TrustDir> {
    let entry_names = if names.subject_hash { EntryNames::SubjectHash } else { EntryNames::Any };
    // What is wrong with its limits is for each verb to say.
    let options = TrustDirOptions { entry_names, ..options };
    progress::during("reading the clients", output, |progress| TrustDir::open_to_repair(path, options, progress))
}

/// A file of the directory, under the directory's name as the operator wrote it.
pub(super) fn within(dir: &Path, file: &Path) -> PathBuf {
    dir.join(file.file_name().unwrap_or_default())
}

/// Opens the directory, made first if need be, and says whether it was.
pub(super) fn open_or_create(path: &Path, names: EntryNamesArg, output: &mut Output) -> Result<TrustDir> {
    let created = !path.exists();
    let options = TrustDirOptions { watch: false, create: true, ..TrustDirOptions::default() };
    let dir = open(path, names, options, output)?;
    if created {
        output.line(format_args!("made the directory {}", path.display()));
    }
    output.set("created", created);
    Ok(dir)
}

/// Warns if what was just installed is refused all the same, and says whether it is.
pub(super) fn warn_of_refusal(path: &Path, installed: &Installed, output: &mut Output) -> bool {
    let entry = installed.entry();
    let refusal = installed.warning().and_then(|decision| trust_dir::refusal(entry, decision));
    for notice in refusal.iter().chain(&trust_dir::authority(entry)) {
        output.warn(&Finding::of_notice(path, notice));
    }
    refusal.is_some()
}

const ADD_EXAMPLES: &str = "\
Examples:
  trustdir clients add tls/clients alice.cert.pem
  trustdir clients add tls/clients incoming/*.pem

Each certificate is written under its subject hash, where OpenSSL looks for it too. DIR is made if it is missing.
All files are read before anything is installed, so one bad file stops all. Adding a certificate again changes nothing.";

#[derive(Args)]
#[command(after_help = ADD_EXAMPLES)]
pub(super) struct Add {
    #[command(flatten)]
    directory: Directory,
    /// Certificate files, PEM or DER; of a chain, the first certificate is the client
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Add {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        let path = &self.directory.path;
        let chains = self.files.iter().map(Certificate::load_all).collect::<Result<Vec<_>>>()?;
        let dir = open_or_create(path, self.directory.entry_names, output)?;
        output.set("directory", path_json(path));
        output.set("added", json!([]));
        output.set("warnings", json!([]));

        for (source, chain) in self.files.iter().zip(&chains) {
            let Some(certificate) = chain.first() else { continue };
            let installed = dir.install(certificate)?;
            let verb = if installed.is_new() { "installed" } else { "already there:" };
            output.line(format_args!("{verb} {} ({})", within(path, installed.file()).display(), summary(certificate)));
            let mut answer = entry_json(path, installed.entry());
            answer["source"] = path_json(source);
            output.push("added", answer);
            if chain.len() > 1 {
                output.warn(&chain_note(source, chain.len(), certificate));
            }
            warn_of_refusal(path, &installed, output);
        }
        Ok(Outcome::Done)
    }
}

/// What became of the other certificates in a file.
fn chain_note(source: &Path, count: usize, first: &Certificate) -> Finding {
    let message = format!(
        "{}: holds {count} certificates; only the first is installed, for an entry is only itself",
        source.display()
    );
    Finding::new("CHAIN", message).about(source, first)
}

const REMOVE_EXAMPLES: &str = "\
Examples:
  trustdir clients remove tls/clients alice
  trustdir clients remove tls/clients 81bf8251.0
  trustdir clients remove tls/clients 'CN=rpc.user.1,O=Example'
  trustdir clients remove tls/clients 3f9a6c01d2e4

Services that use the directory refuse the client at once and close its open connections.";

#[derive(Args)]
#[command(after_help = REMOVE_EXAMPLES)]
pub(super) struct Remove {
    #[command(flatten)]
    directory: Directory,
    /// A file name, a SHA-256 fingerprint (or its first 8 digits or more), a common name or a subject
    #[arg(required = true, value_name = "WHICH")]
    which: Vec<String>,
}

impl Remove {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        let dir = self.directory.open(output)?;
        output.set("directory", path_json(&self.directory.path));
        output.set("removed", json!([]));

        // All are named before any is removed: a misspelt second one must not leave half of the work done.
        let mut chosen: Vec<Certificate> = Vec::new();
        for which in &self.which {
            let certificate = self.directory.one(&dir, which, output)?;
            if !chosen.contains(&certificate) {
                chosen.push(certificate);
            }
        }
        for certificate in chosen {
            let files = dir.remove(&certificate.fingerprint())?;
            let files: Vec<PathBuf> = files.iter().map(|file| within(&self.directory.path, file)).collect();
            for file in &files {
                output.line(format_args!("removed {} ({})", file.display(), summary(&certificate)));
            }
            let mut answer = certificate_json(&certificate, None);
            answer["files"] = files.iter().map(path_json).collect();
            output.push("removed", answer);
        }
        Ok(Outcome::Done)
    }
}

const SHOW_EXAMPLES: &str = "\
Examples:
  trustdir clients show tls/clients alice
  trustdir clients show tls/clients 81bf8251.0 --json";

#[derive(Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub(super) struct Show {
    #[command(flatten)]
    directory: Directory,
    /// A file name, a SHA-256 fingerprint (or its first 8 digits or more), a common name or a subject
    which: String,
}

impl Show {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        let dir = self.directory.open(output)?;
        let path = &self.directory.path;
        let certificate = self.directory.one(&dir, &self.which, output)?;
        let mut entries = dir.list()?;
        entries.retain(|entry| *entry.certificate() == certificate);
        let files: Vec<PathBuf> = entries.iter().map(|entry| within(path, entry.file())).collect();
        let decision = dir.decide_as_limited(&certificate, time::now());
        details(&certificate, files.first().unwrap_or(path), output);
        for file in files.iter().skip(1) {
            output.line(format_args!("  also in:      {}", file.display()));
        }
        output.line(format_args!("  now:          {}", decision.reason()));
        let mut answer = details_json(&certificate, None);
        answer["files"] = files.iter().map(path_json).collect();
        answer["reason"] = decision.reason().as_str().into();
        output.set("directory", path_json(path));
        output.set("client", answer);
        Ok(Outcome::Done)
    }
}

#[derive(Args)]
#[command(after_help = "Examples:\n  trustdir clients list tls/clients\n  trustdir --json clients list tls/clients")]
pub(super) struct List {
    #[command(flatten)]
    directory: Directory,
}

impl List {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        let dir = self.directory.open(output)?;
        let (entries, notices) = progress::during("listing the clients", output, |_| (dir.list(), dir.check()));
        let entries = entries?;
        let problems = notices?.iter().filter(|notice| notice.is_problem()).count();
        let path = &self.directory.path;
        let now = time::now();

        let mut rows = vec![["FILE", "SUBJECT", "EXPIRES", "STATUS", "SHA-256"].map(str::to_owned)];
        let mut clients = Vec::new();
        for entry in &entries {
            let reason = dir.decide_as_limited(entry.certificate(), now).reason().as_str();
            let bounds = limit::bounds(&dir, entry).unwrap_or_default();
            let limits = limit::words(bounds.valid_until, bounds.services.as_deref());
            rows.push(row(entry, format!("{reason} {limits}").trim_end()));
            let mut answer = entry_json(path, entry);
            answer["reason"] = reason.into();
            limit::add_to(&mut answer, &bounds);
            clients.push(answer);
        }
        if entries.is_empty() {
            output.line(format_args!("{}: no clients, so nobody is admitted", path.display()));
        } else {
            table(&rows, output);
        }
        let count = trust_dir::distinct(entries).len();
        if problems > 0 {
            output.aside(format_args!(
                "{}: {}, {}; `trustdir clients check {}` says why",
                path.display(),
                finding::count(count, "client"),
                finding::count(problems, "problem"),
                argument(path)
            ));
        }
        output.set("directory", path_json(path));
        output.set("entry_names", self.directory.entry_names.as_str());
        output.set("clients", clients);
        output.set("client_count", count);
        output.set("problem_count", problems);
        Ok(Outcome::Done)
    }
}

fn row(entry: &Entry, status: &str) -> [String; 5] {
    let certificate = entry.certificate();
    let name = entry.file().file_name().unwrap_or_default().to_string_lossy();
    let file = match entry.link_target() {
        Some(target) => format!("{name} -> {}", target.display()),
        None => name.into_owned(),
    };
    let expires = time::date(certificate.not_after());
    // Escaped before the columns are measured.
    [
        escape(&file),
        certificate.subject().to_string(),
        expires.to_string(),
        escape(status),
        certificate.fingerprint().to_string(),
    ]
}

/// Prints the rows with their columns aligned.
fn table(rows: &[[String; 5]], output: &mut Output) {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (file, subject, expires, status) = (width(0), width(1), width(2), width(3));
    for [a, b, c, d, e] in rows {
        output.line(format_args!("{a:file$}  {b:subject$}  {c:expires$}  {d:status$}  {e}"));
    }
}
