//! Access control for TLS services by a directory of certificates, with the private certificate authority
//! that makes them.
//!
//! Add a file and that client is admitted; remove it and it is refused at its next byte. The same core is
//! used from C, C++, Python and the `trustdir` command.
//!
//! # An authority, a service and a client
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let dir = dir.path();
//! use trustdir::{Authority, AuthorityOptions, IssueOptions};
//!
//! let ca = Authority::create(dir.join("pki"), AuthorityOptions::default())?;
//! let server = ca.issue_server(&["nas.home.arpa", "192.168.1.5"], &IssueOptions::default())?;
//! server.save(dir.join("server.cert.pem"), dir.join("server.key.pem"), Some(b"a passphrase"))?;
//! let alice = ca.issue_client("alice", &IssueOptions::default())?;
//! # Ok::<(), trustdir::Error>(())
//! ```
//!
//! # A directory of clients
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let dir = dir.path();
//! # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
//! # let alice = ca.issue_client("alice", &Default::default())?;
//! # std::fs::create_dir(dir.join("clients")).unwrap();
//! use trustdir::{Reason, TrustDir};
//!
//! let clients = TrustDir::open(dir.join("clients"))?;
//! let entry = clients.install(alice.certificate())?;
//! let decision = clients.decide(alice.certificate().as_der(), alice.certificate().not_before());
//! assert_eq!(decision.entry(), Some(entry.file()));
//!
//! std::fs::remove_file(entry.file()).unwrap(); // no restart, no signal
//! let decision = clients.decide(alice.certificate().as_der(), alice.certificate().not_before());
//! assert_eq!(decision.reason(), Reason::Removed);
//! # Ok::<(), trustdir::Error>(())
//! ```
//!
//! # A TLS service
//!
//! A connection moves bytes between buffers; the host moves them to and from the socket. [`tls::Stream`] does that for
//! blocking sockets, and `tls::tokio::Stream` (feature `tokio`) for tokio's; an event loop of your own does as follows.
//!
//! ```
//! use std::io::{self, Read, Write};
//! use std::net::{Shutdown, TcpStream};
//!
//! use trustdir::tls::{self, Acceptor};
//!
//! /// Echoes until the client closes, is refused, or is removed. One bad client ends its own connection only.
//! fn serve(mut socket: TcpStream, acceptor: &Acceptor) -> Result<(), Box<dyn std::error::Error>> {
//!     let mut connection = acceptor.accept()?;
//!     let waker = socket.try_clone()?;
//!     // Ends the blocking read below when the client's entry is removed.
//!     connection.on_revoked(Box::new(move || drop(waker.shutdown(Shutdown::Read))));
//!     let mut wire = [0; 16384];
//!     loop {
//!         let count = socket.read(&mut wire)?;
//!         if count == 0 {
//!             connection.received_eof();
//!         }
//!         let step = connection.read_tls(&wire[..count]).and_then(|()| echo(&mut connection, &mut socket));
//!         flush(&mut connection, &mut socket)?; // after an error the alert is in it
//!         match step {
//!             Ok(true) => {}
//!             Ok(false) => return Ok(()),
//!             Err(refused) => return Err(refused.into()), // names the client, the entry and the reason
//!         }
//!     }
//! }
//!
//! fn echo(connection: &mut tls::Connection, socket: &mut TcpStream) -> trustdir::Result<bool> {
//!     let mut plain = [0; 16384];
//!     loop {
//!         match connection.read(&mut plain)? {
//!             tls::Read::Data(count) => {
//!                 let mut rest = &plain[..count];
//!                 while !rest.is_empty() {
//!                     let taken = connection.write(rest)?;
//!                     rest = &rest[taken..];
//!                     flush(connection, socket).map_err(|error| trustdir::Error::new(trustdir::ErrorKind::Io, error.to_string()))?;
//!                 }
//!             }
//!             tls::Read::Pending => return Ok(true),
//!             tls::Read::Closed => {
//!                 connection.close_notify();
//!                 return Ok(false);
//!             }
//!         }
//!     }
//! }
//!
//! fn flush(connection: &mut tls::Connection, socket: &mut TcpStream) -> io::Result<()> {
//!     let mut wire = [0; 16384];
//!     loop {
//!         match connection.write_tls(&mut wire) {
//!             0 => return Ok(()),
//!             count => socket.write_all(&wire[..count])?,
//!         }
//!     }
//! }
//! # let dir = tempfile::tempdir().unwrap();
//! # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
//! # let acceptor = Acceptor::builder(ca.issue_server(&["localhost"], &Default::default())?).build()?;
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! # let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
//! # client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
//! # let refused = serve(listener.accept().unwrap().0, &acceptor).unwrap_err();
//! # assert!(refused.to_string().contains("http://"), "{refused}");
//! # Ok::<(), trustdir::Error>(())
//! ```
//!
//! # A TLS client
//!
//! A [`tls::Connector`] trusts whom it was told to: a server's certificate itself, whatever its shape, or an authority.
//!
//! ```
//! use std::io::{self, Read};
//! use std::net::TcpStream;
//!
//! use trustdir::tls::{Connector, Stream};
//!
//! fn fetch(connector: &Connector, host: &str, port: u16) -> io::Result<String> {
//!     let socket = TcpStream::connect((host, port))?;
//!     let mut stream = Stream::handshake(connector.connect(host)?, socket)?; // an error says what is wrong with the server
//!     let mut page = String::new();
//!     stream.read_to_string(&mut page)?; // or with the client, which the server judges last
//!     stream.close()?;
//!     Ok(page)
//! }
//! # let dir = tempfile::tempdir().unwrap();
//! # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
//! # let alice = ca.issue_client("alice", &Default::default())?;
//! # let server = ca.issue_server(&["nas.home.arpa"], &Default::default())?;
//! # let pin = server.certificate().clone();
//! # let clients = trustdir::TrustDir::open(dir.path())?;
//! # clients.install(alice.certificate())?;
//! # let acceptor = trustdir::tls::Acceptor::builder(server).trust_dir(clients).build()?;
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! # let port = listener.local_addr().unwrap().port();
//! # let serving = std::thread::spawn(move || {
//! #     let mut stream = Stream::accept(&acceptor, listener.accept().unwrap().0).unwrap();
//! #     std::io::Write::write_all(&mut stream, b"hello").unwrap();
//! #     stream.close().unwrap();
//! # });
//!
//! let connector = Connector::builder().pin(pin).identity(alice).build()?;
//! assert_eq!(fetch(&connector, "127.0.0.1", port).unwrap(), "hello");
//! # serving.join().unwrap();
//! # Ok::<(), trustdir::Error>(())
//! ```
//!
//! # A name with clients of its own
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
//! # let identity = ca.issue_server(&["www.home.arpa", "admin.home.arpa"], &Default::default())?;
//! # let admins = trustdir::TrustDir::open(dir.path())?;
//! use trustdir::{ClientAuth, Policy, tls::Acceptor};
//!
//! let admins = Policy::new(ClientAuth::Required).with_clients(admins);
//! let acceptor = Acceptor::builder(identity).policy_for("admin.home.arpa", admins).build()?;
//! assert_eq!(acceptor.policy_for("admin.home.arpa").client_auth(), ClientAuth::Required);
//! assert_eq!(acceptor.policy_for("www.home.arpa").client_auth(), ClientAuth::Off); // everybody
//! # Ok::<(), trustdir::Error>(())
//! ```
//!
//! # What it has done, in numbers
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
//! # let acceptor = trustdir::tls::Acceptor::builder(ca.issue_server(&["localhost"], &Default::default())?).build()?;
//! use trustdir::Reason;
//!
//! let counters = acceptor.counters();
//! println!("{} are connected, {} strangers were refused", counters.open, counters.refusals(Reason::NotInstalled));
//! assert!(counters.to_prometheus().contains("\ntrustdir_connections_open 0\n"));
//! # Ok::<(), trustdir::Error>(())
//! ```
//!
//! # A configuration that is there already
//!
//! ```no_run
//! let config = trustdir::config::NanoConfig::load("config-rpc.toml")?;
//! println!("{}", config.policy());
//! let acceptor = config.acceptor()?; // an error means: no listener
//! # Ok::<(), trustdir::Error>(())
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod export;
pub mod lint;
pub mod tls;

/// The README's examples, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod admission;
mod alt_name;
mod authority;
mod authority_dir;
mod certificate;
mod chain;
mod clock;
mod constraints;
mod der;
mod error;
mod extension;
mod file;
mod identity;
mod json;
mod key;
mod ledger;
mod name;
mod pem;
mod profile;
mod request;
mod seal;
mod signature;
mod trust_dir;

pub use admission::{ClientAuth, Decision, Policy, Reason};
pub use alt_name::SubjectAltName;
pub use authority::{
    Authority, AuthorityOptions, Issued, IssuedStatus, RenewOptions, RevocationReason, SignOptions, Signed,
};
pub use authority_dir::{AuthorityDir, AuthorityDirOptions};
pub use certificate::{Certificate, Fingerprint};
pub use chain::{Crl, StaleCrls};
pub use constraints::{NameConstraint, NameConstraints};
pub use error::{Error, ErrorKind, Result};
pub use identity::{Identity, IdentityFiles};
pub use key::{KeyAlgorithm, KeyDerivation, PrivateKey};
pub use name::{DistinguishedName, SubjectHash};
pub use profile::{IssueOptions, Profile};
pub use request::CertificateRequest;
pub use trust_dir::{
    Entry, EntryNames, Installed, Limit, LimitOf, Notice, NoticeKind, Problem, RehashPlan, Rehashed, Removal, Removals,
    TrustDir, TrustDirOptions,
};
