//! Programs whose configuration is a setting on each line: Mosquitto, PostgreSQL, Traefik, Home Assistant.

use std::path::Path;

use crate::error::Result;
use crate::file;

use super::mend::Mend;
use super::site::{self, Site};
use super::verdict::Verdict;
use super::words;

/// What a program calls things.
pub(super) struct Program {
    /// For `trustdir up`.
    service: &'static str,
    certificate: &'static str,
    key: &'static str,
    authorities: &'static str,
    /// The list of revoked certificates, if it reads one.
    list: Option<&'static str>,
    /// The setting and the value with which a certificate is asked for, unless naming authorities is enough.
    requires: Option<(&'static str, &'static str)>,
    /// What stands for the certificate and the key that are not named.
    unnamed: Unnamed,
    /// The setting that turns TLS on; it is off by default.
    switch: Option<&'static str>,
}

/// Which files count where none is named.
enum Unnamed {
    /// None: a certificate without its key is a mistake.
    Nothing,
    /// The key is looked for in the certificate's file.
    Key,
    /// A certificate and a key of these names.
    Files([&'static str; 2]),
}

static MOSQUITTO: Program = Program {
    service: "mosquitto",
    certificate: "certfile",
    key: "keyfile",
    authorities: "cafile",
    list: Some("crlfile"),
    requires: Some(("require_certificate", "true")),
    unnamed: Unnamed::Nothing,
    switch: None,
};

/// Who needs a certificate is said in pg_hba.conf.
static POSTGRESQL: Program = Program {
    service: "postgresql",
    certificate: "ssl_cert_file",
    key: "ssl_key_file",
    authorities: "ssl_ca_file",
    list: Some("ssl_crl_file"),
    requires: None,
    unnamed: Unnamed::Files(["server.crt", "server.key"]),
    switch: Some("ssl"),
};

static TRAEFIK: Program = Program {
    service: "traefik",
    certificate: "certFile",
    key: "keyFile",
    authorities: "caFiles",
    list: None,
    requires: Some(("clientAuthType", "RequireAndVerifyClientCert")),
    unnamed: Unnamed::Nothing,
    switch: None,
};

static HOME_ASSISTANT: Program = Program {
    service: "home-assistant",
    certificate: "ssl_certificate",
    key: "ssl_key",
    authorities: "ssl_peer_certificate",
    list: None,
    requires: None,
    unnamed: Unnamed::Key,
    switch: None,
};

impl Program {
    /// Whose configuration a text is.
    pub(super) fn of(text: &str, is_yaml: bool) -> Option<&'static Self> {
        let settings = Settings::read(text);
        let programs = if is_yaml { [&TRAEFIK, &HOME_ASSISTANT] } else { [&MOSQUITTO, &POSTGRESQL] };
        let has = |name: &&str| settings.one(name).is_some();
        programs.into_iter().find(|it| [it.certificate, it.key, it.authorities].iter().any(has))
    }

    pub(super) fn check(&self, path: &Path, verdict: &mut Verdict) -> Result<()> {
        verdict.checked.push(path.to_owned());
        let bytes = file::read(path)?;
        let text = String::from_utf8_lossy(&bytes);
        let settings = Settings::read(&text);
        let base = match settings.one("data_directory") {
            Some(data) => file::parent(path).join(data),
            None => file::parent(path).to_owned(),
        };
        self.check_identities(&settings, path, &base, verdict);
        if let Some(switch) = self.switch.filter(|switch| settings.one(switch).is_none_or(is_off)) {
            verdict.note("DISABLED", path, format!("{switch} is off, and nothing of this is served"));
        }
        if let Some(old) = settings.one("ssl_min_protocol_version").filter(|it| matches!(*it, "TLSv1" | "TLSv1.1")) {
            let message = format!("{old} is broken (RFC 8996); write `ssl_min_protocol_version = 'TLSv1.2'`");
            verdict.problem("PROTOCOL", path, message);
        }
        self.check_clients(&settings, path, &base, verdict);
        Ok(())
    }

    fn check_identities(&self, settings: &Settings<'_>, path: &Path, base: &Path, verdict: &mut Verdict) {
        let (mut certificates, mut keys) = (settings.all(self.certificate), settings.all(self.key));
        if let Unnamed::Files([certificate, key]) = self.unnamed {
            certificates = vec![certificates.pop().unwrap_or(certificate)];
            keys = vec![keys.pop().unwrap_or(key)];
        }
        for place in 0..certificates.len().max(keys.len()) {
            let [certificate, key] = [&certificates, &keys].map(|files| files.get(place).copied());
            self.check_identity(certificate, key, path, base, verdict);
        }
    }

    fn check_identity(
        &self,
        certificate: Option<&str>,
        key: Option<&str>,
        path: &Path,
        base: &Path,
        verdict: &mut Verdict,
    ) {
        let (certificate, key) = match (certificate, key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(certificate), None) if matches!(self.unnamed, Unnamed::Key) => (certificate, certificate),
            (Some(certificate), None) => return site::no_partner("NO_KEY", certificate, self.key, path, verdict),
            (None, Some(key)) => return site::no_partner("NO_CERTIFICATE", key, self.certificate, path, verdict),
            (None, None) => return,
        };
        let mend = Mend::of(self.service, path, &[]);
        let [certificate, key] = [certificate, key].map(|file| base.join(file));
        Site { certificate, key, passphrase: None, names: Vec::new(), mend }.check(verdict);
    }

    fn check_clients(&self, settings: &Settings<'_>, path: &Path, base: &Path, verdict: &mut Verdict) {
        let authorities = settings.all(self.authorities);
        if authorities.is_empty() {
            return;
        }
        for authority in authorities {
            site::vouchers(&base.join(authority), verdict);
        }
        match self.requires.map(|(name, value)| (name, value, settings.one(name))) {
            Some((name, value, None | Some("false"))) => {
                site::nobody_asked(&format!("{name} {value}"), path, verdict);
            }
            Some((name, value, Some(other))) if other != value => {
                let message =
                    format!("{name} {other} lets in who has no certificate of the authority; make it {value}");
                verdict.problem("CLIENT_AUTH", path, message);
            }
            _ => {}
        }
        if let Some(name) = self.list.filter(|name| settings.one(name).is_none()) {
            site::no_list(name, path, verdict);
        }
    }
}

/// Names and values, in the order of the lines. What stands in a list below a name is its values.
struct Settings<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Settings<'a> {
    fn read(text: &'a str) -> Self {
        let mut settings: Vec<(&str, &str)> = Vec::new();
        let mut above = "";
        for line in words::lines(text) {
            let item = line.strip_prefix("- ");
            let (name, value) =
                match item.unwrap_or(line).split_once(|c: char| c.is_whitespace() || c == '=' || c == ':') {
                    Some((name, value)) => (name, value),
                    None => (item.unwrap_or(line), ""),
                };
            let value = plain(value.trim_start_matches(|c: char| c.is_whitespace() || c == '=' || c == ':'));
            match item {
                // An item that is a name with a value belongs to a list of groups.
                Some(item) if value.is_empty() || item.starts_with(['"', '\'', '/']) => {
                    settings.push((above, plain(item)))
                }
                _ if value.is_empty() => above = name,
                _ => settings.push((name, value)),
            }
        }
        Self(settings)
    }

    fn all(&self, name: &str) -> Vec<&'a str> {
        self.0.iter().filter(|(known, _)| *known == name).map(|(_, value)| *value).collect()
    }

    /// The last one counts.
    fn one(&self, name: &str) -> Option<&'a str> {
        self.all(name).pop()
    }
}

/// Whether PostgreSQL takes a value for no.
fn is_off(value: &str) -> bool {
    ["off", "false", "no", "0"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// A value without its quotation marks and what is said about it.
fn plain(value: &str) -> &str {
    match value.chars().next() {
        Some(mark @ ('"' | '\'')) => value[1..].split(mark).next().unwrap_or_default(),
        _ => value.split(" #").next().unwrap_or_default().trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_however_they_are_written() {
        let text = "# no\nlistener 8883\ncertfile /a b/c\nssl_ca_file = 'x y' # why\nssl=on\nhttp:\n  ssl_key: \"k\"\n\
                    caFiles:\n  - \"/one\"\n  - /two\ncertificates:\n  - certFile: c\n    keyFile: d\n";
        let settings = Settings::read(text);
        let wanted = [
            ("listener", "8883"),
            ("certfile", "/a b/c"),
            ("ssl_ca_file", "x y"),
            ("ssl", "on"),
            ("ssl_key", "k"),
            ("caFiles", "/one"),
            ("caFiles", "/two"),
            ("certFile", "c"),
            ("keyFile", "d"),
        ];
        assert_eq!(settings.0, wanted);
    }
}
