//! The private certificate authority: how it comes to be, and what it is.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::authority_options::{self, AuthorityOptions};
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::issue_options;
use crate::slice;
use crate::status::Status;
use crate::text;

/// A private certificate authority that lives in a directory of its own. Yours: free it with trustdir_authority_free.
/// It may be used from several threads at once, and from several processes.
pub struct Authority {
    authority: trustdir_core::Authority,
    chain: Vec<Certificate>,
    dir: CString,
    certificate_path: CString,
    trust_anchor_path: CString,
}

const _: () = handle::several_threads::<Authority>();

impl Authority {
    pub(crate) fn core(&self) -> &trustdir_core::Authority {
        &self.authority
    }
}

impl From<trustdir_core::Authority> for Authority {
    fn from(authority: trustdir_core::Authority) -> Self {
        Self {
            chain: authority.chain().iter().cloned().map(Certificate::from).collect(),
            dir: text::owned_path(authority.dir()),
            certificate_path: text::owned_path(&authority.certificate_path()),
            trust_anchor_path: text::owned_path(&authority.trust_anchor_path()),
            authority,
        }
    }
}

/// Makes an authority in `dir`, which is created when it is missing. `options` may be NULL. Fails with
/// TRUSTDIR_STATUS_ALREADY_EXISTS when there is something in `dir`, and then changes nothing.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_create(
    dir: *const c_char,
    options: Option<&AuthorityOptions>,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let dir = text::path(dir, "dir")?;
        *out = handle::give(trustdir_core::Authority::create(dir, authority_options::core(options))?.into());
        Ok(())
    })
}

/// Makes an authority below this one, in a directory of its own, as trustdir_authority_create does. What it issues
/// carries its certificate along; clients go on to trust the root.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_create_intermediate(
    authority: Option<&Authority>,
    dir: *const c_char,
    options: Option<&AuthorityOptions>,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?;
        let dir = text::path(dir, "dir")?;
        *out = handle::give(authority.authority.create_intermediate(dir, authority_options::core(options))?.into());
        Ok(())
    })
}

/// Takes over an authority that something else made, into a new directory: its certificate, those above it, and its
/// key, stored encrypted when a passphrase is given. What it issued before is not known here.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_import(
    dir: *const c_char,
    identity: Option<&Identity>,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let dir = text::path(dir, "dir")?;
        let identity = handle::required(identity, "identity")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(trustdir_core::Authority::import(dir, identity.core(), passphrase)?.into());
        Ok(())
    })
}

/// Opens the authority in `dir`: one of ours or of `openssl ca`, or what pimatic's ssl-setup, easy-rsa, mkcert, minica
/// or the Rocket.Chat guide made. The passphrase is NULL with length 0 when its key is not encrypted. Fails with
/// TRUSTDIR_STATUS_NOT_FOUND, TRUSTDIR_STATUS_PASSPHRASE_REQUIRED or TRUSTDIR_STATUS_WRONG_PASSPHRASE.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_open(
    dir: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let dir = text::path(dir, "dir")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(trustdir_core::Authority::open(dir, passphrase)?.into());
        Ok(())
    })
}

/// Opens it without its key, for everything but signing: to list, to show, to revoke. What needs the key then fails
/// with TRUSTDIR_STATUS_INVALID_ARGUMENT.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_open_without_key(
    dir: *const c_char,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let dir = text::path(dir, "dir")?;
        *out = handle::give(trustdir_core::Authority::open_without_key(dir)?.into());
        Ok(())
    })
}

/// Renews the authority's own certificate: same name, key and limits, so that what it issued stays valid. `issuer` is
/// the authority above it, and NULL for a root. `days` is the validity, 0 for the default. The renewed authority goes
/// to `out`; this handle goes on with the old certificate, which is kept in the directory too.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_renew_authority(
    authority: Option<&Authority>,
    issuer: Option<&Authority>,
    days: u32,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?;
        let days = issue_options::days(days);
        *out = handle::give(authority.authority.renew_authority(issuer.map(Authority::core), days)?.into());
        Ok(())
    })
}

/// The authority's own certificate. Borrowed from the authority. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_certificate(authority: Option<&Authority>) -> Option<&Certificate> {
    guard_or(None, || Some(authority?.chain.first()))
}

/// The number of certificates in its chain: its own and those of the authorities above it, as far as they are known.
/// 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_chain_len(authority: Option<&Authority>) -> usize {
    guard_or(0, || Some(authority?.chain.len()))
}

/// A certificate of the chain; index 0 is its own. Borrowed from the authority. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_chain(authority: Option<&Authority>, index: usize) -> Option<&Certificate> {
    guard_or(None, || Some(authority?.chain.get(index)))
}

/// What clients of its servers import: the last certificate of the chain. Borrowed from the authority. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_trust_anchor(authority: Option<&Authority>) -> Option<&Certificate> {
    guard_or(None, || Some(authority?.chain.last()))
}

/// The file with the trust anchor. Borrowed from the authority. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_trust_anchor_path(authority: Option<&Authority>) -> *const c_char {
    guard_or(ptr::null(), || Some(authority?.trust_anchor_path.as_ptr()))
}

/// The file with its own certificate. Borrowed from the authority. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_certificate_path(authority: Option<&Authority>) -> *const c_char {
    guard_or(ptr::null(), || Some(authority?.certificate_path.as_ptr()))
}

/// Its directory. Borrowed from the authority. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_dir(authority: Option<&Authority>) -> *const c_char {
    guard_or(ptr::null(), || Some(authority?.dir.as_ptr()))
}

/// Frees the authority and what is borrowed from it, and wipes its key from memory. Its directory stays. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_free(authority: Option<Box<Authority>>) {
    guard_or((), || authority.map(drop));
}
