//! A folder in which the `trustdir` command and the `openssl` command run.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own, in which both commands run.
pub struct Folder(pub TempDir);

/// What the command answered.
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A folder with an authority whose key is not encrypted, in `pki`.
    pub fn with_authority() -> Self {
        let folder = Self::new();
        folder.run("ca init pki --no-passphrase").done();
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).stdin(Stdio::null());
        command.env_remove("TRUSTDIR_CA_PASSPHRASE").env_remove("TRUSTDIR_PASSPHRASE");
        command
    }

    pub fn trustdir(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(option_env!("CARGO_BIN_EXE_trustdir").unwrap_or("trustdir"));
        command.args(arguments);
        command
    }

    /// Runs the command with arguments that are separated by spaces.
    pub fn run(&self, arguments: &str) -> Answer {
        self.args(&arguments.split_whitespace().collect::<Vec<_>>())
    }

    pub fn args(&self, arguments: &[&str]) -> Answer {
        self.trustdir(arguments).output().unwrap().into()
    }

    pub fn openssl(&self, arguments: &[&str]) -> String {
        let output = self.command("openssl").args(arguments).output().expect("the openssl command");
        assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A client made by the Nano guide's own command, as NAME.cert.pem and NAME.key.pem; returns its subject hash.
    pub fn guide_client(&self, name: &str, subject: &str) -> String {
        let (key, certificate) = (format!("{name}.key.pem"), format!("{name}.cert.pem"));
        super::make_guide_client(&key, &certificate, subject, self.path());
        self.openssl(&["x509", "-in", &certificate, "-noout", "-subject_hash"]).trim().to_owned()
    }

    pub fn exists(&self, file: &str) -> bool {
        self.path().join(file).symlink_metadata().is_ok()
    }

    pub fn mode(&self, file: &str) -> u32 {
        self.path().join(file).metadata().unwrap().permissions().mode() & 0o777
    }

    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(file), bytes).unwrap();
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("not killed by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Answer {
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}--- stderr\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn done(self) -> Self {
        self.code(0)
    }

    /// The one JSON object on standard output, with nothing beside it.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.err, "", "standard error stays empty with --json");
        assert_eq!(self.out.lines().count(), 1, "{}", self.out);
        serde_json::from_str(&self.out).unwrap()
    }

    /// The kind of the error, which is on one line for people too.
    #[track_caller]
    pub fn error(&self, kind: &str) -> String {
        let error = &self.json()["error"];
        assert_eq!(error["kind"], kind, "{error}");
        let message = error["message"].as_str().unwrap().to_owned();
        assert!(!message.contains('\n'), "{message}");
        message
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.out.contains(words), "no {words:?} in\n{}", self.out);
        self
    }

    #[track_caller]
    pub fn complains(&self, words: &str) -> &Self {
        assert!(self.err.starts_with("trustdir: "), "{}", self.err);
        assert!(self.err.contains(words), "no {words:?} in\n{}", self.err);
        self
    }
}
