//! rustls behind buffers: ciphertext goes in piece by piece, plaintext comes out.

use std::io::{self, BufRead as _, Read, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::server::{Acceptor, ClientHello};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, CommonState, Connection, Error, InvalidMessage, ServerConfig,
};

use super::scope::{self, Scope};

/// What rustls reads at a time; it keeps no larger buffer while nothing is in it.
const READ_SIZE: usize = 4096;

/// As much ciphertext as may wait, in either direction; rustls has the same limit for what it is given to write.
const MAX_WAITING: usize = 64 * 1024;

pub(super) struct Engine {
    state: State,
    /// Ciphertext that rustls has not taken yet; what was taken is dropped lazily.
    inbound: Vec<u8>,
    taken: usize,
    /// Ciphertext that was taken since rustls's own buffer was small.
    swollen: usize,
    /// What is sent without TLS: an alert or an answer to whom no handshake began with.
    outbound: Vec<u8>,
    /// Ciphertext that rustls holds for the transport, at least: exact after each piece that was taken, which is when
    /// rustls may have answered.
    unsent: usize,
    /// Plaintext that rustls holds.
    plaintext: usize,
    close: Close,
    /// close_notify was queued: rustls would send what is written after it.
    finished: bool,
    pub scope: Scope,
}

enum State {
    /// Nothing but a part of the ClientHello has arrived.
    Greeting(Box<Acceptor>),
    Speaking(Box<Connection>),
    /// It failed before there was a connection.
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Close {
    Open,
    /// The transport has ended; rustls is told when it has taken all ciphertext.
    Eof,
    /// An end that `read` has yet to report.
    Unreported,
    Reported,
}

/// What came of reading plaintext.
pub(super) enum Plaintext<T> {
    Data(T),
    Pending,
    Closed,
    Truncated,
}

impl Engine {
    /// The server's end: waits for a ClientHello.
    pub(super) fn greeting() -> Self {
        Self::new(State::Greeting(Box::default()))
    }

    /// The client's end: begins with a ClientHello.
    pub(super) fn calling(config: Arc<ClientConfig>, name: ServerName<'static>) -> Result<Self, Error> {
        let mut scope = Scope::default();
        let tls = scope::with(&mut scope, || ClientConnection::new(config, name))?;
        Ok(Self { scope, ..Self::new(State::Speaking(Box::new(Connection::Client(tls)))) })
    }

    fn new(state: State) -> Self {
        Self {
            state,
            inbound: Vec::new(),
            taken: 0,
            swollen: 0,
            outbound: Vec::new(),
            unsent: 0,
            plaintext: 0,
            close: Close::Open,
            finished: false,
            scope: Scope::default(),
        }
    }

    pub(super) fn feed(&mut self, ciphertext: &[u8]) {
        if ciphertext.is_empty() || !self.is_open() {
            return;
        }
        if self.taken > self.inbound.len() / 2 {
            self.inbound.drain(..self.taken);
            self.taken = 0;
        }
        self.inbound.extend_from_slice(ciphertext);
    }

    /// Whether too much waits to be taken for more to be fed.
    pub(super) fn is_full(&self) -> bool {
        self.untaken().len() >= MAX_WAITING
    }

    /// What was fed and not taken yet.
    pub(super) fn untaken(&self) -> &[u8] {
        &self.inbound[self.taken..]
    }

    /// Whether the ClientHello is still awaited.
    pub(super) fn is_greeting(&self) -> bool {
        matches!(self.state, State::Greeting(_))
    }

    /// Gives rustls a piece of what was fed or, when it has taken that, of what is `fresh`, which is made shorter by it;
    /// `false` when it takes nothing now.
    pub(super) fn step(&mut self, fresh: &mut &[u8]) -> Result<bool, Error> {
        let taken = self.take(fresh)?;
        if taken {
            self.process_packets()?;
        }
        Ok(taken)
    }

    /// As [`step`](Self::step), for whom [`is_greeting`](Self::is_greeting). `choose` answers the ClientHello.
    pub(super) fn greet(&mut self, choose: impl FnOnce(&ClientHello<'_>) -> Arc<ServerConfig>) -> Result<bool, Error> {
        if !self.take(&mut &[][..])? {
            return Ok(false);
        }
        let Self { state, scope, outbound, .. } = self;
        let State::Greeting(acceptor) = state else { return Ok(true) };
        let begun = scope::with(scope, || match acceptor.accept()? {
            Some(hello) => {
                let config = choose(&hello.client_hello());
                hello.into_connection(config).map(Some)
            }
            None => Ok(None),
        });
        match begun {
            Ok(None) => return Ok(true),
            Ok(Some(tls)) => *state = State::Speaking(Box::new(Connection::Server(tls))),
            Err((error, mut alert)) => {
                // Writing to memory cannot fail.
                let _ = alert.write_all(outbound);
                return Err(self.refuse(error));
            }
        }
        self.process_packets()?;
        Ok(true)
    }

    /// Ends what has not become a connection yet, with an alert in the clear where rustls has none (RFC 8446, 6.2).
    fn refuse(&mut self, error: Error) -> Error {
        if self.is_greeting() {
            if self.outbound.is_empty() {
                let unexpected = !matches!(error, Error::InvalidMessage(_));
                let description =
                    if unexpected { AlertDescription::UnexpectedMessage } else { AlertDescription::DecodeError };
                self.outbound = vec![21, 3, 3, 0, 2, 2, description.into()];
            }
            self.state = State::Refused;
        }
        error
    }

    /// Moves as much of it as rustls's own buffer holds there; `false` when it takes nothing now.
    fn take(&mut self, fresh: &mut &[u8]) -> Result<bool, Error> {
        let fed = self.taken < self.inbound.len();
        let mut untaken = if fed { &self.inbound[self.taken..] } else { *fresh };
        let before = untaken.len();
        let read = match &mut self.state {
            State::Greeting(acceptor) if before > 0 => acceptor.read_tls(&mut untaken),
            State::Speaking(tls) if before > 0 && tls.wants_read() => {
                let first = tls.read_tls(&mut untaken);
                let mut read = first.as_ref().map_or(0, |read| *read);
                // It reads as much at once as its buffer holds, once that does not grow any more.
                while read == READ_SIZE && !untaken.is_empty() {
                    read = tls.read_tls(&mut untaken).unwrap_or_default();
                }
                first
            }
            _ => return Ok(false),
        };
        let count = before - untaken.len();
        self.swollen += count;
        if fed {
            self.taken += count;
        } else {
            *fresh = &fresh[count..];
        }
        // Reading from memory cannot fail: a message is longer than rustls holds.
        read.map(|count| count > 0).map_err(|_| self.refuse(InvalidMessage::HandshakePayloadTooLarge.into()))
    }

    fn process_packets(&mut self) -> Result<(), Error> {
        let State::Speaking(tls) = &mut self.state else { return Ok(()) };
        // rustls asserts, in debug builds, that no alert follows close_notify: damage after ours would bring it about.
        let process = AssertUnwindSafe(|| scope::with(&mut self.scope, || tls.process_new_packets()));
        let state = catch_unwind(process).unwrap_or_else(|_| Err(Error::General("rustls has panicked".to_owned())))?;
        self.plaintext = state.plaintext_bytes_to_read();
        self.unsent = state.tls_bytes_to_write();
        if state.peer_has_closed() {
            // What follows does not count (RFC 8446, 6.1).
            self.taken = self.inbound.len();
            if self.close == Close::Open {
                self.close = Close::Unreported;
            }
        }
        Ok(())
    }

    /// To be called when no step is left: drops buffers that a burst has made large, and ends what has ended.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        if self.taken < self.inbound.len() {
            return Ok(());
        }
        self.inbound = Vec::new();
        self.taken = 0;
        let State::Speaking(tls) = &mut self.state else {
            if self.close == Close::Eof {
                self.close = Close::Unreported;
            }
            return Ok(());
        };
        // rustls reads nothing, not even an end, while more than a record's plaintext waits; then later.
        if self.swollen > READ_SIZE && tls.read_tls(&mut Nothing).is_err_and(|e| e.kind() == io::ErrorKind::WouldBlock)
        {
            // It makes its buffer small when it is about to read.
            self.swollen = 0;
        }
        if self.close == Close::Eof && tls.read_tls(&mut io::empty()).is_ok() {
            self.process_packets()?;
            self.close = Close::Unreported;
        }
        Ok(())
    }

    /// Says that the transport has ended.
    pub(super) fn end(&mut self) {
        if self.close == Close::Open {
            self.close = Close::Eof;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.close == Close::Open
    }

    pub(super) fn report_end(&mut self) {
        self.close = Close::Reported;
    }

    pub(super) fn wants_read(&self) -> bool {
        self.close == Close::Open
            && match &self.state {
                State::Greeting(_) => true,
                State::Speaking(tls) => tls.wants_read() && self.taken == self.inbound.len(),
                State::Refused => false,
            }
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.outbound.is_empty() || self.tls().is_some_and(|tls| tls.wants_write())
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.tls().is_none_or(|tls| tls.is_handshaking())
    }

    pub(super) fn has_plaintext(&self) -> bool {
        self.plaintext > 0
    }

    /// How many bytes of plaintext can be read; at least 1 when an end waits behind them.
    pub(super) fn pending(&self) -> usize {
        match self.close {
            Close::Unreported | Close::Eof => self.plaintext.max(1),
            _ => self.plaintext,
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Plaintext<usize> {
        let State::Speaking(tls) = &mut self.state else { return Plaintext::Pending };
        match tls.reader().read(buffer) {
            Ok(0) => {
                self.close = Close::Reported;
                Plaintext::Closed
            }
            Ok(count) => {
                self.plaintext -= count.min(self.plaintext);
                Plaintext::Data(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Plaintext::Pending,
            Err(_) => Plaintext::Truncated,
        }
    }

    /// The plaintext that can be read in one piece, where it lies.
    pub(super) fn peek(&mut self) -> Plaintext<&[u8]> {
        let State::Speaking(tls) = &mut self.state else { return Plaintext::Pending };
        match tls.reader().into_first_chunk() {
            Ok([]) => {
                self.close = Close::Reported;
                Plaintext::Closed
            }
            Ok(chunk) => Plaintext::Data(chunk),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Plaintext::Pending,
            Err(_) => Plaintext::Truncated,
        }
    }

    /// Drops plaintext that was seen by `peek`, which is one piece at most, and says how much.
    pub(super) fn consume(&mut self, count: usize) -> usize {
        let State::Speaking(tls) = &mut self.state else { return 0 };
        let count = count.min(tls.reader().into_first_chunk().map_or(0, <[u8]>::len));
        tls.reader().consume(count);
        self.plaintext -= count.min(self.plaintext);
        count
    }

    pub(super) fn write(&mut self, plaintext: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.state {
            State::Speaking(_) if self.finished => Err(io::ErrorKind::BrokenPipe.into()),
            // Each call may make rustls queue a waiting answer to a key update, also when it takes no plaintext.
            State::Speaking(tls) if self.unsent < MAX_WAITING => {
                let count = tls.writer().write_vectored(plaintext)?;
                self.unsent += count;
                Ok(count)
            }
            _ => Ok(0),
        }
    }

    /// Sends what waits, as much as the transport takes at once.
    pub(super) fn send(&mut self, transport: &mut dyn io::Write) -> io::Result<usize> {
        if !self.outbound.is_empty() {
            let sent = transport.write(&self.outbound)?;
            self.outbound.drain(..sent.min(self.outbound.len()));
            return Ok(sent);
        }
        match &mut self.state {
            State::Speaking(tls) if tls.wants_write() => {
                let sent = tls.write_tls(transport)?;
                self.unsent = self.unsent.saturating_sub(sent);
                Ok(sent)
            }
            _ => Ok(0),
        }
    }

    /// Answers without TLS whom no handshake began with.
    pub(super) fn answer(&mut self, bytes: Vec<u8>) {
        self.outbound = bytes;
        self.state = State::Refused;
    }

    pub(super) fn send_close_notify(&mut self) {
        if let State::Speaking(tls) = &mut self.state {
            tls.send_close_notify();
            self.finished = true;
        }
    }

    /// Drops what was received: nobody will read it.
    pub(super) fn discard(&mut self) {
        if self.is_greeting() {
            self.state = State::Refused;
        }
        self.inbound = Vec::new();
        self.taken = 0;
        self.plaintext = 0;
    }

    /// What rustls knows of the connection, once the ClientHello has arrived.
    pub(super) fn common(&self) -> Option<&CommonState> {
        self.tls().map(|tls| &**tls)
    }

    /// What the peer sent, its own certificate first.
    pub(super) fn peer_chain(&self) -> Vec<&[u8]> {
        let chain = self.common().and_then(|common| common.peer_certificates());
        chain.into_iter().flatten().map(AsRef::as_ref).collect()
    }

    pub(super) fn tls(&self) -> Option<&Connection> {
        match &self.state {
            State::Speaking(tls) => Some(tls),
            _ => None,
        }
    }
}

/// A transport on which nothing arrives at the moment.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}
