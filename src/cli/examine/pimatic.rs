//! pimatic's `config.json`.

use std::net::IpAddr;
use std::path::Path;

use crate::config::PimaticConfig;
use crate::error::Result;
use crate::{Certificate, file, pem};

use super::mend::Mend;
use super::site::Site;
use super::verdict::Verdict;

pub(super) fn check(path: &Path, verdict: &mut Verdict) -> Result<()> {
    let config = PimaticConfig::load(path)?;
    let mend = Mend::up("pimatic", file::parent(path));
    let up = mend.anew();
    if !config.enabled() {
        verdict.note("DISABLED", path, format!("HTTPS is switched off; `{up}` sets it up"));
        return Ok(());
    }
    let host = config.hostname();
    if !host.is_empty() && host.parse::<IpAddr>().is_err() && host != "localhost" {
        let message = format!(
            "`hostname` is where pimatic listens, not its public name: {host:?} may be no address of this machine; make it \"\", and \
             put the name into the certificate with `{up} --name NAME`"
        );
        verdict.problem("HOSTNAME", path, message);
    }
    let [certificate, key] = [config.certificate_path(), config.key_path()];
    let root = config.root_path();
    check_root(&root, Certificate::load(&certificate).ok().as_ref(), &up, verdict);
    Site { certificate, key, passphrase: None, names: Vec::new(), mend }.check(verdict);
    Ok(())
}

/// The root that devices import.
fn check_root(path: &Path, served: Option<&Certificate>, mend: &str, verdict: &mut Verdict) {
    verdict.checked.push(path.to_owned());
    let root = match Certificate::load(path) {
        Ok(root) => root,
        Err(error) => {
            let message =
                format!("{}; devices find no root to import; `{mend}` writes it", error.message_without_path());
            return verdict.problem(error.kind().as_str(), path, message);
        }
    };
    if file::read(path).is_ok_and(|bytes| pem::is_pem(&bytes)) {
        let message = format!("this is PEM, and some devices import DER alone; `{mend}` writes it so");
        verdict.problem("ENCODING", path, message);
    }
    if served.is_some_and(|served| !served.is_signed_by(&root)) {
        let message = format!(
            "{} has not issued the certificate that is served, so importing it helps nobody; `{mend}` makes both fit",
            root.subject()
        );
        verdict.problem("UNKNOWN_ISSUER", path, message);
    }
}
