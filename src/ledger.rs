//! The authority's directory on disk, in the layout of `openssl ca`: what was issued, under one lock.

mod index;
mod layout;
mod number;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;

pub(crate) use self::index::{Index, serial};
use self::layout::{Layout, OWN};
pub(crate) use self::layout::{is_archive, is_index};
pub(crate) use self::number::CrlNumber;
use crate::authority::RevocationReason;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::key::PrivateKey;

const CRL: &str = "crl.pem";
const CRL_NUMBER: &str = "crlnumber";

/// With it `openssl ca -config openssl.cnf` works in the directory as trustdir does: serials from the system's
/// randomness, nothing granted because a request asks for it.
const OPENSSL_CONFIGURATION: &[u8] =
    b"# For `openssl ca -config openssl.cnf`, run in this directory; trustdir does not read it.
[ca]
default_ca = authority

[authority]
database = index.txt
new_certs_dir = newcerts
certificate = cacert.pem
private_key = private/cakey.pem
crlnumber = crlnumber
crl = crl.pem
rand_serial = yes
default_md = default
default_days = 397
default_crl_days = 30
copy_extensions = none
unique_subject = no
policy = any
x509_extensions = end_entity

[end_entity]
basicConstraints = critical, CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid

[any]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
emailAddress = optional
";

/// The directory of an authority.
#[derive(Clone)]
pub(crate) struct Ledger {
    dir: PathBuf,
    layout: Layout,
}

/// What the directory of a new authority starts with.
pub(crate) struct Founding<'a> {
    pub certificate: &'a Certificate,
    /// The authorities above it, its issuer first.
    pub issuers: &'a [Certificate],
    pub key: &'a PrivateKey,
    pub passphrase: Option<&'a [u8]>,
}

impl Ledger {
    /// Makes the directory of a new authority: all of it appears at once, under the name of an empty
    /// directory or of none, or nothing does.
    pub(crate) fn create(dir: &Path, founding: &Founding<'_>) -> Result<Self> {
        Self::check_vacant(dir)?;
        if dir.file_name().is_none() {
            let message = "an authority's directory appears as a whole; go to the directory above and name it";
            return Err(Error::new(ErrorKind::InvalidArgument, message).at(dir));
        }
        let parent = file::parent(dir);
        file::create_directory(parent, Mode::Public)?;
        let _lock = file::lock_directory(parent)?;
        let staging = Staging::make(dir)?;
        let ledger = Self { dir: staging.0.clone(), layout: OWN };
        file::create_directory(&staging.0.join("private"), Mode::Private)?;
        file::create_directory(&staging.0.join(OWN.issued), Mode::Public)?;
        file::create_directory(&staging.0.join("certs"), Mode::Public)?;
        file::create(&ledger.key_path(), founding.key.to_pem(founding.passphrase)?.as_bytes(), Mode::Private)?;
        file::create(&staging.0.join(OWN.index), b"", Mode::Public)?;
        file::create(&staging.0.join("index.txt.attr"), b"unique_subject = no\n", Mode::Public)?;
        file::create(&staging.0.join(CRL_NUMBER), b"01\n", Mode::Public)?;
        file::create(&staging.0.join("openssl.cnf"), OPENSSL_CONFIGURATION, Mode::Public)?;
        if !founding.issuers.is_empty() {
            let chain = chain_pem(founding.certificate, founding.issuers);
            file::create(&ledger.issuers_path(), chain.as_bytes(), Mode::Public)?;
        }
        file::create(&ledger.certificate_path(), founding.certificate.to_pem().as_bytes(), Mode::Public)?;
        match std::fs::rename(&staging.0, dir) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => return Err(taken(dir)),
            Err(error) => return Err(Error::io("make the directory", dir, error)),
        }
        file::sync_directory(parent)?;
        Ok(Self { dir: dir.to_owned(), layout: OWN })
    }

    /// Fails where an authority cannot be made, before any work is done.
    pub(crate) fn check_vacant(dir: &Path) -> Result<()> {
        if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) { Err(taken(dir)) } else { Ok(()) }
    }

    pub(crate) fn open(dir: &Path) -> Result<Self> {
        match Layout::of(dir) {
            Some(layout) => Ok(Self { dir: dir.to_owned(), layout }),
            None if dir.is_file() => {
                let message = "this is a file; name the authority's directory";
                Err(Error::new(ErrorKind::InvalidArgument, message).at(dir))
            }
            None => {
                let message = format!(
                    "there is no authority here ({} is missing); make one with `trustdir ca init`, or take one over with `trustdir ca import`",
                    OWN.certificate
                );
                Err(Error::new(ErrorKind::NotFound, message).at(dir))
            }
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn certificate_path(&self) -> PathBuf {
        self.dir.join(self.layout.certificate)
    }

    pub(crate) fn issuers_path(&self) -> PathBuf {
        self.layout.issuers(&self.dir)
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.dir.join(self.layout.key)
    }

    /// Enters a certificate that was just made: its file first, which no other one of its serial can be, then its
    /// line. A line without its file cannot be, and a file without its line, left by a crash, is entered by [`repair`](Self::repair).
    pub(crate) fn record(&self, certificate: &Certificate) -> Result<()> {
        let line = index::line(certificate)?;
        let _lock = file::lock_directory(&self.dir)?;
        file::create_directory(&self.dir.join(self.layout.issued), Mode::Public)?;
        if !self.index_path().exists() {
            // The first one of an authority that something else made: a certificate without an index would look as
            // if the index were lost.
            file::create(&self.index_path(), b"", Mode::Public)?;
        }
        let path = self.issued_path(&serial(certificate));
        file::create(&path, certificate.to_pem().as_bytes(), Mode::Public)?;
        self.append(&line).inspect_err(|_| {
            // It is not handed out, so nobody has it.
            let _ = std::fs::remove_file(&path);
        })
    }

    /// Revokes a certificate, or takes it off hold.
    pub(crate) fn mark(&self, serial: &str, reason: Option<RevocationReason>, now: i64) -> Result<()> {
        let _lock = file::lock_directory(&self.dir)?;
        self.update(|index| index.mark(serial, reason, now))
    }

    pub(crate) fn index(&self) -> Result<Index> {
        let path = self.index_path();
        match file::read_large(&path) {
            Ok(bytes) => Index::parse(bytes).map_err(|error| error.at(path)),
            Err(error) if error.kind() == ErrorKind::NotFound => Index::parse(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The certificate with this serial, if the directory has kept it.
    pub(crate) fn issued(&self, serial: &str) -> Option<Certificate> {
        Certificate::load(self.issued_path(serial)).ok()
    }

    pub(crate) fn issued_path(&self, serial: &str) -> PathBuf {
        self.dir.join(self.layout.issued).join(format!("{serial}.pem"))
    }

    /// Runs `make` with the index and the next CRL number under the lock, and keeps what it makes as
    /// `crl.pem`. The number is used up first, so that it never repeats.
    pub(crate) fn crl(&self, make: impl FnOnce(&Index, &CrlNumber) -> Result<String>) -> Result<()> {
        let _lock = file::lock_directory(&self.dir)?;
        let path = self.dir.join(CRL_NUMBER);
        let number = match file::read(&path) {
            Ok(text) => CrlNumber::parse(String::from_utf8_lossy(&text).trim()).map_err(|error| error.at(&path))?,
            Err(error) if error.kind() == ErrorKind::NotFound => CrlNumber::first(),
            Err(error) => return Err(error),
        };
        file::replace(&path, format!("{}\n", number.next()).as_bytes(), Mode::Public)?;
        file::replace(&self.crl_path(), make(&self.index()?, &number)?.as_bytes(), Mode::Public)
    }

    pub(crate) fn crl_path(&self) -> PathBuf {
        self.dir.join(CRL)
    }

    /// Puts a renewed certificate of this authority in place of the old one, which is kept beside it.
    pub(crate) fn succeed(&self, old: &Certificate, new: &Certificate, issuers: &[Certificate]) -> Result<()> {
        let _lock = file::lock_directory(&self.dir)?;
        let path = self.certificate_path();
        let kept = path.with_extension(format!("{}.pem", serial(old)));
        match file::create(&kept, old.to_pem().as_bytes(), Mode::Public) {
            // A renewal that did not get to its end has kept it already.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            result => result?,
        }
        if !issuers.is_empty() {
            file::replace(&self.issuers_path(), chain_pem(new, issuers).as_bytes(), Mode::Public)?;
        }
        file::replace(&path, new.to_pem().as_bytes(), Mode::Public)
    }

    /// Enters what a crash left without a line, mends a line that it cut, and clears temporary files away. Only what
    /// `authority` has signed is entered.
    pub(crate) fn repair(&self, authority: &Certificate) -> Result<()> {
        let issued = self.dir.join(self.layout.issued);
        let names = names_in(&issued)?;
        let index = self.index()?;
        if !names.is_empty() && !self.index_path().exists() {
            let message = format!(
                "the index is missing, and {} is not empty; bring it back from a copy, since only it tells what was revoked",
                self.layout.issued
            );
            return Err(Error::new(ErrorKind::NotFound, message).at(self.index_path()));
        }
        let known: HashSet<&str> = index.lines().map(|line| line.serial()).collect();
        let serials = names.iter().filter_map(|name| name.strip_suffix(".pem")).filter(|name| is_serial(name));
        let unknown = serials.filter(|serial| !known.contains(serial));
        let lost: Vec<Certificate> = unknown.filter_map(|serial| self.lost(serial, authority)).collect();
        let mut litter: Vec<PathBuf> = Vec::new();
        for (dir, names) in [(&issued, &names), (&self.dir, &names_in(&self.dir)?)] {
            litter.extend(names.iter().filter(|name| name.starts_with(file::TEMPORARY)).map(|name| dir.join(name)));
        }
        if lost.is_empty() && litter.is_empty() && !index.is_cut() {
            return Ok(());
        }
        // Somebody may be at work: what looks lost to us is looked at again under the lock.
        let _lock = file::lock_directory(&self.dir)?;
        for path in litter {
            let _ = std::fs::remove_file(path);
        }
        self.update(|index| {
            for certificate in &lost {
                let serial = serial(certificate);
                // Whoever failed to enter it takes its file away.
                if self.issued_path(&serial).exists() && index.find(&serial).is_none() {
                    index.push(certificate)?;
                }
            }
            Ok(())
        })
    }

    /// A certificate without a line, if it is the authority's own and under its own name.
    fn lost(&self, serial: &str, authority: &Certificate) -> Option<Certificate> {
        let certificate = self.issued(serial)?;
        let named = certificate.serial().eq_ignore_ascii_case(serial);
        (named && certificate.is_signed_by(authority) && certificate != *authority).then_some(certificate)
    }

    /// Adds a line at the end of the index: all of it or, when that fails, none. The lock is held.
    fn append(&self, line: &str) -> Result<()> {
        let path = self.index_path();
        if !file::append_line(&path, line)? {
            // The last line has no end: a crash cut it, or somebody wrote the file by hand.
            self.update(|index| {
                index.push_line(line.to_owned());
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Changes the index: the old one or the new one is there, never a mixture. The lock is held.
    fn update(&self, change: impl FnOnce(&mut Index) -> Result<()>) -> Result<()> {
        let mut index = self.index()?;
        let before = index.to_bytes();
        let cut = index.mend(|serial| self.issued(serial)).map_err(|error| error.at(self.index_path()))?;
        change(&mut index)?;
        let after = index.to_bytes();
        if cut || before != after { file::replace(&self.index_path(), &after, Mode::Public) } else { Ok(()) }
    }

    fn index_path(&self) -> PathBuf {
        self.dir.join(self.layout.index)
    }
}

/// 126 bits of the system's randomness in 16 bytes: positive and without a leading zero.
pub(crate) fn random_serial() -> Result<[u8; 16]> {
    let mut serial = [0; 16];
    rand::fill(&mut serial).map_err(|_| Error::new(ErrorKind::Io, "the system gave no randomness"))?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

/// An authority and those above it, as `openssl verify -CAfile` and servers want them.
fn chain_pem(own: &Certificate, issuers: &[Certificate]) -> String {
    std::iter::once(own).chain(issuers).map(Certificate::to_pem).collect()
}

fn taken(dir: &Path) -> Error {
    let message =
        "there is something here already; an authority is made in a new or empty directory and never overwritten";
    Error::new(ErrorKind::AlreadyExists, message).at(dir)
}

fn names_in(dir: &Path) -> Result<Vec<String>> {
    match std::fs::read_dir(dir) {
        Ok(listed) => Ok(listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::io("read", dir, source)),
    }
}

fn is_serial(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A directory beside the one that is being made, under a name of its own, so that what a crash leaves there - a
/// private key may be in it - goes when the authority is made again. The parent's lock is held.
struct Staging(PathBuf);

impl Staging {
    fn make(dir: &Path) -> Result<Self> {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        let path = file::parent(dir).join(format!("{}{name}", file::TEMPORARY));
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove what was left in", &path, error));
            }
            _ => {}
        }
        file::create_new_directory(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // It is gone already when the authority was made.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
