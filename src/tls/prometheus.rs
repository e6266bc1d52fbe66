//! Counters as a page for Prometheus: the text exposition format 0.0.4.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use super::counters::{Counters, FAILURES};
use crate::admission::Reason;
use crate::error::{Error, ErrorKind, Result};

/// The labels of the page's own.
const OWN: [&str; 4] = ["kind", "reason", "direction", "result"];

/// Names and values that tell one service's numbers from another's.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

/// One page about several services.
pub(super) fn page(services: &[(Labels<'_>, &Counters)]) -> Result<String> {
    let services = services.iter().map(|(labels, counters)| Ok((written(labels)?, *counters)));
    let services: Vec<_> = services.collect::<Result<_>>()?;
    if services.iter().map(|(labels, _)| labels).collect::<BTreeSet<_>>().len() < services.len() {
        return Err(invalid("two services have the same labels; tell them apart by one"));
    }
    let mut page = Page { text: String::new(), services };
    // Writing to a string cannot fail.
    let _ = page.write();
    Ok(page.text)
}

/// The page of a single service without labels.
pub(super) fn plain(counters: &Counters) -> String {
    let mut page = Page { text: String::new(), services: vec![(String::new(), counters)] };
    let _ = page.write();
    page.text
}

/// The labels as they stand in braces, sorted; an empty value is the same as none.
fn written(labels: Labels<'_>) -> Result<String> {
    let mut sorted = BTreeMap::new();
    for (name, value) in labels {
        if !is_label(name) {
            let rule = "use letters, digits and underscores, a letter first";
            return Err(invalid(&format!("{name:?} is no name of a label; {rule}")));
        }
        if OWN.contains(name) || sorted.insert(name, value).is_some() {
            return Err(invalid(&format!("the label {name} is there already; choose another name")));
        }
    }
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let written = sorted.into_iter().filter(|(_, value)| !value.is_empty());
    let written = written.map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    Ok(written.collect::<Vec<_>>().join(","))
}

/// Two underscores are Prometheus's own.
fn is_label(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(letter)
        && name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit())
        && !name.starts_with("__")
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// A page of metrics: each family with the numbers of all services. Its texts and labels are not a stranger's.
struct Page<'a> {
    text: String,
    services: Vec<(String, &'a Counters)>,
}

impl Page<'_> {
    fn write(&mut self) -> fmt::Result {
        let refusing = || Reason::ALL.into_iter().filter(|reason| !reason.is_admission());
        self.number("connections_accepted_total", "counter", "Connections that were accepted.", |of| of.accepted)?;
        self.number("connections_open", "gauge", "Connections that there are now.", |of| of.open)?;
        self.number("connections_admitted", "gauge", "Open connections of admitted peers.", |of| of.admitted)?;
        let help = "Handshakes whose peer was admitted.";
        self.labelled("handshakes_total", help, "kind", |of| vec![("full", of.full), ("resumed", of.resumed)])?;
        self.labelled("handshake_refusals_total", "Handshakes that were refused.", "reason", |of| {
            refusing().map(|reason| (reason.as_str(), of.refusals(reason))).collect()
        })?;
        self.labelled("handshake_failures_total", "Handshakes that failed undecided.", "kind", |of| {
            FAILURES.into_iter().map(|kind| (kind.as_str(), of.failures(kind))).collect()
        })?;
        self.labelled("revocations_total", "Open connections whose peer ceased to be admitted.", "reason", |of| {
            refusing().map(|reason| (reason.as_str(), of.revocations(reason))).collect()
        })?;
        self.labelled("ciphertext_bytes_total", "Bytes from and to the transports.", "direction", |of| {
            vec![("in", of.ciphertext_in), ("out", of.ciphertext_out)]
        })?;
        self.labelled("plaintext_bytes_total", "Bytes from and to the peers.", "direction", |of| {
            vec![("in", of.plaintext_in), ("out", of.plaintext_out)]
        })?;
        self.labelled("reloads_total", "Reloads of the settings.", "result", |of| {
            vec![("done", of.reloads), ("failed", of.failed_reloads)]
        })
    }

    fn head(&mut self, name: &str, sort: &str, help: &str) -> fmt::Result {
        writeln!(self.text, "# HELP trustdir_{name} {help}\n# TYPE trustdir_{name} {sort}")
    }

    fn number(&mut self, name: &str, sort: &str, help: &str, value: fn(&Counters) -> u64) -> fmt::Result {
        self.head(name, sort, help)?;
        for (labels, counters) in &self.services {
            let (open, close) = if labels.is_empty() { ("", "") } else { ("{", "}") };
            writeln!(self.text, "trustdir_{name}{open}{labels}{close} {}", value(counters))?;
        }
        Ok(())
    }

    fn labelled(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Fn(&Counters) -> Vec<(&'static str, u64)>,
    ) -> fmt::Result {
        self.head(name, "counter", help)?;
        for (labels, counters) in &self.services {
            let comma = if labels.is_empty() { "" } else { "," };
            for (of, value) in values(counters) {
                writeln!(self.text, "trustdir_{name}{{{labels}{comma}{label}=\"{of}\"}} {value}")?;
            }
        }
        Ok(())
    }
}
