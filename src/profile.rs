//! What each sort of certificate says: the only place where defaults live.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType,
};

use crate::certificate::SubjectAltName;
use crate::clock::DAY;
use crate::constraints::NameConstraints;
use crate::error::{Error, ErrorKind, Result};
use crate::key::KeyAlgorithm;

/// Clocks of devices differ: what is issued now is valid on a clock that is an hour behind.
const BACKDATED: i64 = 60 * 60;

/// id-ce-nameConstraints (RFC 5280, 4.2.1.10).
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];

/// How far an authority's power goes; nothing limits the default one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many authorities may follow below it.
    pub path_length: Option<u8>,
    /// For which names it may issue.
    pub constraints: NameConstraints,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Signs other certificates. Made by an authority's own commands only, never granted to a request.
    Authority,
    /// TLS services (extended key usage serverAuth).
    Server,
    /// TLS clients (extended key usage clientAuth).
    Client,
    /// Services that are clients of each other (both).
    ServerAndClient,
}

impl Profile {
    /// Authorities live ten years; 397 days for end entities is what browsers ask of public ones, and
    /// well under the 825 that Apple allows private ones.
    pub(crate) fn days(self) -> u32 {
        if self == Self::Authority { 3650 } else { 397 }
    }

    /// Extensions for the profile (RFC 5280, 4.2.1). RSA servers also get keyEncipherment: NSS and
    /// Chrome ask for it.
    pub(crate) fn apply(self, key: KeyAlgorithm, limits: &Limits, params: &mut CertificateParams) {
        if self == Self::Authority {
            params.is_ca = IsCa::Ca(match limits.path_length {
                Some(length) => BasicConstraints::Constrained(length),
                None => BasicConstraints::Unconstrained,
            });
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            if !limits.constraints.is_empty() {
                let mut names = CustomExtension::from_oid_content(NAME_CONSTRAINTS, limits.constraints.to_der());
                names.set_criticality(true);
                params.custom_extensions.push(names);
            }
            return;
        }
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if self != Self::Client && matches!(key, KeyAlgorithm::Rsa(_)) {
            params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
        }
        let (server, client) = (ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth);
        params.extended_key_usages = match self {
            Self::Client => vec![client],
            Self::ServerAndClient => vec![server, client],
            _ => vec![server],
        };
    }

    /// The validity for these wishes, ending no later than the issuer unless that was asked for.
    pub(crate) fn validity(self, options: &IssueOptions, now: i64, issuer_ends: Option<i64>) -> Result<(i64, i64)> {
        let not_before = options.not_before.unwrap_or(now - BACKDATED);
        let not_after = match (options.not_after, options.days) {
            (Some(_), Some(_)) => {
                return Err(Error::new(ErrorKind::InvalidArgument, "give days or an end date, not both"));
            }
            (Some(end), None) => end,
            (None, Some(days)) => options.not_before.unwrap_or(now) + i64::from(days) * DAY,
            (None, None) => {
                let end = options.not_before.unwrap_or(now) + i64::from(self.days()) * DAY;
                issuer_ends.map_or(end, |issuer| end.min(issuer))
            }
        };
        if not_after <= not_before {
            return Err(Error::new(ErrorKind::InvalidArgument, "the validity ends before it begins"));
        }
        if issuer_ends.is_some_and(|issuer| not_after > issuer) {
            let message = "the certificate would outlive its authority; ask for fewer days";
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        Ok((not_before, not_after))
    }
}

/// Its word: `authority`, `server`, `client` or `both`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Authority => "authority",
            Self::Server => "server",
            Self::Client => "client",
            Self::ServerAndClient => "both",
        })
    }
}

/// Reads the word that `Display` writes.
impl FromStr for Profile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = [Self::Server, Self::Client, Self::ServerAndClient, Self::Authority];
        known.into_iter().find(|profile| profile.to_string() == text).ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, format!("{text:?} is no profile; use server, client or both"))
        })
    }
}

/// What may be chosen when a certificate is issued; `Default` is right for most.
#[derive(Clone, Debug, Default)]
pub struct IssueOptions {
    /// Validity in days from now (or from `not_before`); 397 by default.
    pub days: Option<u32>,
    /// Start of validity in Unix seconds; an hour ago by default.
    pub not_before: Option<i64>,
    /// End of validity in Unix seconds, instead of `days`.
    pub not_after: Option<i64>,
    /// The key to make; P-256 by default.
    pub key_algorithm: Option<KeyAlgorithm>,
}

/// A server's name as a SAN: an IP address or a DNS name, possibly with a wildcard as its first label. International
/// names become A-labels (RFC 5890, 2.3.2.1; UTS #46).
pub(crate) fn server_name(text: &str) -> Result<SubjectAltName> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SubjectAltName::Ip(address));
    }
    let ascii = if text.is_ascii() { None } else { a_labels(text) };
    let text = ascii.as_deref().unwrap_or(text);
    let host = text.strip_prefix("*.").unwrap_or(text);
    let label_ok = |label: &str| {
        let bytes = label.as_bytes();
        let inner = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        !bytes.is_empty() && bytes.len() <= 63 && inner && bytes[0] != b'-' && bytes[bytes.len() - 1] != b'-'
    };
    // A last label of digits would be read as an IP address (WHATWG URL, ends in a number).
    let last_numeric = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if host.is_empty() || host.len() > 253 || last_numeric || !host.split('.').all(label_ok) {
        let message = format!("{text:?} is neither a DNS name nor an IP address");
        return Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(text));
    }
    Ok(SubjectAltName::Dns(text.to_ascii_lowercase()))
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
        let plain = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
        match text.split_once(':') {
            Some(("DNS", name)) => match server_name(name)? {
                Self::Dns(name) => Ok(Self::Dns(name)),
                _ => invalid("DNS name; write an address as IP:…"),
            },
            Some(("IP", address)) => match address.parse() {
                Ok(address) => Ok(Self::Ip(address)),
                Err(_) => invalid("IP address"),
            },
            Some(("email", address)) if plain(address) && address.contains('@') => Ok(Self::Email(address.into())),
            Some(("email", _)) => invalid("e-mail address"),
            Some(("URI", uri)) if plain(uri) && uri.contains(':') => Ok(Self::Uri(uri.into())),
            Some(("URI", _)) => invalid("URI"),
            _ => server_name(text),
        }
    }
}

/// A client's name becomes its common name: a label such as `alice` or `rpc.user.1`, not a host.
pub(crate) fn client_name(text: &str) -> Result<&str> {
    let length = text.chars().count();
    if length == 0 || length > 64 || text.trim() != text || crate::error::escape(text) != text {
        let message =
            format!("{text:?} is no client name: it has 1 to 64 printable characters and no blanks around it");
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    Ok(text)
}

/// The SAN in the form in which rcgen writes it.
pub(crate) fn san_type(name: &SubjectAltName) -> Result<SanType> {
    let ia5 = |text: &str| {
        text.try_into().map_err(|_| {
            Error::new(ErrorKind::InvalidArgument, format!("{text:?} has a character that no certificate holds"))
        })
    };
    Ok(match name {
        SubjectAltName::Dns(name) => SanType::DnsName(ia5(name)?),
        SubjectAltName::Ip(address) => SanType::IpAddress(*address),
        SubjectAltName::Email(address) => SanType::Rfc822Name(ia5(address)?),
        SubjectAltName::Uri(uri) => SanType::URI(ia5(uri)?),
        SubjectAltName::Other(text) => {
            return Err(Error::new(ErrorKind::Unsupported, format!("a name of this sort cannot be issued: {text}")));
        }
    })
}
