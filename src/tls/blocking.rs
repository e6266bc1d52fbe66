//! A connection over a blocking transport.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::acceptor::Acceptor;
use super::connection::{self, Connection};
use crate::error::{Error, ErrorKind, Result};

/// How long the peer is listened to after the end of a connection, and for how many bytes: a close with unread bytes
/// makes the system send a reset, and the peer lose what it has not read yet, the alert among it.
pub(super) const LINGER: Duration = Duration::from_secs(5);
pub(super) const LINGER_BYTES: usize = 1024 * 1024;

/// What a [`Stream`] asks of its transport besides reading and writing. A transport of your own may leave all of it as
/// it is: then nothing bounds how long the peer takes for its handshake and for what is sent last, a read that waits does
/// not end when the peer is removed, and nothing is read after the end.
pub trait Transport: Read + Write {
    /// Limits how long a read, and how long a write waits; `None` takes the limit away.
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Ends what is sent; what the peer sends can still be read.
    fn shutdown_write(&self) -> io::Result<()> {
        Ok(())
    }

    /// What ends a read that waits, called once and from any thread.
    fn waker(&self) -> io::Result<Box<dyn FnOnce() + Send>> {
        Ok(Box::new(|| ()))
    }
}

impl Transport for TcpStream {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)?;
        self.set_write_timeout(timeout)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn waker(&self) -> io::Result<Box<dyn FnOnce() + Send>> {
        let socket = self.try_clone()?;
        Ok(Box::new(move || drop(socket.shutdown(Shutdown::Read))))
    }
}

/// A [`Connection`] over a blocking transport, such as a [`TcpStream`]: plaintext to [`Read`] and [`Write`].
///
/// A removal ends a read that waits. Errors are [`io::Error`]s with an [`Error`] inside that says who was refused and why.
/// Before one is returned the peer has been sent its alert, or close_notify, and has been listened to until it ended, so
/// that what was sent arrives: that takes 5 s, and 1 MiB are read, at most. What is written is sent at once. Drop it only after
/// [`close`](Self::close) or an error: else the peer takes the connection for truncated.
///
/// For one thread at a time. Over a `TcpStream` the connection has a second descriptor of the socket, and the
/// handshake uses its timeouts, which are off after it; set your own then.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
/// # let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
/// # std::io::Write::write_all(&mut client, b"GET / HTTP/1.1\r\n\r\n").unwrap();
/// # client.shutdown(std::net::Shutdown::Write).unwrap();
/// use std::io::{self, Read, Write};
/// use std::net::TcpStream;
/// use trustdir::tls::{Acceptor, Stream};
///
/// fn greet(acceptor: &Acceptor, socket: TcpStream) -> io::Result<()> {
///     let mut stream = Stream::accept(acceptor, socket)?;
///     let mut request = [0; 4096];
///     let count = stream.read(&mut request)?;
///     stream.write_all(b"you said: ")?;
///     stream.write_all(&request[..count])?;
///     stream.close()
/// }
///
/// # let acceptor = Acceptor::builder(identity).build()?;
/// # let socket = listener.accept().unwrap().0;
/// let error = greet(&acceptor, socket).unwrap_err();
/// assert!(error.to_string().starts_with("the client does not speak TLS"));
/// # Ok::<(), trustdir::Error>(())
/// ```
pub struct Stream<T: Transport> {
    connection: Connection,
    transport: T,
    ended: bool,
}

impl<T: Transport> Stream<T> {
    /// The handshake with a client, to its end or the [deadline](Connection::deadline).
    pub fn accept(acceptor: &Acceptor, transport: T) -> Result<Self> {
        Self::handshake(acceptor.accept()?, transport)
    }

    /// As [`accept`](Self::accept), of a connection that was made before: also a client's, by
    /// [`Connector::connect`](super::Connector::connect). In TLS 1.3 a client's handshake is over before the server
    /// judges it: a refusal comes to the first read.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let acceptor = trustdir::tls::Acceptor::builder(ca.issue_server(&["localhost"], &Default::default())?).build()?;
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    /// # let port = listener.local_addr().unwrap().port();
    /// # let serving = std::thread::spawn(move || {
    /// #     let mut stream = Stream::accept(&acceptor, listener.accept().unwrap().0).unwrap();
    /// #     io::copy(&mut (&mut stream).take(5), &mut io::sink()).unwrap();
    /// #     stream.write_all(b"hello").and_then(|()| stream.close()).unwrap();
    /// # });
    /// use std::io::{self, Read, Write};
    /// use std::net::TcpStream;
    /// use trustdir::tls::{Connector, Stream};
    ///
    /// fn ask(connector: &Connector, host: &str, port: u16) -> io::Result<String> {
    ///     let connection = connector.connect(host)?;
    ///     let mut stream = Stream::handshake(connection, TcpStream::connect((host, port))?)?;
    ///     stream.write_all(b"hello")?;
    ///     let mut answer = String::new();
    ///     stream.read_to_string(&mut answer)?;
    ///     stream.close()?;
    ///     Ok(answer)
    /// }
    /// # let connector = Connector::builder().authority(ca.certificate().clone()).build()?;
    /// # assert_eq!(ask(&connector, "localhost", port).unwrap(), "hello");
    /// # serving.join().unwrap();
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn handshake(connection: Connection, transport: T) -> Result<Self> {
        let mut stream = Self { connection, transport, ended: false };
        let deadline = stream.connection.deadline();
        if deadline.is_none() {
            let _ = stream.transport.set_timeout(None);
        }
        while stream.connection.is_handshaking() {
            let exchanged = stream.send(deadline).and_then(|()| stream.receive(deadline));
            let outcome = stream.connection.expire(Instant::now());
            if let Err(error) = outcome.and_then(|()| stream.connection.read(&mut [])) {
                stream.end(Instant::now() + LINGER);
                return Err(error);
            }
            if let Err(error) = exchanged {
                stream.connection.received_eof();
                return Err(Error::transport(error));
            }
        }
        if stream.connection.ends_on_removal() {
            stream.connection.on_revoked(stream.transport.waker().map_err(Error::transport)?);
        }
        // A server's tickets. An error of the transport is for the next call.
        let _ = stream.send(deadline);
        let _ = stream.transport.set_timeout(None);
        Ok(stream)
    }

    /// The connection, with the decision about the peer and what was negotiated.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Sends what waits and close_notify, and listens to the peer until it ends as well: what was written arrives, unless
    /// all that takes more than 5 s, or 1 MiB is heard. What the peer has sent and nobody has read is dropped.
    pub fn close(mut self) -> io::Result<()> {
        let until = Instant::now() + LINGER;
        self.connection.close_notify();
        let sent = self.send(Some(until));
        self.end(until);
        sent
    }

    /// Has the transport wait no longer than until then, if it can tell; `None` leaves it as it is.
    fn wait_until(&self, until: Option<Instant>) -> io::Result<()> {
        if let Some(until) = until {
            let _ = self.transport.set_timeout(Some(left_until(until)?));
        }
        Ok(())
    }

    /// Sends all that waits, until then at most: who takes it little by little gets no longer.
    fn send(&mut self, until: Option<Instant>) -> io::Result<()> {
        while self.connection.wants_write() {
            self.wait_until(until)?;
            match self.connection.send_tls(&mut self.transport) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        self.transport.flush()
    }

    /// Takes what the transport has; waits if it has nothing. What is wrong with it the next read says.
    fn receive(&mut self, until: Option<Instant>) -> io::Result<()> {
        self.wait_until(until)?;
        let mut wire = [0; 16384];
        match self.transport.read(&mut wire) {
            Ok(0) => self.connection.received_eof(),
            Ok(count) => drop(self.connection.read_tls(&wire[..count])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn fail(&mut self, error: Error) -> io::Error {
        self.end(Instant::now() + LINGER);
        error.into()
    }

    /// Sends what waits, and listens until the peer has ended too, once and within bounds.
    fn end(&mut self, until: Instant) {
        if !std::mem::replace(&mut self.ended, true) {
            // The connection is over in any case.
            let sent = self.send(Some(until)).and_then(|()| self.transport.shutdown_write());
            let _ = sent.and_then(|()| self.drain(until));
        }
    }

    fn drain(&mut self, until: Instant) -> io::Result<()> {
        let (mut left, mut waste) = (LINGER_BYTES, [0; 4096]);
        while left > 0 {
            // One that cannot tell would wait for ever.
            self.transport.set_timeout(Some(left_until(until)?))?;
            match self.transport.read(&mut waste) {
                Ok(0) => return Ok(()),
                Ok(count) => left = left.saturating_sub(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// How long it is until then, if that is not past. A moment more, so that it is when the wait is over.
fn left_until(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left + Duration::from_millis(1)) }
}

impl<T: Transport> Read for Stream<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.read(buffer) {
                Ok(connection::Read::Data(count)) => return Ok(count),
                Ok(connection::Read::Pending) if buffer.is_empty() => return Ok(0),
                Ok(connection::Read::Pending) => {
                    self.send(None)?;
                    self.receive(None)?;
                }
                Ok(connection::Read::Closed) => return Ok(0),
                Err(error) => return Err(self.fail(error)),
            }
        }
    }
}

impl<T: Transport> Write for Stream<T> {
    fn write(&mut self, plaintext: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(plaintext)])
    }

    fn write_vectored(&mut self, plaintext: &[IoSlice<'_>]) -> io::Result<usize> {
        // What a write that timed out has left.
        self.send(None)?;
        match self.connection.write_vectored(plaintext) {
            Ok(taken) => {
                // It is taken; an error of the transport is for the next call.
                let _ = self.send(None);
                Ok(taken)
            }
            Err(error) if error.kind() == ErrorKind::Closed => Err(error.into()),
            Err(error) => Err(self.fail(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.send(None)
    }
}

impl<T: Transport> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.connection).finish()
    }
}
