//! TLS over rustls: the only module that names it.
//!
//! An [`Acceptor`] makes [`Connection`]s; a connection moves bytes between buffers and does no I/O. Every
//! completed handshake, resumed ones too, is decided by a [`Policy`](crate::Policy) before the first
//! plaintext byte is released, and the entry that admitted it is looked at again before every further one.
//!
//! A [`Stream`] is a connection over a blocking socket, and `tokio::Stream` (feature `tokio`) over one of tokio's.

mod acceptor;
mod account;
mod blocking;
mod builder;
mod connection;
mod counters;
mod engine;
mod host_name;
mod identities;
mod negotiated;
mod open;
mod plain_http;
mod record_guard;
mod scope;
mod sessions;
mod setup;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tracing")]
mod trace;
mod verifier;

pub use acceptor::Acceptor;
pub use blocking::{Stream, Transport};
pub use builder::AcceptorBuilder;
pub use connection::{Connection, Read};
pub use counters::Counters;
pub use negotiated::TlsVersion;
pub use open::{OnRemoval, OpenConnection};
pub use plain_http::PlainHttp;
