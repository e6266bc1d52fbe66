//! Rehashing beside `openssl rehash` and Debian's `c_rehash`: OpenSSL finds everybody afterwards, has nothing to change,
//! and a crash or another process at any moment loses nobody.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use support::faults::{points, with_fault};
use support::folder::Folder;
use support::{openssl, text, try_run};
use tempfile::TempDir;
use trustdir::{
    Authority, AuthorityOptions, Certificate, EntryNames, ErrorKind, IssueOptions, Rehashed, TrustDir, TrustDirOptions,
};

/// Names whose hashes are the same (SHA-1 of the canonical name, first 4 bytes).
const COLLISIONS: [[&str; 2]; 3] =
    [["rpc.user.10866", "rpc.user.28632"], ["rpc.user.23010", "rpc.user.50887"], ["rpc.user.18673", "rpc.user.100150"]];

/// An authority, and an empty directory of clients.
struct World {
    dir: TempDir,
    ca: Authority,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca = Authority::create(dir.path().join("pki"), AuthorityOptions::default()).unwrap();
        fs::create_dir(dir.path().join("clients")).unwrap();
        Self { dir, ca }
    }

    fn clients(&self) -> PathBuf {
        self.dir.path().join("clients")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.clients().join(name)
    }

    fn issue(&self, name: &str) -> Certificate {
        self.ca.issue_client(name, &IssueOptions::default()).unwrap().certificate().clone()
    }

    /// A new client's certificate in a file of this name.
    fn put(&self, file: &str, name: &str) -> Certificate {
        let certificate = self.issue(name);
        fs::write(self.file(file), certificate.to_pem()).unwrap();
        certificate
    }

    fn open(&self, entry_names: EntryNames) -> TrustDir {
        let options = TrustDirOptions { entry_names, watch: false, ..TrustDirOptions::default() };
        TrustDir::open_with(self.clients(), options).unwrap()
    }

    fn rehash(&self) -> Rehashed {
        self.open(EntryNames::Any).rehash().unwrap()
    }

    /// Rehashes, and has OpenSSL find everybody and change nothing afterwards.
    #[track_caller]
    fn rehash_for_openssl(&self, clients: &[&Certificate]) -> Rehashed {
        let rehashed = self.rehash();
        let after = listing(&self.clients());
        for client in clients {
            assert!(finds(&self.clients(), client), "OpenSSL does not find {}\n{after:#?}", client.subject());
        }
        openssl(&["rehash", &text(&self.clients())], self.dir.path());
        assert_eq!(listing(&self.clients()), after, "`openssl rehash` has changed something");
        assert!(self.rehash().is_unchanged(), "a second time changes something");
        rehashed
    }
}

/// Every name with where it leads, or what it holds.
fn listing(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let what = path.read_link().map_or_else(
                |_| format!("{:?}", fs::read(&path).ok().map(|bytes| trustdir::Fingerprint::of(&bytes))),
                |target| format!("-> {}", target.display()),
            );
            (path.file_name().unwrap().to_str().unwrap().to_owned(), what)
        })
        .collect()
}

/// Whether a fresh OpenSSL that trusts the directory alone accepts the certificate, as a pin.
fn finds(dir: &Path, certificate: &Certificate) -> bool {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), certificate.to_pem()).unwrap();
    let arguments =
        ["verify", "-partial_chain", "-no-CAfile", "-no-CAstore", "-CApath", &text(dir), &text(file.path())];
    try_run("openssl", &arguments, Path::new("/")).status.success()
}

fn hash(certificate: &Certificate) -> String {
    certificate.subject().subject_hash().unwrap().to_string()
}

fn names(dir: &Path, hash: &str) -> Vec<String> {
    listing(dir).into_keys().filter(|name| name.starts_with(hash)).collect()
}

#[test]
fn files_are_linked_as_openssl_links_them() {
    let world = World::new();
    let mut clients = vec![world.put("zoe.pem", "zoe"), world.put("bob.crt", "bob"), world.put("carol.CER", "carol")];
    for (number, name) in COLLISIONS.as_flattened().iter().enumerate() {
        clients.push(world.put(&format!("{number}.pem"), name));
    }
    // A copy, a key beside the certificate, text around it; and what openssl passes over.
    fs::copy(world.file("zoe.pem"), world.file("zz.pem")).unwrap();
    let dave = world.ca.issue_client("dave", &IssueOptions::default()).unwrap();
    dave.save(world.dir.path().join("dave.pem"), world.dir.path().join("dave.key"), None).unwrap();
    let key = fs::read_to_string(world.dir.path().join("dave.key")).unwrap();
    fs::write(world.file("dave.pem"), format!("Dave's\r\n{}{key}", dave.certificate().to_pem())).unwrap();
    clients.push(dave.certificate().clone());
    let pair = world.issue("erin").to_pem() + &world.issue("frank").to_pem();
    fs::write(world.file("bundle.pem"), pair).unwrap();
    fs::write(world.file("der.crt"), world.issue("grace").as_der()).unwrap();
    fs::write(world.file("notes.txt"), "not a certificate").unwrap();
    fs::write(world.file("empty.pem"), "").unwrap();
    fs::create_dir(world.file("old.pem")).unwrap();
    world.ca.crl(30).unwrap();
    fs::copy(world.ca.dir().join("crl.pem"), world.file("ca.crl")).unwrap();
    fs::copy(world.ca.dir().join("cacert.pem"), world.file("ca.pem")).unwrap();
    clients.push(world.ca.certificate().clone());

    let theirs = tempfile::tempdir().unwrap();
    let copy = theirs.path().join("clients");
    support::run("cp", &["-a", &text(&world.clients()), &text(&copy)], Path::new("/"));
    openssl(&["rehash", &text(&copy)], Path::new("/"));
    let rehashed = world.rehash_for_openssl(&clients.iter().collect::<Vec<_>>());
    assert_eq!(listing(&world.clients()), listing(&copy), "the links are those of `openssl rehash`");
    let left: Vec<_> = rehashed.left.iter().map(|problem| problem.file().file_name().unwrap()).collect();
    assert_eq!(left, ["bundle.pem", "der.crt", "empty.pem", "zz.pem"]);
    assert_eq!(rehashed.newly_admitted.len(), clients.len());
    let issuer = world.ca.certificate().subject().subject_hash().unwrap();
    assert_eq!(world.file(&format!("{issuer}.r0")).read_link().unwrap(), Path::new("ca.crl"));
}

/// `openssl rehash` keeps the dangling `.0`, and OpenSSL then finds neither.
#[test]
fn gaps_and_dangling_links_are_mended() {
    for [a, b] in COLLISIONS {
        for gone in ["a.pem", "b.pem"] {
            let world = World::new();
            let (first, second) = (world.put("a.pem", a), world.put("b.pem", b));
            world.rehash_for_openssl(&[&first, &second]);
            fs::remove_file(world.file(gone)).unwrap();
            let there = if gone == "a.pem" { &second } else { &first };
            let rehashed = world.rehash_for_openssl(&[there]);
            assert_eq!(names(&world.clients(), &hash(there)), [format!("{}.0", hash(there))]);
            assert!(!rehashed.is_unchanged() && rehashed.newly_admitted.is_empty(), "{rehashed:?}");
        }
    }
}

#[test]
fn regular_files_are_never_removed() {
    let world = World::new();
    let [a, b] = COLLISIONS[0];
    let hash = hash(&world.issue(a));
    // Where a link belongs, `openssl rehash` throws the file away.
    let installed = world.put(&format!("{hash}.0"), a);
    let linked = world.put("b.pem", b);
    let rehashed = world.rehash_for_openssl(&[&installed, &linked]);
    assert_eq!(rehashed.renamed, [(world.file(&format!("{hash}.0")), world.file(&format!("{hash}.1")))]);
    assert_eq!(world.file(&format!("{hash}.0")).read_link().unwrap(), Path::new("b.pem"));

    // The same certificate as a file and under its hash: left as it is, and said.
    let world = World::new();
    let alice = world.put(&format!("{hash}.0"), a);
    fs::copy(world.file(&format!("{hash}.0")), world.file("alice.pem")).unwrap();
    let rehashed = world.rehash();
    assert!(rehashed.is_unchanged() && finds(&world.clients(), &alice));
    assert!(rehashed.left[0].message().contains("a link would do"), "{rehashed:?}");
}

#[test]
fn what_cannot_be_loaded_hides_nobody() {
    let world = World::new();
    let [a, b] = COLLISIONS[1];
    let (first, second) = (world.issue(a), world.issue(b));
    let hash = hash(&first);
    for (number, garbage) in ["", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"].iter().enumerate() {
        fs::write(world.file(&format!("{hash}.{number}")), garbage).unwrap();
    }
    fs::create_dir(world.file(&format!("{hash}.2"))).unwrap();
    fs::write(world.file(&format!("{hash}.3")), first.as_der()).unwrap();
    fs::write(world.file(&format!("{hash}.4")), first.to_pem()).unwrap();
    symlink("nowhere", world.file(&format!("{hash}.5"))).unwrap();
    symlink(format!("{hash}.6"), world.file(&format!("{hash}.6"))).unwrap();
    fs::write(world.file(&format!("{hash}.9")), second.to_pem()).unwrap();
    assert!(!finds(&world.clients(), &second));
    let rehashed = world.rehash_for_openssl(&[&first, &second]);
    assert_eq!(rehashed.left.len(), 4, "{rehashed:?}");
    assert_eq!(listing(&world.clients()).len(), 6, "two clients, two bad files, DER and a directory");
    assert_eq!(rehashed.newly_admitted.len(), 0, "{rehashed:?}");
}

/// Old names, capital letters, other spellings of a link, and links that lead out of the directory.
#[test]
fn names_that_openssl_does_not_find_are_put_right() {
    let world = World::new();
    let alice = world.put("alice.pem", "alice");
    let old = alice.subject().subject_hash_old();
    symlink("alice.pem", world.file(&format!("{old}.0"))).unwrap();
    symlink("./alice.pem", world.file(&format!("{}.0", hash(&alice)))).unwrap();
    let bob = world.issue("bob");
    fs::write(world.file(&format!("{}.0", bob.subject().subject_hash_old())), bob.to_pem()).unwrap();
    let carol = world.issue("carol");
    fs::write(world.dir.path().join("carol.pem"), carol.to_pem()).unwrap();
    symlink("../carol.pem", world.file("ABCDEF01.0")).unwrap();
    let rehashed = world.rehash();
    for client in [&alice, &bob, &carol] {
        assert!(finds(&world.clients(), client), "{rehashed:?}");
    }
    let expected: BTreeSet<_> = [&alice, &bob, &carol]
        .map(|client| format!("{}.0", hash(client)))
        .into_iter()
        .chain(["alice.pem".into()])
        .collect();
    assert_eq!(listing(&world.clients()).into_keys().collect::<BTreeSet<_>>(), expected);
    assert_eq!(world.file(&format!("{}.0", hash(&carol))).read_link().unwrap(), Path::new("../carol.pem"));
    let admitted: Vec<_> = rehashed.newly_admitted.iter().map(|entry| entry.certificate().clone()).collect();
    assert!(admitted.contains(&bob) && admitted.contains(&carol) && !admitted.contains(&alice), "{rehashed:?}");
    assert!(world.rehash().is_unchanged());
}

/// A file that leads to the name of a hash is not linked from there: it would lead to itself.
#[test]
fn no_link_is_made_to_lead_to_itself() {
    let world = World::new();
    let alice = world.put("real.txt", "alice");
    let name = format!("{}.0", hash(&alice));
    symlink("real.txt", world.file(&name)).unwrap();
    symlink(&name, world.file("a.pem")).unwrap();
    symlink("a.pem", world.file("b.pem")).unwrap();
    let rehashed = world.rehash();
    assert!(rehashed.is_unchanged() && finds(&world.clients(), &alice), "{rehashed:?}");
    assert_eq!(rehashed.left.len(), 2);
}

#[test]
fn debians_rehash_finds_every_new_name_in_its_place() {
    let world = World::new();
    let [a, b] = COLLISIONS[2];
    let clients = [world.put("a.pem", a), world.put("b.pem", b), world.put("c.pem", "carol")];
    world.rehash_for_openssl(&clients.iter().collect::<Vec<_>>());
    let ours = listing(&world.clients());
    support::run("c_rehash", &[&text(&world.clients())], Path::new("/"));
    let theirs = listing(&world.clients());
    // It always makes the old names too.
    let old: BTreeSet<_> = clients.iter().map(|client| client.subject().subject_hash_old().to_string()).collect();
    let of_old = |name: &String| name.split_once('.').is_some_and(|(hash, _)| old.contains(hash));
    assert_eq!(theirs.into_iter().filter(|(name, _)| !of_old(name)).collect::<BTreeMap<_, _>>(), ours);
    let rehashed = world.rehash_for_openssl(&clients.iter().collect::<Vec<_>>());
    assert_eq!(rehashed.removed.len(), 3, "the old names go: {rehashed:?}");
}

/// Two hundred directories, made by chance of everything above.
#[test]
fn generated_directories() {
    let material = World::new();
    let people: Vec<Certificate> =
        COLLISIONS.as_flattened().iter().chain(&["alice", "bob", "alice"]).map(|name| material.issue(name)).collect();
    let mut seed = 1_u32;
    let mut below = |end: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % end
    };
    for round in 0..200 {
        let world = tempfile::tempdir().unwrap();
        let file = |name: &str| world.path().join(name);
        let mut is_foreign = false;
        for number in 0..=below(12) {
            let client = &people[below(people.len())];
            let free = |hash: String| {
                (0..).map(|n| format!("{hash}.{n}")).skip(number % 3).find(|n| file(n).symlink_metadata().is_err())
            };
            let named = free(hash(client)).unwrap();
            let old = free(client.subject().subject_hash_old().to_string()).unwrap();
            let pem = format!("{number}.pem");
            match below(9) {
                0 => fs::write(file(&named), client.to_pem()).unwrap(),
                1 => fs::write(file(&old), client.to_pem()).unwrap(),
                2 => symlink("nowhere.pem", file(&named)).unwrap(),
                3 => fs::write(file(&named), "garbage").unwrap(),
                4 => {
                    fs::write(file(&pem), client.to_pem()).unwrap();
                    symlink(&pem, file(&old)).unwrap();
                }
                5 => {
                    fs::write(file(&pem), client.to_pem()).unwrap();
                    symlink(&pem, file(&named)).unwrap();
                }
                6 => {
                    fs::write(file(&format!("{number}.txt")), client.to_pem()).unwrap();
                    symlink(format!("{number}.txt"), file(&named)).unwrap();
                    is_foreign = true;
                }
                _ => fs::write(file(&pem), client.to_pem()).unwrap(),
            }
        }
        let before = listing(world.path());
        let contents = |listing: &BTreeMap<String, String>| -> Vec<String> {
            let mut files: Vec<_> = listing.values().filter(|what| !what.starts_with("->")).cloned().collect();
            files.sort();
            files
        };
        let options = TrustDirOptions { watch: false, ..TrustDirOptions::default() };
        let directory = TrustDir::open_with(world.path(), options).unwrap();
        let admitted: Vec<_> = people.iter().filter(|one| directory.contains(&one.fingerprint())).collect();
        let rehashed = directory.rehash().unwrap();
        let after = listing(world.path());
        let context = || format!("round {round}: {before:#?}\n{after:#?}\n{rehashed:#?}");
        assert_eq!(contents(&before), contents(&after), "a regular file is gone: {}", context());
        for one in &admitted {
            assert!(directory.contains(&one.fingerprint()), "{}", context());
            assert!(finds(world.path(), one), "OpenSSL does not find {}: {}", one.subject(), context());
        }
        assert!(people.iter().all(|one| admitted.contains(&one) || !directory.contains(&one.fingerprint())));
        assert!(directory.rehash().unwrap().is_unchanged(), "{}", context());
        // It removes links to files that it would not link itself, and unlinks files for links to their copies.
        let regular = rehashed.left.iter().any(|problem| problem.message().contains("a link would do"));
        if !is_foreign && !regular {
            openssl(&["rehash", &text(world.path())], Path::new("/"));
            assert_eq!(listing(world.path()), after, "`openssl rehash` has changed something: {}", context());
        }
    }
}

#[test]
fn ten_thousand_files_take_seconds() {
    scale(10_000);
}

#[test]
#[ignore = "a minute or two, most of it for writing the files"]
fn a_hundred_thousand_files_take_seconds() {
    scale(100_000);
}

fn scale(count: usize) {
    let world = World::new();
    let pem = world.issue("alice").to_pem();
    let der = Certificate::from_pem(pem.as_bytes()).unwrap().as_der().to_vec();
    let at = der.windows(5).rposition(|window| window == b"alice").unwrap();
    for number in 0..count {
        // The signature is nobody's business here.
        let mut der = der.clone();
        der[at..at + 5].copy_from_slice(format!("{number:05}").as_bytes());
        fs::write(world.file(&format!("{number}.crt")), pem_of(&der)).unwrap();
    }
    let directory = world.open(EntryNames::SubjectHash);
    let start = std::time::Instant::now();
    let rehashed = directory.rehash().unwrap();
    println!("{count} files rehashed in {:?}", start.elapsed());
    assert_eq!((rehashed.linked.len(), rehashed.newly_admitted.len()), (count, count));
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
    assert!(directory.rehash().unwrap().is_unchanged());
}

fn pem_of(der: &[u8]) -> String {
    Certificate::from_der(der).unwrap().to_pem()
}

/// A rehash is killed at every call that changes the disk; whoever was found before is found then, and the next run
/// does the rest.
#[test]
#[cfg(target_os = "linux")]
fn a_crash_loses_nobody() {
    let world = World::new();
    let [a, b] = COLLISIONS[0];
    let (first, second) = (world.issue(a), world.issue(b));
    let hash = hash(&first);
    fs::write(world.file(&format!("{hash}.0")), first.to_pem()).unwrap();
    fs::write(world.file("b.pem"), second.to_pem()).unwrap();
    symlink("b.pem", world.file(&format!("{hash}.1"))).unwrap();
    symlink("nowhere", world.file(&format!("{hash}.2"))).unwrap();
    let carol = world.put("carol.pem", "carol");
    symlink("carol.pem", world.file(&format!("{}.0", carol.subject().subject_hash_old()))).unwrap();
    let copy = || {
        let copy = tempfile::tempdir().unwrap();
        support::run("cp", &["-a", &format!("{}/.", text(world.dir.path())), &text(copy.path())], Path::new("/"));
        copy
    };
    let arguments = ["clients", "rehash", "clients", "--yes"];
    let trustdir = env!("CARGO_BIN_EXE_trustdir");
    let points = points(trustdir, &arguments, copy().path());
    assert!(points.len() > 8, "{points:?}");
    let mut results = BTreeSet::new();
    for point in &points {
        let copy = copy();
        let clients = copy.path().join("clients");
        with_fault(point, "signal=SIGKILL", trustdir, &arguments, copy.path());
        for (found, name) in [(&first, "a"), (&second, "b")] {
            assert!(
                finds(&clients, found),
                "killed at {point:?}: OpenSSL does not find {name}\n{:#?}",
                listing(&clients)
            );
        }
        let directory = TrustDir::open(&clients).unwrap();
        assert!(
            [&first, &second, &carol].iter().all(|one| directory.contains(&one.fingerprint())),
            "killed at {point:?}"
        );
        directory.rehash().unwrap();
        assert!(finds(&clients, &carol));
        results.insert(format!("{:?}", listing(&clients)));
    }
    assert_eq!(results.len(), 1, "the end is not always the same: {results:#?}");
}

#[test]
fn the_command_admits_nobody_unasked() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki").done();
    fs::create_dir(folder.path().join("clients")).unwrap();
    fs::copy(folder.path().join("alice.cert.pem"), folder.path().join("clients/alice.pem")).unwrap();
    let hash = folder.openssl(&["x509", "-in", "alice.cert.pem", "-noout", "-subject_hash"]).trim().to_owned();
    let link = format!("clients/{hash}.0");

    folder
        .run("clients rehash clients --subject-hash")
        .code(1)
        .complains("give --yes")
        .says("admit clients/alice.pem (CN=alice");
    let planned = folder.run("--json clients rehash clients --dry-run").done().json();
    assert_eq!((&planned["done"], &planned["linked"][0]["file"]), (&false.into(), &link.as_str().into()));
    assert_eq!(planned["newly_admitted"][0]["common_name"], "alice");
    assert!(!folder.exists(&link), "nothing was done");
    folder.run("clients rehash clients --yes").done().says(&format!("link {link} -> alice.pem"));
    assert!(folder.exists(&link));
    folder.run("clients rehash clients").done().says("nothing to change");
    folder.run("clients check clients --subject-hash").done().says("0 problems");
    let shown = folder.run("--json clients show clients alice").done().json();
    assert_eq!(
        (&shown["client"]["reason"], shown["client"]["files"].as_array().unwrap().len()),
        (&"ADMITTED".into(), 2)
    );
    folder.run("clients show clients alice").done().says("subject hash:").says("also in:").says("ADMITTED");
    folder.run("clients show clients bob").code(1).complains("bob");

    // A link becomes the new one's by the file that it leads to.
    folder.run("issue client alice --ca pki --out new").done();
    let replaced = folder.run("--json clients replace clients alice new/alice.cert.pem").done().json();
    assert_eq!(
        (&replaced["entry"]["file"], &replaced["replaced"]["files"]),
        (&link.as_str().into(), &serde_json::json!([]))
    );
    let certificate = |file: &str| Certificate::load(folder.path().join(file)).unwrap();
    assert_eq!(certificate("clients/alice.pem"), certificate("new/alice.cert.pem"));
    folder.run("--json clients replace clients alice alice.key.pem").code(1).error("PARSE");
}

#[test]
fn replacing_leaves_no_moment_without() {
    let world = World::new();
    let directory = world.open(EntryNames::SubjectHash);
    let [a, b] = COLLISIONS[0];
    let (old, neighbour, new, other) = (world.issue(a), world.issue(b), world.issue(a), world.issue("other"));
    directory.install(&old).unwrap();
    directory.install(&neighbour).unwrap();
    let replaced = directory.replace(&old.fingerprint(), &new).unwrap();
    assert_eq!(replaced.file(), world.file(&format!("{}.0", hash(&new))));
    assert!(replaced.is_new() && replaced.removed().is_empty() && replaced.warning().is_none());
    assert!(!directory.contains(&old.fingerprint()) && finds(&world.clients(), &new));
    // Another subject: the neighbour moves up.
    let replaced = directory.replace(&new.fingerprint(), &other).unwrap();
    assert_eq!(replaced.removed(), [world.file(&format!("{}.0", hash(&new)))]);
    assert_eq!(names(&world.clients(), &hash(&neighbour)), [format!("{}.0", hash(&neighbour))]);
    assert!(finds(&world.clients(), &neighbour) && directory.contains(&neighbour.fingerprint()));
    assert_eq!(directory.replace(&old.fingerprint(), &new).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(!directory.contains(&new.fingerprint()));
}

#[test]
fn a_removal_closes_the_gap_unless_it_would_have_to_wait() {
    let world = World::new();
    let directory = world.open(EntryNames::Any);
    let clients: Vec<_> = (0..4).map(|_| world.issue("same")).collect();
    for client in &clients {
        assert!(directory.install(client).unwrap().is_new());
        assert!(!directory.install_bytes(client.as_der()).unwrap().is_new());
    }
    directory.remove(&clients[1].fingerprint()).unwrap();
    let left = [&clients[0], &clients[2], &clients[3]];
    assert!(left.iter().all(|client| finds(&world.clients(), client) && directory.contains(&client.fingerprint())));
    // Whoever holds the lock keeps nobody in.
    let lock = fs::File::open(world.clients()).unwrap();
    lock.lock().unwrap();
    directory.remove(&clients[0].fingerprint()).unwrap();
    assert!(!directory.contains(&clients[0].fingerprint()));
    assert!(!finds(&world.clients(), &clients[2]), "a gap");
    drop(lock);
    assert!(!directory.install(&clients[2]).unwrap().is_new());
    assert!(left[1..].iter().all(|client| finds(&world.clients(), client)), "installing again closes it");
    let key = world.dir.path().join("k.pem");
    world.ca.issue_client("k", &IssueOptions::default()).unwrap().save(world.dir.path().join("c"), &key, None).unwrap();
    let refused = directory.install_file(&key).unwrap_err();
    assert!(
        refused.message().contains("k.pem") && refused.message().contains("name the certificate's file"),
        "{refused}"
    );
}

/// One worker fewer, also when it has failed.
struct Done<'a>(&'a std::sync::atomic::AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, std::sync::atomic::Ordering::Release);
    }
}

/// Processes that install, remove, replace and rehash in one directory, each its own clients, all with few hashes.
fn processes(count: usize, rounds: usize) {
    let folder = Folder::new();
    let ca = Authority::create(folder.path().join("pki"), AuthorityOptions::default()).unwrap();
    let issue = |name: &str, file: &str| {
        let certificate = ca.issue_client(name, &IssueOptions::default()).unwrap().certificate().clone();
        folder.write(file, certificate.to_pem());
        certificate
    };
    let names = COLLISIONS.as_flattened();
    let [fixed, stranger] = [names[0], names[1]].map(|name| issue(name, &format!("{name}.pem")));
    folder.run(&format!("clients add clients {}.pem", names[0])).done();
    let kept: Vec<Vec<Certificate>> = (0..count)
        .map(|one| (0..3).map(|n| issue(names[(one + n) % 2], &format!("{one}-{n}.pem"))).collect())
        .collect();
    let options = TrustDirOptions { entry_names: EntryNames::SubjectHash, ..TrustDirOptions::default() };
    let directory = TrustDir::open_with(folder.path().join("clients"), options).unwrap();
    let working = std::sync::atomic::AtomicUsize::new(count);
    std::thread::scope(|scope| {
        for one in 0..count {
            let (folder, working, kept) = (&folder, &working, &kept);
            scope.spawn(move || {
                let _done = Done(working);
                let prints: Vec<String> = kept[one].iter().map(|client| client.fingerprint().to_string()).collect();
                let run = |arguments: &str| loop {
                    let answer = folder.run(arguments);
                    // A disk that stalls stalls whoever holds the lock.
                    if !answer.err.contains("has held the lock") {
                        let there = || listing(&folder.path().join("clients"));
                        assert_eq!(answer.code, 0, "{arguments}: {}\n{:#?}\n{:#?}", answer.err, there(), kept[one]);
                        break;
                    }
                };
                for _ in 0..rounds {
                    run(&format!("clients add clients {one}-0.pem {one}-1.pem"));
                    run(&format!("clients replace clients {} {one}-2.pem", prints[1]));
                    run("clients rehash clients --yes");
                    run(&format!("clients remove clients {} {}", prints[0], prints[2]));
                }
                run(&format!("clients add clients {one}-0.pem {one}-2.pem"));
            });
        }
        while working.load(std::sync::atomic::Ordering::Acquire) > 0 {
            assert!(directory.contains(&fixed.fingerprint()), "one that nobody has touched is away");
            assert!(!directory.contains(&stranger.fingerprint()));
        }
    });
    // A removal beside another writer may have left a gap.
    folder.run("clients rehash clients").done();
    let mut expected: Vec<_> = kept.iter().flat_map(|kept| [&kept[0], &kept[2]]).chain([&fixed]).collect();
    expected.sort_by_key(|client| client.fingerprint());
    directory.refresh().unwrap();
    let mut listed = directory.list().unwrap();
    listed.sort_by_key(|entry| entry.certificate().fingerprint());
    assert_eq!(listed.iter().map(trustdir::Entry::certificate).collect::<Vec<_>>(), expected);
    for client in expected {
        assert!(finds(directory.path(), client), "{:#?}", listing(directory.path()));
    }
    let rest = listing(directory.path()).into_keys().collect::<Vec<_>>();
    assert_eq!(rest.len(), 2 * count + 1, "{rest:?}");
}

#[test]
fn two_processes_lose_nothing() {
    processes(2, 20);
}

#[test]
fn eight_processes_lose_nothing() {
    processes(8, 8);
}
