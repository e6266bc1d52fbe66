//! The files that an identity is loaded from, again and again.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::IdentityFiles as Core;

use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::slice;
use crate::status::Status;
use crate::text;

/// A chain file and a key file that are replaced while a service runs, with the passphrase of the key. No order of
/// replacing them, by renaming or in place, gives a key with another's certificate: until both files are there,
/// trustdir_identity_files_reload_if_changed fails, and the identity that was loaded before stays good. Rename files
/// into place where you can: of a chain that is being written in place, the first certificates are a shorter chain
/// until the next look. Yours: free it with trustdir_identity_files_free. One thread at a time.
pub struct IdentityFiles {
    files: Core,
    certificate: CString,
    key: CString,
}

const _: () = handle::one_thread_at_a_time::<IdentityFiles>();

impl From<Core> for IdentityFiles {
    fn from(files: Core) -> Self {
        let (certificate, key) = (text::owned_path(files.certificate()), text::owned_path(files.key()));
        Self { files, certificate, key }
    }
}

/// Names the files, which may be one that holds both, in PEM; nothing is read yet. The passphrase is copied.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_files_new(
    certificate_path: *const c_char,
    key_path: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut IdentityFiles,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificate_path = text::path(certificate_path, "certificate_path")?;
        let key_path = text::path(key_path, "key_path")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(Core::new(certificate_path, key_path, passphrase).into());
        Ok(())
    })
}

/// Loads them, as trustdir_identity_load does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_files_load(
    files: Option<&mut IdentityFiles>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(handle::required(files, "files")?.files.load()?.into());
        Ok(())
    })
}

/// Loads them when they give another identity than before, or one again after an error; else `*out` is NULL and the
/// status TRUSTDIR_STATUS_OK. Without a change this costs a look or two at each file. An error is told once for each
/// change. Every call reads the files again after TRUSTDIR_STATUS_IO, and as long as a further change could hide behind
/// the clock of the file system: 0.1 s from the last one, 3 s where times have no fraction.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_files_reload_if_changed(
    files: Option<&mut IdentityFiles>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        if let Some(identity) = handle::required(files, "files")?.files.reload_if_changed()? {
            *out = handle::give(identity.into());
        }
        Ok(())
    })
}

/// The path of the chain's file. Borrowed from the files. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_files_certificate_path(files: Option<&IdentityFiles>) -> *const c_char {
    guard_or(ptr::null(), || Some(files?.certificate.as_ptr()))
}

/// The path of the key's file. Borrowed from the files. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_files_key_path(files: Option<&IdentityFiles>) -> *const c_char {
    guard_or(ptr::null(), || Some(files?.key.as_ptr()))
}

/// Wipes the passphrase and frees the handle; the files stay, and so does what was loaded. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_files_free(files: Option<Box<IdentityFiles>>) {
    guard_or((), || files.map(drop));
}
