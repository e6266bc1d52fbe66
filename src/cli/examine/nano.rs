//! A Nano node's `config-rpc.toml` or `config-tls.toml`.

use std::path::Path;

use zeroize::Zeroizing;

use crate::config::NanoConfig;
use crate::error::Result;
use crate::{EntryNames, file};

use super::super::lint::fault_of_parameters;
use super::super::rights;
use super::mend::Mend;
use super::site::{self, Site};
use super::verdict::Verdict;

pub(super) fn check(path: &Path, verdict: &mut Verdict) -> Result<()> {
    let config = NanoConfig::load(path)?;
    let dir = file::parent(path);
    let mend = Mend::up("nano", dir);
    let up = mend.anew();
    if !config.enabled() && !config.wss_enabled() {
        verdict.note("DISABLED", path, format!("TLS is switched off; `{up}` sets it up"));
        return Ok(());
    }
    if path.ends_with("config-rpc.toml") && dir.join("config-tls.toml").exists() {
        let message = "a node from V23 on refuses to start with [secure] here; move its keys to config-tls.toml";
        verdict.problem("CONFIG", path, message);
    }
    if config.key_passphrase().is_some() && rights::permits(path, 0o004) {
        verdict.problem("PASSPHRASE_READABLE", path, "every user of the machine can read the passphrase; chmod 600");
    }
    check_parameters(&config, path, &up, verdict);
    match config.clients_path() {
        Some(clients) => {
            site::clients(clients, EntryNames::SubjectHash, verdict);
            let message = "a node's own TLS (V11 to V26, over OpenSSL) lets in whoever sends a self-signed root of his own along, and \
                           whom it has met once until it restarts; serve by trustdir or behind a proxy";
            verdict.note("NODE_TLS", path, message);
        }
        None => {
            let message = format!("client_certs_path is not set, so everybody who connects is served; `{up}` sets it");
            verdict.problem("CLIENT_AUTH", path, message);
        }
    }
    let [certificate, key] = [config.certificate_path(), config.key_path()].map(Path::to_owned);
    let passphrase = config.key_passphrase().map(|bytes| Zeroizing::new(bytes.to_vec()));
    Site { certificate, key, passphrase, names: Vec::new(), mend }.check(verdict);
    Ok(())
}

/// A node with its own TLS loads these parameters before it comes to clients' certificates. If it cannot, it goes on
/// without asking for any.
fn check_parameters(config: &NanoConfig, path: &Path, mend: &str, verdict: &mut Verdict) {
    let Some(dh) = config.dh_path() else {
        let message = format!(
            "server_dh_path is not set: a node with OpenSSL then asks no client for a certificate and serves everybody (one with \
             trustdir needs no parameters); `{mend}` sets it"
        );
        return verdict.problem("DH_PARAMETERS", path, message);
    };
    if let Some(fault) = fault_of_parameters(dh) {
        let message = format!(
            "{fault}: a node with OpenSSL then asks no client for a certificate and serves everybody (one with trustdir needs no \
             parameters); `{mend}` puts good ones in"
        );
        verdict.problem("DH_PARAMETERS", dh, message);
    }
}
