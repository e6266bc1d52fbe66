//! What was found, and how grave it is.

use std::path::{Path, PathBuf};

use crate::lint::{self, Rule, Severity};
use crate::trust_dir::Notice;
use crate::{Certificate, Error};

use super::super::finding::Finding;
use super::super::output::argument;
use super::mend::Mend;

/// Everything that a check has found.
#[derive(Default)]
pub(super) struct Verdict {
    /// What was read, in the order in which it was.
    pub(super) checked: Vec<PathBuf>,
    /// What somebody has to mend.
    pub(super) problems: Vec<Finding>,
    /// What is good to know.
    pub(super) notes: Vec<Finding>,
}

impl Verdict {
    /// How much was looked at and said.
    pub(super) fn len(&self) -> usize {
        self.checked.len() + self.problems.len() + self.notes.len()
    }

    pub(super) fn problem(&mut self, kind: &'static str, file: &Path, message: impl AsRef<str>) {
        self.problems.push(finding(kind, file, message.as_ref()));
    }

    /// Something that could not be looked at.
    pub(super) fn error(&mut self, error: &Error) {
        let found = Finding::new(error.kind().as_str(), error.to_string());
        self.problems.push(match error.path() {
            Some(path) => found.of_file(path),
            None => found,
        });
    }

    pub(super) fn note(&mut self, kind: &'static str, file: &Path, message: impl AsRef<str>) {
        self.notes.push(finding(kind, file, message.as_ref()));
    }

    /// What clients object to. Refusals are problems, and what will or could do harm soon.
    pub(super) fn lint(
        &mut self,
        file: &Path,
        certificate: Option<&Certificate>,
        mend: Option<&Mend>,
        findings: &[lint::Finding],
    ) {
        let subject = certificate.map(|certificate| certificate.subject().brief());
        for one in findings {
            let refused_by: Vec<&str> = one.refused_by().iter().map(|client| client.as_str()).collect();
            let by =
                if refused_by.is_empty() { String::new() } else { format!(" (refused by {})", refused_by.join(", ")) };
            let mend = mend.filter(|_| one.subject() == subject.as_deref());
            let message = format!("{}: {}{by}; {}", file.display(), one.message(), remedy(one, file, mend));
            let found = Finding::new(one.rule().as_str(), message);
            let found = match certificate {
                Some(certificate) => found.about(file, certificate),
                None => found.of_file(file),
            };
            let pressing = matches!(one.rule(), Rule::ExpiresSoon | Rule::KeyReadable | Rule::Unreadable);
            match one.severity() {
                Severity::Refused => self.problems.push(found),
                Severity::Warning if pressing => self.problems.push(found),
                _ => self.notes.push(found),
            }
        }
    }

    /// What the directory of clients says of itself.
    pub(super) fn notice(&mut self, dir: &Path, notice: &Notice) {
        let found = Finding::of_notice(dir, notice);
        if notice.is_problem() { self.problems.push(found) } else { self.notes.push(found) }
    }
}

/// The command that mends it, where there is one.
fn remedy(one: &lint::Finding, file: &Path, mend: Option<&Mend>) -> String {
    match (one.rule(), mend) {
        (Rule::KeyReadable, _) => format!("`chmod 600 {}`", argument(one.path().unwrap_or(file))),
        (Rule::Expired | Rule::ExpiresSoon, Some(mend)) => format!("`{}` renews it", mend.renewed(file)),
        (_, Some(mend @ (Mend::Up { .. } | Mend::Issue { .. }))) if one.severity() == Severity::Refused => {
            format!("`{}` makes it anew", mend.anew())
        }
        _ => one.remedy().to_owned(),
    }
}

fn finding(kind: &'static str, file: &Path, message: &str) -> Finding {
    Finding::new(kind, format!("{}: {message}", file.display())).of_file(file)
}
