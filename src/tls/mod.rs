//! TLS over rustls: the only module that names it.
//!
//! An [`Acceptor`] makes a server's [`Connection`]s, a [`Connector`] a client's; a connection moves bytes between
//! buffers and does no I/O. Every completed handshake, resumed ones too, is decided before the first plaintext byte is
//! released - by the [`Policy`](crate::Policy) of a service, by whom a connector trusts - and the entry that admitted
//! the peer is looked at again before every further one.
//!
//! A [`Stream`] is a connection over a blocking socket, and `tokio::Stream` (feature `tokio`) over one of tokio's.

mod acceptor;
mod account;
mod alert;
mod allowance;
mod blocking;
mod builder;
mod connection;
mod connector;
mod connector_builder;
mod counters;
mod engine;
mod host_name;
mod identities;
mod negotiated;
mod open;
mod plain_http;
#[cfg(feature = "cli")]
mod probe;
mod prometheus;
mod proof;
mod protocol;
mod record_guard;
mod resumption;
mod scope;
mod sessions;
mod setup;
mod side;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "tracing")]
mod trace;
mod verifier;

pub use acceptor::Acceptor;
pub use blocking::{Stream, Transport};
pub use builder::AcceptorBuilder;
pub use connection::{Connection, Read};
pub use connector::Connector;
pub use connector_builder::ConnectorBuilder;
pub use counters::Counters;
pub use negotiated::TlsVersion;
pub use open::{OnRemoval, OpenConnection};
pub use plain_http::PlainHttp;
#[cfg(feature = "cli")]
pub(crate) use probe::probe;
