//! pimatic's page in a browser that trusts the root which `trustdir up` has written for devices.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use support::folder::Folder;
use support::{run, text};

/// pimatic, as its guide has it serve HTTPS.
struct Pimatic {
    child: Child,
    port: u16,
}

impl Pimatic {
    fn start(folder: &Folder) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pimatic.js");
        let mut command = folder.command("node");
        let mut child = command.args([script, "app"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, port: line.trim().parse().unwrap() }
    }
}

impl Drop for Pimatic {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The document that the browser shows, or what it logs instead of showing one.
fn open(folder: &Folder, url: &str) -> (String, String) {
    let home = folder.path().join("home");
    let profile = format!("--user-data-dir={}", text(&home.join("profile")));
    let mut command = folder.command("timeout");
    // Its sandbox is not for root, who runs the tests in containers.
    command.args(["60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
    command.args(["--disable-background-networking", "--host-resolver-rules=MAP home.example.org 127.0.0.1"]);
    let output = command.args([&profile, "--dump-dom", url]).env("HOME", &home).output().unwrap();
    let said = |bytes| String::from_utf8_lossy(bytes).into_owned();
    (said(&output.stdout), said(&output.stderr))
}

#[test]
fn pimatic_without_a_warning() {
    let there = |program| Command::new(program).arg("--version").output().is_ok();
    if !there("chromium") || !there("certutil") {
        return println!(
            "SKIPPED: chromium or certutil is missing; `cargo xtask setup` brings them where apt has them"
        );
    }
    let folder = Folder::new();
    folder.run("up --for pimatic app --name home.example.org --home --no-passphrase").done();
    let pimatic = Pimatic::start(&folder);
    let url = format!("https://home.example.org:{}/", pimatic.port);
    fs::create_dir_all(folder.path().join("home/.pki/nssdb")).unwrap();
    let certutil =
        |arguments: &[&str]| run("certutil", &[&["-d", "sql:home/.pki/nssdb"], arguments].concat(), folder.path());
    certutil(&["-N", "--empty-password"]);

    let (shown, said) = open(&folder, &url);
    assert!(!shown.contains("pimatic") && said.contains("ERR_CERT_AUTHORITY_INVALID"), "{shown}\n{said}");
    // What pimatic offers to devices at /root-ca-cert.crt.
    certutil(&["-A", "-t", "C,,", "-n", "root", "-i", "app/ca/certs/cacert.crt"]);
    let (shown, said) = open(&folder, &url);
    assert!(shown.contains(">pimatic<"), "{shown}\n{said}");
    // Another name is another site's.
    let (shown, said) = open(&folder, &url.replace("home.example.org", "127.0.0.2"));
    assert!(!shown.contains("pimatic") && said.contains("ERR_"), "{shown}\n{said}");
}
