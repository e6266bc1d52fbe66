//! Promise 6: a crash at any instruction leaves the old or the new state, never a mixture, never a lost or repeated
//! serial. The command is killed at every call that changes the disk, and every such call is made to fail.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};

use support::faults::{Point, points, with_fault};
use support::{openssl, run, text, try_run};
use tempfile::TempDir;
use trustdir::{Certificate, Identity};

const TRUSTDIR: &str = env!("CARGO_BIN_EXE_trustdir");

/// What a full disk, a file system that the kernel has given up, and a failing disk say, in turn.
const ERRORS: [&str; 3] = ["error=ENOSPC", "error=EROFS", "error=EIO"];

/// A folder with an authority in use: three clients, one of them revoked, and a list that says so.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.run("ca init pki --no-passphrase");
        for name in ["alice", "bob", "carol"] {
            folder.run(&format!("issue client {name} --ca pki --out out --install clients"));
        }
        folder.run("revoke out/bob.cert.pem --ca pki");
        folder.run("crl --ca pki");
        let config = "[ca]\ndefault_ca=own\n[own]\ndatabase=pki/index.txt\nnew_certs_dir=pki/newcerts\n\
                      certificate=pki/cacert.pem\nprivate_key=pki/private/cakey.pem\ndefault_md=sha256\n\
                      crlnumber=pki/crlnumber\ndefault_crl_days=7\n";
        fs::write(folder.path("ca.cnf"), config).unwrap();
        folder
    }

    fn copy(&self) -> Self {
        let copy = tempfile::tempdir().unwrap();
        run("cp", &["-a", &format!("{}/.", text(self.0.path())), &text(copy.path())], Path::new("/"));
        Self(copy)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &str) -> String {
        run(TRUSTDIR, &words(arguments), self.0.path())
    }

    fn index(&self) -> Vec<String> {
        let index = fs::read_to_string(self.path("pki/index.txt")).unwrap();
        index.lines().map(str::to_owned).collect()
    }

    /// The files of a directory, if it is there.
    fn files(&self, dir: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(dir)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
    }

    fn crl_number(&self) -> u64 {
        let said = openssl(&["crl", "-in", "pki/crl.pem", "-noout", "-crlnumber"], self.0.path());
        u64::from_str_radix(said.trim().trim_start_matches("crlNumber=").trim_start_matches("0x"), 16).unwrap()
    }

    /// What holds at any time once an authority has been opened again.
    fn check(&self, context: &str) {
        let lines = self.index();
        let serials: Vec<&str> = lines.iter().map(|line| line.split('\t').nth(3).unwrap()).collect();
        let listed: BTreeSet<String> = serials.iter().map(ToString::to_string).collect();
        assert_eq!(listed.len(), serials.len(), "{context}: a serial is repeated");
        let issued = self.files("pki/newcerts").into_iter().map(|file| {
            let serial =
                Certificate::load(&file).unwrap_or_else(|error| panic!("{context}: {error}")).serial().to_uppercase();
            assert_eq!(file.file_stem().unwrap(), serial.as_str(), "{context}");
            serial
        });
        assert_eq!(issued.collect::<BTreeSet<_>>(), listed, "{context}: the index and the certificates differ");
        for dir in [".", "pki", "pki/private", "pki/newcerts", "out", "clients"] {
            for file in self.files(dir) {
                self.check_file(&file, context);
            }
        }
        let database = ["ca", "-config", "ca.cnf"];
        let status = try_run("openssl", &[&database[..], &["-status", serials[0]]].concat(), self.0.path());
        assert!(String::from_utf8_lossy(&status.stderr).contains("=Valid (V)"), "{context}: {status:?}");
        openssl(&[&database[..], &["-gencrl", "-out", "theirs.crl"]].concat(), self.0.path());
        let said =
            try_run("openssl", &["crl", "-in", "pki/crl.pem", "-CAfile", "pki/cacert.pem", "-noout"], self.0.path());
        assert!(String::from_utf8_lossy(&said.stderr).contains("verify OK"), "{context}: {said:?}");
    }

    fn check_file(&self, file: &Path, context: &str) {
        let name = file.file_name().unwrap().to_string_lossy();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert!(!name.starts_with(".trustdir"), "{context}: {} has stayed", file.display());
        let private = name.ends_with("key.pem");
        assert!(if private { mode == 0o600 } else { mode & 0o022 == 0 }, "{context}: {name} is {mode:o}");
        if let Some(stem) = name.strip_suffix(".cert.pem") {
            let key = file.with_file_name(format!("{stem}.key.pem"));
            Identity::load(file, key, None).unwrap_or_else(|error| panic!("{context}: {error}"));
        } else if private {
            trustdir::PrivateKey::load(file, None).unwrap_or_else(|error| panic!("{context}: {error}"));
        }
    }
}

/// A verb under test, and what it may change in the index.
struct Verb {
    arguments: &'static str,
    /// Whether these lines are what the verb leaves behind when it is done.
    is_done: fn(old: &[String], new: &[String]) -> bool,
}

impl Verb {
    fn test(&self) {
        let folder = Folder::new();
        let points = points(TRUSTDIR, &words(self.arguments), folder.copy().0.path());
        for point in &points {
            self.killed(&folder.copy(), point);
        }
        let failing: Vec<&Point> = points.iter().filter(|point| !point.speaks()).collect();
        for (point, error) in failing.iter().zip(ERRORS.iter().cycle()) {
            self.failed(&folder.copy(), point, error);
        }
        println!("{}: killed at {} points, {} failures", self.arguments, points.len(), failing.len());
    }

    fn killed(&self, folder: &Folder, point: &Point) {
        let context = format!("{} killed at {point:?}", self.arguments);
        let before = folder.index();
        let output = with_fault(point, "signal=SIGKILL", TRUSTDIR, &words(self.arguments), folder.0.path());
        assert_eq!(output.status.signal(), Some(9), "{context}: {output:?}");
        self.goes_on(folder, &before, &context);
    }

    fn failed(&self, folder: &Folder, point: &Point, error: &str) {
        let context = format!("{} with {error} at {point:?}", self.arguments);
        let before = folder.index();
        let output = with_fault(point, error, TRUSTDIR, &words(self.arguments), folder.0.path());
        let said = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            // There was another way.
            Some(0) => assert!((self.is_done)(&before, &folder.index()), "{context}: said to be done"),
            Some(1) => {
                let clear = said.starts_with("trustdir: ") && said.lines().count() == 1 && said.contains("(os error");
                assert!(clear, "{context}: {said}");
            }
            _ => panic!("{context}: {output:?}"),
        }
        self.goes_on(folder, &before, &context);
    }

    /// The next run works, and finds the old state or the new one.
    fn goes_on(&self, folder: &Folder, before: &[String], context: &str) {
        let number = folder.crl_number();
        folder.run("issue client next --ca pki --out out");
        let mut after = folder.index();
        let next =
            after.iter().position(|line| line.ends_with("/CN=next")).unwrap_or_else(|| panic!("{context}: {after:?}"));
        after.remove(next);
        assert!(after == before || (self.is_done)(before, &after), "{context}: {before:#?}\n{after:#?}");
        // Nothing that it left stays when it is done again, as far as it can be.
        try_run(TRUSTDIR, &words(self.arguments), folder.0.path());
        folder.run("crl --ca pki");
        folder.check(context);
        assert!(folder.crl_number() > number, "{context}: the list's number is repeated");
    }
}

fn words(arguments: &str) -> Vec<&str> {
    arguments.split_whitespace().collect()
}

#[test]
fn issue() {
    let is_done = |old: &[String], new: &[String]| {
        new.split_last()
            .is_some_and(|(line, rest)| rest == old && line.starts_with("V\t") && line.ends_with("/CN=dave"))
    };
    Verb { arguments: "issue client dave --ca pki --out out --install clients", is_done }.test();
}

#[test]
fn revoke() {
    let is_done = |old: &[String], new: &[String]| {
        let revoked =
            |line: &String| line.starts_with("R\t") && line.contains(",keyCompromise\t") && line.ends_with("/CN=carol");
        old.len() == new.len() && old[..2] == new[..2] && revoked(&new[2])
    };
    Verb { arguments: "revoke out/carol.cert.pem --ca pki --reason keyCompromise", is_done }.test();
}

#[test]
fn crl() {
    Verb { arguments: "crl --ca pki --days 7", is_done: |old, new| old == new }.test();
}

#[test]
fn renew() {
    let is_done = |old: &[String], new: &[String]| {
        new.split_last()
            .is_some_and(|(line, rest)| rest == old && line.starts_with("V\t") && line.ends_with("/CN=carol"))
    };
    Verb { arguments: "renew out/carol.cert.pem --ca pki", is_done }.test();
}

#[test]
fn ca_renew() {
    Verb { arguments: "ca renew pki", is_done: |old, new| old == new }.test();
}

/// Making an authority leaves all of it or, when it is made again, nothing of the first attempt: a private key is in it.
#[test]
fn ca_init() {
    let folder = || tempfile::tempdir().unwrap();
    let arguments = words("ca init pki --no-passphrase");
    let points = points(TRUSTDIR, &arguments, folder().path());
    for point in &points {
        let faults = std::iter::once("signal=SIGKILL")
            .chain(ERRORS)
            .filter(|fault| !point.speaks() || fault.starts_with("signal"));
        for fault in faults {
            let folder = folder();
            let output = with_fault(point, fault, TRUSTDIR, &arguments, folder.path());
            let whole = folder.path().join("pki").exists();
            let again = try_run(TRUSTDIR, &arguments, folder.path());
            assert_eq!(again.status.success(), !whole, "{fault} at {point:?}: {output:?} {again:?}");
            trustdir::Authority::open(folder.path().join("pki"), None).unwrap();
            let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["pki"], "{fault} at {point:?}");
        }
    }
    println!("ca init: {} points", points.len());
}
