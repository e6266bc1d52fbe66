//! What new connections are made by, until the acceptor is reloaded.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use super::account::OnDecision;
use super::host_name::HostName;
use super::open::OnRemoval;
use super::plain_http::PlainHttp;
use crate::admission::Policy;

/// All that an acceptor knows at one moment. It never changes; a reload puts another in its place.
pub(super) struct Setup {
    pub default: Arc<Site>,
    pub named: Vec<(HostName, Arc<Site>)>,
    pub plain_http: PlainHttp,
    pub limits: HandshakeLimits,
    /// How many tiny records a client may send a second.
    pub tiny_records: Option<u32>,
    pub on_removal: OnRemoval,
    pub on_decision: Option<OnDecision>,
}

/// The services under some of the names: whom they admit, and how they speak.
pub(super) struct Site {
    pub policy: Policy,
    pub config: Arc<ServerConfig>,
}

impl Setup {
    /// The site for the name that a client asks for: an exact name goes before a wildcard.
    pub(super) fn site(&self, asked: Option<&str>) -> &Arc<Site> {
        let fits = |(name, _): &&(HostName, _)| asked.map_or(0, |asked| name.fits(asked));
        let named = self.named.iter().max_by_key(fits).filter(|named| fits(named) > 0);
        named.map_or(&self.default, |(_, site)| site)
    }
}

/// What a peer may cost before it is decided about.
#[derive(Clone, Copy, Debug)]
pub(super) struct HandshakeLimits {
    pub timeout: Duration,
    /// Ciphertext.
    pub bytes: usize,
    /// Certificates in the chain that a peer sends.
    pub chain: usize,
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(30), bytes: 64 * 1024, chain: 10 }
    }
}
