//! The `trustdir` command as its users meet it: the real binary, with the `openssl` command on the other side.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::folder::{Answer, Folder};

fn kinds(findings: &Value) -> Vec<&str> {
    findings.as_array().unwrap().iter().map(|finding| finding["kind"].as_str().unwrap()).collect()
}

#[test]
fn from_nothing_to_an_admitted_client_and_back() {
    let folder = Folder::new();
    folder
        .run("ca init pki --no-passphrase")
        .done()
        .says("wrote pki/cacert.pem (CN=")
        .says("NOT encrypted")
        .says("next: trustdir issue server NAME… --ca pki");
    folder
        .run("issue server localhost 127.0.0.1 ::1 --ca pki --out tls")
        .done()
        .says("made the directory tls\n")
        .says("wrote tls/localhost.cert.pem (CN=localhost, DNS:localhost, IP:127.0.0.1, IP:::1, expires 20")
        .says("wrote tls/localhost.key.pem (private key, P-256, not encrypted)");
    folder
        .run("issue client alice --ca pki --install tls/clients")
        .done()
        .says("wrote alice.cert.pem (CN=alice")
        .says("made the directory tls/clients\n")
        .says("installed tls/clients/");
    assert_eq!((folder.mode("tls/localhost.key.pem"), folder.mode("alice.key.pem")), (0o600, 0o600));
    assert_eq!(folder.mode("tls/clients"), 0o755);
    for certificate in ["tls/localhost.cert.pem", "alice.cert.pem"] {
        let verified = folder.openssl(&["verify", "-x509_strict", "-CAfile", "pki/cacert.pem", certificate]);
        assert_eq!(verified, format!("{certificate}: OK\n"));
    }

    let hash = folder.openssl(&["x509", "-in", "alice.cert.pem", "-noout", "-subject_hash"]).trim().to_owned();
    let fingerprint = folder.openssl(&["x509", "-in", "alice.cert.pem", "-noout", "-fingerprint", "-sha256"]);
    let fingerprint = fingerprint.trim().split_once('=').unwrap().1.replace(':', "").to_lowercase();
    folder.run("clients list tls/clients").done().says(&format!("{hash}.0  CN=alice")).says(&fingerprint);
    folder.run("clients check tls/clients").done().says("0 problems");
    folder.run("clients check --subject-hash tls/clients").done().says("0 problems");

    folder.run("clients remove tls/clients alice").done().says(&format!("removed tls/clients/{hash}.0 (CN=alice"));
    assert!(!folder.exists(&format!("tls/clients/{hash}.0")));
    folder.run("clients list tls/clients").done().says("nobody is admitted");
    folder.run("clients remove tls/clients alice").code(1).complains("\"alice\"");

    folder.run("clients add tls/clients alice.cert.pem").done().says("installed tls/clients/");
    folder.run("clients add tls/clients alice.cert.pem").done().says("already there: tls/clients/");
    folder.args(&["clients", "remove", "tls/clients", &fingerprint[..12]]).done().says("removed");
}

#[test]
fn json_is_one_object_whose_keys_stay() {
    let folder = Folder::new();
    let certificate = [
        "subject",
        "issuer",
        "common_name",
        "serial",
        "not_before",
        "not_after",
        "fingerprint",
        "names",
        "key_algorithm",
        "is_authority",
    ];
    let has = |value: &Value, more: &[&str]| {
        for key in certificate.iter().chain(more) {
            assert!(value.get(key).is_some(), "no {key} in {value}");
        }
    };

    let made = folder.run("--json ca init pki --no-passphrase").done().json();
    has(&made["authority"], &["file", "directory", "key_encrypted"]);
    assert_eq!(made["authority"]["file"], "pki/cacert.pem");
    assert_eq!(made["authority"]["is_authority"], true);

    let server = folder.run("issue --json server localhost 127.0.0.1 --ca pki").done().json();
    has(&server["identity"], &["file", "key_file", "key_encrypted"]);
    assert_eq!(server["identity"]["names"], serde_json::json!(["DNS:localhost", "IP:127.0.0.1"]));
    assert_eq!(server["identity"]["key_algorithm"], "P-256");
    assert_eq!(server["entry"], Value::Null);
    assert_eq!(server["warnings"], serde_json::json!([]));

    let asked = folder.run("request --json nas.home.arpa 10.0.0.1").done().json();
    let request = ["file", "subject", "common_name", "key_algorithm", "names", "asks_for_authority", "ignored"];
    for key in request.iter().chain(&["key_file", "key_encrypted"]) {
        assert!(asked["request"].get(key).is_some(), "no {key} in {asked}");
    }
    let signed = folder.run("sign --json nas.home.arpa.csr.pem --ca pki --san nas.home.arpa").done().json();
    for key in request {
        assert!(signed["request"].get(key).is_some(), "no {key} in {signed}");
    }
    has(&signed["certificate"], &["file"]);
    assert_eq!(signed["certificate"]["file"], "nas.home.arpa.cert.pem");
    assert_eq!(kinds(&signed["notes"]), ["REQUEST"]);

    let client = folder.run("issue client alice --ca pki --install clients --json").done().json();
    has(&client["identity"], &["file", "key_file", "key_encrypted"]);
    has(&client["entry"], &["file", "link_target"]);
    assert_eq!(client["created"], true);

    let added = folder.run("clients add clients alice.cert.pem --json").done().json();
    has(&added["added"][0], &["file", "link_target", "source"]);
    assert_eq!((&added["created"], &added["added"][0]["source"]), (&Value::Bool(false), &"alice.cert.pem".into()));

    let listed = folder.run("clients list clients --json").done().json();
    has(&listed["clients"][0], &["file", "link_target", "reason"]);
    assert_eq!((&listed["entry_names"], &listed["problem_count"]), (&"any".into(), &0.into()));
    assert_eq!(
        (&listed["clients"][0]["common_name"], &listed["clients"][0]["reason"]),
        (&"alice".into(), &"ADMITTED".into())
    );

    let checked = folder.run("clients check clients --json --subject-hash").done().json();
    assert_eq!((&checked["entry_names"], &checked["client_count"]), (&"subject-hash".into(), &1.into()));
    assert_eq!((kinds(&checked["problems"]), kinds(&checked["notes"])), (vec![], vec![]));

    let removed = folder.run("clients remove clients alice --json").done().json();
    has(&removed["removed"][0], &["files"]);
    assert_eq!(removed["removed"][0]["files"].as_array().unwrap().len(), 1);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let folder = Folder::new();
    folder.run("--version").done().says(concat!("trustdir ", env!("CARGO_PKG_VERSION")));
    folder.run("clients fly").code(2);
    folder.run("").code(2);
    folder.run("issue server --ca pki").code(2);
    folder.run("issue client a --ca pki --days 0").code(2);
    folder.run("issue client a --ca pki --days 1 --not-after 1").code(2);
    folder.run("issue client a --ca pki --not-before yesterday").code(2);
    folder.run("request").code(2);
    folder.run("request a --key-algorithm DSA").code(2);
    folder.run("sign a.csr.pem").code(2);
    folder.run("sign a.csr.pem --ca pki --profile router").code(2);
    folder.run("sign a.csr.pem --ca pki --days 1 --not-after 1").code(2);
    folder.run("ca init pki --no-passphrase --passphrase-file f").code(2);
    folder.run("ca init pki --passphrase secret").code(2);
    let message = folder.run("issue client --json").code(2).error("USAGE");
    assert!(message.contains("--ca <DIR>") && message.contains("<NAME>"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_ca_key_without_passphrase_is_a_decision() {
    let folder = Folder::new();
    let refused = folder.run("ca init pki").code(1);
    refused.complains("--passphrase-file").complains("TRUSTDIR_CA_PASSPHRASE").complains("--no-passphrase");
    folder.run("--json ca init pki").code(1).error("PASSPHRASE_REQUIRED");
    folder.write("empty", "\n");
    folder.run("--json ca init pki --passphrase-file empty").code(1).error("INVALID_ARGUMENT");
    folder.run("--json ca init pki --passphrase-file none").code(1).error("NOT_FOUND");
    let empty = folder.trustdir(&["--json", "ca", "init", "pki"]).env("TRUSTDIR_CA_PASSPHRASE", "").output().unwrap();
    Answer::from(empty).code(1).error("INVALID_ARGUMENT");
    assert!(!folder.exists("pki"), "nothing was made");
}

#[test]
fn passphrases_come_from_files_and_the_environment() {
    let folder = Folder::new();
    for (file, bytes) in
        [("ca.pass", "correct horse\n"), ("wrong.pass", "correct  horse\n"), ("key.pass", "battery staple\r\n")]
    {
        folder.write(file, bytes);
    }
    folder.run("ca init pki --passphrase-file ca.pass").done().says("its private key is encrypted");

    let missing = folder.run("--json issue client alice --ca pki").code(1).error("PASSPHRASE_REQUIRED");
    assert!(missing.contains("--ca-passphrase-file") && missing.contains("TRUSTDIR_CA_PASSPHRASE"), "{missing}");
    folder.run("--json issue client alice --ca pki --ca-passphrase-file wrong.pass").code(1).error("WRONG_PASSPHRASE");
    assert!(!folder.exists("alice.cert.pem") && !folder.exists("alice.key.pem"));

    let issued =
        folder.run("issue client alice --ca pki --ca-passphrase-file ca.pass --passphrase-file key.pass").done();
    issued.says("alice.key.pem (private key, P-256, encrypted)");
    folder.openssl(&["pkey", "-in", "alice.key.pem", "-passin", "pass:battery staple", "-noout"]);

    let mut command = folder.trustdir(&["issue", "client", "bob", "--ca", "pki"]);
    command.env("TRUSTDIR_CA_PASSPHRASE", "correct horse").env("TRUSTDIR_PASSPHRASE", "of bob");
    Answer::from(command.output().unwrap()).done().says("encrypted");
    folder.openssl(&["pkey", "-in", "bob.key.pem", "-passin", "pass:of bob", "-noout"]);

    folder.run("request nas.home.arpa --passphrase-file key.pass").done().says("encrypted");
    folder.run("--json sign nas.home.arpa.csr.pem --ca pki --yes").code(1).error("PASSPHRASE_REQUIRED");
    folder.run("sign nas.home.arpa.csr.pem --ca pki --yes --ca-passphrase-file ca.pass").done();

    // A pipe is a file too: `--ca-passphrase-file <(pass show ca)`.
    let mut command =
        folder.trustdir(&["issue", "client", "carol", "--ca", "pki", "--ca-passphrase-file", "/dev/stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"correct horse").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::with_authority();
    let before = fs::read(folder.path().join("pki/cacert.pem")).unwrap();
    folder.run("--json ca init pki --no-passphrase").code(1).error("ALREADY_EXISTS");
    assert_eq!(fs::read(folder.path().join("pki/cacert.pem")).unwrap(), before);

    folder.run("issue client alice --ca pki").done();
    let index = fs::read(folder.path().join("pki/index.txt")).unwrap();
    folder.run("--json issue client alice --ca pki").code(1).error("ALREADY_EXISTS");
    folder.run("issue client alice --ca pki").code(1).complains("alice.cert.pem: this exists and is not overwritten");
    assert_eq!(fs::read(folder.path().join("pki/index.txt")).unwrap(), index, "no serial number was spent");
    folder.run("issue client alice --ca pki --out elsewhere").done();
}

#[test]
fn names_and_periods_are_the_operators() {
    let folder = Folder::new();
    folder
        .args(&["ca", "init", "pki", "--name", "CN=Home CA,O=Example", "--days", "30", "--no-passphrase"])
        .done()
        .says("(CN=Home CA,O=Example, ");
    folder.args(&["ca", "init", "other", "--name", "Plain name", "--no-passphrase"]).done().says("(CN=Plain name, ");
    folder.args(&["ca", "init", "bad", "--name", "CN=a,=", "--no-passphrase"]).code(2);

    let issued = folder
        .run("--json issue client a --ca other --not-before 2026-01-02T03:04:05Z --not-after 1801440000")
        .done()
        .json();
    assert_eq!(issued["identity"]["not_before"], "2026-01-02T03:04:05Z");
    assert_eq!(issued["identity"]["not_after"], "2027-02-01T00:00:00Z");

    folder.args(&["issue", "client", "../Zoë M", "--ca", "pki"]).done().says("wrote _.._Zoë_M.cert.pem (CN=../Zoë M,");
    folder
        .args(&["issue", "server", "*.example.org", "--ca", "pki"])
        .done()
        .says("wrote _wildcard.example.org.cert.pem");
}

#[test]
fn a_request_is_made_and_signed() {
    let folder = Folder::with_authority();
    folder
        .run("request nas.home.arpa 192.168.1.5 --out handout")
        .done()
        .says("made the directory handout\n")
        .says("wrote handout/nas.home.arpa.key.pem (private key, P-256, not encrypted)\n")
        .says("(request of CN=nas.home.arpa, asks for DNS:nas.home.arpa, IP:192.168.1.5)\n")
        .says("trustdir sign handout/nas.home.arpa.csr.pem --ca DIR");
    assert_eq!(
        (folder.mode("handout/nas.home.arpa.key.pem"), folder.mode("handout/nas.home.arpa.csr.pem")),
        (0o600, 0o644)
    );
    folder.openssl(&["req", "-in", "handout/nas.home.arpa.csr.pem", "-verify", "-noout"]);

    let key = fs::read(folder.path().join("handout/nas.home.arpa.key.pem")).unwrap();
    folder.run("--json request nas.home.arpa --out handout").code(1).error("ALREADY_EXISTS");
    fs::remove_file(folder.path().join("handout/nas.home.arpa.key.pem")).unwrap();
    folder.run("request nas.home.arpa --out handout").code(1).complains("csr.pem: this exists and is not overwritten");
    assert!(!folder.exists("handout/nas.home.arpa.key.pem"), "both files or none");
    folder.write("handout/nas.home.arpa.key.pem", &key);

    folder
        .run("sign handout/nas.home.arpa.csr.pem --ca pki --yes")
        .done()
        .says("request of CN=nas.home.arpa, key P-256\n")
        .says("it asks for DNS:nas.home.arpa, IP:192.168.1.5\n")
        .says("wrote nas.home.arpa.cert.pem (CN=nas.home.arpa, DNS:nas.home.arpa, IP:192.168.1.5, expires 20");
    folder.openssl(&["verify", "-x509_strict", "-CAfile", "pki/cacert.pem", "nas.home.arpa.cert.pem"]);
    assert_eq!(
        folder.openssl(&["x509", "-in", "nas.home.arpa.cert.pem", "-noout", "-pubkey"]),
        folder.openssl(&["pkey", "-in", "handout/nas.home.arpa.key.pem", "-pubout"])
    );
    let index = fs::read(folder.path().join("pki/index.txt")).unwrap();
    folder.run("--json sign handout/nas.home.arpa.csr.pem --ca pki --yes").code(1).error("ALREADY_EXISTS");
    assert_eq!(fs::read(folder.path().join("pki/index.txt")).unwrap(), index, "no serial number was spent");

    folder.write("key.pass", "battery staple\n");
    let subject =
        ["request", "--subject", "CN=Alice,O=Home", "--key-algorithm", "Ed25519", "--passphrase-file", "key.pass"];
    folder.args(&subject).done().says("wrote Alice.key.pem (private key, Ed25519, encrypted)").says("asks for no name");
    folder.openssl(&["pkey", "-in", "Alice.key.pem", "-passin", "pass:battery staple", "-noout"]);
    folder
        .run("sign Alice.csr.pem --ca pki --profile client --yes --days 30")
        .done()
        .says("wrote Alice.cert.pem (CN=Alice,O=Home, expires")
        .says("next: trustdir clients add CLIENTS_DIR Alice.cert.pem");
    folder.run("clients add clients Alice.cert.pem").done();
    let bad = folder.args(&["--json", "request", "my nas"]).code(1).error("INVALID_ARGUMENT");
    assert!(bad.contains("my nas"), "{bad}");
}

#[test]
fn what_a_request_gets_is_the_operators_decision() {
    let folder = Folder::with_authority();
    let names = "subjectAltName=DNS:nas.home.arpa,DNS:bank.example,email:a@b.example";
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", "nas.key", "-out", "nas.csr", "-subj", "/CN=nas"];
    folder.openssl(&[&new[..], &["-addext", names, "-addext", "basicConstraints=CA:TRUE"]].concat());
    let index = fs::read(folder.path().join("pki/index.txt")).unwrap();

    // Nobody to ask.
    let refused = folder.run("sign nas.csr --ca pki").code(1);
    refused.says("it asks for DNS:nas.home.arpa, DNS:bank.example, email:a@b.example\n");
    refused.says("note: CA:TRUE was asked for and is not granted\n").says("note: email:a@b.example was asked for");
    refused.complains("a server's certificate for CN=nas, DNS:nas.home.arpa, DNS:bank.example").complains("--yes");
    let message = folder.run("--json sign nas.csr --ca pki").code(1).error("INVALID_ARGUMENT");
    assert!(message.contains("--yes") && message.contains("--san"), "{message}");
    folder.run("--json sign nas.csr --ca pki --profile authority --yes").code(1).error("UNSUPPORTED");
    folder.run("--json sign nas.csr --ca pki --san bank..example").code(1).error("INVALID_ARGUMENT");
    folder.run("--json sign nas.key --ca pki --yes").code(1).error("PARSE");
    folder.run("--json sign none.csr --ca pki --yes").code(1).error("NOT_FOUND");
    assert_eq!(fs::read(folder.path().join("pki/index.txt")).unwrap(), index, "nothing was signed");
    assert!(!folder.exists("nas.cert.pem"));

    let signed =
        folder.run("--json sign nas.csr --ca pki --san nas.home.arpa --san fd00::5 --profile both").done().json();
    assert_eq!(signed["certificate"]["names"], serde_json::json!(["DNS:nas.home.arpa", "IP:fd00::5"]));
    assert_eq!(signed["certificate"]["is_authority"], false);
    assert_eq!(
        (&signed["request"]["asks_for_authority"], &signed["request"]["file"]),
        (&true.into(), &"nas.csr".into())
    );
    let notes: Vec<_> =
        signed["notes"].as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap()).collect();
    assert_eq!(
        notes,
        [
            "CA:TRUE was asked for and is not granted",
            "DNS:bank.example was asked for and is not granted",
            "email:a@b.example was asked for and is not granted"
        ]
    );
    for purpose in ["sslserver", "sslclient"] {
        let verify = ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", "pki/cacert.pem", "nas.cert.pem"];
        folder.openssl(&verify);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_the_operator_is_asked() {
    let folder = Folder::with_authority();
    folder.run("request nas.home.arpa").done();
    let sign = |answer: &str| {
        let line = format!("{} sign nas.home.arpa.csr.pem --ca pki", env!("CARGO_BIN_EXE_trustdir"));
        let mut command = folder.command("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the script command");
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    for no in ["n\n", "\n", "maybe\n"] {
        let (done, said) = sign(no);
        assert!(
            !done && said.contains("Grant a server's certificate for CN=nas.home.arpa, DNS:nas.home.arpa? [y/N] "),
            "{said}"
        );
        assert!(said.contains("trustdir: not granted; nothing was signed"), "{said}");
    }
    assert!(!folder.exists("nas.home.arpa.cert.pem"));
    let (done, said) = sign("y\n");
    assert!(done && said.contains("wrote nas.home.arpa.cert.pem"), "{said}");
    folder.openssl(&["verify", "-CAfile", "pki/cacert.pem", "nas.home.arpa.cert.pem"]);
}

#[test]
fn a_client_of_the_nano_guide_is_listed_checked_and_removed() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("clients")).unwrap();
    let hash = folder.guide_client("rpcuser1", "/CN=rpc.user.1");
    fs::rename(folder.path().join("rpcuser1.cert.pem"), folder.path().join("clients/rpcuser1.cert.pem")).unwrap();

    // Forgotten link: admitted where every name counts, not where OpenSSL's do.
    let any = folder.run("--json clients check clients").done().json();
    assert_eq!((kinds(&any["problems"]), kinds(&any["notes"])), (vec![], vec!["AUTHORITY", "ENTRY_NAMES"]));
    let hashed = folder.run("--json clients check --subject-hash clients").code(1).json();
    assert_eq!((&hashed["client_count"], kinds(&hashed["problems"])), (&0.into(), vec!["ENTRY_NAMES"]));
    let message = hashed["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains(&format!("({hash}.0)")) && message.contains("CN=rpc.user.1"), "{message}");

    symlink("rpcuser1.cert.pem", folder.path().join(format!("clients/{hash}.0"))).unwrap();
    let link = format!("{hash}.0 -> rpcuser1.cert.pem");
    folder.run("clients list clients").done().says(&link).says("CN=rpc.user.1");
    folder.run("clients list --subject-hash clients").done().says(&link);
    for policy in ["", "--subject-hash"] {
        let checked = folder.run(&format!("--json clients check clients {policy}")).done().json();
        assert_eq!(kinds(&checked["problems"]), Vec::<&str>::new());
        assert!(kinds(&checked["notes"]).iter().all(|kind| *kind == "AUTHORITY"), "{checked}");
    }

    let removed = folder.run("--json clients remove clients rpc.user.1").done().json();
    assert_eq!(removed["removed"][0]["files"].as_array().unwrap().len(), 2, "the link and the file: {removed}");
    assert!(!folder.exists(&format!("clients/{hash}.0")) && !folder.exists("clients/rpcuser1.cert.pem"));
}

#[test]
fn adding_says_what_will_be_refused() {
    let folder = Folder::with_authority();
    folder.run("issue client old --ca pki --not-before 2025-01-01T00:00:00Z --not-after 2025-02-01T00:00:00Z").done();
    folder.run("issue server localhost --ca pki").done();
    folder.guide_client("rpcuser1", "/CN=rpc.user.1");
    folder.openssl(&[
        "req",
        "-newkey",
        "rsa:1024",
        "-nodes",
        "-keyout",
        "weak.key.pem",
        "-x509",
        "-out",
        "weak.cert.pem",
        "-subj",
        "/CN=weak",
    ]);

    folder.run("clients add clients old.cert.pem").done().complains("warning: ").complains("expired");
    let added = folder
        .run("--json clients add clients old.cert.pem localhost.cert.pem rpcuser1.cert.pem weak.cert.pem")
        .done()
        .json();
    let mut warned = kinds(&added["warnings"]);
    warned.retain(|kind| *kind != "CHAIN");
    warned.sort_unstable();
    assert_eq!(warned, ["AUTHORITY", "AUTHORITY", "EXPIRED", "WEAK_KEY", "WRONG_PURPOSE"]);

    let checked = folder.run("--json clients check clients").code(1).json();
    let mut problems = kinds(&checked["problems"]);
    problems.sort_unstable();
    assert_eq!((problems, &checked["client_count"]), (vec!["EXPIRED", "WEAK_KEY", "WRONG_PURPOSE"], &4.into()));
    folder.run("clients check clients").code(1).says("problem: ").says("note: ").says("3 problems");
    folder.run("clients list clients").done().says("EXPIRED");
}

#[test]
fn one_bad_file_stops_an_add_before_it_begins() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki").done();
    folder.write("bad.pem", "not a certificate");
    folder.run("--json clients add clients alice.cert.pem bad.pem").code(1).error("PARSE");
    folder.run("--json clients add clients alice.cert.pem none.pem").code(1).error("NOT_FOUND");
    assert!(!folder.exists("clients"), "nothing was done");
}

#[test]
fn damaged_files_need_attention() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --install clients").done();
    folder.write("clients/broken.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    fs::copy(folder.path().join("alice.key.pem"), folder.path().join("clients/alice.key.pem")).unwrap();
    let both = ["alice.cert.pem", "alice.key.pem"].map(|file| fs::read(folder.path().join(file)).unwrap()).concat();
    folder.write("clients/both.pem", both);
    symlink("gone.pem", folder.path().join("clients/0fb8533c.0")).unwrap();

    folder.run("clients list clients").done().says("CN=alice").complains("clients check clients");
    let checked = folder.run("--json clients check clients").code(1).json();
    assert_eq!(
        (&checked["client_count"], kinds(&checked["problems"])),
        (&1.into(), vec!["FILE", "FILE", "FILE", "PRIVATE_KEY"])
    );
    folder
        .run("clients check clients")
        .code(1)
        .says("broken.pem")
        .says("alice.key.pem: a private key")
        .says("0fb8533c.0");
}

#[test]
fn an_ambiguous_removal_removes_nothing() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --out one --install clients").done();
    folder.run("issue client alice --ca pki --out two --install clients").done();

    let refused = folder.run("clients remove clients alice").code(1);
    refused.complains("names 2 certificates, and nothing was done").complains("matches clients/");
    let refused = folder.run("--json clients remove clients alice").code(1);
    refused.error("INVALID_ARGUMENT");
    let matches = refused.json()["matches"].clone();
    assert_eq!(matches.as_array().unwrap().len(), 2);

    let file = Path::new(matches[0]["file"].as_str().unwrap()).file_name().unwrap().to_str().unwrap().to_owned();
    folder.args(&["--json", "clients", "remove", "clients", &file, "nobody"]).code(1).error("NOT_FOUND");
    assert_eq!(
        fs::read_dir(folder.path().join("clients")).unwrap().count(),
        2,
        "the misspelt second one stopped the first"
    );
    folder.args(&["clients", "remove", "clients", &file]).done();
    let left = folder.run("--json clients list clients").done().json();
    assert_eq!(left["clients"][0]["fingerprint"], matches[1]["fingerprint"]);
}

#[test]
fn a_strangers_words_cannot_command_the_terminal() {
    let folder = Folder::new();
    folder.guide_client("evil", "/CN=ev\u{1b}[2Jil\n0fb8533c.0  CN=admin \u{202e}\u{200d}\u{e0041}");
    folder.run("clients add clients evil.cert.pem").done();
    fs::rename(folder.path().join("evil.cert.pem"), folder.path().join("clients/e\u{1b}]0;x\u{7}vil.pem")).unwrap();
    folder.write("clients/\u{1b}[2Jbroken.pem", "x");
    for verb in ["list", "check"] {
        let answer = folder.run(&format!("clients {verb} clients"));
        let shown = format!("{}{}", answer.out, answer.err);
        assert!(shown.contains("il"), "{shown}");
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("0fb8533c.0")), "{shown}");

        // In JSON too, and it stays JSON.
        let answer = folder.run(&format!("--json clients {verb} clients"));
        assert!(!answer.out.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", answer.out);
        serde_json::from_str::<serde_json::Value>(&answer.out).unwrap();
    }
}

#[test]
fn a_full_disk_is_a_failure_and_a_closed_pipe_is_not() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --install clients").done();
    let list = ["clients", "list", "clients"];

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = folder.trustdir(&list).stdout(writer).output().unwrap();
    assert_eq!((closed.status.code(), closed.stderr.as_slice()), (Some(0), &b""[..]));

    if let Ok(full) = fs::File::options().write(true).open("/dev/full") {
        let full = folder.trustdir(&list).stdout(full).output().unwrap();
        Answer::from(full).code(1).complains("standard output: ");
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = Folder::new();
    for verb in ["list", "check"] {
        folder.run(&format!("--json clients {verb} none")).code(1).error("NOT_FOUND");
    }
    folder.run("clients remove none alice").code(1).complains("none: ");
    folder.run("--json issue client alice --ca none").code(1).error("NOT_FOUND");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn what_is_revoked_is_in_the_list() {
    let folder = Folder::with_authority();
    for name in ["alice", "bob"] {
        folder.run(&format!("issue client {name} --ca pki")).done();
    }
    folder.run("revoke alice.cert.pem --ca pki --reason keyCompromise").done().says("is revoked");
    folder.run("revoke alice.cert.pem --ca pki").code(1).complains("revoked already");
    folder.run("revoke bob.cert.pem --ca pki --unhold").code(1).complains("not on hold");
    folder.run("revoke bob.cert.pem --ca pki --reason boredom").code(2);
    folder.run("crl --ca pki --days 7").done().says("crl.pem, good for 7 days");
    let list = folder.run("--json crl --ca pki").done().json();
    assert_eq!(list["days"], 30);
    let verify = |file: &str| {
        let arguments = ["verify", "-crl_check", "-CAfile", "pki/cacert.pem", "-CRLfile", "pki/crl.pem", file];
        Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap().status.success()
    };
    assert!(verify("bob.cert.pem"));
    assert!(!verify("alice.cert.pem"));
}

#[test]
fn lint_says_who_refuses_and_what_to_do() {
    let folder = Folder::with_authority();
    folder.run("issue server nas.home.arpa --ca pki --out tls").done();
    folder.run("issue client alice --ca pki --install tls/clients").done();
    folder.run("lint tls/nas.home.arpa.cert.pem").done().says("0 refused, 0 warnings, 0 notes");
    folder.run("lint pki tls/clients").done().says("0 refused, 0 warnings, 0 notes");

    folder.guide_client("nano", "/CN=localhost");
    let nano = folder.run("lint --profile server nano.cert.pem").code(1);
    nano.says("nano.cert.pem: CN=localhost\n")
        .says("  refused by Firefox, rustls: it says CA:TRUE")
        .says("[CA_AS_END_ENTITY]\n    -> issue it from an authority")
        .says("[NO_SAN]")
        .says("3 refused, 0 warnings, 0 notes");

    let found = folder.run("lint --json --profile server pki/cacert.pem nano.cert.pem").code(1).json();
    let findings = found["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["rule"] == "NO_EKU" && finding["file"] == "nano.cert.pem");
    let finding = finding.unwrap();
    for key in ["rule", "severity", "message", "remedy", "refused_by", "file", "subject"] {
        assert!(finding.get(key).is_some(), "no {key} in {finding}");
    }
    assert_eq!((&finding["severity"], &finding["subject"]), (&"REFUSED".into(), &"CN=localhost".into()));
    assert_eq!(finding["refused_by"], serde_json::json!(["APPLE"]));

    let clean = folder.run("lint --json pki").done().json();
    assert_eq!(clean, serde_json::json!({ "findings": [] }));
    folder.run("lint --json nothing").code(1).error("NOT_FOUND");
    folder.run("lint").code(2);
    folder.run("lint --profile router pki").code(2);
}

#[test]
fn warnings_alone_are_exit_code_0() {
    let folder = Folder::new();
    folder.write("empty.pem", "");
    folder.write("evil\u{1b}[2J.txt", "junk");
    folder
        .run("lint .")
        .done()
        .says("./empty.pem:\n  warning: the file is empty [UNREADABLE]")
        .says("evil\\u{1b}[2J.txt:\n  note: ")
        .says("0 refused, 1 warning, 1 note");
}
