//! One thing that somebody should know about a certificate or a file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{Certificate, Notice, NoticeKind, Reason};

use super::output::{Output, argument, path_json};
use super::{clients, time};

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

    /// What there is to say of a file of `dir`, which is named as the operator named the directory.
    pub(super) fn of_notice(dir: &Path, notice: &Notice) -> Self {
        let file = clients::within(dir, notice.file());
        let command = command(dir, notice).map(|command| format!(" (`{command}`)")).unwrap_or_default();
        let message = format!("{}: {}{command}", file.display(), notice.message());
        let kind = notice.kind().as_str();
        Self { kind, message, file: Some(file), certificate: notice.certificate().cloned() }
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

/// The command that does what the notice of a refused client asks for.
fn command(dir: &Path, notice: &Notice) -> Option<String> {
    let NoticeKind::Refused(reason) = notice.kind() else { return None };
    let [dir, file] = [dir.as_os_str(), notice.file().file_name()?].map(argument);
    let is_over = notice.certificate()?.not_after() < time::now();
    match reason {
        Reason::NotYetValid => None,
        Reason::Expired if is_over => Some(format!("trustdir clients replace {dir} {file} RENEWED")),
        // A limit of its own.
        Reason::Expired => Some(format!("trustdir clients unlimit {dir} {file}")),
        _ => Some(format!("trustdir clients remove {dir} {file}")),
    }
}

/// Says what a check has found, the graver first.
pub(super) fn report(problems: &[Finding], notes: &[Finding], output: &mut Output) {
    for finding in problems {
        output.line(format_args!("problem: {finding}"));
    }
    for finding in notes {
        output.line(format_args!("note: {finding}"));
    }
}

/// `1 problem`, `2 problems`.
pub(super) fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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
