//! Versions, key exchanges, keys of both ends, policies and sessions, each with each; and other people's clients.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::{AlertDescription, ClientConfig, SupportedProtocolVersion, version};
use support::server::{Server, What};
use support::wire::{self, Wire};
use support::{ClientFiles, World, text};
use trustdir::tls::{Acceptor, AcceptorBuilder, TlsVersion};
use trustdir::{
    AuthorityDir, ClientAuth, Decision, EntryNames, ErrorKind, Identity, IssueOptions, KeyAlgorithm, Reason, TrustDir,
};

const KEYS: [KeyAlgorithm; 7] = [
    KeyAlgorithm::EcdsaP256,
    KeyAlgorithm::EcdsaP384,
    KeyAlgorithm::EcdsaP521,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::Rsa(2048),
    KeyAlgorithm::Rsa(3072),
    KeyAlgorithm::Rsa(4096),
];

const GROUPS: [&dyn SupportedKxGroup; 4] = [
    aws_lc_rs::kx_group::X25519MLKEM768,
    aws_lc_rs::kx_group::X25519,
    aws_lc_rs::kx_group::SECP256R1,
    aws_lc_rs::kx_group::SECP384R1,
];

fn config(
    world: &World,
    client: Option<&Identity>,
    version: &'static SupportedProtocolVersion,
    group: &'static dyn SupportedKxGroup,
) -> Arc<ClientConfig> {
    let provider = CryptoProvider { kx_groups: vec![group], ..aws_lc_rs::default_provider() };
    let mut config = wire::config(&world.ca, client, version, provider);
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

fn options(key: KeyAlgorithm) -> IssueOptions {
    IssueOptions { key_algorithm: Some(key), ..IssueOptions::default() }
}

/// One full handshake and one that resumes it; what was decided.
fn twice(config: &Arc<ClientConfig>, acceptor: &Acceptor, expected: Reason, what: &str) -> Wire {
    let mut last = None;
    for resumed in [false, true] {
        let mut wire = Wire::new(config, acceptor);
        wire.establish().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(wire.server.decision().map(Decision::reason), Some(expected), "{what}");
        assert_eq!(wire.server.resumed(), resumed, "{what}");
        last = Some(wire);
    }
    last.unwrap()
}

type Setting = fn(AcceptorBuilder, &TrustDir) -> AcceptorBuilder;

/// The policies a client with an installed certificate is admitted under, each with what it is admitted as.
const POLICIES: [(&str, Reason, Setting); 3] = [
    ("pins", Reason::Admitted, |builder, clients| builder.trust_dir(clients.clone())),
    ("optional pins", Reason::Admitted, |builder, clients| {
        builder.trust_dir(clients.clone()).client_auth(ClientAuth::Optional)
    }),
    ("off", Reason::Anonymous, |builder, _| builder),
];

#[test]
fn every_key_exchange_key_and_policy() {
    let world = World::new();
    let clients = world.trust_dir(EntryNames::Any);
    let servers: Vec<_> =
        KEYS.iter().map(|key| world.ca.issue_server(&["localhost"], &options(*key)).unwrap()).collect();
    let devices: Vec<_> =
        KEYS.iter().map(|key| world.ca.issue_client(&key.to_string(), &options(*key)).unwrap()).collect();
    devices.iter().for_each(|device| drop(clients.install(device.certificate()).unwrap()));
    std::fs::create_dir(world.path("authorities")).unwrap();
    let authorities = AuthorityDir::open(world.path("authorities")).unwrap();
    authorities.directory().install(world.ca.certificate()).unwrap();
    let mut count = 0;
    for (server, key) in servers.iter().zip(KEYS) {
        let builder = Acceptor::builder(server.clone());
        let mut acceptors: Vec<(&str, Reason, Acceptor)> = POLICIES
            .into_iter()
            .map(|(name, reason, set)| (name, reason, set(builder.clone(), &clients).build().unwrap()))
            .collect();
        let vouched = builder.clone().authorities(authorities.clone()).build().unwrap();
        acceptors.push(("authorities", Reason::Admitted, vouched));
        for (device, device_key) in devices.iter().zip(KEYS) {
            for (version, groups) in [(&version::TLS12, &GROUPS[1..4]), (&version::TLS13, &GROUPS[..])] {
                // Each key exchange once with each key of the server, and each of the client with each.
                let groups = if device_key == key { groups } else { &groups[..1] };
                for group in groups {
                    for (policy, reason, acceptor) in &acceptors {
                        let what = format!("{key}, {device_key}, {policy}, {version:?}, {:?}", group.name());
                        let wire = twice(&config(&world, Some(device), version, *group), acceptor, *reason, &what);
                        let expected = if *version == version::TLS12 { TlsVersion::Tls12 } else { TlsVersion::Tls13 };
                        assert_eq!(wire.server.version(), Some(expected), "{what}");
                        assert!(expected == TlsVersion::Tls12 || wire.server.key_exchange() == group.name().as_str());
                        count += 2;
                    }
                }
            }
        }
    }
    println!("{count} handshakes, half of them resumed");
    // Whom nobody asks, or may go without.
    for (policy, _, set) in POLICIES.into_iter().skip(1) {
        let acceptor = set(Acceptor::builder(servers[0].clone()), &clients).build().unwrap();
        for version in [&version::TLS12, &version::TLS13] {
            let _ = twice(&config(&world, None, version, GROUPS[1]), &acceptor, Reason::Anonymous, policy);
        }
    }
}

/// Whoever offers it first gets it (draft-ietf-tls-ecdhe-mlkem), as clients that know it do; rustls follows the client's
/// order.
#[test]
fn the_hybrid_key_exchange_is_spoken_by_default() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    let provider = CryptoProvider { kx_groups: aws_lc_rs::ALL_KX_GROUPS.to_vec(), ..aws_lc_rs::default_provider() };
    assert!(provider.kx_groups.iter().any(|group| group.name() == GROUPS[0].name()));
    let config = wire::config(&world.ca, None, &version::TLS13, provider);
    let mut wire = Wire::new(&Arc::new(config), &acceptor);
    wire.establish().unwrap();
    assert_eq!(wire.server.key_exchange(), Some("X25519MLKEM768"));
}

/// Somebody whom the directory refuses, and why.
struct Refused {
    client: Option<Identity>,
    files: Option<ClientFiles>,
    reason: Reason,
    kind: ErrorKind,
    alert: AlertDescription,
}

fn refused(world: &World, clients: &TrustDir) -> Vec<Refused> {
    let issue = |name: &str, options: &IssueOptions| world.ca.issue_client(name, options).unwrap();
    let default = IssueOptions::default;
    let expired = IssueOptions { not_before: Some(1_000_000_000), not_after: Some(1_000_086_400), ..default() };
    let in_a_month = world.server.certificate().not_before() + 30 * 86_400;
    let early = IssueOptions { not_before: Some(in_a_month), not_after: Some(in_a_month + 86_400), ..default() };
    let (expired, early) = (issue("expired", &expired), issue("early", &early));
    let (removed, limited, stranger) =
        (issue("removed", &default()), issue("limited", &default()), issue("stranger", &default()));
    let purpose = world.ca.issue_server(&["purpose"], &default()).unwrap();
    for installed in [&expired, &early, &removed, &limited, &purpose] {
        clients.install(installed.certificate()).unwrap();
    }
    clients.remove(&removed.certificate().fingerprint()).unwrap();
    clients.limit("limited", None, Some(&["another"])).unwrap();
    let twin = issue("limited", &default());
    use AlertDescription as Alert;
    let rows = [
        (None, Reason::NoCertificate, ErrorKind::NoCertificate, Alert::CertificateRequired),
        (Some(stranger), Reason::NotInstalled, ErrorKind::Untrusted, Alert::UnknownCA),
        (Some(twin), Reason::SameNameOtherKey, ErrorKind::Untrusted, Alert::UnknownCA),
        (Some(removed), Reason::Removed, ErrorKind::Revoked, Alert::CertificateRevoked),
        (Some(expired), Reason::Expired, ErrorKind::Expired, Alert::CertificateExpired),
        (Some(early), Reason::NotYetValid, ErrorKind::NotYetValid, Alert::CertificateExpired),
        (Some(purpose), Reason::WrongPurpose, ErrorKind::WrongPurpose, Alert::UnsupportedCertificate),
        (Some(limited), Reason::Scope, ErrorKind::Untrusted, Alert::AccessDenied),
    ];
    let rows = rows.into_iter().enumerate();
    rows.map(|(number, (client, reason, kind, alert))| {
        let files = client.as_ref().map(|client| {
            let name = |what| world.path(&format!("refused-{number}.{what}.pem"));
            let files = ClientFiles { certificate: name("cert"), key: name("key"), chain: None };
            client.save(&files.certificate, &files.key, None).unwrap();
            files
        });
        Refused { client, files, reason, kind, alert }
    })
    .collect()
}

#[test]
fn every_refusal_has_its_reason_and_its_alert() {
    let world = World::new();
    let clients = world.trust_dir(EntryNames::Any);
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(clients.clone()).service("rpc").build().unwrap();
    for Refused { client, reason, kind, alert, .. } in refused(&world, &clients) {
        for version in [&version::TLS12, &version::TLS13] {
            let config = config(&world, client.as_ref(), version, GROUPS[1]);
            let mut wire = Wire::new(&config, &acceptor);
            let error = wire.establish().expect_err("admitted");
            assert_eq!((error.kind(), error.decision().map(Decision::reason)), (kind, Some(reason)), "{error}");
            let heard = wire.client.process_new_packets().unwrap_err();
            assert_eq!(heard, rustls::Error::AlertReceived(alert), "{reason:?}, {version:?}");
        }
    }
}

/// A client that is somebody else's program: how it is run, and what it calls the alert.
struct Program {
    name: &'static str,
    command: fn(&World, &Server, bool, Option<&ClientFiles>) -> Command,
}

const PROGRAMS: [Program; 6] = [
    Program {
        name: "openssl s_client",
        command: |world, server, newer, client| {
            let mut command = Command::new("openssl");
            command.args(["s_client", "-quiet", "-no_ign_eof", "-verify_return_error", "-connect", &server.address()]);
            command.arg("-CAfile").arg(world.ca.certificate_path()).arg(if newer { "-tls1_3" } else { "-tls1_2" });
            if let Some(client) = client {
                command.arg("-cert").arg(&client.certificate).arg("-key").arg(&client.key);
            }
            command
        },
    },
    Program {
        name: "gnutls-cli",
        command: |world, server, newer, client| {
            let mut command = Command::new("gnutls-cli");
            let only = if newer { "NORMAL:-VERS-ALL:+VERS-TLS1.3" } else { "NORMAL:-VERS-ALL:+VERS-TLS1.2" };
            command.args(["127.0.0.1", "--port", &server.port.to_string(), "--priority", only, "--x509cafile"]);
            command.arg(world.ca.certificate_path());
            if let Some(client) = client {
                command.arg("--x509certfile").arg(&client.certificate).arg("--x509keyfile").arg(&client.key);
            }
            command
        },
    },
    Program {
        name: "curl",
        command: |world, server, newer, client| {
            let mut command = Command::new("curl");
            command.args([
                "-sSN",
                "--max-time",
                "30",
                "--http0.9",
                "-H",
                HELLO_HEADER,
                &format!("https://{}/", server.address()),
            ]);
            command.arg("--cacert").arg(world.ca.certificate_path());
            command.args(if newer { ["--tlsv1.3", "--tls-max", "1.3"] } else { ["--tlsv1.2", "--tls-max", "1.2"] });
            if let Some(client) = client {
                command.arg("--cert").arg(&client.certificate).arg("--key").arg(&client.key);
            }
            command
        },
    },
    Program {
        name: "Python's ssl",
        command: |world, server, newer, client| {
            let mut command = Command::new("python3");
            command.args(["-c", PYTHON, &server.port.to_string(), &text(&world.ca.certificate_path())]);
            command.arg(if newer { "TLSv1_3" } else { "TLSv1_2" });
            if let Some(client) = client {
                command.arg(&client.certificate).arg(&client.key);
            }
            command
        },
    },
    Program {
        name: "Node's tls",
        command: |world, server, newer, client| {
            let mut command = Command::new("node");
            command.args(["-e", NODE, &server.port.to_string(), &text(&world.ca.certificate_path())]);
            command.arg(if newer { "TLSv1.3" } else { "TLSv1.2" });
            if let Some(client) = client {
                command.arg(&client.certificate).arg(&client.key);
            }
            command
        },
    },
    Program {
        name: GO,
        command: |world, server, newer, client| {
            let mut command = Command::new(world.path("go-client"));
            command.arg(server.port.to_string()).arg(world.ca.certificate_path());
            command.arg(if newer { "TLSv1.3" } else { "TLSv1.2" });
            if let Some(client) = client {
                command.arg(&client.certificate).arg(&client.key);
            }
            command
        },
    },
];

const GO: &str = "Go's crypto/tls";

/// Makes the client in Go, where there is a compiler: it is large, and nothing else needs it.
fn make_go_client(world: &World) -> bool {
    std::fs::write(world.path("client.go"), GO_CLIENT).unwrap();
    let mut command = Command::new("go");
    command.args(["build", "-o"]).arg(world.path("go-client")).arg(world.path("client.go")).env("GO111MODULE", "off");
    match command.env("GOCACHE", world.path("go-cache")).output() {
        Ok(made) if made.status.success() => true,
        Ok(failed) => panic!("{}", String::from_utf8_lossy(&failed.stderr)),
        Err(none) => {
            println!("skipped: {GO}: {none}");
            false
        }
    }
}

const PYTHON: &str = "
import socket, ssl, sys
port, ca, version, *client = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
if client:
    context.load_cert_chain(*client)
with context.wrap_socket(socket.create_connection(('127.0.0.1', int(port))), server_hostname='localhost') as tls:
    tls.sendall(sys.stdin.buffer.readline())
    print(tls.recv(100).decode())
";

const NODE: &str = "
const fs = require('fs'), tls = require('tls');
const [port, ca, version, cert, key] = process.argv.slice(1);
const client = cert ? { cert: fs.readFileSync(cert), key: fs.readFileSync(key) } : {};
const options = { host: '127.0.0.1', port, ca: fs.readFileSync(ca), servername: 'localhost', minVersion: version, maxVersion: version };
const socket = tls.connect({ ...options, ...client }, () => process.stdin.once('data', (line) => socket.write(line)));
socket.on('data', (data) => { console.log(String(data)); socket.end(); });
socket.on('error', (error) => { console.error(error.message); process.exit(1); });
socket.on('close', () => process.exit(1));
";

const GO_CLIENT: &str = r#"
package main

import ("bufio"; "crypto/tls"; "crypto/x509"; "fmt"; "os")

func check(err error) {
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
}

func main() {
	version := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}[os.Args[3]]
	ca, err := os.ReadFile(os.Args[2])
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	config := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version}
	if len(os.Args) > 4 {
		pair, err := tls.LoadX509KeyPair(os.Args[4], os.Args[5])
		check(err)
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	connection, err := tls.Dial("tcp", "127.0.0.1:" + os.Args[1], config)
	check(err)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	check(err)
	_, err = connection.Write([]byte(line))
	check(err)
	said := make([]byte, 100)
	count, err := connection.Read(said)
	check(err)
	fmt.Println(string(said[:count]))
}
"#;

/// Sends a line, and returns whether it came back, with all that the program said.
fn speak(
    program: &Program,
    world: &World,
    server: &Server,
    newer: bool,
    client: Option<&ClientFiles>,
) -> (bool, String) {
    let mut command = (program.command)(world, server, newer, client);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.name));
    let mut stdin = child.stdin.take().unwrap();
    // One that has been refused may be gone.
    let _ = writeln!(stdin, "{HELLO}");
    let mut stderr = child.stderr.take().unwrap();
    let errors = thread::spawn(move || {
        let mut errors = Vec::new();
        stderr.read_to_end(&mut errors).unwrap();
        errors
    });
    let (mut stdout, mut said) = (child.stdout.take().unwrap(), Vec::new());
    let echoed = loop {
        let mut more = [0; 1024];
        let count = stdout.read(&mut more).unwrap();
        said.extend_from_slice(&more[..count]);
        let echoed = String::from_utf8_lossy(&said).contains(HELLO);
        if echoed || count == 0 {
            break echoed;
        }
    };
    if echoed {
        let _ = child.kill();
    }
    drop(stdin);
    said.extend(errors.join().unwrap());
    child.wait().unwrap();
    (echoed, String::from_utf8_lossy(&said).into_owned())
}

const HELLO: &str = "hello, here I am";
const HELLO_HEADER: &str = "X-Hello: hello, here I am";

/// Each of the programs is served, and hears the alert rather than a connection that is reset, although it has sent
/// data behind its certificate.
#[test]
fn other_peoples_clients_hear_why() {
    let world = World::new();
    let clients = world.trust_dir(EntryNames::Any);
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(clients.clone()).service("rpc").build().unwrap();
    let server = Server::start(acceptor);
    let alice = world.issued("alice", &IssueOptions::default());
    clients.install(&alice.load()).unwrap();
    let refused = refused(&world, &clients);
    let go = make_go_client(&world);
    for program in PROGRAMS.iter().filter(|program| go || program.name != GO) {
        for newer in [false, true] {
            let what = format!("{}, TLS 1.{}", program.name, 2 + u8::from(newer));
            let (echoed, said) = speak(program, &world, &server, newer, Some(&alice));
            assert!(echoed, "{what}: {said}");
            for Refused { files, reason, alert, .. } in &refused {
                let mark = server.mark();
                let (echoed, said) = speak(program, &world, &server, newer, files.as_ref());
                assert!(!echoed, "{what}: {reason:?} was served");
                let heard = server.wait_from(mark, |event| event.what == What::Refused);
                assert_eq!(heard.reason, Some(*reason), "{what}: {heard:?}");
                let names = names(*alert);
                let plain = said.to_lowercase().replace(['_', '-'], " ");
                assert!(
                    names.iter().any(|name| plain.contains(name)),
                    "{what}: {reason:?}: none of {names:?} in {said}"
                );
            }
        }
    }
}

/// What the programs call an alert.
fn names(alert: AlertDescription) -> &'static [&'static str] {
    match alert {
        AlertDescription::CertificateRequired => &["certificate required", "[116]", "alert(116)"],
        AlertDescription::UnknownCA => &["unknown ca", "[48]", "unknown certificate authority"],
        AlertDescription::CertificateRevoked => &["certificate revoked", "[44]", "revoked certificate"],
        // The first words of curl for it blame the server's certificate.
        AlertDescription::CertificateExpired => {
            &["certificate expired", "[45]", "ssl certificate verification failed", "expired certificate"]
        }
        AlertDescription::UnsupportedCertificate => &["unsupported certificate", "[43]"],
        AlertDescription::AccessDenied => &["access denied", "[49]"],
        other => panic!("{other:?}"),
    }
}
