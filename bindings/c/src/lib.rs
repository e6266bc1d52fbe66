//! The C interface of trustdir.
//!
//! Every module holds one object of `trustdir.h`: its type, its exported functions and their documentation, which is
//! copied into the header and therefore written for readers of C. Three rules hold everywhere, and `tests/source.rs`
//! enforces the first two:
//!
//! - The body of an exported function is one call of [`guard::guard`] or [`guard::guard_or`], so that no panic
//!   unwinds into C.
//! - `unsafe` appears in `handle`, `slice`, `text` and `hook` only: these turn what C promises about a pointer (the
//!   conventions at the top of the header) into a reference, a slice, a string or a callback.
//! - A handle argument is an `Option` of a reference or box, which is the C pointer itself with NULL as `None`.
//!   Results borrowed from a handle then carry its lifetime, and the compiler checks the header's ownership rule.

#[cfg(panic = "abort")]
compile_error!("build trustdir-capi with panic = \"unwind\": a panic must become a status, not end the host program");

mod acceptor;
mod acceptor_builder;
mod authority;
mod authority_directory;
mod authority_directory_options;
mod authority_options;
mod buffer;
mod certificate;
mod certificates;
mod connection;
mod connector;
mod connector_builder;
mod counters;
mod crls;
mod decision;
mod directory;
mod directory_options;
mod entries;
mod error;
mod export;
mod findings;
mod guard;
mod handle;
mod hook;
mod identity;
mod identity_files;
mod installed;
mod issue;
mod issue_options;
mod issued;
mod key;
mod limits;
mod lint;
mod mobile_config;
mod name_constraints;
mod nano_config;
mod negotiated;
mod notices;
mod open_connections;
mod pkcs12;
mod policy;
mod prometheus_page;
mod reason;
mod rehash_plan;
mod rehashed;
mod removals;
mod request;
mod revocation;
mod slice;
mod status;
mod text;
mod tls_version;
mod version;

/// What the body of an exported function returns to its guard.
type Result<T, E = error::Error> = std::result::Result<T, E>;
