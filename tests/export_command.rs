//! `trustdir export` as its users meet it: the real binary, with the `openssl` command on the other side.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::openssl;
use tempfile::TempDir;
use trustdir::{Certificate, Identity};

/// A folder with an authority, a server and alice, whose key has the passphrase of `key.pass`; `p12.pass` is there too.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("key.pass", "key's words\n");
        folder.write("p12.pass", "p12's words\n");
        folder.done("ca init pki --no-passphrase");
        folder.done("issue client alice --ca pki --passphrase-file key.pass");
        folder.done("issue server localhost --ca pki");
        folder
    }

    fn write(&self, file: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(file), bytes).unwrap();
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trustdir"));
        command.arg("--json").args(arguments.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        for variable in ["TRUSTDIR_CA_PASSPHRASE", "TRUSTDIR_PASSPHRASE", "TRUSTDIR_P12_PASSWORD"] {
            command.env_remove(variable);
        }
        command
    }

    fn answer(&self, command: &mut Command) -> (i32, Value) {
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "standard error stays empty with --json");
        (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
    }

    #[track_caller]
    fn done(&self, arguments: &str) -> Value {
        let (code, answer) = self.answer(&mut self.command(arguments));
        assert_eq!(code, 0, "{arguments}: {answer}");
        answer
    }

    #[track_caller]
    fn refused(&self, arguments: &str, kind: &str) -> String {
        let (code, answer) = self.answer(&mut self.command(arguments));
        assert_eq!((code, &answer["error"]["kind"]), (if kind == "USAGE" { 2 } else { 1 }, &kind.into()), "{answer}");
        answer["error"]["message"].as_str().unwrap().to_owned()
    }

    fn openssl(&self, arguments: &str) -> String {
        openssl(&arguments.split(' ').collect::<Vec<_>>(), self.0.path())
    }

    fn certificates(&self, file: &str) -> Vec<Certificate> {
        Certificate::load_all(self.0.path().join(file)).unwrap()
    }

    fn mode(&self, file: &str) -> u32 {
        self.0.path().join(file).metadata().unwrap().permissions().mode() & 0o777
    }
}

fn subjects(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|certificate| certificate["common_name"].as_str().unwrap()).collect()
}

const P12: &str =
    "export p12 alice.cert.pem alice.key.pem --passphrase-file key.pass --password-file p12.pass --ca pki/cacert.pem";

#[test]
fn a_profile_trusts_authorities_alone() {
    let folder = Folder::new();
    let message = folder.refused("export mobileconfig localhost.cert.pem --out x.mobileconfig", "WRONG_PURPOSE");
    assert!(message.contains("is no authority"), "{message}");
}

#[test]
fn a_client_goes_into_a_pkcs12_file_and_comes_out_again() {
    let folder = Folder::new();
    let ca = folder.certificates("pki/cacert.pem").remove(0);
    let answer = folder.done(P12);
    assert_eq!((&answer["file"], &answer["profile"]), (&json!("alice.p12"), &json!("modern")));
    assert_eq!(subjects(&answer["certificates"]), ["alice", &ca.subject().common_name().unwrap()]);
    assert_eq!(folder.mode("alice.p12"), 0o600);
    let listed = folder.openssl("pkcs12 -in alice.p12 -passin file:p12.pass -nodes");
    assert!(listed.contains("friendlyName: alice"), "{listed}");

    assert!(folder.refused(P12, "ALREADY_EXISTS").contains("alice.p12"));
    let compat = folder.done(&format!("{P12} --compat --name phone --out phone.p12"));
    assert_eq!((&compat["file"], &compat["profile"]), (&json!("phone.p12"), &json!("compat")));
    assert!(folder.openssl("pkcs12 -in phone.p12 -passin file:p12.pass -nodes").contains("friendlyName: phone"));

    folder.refused("export pem alice.p12 --password-file p12.pass", "ALREADY_EXISTS");
    let identity = &folder.done("export pem alice.p12 --password-file p12.pass --out apart")["identity"];
    assert_eq!((&identity["key_file"], &identity["key_encrypted"]), (&json!("apart/alice.key.pem"), &json!(false)));
    let apart = folder.0.path().join("apart");
    let apart = Identity::load(apart.join("alice.cert.pem"), apart.join("alice.key.pem"), None).unwrap();
    assert_eq!(apart.chain(), [folder.certificates("alice.cert.pem").remove(0), ca]);
    assert_eq!(folder.mode("apart/alice.key.pem"), 0o600);
    let sealed = folder.done("export pem phone.p12 --password-file p12.pass --passphrase-file key.pass");
    assert_eq!(sealed["identity"]["key_encrypted"], true);
    folder.openssl("pkey -in phone.key.pem -passin file:key.pass -noout");
}

#[test]
fn passwords_come_from_files_and_the_environment_and_are_told_apart() {
    let folder = Folder::new();
    let export = "export p12 alice.cert.pem alice.key.pem";
    assert!(folder.refused(export, "PASSPHRASE_REQUIRED").contains("--passphrase-file"));
    let message = folder.refused(&format!("{export} --passphrase-file key.pass"), "PASSPHRASE_REQUIRED");
    assert!(message.contains("--password-file") && message.contains("TRUSTDIR_P12_PASSWORD"), "{message}");
    folder.refused(&format!("{export} --passphrase-file p12.pass"), "WRONG_PASSPHRASE");
    folder.write("latin1", b"na\xefve");
    let latin1 = format!("{export} --passphrase-file key.pass --password-file latin1");
    assert!(folder.refused(&latin1, "INVALID_ARGUMENT").contains("UTF-8"));
    assert!(!folder.0.path().join("alice.p12").exists(), "nothing was made");

    let mut command = folder.command(export);
    command.env("TRUSTDIR_PASSPHRASE", "key's words").env("TRUSTDIR_P12_PASSWORD", "from the environment");
    assert_eq!(folder.answer(&mut command).0, 0);
    folder.refused("export pem alice.p12 --out apart --password-file p12.pass", "WRONG_PASSPHRASE");
    assert!(!folder.0.path().join("apart").exists(), "nothing was made");
    folder.refused("export p12 alice.cert.pem localhost.key.pem --out other.p12", "KEY_MISMATCH");
    folder.refused("export p12 alice.cert.pem alice.key.pem --password secret", "USAGE");
}

#[test]
fn phones_and_java_get_the_authority() {
    let folder = Folder::new();
    let crt = folder.done("export crt pki/cacert.pem");
    assert_eq!((&crt["certificate"]["file"], &crt["warnings"]), (&json!("cacert.crt"), &json!([])));
    folder.openssl("x509 -inform DER -in cacert.crt -noout");
    folder.refused("export crt pki/cacert.pem", "ALREADY_EXISTS");

    folder.done(P12);
    let profile = "export mobileconfig pki/cacert.pem --out";
    let answer = folder.done(&format!("{profile} home.mobileconfig"));
    assert_eq!((&answer["identities"], &answer["password_embedded"]), (&json!([]), &json!(false)));
    assert_eq!(folder.mode("home.mobileconfig"), 0o644);
    let with_alice = format!("{profile} alice.mobileconfig --identity alice.p12 --password-file p12.pass");
    let answer = folder.done(&format!("{with_alice} --embed-password --name Alice"));
    assert_eq!((subjects(&answer["identities"]), &answer["password_embedded"]), (vec!["alice"], &json!(true)));
    assert_eq!(folder.mode("alice.mobileconfig"), 0o600);
    let xml = fs::read_to_string(folder.0.path().join("alice.mobileconfig")).unwrap();
    assert!(xml.contains("<string>p12's words</string>") && xml.contains("<string>Alice</string>"), "{xml}");
    folder.refused(&with_alice, "ALREADY_EXISTS");
    folder.refused(&format!("{profile} other --embed-password"), "USAGE");

    let answer = folder.done("export truststore pki/cacert.pem --out trust.p12 --password-file p12.pass");
    assert_eq!((answer["certificates"].as_array().unwrap().len(), &answer["profile"]), (1, &json!("modern")));
    assert_eq!(folder.mode("trust.p12"), 0o644);
    let message = folder.refused("export pem trust.p12 --password-file p12.pass", "PARSE");
    assert!(message.contains("trust.p12: there is no private key"), "{message}");
}

#[test]
fn bundles_are_put_in_order() {
    let folder = Folder::new();
    let (ca, server) = (folder.certificates("pki/cacert.pem"), folder.certificates("localhost.cert.pem"));
    let answer = folder.done("export bundle pki/cacert.pem localhost.cert.pem --out full.pem");
    assert_eq!(answer["key_encrypted"], Value::Null);
    assert_eq!(subjects(&answer["certificates"])[0], "localhost");
    assert_eq!(folder.certificates("full.pem"), [server.clone(), ca.clone()].concat());
    folder.refused("export bundle pki/cacert.pem --out full.pem", "ALREADY_EXISTS");

    folder.done("export bundle localhost.cert.pem pki/cacert.pem --key localhost.key.pem --out server.pem");
    assert_eq!(folder.mode("server.pem"), 0o600);
    let all = folder.0.path().join("server.pem");
    assert_eq!(Identity::load(&all, &all, None).unwrap().chain(), [server, ca].concat());
    let bundle = "export bundle alice.cert.pem --key alice.key.pem --out alice.pem";
    folder.refused(bundle, "PASSPHRASE_REQUIRED");
    let sealed = folder.done(&format!("{bundle} --passphrase-file key.pass"));
    assert_eq!(sealed["key_encrypted"], true, "an encrypted key does not become a plain one");
    folder.openssl("pkey -in alice.pem -passin file:key.pass -noout");

    folder.done("ca init work --no-passphrase");
    folder.done("export bundle pki/cacert.pem work/cacert.pem --out authorities.pem");
    assert_eq!(folder.certificates("authorities.pem").len(), 2);
    let foreign = "export bundle localhost.cert.pem work/cacert.pem --out wrong.pem";
    assert!(folder.refused(foreign, "INVALID_ARGUMENT").contains("leave it out"));
    folder.refused(&format!("{foreign} --key localhost.key.pem"), "INVALID_ARGUMENT");
    let answer = folder.done("export crt full.pem");
    assert_eq!(answer["warnings"][0]["kind"], "CHAIN");
}

#[test]
fn help_shows_examples_and_fits_a_screen() {
    for verb in ["p12", "truststore", "mobileconfig", "bundle", "crt", "pem"] {
        let output = Command::new(env!("CARGO_BIN_EXE_trustdir")).args(["export", verb, "--help"]).output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Examples:") && help.contains(&format!("  trustdir export {verb} ")), "{help}");
        assert!(help.lines().count() <= 40 && help.lines().all(|line| line.chars().count() <= 130), "{help}");
    }
}
