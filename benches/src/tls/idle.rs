//! The memory of a connection that waits.

use std::io::Write as _;

use super::{Contender, Scene, X25519};
use crate::handshake::{Client, Service, Session, Shaken, hand, sent};
use crate::heap;

const CONNECTIONS: usize = 200;

const RECORD: [u8; 16 * 1024] = [7; 16 * 1024];

/// What a connection does before it waits.
const BEFORE: [(&str, fn(&mut Shaken)); 3] = [("nothing", |_| {}), ("16 KiB received", receive), ("16 KiB sent", send)];

/// Both counts: Rust's, without what C and the shared library allocate, and malloc's, with its overhead.
pub(super) fn run(scene: &Scene, contenders: &[Contender]) {
    let client = Client::new(&scene.ca, &scene.alice, X25519);
    print!("\n{:<28}", "bytes of an idle connection");
    BEFORE.iter().for_each(|(what, _)| print!(" {what:>18}"));
    println!("\n{:<28} {:>18} {:>18} {:>18}", "", "Rust's, malloc's", "", "");
    for Contender { name, service, .. } in contenders {
        print!("{name:<28}");
        for (_, before) in BEFORE {
            let [ours, all] = of_one(&client, &**service, before);
            print!(" {ours:>9} {all:>8}");
        }
        println!();
    }
}

fn of_one(client: &Client, service: &dyn Service, before: fn(&mut Shaken)) -> [usize; 2] {
    let make = || -> Box<dyn Session> {
        let mut shaken = client.shake(service);
        before(&mut shaken);
        shaken.session
    };
    // What the first one leaves for good is no connection's.
    drop(make());
    let mut connections = Vec::with_capacity(CONNECTIONS);
    let start = [heap::bytes(), allocated()];
    connections.extend((0..CONNECTIONS).map(|_| make()));
    let end = [heap::bytes(), allocated()];
    [0, 1].map(|which| (end[which] - start[which]) / CONNECTIONS)
}

fn receive(Shaken { session, peer, .. }: &mut Shaken) {
    peer.writer().write_all(&RECORD).expect("memory");
    session.feed(&sent(peer));
    session.receive(&mut [0; RECORD.len()]);
}

fn send(Shaken { session, peer, .. }: &mut Shaken) {
    let mut wire = vec![0; 2 * RECORD.len()];
    session.send(&RECORD);
    let count = session.drain(&mut wire);
    hand(peer, &wire[..count]);
}

/// Bytes that malloc has given out, in small pieces and in large ones.
fn allocated() -> usize {
    // SAFETY: it takes nothing.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}
