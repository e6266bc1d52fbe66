//! The authority's directory on disk, in the layout of `openssl ca`: what was issued, under one lock.

mod index;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand;

pub(crate) use self::index::Index;
use crate::authority::RevocationReason;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::key::PrivateKey;

const CERTIFICATE: &str = "cacert.pem";
const KEY: &str = "private/cakey.pem";
const INDEX: &str = "index.txt";
const ISSUED: &str = "newcerts";
const CRL: &str = "crl.pem";
const CRL_NUMBER: &str = "crlnumber";

/// The directory of an authority.
pub(crate) struct Ledger {
    dir: PathBuf,
}

impl Ledger {
    /// Makes the directory of a new authority: all of it appears at once, under the name of an empty
    /// directory or of none, or nothing does.
    pub(crate) fn create(
        dir: &Path,
        certificate: &Certificate,
        key: &PrivateKey,
        passphrase: Option<&[u8]>,
    ) -> Result<Self> {
        let taken = || {
            let message = "there is something here already; an authority is made in a new or empty directory and never overwritten";
            Error::new(ErrorKind::AlreadyExists, message).at(dir)
        };
        if dir.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(taken());
        }
        let parent = file::parent(dir);
        file::create_directory(parent, Mode::Public)?;
        let staged = stage(parent)?;
        file::create_directory(&staged.path().join("private"), Mode::Private)?;
        file::create_directory(&staged.path().join(ISSUED), Mode::Public)?;
        file::create(&staged.path().join(KEY), key.to_pem(passphrase)?.as_bytes(), Mode::Private)?;
        file::create(&staged.path().join(INDEX), b"", Mode::Public)?;
        file::create(&staged.path().join("index.txt.attr"), b"unique_subject = no\n", Mode::Public)?;
        file::create(&staged.path().join(CERTIFICATE), certificate.to_pem().as_bytes(), Mode::Public)?;
        match std::fs::rename(staged.path(), dir) {
            Ok(()) => drop(staged.keep()),
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => return Err(taken()),
            Err(error) => return Err(Error::io("make the directory", dir, error)),
        }
        file::sync_directory(parent)?;
        Ok(Self { dir: dir.to_owned() })
    }

    pub(crate) fn open(dir: &Path) -> Result<Self> {
        if !dir.join(CERTIFICATE).exists() {
            let message =
                format!("there is no authority here ({CERTIFICATE} is missing); make one with `trustdir ca init`");
            return Err(Error::new(ErrorKind::NotFound, message).at(dir));
        }
        Ok(Self { dir: dir.to_owned() })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn certificate_path(&self) -> PathBuf {
        self.dir.join(CERTIFICATE)
    }

    pub(crate) fn key_path(&self) -> PathBuf {
        self.dir.join(KEY)
    }

    /// A serial that is not in the directory.
    pub(crate) fn serial(&self) -> Result<[u8; 16]> {
        loop {
            let serial = random_serial()?;
            if !self.issued_path(&hex_upper(&serial)).exists() {
                return Ok(serial);
            }
        }
    }

    /// Enters a certificate that was just made: its file first, then its line. A line without its file
    /// cannot be, and a file without its line, left by a crash, is entered by [`repair`](Self::repair).
    pub(crate) fn record(&self, certificate: &Certificate) -> Result<()> {
        let _lock = file::lock_directory(&self.dir)?;
        let path = self.issued_path(&hex_upper(certificate.serial_bytes()));
        file::create(&path, certificate.to_pem().as_bytes(), Mode::Public)?;
        self.update(|index| index.push(certificate)).inspect_err(|_| {
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
        let path = self.dir.join(INDEX);
        let bytes = std::fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
        Index::parse(bytes).map_err(|error| error.at(path))
    }

    /// Runs `make` with the index and the next CRL number under the lock, and keeps what it makes as
    /// `crl.pem`. The number is used up first, so that it never repeats.
    pub(crate) fn crl(&self, make: impl FnOnce(&Index, u64) -> Result<String>) -> Result<()> {
        let _lock = file::lock_directory(&self.dir)?;
        let path = self.dir.join(CRL_NUMBER);
        let number = match std::fs::read_to_string(&path) {
            Ok(text) => u64::from_str_radix(text.trim(), 16).map_err(|_| {
                Error::new(ErrorKind::Parse, "this is no hexadecimal number; write the next CRL number into it")
                    .at(&path)
            })?,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => 1,
            Err(source) => return Err(Error::io("read", path, source)),
        };
        // `openssl ca` wants an even number of digits.
        file::replace(&path, format!("{:016X}\n", number + 1).as_bytes(), Mode::Public)?;
        file::replace(&self.crl_path(), make(&self.index()?, number)?.as_bytes(), Mode::Public)
    }

    pub(crate) fn crl_path(&self) -> PathBuf {
        self.dir.join(CRL)
    }

    /// Enters what a crash left without a line, and clears temporary files away.
    pub(crate) fn repair(&self) -> Result<()> {
        let issued = self.dir.join(ISSUED);
        let listed = std::fs::read_dir(&issued).map_err(|source| Error::io("read", &issued, source))?;
        let names: Vec<String> = listed.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let serials = || names.iter().filter_map(|name| name.strip_suffix(".pem"));
        let temporary = names.iter().any(|name| name.starts_with(file::TEMPORARY));
        let known: HashSet<String> = self.index()?.lines().map(|line| line.serial().to_owned()).collect();
        if !temporary && serials().all(|serial| known.contains(serial)) {
            return Ok(());
        }
        // Somebody may be at work: what looks lost to us is looked at again under the lock.
        let _lock = file::lock_directory(&self.dir)?;
        for name in names.iter().filter(|name| name.starts_with(file::TEMPORARY)) {
            let _ = std::fs::remove_file(issued.join(name));
        }
        let lost: Vec<&str> = serials().filter(|serial| !known.contains(*serial)).collect();
        self.update(|index| {
            for serial in lost {
                if !index.contains(serial) && self.issued_path(serial).exists() {
                    index.push(&Certificate::load(self.issued_path(serial))?)?;
                }
            }
            Ok(())
        })
    }

    /// Changes the index: the old one or the new one is there, never a mixture. The lock is held.
    fn update(&self, change: impl FnOnce(&mut Index) -> Result<()>) -> Result<()> {
        let mut index = self.index()?;
        change(&mut index)?;
        file::replace(&self.dir.join(INDEX), &index.to_bytes(), Mode::Public)
    }

    fn issued_path(&self, serial: &str) -> PathBuf {
        self.dir.join(ISSUED).join(format!("{serial}.pem"))
    }
}

/// 126 bits of the system's randomness in 16 bytes: positive and without a leading zero.
pub(crate) fn random_serial() -> Result<[u8; 16]> {
    let mut serial = [0; 16];
    rand::fill(&mut serial).map_err(|_| Error::new(ErrorKind::Io, "the system gave no randomness"))?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

fn stage(parent: &Path) -> Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".trustdir-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o755));
    }
    builder.tempdir_in(parent).map_err(|source| Error::io("make a directory in", parent, source))
}

fn hex_upper(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}
