//! DER (X.690): elements found in slices, and written.
//!
//! Only what must stay byte for byte goes through here. Everything is bounds checked; indefinite and
//! non-minimal lengths are refused.

use time::{Date, Month, OffsetDateTime};

use crate::error::{Error, ErrorKind, Result};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
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
    let (digits, count) = length_octets(length);
    let mut out = Vec::with_capacity(length + 1 + count);
    out.push(tag);
    out.extend_from_slice(&digits[..count]);
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// Writes an element whose content `write` appends.
pub(crate) fn wrap(out: &mut Vec<u8>, tag: u8, write: impl FnOnce(&mut Vec<u8>)) {
    out.extend([tag, 0]);
    let start = out.len();
    write(out);
    let (digits, count) = length_octets(out.len() - start);
    out[start - 1] = digits[0];
    if count > 1 {
        out.splice(start..start, digits[1..count].iter().copied());
    }
}

/// Writes an element with this content.
pub(crate) fn put(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    let (digits, count) = length_octets(content.len());
    out.push(tag);
    out.extend_from_slice(&digits[..count]);
    out.extend_from_slice(content);
}

/// A length in its shortest form, and how many octets that is.
fn length_octets(length: usize) -> ([u8; 9], usize) {
    let mut octets = [0; 9];
    if length < 0x80 {
        octets[0] = length as u8;
        return (octets, 1);
    }
    let digits = length.to_be_bytes();
    let digits = &digits[length.leading_zeros() as usize / 8..];
    octets[0] = 0x80 | digits.len() as u8;
    octets[1..=digits.len()].copy_from_slice(digits);
    (octets, 1 + digits.len())
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
    let mut text = Vec::with_capacity(15);
    for pair in [(year / 100) as u8, (year % 100) as u8, u8::from(month), day, hour, minute, second] {
        text.extend([b'0' + pair / 10, b'0' + pair % 10]);
    }
    text.push(b'Z');
    Ok(if year < 2050 { element(UTC_TIME, &[&text[2..]]) } else { element(GENERALIZED_TIME, &[&text]) })
}

/// Reads a BOOLEAN's content. DER has one way to say true; older programs have others.
pub(crate) fn boolean(content: &[u8]) -> Result<bool> {
    match content {
        [value] => Ok(*value != 0),
        _ => Err(malformed("a BOOLEAN is not one byte")),
    }
}

/// Reads a Time as Unix seconds.
pub(crate) fn read_time(time: Element<'_>) -> Result<i64> {
    let bad = || malformed("a time is not written as certificates have it");
    let text = time.content.strip_suffix(b"Z").filter(|text| text.iter().all(u8::is_ascii_digit)).ok_or_else(bad)?;
    let number = |digits: &[u8]| digits.iter().fold(0_i32, |number, digit| number * 10 + i32::from(digit - b'0'));
    let (year, rest) = match (time.tag, text.len()) {
        // Two digits are 1950 to 2049 (RFC 5280, 4.1.2.5.1).
        (UTC_TIME, 12) => (1900 + number(&text[..2]) + if text[0] < b'5' { 100 } else { 0 }, &text[2..]),
        (GENERALIZED_TIME, 14) => (number(&text[..4]), &text[4..]),
        _ => return Err(bad()),
    };
    let part = |at: usize| u8::try_from(number(&rest[at..at + 2])).unwrap_or(u8::MAX);
    let month = Month::try_from(part(0)).map_err(|_| bad())?;
    let date = Date::from_calendar_date(year, month, part(2)).map_err(|_| bad())?;
    let time = date.with_hms(part(4), part(6), part(8)).map_err(|_| bad())?;
    Ok(time.assume_utc().unix_timestamp())
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
    /// The content: two times.
    pub validity: &'a [u8],
    pub subject: &'a [u8],
    pub spki: &'a [u8],
    /// The content of the list of extensions; empty when there is none.
    pub extensions: &'a [u8],
    /// Where in the certificate that list ends: with the part that is signed.
    pub extensions_end: usize,
}

impl<'a> CertificateParts<'a> {
    pub(crate) fn read(der: &'a [u8]) -> Result<Self> {
        let content = single(der, SEQUENCE)?.content;
        let mut certificate = Reader::new(content);
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
        let validity = fields.expect(SEQUENCE)?.content;
        let subject = fields.expect(SEQUENCE)?.whole;
        let spki = fields.expect(SEQUENCE)?.whole;
        fields.optional(0x81)?; // unique identifiers, which nobody uses
        fields.optional(0x82)?;
        let extensions = match fields.optional(0xa3)? {
            Some(tagged) => single(tagged.content, SEQUENCE)?.content,
            None => &[],
        };
        fields.finish()?;
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
            extensions,
            extensions_end: der.len() - content.len() + tbs.whole.len(),
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
