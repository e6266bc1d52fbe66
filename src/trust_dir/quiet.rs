//! Stretches of time in which nothing changes, so that what was looked at need not be looked at again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::stamp::Look;

/// How long such a stretch is, in milliseconds: some changes are never told, those by way of a memory mapping, of
/// asynchronous I/O (io_submit(2)) and of a name that the file has got since, or had when it was opened and has lost.
const LENGTH: u128 = 128;

/// A stretch of time in which the watcher was told of no change. If it is still the same one, what was seen in it is
/// still so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet(u64);

impl Quiet {
    /// This moment's, after so many batches of changes. No number comes back while it could be mistaken.
    pub(super) fn now(batch: u32) -> Self {
        static START: OnceLock<Instant> = OnceLock::new();
        let slot = START.get_or_init(Instant::now).elapsed().as_millis() / LENGTH;
        // Never 0.
        Self(u64::from(batch) << 32 | u64::from(slot as u32) | 1 << 31)
    }

    #[cfg(test)]
    pub(super) fn batch(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// The last stretch of time in which something was found as it had been.
#[derive(Debug, Default)]
pub(crate) struct Since(AtomicU64);

impl Since {
    /// Whether it is as it was: it was found so in this stretch of time, or the look at it says so.
    pub(crate) fn holds(&self, quiet: Option<Quiet>, look: impl FnOnce() -> Look) -> bool {
        if quiet.is_some_and(|quiet| self.0.load(Ordering::Acquire) == quiet.0) {
            return true;
        }
        let look = look();
        if let (Some(quiet), Look::Told) = (quiet, look) {
            self.0.store(quiet.0, Ordering::Release);
        }
        look != Look::Changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_is_looked_at_once_in_a_stretch() {
        let since = Since::default();
        let (first, second) = (Some(Quiet(1)), Some(Quiet(2)));
        let never = || -> Look { panic!("no look is needed") };
        assert!(since.holds(first, || Look::Told) && since.holds(first, never));
        assert!(!since.holds(None, || Look::Changed) && !since.holds(second, || Look::Changed));
        // Changes may come without being told.
        assert!(since.holds(second, || Look::Same) && !since.holds(second, || Look::Changed));
        assert!(since.holds(second, || Look::Told) && since.holds(second, never));
        assert!(!since.holds(first, || Look::Changed));
    }
}
