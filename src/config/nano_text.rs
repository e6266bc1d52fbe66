//! A node's configuration with its TLS section written in.

use std::path::Path;

use super::{NanoConfig, toml};
use crate::error::{Error, ErrorKind, Result};

/// What the section says of files; relative ones start at the configuration.
pub(crate) struct NanoFiles<'a> {
    pub(crate) certificate: &'a Path,
    pub(crate) key: &'a Path,
    pub(crate) dh: &'a Path,
    pub(crate) clients: &'a Path,
}

/// The text of `config-tls.toml`, or with `in_section` of `config-rpc.toml`, with HTTPS switched on for these files.
/// What `config`, as it was read from that text, says already is not touched.
pub(crate) fn with_tls(
    text: &str,
    in_section: bool,
    config: Option<&NanoConfig>,
    files: &NanoFiles<'_>,
) -> Result<String> {
    let mut text = text.to_owned();
    if !config.is_some_and(NanoConfig::enabled) {
        text = toml::set(&text, in_section, if in_section { "enable" } else { "enable_https" }, true)?;
    }
    for (key, path, present) in [
        ("server_cert_path", files.certificate, config.map(NanoConfig::certificate_path)),
        ("server_key_path", files.key, config.map(NanoConfig::key_path)),
        ("server_dh_path", files.dh, config.and_then(NanoConfig::dh_path)),
        ("client_certs_path", files.clients, config.and_then(NanoConfig::clients_path)),
    ] {
        if present != Some(path) {
            text = toml::set(&text, in_section, key, utf8(path)?)?;
        }
    }
    Ok(text)
}

fn utf8(path: &Path) -> Result<&str> {
    let message = "a configuration takes no path that is not UTF-8; move the directory";
    path.to_str().ok_or_else(|| Error::new(ErrorKind::Unsupported, message).at(path))
}
