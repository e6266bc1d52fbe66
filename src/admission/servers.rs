//! Which servers a client trusts.

use rustls_pki_types::ServerName;

use super::{Authorities, Decision, Peer, Reason, by_pin, refuse, unfit};
use crate::authority_dir::AuthorityDir;
use crate::certificate::Certificate;
use crate::chain::{Refusal, Trust, bears};
use crate::trust_dir::TrustDir;

/// Pins, each of which is trusted to be only itself, and authorities that vouch for others under their names.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    pub pins: Vec<Certificate>,
    pub directory: Option<TrustDir>,
    pub given: Trust,
    pub authorities: Option<AuthorityDir>,
}

impl Servers {
    /// Decides about the certificates that the server of this name sent, end entity first, at a time in Unix seconds.
    pub(crate) fn decide_and_hold(&self, name: &ServerName<'_>, chain: &[&[u8]], now: i64) -> Decision {
        let decision = match chain.first() {
            Some(end_entity) => self.decide_by_pin(end_entity, now).unwrap_or_else(|| self.decide(name, chain, now)),
            None => Decision::new(Reason::NoCertificate, "the server sent no certificate", None),
        };
        Decision { time: now, ..decision }
    }

    /// The decision about a certificate that was pinned in code. Its name is not asked for, as with an entry.
    fn decide_by_pin(&self, end_entity: &[u8], now: i64) -> Option<Decision> {
        let pin = self.pins.iter().find(|pin| pin.as_der() == end_entity)?;
        let subject = pin.called();
        let (reason, message) = match unfit(Peer::Server, pin, now) {
            Some((reason, what)) => (reason, format!("{subject} {what}")),
            None => (Reason::Admitted, format!("{subject} is admitted: it is pinned")),
        };
        Some(Decision { until: pin.not_after(), ..Decision::new(reason, message, Some(pin.clone())) })
    }

    /// Asks the directory, which has the last word on its entries, then the authorities: those of a directory, which
    /// knows of revocations, or those that were given.
    fn decide(&self, name: &ServerName<'_>, chain: &[&[u8]], now: i64) -> Decision {
        let pins = self.directory.as_ref();
        let authorities = match &self.authorities {
            Some(directory) => Some(Authorities::Directory(directory)),
            None => (!self.given.anchors.is_empty()).then_some(Authorities::Given(&self.given)),
        };
        let certificate = match by_pin(Peer::Server, chain[0], pins, authorities.as_ref(), now, None) {
            Ok(decision) => return decision,
            Err(certificate) => certificate,
        };
        let decision = match authorities {
            Some(authorities) => authorities.decide_and_hold(certificate, pins, Peer::Server, chain, now, None),
            None => refuse(Peer::Server, certificate, pins),
        };
        let named = decision.certificate.as_ref().filter(|_| decision.is_admitted()).map(|own| bears(own, name));
        match named {
            Some(Err(Refusal(reason, what))) => {
                let message = format!("{} {what}", decision.subject().unwrap_or_default());
                decision.turned(reason, message)
            }
            _ => decision,
        }
    }
}
