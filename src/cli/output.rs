//! What the command says: lines for people, or one JSON object.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use clap::error::ErrorKind as UsageKind;
use serde_json::{Map, Value, json};

use crate::error::escape;
use crate::{Error, Result, json};

use super::Outcome;
use super::finding::Finding;

const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;
const DUE: i32 = 3;

/// The answer of one run. Lines are written as things happen; the JSON object is written at the end.
pub(super) struct Output {
    document: Option<Map<String, Value>>,
    /// Whether each thing has an object of its own, so that none is left at the end but an error's.
    streams: bool,
    broken: Option<io::Error>,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { document: json.then(Map::new), streams: false, broken: None }
    }

    /// Whether people read it, and not a program.
    pub(super) fn is_for_people(&self) -> bool {
        self.document.is_none()
    }

    /// Says one thing that was done.
    pub(super) fn line(&mut self, text: impl Display) {
        if self.document.is_none() {
            self.print(&text);
        }
    }

    /// From now on there is an object for each thing that happens, instead of one for all.
    pub(super) fn begin_stream(&mut self) {
        self.streams = true;
    }

    /// Says one thing that happens while the verb goes on.
    pub(super) fn stream(&mut self, object: Value, text: impl Display) {
        match self.document {
            Some(_) => self.write(&json::line(&object)),
            None => self.print(&text),
        }
    }

    /// Whether nobody reads it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.broken.is_some()
    }

    /// Says what to do next.
    pub(super) fn next(&mut self, text: impl Display) {
        self.line(format_args!("next: {text}"));
    }

    /// Writes a text that was made here, as it is.
    pub(super) fn text(&mut self, text: &str) {
        if self.document.is_none() {
            self.write(text.trim_end());
        }
    }

    /// Sets a key of the JSON object.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>) {
        if let Some(document) = &mut self.document {
            document.insert(key.to_owned(), value.into());
        }
    }

    /// Makes sure of a list in the JSON object, which may stay empty.
    pub(super) fn list(&mut self, key: &str) {
        if let Some(document) = &mut self.document {
            document.entry(key).or_insert_with(|| json!([]));
        }
    }

    /// Appends to a list of the JSON object.
    pub(super) fn push(&mut self, key: &str, value: Value) {
        if let Some(document) = &mut self.document
            && let Value::Array(list) = document.entry(key).or_insert_with(|| json!([]))
        {
            list.push(value);
        }
    }

    /// Warns of something that did not stop the verb.
    pub(super) fn warn(&mut self, finding: &Finding) {
        self.push("warnings", finding.to_json());
        self.aside(format_args!("warning: {finding}"));
    }

    /// Says something that is not part of the answer, for people only.
    pub(super) fn aside(&self, text: impl Display) {
        if self.document.is_none() {
            complain(&text);
        }
    }

    /// Reports how the verb ended, writes what has not been written, and returns the exit code.
    pub(super) fn finish(mut self, result: Result<Outcome>) -> i32 {
        let code = match result {
            Ok(Outcome::Done) => DONE,
            Ok(Outcome::Attention) => FAILED,
            Ok(Outcome::Due) => DUE,
            Err(error) => {
                self.aside(&error);
                self.set("error", error_json(&error));
                FAILED
            }
        };
        if let Some(document) = self.document.take().filter(|document| !self.streams || !document.is_empty()) {
            self.write(&json::line(&document));
        }
        match self.broken {
            // The reader had enough (`| head`): its right, and no failure of ours.
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complain(&format_args!("standard output: {error}"));
                FAILED
            }
            _ => code,
        }
    }

    /// Subjects and file names can be chosen by strangers, so every line is escaped here, wherever its words came from.
    fn print(&mut self, text: &dyn Display) {
        self.write(&escape(&text.to_string()));
    }

    fn write(&mut self, line: &str) {
        if self.broken.is_none() {
            self.broken = writeln!(io::stdout().lock(), "{line}").err();
        }
    }
}

/// Answers a command line that is wrong, or that asks for help, and returns the exit code.
pub(super) fn usage(error: &clap::Error, json: bool) -> i32 {
    let helps = matches!(error.kind(), UsageKind::DisplayHelp | UsageKind::DisplayVersion);
    if json && !helps {
        let message = error.to_string();
        let message = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        let mut output = Output::new(true);
        output.set("error", json!({ "kind": "USAGE", "message": message, "path": null, "subject": null }));
        let _ = output.finish(Ok(Outcome::Done));
        return USAGE;
    }
    // There is nowhere left to report that standard output or standard error cannot be written.
    let _ = error.print();
    if helps { DONE } else { USAGE }
}

/// `path` as an argument that can be pasted into a shell.
pub(super) fn argument(path: impl AsRef<Path>) -> String {
    let text = path.as_ref().to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%:,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// `path` as JSON has it.
pub(super) fn path_json(path: impl AsRef<Path>) -> Value {
    path.as_ref().to_string_lossy().into()
}

fn error_json(error: &Error) -> Value {
    json!({
        "kind": error.kind().as_str(),
        "message": error.message(),
        "path": error.path().map(path_json),
        "subject": error.subject(),
    })
}

fn complain(text: &dyn Display) {
    // When standard error is gone, only the exit code is left to tell.
    let _ = writeln!(io::stderr().lock(), "trustdir: {}", escape(&text.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_when_a_shell_would_split_them() {
        assert_eq!(argument("tls/clients"), "tls/clients");
        assert_eq!(argument("it's mine"), r"'it'\''s mine'");
    }
}
