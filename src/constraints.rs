//! Name constraints: for which names an authority and those below it may issue (RFC 5280, 4.2.1.10).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::alt_name::SubjectAltName;
use crate::der;
use crate::error::{Error, ErrorKind, Result, escape};

// Context tags of a GeneralName (RFC 5280, 4.2.1.6).
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const IP: u8 = 0x87;

/// One subtree of names, shown as `DNS:home.arpa`, `IP:192.168.0.0/16` or `email:home.arpa`.
///
/// ```
/// use trustdir::NameConstraint;
///
/// assert_eq!("home.arpa".parse::<NameConstraint>()?, NameConstraint::Dns("home.arpa".into()));
/// assert_eq!("192.168.0.0/16".parse::<NameConstraint>()?.to_string(), "IP:192.168.0.0/16");
/// assert_eq!("email:home.arpa".parse::<NameConstraint>()?.to_string(), "email:home.arpa");
/// assert!("192.168.0.1/16".parse::<NameConstraint>().is_err()); // bits beyond the prefix
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameConstraint {
    /// This DNS name and every name below it.
    Dns(String),
    /// The addresses that share this many leading bits.
    Ip(IpAddr, u8),
    /// One mailbox (`a@b.c`), every mailbox at one host (`b.c`), or at every host below one (`.b.c`).
    Email(String),
    /// A subtree of another sort, as the content of its DER GeneralSubtree.
    Other(Vec<u8>),
}

/// For which names an authority may issue.
///
/// In a certificate, names of a sort that is not mentioned are free (RFC 5280). An authority that is made here is
/// closed instead: once anything is permitted, no other DNS name, address or mailbox is. URIs stay free.
///
/// ```
/// use trustdir::{Authority, AuthorityOptions, ErrorKind, NameConstraints};
///
/// # let dir = tempfile::tempdir().unwrap();
/// let constraints = NameConstraints::home(&["example.dyndns.org".parse()?]);
/// let options = AuthorityOptions { constraints, ..Default::default() };
/// let ca = Authority::create(dir.path().join("pki"), options)?;
/// ca.issue_server(&["nas.home.arpa", "192.168.1.5"], &Default::default())?;
/// let error = ca.issue_server(&["bank.example.com"], &Default::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NameMismatch);
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NameConstraints {
    /// Of each sort that stands here, only names in one of its subtrees.
    pub permitted: Vec<NameConstraint>,
    /// No names in any of these.
    pub excluded: Vec<NameConstraint>,
}

impl NameConstraints {
    /// What a home or a small network needs, and nothing of the rest of the Internet: `home.arpa` (RFC 8375) and the
    /// mailboxes in it, `internal`, `local`, `localhost`, the private, link-local and loopback addresses (RFC 1918,
    /// 3927, 4193), and `own`, such as a dynamic DNS name.
    pub fn home(own: &[NameConstraint]) -> Self {
        let names = ["home.arpa", "internal", "local", "localhost"];
        let networks: [(IpAddr, u8); 8] = [
            (Ipv4Addr::new(10, 0, 0, 0).into(), 8),
            (Ipv4Addr::new(172, 16, 0, 0).into(), 12),
            (Ipv4Addr::new(192, 168, 0, 0).into(), 16),
            (Ipv4Addr::new(169, 254, 0, 0).into(), 16),
            (Ipv4Addr::new(127, 0, 0, 0).into(), 8),
            (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0).into(), 7),
            (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0).into(), 10),
            (Ipv6Addr::LOCALHOST.into(), 128),
        ];
        let names = names.into_iter().map(|name| NameConstraint::Dns(name.to_owned()));
        let networks = networks.into_iter().map(|(address, prefix)| NameConstraint::Ip(address, prefix));
        let mailboxes = ["home.arpa", ".home.arpa"].map(|hosts| NameConstraint::Email(hosts.to_owned()));
        let permitted = names.chain(networks).chain(mailboxes).chain(own.iter().cloned()).collect();
        Self { permitted, excluded: Vec::new() }
    }

    /// As an authority gets them: once anything is permitted, DNS names, addresses and mailboxes of which nothing is
    /// permitted are excluded, so that the authority is good for what was named and for nothing else.
    pub(crate) fn closed(mut self) -> Self {
        if self.permitted.is_empty() {
            return self;
        }
        let permits = |sort: fn(&NameConstraint) -> bool| self.permitted.iter().any(sort);
        let dns = permits(|subtree| matches!(subtree, NameConstraint::Dns(_)));
        let ip = permits(|subtree| matches!(subtree, NameConstraint::Ip(..)));
        let email = permits(|subtree| matches!(subtree, NameConstraint::Email(_)));
        if !dns {
            self.excluded.push(NameConstraint::Dns(String::new()));
        }
        if !ip {
            self.excluded.push(NameConstraint::Ip(Ipv4Addr::UNSPECIFIED.into(), 0));
            self.excluded.push(NameConstraint::Ip(Ipv6Addr::UNSPECIFIED.into(), 0));
        }
        if !email {
            // An empty mailbox excludes all of them for some readers and none for OpenSSL; nobody has a mailbox at a
            // host that cannot be (RFC 2606, 2).
            self.permitted.push(NameConstraint::Email("invalid".to_owned()));
        }
        self
    }

    /// Whether nothing is constrained.
    pub fn is_empty(&self) -> bool {
        self.permitted.is_empty() && self.excluded.is_empty()
    }

    /// Whether a certificate with this name may be issued. Sorts that we cannot compare are not looked at.
    pub fn allow(&self, name: &SubjectAltName) -> bool {
        let mut same_sort = self.permitted.iter().filter(|subtree| subtree.is_sort_of(name)).peekable();
        let permitted = same_sort.peek().is_none() || same_sort.any(|subtree| subtree.contains(name));
        permitted && !self.excluded.iter().any(|subtree| subtree.touches(name))
    }

    /// Reads the content of the extension.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self> {
        let mut lists = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
        let permitted = lists.optional(0xa0)?.map_or(Ok(Vec::new()), |list| subtrees(list.content))?;
        let excluded = lists.optional(0xa1)?.map_or(Ok(Vec::new()), |list| subtrees(list.content))?;
        lists.finish()?;
        Ok(Self { permitted, excluded })
    }

    /// The content of the extension.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        let list = |tag, subtrees: &[NameConstraint]| match subtrees {
            [] => Vec::new(),
            some => {
                let parts: Vec<Vec<u8>> = some.iter().map(NameConstraint::to_der).collect();
                der::element(tag, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
            }
        };
        der::element(der::SEQUENCE, &[&list(0xa0, &self.permitted), &list(0xa1, &self.excluded)])
    }
}

impl NameConstraint {
    fn is_sort_of(&self, name: &SubjectAltName) -> bool {
        matches!(
            (self, name),
            (Self::Dns(_), SubjectAltName::Dns(_))
                | (Self::Ip(..), SubjectAltName::Ip(_))
                | (Self::Email(_), SubjectAltName::Email(_))
        )
    }

    /// Whether all that the name stands for lies in the subtree.
    fn contains(&self, name: &SubjectAltName) -> bool {
        match (self, name) {
            (Self::Dns(base), SubjectAltName::Dns(name)) => below(name.strip_prefix("*.").unwrap_or(name), base),
            (Self::Ip(base, prefix), SubjectAltName::Ip(address)) => masked(*address, *prefix) == Some(*base),
            (Self::Email(base), SubjectAltName::Email(address)) => mailbox_in(address, base),
            _ => false,
        }
    }

    /// Whether anything that the name stands for lies in the subtree.
    fn touches(&self, name: &SubjectAltName) -> bool {
        let wildcard = match (self, name) {
            (Self::Dns(base), SubjectAltName::Dns(name)) => {
                name.strip_prefix("*.").is_some_and(|name| below(base, name))
            }
            _ => false,
        };
        wildcard || self.contains(name)
    }

    fn to_der(&self) -> Vec<u8> {
        let name = match self {
            Self::Dns(name) => der::element(DNS, &[name.as_bytes()]),
            Self::Email(address) => der::element(EMAIL, &[address.as_bytes()]),
            Self::Ip(address, prefix) => der::element(IP, &[&octets(*address), &mask(*address, *prefix)]),
            Self::Other(content) => content.clone(),
        };
        der::element(der::SEQUENCE, &[&name])
    }

    /// Reads the content of a GeneralSubtree; what has no form of its own stays as it is.
    fn from_subtree(content: &[u8]) -> Self {
        let read = || {
            let mut fields = der::Reader::new(content);
            let base = fields.any().ok()?;
            fields.finish().ok()?;
            let text = || String::from_utf8(base.content.to_vec()).ok().filter(|text| text.is_ascii());
            match base.tag {
                DNS => text().map(Self::Dns),
                EMAIL => text().map(Self::Email),
                IP => network(base.content),
                _ => None,
            }
        };
        read().unwrap_or_else(|| Self::Other(content.to_vec()))
    }
}

impl fmt::Display for NameConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{}", escape(name)),
            Self::Ip(address, prefix) => write!(f, "IP:{address}/{prefix}"),
            Self::Email(address) => write!(f, "email:{}", escape(address)),
            Self::Other(content) => {
                f.write_str("other:")?;
                content.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// Reads what `Display` writes; the sort of DNS names and networks need not be said. An address without a
/// prefix is that address alone.
impl FromStr for NameConstraint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = |why: &str| {
            let message = format!(
                "{text:?} is no name constraint: {why}; write DNS:home.arpa, IP:192.168.0.0/16 or email:home.arpa"
            );
            Error::new(ErrorKind::InvalidArgument, message)
        };
        if let Some(address) = text.strip_prefix("email:") {
            let host = address.rsplit('@').next().unwrap_or_default();
            let plain = address.bytes().all(|byte| byte.is_ascii_graphic());
            let good = plain && dns(host.strip_prefix('.').unwrap_or(host)).is_some();
            return if good { Ok(Self::Email(address.to_owned())) } else { Err(invalid("that is no host or mailbox")) };
        }
        let network = text.strip_prefix("IP:").unwrap_or(text);
        let (address, prefix) = network.split_once('/').map_or((network, None), |(at, bits)| (at, Some(bits)));
        if let Ok(address) = address.parse::<IpAddr>() {
            let all = if address.is_ipv4() { 32 } else { 128 };
            let prefix = prefix.map_or(Some(all), |bits| bits.parse().ok().filter(|bits| *bits <= all));
            let prefix = prefix.ok_or_else(|| invalid("the length of the prefix is wrong"))?;
            return match masked(address, prefix) {
                Some(base) if base == address => Ok(Self::Ip(address, prefix)),
                _ => Err(invalid("there are bits behind the prefix")),
            };
        }
        let name = text.strip_prefix("DNS:").unwrap_or(text);
        dns(name.strip_prefix('.').unwrap_or(name)).map(Self::Dns).ok_or_else(|| invalid("that is no DNS name"))
    }
}

/// A DNS name without a wildcard, in its ASCII form.
fn dns(name: &str) -> Option<String> {
    match crate::alt_name::host_name(name) {
        Ok(SubjectAltName::Dns(name)) if !name.starts_with('*') => Some(name),
        _ => None,
    }
}

fn subtrees(list: &[u8]) -> Result<Vec<NameConstraint>> {
    let mut list = der::Reader::new(list);
    let mut subtrees = Vec::new();
    while !list.is_empty() {
        subtrees.push(NameConstraint::from_subtree(list.expect(der::SEQUENCE)?.content));
    }
    Ok(subtrees)
}

/// Whether `name` is `base` or below it; a `base` with a leading dot is below itself only (as OpenSSL reads it).
fn below(name: &str, base: &str) -> bool {
    let (name, base) = (name.to_ascii_lowercase(), base.to_ascii_lowercase());
    match name.strip_suffix(&base) {
        Some(labels) => base.is_empty() || base.starts_with('.') || labels.is_empty() || labels.ends_with('.'),
        None => false,
    }
}

fn mailbox_in(address: &str, base: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else { return false };
    match base.rsplit_once('@') {
        Some((base_local, base_host)) => local == base_local && host.eq_ignore_ascii_case(base_host),
        None if base.starts_with('.') => below(host, base),
        None => host.eq_ignore_ascii_case(base),
    }
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match (<[u8; 4]>::try_from(octets), <[u8; 16]>::try_from(octets)) {
        (Ok(v4), _) => Some(v4.into()),
        (_, Ok(v6)) => Some(v6.into()),
        _ => None,
    }
}

/// The mask of a prefix, as long as the address.
fn mask(address: IpAddr, prefix: u8) -> Vec<u8> {
    let bits = |at: usize| u8::MAX.checked_shl(8_u32.saturating_sub(u32::from(prefix).saturating_sub(at as u32 * 8)));
    (0..octets(address).len()).map(|at| bits(at).unwrap_or(0)).collect()
}

/// The network of this prefix that the address is in.
fn masked(at: IpAddr, prefix: u8) -> Option<IpAddr> {
    let network: Vec<u8> = octets(at).iter().zip(mask(at, prefix)).map(|(octet, mask)| octet & mask).collect();
    address(&network)
}

/// Address and mask; `None` when the mask is no prefix.
fn network(content: &[u8]) -> Option<NameConstraint> {
    let (base, bits) = content.split_at_checked(content.len() / 2)?;
    let base = address(base)?;
    let prefix = bits.iter().map(|octet| octet.count_ones()).sum::<u32>() as u8;
    (mask(base, prefix) == bits).then_some(NameConstraint::Ip(base, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraints(permitted: &[&str], excluded: &[&str]) -> NameConstraints {
        let read = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        NameConstraints { permitted: read(permitted), excluded: read(excluded) }
    }

    #[test]
    fn what_is_permitted_and_not_excluded_may_be_issued() {
        let home = constraints(&["home.arpa", "192.168.0.0/16", "fd00::/8", "email:home.arpa"], &["bad.home.arpa"]);
        for (name, allowed) in [
            ("home.arpa", true),
            ("NAS.home.arpa", true),
            ("*.home.arpa", false), // stands for bad.home.arpa too
            ("*.good.home.arpa", true),
            ("bad.home.arpa", false),
            ("very.bad.home.arpa", false),
            ("nothome.arpa", false),
            ("*.arpa", false),
            ("example.org", false),
            ("192.168.255.1", true),
            ("192.169.0.1", false),
            ("fd12::1", true),
            ("fe80::1", false),
            ("homes.home.arpa", true),
            ("email:alice@home.arpa", true),
            ("email:alice@nas.home.arpa", false),
            ("URI:https://example.org", true), // a sort that is not mentioned
        ] {
            assert_eq!(home.allow(&name.parse().unwrap()), allowed, "{name}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let written = constraints(
            &["DNS:a.b", "IP:10.0.0.0/8", "IP:0.0.0.0/0", "IP:fe80::/10", "IP:::1/128", "email:.b", "email:c@d.e"],
            &["DNS:x"],
        );
        assert_eq!(NameConstraints::from_der(&written.to_der()).unwrap(), written);
        for subtree in written.permitted {
            assert_eq!(subtree.to_string().parse::<NameConstraint>().unwrap(), subtree);
        }
    }

    #[test]
    fn other_sorts_are_kept_byte_for_byte() {
        let der = b"\x30\x0c\xa0\x0a\x30\x08\x87\x06\x0a\x00\xff\x00\x01\x02"; // six octets are no network
        let read = NameConstraints::from_der(der).unwrap();
        assert!(matches!(read.permitted[..], [NameConstraint::Other(_)]));
        assert_eq!(read.to_der(), der);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "*.home.arpa", "10.0.0.0/33", "10.0.0.1/8", "fd00::/129", "email:", "email:a b", "IP:x"] {
            assert!(text.parse::<NameConstraint>().is_err(), "{text}");
        }
    }
}
