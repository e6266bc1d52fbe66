//! The signature by which a peer proves that it has its certificate's key.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use webpki::RawPublicKeyEntity;

use super::scope;
use crate::admission::{Decision, Peer, Reason};
use crate::der::CertificateParts;

/// Checks signatures with the raw public key, so that pins may be CA:TRUE, X.509 v1 or carry extensions that path
/// validation refuses. Whoever passes hears what was decided about it.
#[derive(Debug)]
pub(super) struct Proof {
    pub peer: Peer,
    pub algorithms: WebPkiSupportedAlgorithms,
}

impl Proof {
    pub(super) fn tls12(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = spki(certificate)?;
        let key = RawPublicKeyEntity::try_from(&spki).map_err(|_| self.missing())?;
        // TLS 1.2 schemes leave the curve open (RFC 5246, 7.4.1.4.1): each candidate is tried.
        let candidates = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, candidates) = candidates.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        if candidates.iter().any(|algorithm| key.verify_signature(*algorithm, message, signed.signature()).is_ok()) {
            given()
        } else {
            Err(self.missing())
        }
    }

    pub(super) fn tls13(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match verify_tls13_signature_with_raw_key(message, &spki(certificate)?, signed, &self.algorithms) {
            Ok(_) => given(),
            Err(_) => Err(self.missing()),
        }
    }

    /// The peer has the certificate, as everybody may, but not its key.
    fn missing(&self) -> Error {
        scope::current(|scope| {
            let decided = scope.decision.take();
            // A stranger is refused as a stranger, whatever it signs.
            scope.decision = decided.map(|decision| {
                if !decision.is_admitted() {
                    return decision;
                }
                let subject = decision.subject().unwrap_or_default();
                let message = format!("{subject}: the {} could not prove that it has the private key", self.peer);
                Box::new(decision.turned(Reason::BadSignature, message))
            });
            scope.session = None;
        });
        Error::InvalidCertificate(CertificateError::BadSignature)
    }
}

fn spki<'a>(certificate: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, Error> {
    let parts =
        CertificateParts::read(certificate).map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(SubjectPublicKeyInfoDer::from(parts.spki))
}

/// The peer has the key, and now hears what was decided.
fn given() -> Result<HandshakeSignatureValid, Error> {
    let reason = scope::current(|scope| scope.decision.as_deref().map(Decision::reason));
    match reason.map(refusal) {
        Some(None) => Ok(HandshakeSignatureValid::assertion()),
        Some(Some(error)) => Err(Error::InvalidCertificate(error)),
        None => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
    }
}

/// What rustls is told, which chooses the alert that the peer gets (RFC 8446, 6.2); `None` to go on.
fn refusal(reason: Reason) -> Option<CertificateError> {
    Some(match reason {
        Reason::Admitted | Reason::Anonymous => return None,
        Reason::Expired => CertificateError::Expired,
        Reason::NotYetValid => CertificateError::NotValidYet,
        Reason::Removed | Reason::RevokedByCrl => CertificateError::Revoked,
        Reason::WrongPurpose => CertificateError::InvalidPurpose,
        Reason::WeakKey | Reason::Malformed => CertificateError::BadEncoding,
        Reason::BadSignature => CertificateError::BadSignature,
        Reason::NameMismatch => CertificateError::NotValidForName,
        // The alert is access_denied.
        Reason::Scope => CertificateError::ApplicationVerificationFailure,
        _ => CertificateError::UnknownIssuer,
    })
}
