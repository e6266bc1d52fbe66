//! Private keys.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::{KeyAlgorithm, PrivateKey};

use crate::Result;
use crate::buffer::Buffer;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text;

/// Which kind of key to generate.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum KeyType {
    /// ECDSA on the curve P-256: the usual choice.
    P256 = 1,
    /// ECDSA on the curve P-384.
    P384 = 2,
    /// ECDSA on the curve P-521.
    P521 = 3,
    /// Ed25519. Web browsers do not take it.
    Ed25519 = 4,
    /// RSA with 2048 bits.
    Rsa2048 = 5,
    /// RSA with 3072 bits.
    Rsa3072 = 6,
    /// RSA with 4096 bits: up to two seconds to generate.
    Rsa4096 = 7,
}

const ALGORITHMS: [(KeyType, KeyAlgorithm); 7] = [
    (KeyType::P256, KeyAlgorithm::EcdsaP256),
    (KeyType::P384, KeyAlgorithm::EcdsaP384),
    (KeyType::P521, KeyAlgorithm::EcdsaP521),
    (KeyType::Ed25519, KeyAlgorithm::Ed25519),
    (KeyType::Rsa2048, KeyAlgorithm::Rsa(2048)),
    (KeyType::Rsa3072, KeyAlgorithm::Rsa(3072)),
    (KeyType::Rsa4096, KeyAlgorithm::Rsa(4096)),
];

/// How a passphrase becomes the AES-256 key of an encrypted file. Both take a noticeable time, on purpose.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum KeyDerivation {
    /// scrypt: read by OpenSSL 1.1 and later. The usual choice.
    Scrypt = 1,
    /// PBKDF2 with HMAC-SHA-256: read by everything that reads encrypted PKCS#8, GnuTLS and Java too.
    Pbkdf2 = 2,
}

const DERIVATIONS: [(KeyDerivation, trustdir_core::KeyDerivation); 2] = [
    (KeyDerivation::Scrypt, trustdir_core::KeyDerivation::Scrypt),
    (KeyDerivation::Pbkdf2, trustdir_core::KeyDerivation::Pbkdf2),
];

/// A private key, wiped from memory when it is freed. Yours: free it with trustdir_key_free. It never changes and may
/// be used from several threads at once.
pub struct Key {
    key: PrivateKey,
    algorithm: CString,
}

const _: () = handle::several_threads::<Key>();

impl Key {
    pub(crate) fn core(&self) -> &PrivateKey {
        &self.key
    }
}

impl From<PrivateKey> for Key {
    fn from(key: PrivateKey) -> Self {
        let algorithm = text::owned(&key.algorithm().to_string());
        Self { key, algorithm }
    }
}

/// The key as PKCS#8 PEM in a buffer of the caller's.
pub(crate) fn pem(key: &PrivateKey, passphrase: Option<&[u8]>) -> Result<Buffer> {
    Ok(Buffer::new(key.to_pem(passphrase)?.as_bytes()))
}

/// The sort of a public key, if trustdir admits it.
pub(crate) fn algorithm_text(algorithm: Option<KeyAlgorithm>) -> Option<CString> {
    algorithm.map(|algorithm| text::owned(&algorithm.to_string()))
}

pub(crate) fn algorithm(key_type: i32) -> Result<KeyAlgorithm> {
    let known = ALGORITHMS.iter().find(|(known, _)| *known as i32 == key_type);
    known.map(|(_, algorithm)| *algorithm).ok_or_else(|| Error::unknown("key_type", key_type))
}

fn derivation(derivation: i32) -> Result<trustdir_core::KeyDerivation> {
    let known = DERIVATIONS.iter().find(|(known, _)| *known as i32 == derivation);
    known.map(|(_, derivation)| *derivation).ok_or_else(|| Error::unknown("derivation", derivation))
}

/// Generates a key. `key_type` is a trustdir_key_type; an unknown number is TRUSTDIR_STATUS_INVALID_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_generate(key_type: i32, out: *mut *mut Key, error: *mut *mut Error) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(PrivateKey::generate(algorithm(key_type)?)?.into());
        Ok(())
    })
}

/// Reads a key from PEM: PKCS#8, PKCS#1 or SEC1, encrypted (PKCS#8) or not. The passphrase is NULL with length 0 when
/// there is none. Fails with TRUSTDIR_STATUS_PASSPHRASE_REQUIRED, TRUSTDIR_STATUS_WRONG_PASSPHRASE,
/// TRUSTDIR_STATUS_PARSE or TRUSTDIR_STATUS_UNSUPPORTED.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_from_pem(
    pem: *const u8,
    len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Key,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let pem = slice::bytes(pem, len, "pem")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(PrivateKey::from_pem(pem, passphrase)?.into());
        Ok(())
    })
}

/// Reads a key in DER, as trustdir_key_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_from_der(
    der: *const u8,
    len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Key,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let der = slice::bytes(der, len, "der")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(PrivateKey::from_der(der, passphrase)?.into());
        Ok(())
    })
}

/// Reads a key from a PEM or DER file, as trustdir_key_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_load(
    path: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Key,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(PrivateKey::load(path, passphrase)?.into());
        Ok(())
    })
}

/// Writes the key as PKCS#8 PEM, encrypted when a passphrase is given (which takes a noticeable time, on purpose).
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_to_pem(
    key: Option<&Key>,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let key = handle::required(key, "key")?;
        *out = handle::give(pem(&key.key, slice::passphrase(passphrase, passphrase_len)?)?);
        Ok(())
    })
}

/// As trustdir_key_to_pem, with the derivation that the reader of the file can do: a trustdir_key_derivation.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_to_pem_under(
    key: Option<&Key>,
    derivation: i32,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let key = handle::required(key, "key")?;
        let derivation = self::derivation(derivation)?;
        let pem = key.key.to_pem_under(derivation, slice::passphrase(passphrase, passphrase_len)?)?;
        *out = handle::give(Buffer::new(pem.as_bytes()));
        Ok(())
    })
}

/// As trustdir_key_to_pem_under, in DER.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_to_der(
    key: Option<&Key>,
    derivation: i32,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let key = handle::required(key, "key")?;
        let derivation = self::derivation(derivation)?;
        let der = key.key.to_der(derivation, slice::passphrase(passphrase, passphrase_len)?)?;
        *out = handle::give(Buffer::new(&der));
        Ok(())
    })
}

/// The public key as DER SubjectPublicKeyInfo. Borrowed from the key. Empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_spki(key: Option<&Key>) -> Slice {
    guard_or(Slice::EMPTY, || Some(key?.key.spki().into()))
}

/// What kind of key it is, as "P-256", "Ed25519" or "RSA-2048". Borrowed from the key. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_algorithm(key: Option<&Key>) -> *const c_char {
    guard_or(ptr::null(), || Some(key?.algorithm.as_ptr()))
}

/// Wipes and frees the key. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_key_free(key: Option<Box<Key>>) {
    guard_or((), || key.map(drop));
}
