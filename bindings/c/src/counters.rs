//! What acceptors and connectors have done so far, in numbers.

use std::ffi::c_char;
use std::ptr;

use trustdir_core::{ErrorKind, Reason, tls};

use crate::acceptor::Acceptor;
use crate::connector::Connector;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text::Lazy;

/// What an acceptor has done since it was built, reloads included, or a connector. Each number was exact when it was
/// read; together they are not of one moment, since connections go on meanwhile. Every connection has one outcome: its
/// handshake was full or resumed and the peer admitted, it was refused, it failed, or it is still going on. Yours: free
/// it with trustdir_counters_free. It never changes and may be used from several threads at once.
pub struct Counters {
    counters: tls::Counters,
    prometheus: Lazy,
}

const _: () = handle::several_threads::<Counters>();

impl Counters {
    pub(crate) fn core(&self) -> &tls::Counters {
        &self.counters
    }
}

impl From<tls::Counters> for Counters {
    fn from(counters: tls::Counters) -> Self {
        Self { counters, prometheus: Lazy::default() }
    }
}

fn reason(number: i32) -> Option<Reason> {
    Reason::ALL.into_iter().find(|reason| *reason as i32 == number)
}

/// Reads what an acceptor has done so far. Takes no lock.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_counters(
    acceptor: Option<&Acceptor>,
    out: *mut *mut Counters,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(handle::required(acceptor, "acceptor")?.core().counters().into());
        Ok(())
    })
}

/// Reads what a connector has done so far: a server counts as a client does for an acceptor. Takes no lock.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_counters(
    connector: Option<&Connector>,
    out: *mut *mut Counters,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(handle::required(connector, "connector")?.core().counters().into());
        Ok(())
    })
}

/// Connections that were accepted; by a connector, begun. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_accepted(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.accepted))
}

/// Connections that there are now: accepted and not freed yet. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_open(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.open))
}

/// Those among the open ones whose peer is admitted. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_admitted(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.admitted))
}

/// Full handshakes whose peer was admitted. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_full(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.full))
}

/// Resumed handshakes whose peer was admitted. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_resumed(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.resumed))
}

/// Bytes taken from the transports. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_ciphertext_in(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.ciphertext_in))
}

/// Bytes given to the transports. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_ciphertext_out(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.ciphertext_out))
}

/// Bytes read from peers, decrypted. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_plaintext_in(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.plaintext_in))
}

/// Bytes taken for peers, to be encrypted. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_plaintext_out(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.plaintext_out))
}

/// Reloads that took effect. 0 for a connector, which has none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_reloads(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.reloads))
}

/// Reloads that failed and changed nothing. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_failed_reloads(counters: Option<&Counters>) -> u64 {
    guard_or(0, || Some(counters?.counters.failed_reloads))
}

/// Handshakes that were refused for this reason, a trustdir_reason; 0 for other numbers and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_refusals(counters: Option<&Counters>, reason: i32) -> u64 {
    guard_or(0, || Some(counters?.counters.refusals(self::reason(reason)?)))
}

/// Open connections whose peer ceased to be admitted for this reason, a trustdir_reason: its entry went, or a limit was
/// passed. Under TRUSTDIR_ON_REMOVAL_FINISH they may have gone on. 0 for other numbers and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_revocations(counters: Option<&Counters>, reason: i32) -> u64 {
    guard_or(0, || Some(counters?.counters.revocations(self::reason(reason)?)))
}

/// Handshakes that failed with this status before anybody was decided about: TRUSTDIR_STATUS_TLS, ALERT, TIMED_OUT,
/// TRUNCATED, or CLOSED when the connection was freed. 0 for other numbers and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_failures(counters: Option<&Counters>, status: i32) -> u64 {
    guard_or(0, || {
        let kinds = ErrorKind::ALL.into_iter().filter(|kind| Status::from(*kind) as i32 == status);
        let counters = &counters?.counters;
        Some(kinds.map(|kind| counters.failures(kind)).sum())
    })
}

/// All of it for Prometheus: text exposition format 0.0.4, to be served as "text/plain; version=0.0.4". The labels have
/// few values, all of them present from the start; nothing in them comes from a peer. For several services of one process
/// see trustdir_prometheus_page. Borrowed from the counters. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_prometheus(counters: Option<&Counters>) -> *const c_char {
    guard_or(ptr::null(), || {
        let counters = counters?;
        Some(counters.prometheus.get(|| counters.counters.to_prometheus()))
    })
}

/// Frees the numbers and the text borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_counters_free(counters: Option<Box<Counters>>) {
    guard_or((), || counters.map(drop));
}
