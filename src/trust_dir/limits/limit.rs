//! One limit, and how it is written in `trustdir.toml`.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use toml::Spanned;
use toml::value::Datetime;

use crate::certificate::Fingerprint;
use crate::clock::timestamp;
use crate::error::{Error, ErrorKind, Result, disturbs, escape};
use crate::name::DistinguishedName;
use crate::trust_dir::hash_name;

/// Which entries a limit is for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LimitOf {
    /// The certificate with this fingerprint, whatever its file is called.
    Certificate(Fingerprint),
    /// Every certificate in the file of this name.
    File(String),
    /// Every certificate of this subject; names are compared as OpenSSL does, so capitals do not count.
    Subject(DistinguishedName),
}

impl LimitOf {
    /// The word in `trustdir.toml`: `sha256`, `file` or `subject`.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "sha256",
            Self::File(_) => "file",
            Self::Subject(_) => "subject",
        }
    }
}

/// What stands behind the word.
impl fmt::Display for LimitOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(fingerprint) => fingerprint.fmt(f),
            Self::File(name) => f.write_str(name),
            Self::Subject(subject) => subject.fmt(f),
        }
    }
}

/// One limit of a trust directory: until when, and for which services, entries are admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub(super) of: LimitOf,
    pub(super) valid_until: Option<i64>,
    pub(super) services: Option<Vec<String>>,
    pub(super) files: Vec<PathBuf>,
}

impl Limit {
    /// Neither an end nor a list of services is [`ErrorKind::InvalidArgument`]: it would limit nothing.
    pub(super) fn new(of: LimitOf, valid_until: Option<i64>, services: Option<Vec<String>>) -> Result<Self> {
        if valid_until.is_none() && services.is_none() {
            return Err(invalid("a limit without valid_until and services limits nothing; give one of them"));
        }
        let unusable = |service: &&String| service.is_empty() || service.contains(disturbs);
        if let Some(service) = services.iter().flatten().find(unusable) {
            return Err(invalid(&format!("{service:?} is no name of a service; write it as the service does")));
        }
        if valid_until.is_some_and(|until| OffsetDateTime::from_unix_timestamp(until).is_err()) {
            return Err(invalid("the end lies beyond the year 9999; leave it out if there is none"));
        }
        Ok(Self { of, valid_until, services, files: Vec::new() })
    }

    /// Which entries it is for.
    pub fn of(&self) -> &LimitOf {
        &self.of
    }

    /// The last second at which they are admitted, as Unix time.
    pub fn valid_until(&self) -> Option<i64> {
        self.valid_until
    }

    /// The services that admit them; `None` is every service, an empty list is none.
    pub fn services(&self) -> Option<&[String]> {
        self.services.as_deref()
    }

    /// The files of the entries that it fitted when it was listed. None: it may be misspelt.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

/// The file as TOML has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    limit: Vec<Spanned<Table>>,
}

#[derive(Serialize)]
struct Written {
    limit: Vec<Table>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Vec<String>>,
}

/// Reads the file's text. An error names the line.
pub(super) fn parse(text: &str) -> Result<Vec<Limit>> {
    if text.trim().is_empty() {
        return Err(Error::new(ErrorKind::Parse, "this is empty; restore it, or delete it if nobody is limited"));
    }
    let at = |offset: usize, message: &str| {
        let line = text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::new(ErrorKind::Parse, format!("line {line}: {}", escape(message)))
    };
    let document: Document = toml::from_str(text).map_err(|error| {
        at(error.span().map_or(0, |span| span.start), &format!("{}; correct the file", error.message()))
    })?;
    let limits = document.limit.into_iter().map(|table| {
        let offset = table.span().start;
        Limit::try_from(table.into_inner()).map_err(|error| at(offset, error.message()))
    });
    limits.collect()
}

/// The text of a file with these limits, and nothing of what was in it besides.
pub(super) fn write(limits: &[Limit]) -> Result<String> {
    let limit = limits.iter().map(Table::try_from).collect::<Result<_>>()?;
    toml::to_string(&Written { limit }).map_err(|error| invalid(&error.to_string()))
}

impl TryFrom<Table> for Limit {
    type Error = Error;

    fn try_from(table: Table) -> Result<Self> {
        let of = match (table.sha256, table.file, table.subject) {
            (Some(sha256), None, None) => LimitOf::Certificate(sha256.parse()?),
            (None, Some(name), None) if hash_name(OsStr::new(&name)).is_some() => {
                return Err(invalid(&format!(
                    "{name:?} is a number, and numbers move when others go; name the entry by sha256"
                )));
            }
            (None, Some(name), None) if Path::new(&name).file_name() == Some(OsString::from(&name).as_os_str()) => {
                LimitOf::File(name)
            }
            (None, Some(name), None) => {
                return Err(invalid(&format!(
                    "{name:?} is no name of a file in this directory; write it without a path"
                )));
            }
            (None, None, Some(subject)) => LimitOf::Subject(DistinguishedName::parse(&subject)?),
            _ => return Err(invalid("a limit names its entry by one of sha256, file and subject; give exactly one")),
        };
        Self::new(of, table.valid_until.as_ref().map(seconds).transpose()?, table.services)
    }
}

impl TryFrom<&Limit> for Table {
    type Error = Error;

    fn try_from(limit: &Limit) -> Result<Self> {
        let end = |until| timestamp(until).parse().map_err(|_| invalid("this time cannot be written"));
        let (value, mut table) = (Some(limit.of.to_string()), Self::default());
        match limit.of {
            LimitOf::Certificate(_) => table.sha256 = value,
            LimitOf::File(_) => table.file = value,
            LimitOf::Subject(_) => table.subject = value,
        }
        Ok(Self { valid_until: limit.valid_until.map(end).transpose()?, services: limit.services.clone(), ..table })
    }
}

fn seconds(datetime: &Datetime) -> Result<i64> {
    let whole = OffsetDateTime::parse(&datetime.to_string(), &Rfc3339);
    whole.map(OffsetDateTime::unix_timestamp).map_err(|_| {
        invalid(&format!("valid_until = {datetime} is no moment; write it as 2026-12-31T00:00:00Z, with its zone"))
    })
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "3f9a6c01d2e43f9a6c01d2e43f9a6c01d2e43f9a6c01d2e43f9a6c01d2e43f9a";

    #[test]
    fn what_is_written_reads_the_same() {
        let of = [
            LimitOf::Certificate(SHA256.parse().unwrap()),
            LimitOf::File("a \"b\" \\ \u{7f}\u{202e}.pem".into()),
            LimitOf::Subject(DistinguishedName::parse("CN=a\\,b\\0A,O=Example").unwrap()),
        ];
        let services = Some(vec!["rpc".to_owned(), "it's".to_owned()]);
        let mut limits: Vec<_> =
            of.map(|of| Limit::new(of, Some(1_801_440_000), services.clone()).unwrap()).into_iter().collect();
        limits[0].valid_until = None;
        limits[1].services = Some(Vec::new());
        let text = write(&limits).unwrap();
        assert_eq!(parse(&text).unwrap(), limits, "{text}");
        assert_eq!(parse(&write(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let good = format!("[[limit]]\nsha256 = \"{SHA256}\"\nvalid_until = 2026-12-31T01:00:00.5+01:00\n");
        assert_eq!(parse(&good).unwrap()[0].valid_until(), Some(1_798_675_200));
        for (text, line, says) in [
            ("", 0, "empty"),
            (" \n\t\n", 0, "empty"),
            ("# limits\n", 1, "limit"),
            ("[[limit]]\nsha256 = \"3f9a\"\nservices = []\n", 1, "64 hexadecimal digits"),
            ("\n[[limit]]\nservices = [\"rpc\"]\n", 2, "exactly one"),
            ("[[limit]]\nfile = \"a\"\nsubject = \"CN=a\"\nservices = [\"rpc\"]\n", 1, "exactly one"),
            ("[[limit]]\nfile = \"../a\"\nservices = [\"rpc\"]\n", 1, "without a path"),
            ("[[limit]]\nsubject = \"XY=a\"\nservices = [\"rpc\"]\n", 1, "XY"),
            ("[[limit]]\nfile = \"a\"\n", 1, "limits nothing"),
            ("[[limit]]\nfile = \"a\"\nservices = [\"\"]\n", 1, "no name of a service"),
            ("[[limit]]\nfile = \"a\"\nvalid_until = 2026-12-31\n", 1, "with its zone"),
            ("[[limit]]\nfile = \"a\"\nvalid_until = \"2026\"\n", 3, "datetime"),
            ("[[limit]]\nfile = \"a\"\nservces = [\"rpc\"]\n", 3, "servces"),
            ("[[limits]]\nfile = \"a\"\n", 1, "limits"),
            ("[[limit]]\nfile = \"a\"\nservices\n", 3, "no value"),
            ("\u{feff}limit = 1\u{202e}\n", 1, ""),
        ] {
            let error = parse(text).unwrap_err();
            let message = error.message();
            assert_eq!(error.kind(), ErrorKind::Parse);
            assert!(line == 0 || message.starts_with(&format!("line {line}: ")), "{text:?}: {message}");
            assert!(message.contains(says) && !message.contains(disturbs), "{text:?}: {message}");
        }
    }
}
