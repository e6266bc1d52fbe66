//! `trustdir.Connection`.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trustdir_core::tls;

use crate::argument::Data;
use crate::callback::Callback;
use crate::certificate::Certificate;
use crate::decision::Decision;
use crate::error::Result;

/// As much plaintext as one call moves: what the core takes at most.
const PIECE: usize = 64 * 1024;

/// One end of a TLS connection, of an `Acceptor` or a `Connector`: ciphertext and plaintext go in and out as bytes.
///
/// Feed what the socket gives to `read_tls`, send what `write_tls` gives, also after an error since the alert is in it, and
/// `read` and `write` plaintext. The peer is decided about before its first plaintext is released; once its entry is
/// removed, each call raises `VerificationError` with the kind `"REVOKED"`.
///
/// Several threads may use one object; they take turns, and the interpreter runs on meanwhile.
#[pyclass(frozen, module = "trustdir")]
pub struct Connection(Mutex<tls::Connection>);

impl From<tls::Connection> for Connection {
    fn from(connection: tls::Connection) -> Self {
        Self(Mutex::new(connection))
    }
}

impl Connection {
    /// Never waits for the connection with the interpreter held: hooks run in some of its calls, and wait for that.
    fn with<T: Send>(&self, py: Python<'_>, call: impl FnOnce(&mut tls::Connection) -> T + Send) -> T {
        py.detach(|| call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl Connection {
    /// Takes ciphertext from the transport, all of it. Stop feeding while `wants_read` is false: then plaintext waits to
    /// be read.
    ///
    /// Args:
    ///     ciphertext: The bytes.
    ///
    /// Raises:
    ///     VerificationError: The peer is refused, or its entry has gone.
    ///     TlsError: The protocol failed, or the peer sent an alert.
    fn read_tls(&self, py: Python<'_>, ciphertext: Data) -> Result<()> {
        Ok(self.with(py, |tls| tls.read_tls(&ciphertext))?)
    }

    /// All ciphertext that waits for the transport; empty when there is none.
    fn write_tls<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let out = self.with(py, |tls| {
            let mut out = Vec::new();
            // Writing to memory cannot fail.
            while matches!(tls.send_tls(&mut out), Ok(1..)) {}
            out
        });
        PyBytes::new(py, &out)
    }

    /// Plaintext from the peer: None when there is none now, empty when the peer has closed cleanly.
    ///
    /// Args:
    ///     size: How many bytes at most.
    ///
    /// Raises:
    ///     TruncatedError: The transport has ended without the peer's word.
    ///     VerificationError: The peer's entry has gone.
    fn read<'py>(&self, py: Python<'py>, size: usize) -> Result<Option<Bound<'py, PyBytes>>> {
        let plaintext = self.with(py, |tls| gather(tls, size.min(PIECE)))?;
        Ok(plaintext.map(|plaintext| PyBytes::new(py, &plaintext)))
    }

    /// Takes plaintext for the peer.
    ///
    /// Args:
    ///     plaintext: The bytes.
    ///
    /// Returns:
    ///     How many it took: 0 during the handshake, and while 64 KiB wait in `write_tls`.
    ///
    /// Raises:
    ///     VerificationError: The peer's entry has gone.
    ///     TlsError: The connection is closed for writing.
    fn write(&self, py: Python<'_>, plaintext: Data) -> Result<usize> {
        Ok(self.with(py, |tls| tls.write(&plaintext))?)
    }

    /// How many bytes of plaintext can be read now; at least 1 also when a close or an error waits.
    fn pending(&self, py: Python<'_>) -> usize {
        self.with(py, |tls| tls.pending())
    }

    /// Whether ciphertext from the transport can be used now.
    #[getter]
    fn wants_read(&self, py: Python<'_>) -> bool {
        self.with(py, |tls| tls.wants_read())
    }

    /// Whether there is ciphertext for the transport.
    #[getter]
    fn wants_write(&self, py: Python<'_>) -> bool {
        self.with(py, |tls| tls.wants_write())
    }

    /// Whether the handshake is still going on; a peer that was refused never leaves it.
    #[getter]
    fn is_handshaking(&self, py: Python<'_>) -> bool {
        self.with(py, |tls| tls.is_handshaking())
    }

    /// How many seconds are left for the handshake, or None when it is over.
    #[getter]
    fn time_left(&self, py: Python<'_>) -> Option<f64> {
        let deadline = self.with(py, |tls| tls.deadline())?;
        Some(deadline.saturating_duration_since(Instant::now()).as_secs_f64())
    }

    /// Ends a handshake whose time is over; one whose time is not goes on.
    ///
    /// Raises:
    ///     HandshakeTimeoutError: The time is over.
    fn expire(&self, py: Python<'_>) -> Result<()> {
        Ok(self.with(py, |tls| tls.expire(Instant::now()))?)
    }

    /// Tells the peer that nothing more will be written; what it still sends can be read.
    fn close_notify(&self, py: Python<'_>) {
        self.with(py, tls::Connection::close_notify);
    }

    /// Says that the transport has ended.
    fn received_eof(&self, py: Python<'_>) {
        self.with(py, tls::Connection::received_eof);
    }

    /// Looks whether the peer is still admitted, as every read and write does.
    ///
    /// Raises:
    ///     VerificationError: It is not.
    fn recheck(&self, py: Python<'_>) -> Result<()> {
        Ok(self.with(py, tls::Connection::recheck)?)
    }

    /// Has something called once, without arguments and from any thread, when the entry that admitted the peer goes; at
    /// once if it has gone. It must not use the connection. A new one replaces the old. It is dropped
    /// uncalled when the peer is refused or has no certificate, and when the connection ends.
    ///
    /// Args:
    ///     callback: What to call.
    fn on_removed(&self, py: Python<'_>, callback: Callback) {
        self.with(py, |tls| tls.on_revoked(Box::new(move || callback.notify())));
    }

    /// The decision about the peer: None until it is made, a refusal once it was refused or its entry has gone.
    #[getter]
    fn decision(&self, py: Python<'_>) -> Option<Decision> {
        self.with(py, |tls| tls.decision().cloned()).map(Decision)
    }

    /// A number that no other connection of its acceptor or connector has.
    #[getter]
    fn id(&self, py: Python<'_>) -> u64 {
        self.with(py, |tls| tls.id())
    }

    /// Whether the peer was admitted and its entry has gone since.
    #[getter]
    fn is_revoked(&self, py: Python<'_>) -> bool {
        self.with(py, |tls| tls.is_revoked())
    }

    /// The protocol version, such as `"TLSv1.3"`, once negotiated.
    #[getter]
    fn version(&self, py: Python<'_>) -> Option<&'static str> {
        self.with(py, |tls| tls.version()).map(tls::TlsVersion::as_str)
    }

    /// The name of the cipher suite, once negotiated.
    #[getter]
    fn cipher_suite(&self, py: Python<'_>) -> Option<String> {
        self.with(py, |tls| tls.cipher_suite().map(str::to_owned))
    }

    /// The name of the key exchange, such as `"X25519MLKEM768"`, once negotiated.
    #[getter]
    fn key_exchange(&self, py: Python<'_>) -> Option<String> {
        self.with(py, |tls| tls.key_exchange().map(str::to_owned))
    }

    /// The application protocol, if one was negotiated.
    #[getter]
    fn alpn(&self, py: Python<'_>) -> Option<String> {
        self.with(py, |tls| tls.alpn().map(str::to_owned))
    }

    /// The host name that the client asked for.
    #[getter]
    fn server_name(&self, py: Python<'_>) -> Option<String> {
        self.with(py, |tls| tls.server_name().map(str::to_owned))
    }

    /// Whether an earlier session was resumed.
    #[getter]
    fn resumed(&self, py: Python<'_>) -> bool {
        self.with(py, |tls| tls.resumed())
    }

    /// The certificates that the peer has sent, its own first.
    #[getter]
    fn peer_chain(&self, py: Python<'_>) -> Vec<Certificate> {
        self.with(py, |tls| tls.peer_chain()).into_iter().map(Certificate).collect()
    }

    /// What binds a log-in to this connection: `tls-exporter` (RFC 9266).
    ///
    /// Raises:
    ///     TlsError: The handshake is not over.
    fn channel_binding<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.with(py, |tls| tls.channel_binding())?))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let (id, decision) = self.with(py, |tls| (tls.id(), tls.decision().map(|decision| decision.reason().as_str())));
        format!("<trustdir.Connection {id} {}>", decision.unwrap_or("handshaking"))
    }
}

/// Reads until there is enough or nothing more. An end or an error behind plaintext is for the next call, and is not even
/// looked at, so that `pending` still tells of it.
fn gather(tls: &mut tls::Connection, size: usize) -> trustdir_core::Result<Option<Vec<u8>>> {
    let mut plaintext = Vec::new();
    while plaintext.len() < size {
        match tls.peek() {
            Ok(Some(piece @ [_, ..])) => {
                let count = piece.len().min(size - plaintext.len());
                plaintext.extend_from_slice(&piece[..count]);
                tls.consume(count);
                if tls.pending() < 2 {
                    break;
                }
            }
            _ if !plaintext.is_empty() => break,
            Ok(end) => return Ok(end.map(|_| plaintext)),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(plaintext))
}
