//! Signing requests: the operator grants, the request only asks.

use super::{Authority, Grant};
use crate::alt_name::{SubjectAltName, host_name};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::profile::{IssueOptions, Profile};
use crate::request::CertificateRequest;

/// What a request may be granted; `Default` signs for a server with every host name that it asks for.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// What the certificate is for.
    pub profile: Profile,
    /// The names to grant. `None` grants a server the DNS names and IP addresses that were asked for, or
    /// its common name when no name was; and a client none.
    pub names: Option<Vec<SubjectAltName>>,
    /// Validity; the key is the request's.
    pub issue: IssueOptions,
}

impl Default for SignOptions {
    fn default() -> Self {
        Self { profile: Profile::Server, names: None, issue: IssueOptions::default() }
    }
}

impl SignOptions {
    /// The names that a request gets, and what the operator should know: what [`Authority::sign`] does, beforehand.
    pub(crate) fn grants(&self, request: &CertificateRequest) -> Result<(Vec<SubjectAltName>, Vec<String>)> {
        if self.profile == Profile::Authority {
            let message = "a request is never signed as an authority; name another profile";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let ignored = request.ignored().iter().map(|what| format!("{what} was asked for and is ignored"));
        let mut notes: Vec<String> = ignored.collect();
        if request.asks_for_authority() {
            notes.push("CA:TRUE was asked for and is not granted".to_owned());
        }
        let names = match &self.names {
            Some(names) => names.clone(),
            None if self.profile == Profile::Client => Vec::new(),
            None => hosts(request, &mut notes)?,
        };
        let lower = |name: &SubjectAltName| match name {
            SubjectAltName::Dns(name) => SubjectAltName::Dns(name.to_ascii_lowercase()),
            other => other.clone(),
        };
        for name in names.iter().filter(|name| name.to_string().contains('*')) {
            notes.push(format!("{name} stands for every host in that domain"));
        }
        for name in request.names().iter().filter(|name| !names.contains(name) && !names.contains(&lower(name))) {
            notes.push(format!("{name} was asked for and is not granted"));
        }
        if self.profile != Profile::Client && names.is_empty() {
            let message = format!("the request of {} names no host; say which names to grant", request.subject());
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(request.subject().to_string()));
        }
        Ok((names, notes))
    }
}

/// A signed request: the certificate, and what the operator should know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Signed {
    /// The certificate.
    pub certificate: Certificate,
    /// What was asked for and not granted, or granted otherwise, a line each.
    pub notes: Vec<String>,
}

impl Authority {
    /// Signs a request: its key and its subject, byte for byte, with the names that `options` grants.
    ///
    /// Nothing is granted because it was asked for: a request for CA:TRUE or for other usages gets the
    /// profile's, and [`Signed::notes`] says so.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// use trustdir::{CertificateRequest, DistinguishedName, KeyAlgorithm, PrivateKey, SignOptions};
    ///
    /// let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256)?;
    /// let request = CertificateRequest::create(&key, &DistinguishedName::parse("CN=nas.home.arpa")?, &[])?;
    /// let signed = ca.sign(&request, &SignOptions::default())?;
    /// assert_eq!(signed.certificate.names()[0].to_string(), "DNS:nas.home.arpa");
    /// assert!(signed.notes[0].contains("common name"));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn sign(&self, request: &CertificateRequest, options: &SignOptions) -> Result<Signed> {
        options.issue.check_no_key("the key is the request's; leave the key's algorithm to it")?;
        let (names, notes) = options.grants(request)?;
        let (subject, spki) = (request.subject(), request.spki());
        let certificate =
            self.seal(&Grant { profile: options.profile, subject, names: &names, spki }, &options.issue)?;
        Ok(Signed { certificate, notes })
    }
}

/// The hosts that a request asks for; its common name when it asks for no name at all.
fn hosts(request: &CertificateRequest, notes: &mut Vec<String>) -> Result<Vec<SubjectAltName>> {
    let mut names = Vec::new();
    for name in request.names() {
        match name {
            SubjectAltName::Dns(text) => names.push(host_name(text)?),
            SubjectAltName::Ip(_) => names.push(name.clone()),
            _ => {}
        }
    }
    if request.names().is_empty()
        && let Some(common_name) = request.subject().common_name()
    {
        let name = host_name(&common_name)?;
        notes.push(format!(
            "no name was asked for; the common name is granted as {name}, since no client reads it there"
        ));
        names.push(name);
    }
    Ok(names)
}
