//! The decision about a client that is no pin, by the authorities that may vouch for it.

use super::{Decision, Held, MAX_STRANGER, Reason, by_pin, limit, stranger, unfit};
use crate::authority_dir::{AuthorityDir, Standing};
use crate::certificate::Certificate;
use crate::chain::{Refusal, Vouched};
use crate::error::escape;
use crate::trust_dir::TrustDir;

impl AuthorityDir {
    /// Decides about the certificates that a client sent, end entity first, at a time in Unix seconds, as a
    /// handshake without a directory of clients would.
    pub fn decide(&self, chain: &[&[u8]], now: i64) -> Decision {
        let Some(end_entity) = chain.first() else {
            return Decision::new(Reason::NoCertificate, "the client sent no certificate, and one is required", None);
        };
        let decide = |stranger| decide_and_hold(stranger, None, self, chain, now, None);
        Decision { held: None, ..by_pin(end_entity, None, now, None).unwrap_or_else(decide) }
    }
}

/// Has the authorities decide about a certificate of which the directory of clients has no entry.
pub(super) fn decide_and_hold(
    certificate: Certificate,
    clients: Option<&TrustDir>,
    authorities: &AuthorityDir,
    chain: &[&[u8]],
    now: i64,
    service: Option<&str>,
) -> Decision {
    // What cannot be read stands in no path.
    let sent = chain.iter().skip(1).filter(|sent| sent.len() <= MAX_STRANGER);
    let sent = sent.filter_map(|sent| Certificate::from_der(sent).ok());
    let judged = authorities.hold(std::iter::once(certificate.clone()).chain(sent).collect(), now);
    let unfit = match &judged {
        Err(Refusal(Reason::UntrustedIssuer, _)) => None,
        _ => unfit(&certificate, now),
    };
    let subject = certificate.subject().brief();
    match (unfit, judged) {
        (None, Ok(standing)) => {
            let Vouched { authority, file, .. } = standing.vouched();
            if let Some((reason, message)) = beyond(&standing, || subject.clone(), now, service) {
                return Decision { entry: Some(file), ..Decision::new(reason, message, Some(certificate)) };
            }
            let message = format!(
                "{subject} is admitted: {} vouches for it ({})",
                authority.subject().brief(),
                escape(&file.to_string_lossy())
            );
            Decision {
                entry: Some(file),
                held: Some(Held::Chain(standing)),
                ..Decision::new(Reason::Admitted, message, Some(certificate))
            }
        }
        (Some((reason, what)), _) => Decision::new(reason, format!("{subject} {what}"), Some(certificate)),
        (None, Err(Refusal(reason, what))) => {
            // The directory of clients may know more about it.
            if reason == Reason::UntrustedIssuer
                && let (reason, message) = stranger(&certificate, clients)
                && reason != Reason::NotInstalled
            {
                return Decision::new(reason, message, Some(certificate));
            }
            let fingerprint = certificate.fingerprint();
            let path = escape(&authorities.directory().path().to_string_lossy());
            let message = format!("{subject} (sha256 {fingerprint}) {what} (authorities: {path})");
            Decision::new(reason, message, Some(certificate))
        }
    }
}

/// Why the limits of the authority's entry refuse whom it vouches for.
pub(super) fn beyond(
    standing: &Standing,
    subject: impl FnOnce() -> String,
    now: i64,
    service: Option<&str>,
) -> Option<(Reason, String)> {
    let (reason, what) = limit::beyond(&standing.anchor(), now, service)?;
    let Vouched { authority, file, .. } = standing.vouched();
    let file = escape(&file.to_string_lossy());
    Some((reason, format!("{file}: {}, which vouches for {}, {what}", authority.subject().brief(), subject())))
}
