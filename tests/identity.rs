//! Identities out of certificates that `openssl` made: in any order, renewed, with strangers among them, and with whatever
//! peers object to.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs;

use support::bench::{Bench, Made, Shape};
use support::chains::days_from_now;
use trustdir::lint::{Options, Rule, Severity};
use trustdir::{Authority, Certificate, ErrorKind, Identity, IssueOptions, KeyAlgorithm, Profile, RenewOptions};

fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        orders(&rest).into_iter().map(move |rest| [std::slice::from_ref(&first), &rest[..]].concat())
    };
    (0..items.len()).flat_map(first).collect()
}

fn join(chain: &[Certificate], owner: &Made) -> trustdir::Result<Identity> {
    let pem: String = chain.iter().map(Certificate::to_pem).collect();
    Identity::from_pem(pem.as_bytes(), &fs::read(&owner.key).unwrap(), None)
}

#[track_caller]
fn refused(chain: &[Certificate], owner: &Made, kind: ErrorKind, message: &str) {
    let error = join(chain, owner).unwrap_err();
    assert_eq!((error.kind(), error.message()), (kind, message));
}

/// A server below two intermediate authorities and a root.
fn four(bench: &Bench) -> Vec<Made> {
    let third =
        Shape { subject: "/CN=Home CA 3", serial: "0x4f3344556677889900112233445566aa", ..Shape::intermediate() };
    bench.chain(&[Shape::server(), third, Shape::intermediate(), Shape::root()])
}

fn certificates(made: &[Made]) -> Vec<Certificate> {
    made.iter().map(|made| made.certificate.clone()).collect()
}

#[test]
fn a_chain_in_any_order_is_put_right() {
    let bench = Bench::new();
    let made = four(&bench);
    let chain = certificates(&made);
    for order in orders(&chain) {
        assert_eq!(join(&order, &made[0]).unwrap().chain(), chain);
        let twice = [&order[..], &order[1..], &order].concat();
        assert_eq!(join(&twice, &made[0]).unwrap().chain(), chain);
    }
    for order in orders(&chain[..3]) {
        assert_eq!(join(&order, &made[0]).unwrap().chain(), &chain[..3], "the root may be left out");
    }
    let mixed = [2, 0, 1].map(|at| chain[at].clone());
    fs::write(bench.path().join("sent.pem"), join(&mixed, &made[0]).unwrap().chain_pem()).unwrap();
    bench.run(&format!("verify -CAfile {} -untrusted sent.pem sent.pem", made[3].file.display()));
    // An authority is an identity too.
    assert_eq!(join(&[&chain[2..], &chain[1..2]].concat(), &made[1]).unwrap().chain(), &chain[1..]);
}

#[test]
fn what_does_not_belong_is_named() {
    let bench = Bench::new();
    let made = four(&bench);
    let chain = certificates(&made);
    let other = |subject| bench.make(&Shape { subject, ..Shape::server() }, Some(&made[1])).certificate;
    let (bob, eve) = (other("/CN=bob"), other("/CN=eve"));

    let with_bob = [std::slice::from_ref(&bob), &chain[..]].concat();
    let message = "CN=bob issued nothing in the chain of CN=nas.home.arpa; remove what does not belong there";
    refused(&with_bob, &made[0], ErrorKind::InvalidArgument, message);
    assert_eq!(join(&with_bob, &made[0]).unwrap_err().subject(), Some("CN=bob"));

    let gap = [chain[0].clone(), chain[3].clone(), chain[2].clone()];
    let message = "CN=Home CA and CN=Home CA 2 issued nothing in the chain of CN=nas.home.arpa, where CN=Home CA 3 is missing; add that, or remove what does not belong there";
    refused(&gap, &made[0], ErrorKind::InvalidArgument, message);
    let many = [&chain[..1], &[bob.clone(), eve, chain[3].clone(), chain[2].clone()]].concat();
    assert!(join(&many, &made[0]).unwrap_err().message().contains(" and 1 more issued nothing"));

    let message = "the private key does not belong to the certificate of CN=bob; they come from different requests";
    refused(&[bob.clone(), bob.clone()], &made[0], ErrorKind::KeyMismatch, message);
    let message =
        "the private key belongs to none of these 2 certificates, the first of which is CN=bob's; add its own";
    refused(&[bob, chain[1].clone()], &made[0], ErrorKind::KeyMismatch, message);
    refused(&[], &made[0], ErrorKind::InvalidArgument, "an identity needs at least one certificate");
}

#[test]
fn of_several_issuers_of_one_name_the_signer_is_taken() {
    let bench = Bench::new();
    let made = bench.chain(&[Shape::server(), Shape::intermediate(), Shape::root()]);
    let chain = certificates(&made);
    let namesake = bench.make(&Shape::intermediate(), Some(&made[2])).certificate;
    let twin = bench.make(&Shape { days: "5000", ..Shape::root() }, None).certificate;
    for order in orders(&[&chain[..], &[namesake, twin]].concat()) {
        assert_eq!(join(&order, &made[0]).unwrap().chain(), chain);
    }
}

/// An authority with a new key under its old name, which its old key vouches for.
#[test]
fn an_authority_that_rolled_its_key_over_is_followed() {
    let bench = Bench::new();
    let old = bench.make(&Shape::root(), None);
    let new = bench.make(&Shape { serial: "0x4f77", ..Shape::root() }, Some(&old));
    let own = bench.make(&Shape::server(), Some(&new));
    let chain = [own.certificate.clone(), new.certificate, old.certificate];
    for order in orders(&chain) {
        assert_eq!(join(&order, &own).unwrap().chain(), chain);
    }
}

/// The same key certified several times: the one that is valid now, then the one that lasts.
#[test]
fn of_several_certificates_of_one_key_the_best_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Authority::create(dir.path().join("pki"), Default::default()).unwrap();
    for (spans, best) in [
        (&[(-60, -30), (-40, 5)][..], 1),
        (&[(-60, 30), (-1, 5)], 0),
        (&[(-60, 30), (5, 90)], 0),
        (&[(-60, -30), (5, 90)], 1),
        (&[(-60, -30), (-90, -50)], 0),
        (&[(-9, 9), (-60, -30), (-3, 60), (10, 90)], 2),
    ] {
        let span = |(from, to): &(i64, i64)| IssueOptions {
            not_before: Some(days_from_now(*from)),
            not_after: Some(days_from_now(*to)),
            ..Default::default()
        };
        let first = ca.issue_client("alice", &span(&spans[0])).unwrap();
        let renew = |it| ca.renew(first.certificate(), &RenewOptions { issue: span(it), ..Default::default() });
        let renewed = spans[1..].iter().map(|span| renew(span).unwrap().certificate);
        let all: Vec<_> = [first.certificate().clone()].into_iter().chain(renewed).collect();
        for order in orders(&all) {
            let identity = Identity::new(order, first.key().clone()).unwrap();
            assert_eq!(identity.chain(), &all[best..=best], "{spans:?}");
        }
    }
}

/// A renewed authority is sent with the certificate that is valid, whatever stands first in the file.
#[test]
fn of_several_certificates_of_an_issuer_the_best_is_taken() {
    let bench = Bench::new();
    let made = bench.chain(&[Shape::server(), Shape::intermediate(), Shape::root()]);
    let (request, key) = (made[1].file.with_extension("csr"), made[1].key.clone());
    bench.run(&format!("x509 -req -in {} -signkey {} -days 9999 -out self.pem", request.display(), key.display()));
    let database = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\ndefault_md=sha256\nrand_serial=yes\n\
                    policy=p\n[p]\nCN=supplied\n";
    fs::write(bench.path().join("ca.cnf"), database).unwrap();
    fs::write(bench.path().join("index"), "").unwrap();
    let dates = "-startdate 20990101000000Z -enddate 21200101000000Z";
    bench.run(&format!(
        "ca -batch -notext -config ca.cnf -selfsign -keyfile {} -in {} {dates} -out later.pem",
        key.display(),
        request.display()
    ));
    let crossed = certificates(&made);
    let [own, later] = ["self.pem", "later.pem"].map(|name| Certificate::load(bench.path().join(name)).unwrap());
    assert_eq!((later.spki(), later.subject()), (own.spki(), own.subject()));
    for order in orders(&[&crossed[..], &[own.clone(), later]].concat()) {
        assert_eq!(join(&order, &made[0]).unwrap().chain(), [crossed[0].clone(), own.clone()], "it lasts longer");
    }
}

#[test]
fn a_service_that_shares_its_authoritys_key_is_itself() {
    let bench = Bench::new();
    let root = bench.make(&Shape::root(), None);
    let key = root.key.display();
    fs::write(bench.path().join("own.ext"), "basicConstraints=CA:FALSE").unwrap();
    bench.run(&format!("req -new -key {key} -subj /CN=nas -out own.csr"));
    let ca = root.file.display();
    bench.run(&format!("x509 -req -in own.csr -CA {ca} -CAkey {key} -set_serial 7 -extfile own.ext -out own.pem"));
    let chain = [Certificate::load(bench.path().join("own.pem")).unwrap(), root.certificate.clone()];
    for order in orders(&chain) {
        assert_eq!(join(&order, &root).unwrap().chain(), chain);
    }
}

/// Each fault has a message of its own, with what to do.
#[test]
fn what_peers_object_to_is_told() {
    let bench = Bench::new();
    let root = bench.make(&Shape::root(), None);
    let year = 365;
    let faults = [
        (Shape::server(), year + 40, Rule::Expired, "it expired on "),
        (Shape::server(), -1, Rule::NotYetValid, "it is not valid before "),
        (Shape::server().version_1(), 0, Rule::Version1, "it is X.509 v1, "),
        (Shape::server().set("basicConstraints", "CA:TRUE"), 0, Rule::CaAsEndEntity, "it says CA:TRUE: "),
        (Shape::server().without("subjectAltName"), 0, Rule::NoSan, "it has no subjectAltName; "),
        (
            Shape::server().set("extendedKeyUsage", "clientAuth"),
            0,
            Rule::WrongEku,
            "its extendedKeyUsage lacks serverAuth",
        ),
    ];
    for (shape, days, rule, words) in faults {
        let made = bench.make(&shape, Some(&root));
        let identity = join(&[root.certificate.clone(), made.certificate.clone()], &made).unwrap();
        let options = Options { profile: Some(Profile::Server), now: Some(days_from_now(days)) };
        let findings = identity.lint(&options);
        let found = findings.iter().find(|finding| finding.rule() == rule);
        let found = found.unwrap_or_else(|| panic!("no {rule} in {findings:#?}"));
        assert!(found.message().starts_with(words) && !found.remedy().is_empty(), "{found:?}");
        assert_eq!((found.severity(), found.to_string().lines().count()), (Severity::Refused, 1), "{found:?}");
        for profile in [None, Some(Profile::Server)] {
            let findings = identity.lint(&Options { profile, ..options });
            assert!(findings.is_sorted_by_key(|finding| finding.severity()), "{findings:#?}");
        }
    }
    // `openssl req -x509` makes such a server; without a hint it is no authority either.
    let guide =
        bench.make(&Shape { extensions: vec![("basicConstraints", "critical,CA:TRUE")], ..Shape::server() }, None);
    let findings = join(std::slice::from_ref(&guide.certificate), &guide).unwrap().lint(&Options::default());
    let rules: Vec<_> = findings.iter().map(|finding| finding.rule()).collect();
    assert!(rules.contains(&Rule::CaAsEndEntity) && rules.contains(&Rule::NoSan), "{findings:#?}");

    let weak = bench.make(&Shape { key: "rsa:1024", ..Shape::server() }, Some(&root));
    assert_eq!(join(std::slice::from_ref(&weak.certificate), &weak).unwrap_err().kind(), ErrorKind::WeakKey);
}

#[test]
fn an_issuer_that_is_not_there_is_told() {
    let bench = Bench::new();
    let made = bench.chain(&[Shape::server(), Shape { days: "3000", ..Shape::intermediate() }, Shape::root()]);
    let chain = certificates(&made);
    for (sent, missing) in [(&chain[..1], Some("CN=Home CA 2")), (&chain[..2], Some("CN=Home CA")), (&chain[..], None)]
    {
        let findings = join(sent, &made[0]).unwrap().lint(&Options::default());
        assert_eq!(findings.len(), usize::from(missing.is_some()), "{findings:#?}");
        if let Some(missing) = missing {
            let text = format!(
                "its issuer {missing} is not in the chain, so peers must have it; append its certificate unless it is a root"
            );
            assert_eq!((findings[0].rule(), findings[0].to_string()), (Rule::ChainMissingIssuer, text));
            assert_eq!(findings[0].severity(), Severity::Note);
        }
    }
    // One that has the name alone: nobody accepts that chain.
    let namesake = bench.make(&Shape::intermediate(), Some(&made[2])).certificate;
    let findings = join(&[chain[0].clone(), namesake], &made[0]).unwrap().lint(&Options::default());
    assert_eq!(findings[0].rule(), Rule::ChainSignature);
}

#[test]
fn what_an_authority_issues_is_a_good_identity() {
    let dir = tempfile::tempdir().unwrap();
    let ca = Authority::create(dir.path().join("pki"), Default::default()).unwrap();
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Rsa(2048)] {
        let options = IssueOptions { key_algorithm: Some(algorithm), ..Default::default() };
        for identity in [ca.issue_server(&["localhost"], &options), ca.issue_client("alice", &options)] {
            let identity = identity.unwrap().with_issuers(ca.chain()).unwrap();
            assert_eq!(identity.lint(&Options::default()), []);
        }
    }
}
