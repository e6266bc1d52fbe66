//! The authority's directory on disk, in the layout of `openssl ca`: what was issued, under one lock.

use std::path::{Path, PathBuf};

use aws_lc_rs::rand;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::key::PrivateKey;

const CERTIFICATE: &str = "cacert.pem";
const KEY: &str = "private/cakey.pem";
const INDEX: &str = "index.txt";
const ISSUED: &str = "newcerts";

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

    /// Enters a certificate that was just made. Its file is written before its line: what is in the
    /// index can be shown, and a serial is taken as soon as its file exists.
    pub(crate) fn record(&self, certificate: &Certificate) -> Result<()> {
        let _lock = file::lock_directory(&self.dir)?;
        let serial = hex_upper(certificate.serial_bytes());
        file::create(&self.issued_path(&serial), certificate.to_pem().as_bytes(), Mode::Public)?;
        let path = self.dir.join(INDEX);
        let mut index = file::read(&path)?;
        let expiry = index_date(certificate.not_after())?;
        index.extend(format!("V\t{expiry}\t\t{serial}\tunknown\t{}\n", certificate.subject().oneline()).into_bytes());
        file::replace(&path, &index, Mode::Public)
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

/// UTCTime before 2050, GeneralizedTime from then on, as OpenSSL's index has it.
fn index_date(seconds: i64) -> Result<String> {
    let date = OffsetDateTime::from_unix_timestamp(seconds);
    date.ok()
        .and_then(|date| {
            let long = format_description!("[year][month][day][hour][minute][second]Z");
            let text = date.format(long).ok()?;
            Some(if date.year() < 2050 { text[2..].to_owned() } else { text })
        })
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "the end of validity is no date"))
}
