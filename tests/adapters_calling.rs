//! Streams of a connector's connections against those of an acceptor's, over real sockets: blocking and tokio's at
//! either end, in both versions.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use support::streams::{ADAPTERS, Adapter, Service, inner};
use support::{DEADLINE, World};
use trustdir::tls::{Acceptor, Connector, ConnectorBuilder, TlsVersion};
use trustdir::{EntryNames, Error, ErrorKind, Identity, IssueOptions, Reason, TrustDir, TrustDirOptions};

const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];

/// A service that admits alice, and its name in a directory of servers.
struct Scene {
    world: World,
    alice: Identity,
    clients: TrustDir,
    servers: TrustDir,
    acceptor: Acceptor,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
        let clients = world.trust_dir(EntryNames::Any);
        let options = TrustDirOptions { create: true, ..TrustDirOptions::default() };
        let servers = TrustDir::open_with(world.path("servers"), options).unwrap();
        let acceptor = Acceptor::builder(world.server.clone()).trust_dir(clients.clone()).build().unwrap();
        let scene = Self { world, alice, clients, servers, acceptor };
        scene.install();
        scene
    }

    fn install(&self) {
        self.clients.install(self.alice.certificate()).unwrap();
        self.servers.install(self.world.server.certificate()).unwrap();
    }

    fn connector(&self, version: TlsVersion) -> ConnectorBuilder {
        let builder = Connector::builder().trust_dir(self.servers.clone()).identity(self.alice.clone());
        builder.min_version(version).max_version(version)
    }

    /// For every pair of adapters and version: a call that goes on in a thread of its own.
    fn each(&self, identity: Option<&Identity>, mut then: impl FnMut(&str, Service, Call)) {
        for (serving, calling, version) in ADAPTERS.into_iter().flat_map(|serving| {
            ADAPTERS.into_iter().flat_map(move |calling| VERSIONS.map(|version| (serving, calling, version)))
        }) {
            self.install();
            let builder = identity.into_iter().fold(self.connector(version), |to, one| to.identity(one.clone()));
            let service = Service::start(serving, Adapter::echo, &self.acceptor);
            let call = Call::start(calling, &builder.build().unwrap(), TcpStream::connect(&service.address).unwrap());
            then(&format!("{calling:?} calls {serving:?} by {version}"), service, call);
        }
    }
}

/// A client in a thread.
struct Call {
    ready: Receiver<()>,
    ended: Receiver<io::Result<usize>>,
}

impl Call {
    fn start(adapter: Adapter, connector: &Connector, socket: TcpStream) -> Self {
        let connection = connector.connect("localhost").unwrap();
        let ((sender, ready), (end, ended)) = (channel(), channel());
        thread::spawn(move || end.send(adapter.call(connection, socket, &sender)));
        Self { ready, ended }
    }

    /// Waits until it is admitted and has heard its echo.
    fn is_admitted(&self, what: &str) {
        self.ready.recv_timeout(DEADLINE).unwrap_or_else(|_| panic!("{what}: {:?}", self.ended.try_recv()));
    }

    fn end(&self) -> io::Result<usize> {
        self.ended.recv_timeout(DEADLINE).unwrap()
    }

    fn error(&self, what: &str) -> Error {
        match self.end() {
            Err(error) => inner(error),
            Ok(count) => panic!("{what}: it heard {count} bytes"),
        }
    }
}

/// A client whose entry goes hears close_notify, and the service the reason.
#[test]
fn a_client_is_removed_while_it_waits() {
    let scene = Scene::new();
    scene.each(None, |what, service, call| {
        call.is_admitted(what);
        scene.clients.remove(&scene.alice.certificate().fingerprint()).unwrap();
        assert_eq!(call.end().unwrap_or_else(|error| panic!("{what}: {error}")), 0);
        let removal = service.error();
        assert_eq!(
            (removal.kind(), removal.decision().unwrap().reason()),
            (ErrorKind::Revoked, Reason::Removed),
            "{what}"
        );
    });
}

/// A server whose entry goes ends the client's read with the reason, and hears close_notify.
#[test]
fn a_server_is_removed_while_its_client_waits() {
    let scene = Scene::new();
    scene.each(None, |what, service, call| {
        call.is_admitted(what);
        let entry = scene.servers.list().unwrap()[0].file().to_owned();
        fs::remove_file(entry).unwrap();
        let removal = call.error(what);
        assert_eq!((removal.kind(), removal.decision().unwrap().reason()), (ErrorKind::Revoked, Reason::Removed));
        assert_eq!(removal.subject(), Some("CN=localhost"));
        service.end().unwrap_or_else(|error| panic!("{what}: {error}"));
    });
}

/// In TLS 1.3 the client's handshake is over by then: the alert comes to a read.
#[test]
fn a_client_that_is_refused_hears_the_alert() {
    let scene = Scene::new();
    let stranger = scene.world.ca.issue_client("stranger", &IssueOptions::default()).unwrap();
    scene.each(Some(&stranger), |what, service, call| {
        let error = call.error(what);
        assert_eq!(error.kind(), ErrorKind::Alert, "{what}: {error}");
        assert!(error.message().ends_with("it does not admit this client's certificate; have it installed there"));
        assert_eq!(service.error().decision().unwrap().reason(), Reason::NotInstalled, "{what}");
    });
}

/// A server that is refused hears the alert, too.
#[test]
fn a_server_that_is_refused_hears_the_alert() {
    let scene = Scene::new();
    let pin = scene.world.ca.certificate();
    for (serving, calling) in ADAPTERS.into_iter().flat_map(|serving| ADAPTERS.map(|calling| (serving, calling))) {
        for version in VERSIONS {
            let builder = Connector::builder().pin(pin.clone()).min_version(version).max_version(version);
            let service = Service::start(serving, Adapter::echo, &scene.acceptor);
            let socket = TcpStream::connect(&service.address).unwrap();
            let error = Call::start(calling, &builder.build().unwrap(), socket).error("not pinned");
            assert_eq!(error.decision().unwrap().reason(), Reason::NotInstalled, "{error}");
            let heard = service.error();
            assert_eq!(heard.kind(), ErrorKind::Alert, "{heard}");
            assert!(heard.message().starts_with("the client ended the connection with the alert"), "{heard}");
        }
    }
}

/// Whoever listens and never answers is left at the deadline, and one that goes is told of.
#[test]
fn a_server_that_says_nothing_runs_into_the_deadline() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for adapter in ADAPTERS {
        let builder = scene.connector(TlsVersion::Tls13);
        let connector = builder.handshake_timeout(Duration::from_millis(50)).build().unwrap();
        let call = Call::start(adapter, &connector, TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let mut socket = listener.accept().unwrap().0;
        // It ends its direction, and listens until we end ours.
        io::copy(&mut socket, &mut io::sink()).unwrap();
        drop(socket);
        let error = call.error("silent");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{adapter:?}");
        assert_eq!(error.message(), "the server has not completed its handshake within 0.05 s");
        assert_eq!(connector.counters().failures(ErrorKind::TimedOut), 1);

        let call = Call::start(adapter, &connector, TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        drop(listener.accept().unwrap());
        let error = call.error("gone");
        assert!(matches!(error.kind(), ErrorKind::Truncated | ErrorKind::Io), "{adapter:?}: {error}");
    }
}
