//! Connections: TLS without input and output of its own.

use std::cell::OnceCell;
use std::ffi::c_void;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use trustdir_core::tls::{self, Read};

use crate::decision::Decision;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::hook::Hook;
use crate::negotiated::Negotiated;
use crate::reason::Reason;
use crate::slice::{self, Slice};
use crate::status::Status;

/// In trustdir_connection_wants: give it what arrives from the peer, with trustdir_connection_read_tls.
pub const TRUSTDIR_WANTS_READ: u32 = 1;

/// In trustdir_connection_wants: send the peer what trustdir_connection_write_tls hands out.
pub const TRUSTDIR_WANTS_WRITE: u32 = 2;

/// One end of a TLS connection, of an acceptor or of a connector. It never touches a socket: you move ciphertext
/// between it and the peer (trustdir_connection_read_tls, trustdir_connection_write_tls) and plaintext between it and
/// the program (trustdir_connection_read, trustdir_connection_write). No plaintext moves before the peer is admitted.
/// In TLS 1.3 a client's handshake is over before the server judges its certificate: a refusal comes as
/// TRUSTDIR_STATUS_ALERT to one of the client's next reads. Yours: free it with trustdir_connection_free. One thread at
/// a time.
pub struct Connection {
    connection: tls::Connection,
    /// Behind pointers, since most connections are never asked.
    decision: OnceCell<Box<Decision>>,
    negotiated: OnceCell<Box<Negotiated>>,
}

const _: () = handle::one_thread_at_a_time::<Connection>();

impl Connection {
    /// What it has been asked about the handshake.
    pub(crate) fn negotiated(&self) -> &Negotiated {
        self.negotiated.get_or_init(Box::default)
    }

    pub(crate) fn core(&self) -> &tls::Connection {
        &self.connection
    }

    /// Runs a call that may change the connection. A decision that it replaced (admitted, then removed) is forgotten
    /// now; one that still holds keeps its address.
    fn change<T>(&mut self, call: impl FnOnce(&mut tls::Connection) -> T) -> T {
        let answer = call(&mut self.connection);
        let current = self.connection.decision().map(|decision| Reason::from(decision.reason()));
        if self.decision.get().map(|decision| decision.reason()) != current {
            self.decision.take();
        }
        answer
    }

    fn decision(&self) -> Option<&Decision> {
        let decision = self.connection.decision()?;
        Some(self.decision.get_or_init(|| Box::new(decision.clone().into())))
    }
}

impl From<tls::Connection> for Connection {
    fn from(connection: tls::Connection) -> Self {
        Self { connection, decision: OnceCell::new(), negotiated: OnceCell::new() }
    }
}

/// Takes bytes that arrived from the peer, all of them, and processes them. A failure ends the connection: send what
/// trustdir_connection_write_tls still hands out (the alert that tells the peer), then close. A peer that is refused
/// gives the status of the reason, such as TRUSTDIR_STATUS_UNTRUSTED or TRUSTDIR_STATUS_EXPIRED, and
/// trustdir_connection_decision says more.
///
/// Feed while trustdir_connection_wants has TRUSTDIR_WANTS_READ: memory grows with what is fed while plaintext waits to be
/// read. While 64 KiB wait behind it nothing more is taken, TRUSTDIR_STATUS_INVALID_ARGUMENT, and the connection goes on.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_read_tls(
    connection: Option<&mut Connection>,
    data: *const u8,
    len: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let connection = handle::required(connection, "connection")?;
        let data = slice::bytes(data, len, "data")?;
        connection.change(|tls| tls.read_tls(data))?;
        Ok(())
    })
}

/// Hands out bytes to send to the peer, at most `capacity`, and sets `*written` to their number. Call it until that
/// is 0.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_write_tls(
    connection: Option<&mut Connection>,
    data: *mut u8,
    capacity: usize,
    written: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let written = handle::number(written, "written")?;
        let connection = handle::required(connection, "connection")?;
        let data = slice::bytes_mut(data, capacity, "data")?;
        *written = connection.change(|tls| tls.write_tls(data));
        Ok(())
    })
}

/// Reads plaintext from the peer, at most `capacity` bytes (not 0), and sets `*read` to their number.
/// TRUSTDIR_STATUS_OK with 0 bytes is the end: the peer closed properly. TRUSTDIR_STATUS_AGAIN: nothing has arrived
/// yet, which makes no error object. TRUSTDIR_STATUS_TRUNCATED: the transport ended without a proper close.
/// TRUSTDIR_STATUS_REVOKED: the peer's entry has been removed, vouches for it no more or admits it no more within its
/// limits, as trustdir_connection_decision says; send what trustdir_connection_write_tls still hands out, then close.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_read(
    connection: Option<&mut Connection>,
    data: *mut u8,
    capacity: usize,
    read: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let read = handle::number(read, "read")?;
        let connection = handle::required(connection, "connection")?;
        let data = room(data, capacity)?;
        Ok(told(connection.change(|tls| tls.read(data))?, read))
    })
}

/// trustdir_connection_read_tls and trustdir_connection_read in one, with fewer copies: takes bytes that arrived from the
/// peer, `len` of them, and sets `*taken` to how many; what it did not take, for want of room, is to be given again, and
/// before trustdir_connection_received_eof. The rest is as in trustdir_connection_read; a failure takes all, but nothing
/// when an argument is wrong.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_receive(
    connection: Option<&mut Connection>,
    received: *const u8,
    len: usize,
    taken: *mut usize,
    data: *mut u8,
    capacity: usize,
    read: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let (taken, read) = (handle::number(taken, "taken")?, handle::number(read, "read")?);
        let connection = handle::required(connection, "connection")?;
        let received = slice::bytes(received, len, "received")?;
        let data = room(data, capacity)?;
        *taken = len;
        let (count, what) = connection.change(|tls| tls.receive(received, data))?;
        *taken = count;
        Ok(told(what, read))
    })
}

fn room<'a>(data: *mut u8, capacity: usize) -> crate::Result<&'a mut [u8]> {
    let data = slice::bytes_mut(data, capacity, "data")?;
    if data.is_empty() {
        return Err(Error::invalid("capacity is 0, and reading nothing would look like the end; give room for a byte"));
    }
    Ok(data)
}

/// Tells what a read came to.
fn told(what: Read, read: &mut usize) -> Status {
    match what {
        Read::Data(count) => {
            *read = count;
            Status::Ok
        }
        Read::Closed => Status::Ok,
        Read::Pending => Status::Again,
    }
}

/// Shows plaintext from the peer where it lies, without a copy: what can be had in one piece, borrowed until the next
/// call that takes the connection without const. Say with trustdir_connection_consume how much of it is done with.
/// TRUSTDIR_STATUS_OK with an empty piece is the end; all else is as in trustdir_connection_read.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_peek(
    connection: Option<&mut Connection>,
    piece: *mut Slice,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let piece = slice::variable(piece, "piece")?;
        let connection = handle::required(connection, "connection")?;
        let shown = connection.change(|tls| tls.peek().map(|shown| shown.map(Slice::from)))?;
        Ok(shown.map_or(Status::Again, |shown| {
            *piece = shown;
            Status::Ok
        }))
    })
}

/// Drops so many bytes of the plaintext that trustdir_connection_peek has shown.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_consume(
    connection: Option<&mut Connection>,
    count: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(connection, "connection")?.change(|tls| tls.consume(count));
        Ok(())
    })
}

/// Takes plaintext for the peer and sets `*written` to the number of bytes taken, which may be fewer than `len`.
/// TRUSTDIR_STATUS_AGAIN, without an error object: none now, because the handshake is not finished or the bytes in
/// trustdir_connection_write_tls have to be sent first.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_write(
    connection: Option<&mut Connection>,
    data: *const u8,
    len: usize,
    written: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let written = handle::number(written, "written")?;
        let connection = handle::required(connection, "connection")?;
        let data = slice::bytes(data, len, "data")?;
        *written = connection.change(|tls| tls.write(data))?;
        Ok(if *written == 0 && !data.is_empty() { Status::Again } else { Status::Ok })
    })
}

/// As trustdir_connection_write, of `count` pieces one after another, which need not be put together before.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_write_vectored(
    connection: Option<&mut Connection>,
    pieces: *const Slice,
    count: usize,
    written: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let written = handle::number(written, "written")?;
        let connection = handle::required(connection, "connection")?;
        let pieces: Vec<_> = slice::list(pieces, count, "pieces")?.into_iter().map(IoSlice::new).collect();
        *written = connection.change(|tls| tls.write_vectored(&pieces))?;
        let nothing = pieces.iter().all(|piece| piece.is_empty());
        Ok(if *written == 0 && !nothing { Status::Again } else { Status::Ok })
    })
}

/// The number of plaintext bytes that trustdir_connection_read has ready, at least 1 when it has an end to report; 0
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_pending(connection: Option<&Connection>) -> usize {
    guard_or(0, || Some(connection?.connection.pending()))
}

/// What the connection waits for: TRUSTDIR_WANTS_READ, TRUSTDIR_WANTS_WRITE, both or neither; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_wants(connection: Option<&Connection>) -> u32 {
    guard_or(0, || {
        let connection = &connection?.connection;
        let read = if connection.wants_read() { TRUSTDIR_WANTS_READ } else { 0 };
        let write = if connection.wants_write() { TRUSTDIR_WANTS_WRITE } else { 0 };
        Some(read | write)
    })
}

/// Whether the handshake is still on; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_is_handshaking(connection: Option<&Connection>) -> bool {
    guard_or(false, || Some(connection?.connection.is_handshaking()))
}

/// How many milliseconds are left for the handshake, rounded up, as poll takes it; 0 when the time is over: then call
/// trustdir_connection_expire. -1 when the handshake is over, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_deadline(connection: Option<&Connection>) -> i64 {
    guard_or(-1, || {
        let left = connection?.connection.deadline()?.saturating_duration_since(Instant::now());
        // One that expires within the millisecond has not expired yet.
        let milliseconds = left.as_nanos().div_ceil(Duration::from_millis(1).as_nanos());
        Some(i64::try_from(milliseconds).unwrap_or(i64::MAX))
    })
}

/// Ends a handshake whose time is over, with TRUSTDIR_STATUS_TIMED_OUT; one whose time is not goes on. A connection that
/// has ended answers as it did then.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_expire(connection: Option<&mut Connection>, error: *mut *mut Error) -> Status {
    guard(error, || {
        handle::required(connection, "connection")?.change(|tls| tls.expire(Instant::now()))?;
        Ok(())
    })
}

/// Tells the peer that nothing more will be sent. Send what trustdir_connection_write_tls hands out, then give the
/// peer a moment to close before closing the transport: otherwise data on its way may be lost.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_close_notify(
    connection: Option<&mut Connection>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(connection, "connection")?.change(tls::Connection::close_notify);
        Ok(())
    })
}

/// Tells the connection that the transport has ended. trustdir_connection_read then reports the proper end or the
/// truncation.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_received_eof(
    connection: Option<&mut Connection>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(connection, "connection")?.change(tls::Connection::received_eof);
        Ok(())
    })
}

/// Looks whether the peer's entry is still there. TRUSTDIR_STATUS_REVOKED when it is not: send what
/// trustdir_connection_write_tls hands out, then close. Under TRUSTDIR_ON_REMOVAL_FINISH it flags the connection only.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_recheck(connection: Option<&mut Connection>, error: *mut *mut Error) -> Status {
    guard(error, || {
        handle::required(connection, "connection")?.change(tls::Connection::recheck)?;
        Ok(())
    })
}

/// Has `hook(userdata)` called once when the peer's entry is removed, at once when it already is: the place to wake
/// whoever waits on the socket, who then calls trustdir_connection_recheck. It may be called from any thread, must
/// return quickly, must not throw, jump out or use the connection. It is not called for a peer that is refused or has
/// no certificate. `userdata` may be NULL. `userdata_free(userdata)`, unless NULL,
/// is called exactly once: after the hook, when the hook cannot come any more, when another one takes its place, when
/// the connection is freed, or when this call fails. The hook may still be running in another thread when
/// trustdir_connection_free returns, so release what it uses in `userdata_free` and nowhere else.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_on_revoked(
    connection: Option<&mut Connection>,
    hook: Option<extern "C" fn(userdata: *mut c_void)>,
    userdata: *mut c_void,
    userdata_free: Option<extern "C" fn(userdata: *mut c_void)>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let hook = Hook::new(hook, userdata, userdata_free, "hook")?;
        let connection = handle::required(connection, "connection")?;
        connection.change(|tls| tls.on_revoked(Box::new(move || hook.call())));
        Ok(())
    })
}

/// The decision about the peer. Borrowed from the connection until the next call that may change it. NULL until the
/// peer has been decided about, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_decision(connection: Option<&Connection>) -> Option<&Decision> {
    guard_or(None, || Some(connection?.decision()))
}

/// A number that no other connection of its acceptor or connector has, as in trustdir_acceptor_connections; 0, which is
/// also the first one's, for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_id(connection: Option<&Connection>) -> u64 {
    guard_or(0, || Some(connection?.connection.id()))
}

/// Whether the peer was admitted and its entry has gone since: exact at this moment. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_is_revoked(connection: Option<&Connection>) -> bool {
    guard_or(false, || Some(connection?.connection.is_revoked()))
}

/// Frees the connection and everything borrowed from it. Nothing is sent. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_free(connection: Option<Box<Connection>>) {
    guard_or((), || connection.map(drop));
}

#[cfg(test)]
mod tests;
