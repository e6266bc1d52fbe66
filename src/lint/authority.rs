//! The rules for the certificates of authorities.

use super::Rule;
use super::client::{self, Client};
use super::facts::Facts;
use super::finding::Report;

const ANOTHER: &str = "make another authority with `trustdir ca init`";
const REMEDY: &str =
    "renew the authority's certificate with `trustdir ca renew`: name and key stay, and what it issued stays valid";

pub(super) fn check(facts: &Facts<'_>, report: &mut Report) {
    let certificate = facts.certificate;
    let version3 = certificate.version() == 3;
    if !certificate.is_authority() {
        let by: &[Client] = match (facts.certificate.is_self_issued(), version3) {
            // Roots of before 1996 said no more than this, and most clients still take them.
            (true, false) => &[Client::Android, Client::Python],
            (true, true) => client::ALL_BUT_RUSTLS,
            (false, _) => client::ALL,
        };
        let message = format!("it does not say CA:TRUE (X.509 v{}), so it may sign nothing", certificate.version());
        report.refused(Rule::NotAnAuthority, by, message, ANOTHER);
        return;
    }
    if facts.basic_critical == Some(false) {
        let message = "its basicConstraints is not critical";
        report.refused(Rule::BasicConstraintsNotCritical, &[Client::Python], message, REMEDY);
    }
    match facts.key_usage() {
        None => report.refused(Rule::NoKeyUsageCertSign, &[Client::Python], "it has no keyUsage", REMEDY),
        Some(_) if !facts.signs_certificates() => {
            let message = "its keyUsage lacks keyCertSign, so it may sign nothing";
            report.refused(Rule::NoKeyUsageCertSign, client::ALL_BUT_RUSTLS, message, REMEDY);
        }
        Some(_) => {}
    }
    if certificate.subject_key_id().is_none() {
        report.refused(Rule::NoSki, &[Client::Python], "it has no subject key identifier", REMEDY);
    }
    if certificate.authority_key_id().is_none() && !facts.certificate.is_self_issued() {
        report.refused(Rule::NoAki, &[Client::Python], "it has no authority key identifier", REMEDY);
    }
    if certificate.subject().is_empty() {
        report.refused(Rule::EmptyName, &[Client::Python], "its subject is empty", ANOTHER);
    } else if facts.certificate.is_self_issued() && certificate.subject().common_name().is_none() {
        let message = "it has no common name, and iOS lists no such authority for full trust";
        report.refused(Rule::NoCommonName, &[Client::Apple], message, ANOTHER);
    }
}
