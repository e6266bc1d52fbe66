//! The decision about a peer that is no pin, by the authorities that may vouch for it.

use std::sync::Arc;

use super::{Decision, Held, MAX_STRANGER, Peer, Reason, by_pin, limit, stranger, unfit};
use crate::authority_dir::{AuthorityDir, Standing};
use crate::certificate::{Certificate, Fingerprint};
use crate::chain::{Refusal, Trust, Vouched};
use crate::error::{Result, escape};
use crate::trust_dir::{Quiet, TrustDir};

impl AuthorityDir {
    /// Decides about the certificates that a client sent, end entity first, at a time in Unix seconds, as a
    /// handshake without a directory of clients would.
    pub fn decide(&self, chain: &[&[u8]], now: i64) -> Decision {
        let Some(end_entity) = chain.first() else {
            return Decision::new(Reason::NoCertificate, "the client sent no certificate, and one is required", None);
        };
        let authorities = Authorities::Directory(self);
        let decide = |stranger| authorities.decide_and_hold(stranger, None, Peer::Client, chain, now, None);
        let by_pin = by_pin(Peer::Client, end_entity, None, Some(&authorities), now, None);
        Decision { held: None, ..by_pin.unwrap_or_else(decide) }
    }
}

/// Who may vouch for a peer.
pub(super) enum Authorities<'a> {
    Directory(&'a AuthorityDir),
    /// Given in code: they stay what they are.
    Given(&'a Trust),
}

impl Authorities<'_> {
    /// The certificate of these bytes.
    pub(super) fn certificate(&self, der: &[u8], fingerprint: Fingerprint) -> Result<Certificate> {
        match self {
            Self::Directory(directory) => directory.certificate(der, fingerprint),
            Self::Given(_) => Certificate::from_der_of(der, fingerprint),
        }
    }

    /// Has the authorities decide about a certificate of which the directory of pins has no entry.
    pub(super) fn decide_and_hold(
        &self,
        certificate: Certificate,
        pins: Option<&TrustDir>,
        peer: Peer,
        chain: &[&[u8]],
        now: i64,
        service: Option<&str>,
    ) -> Decision {
        // What cannot be read stands in no path.
        let sent = chain.iter().skip(1).filter(|sent| sent.len() <= MAX_STRANGER);
        let sent = sent.filter_map(|sent| self.certificate(sent, Fingerprint::of(sent)).ok());
        let judged = self.judge(std::iter::once(certificate.clone()).chain(sent).collect(), peer, now);
        let unfit = match &judged {
            Err(Refusal(Reason::UntrustedIssuer, _)) => None,
            _ => unfit(peer, &certificate, now),
        };
        let subject = certificate.called();
        match (unfit, judged) {
            (None, Ok((Vouched { authority, file, valid }, standing))) => {
                let limited = standing
                    .as_ref()
                    .and_then(|standing| beyond(standing, || subject.to_owned(), standing.quiet(), now, service));
                if let Some((reason, message)) = limited {
                    return Decision { entry: file, ..Decision::new(reason, message, Some(certificate)) };
                }
                let shown = file.as_ref().map(|file| format!(" ({})", escape(&file.to_string_lossy())));
                let message = format!(
                    "{subject} is admitted: {} vouches for it{}",
                    authority.called(),
                    shown.unwrap_or_default()
                );
                Decision {
                    entry: file,
                    held: standing.map(Held::Chain),
                    until: *valid.end(),
                    ..Decision::new(Reason::Admitted, message, Some(certificate))
                }
            }
            (Some((reason, what)), _) => Decision::new(reason, format!("{subject} {what}"), Some(certificate)),
            (None, Err(Refusal(reason, what))) => {
                // The directory of pins may know more about it.
                if reason == Reason::UntrustedIssuer
                    && let (reason, message) = stranger(peer, &certificate, pins)
                    && reason != Reason::NotInstalled
                {
                    return Decision::new(reason, message, Some(certificate));
                }
                let fingerprint = certificate.fingerprint();
                let place = self.place();
                let message = format!("{subject} (sha256 {fingerprint}) {what}{place}");
                Decision::new(reason, message, Some(certificate))
            }
        }
    }

    fn judge(
        &self,
        chain: Vec<Certificate>,
        peer: Peer,
        now: i64,
    ) -> Result<(Vouched, Option<Arc<Standing>>), Refusal> {
        match self {
            Self::Directory(directory) => {
                directory.hold(chain, peer, now).map(|standing| (standing.vouched(), Some(standing)))
            }
            Self::Given(trust) => trust.verify(&chain, peer, now).map(|vouched| (vouched, None)),
        }
    }

    /// Where the authorities lie, for the end of a message.
    fn place(&self) -> String {
        match self {
            Self::Directory(directory) => {
                format!(" (authorities: {})", escape(&directory.directory().path().to_string_lossy()))
            }
            Self::Given(_) => String::new(),
        }
    }
}

/// Why the limits of the authority's entry refuse whom it vouches for.
pub(super) fn beyond(
    standing: &Standing,
    subject: impl FnOnce() -> String,
    quiet: Option<Quiet>,
    now: i64,
    service: Option<&str>,
) -> Option<(Reason, String)> {
    let (reason, what) = limit::beyond(&standing.anchor(), quiet, now, service)?;
    let Vouched { authority, file, .. } = standing.vouched();
    let file = file.map(|file| escape(&file.to_string_lossy())).unwrap_or_default();
    Some((reason, format!("{file}: {}, which vouches for {}, {what}", authority.called(), subject())))
}
