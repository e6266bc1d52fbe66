//! Who must be refused, and the reason that the log must give: by curl, in TLS 1.3 and in TLS 1.2.

use std::fs;
use std::os::unix::fs::symlink;

use crate::demo::pki::{CLIENTS, subject_hash};
use crate::demo::world::World;

/// curl's exit codes for a connection that the server ended: by one of several alerts, or without one. Anything else, such as no
/// connection at all, is not the refusal that is meant. (60 is also curl's own distrust of a server; the log tells them apart.)
const REFUSED: [i32; 6] = [35, 52, 55, 56, 60, 98];

/// A small key for everybody whom the guide does not describe.
const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

pub(crate) fn no_certificate(world: &mut World<'_>) -> Result<String, String> {
    refused(world, None, "NO_CERTIFICATE")
}

pub(crate) fn stranger(world: &mut World<'_>) -> Result<String, String> {
    let files = ["-keyout", "people/stranger.key.pem", "-out", "people/stranger.cert.pem"];
    world.openssl(&[&["req", "-x509", "-days", "365", "-subj", "/CN=stranger"], &NEW_KEY[..], &files].concat())?;
    refused(world, Some("stranger"), "NOT_INSTALLED")
}

/// The guide's node accepted any end entity that brought its own root.
pub(crate) fn stranger_with_root(world: &mut World<'_>) -> Result<String, String> {
    sign(world, "guest", "people/stranger.cert.pem", "people/stranger.key.pem")?;
    let read = |name: &str| fs::read_to_string(world.dir.join(name)).map_err(|e| format!("{name}: {e}"));
    let chain = read("people/guest.cert.pem")? + &read("people/stranger.cert.pem")?;
    fs::write(world.dir.join("people/guest.cert.pem"), chain).map_err(|e| e.to_string())?;
    refused(world, Some("guest"), "NOT_INSTALLED")
}

/// The guide's certificates are CA:TRUE, so that in the guide's node every client could make more clients.
pub(crate) fn minted(world: &mut World<'_>) -> Result<String, String> {
    sign(world, "minted", "people/rpcuser1.cert.pem", "people/rpcuser1.key.pem")?;
    refused(world, Some("minted"), "MINTED_BY_PIN")
}

pub(crate) fn expired(world: &mut World<'_>) -> Result<String, String> {
    let time = ["--not-before", "2024-01-01T00:00:00Z", "--not-after", "2024-02-01T00:00:00Z"];
    world.trustdir(&[&["issue", "client", "old", "--ca", "ca", "--out", "people"], &time[..]].concat())?;
    let link = world.dir.join(format!("{CLIENTS}/{}.0", subject_hash(world, "people/old.cert.pem")?));
    symlink("../../people/old.cert.pem", &link).map_err(|e| format!("{}: {e}", link.display()))?;
    refused(world, Some("old"), "EXPIRED")
}

/// Makes a certificate for `name` signed by another client's key.
fn sign(world: &World<'_>, name: &str, certificate: &str, key: &str) -> Result<(), String> {
    let (own_key, request) = (format!("people/{name}.key.pem"), format!("people/{name}.csr.pem"));
    let subject = format!("/CN={name}");
    world.openssl(&[&["req", "-subj", &subject, "-keyout", &own_key, "-out", &request], &NEW_KEY[..]].concat())?;
    let out = format!("people/{name}.cert.pem");
    let by = ["-CA", certificate, "-CAkey", key, "-set_serial", "4711", "-days", "30"];
    world.openssl(&[&["x509", "-req", "-in", &request, "-out", &out], &by[..]].concat()).map(drop)
}

/// Calls in both versions of TLS; both calls must fail, and the log must name the reason for both.
pub(crate) fn refused(world: &mut World<'_>, who: Option<&str>, reason: &str) -> Result<String, String> {
    let files = who.map(|name| (format!("people/{name}.cert.pem"), format!("people/{name}.key.pem")));
    let mut subject = String::new();
    for version in [&["--tlsv1.3"][..], &["--tlsv1.2", "--tls-max", "1.2"]] {
        let mut options = version.to_vec();
        if let Some((certificate, key)) = &files {
            options.extend(["--cert", certificate, "--key", key]);
        }
        let mark = world.node()?.mark();
        let outcome = world.curl(&options)?;
        if !outcome.status.and_then(|status| status.code()).is_some_and(|code| REFUSED.contains(&code)) {
            return Err(format!("{}: {} {}", version.join(" "), outcome.ending(), outcome.text));
        }
        let line = world.node()?.line_after(mark, "refused", |_| true)?;
        if line.value("reason") != reason {
            return Err(format!("{}: the log says {} instead of {reason}", version.join(" "), line.value("reason")));
        }
        subject = line.value("subject");
    }
    Ok(format!("log, in TLS 1.3 and 1.2: {reason} {subject}").trim_end().to_string())
}
