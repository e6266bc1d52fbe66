//! What an admitted connection stands on.

use std::sync::Arc;

use super::{Decision, Reason};
use crate::authority_dir::Standing;
use crate::chain::Refusal;
use crate::error::escape;
use crate::trust_dir::{self, Hook, Registration};

/// An entry of the directory of clients, or a chain that an authority vouches for.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Entry(trust_dir::Held),
    Chain(Arc<Standing>),
}

impl Held {
    /// Why the client of this decision is no longer admitted, if it is not: exact at this moment, whatever the
    /// events did.
    pub(super) fn ended(&self, decision: &Decision) -> Option<(Reason, String)> {
        let subject = decision.subject().unwrap_or_default();
        match self {
            Self::Entry(held) if held.is_current() => None,
            Self::Entry(_) => {
                let file = decision.entry().map(|file| escape(&file.to_string_lossy())).unwrap_or_default();
                Some((Reason::Removed, format!("{file}: {subject} has been removed")))
            }
            Self::Chain(standing) => {
                let Refusal(reason, what) = standing.ended()?;
                Some((*reason, format!("{subject} {what}")))
            }
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
