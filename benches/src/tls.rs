//! What a connection costs its server, beside bare cryptography, rustls alone and OpenSSL: TLS 1.3 with
//! TLS_AES_128_GCM_SHA256, P-256 certificates on both sides, and a rustls client that is not timed.
//!
//! A server's calls are timed: making the connection, feeding, draining, freeing. In between the client does its part
//! with the same AWS-LC, which keeps that warm for all but OpenSSL: of the ratio to it, a tenth may be due to that.

mod alone;
mod bulk;
mod capi;
mod idle;
mod libssl;
mod ours;
mod primitives;

use std::path::PathBuf;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::kx_group::{X25519, X25519MLKEM768};
use tempfile::TempDir;
use trustdir::{Authority, AuthorityOptions, Identity, TrustDir, TrustDirOptions};

use crate::candidate::{self, Candidate};
use crate::handshake::{Client, Service};

/// Keys, certificates and directories that all services share.
struct Scene {
    dir: TempDir,
    ca: Authority,
    server: Identity,
    alice: Identity,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).expect("an authority");
        let server = ca.issue_server(&["localhost"], &Default::default()).expect("an identity");
        let alice = ca.issue_client("alice", &Default::default()).expect("an identity");
        let scene = Self { dir, ca, server, alice };
        let entries = [("clients", scene.alice.certificate()), ("authorities", scene.ca.certificate())];
        for (directory, certificate) in entries {
            let path = scene.path(directory);
            let options = TrustDirOptions { create: true, watch: false, ..TrustDirOptions::default() };
            TrustDir::open_with(path, options).and_then(|directory| directory.install(certificate)).expect("an entry");
        }
        scene.server.save(scene.path("server.pem"), scene.path("server.key"), None).expect("files");
        // Younger files are read again by each decision: their time stamps may hide a change.
        std::thread::sleep(Duration::from_millis(200));
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// A service that is measured.
struct Contender {
    name: &'static str,
    service: Box<dyn Service>,
    /// How many signatures it has to verify in a full handshake: the client's, and the authority's unless the
    /// chain is known: it is always the same client.
    verifies: u8,
    resumes: bool,
    hybrid: bool,
}

impl Contender {
    fn new(name: &'static str, service: Box<dyn Service>, verifies: u8) -> Self {
        Self { name, service, verifies, resumes: true, hybrid: true }
    }

    fn all(scene: &Scene) -> Vec<Self> {
        let rustls = Self { resumes: false, ..Self::new("rustls, no tickets", alone::authority(scene, false), 2) };
        let ours = [
            Self::new("rustls", alone::authority(scene, true), 2),
            Self::new("trustdir, authorities", ours::authorities(scene), 1),
            Self::new("trustdir, authorities, C ABI", capi::authorities(scene), 1),
            Self::new("rustls, one pin", alone::pin(scene), 1),
            Self::new("trustdir, pins", ours::pins(scene), 1),
            Self::new("trustdir, pins, C ABI", capi::pins(scene), 1),
        ];
        // OpenSSL has ML-KEM from 3.5 on.
        let libssl = |name, tickets| Self {
            resumes: tickets,
            hybrid: false,
            ..Self::new(name, libssl::authority(scene, tickets), 2)
        };
        [rustls]
            .into_iter()
            .chain(ours)
            .chain([libssl("OpenSSL, no tickets", false), libssl("OpenSSL", true)])
            .collect()
    }
}

pub(crate) fn run() {
    let scene = Scene::new();
    let contenders = Contender::all(&scene);
    handshakes(&scene, &contenders);
    bulk::run(&scene, &contenders);
    idle::run(&scene, &contenders);
}

/// Each beside its limit, the sum of its primitives.
fn handshakes(Scene { ca, alice, .. }: &Scene, contenders: &[Contender]) {
    let mut primitives = primitives::all();
    let kinds = contenders.iter().map(|contender| {
        let Contender { name, service, resumes, hybrid, .. } = contender;
        let timed = |client: Client| Candidate::timed(name, move || client.time(&**service));
        [
            Some(timed(Client::new(ca, alice, X25519))),
            hybrid.then(|| timed(Client::new(ca, alice, X25519MLKEM768))),
            resumes.then(|| timed(Client::resuming(ca, alice, X25519, &**service))),
        ]
    });
    let mut kinds: Vec<[Option<Candidate<'_>>; 3]> = kinds.collect();
    candidate::measure(primitives.iter_mut().chain(kinds.iter_mut().flatten().flatten()));

    println!("\n{:<28} {:>9}", "primitives (AWS-LC)", "us");
    let [agree, encapsulate, sign, verify] = primitives.each_mut().map(|primitive| {
        println!("{:<28} {:>9.2}", primitive.name(), primitive.median());
        primitive.median()
    });
    println!(
        "\n{:<28} {:>18} {:>18} {:>18}",
        "handshakes: us, of the limit", "full X25519", "X25519MLKEM768", "resumed X25519"
    );
    for (contender, kinds) in contenders.iter().zip(&mut kinds) {
        let full = agree + sign + f64::from(contender.verifies) * verify;
        print!("{:<28}", contender.name);
        for (kind, limit) in kinds.iter_mut().zip([full, full + encapsulate, agree]) {
            match kind.as_mut().map(Candidate::median) {
                Some(took) => print!(" {took:>11.1} {:>4.0} %", limit / took * 100.0),
                None => print!(" {:>18}", "-"),
            }
        }
        println!();
    }
}
