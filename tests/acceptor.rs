//! What an acceptor is made with: identities and policies by name, reloads, deadlines, answers to plain HTTP.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::{IoSlice, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::version;
use support::client::{BOTH, SClient, Tls, once};
use support::server::{Server, What};
use support::wire::{self, Sessions, Wire, client};
use support::{World, text, try_run};
use trustdir::tls::{Acceptor, Connection, PlainHttp, Read, TlsVersion};
use trustdir::{ClientAuth, EntryNames, ErrorKind, Identity, IssueOptions, KeyAlgorithm, Policy, Reason};

fn identity(world: &World, names: &[&str], key: KeyAlgorithm) -> Identity {
    world.ca.issue_server(names, &IssueOptions { key_algorithm: Some(key), ..IssueOptions::default() }).unwrap()
}

/// What `openssl s_client` says of a connection that it closes at once.
fn look(world: &World, server: &Server, more: &[&str]) -> String {
    let (address, root) = (server.address(), text(&world.ca.certificate_path()));
    let fixed = ["s_client", "-connect", &address, "-CAfile", &root];
    String::from_utf8(try_run("openssl", &[&fixed[..], more].concat(), world.dir.path()).stdout).unwrap()
}

/// Serves one connection over a real socket until the handshake is over.
fn shake(listener: &TcpListener, acceptor: &Acceptor) -> (TcpStream, Connection) {
    let (mut socket, mut connection) = (listener.accept().unwrap().0, acceptor.accept().unwrap());
    let mut wire = [0; 4096];
    while connection.is_handshaking() {
        let count = socket.read(&mut wire).unwrap();
        assert!(count > 0, "the client has gone");
        connection.read_tls(&wire[..count]).unwrap();
        while connection.wants_write() {
            connection.send_tls(&mut socket).unwrap();
        }
    }
    (socket, connection)
}

#[test]
fn the_identity_is_chosen_by_name_and_by_what_the_client_verifies() {
    let world = World::new();
    let acceptor = Acceptor::builder(identity(&world, &["www.home.arpa"], KeyAlgorithm::EcdsaP256))
        .identity(identity(&world, &["*.home.arpa"], KeyAlgorithm::EcdsaP256))
        .identity(identity(&world, &["nas.home.arpa"], KeyAlgorithm::EcdsaP256))
        .identity(identity(&world, &["nas.home.arpa"], KeyAlgorithm::Rsa(2048)))
        .build()
        .unwrap();
    let server = Server::start(acceptor);
    for (asked, more, subject, key) in [
        ("www.home.arpa", "", "www.home.arpa", "256 bit"),
        ("NAS.home.arpa", "", "nas.home.arpa", "256 bit"),
        ("nas.home.arpa", "rsa_pss_rsae_sha256", "nas.home.arpa", "2048 bit"),
        ("tv.home.arpa", "", "*.home.arpa", "256 bit"),
        ("a.tv.home.arpa", "", "www.home.arpa", "256 bit"),
        ("elsewhere.org", "", "www.home.arpa", "256 bit"),
    ] {
        for tls in ["-tls1_2", "-tls1_3"] {
            let mut options = vec!["-servername", asked, tls];
            if !more.is_empty() {
                options.extend(["-sigalgs", more]);
            }
            let said = look(&world, &server, &options);
            assert!(said.contains(&format!("CN = {subject}\n")), "{asked} {tls}: {said}");
            assert!(said.contains(&format!("Server public key is {key}")), "{asked} {tls}: {said}");
        }
    }
    assert!(look(&world, &server, &["-noservername"]).contains("CN = www.home.arpa\n"));
}

#[test]
fn each_name_has_its_policy() {
    let world = World::new();
    let (alice, bob) = (world.issued("alice", &IssueOptions::default()), world.issued("bob", &IssueOptions::default()));
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    let admins = Policy::new(ClientAuth::Required).with_clients(directory.clone());
    let guests = Policy::new(ClientAuth::Optional).with_clients(directory);
    let builder = Acceptor::builder(world.server.clone())
        .policy_for("admin.localhost", admins.clone())
        .policy_for("*.localhost", guests);
    let acceptor = builder.build().unwrap();
    assert_eq!(acceptor.policy_for("ADMIN.localhost").client_auth(), ClientAuth::Required);
    assert_eq!(acceptor.policy_for("b.a.localhost").client_auth(), ClientAuth::Off);
    let server = Server::start(acceptor);
    let session = world.path("session.pem");
    for tls in BOTH {
        let ask = |name, client| {
            let mut connection = SClient::connect(
                &world,
                &server.address(),
                tls,
                client,
                &["-servername", name, "-sess_out", &text(&session)],
            );
            connection.echo("hello").is_some()
        };
        let _ = std::fs::remove_file(&session);
        assert!(ask("localhost", None) && ask("localhost", Some(&bob)));
        assert!(ask("guest.localhost", None) && ask("guest.localhost", Some(&alice)));
        assert!(!ask("guest.localhost", Some(&bob)));
        assert!(!ask("admin.localhost", None) && !ask("admin.localhost", Some(&bob)));
        assert!(!ask("admin.localhost.", None) && !ask("guest.localhost.", Some(&bob)));
        assert!(ask("admin.localhost", Some(&alice)));
        // Who has come in by one name resumes there, and not at another.
        assert!(ask("localhost", None));
        let mark = server.mark();
        let options = ["-servername", "localhost", "-sess_in", &text(&session)];
        let mut back = SClient::connect(&world, &server.address(), tls, None, &options);
        assert_eq!(back.echo("hello").as_deref(), Some("hello"));
        assert!(server.wait_from(mark, |event| event.what == What::Admitted).resumed, "{tls:?}");
        let options = ["-servername", "admin.localhost", "-sess_in", &text(&session)];
        let mut stranger = SClient::connect(&world, &server.address(), tls, None, &options);
        assert_eq!(stranger.echo("hello"), None);
    }
    let wrong = builder.clone().policy_for("a b", admins).build().unwrap_err();
    assert_eq!(wrong.to_string(), "a b is no host name; name a host, or several as *.example.org");
    let open = builder.policy_for("c.localhost", Policy::new(ClientAuth::Required)).build().unwrap_err();
    assert_eq!(open.to_string(), "client certificates need a trust directory");
}

#[test]
fn a_reload_is_for_new_handshakes() {
    let world = World::new();
    let alice = world.issued("alice", &IssueOptions::default());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    let builder = Acceptor::builder(world.server.clone());
    let acceptor = builder.clone().trust_dir(directory.clone()).build().unwrap();
    let server = Server::start(acceptor.clone());
    for tls in BOTH {
        acceptor.reload(&builder.clone().trust_dir(directory.clone())).unwrap();
        let mut open = SClient::connect(&world, &server.address(), tls, Some(&alice), &[]);
        assert_eq!(open.echo("before").as_deref(), Some("before"));
        let session = world.path("session.pem");
        once(&world, &server.address(), tls, Some(&alice), Some(("-sess_out", &session))).unwrap();

        // The certificate is renewed; whoever has a session goes on with it.
        let renewed = identity(&world, &["localhost", "127.0.0.1", "renewed"], KeyAlgorithm::EcdsaP256);
        acceptor.reload(&Acceptor::builder(renewed).trust_dir(directory.clone())).unwrap();
        let mark = server.mark();
        once(&world, &server.address(), tls, Some(&alice), Some(("-sess_in", &session))).unwrap();
        assert!(server.wait_from(mark, |event| event.what == What::Closed).resumed);
        assert!(look(&world, &server, &["-showcerts"]).contains("subject=CN = localhost"));
        assert_eq!(open.echo("after").as_deref(), Some("after"));

        // What cannot be served changes nothing.
        let expired =
            IssueOptions { not_before: Some(1_000_000_000), not_after: Some(1_000_086_400), ..IssueOptions::default() };
        let expired = world.ca.issue_server(&["localhost"], &expired).unwrap();
        assert_eq!(acceptor.reload(&Acceptor::builder(expired)).unwrap_err().kind(), ErrorKind::Expired);
        assert_eq!(acceptor.policy().client_auth(), ClientAuth::Required);

        // Nobody is asked for a certificate now; then somebody else's directory counts, and no old session.
        acceptor.reload(&builder).unwrap();
        once(&world, &server.address(), tls, None, None).unwrap();
        std::fs::create_dir_all(world.path("empty")).unwrap();
        let empty = trustdir::TrustDir::open(world.path("empty")).unwrap();
        acceptor.reload(&builder.clone().trust_dir(empty)).unwrap();
        once(&world, &server.address(), tls, Some(&alice), Some(("-sess_in", &session))).unwrap_err();
        assert_eq!(open.echo("still").as_deref(), Some("still"));
        assert!(acceptor.connections().iter().any(|open| open.certificate() == &alice.load()));
    }
}

/// A builder that is kept takes renewed identities; all else stays.
#[test]
fn identities_are_replaced_in_a_builder() {
    let world = World::new();
    let names: [&[&str]; 3] = [&["old.home.arpa"], &["new.home.arpa"], &["other.home.arpa"]];
    let [old, new, other] = names.map(|names| identity(&world, names, KeyAlgorithm::EcdsaP256));
    let builder = Acceptor::builder(old.clone()).identity(old).client_auth(ClientAuth::Off).alpn(&["x"]);
    let acceptor = builder.build().unwrap();
    let server = Server::start(acceptor.clone());
    assert!(look(&world, &server, &["-noservername", "-alpn", "x"]).contains("CN = old.home.arpa\n"));
    acceptor.reload(&builder.clone().identities([new, other])).unwrap();
    for (asked, shown) in
        [("new.home.arpa", "new"), ("other.home.arpa", "other"), ("old.home.arpa", "new"), ("elsewhere", "new")]
    {
        let said = look(&world, &server, &["-servername", asked, "-alpn", "x"]);
        assert!(said.contains(&format!("CN = {shown}.home.arpa\n")) && said.contains("ALPN protocol: x"), "{said}");
    }
    let error = acceptor.reload(&builder.identities([])).unwrap_err();
    assert_eq!(error.to_string(), "a service needs an identity to show; give one");
}

/// What a client may cost is counted from its first byte, by the limits of that moment, and told by them.
#[test]
fn a_reload_leaves_those_their_limits_who_have_connected() {
    let world = World::new();
    let builder = Acceptor::builder(world.server.clone()).handshake_timeout(Duration::from_secs(5));
    let acceptor = builder.clone().handshake_bytes(100_000).build().unwrap();
    let config = client(&world.ca, &world.server, &version::TLS13, Sessions::None);
    let mut slow = Wire::new(&config, &acceptor);
    let deadline = slow.server.deadline().unwrap();
    let mut large = Wire::new(&config, &acceptor);
    acceptor.reload(&builder.handshake_timeout(Duration::from_secs(9)).handshake_bytes(1)).unwrap();
    slow.step(usize::MAX).unwrap(); // its ClientHello
    assert_eq!(slow.server.deadline(), Some(deadline));
    let error = slow.server.expire(deadline).unwrap_err();
    assert_eq!(error.message(), "the client has not completed its handshake within 5 s");
    large.establish().unwrap();
    let error = Wire::new(&config, &acceptor).refused();
    assert_eq!(error.message(), "the client has sent more than 1 bytes before its handshake was over");
}

#[test]
fn plain_http_is_answered_as_chosen() {
    let world = World::new();
    let builder = Acceptor::builder(world.server.clone());
    let ask = |answer: PlainHttp, path: &str| {
        let server = Server::start(builder.clone().plain_http(answer).build().unwrap());
        let url = format!("http://{}{path}", server.address());
        let output = try_run("curl", &["-s", "-i", "--max-time", "30", &url], world.dir.path());
        let refused = server.wait(|event| event.what == What::Refused);
        assert!(refused.message.contains("http:// on an https port"), "{}", refused.message);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(!ask(PlainHttp::alert(), "/").starts_with("HTTP/1.1"));
    let refused = ask(PlainHttp::bad_request(), "/");
    assert!(
        refused.starts_with("HTTP/1.1 400 Bad Request\r\n") && refused.contains("open it with https://"),
        "{refused}"
    );
    let redirected = ask(PlainHttp::redirect("https://localhost:7076").unwrap(), "/a?b=c");
    assert!(redirected.contains("\r\nLocation: https://localhost:7076/a?b=c\r\n"), "{redirected}");
    // TLS is spoken as ever.
    let server = Server::start(builder.plain_http(PlainHttp::bad_request()).build().unwrap());
    once(&world, &server.address(), Tls::V13, None, None).unwrap();
}

#[test]
fn a_handshake_ends_at_its_deadline() {
    let world = World::new();
    let acceptor = Acceptor::builder(world.server.clone()).handshake_timeout(Duration::from_secs(5)).build().unwrap();
    let accepted = Instant::now();
    let mut silent = acceptor.accept_at(accepted).unwrap();
    assert_eq!(silent.deadline(), Some(accepted + Duration::from_secs(5)));
    silent.expire(accepted + Duration::from_millis(4999)).unwrap();
    let error = silent.expire(accepted + Duration::from_secs(5)).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::TimedOut, "the client has not completed its handshake within 5 s")
    );
    assert_eq!((silent.deadline(), silent.wants_read()), (None, false));
    // One that dribbles is cut without being asked about.
    let mut slow = acceptor.accept_at(accepted.checked_sub(Duration::from_secs(6)).unwrap()).unwrap();
    assert_eq!(slow.read_tls(b"\x16").unwrap_err().kind(), ErrorKind::TimedOut);
    // Who is done has no deadline.
    let config = client(&world.ca, &world.server, &version::TLS13, Sessions::None);
    let mut wire = Wire::new(&config, &acceptor);
    wire.establish().unwrap();
    assert_eq!(wire.server.deadline(), None);
    wire.server.expire(accepted + Duration::from_secs(3600)).unwrap();
}

#[test]
fn a_handshake_is_bounded() {
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(alice.certificate()).unwrap();
    let builder = Acceptor::builder(world.server.clone()).trust_dir(directory);
    let config = client(&world.ca, &alice, &version::TLS13, Sessions::None);
    let error = Wire::new(&config, &builder.clone().handshake_bytes(500).build().unwrap()).refused();
    assert_eq!(error.to_string(), "the client has sent more than 500 bytes before its handshake was over");
    // What comes with the end of the handshake is not of it.
    let mut wire = Wire::new(&config, &builder.clone().handshake_bytes(4096).build().unwrap());
    wire.client.writer().write_all(&[7; 50_000]).unwrap();
    while wire.server.decision().is_none() {
        wire.step(usize::MAX).unwrap();
    }

    let chain = [vec![alice.certificate().clone()], vec![world.ca.certificate().clone()]].concat();
    let long = Identity::new(chain, alice.key().clone()).unwrap();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = Arc::new(wire::config(&world.ca, Some(&long), &version::TLS13, provider));
    assert!(Wire::new(&config, &builder.clone().build().unwrap()).establish().is_ok());
    let error = Wire::new(&config, &builder.clone().max_chain(1).build().unwrap()).refused();
    assert_eq!(error.to_string(), "the client sent 2 certificates, and 1 are looked at at most");
    assert_eq!(error.decision().unwrap().reason(), Reason::Malformed);
    assert!(builder.handshake_bytes(0).build().is_err());
}

#[test]
fn both_ends_export_the_same_secret() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = lines.clone();
    let builder = Acceptor::builder(world.server.clone()).alpn(&["h2", "http/1.1"]);
    let acceptor = builder.key_log(Arc::new(move |line| log.lock().unwrap().push(line.to_owned()))).build().unwrap();
    assert!(acceptor.accept().unwrap().channel_binding().is_err());
    for (tls, name) in [("-tls1_2", TlsVersion::Tls12), ("-tls1_3", TlsVersion::Tls13)] {
        let root = text(&world.ca.certificate_path());
        let keys = text(&world.path("keys.log"));
        let client = std::process::Command::new("openssl")
            .args(["s_client", "-connect", &address, "-CAfile", &root, "-servername", "localhost", tls])
            .args(["-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32", "-alpn", "http/1.1"])
            .args(["-groups", "P-256", "-keylogfile", &keys])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let (mut socket, mut connection) = shake(&listener, &acceptor);
        connection.close_notify();
        connection.send_tls(&mut socket).unwrap();
        let binding: String = connection.channel_binding().unwrap().iter().map(|byte| format!("{byte:02X}")).collect();
        drop(socket);
        let said = String::from_utf8(client.wait_with_output().unwrap().stdout).unwrap();
        // Without a context, TLS 1.2 exports something else than with an empty one (RFC 5705, 4).
        if name == TlsVersion::Tls13 {
            assert!(said.contains(&format!("Keying material: {binding}")), "{binding} {said}");
        } else {
            let mut plain = [0; 32];
            connection.export_keying_material(&mut plain, b"EXPORTER-Channel-Binding", None).unwrap();
            let plain: String = plain.iter().map(|byte| format!("{byte:02X}")).collect();
            assert!(said.contains(&format!("Keying material: {plain}")), "{plain} {said}");
        }
        assert_eq!((connection.version(), connection.key_exchange()), (Some(name), Some("secp256r1")));
        assert_eq!((connection.alpn(), connection.server_name()), (Some("http/1.1"), Some("localhost")));
        assert!(connection.peer_chain().is_empty());
        // Both ends wrote down the same secrets.
        let theirs = std::fs::read_to_string(&keys).unwrap();
        let ours = std::mem::take(&mut *lines.lock().unwrap());
        assert!(!ours.is_empty() && ours.iter().all(|line| theirs.contains(line)), "{ours:?} {theirs}");
        std::fs::remove_file(&keys).unwrap();
    }
}

#[test]
fn plaintext_is_read_where_it_lies_and_written_from_where_it_is() {
    let world = World::new();
    let alice = world.ca.issue_client("alice", &IssueOptions::default()).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(alice.certificate()).unwrap();
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap();
    for version in [&version::TLS12, &version::TLS13] {
        let mut wire = Wire::new(&client(&world.ca, &alice, version, Sessions::None), &acceptor);
        assert_eq!(wire.server.peek().unwrap(), None);
        assert_eq!(wire.server.write(b"early").unwrap(), 0);
        wire.establish().unwrap();
        assert_eq!(wire.server.peer_chain(), [alice.certificate().clone()]);
        wire.say(b"one two");
        wire.step(usize::MAX).unwrap();
        assert_eq!(wire.server.peek().unwrap(), Some(&b"one two"[..]));
        wire.server.consume(4);
        assert_eq!((wire.server.pending(), wire.server.peek().unwrap()), (3, Some(&b"two"[..])));
        wire.server.consume(3);
        assert_eq!((wire.server.pending(), wire.server.peek().unwrap()), (0, None));
        let pieces = [IoSlice::new(b"a"), IoSlice::new(b""), IoSlice::new(b"bc")];
        assert_eq!(wire.server.write_vectored(&pieces).unwrap(), 3);
        wire.step(usize::MAX).unwrap();
        assert_eq!(wire.heard(), b"abc");

        // Half close: who has said that it is done still hears us (RFC 8446, 6.1).
        if version == &version::TLS13 {
            wire.say(b"the end");
            wire.client.send_close_notify();
            wire.step(usize::MAX).unwrap();
            assert_eq!(wire.server.read(&mut [0; 64]).unwrap(), Read::Data(7));
            assert_eq!(wire.server.peek().unwrap(), Some(&[][..]));
            assert_eq!(wire.server.write(b"goodbye").unwrap(), 7);
            wire.step(usize::MAX).unwrap();
            assert_eq!(wire.heard(), b"goodbye");
        }
        wire.server.received_eof();

        // More than one piece is never dropped.
        let mut wire = Wire::new(&client(&world.ca, &alice, version, Sessions::None), &acceptor);
        wire.establish().unwrap();
        wire.say(&[b'a'; 20_000]);
        wire.step(usize::MAX).unwrap();
        wire.server.consume(usize::MAX);
        assert!((1..20_000).contains(&wire.server.pending()));

        // A piece that was shown is the last: the entry goes before the next.
        let mut wire = Wire::new(&client(&world.ca, &alice, version, Sessions::None), &acceptor);
        wire.establish().unwrap();
        wire.say(b"secret");
        wire.step(usize::MAX).unwrap();
        assert_eq!(wire.server.peek().unwrap(), Some(&b"secret"[..]));
        directory.remove(&alice.certificate().fingerprint()).unwrap();
        assert_eq!(wire.server.peek().unwrap_err().kind(), ErrorKind::Revoked);
        assert_eq!(wire.server.write_vectored(&pieces).unwrap_err().kind(), ErrorKind::Revoked);
        directory.install(alice.certificate()).unwrap();
    }
}
