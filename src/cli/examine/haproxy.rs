//! HAProxy: every `bind` line that speaks TLS.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::{file, pem};

use super::mend::Mend;
use super::site::{self, Site};
use super::verdict::Verdict;
use super::words::{lines, words};

pub(super) fn check(path: &Path, verdict: &mut Verdict) -> Result<()> {
    verdict.checked.push(path.to_owned());
    let bytes = file::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let all: Vec<Vec<String>> = lines(&text).map(words).collect();
    let setting = |name: &str| all.iter().find(|words| words[0] == name).and_then(|words| words.get(1));
    let base = |name| setting(name).map_or(file::parent(path), |base| Path::new(base));
    let bare = all.iter().any(|words| words[0] == "ssl-load-extra-del-ext");
    let mut speaks = false;
    for words in all.iter().filter(|words| words[0] == "bind" && words.iter().any(|word| word == "ssl")) {
        speaks = true;
        let bind = Bind(words);
        for certificate in bind.all("crt") {
            let certificate = base("crt-base").join(certificate);
            check_identity(certificate, bare, path, verdict);
        }
        if bind.all("crt").is_empty() && bind.all("crt-list").is_empty() {
            verdict.problem("NO_CERTIFICATE", path, "a bind line speaks TLS and has no crt; HAProxy does not start");
        }
        check_clients(&bind, base("ca-base"), path, verdict);
        if let Some(old) = bind.one("ssl-min-ver").filter(|version| matches!(*version, "SSLv3" | "TLSv1.0" | "TLSv1.1"))
        {
            verdict.problem("PROTOCOL", path, format!("{old} is broken (RFC 8996); write `ssl-min-ver TLSv1.2`"));
        }
    }
    if !speaks {
        verdict.note("DISABLED", path, "no bind line speaks TLS; `trustdir up --for haproxy DIR` writes one that does");
    }
    Ok(())
}

/// The words of a `bind` line.
struct Bind<'a>(&'a [String]);

impl<'a> Bind<'a> {
    fn all(&self, name: &str) -> Vec<&'a str> {
        self.0.windows(2).filter(|pair| pair[0] == name).map(|pair| pair[1].as_str()).collect()
    }

    fn one(&self, name: &str) -> Option<&'a str> {
        self.all(name).pop()
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|own| own == word)
    }
}

/// The key is in the certificate's file, or in one beside it.
fn check_identity(certificate: PathBuf, bare: bool, conf: &Path, verdict: &mut Verdict) {
    if certificate.is_dir() {
        return verdict.note("VARIABLE", conf, format!("{} is a directory, and not looked at", certificate.display()));
    }
    let holds_key = file::read_secret(&certificate).is_ok_and(|bytes| pem::holds_private_key(&bytes));
    let key = if holds_key {
        certificate.clone()
    } else if bare {
        certificate.with_extension("key")
    } else {
        let mut name = certificate.clone().into_os_string();
        name.push(".key");
        name.into()
    };
    let mend = Mend::of("haproxy", conf, &[]);
    Site { certificate, key, passphrase: None, names: Vec::new(), mend }.check(verdict);
}

fn check_clients(bind: &Bind<'_>, base: &Path, conf: &Path, verdict: &mut Verdict) {
    let Some(authorities) = bind.one("ca-file") else { return };
    site::vouchers(&base.join(authorities), verdict);
    match bind.one("verify") {
        Some("required") => {}
        None | Some("none") => site::nobody_asked("`verify required`", conf, verdict),
        Some(verify) => {
            let message =
                format!("`verify {verify}` lets in who has no certificate of the authority; write `verify required`");
            verdict.problem("CLIENT_AUTH", conf, message);
        }
    }
    if bind.one("crl-file").is_none() {
        site::no_list("crl-file", conf, verdict);
    }
    if !bind.has("no-tls-tickets") {
        let message = "sessions are resumed, and whoever resumes one is not checked against the list of revoked clients; \
                       write `no-tls-tickets`";
        verdict.note("RESUMPTION", conf, message);
    }
}
