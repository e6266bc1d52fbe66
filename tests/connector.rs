//! Our client against our own server, `openssl s_server` and Python: whom it trusts, and under which name.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use support::call::{Call, Pair, Program, call};
use support::chains::{AUTHORITY, Chains};
use support::hostile::records;
use support::wire::sent;
use support::{ClientFiles, World, openssl, text};
use trustdir::tls::{Acceptor, AcceptorBuilder, Connector, ConnectorBuilder, TlsVersion};
use trustdir::{
    Authority, AuthorityDir, AuthorityDirOptions, Certificate, EntryNames, Error, ErrorKind, Identity, IssueOptions,
    KeyAlgorithm, Reason, RevocationReason, TrustDir, TrustDirOptions,
};

const VERSIONS: [TlsVersion; 2] = [TlsVersion::Tls12, TlsVersion::Tls13];
const SERVER: &str = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth";

fn only(builder: ConnectorBuilder, version: TlsVersion) -> Connector {
    builder.min_version(version).max_version(version).build().unwrap()
}

fn trusting(ca: &Authority) -> ConnectorBuilder {
    Connector::builder().authority(ca.certificate().clone())
}

fn serving(identity: &Identity) -> AcceptorBuilder {
    Acceptor::builder(identity.clone())
}

fn load(files: &ClientFiles) -> Identity {
    Identity::load(&files.certificate, &files.key, None).unwrap()
}

#[track_caller]
fn refused(error: &Error, reason: Reason, words: &str) {
    let decision = error.decision().unwrap_or_else(|| panic!("no decision: {error}"));
    assert_eq!(decision.reason(), reason, "{error}");
    assert!(error.message().contains(words), "no {words:?} in {error}");
    assert!(!error.message().contains('\n'));
}

/// The refusal of a server by both versions, with the alert that it hears.
#[track_caller]
fn refuses(builder: &ConnectorBuilder, host: &str, server: &Identity, reason: Reason, words: &str) -> Error {
    let mut last = None;
    for version in VERSIONS {
        let acceptor = serving(server).build().unwrap();
        let mut pair = Pair::new(&only(builder.clone(), version), host, &acceptor);
        let error = pair.establish().expect_err("it is admitted");
        refused(&error, reason, words);
        let heard = pair.carry().1.unwrap_err();
        assert_eq!(heard.kind(), ErrorKind::Alert, "{heard}");
        assert!(pair.client.write(b"x").is_err() && pair.client.read(&mut [0; 8]).is_err());
        last = Some(error);
    }
    last.unwrap()
}

#[test]
fn every_sort_of_key_in_both_versions_by_pin_and_by_authority() {
    fn several_threads<T: Clone + Send + Sync>(_: &T) {}
    let world = World::new();
    for key in [
        KeyAlgorithm::EcdsaP256,
        KeyAlgorithm::EcdsaP384,
        KeyAlgorithm::EcdsaP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa(2048),
    ] {
        let options = IssueOptions { key_algorithm: Some(key), ..IssueOptions::default() };
        let server = world.ca.issue_server(&["nas.home.arpa", "192.0.2.5", "2001:db8::5"], &options).unwrap();
        let acceptor = serving(&server).alpn(&["http/1.1"]).build().unwrap();
        let pinned = Connector::builder().pin(server.certificate().clone());
        for (builder, hosts) in [
            (trusting(&world.ca), &["nas.home.arpa", "NAS.home.arpa", "192.0.2.5", "2001:db8::5"][..]),
            (pinned, &["nas.home.arpa", "another.name", "203.0.113.9"]),
        ] {
            for version in VERSIONS {
                let connector = only(builder.clone().alpn(&["h2", "http/1.1"]), version);
                several_threads(&connector);
                for host in hosts {
                    let pair =
                        call(&connector, host, &acceptor).unwrap_or_else(|error| panic!("{key} {host}: {error}"));
                    assert_eq!((pair.client.version(), pair.client.alpn()), (Some(version), Some("http/1.1")));
                    assert_eq!(pair.client.decision().unwrap().reason(), Reason::Admitted);
                    assert_eq!(pair.client.peer_chain()[0], *server.certificate());
                    assert_eq!(pair.client.server_name(), pair.server.server_name());
                    if version == TlsVersion::Tls13 {
                        assert_eq!(pair.client.channel_binding().unwrap(), pair.server.channel_binding().unwrap());
                    }
                }
            }
        }
    }
}

/// What the guides' commands make: CA:TRUE with no name but the common one, and X.509 v1.
#[test]
fn the_guides_certificates_are_pins_of_openssls_server() {
    let world = World::new();
    let guide = world.self_signed("node");
    let (v1, v1_issued) =
        (version_1(&world, "v1", None), version_1(&world, "v1-issued", Some(&world.self_signed("ca"))));
    for files in [guide, v1, v1_issued] {
        let pin = Certificate::load(&files.certificate).unwrap();
        let server = Program::s_server(&files.certificate, &files.key, &[], world.dir.path());
        for version in VERSIONS {
            let pinned = only(Connector::builder().pin(pin.clone()), version);
            let mut call = Call::to(server.port, &pinned, "localhost");
            assert_eq!(call.ask("hello\n").unwrap(), "olleh\n", "{pin:?}");
            assert_eq!(call.connection.version(), Some(version));
            drop(call); // s_server takes one at a time
            // What is not pinned is told how to be.
            let error = Call::to(server.port, &only(trusting(&world.ca), version), "localhost").ask("x\n").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Untrusted);
            refused(&error, Reason::UntrustedIssuer, "pin the certificate itself");
            let other = Connector::builder().pin(world.ca.certificate().clone());
            let error = Call::to(server.port, &only(other, version), "localhost").ask("x\n").unwrap_err();
            refused(&error, Reason::NotInstalled, "is not pinned; if it is the server's, pin it");
        }
    }
}

/// A certificate without extensions is X.509 v1.
fn version_1(world: &World, name: &str, by: Option<&ClientFiles>) -> ClientFiles {
    let (certificate, key) = (world.path(&format!("{name}.pem")), world.path(&format!("{name}.key")));
    let (out, own, request) = (text(&certificate), text(&key), text(&world.path("v1.csr")));
    let subject = format!("/CN={name}");
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", &own, "-subj", &subject, "-out", &request];
    openssl(&new, world.dir.path());
    let by = match by {
        Some(by) => vec!["-CA".into(), text(&by.certificate), "-CAkey".into(), text(&by.key), "-CAcreateserial".into()],
        None => vec!["-signkey".into(), own.clone()],
    };
    let by: Vec<&str> = by.iter().map(String::as_str).collect();
    openssl(&[&["x509", "-req", "-in", &request, "-days", "30", "-out", &out], &by[..]].concat(), world.dir.path());
    assert_eq!(Certificate::load(&certificate).unwrap().version(), 1);
    ClientFiles { certificate, key, chain: None }
}

/// What no authority can vouch for is refused with the remedy, whoever signed it.
#[test]
fn what_needs_a_pin_says_so() {
    let world = World::new();
    let guide = world.self_signed("node");
    let itself = Connector::builder().authority(guide.load());
    refuses(
        &itself,
        "node",
        &load(&guide),
        Reason::WrongPurpose,
        "(CA:TRUE), not a server's; issue a server certificate, or pin it",
    );
    // The guide's certificate is an authority, and this was signed with its key.
    let v1 = version_1(&world, "v1", Some(&guide));
    refuses(&itself, "v1", &load(&v1), Reason::UntrustedIssuer, "it is X.509 version 1; sign it anew, or pin it");
    for (unfit, words) in [
        (version_1(&world, "self-v1", None).load(), "is X.509 version 1"),
        (world.server.certificate().clone(), "is no authority"),
    ] {
        let error = Connector::builder().authority(unfit).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(words) && error.message().contains("pin it"), "{error}");
    }
}

#[test]
fn a_name_is_one_that_the_certificate_bears() {
    let world = World::new();
    let named = |names: &[&str]| world.ca.issue_server(names, &IssueOptions::default()).unwrap();
    let builder = trusting(&world.ca);
    for (names, good, bad) in [
        (&["nas.home.arpa"][..], &["nas.home.arpa"][..], &["home.arpa", "a.nas.home.arpa", "192.0.2.5"][..]),
        (&["*.home.arpa"], &["nas.home.arpa", "x.home.arpa"], &["home.arpa", "a.b.home.arpa"]),
        (&["192.0.2.5"], &["192.0.2.5"], &["192.0.2.6", "nas.home.arpa", "2001:db8::5"]),
        (&["2001:db8::5"], &["2001:db8::5", "2001:db8:0::5"], &["2001:db8::6"]),
        (&["bücher.example"], &["bücher.example", "xn--bcher-kva.example"], &["bucher.example"]),
    ] {
        let server = named(names);
        let acceptor = serving(&server).build().unwrap();
        for host in good {
            call(&builder.build().unwrap(), host, &acceptor).unwrap_or_else(|error| panic!("{host}: {error}"));
        }
        for host in bad {
            let error = refuses(&builder, host, &server, Reason::NameMismatch, "does not bear the name");
            assert_eq!(error.kind(), ErrorKind::NameMismatch);
        }
    }
    let many: Vec<String> = (0..9).map(|number| format!("host{number}.home.arpa")).collect();
    let many = named(&many.iter().map(String::as_str).collect::<Vec<_>>());
    refuses(&builder, "nas.home.arpa", &many, Reason::NameMismatch, "DNS:host3.home.arpa and 5 more; connect by");
}

/// RFC 9525, 1.4.1: also where there is no other name.
#[test]
fn a_common_name_is_no_name() {
    let chains = Chains::new();
    chains.make("root", None, AUTHORITY);
    chains.make("localhost", Some("root"), SERVER);
    let identity = Identity::load(chains.path("localhost.pem"), chains.path("localhost.key"), None).unwrap();
    let builder = Connector::builder().authority(chains.load("root"));
    refuses(&builder, "localhost", &identity, Reason::NameMismatch, "only a common name, which does not count");
}

#[test]
fn hosts_are_one_name_or_address() {
    let connector = trusting(&World::new().ca).build().unwrap();
    for host in ["", "*.home.arpa", "https://nas", "nas:443", "[::1]", "a b", "nas..arpa", "rpc.user.1"] {
        let error = connector.connect(host).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{host}");
    }
    assert_eq!(connector.connect("NAS.home.arpa").unwrap().server_name(), Some("nas.home.arpa"));
    assert_eq!(connector.connect("::1").unwrap().server_name(), None);
}

/// Nobody checks these of a pin for us, and of a chain rustls-webpki does not check all.
#[test]
fn a_server_must_be_fit_by_pin_and_by_authority() {
    let chains = Chains::new();
    chains.make("root", None, AUTHORITY);
    let san = format!("{SERVER}\nsubjectAltName=DNS:localhost");
    let client = san.replace("serverAuth", "clientAuth");
    let usage = san.replace("digitalSignature", "keyEncipherment");
    let signs = san.replace("digitalSignature", "digitalSignature,keyCertSign");
    for (name, extensions, days, reason, words) in [
        ("client", &client, 30, Reason::WrongPurpose, "extendedKeyUsage lacks serverAuth); issue a server certificate"),
        ("usage", &usage, 30, Reason::WrongPurpose, "keyUsage lacks digitalSignature"),
        ("signs", &signs, 30, Reason::WrongPurpose, "keyUsage has keyCertSign"),
    ] {
        chains.make_with(name, Some("root"), extensions, &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], days);
        let identity = Identity::load(chains.path(&format!("{name}.pem")), chains.path(&format!("{name}.key")), None);
        let identity = identity.unwrap();
        refuses(&Connector::builder().authority(chains.load("root")), "localhost", &identity, reason, words);
        if name != "signs" {
            refuses(&Connector::builder().pin(chains.load(name)), "localhost", &identity, reason, words);
        }
    }
}

#[test]
fn a_server_must_be_valid_now_by_pin_and_by_authority() {
    let world = World::new();
    let now = world.server.certificate().not_before() + 3600;
    let from = now + 86_400;
    let times = [
        (Some(now - 9 * 86_400), Some(now - 86_400), Reason::Expired, ErrorKind::Expired),
        (Some(from), Some(from + 86_400), Reason::NotYetValid, ErrorKind::NotYetValid),
    ];
    for (not_before, not_after, reason, kind) in times {
        let options = IssueOptions { not_before, not_after, ..IssueOptions::default() };
        let identity = world.ca.issue_server(&["localhost"], &options).unwrap();
        let (certificate, key) = (world.path("timed.pem"), world.path("timed.key"));
        identity.save(&certificate, &key, None).unwrap();
        // Our own acceptor would not begin with an expired certificate.
        let server = Program::s_server(&certificate, &key, &[], world.dir.path());
        for builder in [trusting(&world.ca), Connector::builder().pin(identity.certificate().clone())] {
            for version in VERSIONS {
                let error = Call::to(server.port, &only(builder.clone(), version), "localhost").ask("x\n").unwrap_err();
                refused(&error, reason, "");
                assert_eq!(error.kind(), kind);
            }
        }
        fs::remove_file(certificate).unwrap();
        fs::remove_file(key).unwrap();
    }
}

#[test]
fn a_weak_key_is_refused_though_pinned() {
    let world = World::new();
    let (certificate, key) = (world.path("weak.pem"), world.path("weak.key"));
    let (out, own) = (text(&certificate), text(&key));
    let new = ["req", "-newkey", "rsa:1024", "-nodes", "-x509", "-subj", "/CN=weak", "-keyout", &own, "-out", &out];
    openssl(&new, world.dir.path());
    let more = ["-cipher", "DEFAULT@SECLEVEL=0"];
    let server = Program::s_server(&certificate, &key, &more, world.dir.path());
    for version in VERSIONS {
        let connector = only(Connector::builder().pin(Certificate::load(&certificate).unwrap()), version);
        let error = Call::to(server.port, &connector, "localhost").ask("x\n").unwrap_err();
        refused(&error, Reason::WeakKey, "1024 bits");
        assert_eq!(error.kind(), ErrorKind::WeakKey);
    }
}

/// Everybody has a server's certificate; its key is what counts.
#[test]
fn a_server_without_the_key_is_refused() {
    use rustls::pki_types::CertificateDer;
    use rustls::sign::{CertifiedKey, SingleCertAndKey};

    let world = World::new();
    let other = world.ca.issue_server(&["localhost"], &IssueOptions::default()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = other.key().to_pem(None).unwrap();
    let key = rustls::pki_types::pem::PemObject::from_pem_slice(key.as_bytes()).unwrap();
    let chain = vec![CertificateDer::from(world.server.certificate().as_der().to_vec())];
    let key = Arc::new(CertifiedKey::new(chain, provider.key_provider.load_private_key(key).unwrap()));
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    let config = Arc::new(config);
    for builder in [trusting(&world.ca), Connector::builder().pin(world.server.certificate().clone())] {
        for version in VERSIONS {
            let mut client = only(builder.clone(), version).connect("localhost").unwrap();
            let mut server = rustls::ServerConnection::new(config.clone()).unwrap();
            let error = loop {
                let (mut up, mut down) = (Vec::new(), Vec::new());
                while client.send_tls(&mut up).unwrap() > 0 {}
                let mut rest = up.as_slice();
                while !rest.is_empty() {
                    server.read_tls(&mut rest).unwrap();
                    server.process_new_packets().unwrap();
                }
                while server.wants_write() {
                    server.write_tls(&mut down).unwrap();
                }
                assert!(!(up.is_empty() && down.is_empty()), "it is admitted");
                if let Err(error) = client.read_tls(&down) {
                    break error;
                }
            };
            refused(&error, Reason::BadSignature, "the server could not prove that it has the private key");
        }
    }
}

#[test]
fn a_server_by_another_authority_is_refused() {
    let world = World::new();
    let other = Authority::create(world.path("other"), Default::default()).unwrap();
    let error = refuses(&trusting(&other), "localhost", &world.server, Reason::UntrustedIssuer, "");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    // Of several it is enough that one vouches.
    let both = trusting(&other).authority(world.ca.certificate().clone()).build().unwrap();
    call(&both, "localhost", &serving(&world.server).build().unwrap()).unwrap();
}

#[test]
fn an_authority_below_is_found_and_its_limits_count() {
    let world = World::new();
    let below = world.ca.create_intermediate(world.path("below"), Default::default());
    let below = below.unwrap();
    let server = below.issue_server(&["localhost"], &IssueOptions::default()).unwrap();
    assert!(server.chain().len() > 1);
    call(&trusting(&world.ca).build().unwrap(), "localhost", &serving(&server).build().unwrap()).unwrap();
    let alone = Identity::new(vec![server.certificate().clone()], server.key().clone()).unwrap();
    refuses(&trusting(&world.ca), "localhost", &alone, Reason::UntrustedIssuer, "which is no authority here");
}

/// TLS 1.3 lets the client finish first: the refusal is an alert to a later read.
#[test]
fn a_client_that_shows_nothing_or_a_stranger_hears_it_as_an_alert() {
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let acceptor = serving(&world.server).trust_dir(directory.clone()).build().unwrap();
    for (identity, alert) in [
        (
            None,
            "the alert certificate_required: it admits nobody without a certificate; give the connector an identity",
        ),
        (Some(&alice), "the alert unknown_ca: it does not admit this client's certificate; have it installed there"),
    ] {
        for version in VERSIONS {
            let builder = identity.into_iter().fold(trusting(&world.ca), |to, one| to.identity(one.clone()));
            let mut pair = Pair::new(&only(builder, version), "localhost", &acceptor);
            let (client, server) = pair.carry();
            server.unwrap_err();
            let error = client.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Alert);
            assert!(error.message().ends_with(alert), "{error}");
            assert_eq!(pair.client.read(&mut [0; 8]).unwrap_err().message(), error.message());
            // The server itself was in order.
            assert_eq!(pair.client.decision().is_some(), version == TlsVersion::Tls13);
        }
    }
    directory.install(alice.certificate()).unwrap();
    for version in VERSIONS {
        let connector = only(trusting(&world.ca).identity(alice.clone()), version);
        let pair = call(&connector, "localhost", &acceptor).unwrap();
        assert_eq!(pair.server.decision().unwrap().certificate(), Some(alice.certificate()));
    }
}

/// An alert about the certificate means something else to whom has none.
#[test]
fn an_alert_without_an_identity_asks_for_one() {
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let (nobody, named) = (trusting(&world.ca), trusting(&world.ca).identity(alice));
    for (builder, alert, remedy) in [
        (&nobody, 42, "bad_certificate: it admits nobody without a certificate; give the connector an identity"),
        (&nobody, 116, "certificate_required: it admits nobody without a certificate; give the connector an identity"),
        (&named, 42, "bad_certificate: it does not admit this client's certificate; have it installed there"),
        (&named, 116, "it takes no signature by this identity's key; give the connector another identity"),
        (&nobody, 40, "with the alert handshake_failure"),
    ] {
        let mut connection = builder.build().unwrap().connect("localhost").unwrap();
        assert!(connection.write_tls(&mut [0; 4096]) > 0);
        let error = connection.read_tls(&[21, 3, 3, 0, 2, 2, alert]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Alert);
        assert!(error.message().ends_with(remedy), "{error}");
    }
}

/// What is the same for clients is not told in their words.
#[test]
fn remedies_are_those_of_servers() {
    let world = World::new();
    let own = world.server.certificate().clone();
    let error = Connector::builder().authority(own.clone()).build().unwrap_err();
    assert!(
        error.message().contains("it is no authority") && error.message().ends_with("to trust only itself, pin it")
    );
    assert!(!error.message().contains("client"), "{error}");

    let options = TrustDirOptions { create: true, ..TrustDirOptions::default() };
    let servers = TrustDir::open_with(world.path("servers"), options).unwrap();
    let options = AuthorityDirOptions { create: true, ..AuthorityDirOptions::default() };
    let authorities = AuthorityDir::open_with(world.path("anchors"), options).unwrap();
    servers.install(&own).unwrap();
    servers.limit(&own.fingerprint().to_string(), None, Some(&["rpc"])).unwrap();
    let by_directory = Connector::builder().trust_dir(servers.clone());
    let limited =
        refuses(&by_directory, "localhost", &world.server, Reason::Scope, "none is named here; widen the limit");
    servers.limit(&own.fingerprint().to_string(), Some(own.not_before()), None).unwrap();
    let ended =
        refuses(&by_directory, "localhost", &world.server, Reason::Expired, "raise valid_until in trustdir.toml");
    // It is its own issuer as far as names go: an end entity in place of the authority.
    authorities.directory().install(&own).unwrap();
    let by_authorities = Connector::builder().authorities(authorities);
    let anchored = refuses(&by_authorities, "localhost", &world.server, Reason::UntrustedIssuer, "pin the certificate");
    for error in [limited, ended, anchored] {
        assert!(!error.message().contains("client"), "{error}");
    }
}

#[test]
fn sessions_are_resumed_and_decided_about_again() {
    let world = World::new();
    let servers = world.trust_dir(EntryNames::Any);
    let entry = servers.install(world.server.certificate()).unwrap();
    let acceptor = serving(&world.server).build().unwrap();
    let connectors = VERSIONS.map(|version| only(Connector::builder().trust_dir(servers.clone()), version));
    let mut open = Vec::new();
    for connector in &connectors {
        let first = call(connector, "localhost", &acceptor).unwrap();
        let second = call(connector, "localhost", &acceptor).unwrap();
        assert_eq!((first.client.resumed(), second.client.resumed()), (false, true));
        assert_eq!(second.client.decision().unwrap().entry(), Some(entry.file()));
        // Not what was decided about the first one: the entry has another file by now.
        let renamed = entry.file().with_file_name(format!("{:?}.pem", second.client.version().unwrap()));
        fs::copy(entry.file(), &renamed).unwrap();
        fs::remove_file(entry.file()).unwrap();
        let third = call(connector, "localhost", &acceptor).unwrap();
        assert!(third.client.resumed());
        assert_eq!(third.client.decision().unwrap().entry(), Some(&*renamed));
        fs::rename(&renamed, entry.file()).unwrap();
        // Sessions are of a name.
        assert!(!call(connector, "127.0.0.1", &acceptor).unwrap().client.resumed());
        open.push(second);
    }
    let (sender, told) = channel();
    for pair in &mut open {
        let sender = sender.clone();
        pair.client.on_revoked(Box::new(move || sender.send(()).unwrap()));
    }
    assert_eq!(connectors[0].connections().len(), 1);

    servers.remove(&world.server.certificate().fingerprint()).unwrap();
    for (pair, connector) in open.iter_mut().zip(&connectors) {
        told.recv_timeout(support::DEADLINE).unwrap();
        let error = pair.client.write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revoked);
        refused(&error, Reason::Removed, "has been removed");
        // The server hears close_notify.
        assert!(pair.carry().1.is_ok() && pair.server.read(&mut [0; 8]).unwrap() == trustdir::tls::Read::Closed);
        let error = call(connector, "localhost", &acceptor).err().unwrap();
        refused(&error, Reason::Removed, "has been removed");
        assert!(connector.connections().is_empty());
    }
    // A session that was begun before does not outlive the entry.
    servers.install(world.server.certificate()).unwrap();
    for connector in &connectors {
        assert!(!call(connector, "localhost", &acceptor).unwrap().client.resumed());
        assert!(call(connector, "localhost", &acceptor).unwrap().client.resumed());
    }
}

/// Between the look at the session and the end of the handshake anything may happen.
#[test]
fn a_pin_that_goes_during_a_resumption_refuses() {
    let world = World::new();
    let servers = world.trust_dir(EntryNames::Any);
    servers.install(world.server.certificate()).unwrap();
    let acceptor = serving(&world.server).build().unwrap();
    for version in VERSIONS {
        let connector = only(Connector::builder().trust_dir(servers.clone()), version);
        call(&connector, "localhost", &acceptor).unwrap();
        let mut pair = Pair::new(&connector, "localhost", &acceptor); // has chosen the session
        servers.remove(&world.server.certificate().fingerprint()).unwrap();
        let error = pair.establish().unwrap_err();
        assert!(pair.client.resumed());
        refused(&error, Reason::Removed, "has been removed");
        assert_eq!(pair.client.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::Revoked);
        servers.install(world.server.certificate()).unwrap();
    }
}

/// The service has a new certificate, and still takes the sessions that it began with the old one.
#[test]
fn a_renewed_server_is_judged_by_its_new_certificate() {
    let world = World::new();
    let servers = world.trust_dir(EntryNames::Any);
    let renewed = world.ca.issue_server(&["localhost"], &IssueOptions::default()).unwrap();
    for version in VERSIONS {
        servers.install(world.server.certificate()).unwrap();
        let acceptor = serving(&world.server).build().unwrap();
        let connector = only(Connector::builder().trust_dir(servers.clone()), version);
        call(&connector, "localhost", &acceptor).unwrap();
        acceptor.reload(&serving(&renewed)).unwrap();
        servers.install(renewed.certificate()).unwrap();
        servers.remove(&world.server.certificate().fingerprint()).unwrap();
        let pair = call(&connector, "localhost", &acceptor).unwrap();
        assert!(!pair.client.resumed());
        assert_eq!(pair.client.decision().unwrap().certificate(), Some(renewed.certificate()));
        servers.remove(&renewed.certificate().fingerprint()).unwrap();
    }
}

/// The old certificate ends while its sessions are still good for the server.
#[test]
fn a_session_ends_with_its_certificate() {
    let world = World::new();
    let renewed = world.ca.issue_server(&["localhost"], &IssueOptions::default()).unwrap();
    for version in VERSIONS {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
        let options = IssueOptions { not_before: Some(now - 60), not_after: Some(now + 2), ..IssueOptions::default() };
        let ending = world.ca.issue_server(&["localhost"], &options).unwrap();
        let acceptor = serving(&ending).build().unwrap();
        let connector = only(trusting(&world.ca), version);
        call(&connector, "localhost", &acceptor).unwrap();
        acceptor.reload(&serving(&renewed)).unwrap();
        let (mut late, deadline) = (0, Instant::now() + support::DEADLINE);
        let last = loop {
            assert!(Instant::now() < deadline);
            match call(&connector, "localhost", &acceptor) {
                Ok(pair) if pair.client.resumed() => {}
                Ok(pair) => break pair,
                // It ended during that handshake.
                Err(_) => late += 1,
            }
        };
        assert_eq!(last.client.decision().unwrap().certificate(), Some(renewed.certificate()));
        assert!(late <= 1, "{late} connections were refused");
    }
}

/// The directory of authorities, with what it knows of revocations.
#[test]
fn a_revoked_server_is_refused_and_its_connection_closed() {
    let world = World::new();
    let options = AuthorityDirOptions { create: true, ..Default::default() };
    let authorities = AuthorityDir::open_with(world.path("authorities"), options).unwrap();
    let anchor = authorities.directory().install(world.ca.certificate()).unwrap();
    let acceptor = serving(&world.server).build().unwrap();
    let builder = Connector::builder().authorities(authorities.clone());
    let mut pair = call(&only(builder.clone(), TlsVersion::Tls13), "localhost", &acceptor).unwrap();
    assert_eq!(pair.client.decision().unwrap().entry(), Some(anchor.file()));
    refuses(&builder, "nas.home.arpa", &world.server, Reason::NameMismatch, "does not bear the name");
    // The same directory vouches for clients, by their own purpose.
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    refuses(&builder, "localhost", &alice, Reason::WrongPurpose, "lacks serverAuth");
    let now = alice.certificate().not_before();
    assert!(authorities.decide(&[alice.certificate().as_der()], now).is_admitted());

    world.ca.revoke(world.server.certificate(), RevocationReason::KeyCompromise).unwrap();
    authorities.install_crl_file(world.ca.crl(30).unwrap()).unwrap();
    refused(&pair.client.recheck().unwrap_err(), Reason::RevokedByCrl, "was revoked");
    refuses(&builder, "localhost", &world.server, Reason::RevokedByCrl, "was revoked");
    // An authority that is trusted without its list would be a way round the list.
    let both = builder.clone().authority(world.ca.certificate().clone()).build().unwrap_err();
    assert!(both.kind() == ErrorKind::InvalidArgument && both.message().ends_with("install it in the directory"));
    // A pin is trusted by itself.
    let pinned = builder.pin(world.server.certificate().clone()).build().unwrap();
    call(&pinned, "localhost", &acceptor).unwrap();
}

#[test]
fn pythons_server_is_called_and_calls_are_answered() {
    let world = World::new();
    let node = world.self_signed("node");
    let alice = world.self_signed("alice");
    for (clients, identity) in [("-".to_owned(), None), (text(&alice.certificate), Some(load(&alice)))] {
        let server = python(&world, &node, &clients, "clean");
        for version in VERSIONS {
            let builder = Connector::builder().pin(node.load());
            let builder = identity.iter().fold(builder, |to, one| to.identity(one.clone()));
            let mut call = Call::to(server.port, &only(builder, version), "localhost");
            assert_eq!(call.ask("hello\n").unwrap(), "HELLO\n");
            assert_eq!(call.read().unwrap(), b"", "a clean end");
        }
    }
    // It asks for a certificate, and there is none.
    let server = python(&world, &node, &text(&alice.certificate), "clean");
    for version in VERSIONS {
        let connector = only(Connector::builder().pin(node.load()), version);
        let error = Call::to(server.port, &connector, "localhost").ask("hello\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Alert, "{error}");
    }
}

#[test]
fn an_end_without_close_notify_is_an_error() {
    let world = World::new();
    let node = world.self_signed("node");
    let server = python(&world, &node, "-", "cut");
    for version in VERSIONS {
        let mut call = Call::to(server.port, &only(Connector::builder().pin(node.load()), version), "localhost");
        assert_eq!(call.ask("hello\n").unwrap(), "HELLO\n");
        let error = call.read().unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Truncated, "the server closed the connection without close_notify")
        );
    }
    let connector = trusting(&world.ca).build().unwrap();
    let mut early = connector.connect("localhost").unwrap();
    early.received_eof();
    let error = early.read(&mut [0; 8]).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Truncated, "the server closed the connection during the handshake")
    );
}

fn python(world: &World, files: &ClientFiles, clients: &str, end: &str) -> Program {
    let script = text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/serve.py"));
    let arguments = [&script, &text(&files.certificate), &text(&files.key), clients, end];
    Program::start("python3", &arguments.map(|argument: &str| argument), world.dir.path())
}

#[test]
fn who_does_not_speak_tls_or_never_answers_is_left() {
    let world = World::new();
    let connector = trusting(&world.ca).handshake_timeout(Duration::from_secs(5)).build().unwrap();
    let mut connection = connector.connect("localhost").unwrap();
    assert!(connection.write_tls(&mut [0; 4096]) > 0);
    let error = connection.read_tls(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Tls, "the server does not speak TLS; check the port"));

    let mut silent = connector.connect("localhost").unwrap();
    let deadline = silent.deadline().unwrap();
    assert!(deadline > Instant::now());
    let error = silent.expire(deadline).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.message(), "the server has not completed its handshake within 5 s");
}

/// What a server may cost before it is decided about, and how large what we send may be.
#[test]
fn a_handshake_with_a_server_is_bounded() {
    let world = World::new();
    let chain = [vec![world.server.certificate().clone()], vec![world.ca.certificate().clone()]].concat();
    let acceptor = serving(&Identity::new(chain, world.server.key().clone()).unwrap()).build().unwrap();
    let builder = trusting(&world.ca);
    for version in VERSIONS {
        call(&only(builder.clone().max_chain(2), version), "localhost", &acceptor).unwrap();
        let error = call(&only(builder.clone().max_chain(1), version), "localhost", &acceptor).err().unwrap();
        refused(&error, Reason::Malformed, "the server sent 2 certificates, and 1 are looked at at most");

        let mut pair = Pair::new(&only(builder.clone().handshake_bytes(500), version), "localhost", &acceptor);
        pair.server.read_tls(&sent(&mut pair.client)).unwrap();
        let error = sent(&mut pair.server).chunks(100).find_map(|some| pair.client.read_tls(some).err()).unwrap();
        assert_eq!(error.to_string(), "the server has sent more than 500 bytes before its handshake was over");

        let connector = only(builder.clone().max_fragment_size(64), version);
        let mut pair = call(&connector, "localhost", &acceptor).unwrap();
        assert_eq!(pair.client.write(&[b'x'; 1000]).unwrap(), 1000);
        let records = records(&sent(&mut pair.client));
        // What authenticates a record comes on top: 24 bytes at most.
        assert!(records.len() > 15 && records.iter().all(|record| record.len() <= 64 + 24), "{records:?}");
    }
    for builder in [builder.clone().max_chain(0), builder.clone().handshake_bytes(0), builder.max_fragment_size(31)] {
        assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn a_connector_that_makes_no_sense_is_not_made() {
    let world = World::new();
    let error = Connector::builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().starts_with("a connector trusts nobody by itself"), "{error}");
    let now = world.server.certificate().not_before() + 3600;
    let past = IssueOptions { not_before: Some(now - 9000), not_after: Some(now - 4000), ..IssueOptions::default() };
    let expired = world.ca.issue_client("alice", &past).unwrap();
    let error = trusting(&world.ca).identity(expired).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired);
    assert!(error.message().starts_with("the client's own certificate CN=alice has expired"), "{error}");
    let (newest, oldest) = (TlsVersion::Tls12, TlsVersion::Tls13);
    for (builder, kind) in [
        (trusting(&world.ca).alpn(&[""]), ErrorKind::InvalidArgument),
        (trusting(&world.ca).handshake_timeout(Duration::ZERO), ErrorKind::InvalidArgument),
        (trusting(&world.ca).min_version(oldest).max_version(newest), ErrorKind::Tls),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), kind);
    }
}

/// Whoever has the secrets reads along; they are told to nobody else.
#[test]
fn secrets_are_told_on_request() {
    let world = World::new();
    let (sender, lines) = channel::<String>();
    let log = move |line: &str| sender.send(line.to_owned()).unwrap();
    let connector = trusting(&world.ca).key_log(Arc::new(log)).build().unwrap();
    call(&connector, "localhost", &serving(&world.server).build().unwrap()).unwrap();
    assert!(lines.try_iter().any(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")));
}

/// What comes while something waits to be sent is processed once that is sent: nothing else would wake a host.
#[test]
fn a_flight_may_come_in_pieces() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).build().unwrap();
    let builder = Connector::builder().authority(world.ca.certificate().clone());
    for version in VERSIONS {
        let connector = only(builder.clone(), version);
        for size in [1, 64, 700] {
            let mut pair = Pair::new(&connector, "localhost", &acceptor);
            while pair.client.is_handshaking() || pair.server.is_handshaking() {
                let (up, down) = (sent(&mut pair.client), sent(&mut pair.server));
                assert!(!up.is_empty() || !down.is_empty(), "{version:?}, {size}: both ends wait");
                up.chunks(size).for_each(|piece| pair.server.read_tls(piece).unwrap());
                down.chunks(size).for_each(|piece| pair.client.read_tls(piece).unwrap());
            }
        }
    }
}
