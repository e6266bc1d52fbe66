//! The configuration files of a Nano node.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::acceptor::Acceptor;
use crate::acceptor_builder::AcceptorBuilder;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity_files::IdentityFiles;
use crate::status::Status;
use crate::text;

/// The TLS settings of a Nano node, as its guide has them: the section [secure] of config-rpc.toml, or config-tls.toml.
/// Yours: free it with trustdir_nano_config_free. It never changes and may be used from several threads at once.
pub struct NanoConfig {
    config: trustdir_core::config::NanoConfig,
    address: Option<CString>,
    certificate_path: CString,
    key_path: CString,
    clients_path: Option<CString>,
    policy: CString,
    notes: Vec<CString>,
}

const _: () = handle::several_threads::<NanoConfig>();

impl From<trustdir_core::config::NanoConfig> for NanoConfig {
    fn from(config: trustdir_core::config::NanoConfig) -> Self {
        Self {
            address: config.address().map(text::owned),
            certificate_path: text::owned_path(config.certificate_path()),
            key_path: text::owned_path(config.key_path()),
            clients_path: config.clients_path().map(text::owned_path),
            policy: text::owned(&config.policy()),
            notes: config.notes().iter().map(|note| text::owned(note)).collect(),
            config,
        }
    }
}

/// Reads a configuration file. What it says is checked here; the files that it names are read by
/// trustdir_nano_config_acceptor and trustdir_nano_config_builder.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_load(
    path: *const c_char,
    out: *mut *mut NanoConfig,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        *out = handle::give(trustdir_core::config::NanoConfig::load(path)?.into());
        Ok(())
    })
}

/// Whether HTTPS is switched on (`enable`, later `enable_https`); false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_enabled(config: Option<&NanoConfig>) -> bool {
    guard_or(false, || Some(config?.config.enabled()))
}

/// Whether secure WebSockets are switched on (`enable_wss`); false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_wss_enabled(config: Option<&NanoConfig>) -> bool {
    guard_or(false, || Some(config?.config.wss_enabled()))
}

/// Whether the file asks for verbose logging; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_verbose_logging(config: Option<&NanoConfig>) -> bool {
    guard_or(false, || Some(config?.config.verbose_logging()))
}

/// The address to listen on. Borrowed from the configuration. NULL when it is not set, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_address(config: Option<&NanoConfig>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(config?.address.as_ref())))
}

/// The port to listen on; 0 when it is not set, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_port(config: Option<&NanoConfig>) -> u16 {
    guard_or(0, || config?.config.port())
}

/// The file of the service's certificate chain. Borrowed from the configuration. Empty when it is not set; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_certificate_path(config: Option<&NanoConfig>) -> *const c_char {
    guard_or(ptr::null(), || Some(config?.certificate_path.as_ptr()))
}

/// The file of the service's private key. Borrowed from the configuration. Empty when it is not set; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_key_path(config: Option<&NanoConfig>) -> *const c_char {
    guard_or(ptr::null(), || Some(config?.key_path.as_ptr()))
}

/// The directory of clients' certificates. Borrowed from the configuration. NULL when clients need none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_clients_path(config: Option<&NanoConfig>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(config?.clients_path.as_ref())))
}

/// One line for the log: what this configuration enforces. Borrowed from the configuration. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_policy(config: Option<&NanoConfig>) -> *const c_char {
    guard_or(ptr::null(), || Some(config?.policy.as_ptr()))
}

/// The number of notes, which are things to tell the operator about the file; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_notes_len(config: Option<&NanoConfig>) -> usize {
    guard_or(0, || Some(config?.notes.len()))
}

/// A note in one line. Borrowed from the configuration. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_note(config: Option<&NanoConfig>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(config?.notes.get(index)?.as_ptr()))
}

/// Loads the files that the configuration names and makes the acceptor that it describes. Any failure means that the
/// service must not listen. TRUSTDIR_STATUS_UNSUPPORTED when TLS is not switched on.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_acceptor(
    config: Option<&NanoConfig>,
    out: *mut *mut Acceptor,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let config = handle::required(config, "config")?;
        *out = handle::give(config.config.acceptor()?.into());
        Ok(())
    })
}

/// Loads the files that the configuration names and gives the settings of the acceptor that it describes, as
/// trustdir_nano_config_acceptor does: for trustdir_acceptor_reload, once the configuration has been loaded again.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_builder(
    config: Option<&NanoConfig>,
    out: *mut *mut AcceptorBuilder,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let config = handle::required(config, "config")?;
        *out = handle::give(config.config.builder()?.into());
        Ok(())
    })
}

/// The files of the service's identity, with the passphrase: for a service that takes a renewed certificate without
/// being told to, by trustdir_identity_files_reload_if_changed. Nothing is read yet. A path that is not set is
/// TRUSTDIR_STATUS_INVALID_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_identity_files(
    config: Option<&NanoConfig>,
    out: *mut *mut IdentityFiles,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let config = handle::required(config, "config")?;
        *out = handle::give(config.config.identity_files()?.into());
        Ok(())
    })
}

/// Frees the configuration and everything borrowed from it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_nano_config_free(config: Option<Box<NanoConfig>>) {
    guard_or((), || config.map(drop));
}
