//! Identities: a certificate chain and its private key.

use std::ffi::c_char;
use std::ptr;

use crate::buffer::Buffer;
use crate::certificate::{self, Certificate};
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::key::{self, Key};
use crate::slice;
use crate::status::Status;
use crate::text::{self, Lazy};

/// A certificate chain, end entity first, and the private key that belongs to it. Yours: free it with
/// trustdir_identity_free. It never changes and may be used from several threads at once.
pub struct Identity {
    identity: trustdir_core::Identity,
    chain: Vec<Certificate>,
    chain_pem: Lazy,
}

const _: () = handle::several_threads::<Identity>();

impl Identity {
    pub(crate) fn core(&self) -> &trustdir_core::Identity {
        &self.identity
    }
}

impl From<trustdir_core::Identity> for Identity {
    fn from(identity: trustdir_core::Identity) -> Self {
        let chain = identity.chain().iter().cloned().map(Certificate::from).collect();
        Self { identity, chain, chain_pem: Lazy::default() }
    }
}

/// Puts a key and the certificates of its chain, `count` of them, together, as trustdir_identity_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_new(
    chain: *const Option<&Certificate>,
    count: usize,
    key: Option<&Key>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let chain = certificate::list(chain, count, "chain")?;
        let key = handle::required(key, "key")?.core().clone();
        *out = handle::give(trustdir_core::Identity::new(chain, key)?.into());
        Ok(())
    })
}

/// Puts a key and the certificates of its chain, both in PEM, together. The certificates may be in any order: the key's
/// own becomes the first, followed by its issuers; of several for one key the one that is valid now and ends last is
/// taken. The passphrase is NULL with length 0 when the key is not encrypted. Fails with TRUSTDIR_STATUS_KEY_MISMATCH
/// when no certificate is the key's, with TRUSTDIR_STATUS_INVALID_ARGUMENT when one has no part in the chain, and as
/// trustdir_key_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_from_pem(
    chain: *const u8,
    chain_len: usize,
    key: *const u8,
    key_len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let chain = slice::bytes(chain, chain_len, "chain")?;
        let key = slice::bytes(key, key_len, "key")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(trustdir_core::Identity::from_pem(chain, key, passphrase)?.into());
        Ok(())
    })
}

/// Loads a chain and a key from their files, as trustdir_identity_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_load(
    certificate_path: *const c_char,
    key_path: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificate_path = text::path(certificate_path, "certificate_path")?;
        let key_path = text::path(key_path, "key_path")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(trustdir_core::Identity::load(certificate_path, key_path, passphrase)?.into());
        Ok(())
    })
}

/// Writes the chain and the key to new files, the key readable by its owner only and encrypted when a passphrase is
/// given. An existing file is never overwritten: TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_save(
    identity: Option<&Identity>,
    certificate_path: *const c_char,
    key_path: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let identity = handle::required(identity, "identity")?;
        let certificate_path = text::path(certificate_path, "certificate_path")?;
        let key_path = text::path(key_path, "key_path")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        identity.identity.save(certificate_path, key_path, passphrase)?;
        Ok(())
    })
}

/// A certificate of the chain; index 0 is the end entity. Borrowed from the identity. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_certificate(identity: Option<&Identity>, index: usize) -> Option<&Certificate> {
    guard_or(None, || Some(identity?.chain.get(index)))
}

/// The number of certificates in the chain; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_chain_len(identity: Option<&Identity>) -> usize {
    guard_or(0, || Some(identity?.chain.len()))
}

/// The chain in PEM, end entity first. Borrowed from the identity. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_chain_pem(identity: Option<&Identity>) -> *const c_char {
    guard_or(ptr::null(), || {
        let identity = identity?;
        Some(identity.chain_pem.get(|| identity.identity.chain_pem()))
    })
}

/// The private key, as a handle of your own: free it with trustdir_key_free.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_key(
    identity: Option<&Identity>,
    out: *mut *mut Key,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(handle::required(identity, "identity")?.identity.key().clone().into());
        Ok(())
    })
}

/// Writes the private key as PKCS#8 PEM, encrypted when a passphrase is given.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_key_pem(
    identity: Option<&Identity>,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let identity = handle::required(identity, "identity")?;
        *out = handle::give(key::pem(identity.identity.key(), slice::passphrase(passphrase, passphrase_len)?)?);
        Ok(())
    })
}

/// Wipes and frees the identity and everything borrowed from it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_free(identity: Option<Box<Identity>>) {
    guard_or((), || identity.map(drop));
}
