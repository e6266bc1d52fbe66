//! What streams wait for has an end: peers that take what is sent little by little, or nothing of it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{AlertDescription, ClientConnection, version};
use support::streams::Pipe;
use support::wire::{Sessions, client};
use support::{DEADLINE, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trustdir::tls::{self, Acceptor, Connector, Transport};
use trustdir::{EntryNames, ErrorKind, IssueOptions};

/// What a stream asked of its transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Timeout(Option<Duration>),
    Write,
}

/// A transport that takes a byte at a time once it is told to, and notes what it is asked.
struct Sipping {
    socket: UnixStream,
    asked: Arc<Mutex<Vec<Asked>>>,
    sips: Arc<Mutex<bool>>,
}

impl io::Read for Sipping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read(buffer)
    }
}

impl io::Write for Sipping {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked.lock().unwrap().push(Asked::Write);
        let some = if *self.sips.lock().unwrap() { &bytes[..1] } else { bytes };
        self.socket.write(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Transport for Sipping {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.asked.lock().unwrap().push(Asked::Timeout(timeout));
        self.socket.set_read_timeout(timeout)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.socket.shutdown(std::net::Shutdown::Write)
    }
}

/// A client that talks, and says how its last read ended.
fn talk(world: &World, mut socket: UnixStream, word: &[u8]) -> thread::JoinHandle<io::Result<usize>> {
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let config = client(&world.ca, &alice, &version::TLS13, Sessions::None);
    let word = word.to_vec();
    thread::spawn(move || {
        let mut tls = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        stream.write_all(&word)?;
        stream.read_to_end(&mut Vec::new())
    })
}

/// Each write gets what is left of the time, not all of it again.
#[test]
fn the_whole_of_a_close_is_bounded() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let talking = talk(&world, theirs, b"hello");
    let (asked, sips) = (Arc::<Mutex<Vec<Asked>>>::default(), Arc::<Mutex<bool>>::default());
    let transport = Sipping { socket: ours, asked: asked.clone(), sips: sips.clone() };
    let mut stream = tls::Stream::accept(&acceptor, transport).unwrap();
    stream.read_exact(&mut [0; 5]).unwrap();
    *sips.lock().unwrap() = true;
    asked.lock().unwrap().clear();
    stream.close().unwrap();
    assert_eq!(talking.join().unwrap().unwrap(), 0, "close_notify arrives");

    let asked = asked.lock().unwrap();
    let mut last = Duration::from_secs(6);
    assert!(asked.iter().filter(|asked| **asked == Asked::Write).count() > 20);
    for (asked, next) in asked.iter().zip(asked[1..].iter().chain([&Asked::Write])) {
        match asked {
            Asked::Write => assert_ne!(*next, Asked::Write, "with what time?"),
            Asked::Timeout(time) => last = time.filter(|time| *time < last).unwrap_or_else(|| panic!("{time:?}")),
        }
    }
}

/// Where nothing can be timed the alert is sent all the same.
#[test]
fn any_transport_brings_the_alert() {
    let world = World::new();
    let builder = Acceptor::builder(world.server.clone()).trust_dir(world.trust_dir(EntryNames::Any));
    let (ours, theirs) = UnixStream::pair().unwrap();
    let talking = talk(&world, theirs, b"");
    let refusal = tls::Stream::accept(&builder.build().unwrap(), Pipe(ours)).unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Untrusted);
    let heard = talking.join().unwrap().unwrap_err();
    assert!(heard.to_string().contains(&format!("{:?}", AlertDescription::UnknownCA)), "{heard}");
}

/// The client is admitted, and takes nothing of what follows until the time for the handshake is over: the stream has
/// its decision, and whoever writes waits for the client like any other.
#[test]
fn a_stream_whose_tickets_are_not_taken_waits_without_spinning() {
    const SIZE: usize = 300_000;
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).handshake_timeout(Duration::from_millis(500));
    let acceptor = acceptor.build().unwrap();
    let connector = Connector::builder().pin(world.server.certificate().clone()).build().unwrap();
    let scene = async move {
        let (ours, theirs) = tokio::io::duplex(64);
        let (let_read, may_read) = channel();
        let calling = tokio::spawn(async move {
            let mut stream =
                tls::tokio::Stream::handshake(connector.connect("localhost").unwrap(), theirs).await.unwrap();
            while may_read.try_recv().is_err() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap();
            stream.close().await.unwrap();
            heard.len()
        });
        let mut stream = tls::tokio::Stream::accept(&acceptor, ours).await.unwrap();
        assert!(stream.connection().decision().is_some() && stream.connection().wants_write());
        let page = vec![b'x'; SIZE];
        let mut taken = 0;
        // Until nothing more is taken: a write that spins would never let the clock tell.
        while let Ok(count) = tokio::time::timeout(Duration::from_millis(50), stream.write(&page[taken..])).await {
            taken += count.unwrap();
        }
        assert!((1..SIZE).contains(&taken), "{taken}");
        let_read.send(()).unwrap();
        stream.write_all(&page[taken..]).await.unwrap();
        stream.close().await.unwrap();
        assert_eq!(calling.await.unwrap(), SIZE);
    };
    let (sender, done) = channel();
    thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(scene);
        sender.send(()).unwrap();
    });
    done.recv_timeout(DEADLINE).expect("the stream spins");
}
