//! `trustdir clients watch`: who connects by the service's log, however that is kept, and who comes and goes.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use serde_json::Value;
use support::DEADLINE;
use support::folder::Folder;
use trustdir::{Certificate, ClientAuth, Policy, TrustDir};

/// The command, and what it says while it runs.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    fn start(folder: &Folder, arguments: &str) -> Self {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let mut command = folder.trustdir(&[&["clients", "watch", "tls"], &arguments[..]].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        send_lines(child.stderr.take().unwrap(), sender.clone());
        send_lines(child.stdout.take().unwrap(), sender);
        Self { child, lines }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).unwrap()
    }

    fn event(&self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Ends it by this signal, and answers its exit code.
    fn stop(mut self, signal: &str) -> Option<i32> {
        support::run("kill", &["-s", signal, &self.child.id().to_string()], std::path::Path::new("/"));
        self.child.wait().unwrap().code()
    }
}

/// Lets somebody wait for lines, and not forever.
fn send_lines(from: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| to.send(line)));
}

/// A folder with a directory in which alice is, and what a service would log of her and of bob, who is a stranger.
fn world() -> (Folder, [String; 2]) {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --install tls").done();
    folder.run("issue client bob --ca pki").done();
    let policy = Policy::new(ClientAuth::Required).with_clients(TrustDir::open(folder.path().join("tls")).unwrap());
    let records = ["alice", "bob"].map(|name| {
        let certificate = Certificate::load(folder.path().join(format!("{name}.cert.pem"))).unwrap();
        policy.decide(&[certificate.as_der()], certificate.not_before()).to_json() + "\n"
    });
    (folder, records)
}

fn append(folder: &Folder, file: &str, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(folder.path().join(file)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_log_is_followed_through_its_rotation() {
    let (folder, [alice, bob]) = world();
    folder.write("log", &alice);
    let watching = Watching::start(&folder, "--log log --all --json");
    let event = watching.event();
    assert_eq!((&event["event"], &event["reason"]), (&"decision".into(), &"ADMITTED".into()));
    assert_eq!(event["sha256"], serde_json::from_str::<Value>(&alice).unwrap()["sha256"]);
    // Other lines, a prefix, and a record that comes in two pieces.
    let (head, tail) = bob.split_at(20);
    append(&folder, "log", &format!("listening\nhost node[7]: {alice}{head}"));
    assert_eq!(watching.event()["subject"], "CN=alice");
    append(&folder, "log", tail);
    assert_eq!(watching.event()["reason"], "NOT_INSTALLED");
    // Renamed away and begun anew; what still goes to the old file is not lost.
    fs::rename(folder.path().join("log"), folder.path().join("log.1")).unwrap();
    append(&folder, "log.1", &bob);
    append(&folder, "log", &alice);
    assert_eq!([watching.event(), watching.event()].map(|event| event["subject"].clone()), ["CN=bob", "CN=alice"]);
    // Copied and emptied: shorter than what was read.
    append(&folder, "log", &alice);
    watching.event();
    folder.write("log", &bob);
    assert_eq!(watching.event()["subject"], "CN=bob");
    assert_eq!(watching.stop("INT"), Some(0));
}

#[test]
fn who_comes_and_goes_is_told() {
    let (folder, [alice, _]) = world();
    let mut watching = Watching::start(&folder, "--json --log -");
    // It watches once it has answered.
    watching.child.stdin.as_mut().unwrap().write_all(alice.as_bytes()).unwrap();
    assert_eq!(watching.event()["event"], "decision");
    folder.run("clients add tls bob.cert.pem").done();
    let event = watching.event();
    assert_eq!((&event["event"], &event["common_name"]), (&"installed".into(), &"bob".into()));
    folder.run("clients remove tls alice").done();
    let event = watching.event();
    assert_eq!((&event["event"], &event["common_name"]), (&"removed".into(), &"alice".into()));
    assert!(event["file"].as_str().unwrap().starts_with("tls/") && event["time"].is_string(), "{event}");
    assert_eq!(watching.stop("TERM"), Some(0));
}

#[test]
fn people_get_a_line_for_each_thing() {
    let (folder, [alice, bob]) = world();
    folder.write("log", &alice);
    let watching = Watching::start(&folder, "--log log");
    assert_eq!(watching.line(), "trustdir: watching tls for changes and the decisions in log; Ctrl-C ends it");
    append(&folder, "log", &bob);
    let line = watching.line();
    assert!(line.ends_with("Z NOT_INSTALLED CN=bob"), "{line}");
    folder.run("clients add tls bob.cert.pem").done();
    let line = watching.line();
    assert!(line.contains("Z installed tls/") && line.contains("(CN=bob, "), "{line}");
    assert_eq!(watching.stop("INT"), Some(0));
}

/// The end of a pipe is the end; what cannot be watched is an error.
#[test]
fn watching_ends() {
    let (folder, [alice, _]) = world();
    let mut watching = Watching::start(&folder, "--log -");
    watching.line();
    watching.child.stdin.take().unwrap().write_all(alice.as_bytes()).unwrap();
    assert!(watching.line().contains(" ADMITTED CN=alice ("));
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
    // Where nothing happened there is no object.
    assert_eq!(folder.run("clients watch tls --log - --json").done().out, "");
    folder.run("clients watch nothing --json").code(1).error("NOT_FOUND");
    folder.run("clients watch tls --log nothing --json").code(1).error("NOT_FOUND");
}

/// On a terminal there is a table: `script` lends one.
#[test]
fn a_terminal_gets_a_table() {
    let (folder, [alice, bob]) = world();
    folder.write("log", format!("{alice}{bob}{alice}"));
    let program = folder.trustdir(&[]).get_program().to_str().unwrap().to_owned();
    let line = format!("stty rows 24 cols 100; exec {program} clients watch tls --log log --all");
    let mut child = folder
        .command("script")
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = String::new();
    let (sender, lines) = mpsc::channel();
    send_lines(child.stdout.take().unwrap(), sender);
    // It is drawn again for each batch of decisions.
    let table = |shown: &str| Some(shown.split_once("tls: 1 client, 3 decisions;")?.1.to_owned());
    let table = loop {
        match table(&shown) {
            Some(table) if table.contains("CN=bob") => break table,
            _ => match lines.recv_timeout(DEADLINE) {
                Ok(line) => shown += &format!("{line}\n"),
                Err(end) => panic!("{end}: {shown}"),
            },
        }
    };
    let row = |client: &str| table.lines().find(|line| line.ends_with(client)).unwrap();
    let cells = |client| row(client).split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(cells("CN=alice"), ["ADMITTED", "2", "0", "yes", "CN=alice"]);
    assert_eq!(cells("CN=bob"), ["NOT_INSTALLED", "0", "1", "no", "CN=bob"]);
    // What is typed there is a signal.
    child.stdin.as_mut().unwrap().write_all(&[3]).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
