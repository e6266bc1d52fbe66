//! The revocation lists in a directory of authorities.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::Crl;

use crate::authority_directory::AuthorityDirectory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// The revocation lists in a directory of authorities at one moment, sorted by file. Yours: free it with
/// trustdir_crls_free. It never changes and may be used from several threads at once.
pub struct Crls {
    crls: Vec<One>,
}

const _: () = handle::several_threads::<Crls>();

struct One {
    file: CString,
    issuer: CString,
    this_update: i64,
    next_update: i64,
    number: Option<CString>,
    revoked: usize,
}

impl From<Crl> for One {
    fn from(crl: Crl) -> Self {
        Self {
            file: text::owned_path(crl.file()),
            issuer: text::owned(&crl.issuer().to_string()),
            this_update: crl.this_update(),
            next_update: crl.next_update(),
            number: crl.number().map(text::owned),
            revoked: crl.revoked(),
        }
    }
}

/// Lists every revocation list in the directory that can be used.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_crls(
    directory: Option<&AuthorityDirectory>,
    out: *mut *mut Crls,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(Crls { crls: directory.crls().into_iter().map(One::from).collect() });
        Ok(())
    })
}

/// The number of lists; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_len(crls: Option<&Crls>) -> usize {
    guard_or(0, || Some(crls?.crls.len()))
}

/// The path of a list's file. Borrowed from the crls. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_file(crls: Option<&Crls>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(crls?.crls.get(index)?.file.as_ptr()))
}

/// The authority that says it has signed it, as RFC 4514 text, control characters escaped. Borrowed from the crls. NULL
/// past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_issuer(crls: Option<&Crls>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(crls?.crls.get(index)?.issuer.as_ptr()))
}

/// When it was made, in seconds since 1970-01-01 UTC; 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_this_update(crls: Option<&Crls>, index: usize) -> i64 {
    guard_or(0, || Some(crls?.crls.get(index)?.this_update))
}

/// When the next one is due, in seconds since 1970-01-01 UTC: it is out of date from then on. 0 past the end and for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_next_update(crls: Option<&Crls>, index: usize) -> i64 {
    guard_or(0, || Some(crls?.crls.get(index)?.next_update))
}

/// Its number in lower-case hexadecimal, two digits a byte (RFC 5280, 5.2.3). Borrowed from the crls. NULL when it has
/// none, past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_number(crls: Option<&Crls>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(crls?.crls.get(index)?.number.as_ref())))
}

/// How many certificates it revokes; 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_revoked(crls: Option<&Crls>, index: usize) -> usize {
    guard_or(0, || Some(crls?.crls.get(index)?.revoked))
}

/// Frees the crls and everything borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_crls_free(crls: Option<Box<Crls>>) {
    guard_or((), || crls.map(drop));
}
