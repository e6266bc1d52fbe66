//! What client and server of a connection have agreed on.

use std::cell::OnceCell;
use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::tls;

use crate::certificate::Certificate;
use crate::connection::Connection;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice;
use crate::status::Status;
use crate::text;

/// How many bytes trustdir_connection_channel_binding gives.
pub const TRUSTDIR_CHANNEL_BINDING_LEN: usize = 32;

/// What is lent of it, made when it is first asked for.
#[derive(Default)]
pub(crate) struct Negotiated {
    cipher_suite: OnceCell<CString>,
    key_exchange: OnceCell<CString>,
    alpn: OnceCell<CString>,
    server_name: OnceCell<CString>,
    peer_chain: OnceCell<Vec<Certificate>>,
}

/// Text that never changes once the handshake has settled it.
fn settled(cell: &OnceCell<CString>, value: Option<&str>) -> Option<*const c_char> {
    let value = value?;
    Some(cell.get_or_init(|| text::owned(value)).as_ptr())
}

/// The peer's certificates, kept once there are any.
fn peer_chain(connection: &Connection) -> &[Certificate] {
    let kept = &connection.negotiated().peer_chain;
    if let Some(chain) = kept.get() {
        return chain;
    }
    let chain = connection.core().peer_chain();
    if chain.is_empty() {
        return &[];
    }
    kept.get_or_init(|| chain.into_iter().map(Certificate::from).collect())
}

/// The version of TLS, "TLSv1.2" or "TLSv1.3". Static text. NULL until it is agreed on, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_version(connection: Option<&Connection>) -> *const c_char {
    guard_or(ptr::null(), || {
        let version = match connection?.core().version()? {
            tls::TlsVersion::Tls12 => c"TLSv1.2",
            tls::TlsVersion::Tls13 => c"TLSv1.3",
        };
        Some(version.as_ptr())
    })
}

/// The name of the cipher suite. Borrowed from the connection. NULL until it is agreed on, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_cipher_suite(connection: Option<&Connection>) -> *const c_char {
    guard_or(ptr::null(), || {
        let connection = connection?;
        settled(&connection.negotiated().cipher_suite, connection.core().cipher_suite())
    })
}

/// The key exchange's IANA name, such as "X25519MLKEM768". Borrowed from the connection. NULL until it is agreed on, and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_key_exchange(connection: Option<&Connection>) -> *const c_char {
    guard_or(ptr::null(), || {
        let connection = connection?;
        settled(&connection.negotiated().key_exchange, connection.core().key_exchange())
    })
}

/// The application protocol (ALPN). Borrowed from the connection. NULL when none is agreed on, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_alpn(connection: Option<&Connection>) -> *const c_char {
    guard_or(ptr::null(), || {
        let connection = connection?;
        settled(&connection.negotiated().alpn, connection.core().alpn())
    })
}

/// The host name that the client asked for (SNI). Borrowed from the connection. NULL when it named none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_server_name(connection: Option<&Connection>) -> *const c_char {
    guard_or(ptr::null(), || {
        let connection = connection?;
        settled(&connection.negotiated().server_name, connection.core().server_name())
    })
}

/// Whether the client resumed an earlier session (it was decided about all the same); false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_resumed(connection: Option<&Connection>) -> bool {
    guard_or(false, || Some(connection?.core().resumed()))
}

/// The number of certificates that the peer has sent; in a resumed session, in the one that began it. 0 before the
/// handshake is over, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_peer_chain_len(connection: Option<&Connection>) -> usize {
    guard_or(0, || Some(peer_chain(connection?).len()))
}

/// A certificate that the peer has sent; 0 is its own. Borrowed from the connection. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_peer_certificate(
    connection: Option<&Connection>,
    index: usize,
) -> Option<&Certificate> {
    guard_or(None, || Some(peer_chain(connection?).get(index)))
}

/// Fills `len` bytes with key material that both ends can compute and nobody else (RFC 8446, 7.5; RFC 5705). NULL with
/// length 0 means that there is no context, which TLS 1.2 tells from an empty one. TRUSTDIR_STATUS_TLS before the
/// handshake is over.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_export_keying_material(
    connection: Option<&Connection>,
    label: *const c_char,
    context: *const u8,
    context_len: usize,
    data: *mut u8,
    len: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let connection = handle::required(connection, "connection")?;
        let label = text::required(label, "label")?;
        let context = slice::optional(context, context_len, "context")?;
        let data = slice::bytes_mut(data, len, "data")?;
        connection.core().export_keying_material(data, label.as_bytes(), context)?;
        Ok(())
    })
}

/// What binds a log-in to this connection: "tls-exporter" (RFC 9266), TRUSTDIR_CHANNEL_BINDING_LEN bytes, for which
/// `capacity` must have room. TRUSTDIR_STATUS_TLS before the handshake is over.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connection_channel_binding(
    connection: Option<&Connection>,
    data: *mut u8,
    capacity: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let connection = handle::required(connection, "connection")?;
        let room = slice::bytes_mut(data, capacity, "data")?.get_mut(..TRUSTDIR_CHANNEL_BINDING_LEN);
        let room = room.ok_or_else(|| Error::invalid("capacity is too small; give room for 32 bytes"))?;
        room.copy_from_slice(&connection.core().channel_binding()?);
        Ok(())
    })
}
