//! What an acceptor or a connector has done so far, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use super::prometheus;
use crate::admission::Reason;
use crate::error::{ErrorKind, Result};

/// Why a handshake ends that nobody decided about.
pub(super) const FAILURES: [ErrorKind; 5] =
    [ErrorKind::Tls, ErrorKind::Alert, ErrorKind::TimedOut, ErrorKind::Truncated, ErrorKind::Closed];

/// The numbers of an [`Acceptor`](super::Acceptor) since it was built, reloads included, or of a
/// [`Connector`](super::Connector), where "accepted" is begun. Each is exact when it is read; together they are not of
/// one moment, since connections go on meanwhile.
///
/// Every connection that was accepted has one outcome: its handshake was full or resumed and the peer admitted, it was
/// refused, it failed, or it is still going on.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
/// use trustdir::{ErrorKind, tls::Acceptor};
///
/// let acceptor = Acceptor::builder(identity).build()?;
/// acceptor.accept()?.read_tls(b"GET / HTTP/1.1\r\n\r\n").unwrap_err();
/// let counters = acceptor.counters();
/// assert_eq!((counters.accepted, counters.failures(ErrorKind::Tls), counters.ciphertext_in), (1, 1, 18));
/// assert!(counters.to_prometheus().contains("\ntrustdir_handshake_failures_total{kind=\"TLS\"} 1\n"));
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Connections that were accepted.
    pub accepted: u64,
    /// Connections that there are now: accepted and not dropped yet.
    pub open: u64,
    /// Those among them whose peer is admitted.
    pub admitted: u64,
    /// Full handshakes whose peer was admitted.
    pub full: u64,
    /// Resumed handshakes whose peer was admitted.
    pub resumed: u64,
    /// Bytes taken from the transports.
    pub ciphertext_in: u64,
    /// Bytes given to the transports.
    pub ciphertext_out: u64,
    /// Bytes read from peers, decrypted.
    pub plaintext_in: u64,
    /// Bytes taken for peers, to be encrypted.
    pub plaintext_out: u64,
    /// Reloads that took effect.
    pub reloads: u64,
    /// Reloads that failed and changed nothing.
    pub failed_reloads: u64,
    refusals: [u64; Reason::ALL.len()],
    revocations: [u64; Reason::ALL.len()],
    failures: [u64; FAILURES.len()],
}

impl Counters {
    /// Handshakes that were refused for this reason.
    pub fn refusals(&self, reason: Reason) -> u64 {
        of(&self.refusals, &Reason::ALL, reason).copied().unwrap_or_default()
    }

    /// Open connections whose peer ceased to be admitted for this reason: its entry went, or a limit was passed. With
    /// [`OnRemoval::Finish`](super::OnRemoval::Finish) they may have gone on.
    pub fn revocations(&self, reason: Reason) -> u64 {
        of(&self.revocations, &Reason::ALL, reason).copied().unwrap_or_default()
    }

    /// Handshakes that failed before anybody was decided about: [`Tls`](ErrorKind::Tls), [`Alert`](ErrorKind::Alert),
    /// [`TimedOut`](ErrorKind::TimedOut), [`Truncated`](ErrorKind::Truncated), or [`Closed`](ErrorKind::Closed) when the
    /// host dropped the connection. 0 for other kinds.
    pub fn failures(&self, kind: ErrorKind) -> u64 {
        of(&self.failures, &FAILURES, kind).copied().unwrap_or_default()
    }

    /// All of it for Prometheus: text exposition format 0.0.4, to be served as `text/plain; version=0.0.4`. The labels
    /// have few values, all of them present from the start; nothing in them comes from a peer.
    pub fn to_prometheus(&self) -> String {
        prometheus::plain(self)
    }

    /// As [`to_prometheus`](Self::to_prometheus), each number with these labels, which tell it from those of other
    /// programs and pages. The numbers of several acceptors are one page: [`prometheus_page`](Self::prometheus_page).
    /// A name that is none in that format, or is there already, is [`ErrorKind::InvalidArgument`].
    pub fn to_prometheus_with(&self, labels: &[(&str, &str)]) -> Result<String> {
        prometheus::page(&[(labels, self)])
    }

    /// One page about several acceptors and connectors, each with labels that no other has: the format has the numbers
    /// of one name stand together, so pages cannot be put one behind another.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let identity = || ca.issue_server(&["localhost"], &Default::default());
    /// use trustdir::tls::{Acceptor, Counters};
    ///
    /// let (web, admin) = (Acceptor::builder(identity()?).build()?, Acceptor::builder(identity()?).build()?);
    /// let page = Counters::prometheus_page(&[
    ///     (&[("service", "web")], &web.counters()),
    ///     (&[("service", "admin")], &admin.counters()),
    /// ])?;
    /// assert!(page.contains("\ntrustdir_connections_open{service=\"admin\"} 0\n"));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn prometheus_page(services: &[(&[(&str, &str)], &Self)]) -> Result<String> {
        prometheus::page(services)
    }
}

/// The counters themselves. They order nothing else, so all accesses are relaxed; they lie side by side because a
/// look at the peer's file costs each call more than a shared cache line does.
#[derive(Default)]
pub(super) struct Tally {
    pub accepted: Counter,
    pub open: Counter,
    pub admitted: Counter,
    pub full: Counter,
    pub resumed: Counter,
    pub ciphertext_in: Counter,
    pub ciphertext_out: Counter,
    pub plaintext_in: Counter,
    pub plaintext_out: Counter,
    pub reloads: Counter,
    pub failed_reloads: Counter,
    refusals: [Counter; Reason::ALL.len()],
    revocations: [Counter; Reason::ALL.len()],
    failures: [Counter; FAILURES.len()],
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(super) fn take_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Tally {
    pub(super) fn refused(&self, reason: Reason) {
        of(&self.refusals, &Reason::ALL, reason).inspect(|counter| counter.add(1));
    }

    pub(super) fn revoked(&self, reason: Reason) {
        of(&self.revocations, &Reason::ALL, reason).inspect(|counter| counter.add(1));
    }

    pub(super) fn failed(&self, kind: ErrorKind) {
        of(&self.failures, &FAILURES, kind).inspect(|counter| counter.add(1));
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            accepted: self.accepted.now(),
            open: self.open.now(),
            admitted: self.admitted.now(),
            full: self.full.now(),
            resumed: self.resumed.now(),
            ciphertext_in: self.ciphertext_in.now(),
            ciphertext_out: self.ciphertext_out.now(),
            plaintext_in: self.plaintext_in.now(),
            plaintext_out: self.plaintext_out.now(),
            reloads: self.reloads.now(),
            failed_reloads: self.failed_reloads.now(),
            refusals: self.refusals.each_ref().map(Counter::now),
            revocations: self.revocations.each_ref().map(Counter::now),
            failures: self.failures.each_ref().map(Counter::now),
        }
    }
}

/// The counter that stands where the value does.
fn of<'a, C, T: PartialEq>(counters: &'a [C], values: &[T], value: T) -> Option<&'a C> {
    counters.iter().zip(values).find(|(_, other)| **other == value).map(|(counter, _)| counter)
}
