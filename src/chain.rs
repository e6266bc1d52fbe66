//! Whether an authority vouches for a peer: anchors, revocation lists, a chain and the time in, an answer
//! or a reason out. Nothing is read or remembered here.
//!
//! rustls-webpki builds the path and checks its signatures, dates, purposes, path lengths, name constraints
//! and critical extensions. What it does not look at is checked on each path that it finds, so that another
//! path may still be good. Revocation is checked here too: it takes one list for each issuer, verifies that
//! at every handshake, and does not ask whether the anchor may sign lists.

mod anchor;
mod crl;
mod name;

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use self::crl::{Authorship, may_sign, shown};
use crate::admission::{Peer, Reason};
use crate::certificate::Certificate;
use crate::clock::date;

pub(crate) use self::anchor::Anchor;
pub use self::crl::Crl;
pub(crate) use self::crl::{BrokenCrl, hashes_in};
pub(crate) use self::name::bears;

/// As many authorities between peer and anchor as rustls-webpki follows. A peer may send more bytes; how
/// many paths can be made of them grows with the factorial.
const MAX_BETWEEN: usize = 6;

/// What becomes of peers whose authority has a revocation list that is out of date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StaleCrls {
    /// They are refused until there is a new list: whoever can hold the new list back could else keep a revoked
    /// peer in.
    #[default]
    Refuse,
    /// They are admitted, unless the old list revokes them.
    Admit,
}

/// Why a peer is not vouched for: the reason, and words that continue its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub Reason, pub String);

impl Refusal {
    fn untrusted(what: impl Into<String>) -> Self {
        Self(Reason::UntrustedIssuer, what.into())
    }

    /// The anchor went while it was asked for.
    pub(crate) fn anchor_gone() -> Self {
        Self::untrusted("is not vouched for: its authority has just been removed")
    }
}

/// Whom a directory of authorities trusts.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    pub anchors: Vec<Anchor>,
    pub crls: Vec<Crl>,
    pub broken: Vec<BrokenCrl>,
    pub stale_crls: StaleCrls,
    /// Why nothing of this is known at the moment.
    pub fault: Option<String>,
}

/// What a peer's admission rests on.
#[derive(Clone, Debug)]
pub(crate) struct Vouched {
    /// The anchor's certificate and file.
    pub authority: Certificate,
    pub file: Option<PathBuf>,
    /// While nothing of it begins or ends, in Unix seconds.
    pub valid: RangeInclusive<i64>,
}

impl Trust {
    /// Judges the certificates that a peer sent, its own first, at a time in Unix seconds.
    pub(crate) fn verify(&self, chain: &[Certificate], peer: Peer, now: i64) -> Result<Vouched, Refusal> {
        let Some((end_entity, sent)) = chain.split_first() else {
            return Err(Refusal::untrusted("sent no certificate"));
        };
        if let Some(fault) = &self.fault {
            return Err(Refusal::untrusted(format!("is not vouched for: {fault}")));
        }
        let claimed: Vec<&Anchor> = self.anchors.iter().filter(|anchor| is_claimed(anchor, chain)).collect();
        if claimed.is_empty() {
            let remedy = match peer {
                Peer::Client => "install that authority, or the certificate itself among the clients",
                Peer::Server => "trust that authority, or pin the certificate itself",
            };
            let what = format!("is issued by {}, which is no authority here; {remedy}", end_entity.issuer().brief());
            return Err(Refusal::untrusted(what));
        }
        // An anchor that is sent along stands in no path.
        let sent: Vec<&Certificate> =
            sent.iter().filter(|sent| !claimed.iter().any(|anchor| anchor.certificate == **sent)).collect();
        if sent.len() > MAX_BETWEEN {
            let what = format!("sent {} other certificates; at most {MAX_BETWEEN} are looked at", sent.len());
            return Err(Refusal::untrusted(what));
        }
        Search { trust: self, peer, end_entity, claimed, now, refused: RefCell::default(), found: RefCell::default() }
            .run(&sent)
    }

    /// Looks for a certificate in the lists of its issuer, and returns these.
    fn check_revocation(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        now: i64,
    ) -> Result<Vec<&Crl>, Refusal> {
        let name = issuer.subject();
        let (mut own, mut unproven) = (Vec::new(), None);
        for crl in self.crls.iter().filter(|crl| crl.names(name)) {
            match crl.authorship(issuer) {
                Authorship::Own => own.push(crl),
                Authorship::Another => {}
                Authorship::Unproven => unproven = Some(crl),
            }
        }
        for crl in &own {
            if let Some(how) = crl.revocation(certificate) {
                let what = format!("was revoked {how}, says {} in {}", name.brief(), shown(crl.file()));
                return Err(Refusal(Reason::RevokedByCrl, what));
            }
        }
        let unknown = |what: String| {
            Err(Refusal(Reason::StaleCrl, format!("may be revoked: {what}; put a new list of {} there", name.brief())))
        };
        if let Some(broken) = self.broken.iter().find(|broken| broken.concerns(name)) {
            return unknown(format!("{}: {}", shown(&broken.file), broken.why));
        }
        if let Some(crl) = unproven {
            return unknown(format!("the signature of {} does not verify", shown(crl.file())));
        }
        let Some(newest) = own.iter().max_by_key(|crl| crl.this_update()) else { return Ok(own) };
        if !may_sign(issuer) {
            return unknown(format!("the keyUsage of its issuer lacks cRLSign, so {} is void", shown(newest.file())));
        }
        if newest.is_stale(now) && self.stale_crls == StaleCrls::Refuse {
            return unknown(format!("{} is out of date since {}", shown(newest.file()), date(newest.next_update())));
        }
        Ok(own)
    }
}

fn is_claimed(anchor: &Anchor, chain: &[Certificate]) -> bool {
    chain.iter().any(|certificate| certificate.issuer() == anchor.certificate.subject())
}

/// One peer's way to an anchor.
struct Search<'a> {
    trust: &'a Trust,
    peer: Peer,
    end_entity: &'a Certificate,
    /// The anchors that the chain names.
    claimed: Vec<&'a Anchor>,
    now: i64,
    /// Why the last path that rustls-webpki found is not good enough.
    refused: RefCell<Option<Refusal>>,
    found: RefCell<Option<Vouched>>,
}

impl Search<'_> {
    fn run(self, sent: &[&Certificate]) -> Result<Vouched, Refusal> {
        let roots: Vec<_> = self.claimed.iter().filter_map(|anchor| anchor.root.clone()).collect();
        let anchors: Vec<_> = self.claimed.iter().filter(|anchor| anchor.root.is_some()).collect();
        let sent: Vec<_> = sent.iter().map(|sent| CertificateDer::from(sent.as_der())).collect();
        let own = CertificateDer::from(self.end_entity.as_der());
        let judge = |path: &VerifiedPath<'_>| {
            let anchor = roots.iter().position(|root| std::ptr::eq(root, path.anchor())).map(|at| anchors[at]);
            match anchor.map(|anchor| self.judge(path, anchor)) {
                Some(Ok(vouched)) => {
                    *self.found.borrow_mut() = Some(vouched);
                    return Ok(());
                }
                Some(Err(refusal)) => *self.refused.borrow_mut() = Some(refusal),
                None => {}
            }
            Err(webpki::Error::CertDistrusted)
        };
        let seconds = u64::try_from(self.now).unwrap_or_default();
        let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let usage = match self.peer {
            Peer::Client => KeyUsage::client_auth(),
            Peer::Server => KeyUsage::server_auth(),
        };
        let verified = EndEntityCert::try_from(&own).and_then(|entity| {
            let algorithms = webpki::ALL_VERIFICATION_ALGS;
            entity.verify_for_usage(algorithms, &roots, &sent, time, usage, None, Some(&judge)).map(drop)
        });
        match (verified, self.found.take(), self.refused.take()) {
            (Ok(()), Some(vouched), _) => Ok(vouched),
            (_, _, Some(refusal)) => Err(refusal),
            (Err(error), ..) => Err(self.explain(&error)),
            (Ok(()), None, None) => Err(Refusal::untrusted("is vouched for by nobody here")),
        }
    }

    /// What rustls-webpki does not look at, on a path that it has verified.
    fn judge(&self, path: &VerifiedPath<'_>, anchor: &Anchor) -> Result<Vouched, Refusal> {
        if let Some(refusal) = anchor.unfit(self.peer, self.now) {
            return Err(above(&anchor.certificate, refusal));
        }
        let between = path.intermediate_certificates().map(|between| Certificate::from_der(&between.der()));
        let between: Vec<Certificate> = between
            .collect::<Result<_, _>>()
            .map_err(|error| Refusal::untrusted(format!("is not vouched for: {error}")))?;
        if let Some((issuer, refusal)) = between.iter().find_map(|one| Some((one, anchor::signing_fault(one)?))) {
            return Err(above(issuer, refusal));
        }
        // RFC 5280, 6.2: the anchor's own path length counts where it is a certificate's, as OpenSSL has it.
        let length = between.iter().filter(|between| !between.is_self_issued()).count();
        if let Some(allowed) = anchor.certificate.path_length().filter(|allowed| length > *allowed as usize) {
            let what = format!("allows {allowed} authorities below it, not {length} (its path length)");
            return Err(above(&anchor.certificate, Refusal::untrusted(what)));
        }
        if anchor::signs(self.end_entity) {
            let what = format!(
                "is an authority's certificate (its keyUsage has keyCertSign); issue a {} certificate",
                self.peer
            );
            return Err(Refusal(Reason::WrongPurpose, what));
        }
        let path: Vec<&Certificate> =
            std::iter::once(self.end_entity).chain(&between).chain([&anchor.certificate]).collect();
        let from = path.iter().map(|certificate| certificate.not_before()).max().unwrap_or(self.now);
        let mut until = path.iter().map(|certificate| certificate.not_after()).min().unwrap_or(self.now);
        for pair in path.windows(2) {
            let crls = self.trust.check_revocation(pair[0], pair[1], self.now)?;
            let newest = crls.iter().max_by_key(|crl| crl.this_update());
            if let Some(newest) = newest.filter(|_| self.trust.stale_crls == StaleCrls::Refuse) {
                until = until.min(newest.next_update() - 1);
            }
        }
        let Anchor { certificate, file, .. } = anchor;
        Ok(Vouched { authority: certificate.clone(), file: file.clone(), valid: from..=until })
    }

    /// What rustls-webpki found wrong, in the words of this crate.
    fn explain(&self, error: &webpki::Error) -> Refusal {
        use webpki::Error as Fault;
        let peer = self.peer;
        match error {
            Fault::CertExpired { .. } => {
                Refusal(Reason::Expired, "comes with a chain that has expired; renew it".into())
            }
            Fault::CertNotValidYet { .. } => {
                Refusal(Reason::NotYetValid, "comes with a chain that is not valid yet; check the clocks".into())
            }
            Fault::CaUsedAsEndEntity => Refusal(
                Reason::WrongPurpose,
                format!(
                    "is an authority's certificate (CA:TRUE), not a {peer}'s; issue a {peer} certificate, or {}",
                    peer.pin_it()
                ),
            ),
            Fault::RequiredEkuNotFoundContext(_) | Fault::EmptyEkuExtension => Refusal(
                Reason::WrongPurpose,
                format!(
                    "comes with a chain that is not meant for TLS {peer}s (an extendedKeyUsage lacks {}); issue a {peer} certificate",
                    peer.purpose()
                ),
            ),
            // The key of an unfit authority may be too weak for rustls-webpki to verify anything with.
            _ => self.unfit_issuer().unwrap_or_else(|| self.untrusted(error)),
        }
    }

    /// Why the authority that the peer names vouches for nobody, if there is but that one.
    fn unfit_issuer(&self) -> Option<Refusal> {
        let mut named = self.claimed.iter().filter(|anchor| anchor.certificate.subject() == self.end_entity.issuer());
        match (named.next(), named.next()) {
            (Some(anchor), None) => Some(above(&anchor.certificate, anchor.unfit(self.peer, self.now)?)),
            _ => None,
        }
    }

    fn untrusted(&self, error: &webpki::Error) -> Refusal {
        use webpki::Error as Fault;
        let what = match error {
            Fault::UnsupportedCertVersion => {
                format!("it is X.509 version 1; sign it anew, or {}", self.peer.pin_it())
            }
            Fault::EndEntityUsedAsCa => "it was signed with the key of a certificate that is no authority's".into(),
            Fault::PathLenConstraintViolated => "more authorities stand above it than a path length allows".into(),
            Fault::NameConstraintViolation => {
                "it bears a name that the name constraints of an authority above it forbid".into()
            }
            Fault::InvalidSignatureForPublicKey => {
                "an authority of its issuer's name is here, but another key has signed it".into()
            }
            Fault::UnsupportedCriticalExtension => {
                "a critical extension in its chain is not known here; issue it without".into()
            }
            Fault::UnknownIssuer | Fault::CertDistrusted => {
                let issuer = self.end_entity.issuer().brief();
                format!("no path leads from {issuer} to an authority here; have the {} send those between", self.peer)
            }
            other => format!("its chain is not valid ({other})"),
        };
        Refusal::untrusted(format!("is not vouched for: {what}"))
    }
}

/// A peer's refusal, for what is wrong with an authority above it.
fn above(issuer: &Certificate, Refusal(reason, what): Refusal) -> Refusal {
    Refusal(reason, format!("is not vouched for: its authority {} {what}", issuer.subject().brief()))
}
