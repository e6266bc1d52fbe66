//! Signatures of certificates and requests, checked with the raw public key.

use rustls_pki_types::SubjectPublicKeyInfoDer;

use crate::der;
use crate::error::{Error, ErrorKind, Result};

/// Checks a signature under the content of its AlgorithmIdentifier. A broken one is
/// [`ErrorKind::BadSignature`], one by an algorithm that nobody takes any more [`ErrorKind::Unsupported`].
pub(crate) fn verify(spki: &[u8], algorithm: &[u8], message: &[u8], signature: &[u8]) -> Result<()> {
    let key = SubjectPublicKeyInfoDer::from(spki);
    let key = webpki::RawPublicKeyEntity::try_from(&key)
        .map_err(|_| Error::new(ErrorKind::Parse, "the public key cannot be read"))?;
    let mut candidates = webpki::ALL_VERIFICATION_ALGS
        .iter()
        .filter(|candidate| candidate.signature_alg_id().as_ref() == algorithm)
        .peekable();
    if candidates.peek().is_none() {
        let message = format!("it is signed by {}, which is not supported", name(algorithm));
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    if candidates.any(|candidate| key.verify_signature(*candidate, message, signature).is_ok()) {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::BadSignature, "its signature does not verify: it is damaged or was altered"))
    }
}

/// The algorithm in words, where it is one that people still meet.
fn name(algorithm: &[u8]) -> String {
    let oid = der::Reader::new(algorithm).expect(der::OID).map(|oid| der::oid_text(oid.content)).unwrap_or_default();
    let known = match oid.as_str() {
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" => "RSA with SHA-1",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.113549.1.1.10" => "RSA-PSS with unusual parameters",
        "1.3.101.113" => "Ed448",
        _ => return oid,
    };
    known.to_owned()
}
