//! Connectors, which make the client side of TLS connections.

use std::ffi::c_char;

use trustdir_core::tls;

use crate::connection::Connection;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// Makes the client side of TLS connections. Yours: free it with trustdir_connector_free; its connections live on. It
/// may be used from several threads at once.
pub struct Connector {
    connector: tls::Connector,
}

const _: () = handle::several_threads::<Connector>();

impl Connector {
    pub(crate) fn core(&self) -> &tls::Connector {
        &self.connector
    }
}

impl From<tls::Connector> for Connector {
    fn from(connector: tls::Connector) -> Self {
        Self { connector }
    }
}

/// Another handle to the same connector, which lives on its own. Cheap.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_clone(
    connector: Option<&Connector>,
    out: *mut *mut Connector,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let connector = handle::required(connector, "connector")?;
        *out = handle::give(connector.connector.clone().into());
        Ok(())
    })
}

/// Makes the TLS side of a connection to this host: a DNS name, whose international letters may be given as such, or a
/// bare IP address; what is neither is TRUSTDIR_STATUS_INVALID_ARGUMENT. It does no input or output of its own: connect
/// a socket, and send what trustdir_connection_write_tls hands out first. The time for the handshake runs from now.
/// Where an authority vouches for the server its certificate must bear this name (TRUSTDIR_STATUS_NAME_MISMATCH).
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_connect(
    connector: Option<&Connector>,
    host: *const c_char,
    out: *mut *mut Connection,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let connector = handle::required(connector, "connector")?;
        let host = text::required(host, "host")?;
        *out = handle::give(connector.connector.connect(host)?.into());
        Ok(())
    })
}

/// Frees the handle; connections made by it live on. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_free(connector: Option<Box<Connector>>) {
    guard_or((), || connector.map(drop));
}
