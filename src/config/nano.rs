//! The TLS section of a Nano node: `[secure]` in `config-rpc.toml`, or `config-tls.toml` from V23 on.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::admission::ClientAuth;
use crate::error::{Error, ErrorKind, Result, escape};
use crate::file;
use crate::identity::IdentityFiles;
use crate::tls::{Acceptor, AcceptorBuilder};
use crate::trust_dir::{EntryNames, TrustDir, TrustDirOptions};

/// A Nano node's TLS configuration. Relative paths start at the file, not at the working directory.
///
/// Where the node was silent, this is not: a key that is misspelt, a directory that is missing or a
/// passphrase that is wrong is an error, and then there is no acceptor.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("config-rpc.toml");
/// # std::fs::write(&path, "[secure]\nenable = true\nserver_cert_path = 'c'\nserver_key_path = 'k'\nserver_dh_path = 'tls/dh1024.pem'\n").unwrap();
/// use trustdir::config::NanoConfig;
///
/// let config = NanoConfig::load(&path)?;
/// assert!(config.enabled());
/// assert_eq!(config.notes().len(), 2); // Diffie-Hellman parameters, and nobody needs a certificate
/// assert!(config.acceptor().is_err()); // the files are not there
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Debug)]
pub struct NanoConfig {
    path: PathBuf,
    tls: Tls,
    address: Option<String>,
    port: Option<u16>,
    notes: Vec<String>,
}

/// The keys of both forms. What is not known is an error: a misspelt `client_certs_path` must not
/// open the door.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Tls {
    #[serde(alias = "enable_https")]
    enable: bool,
    enable_wss: bool,
    verbose_logging: bool,
    server_cert_path: PathBuf,
    server_key_path: PathBuf,
    server_key_passphrase: Zeroizing<String>,
    server_dh_path: PathBuf,
    client_certs_path: PathBuf,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("enable", &self.enable)
            .field("server_cert_path", &self.server_cert_path)
            .finish_non_exhaustive()
    }
}

/// `config-rpc.toml`: what else is in it belongs to the node.
#[derive(Deserialize)]
struct Rpc {
    address: Option<String>,
    port: Option<u16>,
    secure: Tls,
}

impl NanoConfig {
    /// Reads the file and resolves its paths. The files that it names are read by
    /// [`acceptor`](Self::acceptor) and [`builder`](Self::builder).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = Zeroizing::new(file::read(path)?);
        let text =
            std::str::from_utf8(&bytes).map_err(|_| Error::new(ErrorKind::Parse, "this is not UTF-8 text").at(path))?;
        let (address, port, mut tls, unread) = parse(text).map_err(|error| error.at(path))?;

        let mut notes = unread;
        if !tls.server_dh_path.as_os_str().is_empty() {
            notes.push(
                "server_dh_path is not needed: key exchange is by elliptic curves; the file is not read".to_owned(),
            );
        }
        if tls.client_certs_path.as_os_str().is_empty() {
            notes.push(
                "WARNING: client_certs_path is not set, so clients need no certificate and everybody who connects is served".to_owned(),
            );
        }
        let base = file::parent(path).to_owned();
        let files =
            [&mut tls.server_cert_path, &mut tls.server_key_path, &mut tls.server_dh_path, &mut tls.client_certs_path];
        for file in files {
            if !file.as_os_str().is_empty() {
                *file = base.join(&*file);
            }
        }
        Ok(Self { path: path.to_owned(), tls, address, port, notes })
    }

    /// Whether HTTPS is switched on (`enable`, later `enable_https`).
    pub fn enabled(&self) -> bool {
        self.tls.enable
    }

    /// Whether secure WebSockets are switched on (`enable_wss`).
    pub fn wss_enabled(&self) -> bool {
        self.tls.enable_wss
    }

    /// Whether every step is to be logged.
    pub fn verbose_logging(&self) -> bool {
        self.tls.verbose_logging
    }

    /// The address to listen on, from `config-rpc.toml`.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The port to listen on, from `config-rpc.toml`.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The service's certificate chain.
    pub fn certificate_path(&self) -> &Path {
        &self.tls.server_cert_path
    }

    /// The service's private key.
    pub fn key_path(&self) -> &Path {
        &self.tls.server_key_path
    }

    /// The directory of client certificates, if clients need one.
    pub fn clients_path(&self) -> Option<&Path> {
        Some(self.tls.client_certs_path.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// What the key is encrypted with.
    pub(crate) fn key_passphrase(&self) -> Option<&[u8]> {
        Some(self.tls.server_key_passphrase.as_bytes()).filter(|passphrase| !passphrase.is_empty())
    }

    /// The Diffie-Hellman parameters, without which a node of old does not ask for clients' certificates.
    #[cfg(feature = "cli")]
    pub(crate) fn dh_path(&self) -> Option<&Path> {
        Some(self.tls.server_dh_path.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    /// What the operator should know, a line each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What this configuration enforces, in one line for the log.
    pub fn policy(&self) -> String {
        match self.clients_path() {
            _ if !self.tls.enable && !self.tls.enable_wss => "TLS is switched off".to_owned(),
            None => "TLS 1.2 and 1.3; client certificates off: everybody is served".to_owned(),
            Some(path) => format!(
                "TLS 1.2 and 1.3; client certificates required: only those under their subject hash in {}, each for itself",
                escape(&path.to_string_lossy())
            ),
        }
    }

    /// The acceptor that enforces it. Any error means that there must be no listener; a configuration
    /// that does not switch TLS on is one ([`ErrorKind::Unsupported`]).
    pub fn acceptor(&self) -> Result<Acceptor> {
        self.builder()?.build()
    }

    /// The settings of the acceptor, with the files as they are now: what a service gives to [`Acceptor::reload`] once
    /// it has [loaded](Self::load) the configuration again. Fails as [`acceptor`](Self::acceptor) does.
    pub fn builder(&self) -> Result<AcceptorBuilder> {
        if !self.tls.enable && !self.tls.enable_wss {
            return Err(
                Error::new(ErrorKind::Unsupported, "TLS is switched off; set enable = true in [secure]").at(&self.path)
            );
        }
        let identity = self.identity_files()?.load().map_err(|error| {
            let hint = match error.kind() {
                ErrorKind::PassphraseRequired => "; set server_key_passphrase",
                ErrorKind::WrongPassphrase => "; correct server_key_passphrase",
                _ => return error,
            };
            Error::new(error.kind(), format!("{error}{hint}")).with_path(&self.tls.server_key_path)
        })?;
        let builder = Acceptor::builder(identity).alpn(&["http/1.1"]).service(SERVICE);
        let Some(clients) = self.clients_path() else { return Ok(builder.client_auth(ClientAuth::Off)) };
        // As OpenSSL reads it, so that taking over an existing directory never widens access.
        let options = TrustDirOptions { entry_names: EntryNames::SubjectHash, ..TrustDirOptions::default() };
        let directory = TrustDir::open_with(clients, options)?;
        Ok(builder.trust_dir(directory).client_auth(ClientAuth::Required))
    }

    /// The files of the service's identity, with the passphrase: for a service that takes a renewed certificate without
    /// being told to, in whatever order its files are replaced. Nothing is read yet. A path that is missing is
    /// [`ErrorKind::InvalidArgument`].
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let path = dir.path().join("config-rpc.toml");
    /// # std::fs::write(&path, "[secure]\nenable = true\nserver_cert_path = 'c'\nserver_key_path = 'k'\n").unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # ca.issue_server(&["localhost"], &Default::default())?.save(dir.path().join("c"), dir.path().join("k"), None)?;
    /// use trustdir::config::NanoConfig;
    ///
    /// let config = NanoConfig::load(&path)?;
    /// let (settings, mut files) = (config.builder()?, config.identity_files()?);
    /// let acceptor = settings.build()?;
    /// // From time to time; an error changes nothing, and the next look may find both files in place:
    /// if let Some(renewed) = files.reload_if_changed()? {
    ///     acceptor.reload(&settings.clone().identities([renewed]))?;
    /// }
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn identity_files(&self) -> Result<IdentityFiles> {
        let Tls { server_cert_path, server_key_path, .. } = &self.tls;
        for (key, file) in [("server_cert_path", server_cert_path), ("server_key_path", server_key_path)] {
            if file.as_os_str().is_empty() {
                return Err(Error::new(ErrorKind::InvalidArgument, format!("{key} is missing")).at(&self.path));
            }
        }
        Ok(IdentityFiles::new(server_cert_path, server_key_path, self.key_passphrase()))
    }
}

/// The service's name for limits of clients: the RPC is the only one that such a configuration is of.
const SERVICE: &str = "rpc";

type Parsed = (Option<String>, Option<u16>, Tls, Vec<String>);

/// What a node's `config-rpc.toml` has beside `address` and `port`, and is the node's business.
const NODES_OWN: [&str; 4] = ["enable_control", "max_json_depth", "max_request_size", "max_work_generate_difficulty"];

fn parse(text: &str) -> Result<Parsed> {
    // The parser's own text would quote the line, and with it perhaps the passphrase.
    let invalid = |error: toml::de::Error| {
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let message = match error.message().split_once(", expected ") {
            Some((found, expected)) if found.starts_with("invalid") => {
                let expected = expected.replace("u16", "a number from 0 to 65535 without quotes");
                format!("a value of the wrong type, expected {expected}")
            }
            _ => error.message().to_owned(),
        };
        Error::new(ErrorKind::Parse, format!("line {line}: {}", escape(&message)))
    };
    let table: toml::Table = toml::from_str(text).map_err(invalid)?;
    match (table.contains_key("secure"), has_tls_keys(&table)) {
        (true, true) => {
            let message = "both a [secure] section and top-level TLS keys are here; keep one of them";
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
        (true, false) => {
            let known = |key: &str| NODES_OWN.contains(&key) || matches!(key, "address" | "port");
            let unread = table.iter().filter(|(key, value)| !value.is_table() && !known(key));
            let unread = unread.map(|(key, _)| format!("{} is not read here; is it misspelt?", escape(key))).collect();
            toml::from_str::<Rpc>(text).map(|rpc| (rpc.address, rpc.port, rpc.secure, unread)).map_err(invalid)
        }
        (false, true) => toml::from_str::<Tls>(text).map(|tls| (None, None, tls, Vec::new())).map_err(invalid),
        (false, false) => {
            let message = "there is no [secure] section and no TLS key here; see the node's HTTPS configuration";
            Err(Error::new(ErrorKind::NotFound, message))
        }
    }
}

fn has_tls_keys(table: &toml::Table) -> bool {
    ["enable_https", "enable_wss", "server_cert_path", "server_key_path", "client_certs_path"]
        .iter()
        .any(|key| table.contains_key(*key))
}
