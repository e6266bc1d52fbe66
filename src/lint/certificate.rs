//! The rules for every certificate, whatever it is for.

use super::client::{self, Client};
use super::facts::Facts;
use super::finding::Report;
use super::{Rule, authority, end_entity};
use crate::clock::{DAY, date};
use crate::der::{self, CertificateParts};
use crate::key::{KeyAlgorithm, spki_algorithm};
use crate::profile::Profile;
use crate::signature;

/// From when on a certificate should be renewed.
const SOON: i64 = 30 * DAY;

pub(super) const ISSUE: &str = "issue it again, with `trustdir issue` or another current tool";

/// Checks one certificate as the profile's.
pub(super) fn check(facts: &Facts<'_>, profile: Profile, now: i64, report: &mut Report) {
    key(facts.certificate.spki(), report);
    let is_root = facts.certificate.is_self_issued() && profile == Profile::Authority;
    algorithm(facts, report);
    serial(facts, report);
    dates(facts, is_root, now, report);
    critical(facts, is_root, report);
    if profile == Profile::Authority {
        authority::check(facts, report);
    } else {
        end_entity::check(facts, profile, report);
    }
}

/// Checks the public key of a certificate or a request.
pub(super) fn key(spki: &[u8], report: &mut Report) {
    const NEW_KEY: &str = "issue it again with a new key, P-256 or RSA of at least 2048 bits";
    match spki_algorithm(spki) {
        Some(KeyAlgorithm::Rsa(bits)) if bits < 2048 => {
            let by = match bits {
                ..1024 => client::ALL,
                _ => client::WEAK_KEY,
            };
            report.refused(Rule::WeakKey, by, format!("its RSA key has {bits} bits, fewer than 2048"), NEW_KEY);
        }
        Some(KeyAlgorithm::Rsa(_)) if is_pss(spki) => {
            let by = &[Client::Chrome, Client::Firefox, Client::Go, Client::Rustls];
            report.refused(Rule::UnusualKey, by, "its RSA key is marked as RSA-PSS only", NEW_KEY);
        }
        Some(KeyAlgorithm::Ed25519) => {
            let by = &[Client::Apple, Client::Chrome, Client::Firefox];
            report.refused(Rule::UnusualKey, by, "its key is Ed25519, which browsers do not take", NEW_KEY);
        }
        Some(KeyAlgorithm::EcdsaP521) => {
            let message = "its key is on P-521, which not every browser takes";
            report.refused(Rule::UnusualKey, &[Client::Chrome], message, NEW_KEY);
        }
        Some(_) => {}
        None => {
            let by = &[Client::Android, Client::Apple, Client::Chrome, Client::Firefox, Client::Go, Client::Rustls];
            let message = "its key is neither RSA nor on P-256, P-384, P-521 or Ed25519";
            report.refused(Rule::UnusualKey, by, message, NEW_KEY);
        }
    }
}

/// Whether an RSA key may sign with PSS only (RFC 4055, 1.2), which webpki does not read.
pub(super) fn is_pss(spki: &[u8]) -> bool {
    let oid = |spki| {
        let mut fields = der::Reader::new(der::single(spki, der::SEQUENCE)?.content);
        der::Reader::new(fields.expect(der::SEQUENCE)?.content).expect(der::OID)
    };
    oid(spki).is_ok_and(|oid| oid.content == b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a")
}

fn algorithm(facts: &Facts<'_>, report: &mut Report) {
    const SHA2: &str = "sign it again with SHA-256 (`-sha256`)";
    match facts.outdated {
        // Whoever trusts a root trusts its key, and does not look at what it says of itself.
        Some(outdated) if facts.certificate.is_self_issued() => {
            report.note(Rule::WeakSignature, format!("it signs itself by {outdated}, which nobody checks"), SHA2);
        }
        Some(outdated) => {
            report.refused(Rule::WeakSignature, client::ALL, format!("it is signed by {outdated}"), SHA2);
        }
        None if !facts.signature_known && !facts.certificate.is_self_issued() => {
            let parts = CertificateParts::read(facts.certificate.as_der());
            let name = parts.map(|parts| signature::name(parts.signature_algorithm)).unwrap_or_default();
            let message = format!("it is signed by {name}, which rustls does not know");
            report.refused(Rule::UnusualSignature, &[Client::Rustls], message, SHA2);
        }
        None => {}
    }
}

fn serial(facts: &Facts<'_>, report: &mut Report) {
    const RANDOM: &str = "let the authority choose serial numbers of 128 random bits";
    let serial = facts.certificate.serial_bytes();
    let significant = serial.iter().skip_while(|byte| **byte == 0).count();
    let (rule, message) = if serial.first().is_some_and(|byte| byte & 0x80 != 0) {
        return report.refused(Rule::SerialNotPositive, &[Client::Go], "its serial number is negative", RANDOM);
    } else if significant == 0 {
        (Rule::SerialNotPositive, "its serial number is zero".to_owned())
    } else if significant > 20 {
        (Rule::SerialLong, format!("its serial number has {significant} bytes; 20 are the limit"))
    } else if significant < 8 {
        let bits = significant * 8;
        let serial = facts.certificate.serial();
        (Rule::SerialShort, format!("its serial number {serial} has no more than {bits} bits; such numbers repeat"))
    } else {
        return;
    };
    // A root's number is compared with nobody's.
    if facts.certificate.is_self_issued() {
        report.note(rule, message, RANDOM);
    } else {
        report.warning(rule, message, RANDOM);
    }
}

fn dates(facts: &Facts<'_>, is_root: bool, now: i64, report: &mut Report) {
    let (begins, ends) = (facts.certificate.not_before(), facts.certificate.not_after());
    let by = if is_root { client::ALL_BUT_RUSTLS } else { client::ALL };
    if now > ends {
        report.refused(Rule::Expired, by, format!("it expired on {}", date(ends)), "renew it");
    } else if now < begins {
        let message = format!("it is not valid before {}", date(begins));
        report.refused(Rule::NotYetValid, by, message, "wait, or set the clock that is wrong");
    } else if ends - now < SOON.min((ends - begins) / 3) {
        let message = format!("it expires on {}, {}", date(ends), in_days(ends - now));
        report.warning(Rule::ExpiresSoon, message, "renew it now");
    }
}

fn in_days(seconds: i64) -> String {
    match seconds / DAY {
        0 => "within a day".to_owned(),
        1 => "in a day".to_owned(),
        days => format!("in {days} days"),
    }
}

fn critical(facts: &Facts<'_>, is_root: bool, report: &mut Report) {
    for oid in &facts.critical {
        let by = match oid.as_str() {
            "2.5.29.31" => continue, // cRLDistributionPoints, which everybody knows
            // Policies: webpki reads none of them.
            "2.5.29.32" | "2.5.29.33" | "2.5.29.36" | "2.5.29.54" if is_root => continue,
            "2.5.29.32" | "2.5.29.33" | "2.5.29.36" | "2.5.29.54" => &[Client::Rustls][..],
            _ if is_root => client::ALL_BUT_RUSTLS,
            _ => client::ALL,
        };
        let message = format!("its extension {oid} is critical, and clients refuse what they do not know");
        let remedy = "issue it again without that extension, or not critical";
        report.refused(Rule::UnknownCriticalExtension, by, message, remedy);
    }
}
