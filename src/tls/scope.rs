//! What rustls's callbacks learn about the connection that is being processed on this thread.
//!
//! rustls calls the verifier and the session store synchronously, with no word of the connection. One
//! configuration serves all connections, so the connection leaves its notes here while it is processed.

use std::cell::RefCell;

use crate::admission::Decision;
use crate::certificate::Fingerprint;

/// A connection's notes between its calls into rustls.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// What the verifier decided. A server's connection has none after its handshake, so it has no room for it.
    pub decision: Option<Box<Decision>>,
    /// Whom a session is for: written into tickets, read from them.
    pub session: Option<Owner>,
}

/// The client that a session belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Anonymous,
    /// The end of the certificate's validity goes with it: a session ends with its certificate.
    Certificate(Fingerprint, i64),
    /// A client that an authority vouched for: the edition of the directory of authorities, and the first moment
    /// at which something in the chain ends.
    Vouched(Fingerprint, i64),
}

thread_local! {
    static CURRENT: RefCell<Scope> = const { RefCell::new(Scope { decision: None, session: None }) };
}

/// Runs `process` with the connection's notes in place and hands them back.
pub(super) fn with<T>(scope: &mut Scope, process: impl FnOnce() -> T) -> T {
    /// Puts the notes back even when `process` unwinds, so that no other connection sees them.
    struct Restore<'a>(&'a mut Scope);
    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            CURRENT.with_borrow_mut(|current| std::mem::swap(current, self.0));
        }
    }
    CURRENT.with_borrow_mut(|current| std::mem::swap(current, scope));
    let _restore = Restore(scope);
    process()
}

/// Reads or writes the notes of the connection that is being processed.
pub(super) fn current<T>(f: impl FnOnce(&mut Scope) -> T) -> T {
    CURRENT.with_borrow_mut(f)
}
