//! What a snippet is filled with.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::SubjectAltName;
use crate::error::{Error, ErrorKind, Result};

use super::server::bare;

/// One service behind TLS.
pub(super) struct Site {
    /// As the certificate has them, the common one first.
    pub(super) names: Vec<SubjectAltName>,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    /// What clients trust, and what vouches for clients.
    pub(super) ca: PathBuf,
    /// The authority's directory.
    pub(super) authority: PathBuf,
    /// Where the snippet is.
    pub(super) file: PathBuf,
    /// The service behind the proxy, as host and port.
    pub(super) upstream: String,
    /// Whether clients need a certificate.
    pub(super) mutual: bool,
}

impl Site {
    /// The first name that is one, and not a pattern for many, as it stands in a URL.
    pub(super) fn name(&self) -> String {
        self.hosts().into_iter().find(|host| !host.starts_with('*')).unwrap_or_default()
    }

    /// Hosts as they stand in a URL.
    fn hosts(&self) -> Vec<String> {
        let host = |name: &SubjectAltName| match name {
            SubjectAltName::Ip(IpAddr::V6(address)) => format!("[{address}]"),
            other => bare(other),
        };
        self.names.iter().map(host).collect()
    }

    /// The template with its words in the place of `@NAME@`, and of lines that begin with `@mutual@` or `@public@` those
    /// that fit.
    pub(super) fn fill(&self, template: &str) -> Result<String> {
        let hosts = self.hosts();
        let words = [
            ("@NAME@", self.name()),
            ("@NAMES@", hosts.join(" ")),
            ("@CERTIFICATE@", plain(&self.certificate)?),
            ("@KEY@", plain(&self.key)?),
            ("@CA@", plain(&self.ca)?),
            ("@FILE@", plain(&self.file)?),
            ("@AUTHORITY@", plain(&self.authority)?),
            ("@UPSTREAM@", self.upstream.clone()),
        ];
        let (ours, other) = if self.mutual { ("@mutual@", "@public@") } else { ("@public@", "@mutual@") };
        let mut text = String::with_capacity(template.len());
        for line in template.lines().filter(|line| !line.starts_with(other)) {
            let line = line.strip_prefix(ours).unwrap_or(line);
            text.push_str(&words.iter().fold(line.to_owned(), |line, (name, word)| line.replace(name, word)));
            text.push('\n');
        }
        Ok(text)
    }
}

/// The whole path, if no configuration's grammar reads it as anything else.
fn plain(path: &Path) -> Result<String> {
    let whole = std::path::absolute(path).map_err(|error| Error::io("find", path, error))?;
    match whole.to_str() {
        Some(text) if !text.contains(|c: char| c.is_control() || "\"'\\$`{}#".contains(c)) => Ok(text.to_owned()),
        _ => {
            let message = "configurations would misread this path; choose a directory without quotes, $, #, { and \\";
            Err(Error::new(ErrorKind::Unsupported, message).at(path))
        }
    }
}
