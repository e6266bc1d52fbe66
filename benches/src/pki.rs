//! Making certificates, in memory: the ledger's disk is not measured.

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509NameBuilder, X509Ref, X509Req};
use trustdir::{
    Authority, AuthorityOptions, CertificateRequest, DistinguishedName, KeyAlgorithm, PrivateKey, SubjectAltName, bench,
};

use crate::candidate::{self, Candidate};

pub(crate) fn run() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).expect("an authority");
    let names: Vec<SubjectAltName> = ["nas.home.arpa", "192.168.1.5"].map(|name| name.parse().expect("a name")).into();
    let subject = DistinguishedName::from_common_name("nas.home.arpa");
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).expect("a key");
    let request = CertificateRequest::create(&key, &subject, &names).expect("a request").to_pem();
    let template = bench::make(&ca, &subject, &names, key.spki()).expect("a certificate");

    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
    let message = template.as_der();
    let signed = pair.sign(&random, message).expect("a signature");
    let public = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref());

    let pem = std::fs::read(ca.certificate_path()).expect("the certificate");
    let theirs = X509::from_pem(&pem).expect("the certificate");
    let key_pem = std::fs::read(dir.path().join("pki/private/cakey.pem")).expect("the key");
    let their_key = PKey::private_key_from_pem(&key_pem).expect("the key");
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("the curve");
    let generate = || PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let end = generate();
    let end = PKey::public_key_from_der(&end.public_key_to_der().expect("the key")).expect("the key");

    let raw_key = || drop(black_box(EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)));
    let raw_sign = || assert!(black_box(pair.sign(&random, message)).is_ok());
    let raw_verify = || public.verify(message, signed.as_ref()).expect("good");
    let mut candidates = [
        Candidate::new("raw sign (aws-lc)", raw_sign),
        Candidate::new("sign only", || drop(black_box(bench::make(&ca, &subject, &names, key.spki()).expect("made")))),
        Candidate::new("sign only, libcrypto", || drop(black_box(issue(&theirs, &their_key, &end)))),
        Candidate::new("raw keygen + sign", || {
            raw_key();
            raw_sign();
        }),
        Candidate::new("key + sign", || {
            let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256).expect("a key");
            drop(black_box(bench::make(&ca, &subject, &names, key.spki()).expect("made")));
        }),
        Candidate::new("key + sign, libcrypto", || {
            let key = generate();
            let public = PKey::public_key_from_der(&key.public_key_to_der().expect("the key")).expect("the key");
            drop(black_box(issue(&theirs, &their_key, &public)));
        }),
        Candidate::new("raw verify + sign", || {
            raw_verify();
            raw_sign();
        }),
        Candidate::new("request (PEM)", || {
            let request = CertificateRequest::from_pem(request.as_bytes()).expect("a request");
            drop(black_box(bench::sign(&ca, &request).expect("made")));
        }),
        Candidate::new("request (PEM), libcrypto", || {
            let request = X509Req::from_pem(request.as_bytes()).expect("a request");
            let public = request.public_key().expect("the key");
            assert!(request.verify(&public).expect("checked"));
            drop(black_box(issue(&theirs, &their_key, &public)));
        }),
        Candidate::new("parse a certificate", || {
            drop(black_box(trustdir::Certificate::from_der(message).expect("a certificate")));
        }),
    ];
    candidate::compare("P-256, one thread", &mut candidates);
}

/// What `openssl x509 -req` does, in process: the extensions that we write.
fn issue(ca: &X509Ref, ca_key: &PKeyRef<Private>, key: &PKeyRef<Public>) -> X509 {
    let build = || -> Result<X509, openssl::error::ErrorStack> {
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_nid(Nid::COMMONNAME, "nas.home.arpa")?;
        let name = name.build();
        let mut serial = BigNum::new()?;
        serial.rand(126, MsbOption::MAYBE_ZERO, false)?;
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        let serial = Asn1Integer::from_bn(&serial)?;
        builder.set_serial_number(&serial)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(ca.subject_name())?;
        let (begin, end) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(397)?);
        builder.set_not_before(&begin)?;
        builder.set_not_after(&end)?;
        builder.set_pubkey(key)?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
        let context = builder.x509v3_context(Some(ca), None);
        let names = SubjectAlternativeName::new().dns("nas.home.arpa").ip("192.168.1.5").build(&context)?;
        let subject_id = SubjectKeyIdentifier::new().build(&context)?;
        let authority_id = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        for extension in [names, subject_id, authority_id] {
            builder.append_extension(extension)?;
        }
        builder.sign(ca_key, MessageDigest::sha256())?;
        Ok(builder.build())
    };
    build().expect("libcrypto issues")
}
