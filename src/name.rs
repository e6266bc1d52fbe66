//! Distinguished names (RFC 5280, 4.1.2.4): byte for byte, as RFC 4514 text, and as OpenSSL hashes them.

mod hash;

use std::fmt::{self, Write as _};

use crate::der::{self, UTF8_STRING};
use crate::error::{Error, ErrorKind, Result, escape};

pub use self::hash::SubjectHash;
pub(crate) use self::hash::subject_hash;

const NUMERIC_STRING: u8 = 18;
const PRINTABLE_STRING: u8 = 19;
const T61_STRING: u8 = 20;
const IA5_STRING: u8 = 22;
const UNIVERSAL_STRING: u8 = 28;
const BMP_STRING: u8 = 30;

/// Short names of RFC 4514, section 3, and the few more that OpenSSL prints.
const ATTRIBUTES: &[(&str, &[u8])] = &[
    ("CN", b"\x55\x04\x03"),
    ("SN", b"\x55\x04\x04"),
    ("serialNumber", b"\x55\x04\x05"),
    ("C", b"\x55\x04\x06"),
    ("L", b"\x55\x04\x07"),
    ("ST", b"\x55\x04\x08"),
    ("STREET", b"\x55\x04\x09"),
    ("O", b"\x55\x04\x0a"),
    ("OU", b"\x55\x04\x0b"),
    ("title", b"\x55\x04\x0c"),
    ("GN", b"\x55\x04\x2a"),
    ("DC", b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"),
    ("UID", b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"),
    ("emailAddress", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),
];

/// A subject or issuer, kept as the bytes it was read from; equality is equality of the bytes.
///
/// Shown as RFC 4514 text (most specific part first) with everything that could disturb a log escaped.
///
/// ```
/// use trustdir::DistinguishedName;
///
/// let name = DistinguishedName::parse("CN=rpc.user.1")?;
/// assert_eq!(name.subject_hash()?.to_string(), "f013e17f"); // openssl x509 -subject_hash
/// assert_eq!(name.subject_hash_old().to_string(), "8c59b663");
/// assert_eq!(name.to_string(), "CN=rpc.user.1");
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DistinguishedName {
    der: Vec<u8>,
}

impl DistinguishedName {
    /// The name with this common name and nothing else, as UTF8String.
    pub fn from_common_name(name: &str) -> Self {
        Self::from_rdns(&[vec![(ATTRIBUTES[0].1.to_vec(), UTF8_STRING, name.as_bytes().to_vec())]])
    }

    /// Reads RFC 4514 text such as `CN=alice,OU=rpc,O=Example` (`+` joins multi-valued parts, `\` escapes).
    /// Text without any `=`, such as `Home CA`, is a common name.
    pub fn parse(text: &str) -> Result<Self> {
        if !text.trim().is_empty() && !text.contains('=') && escape(text) == text {
            return Ok(Self::from_common_name(text.trim()));
        }
        let invalid = |what: &str| {
            let message = format!("{text:?} is no distinguished name: {what}; write it as CN=…,O=…,C=…");
            Error::new(ErrorKind::InvalidArgument, message)
        };
        let mut rdns = Vec::new();
        for rdn in split_unescaped(text, ',') {
            let mut attributes = Vec::new();
            for attribute in split_unescaped(rdn, '+') {
                let (key, value) = attribute.split_once('=').ok_or_else(|| invalid("a part has no ="))?;
                let key = key.trim();
                let known = ATTRIBUTES.iter().find(|(short, _)| short.eq_ignore_ascii_case(key));
                let (short, oid) = known.ok_or_else(|| invalid(&format!("{key:?} is unknown")))?;
                let value = unescape(value).ok_or_else(|| invalid("an escape is broken"))?;
                if value.is_empty() {
                    return Err(invalid(&format!("{key} is empty")));
                }
                let tag = match *short {
                    "C" | "serialNumber" => PRINTABLE_STRING,
                    "DC" | "emailAddress" => IA5_STRING,
                    _ => UTF8_STRING,
                };
                if tag != UTF8_STRING && !value.is_ascii() || *short == "C" && value.len() != 2 {
                    return Err(invalid(&format!("{value:?} is no {short}")));
                }
                attributes.push((oid.to_vec(), tag, value.into_bytes()));
            }
            rdns.push(attributes);
        }
        rdns.reverse();
        Ok(Self::from_rdns(&rdns))
    }

    /// Takes a DER `Name`; its outer structure is checked, its values are kept as they are.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        check(der)?;
        Ok(Self { der: der.to_vec() })
    }

    /// The DER that it was read from or that was made.
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.der.len() <= 2
    }

    /// The last common name in it, if its text can be read.
    pub fn common_name(&self) -> Option<String> {
        self.rdns()
            .flatten()
            .filter(|part| part.oid == ATTRIBUTES[0].1)
            .last()
            .and_then(|part| text(part.tag, part.value))
    }

    /// Every common name in it whose text can be read.
    pub(crate) fn common_names(&self) -> Vec<String> {
        let parts = self.rdns().flatten().filter(|part| part.oid == ATTRIBUTES[0].1);
        parts.filter_map(|part| text(part.tag, part.value)).collect()
    }

    /// The e-mail addresses in it, to which name constraints apply (RFC 5280, 4.2.1.10).
    pub(crate) fn emails(&self) -> Vec<String> {
        let (_, email) = ATTRIBUTES[ATTRIBUTES.len() - 1];
        self.rdns().flatten().filter(|part| part.oid == email).filter_map(|part| text(part.tag, part.value)).collect()
    }

    /// The text, cut after 256 characters: for logs, where a stranger may choose it.
    pub(crate) fn brief(&self) -> String {
        let text = self.to_string();
        match text.char_indices().nth(256) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    /// The name as `openssl ca` writes it into its index (`X509_NAME_oneline`).
    pub(crate) fn oneline(&self) -> String {
        let mut out = String::new();
        for part in self.rdns().flatten() {
            let short = ATTRIBUTES.iter().find(|(_, oid)| *oid == part.oid);
            out.push('/');
            out.push_str(&short.map_or_else(|| der::oid_text(part.oid), |(short, _)| (*short).to_owned()));
            out.push('=');
            for byte in part.value {
                match byte {
                    b' '..=b'~' => out.push(char::from(*byte)),
                    _ => out.push_str(&format!("\\x{byte:02X}")),
                }
            }
        }
        out
    }

    fn from_rdns(rdns: &[Vec<Attribute>]) -> Self {
        let mut body = Vec::new();
        for rdn in rdns {
            let mut set: Vec<_> = rdn
                .iter()
                .map(|(oid, tag, value)| {
                    der::element(der::SEQUENCE, &[&der::element(der::OID, &[oid]), &der::element(*tag, &[value])])
                })
                .collect();
            set.sort();
            body.extend(der::element(der::SET, &set.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        }
        Self { der: der::element(der::SEQUENCE, &[&body]) }
    }

    /// The parts, in the order of the DER. `from_der` has checked the structure.
    fn rdns(&self) -> impl Iterator<Item = Vec<Part<'_>>> {
        let content = der::single(&self.der, der::SEQUENCE).map_or(&[][..], |name| name.content);
        let mut rdns = der::Reader::new(content);
        std::iter::from_fn(move || {
            let mut rdn = der::Reader::new(rdns.expect(der::SET).ok()?.content);
            Some(std::iter::from_fn(move || attribute(&mut rdn).ok()).collect())
        })
    }
}

impl fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rdns: Vec<_> = self.rdns().collect();
        for (index, rdn) in rdns.iter().rev().enumerate() {
            if index > 0 {
                f.write_char(',')?;
            }
            for (index, part) in rdn.iter().rev().enumerate() {
                if index > 0 {
                    f.write_char('+')?;
                }
                match ATTRIBUTES.iter().find(|(_, oid)| *oid == part.oid) {
                    Some((short, _)) => f.write_str(short)?,
                    None => f.write_str(&der::oid_text(part.oid))?,
                }
                f.write_char('=')?;
                match text(part.tag, part.value) {
                    Some(value) => write_escaped(f, &value)?,
                    None => {
                        f.write_char('#')?;
                        der::element(part.tag, &[part.value]).iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for DistinguishedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistinguishedName({self})")
    }
}

/// Whether the bytes are a DER `Name`; its values may be anything.
pub(crate) fn check(der: &[u8]) -> Result<()> {
    let mut rdns = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
    while !rdns.is_empty() {
        let mut rdn = der::Reader::new(rdns.expect(der::SET)?.content);
        while !rdn.is_empty() {
            attribute(&mut rdn)?;
        }
    }
    Ok(())
}

/// An attribute to be written: its OID's content, the tag and the bytes of its value.
type Attribute = (Vec<u8>, u8, Vec<u8>);

struct Part<'a> {
    oid: &'a [u8],
    tag: u8,
    value: &'a [u8],
}

fn attribute<'a>(rdn: &mut der::Reader<'a>) -> Result<Part<'a>> {
    let mut fields = der::Reader::new(rdn.expect(der::SEQUENCE)?.content);
    let oid = fields.expect(der::OID)?.content;
    let value = fields.any()?;
    fields.finish()?;
    Ok(Part { oid, tag: value.tag, value: value.content })
}

/// The text of a string value; `None` for other types and for what is no text.
fn text(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        UTF8_STRING => std::str::from_utf8(value).ok().map(str::to_owned),
        PRINTABLE_STRING | T61_STRING | IA5_STRING | NUMERIC_STRING => {
            Some(value.iter().map(|byte| char::from(*byte)).collect())
        }
        UNIVERSAL_STRING => {
            let (chunks, rest) = value.as_chunks::<4>();
            if !rest.is_empty() {
                return None;
            }
            chunks.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect()
        }
        BMP_STRING => {
            let (chunks, rest) = value.as_chunks::<2>();
            if !rest.is_empty() {
                return None;
            }
            chunks.iter().map(|unit| char::from_u32(u32::from(u16::from_be_bytes(*unit)))).collect()
        }
        _ => None,
    }
}

/// RFC 4514, 2.4, and every control or direction character as escaped UTF-8.
fn write_escaped(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let last = value.chars().count().saturating_sub(1);
    for (index, c) in value.chars().enumerate() {
        let at_edge = c == ' ' && (index == 0 || index == last) || c == '#' && index == 0;
        let plain = escape(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8();
        if !plain {
            c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "\\{byte:02X}"))?;
        } else if at_edge || matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=') {
            write!(f, "\\{c}")?;
        } else {
            f.write_char(c)?;
        }
    }
    Ok(())
}

fn split_unescaped(text: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (index, c) in text.char_indices() {
        if c == separator && !escaped {
            parts.push(&text[start..index]);
            start = index + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    parts.push(&text[start..]);
    parts
}

/// The value behind `\,` and `\C3\A9`; unescaped blanks around it are dropped.
fn unescape(text: &str) -> Option<String> {
    let text = text.trim_start();
    let mut out = Vec::new();
    let mut kept = 0;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'\\' {
            let first = bytes.next()?;
            if first.is_ascii_hexdigit() {
                let digits = [first, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            } else {
                out.push(first);
            }
            kept = out.len();
        } else {
            out.push(byte);
            if byte != b' ' {
                kept = out.len();
            }
        }
    }
    out.truncate(kept);
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for text in [
            "CN=alice",
            "CN=a\\,b\\+c\\=d,OU=x+O=y,C=DE",
            "CN=\\ a\\ ",
            "CN=\\#1",
            "CN=É,DC=example,DC=com",
            "CN=a\\0Ab",
        ] {
            assert_eq!(DistinguishedName::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            DistinguishedName::parse(" cn = alice , o= Example Inc ").unwrap().to_string(),
            "CN=alice,O=Example Inc"
        );
        assert_eq!(DistinguishedName::parse("Home CA").unwrap().to_string(), "CN=Home CA");
        for bad in ["", "a\nb", "CN=", "XY=1", "C=DEU", "CN=a\\", "CN=a\\4", "CN=\\FF"] {
            assert!(DistinguishedName::parse(bad).is_err(), "{bad}");
        }
    }
}
