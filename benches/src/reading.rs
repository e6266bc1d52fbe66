//! What a scan of a directory does with each file once its bytes are there: the name's hash, and the whole.

use std::hint::black_box;

use aws_lc_rs::digest::{self, SHA256};
use openssl::x509::X509;
use trustdir::{Authority, AuthorityOptions, Certificate, bench};

use crate::candidate::{Candidate, compare};

pub(crate) fn run() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).expect("an authority");
    let client = ca.issue_client("rpc.user.10866", &Default::default()).expect("a client");
    let (der, pem) = (client.certificate().as_der(), client.certificate().to_pem());
    let (name, theirs) = (client.certificate().subject(), X509::from_der(der).expect("a certificate"));
    assert_eq!(bench::read_entries(pem.as_bytes()), [client.certificate().fingerprint()]);
    let (hash, sum) = (name.subject_hash().expect("a hash").0, client.certificate().fingerprint().0);
    assert_eq!(hash, theirs.subject_name_hash());
    compare(
        "a file's bytes, one thread",
        &mut [
            Candidate::new("raw subject hash (libcrypto)", || assert_eq!(black_box(theirs.subject_name_hash()), hash)),
            Candidate::new("subject hash", || drop(black_box(name.subject_hash()))),
            Candidate::new("raw SHA-256 of the DER", || {
                assert!(black_box(digest::digest(&SHA256, der)).as_ref() == sum)
            }),
            Candidate::new("entry from PEM", || drop(black_box(bench::read_entries(pem.as_bytes())))),
            Candidate::new("entry from DER", || drop(black_box(bench::read_entries(der)))),
            Candidate::new("parse a certificate", || drop(black_box(Certificate::from_der(der)))),
            Candidate::new("X509 from PEM, libcrypto", || drop(black_box(X509::from_pem(pem.as_bytes())))),
        ],
    );
}
