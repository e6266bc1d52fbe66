//! What the tests share: files made by the guides' commands, a server over our acceptor, clients that are
//! other people's programs.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod authorities;
pub mod bench;
pub mod call;
pub mod chains;
pub mod client;
pub mod der;
pub mod dice;
pub mod faults;
#[cfg(unix)]
pub mod folder;
pub mod hostile;
pub mod proxy;
pub mod requests;
pub mod server;
#[cfg(feature = "tokio")]
pub mod streams;
pub mod verifiers;
pub mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use trustdir::{
    Authority, AuthorityOptions, Certificate, EntryNames, Identity, IssueOptions, TrustDir, TrustDirOptions,
};

/// Longer than anything that works takes on a busy machine; only a failing test waits this long.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Runs a program that must succeed, and returns what it printed.
pub fn run(program: &str, arguments: &[&str], dir: &Path) -> String {
    let output = try_run(program, arguments, dir);
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub fn try_run(program: &str, arguments: &[&str], dir: &Path) -> Output {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(dir).stdin(std::process::Stdio::null());
    command.output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// Runs an ignored test of this program in a child that has, or lacks, what the test is about.
pub fn in_child(command: &mut Command, test: &str) {
    let output = command.args(["--ignored", "--exact", "--nocapture", test]).env_remove("TMPDIR").output();
    match output {
        Ok(output) => {
            let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            println!("{out}");
            assert!(output.status.success() && out.contains("1 passed"), "{out}{err}");
        }
        Err(error) => println!("skipped: {command:?}: {error}"),
    }
}

pub fn openssl(arguments: &[&str], dir: &Path) -> String {
    run("openssl", arguments, dir)
}

/// A client's key and certificate, made by the Nano guide's own command.
pub fn make_guide_client(key: &str, certificate: &str, subject: &str, dir: &Path) {
    let command = ["req", "-newkey", "rsa:2048", "-nodes", "-x509", "-days", "365"];
    openssl(&[&command[..], &["-keyout", key, "-out", certificate, "-subj", subject]].concat(), dir);
}

/// A folder with an authority, a server identity for localhost and an empty directory of clients.
pub struct World {
    pub dir: TempDir,
    pub ca: Authority,
    pub server: Identity,
    pub clients: PathBuf,
}

/// A client's files, as handed to `openssl` and `curl`.
#[derive(Clone, Debug)]
pub struct ClientFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// More certificates to send behind the first.
    pub chain: Option<PathBuf>,
}

impl ClientFiles {
    pub fn load(&self) -> Certificate {
        Certificate::load(&self.certificate).unwrap()
    }
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
        let server = ca.issue_server(&["localhost", "127.0.0.1"], &IssueOptions::default()).unwrap();
        let clients = dir.path().join("clients");
        std::fs::create_dir(&clients).unwrap();
        Self { dir, ca, server, clients }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn trust_dir(&self, entry_names: EntryNames) -> TrustDir {
        TrustDir::open_with(&self.clients, TrustDirOptions { entry_names, ..TrustDirOptions::default() }).unwrap()
    }

    /// A client issued by our authority.
    pub fn issued(&self, name: &str, options: &IssueOptions) -> ClientFiles {
        let files = self.files(name);
        self.ca.issue_client(name, options).unwrap().save(&files.certificate, &files.key, None).unwrap();
        files
    }

    /// A client made as the Nano guide says: self-signed, CA:TRUE, a year.
    pub fn self_signed(&self, name: &str) -> ClientFiles {
        let files = self.files(name);
        make_guide_client(&text(&files.key), &text(&files.certificate), &format!("/CN={name}"), self.dir.path());
        files
    }

    /// A client whose certificate is signed with another client's key.
    pub fn minted(&self, name: &str, by: &ClientFiles) -> ClientFiles {
        let files = self.files(name);
        let (key, certificate, request) = (text(&files.key), text(&files.certificate), text(&self.path("minted.csr")));
        let subject = format!("/CN={name}");
        openssl(
            &["req", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &request, "-subj", &subject],
            self.dir.path(),
        );
        let (ca, ca_key) = (text(&by.certificate), text(&by.key));
        openssl(
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                &ca,
                "-CAkey",
                &ca_key,
                "-CAcreateserial",
                "-days",
                "30",
                "-out",
                &certificate,
            ],
            self.dir.path(),
        );
        ClientFiles { chain: Some(by.certificate.clone()), ..files }
    }

    fn files(&self, name: &str) -> ClientFiles {
        ClientFiles {
            certificate: self.path(&format!("{name}.cert.pem")),
            key: self.path(&format!("{name}.key.pem")),
            chain: None,
        }
    }

    /// Installs as the Nano guide says: a link under the hash that openssl prints.
    pub fn link(&self, client: &ClientFiles) -> PathBuf {
        let hash = openssl(&["x509", "-in", &text(&client.certificate), "-noout", "-subject_hash"], self.dir.path());
        for number in 0.. {
            let link = self.clients.join(format!("{}.{number}", hash.trim()));
            if link.symlink_metadata().is_err() {
                std::os::unix::fs::symlink(&client.certificate, &link).unwrap();
                return link;
            }
        }
        unreachable!()
    }
}

pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
