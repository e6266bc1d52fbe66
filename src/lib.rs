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
//! ```no_run
//! use std::io::{Read, Write};
//! use std::net::TcpListener;
//!
//! use trustdir::tls::{self, Acceptor};
//! use trustdir::{Identity, TrustDir};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = Identity::load("server.cert.pem", "server.key.pem", Some(b"a passphrase"))?;
//! let acceptor = Acceptor::builder(identity).trust_dir(TrustDir::open("clients")?).build()?;
//! for socket in TcpListener::bind("[::1]:7076")?.incoming() {
//!     let (mut socket, mut connection) = (socket?, acceptor.accept()?);
//!     let (mut wire, mut plain) = ([0; 16384], [0; 16384]);
//!     loop {
//!         let count = socket.read(&mut wire)?;
//!         if count == 0 {
//!             break;
//!         }
//!         let fed = connection.read_tls(&wire[..count]);
//!         while let Ok(tls::Read::Data(count)) = connection.read(&mut plain) {
//!             connection.write(&plain[..count])?; // echo
//!         }
//!         loop {
//!             let count = connection.write_tls(&mut wire);
//!             if count == 0 {
//!                 break;
//!             }
//!             socket.write_all(&wire[..count])?;
//!         }
//!         if let Err(refused) = fed {
//!             eprintln!("{refused}"); // names the client, the entry and the reason
//!             break;
//!         }
//!     }
//! }
//! # Ok(())
//! # }
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

pub mod admission;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod tls;

mod authority;
mod certificate;
mod der;
mod error;
mod file;
mod identity;
mod key;
mod ledger;
mod name;
mod pem;
mod profile;
mod request;
mod seal;
mod signature;
mod trust_dir;

pub use admission::{ClientAuth, Decision, Reason};
pub use authority::{Authority, AuthorityOptions, RevocationReason, SignOptions, Signed};
pub use certificate::{Certificate, Fingerprint, SubjectAltName};
pub use error::{Error, ErrorKind, Result};
pub use identity::Identity;
pub use key::{KeyAlgorithm, PrivateKey};
pub use name::{DistinguishedName, SubjectHash};
pub use profile::{IssueOptions, Profile};
pub use request::CertificateRequest;
pub use trust_dir::{Entry, EntryNames, Problem, TrustDir, TrustDirOptions};
