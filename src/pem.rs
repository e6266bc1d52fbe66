//! PEM blocks (RFC 7468, and the headers of RFC 1421 that OpenSSL still writes), with line numbers.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, PAD, STANDARD};
use memchr::{memchr, memmem};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::{Error, ErrorKind, Result};

/// Takes bits behind the last byte for what they are, nothing: some programs do not clear them.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&base64::alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// The label of a certificate revocation list.
pub(crate) const CRL: &str = "X509 CRL";

/// One `-----BEGIN …-----` block.
pub(crate) struct Block {
    pub label: String,
    /// `Proc-Type`, `DEK-Info`: the encrypted keys of older OpenSSL carry them.
    pub headers: Vec<(String, String)>,
    pub der: Zeroizing<Vec<u8>>,
    /// The line of the `BEGIN`, from 1.
    pub line: usize,
}

impl Block {
    pub(crate) fn is_certificate(&self) -> bool {
        matches!(self.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE")
    }

    pub(crate) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }
}

/// Whether the bytes look like PEM rather than DER.
pub(crate) fn is_pem(bytes: &[u8]) -> bool {
    memmem::find(bytes, b"-----BEGIN ").is_some()
}

/// Every block in the bytes. Text around blocks, CRLF, blanks around lines and a byte order mark are fine.
pub(crate) fn blocks(bytes: &[u8]) -> Result<Vec<Block>> {
    iter(bytes).collect()
}

/// The blocks one after another, for who takes what stands before the first damaged one, as OpenSSL does.
pub(crate) fn iter(bytes: &[u8]) -> impl Iterator<Item = Result<Block>> {
    let mut lines = Lines::of(bytes);
    std::iter::from_fn(move || {
        let label = lines.find_map(|line| marker(line, b"-----BEGIN "))?;
        Some(block(label.to_owned(), &mut lines))
    })
}

/// Whether a private key begins anywhere, in whatever state the rest is.
pub(crate) fn holds_private_key(bytes: &[u8]) -> bool {
    Lines::of(bytes).filter_map(|line| marker(line, b"-----BEGIN ")).any(|label| label.ends_with("PRIVATE KEY"))
}

/// The lines of a text, trimmed.
struct Lines<'a> {
    rest: Option<&'a [u8]>,
    /// The number of the line that was given last, from 1.
    number: usize,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { rest: Some(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)), number: 0 }
    }

    /// How many bytes there are before the next marker.
    fn ahead(&self) -> usize {
        self.rest.map_or(0, |rest| memmem::find(rest, b"-----").unwrap_or(rest.len()))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let (line, rest) = match memchr(b'\n', rest) {
            Some(end) => (&rest[..end], Some(&rest[end + 1..])),
            None => (rest, None),
        };
        (self.rest, self.number) = (rest, self.number + 1);
        Some(line.trim_ascii())
    }
}

/// Writes one block, 64 columns wide as OpenSSL does.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let mut base64 = STANDARD.encode(der);
    let mut out = Zeroizing::new(String::with_capacity(base64.len() * 66 / 64 + 2 * label.len() + 40));
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----\n");
    for chunk in base64.as_bytes().chunks(64) {
        out.extend(chunk.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----\n");
    base64.zeroize();
    out
}

fn block(label: String, body: &mut Lines<'_>) -> Result<Block> {
    let line = body.number;
    // All of it at once: no key stays behind where a growing buffer has been.
    let mut base64 = Zeroizing::new(Vec::with_capacity(body.ahead()));
    let mut headers = Vec::new();
    for text in body {
        if let Some(end) = marker(text, b"-----END ") {
            if end != label {
                return Err(parse(line, format!("-----BEGIN {label}----- is closed by -----END {end}-----")));
            }
            let der = LENIENT.decode(&*base64).or_else(|_| {
                base64.retain(|byte| !byte.is_ascii_whitespace());
                LENIENT.decode(&*base64)
            });
            let der = der.map_err(|_| {
                parse(line, format!("the {label} has damaged base64: the file is truncated or was edited"))
            })?;
            return Ok(Block { label, headers, der: Zeroizing::new(der), line });
        }
        if text.starts_with(b"-----BEGIN ") {
            break;
        }
        let colon = if base64.is_empty() { text.iter().position(|byte| *byte == b':') } else { None };
        match colon {
            Some(colon) => headers.push((lossy(&text[..colon]), lossy(&text[colon + 1..]))),
            None => base64.extend_from_slice(text),
        }
    }
    Err(parse(line, format!("the {label} has no -----END {label}-----: the file is truncated")))
}

/// The label between `prefix` and the closing dashes.
fn marker<'a>(line: &'a [u8], prefix: &[u8]) -> Option<&'a str> {
    let label = line.strip_prefix(prefix)?.strip_suffix(b"-----")?;
    let printable = label.len() <= 64 && label.iter().all(|byte| (0x20..0x7f).contains(byte));
    std::str::from_utf8(label).ok().filter(|_| printable).map(str::trim)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text.trim_ascii()).into_owned()
}

fn parse(line: usize, message: String) -> Error {
    Error::new(ErrorKind::Parse, format!("line {line}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_have() {
        let text = b"\xef\xbb\xbfsubject=CN = a\r\n-----BEGIN X-----\r\nProc-Type: 4,ENCRYPTED\r\n\r\nAQ\r\nID \r\n-----END X-----\r\nmore";
        let blocks = blocks(text).unwrap();
        assert_eq!(blocks.len(), 1);
        assert_eq!((&*blocks[0].der, blocks[0].line), (&vec![1, 2, 3], 2));
        assert_eq!(blocks[0].headers, [("Proc-Type".into(), "4,ENCRYPTED".into())]);
    }

    #[test]
    fn names_the_line_of_damage() {
        for (text, line) in [
            (&b"\n-----BEGIN X-----\nAQID\n"[..], "line 2: "),
            (b"-----BEGIN X-----\n!!\n-----END X-----", "line 1: "),
            (b"-----BEGIN X-----\nAQID\n-----END Y-----", "line 1: "),
            (b"-----BEGIN X-----\n-----BEGIN X-----\nAQID\n-----END X-----", "line 1: "),
        ] {
            let error = blocks(text).err().unwrap();
            assert!(error.message().starts_with(line), "{error}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        let der: Vec<u8> = (0..=255).collect();
        assert_eq!(*blocks(encode("X", &der).as_bytes()).unwrap()[0].der, der);
    }
}
