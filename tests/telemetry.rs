//! What an acceptor tells of itself: its counters, the callback for decisions, and events for `tracing`.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use rustls::{ClientConfig, version};
use support::World;
use support::wire::{Sessions, Wire, client};
use trustdir::tls::{Acceptor, AcceptorBuilder, Counters, OnRemoval};
use trustdir::{Decision, EntryNames, ErrorKind, Identity, IssueOptions, Reason, TrustDir};

/// A service with one installed client.
struct Service {
    world: World,
    alice: Identity,
    directory: TrustDir,
}

impl Service {
    fn new() -> Self {
        let world = World::new();
        let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
        let directory = world.trust_dir(EntryNames::Any);
        directory.install(alice.certificate()).unwrap();
        Self { world, alice, directory }
    }

    fn builder(&self) -> AcceptorBuilder {
        Acceptor::builder(self.world.server.clone()).trust_dir(self.directory.clone())
    }

    fn client(&self, identity: &Identity) -> Arc<ClientConfig> {
        client(&self.world.ca, identity, &version::TLS13, Sessions::Tickets)
    }

    fn connect(&self, acceptor: &Acceptor) -> Wire {
        let mut wire = Wire::new(&self.client(&self.alice), acceptor);
        wire.establish().unwrap();
        wire
    }

    fn remove_alice(&self) {
        self.directory.remove(&self.alice.certificate().fingerprint()).unwrap();
    }
}

/// How many connections have come to an outcome.
fn outcomes(counters: &Counters) -> u64 {
    let refusals: u64 = Reason::ALL.map(|reason| counters.refusals(reason)).iter().sum();
    let failures: u64 = ErrorKind::ALL.map(|kind| counters.failures(kind)).iter().sum();
    counters.full + counters.resumed + refusals + failures
}

#[test]
fn handshakes_are_counted_by_outcome() {
    let service = Service::new();
    let acceptor = service.builder().build().unwrap();
    assert_eq!(acceptor.counters(), Counters::default());

    let alice = service.client(&service.alice);
    let mut first = Wire::new(&alice, &acceptor);
    assert_eq!((acceptor.counters().open, acceptor.counters().admitted), (1, 0));
    first.establish().unwrap();
    let mut second = Wire::new(&alice, &acceptor);
    second.establish().unwrap();
    assert!(second.server.resumed());
    let counters = acceptor.counters();
    assert_eq!((counters.full, counters.resumed, counters.open, counters.admitted), (1, 1, 2, 2));
    drop(first);
    assert_eq!((acceptor.counters().open, acceptor.counters().admitted), (1, 1));

    let stranger = service.world.ca.issue_client("stranger", &IssueOptions::default()).unwrap();
    Wire::new(&service.client(&stranger), &acceptor).refused();
    service.remove_alice();
    Wire::new(&alice, &acceptor).refused();
    assert!(second.server.recheck().is_err() && second.server.recheck().is_err());
    let counters = acceptor.counters();
    assert_eq!((counters.refusals(Reason::NotInstalled), counters.refusals(Reason::Removed)), (1, 1));
    assert_eq!((counters.revocations(Reason::Removed), counters.open, counters.admitted), (1, 1, 0));
    drop(second);
    let counters = acceptor.counters();
    assert_eq!((counters.accepted, counters.open, outcomes(&counters)), (4, 0, 4));
}

#[test]
fn failures_are_counted_by_kind() {
    let service = Service::new();
    let acceptor = service.builder().build().unwrap();
    acceptor.accept().unwrap().read_tls(b"SSH-2.0-x\r\n").unwrap_err();

    let elsewhere = World::new();
    let config = client(&elsewhere.ca, &service.alice, &version::TLS13, Sessions::None);
    let alert = Wire::new(&config, &acceptor).refused();
    assert_eq!(alert.kind(), ErrorKind::Alert);

    let mut slow = acceptor.accept().unwrap();
    slow.expire(slow.deadline().unwrap()).unwrap_err();
    let mut short = acceptor.accept().unwrap();
    short.read_tls(b"\x16\x03").unwrap();
    short.received_eof();
    assert_eq!(short.read(&mut [0; 16]).unwrap_err().kind(), ErrorKind::Truncated);
    drop(acceptor.accept().unwrap());

    let counters = acceptor.counters();
    for kind in ErrorKind::ALL {
        use ErrorKind::{Alert, Closed, TimedOut, Tls, Truncated};
        let expected = u64::from(matches!(kind, Tls | Alert | TimedOut | Truncated | Closed));
        assert_eq!(counters.failures(kind), expected, "{kind}");
    }
    assert_eq!((counters.accepted, outcomes(&counters), counters.open), (5, 5, 2));
}

#[test]
fn bytes_are_counted_on_either_side() {
    let service = Service::new();
    let acceptor = service.builder().build().unwrap();
    let mut garbage = acceptor.accept().unwrap();
    garbage.read_tls(b"SSH-2.0-x\r\n").unwrap_err();
    assert_eq!(garbage.write_tls(&mut [0; 4]) + garbage.send_tls(&mut std::io::sink()).unwrap(), 7);
    let before = acceptor.counters();
    assert_eq!((before.ciphertext_in, before.ciphertext_out, before.plaintext_in), (11, 7, 0));

    let mut wire = service.connect(&acceptor); // "hello", and back
    wire.say(b"and more");
    wire.step(usize::MAX).unwrap();
    assert_eq!(wire.server.peek().unwrap().unwrap(), b"and more");
    wire.server.consume(100);
    let counters = acceptor.counters();
    assert_eq!((counters.plaintext_in, counters.plaintext_out), (13, 5));
    assert!(counters.ciphertext_in > before.ciphertext_in && counters.ciphertext_out > before.ciphertext_out);
}

#[test]
fn no_count_is_lost_between_threads() {
    let service = Service::new();
    let acceptor = service.builder().build().unwrap();
    let config = client(&service.world.ca, &service.alice, &version::TLS13, Sessions::None);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..8).for_each(|_| Wire::new(&config, &acceptor).establish().unwrap()));
        }
    });
    let counters = acceptor.counters();
    assert_eq!((counters.accepted, counters.full, counters.open, counters.admitted), (32, 32, 0, 0));
    assert_eq!((counters.plaintext_in, counters.plaintext_out), (160, 160));
}

#[test]
fn reloads_are_counted() {
    let service = Service::new();
    let acceptor = service.builder().build().unwrap();
    let _connection = service.connect(&acceptor);
    acceptor.reload(&service.builder()).unwrap();
    acceptor.reload(&service.builder().max_chain(0)).unwrap_err();
    let counters = acceptor.counters();
    assert_eq!((counters.reloads, counters.failed_reloads, counters.full, counters.admitted), (1, 1, 1, 1));
}

/// The samples of a page: each has a family that is declared before, once, and is there once.
fn samples(page: &str) -> BTreeSet<&str> {
    let (mut families, mut samples) = (BTreeSet::new(), BTreeSet::new());
    let mut family = "";
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split_once(' ').unwrap().0;
            assert!(family.starts_with("trustdir_") && families.insert(family), "{line}");
        } else if let Some(declared) = line.strip_prefix("# TYPE ") {
            let sort = if family.ends_with("_total") { "counter" } else { "gauge" };
            assert_eq!(declared, format!("{family} {sort}"));
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let name = sample.split_once('{').map_or(sample, |(name, labels)| {
                assert!(labels.ends_with("\"}"), "{line}");
                name
            });
            assert!(name == family && value.parse::<u64>().is_ok() && samples.insert(sample), "{line}");
        }
    }
    assert!(page.ends_with('\n') && families.len() == 10);
    samples
}

/// Each label value is there from the start.
#[test]
fn prometheus_reads_them() {
    let service = Service::new();
    let acceptor = service.builder().build().unwrap();
    let _connection = service.connect(&acceptor);
    let page = acceptor.counters().to_prometheus();
    assert!(samples(&page).contains("trustdir_handshakes_total{kind=\"full\"}"));
    assert!(page.contains("\ntrustdir_handshakes_total{kind=\"full\"} 1\n"), "{page}");
    assert!(page.contains("\ntrustdir_connections_open 1\n") && !page.contains("alice"), "{page}");
    let refusing = Reason::ALL.into_iter().filter(|reason| !reason.is_admission());
    assert!(refusing.into_iter().all(|reason| page.contains(&format!("refusals_total{{reason=\"{reason}\"}} 0\n"))));
    assert_eq!(acceptor.counters().to_prometheus_with(&[]).unwrap(), page);
}

/// Two acceptors of one process are two series of each name, together.
#[test]
fn labels_tell_services_apart() {
    let service = Service::new();
    let (web, admin) = (service.builder().build().unwrap(), service.builder().build().unwrap());
    let _connection = service.connect(&admin);
    let (web, admin) = (web.counters(), admin.counters());
    let labels = [("zone", ""), ("Zone", "1"), ("service", "a \\ \"b\"\nc ü")];
    let page = Counters::prometheus_page(&[(&[("service", "web")], &web), (&labels, &admin)]).unwrap();
    let escaped = "Zone=\"1\",service=\"a \\\\ \\\"b\\\"\\nc ü\"";
    for line in [
        "trustdir_connections_open{service=\"web\"} 0".to_owned(),
        format!("trustdir_connections_open{{{escaped}}} 1"),
        "trustdir_handshakes_total{service=\"web\",kind=\"full\"} 0".to_owned(),
        format!("trustdir_handshakes_total{{{escaped},kind=\"full\"}} 1"),
    ] {
        assert!(page.lines().any(|there| there == line), "{line} is not in {page}");
    }
    assert_eq!(samples(&page).len(), 2 * samples(&web.to_prometheus()).len());
    assert_eq!(samples(&admin.to_prometheus_with(&labels).unwrap()).len() * 2, samples(&page).len());

    for labels in [[("kind", "x")], [("", "x")], [("1a", "x")], [("a-b", "x")], [("größe", "x")], [("__name__", "x")]]
    {
        let error = web.to_prometheus_with(&labels).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert!(web.to_prometheus_with(&[("a", "1"), ("a", "2")]).is_err());
    assert!(Counters::prometheus_page(&[(&[("a", "1")], &web), (&[("b", ""), ("a", "1")], &admin)]).is_err());
    assert!(Counters::prometheus_page(&[(&[], &web), (&[], &admin)]).is_err());
}

/// What the callback was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Decision>>>);

impl Told {
    fn callback(&self) -> Arc<dyn Fn(&Decision) + Send + Sync> {
        let told = self.clone();
        Arc::new(move |decision| told.0.lock().unwrap().push(decision.clone()))
    }

    fn take(&self) -> Vec<Reason> {
        self.0.lock().unwrap().drain(..).map(|decision| decision.reason()).collect()
    }
}

#[test]
fn each_decision_is_told_once() {
    let service = Service::new();
    let told = Told::default();
    let acceptor = service.builder().on_decision(told.callback()).build().unwrap();
    acceptor.accept().unwrap().read_tls(b"SSH-2.0-x\r\n").unwrap_err();
    assert_eq!(told.take(), [], "nobody was decided about");

    let mut wire = service.connect(&acceptor);
    assert_eq!(told.take(), [Reason::Admitted]);
    wire.server.recheck().unwrap();
    let stranger = service.world.ca.issue_client("stranger", &IssueOptions::default()).unwrap();
    Wire::new(&service.client(&stranger), &acceptor).refused();
    assert_eq!(told.0.lock().unwrap()[0].subject().as_deref(), Some("CN=stranger"));
    assert_eq!(told.take(), [Reason::NotInstalled]);
    service.remove_alice();
    for _ in 0..3 {
        wire.server.recheck().unwrap_err();
    }
    assert_eq!(told.take(), [Reason::Removed]);
}

/// Also who may finish is told of, once.
#[test]
fn a_removal_is_told_when_the_connection_goes_on() {
    let service = Service::new();
    let told = Told::default();
    let builder = service.builder().on_removal(OnRemoval::Finish).on_decision(told.callback());
    let acceptor = builder.build().unwrap();
    let mut wire = service.connect(&acceptor);
    service.remove_alice();
    for _ in 0..3 {
        wire.server.recheck().unwrap();
    }
    assert_eq!(told.take(), [Reason::Admitted, Reason::Removed]);
    let counters = acceptor.counters();
    assert_eq!((counters.revocations(Reason::Removed), counters.admitted), (1, 1));
}

/// It is a setting as others are: handshakes have the one of their time.
#[test]
fn a_reload_changes_the_callback() {
    let service = Service::new();
    let (old, new) = (Told::default(), Told::default());
    let acceptor = service.builder().on_decision(old.callback()).build().unwrap();
    let mut wire = service.connect(&acceptor);
    acceptor.reload(&service.builder().on_decision(new.callback())).unwrap();
    service.connect(&acceptor);
    service.remove_alice();
    wire.server.recheck().unwrap_err();
    assert_eq!((old.take(), new.take()), (vec![Reason::Admitted, Reason::Removed], vec![Reason::Admitted]));
}

/// No lock is held, and the connection is whole whatever the callback does.
#[test]
fn a_callback_may_use_the_acceptor_and_panic() {
    let service = Service::new();
    let cell: Arc<OnceLock<Acceptor>> = Arc::default();
    let (inner, builder) = (cell.clone(), service.builder());
    let acceptor = service.builder().on_decision(Arc::new(move |decision| {
        let acceptor = inner.get().unwrap();
        acceptor.reload(&builder).unwrap();
        assert_eq!(acceptor.connections().len() as u64, acceptor.counters().admitted);
        panic!("told of {}", decision.reason());
    }));
    let acceptor = cell.get_or_init(|| acceptor.build().unwrap());
    let mut wire = service.connect(acceptor);
    wire.say(b"more");
    wire.step(usize::MAX).unwrap();
    assert_eq!(wire.read().unwrap(), Some(4));
    assert_eq!((acceptor.counters().reloads, acceptor.counters().admitted), (1, 1));
    service.remove_alice();
    assert_eq!(wire.server.recheck().unwrap_err().kind(), ErrorKind::Revoked);
    assert_eq!((acceptor.counters().reloads, acceptor.counters().admitted), (2, 0));
}

#[cfg(feature = "tracing")]
mod events {
    use std::fmt::{Debug, Write as _};
    use std::fs;

    use support::call::call;
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::subscriber::with_default;
    use tracing::{Event, Metadata, Subscriber};
    use trustdir::tls::Connector;

    use super::*;

    /// Keeps the events of this crate, a line each.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Lines {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "trustdir"
        }

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            panic!("no spans")
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, " {field}={value:?}").unwrap();
        }

        fn record_str(&mut self, field: &Field, value: &str) {
            write!(self.0, " {field}={value}").unwrap();
        }
    }

    /// Both ends in one process, each with its word.
    #[test]
    fn an_event_says_of_which_end_it_is() {
        let world = World::new();
        let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
        let connector = Connector::builder().pin(world.server.certificate().clone()).build().unwrap();
        let lines = Lines::default();
        with_default(lines.clone(), || {
            call(&connector, "localhost", &acceptor).unwrap();
            connector.connect("localhost").unwrap().received_eof();
        });
        let lines = lines.0.lock().unwrap();
        let has = |parts: [&str; 3]| lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(has(["message=admitted", " end=server", "reason=ANONYMOUS"]), "{lines:#?}");
        assert!(has(["message=admitted", " end=client", "subject=CN=localhost"]), "{lines:#?}");
        assert!(has(["message=handshake failed", " end=client", "the server closed the connection"]), "{lines:#?}");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_happens_is_an_event() {
        let service = Service::new();
        service.remove_alice();
        fs::write(service.world.clients.join("al\nice.pem"), service.alice.certificate().to_pem()).unwrap();
        let acceptor = service.builder().build().unwrap();
        let lines = Lines::default();
        with_default(lines.clone(), || {
            let mut wire = service.connect(&acceptor);
            wire.say(b"more");
            wire.step(usize::MAX).unwrap();
            assert_eq!(wire.read().unwrap(), Some(4));
            service.remove_alice();
            wire.server.recheck().unwrap_err();
            Wire::new(&service.client(&service.alice), &acceptor).refused();
            acceptor.accept().unwrap().read_tls(b"SSH-2.0-x\r\n").unwrap_err();
            acceptor.reload(&service.builder()).unwrap();
            acceptor.reload(&service.builder().max_chain(0)).unwrap_err();
        });
        let lines = lines.0.lock().unwrap();
        let sha256 = format!("sha256={}", service.alice.certificate().fingerprint());
        let expected: [&[&str]; 6] = [
            &[
                "INFO message=admitted",
                "reason=ADMITTED",
                "subject=CN=alice",
                &sha256,
                "/al\\u{a}ice.pem",
                "resumed=false",
            ],
            &["INFO message=revoked", "reason=REMOVED", "subject=CN=alice", &sha256, "/al\\u{a}ice.pem", "why="],
            &["INFO message=refused", "reason=REMOVED", "subject=CN=alice", "resumed=false"],
            &["DEBUG message=handshake failed", "kind=TLS", "why=the client does not speak TLS"],
            &["INFO message=reloaded"],
            &["INFO message=reload failed", "kind=INVALID_ARGUMENT", "why=a handshake limit of 0"],
        ];
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        assert!(lines.iter().all(|line| line.contains(" end=server")), "{lines:#?}");
        for (line, parts) in lines.iter().zip(expected) {
            assert!(parts.iter().all(|part| line.contains(part)) && !line.contains('\n'), "{line}: {parts:?}");
        }
    }
}
