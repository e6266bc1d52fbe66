//! `index.txt` of `openssl ca`: one line a certificate, fields between tabs (ca.c, TXT_DB).
//!
//! Lines that we do not touch stay as they are, byte for byte.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::authority::RevocationReason;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// The whole index, line by line.
pub(crate) struct Index {
    lines: Vec<String>,
}

/// What the index says of one certificate.
pub(crate) struct Line<'a> {
    fields: Vec<&'a str>,
}

impl Index {
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self> {
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let index = Self { lines: text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect() };
        let odd = index.lines().position(|line| line.fields.len() != 6);
        match odd {
            Some(at) => Err(damaged(&format!("line {} has not the six fields of `openssl ca`", at + 1))),
            None => Ok(index),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.bytes().chain(*b"\n")).collect()
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.lines.iter().map(|line| Line { fields: line.split('\t').collect() })
    }

    pub(super) fn contains(&self, serial: &str) -> bool {
        self.lines().any(|line| line.serial() == serial)
    }

    /// Adds a certificate that was issued.
    pub(super) fn push(&mut self, certificate: &Certificate) -> Result<()> {
        let serial: String = certificate.serial().to_uppercase();
        let expiry = date(certificate.not_after())?;
        self.lines.push(format!("V\t{expiry}\t\t{serial}\tunknown\t{}", certificate.subject().oneline()));
        Ok(())
    }

    /// Marks a certificate as revoked at a time, or takes a hold back (`reason` is `None`).
    pub(super) fn mark(&mut self, serial: &str, reason: Option<RevocationReason>, now: i64) -> Result<()> {
        let at = self.lines().position(|line| line.serial() == serial).ok_or_else(|| {
            let message = format!("this authority has issued no certificate with the serial {serial}");
            Error::new(ErrorKind::NotFound, message)
        })?;
        let line = Line { fields: self.lines[at].split('\t').collect() };
        let revoked = line.revocation()?;
        let field = match (reason, revoked) {
            (Some(reason), None) => format!("{},{}", date(now)?, reason.as_str()),
            // A hold may become final, at the time of the hold; anything else is final already.
            (Some(reason), Some((since, Some(RevocationReason::CertificateHold)))) => {
                format!("{},{}", date(since)?, reason.as_str())
            }
            (None, Some((_, Some(RevocationReason::CertificateHold)))) => String::new(),
            (Some(_), Some(_)) => {
                let message = format!("the certificate with the serial {serial} is revoked already");
                return Err(Error::new(ErrorKind::AlreadyExists, message));
            }
            (None, _) => {
                let message = format!("the certificate with the serial {serial} is not on hold");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        };
        let status = if field.is_empty() { "V" } else { "R" };
        let mut fields: Vec<&str> = line.fields;
        (fields[0], fields[2]) = (status, &field);
        let joined = fields.join("\t");
        self.lines[at] = joined;
        Ok(())
    }
}

impl Line<'_> {
    /// The serial number in upper-case hexadecimal.
    pub(crate) fn serial(&self) -> &str {
        self.fields.get(3).copied().unwrap_or_default()
    }

    /// When and why it was revoked, if it was.
    pub(crate) fn revocation(&self) -> Result<Option<(i64, Option<RevocationReason>)>> {
        let field = self.fields.get(2).copied().unwrap_or_default();
        if self.fields[0] != "R" {
            return Ok(None);
        }
        let (when, reason) = field.split_once(',').map_or((field, None), |(when, reason)| (when, Some(reason)));
        let seconds = seconds(when).ok_or_else(|| damaged(&format!("{when:?} is no date")))?;
        // A reason may carry more behind a comma (`holdInstruction,…`): what we do not know is unspecified.
        let reason = reason.and_then(|reason| reason.split(',').next()).and_then(|reason| reason.parse().ok());
        Ok(Some((seconds, reason)))
    }
}

/// UTCTime before 2050, GeneralizedTime from then on.
fn date(seconds: i64) -> Result<String> {
    let format = format_description!("[year][month][day][hour][minute][second]Z");
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok();
    date.and_then(|date| Some((date.year(), date.format(format).ok()?)))
        .map(|(year, text)| if year < 2050 { text[2..].to_owned() } else { text })
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "a time is no date of this age"))
}

fn seconds(text: &str) -> Option<i64> {
    let century = match (text.len(), text.get(..2)?) {
        (13, year) if year >= "50" => "19",
        (13, _) => "20",
        _ => "",
    };
    let format = format_description!("[year][month][day][hour][minute][second]Z");
    let date = PrimitiveDateTime::parse(&format!("{century}{text}"), format).ok()?;
    Some(date.assume_utc().unix_timestamp())
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("the authority's index is damaged: {what}"))
}
