//! The service's identity: the one that is there, or why there must be another one.

use std::path::Path;

use crate::lint::{Options, Rule, Severity};
use crate::{
    Authority, Certificate, Error, ErrorKind, Identity, IssueOptions, NameConstraints, PrivateKey, Profile, Result,
    SubjectAltName,
};

use super::host;

/// What becomes of the identity.
pub(super) struct Server {
    /// The names that it must have: those that were given, those that it had, and the machine's own.
    pub(super) names: Vec<SubjectAltName>,
    /// The machine's own names for which the authority may not issue.
    pub(super) left_out: Vec<SubjectAltName>,
    /// The certificate that is there, if any.
    pub(super) old: Option<Certificate>,
    /// Whether one is there that cannot be read, and nothing else knows the names that it had.
    pub(super) forgot: bool,
    /// Why it is replaced, or made; `None` where it stays.
    pub(super) reason: Option<String>,
}

impl Server {
    /// Looks at what is there. Without an authority nothing can stay: it is yet to be made.
    pub(super) fn plan(
        certificate: &Path,
        key: &Path,
        passphrase: Option<&[u8]>,
        authority: Option<&Authority>,
        given: Vec<SubjectAltName>,
    ) -> Result<Self> {
        let old = Certificate::load(certificate).ok();
        let limits = match authority {
            Some(authority) => authority.chain().iter().map(Certificate::name_constraints).collect::<Result<_>>()?,
            None => Vec::new(),
        };
        let allowed = |name: &SubjectAltName| limits.iter().all(|limits: &NameConstraints| limits.allow(name));
        let issued = if old.is_none() { authority.and_then(|ca| issued_for(ca, key, passphrase)) } else { None };
        let known: Vec<SubjectAltName> = old.as_ref().or(issued.as_ref()).map(served).unwrap_or_default();
        let forgot = old.is_none() && certificate.exists() && known.is_empty() && given.is_empty();
        let mut server = Self { names: given, left_out: Vec::new(), reason: None, old, forgot };
        for name in known.into_iter().chain(host::names()) {
            if server.names.contains(&name) || server.left_out.contains(&name) {
                continue;
            }
            if allowed(&name) { server.names.push(name) } else { server.left_out.push(name) }
        }
        if authority.is_none()
            && let Some(old) = server.old.as_ref().filter(|old| !old.is_self_issued())
        {
            let message = format!(
                "this was issued by {}, whose authority is not where a new one would be made; name it with --ca, or move this file away to begin anew",
                old.issuer()
            );
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(certificate));
        }
        server.reason = match authority {
            None => Some("its authority is new".to_owned()),
            Some(_) if !certificate.exists() && !key.exists() => Some("there is none".to_owned()),
            Some(authority) => match Identity::load(certificate, key, passphrase) {
                Ok(identity) => server.fault(&identity, authority),
                Err(error) if error.kind() == ErrorKind::PassphraseRequired => {
                    let message = "the key is encrypted, and the service's configuration has no passphrase for it; move it away for a new one";
                    return Err(Error::new(error.kind(), message).at(key));
                }
                // It may be as good as ever for who may read it.
                Err(error) if error.kind() == ErrorKind::Io && key.exists() && certificate.exists() => {
                    return Err(error);
                }
                Err(error) => Some(format!("what is there cannot be used: {error}")),
            },
        };
        Ok(server)
    }

    /// Why this identity cannot stay.
    fn fault(&self, identity: &Identity, authority: &Authority) -> Option<String> {
        let certificate = identity.certificate();
        if !certificate.is_signed_by(authority.certificate()) {
            return Some(format!("{} has not issued what is there", authority.certificate().subject()));
        }
        if let Some(name) = self.names.iter().find(|name| !certificate.names().contains(name)) {
            return Some(format!("what is there has no {name}"));
        }
        let options = Options { profile: Some(Profile::Server), ..Options::default() };
        let findings = identity.lint(&options);
        let fault = |severity, rule| severity == Severity::Refused || rule == Rule::ExpiresSoon;
        let worst = findings.iter().find(|finding| fault(finding.severity(), finding.rule()));
        worst.map(|finding| format!("what is there: {}", finding.message()))
    }

    /// The first name is the common one.
    pub(super) fn issue(&self, authority: &Authority) -> Result<Identity> {
        let names: Vec<String> = self.names.iter().map(bare).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        authority.issue_server(&names, &IssueOptions::default())
    }
}

/// The last certificate that the authority has issued for this key.
fn issued_for(authority: &Authority, key: &Path, passphrase: Option<&[u8]>) -> Option<Certificate> {
    let key = PrivateKey::load(key, passphrase).ok()?;
    let issued = authority.issued().ok()?.into_iter().rev().filter_map(|issued| issued.certificate);
    issued.into_iter().find(|certificate| certificate.spki() == key.spki())
}

/// The names that a certificate is used under: of one without a SAN, as the guides make it, the common name.
fn served(certificate: &Certificate) -> Vec<SubjectAltName> {
    let is_host = |name: &&SubjectAltName| matches!(name, SubjectAltName::Dns(_) | SubjectAltName::Ip(_));
    let names: Vec<SubjectAltName> = certificate.names().iter().filter(is_host).cloned().collect();
    if !names.is_empty() {
        return names;
    }
    certificate.subject().common_name().and_then(|name| name.parse().ok()).into_iter().collect()
}

/// The name as people write it.
pub(super) fn bare(name: &SubjectAltName) -> String {
    match name {
        SubjectAltName::Dns(name) => name.clone(),
        SubjectAltName::Ip(address) => address.to_string(),
        other => other.to_string(),
    }
}
