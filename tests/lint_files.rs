//! The linter on files and folders: what the guides' commands make, what we issue, and what lies about.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use Client::{Android, Apple, Chrome, Firefox, Go, OpenSsl, Python, Rustls};
use support::bench::{Bench, Made, Shape};
use tempfile::TempDir;
use trustdir::lint::{self, Client, Finding, Options, Rule, Severity};
use trustdir::{
    Authority, AuthorityOptions, Certificate, CertificateRequest, IssueOptions, KeyAlgorithm, PrivateKey, Profile,
    SignOptions,
};

const DAY: i64 = 24 * 60 * 60;
const ALL: &[Client] = &Client::ALL;
const SAN_ONLY: &[Client] = &[Android, Apple, Chrome, Firefox, Go, Rustls];

/// The codes of what was found, the gravest as they come.
fn rules(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule().as_str()).collect()
}

/// Who refuses because of any finding.
fn refusing(findings: &[Finding]) -> BTreeSet<Client> {
    findings.iter().flat_map(|finding| finding.refused_by().iter().copied()).collect()
}

fn lint_path(path: &Path) -> Vec<Finding> {
    lint::path(path, &Options::default()).unwrap()
}

#[test]
fn what_we_issue_is_refused_by_nobody() {
    let dir = TempDir::new().unwrap();
    let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
    let root = ca.certificate().clone();
    let mut issued = vec![
        (Profile::Server, ca.issue_server(&["nas.home.arpa", "*.home.arpa", "10.0.0.1"], &IssueOptions::default())),
        (Profile::Client, ca.issue_client("alice", &IssueOptions::default())),
    ];
    let rsa = IssueOptions { key_algorithm: Some(KeyAlgorithm::Rsa(2048)), ..IssueOptions::default() };
    issued.push((Profile::Server, ca.issue_server(&["nas.home.arpa"], &rsa)));
    let mut judged: Vec<(Option<Profile>, Certificate)> = issued
        .into_iter()
        .flat_map(|(profile, identity)| {
            let certificate = identity.unwrap().certificate().clone();
            [(None, certificate.clone()), (Some(profile), certificate)]
        })
        .collect();
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).unwrap();
    let subject = trustdir::DistinguishedName::parse("CN=node.home.arpa").unwrap();
    let names = [trustdir::SubjectAltName::Dns("node.home.arpa".into())];
    let request = CertificateRequest::create(&key, &subject, &names).unwrap();
    let options = SignOptions { profile: Profile::ServerAndClient, ..SignOptions::default() };
    judged.push((Some(Profile::ServerAndClient), ca.sign(&request, &options).unwrap().certificate));
    judged.push((None, root.clone()));
    judged.push((Some(Profile::Authority), root.clone()));
    for (profile, certificate) in judged {
        let options = Options { profile, now: None };
        assert_eq!(lint::certificate(&certificate, &options), [], "{profile:?}");
        let chain = [certificate, root.clone()];
        let length = if chain[0] == root { 1 } else { 2 };
        assert_eq!(lint::chain(&chain[..length], &options), [], "{profile:?}");
    }
    assert_eq!(lint::request(&request, &Options::default()), []);
    assert_eq!(lint_path(&dir.path().join("pki")), []);
}

/// The Nano guide: one self-signed certificate for the server, one for each client.
#[test]
fn the_nano_guide_is_named_with_who_refuses() {
    let bench = Bench::new();
    bench.run(
        "req -newkey rsa:2048 -nodes -keyout nano.key -x509 -days 3650 -sha256 -subj /C=US/O=Nano/CN=localhost -out nano.pem",
    );
    let certificate = Certificate::load(bench.path().join("nano.pem")).unwrap();
    let as_profile = |profile| lint::certificate(&certificate, &Options { profile, now: None });
    let server = as_profile(Some(Profile::Server));
    assert_eq!(rules(&server), ["CA_AS_END_ENTITY", "NO_EKU", "VALIDITY_OVER_825_DAYS", "NO_SAN"]);
    assert_eq!(refusing(&server), BTreeSet::from([Android, Apple, Chrome, Firefox, Go, Rustls]));
    assert_eq!(server[2].message(), "it is valid for 3650 days; Apple refuses over 825");
    let client = as_profile(Some(Profile::Client));
    assert_eq!((rules(&client), refusing(&client)), (vec!["CA_AS_END_ENTITY"], BTreeSet::from([Rustls])));
    assert_eq!(rules(&as_profile(None)), ["PURPOSE_UNSAID", "NO_KEY_USAGE_CERT_SIGN"]);
}

/// The Rocket.Chat guide: a root, and a server's certificate without any extension.
#[test]
fn the_rocket_chat_guide_is_named_with_who_refuses() {
    let bench = Bench::new();
    bench.run("genrsa -out rootCA.key 2048");
    bench.run("req -x509 -new -nodes -key rootCA.key -sha256 -days 1024 -subj /CN=Rocket -out rootCA.pem");
    bench.run("req -new -newkey rsa:2048 -nodes -keyout device.key -subj /CN=192.168.1.5 -out device.csr");
    bench.run(
        "x509 -req -in device.csr -CA rootCA.pem -CAkey rootCA.key -CAcreateserial -out device.crt -days 365 -sha256",
    );
    let findings = lint_path(bench.path());
    let of =
        |file| -> Vec<&Finding> { findings.iter().filter(|it| it.path() == Some(&bench.path().join(file))).collect() };
    let device: Vec<_> = of("device.crt").iter().map(|finding| finding.rule().as_str()).collect();
    assert_eq!(device, ["VERSION_1", "NO_EKU", "NO_SAN", "IP_IN_CN_ONLY", "PURPOSE_UNSAID"]);
    assert_eq!(of("device.crt")[0].refused_by(), [Rustls]);
    assert_eq!(of("device.crt")[2].refused_by(), SAN_ONLY);
    let root: Vec<_> = of("rootCA.pem").iter().map(|finding| finding.rule().as_str()).collect();
    assert_eq!(root, ["NO_KEY_USAGE_CERT_SIGN", "PURPOSE_UNSAID"]);
    assert_eq!(of("rootCA.pem")[0].refused_by(), [Python]);
    let asked: Vec<_> = of("device.csr").iter().map(|finding| finding.rule().as_str()).collect();
    assert_eq!(asked, ["NO_SAN", "IP_IN_CN_ONLY"]);
}

/// pimatic's `ssl-setup`: an authority that is called the same everywhere, and ten years under serial number 2.
#[test]
fn the_pimatic_script_is_named_with_who_refuses() {
    let bench = Bench::new();
    fs::write(
        bench.path().join("ca.cnf"),
        "[req]\ndistinguished_name=dn\nx509_extensions=v3_ca\n[dn]\n[v3_ca]\nsubjectKeyIdentifier=hash\n\
         authorityKeyIdentifier=keyid:always,issuer:always\nbasicConstraints=CA:true\n",
    )
    .unwrap();
    bench.run("req -new -x509 -sha256 -days 3650 -config ca.cnf -newkey rsa:2048 -nodes -keyout cakey.pem -subj /O=pimatic.org/CN=pimatic.org -out cacert.pem");
    bench.run("req -new -newkey rsa:2048 -nodes -keyout privkey.pem -subj /O=pimatic.org/CN=pi.local -out cert.csr");
    fs::write(bench.path().join("serial"), "02\n").unwrap();
    bench.run(
        "x509 -req -in cert.csr -CA cacert.pem -CAkey cakey.pem -CAserial serial -sha512 -days 3650 -out cert.pem",
    );
    let load = |file| Certificate::load(bench.path().join(file)).unwrap();
    let findings = lint::chain(&[load("cert.pem"), load("cacert.pem")], &Options::default());
    let found: BTreeSet<&str> = rules(&findings).into_iter().collect();
    let expected = [
        "BASIC_CONSTRAINTS_NOT_CRITICAL",
        "NO_EKU",
        "NO_KEY_USAGE_CERT_SIGN",
        "NO_SAN",
        "PURPOSE_UNSAID",
        "SERIAL_SHORT",
        "VALIDITY_OVER_825_DAYS",
        "VERSION_1",
    ];
    assert!(found.is_superset(&BTreeSet::from(expected)), "{found:?}");
    assert_eq!(refusing(&findings), BTreeSet::from([Android, Apple, Chrome, Firefox, Go, Python, Rustls]));
}

/// One folder with a fault of each sort that shows in files only, and the same folder mended.
#[test]
fn folders_and_files_break_and_keep_each_rule() {
    let bench = Bench::new();
    let root = bench.make(&Shape::root(), None);
    let intermediate = bench.make(&Shape::intermediate(), Some(&root));
    let server = bench.make(&Shape::server(), Some(&intermediate));
    let twin = bench.make(&Shape::server(), Some(&intermediate));
    let namesake = bench.make(&Shape::intermediate(), Some(&root));
    let pem = |made: &[&Made]| -> String { made.iter().map(|made| made.certificate.to_pem()).collect() };
    let key = |made: &Made| fs::read_to_string(&made.key).unwrap();
    bench.run("dhparam -dsaparam -out dh1024 1024");
    bench.run("req -new -newkey rsa:1024 -nodes -keyout weak.key -subj /CN=a -out weak.csr");
    bench.run("req -new -newkey rsa:2048 -nodes -keyout own.key -subj /CN=alice -out own.csr -addext basicConstraints=CA:TRUE");
    let (asked, dh) = (bench.path().join("own.csr"), bench.path().join("dh1024"));
    let forged = CertificateRequest::load(&asked).unwrap();
    let mut forged = forged.as_der().to_vec();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    fs::write(bench.path().join("forged.csr"), forged).unwrap();

    let read = |file: &str| fs::read(bench.path().join(file)).unwrap();
    let good = pem(&[&server, &intermediate]).into_bytes();
    for (rule, by, bad, mended) in [
        (Rule::Unreadable, &[][..], vec![("a.pem", pem(&[&server])[..300].into())], vec![("a.pem", good.clone())]),
        (Rule::Unreadable, &[], vec![("a.pem", Vec::new())], vec![("a.pem", good.clone())]),
        (Rule::ChainOrder, ALL, vec![("a.pem", pem(&[&intermediate, &server]).into())], vec![("a.pem", good.clone())]),
        (
            Rule::ChainOrder,
            &[],
            vec![("a.pem", pem(&[&server, &root, &intermediate]).into())],
            vec![("a.pem", pem(&[&server, &intermediate, &root]).into())],
        ),
        (
            Rule::ChainOrder,
            ALL,
            vec![("a.pem", (pem(&[&intermediate, &server]) + &key(&server)).into())],
            vec![("a.pem", pem(&[&root, &intermediate, &namesake]).into())],
        ),
        (Rule::ChainMissingIssuer, ALL, vec![("a.pem", pem(&[&server, &root]).into())], vec![("a.pem", good.clone())]),
        (
            Rule::ChainMissingIssuer,
            &[],
            vec![("a.pem", pem(&[&server]).into()), ("b.pem", pem(&[&intermediate]).into())],
            vec![("a.pem", good.clone()), ("b.pem", pem(&[&intermediate]).into())],
        ),
        (Rule::ChainSignature, ALL, vec![("a.pem", pem(&[&server, &namesake]).into())], vec![("a.pem", good.clone())]),
        (
            Rule::DuplicateSerial,
            &[Firefox],
            vec![("a.pem", good.clone()), ("b.pem", pem(&[&twin, &intermediate]).into())],
            vec![("a.pem", good.clone()), ("b.pem", good.clone())],
        ),
        (
            Rule::KeyMismatch,
            ALL,
            vec![("a.crt", good.clone()), ("a.key", key(&twin).into())],
            vec![("a.crt", good.clone()), ("a.key", key(&server).into())],
        ),
        (
            Rule::KeyMismatch,
            ALL,
            vec![("a.pem", (pem(&[&server]) + &key(&twin)).into())],
            vec![("a.pem", (pem(&[&server]) + &key(&server)).into())],
        ),
        (Rule::WeakKey, &[Apple, OpenSsl, Python, Rustls], vec![("a.csr", read("weak.csr"))], vec![]),
        (
            Rule::WeakKey,
            &[Apple, OpenSsl, Python, Rustls],
            vec![("a.key", read("weak.key"))],
            vec![("a.key", read("own.key"))],
        ),
        (Rule::BadSignature, &[], vec![("a.csr", read("forged.csr"))], vec![("a.csr", read("own.csr"))]),
        (Rule::RequestAsksAuthority, &[], vec![("a.csr", read("own.csr"))], vec![]),
        (Rule::WeakDhParameters, &[OpenSsl, Python], vec![("dh.pem", fs::read(&dh).unwrap())], vec![]),
    ] {
        let lint = |files: &[(&str, Vec<u8>)]| {
            let folder = TempDir::new().unwrap();
            for (name, bytes) in files {
                private(&folder.path().join(name), bytes);
            }
            lint_path(folder.path())
        };
        let found = lint(&bad);
        let fault = found.iter().find(|finding| finding.rule() == rule);
        let fault = fault.unwrap_or_else(|| panic!("no {rule} in {found:#?}"));
        assert_eq!(fault.refused_by(), by, "{fault:?}");
        assert!(fault.path().is_some(), "{fault:?}");
        let found = lint(&mended);
        assert!(found.iter().all(|finding| finding.rule() != rule), "{found:#?}");
    }
}

/// Writes a file that nobody else reads.
fn private(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    chmod(path, 0o600);
}

fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_is_for_its_owner() {
    let bench = Bench::new();
    bench.key("plain", "P-256");
    bench.run("pkcs8 -topk8 -in plain.key -out locked.key -passout pass:secret");
    for (file, mode, severity) in [
        ("plain.key", 0o644, Some(Severity::Warning)),
        ("plain.key", 0o640, Some(Severity::Note)),
        ("plain.key", 0o600, None),
        ("locked.key", 0o644, Some(Severity::Note)),
        ("locked.key", 0o600, None),
    ] {
        let path = bench.path().join(file);
        chmod(&path, mode);
        let findings = lint_path(&path);
        assert_eq!(findings.first().map(Finding::severity), severity, "{file} {mode:o}: {findings:?}");
        assert!(findings.iter().all(|finding| finding.rule() == Rule::KeyReadable), "{findings:?}");
    }
}

#[test]
fn junk_is_reported_and_stops_nothing() {
    let bench = Bench::new();
    let root = bench.make(&Shape::root(), None);
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("root.pem"), root.certificate.to_pem()).unwrap();
    fs::write(at("notes.txt"), "buy milk").unwrap();
    fs::write(at("random.der"), [0x30, 0x82, 0xff, 0xff, 0]).unwrap();
    fs::write(at("fake.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    fs::write(at(".hidden"), "").unwrap();
    fs::create_dir(at("deeper")).unwrap();
    fs::write(at("deeper/empty.pem"), "").unwrap();
    std::os::unix::fs::symlink(folder.path(), at("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    std::os::unix::fs::symlink("root.pem", at("12345678.0")).unwrap();
    assert!(Command::new("mkfifo").arg(at("fifo")).status().unwrap().success());
    let findings = lint_path(folder.path());
    let found: Vec<_> = findings
        .iter()
        .map(|finding| (finding.path().unwrap().strip_prefix(folder.path()).unwrap().to_str().unwrap(), finding.rule()))
        .collect();
    let junk = ["dangling", "deeper/empty.pem", "fake.pem", "fifo", "notes.txt", "random.der"];
    assert_eq!(found, junk.map(|name| (name, Rule::Unreadable)));
    let error = lint::path(at("nothing"), &Options::default()).unwrap_err();
    assert_eq!(error.kind(), trustdir::ErrorKind::NotFound);
}

/// What an authority has revoked, or let expire, need not please anybody.
#[test]
fn an_authority_is_judged_by_what_still_counts() {
    let dir = TempDir::new().unwrap();
    let pki = dir.path().join("pki");
    let ca = Authority::create(&pki, AuthorityOptions::default()).unwrap();
    let long = IssueOptions { days: Some(3000), ..IssueOptions::default() };
    let server = ca.issue_server(&["nas.home.arpa"], &long).unwrap();
    let now = server.certificate().not_before() + DAY;
    let lint = |now| lint::path(&pki, &Options { profile: None, now: Some(now) }).unwrap();
    let found = lint(now);
    assert_eq!(rules(&found), ["VALIDITY_OVER_825_DAYS"]);
    assert!(found[0].path().unwrap().starts_with(pki.join("newcerts")));
    assert_eq!(lint(server.certificate().not_after() + 1), []);
    ca.revoke(server.certificate(), trustdir::RevocationReason::Superseded).unwrap();
    assert_eq!(lint(now), []);
}

/// Whatever byte of a certificate is another, it is judged or refused as unreadable.
#[test]
fn no_damaged_byte_stops_the_linter() {
    let bench = Bench::new();
    let root = bench.make(
        &Shape::root().set("nameConstraints", "critical,permitted;DNS:arpa,permitted;IP:10.0.0.0/255.0.0.0"),
        None,
    );
    let server = bench.make(&Shape::server(), Some(&root));
    let mut judged = 0;
    for (at, change) in (0..server.certificate.as_der().len()).flat_map(|at| [(at, 1), (at, 0x80)]) {
        let damaged = |certificate: &Certificate| {
            let mut der = certificate.as_der().to_vec();
            der.get_mut(at).map(|byte| *byte ^= change)?;
            Certificate::from_der(&der).ok()
        };
        let chain: Vec<Certificate> = [&server, &root].into_iter().filter_map(|it| damaged(&it.certificate)).collect();
        judged += chain.len();
        let now = Some(server.certificate.not_before() + DAY);
        let findings = lint::chain(&chain, &Options { profile: Some(Profile::Server), now });
        assert!(chain.len() < 2 || !findings.is_empty(), "byte {at} of both is damaged and nobody notices");
    }
    assert!(judged > 100, "{judged}");
}
