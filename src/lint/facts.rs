//! What a certificate says, in the words of the rules.

use crate::alt_name::SubjectAltName;
use crate::certificate::{Certificate, Usage};
use crate::constraints::NameConstraints;
use crate::der::{CertificateParts, oid_text};
use crate::extension::{self, Extension, Purposes};
use crate::profile::Profile;
use crate::signature;

/// How many extensions are named that clients may not know.
const MOST_CRITICAL: usize = 16;

/// A certificate and what the rules ask of its extensions.
pub(super) struct Facts<'a> {
    pub certificate: &'a Certificate,
    /// Whether basicConstraints is there and critical.
    pub basic_critical: Option<bool>,
    pub purposes: Option<Purposes>,
    pub names_critical: bool,
    pub constraints: NameConstraints,
    /// The OIDs of critical extensions, other than those that every client knows.
    pub critical: Vec<String>,
    /// The broken digest under the signature.
    pub outdated: Option<&'static str>,
    pub signature_known: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn read(certificate: &'a Certificate) -> Self {
        let mut facts = Self {
            certificate,
            basic_critical: None,
            purposes: None,
            names_critical: false,
            // What cannot be read is no extension to hold names against.
            constraints: certificate.name_constraints().unwrap_or_default(),
            critical: Vec::new(),
            outdated: None,
            signature_known: true,
        };
        // It was read before, or there were no certificate.
        if let Ok(parts) = CertificateParts::read(certificate.as_der()) {
            facts.outdated = signature::outdated(parts.signature_algorithm);
            facts.signature_known = signature::is_known(parts.signature_algorithm);
            extension::read(parts.extensions).flatten().for_each(|extension| facts.extension(&extension));
        }
        facts
    }

    fn extension(&mut self, extension: &Extension<'_>) {
        match extension.oid {
            extension::BASIC_CONSTRAINTS => self.basic_critical = Some(extension.critical),
            extension::EXTENDED_KEY_USAGE => {
                self.purposes = extension::read_extended_key_usage(extension.content).ok();
            }
            extension::SUBJECT_ALT_NAME => self.names_critical = extension.critical,
            extension::NAME_CONSTRAINTS | extension::KEY_USAGE => {}
            oid if extension.critical && self.critical.len() < MOST_CRITICAL => self.critical.push(oid_text(oid)),
            _ => {}
        }
    }

    /// The key usage, if there is one.
    pub(super) fn key_usage(&self) -> Option<u16> {
        self.certificate.usage().key
    }

    pub(super) fn signs_certificates(&self) -> bool {
        self.key_usage().is_some_and(|bits| bits & Usage::CERT_SIGN != 0)
    }

    pub(super) fn signs_handshakes(&self) -> bool {
        self.key_usage().is_none_or(|bits| bits & Usage::DIGITAL_SIGNATURE != 0)
    }

    /// What the certificate is for, and whether it says so.
    pub(super) fn profile(&self) -> (Profile, bool) {
        let hosts = has_host(self.certificate.names());
        match self.purposes {
            _ if self.certificate.is_authority() && self.signs_certificates() => (Profile::Authority, true),
            Some(Purposes { server: true, client: true, .. } | Purposes { any: true, .. }) => {
                (Profile::ServerAndClient, true)
            }
            Some(Purposes { client: true, .. }) => (Profile::Client, true),
            Some(_) => (Profile::Server, true),
            None if hosts => (Profile::Server, true),
            None if self.certificate.is_authority() => (Profile::Authority, false),
            None => (Profile::Server, false),
        }
    }
}

/// Whether there is a name that a server is reached by.
pub(super) fn has_host(names: &[SubjectAltName]) -> bool {
    names.iter().any(|name| matches!(name, SubjectAltName::Dns(_) | SubjectAltName::Ip(_)))
}
