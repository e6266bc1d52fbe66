//! Where revocation lists are put.

use std::path::{Path, PathBuf};

use super::AuthorityDir;
use crate::certificate::Certificate;
use crate::chain::Crl;
use crate::clock::{date, now};
use crate::error::{Error, ErrorKind, Result};
use crate::file::{self, Mode};
use crate::pem;

impl AuthorityDir {
    /// Writes a revocation list, given in PEM or DER, under the name by which OpenSSL finds it
    /// (`<subject hash>.r0`, X509_LOOKUP_hash_dir(3)): in place of this authority's older one there, or beside those
    /// of other authorities with the same hash.
    ///
    /// A list that would lock peers out is refused: one that is out of date
    /// ([`ErrorKind::Expired`]), older than the one that it would replace ([`ErrorKind::AlreadyExists`]) or not
    /// signed by the authority of its name, if that is here ([`ErrorKind::BadSignature`]).
    pub fn install_crl(&self, list: &[u8]) -> Result<PathBuf> {
        let new = read_one(list)?;
        let issuer = new.issuer();
        let invalid = |kind, what: String| Err(Error::new(kind, what).with_subject(issuer.to_string()));
        if new.is_stale(now()) {
            let what = format!("the list of {issuer} is out of date since {}; make a new one", date(new.next_update()));
            return invalid(ErrorKind::Expired, what);
        }
        let state = self.state();
        let anchors: Vec<&Certificate> = state.trust.anchors.iter().map(|anchor| &anchor.certificate).collect();
        if !new.is_proven(&anchors) {
            return invalid(
                ErrorKind::BadSignature,
                format!("the list of {issuer} is not signed by the authority of that name here"),
            );
        }
        let path = install_crl(self.0.directory.path(), list)?;
        self.recheck();
        Ok(path)
    }

    /// Installs the revocation list of a file, such as `Authority::crl` writes, as [`install_crl`](Self::install_crl)
    /// does.
    pub fn install_crl_file(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        let path = path.as_ref();
        self.install_crl(&file::read(path)?).map_err(|error| error.at(path))
    }
}

/// Writes a list into a directory of authorities, atomically and with other writers waiting.
pub(crate) fn install_crl(dir: &Path, list: &[u8]) -> Result<PathBuf> {
    let new = read_one(list)?;
    let _lock = file::lock_directory(dir)?;
    let path = place(dir, &new)?;
    file::replace(&path, pem::encode(pem::CRL, new.as_der()).as_bytes(), Mode::Public)?;
    Ok(path)
}

/// The one list in PEM or DER.
fn read_one(bytes: &[u8]) -> Result<Crl> {
    if !pem::is_pem(bytes) {
        return Crl::read(Path::new(""), bytes);
    }
    let mut lists = pem::blocks(bytes)?.into_iter().filter(|block| block.label == pem::CRL);
    match (lists.next(), lists.next()) {
        (Some(list), None) => Crl::read(Path::new(""), &list.der),
        (None, _) => Err(Error::new(ErrorKind::Parse, "there is no revocation list here")),
        _ => Err(Error::new(ErrorKind::InvalidArgument, "there are several revocation lists here; give one")),
    }
}

/// The name for a list: that of the same authority's older one, or the first free number.
fn place(dir: &Path, new: &Crl) -> Result<PathBuf> {
    let hash = new.issuer().subject_hash()?;
    for number in 0_u32.. {
        let path = dir.join(format!("{hash}.r{number}"));
        let there = match file::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            there => there?,
        };
        match read_one(&there) {
            Ok(there) if there.same_issuer(new) && there.this_update() > new.this_update() => {
                let message = format!("a newer list, made on {}, is here", date(there.this_update()));
                return Err(Error::new(ErrorKind::AlreadyExists, message).at(path));
            }
            Ok(there) if there.same_issuer(new) => return Ok(path),
            _ => {}
        }
    }
    Err(Error::new(ErrorKind::Unsupported, "every number of this hash is taken").at(dir))
}
