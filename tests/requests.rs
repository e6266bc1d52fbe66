//! Requests grant themselves nothing, and are read however openssl writes them; `conformance_matrix.rs` has every shape.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use support::{World, openssl, try_run};
use trustdir::{CertificateRequest, ErrorKind, IssueOptions, Profile, SignOptions, SubjectAltName};

/// A request made by openssl: the key's options, the subject, and more.
fn request(world: &World, new_key: &[&str], subject: &str, more: &[&str]) -> CertificateRequest {
    let fixed = ["-nodes", "-keyout", "r.key", "-out", "r.csr", "-utf8", "-multivalue-rdn", "-subj", subject];
    openssl(&[&["req"], new_key, &fixed, more].concat(), world.dir.path());
    CertificateRequest::load(world.path("r.csr"))
        .unwrap_or_else(|error| panic!("{new_key:?} {subject} {more:?}: {error}"))
}

const P256: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn a_request_grants_itself_nothing() {
    let world = World::new();
    let more = [
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
        "-addext",
        "extendedKeyUsage=codeSigning",
        "-addext",
        "subjectKeyIdentifier=hash",
        "-addext",
        "tlsfeature=status_request",
        "-addext",
        "1.2.3.4=ASN1:UTF8String:x",
        "-addext",
        "subjectAltName=DNS:a.example,DNS:b.example",
    ];
    let request = request(&world, &P256, "/CN=a.example", &more);
    assert!(request.asks_for_authority());
    let options = SignOptions { names: Some(vec![SubjectAltName::Dns("a.example".into())]), ..SignOptions::default() };
    let signed = world.ca.sign(&request, &options).unwrap();
    assert!(!signed.certificate.is_authority());
    assert_eq!(signed.certificate.names().len(), 1);
    fs::write(world.path("c.pem"), signed.certificate.to_pem()).unwrap();
    let text = openssl(&["x509", "-in", "c.pem", "-noout", "-text"], world.dir.path());
    assert!(text.contains("CA:FALSE") && text.contains("TLS Web Server Authentication"), "{text}");
    for forbidden in ["Certificate Sign", "Code Signing", "status_request", "1.2.3.4"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
    for noted in ["CA:TRUE", "1.2.3.4", "DNS:b.example", "1.3.6.1.5.5.7.1.24"] {
        assert!(signed.notes.iter().any(|note| note.contains(noted)), "{noted}: {:?}", signed.notes);
    }
    let refused = world.ca.sign(&request, &SignOptions { profile: Profile::Authority, ..SignOptions::default() });
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Unsupported);
}

/// Attributes that openssl adds, and text around the PEM, are no obstacle.
#[test]
fn odd_requests_are_read() {
    let world = World::new();
    fs::write(
        world.path("r.cnf"),
        "[req]\ndistinguished_name=d\nattributes=a\nprompt=no\n[d]\nCN=a.example\n[a]\nchallengePassword=secret1\nunstructuredName=x\n",
    )
    .unwrap();
    let fixed = ["req", "-config", "r.cnf", "-newhdr", "-nodes", "-keyout", "r.key", "-out", "r.csr"];
    openssl(&[&fixed[..], &P256].concat(), world.dir.path());
    let made = CertificateRequest::load(world.path("r.csr")).unwrap();
    assert_eq!(made.ignored().len(), 2, "{:?}", made.ignored());
    let text = fs::read_to_string(world.path("r.csr")).unwrap();
    assert!(text.contains("NEW CERTIFICATE REQUEST"));
    fs::write(world.path("t.csr"), format!("Certificate Request:\n  Data:\r\n{}", text.replace('\n', "\r\n"))).unwrap();
    assert_eq!(CertificateRequest::load(world.path("t.csr")).unwrap().as_der(), made.as_der());
    openssl(&["req", "-in", "r.csr", "-outform", "DER", "-out", "d.csr"], world.dir.path());
    assert_eq!(CertificateRequest::load(world.path("d.csr")).unwrap().as_der(), made.as_der());
}

/// A request with only a common name, as the Rocket.Chat guide makes, gets it as a SAN, and a note.
#[test]
fn a_common_name_becomes_a_san() {
    let world = World::new();
    for (subject, name) in [("/CN=chat.example", "DNS:chat.example"), ("/CN=192.168.1.7", "IP:192.168.1.7")] {
        let request = request(&world, &["-newkey", "rsa:2048"], subject, &[]);
        let signed = world.ca.sign(&request, &SignOptions::default()).unwrap();
        assert_eq!(signed.certificate.names()[0].to_string(), name);
        assert!(signed.notes[0].contains("common name"), "{:?}", signed.notes);
    }
    let request = request(&world, &P256, "/CN=My Laptop", &[]);
    assert_eq!(world.ca.sign(&request, &SignOptions::default()).unwrap_err().kind(), ErrorKind::InvalidArgument);
    let client = SignOptions { profile: Profile::Client, ..SignOptions::default() };
    assert!(world.ca.sign(&request, &client).unwrap().certificate.names().is_empty());
}

#[test]
fn a_request_that_is_cut_anywhere_is_refused() {
    let world = World::new();
    let der = request(&world, &P256, "/CN=a.example", &[]).as_der().to_vec();
    for length in 0..der.len() {
        assert!(CertificateRequest::from_der(&der[..length]).is_err());
    }
}

/// Names are read as people write them and as they are shown; whatever else is refused.
#[test]
fn names_are_read_as_they_are_shown() {
    for text in ["DNS:a.example", "DNS:*.a.example", "IP:10.0.0.1", "IP:fd00::1", "email:a@b.example", "URI:urn:x:y"] {
        assert_eq!(text.parse::<SubjectAltName>().unwrap().to_string(), text);
    }
    for (text, shown) in [("A.example", "DNS:a.example"), ("10.0.0.1", "IP:10.0.0.1"), ("::1", "IP:::1")] {
        assert_eq!(text.parse::<SubjectAltName>().unwrap().to_string(), shown);
    }
    for text in ["", "DNS:", "DNS:10.0.0.1", "IP:a.example", "email:a", "email:a b@c", "URI:x", "dns:a", "a b", "10.1"]
    {
        let error = text.parse::<SubjectAltName>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
    }
}

/// A name that is granted in lower case was granted.
#[test]
fn letter_case_is_no_refusal() {
    let world = World::new();
    let request = request(&world, &P256, "/CN=a", &["-addext", "subjectAltName=DNS:A.Example"]);
    let signed = world.ca.sign(&request, &SignOptions::default()).unwrap();
    assert_eq!(signed.certificate.names()[0].to_string(), "DNS:a.example");
    assert!(signed.notes.is_empty(), "{:?}", signed.notes);
}

/// What we ask for, openssl reads and signs.
#[test]
fn openssl_reads_our_requests() {
    let world = World::new();
    for algorithm in ["P-256", "P-384", "P-521", "Ed25519", "RSA-2048"] {
        let key = trustdir::PrivateKey::generate(algorithm.parse().unwrap()).unwrap();
        let subject = trustdir::DistinguishedName::parse("CN=a.example,O=x").unwrap();
        let names = [SubjectAltName::Dns("a.example".into()), SubjectAltName::Ip("::1".parse().unwrap())];
        let request = CertificateRequest::create(&key, &subject, &names).unwrap();
        fs::write(world.path("ours.csr"), request.to_pem()).unwrap();
        let output = try_run("openssl", &["req", "-in", "ours.csr", "-verify", "-noout", "-text"], world.dir.path());
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("verify OK") && said.contains("DNS:a.example"), "{algorithm}: {said}");
        world
            .ca
            .sign(
                &request,
                &SignOptions { issue: IssueOptions { days: Some(30), ..Default::default() }, ..Default::default() },
            )
            .unwrap();
    }
}
