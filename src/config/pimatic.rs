//! The TLS section of pimatic: `settings.httpsServer` in its `config.json`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::json;
use crate::error::{Error, ErrorKind, Result};
use crate::file;

/// The section's keys and what the guide gives them; the same are pimatic's defaults.
const FILES: [(&str, &str); 3] = [
    ("keyFile", "ca/pimatic-ssl/private/privkey.pem"),
    ("certFile", "ca/pimatic-ssl/public/cert.pem"),
    ("rootCertFile", "ca/certs/cacert.crt"),
];

/// pimatic's configuration, and its text. Relative paths start at the file, as pimatic has them.
pub(crate) struct PimaticConfig {
    path: PathBuf,
    text: String,
    section: Value,
    /// `settings.httpServer`.
    plain: Value,
}

impl PimaticConfig {
    /// Reads the file; one that is missing says nothing.
    pub(crate) fn load_or_new(path: &Path) -> Result<Self> {
        if path.exists() { Self::load(path) } else { Self::parse(path, "{}\n".to_owned()) }
    }

    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = String::from_utf8(file::read(path)?);
        let text = text.map_err(|_| Error::new(ErrorKind::Parse, "this is not UTF-8 text").at(path))?;
        Self::parse(path, text)
    }

    fn parse(path: &Path, text: String) -> Result<Self> {
        let document = json::parse(&text).map_err(|error| error.at(path))?;
        let part = |name| document.pointer(name).cloned().unwrap_or_default();
        let [section, plain] = [part("/settings/httpsServer"), part("/settings/httpServer")];
        check_types("httpsServer", &section)
            .and_then(|()| check_types("httpServer", &plain))
            .map_err(|error| error.at(path))?;
        Ok(Self { path: path.to_owned(), text, section, plain })
    }

    /// Whether it serves HTTPS.
    pub(crate) fn enabled(&self) -> bool {
        self.section["enabled"] == true
    }

    /// Where it serves plain HTTP, and the root for devices; `None` if it does not.
    pub(crate) fn http_port(&self) -> Option<u64> {
        let enabled = self.plain["enabled"].as_bool().unwrap_or(true);
        enabled.then(|| self.plain["port"].as_u64().unwrap_or(80))
    }

    /// The address to listen on; empty for all. Many take it for the public name.
    pub(crate) fn hostname(&self) -> &str {
        self.section["hostname"].as_str().unwrap_or_default()
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.file(0)
    }

    pub(crate) fn certificate_path(&self) -> PathBuf {
        self.file(1)
    }

    /// What devices import.
    pub(crate) fn root_path(&self) -> PathBuf {
        self.file(2)
    }

    fn file(&self, index: usize) -> PathBuf {
        let (key, default) = FILES[index];
        file::parent(&self.path).join(self.section[key].as_str().filter(|name| !name.is_empty()).unwrap_or(default))
    }

    /// The text with HTTPS switched on: what the section has stays, what it lacks is the guide's.
    pub(crate) fn with_https(&self) -> Result<String> {
        let mut text = self.text.clone();
        if self.section.is_null() {
            let defaults = json!({ "port": 443, "hostname": "" });
            text = json::set(&text, &["settings", "httpsServer"], &defaults).map_err(|error| error.at(&self.path))?;
        }
        for (key, default) in FILES.iter().rev() {
            if self.section[*key].as_str().is_none_or(str::is_empty) {
                text = self.set(&text, key, &json!(default))?;
            }
        }
        if self.enabled() { Ok(text) } else { self.set(&text, "enabled", &json!(true)) }
    }

    fn set(&self, text: &str, key: &str, value: &Value) -> Result<String> {
        json::set(text, &["settings", "httpsServer", key], value).map_err(|error| error.at(&self.path))
    }
}

/// pimatic refuses values of other types; `"enabled": "true"` would only look as if it were on.
fn check_types(name: &str, section: &Value) -> Result<()> {
    let invalid = |what: String| Err(Error::new(ErrorKind::Parse, format!("settings.{name}{what}")));
    let members = match section {
        Value::Null => return Ok(()),
        Value::Object(members) => members,
        _ => return invalid(" must be an object, { … }".to_owned()),
    };
    for (key, value) in members {
        let (fits, expected) = match key.as_str() {
            "enabled" => (value.is_boolean(), "true or false, without quotes"),
            "port" => (value.as_u64().is_some_and(|port| port <= 65535), "a number from 0 to 65535, without quotes"),
            "hostname" | "keyFile" | "certFile" | "rootCertFile" => (value.is_string(), "text, in quotes"),
            _ => continue,
        };
        if !fits {
            return invalid(format!(".{key} must be {expected}"));
        }
    }
    Ok(())
}
