//! Caddy: every `tls` of a Caddyfile that names files.

use std::path::Path;

use crate::error::Result;
use crate::file;

use super::mend::Mend;
use super::site::{self, Site};
use super::verdict::Verdict;
use super::words::{lines, words};

pub(super) fn check(path: &Path, verdict: &mut Verdict) -> Result<()> {
    verdict.checked.push(path.to_owned());
    let bytes = file::read(path)?;
    let text = String::from_utf8_lossy(&bytes).replace(",\n", ", ");
    let base = file::parent(path);
    let (mut depth, mut names, mut speaks) = (0usize, Vec::new(), false);
    // The last site needs no braces.
    let mut open = false;
    for line in lines(&text) {
        let words = words(line);
        let ends = |brace| words.last().is_some_and(|word| word == brace);
        if depth == 0 && !open {
            names = words.iter().filter_map(|word| host(word)).collect();
            open = !ends("{") && words[0] != "import";
        }
        match (words[0].as_str(), words.get(1), words.get(2)) {
            ("tls", Some(certificate), Some(key)) if key != "{" => {
                speaks = true;
                let [certificate, key] = [certificate, key].map(|file| base.join(file));
                let mend = Mend::of("caddy", path, &names);
                Site { certificate, key, passphrase: None, names: names.clone(), mend }.check(verdict);
            }
            ("trusted_ca_cert_file", Some(authorities), _) => {
                site::vouchers(&base.join(authorities), verdict);
                let message =
                    "Caddy reads no lists of revoked certificates: a client stays admitted until its own expires";
                verdict.note("NO_CRL", path, message);
            }
            ("mode", Some(mode), _) if matches!(mode.as_str(), "request" | "require" | "verify_if_given") => {
                let message = format!(
                    "`mode {mode}` lets in who has no certificate of the authority; write `mode require_and_verify`"
                );
                verdict.problem("CLIENT_AUTH", path, message);
            }
            _ => {}
        }
        depth = (depth + usize::from(ends("{"))).saturating_sub(usize::from(words[0] == "}"));
    }
    if !speaks {
        let message = "no certificate is named here; Caddy gets its own from a public authority, if it can";
        verdict.note("DISABLED", path, message);
    }
    Ok(())
}

/// The host of a site's address, if it names one.
fn host(address: &str) -> Option<String> {
    let address = address.trim_end_matches(',');
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = match address.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => address.split([':', '/']).next()?,
    };
    let is_host = !host.is_empty() && !host.contains(['*', '{', '}', '(', '$']);
    is_host.then(|| host.to_owned())
}
