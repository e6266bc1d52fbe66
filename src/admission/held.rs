//! What an admitted connection stands on.

use std::sync::Arc;

use super::{Decision, Reason, limit, vouch};
use crate::authority_dir::Standing;
use crate::chain::Refusal;
use crate::error::escape;
use crate::trust_dir::{self, Hook, Quiet, Registration};

/// An entry of the directory of clients, or a chain that an authority vouches for.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Entry(trust_dir::Held),
    Chain(Arc<Standing>),
}

impl Held {
    /// Why the client of this decision is no longer admitted to this service, if it is not: exact at this moment,
    /// whether events were seen to yet or not.
    pub(super) fn ended(&self, decision: &Decision, now: i64, service: Option<&str>) -> Option<(Reason, String)> {
        let file = || decision.entry().map(|file| escape(&file.to_string_lossy())).unwrap_or_default();
        let subject = || decision.subject().unwrap_or_default();
        let quiet = self.quiet();
        match self {
            Self::Entry(held) => {
                let gone = || (!held.is_current(quiet)).then(|| (Reason::Removed, "has been removed".to_owned()));
                // Limits that cannot be read because all has gone are no reason of their own.
                let limited = || limit::beyond(held, quiet, now, service).map(|limited| gone().unwrap_or(limited));
                let (reason, what) = gone().or_else(limited)?;
                Some((reason, format!("{}: {} {what}", file(), subject())))
            }
            Self::Chain(standing) => {
                let limited = || vouch::beyond(standing, subject, quiet, now, service);
                let ended =
                    standing.ended(quiet).map(|Refusal(reason, what)| (*reason, format!("{} {what}", subject())));
                ended.or_else(limited)
            }
        }
    }

    /// Whether what the client stands on is still there: exact at this moment. Limits are not asked.
    pub(crate) fn is_current(&self) -> bool {
        match self {
            Self::Entry(held) => held.is_current(self.quiet()),
            Self::Chain(standing) => standing.ended(self.quiet()).is_none(),
        }
    }

    fn quiet(&self) -> Option<Quiet> {
        match self {
            Self::Entry(held) => held.quiet(),
            Self::Chain(standing) => standing.quiet(),
        }
    }

    /// Runs the hook when the client is no longer admitted, at once if it is not. Dropping the registration
    /// takes it back.
    pub(crate) fn on_removed(&self, hook: Hook) -> Registration {
        match self {
            Self::Entry(held) => held.on_removed(hook),
            Self::Chain(standing) => standing.on_removed(hook),
        }
    }
}
