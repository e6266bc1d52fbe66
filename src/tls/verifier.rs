//! rustls's question about a client certificate, answered by `admission`.

use std::fmt;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerMisbehaved, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::scope::{self, Owner};
use crate::admission::{ClientAuth, Decision, Held, Policy, Reason};
use crate::certificate::Certificate;
use crate::der::CertificateParts;

/// Admits by exact certificate. Signatures are checked with the raw public key, so that pins may be
/// CA:TRUE, X.509 v1 or carry extensions that path validation refuses.
pub(super) struct PolicyVerifier {
    pub policy: Policy,
    pub algorithms: WebPkiSupportedAlgorithms,
    /// How many certificates are looked at.
    pub max_chain: usize,
}

impl fmt::Debug for PolicyVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyVerifier({:?})", self.policy)
    }
}

impl ClientCertVerifier for PolicyVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.policy.client_auth() == ClientAuth::Required
    }

    /// None: with pins, hints would tell every stranger who the clients are. Nor authorities, although they are no
    /// secret: rustls borrows the list for as long as the service runs, and a client that filters by it would not
    /// offer what an authority that was added since has issued.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let chain: Vec<&[u8]> = std::iter::once(end_entity).chain(intermediates).map(AsRef::as_ref).collect();
        let decision = if chain.len() > self.max_chain {
            let message =
                format!("the client sent {} certificates, and {} are looked at at most", chain.len(), self.max_chain);
            Decision::new(Reason::Malformed, message, None)
        } else {
            self.policy.decide_and_hold(&chain, now)
        };
        scope::current(|scope| {
            scope.session = owner(&decision);
            scope.decision = Some(Box::new(decision));
        });
        // The answer comes with the signature, which rustls always asks about next: who has a client's
        // certificate, but not its key, must not learn from the alert whether it is installed.
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let spki = spki(certificate)?;
        let key = RawPublicKeyEntity::try_from(&spki).map_err(|_| bad_signature())?;
        // TLS 1.2 schemes leave the curve open (RFC 5246, 7.4.1.4.1): each candidate is tried.
        let candidates = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
        let (_, candidates) = candidates.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        if candidates.iter().any(|algorithm| key.verify_signature(*algorithm, message, signed.signature()).is_ok()) {
            proven()
        } else {
            Err(bad_signature())
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match verify_tls13_signature_with_raw_key(message, &spki(certificate)?, signed, &self.algorithms) {
            Ok(_) => proven(),
            Err(_) => Err(bad_signature()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whom a session that this decision opens belongs to.
pub(super) fn owner(decision: &Decision) -> Option<Owner> {
    match decision.reason() {
        Reason::Anonymous => Some(Owner::Anonymous),
        Reason::Admitted => match decision.held() {
            Some(Held::Chain(standing)) => Some(Owner::Vouched(standing.edition(), *standing.vouched().valid.end())),
            _ => decision.certificate().map(|certificate: &Certificate| {
                Owner::Certificate(certificate.fingerprint(), certificate.not_after())
            }),
        },
        _ => None,
    }
}

fn spki<'a>(certificate: &'a CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'a>, Error> {
    let parts =
        CertificateParts::read(certificate).map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(SubjectPublicKeyInfoDer::from(parts.spki))
}

/// The client has the key, and now hears what was decided.
fn proven() -> Result<HandshakeSignatureValid, Error> {
    let reason = scope::current(|scope| scope.decision.as_deref().map(Decision::reason));
    match reason.map(refusal) {
        Some(None) => Ok(HandshakeSignatureValid::assertion()),
        Some(Some(error)) => Err(Error::InvalidCertificate(error)),
        None => Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)),
    }
}

/// The client has the certificate, as everybody may, but not its key.
fn bad_signature() -> Error {
    scope::current(|scope| {
        let decided = scope.decision.take();
        // A stranger is refused as a stranger, whatever it signs.
        scope.decision = decided.map(|decision| {
            if !decision.is_admitted() {
                return decision;
            }
            let message = format!(
                "{}: the client could not prove that it has the private key",
                decision.subject().unwrap_or_default()
            );
            Box::new(decision.turned(Reason::BadSignature, message))
        });
        scope.session = None;
    });
    Error::InvalidCertificate(CertificateError::BadSignature)
}

/// What rustls is told, which chooses the alert that the client gets (RFC 8446, 6.2); `None` to go on.
fn refusal(reason: Reason) -> Option<CertificateError> {
    Some(match reason {
        Reason::Admitted | Reason::Anonymous => return None,
        Reason::Expired => CertificateError::Expired,
        Reason::NotYetValid => CertificateError::NotValidYet,
        Reason::Removed | Reason::RevokedByCrl => CertificateError::Revoked,
        Reason::WrongPurpose => CertificateError::InvalidPurpose,
        Reason::WeakKey | Reason::Malformed => CertificateError::BadEncoding,
        Reason::BadSignature => CertificateError::BadSignature,
        // The alert is access_denied.
        Reason::Scope => CertificateError::ApplicationVerificationFailure,
        _ => CertificateError::UnknownIssuer,
    })
}
