//! One connection as a state machine over buffers (sans-I/O).

mod verdict;

use std::fmt;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::time::Instant;

use super::account::Account;
use super::allowance::Allowance;
use super::engine::{Engine, Plaintext};
use super::open::{Listed, OnRemoval};
use super::plain_http::Greeting;
use super::side::Side;
use crate::admission::Decision;
use crate::clock::now;
use crate::error::{Error, ErrorKind, Result};
use crate::trust_dir::{Hook, Registration};

/// What came of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// This many bytes of plaintext.
    Data(usize),
    /// Nothing now; feed more ciphertext.
    Pending,
    /// The peer has closed cleanly (close_notify).
    Closed,
}

/// One end of a TLS connection, of an [`Acceptor`](super::Acceptor) or a [`Connector`](super::Connector): ciphertext
/// and plaintext in and out of the caller's buffers.
///
/// One thread at a time. The loop of a host is: feed what the socket gives to [`read_tls`](Self::read_tls),
/// send what [`write_tls`](Self::write_tls) gives, also after an error (the alert is in it), and
/// [`read`](Self::read) and [`write`](Self::write) plaintext.
///
/// The peer is decided about before its first plaintext byte is released. Once its entry is removed every
/// further read and write of plaintext answers [`ErrorKind::Revoked`], and close_notify is queued for the peer; with
/// [`OnRemoval::Finish`] it goes on, flagged. Once a limit of the entry refuses the peer, the same happens. Ciphertext
/// is taken without a look: a host that neither reads nor writes hears of it from [`on_revoked`](Self::on_revoked).
///
/// In TLS 1.3 a client's handshake is over before the server judges its certificate: a refusal comes as an alert
/// ([`ErrorKind::Alert`]) to one of the client's next reads.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
/// # let mut connection = trustdir::tls::Acceptor::builder(identity).build()?.accept()?;
/// use trustdir::ErrorKind;
///
/// let error = connection.read_tls(b"GET / HTTP/1.1\r\n\r\n").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Tls);
/// let mut alert = [0; 64];
/// assert_eq!(connection.write_tls(&mut alert), 7);
/// # Ok::<(), trustdir::Error>(())
/// ```
pub struct Connection {
    id: u64,
    pub(super) side: Side,
    pub(super) engine: Engine,
    /// When the peer must have been decided about; `None` for a time that no clock reaches.
    deadline: Option<Instant>,
    allowance: Allowance,
    /// Shared with the list of open connections.
    decision: Option<Arc<Decision>>,
    failure: Option<(ErrorKind, String)>,
    /// It was admitted and its entry has gone since.
    revoked: bool,
    /// Given before the decision, kept until it is made.
    hook: Option<Hook>,
    registration: Option<Registration>,
    listed: Option<Listed>,
    account: Account,
}

impl Connection {
    pub(super) fn new(side: Side, engine: Engine, since: Instant) -> Self {
        Self {
            id: side.open().number(),
            account: Account::open(side.tally().clone(), side.peer()),
            deadline: since.checked_add(side.limits().timeout),
            allowance: Allowance::of(&side, since),
            side,
            engine,
            decision: None,
            failure: None,
            revoked: false,
            hook: None,
            registration: None,
            listed: None,
        }
    }

    /// Takes ciphertext from the transport, all of it. After an error, send what
    /// [`write_tls`](Self::write_tls) gives (the alert), then close: read on until the peer ends or a moment has
    /// passed, since a close with unread bytes makes the system drop the alert.
    ///
    /// Stop feeding while [`wants_read`](Self::wants_read) is false: memory grows with what is fed while plaintext waits
    /// to be read. While 64 KiB wait behind it, nothing more is taken: that is [`ErrorKind::InvalidArgument`], the only
    /// error here after which the connection goes on.
    pub fn read_tls(&mut self, ciphertext: &[u8]) -> Result<()> {
        self.read_tls_at(ciphertext, Instant::now())
    }

    /// As [`read_tls`](Self::read_tls), for ciphertext that arrived at this moment: what depends on time - the
    /// [deadline](Self::deadline), the rate of
    /// [tiny records](super::AcceptorBuilder::max_tiny_records) - is counted by it.
    pub fn read_tls_at(&mut self, ciphertext: &[u8], now: Instant) -> Result<()> {
        self.expire(now)?;
        if self.engine.is_full() {
            return Err(Error::new(ErrorKind::InvalidArgument, FULL));
        }
        self.follow(ciphertext, now)?;
        let rest = self.process(ciphertext);
        self.engine.feed(rest);
        if self.decision.is_none() {
            self.keep_to(self.allowance.for_handshake())?;
        }
        self.ok()
    }

    /// Follows ciphertext that was taken.
    fn follow(&mut self, ciphertext: &[u8], now: Instant) -> Result<()> {
        self.account.took_ciphertext(ciphertext.len());
        let kept = self.allowance.follow(ciphertext, now);
        self.keep_to(kept)
    }

    /// Ends the connection with a peer that has not kept to its limits.
    fn keep_to(&mut self, kept: std::result::Result<(), String>) -> Result<()> {
        if let (Err(message), None) = (kept, &self.failure) {
            self.end(ErrorKind::Tls, message);
        }
        self.ok()
    }

    /// Moves ciphertext for the transport into the buffer; 0 when there is none.
    pub fn write_tls(&mut self, mut out: &mut [u8]) -> usize {
        let capacity = out.len();
        // Writing to a slice cannot fail, and stops when it is full.
        while !out.is_empty() && matches!(self.send_tls(&mut out), Ok(1..)) {}
        capacity - out.len()
    }

    /// Sends ciphertext straight to the transport, several records with one vectored write, without a copy; says how
    /// much it took, 0 when there is nothing to send.
    pub fn send_tls(&mut self, transport: &mut dyn io::Write) -> io::Result<usize> {
        let sent = self.engine.send(transport)?;
        self.account.gave_ciphertext(sent);
        // In a handshake rustls takes nothing while something waits to be sent: what was fed meanwhile is its turn now.
        if !self.engine.untaken().is_empty() && self.engine.is_handshaking() && !self.engine.wants_write() {
            self.process(&[]);
        }
        Ok(sent)
    }

    /// Moves plaintext from the peer into the buffer: all that has arrived, as far as there is room. Each call looks at
    /// the entry once, so a buffer for several records costs less than one for each.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Read> {
        Ok(self.fill(&[], buffer)?.1)
    }

    /// [`read_tls`](Self::read_tls) and [`read`](Self::read) in one, with fewer copies: takes ciphertext from the
    /// transport and moves plaintext into the buffer, and says how much it took and what it read. What it did not take,
    /// for want of room, is to be given again, and before [`received_eof`](Self::received_eof).
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
    /// # let mut connection = trustdir::tls::Acceptor::builder(identity).build()?.accept()?;
    /// use trustdir::tls::Read;
    ///
    /// let mut plaintext = [0; 1024];
    /// assert_eq!(connection.receive(b"\x16\x03\x01", &mut plaintext)?, (3, Read::Pending));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn receive(&mut self, ciphertext: &[u8], buffer: &mut [u8]) -> Result<(usize, Read)> {
        if self.decision.is_none() {
            self.read_tls(ciphertext)?;
            return Ok((ciphertext.len(), self.read(buffer)?));
        }
        let (taken, read) = self.fill(ciphertext, buffer)?;
        // What is wrong with it is for the next call.
        let _ = self.follow(&ciphertext[..taken], Instant::now());
        Ok((taken, read))
    }

    /// Processes ciphertext and moves plaintext into the buffer, in turns. Says how much it took and what it moved.
    fn fill(&mut self, ciphertext: &[u8], buffer: &mut [u8]) -> Result<(usize, Read)> {
        let mut rest = self.process(ciphertext);
        let may_read = self.may_read()?;
        let (mut filled, mut read) = (0, Read::Pending);
        while may_read
            && filled < buffer.len()
            && self.failure.is_none()
            && (filled == 0 || self.engine.has_plaintext())
        {
            match self.engine.read(&mut buffer[filled..]) {
                Plaintext::Data(count) => filled += count,
                Plaintext::Truncated if filled == 0 => return Err(self.truncated("without close_notify")),
                Plaintext::Closed if filled == 0 => {
                    read = Read::Closed;
                    break;
                }
                _ => break,
            }
            // An error in what follows is for the next call: these bytes are good.
            rest = self.process(rest);
        }
        if filled > 0 || (buffer.is_empty() && may_read && self.engine.pending() > 0) {
            read = Read::Data(filled);
        }
        self.account.gave_plaintext(filled);
        Ok((ciphertext.len() - rest.len(), read))
    }

    /// Plaintext from the peer where it lies, without a copy: what can be had in one piece. `None` when there is
    /// nothing now, an empty piece when the peer has closed cleanly. Say with [`consume`](Self::consume) how much of it
    /// is done with.
    pub fn peek(&mut self) -> Result<Option<&[u8]>> {
        if !self.may_read()? {
            return Ok(None);
        }
        if let Plaintext::Truncated = self.engine.peek() {
            return Err(self.truncated("without close_notify"));
        }
        Ok(match self.engine.peek() {
            Plaintext::Data(piece) => Some(piece),
            Plaintext::Closed => Some(&[]),
            _ => None,
        })
    }

    /// Drops plaintext that [`peek`](Self::peek) has shown.
    pub fn consume(&mut self, count: usize) {
        self.account.gave_plaintext(self.engine.consume(count));
        self.process(&[]);
    }

    /// Takes plaintext for the peer and says how much; 0 during the handshake and while 64 KiB wait to be
    /// drained by [`write_tls`](Self::write_tls).
    pub fn write(&mut self, plaintext: &[u8]) -> Result<usize> {
        self.write_vectored(&[IoSlice::new(plaintext)])
    }

    /// As [`write`](Self::write), of several pieces one after another, which need not be put together before.
    pub fn write_vectored(&mut self, plaintext: &[IoSlice<'_>]) -> Result<usize> {
        self.recheck()?;
        if self.decision.is_none() {
            return Ok(0);
        }
        let closed = |_| Error::new(ErrorKind::Closed, "the connection is closed for writing");
        let count = self.engine.write(plaintext).map_err(closed)?;
        self.account.took_plaintext(count);
        if count > 0 {
            self.allowance.answered();
        }
        Ok(count)
    }

    /// How many bytes of plaintext can be read now; at least 1 also when a close or an error waits.
    pub fn pending(&self) -> usize {
        if self.failure.is_some() {
            return 1;
        }
        if self.decision.is_none() { usize::from(!self.engine.is_open()) } else { self.engine.pending() }
    }

    /// Whether ciphertext from the transport can be used now.
    pub fn wants_read(&self) -> bool {
        self.failure.is_none() && self.engine.wants_read()
    }

    /// Whether there is ciphertext for the transport.
    pub fn wants_write(&self) -> bool {
        self.engine.wants_write()
    }

    /// Whether the handshake is still going on; a peer that was refused never leaves it.
    pub fn is_handshaking(&self) -> bool {
        self.decision.is_none() || self.engine.is_handshaking()
    }

    /// When the handshake must be over, if it is not: have [`expire`](Self::expire) called then.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| self.decision.is_none() && self.failure.is_none())
    }

    /// Ends a handshake that is not over at this moment although its [deadline](Self::deadline) has passed, with
    /// [`ErrorKind::TimedOut`].
    pub fn expire(&mut self, now: Instant) -> Result<()> {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            let (peer, seconds) = (self.side.peer(), self.side.limits().timeout.as_secs_f64());
            self.end(ErrorKind::TimedOut, format!("the {peer} has not completed its handshake within {seconds} s"));
        }
        self.ok()
    }

    /// Queues close_notify; nothing can be written after it, and what the peer still sends can be read.
    pub fn close_notify(&mut self) {
        self.engine.send_close_notify();
    }

    /// Says that the transport has ended; ciphertext that is given after it is dropped. Without a close_notify before,
    /// [`read`](Self::read) then answers [`ErrorKind::Truncated`].
    pub fn received_eof(&mut self) {
        self.engine.end();
        self.process(&[]);
        if self.decision.is_none() {
            let message = format!("the {} closed the connection during the handshake", self.side.peer());
            self.account.ended(ErrorKind::Truncated, &message);
        }
    }

    /// The decision about the peer: `None` until it is made, a refusal after it was refused or revoked.
    pub fn decision(&self) -> Option<&Decision> {
        self.decision.as_deref()
    }

    /// A number that no other connection of its acceptor or connector has, as in
    /// [`Acceptor::connections`](super::Acceptor::connections).
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether the peer was admitted and its entry has gone since: exact at this moment.
    pub fn is_revoked(&self) -> bool {
        self.revoked || self.decision().and_then(Decision::held).is_some_and(|held| !held.is_current())
    }

    /// Looks whether the entry that admitted the peer is still there, still vouches for it if it is an authority, and
    /// admits it within its limits. If not, queues close_notify and answers [`ErrorKind::Revoked`]; the
    /// [decision](Self::decision) says why. With [`OnRemoval::Finish`] it flags the connection only. Every read and write
    /// does the same.
    pub fn recheck(&mut self) -> Result<()> {
        if self.failure.is_none()
            && !self.revoked
            && let Some(refusal) = self.decision.as_ref().and_then(|decision| decision.refused_since(now()))
        {
            self.revoked = true;
            if !self.ends_on_removal() {
                self.tell(&refusal);
                return Ok(());
            }
            self.refuse(refusal, ErrorKind::Revoked);
        }
        self.ok()
    }

    /// Has the hook called once, from any thread, when the entry that admitted the peer goes; at once
    /// if it has gone. Then call [`recheck`](Self::recheck) where the connection lives. The hook must not
    /// call into the connection. A new hook replaces the old. It is dropped uncalled when the peer is
    /// refused, is admitted without a certificate, or the connection ends.
    pub fn on_revoked(&mut self, hook: Box<dyn FnOnce() + Send>) {
        match &self.decision {
            None if self.failure.is_none() => self.hook = Some(hook),
            Some(_) if self.revoked => hook(),
            decision => {
                self.registration = decision.as_deref().and_then(Decision::held).map(|held| held.on_removed(hook));
            }
        }
    }

    /// Whether it is over when the entry goes.
    pub(super) fn ends_on_removal(&self) -> bool {
        self.side.on_removal() == OnRemoval::Close
    }

    /// Whether plaintext may be released.
    fn may_read(&mut self) -> Result<bool> {
        self.recheck()?;
        if self.decision.is_none() && !self.engine.is_open() {
            return Err(self.truncated("during the handshake"));
        }
        Ok(self.decision.is_some())
    }

    /// Hands ciphertext to rustls as long as it takes any: what was fed before, then this, of which it returns the rest.
    fn process<'a>(&mut self, mut ciphertext: &'a [u8]) -> &'a [u8] {
        if self.engine.is_greeting() || !self.engine.is_open() {
            self.engine.feed(std::mem::take(&mut ciphertext));
        }
        while self.failure.is_none() {
            match self.step(&mut ciphertext) {
                Ok(true) => self.decide_when_done(),
                Ok(false) => break,
                Err(error) => self.fail(&error),
            }
        }
        // Buffers are made small when nothing follows.
        if self.failure.is_none()
            && ciphertext.is_empty()
            && let Err(error) = self.engine.settle()
        {
            self.fail(&error);
        }
        // Of what has failed nothing is of use any more.
        if self.failure.is_some() { &[] } else { ciphertext }
    }

    /// Hands rustls a piece; `false` when it takes nothing now.
    fn step(&mut self, fresh: &mut &[u8]) -> Result<bool, rustls::Error> {
        let Self { side: Side::Server(serving), engine, .. } = self else { return self.engine.step(fresh) };
        if !engine.is_greeting() {
            return engine.step(fresh);
        }
        match serving.greeting(engine.untaken()) {
            Greeting::Other => return engine.greet(|hello| serving.choose(hello)),
            Greeting::Unfinished => {}
            Greeting::Http(answer) => {
                engine.answer(answer);
                self.end(ErrorKind::Tls, self.side.not_tls().to_owned());
            }
        }
        Ok(false)
    }
}

const FULL: &str = "64 KiB that were fed wait for plaintext to be read; read it, and feed while wants_read is true";

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("version", &self.version())
            .field("handshaking", &self.is_handshaking())
            .field("decision", &self.decision().map(Decision::reason))
            .finish_non_exhaustive()
    }
}
