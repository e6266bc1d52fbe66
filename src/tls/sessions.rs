//! Session resumption that ends with the entry (RFC 8446, 2.2; RFC 5077).
//!
//! rustls does not ask the verifier again when a session is resumed. Each session is therefore marked with
//! the certificate that opened it; while its entry is gone or a limit refuses it the session is not found, the
//! handshake becomes a full one, and the verifier refuses it with its reason and alert.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{ProducesTickets, ServerSessionMemoryCache, StoresServerSessions};

use super::scope::{self, Owner};
use crate::admission::{ClientAuth, Policy};
use crate::certificate::Fingerprint;
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};

/// Sessions kept for clients without ticket support.
const KEPT: usize = 256;

/// The largest session that is kept or handed out: it has the client's whole chain in it, and a ticket has two bytes for
/// its length.
const LARGEST: usize = 16 * 1024;

/// Marks sessions with their owner, and finds only those whose owner is still admitted.
struct Marker {
    policy: Policy,
}

impl Marker {
    const LENGTH: usize = 1 + 32 + 8;

    /// No session is kept for a client that has not shown the certificate it needs, nor for one that has shown too much.
    fn mark(&self, session: &[u8]) -> Option<Vec<u8>> {
        if session.len() > LARGEST {
            return None;
        }
        let mut marked = Vec::with_capacity(Self::LENGTH + session.len());
        match scope::current(|scope| scope.session) {
            Some(Owner::Certificate(fingerprint, until)) => Self::put(&mut marked, 1, fingerprint, until),
            Some(Owner::Vouched(edition, until)) => Self::put(&mut marked, 2, edition, until),
            _ if self.policy.client_auth() == ClientAuth::Required => return None,
            _ => marked.extend([0; Self::LENGTH]),
        }
        marked.extend(session);
        Some(marked)
    }

    fn put(marked: &mut Vec<u8>, sort: u8, fingerprint: Fingerprint, until: i64) {
        marked.push(sort);
        marked.extend(fingerprint.0);
        marked.extend(until.to_be_bytes());
    }

    fn unmark(&self, marked: &[u8]) -> Option<Vec<u8>> {
        let (mark, session) = marked.split_at_checked(Self::LENGTH)?;
        let fingerprint = Fingerprint(mark[1..33].try_into().ok()?);
        let until = i64::from_be_bytes(mark[33..].try_into().ok()?);
        let owner = match mark[0] {
            0 => Owner::Anonymous,
            1 => Owner::Certificate(fingerprint, until),
            _ => Owner::Vouched(fingerprint, until),
        };
        let admitted = match owner {
            Owner::Anonymous => self.policy.client_auth() != ClientAuth::Required,
            Owner::Certificate(fingerprint, not_after) => now() <= not_after && self.policy.keeps(&fingerprint, now()),
            // When the directory has changed, the full handshake judges the chain, and where there are limits always.
            Owner::Vouched(edition, until) => {
                let authorities = self.policy.authorities()?;
                now() <= until && authorities.edition() == edition && !authorities.directory().has_limits()
            }
        };
        if !admitted {
            return None;
        }
        scope::current(|scope| scope.session = Some(owner));
        Some(session.to_vec())
    }
}

/// What an acceptor remembers of sessions, whatever its policies are: each of these looks at who asks.
pub(super) struct SessionMemory {
    tickets: Arc<dyn ProducesTickets>,
    sessions: Arc<ServerSessionMemoryCache>,
}

impl SessionMemory {
    pub(super) fn new() -> Result<Self> {
        let failed = |error| Error::new(ErrorKind::Tls, format!("no keys for session tickets can be made: {error}"));
        let tickets = Ticketer::new().map_err(failed)?;
        Ok(Self { tickets, sessions: ServerSessionMemoryCache::new(KEPT) })
    }

    pub(super) fn tickets(&self, policy: &Policy) -> Arc<Tickets> {
        Arc::new(Tickets { marker: Marker { policy: policy.clone() }, tickets: self.tickets.clone() })
    }

    pub(super) fn sessions(&self, policy: &Policy) -> Arc<Sessions> {
        Arc::new(Sessions { marker: Marker { policy: policy.clone() }, sessions: self.sessions.clone() })
    }
}

/// Stateless tickets under keys that rotate every six hours.
pub(super) struct Tickets {
    marker: Marker,
    tickets: Arc<dyn ProducesTickets>,
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        self.tickets.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.tickets.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.tickets.encrypt(&self.marker.mark(plain)?)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.marker.unmark(&self.tickets.decrypt(cipher)?)
    }
}

/// Sessions by ID, for TLS 1.2 clients without tickets.
pub(super) struct Sessions {
    marker: Marker,
    sessions: Arc<ServerSessionMemoryCache>,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.marker.mark(&value).is_some_and(|value| self.sessions.put(key, value))
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.marker.unmark(&self.sessions.get(key)?)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.marker.unmark(&self.sessions.take(key)?)
    }

    fn can_cache(&self) -> bool {
        self.sessions.can_cache()
    }
}
