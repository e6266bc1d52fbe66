//! The names under which OpenSSL finds certificates and revocation lists.

use std::ffi::{OsStr, OsString};

/// What a hash is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Sort {
    /// A certificate's subject: `0fb8533c.0`.
    Certificate,
    /// A revocation list's issuer: `0fb8533c.r0`.
    List,
}

/// Where OpenSSL looks: at number 0, 1 and so on, until one is missing or cannot be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub sort: Sort,
    pub hash: u32,
}

impl Key {
    pub(super) fn name(self, number: u32) -> OsString {
        let sort = if self.sort == Sort::List { "r" } else { "" };
        format!("{:08x}.{sort}{number}", self.hash).into()
    }

    /// What a name says; also one that OpenSSL does not find but takes for such a name when it rehashes: with capital
    /// letters or leading zeros.
    pub(super) fn read(name: &OsStr) -> Option<(Self, u32)> {
        let (hash, number) = name.to_str()?.split_once('.')?;
        let digits = number.strip_prefix(['r', 'R']);
        let sort = if digits.is_some() { Sort::List } else { Sort::Certificate };
        let number = digits.unwrap_or(number);
        let plain = hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && number.bytes().all(|byte| byte.is_ascii_digit());
        let hash = u32::from_str_radix(hash, 16).ok().filter(|_| plain)?;
        Some((Self { sort, hash }, number.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_openssl_reads_them() {
        let key = |sort| Key { sort, hash: 0x0fb8_533c };
        for (name, sort, number) in [
            ("0fb8533c.0", Sort::Certificate, 0),
            ("0fb8533c.12", Sort::Certificate, 12),
            ("0fb8533c.r3", Sort::List, 3),
            ("0FB8533C.0", Sort::Certificate, 0),
            ("0fb8533c.007", Sort::Certificate, 7),
        ] {
            assert_eq!(Key::read(OsStr::new(name)), Some((key(sort), number)), "{name}");
        }
        for name in ["0fb8533c", "0fb8533c.", "0fb8533c.r", "0fb8533c.0.pem", "0fb8533.0", "+fb8533c.0", "0fb8533c.+1"]
        {
            assert_eq!(Key::read(OsStr::new(name)), None, "{name}");
        }
        assert_eq!(key(Sort::List).name(3), "0fb8533c.r3");
    }
}
