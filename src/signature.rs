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
    if !is_known(algorithm) {
        let message = format!("it is signed by {}, which is not supported", name(algorithm));
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let candidates =
        webpki::ALL_VERIFICATION_ALGS.iter().filter(|candidate| candidate.signature_alg_id().as_ref() == algorithm);
    let mut fits = false;
    for candidate in candidates {
        match key.verify_signature(*candidate, message, signature) {
            Ok(()) => return Ok(()),
            Err(webpki::Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)) => {}
            Err(_) => fits = true,
        }
    }
    Err(if fits {
        Error::new(ErrorKind::BadSignature, "its signature does not verify: it is damaged or was altered")
    } else {
        let message = "its key does not fit the algorithm of its signature (a key for RSA-PSS alone fits none): use a plain RSA or EC key";
        Error::new(ErrorKind::Unsupported, message)
    })
}

/// The algorithm in words, if its digest is broken and nobody takes it any more.
pub(crate) fn outdated(algorithm: &[u8]) -> Option<&'static str> {
    match oid(algorithm).as_str() {
        "1.2.840.113549.1.1.4" => Some("RSA with MD5"),
        "1.2.840.113549.1.1.5" => Some("RSA with SHA-1"),
        "1.2.840.10045.4.1" => Some("ECDSA with SHA-1"),
        _ => None,
    }
}

/// Whether [`verify`] can check signatures by this algorithm.
pub(crate) fn is_known(algorithm: &[u8]) -> bool {
    webpki::ALL_VERIFICATION_ALGS.iter().any(|candidate| candidate.signature_alg_id().as_ref() == algorithm)
}

/// The algorithm in words, where it is one that people still meet.
pub(crate) fn name(algorithm: &[u8]) -> String {
    let oid = oid(algorithm);
    match (outdated(algorithm), oid.as_str()) {
        (Some(outdated), _) => outdated.to_owned(),
        (None, "1.2.840.113549.1.1.10") => "RSA-PSS with unusual parameters".to_owned(),
        (None, "1.3.101.113") => "Ed448".to_owned(),
        _ => oid,
    }
}

fn oid(algorithm: &[u8]) -> String {
    der::Reader::new(algorithm).expect(der::OID).map(|oid| der::oid_text(oid.content)).unwrap_or_default()
}
