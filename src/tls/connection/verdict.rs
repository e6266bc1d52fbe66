//! What becomes of a connection: the decision about its peer, and its end.

use std::sync::Arc;

use rustls::InvalidMessage;

use super::Connection;
use crate::admission::Decision;
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};

impl Connection {
    /// Decides about the peer of a completed handshake, full or resumed. What the verifier decided in a full one is
    /// looked at again: the entry may have gone in between. A resumed one was not shown to it.
    pub(super) fn decide_when_done(&mut self) {
        if self.decision.is_some() || self.engine.is_handshaking() {
            return;
        }
        let still = |decision: &Decision| decision.is_admitted() && now() <= decision.until();
        let verified = self.engine.scope.decision.take().filter(|decision| !self.resumed() && still(decision));
        let decided = match verified {
            Some(admission) => Some(admission.refused_since(now()).unwrap_or(*admission)),
            None => self.side.decide(&self.engine.peer_chain()),
        };
        let Some(decision) = decided else { return };
        self.engine.scope = self.side.scope(&decision);
        if decision.is_admitted() {
            let hook = self.hook.take();
            let decision = Arc::new(decision);
            self.registration = decision.held().zip(hook).map(|(held, hook)| held.on_removed(hook));
            self.listed = self.side.open().enter(self.id, &decision);
            self.tell(&decision);
            self.decision = Some(decision);
        } else {
            let kind = decision.reason().error_kind();
            self.refuse(decision, kind);
        }
    }

    pub(super) fn refuse(&mut self, decision: Decision, kind: ErrorKind) {
        let message = decision.message().to_owned();
        self.tell(&decision);
        self.decision = Some(Arc::new(decision));
        self.end(kind, message);
    }

    pub(super) fn tell(&mut self, decision: &Decision) {
        let resumed = self.resumed();
        self.account.decided(decision, resumed, self.side.on_decision());
    }

    pub(super) fn fail(&mut self, error: &rustls::Error) {
        let refusal = match error {
            rustls::Error::NoCertificatesPresented => self.side.decide(&[]),
            rustls::Error::InvalidCertificate(_) => {
                self.engine.scope.decision.take().filter(|decision| !decision.is_admitted()).map(|decision| *decision)
            }
            _ => None,
        };
        let (kind, message) = match (&refusal, error) {
            (Some(refusal), _) => (refusal.reason().error_kind(), refusal.message().to_owned()),
            (None, rustls::Error::AlertReceived(alert)) => (ErrorKind::Alert, self.side.alert(*alert)),
            (None, rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
                (ErrorKind::Tls, self.side.not_tls().to_owned())
            }
            (None, other) => (ErrorKind::Tls, format!("the TLS protocol failed: {other}")),
        };
        if let Some(refusal) = refusal {
            self.tell(&refusal);
            self.decision = Some(Arc::new(refusal));
        }
        self.end(kind, message);
    }

    /// Nothing is read or written any more but what waits to be sent: an alert, or close_notify where rustls has sent
    /// none and can send no other.
    pub(super) fn end(&mut self, kind: ErrorKind, message: String) {
        self.engine.send_close_notify();
        self.account.ended(kind, &message);
        self.failure = Some((kind, message));
        self.engine.discard();
        self.hook = None;
        self.registration = None;
        self.listed = None;
    }

    /// The failure, again for each call.
    pub(super) fn ok(&self) -> Result<()> {
        let Some((kind, message)) = &self.failure else { return Ok(()) };
        let error = Error::new(*kind, message.as_str());
        Err(match &self.decision {
            Some(decision) if !decision.is_admitted() => error.with_decision(Decision::clone(decision)),
            _ => error,
        })
    }

    pub(super) fn truncated(&mut self, when: &str) -> Error {
        self.engine.report_end();
        Error::new(ErrorKind::Truncated, format!("the {} closed the connection {when}", self.side.peer()))
    }
}
