//! `trustdir lint`: which clients refuse a certificate, why, and what to do.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::lint::{self, Finding, Options, Rule, Severity};
use crate::{Authority, Certificate, Profile, Result};

use super::Outcome;
use super::finding::count;
use super::output::{Output, path_json};

const EXAMPLES: &str = "\
Examples:
  trustdir lint nas.cert.pem
  trustdir lint pki tls/clients
  trustdir lint --profile server fullchain.pem
  trustdir lint --json pki

PATH is a certificate, chain, request or private key in PEM or DER, or a folder with such files: the directory of
an authority, for instance, whichever tool made it. Without --profile each certificate is judged as what it says it is.

Exit code 1: some client refuses. Warnings and notes do not count. APPLE, CHROME, PYTHON (3.13, strict) and the
others are what clients do in 2026; files that hold nothing of the kind are noted and passed over.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Lint {
    /// The files and folders to look at
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Judge certificates (of a chain the first) as this: server, client, both or authority
    #[arg(long, value_name = "P")]
    profile: Option<Profile>,
}

impl Lint {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let options = Options { profile: self.profile, ..Options::default() };
        output.set("findings", json!([]));
        let mut counts = [0; Severity::ALL.len()];
        for path in &self.paths {
            let findings = lint::path(path, &options)?;
            report(&findings, output);
            for finding in &findings {
                output.push("findings", to_json(finding));
                counts[finding.severity() as usize] += 1;
            }
        }
        let [refused, warnings, notes] = counts;
        output.line(format_args!("{refused} refused, {}, {}", count(warnings, "warning"), count(notes, "note")));
        Ok(if refused == 0 { Outcome::Done } else { Outcome::Attention })
    }
}

/// Warns of what some client will not take in a certificate that was just issued, or in the authorities above it.
pub(super) fn warn_of_issued(certificate: &Certificate, authority: &Authority, file: &Path, output: &mut Output) {
    let chain: Vec<Certificate> = std::iter::once(certificate).chain(authority.chain()).cloned().collect();
    // What is issued here says what it is for.
    warn_of_faults(&chain, None, file, output);
}

/// Warns of what some client will not take in a chain that was just made or opened; `file` has its first certificate.
pub(super) fn warn_of_faults(chain: &[Certificate], profile: Option<Profile>, file: &Path, output: &mut Output) {
    output.list("warnings");
    let options = Options { profile, ..Options::default() };
    for finding in lint::chain(chain, &options) {
        if finding.severity() != Severity::Note {
            let subject = finding.subject().unwrap_or_default();
            let message = format!("{subject}: {}{}; {}", finding.message(), refusers(&finding), finding.remedy());
            output.warn(&super::finding::Finding::new(finding.rule().as_str(), message).about(file, &chain[0]));
        }
    }
}

/// ` (refused by APPLE, CHROME)`, or nothing.
fn refusers(finding: &Finding) -> String {
    match finding.refused_by() {
        [] => String::new(),
        some => format!(" (refused by {})", some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// Every finding under its file and subject, the gravest first.
fn report(findings: &[Finding], output: &mut Output) {
    let about = |finding: &Finding| (finding.path().map(Path::to_owned), finding.subject().map(str::to_owned));
    for group in findings.chunk_by(|a, b| about(a) == about(b)) {
        let file = group[0].path().unwrap_or(Path::new("")).display();
        match group[0].subject() {
            Some(subject) => output.line(format_args!("{file}: {subject}")),
            None => output.line(format_args!("{file}:")),
        }
        for finding in group {
            output.line(format_args!("  {}: {} [{}]", verdict(finding), finding.message(), finding.rule()));
            output.line(format_args!("    -> {}", finding.remedy()));
        }
    }
}

fn verdict(finding: &Finding) -> String {
    let by: Vec<String> = finding.refused_by().iter().map(ToString::to_string).collect();
    match finding.severity() {
        Severity::Refused => format!("refused by {}", by.join(", ")),
        Severity::Warning => "warning".to_owned(),
        Severity::Note => "note".to_owned(),
    }
}

fn to_json(finding: &Finding) -> Value {
    json!({
        "rule": finding.rule().as_str(),
        "severity": finding.severity().as_str(),
        "message": finding.message(),
        "remedy": finding.remedy(),
        "refused_by": finding.refused_by().iter().map(|client| client.as_str()).collect::<Vec<_>>(),
        "file": finding.path().map(path_json),
        "subject": finding.subject(),
    })
}

/// What is wrong with a file of Diffie-Hellman parameters, a missing one too.
pub(super) fn fault_of_parameters(path: &Path) -> Option<String> {
    match lint::path(path, &Options::default()) {
        Ok(findings) => {
            let weak = |finding: &&Finding| matches!(finding.rule(), Rule::WeakDhParameters | Rule::Unreadable);
            findings.iter().find(weak).map(|finding| finding.message().to_owned())
        }
        Err(error) => Some(error.message_without_path().to_owned()),
    }
}
