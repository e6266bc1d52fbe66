//! Under which names and addresses this machine is reached.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use crate::SubjectAltName;

/// Its own name, that name under `.local` (RFC 6762), its address in the local network, and what it calls itself.
/// IPv6 addresses are not among them: most of them last a day.
pub(super) fn names() -> Vec<SubjectAltName> {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let host = host.unwrap_or_default().trim().to_ascii_lowercase();
    let local = (!host.contains('.')).then(|| format!("{host}.local"));
    let mut names: Vec<SubjectAltName> = [Some(host), local, Some("localhost".to_owned())]
        .into_iter()
        .flatten()
        .filter_map(|name| name.parse().ok())
        .collect();
    let address = address().map(SubjectAltName::Ip);
    names.extend(address);
    for own in ["127.0.0.1", "::1"].iter().filter_map(|own| own.parse().ok()) {
        if !names.contains(&own) {
            names.push(own);
        }
    }
    names
}

/// The address from which the rest of the world would be called. Nothing is sent: a datagram's socket only finds its route.
fn address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    // An address for examples (RFC 5737).
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}
