//! `trustdir up`: from an empty folder, or from what a guide has left, to a service that its clients reach.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use support::authorities::PIMATIC;
use support::client::{BOTH, once};
use support::folder::Folder;
use support::server::{Server, What};
use support::{ClientFiles, World, run, text};
use trustdir::config::NanoConfig;
use trustdir::{Authority, Certificate, Identity, Reason};

fn read(folder: &Folder, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

/// Everything in the folder, to see that nothing changes.
fn contents(folder: &Folder) -> Vec<(String, Vec<u8>)> {
    let listed = run("find", &[".", "-type", "f"], folder.path());
    let mut files: Vec<&str> = listed.lines().collect();
    files.sort_unstable();
    files.into_iter().map(|file| (file.to_owned(), fs::read(folder.path().join(file)).unwrap())).collect()
}

/// What Node's HTTPS server and client say to pimatic's files.
fn pimatic(folder: &Folder, hosts: &[&str]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pimatic.js");
    run("node", &[&[script, "app"], hosts].concat(), folder.path()).lines().map(str::to_owned).collect()
}

#[test]
fn pimatic_from_an_empty_folder() {
    let folder = Folder::new();
    let up = "up --for pimatic app --name home.example.org --home";
    folder.run(&format!("{up} --no-passphrase --dry-run")).done().says("nothing was done");
    assert!(contents(&folder).is_empty());
    folder.run(up).code(1).complains("no passphrase for the CA's key");
    assert!(contents(&folder).is_empty());

    let answer = folder.run(&format!("{up} --no-passphrase"));
    answer
        .done()
        .says("+    \"httpsServer\": {")
        .says("next: restart pimatic")
        .says("http://home.example.org/root-ca-cert.crt");
    assert_eq!(folder.mode("app/ca/pimatic-ssl/private/privkey.pem"), 0o600);
    let said = pimatic(&folder, &["home.example.org", "127.0.0.1", "localhost", "other.example.org"]);
    assert_eq!(said[..3], ["home.example.org pimatic", "127.0.0.1 pimatic", "localhost pimatic"]);
    assert_eq!(said[3], "other.example.org ERR_TLS_CERT_ALTNAME_INVALID");
    folder.run("lint app/ca/pimatic-ssl app/ca/certs/cacert.crt").done();
    let authority = folder.run("ca show app/ca/authority --json").done().json();
    assert!(authority["authority"]["permitted"].as_array().unwrap().contains(&"DNS:home.example.org".into()));

    // Again: nothing, whatever names are left out; one more name: another certificate, of the same authority.
    let before = contents(&folder);
    for again in [up, "up --for pimatic app"] {
        folder.run(again).done().says("everything is as it should be");
        assert_eq!(contents(&folder), before);
    }
    folder.run("up --for pimatic app --name bank.example.com --json").code(1).error("NAME_MISMATCH");
    let named = folder.run("up --for pimatic app --name nas.home.arpa --json").done().json();
    assert_eq!(named["identity"]["reason"], "what is there has no DNS:nas.home.arpa");
    assert_eq!(named["changes"][1]["file"], "app/ca/pimatic-ssl/public/cert.pem");
    assert_eq!(named["changes"].as_array().unwrap().len(), 2, "{named}");
    let backup = text(&folder.path().canonicalize().unwrap().join("app/ca/pimatic-ssl/public/cert.pem.bak"));
    assert_eq!(named["changes"][1]["backup"], backup);
    assert_eq!(
        pimatic(&folder, &["nas.home.arpa", "home.example.org"])[..2],
        ["nas.home.arpa pimatic", "home.example.org pimatic"]
    );
}

/// What `ssl-setup` has made goes on: the devices know its root. Its server's certificate has no SAN, and goes.
#[test]
fn pimatics_own_authority_goes_on() {
    let folder = Folder::new();
    let ca = folder.path().join("app/ca");
    PIMATIC.make(&ca);
    fs::create_dir_all(ca.join("certs")).unwrap();
    fs::rename(ca.join("cacert.pem"), ca.join("certs/cacert.pem")).unwrap();
    fs::rename(ca.join("index.txt"), ca.join("database.txt")).unwrap();
    folder.write("pass", "test\n");
    let up = "up --for pimatic app --name home.example.org --ca-passphrase-file pass";
    folder.run(up).done();
    folder.openssl(&["verify", "-CAfile", "app/ca/certs/cacert.pem", "app/ca/pimatic-ssl/public/cert.pem"]);
    let root = Certificate::load(ca.join("certs/cacert.crt")).unwrap();
    assert_eq!(root, Certificate::load(ca.join("certs/cacert.pem")).unwrap());
    assert_eq!(pimatic(&folder, &["home.example.org"])[0], "home.example.org pimatic");
    // Nothing to issue, so no passphrase is asked for.
    folder.run("up --for pimatic app").done().says("everything is as it should be");
}

const PIMATIC_CONFIG: &str = r#"{
  "//": "edited since 2014, and full of other things",
  "settings": {
     "httpServer": {"enabled": true, "port":80}, "httpsServer": {
      "enabled": false, "port": 8443,
      "keyFile": "tls/own.key" },
    "database": { "client": "sqlite3" }
  },
  "users": [{"username": "admin", "password": "hunter2", "role": "admin"}],
  "devices": [ ]
}
"#;

#[test]
fn pimatics_configuration_keeps_its_other_bytes() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("app")).unwrap();
    folder.write("app/config.json", PIMATIC_CONFIG);
    fs::set_permissions(folder.path().join("app/config.json"), fs::Permissions::from_mode(0o640)).unwrap();
    let answer = folder.run("up --for pimatic app --no-passphrase").done();
    answer.says("-      \"enabled\": false, \"port\": 8443,").says("+      \"enabled\": true, \"port\": 8443,");
    assert!(!answer.out.contains("hunter2") && !answer.out.contains("sqlite3"), "{}", answer.out);
    let files =
        "\"certFile\": \"ca/pimatic-ssl/public/cert.pem\",\n      \"rootCertFile\": \"ca/certs/cacert.crt\",\n      ";
    let expected = PIMATIC_CONFIG.replacen("\"enabled\": false", &format!("{files}\"enabled\": true"), 1);
    assert_eq!(read(&folder, "app/config.json"), expected);
    assert_eq!(read(&folder, "app/config.json.bak"), PIMATIC_CONFIG);
    assert_eq!((folder.mode("app/config.json"), folder.mode("app/config.json.bak")), (0o640, 0o640));
    assert_eq!(folder.mode("app/tls/own.key"), 0o600);
    assert_eq!(pimatic(&folder, &["localhost"])[0], "localhost pimatic");

    // A configuration that cannot be read stops all.
    folder.write("app/config.json", "{\"settings\": [}");
    let before = contents(&folder);
    let error = folder.run("up --for pimatic app --json").code(1).error("PARSE");
    assert!(error.starts_with("app/config.json: "), "{error}");
    assert_eq!(contents(&folder), before);
}

/// Whom the node that was set up admits, and whom it refuses.
fn serves(folder: Folder, config: &str, secret: Option<&[u8]>) {
    let clients = folder.path().join("node/tls/clients");
    folder.args(&["issue", "client", "alice", "--ca", "node/pki", "--install", &text(&clients)]).done();
    let dir = folder.path();
    let server = Server::start(NanoConfig::load(dir.join(config)).unwrap().acceptor().unwrap());
    let alice = ClientFiles { certificate: dir.join("alice.cert.pem"), key: dir.join("alice.key.pem"), chain: None };
    let [certificate, key] = ["cert", "key"].map(|part| dir.join(format!("node/tls/server.{part}.pem")));
    let identity = Identity::load(certificate, key, secret).unwrap();
    let world =
        World { ca: Authority::open(dir.join("node/pki"), None).unwrap(), server: identity, clients, dir: folder.0 };
    for tls in BOTH {
        once(&world, &server.address(), tls, Some(&alice), None).unwrap();
        let mark = server.mark();
        once(&world, &server.address(), tls, None, None).unwrap_err();
        let refused = server.wait_from(mark, |event| event.what == What::Refused);
        assert_eq!(refused.reason, Some(Reason::NoCertificate));
    }
}

#[test]
fn a_node_from_an_empty_folder() {
    let folder = Folder::new();
    let answer = folder.run("up --for nano node --no-passphrase").done();
    answer.says("+[secure]").says("next: trustdir issue client NAME --ca node/pki --install ");
    folder.openssl(&["dhparam", "-in", "node/tls/ffdhe2048.pem", "-check", "-noout"]);
    folder.openssl(&["verify", "-x509_strict", "-CAfile", "node/pki/cacert.pem", "node/tls/server.cert.pem"]);
    let before = contents(&folder);
    folder.run("up --for nano node").done().says("everything is as it should be");
    assert_eq!(contents(&folder), before);
    serves(folder, "node/config-rpc.toml", None);
}

/// The guide's own node: weak parameters that switch its clients' check off, a server that signs itself, a passphrase.
#[test]
fn a_node_as_its_guide_leaves_it() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path().join("node/tls/clients")).unwrap();
    let config = "# mine\nport = 7076\n\n[secure]\nenable=true # yes\nserver_cert_path=\"tls/server.cert.pem\"\n\
                  server_key_path='tls/server.key.pem'\nserver_key_passphrase=\"test\"\nserver_dh_path=\"tls/dh1024.pem\"\n\
                  client_certs_path = \"tls/clients\"\n\n[logging]\nlevel = 3";
    folder.write("node/config-rpc.toml", config);
    let guide = "req -newkey rsa:2048 -keyout node/tls/server.key.pem -x509 -days 3650 -out node/tls/server.cert.pem -passout pass:test -subj /CN=www.example.com";
    folder.openssl(&guide.split_whitespace().collect::<Vec<_>>());
    folder.openssl(&["dhparam", "-dsaparam", "-out", "node/tls/dh1024.pem", "1024"]);

    let answer = folder.run("up --for nano node --no-passphrase --json").done().json();
    assert_eq!(answer["identity"]["common_name"], "www.example.com", "the guide's name goes on");
    let dh = text(&folder.path().join("node/tls/ffdhe2048.pem"));
    assert_eq!(read(&folder, "node/config-rpc.toml"), config.replace("tls/dh1024.pem", &dh));
    assert!(read(&folder, "node/tls/server.key.pem").contains("ENCRYPTED"), "the configuration's passphrase goes on");
    assert!(folder.exists("node/tls/server.key.pem.bak") && folder.exists("node/tls/server.cert.pem.bak"));
    assert_eq!(folder.mode("node/tls/server.key.pem"), 0o600);
    folder.run("up --for nano node").done().says("everything is as it should be");
    serves(folder, "node/config-rpc.toml", Some(b"test"));
}

#[test]
fn the_newer_configuration_of_a_node() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("node")).unwrap();
    folder.write("node/config-tls.toml", "# enable_https = false\nenable_wss = true\n");
    folder.run("up --for nano node --no-passphrase").done();
    assert!(
        read(&folder, "node/config-tls.toml")
            .starts_with("# enable_https = false\nenable_wss = true\nenable_https = true\n")
    );
    assert!(!folder.exists("node/config-rpc.toml"));
    serves(folder, "node/config-tls.toml", None);
}

#[test]
fn every_snippet_is_whole() {
    let folder = Folder::new();
    folder.run("ca init pki --no-passphrase").done();
    for (service, file) in [
        ("rocketchat", "nginx.conf"),
        ("nginx", "nginx.conf"),
        ("apache", "apache.conf"),
        ("caddy", "Caddyfile"),
        ("haproxy", "haproxy.cfg"),
        ("traefik", "traefik.yaml"),
        ("home-assistant", "home-assistant.yaml"),
        ("mosquitto", "mosquitto.conf"),
        ("postgresql", "postgresql.conf"),
    ] {
        for mutual in ["", "--mutual-tls"] {
            let dir = format!("{service}{mutual}");
            let up = format!("up --for {service} {dir} --ca pki --upstream 127.0.0.1:8123 {mutual}");
            let answer = folder.run(&up).done();
            let snippet = read(&folder, &format!("{dir}/{file}"));
            assert!(!snippet.contains('@') && !answer.out.contains('@'), "{snippet}\n{}", answer.out);
            assert!(snippet.contains(&text(&folder.path().join(format!("{dir}/tls/server.crt")))), "{snippet}");
            assert_eq!(snippet.contains("pki/cacert.pem"), !mutual.is_empty(), "{snippet}");
            folder.run(&up).done().says("everything is as it should be");
        }
    }
    folder.run("up --for pimatic app --ca pki --mutual-tls --json").code(1).error("INVALID_ARGUMENT");
    folder.run("up --for nginx new --ca pki --upstream a;b:1").code(2);
    folder.args(&["up", "--for", "nginx", "it's", "--ca", "pki", "--json"]).code(1).error("UNSUPPORTED");
    assert!(!folder.exists("it's"));
}

/// As root in somebody's directory: what was there stays his, and what is new is said.
#[test]
fn files_stay_with_their_owner() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let folder = Folder::new();
    let path = |file: &str| folder.path().join(file);
    fs::create_dir(path("app")).unwrap();
    folder.write("app/config.json", "{\n}\n");
    let theirs = ["app", "app/config.json"].iter().all(|file| chown(path(file), Some(1234), Some(1234)).is_ok());
    let answer = folder.run("up --for pimatic app --no-passphrase").done();
    let owner = |file: &str| (path(file).metadata().unwrap().uid(), path(file).metadata().unwrap().gid());
    let expected = owner("app");
    assert_eq!((owner("app/config.json"), owner("app/config.json.bak")), (expected, expected));
    assert_eq!(folder.mode("app/config.json"), folder.mode("app/config.json.bak"));
    // Whoever is not root cannot give anything away, and finds nothing to do.
    let said = answer.out.contains("next: chown --reference=app app/ca/pimatic-ssl/private/privkey.pem");
    assert_eq!(said, theirs, "{}", answer.out);
}

#[test]
fn without_a_service_there_are_authority_identity_and_clients() {
    let folder = Folder::new();
    let before = folder.run("up any --name nas.home.arpa --no-passphrase --dry-run --json").done().json();
    let made = folder.run("up any --name nas.home.arpa --no-passphrase --json").done().json();
    let again = folder.run("up any --json").done().json();
    let common = ["service", "directory", "dry_run", "authority", "identity", "changes", "warnings"];
    for answer in [&before, &made, &again] {
        assert!(common.iter().all(|key| answer.get(key).is_some()), "{answer}");
    }
    assert_eq!((&before["authority"], &before["identity"]["reason"]), (&Value::Null, &"its authority is new".into()));
    assert_eq!((&made["clients"], &made["created"]), (&"any/tls/clients".into(), &true.into()));
    assert_eq!(made["identity"]["common_name"], "nas.home.arpa");
    assert_eq!(
        (&made["changes"][0]["file"], &made["changes"][0]["backup"]),
        (&"any/tls/server.key".into(), &Value::Null)
    );
    assert_eq!(made["next"][0], "trustdir issue client NAME --ca any/pki --install any/tls/clients");
    assert_eq!((&again["identity"]["reason"], &again["changes"]), (&Value::Null, &serde_json::json!([])));
    assert_eq!(again["identity"]["fingerprint"], made["identity"]["fingerprint"]);
}

/// What was asked for once holds the next time, above all that clients need a certificate.
#[test]
fn a_snippet_keeps_its_options() {
    let folder = Folder::new();
    folder.run("ca init pki --no-passphrase").done();
    let up = "up --for nginx web --ca pki";
    folder.run(&format!("{up} --name a.home.arpa --upstream 127.0.0.1:8123 --mutual-tls")).done();
    folder.run(up).done().says("everything is as it should be");
    // Whatever becomes of the certificate that bears the name.
    fs::remove_file(folder.path().join("web/tls/server.crt")).unwrap();
    fs::remove_file(folder.path().join("web/tls/server.key")).unwrap();
    folder.run(&format!("{up} --name b.home.arpa")).done();
    let snippet = read(&folder, "web/nginx.conf");
    for words in ["ssl_verify_client on;", "127.0.0.1:8123", "a.home.arpa", "b.home.arpa"] {
        assert!(snippet.contains(words), "{words} in {snippet}");
    }
}

#[test]
fn what_somebody_else_has_written_is_not_replaced() {
    let folder = Folder::new();
    folder.run("ca init pki --no-passphrase").done();
    fs::create_dir(folder.path().join("web")).unwrap();
    folder.write("web/nginx.conf", "events {}\nhttp {}\n");
    let answer = folder.run("up --for nginx web --ca pki --json").code(1);
    answer.error("ALREADY_EXISTS");
    assert_eq!(read(&folder, "web/nginx.conf"), "events {}\nhttp {}\n");
    assert!(!folder.exists("web/tls"));
}

/// A second authority would be one that no device knows.
#[test]
fn no_authority_is_made_beside_the_one_that_was_named() {
    let folder = Folder::new();
    folder.run("ca init elsewhere --no-passphrase").done();
    folder.run("up --for nano node --ca elsewhere").done();
    let before = contents(&folder);
    let answer = folder.run("up --for nano node --no-passphrase").code(1);
    answer.complains("name it with --ca");
    assert_eq!(contents(&folder), before);
    folder.run("up --for nano node --ca elsewhere").done().says("everything is as it should be");
    // Nor is an authority a directory of clients, whose odd files are to be removed.
    folder.run("check elsewhere").done().says("looked at 2 things: 0 problems");
}

/// The authority remembers what the service has forgotten, if its key is still there.
#[test]
fn names_outlive_a_damaged_certificate() {
    let folder = Folder::new();
    let names = |folder: &Folder| {
        let certificate = Certificate::load(folder.path().join("node/tls/server.cert.pem")).unwrap();
        certificate.names().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    folder.run("up --for nano node --no-passphrase --name node.example.org").done();
    let before = names(&folder);
    for damaged in ["", "-----BEGIN CERTIFICATE-----\ngarbage\n-----END CERTIFICATE-----\n"] {
        folder.write("node/tls/server.cert.pem", damaged);
        folder.run("up --for nano node").done();
        assert_eq!(names(&folder), before);
    }
    fs::remove_file(folder.path().join("node/tls/server.cert.pem")).unwrap();
    folder.run("up --for nano node").done();
    assert_eq!(names(&folder), before);
    folder.write("node/tls/server.cert.pem", "");
    folder.write("node/tls/server.key.pem", "");
    let answer = folder.run("up --for nano node --dry-run --json").done().json();
    assert_eq!(answer["warnings"][0]["kind"], "NAMES");
    let answer = folder.run("up --for nano node").done();
    answer.complains("give them with --name");
    assert!(!names(&folder).contains(&"DNS:node.example.org".to_owned()));
}

/// What devices are told to open is there.
#[test]
fn where_pimatics_root_is() {
    let folder = Folder::with_authority();
    for (http, url) in [
        ("", "http://home.example.org/root-ca-cert.crt"),
        ("\"httpServer\": {\"port\": 8080},", "http://home.example.org:8080/root-ca-cert.crt"),
        ("\"httpServer\": {\"enabled\": false},", "HTTP is off, so bring app/ca/certs/cacert.crt to every device"),
    ] {
        fs::create_dir_all(folder.path().join("app")).unwrap();
        folder.write("app/config.json", format!("{{\"settings\": {{{http} \"httpsServer\": {{}}}}}}"));
        let up = "up --for pimatic app --ca pki --name *.example.org --name home.example.org";
        folder.run(up).done().says(url);
    }
    // Nor is a pattern for names the name of a host.
    folder.run("up --for apache web --ca pki --name *.example.org --name home.example.org").done();
    assert!(read(&folder, "web/apache.conf").contains("ServerName home.example.org\n"));
    let answer = folder.run("up --for rocketchat chat --ca pki --name *.example.org").done();
    assert!(!answer.says("ROOT_URL=https://").out.contains("ROOT_URL=https://*"), "{}", answer.out);
}

#[test]
fn values_of_the_wrong_type_are_told() {
    let folder = Folder::with_authority();
    fs::create_dir(folder.path().join("app")).unwrap();
    for (section, wrong) in [
        ("\"httpsServer\": {\"enabled\": \"true\"}", "settings.httpsServer.enabled must be true or false"),
        ("\"httpsServer\": {\"port\": \"443\"}", "settings.httpsServer.port must be a number"),
        ("\"httpsServer\": {\"port\": 65536}", "settings.httpsServer.port must be a number"),
        ("\"httpsServer\": {\"keyFile\": 1}", "settings.httpsServer.keyFile must be text"),
        ("\"httpsServer\": []", "settings.httpsServer must be an object"),
        ("\"httpServer\": {\"enabled\": 1}", "settings.httpServer.enabled must be true or false"),
    ] {
        folder.write("app/config.json", format!("{{\"settings\": {{{section}}}}}"));
        folder.run("check app").code(1).says(wrong);
        folder.run("up --for pimatic app --ca pki").code(1).complains(wrong);
    }
}

/// Lines end as the others do, and tabs are shown as people see them.
#[test]
fn configurations_of_windows_stay_so() {
    let folder = Folder::with_authority();
    fs::create_dir(folder.path().join("app")).unwrap();
    fs::create_dir(folder.path().join("node")).unwrap();
    folder.write("app/config.json", "{\r\n\t\"settings\": {\r\n\t\t\"a\": 1\r\n\t}\r\n}\r\n");
    folder.write("node/config-rpc.toml", "# mine\r\nport = 7076\r\n");
    let answer = folder.run("up --for pimatic app --ca pki").done();
    answer.says("  +        \"httpsServer\": {");
    folder.run("up --for nano node --ca pki").done();
    for file in ["app/config.json", "node/config-rpc.toml"] {
        let text = read(&folder, file);
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    }
}

/// An authority that is there gets no limits any more.
#[test]
fn home_is_for_a_new_authority() {
    let folder = Folder::with_authority();
    folder.run("up --for nano node --ca pki --home").code(1).complains("which --home cannot change any more");
    assert!(!folder.exists("node"));
    folder.run("up --for nano node --home --no-passphrase").done();
    folder.run("up --for nano node --home").done().says("everything is as it should be");
}
