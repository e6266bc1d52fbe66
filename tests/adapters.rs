//! Streams over real sockets, blocking and tokio's: the same promises for both.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::future::Future;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustls::{AlertDescription, ClientConfig, ClientConnection, version};
use support::client::{BOTH, SClient, Tls};
use support::streams::{ADAPTERS, Adapter, Pipe, Service, block_on, inner, to_tokio};
use support::wire::{Sessions, client};
use support::{DEADLINE, World, run, text};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trustdir::tls::{self, Acceptor, OnRemoval};
use trustdir::{Decision, EntryNames, Error, ErrorKind, Identity, IssueOptions, Reason, Result};

/// What the service says to whom it has heard.
const PAGE: usize = 2_000_000;

/// Answers one request with a large page, and closes at once.
fn page(adapter: Adapter, acceptor: &Acceptor, socket: TcpStream) -> io::Result<()> {
    let page = vec![b'x'; PAGE];
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {PAGE}\r\n\r\n");
    match adapter {
        Adapter::Blocking => {
            let mut stream = tls::Stream::accept(acceptor, socket)?;
            let _ = stream.read(&mut [0; 4096])?;
            stream.write_all(head.as_bytes())?;
            stream.write_all(&page)?;
            stream.close()
        }
        Adapter::Tokio => block_on(async {
            let mut stream = tls::tokio::Stream::accept(acceptor, to_tokio(socket)).await?;
            let _ = stream.read(&mut [0; 4096]).await?;
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&page).await?;
            stream.close().await
        }),
    }
}

fn alice(world: &World) -> Identity {
    world.ca.issue_client("alice", &IssueOptions::default()).unwrap()
}

fn config(world: &World, identity: &Identity) -> Arc<ClientConfig> {
    client(&world.ca, identity, &version::TLS13, Sessions::None)
}

/// A client on a socket that has everything ready but its last flight.
fn almost_connected(config: &Arc<ClientConfig>, address: &str) -> (ClientConnection, TcpStream) {
    let mut tls = ClientConnection::new(config.clone(), "localhost".try_into().unwrap()).unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    while tls.is_handshaking() {
        while tls.wants_write() {
            tls.write_tls(&mut socket).unwrap();
        }
        assert!(tls.read_tls(&mut socket).unwrap() > 0);
        tls.process_new_packets().unwrap();
    }
    tls.set_buffer_limit(None);
    (tls, socket)
}

#[test]
fn openssl_speaks_with_either() {
    let world = World::new();
    let files = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&files.load()).unwrap();
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap();
    for (adapter, version) in ADAPTERS.into_iter().flat_map(|adapter| BOTH.map(|version| (adapter, version))) {
        let service = Service::start(adapter, Adapter::echo, &acceptor);
        let mut client = SClient::connect(&world, &service.address, version, Some(&files), &[]);
        for line in ["hello", "and again", &"long ".repeat(10_000)] {
            assert_eq!(client.echo(line).as_deref(), Some(line), "{adapter:?} {version:?}");
        }
        client.close();
        service.end().unwrap();
    }
}

/// A time for the handshake that no clock reaches is none, and not none to wait.
#[test]
fn without_a_deadline_the_handshake_is_awaited() {
    fn decided(adapter: Adapter, acceptor: &Acceptor, socket: TcpStream) -> io::Result<()> {
        let decided = match adapter {
            Adapter::Blocking => tls::Stream::accept(acceptor, socket)?.connection().decision().is_some(),
            Adapter::Tokio => block_on(async {
                let stream = tls::tokio::Stream::accept(acceptor, to_tokio(socket)).await?;
                io::Result::Ok(stream.connection().decision().is_some())
            })?,
        };
        assert!(decided, "{adapter:?}");
        Ok(())
    }
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).handshake_timeout(Duration::MAX).build().unwrap();
    for adapter in ADAPTERS {
        let service = Service::start(adapter, decided, &acceptor);
        let client = SClient::connect(&world, &service.address, BOTH[1], None, &[]);
        service.end().unwrap();
        drop(client);
    }
}

/// All of a page that is closed behind at once arrives, and the end is no truncation.
#[test]
fn curl_gets_the_whole_page() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    for adapter in ADAPTERS {
        let service = Service::start(adapter, page, &acceptor);
        let (url, ca) = (format!("https://{}/", service.address), text(&world.ca.certificate_path()));
        let page = run("curl", &["-sS", "--limit-rate", "20M", "--cacert", &ca, &url], world.dir.path());
        assert_eq!(page.len(), PAGE, "{adapter:?}");
        service.end().unwrap();
    }
}

/// In TLS 1.3 the client has finished its handshake, and sends, before it is refused. It must get the alert and be
/// heard to the end; a service that closes with unread bytes sends a reset, and the client fails to send.
#[test]
fn the_alert_arrives_at_a_client_that_sends() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::Any);
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap();
    for adapter in ADAPTERS {
        let service = Service::start(adapter, Adapter::echo, &acceptor);
        let (mut tls, mut socket) = almost_connected(&config(&world, &alice(&world)), &service.address);
        tls.writer().write_all(&[b'x'; 500_000]).unwrap();
        while tls.wants_write() {
            tls.write_tls(&mut socket).unwrap_or_else(|error| panic!("{adapter:?}: {error}"));
        }
        let mut alert = Ok(());
        while tls.read_tls(&mut socket).unwrap_or_else(|error| panic!("{adapter:?}: {error}")) > 0 {
            alert = alert.and(tls.process_new_packets().map(drop));
        }
        assert_eq!(alert, Err(rustls::Error::AlertReceived(AlertDescription::UnknownCA)), "{adapter:?}");
        // The service has ended its direction. Who writes before it reads, as openssl does, would see a reset only.
        for _ in 0..40 {
            socket.write_all(&[b'x'; 10_000]).unwrap_or_else(|error| panic!("{adapter:?}: {error}"));
        }
        assert!(service.ended.try_recv().is_err(), "{adapter:?}: it does not listen");
        drop(socket);
        let refusal = service.error();
        assert_eq!(refusal.decision().unwrap().reason(), Reason::NotInstalled);
        assert_eq!(refusal.subject(), Some("CN=alice"));
    }
}

/// The task or thread that waits for an idle client ends, and the client's connection ends cleanly.
#[test]
fn a_removal_ends_a_read_that_waits() {
    let world = World::new();
    let files = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap();
    for (adapter, version) in ADAPTERS.into_iter().flat_map(|adapter| BOTH.map(|version| (adapter, version))) {
        let entry = directory.install(&files.load()).unwrap();
        let service = Service::start(adapter, Adapter::echo, &acceptor);
        let mut client = SClient::connect(&world, &service.address, version, Some(&files), &[]);
        assert_eq!(client.echo("hello").as_deref(), Some("hello"));
        std::fs::remove_file(entry.file()).unwrap();
        assert_eq!(client.end().lines().filter(|line| line.contains("error")).count(), 0, "{adapter:?} {version:?}");
        let removal = service.error();
        assert_eq!((removal.kind(), removal.decision().unwrap().reason()), (ErrorKind::Revoked, Reason::Removed));
    }
}

/// Where connections may finish, a removal disturbs nobody.
#[test]
fn a_removal_may_let_finish() {
    let world = World::new();
    let files = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    let builder = Acceptor::builder(world.server.clone()).trust_dir(directory.clone());
    let acceptor = builder.on_removal(OnRemoval::Finish).build().unwrap();
    for adapter in ADAPTERS {
        directory.install(&files.load()).unwrap();
        let service = Service::start(adapter, Adapter::echo, &acceptor);
        let mut client = SClient::connect(&world, &service.address, Tls::V13, Some(&files), &[]);
        assert_eq!(client.echo("hello").as_deref(), Some("hello"));
        directory.remove(&files.load().fingerprint()).unwrap();
        assert!(acceptor.connections()[0].is_revoked());
        assert_eq!(client.echo("still here").as_deref(), Some("still here"), "{adapter:?}");
        client.close();
        service.end().unwrap();
    }
}

#[test]
fn a_client_that_says_nothing_runs_into_the_deadline() {
    let world = World::new();
    let builder = Acceptor::builder(world.server.clone()).handshake_timeout(Duration::from_millis(50));
    let acceptor = builder.build().unwrap();
    for adapter in ADAPTERS {
        let service = Service::start(adapter, Adapter::echo, &acceptor);
        let mut socket = TcpStream::connect(&service.address).unwrap();
        socket.write_all(b"\x16\x03\x01").unwrap();
        socket.read_to_end(&mut Vec::new()).unwrap();
        drop(socket);
        assert_eq!(service.error().kind(), ErrorKind::TimedOut, "{adapter:?}");
    }
    assert_eq!(acceptor.counters().failures(ErrorKind::TimedOut), 2);
}

#[test]
fn an_end_without_close_notify_is_an_error() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    let identity = alice(&world);
    for adapter in ADAPTERS {
        let service = Service::start(adapter, Adapter::echo, &acceptor);
        drop(TcpStream::connect(&service.address).unwrap());
        assert_eq!(service.error().kind(), ErrorKind::Truncated, "{adapter:?}: in the handshake");

        let service = Service::start(adapter, Adapter::echo, &acceptor);
        let (mut tls, mut socket) = almost_connected(&config(&world, &identity), &service.address);
        tls.write_tls(&mut socket).unwrap();
        socket.shutdown(Shutdown::Write).unwrap();
        let error = service.end().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{adapter:?}: {error}");
        assert_eq!(inner(error).kind(), ErrorKind::Truncated);
    }
}

/// A transport of one's own needs nothing but `Read` and `Write`.
#[test]
fn any_transport_will_do() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let service = thread::spawn(move || -> io::Result<()> {
        let mut stream = tls::Stream::accept(&acceptor, Pipe(ours))?;
        let mut buffer = [0; 5];
        assert_eq!(stream.read(&mut [])?, 0);
        stream.read_exact(&mut buffer)?;
        stream.write_all(&buffer)?;
        stream.close()
    });
    let mut tls = ClientConnection::new(config(&world, &alice(&world)), "localhost".try_into().unwrap()).unwrap();
    let mut client = rustls::Stream::new(&mut tls, &mut theirs);
    client.write_all(b"hello").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"hello");
    service.join().unwrap().unwrap();
}

/// tokio's stream, which stands on this entry, against a rustls client that runs in a thread of its own and hears what
/// is decided.
fn with_tokio<F: Future<Output = ()>>(
    serve: impl FnOnce(tls::tokio::Stream<tokio::net::TcpStream>, PathBuf) -> F,
    client: impl FnOnce(ClientConnection, TcpStream, Receiver<Reason>) + Send,
) {
    let world = World::new();
    let identity = alice(&world);
    let directory = world.trust_dir(EntryNames::Any);
    let entry = directory.install(identity.certificate()).unwrap();
    let (tell, decisions) = channel();
    let tell = Arc::new(move |decision: &Decision| tell.send(decision.reason()).unwrap());
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory).on_decision(tell).build().unwrap();
    let config = config(&world, &identity);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (mut tls, mut socket) = almost_connected(&config, &address);
            while tls.wants_write() {
                tls.write_tls(&mut socket).unwrap();
            }
            client(tls, socket, decisions);
        });
        let socket = listener.accept().unwrap().0;
        block_on(async {
            let stream = tls::tokio::Stream::accept(&acceptor, to_tokio(socket)).await.unwrap();
            let served = tokio::time::timeout(DEADLINE, serve(stream, entry.file().to_owned())).await;
            served.unwrap_or_else(|_| panic!("the stream hangs"));
        });
    });
}

/// Reading and writing at once, each in its own task, with more in flight than any buffer holds: the client reads
/// nothing before it has sent all. Each side is woken for its own sake, and nothing is lost where one is cancelled.
#[test]
fn a_split_stream_stands_pressure_and_cancellation() {
    const SIZE: usize = 3_000_000;
    with_tokio(
        |stream, _| async {
            let (mut reader, mut writer) = tokio::io::split(stream);
            let writing = async {
                // Larger than the sockets' buffers: it has to wait for the client.
                let page: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
                let mut rest = &page[..];
                while !rest.is_empty() {
                    // Cancelled again and again, at whatever state it is in.
                    let taken = tokio::time::timeout(Duration::from_micros(300), writer.write(rest)).await;
                    rest = &rest[taken.map_or(0, |taken| taken.unwrap())..];
                }
                writer.shutdown().await.unwrap();
            };
            let reading = async {
                let (mut heard, mut buffer) = (0, vec![0; 100_000]);
                loop {
                    match tokio::time::timeout(Duration::from_micros(300), reader.read(&mut buffer)).await {
                        Ok(Ok(0)) => break,
                        Ok(count) => heard += count.unwrap(),
                        Err(_) => {}
                    }
                }
                assert_eq!(heard, SIZE);
            };
            both(writing, reading).await;
        },
        |mut tls, mut socket, _| {
            let mut stream = rustls::Stream::new(&mut tls, &mut socket);
            stream.write_all(&vec![b'x'; SIZE]).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert!(answer.len() == SIZE && answer.iter().enumerate().all(|(at, byte)| *byte == (at % 251) as u8));
        },
    );
}

/// Two futures in one task.
async fn both(first: impl Future<Output = ()>, second: impl Future<Output = ()>) {
    use std::task::Poll;
    let (mut first, mut second) = (std::pin::pin!(first), std::pin::pin!(second));
    let (mut one, mut two) = (false, false);
    std::future::poll_fn(|cx| {
        one = one || first.as_mut().poll(cx).is_ready();
        two = two || second.as_mut().poll(cx).is_ready();
        if one && two { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// `shutdown` ends one direction: the rest of what the client says is still read, and nothing more is written.
#[test]
fn a_shutdown_ends_one_direction() {
    with_tokio(
        |mut stream, _| async move {
            let pieces = [io::IoSlice::new(b"bye, "), io::IoSlice::new(b"client")];
            assert_eq!(stream.write_vectored(&pieces).await.unwrap(), 11);
            stream.shutdown().await.unwrap();
            let error = stream.write(b"more").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{error}");
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.unwrap();
            assert_eq!(heard, b"heard: bye, client");
            stream.close().await.unwrap();
        },
        |mut tls, mut socket, _| {
            let mut stream = rustls::Stream::new(&mut tls, &mut socket);
            let mut heard = b"heard: ".to_vec();
            stream.read_to_end(&mut heard).unwrap();
            stream.write_all(&heard).unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        },
    );
}

/// A task that waits for a client which reads nothing is woken by the removal, too.
#[test]
fn a_removal_ends_a_write_that_waits() {
    with_tokio(
        |mut stream, entry| async move {
            let writing = async {
                let error = stream.write_all(&vec![b'x'; 50_000_000]).await.unwrap_err();
                assert_eq!(inner(error).kind(), ErrorKind::Revoked);
            };
            both(writing, async { std::fs::remove_file(entry).unwrap() }).await;
        },
        |mut tls, mut socket, decisions| {
            for reason in [Reason::Admitted, Reason::Removed] {
                assert_eq!(decisions.recv_timeout(DEADLINE).unwrap(), reason);
            }
            let heard = rustls::Stream::new(&mut tls, &mut socket).read_to_end(&mut Vec::new()).unwrap();
            assert!(heard < 50_000_000, "{heard}");
        },
    );
}

/// The error of a stream names the refusal, as the connection does.
#[test]
fn an_error_goes_through_io_and_back() {
    let refused: Result<()> = Err(Error::new(ErrorKind::Untrusted, "CN=mallory is not installed"));
    let error = refused.map_err(io::Error::from).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (io::ErrorKind::PermissionDenied, "CN=mallory is not installed")
    );
    assert_eq!(inner(error).kind(), ErrorKind::Untrusted);
}
