//! Ours, as Rust calls it.

use trustdir::tls::{Acceptor, Connection, Read};
use trustdir::{AuthorityDir, Reason, TrustDir};

use super::Scene;
use crate::handshake::{Service, Session};

/// Ours, with a directory of clients.
pub(super) fn pins(scene: &Scene) -> Box<dyn Service> {
    let clients = TrustDir::open(scene.path("clients")).expect("a directory");
    Box::new(Acceptor::builder(scene.server.clone()).trust_dir(clients).build().expect("an acceptor"))
}

/// Ours, with a directory of authorities.
pub(super) fn authorities(scene: &Scene) -> Box<dyn Service> {
    let authorities = AuthorityDir::open(scene.path("authorities")).expect("a directory");
    Box::new(Acceptor::builder(scene.server.clone()).authorities(authorities).build().expect("an acceptor"))
}

impl Service for Acceptor {
    fn accept(&self) -> Box<dyn Session> {
        Box::new(Acceptor::accept(self).expect("a connection"))
    }
}

impl Session for Connection {
    fn feed(&mut self, ciphertext: &[u8]) {
        self.read_tls(ciphertext).expect("an admission");
        let decided = self.decision().map(|decision| decision.reason());
        assert!(matches!(decided, None | Some(Reason::Admitted)));
    }

    fn drain(&mut self, ciphertext: &mut [u8]) -> usize {
        self.write_tls(ciphertext)
    }

    fn send(&mut self, plaintext: &[u8]) {
        assert_eq!(self.write(plaintext).expect("admitted"), plaintext.len());
    }

    fn exchange(&mut self, mut ciphertext: &[u8], mut plaintext: &mut [u8]) {
        while !plaintext.is_empty() {
            let Ok((taken, Read::Data(count))) = Connection::receive(self, ciphertext, plaintext) else {
                panic!("no plaintext")
            };
            (ciphertext, plaintext) = (&ciphertext[taken..], &mut plaintext[count..]);
        }
    }

    fn receive(&mut self, mut plaintext: &mut [u8]) {
        while !plaintext.is_empty() {
            let Ok(Read::Data(count)) = self.read(plaintext) else { panic!("no plaintext") };
            plaintext = &mut plaintext[count..];
        }
    }
}
