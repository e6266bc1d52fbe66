//! What a trust directory costs by its size, beside OpenSSL's store and directory.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use openssl::stack::Stack;
use openssl::x509::store::{X509Lookup, X509StoreBuilder};
use openssl::x509::{X509, X509StoreContext};
use rustls::crypto::aws_lc_rs::kx_group::X25519MLKEM768;
use trustdir::tls::Acceptor;
use trustdir::{
    Authority, AuthorityOptions, Certificate, DistinguishedName, EntryNames, Fingerprint, TrustDir, TrustDirOptions,
    bench,
};

use crate::handshake::Client;
use crate::heap;

const SIZES: [usize; 4] = [1, 1_000, 100_000, 1_000_000];

/// An X509_STORE takes its certificates in quadratic time.
const STORE: usize = 5_000;

/// Certificates that differ in subject and serial number. They are pins: nobody looks at their signatures.
struct Forge {
    der: Vec<u8>,
    places: Vec<usize>,
}

impl Forge {
    fn new(dir: &Path) -> Self {
        let options = AuthorityOptions {
            name: Some(DistinguishedName::from_common_name("client-XXXXXXXX")),
            ..Default::default()
        };
        let ca = Authority::create(dir.join("forge"), options).expect("an authority");
        let der = ca.certificate().as_der().to_vec();
        let places = der.windows(8).enumerate().filter(|(_, text)| *text == b"XXXXXXXX").map(|(at, _)| at).collect();
        Self { der, places }
    }

    fn make(&self, number: usize) -> Vec<u8> {
        let (mut der, digits) = (self.der.clone(), format!("{number:08}"));
        self.places.iter().for_each(|at| der[*at..at + 8].copy_from_slice(digits.as_bytes()));
        der
    }

    fn write(&self, dir: &Path, numbers: std::ops::Range<usize>) {
        for certificate in numbers.map(|number| Certificate::from_der(&self.make(number)).expect("a certificate")) {
            let hash = certificate.subject().subject_hash().expect("a hash");
            let free = (0..).map(|n| dir.join(format!("{hash}.{n}"))).find(|path| !path.exists()).expect("a number");
            std::fs::write(free, certificate.to_pem()).expect("a file");
        }
    }
}

pub(crate) fn run() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let forge = Forge::new(dir.path());
    let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).expect("an authority");
    let server = ca.issue_server(&["localhost"], &Default::default()).expect("an identity");
    let alice = ca.issue_client("alice", &Default::default()).expect("an identity");
    let client = Client::new(&ca, &alice, X25519MLKEM768);
    println!("\nthe trust directory, by its size (medians; us unless said otherwise)");
    println!(
        "{:>9} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>11} {:>11}",
        "entries", "load s", "B/entry", "look-up", "+ file", "handshake", "add", "remove", "by_dir cold", "by_dir warm"
    );

    let (mut opened, mut written) = (Vec::new(), 0);
    for size in SIZES {
        let path = dir.path().join(format!("clients-{size}"));
        std::fs::create_dir(&path).expect("a directory");
        forge.write(&path, written..written + size - 1);
        std::fs::write(path.join("x"), alice.certificate().to_pem()).expect("a file");
        let hash = alice.certificate().subject().subject_hash().expect("a hash");
        std::fs::rename(path.join("x"), path.join(format!("{hash}.0"))).expect("a name");
        // Younger files are read again by each decision: their time stamps may hide a change.
        std::thread::sleep(Duration::from_millis(200));
        let options = TrustDirOptions { entry_names: EntryNames::SubjectHash, ..TrustDirOptions::default() };
        let load = heap::uncounted(|| {
            let start = Instant::now();
            let opened = TrustDir::open_with(&path, options.clone()).expect("a directory");
            let load = start.elapsed().as_secs_f64();
            drop(opened);
            load
        });
        let before = heap::bytes();
        let clients = TrustDir::open_with(&path, options).expect("a directory");
        let bytes = (heap::bytes() - before) as f64 / size as f64;
        opened.push((size, path, clients, load, bytes, written));
        written += size;
    }

    // All sizes take turns, so that the machine's moods hit them alike.
    let acceptors: Vec<_> = opened
        .iter()
        .map(|(_, _, clients, ..)| {
            Acceptor::builder(server.clone()).trust_dir(clients.clone()).build().expect("an acceptor")
        })
        .collect();
    let mut shakes = vec![Vec::new(); opened.len()];
    for _ in 0..2_000 {
        for (acceptor, shakes) in acceptors.iter().zip(&mut shakes) {
            shakes.push(client.time(acceptor));
        }
    }
    for ((size, path, clients, load, bytes, first), mut shakes) in opened.into_iter().zip(shakes) {
        let pool: Vec<Vec<u8>> =
            (0..10_000.min(size.max(2) - 1)).map(|n| forge.make(first + n * (size / 10_000).max(1))).collect();
        let look_up = each(&pool, |der| assert!(size == 1 || bench::look_up(&clients, &Fingerprint::of(der))));
        let located = each(&pool, |der| assert!(size == 1 || clients.contains(&Fingerprint::of(der))));
        let fresh: Vec<Certificate> =
            (0..200).map(|n| Certificate::from_der(&forge.make(90_000_000 + n)).expect("a certificate")).collect();
        let add = each(&fresh, |certificate| drop(clients.install(certificate).expect("installed")));
        let remove = each(&fresh, |certificate| drop(clients.remove(&certificate.fingerprint()).expect("removed")));
        let (cold, warm) = by_dir(&path, &pool);
        println!(
            "{size:>9} {load:>8.2} {bytes:>8.1} {look_up:>9.2} {located:>9.2} {:>9.1} {add:>9.1} {remove:>9.1} {cold:>11.1} {warm:>11.1}",
            median(&mut shakes)
        );
    }
    store(&forge);
}

/// The median of single calls, in microseconds.
fn each<T>(items: &[T], mut work: impl FnMut(&T)) -> f64 {
    let mut took: Vec<f64> = items
        .iter()
        .map(|item| {
            let start = Instant::now();
            work(black_box(item));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    median(&mut took)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// OpenSSL's look-up in the same directory: of a certificate that it has not read yet, and of one that it has.
fn by_dir(path: &Path, pool: &[Vec<u8>]) -> (f64, f64) {
    let mut builder = X509StoreBuilder::new().expect("a store");
    let lookup = builder.add_lookup(X509Lookup::hash_dir()).expect("a look-up");
    lookup.add_dir(path.to_str().expect("UTF-8"), openssl::ssl::SslFiletype::PEM).expect("a directory");
    let store = builder.build();
    let pool: Vec<X509> = pool.iter().take(1_000).map(|der| X509::from_der(der).expect("a certificate")).collect();
    let mut verify = |certificate: &X509| {
        let mut context = X509StoreContext::new().expect("a context");
        let chain = Stack::new().expect("a stack");
        let _ = black_box(context.init(&store, certificate, &chain, |context| context.verify_cert()));
    };
    (each(&pool, &mut verify), each(&pool, &mut verify))
}

fn store(forge: &Forge) {
    let certificates: Vec<X509> = (0..STORE).map(|n| X509::from_der(&forge.make(n)).expect("a certificate")).collect();
    let start = Instant::now();
    let mut builder = X509StoreBuilder::new().expect("a store");
    for certificate in certificates {
        builder.add_cert(certificate).expect("added");
    }
    println!("OpenSSL's X509_STORE takes {STORE} certificates in {:.2} s", start.elapsed().as_secs_f64());
}
