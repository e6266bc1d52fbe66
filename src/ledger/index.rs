//! `index.txt` of `openssl ca`: one line a certificate, fields between tabs (ca.c, TXT_DB).
//!
//! Lines that we do not touch stay as they are, byte for byte.

use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use crate::authority::RevocationReason;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// Status, expiry, revocation, serial, file, subject.
const FIELDS: usize = 6;

/// The whole index, line by line.
pub(crate) struct Index {
    lines: Vec<String>,
    /// A last line that nobody ended, as a crash leaves it; with fewer than six fields it is not among `lines`.
    cut: Option<String>,
}

/// What the index says of one certificate.
pub(crate) struct Line<'a> {
    fields: Vec<&'a str>,
}

/// A certificate's serial number as the index and the names of its files have it.
pub(crate) fn serial(certificate: &Certificate) -> String {
    certificate.serial().to_uppercase()
}

/// The line of a certificate that was issued.
pub(super) fn line(certificate: &Certificate) -> Result<String> {
    let expiry = date(certificate.not_after())?;
    let serial = serial(certificate);
    Ok(format!("V\t{expiry}\t\t{serial}\tunknown\t{}", certificate.subject().oneline()))
}

impl Index {
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<Self> {
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let mut lines: Vec<String> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let cut = if text.is_empty() || text.ends_with('\n') { None } else { lines.pop() };
        let index = Self { lines, cut };
        let odd = index.lines().position(|line| line.fields.len() != FIELDS);
        match odd {
            Some(at) => Err(damaged(&format!("line {} has not the six fields of `openssl ca`", at + 1))),
            None => Ok(index),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.bytes().chain(*b"\n")).collect()
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let whole = self.cut.iter().filter(|line| Line::of(line).fields.len() == FIELDS);
        self.lines.iter().chain(whole).map(|line| Line::of(line))
    }

    pub(crate) fn find(&self, serial: &str) -> Option<Line<'_>> {
        self.lines().find(|line| line.serial() == serial)
    }

    /// Whether the last line has no end.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Ends a last line that was cut: whole again when the certificate of its serial is there, gone when it says
    /// too little. Tells whether there was one. Half a revocation is not thrown away but an error.
    pub(super) fn mend(&mut self, issued: impl Fn(&str) -> Option<Certificate>) -> Result<bool> {
        let Some(cut) = self.cut.take() else { return Ok(false) };
        let fields: Vec<&str> = cut.split('\t').collect();
        // The serial is whole when something follows it.
        let certificate = fields.get(3).filter(|_| fields.len() > 4).and_then(|serial| issued(serial));
        if let Some(certificate) = certificate {
            self.lines.push(format!("{}\tunknown\t{}", fields[..4].join("\t"), certificate.subject().oneline()));
        } else if fields.len() == FIELDS {
            self.lines.push(cut);
        } else if !cut.starts_with('V') {
            return Err(damaged(
                "its last line is cut and tells of a revocation; bring the line back, from a copy of the file",
            ));
        }
        Ok(true)
    }

    pub(super) fn push_line(&mut self, line: String) {
        self.lines.push(line);
    }

    /// Adds a certificate that was issued.
    pub(super) fn push(&mut self, certificate: &Certificate) -> Result<()> {
        self.lines.push(line(certificate)?);
        Ok(())
    }

    /// Marks a certificate as revoked at a time, or takes a hold back (`reason` is `None`).
    pub(super) fn mark(&mut self, serial: &str, reason: Option<RevocationReason>, now: i64) -> Result<()> {
        let at = self.lines().position(|line| line.serial() == serial).ok_or_else(|| {
            let message = format!("this authority has issued no certificate with the serial {serial}");
            Error::new(ErrorKind::NotFound, message)
        })?;
        let line = Line::of(&self.lines[at]);
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

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        Self { fields: line.split('\t').collect() }
    }

    /// The serial number in upper-case hexadecimal.
    pub(crate) fn serial(&self) -> &'a str {
        self.fields.get(3).copied().unwrap_or_default()
    }

    /// The content of the serial's INTEGER.
    pub(crate) fn serial_content(&self) -> Result<Vec<u8>> {
        let digits = self.serial();
        let odd = if digits.len().is_multiple_of(2) { "" } else { "0" };
        let digits = format!("{odd}{digits}");
        let pairs =
            digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let octets: Option<Vec<u8>> = pairs.collect();
        let octets =
            octets.filter(|octets| !octets.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let octets = octets.ok_or_else(|| damaged(&format!("the serial {digits:?} is not hexadecimal")))?;
        // Positive, in its shortest form.
        let zeros = octets.iter().take_while(|octet| **octet == 0).count().min(octets.len() - 1);
        let sign = octets[zeros] & 0x80;
        Ok([&[0][..usize::from(sign >> 7)], &octets[zeros..]].concat())
    }

    /// The subject in OpenSSL's one-line form.
    pub(crate) fn subject(&self) -> &'a str {
        self.fields.get(5).copied().unwrap_or_default()
    }

    /// The end of its validity in Unix seconds.
    pub(crate) fn not_after(&self) -> Result<i64> {
        let when = self.fields.get(1).copied().unwrap_or_default();
        seconds(when).ok_or_else(|| damaged(&format!("{when:?} is no date")))
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
