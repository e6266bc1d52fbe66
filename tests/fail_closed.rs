//! Promise 3: fail closed, and say why.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use support::call::call;
use support::{World, openssl, text};
use trustdir::config::NanoConfig;
use trustdir::tls::{Connector, Read};
use trustdir::{ClientAuth, EntryNames, ErrorKind, Identity, IssueOptions, Reason, TrustDir, TrustDirOptions};

/// The guide's configuration and files, made by the guide's commands, in `dir/tls`.
fn guide(world: &World) -> std::path::PathBuf {
    let tls = world.path("tls");
    fs::create_dir_all(tls.join("clients")).unwrap();
    let arguments = [
        "req",
        "-newkey",
        "rsa:2048",
        "-keyout",
        "server.key.pem",
        "-x509",
        "-days",
        "3650",
        "-out",
        "server.cert.pem",
    ];
    openssl(
        &[&arguments[..], &["-passout", "pass:test", "-subj", "/C=US/O=MyNanoRPCServer/CN=www.example.com"]].concat(),
        &tls,
    );
    let path = world.path("config-rpc.toml");
    fs::write(&path, GUIDE).unwrap();
    path
}

const GUIDE: &str = r#"
address = "::1"
port = 7076
enable_control = true

[logging]
log_rpc = true

[secure]
enable=true
verbose_logging=true
server_cert_path="tls/server.cert.pem"
server_key_path="tls/server.key.pem"
server_key_passphrase="test"
server_dh_path="tls/dh1024.pem"
client_certs_path="tls/clients"
"#;

#[test]
fn the_guides_configuration_works() {
    let world = World::new();
    let config = NanoConfig::load(guide(&world)).unwrap();
    assert_eq!((config.address(), config.port()), (Some("::1"), Some(7076)));
    assert_eq!(config.clients_path(), Some(world.path("tls/clients").as_path()));
    assert_eq!(config.notes().len(), 1, "{:?}", config.notes());
    assert!(config.notes()[0].contains("server_dh_path is not needed"));
    let acceptor = config.acceptor().unwrap();
    assert_eq!(acceptor.policy().client_auth(), ClientAuth::Required);
    assert_eq!(acceptor.policy().clients().unwrap().entry_names(), EntryNames::SubjectHash);
    assert!(!format!("{config:?}").contains("test\""), "the passphrase is in no Debug output");
}

/// A renewed identity comes as two files. Between them the node goes on with what it has, whether it looks at the files
/// itself or is told to read everything again.
#[test]
fn a_renewal_in_two_steps_is_taken_when_it_is_whole() {
    let world = World::new();
    let config = NanoConfig::load(guide(&world)).unwrap();
    let alice = world.issued("alice", &IssueOptions::default());
    let directory = TrustDirOptions { entry_names: EntryNames::SubjectHash, ..TrustDirOptions::default() };
    TrustDir::open_with(config.clients_path().unwrap(), directory).unwrap().install(&alice.load()).unwrap();
    let save = |identity: &Identity, path: &Path| {
        let new = world.path("renewed");
        let (certificate, key) = (new.join("c"), new.join("k"));
        let _ = fs::remove_dir_all(&new);
        fs::create_dir(&new).unwrap();
        identity.save(&certificate, &key, Some(b"test")).unwrap();
        fs::rename(if path == config.key_path() { key } else { certificate }, path).unwrap();
    };
    let [first, second] = [1, 2].map(|_| world.ca.issue_server(&["localhost"], &IssueOptions::default()).unwrap());
    save(&first, config.certificate_path());
    save(&first, config.key_path());

    let (settings, mut files) = (config.builder().unwrap(), config.identity_files().unwrap());
    let acceptor = settings.build().unwrap();
    let identity = Identity::load(&alice.certificate, &alice.key, None).unwrap();
    let connect = || {
        let builder = Connector::builder().authority(world.ca.certificate().clone()).identity(identity.clone());
        call(&builder.build().unwrap(), "localhost", &acceptor).unwrap()
    };
    let shown = || connect().client.decision().unwrap().certificate().unwrap().clone();
    assert_eq!(files.reload_if_changed().unwrap().unwrap().chain(), first.chain());
    let mut open = connect();

    save(&second, config.key_path());
    assert_eq!(files.reload_if_changed().unwrap_err().kind(), ErrorKind::KeyMismatch);
    assert_eq!(config.builder().unwrap_err().kind(), ErrorKind::KeyMismatch);
    assert_eq!(&shown(), first.certificate());

    save(&second, config.certificate_path());
    let renewed = files.reload_if_changed().unwrap().unwrap();
    acceptor.reload(&settings.clone().identities([renewed])).unwrap();
    assert_eq!(&shown(), second.certificate());
    assert_eq!(acceptor.policy().client_auth(), ClientAuth::Required);
    // Who was connected stays.
    assert_eq!(open.server.write(b"still here").unwrap(), 10);
    open.carry().0.unwrap();
    assert_eq!(open.client.read(&mut [0; 64]).unwrap(), Read::Data(10));
}

#[test]
fn the_later_form_works() {
    let world = World::new();
    guide(&world);
    let path = world.path("config-tls.toml");
    let text = GUIDE.split("[secure]").nth(1).unwrap().replace("enable=true", "enable_https=true\nenable_wss=false");
    fs::write(&path, text).unwrap();
    assert!(NanoConfig::load(&path).unwrap().enabled());
    NanoConfig::load(&path).unwrap().acceptor().unwrap();
}

/// The guide's node went on without client certificates after each of these.
#[test]
fn any_configuration_error_means_no_listener() {
    let world = World::new();
    let path = guide(&world);
    let cases: &[(&str, &str, ErrorKind, &str)] = &[
        ("=\"test\"", "=\"wrong\"", ErrorKind::WrongPassphrase, "server_key_passphrase"),
        ("server_key_passphrase=\"test\"\n", "", ErrorKind::PassphraseRequired, "server_key_passphrase"),
        ("tls/server.key.pem", "tls/no.key.pem", ErrorKind::NotFound, "no.key.pem"),
        ("tls/server.cert.pem", "tls/no.cert.pem", ErrorKind::NotFound, "no.cert.pem"),
        ("tls/clients\"", "tls/no-clients\"", ErrorKind::NotFound, "no-clients"),
        ("client_certs_path", "client_cert_path", ErrorKind::Parse, "client_cert_path"),
        ("enable=true", "enable=\"yes\"", ErrorKind::Parse, "line"),
        ("enable=true", "enable=false", ErrorKind::Unsupported, "enable"),
        ("[secure]", "[secured]", ErrorKind::NotFound, "[secure]"),
        ("\naddress", "\nenable_https=true\naddress", ErrorKind::InvalidArgument, "[secure]"),
        ("[secure]", "[secure", ErrorKind::Parse, "line"),
    ];
    for (from, to, kind, names) in cases {
        fs::write(&path, GUIDE.replace(from, to)).unwrap();
        let error = NanoConfig::load(&path).and_then(|config| config.acceptor()).unwrap_err();
        assert_eq!(error.kind(), *kind, "{to}: {error}");
        assert!(error.message().contains(names), "{to}: {error}");
        assert!(!error.message().contains('\n') && !error.message().contains("wrong\""), "{error}");
    }
}

/// As a node does at SIGHUP.
#[test]
fn a_configuration_is_reloaded_whole_or_not_at_all() {
    let world = World::new();
    let path = guide(&world);
    let acceptor = NanoConfig::load(&path).unwrap().acceptor().unwrap();
    let reload = || acceptor.reload(&NanoConfig::load(&path)?.builder()?);
    reload().unwrap();
    fs::write(&path, GUIDE.replace("client_certs_path", "# client_certs_path")).unwrap();
    reload().unwrap();
    assert_eq!(acceptor.policy().client_auth(), ClientAuth::Off);
    fs::write(&path, GUIDE.replace("server.key.pem", "no.key.pem")).unwrap();
    assert_eq!(reload().unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(acceptor.policy().client_auth(), ClientAuth::Off);
    fs::write(&path, GUIDE).unwrap();
    reload().unwrap();
    assert_eq!(acceptor.policy().client_auth(), ClientAuth::Required);
}

/// What is not an error for the node's sake is said aloud.
#[test]
fn what_is_not_read_and_what_is_open_is_said() {
    let world = World::new();
    let path = guide(&world);
    let text = GUIDE.replace("port = 7076", "prot = 7076").replace("client_certs_path=\"tls/clients\"\n", "");
    fs::write(&path, text).unwrap();
    let config = NanoConfig::load(&path).unwrap();
    for said in ["prot is not read", "WARNING: client_certs_path is not set"] {
        assert!(config.notes().iter().any(|note| note.contains(said)), "{said}: {:?}", config.notes());
    }
    assert!(config.policy().contains("everybody is served"));
}

#[test]
fn relative_paths_start_at_the_file() {
    let world = World::new();
    let path = guide(&world);
    let config = NanoConfig::load(&path).unwrap();
    assert_eq!(config.certificate_path(), world.path("tls/server.cert.pem"));
}

#[test]
fn an_empty_directory_admits_nobody() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default()).load();
    let directory = world.trust_dir(EntryNames::Any);
    assert_eq!(directory.decide(alice.as_der(), alice.not_before()).reason(), Reason::NotInstalled);
}

#[test]
fn a_missing_directory_is_an_error_and_one_that_goes_admits_nobody() {
    let world = World::new();
    let error = TrustDir::open(world.path("no-clients")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let alice = world.issued("alice", &Default::default()).load();
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice).unwrap();
    fs::remove_dir_all(&world.clients).unwrap();
    assert!(!directory.decide(alice.as_der(), alice.not_before()).is_admitted());
    assert_eq!(directory.list().unwrap_err().kind(), ErrorKind::NotFound);
}

/// One odd file affects itself only, is reported with its remedy, and never blocks.
#[test]
fn an_unreadable_file_affects_itself_only() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default());
    let clients = &world.clients;
    fs::copy(&alice.certificate, clients.join("0fb8533c.1")).unwrap(); // wrong hash: any name will do
    fs::write(clients.join("empty.pem"), "").unwrap();
    fs::write(clients.join("garbage.pem"), b"\x00\xff\n\n").unwrap();
    fs::write(clients.join("truncated.pem"), &fs::read(&alice.certificate).unwrap()[..200]).unwrap();
    fs::copy(&alice.key, clients.join("alice.key.pem")).unwrap();
    symlink("nowhere", clients.join("dangling.pem")).unwrap();
    symlink("loop.pem", clients.join("loop.pem")).unwrap();
    fs::File::create(clients.join("huge.pem")).unwrap().set_len(1 << 40).unwrap();
    support::run("mkfifo", &["fifo.pem"], clients);
    fs::create_dir(clients.join("sub")).unwrap();
    fs::write(clients.join(".hidden"), "").unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let certificate = alice.load();
    assert!(directory.decide(certificate.as_der(), certificate.not_before()).is_admitted());
    let problems = directory.problems().unwrap();
    let files: Vec<_> = problems.iter().map(|problem| problem.file().file_name().unwrap().to_str().unwrap()).collect();
    let expected = [
        "alice.key.pem",
        "dangling.pem",
        "empty.pem",
        "fifo.pem",
        "garbage.pem",
        "huge.pem",
        "loop.pem",
        "truncated.pem",
    ];
    assert_eq!(files, expected);
    assert!(
        problems.iter().all(|problem| !problem.message().contains('\n') && problem.message().len() > 10),
        "{problems:#?}"
    );
}

/// Taking over a directory never widens access: under the subject-hash policy a file admits only where
/// OpenSSL would look for it.
#[test]
fn the_subject_hash_policy_reads_as_openssl_does() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default());
    let certificate = alice.load();
    let hash = certificate.subject().subject_hash().unwrap().to_string();
    let at = |name: &str| world.clients.join(name);
    let admitted = || {
        let directory = world.trust_dir(EntryNames::SubjectHash);
        directory.decide(certificate.as_der(), certificate.not_before()).is_admitted()
    };
    for name in [
        "alice.pem",
        "ffffffff.0",
        &hash.to_uppercase(),
        &format!("{hash}.pem"),
        &format!("{hash}.01"),
        &format!("{hash}.r0"),
    ] {
        fs::copy(&alice.certificate, at(name)).unwrap();
        assert!(!admitted(), "{name}");
        fs::remove_file(at(name)).unwrap();
    }
    let old = certificate.subject().subject_hash_old();
    fs::copy(&alice.certificate, at(&format!("{old}.0"))).unwrap();
    assert!(!admitted(), "the hash of OpenSSL before 1.0");
    fs::copy(&alice.certificate, at(&format!("{hash}.0"))).unwrap();
    assert!(admitted());
}

/// Every decision says who, why and by which file; text from certificates cannot forge a log line.
#[test]
fn every_decision_has_reason_subject_fingerprint_and_file() {
    let world = World::new();
    let evil = world.path("evil.pem");
    let subject = "/CN=mallory\nevent=admitted subject=\"CN=alice\"\u{202e}";
    let key = text(&world.path("evil.key"));
    let arguments = [
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        &key,
        "-x509",
        "-utf8",
        "-subj",
        subject,
        "-out",
        &text(&evil),
    ];
    openssl(&arguments, world.dir.path());
    let certificate = trustdir::Certificate::load(&evil).unwrap();
    let directory = world.trust_dir(EntryNames::Any);
    let refusal = directory.decide(certificate.as_der(), certificate.not_before());
    let entry = directory.install(&certificate).unwrap();
    let admission = directory.decide(certificate.as_der(), certificate.not_before());
    assert_eq!((refusal.reason(), admission.reason()), (Reason::NotInstalled, Reason::Admitted));
    assert_eq!((refusal.entry(), admission.entry()), (None, Some(entry.file())));
    for decision in [refusal, admission] {
        assert_eq!(decision.fingerprint(), Some(certificate.fingerprint()));
        let said = decision.subject().unwrap() + decision.message();
        assert!(said.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{said:?}");
        assert!(said.contains("\\0A"), "{said}");
    }
}

#[test]
fn an_acceptor_that_makes_no_sense_is_not_built() {
    let world = World::new();
    let builder = || trustdir::tls::Acceptor::builder(world.server.clone());
    let directory = TrustDir::open_with(&world.clients, TrustDirOptions::default()).unwrap();
    for error in [
        builder().client_auth(ClientAuth::Required).build().unwrap_err(),
        builder().client_auth(ClientAuth::Off).trust_dir(directory).build().unwrap_err(),
        builder().alpn(&[""]).build().unwrap_err(),
        builder().max_fragment_size(31).build().unwrap_err(),
        builder().max_fragment_size(16390).build().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let for_ever = builder().handshake_timeout(Duration::MAX).build().unwrap();
    assert_eq!(for_ever.accept().unwrap().deadline(), None);
    let expired = trustdir::IssueOptions { not_before: Some(0), not_after: Some(86400), ..Default::default() };
    let identity = world.ca.issue_server(&["localhost"], &expired).unwrap();
    assert_eq!(trustdir::tls::Acceptor::builder(identity).build().unwrap_err().kind(), ErrorKind::Expired);
}
