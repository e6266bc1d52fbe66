//! Trust anchors, and what makes an authority unfit to vouch for peers.

use std::path::PathBuf;

use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::Refusal;
use crate::admission::{Peer, Reason};
use crate::certificate::{Certificate, Usage};
use crate::clock::date;
use crate::der::{CertificateParts, oid_text};
use crate::extension;

/// The extensions that are looked at in an anchor, here or by rustls-webpki; another one that is critical
/// may limit it in a way that nobody respects.
const KNOWN: [&[u8]; 8] = [
    extension::BASIC_CONSTRAINTS,
    extension::KEY_USAGE,
    extension::EXTENDED_KEY_USAGE,
    extension::NAME_CONSTRAINTS,
    extension::SUBJECT_ALT_NAME,
    extension::SUBJECT_KEY_ID,
    extension::AUTHORITY_KEY_ID,
    extension::CRL_DISTRIBUTION_POINTS,
];

/// A certificate that vouches for others, and its file if it has one.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub certificate: Certificate,
    pub file: Option<PathBuf>,
    /// `None` when rustls-webpki cannot read it.
    pub(super) root: Option<TrustAnchor<'static>>,
    fault: Option<Refusal>,
}

impl Anchor {
    pub(crate) fn new(certificate: Certificate, file: Option<PathBuf>) -> Self {
        let der = CertificateDer::from(certificate.as_der());
        let root = webpki::anchor_from_trusted_cert(&der).map(|root| root.to_owned()).ok();
        let fault = fault(&certificate).or_else(|| {
            root.is_none().then(|| Refusal::untrusted("cannot be read by rustls-webpki; make a new authority"))
        });
        Self { certificate, file, root, fault }
    }

    /// Why it vouches for no such peer at this time, if it does not: words that continue its name.
    pub(crate) fn unfit(&self, peer: Peer, now: i64) -> Option<Refusal> {
        let Self { certificate, fault, .. } = self;
        if let Some(Refusal(reason, what)) = fault {
            // What is no authority at all may be meant as a pin.
            let authority = certificate.is_authority();
            let remedy = if authority { String::new() } else { format!("; to trust only itself, {}", peer.pin_it()) };
            return Some(Refusal(*reason, format!("{what}{remedy}")));
        }
        if peer.is_meant(certificate.usage()) == Some(false) {
            let purpose = peer.purpose();
            let what =
                format!("vouches for no TLS {peer} (its extendedKeyUsage lacks {purpose}); use another authority");
            return Some(Refusal::untrusted(what));
        }
        if now > certificate.not_after() {
            let what = format!("expired on {}; install the renewed authority", date(certificate.not_after()));
            return Some(Refusal(Reason::Expired, what));
        }
        if now < certificate.not_before() {
            let what = format!("is not valid before {}; check the clocks", date(certificate.not_before()));
            return Some(Refusal(Reason::NotYetValid, what));
        }
        None
    }
}

/// What rustls-webpki takes on trust in an anchor: all but its name, key and name constraints.
fn fault(certificate: &Certificate) -> Option<Refusal> {
    const RENEW: &str = "renew it with `trustdir ca renew`";
    let untrusted = |what: String| Some(Refusal::untrusted(format!("{what}; {RENEW}")));
    if certificate.version() < 3 {
        return untrusted(format!("is X.509 version {}, which does not tell authorities", certificate.version()));
    }
    let mut critical = None;
    if let Ok(parts) = CertificateParts::read(certificate.as_der()) {
        for extension in extension::read(parts.extensions).flatten() {
            if extension.oid == extension::BASIC_CONSTRAINTS {
                critical = Some(extension.critical);
            } else if extension.critical && !KNOWN.contains(&extension.oid) {
                let what = format!("has a critical extension that is not known here ({})", oid_text(extension.oid));
                return Some(Refusal::untrusted(format!("{what}; make an authority without it")));
            }
        }
    }
    match critical {
        None => return untrusted("has no basicConstraints".into()),
        Some(_) if !certificate.is_authority() => {
            let contradicts = certificate.path_length().is_some() || signs(certificate);
            let but = if contradicts { " and contradicts itself" } else { "" };
            let what = format!("is no authority (its basicConstraints say CA:FALSE{but})");
            return Some(Refusal::untrusted(what));
        }
        Some(false) => return untrusted("has basicConstraints that are not critical".into()),
        Some(true) => {}
    }
    signing_fault(certificate)
}

/// What rustls-webpki does not look at in any issuer of certificates.
pub(super) fn signing_fault(issuer: &Certificate) -> Option<Refusal> {
    if issuer.usage().key.is_some() && !signs(issuer) {
        return Some(Refusal::untrusted(
            "may not sign certificates (its keyUsage lacks keyCertSign); renew it with `trustdir ca renew`",
        ));
    }
    let weak = issuer.key_weakness()?;
    Some(Refusal(Reason::WeakKey, format!("{weak}; make an authority with a new key")))
}

/// Whether its keyUsage names keyCertSign.
pub(super) fn signs(certificate: &Certificate) -> bool {
    certificate.usage().key.is_some_and(|bits| bits & Usage::CERT_SIGN != 0)
}
