//! The verbs around the authority as their users meet them: the real binary, with `openssl` on the other side.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use support::folder::Folder;

/// A folder with a root in `root`, limited to a home, and an authority below it in `office`.
fn family() -> Folder {
    let folder = Folder::new();
    folder.run("ca init root --no-passphrase --home --permit example.dyndns.org --path-length 1").done();
    folder.run("ca intermediate office --ca root --no-passphrase --exclude secret.home.arpa").done();
    folder
}

#[test]
fn an_office_below_a_home() {
    let folder = family();
    let issued = folder.run("issue server nas.home.arpa 192.168.1.5 --ca office --out tls").done();
    issued.says("its clients trust it by office/cachain.pem");
    let verify = ["verify", "-x509_strict", "-CAfile", "root/cacert.pem", "-untrusted"];
    let end = "tls/nas.home.arpa.cert.pem";
    folder.openssl(&[&verify[..], &[end, end]].concat());
    let shown = folder.run("ca show office --json").done().json();
    let authority = &shown["authority"];
    assert_eq!(authority["path_length"], 0);
    assert_eq!(authority["excluded"][0], "DNS:secret.home.arpa");
    assert_eq!((&authority["issued_count"], &authority["valid_count"]), (&1.into(), &1.into()));
    assert!(authority["above"][0]["permitted"].as_array().unwrap().contains(&"DNS:example.dyndns.org".into()));
    for name in ["bank.example.com", "a.secret.home.arpa"] {
        let refused = folder.run(&format!("issue server {name} --ca office --json")).code(1);
        assert!(refused.error("NAME_MISMATCH").contains("name constraints"));
    }
    let deeper = folder.run("ca intermediate deeper --ca office --no-passphrase --json").code(1);
    assert!(deeper.error("INVALID_ARGUMENT").contains("leaves no room"));
    assert!(!folder.exists("deeper"));
}

#[test]
fn authorities_are_renewed_in_place() {
    let folder = family();
    folder.run("issue server nas.home.arpa --ca office").done();
    let alone = folder.run("ca renew office --json").code(1);
    assert!(alone.error("INVALID_ARGUMENT").contains("name that authority too"));
    folder.run("ca renew office --ca root").done().says("renewed office/cacert.pem");
    folder.run("ca renew root --days 7300").done();
    let end = "nas.home.arpa.cert.pem";
    folder.openssl(&["verify", "-x509_strict", "-CAfile", "root/cacert.pem", "-untrusted", "office/cacert.pem", end]);
    folder.openssl(&["verify", "-x509_strict", "-CAfile", "root/cacert.pem", "-untrusted", end, end]);
}

/// What the Rocket.Chat guide makes is taken over with its faults named, and renewed without them.
#[test]
fn a_foreign_authority_is_taken_over() {
    let folder = Folder::new();
    let root = ["req", "-x509", "-newkey", "rsa:2048", "-sha256", "-days", "1024", "-passout", "pass:old"];
    let files = ["-keyout", "Rocket.Chat-root.key", "-out", "Rocket.Chat-root.crt", "-subj", "/O=Rocket.Chat/CN=root"];
    folder.openssl(&[&root[..], &files].concat());
    folder.write("old.pass", "old\n");
    folder.write("new.pass", "new\n");
    let import = "ca import pki --cert Rocket.Chat-root.crt --key Rocket.Chat-root.key --passphrase-file old.pass";
    let taken = folder.run(&format!("{import} --ca-passphrase-file new.pass --json")).done().json();
    assert_eq!(taken["authority"]["key_encrypted"], true);
    let kinds: Vec<_> = taken["warnings"].as_array().unwrap().iter().map(|fault| &fault["kind"]).collect();
    assert_eq!(kinds, ["NO_KEY_USAGE_CERT_SIGN"], "{taken}");
    assert_eq!(folder.mode("pki/private/cakey.pem"), 0o600);
    assert!(folder.run(&format!("{import} --no-passphrase --json")).code(1).error("ALREADY_EXISTS").contains("pki"));
    // Where it lies it can be used as well.
    folder.run("issue client alice --ca . --ca-passphrase-file old.pass --out out").done();
    folder.run("ca renew pki --ca-passphrase-file new.pass").done();
    let renewed = folder.run("ca show pki --json").done().json();
    assert_eq!(renewed["warnings"].as_array().unwrap().len(), 0, "{renewed}");
    folder.openssl(&["verify", "-x509_strict", "-CAfile", "pki/cacert.pem", "out/alice.cert.pem"]);
}

#[test]
fn a_certificate_is_renewed_in_place_or_with_a_new_key() {
    let folder = Folder::with_authority();
    folder.run("issue server nas.home.arpa --ca pki --out tls --days 90").done();
    let before = folder.run("show tls/nas.home.arpa.cert.pem --json").done().json();
    let old = before["certificates"][0]["serial"].as_str().unwrap().to_owned();
    let key = std::fs::read(folder.path().join("tls/nas.home.arpa.key.pem")).unwrap();
    let renewed = folder.run("renew tls/nas.home.arpa.cert.pem --ca pki --json").done().json();
    assert_eq!(renewed["certificate"]["replaced_serial"], old.as_str());
    assert_eq!(renewed["certificate"]["key_file"], serde_json::Value::Null);
    assert_eq!(std::fs::read(folder.path().join("tls/nas.home.arpa.key.pem")).unwrap(), key);
    trustdir::Identity::load(
        folder.path().join("tls/nas.home.arpa.cert.pem"),
        folder.path().join("tls/nas.home.arpa.key.pem"),
        None,
    )
    .unwrap();
    folder
        .run("renew tls/nas.home.arpa.cert.pem --ca pki --new-key --out new")
        .done()
        .says("new/nas.home.arpa.key.pem");
    assert_eq!(folder.mode("new/nas.home.arpa.key.pem"), 0o600);
    let again = folder.run("renew tls/nas.home.arpa.cert.pem --ca pki --new-key --out new --json").code(1);
    assert!(again.error("ALREADY_EXISTS").contains("new/nas.home.arpa"));
    folder.run("renew tls/nas.home.arpa.cert.pem --ca pki --new-key").code(2);
    // The key of a single file, as the Nano guide has it, is not thrown away.
    let single = [std::fs::read(folder.path().join("tls/nas.home.arpa.cert.pem")).unwrap(), key].concat();
    folder.write("single.pem", single);
    let refused = folder.run("renew single.pem --ca pki --json").code(1);
    assert!(refused.error("INVALID_ARGUMENT").contains("private key too"));
    assert_eq!(folder.run("list nas.home.arpa --ca pki --json").done().json()["issued"].as_array().unwrap().len(), 3);
}

#[test]
fn what_was_issued_is_listed_without_a_passphrase() {
    let folder = Folder::new();
    folder.write("ca.pass", "secret\n");
    folder.run("ca init pki --passphrase-file ca.pass").done();
    for name in ["alice", "bob"] {
        folder.run(&format!("issue client {name} --ca pki --ca-passphrase-file ca.pass --days 20")).done();
    }
    folder.run("issue both nas.home.arpa --ca pki --ca-passphrase-file ca.pass").done();
    folder.run("revoke bob.cert.pem --ca pki --reason superseded").done();
    let all = folder.run("list --ca pki --json").done().json();
    let states: Vec<_> = all["issued"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["VALID", "REVOKED", "VALID"]);
    assert_eq!(all["issued"][1]["revocation_reason"], "superseded");
    let soon = folder.run("list --ca pki --expiring 30 --json").done().json();
    assert_eq!(soon["issued"].as_array().unwrap().len(), 1);
    assert_eq!(soon["issued"][0]["common_name"], "alice");
    folder.run("list alice --ca pki").done().says("VALID").says("CN=alice");
    folder.run("list nobody --ca pki").done().says("nothing");
    folder.run("ca show pki").done().says("issued 3: 2 valid, 0 expired, 1 revoked");
}

#[test]
fn files_are_shown_for_what_they_hold() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --san email:alice@home.arpa").done();
    let shown = folder.run("show alice.cert.pem").done();
    shown.says("for:          client").says("email:alice@home.arpa").says("subject hash:");
    folder.run("request nas.home.arpa").done();
    folder.run("show nas.home.arpa.csr.pem").done().says("asks for:    DNS:nas.home.arpa");
    let request = folder.run("show nas.home.arpa.csr.pem --json").done().json();
    assert_eq!(request["request"]["names"][0], "DNS:nas.home.arpa");
    assert!(folder.run("show alice.key.pem --json").code(1).error("PARSE").contains("no certificate here"));
}

/// What some client will not take is said where it is made.
#[test]
fn warnings_come_with_the_certificate() {
    let folder = Folder::with_authority();
    let long = folder.run("issue server nas.home.arpa --ca pki --days 900 --json").done().json();
    let warning = &long["warnings"][0];
    assert!(warning["message"].as_str().unwrap().contains("825"), "{long}");
    assert!(warning["message"].as_str().unwrap().to_ascii_uppercase().contains("APPLE"), "{long}");
    // Renewing says so as well.
    let renewed = folder.run("renew nas.home.arpa.cert.pem --ca pki --days 900 --json").done().json();
    assert_eq!(renewed["warnings"][0]["message"], warning["message"]);
    let good = folder.run("issue server other.home.arpa --ca pki --json").done().json();
    assert_eq!(good["warnings"].as_array().unwrap().len(), 0);
    let odd = folder.run("issue server odd.home.arpa --ca pki --key-algorithm Ed25519").done();
    odd.complains("warning: ");
}

#[test]
fn a_list_is_installed_where_openssl_looks() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki").done();
    folder.run("revoke alice.cert.pem --ca pki").done();
    let made = folder.run("crl --ca pki --install . --json").done().json();
    let installed = made["installed"].as_str().unwrap();
    assert!(installed.ends_with(".r0") && folder.exists(installed), "{made}");
}

/// A timer's run: nothing while there is time, a new certificate when there is none, and exit code 3 for who only asks.
#[test]
fn renewal_when_it_is_needed() {
    let folder = Folder::with_authority();
    folder.run("issue server nas.home.arpa --ca pki --days 90").done();
    folder
        .run("issue server old.home.arpa --ca pki --not-before 2026-01-01T00:00:00Z --not-after 2026-02-01T00:00:00Z")
        .done();
    let bytes = |file: &str| std::fs::read(folder.path().join(file)).unwrap();
    let (nas, old) = (bytes("nas.home.arpa.cert.pem"), bytes("old.home.arpa.cert.pem"));
    for more in ["", "--dry-run"] {
        let answer =
            folder.run(&format!("renew nas.home.arpa.cert.pem --ca pki --if-needed {more} --json")).done().json();
        assert_eq!((&answer["renewed"], &answer["needs_renewal"]), (&false.into(), &false.into()));
    }
    assert_eq!(bytes("nas.home.arpa.cert.pem"), nas);
    folder.run("renew old.home.arpa.cert.pem --ca pki --if-needed --dry-run").code(3).says("needs renewal");
    let asked = folder.run("renew old.home.arpa.cert.pem --ca pki --if-needed --dry-run --json").code(3).json();
    assert_eq!((&asked["renewed"], &asked["needs_renewal"]), (&false.into(), &true.into()));
    assert_eq!(bytes("old.home.arpa.cert.pem"), old);
    let renewed = folder.run("renew old.home.arpa.cert.pem --ca pki --if-needed --json").done().json();
    assert_eq!(renewed["renewed"], true);
    folder.openssl(&["verify", "-CAfile", "pki/cacert.pem", "old.home.arpa.cert.pem"]);
    folder.run("renew old.home.arpa.cert.pem --ca pki --dry-run").code(2);
}

/// What the unit for systemd runs, as the shell runs it: it renews and reloads once, and then not again.
#[test]
fn the_example_unit_renews_and_reloads() {
    let folder = Folder::with_authority();
    folder
        .run("issue server nas.home.arpa --ca pki --not-before 2026-01-01T00:00:00Z --not-after 2026-02-01T00:00:00Z")
        .done();
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/systemd/trustdir-renew@.service");
    let unit = std::fs::read_to_string(unit).unwrap();
    let step = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(&format!("{key}=/bin/sh -c '"))).unwrap();
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_trustdir")).parent().unwrap().to_str().unwrap();
        let mut shell = folder.command("/bin/sh");
        shell.args(["-c", line.strip_suffix('\'').unwrap()]).env("PATH", format!("{bin}:/usr/bin:/bin"));
        shell.env("CERTIFICATE", "nas.home.arpa.cert.pem").env("CA", "pki").env("RELOAD", "echo reloaded >> log");
        shell.output().unwrap().status.code().unwrap()
    };
    assert_eq!([step("ExecCondition"), step("ExecStart"), step("ExecStartPost")], [0, 0, 0]);
    assert_eq!(std::fs::read_to_string(folder.path().join("log")).unwrap(), "reloaded\n");
    assert_eq!(step("ExecCondition"), 1, "from 1 to 254 the unit ends here, and has not failed");
    assert_eq!(step("ExecStart"), 0);
}
