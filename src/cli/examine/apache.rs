//! Apache: every virtual host that speaks TLS.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::file;

use super::include;
use super::mend::Mend;
use super::site::{self, Site};
use super::verdict::Verdict;
use super::words;

/// How deep includes may go.
const DEEPEST: usize = 16;

/// A directive with its arguments, and the file that it is in. Names are in lower case.
struct Line {
    name: String,
    arguments: Vec<String>,
    file: PathBuf,
}

pub(super) fn check(path: &Path, verdict: &mut Verdict) -> Result<()> {
    verdict.checked.push(path.to_owned());
    let mut lines = Vec::new();
    read(path, file::parent(path), 0, &mut lines)?;
    let before = verdict.len();
    let (mut outer, mut host): (Vec<&Line>, Option<Vec<&Line>>) = (Vec::new(), None);
    for line in &lines {
        match (line.name.as_str(), &mut host) {
            ("<virtualhost", _) => host = Some(vec![line]),
            ("</virtualhost>", _) => check_host(&outer, &host.take().unwrap_or_default(), file::parent(path), verdict),
            (_, Some(host)) => host.push(line),
            (_, None) => outer.push(line),
        }
    }
    // The server outside of any virtual host.
    check_host(&[], &outer, file::parent(path), verdict);
    if verdict.len() == before {
        verdict.note("DISABLED", path, "no host here speaks TLS; `trustdir up --for apache DIR` writes one that does");
    }
    Ok(())
}

fn read(path: &Path, base: &Path, depth: usize, lines: &mut Vec<Line>) -> Result<()> {
    let bytes = file::read(path)?;
    let text = String::from_utf8_lossy(&bytes).replace("\\\n", " ");
    for line in words::lines(&text) {
        let mut words = words::words(line);
        let name = words.remove(0).to_ascii_lowercase();
        if matches!(name.as_str(), "include" | "includeoptional") {
            if depth == DEEPEST {
                return Err(
                    Error::new(ErrorKind::Parse, "the includes are too deep; see `apachectl configtest`").at(path)
                );
            }
            for file in words.iter().flat_map(|pattern| include::files(base, pattern)).filter(|file| file.is_file()) {
                read(&file, base, depth + 1, lines)?;
            }
        } else {
            lines.push(Line { name, arguments: words, file: path.to_owned() });
        }
    }
    Ok(())
}

fn check_host(outer: &[&Line], host: &[&Line], base: &Path, verdict: &mut Verdict) {
    let own = |name: &str| host.iter().filter(|line| line.name == name).collect::<Vec<_>>();
    let last = |name: &str| host.iter().rev().chain(outer.iter().rev()).find(|line| line.name == name);
    let word = |name: &str| last(name).and_then(|line| line.arguments.first());
    if !own("sslengine").iter().any(|line| line.arguments.iter().any(|word| word.eq_ignore_ascii_case("on"))) {
        return;
    }
    let Some(conf) = host.first().map(|line| line.file.as_path()) else { return };
    let path = |name: &str| word(name).map(|path| base.join(path));
    let names = ["servername", "serveralias"].iter().flat_map(|name| own(name)).flat_map(|line| &line.arguments);
    let names = names.map(|name| {
        name.rsplit_once(':').map_or(name.as_str(), |(host, port)| {
            if port.bytes().all(|digit| digit.is_ascii_digit()) { host } else { name }
        })
    });
    match path("sslcertificatefile") {
        Some(certificate) => {
            let key = path("sslcertificatekeyfile").unwrap_or_else(|| certificate.clone());
            let names: Vec<String> = names.filter(|name| !name.contains('*')).map(str::to_owned).collect();
            let mend = Mend::of("apache", conf, &names);
            Site { certificate, key, passphrase: None, names, mend }.check(verdict);
        }
        None => verdict.problem(
            "NO_CERTIFICATE",
            conf,
            "a host speaks TLS and has no SSLCertificateFile; Apache does not start",
        ),
    }
    if let Some(line) = last("sslprotocol") {
        let broken = |word: &&String| {
            let word = word.trim_start_matches('+').to_ascii_lowercase();
            matches!(word.as_str(), "sslv3" | "tlsv1" | "tlsv1.1")
        };
        if let Some(old) = line.arguments.iter().find(broken) {
            let message = format!("{old} is broken (RFC 8996); write `SSLProtocol -all +TLSv1.2 +TLSv1.3`");
            verdict.problem("PROTOCOL", conf, message);
        }
    }
    let Some(verify) = word("sslverifyclient").filter(|verify| !verify.eq_ignore_ascii_case("none")) else { return };
    if !verify.eq_ignore_ascii_case("require") {
        let message = format!(
            "`SSLVerifyClient {verify}` lets everybody in wherever SSL_CLIENT_VERIFY is not looked at; write `SSLVerifyClient require`"
        );
        verdict.problem("CLIENT_AUTH", conf, message);
    }
    match (path("sslcacertificatefile"), path("sslcacertificatepath")) {
        (Some(authorities), _) => site::vouchers(&authorities, verdict),
        (None, Some(_)) => {
            let message = "every authority in SSLCACertificatePath lets its clients in; a client's own certificate with CA:TRUE is one";
            verdict.note("AUTHORITY", conf, message);
        }
        (None, None) => {
            verdict.problem("CLIENT_AUTH", conf, "SSLVerifyClient without SSLCACertificateFile lets nobody in");
        }
    }
    if path("sslcarevocationfile").is_none() && path("sslcarevocationpath").is_none() {
        site::no_list("SSLCARevocationFile", conf, verdict);
    }
}

/// The main configuration of a directory.
pub(super) fn main_file(dir: &Path) -> Option<PathBuf> {
    ["apache2.conf", "httpd.conf"].iter().map(|name| dir.join(name)).find(|path| path.exists())
}
