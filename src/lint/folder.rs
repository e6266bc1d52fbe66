//! A folder of certificates and keys: each file, and what only shows when they lie side by side.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::chain::Beside;
use super::contents::Contents;
use super::finding::{Finding, Report};
use super::{Client, Options, Rule, key};
use crate::certificate::Certificate;
use crate::error::{Error, Result, escape};
use crate::ledger::Index;
use crate::{clock, file, ledger};

/// How deep folders are looked into.
const DEPTH: usize = 8;

/// What `openssl ca` keeps beside the certificates, with whatever ending.
const BOOKS: [&str; 4] = ["index", "serial", "crlnumber", "database"];

/// Checks a folder and all that is below it.
pub(super) fn check(folder: &Path, options: &Options) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut walk = Walk::default();
    walk.list(folder, 0)?;
    for (path, error) in &walk.closed {
        let mut report = Report::default();
        report.warning(
            Rule::Unreadable,
            error.message_without_path(),
            "let this user read the folder, or leave it out",
        );
        findings.extend(report.into_findings().into_iter().map(|finding| finding.at(path)));
    }
    let files = walk.load(options.now.unwrap_or_else(clock::now));
    let authorities = files.iter().flat_map(|file| &file.certificates);
    let authorities: Vec<Certificate> = authorities.filter(|certificate| may_issue(certificate)).cloned().collect();
    findings.extend(duplicates(&files));
    findings.extend(strangers(&files));
    for file in files {
        let beside = Beside { authorities: &authorities, archived: is_archived(&file.path) };
        findings.extend(file.check(beside, options));
    }
    Ok(findings)
}

/// Roots of X.509 v1 issue too, and can say nothing of it.
fn may_issue(certificate: &Certificate) -> bool {
    certificate.is_authority() || certificate.version() < 3 && certificate.is_self_issued()
}

fn is_archived(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(ledger::is_archive)
}

/// The files below a folder: links last, so that each file goes by its own name.
#[derive(Default)]
struct Walk {
    files: Vec<PathBuf>,
    links: Vec<PathBuf>,
    closed: Vec<(PathBuf, Error)>,
    /// The serials that an authority's index knows to be revoked, by its directory.
    revoked: HashMap<PathBuf, HashSet<String>>,
}

impl Walk {
    fn list(&mut self, folder: &Path, depth: usize) -> Result<()> {
        let listed = std::fs::read_dir(folder).map_err(|source| Error::io("read", folder, source))?;
        let mut entries: Vec<_> = listed.filter_map(|entry| entry.ok()).collect();
        entries.sort_by_key(|entry| entry.file_name());
        let index = entries.iter().find(|entry| ledger::is_index(&entry.file_name()));
        let is_ledger = index.is_some();
        if let Some(index) = index {
            self.revoked.insert(folder.to_owned(), revoked(&index.path()));
        }
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            let Ok(sort) = entry.file_type() else { continue };
            if name.as_encoded_bytes().starts_with(b".") || is_book(&name, is_ledger) || is_replaced(&path) {
                continue;
            }
            if sort.is_symlink() {
                self.links.push(path);
            } else if !sort.is_dir() {
                self.files.push(path);
            } else if depth < DEPTH
                && let Err(error) = self.list(&path, depth + 1)
            {
                self.closed.push((path, error));
            }
        }
        Ok(())
    }

    /// Reads every file once, whatever links lead to it.
    fn load(self, now: i64) -> Vec<Contents> {
        let known: HashSet<PathBuf> = self.files.iter().filter_map(|file| file.canonicalize().ok()).collect();
        let links = self
            .links
            .into_iter()
            .filter(|link| !link.is_dir() && link.canonicalize().map_or(true, |target| !known.contains(&target)));
        let mut files: Vec<Contents> =
            self.files.iter().cloned().chain(links).map(|file| Contents::load(&file)).collect();
        for file in files.iter_mut().filter(|file| is_archived(&file.path)) {
            // The archive's index is in the directory above it.
            let revoked = file.path.ancestors().nth(2).and_then(|authority| self.revoked.get(authority));
            file.certificates.retain(|certificate| {
                let serial = ledger::serial(certificate);
                certificate.not_after() >= now && revoked.is_none_or(|revoked| !revoked.contains(&serial))
            });
        }
        files
    }
}

/// Whether a file is an authority's former certificate, which renewing has kept beside the new one
/// (`cacert.4F2A.pem`).
fn is_replaced(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = name.rsplitn(3, '.');
    let (Some("pem"), Some(serial), Some(stem)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let hexadecimal = serial.len() >= 2 && serial.bytes().all(|digit| digit.is_ascii_hexdigit());
    hexadecimal && ["pem", "crt"].iter().any(|ending| path.with_file_name(format!("{stem}.{ending}")).exists())
}

/// Whether a file is `openssl`'s own: the counter of `-CAcreateserial`, or in a ledger what `openssl ca` keeps; or the
/// limits of a directory of clients.
fn is_book(name: &OsStr, in_ledger: bool) -> bool {
    let name = name.to_string_lossy();
    let book = BOOKS.iter().any(|book| name.split('.').next() == Some(book)) || name.ends_with(".cnf");
    name.ends_with(".srl") || name == "trustdir.toml" || in_ledger && book
}

/// The revoked serials of an index; a damaged one is its owner's business, not that of the certificates.
fn revoked(index: &Path) -> HashSet<String> {
    let parsed = file::read(index).ok().and_then(|bytes| Index::parse(bytes).ok());
    let lines = parsed.iter().flat_map(Index::lines);
    lines.filter(|line| !matches!(line.revocation(), Ok(None))).map(|line| line.serial().to_owned()).collect()
}

/// Different certificates with the same issuer and serial number.
fn duplicates(files: &[Contents]) -> Vec<Finding> {
    let mut first = HashMap::new();
    let mut findings = Vec::new();
    for (file, certificate) in files.iter().flat_map(|file| file.certificates.iter().map(move |it| (file, it))) {
        let key = (certificate.issuer().as_der(), certificate.serial_bytes());
        let (path, fingerprint) = first.entry(key).or_insert((file.path.as_path(), certificate.fingerprint()));
        if *fingerprint != certificate.fingerprint() {
            let mut report = Report::about(certificate.subject());
            let message = format!(
                "it has the issuer and the serial number {} of another certificate, in {}",
                certificate.serial(),
                escape(&path.to_string_lossy())
            );
            let remedy = "issue it again with a new serial number, or remove the one that is not used";
            report.refused(Rule::DuplicateSerial, &[Client::Firefox], message, remedy);
            findings.extend(report.into_findings().into_iter().map(|finding| finding.at(&file.path)));
        }
    }
    findings
}

/// Keys and certificates that go by one name, as `nas.crt` and `nas.key` do, and do not belong together.
fn strangers(files: &[Contents]) -> Vec<Finding> {
    let mut by_name: HashMap<PathBuf, Vec<&Contents>> = HashMap::new();
    for file in files.iter().filter(|file| !file.certificates.is_empty()) {
        by_name.entry(stem(&file.path)).or_default().push(file);
    }
    let mut findings = Vec::new();
    for (file, key) in files.iter().filter_map(|file| Some((file, file.key.as_ref()?))) {
        let Some(namesakes) = by_name.get(&stem(&file.path)).filter(|_| file.certificates.is_empty()) else { continue };
        let own = |other: &&&Contents| other.certificates.iter().any(|certificate| certificate.spki() == key.spki());
        let other = namesakes.iter().find(own).unwrap_or(&namesakes[0]);
        let mut report = Report::about(other.certificates[0].subject());
        let place = format!("in {}", escape(&file.path.to_string_lossy()));
        key::matches(&other.certificates, key, &place, &mut report);
        findings.extend(report.into_findings().into_iter().map(|finding| finding.at(&other.path)));
    }
    findings
}

/// What a certificate's and its key's file have in common: `nas.cert.pem` and `nas-key.pem`, `cacert.pem` and
/// `private/cakey.pem`.
fn stem(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(path);
    let folder =
        if folder.file_name() == Some(OsStr::new("private")) { folder.parent().unwrap_or(folder) } else { folder };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let bare = ["key", "cert", "crt"].iter().find_map(|word| name.strip_suffix(word)).unwrap_or(&name);
    folder.join(bare.trim_end_matches(['.', '-', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_key_go_by_one_name() {
        for (certificate, key) in [
            ("tls/nas.crt", "tls/nas.key"),
            ("tls/nas.cert.pem", "tls/nas.key.pem"),
            ("localhost.pem", "localhost-key.pem"),
            ("pki/cacert.pem", "pki/private/cakey.pem"),
            ("pki/ca.crt", "pki/private/ca.key"),
        ] {
            assert_eq!(stem(Path::new(certificate)), stem(Path::new(key)), "{certificate}");
        }
        assert_ne!(stem(Path::new("a/nas.crt")), stem(Path::new("b/nas.key")));
        assert_ne!(stem(Path::new("cert.pem")), stem(Path::new("privkey.pem")));
    }
}
