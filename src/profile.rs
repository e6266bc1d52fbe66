//! What each sort of certificate says: the only place where defaults live.

use std::fmt;
use std::str::FromStr;

use crate::clock::{self, DAY};
use crate::constraints::NameConstraints;
use crate::error::{Error, ErrorKind, Result};
use crate::extension;
use crate::key::KeyAlgorithm;

/// Clocks of devices differ: what is issued now is valid on a clock that is an hour behind.
const BACKDATED: i64 = 60 * 60;

/// How far an authority's power goes; nothing limits the default one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many authorities may follow below it.
    pub path_length: Option<u32>,
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

    /// What the profile says of the key (RFC 5280, 4.2.1). RSA servers also get keyEncipherment: NSS and
    /// Chrome ask for it.
    pub(crate) fn write_extensions(self, out: &mut Vec<u8>, key: KeyAlgorithm, limits: &Limits) {
        extension::write_basic_constraints(out, self == Self::Authority, limits.path_length);
        if self == Self::Authority {
            extension::write_key_usage(out, extension::KEY_CERT_SIGN | extension::CRL_SIGN);
            if !limits.constraints.is_empty() {
                extension::write_name_constraints(out, &limits.constraints);
            }
            return;
        }
        let encipher = self != Self::Client && matches!(key, KeyAlgorithm::Rsa(_));
        let usage = extension::DIGITAL_SIGNATURE | if encipher { extension::KEY_ENCIPHERMENT } else { 0 };
        extension::write_key_usage(out, usage);
        let purposes: &[&[u8]] = match self {
            Self::Client => &[extension::CLIENT_AUTH],
            Self::ServerAndClient => &[extension::SERVER_AUTH, extension::CLIENT_AUTH],
            _ => &[extension::SERVER_AUTH],
        };
        extension::write_extended_key_usage(out, purposes);
    }

    /// The validity for these wishes, ending no later than the issuer unless that was asked for.
    pub(crate) fn validity(self, options: &IssueOptions, now: i64, issuer_ends: Option<i64>) -> Result<(i64, i64)> {
        let not_before = options.not_before.unwrap_or(now - BACKDATED);
        let not_after = match (options.not_after, options.days) {
            (Some(_), Some(_)) => {
                return Err(Error::new(ErrorKind::InvalidArgument, "give days or an end date, not both"));
            }
            (Some(end), None) => end,
            (None, Some(days)) => options.not_before.unwrap_or(now).saturating_add(i64::from(days) * DAY),
            (None, None) => {
                let end = options.not_before.unwrap_or(now).saturating_add(i64::from(self.days()) * DAY);
                issuer_ends.map_or(end, |issuer| end.min(issuer))
            }
        };
        if not_after <= not_before {
            return Err(Error::new(ErrorKind::InvalidArgument, "the validity ends before it begins"));
        }
        if issuer_ends.is_some_and(|issuer| not_after > issuer) {
            let end = clock::date(issuer_ends.unwrap_or_default());
            let message = format!(
                "the certificate would outlive its authority, which ends on {end}; ask for fewer days, or renew that with `trustdir ca renew`"
            );
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
    /// The key to make, where one is made; P-256 by default.
    pub key_algorithm: Option<KeyAlgorithm>,
}

impl IssueOptions {
    /// No wish is passed over in silence.
    pub(crate) fn check_no_key(&self, why: &str) -> Result<()> {
        match self.key_algorithm {
            Some(algorithm) => {
                Err(Error::new(ErrorKind::InvalidArgument, format!("no {algorithm} key is made here: {why}")))
            }
            None => Ok(()),
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
