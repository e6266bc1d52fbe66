//! What no handshake can do without, done by AWS-LC alone.

use std::hint::black_box;

use aws_lc_rs::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::kem::{DecapsulationKey, EncapsulationKey, ML_KEM_768};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::candidate::Candidate;

/// As long as what a server signs and verifies in TLS 1.3 (RFC 8446, 4.4.3).
const MESSAGE: [u8; 130] = [7; 130];

pub(super) fn all() -> [Candidate<'static>; 4] {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
    let signed = pair.sign(&random, &MESSAGE).expect("a signature");
    let public = pair.public_key().as_ref().to_vec();
    let public = signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public);
    let theirs = EphemeralPrivateKey::generate(&X25519, &random).and_then(|key| key.compute_public_key());
    let theirs = UnparsedPublicKey::new(&X25519, theirs.expect("a key"));
    let kem = DecapsulationKey::generate(&ML_KEM_768).and_then(|key| key.encapsulation_key()?.key_bytes());
    let kem = kem.expect("a key");
    [
        Candidate::new("X25519 key + agreement", {
            let random = SystemRandom::new();
            move || {
                let ours = EphemeralPrivateKey::generate(&X25519, &random).expect("a key");
                black_box(ours.compute_public_key().expect("a key"));
                let shared = agreement::agree_ephemeral(ours, &theirs, (), |secret| Ok(secret[0]));
                black_box(shared.expect("a secret"));
            }
        }),
        Candidate::new("ML-KEM-768 encapsulation", move || {
            let kem = EncapsulationKey::new(&ML_KEM_768, kem.as_ref()).expect("a key");
            black_box(kem.encapsulate().expect("a secret"));
        }),
        Candidate::new("ECDSA P-256 sign", move || assert!(black_box(pair.sign(&random, &MESSAGE)).is_ok())),
        Candidate::new("ECDSA P-256 verify", move || public.verify(&MESSAGE, signed.as_ref()).expect("good")),
    ]
}
