//! A service that runs: what it shows to whoever connects.

use std::path::Path;

use crate::error::Result;
use crate::lint::{self, Options};
use crate::{Profile, tls};

use super::site::bears;
use super::verdict::Verdict;

pub(super) fn check(host: &str, port: u16, verdict: &mut Verdict) -> Result<()> {
    let place = format!("{host}:{port}");
    let place = Path::new(&place);
    verdict.checked.push(place.to_owned());
    let shown = tls::probe(host, port)?;
    let options = Options { profile: Some(Profile::Server), ..Options::default() };
    verdict.lint(place, shown.chain.first(), None, &lint::chain(&shown.chain, &options));
    let Some(last) = shown.chain.last() else { return Ok(()) };
    bears(&shown.chain[0], host, place, "trustdir up --name NAME", verdict);
    if !last.is_self_issued() {
        let message =
            format!("it sends no issuer for {}; clients must have {} themselves", last.subject(), last.issuer());
        verdict.note("CHAIN_MISSING_ISSUER", place, message);
    }
    if shown.version == tls::TlsVersion::Tls12 {
        verdict.note("PROTOCOL", place, "it speaks no TLS 1.3");
    }
    let who =
        if shown.asks_client { "it asks clients for a certificate" } else { "it asks no client for a certificate" };
    verdict.note("CLIENT_AUTH", place, who);
    Ok(())
}
