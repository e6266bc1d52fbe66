//! nginx: every server that speaks TLS.

use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::file;

use super::mend::Mend;
use super::nginx_text::{self, Directive};
use super::site::{self, Site};
use super::verdict::Verdict;

pub(super) fn check(path: &Path, verdict: &mut Verdict) -> Result<()> {
    verdict.checked.push(path.to_owned());
    let directives = nginx_text::load(path)?;
    let checker = Checker { base: file::parent(path) };
    let before = verdict.len();
    checker.block(&directives, &Scope::default(), verdict);
    if verdict.len() == before {
        verdict.note("DISABLED", path, "no server here speaks TLS; `trustdir up --for nginx DIR` writes one that does");
    }
    Ok(())
}

/// The directives that hold in a block: its own, and behind them those of the blocks around it.
#[derive(Clone, Default)]
struct Scope<'a>(Vec<&'a [Directive]>);

impl<'a> Scope<'a> {
    fn within(&self, block: &'a [Directive]) -> Self {
        Self(std::iter::once(block).chain(self.0.iter().copied()).collect())
    }

    /// All directives of a name in the innermost block that has one: inner ones replace outer ones.
    fn all(&self, name: &str) -> Vec<&'a Directive> {
        let named = |block: &&'a [Directive]| block.iter().filter(|it| it.name == name).collect::<Vec<_>>();
        self.0.iter().map(named).find(|found| !found.is_empty()).unwrap_or_default()
    }

    fn one(&self, name: &str) -> Option<&'a str> {
        self.all(name).first().and_then(|directive| directive.arguments.first()).map(String::as_str)
    }

    /// What a header is set to for the service behind.
    fn header(&self, name: &str) -> Option<&'a str> {
        let named = |it: &&&Directive| it.arguments.first().is_some_and(|header| header.eq_ignore_ascii_case(name));
        self.all("proxy_set_header").iter().find(named).and_then(|it| it.arguments.get(1)).map(String::as_str)
    }
}

struct Checker<'a> {
    /// Where relative paths start: nginx takes the directory of its main configuration.
    base: &'a Path,
}

impl Checker<'_> {
    fn block(&self, directives: &[Directive], outer: &Scope<'_>, verdict: &mut Verdict) {
        let scope = outer.within(directives);
        for directive in directives.iter().filter(|directive| !directive.block.is_empty()) {
            match directive.name.as_str() {
                "server" => self.server(directive, &scope, verdict),
                _ => self.block(&directive.block, &scope, verdict),
            }
        }
    }

    fn server(&self, server: &Directive, outer: &Scope<'_>, verdict: &mut Verdict) {
        let scope = outer.within(&server.block);
        let listens = server.block.iter().filter(|it| it.name == "listen");
        let speaks = |word: &str| listens.clone().any(|listen| listen.arguments.iter().any(|it| it == word));
        if !speaks("ssl") && scope.one("ssl") != Some("on") {
            return;
        }
        let conf = &server.file;
        self.identities(&scope, conf, verdict);
        protocols(&scope, conf, verdict);
        self.clients(&scope, conf, verdict);
        let http2 = speaks("http2") || scope.one("http2") == Some("on");
        proxied(&server.block, &scope, http2, conf, verdict);
    }

    fn identities(&self, scope: &Scope<'_>, conf: &Path, verdict: &mut Verdict) {
        let arguments = |name| scope.all(name).into_iter().filter_map(|it| it.arguments.first());
        let certificates: Vec<_> = arguments("ssl_certificate").collect();
        if certificates.is_empty() {
            verdict.problem(
                "NO_CERTIFICATE",
                conf,
                "a server speaks TLS and has no ssl_certificate; every handshake fails",
            );
        }
        let names = scope.all("server_name").into_iter().flat_map(|it| it.arguments.iter().cloned());
        let names: Vec<String> = names.filter(|name| !name.starts_with(['~', '.', '*', '$', '_'])).collect();
        let mut keys = arguments("ssl_certificate_key");
        for certificate in certificates {
            let Some(key) = keys.next() else {
                site::no_partner("NO_KEY", certificate, "ssl_certificate_key", conf, verdict);
                continue;
            };
            if certificate.contains('$') || certificate.starts_with("data:") {
                verdict.note("VARIABLE", conf, format!("{certificate} is known to nginx alone, and not looked at"));
                continue;
            }
            let site = Site {
                certificate: self.base.join(certificate),
                key: self.base.join(key),
                passphrase: None,
                mend: Mend::of("nginx", conf, &names),
                names: names.clone(),
            };
            site.check(verdict);
        }
    }

    /// Who is let in, and whether anybody can be put out.
    fn clients(&self, scope: &Scope<'_>, conf: &Path, verdict: &mut Verdict) {
        let Some(verify) = scope.one("ssl_verify_client").filter(|verify| *verify != "off") else { return };
        let looked_at = scope.0.first().is_some_and(|block| block.iter().any(asks_for_verdict));
        if verify.starts_with("optional") && !looked_at {
            let message = format!(
                "`ssl_verify_client {verify}` lets everybody in wherever $ssl_client_verify is not looked at; write `ssl_verify_client on`"
            );
            verdict.problem("CLIENT_AUTH", conf, message);
        }
        let path = |name| scope.one(name).map(|path| self.base.join(path));
        match path("ssl_client_certificate").or_else(|| path("ssl_trusted_certificate")) {
            Some(authorities) => site::vouchers(&authorities, verdict),
            None if verify == "optional_no_ca" => {}
            None => verdict.problem(
                "CLIENT_AUTH",
                conf,
                "ssl_verify_client without ssl_client_certificate; nginx does not start",
            ),
        }
        if path("ssl_crl").is_none() {
            site::no_list("ssl_crl", conf, verdict);
        }
        let tickets = scope.one("ssl_session_tickets") != Some("off");
        if tickets || scope.one("ssl_session_cache").is_some_and(|cache| cache != "off" && cache != "none") {
            let message = "sessions are resumed, and whoever resumes one is not checked against the list of revoked clients; \
                           write `ssl_session_tickets off; ssl_session_cache off;`";
            verdict.note("RESUMPTION", conf, message);
        }
    }
}

/// `if ($ssl_client_verify != SUCCESS) { return 403; }`
fn asks_for_verdict(directive: &Directive) -> bool {
    directive.name == "if" && directive.arguments.iter().any(|word| word.contains("$ssl_client_verify"))
}

fn protocols(scope: &Scope<'_>, conf: &Path, verdict: &mut Verdict) {
    let all = scope.all("ssl_protocols");
    let Some(protocols) = all.first().map(|it| &it.arguments) else { return };
    let old: Vec<&str> =
        protocols.iter().map(String::as_str).filter(|it| !matches!(*it, "TLSv1.2" | "TLSv1.3")).collect();
    if !old.is_empty() {
        let message = format!("{} is broken (RFC 8996); write `ssl_protocols TLSv1.2 TLSv1.3`", old.join(" "));
        verdict.problem("PROTOCOL", conf, message);
    } else if !protocols.iter().any(|it| it == "TLSv1.3") {
        verdict.note("PROTOCOL", conf, "TLS 1.3 is off; write `ssl_protocols TLSv1.2 TLSv1.3`");
    }
}

/// What the service behind does not learn.
fn proxied(block: &[Directive], scope: &Scope<'_>, http2: bool, conf: &Path, verdict: &mut Verdict) {
    if block.iter().any(|it| it.name == "proxy_pass") {
        if scope.header("Upgrade").is_none() {
            let message =
                "WebSocket does not get through: `proxy_set_header Upgrade $http_upgrade` and Connection are missing";
            verdict.note("WEBSOCKET", conf, message);
        } else if http2 {
            verdict.note(
                "WEBSOCKET",
                conf,
                "HTTP/2 is on, and some apps then fail to upgrade to WebSocket; take http2 out",
            );
        }
        match scope.header("X-Forwarded-Proto") {
            Some("http") => {
                let message =
                    "X-Forwarded-Proto says http behind TLS, so the service makes insecure links; write https";
                verdict.problem("FORWARDED", conf, message);
            }
            None => {
                verdict.note("FORWARDED", conf, "X-Forwarded-Proto is not set, so the service does not know of TLS")
            }
            Some(_) => {}
        }
    }
    for inner in block.iter().filter(|it| matches!(it.name.as_str(), "location" | "if")) {
        proxied(&inner.block, &scope.within(&inner.block), http2, conf, verdict);
    }
}

/// The main configuration of a directory.
pub(super) fn main_file(dir: &Path) -> Option<PathBuf> {
    Some(dir.join("nginx.conf")).filter(|path| path.exists())
}
