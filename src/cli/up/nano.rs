//! A Nano node's data directory.

use std::path::{Path, PathBuf};

use crate::config::{NanoConfig, NanoFiles, with_tls};
use crate::{ErrorKind, Result, file};

use super::super::lint::fault_of_parameters;
use super::change::Change;

/// A prime that everybody knows and trusts (RFC 7919, ffdhe2048): making one takes minutes and gains nothing.
const DH_PARAMETERS: &str = include_str!("templates/ffdhe2048.pem");

/// The configuration that has, or gets, the TLS section.
pub(super) struct Nano {
    path: PathBuf,
    text: String,
    /// Whether the keys are in `[secure]`, as they were before V23.
    in_section: bool,
    config: Option<NanoConfig>,
    tls: PathBuf,
}

impl Nano {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let newer = dir.join("config-tls.toml");
        let in_section = !newer.exists();
        let path = if in_section { dir.join("config-rpc.toml") } else { newer };
        let (text, config) = if path.exists() {
            let text = String::from_utf8_lossy(&file::read(&path)?).into_owned();
            match NanoConfig::load(&path) {
                Ok(config) => (text, Some(config)),
                // Nothing about TLS yet.
                Err(error) if error.kind() == ErrorKind::NotFound => (text, None),
                Err(error) => return Err(error),
            }
        } else {
            (String::new(), None)
        };
        // Absolute, since a node takes relative paths from where it was started.
        let tls = std::path::absolute(dir.join("tls")).unwrap_or_else(|_| dir.join("tls"));
        Ok(Self { path, text, in_section, config, tls })
    }

    pub(super) fn config(&self) -> Option<&NanoConfig> {
        self.config.as_ref()
    }

    /// The certificate, the key and the directory of clients: where the configuration has them, or where the guide does.
    pub(super) fn paths(&self) -> [PathBuf; 3] {
        let config = self.config();
        let place = |path: Option<&Path>, name: &str| match path {
            Some(path) if !path.as_os_str().is_empty() => path.to_owned(),
            _ => self.tls.join(name),
        };
        [
            place(config.map(NanoConfig::certificate_path), "server.cert.pem"),
            place(config.map(NanoConfig::key_path), "server.key.pem"),
            place(config.and_then(NanoConfig::clients_path), "clients"),
        ]
    }

    /// The configuration, and the parameters without which a node of old fails before it comes to asking for clients'
    /// certificates, and then serves everybody.
    pub(super) fn changes(&self) -> Result<Vec<Change>> {
        let [certificate, key, clients] = self.paths();
        let present = self.config().and_then(NanoConfig::dh_path).filter(|path| fault_of_parameters(path).is_none());
        let own = self.tls.join("ffdhe2048.pem");
        let files = NanoFiles { certificate: &certificate, key: &key, dh: present.unwrap_or(&own), clients: &clients };
        let text =
            with_tls(&self.text, self.in_section, self.config(), &files).map_err(|error| error.at(&self.path))?;
        let parameters = if present.is_none() { Change::text(&own, DH_PARAMETERS)? } else { None };
        Ok(parameters.into_iter().chain(Change::text(&self.path, &text)?).collect())
    }
}
