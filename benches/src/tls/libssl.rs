//! OpenSSL over memory, as thin as its crate is. Clients are verified against the authority.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslFiletype, SslMethod, SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};

use super::Scene;
use crate::handshake::{Service, Session};

struct Libssl {
    context: SslContext,
    /// Of all connections: one at a time has something in it, and none is to be charged for it.
    wire: Wire,
}

/// What is on its way in both directions.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<(VecDeque<u8>, Vec<u8>)>>);

struct Connection {
    stream: SslStream<Wire>,
    wire: Wire,
}

pub(super) fn authority(scene: &Scene, tickets: bool) -> Box<dyn Service> {
    let build = || -> Result<SslContext, openssl::error::ErrorStack> {
        let mut builder = SslContext::builder(SslMethod::tls_server())?;
        builder.set_min_proto_version(Some(SslVersion::TLS1_3))?;
        builder.set_groups_list("X25519")?;
        builder.set_certificate_file(scene.path("server.pem"), SslFiletype::PEM)?;
        builder.set_private_key_file(scene.path("server.key"), SslFiletype::PEM)?;
        builder.set_ca_file(scene.ca.certificate_path())?;
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
        builder.set_session_id_context(b"bench")?;
        builder.set_session_cache_mode(SslSessionCacheMode::OFF);
        builder.set_num_tickets(if tickets { 2 } else { 0 })?;
        Ok(builder.build())
    };
    Box::new(Libssl { context: build().expect("a context"), wire: Wire::default() })
}

impl Service for Libssl {
    fn accept(&self) -> Box<dyn Session> {
        let ssl = Ssl::new(&self.context).expect("a connection");
        let stream = SslStream::new(ssl, self.wire.clone()).expect("a connection");
        Box::new(Connection { stream, wire: self.wire.clone() })
    }
}

impl Session for Connection {
    fn feed(&mut self, ciphertext: &[u8]) {
        self.wire.0.borrow_mut().0.extend(ciphertext);
        if !self.stream.ssl().is_init_finished() {
            match self.stream.accept() {
                Ok(()) => {}
                Err(error) if error.code() == ErrorCode::WANT_READ => {}
                Err(error) => panic!("OpenSSL refused its client: {error}"),
            }
        }
    }

    fn drain(&mut self, ciphertext: &mut [u8]) -> usize {
        let out = &mut self.wire.0.borrow_mut().1;
        let count = out.len();
        ciphertext[..count].copy_from_slice(out);
        out.clear();
        count
    }

    fn send(&mut self, plaintext: &[u8]) {
        self.stream.write_all(plaintext).expect("memory");
    }

    fn receive(&mut self, plaintext: &mut [u8]) {
        self.stream.read_exact(plaintext).expect("plaintext");
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.borrow_mut().0.read(buffer)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
