//! What an admitted client may do to its own connection: floods, forgeries and damage end it with the right error and
//! alert, hold little memory, and disturb nobody else.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use rustls::{AlertDescription, ContentType, version};
use support::hostile::{Forger, Scene, hear, records};
use support::wire::{Wire, flight, sent};
use trustdir::tls::{Acceptor, Connection, Read};
use trustdir::{Error, ErrorKind};

const FLOOD: &str =
    "the client floods the connection with tiny records (under 64 bytes); if that is its way, raise max_tiny_records";

/// Records that carry a byte each.
fn tiny(wire: &mut Wire, count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|_| {
            wire.say(b"x");
            flight(&mut wire.client)
        })
        .collect()
}

/// Reads all that is there.
fn drain(connection: &mut Connection) -> Result<usize, Error> {
    let mut total = 0;
    loop {
        match connection.read(&mut [0; 4096])? {
            Read::Data(count) => total += count,
            Read::Pending | Read::Closed => return Ok(total),
        }
    }
}

fn forger(scene: &Scene) -> (Connection, Forger) {
    let wire = scene.connected(&version::TLS13);
    (wire.server, Forger::new(wire.client))
}

/// The alert that the server sends under its keys.
fn told(connection: &mut Connection, forger: &mut Forger) -> AlertDescription {
    match forger.open(&sent(connection)).last() {
        Some((ContentType::Alert, alert)) => alert[1].into(),
        other => panic!("no alert, but {other:?}"),
    }
}

#[test]
fn tiny_records_have_their_rate() {
    for version in [&version::TLS12, &version::TLS13] {
        let mut scene = Scene::new(|builder| builder.max_tiny_records(Some(100)));
        let mut wire = scene.connected(version);
        // The handshake is paid off.
        let begin = Instant::now() + Duration::from_secs(10);
        let burst = tiny(&mut wire, 200);
        wire.server.read_tls_at(&burst, begin).unwrap();
        assert_eq!(drain(&mut wire.server).unwrap(), 200);
        // A second later a hundred more, also cut into bytes.
        let later = begin + Duration::from_secs(1);
        for byte in tiny(&mut wire, 100) {
            wire.server.read_tls_at(&[byte], later).unwrap();
            drain(&mut wire.server).unwrap();
        }
        let one_more = tiny(&mut wire, 1);
        let error = wire.server.read_tls_at(&one_more, later).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Tls, FLOOD));
        assert_eq!(wire.server.read(&mut [0]).unwrap_err().message(), FLOOD);
        assert_eq!(hear(&mut wire.client, &sent(&mut wire.server)), Ok(true), "close_notify");
        scene.undisturbed();
    }
}

/// Whatever the default is, an echo of single bytes stays below it, and so does everything with it switched off.
#[test]
fn who_waits_for_answers_is_not_limited() {
    let scene = Scene::new(|builder| builder.max_tiny_records(Some(10)));
    let mut wire = scene.connected(&version::TLS13);
    let now = Instant::now() + Duration::from_secs(10);
    for _ in 0..200 {
        let said = tiny(&mut wire, 1);
        wire.server.read_tls_at(&said, now).unwrap();
        assert_eq!(drain(&mut wire.server).unwrap(), 1);
        assert_eq!(wire.server.write(b"y").unwrap(), 1);
    }
    let refused = Acceptor::builder(scene.world.server.clone()).max_tiny_records(Some(9)).build().unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument, "{refused}");
    let scene = Scene::new(|builder| builder.max_tiny_records(None));
    let mut wire = scene.connected(&version::TLS13);
    for _ in 0..300 {
        let said = tiny(&mut wire, 100);
        wire.server.read_tls_at(&said, now).unwrap();
        assert_eq!(drain(&mut wire.server).unwrap(), 100);
    }
}

/// rustls allows 32 in a row; with data in between they are tiny records.
#[test]
fn key_updates_have_their_rate() {
    let mut scene = Scene::new(|builder| builder);
    let mut wire = scene.connected(&version::TLS13);
    let error = (0..).find_map(|_| {
        wire.client.refresh_traffic_keys().unwrap();
        wire.server.read_tls(&flight(&mut wire.client)).err()
    });
    let error = error.unwrap();
    assert!(error.kind() == ErrorKind::Tls && error.message().contains("TooManyKeyUpdateRequests"), "{error}");
    assert_eq!(hear(&mut wire.client, &sent(&mut wire.server)), Ok(true), "close_notify");

    let mut wire = scene.connected(&version::TLS13);
    let now = Instant::now() + Duration::from_secs(10);
    let mut updates = 0;
    let error = loop {
        let mut round = Vec::new();
        for _ in 0..30 {
            wire.client.refresh_traffic_keys().unwrap();
            round.extend(flight(&mut wire.client));
        }
        round.extend(tiny(&mut wire, 1));
        match wire.server.read_tls_at(&round, now) {
            Ok(()) => updates += 30,
            Err(error) => break error,
        }
        drain(&mut wire.server).unwrap();
        hear(&mut wire.client, &sent(&mut wire.server)).unwrap();
    };
    assert_eq!((error.kind(), error.message()), (ErrorKind::Tls, FLOOD));
    assert!((19_000..20_000).contains(&updates), "{updates}");
    scene.undisturbed();
}

#[test]
fn forged_records_end_the_connection() {
    let mut scene = Scene::new(|builder| builder);
    let hello = flight(&mut scene.wire(&version::TLS13).client)[5..].to_vec();
    use AlertDescription as Alert;
    type Case<'a> = (&'a str, ContentType, &'a [u8], usize, ErrorKind, &'a str, Alert);
    let cases: [Case<'_>; 8] = [
        ("a fatal alert", ContentType::Alert, &[2, 40], 1, ErrorKind::Alert, "handshake_failure", Alert::CloseNotify),
        ("a warning", ContentType::Alert, &[1, 100], 1, ErrorKind::Alert, "no_renegotiation", Alert::DecodeError),
        ("half an alert", ContentType::Alert, &[1], 1, ErrorKind::Tls, "MissingData", Alert::DecodeError),
        ("empty records", ContentType::ApplicationData, &[], 40, ErrorKind::Tls, "TooManyEmpty", Alert::CloseNotify),
        ("user_canceled", ContentType::Alert, &[1, 90], 5, ErrorKind::Tls, "TooManyWarning", Alert::CloseNotify),
        ("a hello", ContentType::Handshake, &hello, 1, ErrorKind::Tls, "ClientHello", Alert::UnexpectedMessage),
        ("another sort", ContentType::ChangeCipherSpec, &[1], 1, ErrorKind::Tls, "protocol", Alert::UnexpectedMessage),
        (
            "no key update",
            ContentType::Handshake,
            &[24, 0, 0, 1, 7],
            1,
            ErrorKind::Tls,
            "KeyUpdate",
            Alert::IllegalParameter,
        ),
    ];
    for (what, content, payload, count, kind, says, alert) in cases {
        let (mut connection, mut forger) = forger(&scene);
        let error = (0..count).find_map(|_| connection.read_tls(&forger.record(content, payload)).err());
        let error = error.unwrap_or_else(|| panic!("{what}: no error"));
        assert!(error.kind() == kind && error.message().contains(says), "{what}: {error:?}");
        assert_eq!(told(&mut connection, &mut forger), alert, "{what}");
        assert!(connection.write(b"x").is_err() && !connection.wants_read(), "{what}");
    }
    scene.undisturbed();
}

/// What follows the client's close does not count; what the service has yet to say still goes out.
#[test]
fn nothing_counts_after_close_notify() {
    let mut scene = Scene::new(|builder| builder.max_tiny_records(None));
    let (mut connection, mut forger) = forger(&scene);
    let data = forger.record(ContentType::ApplicationData, b"last");
    let close = forger.record(ContentType::Alert, &[1, 0]);
    let more = forger.record(ContentType::ApplicationData, b"more");
    connection.read_tls(&[&data[..], &close, &close, &more].concat()).unwrap();
    assert_eq!(drain(&mut connection).unwrap(), 4);
    for piece in [&close, &more, &vec![0xff; 16384]] {
        (0..100).for_each(|_| connection.read_tls(piece).unwrap());
    }
    assert_eq!(connection.read(&mut [0; 64]).unwrap(), Read::Closed);
    assert!(!connection.wants_read());
    assert_eq!(connection.write(b"bye").unwrap(), 3);
    connection.close_notify();
    connection.close_notify();
    let answer = forger.open(&sent(&mut connection));
    let contents: Vec<_> = answer.iter().map(|(content, _)| *content).collect();
    assert_eq!(contents, [ContentType::ApplicationData, ContentType::Alert]);
    scene.undisturbed();
}

#[test]
fn damaged_and_reordered_records_end_the_connection() {
    let mut scene = Scene::new(|builder| builder);
    for version in [&version::TLS12, &version::TLS13] {
        let changes: [fn(&mut Vec<Vec<u8>>); 5] = [
            |records| records.swap(0, 1),
            |records| drop(records.remove(0)),
            |records| records.insert(1, records[0].clone()),
            |records| *records[0].last_mut().unwrap() ^= 1,
            |records| records[0].truncate(20),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut wire = scene.connected(version);
            let mut said = Vec::new();
            for word in ["first", "second", "third"] {
                wire.say(word.as_bytes());
                said.extend(flight(&mut wire.client));
            }
            let mut said = records(&said);
            change(&mut said);
            let error = said.iter().find_map(|record| {
                let fed = wire.server.read_tls(record);
                // What was good before is given out.
                fed.and_then(|()| drain(&mut wire.server)).err()
            });
            let error = error.unwrap();
            assert!(error.kind() == ErrorKind::Tls && error.message().contains("decrypt"), "{number}: {error}");
            let heard = hear(&mut wire.client, &sent(&mut wire.server));
            assert_eq!(heard, Err(rustls::Error::AlertReceived(AlertDescription::BadRecordMac)), "{number}");
        }
        // A stream that is cut is told from one that was closed.
        let mut wire = scene.connected(version);
        wire.say(b"all");
        let said = flight(&mut wire.client);
        wire.server.read_tls(&said[..said.len() - 1]).unwrap();
        wire.server.received_eof();
        assert_eq!(wire.server.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::Truncated);
    }
    scene.undisturbed();
}

/// What is damaged after the service has closed is no reason to panic.
#[test]
fn damage_after_our_close_notify() {
    let mut scene = Scene::new(|builder| builder);
    for version in [&version::TLS12, &version::TLS13] {
        let mut wire = scene.connected(version);
        wire.server.close_notify();
        let error =
            wire.server.read_tls(&[23, 3, 3, 0, 40].into_iter().chain([7; 40]).collect::<Vec<_>>()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    }
    scene.undisturbed();
}

/// A host that feeds on while plaintext waits is stopped, loses nothing and goes on.
#[test]
fn a_host_that_does_not_read_is_stopped() {
    let scene = Scene::new(|builder| builder);
    let mut wire = scene.connected(&version::TLS13);
    let mut fed = 0;
    let (error, waiting) = loop {
        wire.say(&[7; 10_000]);
        let waiting = flight(&mut wire.client);
        match wire.server.read_tls(&waiting) {
            Ok(()) => fed += 10_000,
            Err(error) => break (error, waiting),
        }
        assert!(fed < 200_000);
    };
    assert!(error.kind() == ErrorKind::InvalidArgument && error.message().contains("wants_read"), "{error}");
    assert_eq!(drain(&mut wire.server).unwrap(), fed);
    wire.server.read_tls(&waiting).unwrap();
    assert_eq!(drain(&mut wire.server).unwrap(), 10_000);
    wire.establish().unwrap();
}
