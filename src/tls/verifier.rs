//! rustls's questions about a peer's certificate, answered by `admission`.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::proof::Proof;
use super::scope::{self, Owner};
use crate::admission::{ClientAuth, Decision, Held, Peer, Policy, Reason, Servers};

/// Asks the policy of a service about its clients.
pub(super) struct ClientVerifier {
    pub policy: Policy,
    pub proof: Proof,
    /// How many certificates are looked at.
    pub max_chain: usize,
}

/// Asks whom a client trusts about its server.
pub(super) struct ServerVerifier {
    pub servers: Arc<Servers>,
    pub proof: Proof,
    /// How many certificates are looked at.
    pub max_chain: usize,
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientVerifier({:?})", self.policy)
    }
}

impl fmt::Debug for ServerVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerVerifier({:?})", self.servers)
    }
}

impl ClientCertVerifier for ClientVerifier {
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
        let chain: Vec<&[u8]> = std::iter::once(end_entity).chain(intermediates).map(AsRef::as_ref).collect();
        let decision = too_long(&chain, self.max_chain, Peer::Client);
        note(decision.unwrap_or_else(|| self.policy.decide_and_hold(&chain, seconds(now))));
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.proof.algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<&[u8]> = std::iter::once(end_entity).chain(intermediates).map(AsRef::as_ref).collect();
        let decision = too_long(&chain, self.max_chain, Peer::Server);
        note(decision.unwrap_or_else(|| self.servers.decide_and_hold(name, &chain, seconds(now))));
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof.tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.proof.tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.proof.algorithms.supported_schemes()
    }
}

/// Leaves the decision with the connection. The answer comes with the signature, which rustls always asks about next:
/// who has a client's certificate, but not its key, must not learn from the alert whether it is installed.
fn note(decision: Decision) {
    scope::current(|scope| {
        scope.session = owner(&decision);
        scope.decision = Some(Box::new(decision));
    });
}

fn too_long(chain: &[&[u8]], most: usize, peer: Peer) -> Option<Decision> {
    let message = format!("the {peer} sent {} certificates, and {most} are looked at at most", chain.len());
    (chain.len() > most).then(|| Decision::new(Reason::Malformed, message, None))
}

fn seconds(now: UnixTime) -> i64 {
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// Whom a session that this decision opens belongs to.
fn owner(decision: &Decision) -> Option<Owner> {
    match decision.reason() {
        Reason::Anonymous => Some(Owner::Anonymous),
        Reason::Admitted => match decision.held() {
            Some(Held::Chain(standing)) => Some(Owner::Vouched(standing.edition(), decision.until())),
            _ => decision.fingerprint().map(|fingerprint| Owner::Certificate(fingerprint, decision.until())),
        },
        _ => None,
    }
}
