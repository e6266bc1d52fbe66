//! What a client remembers of servers, so that their sessions can be resumed (RFC 8446, 2.2; RFC 5077).
//!
//! rustls does not ask the verifier again when a session is resumed. The sessions of a server are therefore kept with
//! the decision that admitted it, and are forgotten once that would be another: then the handshake is a full one, and
//! a server that has a new certificate is judged by that.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Mutex;

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

use super::scope;
use crate::admission::Decision;
use crate::clock::now;
use crate::trust_dir::lock;

/// As many servers are remembered, and tickets of each.
const SERVERS: usize = 256;
const TICKETS: usize = 8;

/// The sessions of a connector, by the name that was connected to.
#[derive(Default)]
pub(super) struct Resumption(Mutex<HashMap<ServerName<'static>, Kept>>);

/// What is kept of one server.
#[derive(Default)]
struct Kept {
    group: Option<NamedGroup>,
    /// What the sessions stand on.
    decision: Option<Decision>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: VecDeque<Tls13ClientSessionValue>,
}

impl Resumption {
    /// Drops the sessions of a server.
    fn forget(&self, name: &ServerName<'static>) {
        let forgotten = lock(&self.0).remove(name);
        // What it stands on may be the last of a directory: not under the lock.
        drop(forgotten);
    }

    fn of(&self, name: ServerName<'static>, change: impl FnOnce(&mut Kept)) {
        let mut servers = lock(&self.0);
        let full = servers.len() >= SERVERS && !servers.contains_key(&name);
        // Whoever calls so many servers does not lose much by full handshakes.
        let forgotten = full.then(|| std::mem::take(&mut *servers));
        change(servers.entry(name).or_default());
        drop(servers);
        drop(forgotten);
    }

    /// Keeps a session with the decision about the connection that is being processed.
    fn keep(&self, name: ServerName<'static>, put: impl FnOnce(&mut Kept)) {
        let decision = scope::current(|scope| scope.decision.clone()).filter(|decision| decision.is_admitted());
        let Some(decision) = decision else { return };
        self.of(name, |kept| {
            if kept.decision.as_ref().is_some_and(|before| before.fingerprint() != decision.fingerprint()) {
                kept.tls12 = None;
                kept.tls13.clear();
            }
            kept.decision = Some(*decision);
            put(kept);
        });
    }

    /// Finds a session whose decision still holds.
    fn find<T>(&self, name: &ServerName<'static>, take: impl FnOnce(&mut Kept) -> Option<T>) -> Option<T> {
        let decision = lock(&self.0).get(name)?.decision.clone()?;
        let now = now();
        // Looking at an entry may run hooks: not under the lock.
        if now > decision.until() || decision.refused_since(now).is_some() {
            self.forget(name);
            return None;
        }
        // Somebody may have shaken hands with another server meanwhile, whose session is not for this decision.
        let same = |kept: &&mut Kept| kept.decision.as_ref().map(Decision::fingerprint) == Some(decision.fingerprint());
        let session = lock(&self.0).get_mut(name).filter(same).and_then(take)?;
        scope::current(|scope| scope.decision = Some(Box::new(decision)));
        Some(session)
    }
}

impl ClientSessionStore for Resumption {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.of(name, |kept| kept.group = Some(group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        lock(&self.0).get(&name.to_owned())?.group
    }

    fn set_tls12_session(&self, name: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.keep(name, |kept| kept.tls12 = Some(session));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.find(&name.to_owned(), |kept| kept.tls12.clone())
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        if let Some(kept) = lock(&self.0).get_mut(name) {
            kept.tls12 = None;
        }
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.keep(name, |kept| {
            kept.tls13.truncate(TICKETS - 1);
            kept.tls13.push_front(ticket);
        });
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.find(name, |kept| kept.tls13.pop_front())
    }
}

impl fmt::Debug for Resumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resumption")
    }
}
