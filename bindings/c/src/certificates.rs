//! Several certificates of one file or text.

use std::ffi::c_char;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice;
use crate::status::Status;
use crate::text;

/// The certificates of a bundle, in its order. Yours: free it with trustdir_certificates_free. It never changes and may
/// be used from several threads at once.
pub struct Certificates {
    certificates: Vec<Certificate>,
}

const _: () = handle::several_threads::<Certificates>();

impl From<Vec<trustdir_core::Certificate>> for Certificates {
    fn from(certificates: Vec<trustdir_core::Certificate>) -> Self {
        Self { certificates: certificates.into_iter().map(Certificate::from).collect() }
    }
}

/// Reads every certificate in PEM text; what else is in it is passed over. Text without one gives none.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificates_from_pem(
    pem: *const u8,
    len: usize,
    out: *mut *mut Certificates,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let pem = slice::bytes(pem, len, "pem")?;
        *out = handle::give(trustdir_core::Certificate::all_from_pem(pem)?.into());
        Ok(())
    })
}

/// Reads every certificate of a PEM file, or the one of a DER file. Fails with TRUSTDIR_STATUS_PARSE when there is none.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificates_load(
    path: *const c_char,
    out: *mut *mut Certificates,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(trustdir_core::Certificate::load_all(text::path(path, "path")?)?.into());
        Ok(())
    })
}

/// The number of certificates; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificates_len(certificates: Option<&Certificates>) -> usize {
    guard_or(0, || Some(certificates?.certificates.len()))
}

/// One of them. Borrowed from the certificates. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificates_certificate(
    certificates: Option<&Certificates>,
    index: usize,
) -> Option<&Certificate> {
    guard_or(None, || Some(certificates?.certificates.get(index)))
}

/// Frees the certificates. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificates_free(certificates: Option<Box<Certificates>>) {
    guard_or((), || certificates.map(drop));
}
