//! Names as OpenSSL compares and hashes them.

use std::fmt;

use aws_lc_rs::digest;

use super::{DistinguishedName, NUMERIC_STRING, UTF8_STRING, text};
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
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.canonical()?);
        Ok(little_endian(digest.as_ref()))
    }

    /// OpenSSL's `X509_NAME_hash_old` (before 1.0.0): MD5 over the name as it stands.
    pub fn subject_hash_old(&self) -> SubjectHash {
        use md5::Digest as _;
        little_endian(&md5::Md5::digest(&self.der))
    }

    /// Whether OpenSSL takes both for one name (X509_NAME_cmp).
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self == other || matches!((self.canonical(), other.canonical()), (Ok(ours), Ok(theirs)) if ours == theirs)
    }

    /// OpenSSL's canonical form (`x509_name_canon`): strings as UTF-8, trimmed, white space folded,
    /// ASCII in lower case, sets sorted again, without the outer header.
    pub(crate) fn canonical(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(self.der.len());
        for rdn in self.rdns() {
            let mut set = Vec::new();
            for part in rdn {
                let refused = || {
                    let message =
                        format!("the name {self} has a value that OpenSSL refuses, so it has no subject hash");
                    Error::new(ErrorKind::Unsupported, message)
                };
                let (tag, value) = canonical_value(part.tag, part.value).ok_or_else(refused)?;
                let oid = der::element(der::OID, &[part.oid]);
                set.push(der::element(der::SEQUENCE, &[&oid, &der::element(tag, &[&value])]));
            }
            // SET OF is ordered as octet strings are: padded with zeros, which DER elements never need.
            set.sort();
            if !set.is_empty() {
                out.extend(der::element(der::SET, &set.iter().map(Vec::as_slice).collect::<Vec<_>>()));
            }
        }
        Ok(out)
    }
}

/// The canonical tag and value; `None` for what OpenSSL refuses.
fn canonical_value(tag: u8, value: &[u8]) -> Option<(u8, Vec<u8>)> {
    match tag {
        NUMERIC_STRING | der::BIT_STRING | der::SEQUENCE | 7..=11 | 13..=15 => Some((tag, value.to_vec())),
        _ => {
            let text = text(tag, value)?;
            let mut out = String::with_capacity(text.len());
            let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
            for word in text.split(is_space).filter(|word| !word.is_empty()) {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.extend(word.chars().map(|c| c.to_ascii_lowercase()));
            }
            Some((UTF8_STRING, out.into_bytes()))
        }
    }
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
