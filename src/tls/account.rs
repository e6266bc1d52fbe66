//! What is told of a connection: to the counters, to the host's callback and to `tracing`.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::counters::Tally;
#[cfg(feature = "tracing")]
use super::trace;
use crate::admission::{Decision, Peer};
use crate::error::ErrorKind;

/// One connection's part in the counters, from its making to its drop.
pub(super) struct Account {
    tally: Arc<Tally>,
    #[cfg_attr(not(feature = "tracing"), expect(dead_code))]
    peer: Peer,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    Admitted,
    Over,
}

impl Account {
    pub(super) fn open(tally: Arc<Tally>, peer: Peer) -> Self {
        tally.accepted.add(1);
        tally.open.add(1);
        Self { tally, peer, stage: Stage::Handshake }
    }

    /// The peer was decided about: when its handshake ended, or again later.
    pub(super) fn decided(&mut self, decision: &Decision, resumed: bool, tell: Option<&OnDecision>) {
        match (self.stage, decision.is_admitted()) {
            (Stage::Handshake, true) => {
                if resumed { &self.tally.resumed } else { &self.tally.full }.add(1);
                self.tally.admitted.add(1);
                self.stage = Stage::Admitted;
            }
            (Stage::Handshake, false) => {
                self.tally.refused(decision.reason());
                self.stage = Stage::Over;
            }
            (Stage::Admitted, false) => self.tally.revoked(decision.reason()),
            _ => {}
        }
        #[cfg(feature = "tracing")]
        match self.stage {
            Stage::Admitted if !decision.is_admitted() => trace::revoked(self.peer, decision),
            _ => trace::decided(self.peer, decision, resumed),
        }
        if let Some(tell) = tell {
            tell.call(decision);
        }
    }

    /// The connection goes no further. In the handshake that is a failure, unless somebody was refused.
    #[cfg_attr(not(feature = "tracing"), expect(unused_variables))]
    pub(super) fn ended(&mut self, kind: ErrorKind, message: &str) {
        match self.stage {
            Stage::Handshake => {
                self.tally.failed(kind);
                #[cfg(feature = "tracing")]
                trace::failed(self.peer, kind, message);
            }
            Stage::Admitted => self.tally.admitted.take_one(),
            Stage::Over => {}
        }
        self.stage = Stage::Over;
    }

    pub(super) fn took_ciphertext(&self, count: usize) {
        self.tally.ciphertext_in.add(count);
    }

    pub(super) fn gave_ciphertext(&self, count: usize) {
        self.tally.ciphertext_out.add(count);
    }

    pub(super) fn gave_plaintext(&self, count: usize) {
        self.tally.plaintext_in.add(count);
    }

    pub(super) fn took_plaintext(&self, count: usize) {
        self.tally.plaintext_out.add(count);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.ended(ErrorKind::Closed, "the host dropped the connection during the handshake");
        self.tally.open.take_one();
    }
}

/// The host's callback for decisions.
#[derive(Clone)]
pub(super) struct OnDecision(pub Arc<dyn Fn(&Decision) + Send + Sync>);

impl OnDecision {
    fn call(&self, decision: &Decision) {
        // A callback that panics is its host's fault; the peer is decided about all the same.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.0)(decision)));
    }
}

impl fmt::Debug for OnDecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnDecision")
    }
}
