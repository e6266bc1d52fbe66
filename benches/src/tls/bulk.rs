//! Plaintext in records of 16 KiB, as many at a time as a host has room for in a buffer of 64 KiB, beside the bare
//! AES-128-GCM.

use std::cell::RefCell;
use std::io::Write as _;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::{Contender, Scene, X25519};
use crate::candidate::{self, Candidate, microseconds};
use crate::handshake::{Client, Shaken, hand, sent};

const RECORD: usize = 16 * 1024;

/// Records at a time.
const BURST: usize = 4;

pub(super) fn run(scene: &Scene, contenders: &[Contender]) {
    let client = Client::new(&scene.ca, &scene.alice, X25519);
    let ends: Vec<_> = contenders.iter().map(|contender| RefCell::new(Ends::new(&client, contender))).collect();
    let [seal, open] = raw();
    let sends = contenders
        .iter()
        .zip(&ends)
        .map(|(contender, ends)| Candidate::timed(contender.name, move || send(&mut ends.borrow_mut())));
    let receives = contenders
        .iter()
        .zip(&ends)
        .map(|(contender, ends)| Candidate::timed(contender.name, move || receive(&mut ends.borrow_mut())));
    let mut sends: Vec<_> = std::iter::once(seal).chain(sends).collect();
    let mut receives: Vec<_> = std::iter::once(open).chain(receives).collect();
    candidate::measure(sends.iter_mut().chain(&mut receives));

    println!("\n{:<28} {:>9} {:>9} {:>9} {:>9}", "records of 16 KiB", "send MB/s", "of raw", "receive", "of raw");
    let mut limits = None;
    for (send, receive) in sends.iter_mut().zip(&mut receives) {
        let took = [send.median(), receive.median()];
        let limits = *limits.get_or_insert(took);
        let [sent, received] = took.map(|took| RECORD as f64 / took);
        let [of_seal, of_open] = [0, 1].map(|at| limits[at] / took[at] * 100.0);
        println!("{:<28} {sent:>9.0} {of_seal:>7.0} % {received:>9.0} {of_open:>7.0} %", send.name());
    }
}

fn raw() -> [Candidate<'static>; 2] {
    let key = || LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[7; 16]).expect("a key"));
    let nonce = || Nonce::assume_unique_for_key([7; NONCE_LEN]);
    let (sealing, opening) = (key(), key());
    let plaintext = RefCell::new(vec![7; RECORD]);
    let mut sealed = vec![7; RECORD];
    let tag = opening.seal_in_place_separate_tag(nonce(), Aad::empty(), &mut sealed).expect("sealed");
    let opened = RefCell::new(vec![0; RECORD]);
    [
        Candidate::new("raw AES-128-GCM", move || {
            let tag = sealing.seal_in_place_separate_tag(nonce(), Aad::from([7; 5]), &mut plaintext.borrow_mut());
            assert!(tag.is_ok());
        }),
        Candidate::new("raw AES-128-GCM", move || {
            let opened = &mut opened.borrow_mut();
            opening.open_separate_gather(nonce(), Aad::empty(), &sealed, tag.as_ref(), opened).expect("opened");
        }),
    ]
}

/// A connection, and the buffers that a host keeps for it.
struct Ends {
    shaken: Shaken,
    plaintext: Vec<u8>,
    wire: Vec<u8>,
}

impl Ends {
    fn new(client: &Client, contender: &Contender) -> Self {
        let [plaintext, wire] = [RECORD, RECORD + 256].map(|size| vec![7; BURST * size]);
        Self { shaken: client.shake(&*contender.service), plaintext, wire }
    }
}

/// The server writes and hands out records; microseconds of each.
fn send(Ends { shaken: Shaken { session, peer, .. }, plaintext, wire }: &mut Ends) -> f64 {
    let mut filled = 0;
    let took = microseconds(|| {
        session.send(plaintext);
        filled = session.drain(wire);
    });
    hand(peer, &wire[..filled]);
    took / BURST as f64
}

/// The server takes and reads records; microseconds of each.
fn receive(Ends { shaken: Shaken { session, peer, .. }, plaintext, .. }: &mut Ends) -> f64 {
    peer.writer().write_all(plaintext).expect("memory");
    let records = sent(peer);
    let took = microseconds(|| session.exchange(&records, plaintext));
    took / BURST as f64
}
