//! Renewing the node's own certificate while it serves.

use std::fs;
use std::path::Path;

use crate::demo::node::Line;
use crate::demo::removal;
use crate::demo::world::{LIMIT, World};
use crate::process::{self, capture};

const CERTIFICATE: &str = "tls/localhost.cert.pem";
const KEY: &str = "tls/localhost.key.pem";

/// The files are renewed and renamed into place; alice goes on over the connections that she has.
pub(crate) fn renewed(world: &mut World<'_>) -> Result<String, String> {
    let before = own_certificate(world)?;
    fs::create_dir_all(world.dir.join("next")).map_err(|e| format!("next: {e}"))?;
    let options = ["--ca", "ca", "--out", "next", "--passphrase-file", "passphrase"];
    world.trustdir(&[&["issue", "server", "localhost", "127.0.0.1"], &options[..]].concat())?;
    for file in [CERTIFICATE, KEY] {
        let next = Path::new("next").join(Path::new(file).file_name().unwrap_or_default());
        fs::rename(world.dir.join(next), world.dir.join(file)).map_err(|e| format!("{file}: {e}"))?;
    }
    let after = own_certificate(world)?;
    if before == after || !is_shown(world, &before)? {
        return Err("the node shows something else than before, without being told".into());
    }
    hang_up(world, "reloaded")?;
    if !is_shown(world, &after)? {
        return Err("the node shows the old certificate".into());
    }
    removal::undisturbed(world)?;
    Ok("openssl s_client sees it; alice goes on over her open connections".into())
}

/// The node says what is wrong and goes on with what it has.
pub(crate) fn broken(world: &mut World<'_>) -> Result<String, String> {
    let own = own_certificate(world)?;
    let (key, aside) = (world.dir.join(KEY), world.dir.join("next/key"));
    fs::rename(&key, &aside).and_then(|()| fs::write(&key, "no key\n")).map_err(|e| format!("{KEY}: {e}"))?;
    let told = hang_up(world, "not_reloaded")?.value("message");
    if !told.contains(KEY) {
        return Err(format!("the message does not name the file: {told}"));
    }
    if !is_shown(world, &own)? {
        return Err("the node shows another certificate".into());
    }
    removal::undisturbed(world)?;
    fs::rename(&aside, &key).map_err(|e| format!("{KEY}: {e}"))?;
    Ok(format!("log: {told}"))
}

/// Sends SIGHUP and waits for the node's word.
fn hang_up(world: &mut World<'_>, event: &str) -> Result<Line, String> {
    let node = world.node()?;
    let mark = node.mark();
    process::signal(node.id(), "HUP");
    node.line_after(mark, event, |_| true)
}

/// The first certificate in the node's file.
fn own_certificate(world: &World<'_>) -> Result<String, String> {
    world.openssl(&["x509", "-in", CERTIFICATE])
}

/// Whether a new connection meets this certificate.
fn is_shown(world: &mut World<'_>, certificate: &str) -> Result<bool, String> {
    let address = format!("127.0.0.1:{}", world.node()?.port);
    let mut client = world.workspace.command("openssl");
    client.args(["s_client", "-connect", &address, "-CAfile", "ca/cacert.pem", "-verify_return_error"]);
    client.args(["-cert", "people/alice.cert.pem", "-key", "people/alice.key.pem"]).current_dir(&world.dir);
    Ok(capture(client, LIMIT)?.ok("openssl s_client")?.contains(certificate.trim()))
}
