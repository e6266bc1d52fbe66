//! Events for `tracing` (feature `tracing`), under the target `trustdir`. Nothing is told of the data itself. `end` is ours:
//! `server` or `client`.

use tracing::{debug, info};

use crate::admission::{Decision, Peer};
use crate::error::{ErrorKind, Result, escape};

/// A peer was admitted or refused.
pub(super) fn decided(peer: Peer, decision: &Decision, resumed: bool) {
    let about = About::new(decision);
    let message = if decision.is_admitted() { "admitted" } else { "refused" };
    info!(target: "trustdir", end = end(peer), reason = about.reason, subject = about.subject, sha256 = about.sha256,
        file = about.file, resumed, why = decision.message(), "{message}");
}

/// The peer of an open connection is admitted no more.
pub(super) fn revoked(peer: Peer, decision: &Decision) {
    let about = About::new(decision);
    info!(target: "trustdir", end = end(peer), reason = about.reason, subject = about.subject, sha256 = about.sha256,
        file = about.file, why = decision.message(), "revoked");
}

/// A handshake ended before anybody was decided about. Whoever scans ports causes this: it is for debugging.
pub(super) fn failed(peer: Peer, kind: ErrorKind, message: &str) {
    debug!(target: "trustdir", end = end(peer), kind = kind.as_str(), why = message, "handshake failed");
}

/// New settings of an acceptor, or why there are none.
pub(super) fn reloaded(reloaded: &Result<()>) {
    match reloaded {
        Ok(()) => info!(target: "trustdir", end = "server", "reloaded"),
        Err(error) => {
            info!(target: "trustdir", end = "server", kind = error.kind().as_str(), why = error.message(), "reload failed");
        }
    }
}

/// The end that is ours, opposite the peer.
fn end(peer: Peer) -> &'static str {
    match peer {
        Peer::Client => "server",
        Peer::Server => "client",
    }
}

/// A decision's fields; what there is none of is left out.
struct About {
    reason: &'static str,
    subject: Option<String>,
    sha256: Option<String>,
    file: Option<String>,
}

impl About {
    fn new(decision: &Decision) -> Self {
        Self {
            reason: decision.reason().as_str(),
            subject: decision.subject(),
            sha256: decision.fingerprint().map(|fingerprint| fingerprint.to_string()),
            file: decision.entry().map(|file| escape(&file.to_string_lossy())),
        }
    }
}
