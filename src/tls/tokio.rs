//! Connections over tokio's transports (feature `tokio`).

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker, ready};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ::tokio::time::{Sleep, sleep, timeout_at};

use super::acceptor::Acceptor;
use super::blocking::{LINGER, LINGER_BYTES};
use super::connection::{Connection, Read};
use crate::error::{Error, ErrorKind, Result};
use crate::trust_dir::lock;

/// A [`Connection`] over a transport of tokio's, such as a `TcpStream`: plaintext to [`AsyncRead`] and [`AsyncWrite`].
///
/// A removal wakes the task that waits to read or to write. Errors are [`io::Error`]s with an [`Error`] inside that says who
/// was refused and why. Before one is returned the peer has been sent its alert, or close_notify, and has been
/// listened to until it ended, so that what was sent arrives: that takes 5 s, and 1 MiB are read, at most. `shutdown`
/// sends close_notify and ends this direction; what the peer still sends can be read. Drop it only after `shutdown`,
/// better [`close`](Self::close), or an error: else the peer takes the connection for truncated.
///
/// Every future may be dropped at any time without a loss; of a handshake that is dropped nothing is left. It needs a
/// runtime whose timer is enabled: tokio panics without. May be split with `tokio::io::split`.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
/// # let identity = ca.issue_server(&["localhost"], &Default::default())?;
/// use std::io;
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
/// use tokio::net::TcpStream;
/// use trustdir::tls::{self, Acceptor};
///
/// async fn greet(acceptor: &Acceptor, socket: TcpStream) -> io::Result<()> {
///     let mut stream = tls::tokio::Stream::accept(acceptor, socket).await?;
///     let mut request = [0; 4096];
///     let count = stream.read(&mut request).await?;
///     stream.write_all(b"you said: ").await?;
///     stream.write_all(&request[..count]).await?;
///     stream.close().await
/// }
/// # let acceptor = Acceptor::builder(identity).build()?;
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # let error = runtime.block_on(async {
/// #     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
/// #     let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
/// #     client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
/// #     client.shutdown().await.unwrap();
/// #     greet(&acceptor, listener.accept().await.unwrap().0).await.unwrap_err()
/// # });
/// # assert!(error.to_string().starts_with("the client does not speak TLS"));
/// # Ok::<(), trustdir::Error>(())
/// ```
pub struct Stream<T> {
    connection: Connection,
    transport: T,
    waiting: Arc<Waiting>,
    /// That of `waiting`. The transport knows no other, so that it does not matter which task moved ciphertext last.
    waker: Waker,
    linger: Option<Pin<Box<Sleep>>>,
    /// How much may still be read after the end; `None` before our direction has ended.
    draining: Option<usize>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream<T> {
    /// The handshake with a client, to its end or the [deadline](Connection::deadline).
    pub async fn accept(acceptor: &Acceptor, transport: T) -> Result<Self> {
        Self::handshake(acceptor.accept()?, transport).await
    }

    /// As [`accept`](Self::accept), of a connection that was made before: also a client's, by
    /// [`Connector::connect`](super::Connector::connect). In TLS 1.3 a client's handshake is over before the server
    /// judges it: a refusal comes to the first read.
    ///
    /// ```
    /// use std::io;
    /// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    /// use tokio::net::TcpStream;
    /// use trustdir::tls::{self, Connector};
    ///
    /// async fn ask(connector: &Connector, host: &str, port: u16) -> io::Result<String> {
    ///     let connection = connector.connect(host)?;
    ///     let mut stream = tls::tokio::Stream::handshake(connection, TcpStream::connect((host, port)).await?).await?;
    ///     stream.write_all(b"hello").await?;
    ///     let mut answer = String::new();
    ///     stream.read_to_string(&mut answer).await?;
    ///     stream.close().await?;
    ///     Ok(answer)
    /// }
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # let acceptor = tls::Acceptor::builder(ca.issue_server(&["localhost"], &Default::default())?).build()?;
    /// # let connector = Connector::builder().authority(ca.certificate().clone()).build()?;
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    /// # let answer = runtime.block_on(async {
    /// #     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    /// #     let port = listener.local_addr().unwrap().port();
    /// #     let serving = tokio::spawn(async move {
    /// #         let mut stream = tls::tokio::Stream::accept(&acceptor, listener.accept().await.unwrap().0).await.unwrap();
    /// #         stream.read_exact(&mut [0; 5]).await.unwrap();
    /// #         stream.write_all(b"hello").await.unwrap();
    /// #         stream.close().await.unwrap();
    /// #     });
    /// #     let answer = ask(&connector, "localhost", port).await.unwrap();
    /// #     serving.await.unwrap();
    /// #     answer
    /// # });
    /// # assert_eq!(answer, "hello");
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub async fn handshake(connection: Connection, transport: T) -> Result<Self> {
        let deadline = connection.deadline();
        let waiting = Arc::<Waiting>::default();
        let waker = Waker::from(waiting.clone());
        let mut stream = Self { connection, transport, waiting, waker, linger: None, draining: None };
        let shaking = poll_fn(|cx| stream.wait(Side::Read, cx, Self::poll_handshake));
        let shaken = match deadline {
            None => shaking.await,
            Some(deadline) => match timeout_at(deadline.into(), shaking).await {
                Ok(shaken) => shaken,
                Err(_) => stream.connection.expire(deadline).map_err(io::Error::from),
            },
        };
        if let Err(error) = shaken {
            // If it was the transport that failed.
            stream.connection.received_eof();
            let _ = stream.end().await;
            return Err(Error::transport(error));
        }
        let waker = stream.waker.clone();
        stream.connection.on_revoked(Box::new(|| waker.wake()));
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
    pub async fn close(mut self) -> io::Result<()> {
        self.connection.close_notify();
        self.end().await
    }

    async fn end(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.wait(Side::Write, cx, Self::poll_end)).await
    }

    /// Polls with the waker that wakes whoever waits, this task among them.
    fn wait<R>(
        &mut self,
        side: Side,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.waiting.enter(side, cx.waker());
        let waker = self.waker.clone();
        poll(self, &mut Context::from_waker(&waker))
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_send(cx))?;
            self.connection.read(&mut [])?;
            if !self.connection.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            ready!(self.poll_receive(cx))?;
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.wants_write() {
            match self.connection.send_tls(&mut Outlet { transport: &mut self.transport, cx }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    /// Takes what the transport has. What is wrong with it the next read says.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = [MaybeUninit::uninit(); 16384];
        let mut wire = ReadBuf::uninit(&mut wire);
        ready!(Pin::new(&mut self.transport).poll_read(cx, &mut wire))?;
        match wire.filled() {
            [] => self.connection.received_eof(),
            ciphertext => drop(self.connection.read_tls(ciphertext)),
        }
        Poll::Ready(Ok(()))
    }

    fn poll_plaintext(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            match self.connection.read(buffer.initialize_unfilled()) {
                Ok(Read::Data(count)) => {
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Ok(Read::Pending) => {
                    // What an earlier write has left, and answers of TLS's own; no read depends on it.
                    let _ = self.poll_send(cx);
                    ready!(self.poll_receive(cx))?;
                }
                Ok(Read::Closed) => return Poll::Ready(Ok(())),
                Err(error) => return self.poll_fail(cx, error).map(Err),
            }
        }
    }

    fn poll_take(&mut self, cx: &mut Context<'_>, plaintext: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            match self.connection.write_vectored(plaintext) {
                Ok(0) if plaintext.iter().any(|piece| !piece.is_empty()) => ready!(self.poll_send(cx))?,
                Ok(taken) => {
                    // It is taken; an error of the transport is for the next call.
                    let _ = self.poll_send(cx);
                    return Poll::Ready(Ok(taken));
                }
                Err(error) if error.kind() == ErrorKind::Closed => return Poll::Ready(Err(error.into())),
                Err(error) => return self.poll_fail(cx, error).map(Err),
            }
        }
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.connection.recheck().is_err() {
            return self.poll_end(cx);
        }
        self.connection.close_notify();
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }

    /// The error, when all is done for its arrival. Until then the connection says it again.
    fn poll_fail(&mut self, cx: &mut Context<'_>, error: Error) -> Poll<io::Error> {
        self.poll_end(cx).map(|_| error.into())
    }

    /// Sends what waits, and listens until the peer has ended too, within bounds.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let linger = self.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        if linger.as_mut().poll(cx).is_ready() {
            let unsent = self.connection.wants_write();
            return Poll::Ready(if unsent { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) });
        }
        if self.draining.is_none() {
            ready!(self.poll_send(cx))?;
            ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
        }
        let mut left = *self.draining.get_or_insert(LINGER_BYTES);
        let mut waste = [MaybeUninit::uninit(); 4096];
        while left > 0 {
            let mut waste = ReadBuf::uninit(&mut waste);
            let read = ready!(Pin::new(&mut self.transport).poll_read(cx, &mut waste));
            let count = waste.filled().len();
            left = if read.is_ok() && count > 0 { left.saturating_sub(count) } else { 0 };
            self.draining = Some(left);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wait(Side::Read, cx, |stream, cx| stream.poll_plaintext(cx, buffer))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, plaintext: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(plaintext)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        plaintext: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().wait(Side::Write, cx, |stream, cx| stream.poll_take(cx, plaintext))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wait(Side::Write, cx, Self::poll_send)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().wait(Side::Write, cx, Self::poll_close)
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.connection).finish()
    }
}

#[derive(Clone, Copy)]
enum Side {
    Read,
    Write,
}

/// The tasks that wait for a stream, one to read and one to write. Both are woken, when the transport is ready and
/// when the entry goes: each looks for itself.
#[derive(Default)]
struct Waiting(Mutex<[Option<Waker>; 2]>);

impl Waiting {
    fn enter(&self, side: Side, waker: &Waker) {
        let place = &mut lock(&self.0)[side as usize];
        if !place.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *place = Some(waker.clone());
        }
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let waiting = std::mem::take(&mut *lock(&self.0));
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}

/// A transport, as what is written to until it would have to wait.
struct Outlet<'a, 'b, T> {
    transport: &'a mut T,
    cx: &'a mut Context<'b>,
}

impl<T: AsyncWrite + Unpin> io::Write for Outlet<'_, '_, T> {
    fn write(&mut self, ciphertext: &[u8]) -> io::Result<usize> {
        at_once(Pin::new(&mut *self.transport).poll_write(self.cx, ciphertext))
    }

    fn write_vectored(&mut self, ciphertext: &[IoSlice<'_>]) -> io::Result<usize> {
        at_once(Pin::new(&mut *self.transport).poll_write_vectored(self.cx, ciphertext))
    }

    fn flush(&mut self) -> io::Result<()> {
        at_once(Pin::new(&mut *self.transport).poll_flush(self.cx))
    }
}

fn at_once<R>(poll: Poll<io::Result<R>>) -> io::Result<R> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}
