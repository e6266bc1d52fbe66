//! The rules for what a server is reached by.

use std::net::IpAddr;

use super::Rule;
use super::client::{self, Client};
use super::finding::Report;
use crate::alt_name::{SubjectAltName, host_name};
use crate::error::escape;

const IN_SAN: &str = "issue it again with every name and address in the subjectAltName";

/// How many names of a certificate are looked at: a stranger may write a million.
pub(super) const MOST: usize = 256;

/// Checks the names of a server's certificate or request.
pub(super) fn check(names: &[SubjectAltName], common_name: Option<&str>, report: &mut Report) {
    let names = &names[..names.len().min(MOST)];
    let mut usable = false;
    for name in names {
        usable |= match name {
            SubjectAltName::Ip(_) => true,
            SubjectAltName::Dns(dns) => dns_name(dns, names, report),
            _ => false,
        };
    }
    let common_name = common_name.unwrap_or_default();
    if !usable {
        let message = match names.is_empty() {
            true => format!("it has no subjectAltName; the common name {:?} does not count", shown(common_name)),
            false => "its subjectAltName holds no usable DNS name and no IP address".to_owned(),
        };
        report.refused(Rule::NoSan, client::SAN_ONLY, message, IN_SAN);
    }
    if let Ok(address) = common_name.parse::<IpAddr>() {
        if !names.contains(&SubjectAltName::Ip(address)) {
            let message = format!("the address {address} is in the common name only, where nobody looks for addresses");
            report.refused(Rule::IpInCnOnly, client::ALL, message, format!("issue it again with the SAN IP:{address}"));
        }
    } else if usable && is_host(common_name) && !names.iter().any(|name| covers(name, common_name)) {
        let message = format!("the host {:?} is in the common name only, and does not count", shown(common_name));
        report.warning(Rule::NameInCnOnly, message, IN_SAN);
    }
}

/// Checks one DNS name, and says whether some client may match it.
fn dns_name(dns: &str, names: &[SubjectAltName], report: &mut Report) -> bool {
    let shown = shown(dns);
    if let Ok(address) = dns.parse::<IpAddr>() {
        let remedy = format!("issue it again with the SAN IP:{address}");
        let message = format!("the address {shown} is written as a DNS name");
        if names.contains(&SubjectAltName::Ip(address)) {
            report.note(Rule::IpAsDns, message, "leave it out; it is there as an address too");
        } else {
            report.refused(Rule::IpAsDns, client::ALL, message, remedy);
        }
        return false;
    }
    if dns.contains('*') {
        return wildcard(dns, &shown, report);
    }
    if host_name(dns).is_err() {
        let message = format!("{shown:?} is no DNS name, and no client matches it");
        report.warning(Rule::BadDnsName, message, "issue it again with the bare host name, in ASCII");
        return false;
    }
    true
}

fn wildcard(dns: &str, shown: &str, report: &mut Report) -> bool {
    const REMEDY: &str = "name the hosts, or write *.DOMAIN with a domain of two labels or more";
    let (first, rest) = dns.split_once('.').unwrap_or((dns, ""));
    if rest.contains('*') || host_name(&format!("x.{rest}")).is_err() && !rest.is_empty() {
        report.refused(Rule::Wildcard, client::ALL, format!("{shown:?} has a wildcard in the wrong place"), REMEDY);
        return false;
    }
    if first != "*" {
        let by = &[Client::Chrome, Client::Firefox, Client::Go, Client::Python, Client::Rustls];
        report.refused(Rule::Wildcard, by, format!("the wildcard in {shown:?} is not a whole label"), REMEDY);
    } else if !rest.contains('.') {
        let by = &[Client::Firefox, Client::OpenSsl, Client::Python, Client::Rustls];
        report.refused(Rule::Wildcard, by, format!("the wildcard {shown:?} is too wide"), REMEDY);
    }
    true
}

/// A stranger's name for a message: escaped, and no longer than a message should be.
pub(super) fn shown(name: &str) -> String {
    escape(&name.chars().take(256).collect::<String>())
}

/// Whether a common name is meant as a host: people's and programs' names rarely have a dot.
pub(super) fn is_host(common_name: &str) -> bool {
    common_name == "localhost"
        || common_name.parse::<IpAddr>().is_ok()
        || common_name.contains('.') && host_name(common_name).is_ok()
}

fn covers(name: &SubjectAltName, host: &str) -> bool {
    let SubjectAltName::Dns(dns) = name else { return false };
    let below = dns.strip_prefix("*.").zip(host.split_once('.'));
    dns.eq_ignore_ascii_case(host) || below.is_some_and(|(base, (_, rest))| base.eq_ignore_ascii_case(rest))
}
