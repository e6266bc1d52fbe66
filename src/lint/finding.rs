//! One fault, who refuses because of it, and what to do.

use std::fmt;
use std::path::{Path, PathBuf};

use super::{Client, Rule};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Some client refuses outright; [`Finding::refused_by`] names it.
    Refused,
    /// Nobody refuses, and yet it is wrong or soon will be.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Self; 3] = [Self::Refused, Self::Warning, Self::Note];

    /// The severity's code in JSON and in other languages, such as `REFUSED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "REFUSED",
            Self::Warning => "WARNING",
            Self::Note => "NOTE",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One fault. Its texts are one line each; what comes from certificates is escaped in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    rule: Rule,
    severity: Severity,
    message: String,
    remedy: String,
    refused_by: &'static [Client],
    subject: Option<String>,
    path: Option<PathBuf>,
}

impl Finding {
    /// Which rule is broken.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong, with what was measured.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// Who refuses because of it; somebody exactly when the severity is [`Severity::Refused`].
    pub fn refused_by(&self) -> &[Client] {
        self.refused_by
    }

    /// The subject (RFC 4514) of the certificate or request, if it has one.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The file that it is in, where a file was looked at.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(super) fn at(mut self, path: &Path) -> Self {
        self.path = Some(path.to_owned());
        self
    }
}

/// The message and the remedy.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.remedy)
    }
}

/// The findings about one subject.
#[derive(Default)]
pub(super) struct Report {
    subject: Option<String>,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn about(subject: &crate::DistinguishedName) -> Self {
        Self { subject: (!subject.is_empty()).then(|| subject.brief()), findings: Vec::new() }
    }

    pub(super) fn refused(
        &mut self,
        rule: Rule,
        by: &'static [Client],
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.push(rule, Severity::Refused, by, message.into(), remedy.into());
    }

    pub(super) fn warning(&mut self, rule: Rule, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(rule, Severity::Warning, &[], message.into(), remedy.into());
    }

    pub(super) fn note(&mut self, rule: Rule, message: impl Into<String>, remedy: impl Into<String>) {
        self.push(rule, Severity::Note, &[], message.into(), remedy.into());
    }

    fn push(&mut self, rule: Rule, severity: Severity, by: &'static [Client], message: String, remedy: String) {
        let subject = self.subject.clone();
        self.findings.push(Finding { rule, severity, message, remedy, refused_by: by, subject, path: None });
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }
}
