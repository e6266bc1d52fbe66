//! Slices of DER: find and splice elements without interpreting them (X.690).
//!
//! Only what must stay byte for byte goes through here. Everything is bounds checked; indefinite and
//! non-minimal lengths are refused.

use time::OffsetDateTime;

use crate::error::{Error, ErrorKind, Result};

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// One element: its tag, its content and the whole of it with the header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    pub whole: &'a [u8],
}

impl Element<'_> {
    /// The content as an unsigned number; `None` when it is negative or larger.
    pub(crate) fn to_u32(self) -> Option<u32> {
        let digits = self.content.first().filter(|first| **first < 0x80).map(|_| self.content)?;
        digits.iter().try_fold(0_u32, |number, digit| number.checked_mul(256)?.checked_add(u32::from(*digit)))
    }
}

/// Reads elements one after another from a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element, if there is one.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever its tag.
    pub(crate) fn any(&mut self) -> Result<Element<'a>> {
        let (header, length) = header(self.rest)?;
        let end = header.checked_add(length).filter(|end| *end <= self.rest.len());
        let end = end.ok_or_else(|| malformed("an element runs past the end"))?;
        let (whole, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Element { tag: whole[0], content: &whole[header..], whole })
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>> {
        match self.peek() {
            Some(found) if found == tag => self.any(),
            Some(found) => Err(malformed(&format!("found tag {found:#04x} where {tag:#04x} must be"))),
            None => Err(malformed("it ends too early")),
        }
    }

    /// The next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// What has not been read.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<()> {
        if self.is_empty() { Ok(()) } else { Err(malformed("there are bytes after its end")) }
    }
}

/// The single element that `bytes` is, with nothing after it.
pub(crate) fn single(bytes: &[u8], tag: u8) -> Result<Element<'_>> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag)?;
    reader.finish()?;
    Ok(element)
}

/// An element with this tag around the concatenated parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let bytes = &bytes[length.leading_zeros() as usize / 8..];
        out.push(0x80 | bytes.len() as u8);
        out.extend_from_slice(bytes);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// A SEQUENCE of elements.
pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// An INTEGER that is not negative.
pub(crate) fn integer(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    // The first bit is the sign's.
    let skip = (value.leading_zeros() as usize / 8).min(7);
    let zero: &[u8] = if bytes[skip] & 0x80 == 0 { &[] } else { &[0] };
    element(INTEGER, &[zero, &bytes[skip..]])
}

/// A Time (RFC 5280, 4.1.2.5): UTCTime to 2049, GeneralizedTime from 2050 on.
pub(crate) fn time(seconds: i64) -> Result<Vec<u8>> {
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|date| (1950..=9999).contains(&date.year()));
    let date =
        date.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "certificates know the years 1950 to 9999 only"))?;
    let (year, month, day) = date.to_calendar_date();
    let (hour, minute, second) = date.to_hms();
    let text = format!("{year:04}{:02}{day:02}{hour:02}{minute:02}{second:02}Z", u8::from(month));
    Ok(if year < 2050 {
        element(UTC_TIME, &[&text.as_bytes()[2..]])
    } else {
        element(GENERALIZED_TIME, &[text.as_bytes()])
    })
}

/// Length of the header and of the content.
fn header(bytes: &[u8]) -> Result<(usize, usize)> {
    let (&tag, &first) = match bytes {
        [tag, first, ..] => (tag, first),
        _ => return Err(malformed("it ends too early")),
    };
    if tag & 0x1f == 0x1f {
        return Err(malformed("a multi-byte tag has no place here"));
    }
    if first < 0x80 {
        return Ok((2, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(malformed("a length is indefinite or too long"));
    }
    let digits = bytes.get(2..2 + count).ok_or_else(|| malformed("it ends too early"))?;
    let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    if digits[0] == 0 || length < 0x80 {
        return Err(malformed("a length is not in its shortest form"));
    }
    Ok((2 + count, length))
}

/// An OID's content in dotted form.
pub(crate) fn oid_text(content: &[u8]) -> String {
    // A padded arc would read as another OID's.
    let padded =
        content.first() == Some(&0x80) || content.windows(2).any(|pair| pair[0] & 0x80 == 0 && pair[1] == 0x80);
    if padded || content.len() > 32 {
        return "an OID that is not valid".to_owned();
    }
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for byte in content {
        arc = arc.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.extend([first, arc - first * 40]);
            } else {
                arcs.push(arc);
            }
            arc = 0;
        }
    }
    arcs.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("not valid DER: {what}"))
}

/// The parts of a certificate (RFC 5280, 4.1) as they stand in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CertificateParts<'a> {
    pub tbs: &'a [u8],
    /// The content of the AlgorithmIdentifier.
    pub signature_algorithm: &'a [u8],
    pub signature: &'a [u8],
    pub version: u8,
    pub serial: &'a [u8],
    pub issuer: &'a [u8],
    pub validity: &'a [u8],
    pub subject: &'a [u8],
    pub spki: &'a [u8],
    /// Everything after the public key: unique identifiers and the tagged extensions.
    pub tail: &'a [u8],
}

impl<'a> CertificateParts<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self> {
        let mut certificate = Reader::new(single(der, SEQUENCE)?.content);
        let tbs = certificate.expect(SEQUENCE)?;
        let signature_algorithm = certificate.expect(SEQUENCE)?.content;
        let signature = match certificate.expect(BIT_STRING)?.content {
            [0, signature @ ..] => signature,
            _ => return Err(malformed("a signature is not whole bytes")),
        };
        certificate.finish()?;

        let mut fields = Reader::new(tbs.content);
        let version = match fields.optional(0xa0)? {
            None => 1,
            Some(tagged) => match single(tagged.content, INTEGER)?.content {
                [version @ 0..=2] => version + 1,
                _ => return Err(malformed("the certificate's version is unknown")),
            },
        };
        let serial = fields.expect(INTEGER)?.content;
        fields.expect(SEQUENCE)?;
        let issuer = fields.expect(SEQUENCE)?.whole;
        let validity = fields.expect(SEQUENCE)?.whole;
        let subject = fields.expect(SEQUENCE)?.whole;
        let spki = fields.expect(SEQUENCE)?.whole;
        Ok(Self {
            tbs: tbs.whole,
            signature_algorithm,
            signature,
            version,
            serial,
            issuer,
            validity,
            subject,
            spki,
            tail: fields.rest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_round_trip() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let content = vec![7; length];
            let der = element(OCTET_STRING, &[&content]);
            assert_eq!(single(&der, OCTET_STRING).unwrap().content, content);
        }
    }

    #[test]
    fn refuses_what_der_forbids() {
        for bad in
            [&b"\x30"[..], b"\x30\x80\x00\x00", b"\x30\x81\x01\x00", b"\x30\x05\x00", b"\x1f\x20\x00", b"\x30\x00\x00"]
        {
            assert!(single(bad, bad[0]).is_err(), "{bad:02x?}");
        }
    }
}
