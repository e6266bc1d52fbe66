//! `trustdir.Counters`.

use pyo3::prelude::*;
use trustdir_core::{ErrorKind, tls};

use crate::argument::DecisionReason;

/// What an acceptor or a connector has done so far, in numbers. Each is exact when it is read; together they are not of
/// one moment, since connections go on meanwhile.
///
/// Example:
///     >>> import trustdir
///     >>> acceptor = trustdir.Acceptor(trustdir.Authority.create("pki").issue_server("nas.home.arpa"))
///     >>> try:
///     ...     acceptor.accept().read_tls(b"GET / HTTP/1.1")
///     ... except trustdir.TlsError as error:
///     ...     print(error.kind)
///     TLS
///     >>> counters = acceptor.counters()
///     >>> counters.accepted, counters.failures("TLS"), counters.refusals(trustdir.Reason.NOT_INSTALLED)
///     (1, 1, 0)
#[pyclass(frozen, eq, module = "trustdir")]
#[derive(PartialEq)]
pub struct Counters(pub tls::Counters);

#[pymethods]
impl Counters {
    /// Connections that were accepted.
    #[getter]
    fn accepted(&self) -> u64 {
        self.0.accepted
    }

    /// Connections that there are now.
    #[getter]
    fn open(&self) -> u64 {
        self.0.open
    }

    /// Those among them whose client is admitted.
    #[getter]
    fn admitted(&self) -> u64 {
        self.0.admitted
    }

    /// Full handshakes whose client was admitted.
    #[getter]
    fn full(&self) -> u64 {
        self.0.full
    }

    /// Resumed handshakes whose client was admitted.
    #[getter]
    fn resumed(&self) -> u64 {
        self.0.resumed
    }

    /// Bytes taken from the transports.
    #[getter]
    fn ciphertext_in(&self) -> u64 {
        self.0.ciphertext_in
    }

    /// Bytes given to the transports.
    #[getter]
    fn ciphertext_out(&self) -> u64 {
        self.0.ciphertext_out
    }

    /// Bytes read from clients, decrypted.
    #[getter]
    fn plaintext_in(&self) -> u64 {
        self.0.plaintext_in
    }

    /// Bytes taken for clients, to be encrypted.
    #[getter]
    fn plaintext_out(&self) -> u64 {
        self.0.plaintext_out
    }

    /// Reloads that took effect.
    #[getter]
    fn reloads(&self) -> u64 {
        self.0.reloads
    }

    /// Reloads that failed and changed nothing.
    #[getter]
    fn failed_reloads(&self) -> u64 {
        self.0.failed_reloads
    }

    /// Handshakes that were refused for a reason.
    ///
    /// Args:
    ///     reason: The `Reason`, or its word.
    fn refusals(&self, reason: DecisionReason) -> u64 {
        self.0.refusals(reason.0)
    }

    /// Open connections whose client ceased to be admitted for a reason.
    ///
    /// Args:
    ///     reason: The `Reason`, or its word.
    fn revocations(&self, reason: DecisionReason) -> u64 {
        self.0.revocations(reason.0)
    }

    /// Handshakes that failed before anybody was decided about.
    ///
    /// Args:
    ///     kind: `"TLS"`, `"ALERT"`, `"TIMED_OUT"`, `"TRUNCATED"` or `"CLOSED"`, as `TrustDirError.kind` has it.
    fn failures(&self, kind: &str) -> u64 {
        use ErrorKind::{Alert, Closed, TimedOut, Tls, Truncated};
        let known = [Tls, Alert, TimedOut, Truncated, Closed].into_iter().find(|known| known.as_str() == kind);
        known.map_or(0, |kind| self.0.failures(kind))
    }

    /// All of it for Prometheus, to be served as `text/plain; version=0.0.4`.
    fn to_prometheus(&self) -> String {
        self.0.to_prometheus()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Counters {} accepted, {} open>", self.0.accepted, self.0.open)
    }
}
