//! Promises 4 and 5 in full: other people's authorities times other people's requests, before other people's verifiers.
//!
//! Whatever is issued bears the request's subject and key and the authority's name byte for byte, and whatever is refused
//! is refused with its cause.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use support::authorities::{self, AuthorityShape};
use support::requests::{self, Outcome, RequestShape};
use support::verifiers::{Candidate, Verifier, verdicts};
use support::{der, openssl, text};
use trustdir::{Authority, CertificateRequest, IssueOptions, SignOptions};

/// What a verifier refuses because of the authority, whatever is issued under it.
struct Difference {
    verifier: Verifier,
    authorities: &'static [&'static str],
    says: &'static str,
    why: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        verifier: Verifier::OpensslStrict,
        authorities: &["no keyUsage", "Rocket.Chat"],
        says: "does not include key usage",
        why: "`openssl req -x509` gives an authority no keyUsage (RFC 5280, 4.2.1.3)",
    },
    Difference {
        verifier: Verifier::OpensslStrict,
        authorities: &["pimatic", "easy-rsa"],
        says: "not marked critical",
        why: "its basicConstraints are not critical (RFC 5280, 4.2.1.9)",
    },
    Difference {
        verifier: Verifier::OpensslStrict,
        authorities: &["no key identifiers"],
        says: "Missing Subject Key Identifier",
        why: "it has no subjectKeyIdentifier (RFC 5280, 4.2.1.2)",
    },
    Difference {
        verifier: Verifier::OpensslStrict,
        authorities: &["version 1"],
        says: "invalid CA certificate",
        why: "version 1 cannot say that it is an authority (RFC 5280, 6.1.4 (k))",
    },
    Difference {
        verifier: Verifier::Python,
        authorities: &["version 1"],
        says: "X509v3",
        why: "its rules are those of public authorities, which have version 3",
    },
    Difference {
        verifier: Verifier::Python,
        authorities: &["no keyUsage", "Rocket.Chat"],
        says: "2.5.29.15",
        why: "its rules are those of public authorities, which have a keyUsage",
    },
    Difference {
        verifier: Verifier::Python,
        authorities: &["pimatic", "easy-rsa"],
        says: "2.5.29.19",
        why: "its rules are those of public authorities, whose basicConstraints are critical",
    },
    Difference {
        verifier: Verifier::Python,
        authorities: &["Ed25519"],
        says: "public key algorithm",
        why: "its rules are those of public authorities, which have no Ed25519 key",
    },
];

impl Difference {
    fn concerns(&self, cell: &Cell) -> bool {
        self.verifier == cell.verifier && self.authorities.contains(&cell.authority)
    }
}

/// What one verifier says of one certificate.
struct Cell {
    authority: &'static str,
    request: &'static str,
    verifier: Verifier,
    verdict: Result<(), String>,
}

/// A request's file, and its bytes as `openssl` gives them.
struct Made {
    shape: &'static RequestShape,
    file: PathBuf,
    der: Vec<u8>,
}

#[test]
fn every_request_under_every_authority() {
    let dir = tempfile::tempdir().unwrap();
    let requests: Vec<Made> = requests::SHAPES.iter().map(|shape| made(shape, dir.path())).collect();
    let cells = Mutex::new(Vec::new());
    let refused = Mutex::new(requests.iter().filter(|made| is_unreadable(made)).count());
    let next = Mutex::new(authorities::USABLE.iter());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(shape) = { next.lock().unwrap().next() } {
                    let (found, not_signed) = column(shape, &requests, dir.path());
                    cells.lock().unwrap().extend(found);
                    *refused.lock().unwrap() += not_signed;
                }
            });
        }
    });
    let cells = cells.into_inner().unwrap();
    let surprises: Vec<String> = cells.iter().filter(|cell| !cell.is_expected()).map(Cell::to_string).collect();
    report(&cells, requests.len(), refused.into_inner().unwrap());
    assert!(authorities::USABLE.len() >= 14 && requests.len() >= 33, "the matrix has shrunk");
    assert!(cells.len() >= 14 * 33 * 4, "only {} verdicts", cells.len());
    assert!(surprises.is_empty(), "{} surprises:\n{}", surprises.len(), surprises.join("\n"));
}

fn report(cells: &[Cell], requests: usize, refused: usize) {
    let mut counts: BTreeMap<Verifier, (usize, usize)> = BTreeMap::new();
    for cell in cells {
        let (accepted, differing) = counts.entry(cell.verifier).or_default();
        *if cell.verdict.is_ok() { accepted } else { differing } += 1;
    }
    println!("{} authorities x {requests} requests; {refused} refused by name", authorities::USABLE.len());
    for (verifier, (accepted, differing)) in counts {
        println!("{verifier}: {accepted} accepted, {differing} refused because of the authority");
    }
    for Difference { verifier, authorities, why, .. } in DIFFERENCES {
        println!("{verifier} refuses all of {}: {why}", authorities.join(", "));
    }
}

impl Cell {
    fn is_expected(&self) -> bool {
        match (&self.verdict, DIFFERENCES.iter().find(|difference| difference.concerns(self))) {
            (Ok(()), None) => true,
            (Err(said), Some(difference)) => said.contains(difference.says),
            _ => false,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}: {:?}", self.authority, self.request, self.verifier, self.verdict)
    }
}

/// Everything under one authority: the verdicts, and how many requests were not signed.
fn column(shape: &'static AuthorityShape, requests: &[Made], dir: &Path) -> (Vec<Cell>, usize) {
    let dir = dir.join(shape.name.replace(' ', "-"));
    shape.make(&dir);
    let ca = Authority::open(&dir, shape.passphrase.map(str::as_bytes))
        .unwrap_or_else(|error| panic!("{}: {error}", shape.name));
    openssl(&["x509", "-in", "cacert.pem", "-outform", "DER", "-out", "cacert.der"], &dir);
    let own = subject(&fs::read(dir.join("cacert.der")).unwrap());
    let (mut names, mut candidates) = (Vec::new(), Vec::new());
    let readable: Vec<&Made> = requests.iter().filter(|made| !is_unreadable(made)).collect();
    for made in &readable {
        if let Some(candidate) = signed(&ca, &own, made, &dir) {
            names.push(made.shape.name);
            candidates.push(candidate);
        }
    }
    let cells = verdicts(&dir.join("cacert.pem"), &candidates).into_iter().flat_map(|(verifier, verdicts)| {
        let named = names.iter().zip(verdicts);
        named.map(move |(request, verdict)| Cell { authority: shape.name, request, verifier, verdict })
    });
    (cells.collect(), readable.len() - candidates.len())
}

/// The subject of a certificate, which stands behind the version if there is one (RFC 5280, 4.1).
fn subject(certificate: &[u8]) -> Vec<u8> {
    let fields = der::elements(der::elements(certificate)[0]);
    fields[if fields[0][0] == 0xa0 { 5 } else { 4 }].to_vec()
}

/// Signs a request and compares every byte, or finds that it is refused as it should be.
fn signed(ca: &Authority, own: &[u8], made: &Made, dir: &Path) -> Option<Candidate> {
    let Made { shape, file, der } = made;
    let request = CertificateRequest::load(file).unwrap_or_else(|error| panic!("{}: {error}", shape.name));
    let (names, notes) = match shape.outcome {
        Outcome::Signed { names, notes } => (names, notes),
        Outcome::Refused(kind, words) => {
            let error = ca.sign(&request, &SignOptions::default()).unwrap_err();
            assert!(error.kind() == kind && error.message().contains(words), "{}: {error}", shape.name);
            return None;
        }
        Outcome::Unreadable(..) => unreachable!("{} is readable", shape.name),
    };
    let signed = ca.sign(&request, &SignOptions::default()).unwrap_or_else(|error| panic!("{}: {error}", shape.name));
    let certificate = signed.certificate.as_der();
    // TBSCertificate: version, serial, algorithm, issuer, validity, subject, key; CertificationRequestInfo: version, subject, key.
    let (ours, theirs) = (der::elements(der::elements(certificate)[0]), der::elements(der::elements(der)[0]));
    assert_eq!(ours[3], own, "{}: the issuer", shape.name);
    assert_eq!(ours[5], theirs[1], "{}: the subject", shape.name);
    assert_eq!(ours[6], theirs[2], "{}: the key", shape.name);

    let granted: Vec<String> = signed.certificate.names().iter().map(ToString::to_string).collect();
    assert_eq!(granted, names, "{}", shape.name);
    let told = notes.iter().all(|words| signed.notes.iter().any(|note| note.contains(words)));
    assert!(told && notes.len() == signed.notes.len(), "{}: {:?}", shape.name, signed.notes);

    let file = dir.join(file.file_stem().unwrap()).with_extension("pem");
    fs::write(&file, signed.certificate.to_pem()).unwrap();
    let host = names[0].split_once(':').unwrap().1.replace('*', "www");
    Some(Candidate { file, der: certificate.to_vec(), host })
}

fn is_unreadable(made: &Made) -> bool {
    matches!(made.shape.outcome, Outcome::Unreadable(..))
}

/// Makes the request; one that is not to be read is not.
fn made(shape: &'static RequestShape, dir: &Path) -> Made {
    let file = shape.make(dir);
    if let Outcome::Unreadable(kind, words) = shape.outcome {
        let error = CertificateRequest::load(&file).unwrap_err();
        let named = error.message().contains(words) && error.message().contains(&text(&file));
        assert!(error.kind() == kind && named, "{}: {error}", shape.name);
        return Made { shape, file, der: Vec::new() };
    }
    let form = if shape.form.contains(&"DER") { "DER" } else { "PEM" };
    let input = text(&file);
    openssl(&["req", "-inform", form, "-in", &input, "-outform", "DER", "-out", "req.der"], dir);
    Made { shape, file, der: fs::read(dir.join("req.der")).unwrap() }
}

/// An authority that we cannot use is not opened, and the error says what is wrong with it.
#[test]
fn unusable_authorities_are_refused_by_name() {
    for (shape, words) in authorities::REFUSED {
        let dir = tempfile::tempdir().unwrap();
        shape.make(dir.path());
        let error = Authority::open(dir.path(), None).unwrap_err();
        assert!(error.message().contains(words) && error.message().contains("ca"), "{}: {error}", shape.name);
    }
}

/// The verifiers of the matrix are no rubber stamps: another authority's certificate and another host's are refused.
#[test]
fn every_verifier_refuses_strangers() {
    let dir = tempfile::tempdir().unwrap();
    let [own, other] = ["own", "other"].map(|name| dir.path().join(name));
    // The same name, so that the signature decides.
    for dir in [&own, &other] {
        authorities::USABLE[0].make(dir);
    }
    let issued = Authority::open(&own, None).unwrap().issue_server(&["a.example"], &IssueOptions::default()).unwrap();
    let certificate = issued.certificate();
    let file = dir.path().join("a.pem");
    fs::write(&file, certificate.to_pem()).unwrap();
    let candidate =
        |host: &str| [Candidate { file: file.clone(), der: certificate.as_der().to_vec(), host: host.into() }];
    for (verifier, verdicts) in verdicts(&own.join("cacert.pem"), &candidate("a.example")) {
        assert_eq!(verdicts, [Ok(())], "{verifier}");
    }
    for (verifier, verdicts) in verdicts(&other.join("cacert.pem"), &candidate("a.example")) {
        assert!(verdicts[0].is_err(), "{verifier}");
    }
    let with_names = [Verifier::Webpki, Verifier::GnuTls, Verifier::Python];
    for (verifier, verdicts) in verdicts(&own.join("cacert.pem"), &candidate("b.example")) {
        assert_eq!(verdicts[0].is_err(), with_names.contains(&verifier), "{verifier}");
    }
}
