//! What a hostile client does before it is admitted: each is refused with the right error and alert, costs no more than
//! the limits say, and disturbs nobody else.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustls::{AlertDescription, ClientConnection, SupportedProtocolVersion, version};
use support::client::{SClient, Tls};
use support::dice::Dice;
use support::hostile::{Scene, alert, hear, record, records, showing};
use support::server::{Server, What};
use support::wire::{Wire, flight, sent};
use support::{DEADLINE, run};
use trustdir::tls::{Connection, PlainHttp};
use trustdir::{Error, ErrorKind, IssueOptions, Reason};

const BOTH: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// Feeds a connection that sends at once; the first error, and what the client gets.
fn feed(connection: &mut Connection, pieces: &[Vec<u8>]) -> (Option<Error>, Vec<u8>) {
    let mut out = Vec::new();
    let error = pieces.iter().find_map(|piece| {
        let error = connection.read_tls(piece).err();
        out.extend(sent(connection));
        error
    });
    (error, out)
}

fn hello(scene: &Scene, version: &'static SupportedProtocolVersion) -> Vec<u8> {
    flight(&mut scene.wire(version).client)
}

/// A handshake message of this length in records of that length.
fn message(length: usize, pieces: usize) -> Vec<Vec<u8>> {
    let header = u32::try_from(length).unwrap().to_be_bytes();
    let message = [&[1], &header[1..], &vec![0; length]].concat();
    message.chunks(pieces).map(|piece| record(22, piece)).collect()
}

/// A client that has got the server's flight and has its own ready, record by record.
fn halfway(wire: &mut Wire) -> Vec<Vec<u8>> {
    let hello = flight(&mut wire.client);
    let (error, answer) = feed(&mut wire.server, &[hello]);
    assert!(error.is_none(), "{error:?}");
    hear(&mut wire.client, &answer).unwrap();
    records(&flight(&mut wire.client))
}

/// The alert that a client gets amid its handshake: in TLS 1.2 in the clear, in TLS 1.3 as it reads it.
fn told(client: &mut ClientConnection, answer: &[u8]) -> AlertDescription {
    match (alert(answer), hear(client, answer)) {
        (Some([_, description]), _) => description.into(),
        (None, Err(rustls::Error::AlertReceived(alert))) => alert,
        (None, Ok(true)) => AlertDescription::CloseNotify,
        (None, heard) => panic!("no alert, but {heard:?}"),
    }
}

fn is_admitted(connection: &Connection) -> bool {
    connection.decision().is_some_and(trustdir::Decision::is_admitted)
}

#[test]
fn whatever_comes_instead_of_a_hello() {
    let mut scene = Scene::new(|builder| builder.handshake_bytes(1 << 20));
    let hello = hello(&scene, &version::TLS13);
    let cut = [record(22, &hello[5..50]), record(21, &[1, 0]), record(22, &hello[50..])];
    let tls = "the TLS protocol failed";
    let cases: [(&str, Vec<Vec<u8>>, &str, u8); 11] = [
        ("a fatal alert", vec![record(21, &[2, 40])], "got Alert", 10),
        ("close_notify", vec![record(21, &[1, 0])], "got Alert", 10),
        ("change_cipher_spec", vec![record(20, &[1])], "got ChangeCipherSpec", 10),
        ("data", vec![record(23, &[1])], "got ApplicationData", 10),
        ("an empty record", vec![record(22, &[])], "InvalidEmptyPayload", 50),
        ("a record that is too large", vec![vec![22, 3, 1, 0xff, 0xff]], "MessageTooLarge", 50),
        ("an alert within", cut.to_vec(), "Interleaved", 10),
        ("two", vec![record(22, &[&hello[5..], &hello[5..]].concat())], "KeyEpochWithPendingFragment", 10),
        ("64 KiB", message(0x1_0000, 0x4000), "TooLarge", 50),
        ("64 KiB less one", message(0xffff, 0x4000), "TooLarge", 50),
        ("64 KiB in records of a byte", message(0xffff, 1), "TooLarge", 50),
    ];
    for (what, pieces, says, description) in cases {
        let mut connection = scene.acceptor.accept().unwrap();
        let (error, answer) = feed(&mut connection, &pieces);
        let error = error.unwrap_or_else(|| panic!("{what}: no error"));
        assert_eq!(error.kind(), ErrorKind::Tls, "{what}");
        assert!(error.message().starts_with(tls) && error.message().contains(says), "{what}: {error}");
        assert_eq!(alert(&answer), Some([2, description]), "{what}");
        assert!(connection.decision().is_none() && !connection.wants_read(), "{what}");
    }
    scene.undisturbed();
}

#[test]
fn whatever_comes_after_the_hello() {
    use AlertDescription as Alert;
    let mut scene = Scene::new(|builder| builder);
    let warnings = record(21, &[1, 90]).repeat(5);
    type Case<'a> = (&'a str, Vec<u8>, ErrorKind, &'a str, [Alert; 2]);
    let cases: [Case<'_>; 7] = [
        ("an alert", record(21, &[2, 40]), ErrorKind::Alert, "handshake_failure", [Alert::CloseNotify; 2]),
        ("warnings", warnings, ErrorKind::Tls, "TooManyWarningAlerts", [Alert::CloseNotify; 2]),
        (
            "data",
            record(23, &[7; 40]),
            ErrorKind::Tls,
            "the TLS protocol failed",
            [Alert::UnexpectedMessage, Alert::BadRecordMac],
        ),
        (
            "many change_cipher_spec",
            record(20, &[1]).repeat(3),
            ErrorKind::Tls,
            "ChangeCipherSpec",
            [Alert::UnexpectedMessage, Alert::CloseNotify],
        ),
        ("no type", record(99, &[0]), ErrorKind::Tls, "does not speak TLS", [Alert::DecodeError; 2]),
        ("no length", vec![22, 3, 3, 0xff, 0xff], ErrorKind::Tls, "TooLarge", [Alert::DecodeError; 2]),
        ("no alert", record(21, &[9, 9]), ErrorKind::Alert, "alert 9", [Alert::IllegalParameter; 2]),
    ];
    for (what, piece, kind, says, alerts) in cases {
        for (version, alert) in BOTH.into_iter().zip(alerts) {
            let mut wire = scene.wire(version);
            halfway(&mut wire);
            let (error, answer) = feed(&mut wire.server, std::slice::from_ref(&piece));
            let error = error.unwrap_or_else(|| panic!("{what}: no error"));
            assert!(error.kind() == kind && error.message().contains(says), "{what}, {version:?}: {error:?}");
            assert_eq!(told(&mut wire.client, &answer), alert, "{what}, {version:?}");
        }
    }
    scene.undisturbed();
}

/// Small pieces are no fault: a hello may come byte by byte, and in records of a byte.
#[test]
fn a_hello_may_come_in_the_smallest_pieces() {
    let scene = Scene::new(|builder| builder);
    for version in BOTH {
        for in_records in [false, true] {
            let mut wire = scene.wire(version);
            let hello = flight(&mut wire.client);
            let pieces: Vec<Vec<u8>> = if in_records {
                hello[5..].iter().map(|byte| record(22, &[*byte])).collect()
            } else {
                hello.iter().map(|byte| vec![*byte]).collect()
            };
            let (error, answer) = feed(&mut wire.server, &pieces);
            assert!(error.is_none(), "{error:?}");
            hear(&mut wire.client, &answer).unwrap();
            wire.establish().unwrap();
        }
    }
}

#[test]
fn chains_have_their_limits() {
    let mut scene = Scene::new(|builder| builder);
    let own = scene.alice.certificate().as_der().to_vec();
    let chain =
        |certificates: usize, size: usize| [vec![own.clone()], vec![vec![0x30; size]; certificates - 1]].concat();
    let cases = [
        (chain(11, 10), AlertDescription::BadCertificate, "the client sent 11 certificates"),
        (chain(11, 5_500), AlertDescription::BadCertificate, "the client sent 11 certificates"),
        // rustls has no alert for it.
        (chain(8, 14_000), AlertDescription::CloseNotify, "TooLarge"),
    ];
    for version in BOTH {
        for (chain, alert, says) in &cases {
            let mut wire = Wire::new(&showing(&scene.config(version), &scene.alice, chain), &scene.acceptor);
            let pieces = halfway(&mut wire);
            let (error, answer) = feed(&mut wire.server, &pieces);
            let error = error.unwrap();
            assert!(error.message().contains(says) && !is_admitted(&wire.server), "{error}");
            assert_eq!(told(&mut wire.client, &answer), *alert, "{error}");
        }
        // Who shows that much gets no ticket for it: the chain would be in each.
        for (size, tickets) in [(10, 2), (6_500, 0)] {
            let config = showing(&scene.config(version), &scene.alice, &chain(10, size));
            let mut wire = Wire::new(&config, &scene.acceptor);
            wire.establish().unwrap();
            if std::ptr::eq(version, &version::TLS13) {
                assert_eq!(wire.client.tls13_tickets_received(), tickets);
            }
        }
    }
    scene.undisturbed();
    let scene = Scene::new(|builder| builder.handshake_bytes(16 << 10));
    for version in BOTH {
        let mut wire = Wire::new(&showing(&scene.config(version), &scene.alice, &chain(8, 5_000)), &scene.acceptor);
        let pieces = halfway(&mut wire);
        let error = feed(&mut wire.server, &pieces).0.unwrap();
        assert!(error.kind() == ErrorKind::Tls && error.message().contains("more than 16384 bytes"), "{error}");
    }
}

/// Time is the caller's: half a minute passes at once.
#[test]
fn a_slow_handshake_ends_at_its_deadline() {
    let mut scene = Scene::new(|builder| builder);
    let begin = Instant::now();
    let late = "the client has not completed its handshake within 30 s";
    for version in BOTH {
        let hello = hello(&scene, version);
        let mut connection = scene.acceptor.accept_at(begin).unwrap();
        assert_eq!(connection.deadline(), Some(begin + Duration::from_secs(30)));
        for (second, byte) in (0..30).zip(&hello) {
            connection.read_tls_at(&[*byte], begin + Duration::from_secs(second)).unwrap();
        }
        let error = connection.read_tls_at(&hello[30..], begin + Duration::from_secs(30)).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::TimedOut, late));
        assert!(connection.deadline().is_none() && !connection.wants_read() && sent(&mut connection).is_empty());

        let mut wire = scene.wire(version);
        let pieces = halfway(&mut wire);
        wire.server.read_tls(&pieces[0]).unwrap();
        let error = wire.server.expire(Instant::now() + Duration::from_secs(30)).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::TimedOut, late));
        assert!(wire.server.read_tls(&pieces[1..].concat()).is_err() && wire.server.decision().is_none());
        assert_eq!(told(&mut wire.client, &sent(&mut wire.server)), AlertDescription::CloseNotify);
    }
    let mut flood: Vec<Connection> = (0..1000).map(|_| scene.acceptor.accept_at(begin).unwrap()).collect();
    let half = &hello(&scene, &version::TLS13)[..700];
    flood.iter_mut().for_each(|connection| connection.read_tls_at(half, begin).unwrap());
    scene.undisturbed();
    let expired = flood.iter_mut().filter_map(|connection| connection.expire(begin + Duration::from_secs(30)).err());
    assert_eq!(expired.filter(|error| error.kind() == ErrorKind::TimedOut).count(), 1000);
    scene.undisturbed();
}

/// Of a flight only what matters: the version of a record does not, nor change_cipher_spec in TLS 1.3 (RFC 8446, 5) and
/// warnings in TLS 1.2.
fn essence(flight: &[Vec<u8>], version: &SupportedProtocolVersion) -> Vec<u8> {
    let is_tls13 = std::ptr::eq(version, &version::TLS13);
    let idle = |record: &&Vec<u8>| if is_tls13 { record[0] == 20 } else { record.starts_with(&[21, 3, 3, 0, 2, 1]) };
    let matters = flight.iter().filter(|record| !idle(record));
    matters.flat_map(|record| [&record[..1], record.get(5..).unwrap_or_default()].concat()).collect()
}

/// Has a client send its first or its second flight altered; nobody is admitted by what is not what was signed.
fn alter(scene: &Scene, version: &'static SupportedProtocolVersion, second: bool, how: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut wire = scene.wire(version);
    let flight = if second { halfway(&mut wire) } else { records(&flight(&mut wire.client)) };
    let mut altered = flight.clone();
    how(&mut altered);
    let (error, answer) = feed(&mut wire.server, &altered);
    if let Some(error) = &error {
        assert!(error.kind() != ErrorKind::InvalidArgument && !error.message().contains('\n'), "{error:?}");
    }
    if !second && hear(&mut wire.client, &answer).is_ok() && !wire.client.wants_write() {
        assert!(!is_admitted(&wire.server));
    } else if !second && error.is_none() {
        feed(&mut wire.server, &[support::wire::flight(&mut wire.client)]);
    }
    if is_admitted(&wire.server) {
        // What follows a whole flight is another matter.
        assert!(essence(&altered, version).starts_with(&essence(&flight, version)), "{altered:?} for {flight:?}");
    } else if error.is_none() {
        wire.server.expire(Instant::now() + DEADLINE).unwrap_err();
    }
}

#[test]
fn flights_are_truncated_reordered_repeated_and_damaged() {
    let mut scene = Scene::new(|builder| builder);
    for version in BOTH {
        let count = halfway(&mut scene.wire(version)).len();
        let old = halfway(&mut scene.wire(version));
        assert!(count >= 2);
        for at in 0..count {
            let alter = |how: &dyn Fn(&mut Vec<Vec<u8>>)| alter(&scene, version, true, how);
            alter(&|flight| drop(flight.remove(at)));
            alter(&|flight| flight.truncate(at));
            alter(&|flight| flight.insert(at, flight[at].clone()));
            alter(&|flight| flight.swap(at, (at + 1) % count));
            alter(&|flight| flight[at] = old[at].clone());
            alter(&|flight| assert!(flight[at].pop().is_some()));
            alter(&|flight| flight[at].push(0));
            alter(&|flight| flight[at].truncate(5));
            alter(&|flight| flight.insert(at, record(21, &[1, 0])));
            alter(&|flight| flight.insert(at, record(23, &[])));
            for byte in 0..6 {
                alter(&|flight| flight[at][byte] ^= 0x11);
            }
            alter(&|flight| *flight[at].last_mut().unwrap() ^= 1);
        }
    }
    scene.undisturbed();
}

#[test]
fn flights_are_damaged_anywhere() {
    let mut scene = Scene::new(|builder| builder);
    let mut dice = Dice::seeded(0x5eed);
    for round in 0..400 {
        alter(&scene, BOTH[round % 2], round % 4 < 2, |flight| {
            for _ in 0..=dice.below(3) {
                let at = dice.below(flight.len());
                let byte = dice.below(flight[at].len());
                match dice.below(4) {
                    0 => flight[at].truncate(byte.max(1)),
                    1 => flight[at].insert(byte, dice.below(256) as u8),
                    _ => flight[at][byte] ^= 1 << dice.below(8),
                }
            }
        });
    }
    scene.undisturbed();
}

#[test]
fn garbage_is_refused() {
    let mut scene = Scene::new(|builder| builder);
    let mut dice = Dice::seeded(0xbad);
    for round in 0..500 {
        let mut garbage: Vec<u8> = (0..1 + dice.below(4096)).map(|_| dice.below(256) as u8).collect();
        if round % 2 == 0 {
            garbage = record(22, &garbage);
        }
        let mut connection = scene.acceptor.accept().unwrap();
        let (error, answer) = feed(&mut connection, &[garbage]);
        match error {
            Some(error) => assert!(error.kind() == ErrorKind::Tls && alert(&answer).is_some(), "{error:?}"),
            None => assert!(connection.expire(Instant::now() + DEADLINE).is_err()),
        }
    }
    scene.undisturbed();
}

/// The alert for each reason to refuse, in both versions (RFC 8446, 6.2).
#[test]
fn alerts_say_why() {
    use AlertDescription as Alert;
    let scene = Scene::new(|builder| builder.service("rpc"));
    let own = scene.alice.certificate().as_der().to_vec();
    let stranger = scene.world.ca.issue_client("mallory", &IssueOptions::default()).unwrap();
    let limits = scene.world.clients.join("trustdir.toml");
    let limit = |what: &str| fs::write(&limits, format!("[[limit]]\nsubject = \"CN=alice\"\n{what}\n")).unwrap();
    let alert = |chain: &[Vec<u8>], kind: ErrorKind, reason: Reason| {
        BOTH.map(|version| {
            let identity = if chain.contains(&own) { &scene.alice } else { &stranger };
            let mut wire = Wire::new(&showing(&scene.config(version), identity, chain), &scene.acceptor);
            let pieces = halfway(&mut wire);
            let (error, answer) = feed(&mut wire.server, &pieces);
            let error = error.unwrap();
            assert_eq!((error.kind(), error.decision().unwrap().reason()), (kind, reason), "{error}");
            told(&mut wire.client, &answer)
        })
    };
    let strange = [stranger.certificate().as_der().to_vec()];
    let mine = [own.clone()];
    assert_eq!(alert(&[], ErrorKind::NoCertificate, Reason::NoCertificate), [Alert::CertificateRequired; 2]);
    assert_eq!(alert(&strange, ErrorKind::Untrusted, Reason::NotInstalled), [Alert::UnknownCA; 2]);
    limit("valid_until = 2020-01-01T00:00:00Z");
    assert_eq!(alert(&mine, ErrorKind::Expired, Reason::Expired), [Alert::CertificateExpired; 2]);
    limit("services = [\"admin\"]");
    assert_eq!(alert(&mine, ErrorKind::Untrusted, Reason::Scope), [Alert::AccessDenied; 2]);
    fs::remove_file(&limits).unwrap();
    let malformed = [mine.to_vec(), vec![vec![0x30]; 10]].concat();
    assert_eq!(alert(&malformed, ErrorKind::Untrusted, Reason::Malformed), [Alert::BadCertificate; 2]);
    scene.directory.remove(&scene.alice.certificate().fingerprint()).unwrap();
    assert_eq!(alert(&mine, ErrorKind::Revoked, Reason::Removed), [Alert::CertificateRevoked; 2]);
}

/// Over sockets: silent and half-said handshakes are ended, while alice is served.
#[test]
fn a_flood_of_handshakes_is_cut_by_the_deadline() {
    let scene = Scene::new(|builder| builder.handshake_timeout(Duration::from_secs(2)));
    let server = Server::start(scene.acceptor.clone());
    let files = scene.world.path("alice.cert.pem");
    let alice = support::ClientFiles { key: scene.world.path("alice.key.pem"), certificate: files, chain: None };
    scene.alice.save(&alice.certificate, &alice.key, None).unwrap();
    let mut open = SClient::connect(&scene.world, &server.address(), Tls::V13, Some(&alice), &[]);
    assert_eq!(open.echo("before").as_deref(), Some("before"));
    let hello = hello(&scene, &version::TLS13);
    let flood: Vec<TcpStream> = (0..100)
        .map(|number| {
            let mut socket = TcpStream::connect(server.address()).unwrap();
            socket.write_all(&hello[..(number % 2) * 700]).unwrap();
            socket
        })
        .collect();
    assert_eq!(open.echo("during").as_deref(), Some("during"));
    for mut socket in flood {
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        assert_eq!(socket.read(&mut [0; 64]).unwrap(), 0, "nothing but the end");
    }
    assert_eq!(open.echo("after").as_deref(), Some("after"));
    let refused = server.wait(|event| event.what == What::Refused);
    assert!(refused.message.contains("within 2 s"), "{refused:?}");
}

/// A browser or curl that opens http:// on this port reads why, in a whole answer.
#[test]
fn plain_http_is_answered() {
    let answers = [
        (PlainHttp::bad_request(), "400 ", "open it with https://"),
        (PlainHttp::redirect("https://rpc.home.arpa:7076").unwrap(), "308 https://rpc.home.arpa:7076/a?b=c", "HTTPS"),
    ];
    for (answer, status, text) in answers {
        let scene = Scene::new(|builder| builder.plain_http(answer));
        let server = Server::start(scene.acceptor.clone());
        let url = format!("http://{}/a?b=c", server.address());
        let body = "x".repeat(100_000);
        let format = "\n%{http_code} %{redirect_url}";
        for more in [&[][..], &["--data", &body]] {
            let common = ["--silent", "--show-error", "--noproxy", "*", "--write-out", format, &url];
            let output = run("curl", &[&common[..], more].concat(), scene.world.dir.path());
            assert!(output.contains(text) && output.ends_with(status), "{output}");
            let refused = server.wait(|event| event.what == What::Refused);
            assert!(refused.message.contains("does not speak TLS"), "{refused:?}");
        }
    }
    let server = Server::start(Scene::new(|builder| builder).acceptor);
    let mut socket = TcpStream::connect(server.address()).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [21, 3, 3, 0, 2, 2, 50]);
}
