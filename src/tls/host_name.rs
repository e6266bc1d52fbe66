//! Host names as clients ask for them (SNI, RFC 6066, 3) and as certificates carry them (RFC 6125, 6.4.3).

use std::fmt;

use crate::alt_name::SubjectAltName;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result, escape};

/// A host name, or all that differ in their first label only (`*.example.org`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostName {
    /// In lower case, without the `*.`.
    name: String,
    wildcard: bool,
}

impl HostName {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let (name, wildcard) = text.strip_prefix("*.").map_or((text, false), |rest| (rest, true));
        let label = |label: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (1..=63).contains(&label.len()) && label.bytes().all(plain)
        };
        if name.len() > 253 || !name.split('.').all(label) {
            let message = format!("{} is no host name; name a host, or several as *.example.org", escape(text));
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok(Self { name: name.to_ascii_lowercase(), wildcard })
    }

    /// The names that a certificate serves: those of its subjectAltName, or the common name of one that has none, as
    /// the older guides make them.
    pub(super) fn all_of(certificate: &Certificate) -> Vec<Self> {
        let dns = certificate.names().iter().filter_map(|name| match name {
            SubjectAltName::Dns(name) => Self::parse(name).ok(),
            _ => None,
        });
        let common = || certificate.subject().common_name().and_then(|name| Self::parse(&name).ok());
        if certificate.names().is_empty() { common().into_iter().collect() } else { dns.collect() }
    }

    /// How well it fits: exactly (2), as a wildcard (1), or not.
    pub(super) fn fits(&self, asked: &str) -> u8 {
        let asked = without_root(asked);
        let same = |name: &str| name.eq_ignore_ascii_case(&self.name);
        match self.wildcard {
            false if same(asked) => 2,
            true if asked.split_once('.').is_some_and(|(_, rest)| same(rest)) => 1,
            _ => 0,
        }
    }
}

/// A name that is written to the root of all names (`example.org.`) is the same name; SNI has none (RFC 6066, 3), but
/// clients send it.
pub(super) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_one_label() {
        let fits = |name: &str, asked| HostName::parse(name).unwrap().fits(asked);
        assert_eq!(fits("a.Example.org", "A.example.ORG"), 2);
        assert_eq!(fits("*.example.org", "a.example.org"), 1);
        assert_eq!((fits("a.example.org", "a.example.org."), fits("*.example.org", "a.example.org.")), (2, 1));
        for asked in ["example.org", "a.b.example.org", "aexample.org", "", ".", "*.example.org.evil"] {
            assert_eq!(fits("*.example.org", asked), 0, "{asked}");
        }
        for wrong in ["", "*", "*.", "a..b", "*.*.a", "a b", "ä.org", &"a".repeat(64)] {
            assert!(HostName::parse(wrong).is_err(), "{wrong}");
        }
    }
}
