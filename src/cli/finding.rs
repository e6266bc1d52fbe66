//! One thing that somebody should know about a certificate or a file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::escape;
use crate::{Certificate, Decision, Entry, Problem};

use super::clients;
use super::output::{Output, path_json};

/// What was found, where, and (in the message) what to do about it.
pub(super) struct Finding {
    kind: &'static str,
    message: String,
    file: Option<PathBuf>,
    certificate: Option<Certificate>,
}

impl Finding {
    pub(super) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), file: None, certificate: None }
    }

    pub(super) fn about(mut self, file: impl Into<PathBuf>, certificate: &Certificate) -> Self {
        self.file = Some(file.into());
        self.certificate = Some(certificate.clone());
        self
    }

    pub(super) fn of_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// A file of `dir` that cannot be an entry.
    pub(super) fn of_problem(dir: &Path, problem: &Problem) -> Self {
        let file = clients::within(dir, problem.file());
        let message = format!("{}: {}", file.display(), problem.message());
        Self { file: Some(file), ..Self::new("FILE", message) }
    }

    /// An entry of `dir` that is refused all the same.
    pub(super) fn of_refusal(dir: &Path, entry: &Entry, decision: &Decision) -> Self {
        let file = clients::within(dir, entry.file());
        let message = decision.message();
        // The core names the file by its absolute path; here it is named as the operator named the directory.
        let message = match message.strip_prefix(&format!("{}: ", escape(&entry.file().to_string_lossy()))) {
            Some(what) => format!("{}: {what}", file.display()),
            None => message.to_owned(),
        };
        Self::new(decision.reason().as_str(), message).about(file, entry.certificate())
    }

    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "kind": self.kind,
            "message": self.message,
            "file": self.file.as_deref().map(path_json),
            "subject": self.certificate.as_ref().map(|c| c.subject().to_string()),
            "fingerprint": self.certificate.as_ref().map(|c| c.fingerprint().to_string()),
        })
    }
}

/// Says what a certificate was not granted, or was granted otherwise; `file` asked for it.
pub(super) fn report_notes(notes: &[String], file: &Path, output: &mut Output) {
    output.set("notes", json!([]));
    for note in notes {
        let note = Finding::new("REQUEST", note.as_str()).of_file(file);
        output.line(format_args!("note: {note}"));
        output.push("notes", note.to_json());
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
