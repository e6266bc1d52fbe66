//! What a connection holds, idle and under attack: every byte of the heap is counted.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write as _;
use std::time::Instant;

use rustls::{SupportedProtocolVersion, version};
use support::DEADLINE;
use support::hostile::{Scene, hear, record, showing};
use support::wire::{Wire, flight, sent};

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static HEAP: Counting = Counting;

impl Counting {
    fn add(bytes: isize) {
        // A thread that ends has no count any more.
        let _ = HELD.try_with(|held| {
            held.set(held.get() + bytes);
            let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
        });
    }
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::add(-layout.size().cast_signed());
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a call leaves on the heap.
fn left<T>(call: impl FnOnce() -> T) -> (T, isize) {
    let before = HELD.get();
    let value = call();
    (value, HELD.get() - before)
}

/// By how much the heap grows at most during a call.
fn peak<T>(call: impl FnOnce() -> T) -> (T, isize) {
    let before = HELD.get();
    PEAK.set(before);
    let value = call();
    (value, PEAK.get() - before)
}

/// The service's end of many connections after whatever was done with each; how much one of them holds.
fn held(scene: &Scene, version: &'static SupportedProtocolVersion, mut what: impl FnMut(&mut Wire)) -> isize {
    const COUNT: usize = 50;
    let mut servers = Vec::with_capacity(COUNT);
    for _ in 0..COUNT {
        let mut wire = scene.wire(version);
        what(&mut wire);
        servers.push(wire.server);
    }
    -left(|| drop(servers)).1 / COUNT.cast_signed()
}

/// An idle connection of a client with a P-256 certificate, whatever large records it has had.
#[test]
fn an_idle_connection_holds_at_most_8500_bytes() {
    let scene = Scene::new(|builder| builder);
    let large = [7; 16384];
    for version in [&version::TLS12, &version::TLS13] {
        let idle = held(&scene, version, |wire| wire.establish().unwrap());
        let received = held(&scene, version, |wire| {
            wire.establish().unwrap();
            wire.say(&large);
            wire.step(usize::MAX).unwrap();
            while wire.read().unwrap().is_some() {}
        });
        let peeked = held(&scene, version, |wire| {
            wire.establish().unwrap();
            wire.say(&large);
            wire.step(usize::MAX).unwrap();
            while let Some(count) = wire.server.peek().unwrap().map(<[u8]>::len) {
                wire.server.consume(count);
            }
        });
        let sent = held(&scene, version, |wire| {
            wire.establish().unwrap();
            assert_eq!(wire.server.write(&large).unwrap(), large.len());
            wire.step(usize::MAX).unwrap();
        });
        println!("{version:?}: idle {idle}, 16 KiB received {received}, peeked {peeked}, sent {sent}");
        assert!([idle, received, peeked, sent].iter().all(|held| *held <= 8500));
    }
}

/// Before the decision a client costs at most a few times the bytes that it may send, and when it is refused nothing of
/// that stays.
#[test]
fn a_handshake_costs_little() {
    let scene = Scene::new(|builder| builder);
    let header = |length: u32| [&[1], &length.to_be_bytes()[1..]].concat();
    let hello = [header(0xffff), vec![0; 0xffff]].concat();
    let own = scene.alice.certificate().as_der().to_vec();
    let chain = |certificates: usize, size: usize| [vec![own.clone()], vec![vec![0x30; size]; certificates]].concat();
    let records = |size: usize| hello.chunks(size).flat_map(|piece| record(22, piece)).collect::<Vec<u8>>();
    let attacks = [
        ("silence", vec![]),
        ("half a hello", vec![records(16384)[..20_000].to_vec()]),
        ("a large hello", vec![records(16384)]),
        ("one in tiny records", vec![records(1)]),
        ("empty records", vec![record(22, &[]).repeat(10_000)]),
        ("garbage", vec![vec![0xff; 60_000]]),
    ];
    for version in [&version::TLS12, &version::TLS13] {
        for chain in [chain(9, 6_500), chain(1, 60_000), chain(200, 300)] {
            let config = showing(&scene.config(version), &scene.alice, &chain);
            let mut wire = Wire::new(&config, &scene.acceptor);
            let hello = flight(&mut wire.client);
            let (_, first) = peak(|| wire.server.read_tls(&hello));
            hear(&mut wire.client, &sent(&mut wire.server)).unwrap();
            let second = flight(&mut wire.client);
            let (_, second) = peak(|| second.chunks(4096).try_for_each(|piece| wire.server.read_tls(piece)));
            println!("{version:?}, {} certificates: {first} for the hello, {second} for the chain", chain.len());
            assert!(first < 64 << 10 && second < 400 << 10);
        }
        let half = held(&scene, version, |wire| {
            let hello = flight(&mut wire.client);
            wire.server.read_tls(&hello).unwrap();
            sent(&mut wire.server);
        });
        println!("{version:?}: {half} held halfway");
        assert!(half < 16 << 10);
    }
    for (what, pieces) in attacks {
        let mut connection = scene.acceptor.accept().unwrap();
        let ((), peak) = peak(|| pieces.iter().for_each(|piece| drop(connection.read_tls(piece))));
        let _ = connection.expire(Instant::now() + DEADLINE);
        sent(&mut connection);
        let held = -left(|| drop(connection)).1;
        println!("{what}: {peak} at most, {held} when it is over");
        assert!(peak < 400 << 10 && held < 2048);
    }
}

/// Whatever the host leaves undone, no peer makes a connection grow beyond 64 KiB each way and what rustls holds.
#[test]
fn no_peer_fills_the_memory() {
    let scene = Scene::new(|builder| builder.max_tiny_records(None));
    let each = |what: &str, act: &mut dyn FnMut(&mut Wire)| {
        for version in [&version::TLS12, &version::TLS13] {
            let mut wire = scene.connected(version);
            let ((), grown) = left(|| {
                for _ in 0..6_000 {
                    act(&mut wire);
                }
            });
            let held = -left(|| drop(wire.server)).1;
            println!("{what}, {version:?}: {held} held, {grown} grown");
            assert!(held < 192 << 10, "{what}, {version:?}: {held}");
        }
    };
    each("a host that does not read", &mut |wire| {
        wire.client.writer().write_all(&[7; 100]).unwrap();
        let _ = wire.server.read_tls(&flight(&mut wire.client));
    });
    each("tiny records that nobody reads", &mut |wire| {
        wire.client.writer().write_all(&[7]).unwrap();
        let _ = wire.server.read_tls(&flight(&mut wire.client));
    });
    each("a host that reads a little", &mut |wire| {
        wire.client.writer().write_all(&[7; 100]).unwrap();
        let _ = wire.server.read_tls(&flight(&mut wire.client));
        let _ = wire.server.read(&mut [0; 99]);
    });
    each("a host that writes to nobody", &mut |wire| drop(wire.server.write(&[7])));
    each("key updates whose answers nobody takes", &mut |wire| {
        let _ = wire.client.refresh_traffic_keys();
        wire.client.writer().write_all(&[7]).unwrap();
        wire.server.read_tls(&flight(&mut wire.client)).unwrap();
        assert_eq!(wire.read().unwrap(), Some(1));
        let _ = wire.server.write(&[7; 65536]);
    });
    each("key updates and a transport that takes a byte", &mut |wire| {
        let _ = wire.client.refresh_traffic_keys();
        wire.client.writer().write_all(&[7]).unwrap();
        wire.server.read_tls(&flight(&mut wire.client)).unwrap();
        assert_eq!(wire.read().unwrap(), Some(1));
        let _ = wire.server.write(&[7; 65536]);
        wire.server.write_tls(&mut [0]);
    });
    each("data after close_notify", &mut |wire| {
        wire.client.send_close_notify();
        wire.server.read_tls(&flight(&mut wire.client)).unwrap();
        wire.server.read_tls(&[7; 16384]).unwrap();
    });
}
