//! The TLS server side over rustls: the only module that names it.
//!
//! An [`Acceptor`] makes [`Connection`]s; a connection moves bytes between buffers and does no I/O. Every
//! completed handshake, resumed ones too, is decided by a [`Policy`](crate::Policy) before the first
//! plaintext byte is released, and the entry that admitted it is looked at again before every further one.

mod acceptor;
mod connection;
mod open;
mod scope;
mod sessions;
mod verifier;

pub use acceptor::{Acceptor, AcceptorBuilder, TlsVersion};
pub use connection::{Connection, Read};
pub use open::{OnRemoval, OpenConnection};
