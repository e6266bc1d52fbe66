//! Subject alternative names (RFC 5280, 4.2.1.6): as text, and as DER.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::der;
use crate::error::{Error, ErrorKind, Result, escape};

// Context tags of a GeneralName.
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;
const IP: u8 = 0x87;

/// A name that a certificate is valid for (RFC 5280, 4.2.1.6), shown as `DNS:localhost` or `IP:127.0.0.1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectAltName {
    /// A DNS name, possibly with a wildcard as its first label.
    Dns(String),
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
    /// An e-mail address.
    Email(String),
    /// A URI.
    Uri(String),
    /// Any other sort, described.
    Other(String),
}

impl fmt::Display for SubjectAltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "DNS:{}", escape(name)),
            Self::Ip(address) => write!(f, "IP:{address}"),
            Self::Email(address) => write!(f, "email:{}", escape(address)),
            Self::Uri(uri) => write!(f, "URI:{}", escape(uri)),
            Self::Other(text) => f.write_str(&escape(text)),
        }
    }
}

impl SubjectAltName {
    /// Reads GeneralNames; what is no plain name is described.
    pub(crate) fn all_from_der(der: &[u8]) -> Result<Vec<Self>> {
        let mut names = der::Reader::new(der::single(der, der::SEQUENCE)?.content);
        let mut all = Vec::new();
        while !names.is_empty() {
            all.push(Self::from_general_name(names.any()?));
        }
        Ok(all)
    }

    fn from_general_name(name: der::Element<'_>) -> Self {
        let text = || String::from_utf8_lossy(name.content).into_owned();
        match (name.tag, name.content) {
            (EMAIL, _) => Self::Email(text()),
            (DNS, _) => Self::Dns(text()),
            (URI, _) => Self::Uri(text()),
            (IP, [a, b, c, d]) => Self::Ip(Ipv4Addr::new(*a, *b, *c, *d).into()),
            (IP, bytes) if bytes.len() == 16 => {
                let mut octets = [0; 16];
                octets.copy_from_slice(bytes);
                Self::Ip(Ipv6Addr::from(octets).into())
            }
            (tag, bytes) => Self::Other(format!("a name of sort {} with {} bytes", tag & 0x1f, bytes.len())),
        }
    }

    /// Whether it is a name of its sort, whoever gave it: what holds a NUL or a misplaced wildcard is read in more
    /// than one way.
    pub(crate) fn is_well_formed(&self) -> bool {
        let plain = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        match self {
            Self::Dns(name) => is_host(name),
            Self::Ip(_) => true,
            Self::Email(address) => plain(address) && address.contains('@'),
            Self::Uri(uri) => plain(uri) && uri.contains(':'),
            Self::Other(_) => false,
        }
    }

    /// Writes the GeneralName.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let mut ascii = |tag, text: &str| {
            if text.is_ascii() && !text.is_empty() {
                der::put(out, tag, text.as_bytes());
                Ok(())
            } else {
                Err(Error::new(ErrorKind::InvalidArgument, format!("{text:?} is no name: such names are ASCII")))
            }
        };
        match self {
            Self::Email(address) => ascii(EMAIL, address)?,
            Self::Dns(name) => ascii(DNS, name)?,
            Self::Uri(uri) => ascii(URI, uri)?,
            Self::Ip(IpAddr::V4(address)) => der::put(out, IP, &address.octets()),
            Self::Ip(IpAddr::V6(address)) => der::put(out, IP, &address.octets()),
            Self::Other(text) => {
                let message = format!("a name of this sort cannot be written: {}", escape(text));
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        }
        Ok(())
    }
}

/// A server's name as a SAN: an IP address or a DNS name, possibly with a wildcard as its first label. International
/// names become A-labels (RFC 5890, 2.3.2.1; UTS #46).
pub(crate) fn host_name(text: &str) -> Result<SubjectAltName> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SubjectAltName::Ip(address));
    }
    let ascii = if text.is_ascii() { None } else { a_labels(text) };
    let text = ascii.as_deref().unwrap_or(text);
    if !is_host(text) {
        let message =
            format!("{text:?} is neither a DNS name nor an IP address; write the bare host, or the bare address");
        return Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(text));
    }
    Ok(SubjectAltName::Dns(text.to_ascii_lowercase()))
}

/// Labels of letters, digits, hyphens and underscores, possibly behind a wildcard.
fn is_host(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    // A last label of digits would be read as an IP address (WHATWG URL, ends in a number).
    let last_numeric = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    !host.is_empty()
        && host.len() <= 253
        && !last_numeric
        && host.split('.').all(|label| label.len() <= 63 && is_label(label))
}

/// Letters, digits, hyphens and underscores, with a hyphen at neither end.
pub(crate) fn is_label(label: &str) -> bool {
    let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
}

fn a_labels(text: &str) -> Option<String> {
    match text.strip_prefix("*.") {
        Some(host) => idna::domain_to_ascii(host).ok().map(|host| format!("*.{host}")),
        None => idna::domain_to_ascii(text).ok(),
    }
}

/// Reads a host as people write it (`nas.home.arpa`, `192.168.1.5`), or what `Display` writes: `DNS:…`, `IP:…`,
/// `email:…`, `URI:…`.
///
/// ```
/// use trustdir::SubjectAltName;
///
/// assert_eq!("fd00::5".parse::<SubjectAltName>()?.to_string(), "IP:fd00::5");
/// assert_eq!("email:alice@home.arpa".parse::<SubjectAltName>()?, SubjectAltName::Email("alice@home.arpa".into()));
/// assert!("my nas".parse::<SubjectAltName>().is_err());
/// # Ok::<(), trustdir::Error>(())
/// ```
impl FromStr for SubjectAltName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = |what: &str| {
            Err(Error::new(ErrorKind::InvalidArgument, format!("{text:?} is no {what}")).with_subject(text))
        };
        let well_formed = |name: Self, what: &str| if name.is_well_formed() { Ok(name) } else { invalid(what) };
        match text.split_once(':') {
            Some(("DNS", name)) => match host_name(name)? {
                Self::Dns(name) => Ok(Self::Dns(name)),
                _ => invalid("DNS name; write an address as IP:…"),
            },
            Some(("IP", address)) => match address.parse() {
                Ok(address) => Ok(Self::Ip(address)),
                Err(_) => invalid("IP address"),
            },
            Some(("email", address)) => well_formed(Self::Email(address.into()), "e-mail address"),
            Some(("URI", uri)) => well_formed(Self::Uri(uri.into()), "URI"),
            _ => host_name(text),
        }
    }
}
