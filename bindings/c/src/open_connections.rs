//! The open connections of an acceptor or connector at one moment.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::tls::OpenConnection;

use crate::acceptor::Acceptor;
use crate::certificate::Certificate;
use crate::connector::Connector;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// The open connections of an acceptor or connector as they were at one moment, oldest first. Yours: free it with
/// trustdir_open_connections_free. It never changes and may be used from several threads at once.
pub struct OpenConnections {
    connections: Vec<One>,
}

const _: () = handle::several_threads::<OpenConnections>();

struct One {
    id: u64,
    certificate: Certificate,
    entry: CString,
    since: i64,
    revoked: bool,
}

impl From<Vec<OpenConnection>> for OpenConnections {
    fn from(connections: Vec<OpenConnection>) -> Self {
        Self { connections: connections.into_iter().map(One::from).collect() }
    }
}

impl From<OpenConnection> for One {
    fn from(open: OpenConnection) -> Self {
        Self {
            id: open.id(),
            certificate: open.certificate().clone().into(),
            entry: text::owned_path(open.entry()),
            since: open.since(),
            revoked: open.is_revoked(),
        }
    }
}

/// Lists the open connections that stand on an entry, those whose entry has gone among them: from the admission until
/// the connection is freed or refuses to go on. Looks at each entry that may have changed, so it is
/// exact at this moment.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_connections(
    acceptor: Option<&Acceptor>,
    out: *mut *mut OpenConnections,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(handle::required(acceptor, "acceptor")?.core().connections().into());
        Ok(())
    })
}

/// Lists the open connections of a connector that stand on an entry, as trustdir_acceptor_connections does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_connections(
    connector: Option<&Connector>,
    out: *mut *mut OpenConnections,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(handle::required(connector, "connector")?.core().connections().into());
        Ok(())
    })
}

/// The number of connections; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_len(connections: Option<&OpenConnections>) -> usize {
    guard_or(0, || Some(connections?.connections.len()))
}

/// A connection's number, which trustdir_connection_id gives, too; 0, which is also the first one's, past the end and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_id(connections: Option<&OpenConnections>, index: usize) -> u64 {
    guard_or(0, || Some(connections?.connections.get(index)?.id))
}

/// The peer's certificate. Borrowed from the open connections. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_certificate(
    connections: Option<&OpenConnections>,
    index: usize,
) -> Option<&Certificate> {
    guard_or(None, || Some(Some(&connections?.connections.get(index)?.certificate)))
}

/// The path of the file that admitted the peer. Borrowed from the open connections. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_entry(
    connections: Option<&OpenConnections>,
    index: usize,
) -> *const c_char {
    guard_or(ptr::null(), || Some(connections?.connections.get(index)?.entry.as_ptr()))
}

/// When the peer was admitted, in seconds since 1970-01-01 UTC; 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_since(connections: Option<&OpenConnections>, index: usize) -> i64 {
    guard_or(0, || Some(connections?.connections.get(index)?.since))
}

/// Whether the entry has gone since; false past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_is_revoked(connections: Option<&OpenConnections>, index: usize) -> bool {
    guard_or(false, || Some(connections?.connections.get(index)?.revoked))
}

/// Frees the list and everything borrowed from it; the connections stay open. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_open_connections_free(connections: Option<Box<OpenConnections>>) {
    guard_or((), || connections.map(drop));
}
