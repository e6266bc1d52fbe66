//! Events for `tracing` (feature `tracing`), under the target `trustdir`. Nothing is told of the data itself.

use tracing::{debug, info};

use crate::admission::Decision;
use crate::error::{ErrorKind, Result, escape};

/// A client was admitted or refused.
pub(super) fn decided(decision: &Decision, resumed: bool) {
    let about = About::new(decision);
    let message = if decision.is_admitted() { "admitted" } else { "refused" };
    info!(target: "trustdir", reason = about.reason, subject = about.subject, sha256 = about.sha256,
        file = about.file, resumed, why = decision.message(), "{message}");
}

/// The client of an open connection is admitted no more.
pub(super) fn revoked(decision: &Decision) {
    let about = About::new(decision);
    info!(target: "trustdir", reason = about.reason, subject = about.subject, sha256 = about.sha256,
        file = about.file, why = decision.message(), "revoked");
}

/// A handshake ended before anybody was decided about. Whoever scans ports causes this: it is for debugging.
pub(super) fn failed(kind: ErrorKind, message: &str) {
    debug!(target: "trustdir", kind = kind.as_str(), why = message, "handshake failed");
}

/// New settings, or why there are none.
pub(super) fn reloaded(reloaded: &Result<()>) {
    match reloaded {
        Ok(()) => info!(target: "trustdir", "reloaded"),
        Err(error) => info!(target: "trustdir", kind = error.kind().as_str(), why = error.message(), "reload failed"),
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
