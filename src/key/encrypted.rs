//! Encrypted keys. PKCS#8 under PBES2 (RFC 5958, 3; RFC 8018) is opened and sealed by the RustCrypto crates.

use aws_lc_rs::rand;
use pkcs8::der::Decode as _;
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::{EncryptionScheme, Error as Pkcs5Error};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::{KeyDerivation, legacy};
use crate::der;
use crate::error::{Error, ErrorKind, Result, escape};
use crate::pem::Block;

/// OWASP's recommendation for PBKDF2 with HMAC-SHA-256.
const ROUNDS: u32 = 600_000;
/// More rounds than this and the file, not its owner, decides how long we compute.
pub(super) const MAX_ROUNDS: u32 = 5_000_000;
/// scrypt's memory is 128 * N * r bytes: at most 256 MiB.
const MAX_SCRYPT_COST: u64 = 1 << 21;
const MAX_SCRYPT_PARALLELIZATION: u16 = 16;

/// The key in a block, opened. What fails in the padding or gives no key is a wrong passphrase.
pub(super) fn open(block: &Block, passphrase: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
    let passphrase = passphrase.ok_or_else(missing)?;
    if block.label == "ENCRYPTED PRIVATE KEY" {
        return open_pkcs8(&block.der, Some(passphrase));
    }
    proven(legacy::open_traditional(block, passphrase)?)
}

/// The key in an EncryptedPrivateKeyInfo.
pub(super) fn open_pkcs8(der: &[u8], passphrase: Option<&[u8]>) -> Result<Zeroizing<Vec<u8>>> {
    let passphrase = passphrase.ok_or_else(missing)?;
    match legacy::open_pbes1(der, passphrase) {
        Some(plain) => proven(plain?),
        None => proven(open_pbes2(der, passphrase)?),
    }
}

fn missing() -> Error {
    Error::new(ErrorKind::PassphraseRequired, "the private key is encrypted and needs a passphrase")
}

fn proven(plain: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>> {
    // About one wrong passphrase in 256 leaves valid padding: only a key inside proves it right.
    let key = der::single(&plain, der::SEQUENCE);
    match key.and_then(|key| der::Reader::new(key.content).expect(der::INTEGER).map(drop)) {
        Ok(()) => Ok(plain),
        Err(_) => Err(wrong()),
    }
}

fn open_pbes2(der: &[u8], passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let sealed = EncryptedPrivateKeyInfoRef::from_der(der).map_err(|_| unreadable(der))?;
    check_work(&sealed.encryption_algorithm)?;
    match sealed.encryption_algorithm.decrypt(passphrase, sealed.encrypted_data.as_bytes()) {
        Ok(plain) => Ok(Zeroizing::new(plain)),
        Err(Pkcs5Error::DecryptFailed) => Err(wrong()),
        Err(Pkcs5Error::UnsupportedAlgorithm { oid } | Pkcs5Error::AlgorithmParametersInvalid { oid }) => {
            Err(unsupported(&oid.to_string()))
        }
        Err(_) => Err(unsupported("PBES1")),
    }
}

/// Encrypted by AES-256-CBC; scrypt's cost is the limit of OpenSSL's reader.
pub(super) fn seal(pkcs8: &[u8], derivation: KeyDerivation, passphrase: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    if passphrase.is_empty() {
        return Err(Error::new(ErrorKind::InvalidArgument, "an empty passphrase protects nothing; give one or none"));
    }
    let failed = |_| Error::new(ErrorKind::Io, "the private key could not be encrypted");
    let key =
        PrivateKeyInfoRef::from_der(pkcs8).map_err(|_| Error::new(ErrorKind::Parse, "the private key is damaged"))?;
    let sealed = match derivation {
        KeyDerivation::Scrypt => key.encrypt(passphrase),
        KeyDerivation::Pbkdf2 => key.encrypt_with_params(pbkdf2()?, passphrase),
    };
    Ok(Zeroizing::new(sealed.map_err(failed)?.as_bytes().to_vec()))
}

fn pbkdf2() -> Result<Parameters> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rand::fill(&mut salt)
        .and_then(|()| rand::fill(&mut iv))
        .map_err(|_| Error::new(ErrorKind::Io, "the system gave no randomness"))?;
    Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &salt, iv)
        .map_err(|_| Error::new(ErrorKind::Io, "the private key could not be encrypted"))
}

fn check_work(scheme: &EncryptionScheme) -> Result<()> {
    match scheme.pbes2() {
        Some(parameters) if is_excessive(&parameters.kdf) => Err(excessive()),
        Some(_) => Ok(()),
        None => Err(unsupported("PBES1")),
    }
}

/// Whether the file, not its owner, would decide how long we compute.
pub(crate) fn is_excessive(kdf: &Kdf) -> bool {
    match kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count > MAX_ROUNDS,
        Kdf::Scrypt(kdf) => {
            let cost = kdf.cost_parameter.saturating_mul(u64::from(kdf.block_size));
            cost > MAX_SCRYPT_COST || kdf.parallelization > MAX_SCRYPT_PARALLELIZATION
        }
        _ => true,
    }
}

pub(super) fn excessive() -> Error {
    let message = "the key file asks for an excessive amount of work before it opens; encrypt it again with `openssl pkcs8 -topk8`";
    Error::new(ErrorKind::Unsupported, message)
}

/// Tells a scheme that we do not know from a file that is damaged.
fn unreadable(der: &[u8]) -> Error {
    let scheme = || {
        let mut sealed = der::Reader::new(der::single(der, der::SEQUENCE).ok()?.content);
        let algorithm = sealed.expect(der::SEQUENCE).ok()?;
        sealed.expect(der::OCTET_STRING).ok()?;
        let oid = der::Reader::new(algorithm.content).expect(der::OID).ok()?;
        Some(der::oid_text(oid.content))
    };
    match scheme() {
        Some(scheme) => unsupported(&scheme),
        None => Error::new(ErrorKind::Parse, "the encrypted private key is damaged"),
    }
}

pub(super) fn unsupported(scheme: &str) -> Error {
    let scheme = escape(scheme);
    let message = format!(
        "the private key is encrypted by a scheme that is not supported ({scheme}); encrypt it again with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
    );
    Error::new(ErrorKind::Unsupported, message)
}

pub(super) fn wrong() -> Error {
    Error::new(ErrorKind::WrongPassphrase, "the passphrase does not open this private key")
}
