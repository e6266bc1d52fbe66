//! Name constraints (RFC 5280, 4.2.1.10) of DNS names and IP addresses.

use std::net::IpAddr;

use x509_parser::extensions::{GeneralName, GeneralSubtree, NameConstraints};

use crate::certificate::SubjectAltName;

/// What an issuer permits and excludes. Other sorts of names are not looked at.
pub(super) struct Constraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

enum Subtree {
    Dns(String),
    /// An address and its mask, of one length.
    Ip(Vec<u8>, Vec<u8>),
}

impl Constraints {
    pub(super) fn read(constraints: &NameConstraints<'_>) -> Self {
        let subtrees = |subtrees: &Option<Vec<GeneralSubtree<'_>>>| {
            subtrees.iter().flatten().filter_map(|subtree| Subtree::read(&subtree.base)).collect()
        };
        Self {
            permitted: subtrees(&constraints.permitted_subtrees),
            excluded: subtrees(&constraints.excluded_subtrees),
        }
    }

    /// Whether a certificate may carry the name.
    pub(super) fn allow(&self, name: &SubjectAltName) -> bool {
        let excluded = self.excluded.iter().any(|subtree| subtree.touches(name));
        let mut permitted = self.permitted.iter().filter(|subtree| subtree.is_of_sort(name)).peekable();
        !excluded && (permitted.peek().is_none() || permitted.any(|subtree| subtree.contains(name)))
    }
}

impl Subtree {
    fn read(base: &GeneralName<'_>) -> Option<Self> {
        match base {
            GeneralName::DNSName(name) => Some(Self::Dns(name.to_ascii_lowercase())),
            GeneralName::IPAddress(bytes) => {
                let (address, mask) = bytes.split_at(bytes.len() / 2);
                Some(Self::Ip(address.to_vec(), mask.to_vec()))
            }
            _ => None,
        }
    }

    fn is_of_sort(&self, name: &SubjectAltName) -> bool {
        matches!((self, name), (Self::Dns(_), SubjectAltName::Dns(_)) | (Self::Ip(..), SubjectAltName::Ip(_)))
    }

    /// Whether all that the name stands for lies inside.
    fn contains(&self, name: &SubjectAltName) -> bool {
        match (self, name) {
            (Self::Dns(base), SubjectAltName::Dns(name)) => within(name, base),
            (Self::Ip(address, mask), SubjectAltName::Ip(name)) => {
                let octets = match name {
                    IpAddr::V4(address) => address.octets().to_vec(),
                    IpAddr::V6(address) => address.octets().to_vec(),
                };
                let masked = |bytes: &[u8]| bytes.iter().zip(mask).map(|(byte, mask)| byte & mask).collect::<Vec<_>>();
                octets.len() == address.len() && masked(&octets) == masked(address)
            }
            _ => false,
        }
    }

    /// Whether something that the name stands for lies inside.
    fn touches(&self, name: &SubjectAltName) -> bool {
        match (self, name) {
            (Self::Dns(base), SubjectAltName::Dns(name)) if name.starts_with("*.") => {
                within(name, base) || within(base, &name[2..])
            }
            _ => self.contains(name),
        }
    }
}

/// Whether `name` is `base` or below it; below only, where `base` begins with a dot.
fn within(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    match name.strip_suffix(base.as_str()) {
        Some(rest) if base.starts_with('.') => !rest.is_empty(),
        Some(rest) => rest.is_empty() || rest.ends_with('.') || base.is_empty(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lies_within_whole_labels() {
        for (name, base, inside) in [
            ("nas.home.arpa", "home.arpa", true),
            ("HOME.arpa", "home.ARPA", true),
            ("xhome.arpa", "home.arpa", false),
            ("nas.home.arpa", ".home.arpa", true),
            ("home.arpa", ".home.arpa", false),
            ("*.home.arpa", "home.arpa", true),
            ("*.arpa", "home.arpa", false),
            ("anything", "", true),
        ] {
            assert_eq!(within(name, base), inside, "{name} in {base}");
        }
    }

    #[test]
    fn a_wildcard_reaches_into_what_is_excluded() {
        let excluded = Constraints { permitted: vec![], excluded: vec![Subtree::Dns("guest.home.arpa".into())] };
        assert!(!excluded.allow(&SubjectAltName::Dns("*.home.arpa".into())));
        assert!(excluded.allow(&SubjectAltName::Dns("nas.home.arpa".into())));
    }
}
