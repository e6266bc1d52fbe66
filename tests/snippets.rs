//! The snippets of `trustdir up`, in the programs that they are for.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::folder::Folder;
use support::proxy::{Proxy, program};
use support::{run, text};

/// A chat that was set up behind a proxy that asks for certificates, one of whose clients is alice.
fn chat(service: &str) -> Folder {
    let folder = Folder::new();
    let up = format!("up --for {service} chat --name chat.home.arpa --mutual-tls --no-passphrase");
    folder.run(&up).done();
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

/// Who gets through, and what the service behind hears.
fn serves(folder: &Folder, proxy: &Proxy, alice_is: &str) {
    let path = |file: &str| text(&folder.path().join(file));
    let root = folder.path().join("chat/pki/cacert.pem");
    let ask = |client: &[&str]| proxy.curl_as(client, "chat.home.arpa", &root);
    let [alice, mallory] =
        ["alice", "mallory"].map(|name| [path(&format!("{name}.cert.pem")), path(&format!("{name}.key.pem"))]);
    let as_alice = ["--cert", &alice[0], "--key", &alice[1]];
    assert_eq!(ask(&as_alice), Ok(format!("chat by https, for {alice_is}")));
    // What a client says of itself or of the way does not count.
    let forged = ["-H", "X-Client-Subject: CN=root", "-H", "X-Forwarded-Proto: http"];
    assert_eq!(ask(&[&as_alice[..], &forged].concat()), Ok(format!("chat by https, for {alice_is}")));
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
    assert_eq!(python(&alice), format!("chat by https, for {alice_is}\n101 over the socket\n"));
    assert!(python(&mallory).ends_with("Error\n"));
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
    serves(&folder, &Proxy::nginx(folder.path(), &snippet), "cn=alice");
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
    serves(&folder, &Proxy::haproxy(folder.path(), &snippet), "/cn=alice");
    folder.run("check chat").done();
}

/// The whole snippet, as it was written, before the program that it is for.
#[test]
fn the_programs_take_the_snippets_as_they_are() {
    let folder = Folder::with_authority();
    let dir = text(folder.path());
    let modules = [
        "mpm_event",
        "authz_core",
        "ssl",
        "proxy",
        "proxy_http",
        "proxy_wstunnel",
        "headers",
        "rewrite",
        "socache_shmcb",
    ];
    for mutual in ["", "--mutual-tls"] {
        for service in ["nginx", "haproxy", "apache"] {
            folder.run(&format!("up --for {service} {service}{mutual} --ca pki --name chat.home.arpa {mutual}")).done();
        }
        let mut haproxy = program("haproxy");
        haproxy.args(["-c", "-f", &format!("{dir}/haproxy{mutual}/haproxy.cfg")]);

        let apache = program("apache2");
        // Beside the program, wherever that is.
        let root = run(
            "sh",
            &["-c", "dirname $(dirname $(command -v \"$0\"))", &text(apache.get_program().as_ref())],
            folder.path(),
        );
        let load = |name| format!("LoadModule {name}_module {}/lib/apache2/modules/mod_{name}.so\n", root.trim());
        let config: String = modules.iter().map(load).collect();
        let config = format!(
            "ServerRoot {dir}\nServerName localhost\nPidFile pid\nErrorLog error.log\nListen 127.0.0.1:1\n{config}Include apache{mutual}/apache.conf\n"
        );
        folder.write("apache.conf", config);
        let mut apache = apache;
        apache.args(["-t", "-f", &format!("{dir}/apache.conf")]);

        for mut command in [haproxy, apache] {
            let output =
                command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run `cargo xtask setup`"));
            assert!(output.status.success(), "{command:?}: {output:?}");
        }
    }
}
