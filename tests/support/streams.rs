//! Our streams over real sockets, blocking and tokio's, at either end.

use std::future::Future;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trustdir::Error;
use trustdir::tls::{self, Acceptor, Connection};

use super::DEADLINE;

/// What serves or calls over one socket.
#[derive(Clone, Copy, Debug)]
pub enum Adapter {
    Blocking,
    Tokio,
}

pub const ADAPTERS: [Adapter; 2] = [Adapter::Blocking, Adapter::Tokio];

impl Adapter {
    /// Echoes until the client closes.
    pub fn echo(self, acceptor: &Acceptor, socket: TcpStream) -> io::Result<()> {
        let mut buffer = [0; 1000];
        match self {
            Self::Blocking => {
                let mut stream = tls::Stream::accept(acceptor, socket)?;
                loop {
                    match stream.read(&mut buffer)? {
                        0 => return stream.close(),
                        count => stream.write_all(&buffer[..count])?,
                    }
                }
            }
            Self::Tokio => block_on(async {
                let mut stream = tls::tokio::Stream::accept(acceptor, to_tokio(socket)).await?;
                loop {
                    match stream.read(&mut buffer).await? {
                        0 => return stream.close().await,
                        count => stream.write_all(&buffer[..count]).await?,
                    }
                }
            }),
        }
    }

    /// Calls, says hello, hears it again, says that it is ready, and waits for what comes then: a clean end is 0.
    pub fn call(self, connection: Connection, socket: TcpStream, ready: &Sender<()>) -> io::Result<usize> {
        let mut word = *b"hello";
        let count = match self {
            Self::Blocking => {
                let mut stream = tls::Stream::handshake(connection, socket)?;
                stream.write_all(&word)?;
                stream.read_exact(&mut word)?;
                ready.send(()).unwrap();
                let count = stream.read(&mut [0; 16])?;
                stream.close()?;
                count
            }
            Self::Tokio => block_on(async {
                let mut stream = tls::tokio::Stream::handshake(connection, to_tokio(socket)).await?;
                stream.write_all(&word).await?;
                stream.read_exact(&mut word).await?;
                ready.send(()).unwrap();
                let count = stream.read(&mut [0; 16]).await?;
                stream.close().await?;
                io::Result::Ok(count)
            })?,
        };
        assert_eq!(&word, b"hello");
        Ok(count)
    }
}

pub fn to_tokio(socket: TcpStream) -> tokio::net::TcpStream {
    socket.set_nonblocking(true).unwrap();
    tokio::net::TcpStream::from_std(socket).unwrap()
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub type Job = fn(Adapter, &Acceptor, TcpStream) -> io::Result<()>;

/// A service for one connection; says how it ended.
pub struct Service {
    pub address: String,
    pub ended: Receiver<io::Result<()>>,
}

impl Service {
    pub fn start(adapter: Adapter, job: Job, acceptor: &Acceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, ended) = channel();
        let acceptor = acceptor.clone();
        thread::spawn(move || sender.send(job(adapter, &acceptor, listener.accept().unwrap().0)));
        Self { address, ended }
    }

    pub fn end(&self) -> io::Result<()> {
        self.ended.recv_timeout(DEADLINE).unwrap()
    }

    /// The error that ended it.
    pub fn error(&self) -> Error {
        inner(self.end().unwrap_err())
    }
}

pub fn inner(error: io::Error) -> Error {
    error.downcast().unwrap()
}

/// A transport of one's own, which has nothing but `Read` and `Write`.
pub struct Pipe(pub UnixStream);

impl io::Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tls::Transport for Pipe {}
