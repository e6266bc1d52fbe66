//! What the operator named: which program's it is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result, escape};
use crate::{Authority, EntryNames, TrustDir, TrustDirOptions, file};

use super::verdict::Verdict;
use super::{apache, live, nano, nginx, pimatic, site};

/// One thing that can be checked.
pub(super) enum Target {
    Pimatic(PathBuf),
    Nano(PathBuf),
    Nginx(PathBuf),
    Apache(PathBuf),
    Clients(PathBuf),
    Running { host: String, port: u16 },
}

impl Target {
    /// Everything that the word stands for.
    pub(super) fn all(word: &Path) -> Result<Vec<Self>> {
        match fs::metadata(word) {
            Ok(metadata) if metadata.is_dir() => Self::in_directory(word),
            Ok(_) => Ok(vec![Self::of_file(word)?]),
            Err(error) => match running(word) {
                Some(target) => Ok(vec![target]),
                None => Err(Error::io("open", word, error)),
            },
        }
    }

    fn in_directory(dir: &Path) -> Result<Vec<Self>> {
        let here = |name: &str| Some(dir.join(name)).filter(|path| path.exists());
        let nodes = ["config-rpc.toml", "config-tls.toml"].into_iter().filter_map(here);
        let mut targets: Vec<Self> = here("config.json").map(Self::Pimatic).into_iter().collect();
        // The node's own settings may be all that one of them has.
        targets.extend(nodes.filter(|path| is_about_tls(path)).map(Self::Nano));
        targets.extend(nginx::main_file(dir).map(Self::Nginx));
        targets.extend(apache::main_file(dir).map(Self::Apache));
        if targets.is_empty() {
            let mut files = file::names(dir)?;
            files.sort();
            let files =
                files.iter().map(|name| dir.join(name)).filter(|path| path.extension().is_some_and(|it| it == "conf"));
            targets.extend(files.filter_map(|path| Self::of_file(&path).ok()));
        }
        if !targets.is_empty() {
            return Ok(targets);
        }
        // What it is told to remove from a directory of clients is all that an authority knows.
        if let Ok(authority) = Authority::open_without_key(dir) {
            let name = escape(&authority.certificate().subject().to_string());
            let message = format!("the directory of the authority {name}; look at it with `trustdir lint`");
            return Err(Error::new(ErrorKind::Unsupported, message).at(dir));
        }
        // No configuration: what is left is a directory of clients.
        let options = TrustDirOptions { entry_names: EntryNames::Any, watch: false, create: false };
        let has_clients = !TrustDir::open_to_repair(dir, options, &|_, _| {})?.list()?.is_empty();
        if has_clients || file::names(dir)?.is_empty() {
            Ok(vec![Self::Clients(dir.to_owned())])
        } else {
            Err(unknown(dir))
        }
    }

    fn of_file(path: &Path) -> Result<Self> {
        let text = String::from_utf8_lossy(&file::read(path)?).into_owned();
        let begins = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("json") => Ok(Self::Pimatic(path.to_owned())),
            Some("toml") => Ok(Self::Nano(path.to_owned())),
            _ if begins("<VirtualHost") || begins("SSL") => Ok(Self::Apache(path.to_owned())),
            _ if begins("server") || begins("http") || begins("ssl_") => Ok(Self::Nginx(path.to_owned())),
            _ => Err(unknown(path)),
        }
    }

    pub(super) fn check(&self, verdict: &mut Verdict) -> Result<()> {
        match self {
            Self::Pimatic(path) => pimatic::check(path, verdict),
            Self::Nano(path) => nano::check(path, verdict),
            Self::Nginx(path) => nginx::check(path, verdict),
            Self::Apache(path) => apache::check(path, verdict),
            Self::Clients(path) => {
                site::clients(path, EntryNames::Any, verdict);
                Ok(())
            }
            Self::Running { host, port } => live::check(host, *port, verdict),
        }
    }
}

fn unknown(path: &Path) -> Error {
    let message = "no configuration of pimatic, a Nano node, nginx or Apache, and no directory of clients; certificates are for `trustdir lint`";
    Error::new(ErrorKind::Unsupported, message).at(path)
}

fn is_about_tls(path: &Path) -> bool {
    !matches!(crate::config::NanoConfig::load(path), Err(error) if error.kind() == ErrorKind::NotFound)
}

/// `host:port`, `[address]:port`.
fn running(word: &Path) -> Option<Target> {
    let (host, port) = word.to_str()?.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let plain = !host.is_empty() && !host.contains('/');
    plain.then_some(Target::Running { host: host.to_owned(), port: port.parse().ok()? })
}
