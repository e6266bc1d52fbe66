//! Promise 2: a pin is only itself. It admits exactly its own DER, whatever its extensions say.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, RootCertStore, SignatureScheme, SupportedProtocolVersion,
};
use support::client::{BOTH, once};
use support::server::{Server, What};
use support::{ClientFiles, World, openssl, text};
use trustdir::tls::Acceptor;
use trustdir::{Certificate, EntryNames, ErrorKind, KeyAlgorithm, PrivateKey, Reason, TrustDir};

fn start(world: &World) -> Server {
    let directory = world.trust_dir(EntryNames::Any);
    Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory).build().unwrap())
}

fn admitted(world: &World, server: &Server, client: &ClientFiles) {
    for tls in BOTH {
        once(world, &server.address(), tls, Some(client), None)
            .unwrap_or_else(|errors| panic!("{tls:?} {client:?}: {errors}"));
    }
}

fn refused(world: &World, server: &Server, client: &ClientFiles, reason: Reason) {
    for tls in BOTH {
        let mark = server.mark();
        once(world, &server.address(), tls, Some(client), None).unwrap_err();
        assert_eq!(server.wait_from(mark, |event| event.what == What::Refused).reason, Some(reason), "{tls:?}");
    }
}

/// OpenSSL admits what an installed CA:TRUE certificate has signed; so every client could make more.
#[test]
fn an_installed_client_cannot_mint_clients() {
    let world = World::new();
    let rpcuser1 = world.self_signed("rpcuser1");
    assert!(rpcuser1.load().is_authority(), "the guide's command makes CA:TRUE");
    world.link(&rpcuser1);
    let guest = world.minted("guest", &rpcuser1);
    let server = start(&world);
    admitted(&world, &server, &rpcuser1);
    refused(&world, &server, &guest, Reason::MintedByPin);
    // Without the minter behind it, it is the same.
    refused(&world, &server, &ClientFiles { chain: None, ..guest }, Reason::MintedByPin);
}

/// Our own authority, installed by mistake, still admits none of its clients.
#[test]
fn an_installed_authority_admits_itself_only() {
    let world = World::new();
    fs::copy(world.ca.certificate_path(), world.clients.join("ca.pem")).unwrap();
    let alice = world.issued("alice", &Default::default());
    refused(&world, &start(&world), &alice, Reason::MintedByPin);
}

/// The same public key and subject in another certificate is another certificate.
#[test]
fn the_same_key_in_another_certificate_is_refused() {
    let world = World::new();
    let rpcuser1 = world.self_signed("rpcuser1");
    world.trust_dir(EntryNames::Any).install(&rpcuser1.load()).unwrap();
    let again = ClientFiles { certificate: world.path("again.pem"), ..rpcuser1.clone() };
    let (key, certificate) = (text(&rpcuser1.key), text(&again.certificate));
    openssl(
        &["req", "-new", "-x509", "-key", &key, "-days", "3", "-subj", "/CN=rpcuser1", "-out", &certificate],
        world.dir.path(),
    );
    let server = start(&world);
    admitted(&world, &server, &rpcuser1);
    // Signed by the pin's own key and bearing its name, as a renewal would: still not the pin.
    refused(&world, &server, &again, Reason::SameNameOtherKey);
}

/// Having a client's certificate, as everybody who has seen it does, is not having its key.
#[test]
fn a_certificate_without_its_key_is_refused() {
    let world = World::new();
    let alice = world.issued("alice", &Default::default());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&alice.load()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (refusal, _) = lie(&world, &directory, &alice.load(), version);
        assert_eq!(refusal.kind(), ErrorKind::BadSignature);
        assert_eq!(refusal.decision().unwrap().reason(), Reason::BadSignature);
        assert_eq!(refusal.subject(), Some("CN=alice"));
    }
}

/// Nor does the alert tell it whether that certificate is installed, was, or never has been.
#[test]
fn alerts_are_no_oracle() {
    let world = World::new();
    let [installed, removed, never] =
        ["installed", "removed", "never"].map(|name| world.issued(name, &Default::default()).load());
    let directory = world.trust_dir(EntryNames::Any);
    directory.install(&installed).unwrap();
    directory.install(&removed).unwrap();
    directory.remove(&removed.fingerprint()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let heard = [&installed, &removed, &never].map(|victim| lie(&world, &directory, victim, version));
        let reasons = heard.each_ref().map(|(refusal, _)| refusal.decision().unwrap().reason());
        assert_eq!(reasons, [Reason::BadSignature, Reason::Removed, Reason::NotInstalled]);
        assert!(heard[0].1.is_some() && heard.iter().all(|(_, alert)| *alert == heard[0].1), "{heard:?}");
    }
}

/// Hands a client's certificate to the acceptor and signs with another key, which openssl refuses to do. Returns the
/// refusal and the alert that the liar hears.
fn lie(
    world: &World,
    directory: &TrustDir,
    victim: &Certificate,
    version: &'static SupportedProtocolVersion,
) -> (trustdir::Error, Option<AlertDescription>) {
    #[derive(Debug)]
    struct Liar(Arc<CertifiedKey>);
    impl ResolvesClientCert for Liar {
        fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            Some(self.0.clone())
        }
        fn has_certs(&self) -> bool {
            true
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let own = PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap();
    let own = PrivateKeyDer::from_pem_slice(own.to_pem(None).unwrap().as_bytes()).unwrap();
    let own = provider.key_provider.load_private_key(own).unwrap();
    let lie = CertifiedKey::new(vec![CertificateDer::from(victim.as_der().to_vec())], own);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(world.ca.certificate().as_der().to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let config = config.with_root_certificates(roots).with_client_cert_resolver(Arc::new(Liar(Arc::new(lie))));
    let mut client = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let acceptor = Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap();
    let mut server = acceptor.accept().unwrap();
    loop {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        let refused = server.read_tls(&wire).err();
        assert!(server.is_handshaking() || refused.is_some(), "admitted");
        let mut wire = [0; 16384];
        let count = server.write_tls(&mut wire);
        client.read_tls(&mut &wire[..count]).unwrap();
        let heard = match client.process_new_packets() {
            Err(rustls::Error::AlertReceived(alert)) => Some(alert),
            other => other.map(|_| None).unwrap(),
        };
        if let Some(refusal) = refused {
            return (refusal, heard);
        }
    }
}

/// Every form of key and certificate that OpenSSL makes for clients works as a pin.
#[test]
fn every_sort_of_certificate_works_as_a_pin() {
    let world = World::new();
    let dir = world.dir.path();
    let mut clients = Vec::new();
    for (name, new_key) in [
        ("p256", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"][..]),
        ("p384", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("p521", &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        ("ed25519", &["-newkey", "ed25519"]),
        ("rsa3072", &["-newkey", "rsa:3072"]),
        ("sha1", &["-newkey", "rsa:2048", "-sha1"]),
    ] {
        let client = ClientFiles {
            certificate: world.path(&format!("{name}.pem")),
            key: world.path(&format!("{name}.key")),
            chain: None,
        };
        let (key, certificate, subject) = (text(&client.key), text(&client.certificate), format!("/CN={name}"));
        let ends = ["-nodes", "-keyout", &key, "-x509", "-days", "30", "-subj", &subject, "-out", &certificate];
        openssl(&[&["req"], new_key, &ends].concat(), dir);
        clients.push(client);
    }
    // X.509 v1, self-signed and under a CA, as Rocket.Chat's guide makes on OpenSSL 3.0.
    for signer in [None, Some(&clients[0].clone())] {
        let name = if signer.is_some() { "v1-issued" } else { "v1" };
        let client = ClientFiles {
            certificate: world.path(&format!("{name}.pem")),
            key: world.path(&format!("{name}.key")),
            chain: None,
        };
        let (key, certificate, request) = (text(&client.key), text(&client.certificate), text(&world.path("request")));
        openssl(
            &[
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                &key,
                "-subj",
                &format!("/CN={name}"),
                "-out",
                &request,
            ],
            dir,
        );
        let (ca, ca_key) = match signer {
            Some(signer) => (text(&signer.certificate), text(&signer.key)),
            None => (String::new(), String::new()),
        };
        let by = if signer.is_some() {
            vec!["-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"]
        } else {
            vec!["-signkey", &key]
        };
        openssl(&[&["x509", "-req", "-in", &request, "-days", "30", "-out", &certificate][..], &by].concat(), dir);
        clients.push(client);
    }
    // From 3.2 on OpenSSL writes v3 here; what matters is that what 3.0 wrote is a pin.
    let old = openssl(&["version"], dir).starts_with("OpenSSL 3.0");
    assert!(!old || clients.last().unwrap().load().version() == 1);
    for client in &clients {
        world.link(client);
    }
    let server = start(&world);
    for client in &clients {
        // OpenSSL's default level offers no SHA-1; the pin does not depend on the certificate's signature.
        admitted(&world, &server, client);
    }
}

/// Two clients whose subjects have the same hash, and two with the same subject: each is itself.
#[test]
fn collisions_and_namesakes_are_kept_apart() {
    let world = World::new();
    let directory = world.trust_dir(EntryNames::SubjectHash);
    let collision = [world.self_signed("rpc.user.10866"), world.self_signed("rpc.user.28632")];
    for client in &collision {
        directory.install(&client.load()).unwrap();
    }
    assert!(world.clients.join("7782d4cc.1").exists());
    let server = Server::start(Acceptor::builder(world.server.clone()).trust_dir(directory.clone()).build().unwrap());
    collision.iter().for_each(|client| admitted(&world, &server, client));
    // OpenSSL would lock the second out when the first leaves a gap.
    fs::remove_file(world.clients.join("7782d4cc.0")).unwrap();
    refused(&world, &server, &collision[0], Reason::Removed);
    admitted(&world, &server, &collision[1]);
}
