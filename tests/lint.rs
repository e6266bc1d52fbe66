//! Each rule of the linter on real certificates made by `openssl`: one that breaks it, and one that is mended. What
//! is said of rustls and OpenSSL is compared with what webpki and `openssl verify` answer.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use support::bench::{Bench, Made, Shape};
use trustdir::lint::{self, Client, Finding, Options, Rule, Severity};
use trustdir::{Certificate, KeyAlgorithm, Profile};

const DAY: i64 = 24 * 60 * 60;

/// One rule: chains (end entity first, then up to the root) that break it and keep it.
struct Case {
    rule: Rule,
    /// Who refuses, in full; nobody for warnings and notes.
    by: &'static [Client],
    bad: Vec<Shape>,
    good: Vec<Shape>,
    profile: Option<Profile>,
    /// The host that a client connects to.
    host: &'static str,
    /// How many days from now it is judged.
    days: i64,
}

impl Case {
    fn new(rule: Rule, by: &'static [Client], bad: Vec<Shape>) -> Self {
        let host = "nas.home.arpa";
        Self { rule, by, bad, good: vec![Shape::server(), Shape::root()], profile: None, host, days: 0 }
    }

    /// A server's certificate under a good root.
    fn server(rule: Rule, by: &'static [Client], bad: Shape) -> Self {
        Self { profile: Some(Profile::Server), ..Self::new(rule, by, vec![bad, Shape::root()]) }
    }

    fn client(rule: Rule, by: &'static [Client], bad: Shape) -> Self {
        let good = vec![Shape::client(), Shape::root()];
        Self { profile: Some(Profile::Client), good, ..Self::new(rule, by, vec![bad, Shape::root()]) }
    }

    /// A good server's certificate under such a root.
    fn root(rule: Rule, by: &'static [Client], bad: Shape) -> Self {
        Self::new(rule, by, vec![Shape::server(), bad])
    }

    fn at(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    fn mended(self, good: Vec<Shape>) -> Self {
        Self { good, ..self }
    }

    fn after(self, days: i64) -> Self {
        Self { days, ..self }
    }

    fn check(&self, bench: &Bench) {
        let bad = self.judge(bench, &self.bad);
        let found = bad.iter().find(|finding| finding.rule() == self.rule);
        let found = found.unwrap_or_else(|| panic!("no {} in {bad:#?}", self.rule));
        assert_eq!(found.refused_by(), self.by, "{found:?}");
        assert_eq!(found.severity() == Severity::Refused, !self.by.is_empty(), "{found:?}");
        let after = if self.days == 0 { &self.good } else { &self.bad };
        let now = Case { days: 0, ..Case::new(self.rule, self.by, vec![]) };
        let now = Case { profile: self.profile, host: self.host, ..now };
        let good = now.judge(bench, after);
        assert!(good.iter().all(|finding| finding.rule() != self.rule), "{good:#?}");
    }

    /// Lints a chain, and compares what is said of rustls and OpenSSL with what they say themselves.
    fn judge(&self, bench: &Bench, shapes: &[Shape]) -> Vec<Finding> {
        let made = bench.chain(shapes);
        let now = made[0].certificate.not_before() + self.days * DAY;
        let chain: Vec<Certificate> = made.iter().map(|made| made.certificate.clone()).collect();
        let findings = lint::chain(&chain, &Options { profile: self.profile, now: Some(now) });
        let refuses = |client| findings.iter().any(|finding| finding.refused_by().contains(&client));
        let server = self.profile != Some(Profile::Client);
        let host = server.then_some(self.host);
        let context = || format!("{} with {findings:#?}", self.rule);
        let accepted = webpki_accepts(&chain, now, host) && webpki_reads_signatures(bench, &made[0]);
        assert_eq!(accepted, !refuses(Client::Rustls), "rustls: {}", context());
        for (client, strict) in [(Client::OpenSsl, false), (Client::Python, true)] {
            let accepted = openssl_accepts(bench, &made, now, host, strict);
            assert_eq!(accepted, !refuses(client), "{client}: {}", context());
        }
        findings
    }
}

fn webpki_accepts(chain: &[Certificate], now: i64, host: Option<&str>) -> bool {
    let der: Vec<CertificateDer<'_>> = chain.iter().map(|it| CertificateDer::from(it.as_der())).collect();
    let (root, rest) = der.split_last().unwrap();
    let Ok(anchor) = webpki::anchor_from_trusted_cert(root) else { return false };
    let Ok(end_entity) = webpki::EndEntityCert::try_from(&rest[0]) else { return false };
    let usage = if host.is_some() { webpki::KeyUsage::server_auth() } else { webpki::KeyUsage::client_auth() };
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now.try_into().unwrap()));
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    let named = host
        .is_none_or(|host| end_entity.verify_is_valid_for_subject_name(&ServerName::try_from(host).unwrap()).is_ok());
    named && end_entity.verify_for_usage(algorithms, &[anchor], &rest[1..], now, usage, None, None).is_ok()
}

/// Whether webpki can check what the certificate's key signs in a handshake.
fn webpki_reads_signatures(bench: &Bench, made: &Made) -> bool {
    let (key, der) = (made.key.to_str().unwrap(), CertificateDer::from(made.certificate.as_der()));
    fs::write(bench.path().join("message"), "hello").unwrap();
    let mut arguments = vec!["pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", "message", "-out", "signature"];
    if made.certificate.key_algorithm() != Some(KeyAlgorithm::Ed25519) {
        arguments.extend(["-digest", "sha256"]);
    }
    assert!(bench.openssl(&arguments), "openssl {arguments:?}");
    let signature = fs::read(bench.path().join("signature")).unwrap();
    let Ok(end_entity) = webpki::EndEntityCert::try_from(&der) else { return false };
    let mut algorithms = webpki::ALL_VERIFICATION_ALGS.iter();
    algorithms.any(|algorithm| end_entity.verify_signature(*algorithm, b"hello", &signature).is_ok())
}

fn openssl_accepts(bench: &Bench, chain: &[Made], now: i64, host: Option<&str>, strict: bool) -> bool {
    let (root, rest) = chain.split_last().unwrap();
    let between: String = rest[1..].iter().map(|made| made.certificate.to_pem()).collect();
    fs::write(bench.path().join("between"), between).unwrap();
    let now = now.to_string();
    let mut arguments = vec!["verify", "-auth_level", "2", "-attime", &now, "-CAfile", root.file.to_str().unwrap()];
    if strict {
        arguments.push("-x509_strict");
    }
    if rest.len() > 1 {
        arguments.extend(["-untrusted", "between"]);
    }
    match host {
        Some(host) if host.parse::<std::net::IpAddr>().is_ok() => arguments.extend(["-verify_ip", host]),
        Some(host) => arguments.extend(["-verify_hostname", host]),
        None => {}
    }
    arguments.extend(["-purpose", if host.is_some() { "sslserver" } else { "sslclient" }]);
    arguments.push(rest[0].file.to_str().unwrap());
    bench.openssl(&arguments)
}

use Client::{Android, Apple, Chrome, Firefox, Go, OpenSsl, Python, Rustls};

const ALL: &[Client] = &Client::ALL;
const ALL_BUT_RUSTLS: &[Client] = &[Android, Apple, Chrome, Firefox, Go, OpenSsl, Python];
const SAN_ONLY: &[Client] = &[Android, Apple, Chrome, Firefox, Go, Rustls];

fn certificate_cases() -> Vec<Case> {
    let server = Shape::server;
    let rsa = || Shape { key: "rsa:2048", ..Shape::root() };
    let self_signed_sha1 = vec![server(), Shape { digest: "sha1", ..Shape::root() }];
    vec![
        Case::server(Rule::Version1, &[Rustls], server().version_1()),
        Case::server(Rule::WeakKey, &[Apple, OpenSsl, Python, Rustls], Shape { key: "rsa:1024", ..server() }),
        Case::root(Rule::WeakKey, &[Apple, OpenSsl, Python, Rustls], Shape { key: "rsa:1024", ..Shape::root() }),
        Case::server(Rule::UnusualKey, &[Apple, Chrome, Firefox], Shape { key: "ed25519", ..server() }),
        Case::server(Rule::UnusualKey, &[Chrome], Shape { key: "P-521", ..server() }),
        Case::server(Rule::UnusualKey, &[Chrome, Firefox, Go, Rustls], Shape { key: "pss", ..server() }),
        Case::server(
            Rule::UnusualKey,
            &[Android, Apple, Chrome, Firefox, Go, Rustls],
            Shape { key: "secp256k1", ..server() },
        ),
        Case::root(Rule::UnusualSignature, &[Rustls], Shape { key: "ed448", ..Shape::root() }),
        Case::server(Rule::WeakSignature, ALL, Shape { digest: "sha1", ..server() }),
        Case::new(Rule::WeakSignature, ALL, vec![Shape { digest: "md5", ..server() }, rsa()])
            .mended(vec![Shape { digest: "sha512", ..server() }, rsa()]),
        Case::new(Rule::WeakSignature, &[], self_signed_sha1),
        Case::server(Rule::SerialNotPositive, &[Go], Shape { serial: "-5", ..server() }),
        Case::server(Rule::SerialNotPositive, &[], Shape { serial: "0", ..server() }),
        Case::server(Rule::SerialShort, &[], Shape { serial: "2", ..server() }),
        Case::root(Rule::SerialShort, &[], Shape { serial: "1", ..Shape::root() }),
        Case::server(
            Rule::SerialLong,
            &[],
            Shape { serial: "0x7f00112233445566778899aabbccddeeff0011223344", ..server() },
        ),
        Case::server(Rule::UnknownCriticalExtension, ALL, server().set("1.2.3.4", "critical,ASN1:UTF8String:x"))
            .mended(vec![server().set("1.2.3.4", "ASN1:UTF8String:x"), Shape::root()]),
        Case::server(
            Rule::UnknownCriticalExtension,
            &[Rustls],
            server().set("certificatePolicies", "critical,1.2.3.4"),
        ),
        Case::server(Rule::Expired, ALL, server()).after(400),
        Case::server(Rule::NotYetValid, ALL, server()).after(-1),
        Case::server(Rule::ExpiresSoon, &[], server()).after(380),
        Case::root(Rule::Expired, ALL_BUT_RUSTLS, Shape { days: "30", ..Shape::root() }).after(31),
    ]
}

fn end_entity_cases() -> Vec<Case> {
    let (server, client) = (Shape::server, Shape::client);
    let long = Shape { days: "826", ..server() };
    let most = Shape { days: "825", ..server() };
    let no_sign = |usage| server().set("keyUsage", usage);
    vec![
        Case::server(Rule::ValidityOver825Days, &[Apple], long).mended(vec![most, Shape::root()]),
        Case::server(Rule::CaAsEndEntity, &[Firefox, Rustls], server().set("basicConstraints", "critical,CA:TRUE")),
        Case::client(Rule::CaAsEndEntity, &[Rustls], client().set("basicConstraints", "critical,CA:TRUE")),
        Case::server(Rule::NoEku, &[Apple], server().without("extendedKeyUsage")),
        Case::server(Rule::WrongEku, ALL, server().set("extendedKeyUsage", "clientAuth")),
        Case::client(Rule::WrongEku, &[Go, OpenSsl, Python, Rustls], client().set("extendedKeyUsage", "serverAuth")),
        Case::server(Rule::NoDigitalSignature, &[Chrome], no_sign("keyEncipherment"))
            .mended(vec![no_sign("digitalSignature,keyEncipherment"), Shape::root()]),
        Case::server(Rule::NoDigitalSignature, &[Chrome, Firefox, OpenSsl, Python], no_sign("nonRepudiation")),
        Case::client(Rule::NoDigitalSignature, &[OpenSsl, Python], client().set("keyUsage", "keyEncipherment")),
        Case::server(Rule::CertSignWithoutCa, &[Python], no_sign("digitalSignature,keyCertSign")),
        Case::server(Rule::NoAki, &[Python], server().set("authorityKeyIdentifier", "none")),
        Case::server(Rule::EmptyName, &[Python], Shape { subject: "/", ..server() }).mended(vec![
            Shape { subject: "/", ..server() }.set("subjectAltName", "critical,DNS:nas.home.arpa"),
            Shape::root(),
        ]),
        Case::new(
            Rule::PurposeUnsaid,
            &[],
            vec![server().without("extendedKeyUsage").without("subjectAltName"), Shape::root()],
        ),
    ]
}

fn name_cases() -> Vec<Case> {
    let named = |san| Shape::server().set("subjectAltName", san);
    let address = |san| Shape { subject: "/CN=192.168.1.5", ..named(san) };
    let rooted = |shape| vec![shape, Shape::root()];
    vec![
        Case::server(Rule::NoSan, SAN_ONLY, Shape::server().without("subjectAltName")),
        Case::server(Rule::IpInCnOnly, ALL, address("DNS:nas.home.arpa"))
            .at("192.168.1.5")
            .mended(rooted(address("IP:192.168.1.5"))),
        Case::server(Rule::NameInCnOnly, &[], named("DNS:other.home.arpa"))
            .at("other.home.arpa")
            .mended(rooted(named("DNS:nas.home.arpa,DNS:other.home.arpa"))),
        Case::server(Rule::IpAsDns, ALL, named("DNS:nas.home.arpa,DNS:192.168.1.5"))
            .at("192.168.1.5")
            .mended(rooted(named("DNS:nas.home.arpa,IP:192.168.1.5"))),
        Case::server(Rule::BadDnsName, &[], named("DNS:nas.home.arpa,DNS:https\\://nas.home.arpa")),
        Case::server(Rule::Wildcard, &[Firefox, OpenSsl, Python, Rustls], named("DNS:*.lan"))
            .at("nas.lan")
            .mended(rooted(named("DNS:nas.lan"))),
        Case::server(Rule::Wildcard, ALL, named("DNS:nas.*.arpa")),
    ]
}

fn authority_cases() -> Vec<Case> {
    let root = Shape::root;
    vec![
        Case::root(Rule::NotAnAuthority, ALL_BUT_RUSTLS, root().set("basicConstraints", "CA:FALSE")),
        Case::new(
            Rule::NotAnAuthority,
            &[Android, Python],
            vec![Shape::server().set("authorityKeyIdentifier", "none"), root().version_1()],
        ),
        Case::root(Rule::BasicConstraintsNotCritical, &[Python], root().set("basicConstraints", "CA:TRUE")),
        Case::root(Rule::NoKeyUsageCertSign, &[Python], root().without("keyUsage")),
        Case::root(Rule::NoKeyUsageCertSign, ALL_BUT_RUSTLS, root().set("keyUsage", "cRLSign")),
        Case::new(
            Rule::NoSki,
            &[Python],
            vec![Shape::server().set("authorityKeyIdentifier", "none"), root().set("subjectKeyIdentifier", "none")],
        ),
        Case::root(Rule::NoCommonName, &[Apple], Shape { subject: "/O=Home", ..root() }),
        Case::new(
            Rule::NotAnAuthority,
            ALL,
            vec![Shape::server(), Shape::intermediate().set("basicConstraints", "CA:FALSE"), root()],
        ),
    ]
}

fn chain_cases() -> Vec<Case> {
    let (server, root, intermediate) = (Shape::server, Shape::root, Shape::intermediate);
    let three = |intermediate| vec![server(), intermediate, root()];
    let limited = |limit| vec![server(), root().set("nameConstraints", limit)];
    vec![
        Case::server(
            Rule::AkiMismatch,
            &[OpenSsl, Python],
            server().set("authorityKeyIdentifier", "DER:3006800401020304"),
        ),
        Case::new(Rule::IssuerEku, ALL, three(intermediate().set("extendedKeyUsage", "clientAuth")))
            .mended(three(intermediate().set("extendedKeyUsage", "clientAuth,serverAuth"))),
        Case::new(
            Rule::IssuerEku,
            &[Go, OpenSsl, Python],
            vec![server(), root().set("extendedKeyUsage", "clientAuth")],
        ),
        Case::new(
            Rule::PathLength,
            ALL_BUT_RUSTLS,
            vec![server(), intermediate(), root().set("basicConstraints", "critical,CA:TRUE,pathlen:0")],
        )
        .mended(vec![server(), intermediate(), root().set("basicConstraints", "critical,CA:TRUE,pathlen:1")]),
        Case::new(Rule::NameConstraints, ALL, limited("critical,permitted;DNS:lan"))
            .mended(limited("critical,permitted;DNS:home.arpa,permitted;IP:10.0.0.0/255.0.0.0")),
        Case::new(Rule::NameConstraints, ALL, limited("critical,excluded;DNS:home.arpa"))
            .mended(limited("critical,excluded;DNS:lan")),
        Case::new(Rule::OutlivesIssuer, &[], vec![server(), Shape { days: "300", ..root() }]),
    ]
}

fn check(cases: Vec<Case>) {
    let bench = Bench::new();
    for case in cases {
        case.check(&bench);
    }
}

#[test]
fn certificates_break_and_keep_each_rule() {
    check(certificate_cases());
}

#[test]
fn end_entities_break_and_keep_each_rule() {
    check(end_entity_cases());
}

#[test]
fn names_break_and_keep_each_rule() {
    check(name_cases());
}

#[test]
fn authorities_break_and_keep_each_rule() {
    check(authority_cases());
}

#[test]
fn chains_break_and_keep_each_rule() {
    check(chain_cases());
}

/// OpenSSL takes such wildcards, so `openssl verify` cannot be asked; Python tells it not to.
#[test]
fn a_wildcard_is_a_whole_label() {
    let bench = Bench::new();
    let named = |san| bench.make(&Shape::server().set("subjectAltName", san), None).certificate;
    for (san, by) in
        [("DNS:n*.home.arpa", &[Chrome, Firefox, Go, Python, Rustls][..]), ("DNS:*.home.arpa,DNS:nas.home.arpa", &[])]
    {
        let certificate = named(san);
        let findings = lint::certificate(&certificate, &Options::default());
        let wildcard = findings.iter().find(|finding| finding.rule() == Rule::Wildcard);
        assert_eq!(wildcard.map_or(&[][..], Finding::refused_by), by, "{findings:?}");
        let der = CertificateDer::from(certificate.as_der());
        let name = ServerName::try_from("nas.home.arpa").unwrap();
        let matched = webpki::EndEntityCert::try_from(&der).unwrap().verify_is_valid_for_subject_name(&name);
        assert_eq!(matched.is_err(), by.contains(&Rustls), "{san}");
    }
}

#[test]
fn every_rule_has_its_case() {
    let tables = [certificate_cases(), end_entity_cases(), name_cases(), authority_cases(), chain_cases()];
    let mut known: BTreeSet<Rule> = tables.iter().flatten().map(|case| case.rule).collect();
    // Those that only show in files: tests/lint_files.rs.
    known.extend([
        Rule::Unreadable,
        Rule::ChainOrder,
        Rule::ChainMissingIssuer,
        Rule::ChainSignature,
        Rule::DuplicateSerial,
        Rule::KeyMismatch,
        Rule::BadSignature,
        Rule::RequestAsksAuthority,
        Rule::WeakDhParameters,
        Rule::KeyReadable,
    ]);
    assert_eq!(known, BTreeSet::from(Rule::ALL));
    let codes: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(codes.len(), Rule::ALL.len());
}
