//! PKCS#12 (RFC 7292), read: whatever OpenSSL, Windows and Java pack into it, as an identity.

use std::path::Path;

use p12_keystore::error::Error as Failure;
use p12_keystore::{CertificateBag, Pkcs12Archive, PrivateKeyBag};

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::file;
use crate::identity::{Identity, full_chain};
use crate::key::PrivateKey;

use super::pkcs12::check_text;
use super::protection;

impl Identity {
    /// Reads a PKCS#12 file that holds one private key: encrypted by AES (what OpenSSL 3 writes), by triple DES or
    /// 40-bit RC2 (what OpenSSL 1 and Windows wrote), or not at all; `password` is empty for none.
    ///
    /// The key's own certificate is the end entity, and the others are put in order behind it. Certificates that
    /// are not in its chain are left out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongPassphrase`]; [`ErrorKind::KeyMismatch`] when no certificate is the key's;
    /// [`ErrorKind::Unsupported`] for other algorithms, for several keys, and for a file that asks for an excessive
    /// amount of work; [`ErrorKind::Parse`] for what is no PKCS#12 file or holds no key. How much work a key asks
    /// for inside an encrypted part is known only to who has the password; there, 1,000,000 rounds each are done.
    pub fn from_pkcs12(bytes: &[u8], password: &str) -> Result<Self> {
        check_text(password, "password")?;
        let proof = protection::check(bytes)?;
        let archive = Pkcs12Archive::from_pkcs12(bytes, password).map_err(|failure| refusal(failure, proof))?;
        let bag = the_key(&archive.keys)?;
        let key = PrivateKey::from_der(bag.key.as_der(), None)?;
        let id = bag.local_key_id.as_ref().map(AsRef::as_ref);
        let (end_entity, pool) = certificates(&archive.certs, &key, id)?;
        Self::new(full_chain(&end_entity, &pool), key)
    }

    /// Loads a PKCS#12 file; see [`from_pkcs12`](Self::from_pkcs12). The errors name the file.
    pub fn load_pkcs12(path: impl AsRef<Path>, password: &str) -> Result<Self> {
        let bytes = file::read_secret(path.as_ref())?;
        Self::from_pkcs12(&bytes, password).map_err(|error| error.at(path))
    }
}

fn the_key(keys: &[PrivateKeyBag]) -> Result<&PrivateKeyBag> {
    match keys {
        [key] => Ok(key),
        [] => Err(Error::new(
            ErrorKind::Parse,
            "there is no private key in this PKCS#12 file, only certificates; export it again together with its key",
        )),
        several => {
            let message = format!(
                "this PKCS#12 file holds {} private keys and an identity has one; export the one that is needed, in Java with `keytool -importkeystore -srcalias`",
                several.len()
            );
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

/// The key's own certificate - the one that the localKeyID points at, if several carry the key - and all of them.
fn certificates(
    bags: &[CertificateBag],
    key: &PrivateKey,
    id: Option<&[u8]>,
) -> Result<(Certificate, Vec<Certificate>)> {
    let pool = bags.iter().map(|bag| Certificate::from_der(bag.cert.as_der())).collect::<Result<Vec<_>>>()?;
    let own = pool.iter().zip(bags).filter(|(certificate, _)| certificate.spki() == key.spki());
    match own.min_by_key(|(_, bag)| bag.local_key_id.as_deref() != id) {
        Some((certificate, _)) => Ok((certificate.clone(), pool)),
        None if pool.is_empty() => {
            let message = "there is no certificate in this PKCS#12 file, only a key; export it again with both";
            Err(Error::new(ErrorKind::Parse, message))
        }
        None => {
            let message = "no certificate in this PKCS#12 file belongs to its private key; export it again with both";
            Err(Error::new(ErrorKind::KeyMismatch, message))
        }
    }
}

/// What the crate says, in our words. `proof` is whether a MAC tells a wrong password from a damaged file.
fn refusal(failure: Failure, proof: bool) -> Error {
    match failure {
        Failure::MacError(_) | Failure::UnpadError | Failure::Pkcs5Error(_) => {
            Error::new(ErrorKind::WrongPassphrase, "the password does not open this PKCS#12 file")
        }
        Failure::DerError(_) | Failure::InvalidPrivateKey | Failure::X509Error(_) if !proof => {
            let message = "the password does not open this PKCS#12 file, or the file is damaged";
            Error::new(ErrorKind::WrongPassphrase, message)
        }
        Failure::InvalidParameters => protection::excessive(),
        Failure::UnsupportedContentType
        | Failure::UnsupportedCertificateType
        | Failure::UnsupportedEncryptionScheme
        | Failure::UnsupportedMacAlgorithm => protection::unsupported("a scheme that is rare"),
        other => Error::new(ErrorKind::Parse, format!("the PKCS#12 file is damaged: {other}")),
    }
}
