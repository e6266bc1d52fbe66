//! The services that are set up, and where each has its files.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use zeroize::Zeroizing;

use crate::config::PimaticConfig;
use crate::{Authority, Result};

use super::super::output::argument;
use super::super::passphrase::Passphrase;
use super::change::Change;
use super::nano::Nano;
use super::site::Site;
use super::snippet::{Before, Snippet};

/// For which program the files are.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Name {
    Pimatic,
    Nano,
    Rocketchat,
    Nginx,
    Apache,
    Caddy,
    Haproxy,
    Traefik,
    HomeAssistant,
    Mosquitto,
    Postgresql,
}

impl Name {
    pub(super) fn as_str(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// A service with the configuration that it has.
pub(super) enum Service {
    Any,
    Pimatic { config: PimaticConfig, file: PathBuf },
    Nano(Nano),
    Snippet { snippet: &'static Snippet, file: PathBuf, before: Before },
}

/// Where a service has its files.
pub(super) struct Layout {
    /// The authority's directory, unless another one is named.
    pub(super) authority: PathBuf,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    /// What encrypts the key, as the service's configuration says.
    pub(super) passphrase: Option<Passphrase>,
    /// The trust anchor as DER, for devices.
    pub(super) root: Option<PathBuf>,
    /// The directory of admitted clients, where the service has one.
    pub(super) clients: Option<PathBuf>,
}

impl Service {
    pub(super) fn open(name: Option<Name>, dir: &Path) -> Result<Self> {
        Ok(match name {
            None => Self::Any,
            Some(Name::Pimatic) => {
                let file = dir.join("config.json");
                Self::Pimatic { config: PimaticConfig::load_or_new(&file)?, file }
            }
            Some(Name::Nano) => Self::Nano(Nano::open(dir)?),
            Some(other) => {
                let snippet = Snippet::of(other);
                let file = dir.join(snippet.file);
                Self::Snippet { snippet, before: Before::read(&file)?, file }
            }
        })
    }

    pub(super) fn layout(&self, dir: &Path) -> Layout {
        let tls = dir.join("tls");
        let plain = Layout {
            authority: dir.join("pki"),
            certificate: tls.join("server.crt"),
            key: tls.join("server.key"),
            passphrase: None,
            root: None,
            clients: None,
        };
        match self {
            Self::Any => Layout { clients: Some(tls.join("clients")), ..plain },
            Self::Snippet { .. } => plain,
            Self::Pimatic { config, .. } => Layout {
                authority: pimatic_authority(&dir.join("ca")),
                certificate: config.certificate_path(),
                key: config.key_path(),
                root: Some(config.root_path()),
                ..plain
            },
            Self::Nano(nano) => {
                let [certificate, key, clients] = nano.paths();
                let passphrase = nano.config().and_then(|config| config.key_passphrase());
                let passphrase = passphrase.map(|bytes| Zeroizing::new(bytes.to_vec()));
                Layout { certificate, key, passphrase, clients: Some(clients), ..plain }
            }
        }
    }

    /// Where the snippet is, and what was asked for when it was written.
    pub(super) fn snippet(&self) -> Option<(&Path, &Before)> {
        match self {
            Self::Snippet { file, before, .. } => Some((file, before)),
            _ => None,
        }
    }

    /// The configuration files to write.
    pub(super) fn changes(&self, site: &Site) -> Result<Vec<Change>> {
        match self {
            Self::Any => Ok(Vec::new()),
            Self::Pimatic { config, file } => Ok(Change::text(file, &config.with_https()?)?.into_iter().collect()),
            Self::Nano(nano) => nano.changes(),
            Self::Snippet { snippet, file, .. } => Ok(Change::text(file, &snippet.fill(site)?)?.into_iter().collect()),
        }
    }

    /// What is left to do for the operator, a line each.
    pub(super) fn next(&self, site: &Site) -> Vec<String> {
        match self {
            Self::Any => Vec::new(),
            Self::Pimatic { config, .. } => vec![
                "restart pimatic; port 443 needs root, or a port from 1024 on in `httpsServer`".to_owned(),
                import(config, &site.name()),
            ],
            Self::Nano(_) => {
                vec!["restart the node; what reads its configuration by trustdir reloads at SIGHUP".to_owned()]
            }
            Self::Snippet { snippet, .. } => snippet.next(site),
        }
    }
}

/// How devices get the root: pimatic offers it over plain HTTP.
fn import(config: &PimaticConfig, host: &str) -> String {
    let port = match config.http_port() {
        Some(80) => String::new(),
        Some(port) => format!(":{port}"),
        None => {
            let root = argument(config.root_path());
            return format!("HTTP is off, so bring {root} to every device by hand, or a file from `trustdir export`");
        }
    };
    format!(
        "import the root on every device: http://{host}{port}/root-ca-cert.crt, or by a file from `trustdir export`"
    )
}

/// pimatic's own authority goes on, if its script has made one: the devices know it.
fn pimatic_authority(ca: &Path) -> PathBuf {
    let own = ca.join("authority");
    if !own.exists() && Authority::open_without_key(ca).is_ok() { ca.to_owned() } else { own }
}
