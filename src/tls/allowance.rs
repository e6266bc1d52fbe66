//! How much a peer may send: so many bytes before it is decided about, and tiny records at a rate.

use std::time::Instant;

use super::record_guard::{RecordGuard, TINY};
use super::side::Side;
use crate::admission::Peer;

pub(super) struct Allowance {
    peer: Peer,
    guard: Option<RecordGuard>,
    /// Ciphertext that has arrived, and how much may before the decision.
    received: usize,
    limit: usize,
}

impl Allowance {
    pub(super) fn of(side: &Side, since: Instant) -> Self {
        let guard = side.tiny_records().map(|per_second| RecordGuard::new(per_second, since));
        Self { peer: side.peer(), guard, received: 0, limit: side.limits().bytes }
    }

    /// Follows ciphertext that arrived at this moment; what is wrong if it comes in too small pieces.
    pub(super) fn follow(&mut self, ciphertext: &[u8], now: Instant) -> Result<(), String> {
        self.received = self.received.saturating_add(ciphertext.len());
        if self.guard.as_mut().is_none_or(|guard| guard.follow(ciphertext, now)) {
            return Ok(());
        }
        let peer = self.peer;
        Err(format!(
            "the {peer} floods the connection with tiny records (under {TINY} bytes); if that is its way, raise max_tiny_records"
        ))
    }

    /// What is wrong with a peer that is not decided about after all that came, if it is too much.
    pub(super) fn for_handshake(&self) -> Result<(), String> {
        if self.received <= self.limit {
            return Ok(());
        }
        Err(format!("the {} has sent more than {} bytes before its handshake was over", self.peer, self.limit))
    }

    /// The service has said something; see [`RecordGuard::answered`].
    pub(super) fn answered(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.answered();
        }
    }
}
