//! The three guides as their readers follow them: with our command in the place of `openssl`, the guide's own program
//! takes the files; and what the guide's own commands make, we take over.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use support::authorities::PIMATIC;
use support::client::{BOTH, once};
use support::proxy::Proxy;
use support::server::{Server, What};
use support::{ClientFiles, World, openssl, run, text, try_run};
use tempfile::TempDir;
use trustdir::config::NanoConfig;
use trustdir::{Authority, Certificate, Identity, Reason};

/// A folder in which a guide is followed, with the passphrase `test` in a file.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("pass"), "test\n").unwrap();
    dir
}

fn trustdir(arguments: &str, dir: &Path) -> String {
    run(env!("CARGO_BIN_EXE_trustdir"), &arguments.split_whitespace().collect::<Vec<_>>(), dir)
}

/// The guide's `openssl` command, its arguments between blanks.
fn guide(arguments: &str, dir: &Path) -> String {
    openssl(&arguments.split_whitespace().collect::<Vec<_>>(), dir)
}

/// Whether no client of today refuses these files.
fn passes(files: &str, dir: &Path) -> bool {
    let arguments: Vec<&str> = ["lint"].into_iter().chain(files.split_whitespace()).collect();
    let output = try_run(env!("CARGO_BIN_EXE_trustdir"), &arguments, dir);
    match output.status.code() {
        Some(0) => true,
        Some(1) if output.stderr.is_empty() => false,
        _ => panic!("{output:?}"),
    }
}

/// Moves files to where a guide has them.
fn place(dir: &Path, files: &[(&str, &str)]) {
    for (from, to) in files {
        fs::create_dir_all(dir.join(to).parent().unwrap()).unwrap();
        fs::rename(dir.join(from), dir.join(to)).unwrap();
    }
}

const PIMATIC_KEY: &str = "ca/pimatic-ssl/private/privkey.pem";
const PIMATIC_CERTIFICATE: &str = "ca/pimatic-ssl/public/cert.pem";
const PIMATIC_ROOT: &str = "ca/certs/cacert.crt";

/// What Node's HTTPS server and client say to pimatic's files, in the words of the script.
fn pimatic(dir: &Path, hosts: &[&str]) -> Vec<String> {
    let config = format!(
        r#"{{"settings": {{"httpsServer": {{"enabled": true, "port": 443, "hostname": "", "keyFile": "{PIMATIC_KEY}",
        "certFile": "{PIMATIC_CERTIFICATE}", "rootCertFile": "{PIMATIC_ROOT}"}}}}}}"#
    );
    fs::write(dir.join("config.json"), config).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pimatic.js");
    run("node", &[&[script, "."], hosts].concat(), dir).lines().map(str::to_owned).collect()
}

#[test]
fn pimatic_takes_our_files() {
    let folder = folder();
    let dir = folder.path();
    trustdir("ca init ca/authority --no-passphrase", dir);
    trustdir("issue server home.example.org 127.0.0.1 --ca ca/authority --out made", dir);
    place(
        dir,
        &[("made/home.example.org.key.pem", PIMATIC_KEY), ("made/home.example.org.cert.pem", PIMATIC_CERTIFICATE)],
    );
    fs::create_dir(dir.join("ca/certs")).unwrap();
    trustdir(&format!("export crt ca/authority/cacert.pem --out {PIMATIC_ROOT}"), dir);
    assert!(passes(&format!("{PIMATIC_KEY} {PIMATIC_CERTIFICATE} {PIMATIC_ROOT}"), dir));
    let said = pimatic(dir, &["home.example.org", "127.0.0.1", "other.example.org"]);
    assert_eq!(said[..2], ["home.example.org pimatic", "127.0.0.1 pimatic"]);
    assert_eq!(said[2], "other.example.org ERR_TLS_CERT_ALTNAME_INVALID");
    assert!(said[3].starts_with("stranger UNABLE_TO_"), "{said:?}");
}

/// What `ssl-setup` makes: its authority goes on with us, and no device has to import another root.
#[test]
fn what_pimatics_guide_makes_is_taken_over() {
    let folder = folder();
    let dir = folder.path();
    let ca = dir.join("ca");
    PIMATIC.make(&ca);
    place(&ca, &[("cacert.pem", "certs/cacert.pem"), ("index.txt", "database.txt")]);
    for part in ["private", "public"] {
        fs::create_dir_all(ca.join("pimatic-ssl").join(part)).unwrap();
    }
    guide("x509 -sha512 -in ca/certs/cacert.pem -outform DER -out ca/certs/cacert.crt", dir);
    guide(&format!("genrsa -out {PIMATIC_KEY} 4096"), dir);
    let subject = "/C=DE/ST=Germany/L=pimatic city/O=pimatic.org/OU=pimatic.org/CN=home.example.org";
    openssl(&["req", "-new", "-sha512", "-key", PIMATIC_KEY, "-out", "home.csr", "-subj", subject], dir);
    guide(
        &format!(
            "x509 -req -sha512 -days 3650 -CA ca/certs/cacert.pem -CAkey ca/private/cakey.pem -passin pass:test -CAserial ca/serial -in home.csr -out {PIMATIC_CERTIFICATE}"
        ),
        dir,
    );
    let theirs = Identity::load(dir.join(PIMATIC_CERTIFICATE), dir.join(PIMATIC_KEY), None).unwrap();
    assert!(theirs.certificate().names().is_empty(), "the guide's certificate has no SAN");
    Certificate::load(dir.join(PIMATIC_ROOT)).unwrap();
    assert!(!passes(&format!("--profile server {PIMATIC_CERTIFICATE}"), dir));
    assert!(!passes(PIMATIC_ROOT, dir));

    trustdir("sign home.csr --ca ca --ca-passphrase-file pass --yes --out made", dir);
    fs::rename(dir.join("made/home.cert.pem"), dir.join(PIMATIC_CERTIFICATE)).unwrap();
    assert!(passes(PIMATIC_CERTIFICATE, dir));
    let said = pimatic(dir, &["home.example.org"]);
    assert_eq!(said[0], "home.example.org pimatic");
    let ours = Identity::load(dir.join(PIMATIC_CERTIFICATE), dir.join(PIMATIC_KEY), None).unwrap();
    assert_eq!(ours.certificate().subject(), theirs.certificate().subject());
    assert_eq!(ours.certificate().names()[0].to_string(), "DNS:home.example.org");
}

#[test]
fn rocket_chats_proxy_takes_our_files() {
    let folder = folder();
    let dir = folder.path();
    trustdir("ca init root --name Rocket.Chat-root --days 1024 --passphrase-file pass", dir);
    trustdir("issue server mydomain.com 127.0.0.1 --ca root --ca-passphrase-file pass --days 365", dir);
    assert!(passes("mydomain.com.cert.pem mydomain.com.key.pem root/cacert.pem", dir));
    let nginx = Proxy::start(dir, "mydomain.com.cert.pem", "mydomain.com.key.pem");
    let root = dir.join("root/cacert.pem");
    for host in ["mydomain.com", "127.0.0.1"] {
        assert_eq!(nginx.curl(host, &root).as_deref(), Ok("chat by https"), "{host}");
    }
    let other = nginx.curl("other.com", &root).unwrap_err();
    assert!(other.contains("no alternative certificate subject name matches"), "{other}");
    trustdir("ca init stranger --no-passphrase", dir);
    let stranger = nginx.curl("mydomain.com", &dir.join("stranger/cacert.pem")).unwrap_err();
    assert!(stranger.contains("unable to get local issuer certificate"), "{stranger}");
}

/// The guide's root, with its encrypted key, goes on with us; its request is signed as it is.
#[test]
fn what_rocket_chats_guide_makes_is_taken_over() {
    let folder = folder();
    let dir = folder.path();
    for command in [
        "genrsa -des3 -passout pass:test -out Rocket.Chat-root.key 4096",
        "req -x509 -new -nodes -key Rocket.Chat-root.key -passin pass:test -sha256 -days 1024 -out Rocket.Chat-root.crt -subj /O=Example/CN=Rocket.Chat",
        "genrsa -out mydomain.com.key 2048",
        "req -new -key mydomain.com.key -out mydomain.com.csr -subj /CN=mydomain.com",
        "x509 -req -in mydomain.com.csr -CA Rocket.Chat-root.crt -CAkey Rocket.Chat-root.key -passin pass:test -CAcreateserial -out mydomain.com.crt -days 365 -sha256",
    ] {
        guide(command, dir);
    }
    let theirs = Identity::load(dir.join("mydomain.com.crt"), dir.join("mydomain.com.key"), None).unwrap();
    assert!(theirs.certificate().names().is_empty(), "the guide's certificate has no SAN");

    assert!(!passes("--profile server mydomain.com.crt", dir));
    assert!(!passes("Rocket.Chat-root.crt", dir));

    trustdir("sign mydomain.com.csr --ca . --ca-passphrase-file pass --yes", dir);
    let root = dir.join("Rocket.Chat-root.crt");
    assert!(passes("mydomain.com.cert.pem", dir));
    let nginx = Proxy::start(dir, "mydomain.com.cert.pem", "mydomain.com.key");
    assert_eq!(nginx.curl("mydomain.com", &root).as_deref(), Ok("chat by https"));
    let ours = Certificate::load(dir.join("mydomain.com.cert.pem")).unwrap();
    assert_eq!(ours.names()[0].to_string(), "DNS:mydomain.com");
    assert_eq!((ours.subject(), ours.spki()), (theirs.certificate().subject(), theirs.certificate().spki()));
}

/// The guide's `config-rpc.toml`; the parameters of Diffie-Hellman that it names are not looked for.
fn node(dir: &Path) -> Server {
    let config = "[secure]\nenable=true\nverbose_logging=true\nserver_cert_path=\"tls/server.cert.pem\"\n\
                  server_key_path=\"tls/server.key.pem\"\nserver_key_passphrase=\"test\"\n\
                  server_dh_path=\"tls/dh1024.pem\"\nclient_certs_path=\"tls/clients\"\n";
    fs::write(dir.join("config-rpc.toml"), config).unwrap();
    Server::start(NanoConfig::load(dir.join("config-rpc.toml")).unwrap().acceptor().unwrap())
}

/// Sends a request with curl, and returns the subject of the client whose request has arrived.
fn curl(server: &Server, dir: &Path, root: &str, client: &[&str]) -> Option<String> {
    let mark = server.mark();
    let address = format!("www.example.com:{}:127.0.0.1", server.port);
    let url = format!("https://www.example.com:{}/", server.port);
    // The echo is no HTTP: what counts is that the request arrived in plaintext.
    let fixed = ["-sS", "--http0.9", "--max-time", "1", "--resolve", &address, "--cacert", root, &url];
    try_run("curl", &[&fixed, client].concat(), dir);
    server.wait_from(mark, |event| matches!(event.what, What::Data | What::Refused)).subject
}

#[test]
fn nanos_node_takes_our_files() {
    let folder = folder();
    let dir = folder.path();
    trustdir("ca init pki --no-passphrase", dir);
    trustdir("issue server www.example.com localhost 127.0.0.1 --ca pki --out made --passphrase-file pass", dir);
    place(
        dir,
        &[
            ("made/www.example.com.cert.pem", "tls/server.cert.pem"),
            ("made/www.example.com.key.pem", "tls/server.key.pem"),
        ],
    );
    trustdir("issue client rpc.user.1 --ca pki --install tls/clients", dir);
    assert!(passes("tls pki/cacert.pem rpc.user.1.cert.pem", dir));
    let server = node(dir);
    let client = ["--cert", "rpc.user.1.cert.pem", "--key", "rpc.user.1.key.pem"];
    assert_eq!(curl(&server, dir, "pki/cacert.pem", &client).as_deref(), Some("CN=rpc.user.1"));

    let user: ClientFiles =
        ClientFiles { certificate: dir.join("rpc.user.1.cert.pem"), key: dir.join("rpc.user.1.key.pem"), chain: None };
    let ca = Authority::open(dir.join("pki"), None).unwrap();
    let identity = Identity::load(dir.join("tls/server.cert.pem"), dir.join("tls/server.key.pem"), Some(b"test"));
    let clients = dir.join("tls/clients");
    let world = World { ca, server: identity.unwrap(), clients, dir: folder };
    for tls in BOTH {
        once(&world, &server.address(), tls, Some(&user), None).unwrap();
        once(&world, &server.address(), tls, None, None).unwrap_err();
    }
    trustdir("clients remove tls/clients rpc.user.1", world.dir.path());
    for tls in BOTH {
        let mark = server.mark();
        once(&world, &server.address(), tls, Some(&user), None).unwrap_err();
        assert_eq!(server.wait_from(mark, |event| event.what == What::Refused).reason, Some(Reason::Removed));
    }
}

/// The node as the guide sets it up, with the guide's certificates, and its single PEM file.
#[test]
fn what_nanos_guide_makes_is_taken_over() {
    let folder = folder();
    let dir = folder.path();
    let tls = dir.join("tls");
    fs::create_dir_all(tls.join("clients")).unwrap();
    guide(
        "req -newkey rsa:2048 -keyout server.key.pem -x509 -days 3650 -out server.cert.pem -passout pass:test -subj /C=US/O=MyNanoRPCServer/OU=MyNanoThing/CN=www.example.com",
        &tls,
    );
    let clients = tls.join("clients");
    guide(
        "req -newkey rsa:2048 -nodes -keyout rpcuser1.key.pem -x509 -days 365 -out rpcuser1.cert.pem -subj /CN=rpc.user.1",
        &clients,
    );
    let hash = guide("x509 -in rpcuser1.cert.pem -noout -subject_hash", &clients);
    let link = clients.join(format!("{}.0", hash.trim()));
    std::os::unix::fs::symlink("rpcuser1.cert.pem", &link).unwrap();
    let [certificate, key] =
        ["cert", "key"].map(|part| fs::read(clients.join(format!("rpcuser1.{part}.pem"))).unwrap());
    place(dir, &[("tls/clients/rpcuser1.key.pem", "rpcuser1.key.pem")]);
    fs::write(dir.join("rpcuser1.pem"), [certificate, key].concat()).unwrap();

    assert!(!passes("tls/server.cert.pem", dir));
    assert!(!passes("--profile client tls/clients/rpcuser1.cert.pem", dir));
    let server = node(dir);
    let root = text(&tls.join("server.cert.pem"));
    let single = ["--cert", "rpcuser1.pem"];
    assert_eq!(curl(&server, dir, &root, &single).as_deref(), Some("CN=rpc.user.1"));
    assert_eq!(curl(&server, dir, &root, &[]), None);
    fs::remove_file(link).unwrap();
    let mark = server.mark();
    curl(&server, dir, &root, &single);
    assert_eq!(server.wait_from(mark, |event| event.what == What::Refused).reason, Some(Reason::Removed));
}
