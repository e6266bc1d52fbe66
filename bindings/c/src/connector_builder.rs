//! The settings of connectors.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use trustdir_core::tls;

use crate::authority_directory::AuthorityDirectory;
use crate::certificate::Certificate;
use crate::connector::Connector;
use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::hook::KeyLog;
use crate::identity::Identity;
use crate::status::Status;
use crate::text;
use crate::tls_version::tls_version;

/// Collects the settings of a connector. It trusts whom it is told to and nobody else: the system's authorities do not
/// count. A server is trusted as a pin, when its certificate is exactly this one, whatever its shape and under any
/// name; or by an authority that vouches for it, when its certificate bears the name that is connected to, too. Yours:
/// free it with trustdir_connector_builder_free. One thread at a time. A setter that fails changes nothing, so check
/// its status.
pub struct ConnectorBuilder {
    builder: tls::ConnectorBuilder,
}

const _: () = handle::one_thread_at_a_time::<ConnectorBuilder>();

impl ConnectorBuilder {
    /// The core's setters take the builder by value; a copy keeps this one whole whatever happens.
    fn set(&mut self, setting: impl FnOnce(tls::ConnectorBuilder) -> tls::ConnectorBuilder) {
        self.builder = setting(self.builder.clone());
    }
}

/// Starts with nobody to trust, no identity, and TLS 1.2 and 1.3.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_new(out: *mut *mut ConnectorBuilder, error: *mut *mut Error) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(ConnectorBuilder { builder: tls::Connector::builder() });
        Ok(())
    })
}

/// One more authority that vouches for servers, which is copied. A certificate that is none is refused by
/// trustdir_connector_builder_build: pin it instead.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_add_authority(
    builder: Option<&mut ConnectorBuilder>,
    certificate: Option<&Certificate>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let certificate = handle::required(certificate, "certificate")?;
        builder.set(|settings| settings.authority(certificate.core().clone()));
        Ok(())
    })
}

/// The directory of authorities that vouch for servers, with their revocation lists. It is looked at in every decision,
/// and open connections end when they are no longer vouched for. It takes the place of every
/// trustdir_connector_builder_add_authority, by which its lists could be got round: both is
/// TRUSTDIR_STATUS_INVALID_ARGUMENT in trustdir_connector_builder_build. The builder, its connectors and their
/// connections keep it alive, so the handle may be freed.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_authorities(
    builder: Option<&mut ConnectorBuilder>,
    authorities: Option<&AuthorityDirectory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let authorities = handle::required(authorities, "authorities")?;
        builder.set(|settings| settings.authorities(authorities.core().clone()));
        Ok(())
    })
}

/// One more certificate that a server is trusted by, which is copied. Of several pins any may answer under any name;
/// where that matters give each server a connector.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_add_pin(
    builder: Option<&mut ConnectorBuilder>,
    certificate: Option<&Certificate>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let certificate = handle::required(certificate, "certificate")?;
        builder.set(|settings| settings.pin(certificate.core().clone()));
        Ok(())
    })
}

/// The directory of certificates that servers are trusted by: pins that may come and go. Once one is removed new
/// handshakes with its server are refused, resumed ones too, and open connections end with TRUSTDIR_STATUS_REVOKED. An
/// entry that is limited to services (see trustdir_directory_limit) is refused here. Kept alive as the authorities are.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_directory(
    builder: Option<&mut ConnectorBuilder>,
    directory: Option<&Directory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let directory = handle::required(directory, "directory")?;
        builder.set(|settings| settings.trust_dir(directory.core().clone()));
        Ok(())
    })
}

/// What is shown to servers that ask who calls; it is copied. Without one they are told that there is no certificate.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_identity(
    builder: Option<&mut ConnectorBuilder>,
    identity: Option<&Identity>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let identity = handle::required(identity, "identity")?;
        builder.set(|settings| settings.identity(identity.core().clone()));
        Ok(())
    })
}

/// The lowest and the highest version of TLS to speak, each a trustdir_tls_version. The default is both.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_versions(
    builder: Option<&mut ConnectorBuilder>,
    min: i32,
    max: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let (min, max) = (tls_version(min, "min")?, tls_version(max, "max")?);
        builder.set(|settings| settings.min_version(min).max_version(max));
        Ok(())
    })
}

/// The application protocols to offer (ALPN), such as "http/1.1", the preferred one first; `count` of them.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_alpn(
    builder: Option<&mut ConnectorBuilder>,
    protocols: *const *const c_char,
    count: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let protocols = text::list(protocols, count, "protocols")?;
        builder.set(|settings| settings.alpn(&protocols));
        Ok(())
    })
}

/// How long a handshake may take, in milliseconds; 30,000 by default. See trustdir_connection_deadline.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_handshake_timeout(
    builder: Option<&mut ConnectorBuilder>,
    milliseconds: u64,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.handshake_timeout(Duration::from_millis(milliseconds)));
        Ok(())
    })
}

/// How many bytes of ciphertext a server may send before it is decided about; 64 KiB by default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_handshake_bytes(
    builder: Option<&mut ConnectorBuilder>,
    bytes: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.handshake_bytes(bytes));
        Ok(())
    })
}

/// How many certificates a server may send; 10 by default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_max_chain(
    builder: Option<&mut ConnectorBuilder>,
    certificates: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.max_chain(certificates));
        Ok(())
    })
}

/// The largest TLS record to send in bytes, from 32 to 16,389, with its header of five and without what its encryption
/// adds (24 at most); as large as TLS allows by default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_max_fragment_size(
    builder: Option<&mut ConnectorBuilder>,
    bytes: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.max_fragment_size(bytes));
        Ok(())
    })
}

/// Has each session's secrets told by `log(line, userdata)`, as trustdir_acceptor_builder_set_key_log does, with the
/// same rules for `log`, `userdata` and `userdata_free`.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_set_key_log(
    builder: Option<&mut ConnectorBuilder>,
    log: Option<extern "C" fn(line: *const c_char, userdata: *mut c_void)>,
    userdata: *mut c_void,
    userdata_free: Option<extern "C" fn(userdata: *mut c_void)>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let log = KeyLog::new(log, userdata, userdata_free)?;
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.key_log(Arc::new(move |line: &str| log.tell(line))));
        Ok(())
    })
}

/// Checks the settings and makes a connector. The builder stays yours and may build again. It needs somebody to trust:
/// an authority, a pin or a directory of them.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_build(
    builder: Option<&ConnectorBuilder>,
    out: *mut *mut Connector,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let builder = handle::required(builder, "builder")?;
        *out = handle::give(builder.builder.build()?.into());
        Ok(())
    })
}

/// Frees the builder, not what it built. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_connector_builder_free(builder: Option<Box<ConnectorBuilder>>) {
    guard_or((), || builder.map(drop));
}
