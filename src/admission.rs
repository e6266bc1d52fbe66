//! The decision: who is admitted, who is refused, and why. It names no TLS library and keeps no state.

mod decision;
mod held;
mod limit;
mod peer;
mod reason;
mod servers;
mod vouch;

use crate::authority_dir::AuthorityDir;
use crate::certificate::{Certificate, Fingerprint, Usage};
use crate::clock::date;
use crate::error::escape;
use crate::trust_dir::{EntryNames, Found, TrustDir};

pub use self::decision::Decision;
pub(crate) use self::held::Held;
pub(crate) use self::peer::Peer;
pub use self::reason::Reason;
pub(crate) use self::servers::Servers;
use self::vouch::Authorities;

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAuth {
    /// None is asked for; everybody is admitted.
    Off,
    /// One is asked for. Who sends none is admitted without a name; who sends one must be an entry.
    Optional,
    /// One is asked for and must be an entry.
    Required,
}

/// A stranger's certificate is parsed for the sake of the reason only, and no real one is larger.
const MAX_STRANGER: usize = 16 * 1024;

/// Whom a service admits.
///
/// Only the end entity counts for `clients`: a pin is only itself, whatever stands behind it in the chain.
/// For `authorities` the chain does.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// # let ca = trustdir::Authority::create(dir.join("pki"), Default::default())?;
/// use trustdir::{ClientAuth, Policy, Reason, TrustDir, TrustDirOptions};
///
/// let alice = ca.issue_client("alice", &Default::default())?;
/// let clients = TrustDir::open_with(dir.join("clients"), TrustDirOptions { create: true, ..Default::default() })?;
/// let policy = Policy::new(ClientAuth::Optional).with_clients(clients);
/// let now = alice.certificate().not_before();
/// assert_eq!(policy.decide(&[], now).reason(), Reason::Anonymous);
/// assert_eq!(policy.decide(&[alice.certificate().as_der()], now).reason(), Reason::NotInstalled);
/// # Ok::<(), trustdir::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    auth: ClientAuth,
    clients: Option<TrustDir>,
    authorities: Option<AuthorityDir>,
    service: Option<String>,
}

impl Policy {
    /// Without a directory: whoever shows a certificate is refused.
    pub fn new(auth: ClientAuth) -> Self {
        Self { auth, clients: None, authorities: None, service: None }
    }

    /// Admits the clients whose certificates lie in this directory.
    #[must_use]
    pub fn with_clients(mut self, clients: TrustDir) -> Self {
        self.clients = Some(clients);
        self
    }

    /// Admits the clients that an authority in this directory vouches for, besides those of the directory of
    /// clients, which is asked first and has the last word on its entries.
    #[must_use]
    pub fn with_authorities(mut self, authorities: AuthorityDir) -> Self {
        self.authorities = Some(authorities);
        self
    }

    /// Names the service that decides: an entry that is limited to services is admitted by these alone, and by none
    /// without a name. See [`TrustDir::limits`].
    #[must_use]
    pub fn with_service(mut self, service: impl Into<String>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// Whether clients show a certificate.
    pub fn client_auth(&self) -> ClientAuth {
        self.auth
    }

    /// The directory of clients.
    pub fn clients(&self) -> Option<&TrustDir> {
        self.clients.as_ref()
    }

    /// The directory of authorities.
    pub fn authorities(&self) -> Option<&AuthorityDir> {
        self.authorities.as_ref()
    }

    /// The service's name.
    pub fn service(&self) -> Option<&str> {
        self.service.as_deref()
    }

    /// Decides about the certificates that a client sent, end entity first, at a time in Unix seconds.
    pub fn decide(&self, chain: &[&[u8]], now: i64) -> Decision {
        Decision { held: None, ..self.decide_and_hold(chain, now) }
    }

    /// As [`decide`](Self::decide); an admission keeps hold of its entry until it is dropped, as the connections of
    /// [`tls`](crate::tls) do. It is for hosts whose TLS is another library's: keep it with the connection, and
    /// [`TrustDir::removals`] tells when to close that.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// # std::fs::create_dir(dir.path().join("clients")).unwrap();
    /// # let clients = trustdir::TrustDir::open(dir.path().join("clients"))?;
    /// use trustdir::{ClientAuth, Policy};
    ///
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// clients.install(alice.certificate())?;
    /// let policy = Policy::new(ClientAuth::Required).with_clients(clients.clone());
    /// let mut removals = clients.removals()?;
    /// let admission = policy.decide_and_hold(&[alice.certificate().as_der()], alice.certificate().not_before());
    ///
    /// clients.remove(&alice.certificate().fingerprint())?;
    /// assert_eq!(removals.next().map(|removal| removal.fingerprint()), admission.fingerprint());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn decide_and_hold(&self, chain: &[&[u8]], now: i64) -> Decision {
        let decision = match (chain.first(), self.auth) {
            (Some(end_entity), _) => {
                let (clients, service) = (self.clients.as_ref(), self.service());
                let authorities = self.authorities.as_ref().map(Authorities::Directory);
                let by_pin = by_pin(Peer::Client, end_entity, clients, authorities.as_ref(), now, service);
                by_pin.unwrap_or_else(|certificate| match authorities {
                    Some(authorities) => {
                        authorities.decide_and_hold(certificate, clients, Peer::Client, chain, now, service)
                    }
                    None => refuse(Peer::Client, certificate, clients),
                })
            }
            (None, ClientAuth::Required) => {
                Decision::new(Reason::NoCertificate, "the client sent no certificate, and one is required", None)
            }
            (None, _) => Decision::new(Reason::Anonymous, "the client sent no certificate, and none is required", None),
        };
        Decision { time: now, service: self.service.clone(), ..decision }
    }

    /// Whether a client that was admitted before still is, as far as its entry says.
    pub(crate) fn keeps(&self, fingerprint: &Fingerprint, now: i64) -> bool {
        let found = self.clients.as_ref().and_then(|clients| clients.hold(fingerprint));
        found.is_some_and(|Found { held, quiet, .. }| limit::beyond(&held, quiet, now, self.service()).is_none())
    }
}

impl TrustDir {
    /// Decides about one certificate at a time in Unix seconds, as a handshake that requires one would, for a service
    /// without a name: see [`Policy::with_service`].
    pub fn decide(&self, certificate_der: &[u8], now: i64) -> Decision {
        Policy::new(ClientAuth::Required).with_clients(self.clone()).decide(&[certificate_der], now)
    }
}

/// Decides by the entry; the certificate if there is none.
fn by_pin(
    peer: Peer,
    end_entity: &[u8],
    directory: Option<&TrustDir>,
    authorities: Option<&Authorities<'_>>,
    now: i64,
    service: Option<&str>,
) -> Result<Decision, Certificate> {
    // The match is by exact bytes, and nothing of a stranger's certificate is parsed before it.
    let fingerprint = Fingerprint::of(end_entity);
    let installed = directory.and_then(|directory| directory.hold(&fingerprint));
    if installed.is_none() && end_entity.len() > MAX_STRANGER {
        let message = format!(
            "a certificate of {} bytes (sha256 {fingerprint}) is not installed and not looked into",
            end_entity.len()
        );
        return Ok(Decision::new(Reason::NotInstalled, message, None));
    }
    let read = match (&installed, authorities) {
        (Some(found), _) => found.held.certificate(end_entity),
        (None, Some(authorities)) => authorities.certificate(end_entity, fingerprint),
        (None, None) => Certificate::from_der_of(end_entity, fingerprint),
    };
    let certificate = match read {
        Ok(certificate) => certificate,
        Err(error) => {
            let message = format!("what the {peer} sent cannot be read: {error}");
            return Ok(Decision::new(Reason::Malformed, message, None));
        }
    };
    let found = installed.or_else(|| directory?.hold_new(&certificate));
    let Some(Found { file, held, quiet }) = found else { return Err(certificate) };
    Ok(match unfit(peer, &certificate, now).or_else(|| limit::beyond(&held, quiet, now, service)) {
        Some((reason, what)) => {
            let message = format!("{}: {} {what}", escape(&file.to_string_lossy()), certificate.called());
            Decision { entry: Some(file), ..Decision::new(reason, message, Some(certificate)) }
        }
        None => Decision::by_entry(certificate, file, held),
    })
}

/// Why an entry is refused all the same. An exact match makes nobody check these for us.
fn unfit(peer: Peer, certificate: &Certificate, now: i64) -> Option<(Reason, String)> {
    if now > certificate.not_after() {
        let what = format!("expired on {}; {}", date(certificate.not_after()), peer.renew());
        return Some((Reason::Expired, what));
    }
    if now < certificate.not_before() {
        let what = format!("is not valid before {}; check the clocks", date(certificate.not_before()));
        return Some((Reason::NotYetValid, what));
    }
    let usage = certificate.usage();
    let lacks = |what: &str| {
        let what = format!("is not meant for TLS {peer}s (its {what}); issue a {peer} certificate");
        Some((Reason::WrongPurpose, what))
    };
    if peer.is_meant(usage) == Some(false) {
        return lacks(&format!("extendedKeyUsage lacks {}", peer.purpose()));
    }
    if usage.key.is_some_and(|bits| bits & (Usage::DIGITAL_SIGNATURE | Usage::KEY_AGREEMENT) == 0) {
        return lacks("keyUsage lacks digitalSignature");
    }
    let weak = certificate.key_weakness()?;
    Some((Reason::WeakKey, format!("{weak}; issue a certificate with a new key")))
}

/// The refusal of a certificate that is no entry.
fn refuse(peer: Peer, certificate: Certificate, directory: Option<&TrustDir>) -> Decision {
    let (reason, message) = stranger(peer, &certificate, directory);
    Decision::new(reason, message, Some(certificate))
}

/// Why a certificate that is no entry is refused.
fn stranger(peer: Peer, certificate: &Certificate, directory: Option<&TrustDir>) -> (Reason, String) {
    let subject = certificate.called();
    let fingerprint = certificate.fingerprint();
    let Some(directory) = directory else {
        let why = match peer {
            Peer::Client => "is refused: there is no trust directory",
            Peer::Server => "is not pinned; if it is the server's, pin it",
        };
        return (Reason::NotInstalled, format!("{subject} (sha256 {fingerprint}) {why}"));
    };
    let path = escape(&directory.path().to_string_lossy());
    // Where only subject hashes count, a copy under another name does not help: the message says what does.
    let how = match (peer, directory.entry_names()) {
        (Peer::Client, EntryNames::Any) => " with `trustdir clients add`",
        (Peer::Client, EntryNames::SubjectHash) => " with `trustdir clients add --subject-hash`",
        (Peer::Server, EntryNames::Any) => "",
        (Peer::Server, EntryNames::SubjectHash) => " under its subject hash",
    };
    if directory.was_removed(&fingerprint) {
        return (
            Reason::Removed,
            format!(
                "{subject} (sha256 {fingerprint}) has been removed from {path}; if it should come back, add it again{how}"
            ),
        );
    }
    let under = |name: &crate::name::DistinguishedName| {
        name.subject_hash().map(|hash| directory.under_hash(hash.0)).unwrap_or_default()
    };
    // It may have become an entry itself since it was looked for.
    let others = |name| under(name).into_iter().filter(|other| other.fingerprint() != fingerprint);
    if let Some(namesake) = others(certificate.subject()).next() {
        let message = format!(
            "{subject} (sha256 {fingerprint}) is not the installed certificate of that name (sha256 {}); if it was renewed, install the new one in {path}",
            namesake.fingerprint()
        );
        return (Reason::SameNameOtherKey, message);
    }
    if let Some(minter) = others(certificate.issuer()).find(|pin| certificate.is_signed_by(pin)) {
        let message = format!(
            "{subject} (sha256 {fingerprint}) was minted with the key of the entry {}, which admits itself only",
            minter.called()
        );
        return (Reason::MintedByPin, message);
    }
    (
        Reason::NotInstalled,
        format!("{subject} (sha256 {fingerprint}) is not installed in {path}; if it should be, add it{how}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust_dir::TrustDirOptions;
    use crate::{Authority, AuthorityOptions};

    /// The reason is looked for after the entry was, and meanwhile somebody may install it.
    #[test]
    fn nobody_is_a_namesake_of_itself_or_minted_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
        let options = TrustDirOptions { create: true, ..TrustDirOptions::default() };
        let clients = TrustDir::open_with(dir.path().join("clients"), options).unwrap();
        let alice = ca.issue_client("alice", &Default::default()).unwrap();
        // The authority's is signed by itself, as what `openssl req -x509` makes.
        for certificate in [alice.certificate(), ca.certificate()] {
            clients.install(certificate).unwrap();
            assert_eq!(stranger(Peer::Client, certificate, Some(&clients)).0, Reason::NotInstalled);
        }
    }
}
