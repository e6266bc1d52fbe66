//! `trustdir clients check`: what keeps a client out, and what lets one in unawares.

use std::collections::HashSet;
use std::path::Path;

use clap::Args;

use crate::{Entry, Result, TrustDir, file, pem};

use super::clients::{self, Directory, EntryNamesArg};
use super::finding::Finding;
use super::limit;
use super::output::{Output, argument, path_json};
use super::{Outcome, time};

const EXAMPLES: &str = "\
Examples:
  trustdir clients check tls/clients
  trustdir clients check --subject-hash tls/clients   (as a node with the Nano configuration reads it)
  trustdir clients check tls/clients || mail -s 'look at the clients' admin

Problems (exit code 1): files that cannot be read or that hold private keys, certificates that are refused
now, and with --subject-hash files that admit nobody. Notes (exit code 0): certificates that would be
authorities under OpenSSL, clients whose admission depends on which file names count, and limits that fit nobody.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    #[command(flatten)]
    directory: Directory,
}

impl Check {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let (path, names) = (&self.directory.path, self.directory.entry_names);
        let dir = self.directory.open()?;
        let other = clients::open(path, EntryNamesArg { subject_hash: !names.subject_hash }, false)?;
        let entries = dir.list()?;
        let keys: Vec<Finding> = entries.iter().filter_map(|entry| private_key(path, entry)).collect();
        let clients = distinct(entries);

        let mut problems: Vec<Finding> =
            dir.problems()?.iter().map(|problem| Finding::of_problem(path, problem)).collect();
        problems.extend(keys);
        problems.extend(refusals(path, &dir, &clients));
        let mut notes: Vec<Finding> = clients.iter().filter_map(|entry| authority_note(path, entry)).collect();
        notes.extend(limit::unfitting(path, &dir)?);
        if names.subject_hash {
            // A file under a wrong hash is a problem of the directory already.
            let known: HashSet<_> = problems.iter().filter_map(Finding::file).map(Path::to_owned).collect();
            let unnamed = unnamed(path, &dir, &other)?;
            problems.extend(unnamed.into_iter().filter(|f| f.file().is_none_or(|file| !known.contains(file))));
        } else {
            notes.extend(only_here(path, &dir, &other, &clients));
        }

        report(path, clients.len(), &problems, &notes, output);
        output.set("directory", path_json(path));
        output.set("entry_names", names.as_str());
        output.set("client_count", clients.len());
        output.set("problems", problems.iter().map(Finding::to_json).collect::<Vec<_>>());
        output.set("notes", notes.iter().map(Finding::to_json).collect::<Vec<_>>());
        Ok(if problems.is_empty() { Outcome::Done } else { Outcome::Attention })
    }
}

/// The first entry of each certificate: a link and its target are one client.
fn distinct(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    entries.retain(|entry| seen.insert(entry.certificate().fingerprint()));
    entries
}

/// What an installed CA:TRUE certificate means here and elsewhere.
pub(super) fn authority_note(path: &Path, entry: &Entry) -> Option<Finding> {
    let certificate = entry.certificate();
    certificate.is_authority().then(|| {
        let file = clients::within(path, entry.file());
        let message = format!(
            "{}: {} says CA:TRUE; here it is only itself, but under OpenSSL it would be an authority whose key can mint further clients",
            file.display(),
            certificate.subject()
        );
        Finding::new("AUTHORITY", message).about(file, certificate)
    })
}

/// A client's private key in a file of the directory, where services and their operators read it.
fn private_key(path: &Path, entry: &Entry) -> Option<Finding> {
    // What a link leads to is not in the directory, and a file that has just gone is no finding.
    let bytes = entry.link_target().is_none().then(|| file::read_secret(entry.file()).ok())??;
    let holds_key = pem::blocks(&bytes).is_ok_and(|blocks| blocks.iter().any(pem::Block::is_private_key));
    holds_key.then(|| {
        let file = clients::within(path, entry.file());
        let message = format!(
            "{}: holds the private key of {} too; replace the file by the certificate alone",
            file.display(),
            entry.certificate().subject()
        );
        Finding::new("PRIVATE_KEY", message).about(file, entry.certificate())
    })
}

/// The clients whose certificate is refused at this moment.
fn refusals(path: &Path, dir: &TrustDir, clients: &[Entry]) -> Vec<Finding> {
    let now = time::now();
    let decided = clients.iter().map(|entry| (entry, limit::decide(dir, entry, now)));
    decided
        .filter(|(_, decision)| !decision.is_admitted())
        .map(|(entry, decision)| Finding::of_refusal(path, entry, &decision))
        .collect()
}

/// Where only hash names count: certificates that lie in the directory and admit nobody.
fn unnamed(path: &Path, dir: &TrustDir, any: &TrustDir) -> Result<Vec<Finding>> {
    let clients = distinct(any.list()?);
    let found = differing(any, dir, &clients).map(|entry| {
        let (file, certificate) = (clients::within(path, entry.file()), entry.certificate());
        let why = match certificate.subject().subject_hash() {
            Ok(hash) => format!(
                "no file or link is named by its subject hash ({hash}.0); \
                 `trustdir clients add --subject-hash {} {}` admits it, or else delete the file",
                argument(path),
                argument(&file)
            ),
            Err(_) => "OpenSSL computes no hash of such a subject; issue a certificate with another name".to_owned(),
        };
        let message = format!("{}: {} is not admitted: {why}", file.display(), certificate.subject());
        Finding::new("ENTRY_NAMES", message).about(file, certificate)
    });
    Ok(found.collect())
}

/// Where every name counts: clients that a reader of hash names would refuse.
fn only_here(path: &Path, dir: &TrustDir, hashed: &TrustDir, clients: &[Entry]) -> Vec<Finding> {
    let found = differing(dir, hashed, clients).map(|entry| {
        let (file, certificate) = (clients::within(path, entry.file()), entry.certificate());
        let message = format!(
            "{}: {} is admitted here, but not where only subject-hash names count (OpenSSL, the Nano configuration); \
             `trustdir clients add --subject-hash {} {}` makes it the same for both",
            file.display(),
            certificate.subject(),
            argument(path),
            argument(&file)
        );
        Finding::new("ENTRY_NAMES", message).about(file, certificate)
    });
    found.collect()
}

/// The clients that `wider` admits at this moment and `narrower` does not.
fn differing<'a>(wider: &TrustDir, narrower: &TrustDir, clients: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
    let now = time::now();
    clients.iter().filter(move |entry| {
        limit::decide(wider, entry, now).is_admitted() && !limit::decide(narrower, entry, now).is_admitted()
    })
}

fn report(path: &Path, clients: usize, problems: &[Finding], notes: &[Finding], output: &mut Output) {
    for finding in problems {
        output.line(format_args!("problem: {finding}"));
    }
    for finding in notes {
        output.line(format_args!("note: {finding}"));
    }
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (clients, problems, notes) =
        (count(clients, "client"), count(problems.len(), "problem"), count(notes.len(), "note"));
    output.line(format_args!("{}: {clients}, {problems}, {notes}", path.display()));
}
