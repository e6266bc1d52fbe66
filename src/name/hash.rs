//! Names as OpenSSL compares and hashes them.

use std::fmt;

use aws_lc_rs::digest;

use super::{
    DistinguishedName, IA5_STRING, NUMERIC_STRING, PRINTABLE_STRING, T61_STRING, UTF8_STRING, attribute, text,
};
use crate::der;
use crate::error::{Error, ErrorKind, Result};

/// OpenSSL's hash of a subject, the first part of a file name in a hashed directory (`%08x.%d`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectHash(pub u32);

impl fmt::Display for SubjectHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl DistinguishedName {
    /// OpenSSL's `X509_NAME_hash` (1.0.0 and later): the file name in a hashed directory.
    ///
    /// Fails with [`ErrorKind::Unsupported`] on the names that OpenSSL refuses to parse.
    pub fn subject_hash(&self) -> Result<SubjectHash> {
        subject_hash(&self.der).ok_or_else(|| {
            let message = format!("the name {self} has a value that OpenSSL refuses, so it has no subject hash");
            Error::new(ErrorKind::Unsupported, message)
        })
    }

    /// OpenSSL's `X509_NAME_hash_old` (before 1.0.0): MD5 over the name as it stands.
    pub fn subject_hash_old(&self) -> SubjectHash {
        use md5::Digest as _;
        little_endian(&md5::Md5::digest(&self.der))
    }

    /// The form in which names that OpenSSL takes for one have equal bytes; the name as it stands if OpenSSL refuses it.
    pub(crate) fn canonical(&self) -> Vec<u8> {
        canonical(&self.der).unwrap_or_else(|| self.der.to_vec())
    }

    /// Whether OpenSSL takes both for one name (X509_NAME_cmp).
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self == other || canonical(&self.der).is_some_and(|ours| canonical(&other.der) == Some(ours))
    }
}

/// OpenSSL's `X509_NAME_hash` of a DER `Name`; `None` for the names that OpenSSL refuses to parse.
pub(crate) fn subject_hash(name: &[u8]) -> Option<SubjectHash> {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &canonical(name)?);
    Some(little_endian(digest.as_ref()))
}

/// OpenSSL's canonical form (`x509_name_canon`): strings as UTF-8, trimmed, white space folded,
/// ASCII in lower case, sets sorted again, without the outer header.
fn canonical(name: &[u8]) -> Option<Vec<u8>> {
    let mut rdns = der::Reader::new(der::single(name, der::SEQUENCE).ok()?.content);
    let mut out = Vec::with_capacity(2 * name.len());
    while !rdns.is_empty() {
        let mut rdn = der::Reader::new(rdns.expect(der::SET).ok()?.content);
        if rdn.is_empty() {
            continue;
        }
        let mut known = Some(());
        der::wrap(&mut out, der::SET, |out| known = put_set(out, &mut rdn));
        known?;
    }
    Some(out)
}

fn put_set(out: &mut Vec<u8>, rdn: &mut der::Reader<'_>) -> Option<()> {
    let start = out.len();
    let mut count = 0;
    while !rdn.is_empty() {
        let part = attribute(rdn).ok().filter(|part| is_oid(part.oid))?;
        let mut known = None;
        der::wrap(out, der::SEQUENCE, |out| {
            der::put(out, der::OID, part.oid);
            known = put_value(out, part.tag, part.value);
        });
        known?;
        count += 1;
    }
    if count > 1 {
        // SET OF is ordered as octet strings are: padded with zeros, which DER elements never need.
        let mut written = der::Reader::new(&out[start..]);
        let mut members: Vec<_> = (0..count).filter_map(|_| written.any().ok()).map(|member| member.whole).collect();
        members.sort_unstable();
        let sorted = members.concat();
        out.truncate(start);
        out.extend(sorted);
    }
    Some(())
}

/// Writes a value in its canonical form; `None` for what OpenSSL refuses.
fn put_value(out: &mut Vec<u8>, tag: u8, value: &[u8]) -> Option<()> {
    match tag {
        UTF8_STRING => {
            std::str::from_utf8(value).ok()?;
            put_text(out, value.iter().copied());
        }
        PRINTABLE_STRING | T61_STRING | IA5_STRING if value.is_ascii() => put_text(out, value.iter().copied()),
        // Digits, and the types that OpenSSL keeps without looking into them (tag2bit in tasn_dec.c).
        NUMERIC_STRING | der::SEQUENCE | 7..=9 | 11 | 13..=15 | 29 => der::put(out, tag, value),
        der::BIT_STRING => put_bits(out, value)?,
        _ => put_text(out, text(tag, value)?.bytes()),
    }
    Some(())
}

/// Writes UTF-8 as OpenSSL compares it (`asn1_string_canon`): only ASCII has white space and capitals there.
fn put_text(out: &mut Vec<u8>, text: impl Iterator<Item = u8>) {
    der::wrap(out, UTF8_STRING, |out| {
        let start = out.len();
        let mut space = false;
        for byte in text {
            if matches!(byte, b' ' | b'\t'..=b'\r') {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) && out.len() > start {
                out.push(b' ');
            }
            out.push(byte.to_ascii_lowercase());
        }
    });
}

/// Writes a BIT STRING as OpenSSL reads and writes it: bits that do not count are zero.
fn put_bits(out: &mut Vec<u8>, value: &[u8]) -> Option<()> {
    let (&unused, bits) = value.split_first().filter(|(unused, _)| **unused < 8)?;
    der::wrap(out, der::BIT_STRING, |out| match bits.split_last() {
        None => out.push(0),
        Some((last, first)) => {
            out.push(unused);
            out.extend_from_slice(first);
            out.push(last & 0xff << unused);
        }
    });
    Some(())
}

/// Whether OpenSSL reads these bytes as an OID (`ossl_c2i_ASN1_OBJECT`).
fn is_oid(content: &[u8]) -> bool {
    let mut start = true;
    let padded = content.iter().any(|byte| std::mem::replace(&mut start, byte & 0x80 == 0) && *byte == 0x80);
    !content.is_empty() && start && !padded
}

fn little_endian(digest: &[u8]) -> SubjectHash {
    SubjectHash(digest.iter().take(4).rev().fold(0, |hash, byte| hash << 8 | u32::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_hex(hex: &str) -> DistinguishedName {
        let der: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        DistinguishedName::from_der(&der).unwrap()
    }

    /// Vectors made with libcrypto.
    #[test]
    fn subject_hashes_are_those_of_openssl() {
        for (der, new, old) in [
            ("3000", "eea339da", "543b6ca4"),
            ("30153113301106035504030c0a7270632e757365722e31", "f013e17f", "8c59b663"),
            ("3015311330110603550403130a7270632e757365722e31", "f013e17f", "b4b8487c"),
            ("30183116301406035504030c0d20205250432e557365722e3109", "f013e17f", "89e4a464"),
            ("30143112301006035504030c09727063202075736572", "ac9af153", "e4e68d57"),
            ("300d310b300906035504030c02c389", "9def0e84", "41bc9c08"),
            ("300d310b300906035504030c02c3a9", "7799dc1a", "cffd6639"),
            ("300c310a300806035504031401e9", "7799dc1a", "105cc4e7"),
            ("300d310b300906035504031e0200e9", "7799dc1a", "47a6ae2c"),
            ("300b3109300706035504030c00", "5da78770", "9514d4f4"),
            ("30163114300806035504030c01423008060355040b0c0161", "c8419504", "7d37bca1"),
            ("300e310c300a06035504051203313233", "0dcdab47", "faa9d1f8"),
        ] {
            let name = from_hex(der);
            assert_eq!(name.subject_hash().unwrap().to_string(), new, "{der}");
            assert_eq!(name.subject_hash_old().to_string(), old, "{der}");
        }
    }

    #[test]
    fn known_collisions_collide() {
        for (a, b, hash) in [(10866, 28632, "7782d4cc"), (23010, 50887, "934720a9"), (18673, 100_150, "7cf56f17")] {
            for number in [a, b] {
                let name = DistinguishedName::from_common_name(&format!("rpc.user.{number}"));
                assert_eq!(name.subject_hash().unwrap().to_string(), hash);
            }
        }
    }

    #[test]
    fn names_that_openssl_refuses_have_no_hash() {
        for der in ["300d310b300906035504030c02c328", "300c310a300806035504031e01e9", "300d310b300906035504030402c3a9"]
        {
            assert_eq!(from_hex(der).subject_hash().unwrap_err().kind(), ErrorKind::Unsupported, "{der}");
        }
    }
}
