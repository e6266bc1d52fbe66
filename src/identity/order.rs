//! Chains put in order: each certificate is followed by its issuer's.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// The longest chain, and the most authorities of one name that are asked for their signature: the pool may be a
/// stranger's.
const LONGEST: usize = 16;
const NAMESAKES: usize = 64;

/// How many certificates an error names.
const NAMED: usize = 3;

/// The chain that begins with `end_entity`: each certificate is followed by its issuer's as far as `pool` has
/// it, up to and with the self-signed one. The rest of the pool is left out.
///
/// Of several authorities of one name (renewed, with another key) the one that made the signature is taken.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// use trustdir::{Authority, export};
///
/// let ca = Authority::create(dir.path().join("pki"), Default::default())?;
/// let server = ca.issue_server(&["localhost"], &Default::default())?;
/// let chain = export::full_chain(server.certificate(), &[ca.certificate().clone()]);
/// assert_eq!(chain, [server.certificate().clone(), ca.certificate().clone()]);
/// # Ok::<(), trustdir::Error>(())
/// ```
pub fn full_chain(end_entity: &Certificate, pool: &[Certificate]) -> Vec<Certificate> {
    let mut chain = vec![end_entity.clone()];
    let mut last = end_entity;
    while chain.len() < LONGEST
        && let Some(issuer) = issuer(last, &chain, pool)
    {
        chain.push(issuer.clone());
        last = issuer;
    }
    chain
}

fn issuer<'a>(last: &Certificate, chain: &[Certificate], pool: &'a [Certificate]) -> Option<&'a Certificate> {
    let fits = |other: &&Certificate| other.subject() == last.issuer() && !chain.contains(other);
    let named: Vec<_> = pool.iter().filter(fits).take(NAMESAKES).collect();
    let signer = || named.iter().copied().find(|issuer| last.is_signed_by(issuer));
    match named[..] {
        [] => None,
        // Below its own name stands a root, or an authority's new key that its old one vouches for (RFC 4210, 4.4).
        _ if last.is_self_issued() => {
            if last.is_signed_by(last) {
                None
            } else {
                signer()
            }
        }
        [only] => Some(only),
        // A signature by an algorithm that nobody takes any more proves nothing; then the name has to do.
        [first, ..] => signer().or(Some(first)),
    }
}

/// The chain of the certificate with this key, out of certificates in any order. What is valid at `now` and ends
/// last comes before what else would fit.
pub(super) fn in_order(mut pool: Vec<Certificate>, spki: &[u8], now: i64) -> Result<Vec<Certificate>> {
    let Some(first) = pool.first().cloned() else {
        return Err(Error::new(ErrorKind::InvalidArgument, "an identity needs at least one certificate"));
    };
    let mut seen = HashSet::new();
    pool.retain(|certificate| seen.insert(certificate.fingerprint()));
    let is_valid = |certificate: &Certificate| (certificate.not_before()..=certificate.not_after()).contains(&now);
    let mut best = pool.clone();
    best.sort_by_key(|certificate| Reverse((is_valid(certificate), certificate.not_after())));
    let own = best.iter().filter(|certificate| certificate.spki() == spki);
    // An authority and its service may share a key; then the service's certificate is meant.
    let own = own.min_by_key(|certificate| (!is_valid(certificate), certificate.is_authority()));
    let chain = full_chain(own.ok_or_else(|| mismatch(&first, pool.len()))?, &best);
    let strays = strays(&pool, spki);
    if strays.is_empty() { Ok(chain) } else { Err(foreign(&strays, &chain)) }
}

/// The certificates that no issuer's name leads to from one with the key. Others that are not in the chain are
/// renewed or cross-signed ones of those that are.
fn strays<'a>(pool: &'a [Certificate], spki: &[u8]) -> Vec<&'a Certificate> {
    let (mut reached, mut rest): (Vec<_>, Vec<_>) = pool.iter().partition(|certificate| certificate.spki() == spki);
    loop {
        let leads = |other: &&Certificate| reached.iter().any(|below| below.issuer() == other.subject());
        let (found, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(leads);
        if found.is_empty() {
            return others;
        }
        reached.extend(found);
        rest = others;
    }
}

fn mismatch(first: &Certificate, count: usize) -> Error {
    let subject = first.subject().to_string();
    let message = if count == 1 {
        format!("the private key does not belong to the certificate of {subject}; they come from different requests")
    } else {
        format!(
            "the private key belongs to none of these {count} certificates, the first of which is {subject}'s; add its own"
        )
    };
    Error::new(ErrorKind::KeyMismatch, message).with_subject(subject)
}

fn foreign(strays: &[&Certificate], chain: &[Certificate]) -> Error {
    let named = strays.iter().take(NAMED).map(|stray| stray.subject().brief()).collect::<Vec<_>>().join(" and ");
    let more = match strays.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let missing = chain.last().filter(|last| !last.is_self_issued()).map(|last| last.issuer().brief());
    let remedy = match missing {
        Some(missing) => format!(", where {missing} is missing; add that, or remove what does not belong there"),
        None => "; remove what does not belong there".to_owned(),
    };
    let message = format!("{named}{more} issued nothing in the chain of {}{remedy}", chain[0].subject().brief());
    Error::new(ErrorKind::InvalidArgument, message).with_subject(strays[0].subject().to_string())
}
