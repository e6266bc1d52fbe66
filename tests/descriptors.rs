//! A process that runs out of descriptors, as a flood of connections brings it to, forgets no revocation list.
//! Alone in its program: the limit is the process's.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::fs::{self, File};

use support::chains::{AUTHORITY, CLIENT, Chains, days_from_now};
use trustdir::Reason;

#[test]
fn nobody_is_admitted_for_want_of_descriptors() {
    let chains = Chains::new();
    chains.make("root", None, AUTHORITY);
    chains.make("alice", Some("root"), CLIENT);
    chains.make("bob", Some("root"), CLIENT);
    chains.crl("root", &["alice"], (-1, 1), "authorities/any.crl");
    let list = fs::read(chains.path("authorities/any.crl")).unwrap();
    let (alice, bob) = (chains.sent(&["alice"]), chains.sent(&["bob"]));
    let process = std::process::id().to_string();
    support::run("prlimit", &["--pid", &process, "--nofile=64"], chains.0.path());
    for free in 0..4 {
        // Files that were just written are read anew at each decision.
        let authorities = chains.trust(&["root"]);
        fs::write(chains.path("authorities/any.crl"), &list).unwrap();
        let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        taken.truncate(taken.len() - free);
        for _ in 0..3 {
            let decision = authorities.decide(&[&alice[0]], days_from_now(0));
            assert!(!decision.is_admitted(), "{free}: {}", decision.message());
        }
        if free == 0 {
            let decision = authorities.decide(&[&bob[0]], days_from_now(0));
            assert_eq!(decision.reason(), Reason::UntrustedIssuer);
            assert!(decision.message().contains("Too many open files"), "{}", decision.message());
        }
        drop(taken);
        assert_eq!(authorities.decide(&[&alice[0]], days_from_now(0)).reason(), Reason::RevokedByCrl);
        assert_eq!(authorities.decide(&[&bob[0]], days_from_now(0)).reason(), Reason::Admitted);
    }
}
