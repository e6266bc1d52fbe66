//! The rules for servers' and clients' certificates.

use super::certificate::ISSUE;
use super::client::{self, Client};
use super::facts::Facts;
use super::finding::Report;
use super::{Rule, names};
use crate::certificate::Usage;
use crate::clock::DAY;
use crate::extension::Purposes;
use crate::profile::Profile;

const APPLE_DAYS: i64 = 825;

/// Apple's rules are for certificates issued from 2019-07-01 on.
const APPLE_RULES: i64 = 1_561_939_200;

/// keyEncipherment (RFC 5280, 4.2.1.3) as a bit of [`Usage::key`].
const KEY_ENCIPHERMENT: u16 = 1 << 2;

pub(super) fn check(facts: &Facts<'_>, profile: Profile, report: &mut Report) {
    let (server, client) = (profile != Profile::Client, profile != Profile::Server);
    shape(facts, server, report);
    key_usage(facts, server, client, report);
    if server {
        for_servers(facts, report);
    }
    if client {
        for_clients(facts, report);
    }
    if server {
        let common_name = facts.certificate.subject().common_name();
        names::check(facts.certificate.names(), common_name.as_deref(), report);
    }
}

fn shape(facts: &Facts<'_>, server: bool, report: &mut Report) {
    let certificate = facts.certificate;
    if certificate.version() < 3 {
        let message = format!("it is X.509 v{}, without any extension", certificate.version());
        let remedy = format!("{ISSUE}; `openssl x509 -req` needs -extfile");
        report.refused(Rule::Version1, &[Client::Rustls], message, remedy);
    } else if certificate.authority_key_id().is_none() && !facts.certificate.is_self_issued() {
        report.refused(Rule::NoAki, &[Client::Python], "it has no authority key identifier", ISSUE);
    }
    if certificate.is_authority() {
        let by: &[Client] = if server { &[Client::Firefox, Client::Rustls] } else { &[Client::Rustls] };
        let message = "it says CA:TRUE: under OpenSSL whoever has its key can make further certificates";
        let remedy = "issue it from an authority, or self-signed with `-addext basicConstraints=critical,CA:FALSE`";
        report.refused(Rule::CaAsEndEntity, by, message, remedy);
    } else if facts.signs_certificates() && !facts.certificate.is_self_issued() {
        let message = "its keyUsage has keyCertSign, but it is no authority";
        report.refused(Rule::CertSignWithoutCa, &[Client::Python], message, ISSUE);
    }
    let nameless = certificate.subject().is_empty() && !facts.names_critical;
    if nameless && !facts.certificate.is_self_issued() || certificate.issuer().is_empty() {
        let message = "its issuer or its subject is empty, and no critical SAN stands for the subject";
        report.refused(Rule::EmptyName, &[Client::Python], message, "issue it again with a common name");
    }
}

fn key_usage(facts: &Facts<'_>, server: bool, client: bool, report: &mut Report) {
    if facts.signs_handshakes() {
        return;
    }
    let lacks = |bits| facts.key_usage().is_some_and(|usage| usage & bits == 0);
    let no_server = server && lacks(KEY_ENCIPHERMENT | Usage::KEY_AGREEMENT);
    let no_client = client && lacks(Usage::KEY_AGREEMENT);
    let by: &[Client] = match (server, no_server, no_client) {
        (true, true, _) => &[Client::Chrome, Client::Firefox, Client::OpenSsl, Client::Python],
        (true, false, true) => &[Client::Chrome, Client::OpenSsl, Client::Python],
        (true, false, false) => &[Client::Chrome],
        (false, _, true) => client::OPENSSL,
        (false, _, false) => return,
    };
    let message = "its keyUsage lacks digitalSignature, which every handshake of TLS 1.3 needs";
    let remedy = "issue it again with keyUsage digitalSignature (and keyEncipherment for RSA)";
    report.refused(Rule::NoDigitalSignature, by, message, remedy);
}

fn for_servers(facts: &Facts<'_>, report: &mut Report) {
    const REMEDY: &str = "issue it again with extendedKeyUsage serverAuth";
    let apple = facts.certificate.not_before() >= APPLE_RULES;
    match facts.purposes {
        None if apple => {
            report.refused(Rule::NoEku, &[Client::Apple], "it has no extendedKeyUsage", REMEDY);
        }
        None | Some(Purposes { server: true, .. }) => {}
        Some(Purposes { any, .. }) => {
            let by = if any { &[Client::Apple, Client::Rustls][..] } else { client::ALL };
            report.refused(Rule::WrongEku, by, "its extendedKeyUsage lacks serverAuth", REMEDY);
        }
    }
    let seconds = facts.certificate.not_after() - facts.certificate.not_before();
    if apple && seconds > APPLE_DAYS * DAY {
        let message = format!("it is valid for {} days; Apple refuses over {APPLE_DAYS}", seconds / DAY);
        let remedy = "issue it again for 397 days (`trustdir issue` does), and renew it in time";
        report.refused(Rule::ValidityOver825Days, &[Client::Apple], message, remedy);
    }
}

fn for_clients(facts: &Facts<'_>, report: &mut Report) {
    if let Some(Purposes { any, client: false, .. }) = facts.purposes {
        let by = if any { &[Client::Rustls][..] } else { client::SERVERS };
        let remedy = "issue it again with extendedKeyUsage clientAuth";
        report.refused(Rule::WrongEku, by, "its extendedKeyUsage lacks clientAuth", remedy);
    }
}
