//! One connection as a state machine over buffers (sans-I/O).

use std::fmt;
use std::io::{self, Read as _, Write as _};

use rustls::{HandshakeKind, InvalidMessage, ProtocolVersion, ServerConnection};

use super::acceptor::{Acceptor, TlsVersion};
use super::open::{Listed, OnRemoval};
use super::scope::{self, Scope};
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

/// The server's end of one TLS connection: ciphertext and plaintext in and out of the caller's buffers.
///
/// One thread at a time. The loop of a host is: feed what the socket gives to [`read_tls`](Self::read_tls),
/// send what [`write_tls`](Self::write_tls) gives, also after an error (the alert is in it), and
/// [`read`](Self::read) and [`write`](Self::write) plaintext.
///
/// A client is decided about before its first plaintext byte is released. Once its entry is removed every
/// further call answers [`ErrorKind::Revoked`], and close_notify is queued for the peer; with
/// [`OnRemoval::Finish`] it goes on, flagged. Once a limit of the entry refuses the client, the same happens at the
/// next call.
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
    acceptor: Acceptor,
    tls: ServerConnection,
    /// Ciphertext that rustls has not taken yet; what was taken is dropped lazily.
    inbound: Vec<u8>,
    taken: usize,
    /// Plaintext that rustls holds, and whether a close waits behind it.
    plaintext: usize,
    close: Close,
    scope: Scope,
    decision: Option<Decision>,
    failure: Option<(ErrorKind, String)>,
    /// It was admitted and its entry has gone since.
    revoked: bool,
    /// Given before the decision, kept until it is made.
    hook: Option<Hook>,
    registration: Option<Registration>,
    listed: Option<Listed>,
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

impl Connection {
    pub(super) fn new(acceptor: Acceptor) -> Result<Self> {
        let failed =
            |error: rustls::Error| Error::new(ErrorKind::Tls, format!("the connection cannot be made: {error}"));
        let tls = ServerConnection::new(acceptor.config()).map_err(failed)?;
        Ok(Self {
            id: acceptor.open().number(),
            acceptor,
            tls,
            inbound: Vec::new(),
            taken: 0,
            plaintext: 0,
            close: Close::Open,
            scope: Scope::default(),
            decision: None,
            failure: None,
            revoked: false,
            hook: None,
            registration: None,
            listed: None,
        })
    }

    /// Takes ciphertext from the transport, all of it. After an error, send what
    /// [`write_tls`](Self::write_tls) gives (the alert), then close.
    ///
    /// Memory grows with what is fed and not read: stop feeding while [`wants_read`](Self::wants_read) is false.
    pub fn read_tls(&mut self, ciphertext: &[u8]) -> Result<()> {
        self.recheck()?;
        self.inbound.extend_from_slice(ciphertext);
        self.process();
        self.ok()
    }

    /// Moves ciphertext for the transport into the buffer; 0 when there is none.
    pub fn write_tls(&mut self, mut out: &mut [u8]) -> usize {
        let capacity = out.len();
        while !out.is_empty() && self.tls.wants_write() {
            // Writing to a slice cannot fail, and stops when it is full.
            match self.tls.write_tls(&mut out) {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        capacity - out.len()
    }

    /// Moves plaintext from the peer into the buffer.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Read> {
        self.recheck()?;
        if self.decision.is_none() {
            return if self.close == Close::Open {
                Ok(Read::Pending)
            } else {
                Err(self.truncated("during the handshake"))
            };
        }
        if buffer.is_empty() {
            return Ok(if self.plaintext > 0 { Read::Data(0) } else { Read::Pending });
        }
        match self.tls.reader().read(buffer) {
            Ok(0) => {
                self.close = Close::Reported;
                Ok(Read::Closed)
            }
            Ok(count) => {
                self.plaintext -= count.min(self.plaintext);
                // An error in what follows is for the next call: these bytes are good.
                self.process();
                Ok(Read::Data(count))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Read::Pending),
            Err(_) => Err(self.truncated("without close_notify")),
        }
    }

    /// Takes plaintext for the peer and says how much; 0 during the handshake and while 64 KiB wait to be
    /// drained by [`write_tls`](Self::write_tls).
    pub fn write(&mut self, plaintext: &[u8]) -> Result<usize> {
        self.recheck()?;
        if self.decision.is_none() {
            return Ok(0);
        }
        let closed = |_| Error::new(ErrorKind::Closed, "the connection is closed for writing");
        self.tls.writer().write(plaintext).map_err(closed)
    }

    /// How many bytes of plaintext can be read now; at least 1 also when a close or an error waits.
    pub fn pending(&self) -> usize {
        if self.failure.is_some() {
            return 1;
        }
        match self.close {
            _ if self.decision.is_none() => usize::from(self.close != Close::Open),
            Close::Unreported | Close::Eof => self.plaintext.max(1),
            _ => self.plaintext,
        }
    }

    /// Whether ciphertext from the transport can be used now.
    pub fn wants_read(&self) -> bool {
        self.failure.is_none() && self.close == Close::Open && self.taken == self.inbound.len() && self.tls.wants_read()
    }

    /// Whether there is ciphertext for the transport.
    pub fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    /// Whether the handshake is still going on; a client that was refused never leaves it.
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking() || self.decision.is_none()
    }

    /// Queues close_notify; nothing can be written after it.
    pub fn close_notify(&mut self) {
        self.tls.send_close_notify();
    }

    /// Says that the transport has ended. Without a close_notify before, [`read`](Self::read) then answers
    /// [`ErrorKind::Truncated`].
    pub fn received_eof(&mut self) {
        if self.close == Close::Open {
            self.close = Close::Eof;
            self.process();
        }
    }

    /// The decision about the client: `None` until it is made, a refusal after it was refused or revoked.
    pub fn decision(&self) -> Option<&Decision> {
        self.decision.as_ref()
    }

    /// A number that no other connection of its acceptor has, as in [`Acceptor::connections`].
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether the client was admitted and its entry has gone since: exact at this moment.
    pub fn is_revoked(&self) -> bool {
        self.revoked || self.decision.as_ref().and_then(Decision::held).is_some_and(|held| !held.is_current())
    }

    /// Looks whether the entry that admitted the client is still there, still vouches for it if it is an authority, and
    /// admits it within its limits. If not, queues close_notify and answers [`ErrorKind::Revoked`]; the
    /// [decision](Self::decision) says why. With [`OnRemoval::Finish`] it flags the connection only. Every read and write
    /// does the same.
    pub fn recheck(&mut self) -> Result<()> {
        if self.failure.is_none()
            && !self.revoked
            && let Some(decision) = &self.decision
            && let Some(refusal) = self.acceptor.policy().decide_again(decision, now())
        {
            self.revoked = true;
            if self.acceptor.on_removal() == OnRemoval::Finish {
                return Ok(());
            }
            self.refuse(refusal, ErrorKind::Revoked);
        }
        self.ok()
    }

    /// Has the hook called once, from any thread, when the entry that admitted the client goes; at once
    /// if it has gone. Then call [`recheck`](Self::recheck) where the connection lives. The hook must not
    /// call into the connection. A new hook replaces the old. It is dropped uncalled when the client is
    /// refused, is admitted without a certificate, or the connection ends.
    pub fn on_revoked(&mut self, hook: Box<dyn FnOnce() + Send>) {
        match &self.decision {
            None if self.failure.is_none() => self.hook = Some(hook),
            Some(_) if self.revoked => hook(),
            decision => {
                self.registration = decision.as_ref().and_then(Decision::held).map(|held| held.on_removed(hook));
            }
        }
    }

    /// The protocol version, once negotiated.
    pub fn version(&self) -> Option<TlsVersion> {
        match self.tls.protocol_version()? {
            ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
            ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
            _ => None,
        }
    }

    /// The cipher suite's IANA name, once negotiated.
    pub fn cipher_suite(&self) -> Option<&str> {
        self.tls.negotiated_cipher_suite()?.suite().as_str()
    }

    /// The application protocol, if one was negotiated.
    pub fn alpn(&self) -> Option<&str> {
        std::str::from_utf8(self.tls.alpn_protocol()?).ok()
    }

    /// The host name that the client asked for (SNI).
    pub fn server_name(&self) -> Option<&str> {
        self.tls.server_name()
    }

    /// Whether an earlier session was resumed.
    pub fn resumed(&self) -> bool {
        self.tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// Hands ciphertext to rustls as long as it takes any.
    fn process(&mut self) {
        while self.failure.is_none() && self.taken < self.inbound.len() && self.tls.wants_read() {
            match self.tls.read_tls(&mut &self.inbound[self.taken..]) {
                Ok(0) | Err(_) => break,
                Ok(count) => self.taken += count,
            }
            self.process_packets();
        }
        if self.taken == self.inbound.len() {
            // A buffer grown by one large burst is not kept for the life of the connection.
            self.inbound = Vec::new();
            self.taken = 0;
            if self.close == Close::Eof && self.failure.is_none() {
                let _ = self.tls.read_tls(&mut io::empty());
                self.process_packets();
                self.close = Close::Unreported;
            }
        }
    }

    fn process_packets(&mut self) {
        let tls = &mut self.tls;
        match scope::with(&mut self.scope, || tls.process_new_packets()) {
            Err(error) => self.fail(&error),
            Ok(state) => {
                self.plaintext = state.plaintext_bytes_to_read();
                if state.peer_has_closed() && self.close == Close::Open {
                    self.close = Close::Unreported;
                }
                if self.decision.is_none() && !self.tls.is_handshaking() {
                    self.decide();
                }
            }
        }
    }

    /// Decides about the client of a completed handshake, full or resumed. A resumed one was never shown to
    /// the verifier; a full one is looked at again: the entry may have gone in between.
    fn decide(&mut self) {
        let chain: Vec<&[u8]> = self.tls.peer_certificates().into_iter().flatten().map(AsRef::as_ref).collect();
        let decision = self.acceptor.policy().decide_and_hold(&chain, now());
        self.scope = Scope::default();
        if decision.is_admitted() {
            let hook = self.hook.take();
            self.registration = decision.held().zip(hook).map(|(held, hook)| held.on_removed(hook));
            self.listed = self.acceptor.open().enter(self.id, &decision);
            self.decision = Some(decision);
        } else {
            let kind = decision.reason().error_kind();
            self.refuse(decision, kind);
        }
    }

    /// rustls can send no other alert than close_notify once the handshake is over.
    fn refuse(&mut self, decision: Decision, kind: ErrorKind) {
        self.tls.send_close_notify();
        self.failure = Some((kind, decision.message().to_owned()));
        self.decision = Some(decision);
        self.discard();
    }

    fn fail(&mut self, error: &rustls::Error) {
        let refusal = match error {
            rustls::Error::NoCertificatesPresented => Some(self.acceptor.policy().decide_and_hold(&[], now())),
            rustls::Error::InvalidCertificate(_) => {
                self.scope.decision.take().filter(|decision| !decision.is_admitted())
            }
            _ => None,
        };
        let (kind, message) = match error {
            rustls::Error::AlertReceived(alert) => {
                (ErrorKind::Alert, format!("the client ended the connection with the alert {alert:?}"))
            }
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => (
                ErrorKind::Tls,
                "the client does not speak TLS; it may have opened http:// on an https port".to_owned(),
            ),
            other => (ErrorKind::Tls, format!("the TLS protocol failed: {other}")),
        };
        self.failure = Some(match &refusal {
            Some(refusal) => (refusal.reason().error_kind(), refusal.message().to_owned()),
            None => (kind, message),
        });
        if refusal.is_some() {
            self.decision = refusal;
        }
        self.discard();
    }

    fn discard(&mut self) {
        self.inbound = Vec::new();
        self.taken = 0;
        self.plaintext = 0;
        self.hook = None;
        self.registration = None;
        self.listed = None;
    }

    /// The failure, again for each call.
    fn ok(&self) -> Result<()> {
        let Some((kind, message)) = &self.failure else { return Ok(()) };
        let error = Error::new(*kind, message.as_str());
        Err(match &self.decision {
            Some(decision) if !decision.is_admitted() => error.with_decision(decision.clone()),
            _ => error,
        })
    }

    fn truncated(&mut self, when: &str) -> Error {
        self.close = Close::Reported;
        Error::new(ErrorKind::Truncated, format!("the client closed the connection {when}"))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("version", &self.version())
            .field("handshaking", &self.is_handshaking())
            .field("decision", &self.decision.as_ref().map(Decision::reason))
            .finish_non_exhaustive()
    }
}
