//! What the operator named: which program's it is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::{Authority, EntryNames, TrustDir, TrustDirOptions, file};

use super::mend::Mend;
use super::settings::Program;
use super::site::Site;
use super::verdict::Verdict;
use super::{apache, authority, caddy, haproxy, live, nano, nginx, pimatic, site};

/// One thing that can be checked.
pub(super) enum Target {
    Pimatic(PathBuf),
    Nano(PathBuf),
    Nginx(PathBuf),
    Apache(PathBuf),
    Caddy(PathBuf),
    Haproxy(PathBuf),
    Settings(&'static Program, PathBuf),
    /// What `trustdir up` makes for no service in particular.
    Plain(PathBuf),
    Authority(PathBuf),
    Clients(PathBuf),
    Running {
        host: String,
        port: u16,
    },
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
            let files = files.iter().map(|name| dir.join(name)).filter(|path| may_configure(path));
            targets.extend(files.filter_map(|path| Self::of_file(&path).ok()));
        }
        if targets.is_empty() && dir.join("tls/server.crt").exists() {
            targets.push(Self::Plain(dir.to_owned()));
        }
        // As `trustdir up` and pimatic have them.
        let authorities = ["pki", "ca/authority", "ca", ""].map(|name| dir.join(name));
        let authority = authorities.into_iter().find(|dir| Authority::open_without_key(dir).is_ok());
        targets.extend(authority.map(Self::Authority));
        if !targets.is_empty() {
            return Ok(targets);
        }
        // No configuration: what is left is a directory of clients.
        let options = TrustDirOptions { entry_names: EntryNames::Any, watch: false, create: false };
        if !TrustDir::open_to_repair(dir, options, &|_, _| {})?.list()?.is_empty() {
            return Ok(vec![Self::Clients(dir.to_owned())]);
        }
        if file::names(dir)?.is_empty() {
            let message = "the directory is empty: no configuration, and as a directory of clients it admits nobody";
            return Err(Error::new(ErrorKind::NotFound, message).at(dir));
        }
        Err(unknown(dir))
    }

    fn of_file(path: &Path) -> Result<Self> {
        let text = String::from_utf8_lossy(&file::read(path)?).into_owned();
        let begins = |word: &str| text.lines().any(|line| line.trim_start().starts_with(word));
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_yaml = matches!(extension, Some("yaml" | "yml"));
        if let Some(program) = Program::of(&text, is_yaml) {
            return Ok(Self::Settings(program, path.to_owned()));
        }
        match extension {
            Some("json") => Ok(Self::Pimatic(path.to_owned())),
            Some("toml") => Ok(Self::Nano(path.to_owned())),
            _ if path.file_name().is_some_and(|name| name == "Caddyfile") => Ok(Self::Caddy(path.to_owned())),
            Some("cfg") if begins("bind ") => Ok(Self::Haproxy(path.to_owned())),
            _ if begins("<VirtualHost") || begins("SSL") => Ok(Self::Apache(path.to_owned())),
            _ if !is_yaml && (begins("server") || begins("http") || begins("ssl_")) => Ok(Self::Nginx(path.to_owned())),
            _ => Err(unknown(path)),
        }
    }

    pub(super) fn check(&self, verdict: &mut Verdict) -> Result<()> {
        match self {
            Self::Pimatic(path) => pimatic::check(path, verdict),
            Self::Nano(path) => nano::check(path, verdict),
            Self::Nginx(path) => nginx::check(path, verdict),
            Self::Apache(path) => apache::check(path, verdict),
            Self::Caddy(path) => caddy::check(path, verdict),
            Self::Haproxy(path) => haproxy::check(path, verdict),
            Self::Settings(program, path) => program.check(path, verdict),
            Self::Plain(dir) => {
                let [certificate, key, clients] =
                    ["server.crt", "server.key", "clients"].map(|name| dir.join("tls").join(name));
                let mend = Mend::Up { service: None, dir: dir.clone() };
                Site { certificate, key, passphrase: None, names: Vec::new(), mend }.check(verdict);
                site::clients(&clients, EntryNames::SubjectHash, verdict);
                Ok(())
            }
            Self::Authority(dir) => authority::check(dir, verdict),
            Self::Clients(path) => {
                site::clients(path, EntryNames::Any, verdict);
                Ok(())
            }
            Self::Running { host, port } => live::check(host, *port, verdict),
        }
    }
}

fn unknown(path: &Path) -> Error {
    let message = "no configuration that `trustdir check --help` names, and no directory of clients or of an authority; certificates are for `trustdir lint`";
    Error::new(ErrorKind::Unsupported, message).at(path)
}

/// Whether a program could have such a file for its configuration.
fn may_configure(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("conf" | "cfg" | "yaml" | "yml")) || path.ends_with("Caddyfile")
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
