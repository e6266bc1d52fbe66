//! The rules for a certificate and those above it.

use super::certificate::is_pss;
use super::client::{self, Client};
use super::facts::Facts;
use super::finding::{Finding, Report};
use super::{Options, Rule, judge, names};
use crate::certificate::Certificate;
use crate::der::CertificateParts;
use crate::error::ErrorKind;
use crate::key::KeyAlgorithm;
use crate::profile::Profile;
use crate::{clock, signature};

/// The longest path that is followed, and the most authorities of one name that are asked for their signature:
/// a folder may be full of certificates that somebody made to keep us busy.
const LONGEST: usize = 10;
const NAMESAKES: usize = 64;

/// What lies beside a chain.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    /// Authorities that may have issued the chain's last certificate.
    pub authorities: &'a [Certificate],
    /// Whether the certificate is kept as a record only, and served from another file.
    pub archived: bool,
}

/// Checks a chain, end entity first.
pub(super) fn check(chain: &[Certificate], beside: Beside<'_>, options: &Options) -> Vec<Finding> {
    let Some((first, rest)) = chain.split_first() else { return Vec::new() };
    let mut findings = judge(first, options.profile, options);
    for certificate in rest {
        findings.extend(judge(certificate, Some(Profile::Authority), options));
    }
    let mut report = Report::about(first.subject());
    let mut path = Vec::from([first]);
    climb(&mut path, rest);
    order(chain, &path, &mut report);
    let served = path.len();
    climb(&mut path, beside.authorities);
    if let Some(missing) = path.get(served).filter(|issuer| !issuer.is_self_issued())
        && !beside.archived
        && !first.is_authority()
    {
        let message = format!("its issuer {} is not in this file, and is no root", missing.subject().brief());
        report.warning(Rule::ChainMissingIssuer, message, "append the issuer's certificate to the file that is served");
    }
    findings.extend(report.into_findings());
    findings.extend(path.windows(2).flat_map(|pair| link(pair[0], pair[1])));
    findings.extend((1..path.len()).flat_map(|at| limits(&path[..at], path[at], options)));
    findings
}

/// Whether these certificates are one chain, and not a collection.
pub(super) fn is_chain(certificates: &[Certificate]) -> bool {
    let Some((first, rest)) = certificates.split_first() else { return false };
    let mut path = vec![first];
    climb(&mut path, rest);
    path.len() > 1
        || !rest.is_empty() && !first.is_authority() && rest.iter().all(Certificate::is_authority)
        || rest.iter().any(|certificate| certificate.issuer() == first.subject() && !certificate.is_authority())
}

/// Continues the path by the issuers that are among the candidates.
fn climb<'a>(path: &mut Vec<&'a Certificate>, candidates: &'a [Certificate]) {
    while let Some(last) = path.last().copied() {
        if last.is_self_issued() || path.len() == LONGEST {
            return;
        }
        let issuers = candidates.iter().filter(|issuer| issuer.subject() == last.issuer() && !path.contains(issuer));
        let issuers: Vec<_> = issuers.take(NAMESAKES).collect();
        let signer = issuers.iter().find(|issuer| signs(issuer, last) == Some(true));
        match signer.or(issuers.first()) {
            Some(issuer) => path.push(issuer),
            None => return,
        }
    }
}

/// Whether the issuer's key has made the signature; `None` where that cannot be told, since the key is of a
/// sort or size that signatures are not checked with.
fn signs(issuer: &Certificate, certificate: &Certificate) -> Option<bool> {
    let usual = !matches!(issuer.key_algorithm(), None | Some(KeyAlgorithm::Rsa(..2048 | 8193..)));
    if !usual || is_pss(issuer.spki()) {
        return None;
    }
    let parts = CertificateParts::read(certificate.as_der()).ok()?;
    match signature::verify(issuer.spki(), parts.signature_algorithm, parts.tbs, parts.signature) {
        Ok(()) => Some(true),
        Err(error) if error.kind() == ErrorKind::BadSignature => Some(false),
        Err(_) => None,
    }
}

fn order(chain: &[Certificate], path: &[&Certificate], report: &mut Report) {
    const REMEDY: &str = "write the service's own certificate first, each one followed by its issuer's";
    let Some(stray) = chain.iter().find(|certificate| !path.contains(certificate)) else {
        if !path.iter().copied().eq(chain) {
            report.warning(
                Rule::ChainOrder,
                "the chain is out of order or repeats itself, and some clients do not sort it",
                REMEDY,
            );
        }
        return;
    };
    let (first, last) = (path[0], path[path.len() - 1]);
    let named = stray.subject().brief();
    if stray.issuer() == first.subject() && !stray.is_authority() {
        let message = format!("the chain begins with an issuer; {named} comes after it");
        report.refused(Rule::ChainOrder, client::ALL, message, REMEDY);
    } else if last.is_self_issued() {
        let message = format!("{named} is in the file and no part of the chain");
        report.note(Rule::ChainOrder, message, "leave it out");
    } else {
        let message = format!("{} is not in the chain, but {named} is", last.issuer().brief());
        let remedy = "put the missing issuer's certificate behind the one that it has issued";
        if chain.iter().any(Certificate::is_self_issued) {
            report.refused(Rule::ChainMissingIssuer, client::ALL, message, remedy);
        } else {
            report.warning(Rule::ChainMissingIssuer, message, remedy);
        }
    }
}

/// Checks a certificate against its issuer's.
fn link(certificate: &Certificate, issuer: &Certificate) -> Vec<Finding> {
    let mut report = Report::about(certificate.subject());
    let above = issuer.subject().brief();
    if signs(issuer, certificate) == Some(false) {
        let message = format!("the key of {above} has not signed it; another authority of that name has");
        report.refused(Rule::ChainSignature, client::ALL, message, "find that authority's certificate, or issue again");
    }
    if let (Some(named), Some(own)) = (certificate.authority_key_id(), issuer.subject_key_id())
        && named != own
    {
        let message = format!("its authority key identifier is not the subject key identifier of {above}");
        report.refused(Rule::AkiMismatch, client::OPENSSL, message, "issue it again");
    }
    if certificate.not_after() > issuer.not_after() {
        let message = format!("it outlives its issuer {above}, which ends on {}", clock::date(issuer.not_after()));
        report.note(Rule::OutlivesIssuer, message, "renew the issuer in time");
    }
    report.into_findings()
}

/// Checks what an issuer says of all that is below it, end entity first.
fn limits(below: &[&Certificate], issuer: &Certificate, options: &Options) -> Vec<Finding> {
    let (facts, above) = (Facts::read(issuer), issuer.subject().brief());
    let first = Facts::read(below[0]);
    let mut report = Report::about(below[0].subject());

    let between = below[1..].iter().filter(|certificate| !certificate.is_self_issued()).count();
    let by = if facts.certificate.is_self_issued() { client::ALL_BUT_RUSTLS } else { client::ALL };
    if let Some(allowed) = facts.certificate.path_length().filter(|allowed| between > *allowed as usize) {
        let message = format!("there are {between} authorities below {above}, whose path length allows {allowed}");
        report.refused(Rule::PathLength, by, message, "issue it from the authority itself");
    }
    for name in below[0].names().iter().take(names::MOST) {
        if !facts.constraints.allow(name) {
            let message = format!("{} is outside the name constraints of {above}", names::shown(&name.to_string()));
            let remedy = "leave the name out, or issue it from an authority that may";
            report.refused(Rule::NameConstraints, client::ALL, message, remedy);
        }
    }
    let profile = options.profile.unwrap_or_else(|| first.profile().0);
    if let Some(purposes) = facts.purposes.filter(|purposes| !purposes.any) {
        let lacks = match profile {
            Profile::Server => !purposes.server,
            Profile::Client => !purposes.client,
            Profile::ServerAndClient => !purposes.server || !purposes.client,
            Profile::Authority => false,
        };
        let by: &[Client] = if facts.certificate.is_self_issued() {
            &[Client::Go, Client::OpenSsl, Client::Python]
        } else {
            client::ALL
        };
        if lacks {
            let message =
                format!("the extendedKeyUsage of its issuer {above} lacks what a {profile} certificate is for");
            report.refused(Rule::IssuerEku, by, message, "issue it from an authority without extendedKeyUsage");
        }
    }
    report.into_findings()
}
