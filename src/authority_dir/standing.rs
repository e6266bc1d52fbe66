//! Chains that open connections stand on.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use super::AuthorityDir;
use super::state::State;
use crate::admission::{Peer, Reason};
use crate::certificate::{Certificate, Fingerprint};
use crate::chain::{Refusal, Vouched};
use crate::clock::now;
use crate::trust_dir::{Held, Hook, Live, Quiet, Registration, forget_one, lock};

/// A chain that was vouched for. Connections with the same peer share it; once it has ended it has ended for good.
pub(crate) struct Standing {
    authorities: AuthorityDir,
    chain: Vec<Certificate>,
    peer: Peer,
    /// What it was last judged by, and with what outcome.
    judged: Mutex<Judged>,
    live: Arc<Live>,
    ended: OnceLock<Refusal>,
}

struct Judged {
    state: Arc<State>,
    vouched: Vouched,
    /// The anchor's entry: while it is held the watcher looks after it where there are no events.
    anchor: Held,
}

impl Standing {
    /// Why the chain is no longer vouched for, if it is not: exact at this moment, whether events were seen to or not.
    /// While nothing has changed it costs a look at the directory and its files.
    pub(crate) fn ended(&self, quiet: Option<Quiet>) -> Option<&Refusal> {
        if self.ended.get().is_none() && !self.is_where_it_was(quiet) {
            self.judge(&self.authorities.state());
        }
        self.ended.get()
    }

    /// Judges it again if the directory says something else than before.
    pub(super) fn judge(&self, state: &Arc<State>) {
        if self.ended.get().is_none()
            && let Err(refusal) = self.judge_by(state)
        {
            self.ended.get_or_init(|| refusal);
            self.live.remove();
        }
    }

    /// Whether it is vouched for, and nothing of it ends before that time or begins after it.
    pub(super) fn is_good_at(&self, now: i64, state: &Arc<State>) -> bool {
        self.judge(state);
        self.ended.get().is_none() && lock(&self.judged).vouched.valid.contains(&now)
    }

    /// Whether the directory and all that counts in it are what they were: no lock of the directory's, and a `stat` or
    /// two for each file, if any. Any of them may hold a list by now.
    fn is_where_it_was(&self, quiet: Option<Quiet>) -> bool {
        let state = lock(&self.judged).state.clone();
        state.is_current(quiet)
    }

    fn judge_by(&self, state: &Arc<State>) -> Result<(), Refusal> {
        let authority = {
            let mut judged = lock(&self.judged);
            if judged.state.edition == state.edition {
                judged.state = state.clone();
                return Ok(());
            }
            judged.vouched.authority.fingerprint()
        };
        let vouched = state.verify(&self.chain, self.peer, now()).map_err(|refusal| {
            let removed = !state.trust.anchors.iter().any(|anchor| anchor.certificate.fingerprint() == authority);
            if removed { Refusal(Reason::Removed, refusal.1) } else { refusal }
        })?;
        let found = self.authorities.directory().hold(&vouched.authority.fingerprint());
        let anchor = found.ok_or_else(Refusal::anchor_gone)?.held;
        *lock(&self.judged) = Judged { state: state.clone(), vouched, anchor };
        Ok(())
    }

    /// The stretch of time without changes that this moment belongs to, if there is one.
    pub(crate) fn quiet(&self) -> Option<Quiet> {
        self.authorities.directory().quiet()
    }

    /// The anchor's file and certificate.
    pub(crate) fn vouched(&self) -> Vouched {
        lock(&self.judged).vouched.clone()
    }

    /// The anchor's entry.
    pub(crate) fn anchor(&self) -> Held {
        lock(&self.judged).anchor.clone()
    }

    /// What the directory said when it was last judged.
    pub(crate) fn edition(&self) -> Fingerprint {
        lock(&self.judged).state.edition
    }

    /// Runs the hook when the chain is no longer vouched for, at once if it is not.
    pub(crate) fn on_removed(&self, hook: Hook) -> Registration {
        let registration = self.live.on_removed(hook);
        // A change since the judgement, which nobody was told of.
        self.ended(None);
        registration
    }
}

impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Standing({:?})", self.chain.first())
    }
}

/// Certificates that are remembered though nobody stands on them.
const REMEMBERED: usize = 256;

/// The chains of a directory that connections stand on, by the fingerprints of their certificates.
#[derive(Default)]
pub(super) struct Standings(Mutex<Table>);

#[derive(Default)]
struct Table {
    by_chain: HashMap<Key, Weak<Standing>>,
    /// Certificates that were read for them.
    read: HashMap<Fingerprint, Certificate>,
    /// The size at which chains without connections are dropped next.
    sweep_at: usize,
}

impl Standings {
    /// The standing of a chain that was just judged.
    pub(super) fn of(
        &self,
        authorities: &AuthorityDir,
        (chain, peer): (Vec<Certificate>, Peer),
        state: Arc<State>,
        vouched: Vouched,
        held: Held,
    ) -> Arc<Standing> {
        let key = key(&chain, peer);
        let mut table = lock(&self.0);
        if table.by_chain.len() >= table.sweep_at {
            table.by_chain.retain(|_, standing| standing.strong_count() > 0);
            table.sweep_at = 2 * table.by_chain.len().max(32);
        }
        let judged = Judged { state, vouched, anchor: held };
        let known = table.by_chain.get(&key).and_then(Weak::upgrade).filter(|known| known.ended.get().is_none());
        if let Some(known) = known {
            *lock(&known.judged) = judged;
            return known;
        }
        let standing = Arc::new(Standing {
            authorities: authorities.clone(),
            live: Arc::new(Live::new(key.1.first().copied().unwrap_or(Fingerprint([0; 32])))),
            judged: Mutex::new(judged),
            ended: OnceLock::new(),
            chain,
            peer,
        });
        table.by_chain.insert(key, Arc::downgrade(&standing));
        while table.read.len() >= REMEMBERED {
            forget_one(&mut table.read);
        }
        table.read.extend(standing.chain.iter().map(|one| (one.fingerprint(), one.clone())));
        standing
    }

    /// A certificate of such a chain, if it was read lately.
    pub(super) fn certificate(&self, fingerprint: &Fingerprint) -> Option<Certificate> {
        lock(&self.0).read.get(fingerprint).cloned()
    }

    pub(super) fn find(&self, chain: &[Certificate], peer: Peer) -> Option<Arc<Standing>> {
        lock(&self.0).by_chain.get(&key(chain, peer)).and_then(Weak::upgrade)
    }

    pub(super) fn all(&self) -> Vec<Arc<Standing>> {
        lock(&self.0).by_chain.values().filter_map(Weak::upgrade).collect()
    }
}

pub(super) type Key = (Peer, Vec<Fingerprint>);

pub(super) fn key(chain: &[Certificate], peer: Peer) -> Key {
    (peer, chain.iter().map(Certificate::fingerprint).collect())
}
