//! The files: made by trustdir and by the guide's own commands; and the first calls with them.

use std::fs;
use std::os::unix::fs::symlink;

use crate::demo::world::{LIMIT, World};
use crate::process::capture;

/// The directory that the configuration names.
pub(crate) const CLIENTS: &str = "tls/clients";

/// `trustdir ca init`.
pub(crate) fn authority(world: &mut World<'_>) -> Result<String, String> {
    for dir in ["people", CLIENTS] {
        fs::create_dir_all(world.dir.join(dir)).map_err(|e| format!("{dir}: {e}"))?;
    }
    world.trustdir(&["ca", "init", "ca", "--name", "CN=Demo CA", "--no-passphrase"])?;
    subject_of(world, "ca/cacert.pem")
}

/// `trustdir issue server`, with the passphrase that the configuration gives.
pub(crate) fn server(world: &mut World<'_>) -> Result<String, String> {
    fs::write(world.dir.join("passphrase"), "test\n").map_err(|e| format!("passphrase: {e}"))?;
    let options = ["--ca", "ca", "--out", "tls", "--passphrase-file", "passphrase"];
    world.trustdir(&[&["issue", "server", "localhost", "127.0.0.1"], &options[..]].concat())?;
    world.openssl(&["verify", "-x509_strict", "-CAfile", "ca/cacert.pem", "tls/localhost.cert.pem"])?;
    let key = fs::read_to_string(world.dir.join("tls/localhost.key.pem")).map_err(|e| format!("the key: {e}"))?;
    if !key.contains("ENCRYPTED") {
        return Err("its key is not encrypted".into());
    }
    Ok("localhost and 127.0.0.1, key encrypted; openssl verify accepts it".into())
}

/// `trustdir issue client --install`.
pub(crate) fn alice(world: &mut World<'_>) -> Result<String, String> {
    world.trustdir(&["issue", "client", "alice", "--ca", "ca", "--out", "people", "--install", CLIENTS])?;
    let hash = subject_hash(world, "people/alice.cert.pem")?;
    let entry = format!("{CLIENTS}/{hash}.0");
    if !world.dir.join(&entry).is_file() {
        return Err(format!("{entry} is not there"));
    }
    Ok(entry)
}

/// The guide's command and the guide's link, in the guide's directory.
pub(crate) fn rpcuser1(world: &mut World<'_>) -> Result<String, String> {
    let certificate = format!("{CLIENTS}/rpcuser1.cert.pem");
    let request = ["req", "-newkey", "rsa:2048", "-nodes", "-x509", "-days", "365", "-subj", "/CN=rpc.user.1"];
    world.openssl(&[&request[..], &["-keyout", "people/rpcuser1.key.pem", "-out", &certificate]].concat())?;
    fs::copy(world.dir.join(&certificate), world.dir.join("people/rpcuser1.cert.pem")).map_err(|e| e.to_string())?;
    link_rpcuser1(world)
}

/// `ln -s rpcuser1.cert.pem HASH.0`.
pub(crate) fn link_rpcuser1(world: &World<'_>) -> Result<String, String> {
    let link = rpcuser1_link(world)?;
    symlink("rpcuser1.cert.pem", world.dir.join(&link)).map_err(|e| format!("{link}: {e}"))?;
    Ok(format!("{link} -> rpcuser1.cert.pem"))
}

/// The link's name.
pub(crate) fn rpcuser1_link(world: &World<'_>) -> Result<String, String> {
    Ok(format!("{CLIENTS}/{}.0", subject_hash(world, "people/rpcuser1.cert.pem")?))
}

/// The subject hash as openssl sees it.
pub(crate) fn subject_hash(world: &World<'_>, certificate: &str) -> Result<String, String> {
    world.openssl(&["x509", "-in", certificate, "-noout", "-subject_hash"]).map(|text| text.trim().to_string())
}

fn subject_of(world: &World<'_>, certificate: &str) -> Result<String, String> {
    world
        .openssl(&["x509", "-in", certificate, "-noout", "-subject", "-nameopt", "RFC2253"])
        .map(|text| text.trim().trim_start_matches("subject=").to_string())
}

/// curl, with the files that trustdir made.
pub(crate) fn alice_asks(world: &mut World<'_>) -> Result<String, String> {
    let mark = world.node()?.mark();
    let outcome = world.curl(&["--cert", "people/alice.cert.pem", "--key", "people/alice.key.pem"])?;
    let answer = outcome.ok("curl")?;
    told(world, mark, &answer, "CN=alice")
}

/// Python's own `ssl`, with the files that openssl made.
pub(crate) fn rpcuser1_asks(world: &mut World<'_>) -> Result<String, String> {
    let mark = world.node()?.mark();
    let answer = capture(world.python_client("rpcuser1", &["block_count"])?, LIMIT)?.ok("python")?;
    told(world, mark, &answer, "CN=rpc.user.1")
}

/// The answer must hold the count, and the log must name the client.
fn told(world: &mut World<'_>, mark: usize, answer: &str, subject: &str) -> Result<String, String> {
    if !answer.contains("\"count\"") {
        return Err(format!("no count in {answer}"));
    }
    let line = world.node()?.line_after(mark, "admitted", |line| line.value("subject") == subject)?;
    let (reason, tls) = (line.value("reason"), line.value("tls"));
    if reason != "ADMITTED" {
        return Err(format!("the log says {reason}"));
    }
    let answer: Vec<&str> = answer.split_whitespace().collect();
    Ok(format!("{}; log: {reason} {subject} {tls}", answer.join(" ")))
}
