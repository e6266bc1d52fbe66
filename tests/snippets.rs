//! The snippets of `trustdir up`, in the programs that they are for.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use support::folder::Folder;
use support::proxy::{Proxy, broker, program, upstream_at_port};
use support::{DEADLINE, run, text, try_run};

/// A chat that was set up behind a proxy that asks for certificates, one of whose clients is alice.
fn chat(service: &str) -> Folder {
    let folder = Folder::new();
    let up = format!("up --for {service} chat --name chat.home.arpa --mutual-tls --no-passphrase");
    let upstream = if matches!(service, "apache" | "caddy") { upstream_at_port() } else { 3000 };
    folder.run(&format!("{up} --upstream 127.0.0.1:{upstream}")).done();
    folder.run("issue client alice --ca chat/pki").done();
    folder.run("ca init stranger --no-passphrase").done();
    folder.run("issue client mallory --ca stranger").done();
    folder
}

/// Real ports may be taken, so proxies listen at sockets, and so does what is behind them.
fn at_sockets(folder: &Folder, file: &str, places: &[(&str, &str)]) -> String {
    let dir = text(folder.path());
    let mut snippet = fs::read_to_string(folder.path().join(file)).unwrap();
    for (from, to) in places {
        assert!(snippet.contains(from), "no {from} in\n{snippet}");
        snippet = snippet.replace(from, &to.replace("DIR", &dir));
    }
    snippet
}

/// Who gets through, and what the service behind hears of alice.
fn serves(folder: &Folder, proxy: &Proxy, heard: &str) {
    let path = |file: &str| text(&folder.path().join(file));
    let root = folder.path().join("chat/pki/cacert.pem");
    let ask = |client: &[&str]| proxy.curl_as(client, "chat.home.arpa", &root);
    let [alice, mallory] =
        ["alice", "mallory"].map(|name| [path(&format!("{name}.cert.pem")), path(&format!("{name}.key.pem"))]);
    let as_alice = ["--cert", &alice[0], "--key", &alice[1]];
    assert_eq!(ask(&as_alice), Ok(heard.to_owned()));
    // What a client says of itself or of the way does not count.
    let forged = ["-H", "X-Client-Subject: CN=root", "-H", "X-Forwarded-Proto: http"];
    assert_eq!(ask(&[&as_alice[..], &forged].concat()), Ok(heard.to_owned()));
    ask(&[]).unwrap_err();
    ask(&["--cert", &mallory[0], "--key", &mallory[1]]).unwrap_err();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/upgrade.js");
    let socket = text(proxy.socket());
    let upgrade = |client: &[String; 2]| {
        run("node", &[script, &socket, "chat.home.arpa", &text(&root), &client[0], &client[1]], folder.path())
    };
    assert_eq!(upgrade(&alice), "101 over the socket\n");
    assert_ne!(upgrade(&mallory), "101 over the socket\n");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/upgrade.py");
    let python = |client: &[String; 2]| {
        run("python3", &[script, &socket, "chat.home.arpa", &text(&root), &client[0], &client[1]], folder.path())
    };
    assert_eq!(python(&alice), format!("{heard}\n101 over the socket\n"));
    // Some programs refuse in words of HTTP.
    let refused = python(&mallory);
    assert!(!refused.contains("chat by") && !refused.contains("101 "), "{refused}");
}

#[test]
fn rocket_chat_behind_nginx() {
    let folder = chat("rocketchat");
    let snippet = at_sockets(
        &folder,
        "chat/nginx.conf",
        &[
            ("    listen 443 ssl;\n    listen [::]:443 ssl;", "listen unix:DIR/nginx.sock ssl;"),
            ("    listen 80;\n    listen [::]:80;", "listen unix:DIR/plain.sock;"),
            ("http://127.0.0.1:3000", "http://unix:DIR/chat.sock:"),
        ],
    );
    serves(&folder, &Proxy::nginx(folder.path(), &snippet), "chat by https, for cn=alice");
    folder.run("check chat").done();
}

#[test]
fn a_service_behind_haproxy() {
    let folder = chat("haproxy");
    let snippet = at_sockets(
        &folder,
        "chat/haproxy.cfg",
        &[
            ("bind :443", "bind unix@DIR/haproxy.sock"),
            ("bind :80", "bind unix@DIR/plain.sock"),
            ("upstream 127.0.0.1:3000", "upstream unix@DIR/chat.sock"),
        ],
    );
    serves(&folder, &Proxy::haproxy(folder.path(), &snippet), "chat by https, for /cn=alice");
    folder.run("check chat").done();
}

/// Whether a program is there that apt may not have; a test without it says that it was skipped.
fn is_there(name: &str) -> bool {
    let there = program(name).arg("-h").output().is_ok();
    if !there {
        println!("SKIPPED: {name} is missing; `cargo xtask setup` brings it where apt has it");
    }
    there
}

#[test]
fn a_service_behind_caddy() {
    if !is_there("caddy") {
        return;
    }
    let folder = chat("caddy");
    let mut validate = program("caddy");
    validate.args(["validate", "--adapter", "caddyfile", "--config", "chat/Caddyfile"]).env("HOME", folder.path());
    let output = validate.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let snippet = fs::read_to_string(folder.path().join("chat/Caddyfile")).unwrap();
    let snippet = snippet.replace("\ttls ", "\tbind 127.0.0.1\n\ttls ");
    let proxy = Proxy::at_port(folder.path(), |port| {
        let global = format!("{{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port {port}\n}}\n");
        folder.write("Caddyfile", global + &snippet);
        let mut command = program("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config", "Caddyfile"]).env("HOME", folder.path());
        command.current_dir(folder.path()).stderr(Stdio::null());
        command
    });
    serves(&folder, &proxy, "chat by https, for cn=alice");
    folder.run("check chat").done();
}

/// The modules that the snippet says it needs, and those of every Apache.
const MODULES: [&str; 9] =
    ["mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "proxy_wstunnel", "headers", "rewrite", "socache_shmcb"];

/// Apache in the folder, with this snippet and what must stand before it.
fn apache(folder: &Folder, snippet: &str, before: &str) -> Command {
    let mut apache = program("apache2");
    // Beside the program, wherever that is.
    let root = run(
        "sh",
        &["-c", "dirname $(dirname $(command -v \"$0\"))", &text(apache.get_program().as_ref())],
        folder.path(),
    );
    let load = |name| format!("LoadModule {name}_module {}/lib/apache2/modules/mod_{name}.so\n", root.trim());
    let modules: String = MODULES.iter().map(load).collect();
    let dir = text(folder.path());
    let config = format!(
        "ServerRoot {dir}\nServerName localhost\nPidFile pid\nErrorLog error.log\n{modules}{before}\nInclude {snippet}\n"
    );
    folder.write("apache.conf", config);
    apache.args(["-f", &format!("{dir}/apache.conf")]);
    apache
}

#[test]
fn a_service_behind_apache() {
    let folder = chat("apache");
    let snippet = fs::read_to_string(folder.path().join("chat/apache.conf")).unwrap();
    let proxy = Proxy::at_port(folder.path(), |port| {
        let snippet = snippet.replace("<VirtualHost *:443>", &format!("<VirtualHost 127.0.0.1:{port}>"));
        folder.write("site.conf", snippet);
        // Only root can become somebody else, and must.
        let before = format!("User www-data\nGroup www-data\nMutex sem\nListen 127.0.0.1:{port} https");
        let mut command = apache(&folder, "site.conf", &before);
        command.arg("-DFOREGROUND");
        command
    });
    serves(&folder, &proxy, "chat by https, for cn=alice");
    folder.run("check chat").done();
}

#[test]
fn clients_of_mosquitto() {
    if !is_there("mosquitto") {
        return;
    }
    let folder = chat("mosquitto");
    let snippet = fs::read_to_string(folder.path().join("chat/mosquitto.conf")).unwrap();
    let (mut broker, port) = broker(&mut |port| {
        let config = snippet.replace("listener 8883", &format!("user root\nlistener {port} 127.0.0.1"));
        folder.write("mosquitto.conf", config);
        let mut command = program("mosquitto");
        command.args(["-c", "mosquitto.conf"]).current_dir(folder.path()).stderr(Stdio::null());
        command
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mqtt.py");
    let hello = |name: &str| {
        let [certificate, key] = ["cert", "key"].map(|part| format!("{name}.{part}.pem"));
        let files = if name.is_empty() { ["", ""] } else { [certificate.as_str(), key.as_str()] };
        let port = port.to_string();
        let arguments = [&[script, &port, "chat/pki/cacert.pem"], &files[..]].concat();
        run("python3", &arguments, folder.path()).trim().to_owned()
    };
    let answers = ["alice", "mallory", ""].map(hello);
    broker.kill().unwrap();
    broker.wait().unwrap();
    assert_eq!(answers[0], "0");
    assert!(answers[1..].iter().all(|answer| answer != "0"), "{answers:?}");
    folder.run("check chat").done();
}

/// Where Debian has PostgreSQL's own programs, the newest last.
fn postgresql() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists()).max()
}

#[test]
fn clients_of_postgresql() {
    let Some(bin) = postgresql() else {
        return println!("SKIPPED: PostgreSQL is missing; apt has it as postgresql");
    };
    let folder = chat("postgresql");
    // It refuses to be root's, so there it is its own user's, as the snippet's next step says.
    let is_root = run("id", &["-u"], folder.path()) == "0\n";
    let own = |program: &str| {
        let program = bin.join(program);
        let mut command = Command::new(if is_root { Path::new("setpriv") } else { &program });
        if is_root {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(&program);
        }
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    if is_root {
        fs::create_dir(folder.path().join("data")).unwrap();
        run("chown", &["postgres", ".", "data", "chat/tls/server.key"], folder.path());
    }
    let made = own("initdb").args(["-D", "data", "-U", "alice", "-A", "reject", "--no-sync"]).status().unwrap();
    assert!(made.success());
    let snippet = text(&folder.path().join("chat/postgresql.conf"));
    let config = format!("include '{snippet}'\nunix_socket_directories = ''\nlisten_addresses = '127.0.0.1'\n");
    folder.write("data/postgresql.conf", config);
    folder.write("data/pg_hba.conf", "hostssl all all all cert\n");
    let (mut server, port) = broker(&mut |port| {
        let mut command = own("postgres");
        command.args(["-D", "data", "-p", &port.to_string()]);
        command
    });
    let ask = |client: &str, more: &str| {
        let to = format!("host=localhost hostaddr=127.0.0.1 port={port} user=alice dbname=postgres {more}");
        let files = format!("sslrootcert=chat/pki/cacert.pem sslcert={client}.cert.pem sslkey={client}.key.pem");
        let who = "select client_dn from pg_stat_ssl where pid = pg_backend_pid()";
        let select = ["-XAt", "-d", &format!("{to} {files}"), "-c", who];
        String::from_utf8(try_run("psql", &select, folder.path()).stdout).unwrap()
    };
    // It listens before it serves.
    let deadline = Instant::now() + DEADLINE;
    while ask("alice", "sslmode=verify-full").is_empty() && Instant::now() < deadline {}
    let answers = [
        ask("alice", "sslmode=verify-full"),
        ask("mallory", "sslmode=verify-full"),
        ask("nobody", "sslmode=verify-full"),
        ask("alice", "sslmode=disable"),
    ];
    run("kill", &["-s", "INT", &server.id().to_string()], folder.path());
    server.wait().unwrap();
    assert_eq!(answers, ["/CN=alice\n", "", "", ""]);
    folder.run("check chat").done();
}

/// The whole snippet, as it was written, before the program that it is for.
#[test]
fn the_programs_take_the_snippets_as_they_are() {
    let folder = Folder::with_authority();
    let dir = text(folder.path());
    for mutual in ["", "--mutual-tls"] {
        for service in ["nginx", "haproxy", "apache"] {
            folder.run(&format!("up --for {service} {service}{mutual} --ca pki --name chat.home.arpa {mutual}")).done();
        }
        let mut haproxy = program("haproxy");
        haproxy.args(["-c", "-f", &format!("{dir}/haproxy{mutual}/haproxy.cfg")]);

        let mut apache = apache(&folder, &format!("apache{mutual}/apache.conf"), "Listen 127.0.0.1:1");
        apache.arg("-t");

        for mut command in [haproxy, apache] {
            let output =
                command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run `cargo xtask setup`"));
            assert!(output.status.success(), "{command:?}: {output:?}");
        }
    }
}
