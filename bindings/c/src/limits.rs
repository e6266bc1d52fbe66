//! The limits of a directory's entries.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::Limit;

use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// What a limit has instead of an end when it sets none.
const NO_END: i64 = i64::MAX;

/// The limits of a directory at one moment, in the order of its trustdir.toml. Yours: free it with
/// trustdir_limits_free. It never changes and may be used from several threads at once.
pub struct Limits {
    limits: Vec<One>,
}

const _: () = handle::several_threads::<Limits>();

struct One {
    key: CString,
    value: CString,
    valid_until: i64,
    services: Option<Vec<CString>>,
    files: Vec<CString>,
}

impl From<Limit> for One {
    fn from(limit: Limit) -> Self {
        let services = limit.services().map(|services| services.iter().map(|service| text::owned(service)).collect());
        Self {
            key: text::owned(limit.of().key()),
            value: text::owned(&limit.of().to_string()),
            valid_until: limit.valid_until().unwrap_or(NO_END),
            services,
            files: limit.files().iter().map(|file| text::owned_path(file)).collect(),
        }
    }
}

impl Limits {
    fn services(&self, index: usize) -> Option<&[CString]> {
        self.limits.get(index)?.services.as_deref()
    }
}

/// Limits a client without a new certificate. `which` is as for trustdir_directory_remove and names one certificate.
/// `valid_until` is the last second at which it is admitted, in seconds since 1970-01-01 UTC, or INT64_MAX for no end;
/// `services` are the names of the `count` services that admit it (see trustdir_acceptor_builder_set_service), none for
/// all of them. Neither is TRUSTDIR_STATUS_INVALID_ARGUMENT. Takes the place of what this wrote for the certificate
/// before; other limits in the directory's trustdir.toml stay and count too, comments in it are lost.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_limit(
    directory: Option<&Directory>,
    which: *const c_char,
    valid_until: i64,
    services: *const *const c_char,
    count: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let directory = handle::required(directory, "directory")?.core();
        let which = text::required(which, "which")?;
        let services = text::list(services, count, "services")?;
        let services = Some(services.as_slice()).filter(|services| !services.is_empty());
        directory.limit(which, Some(valid_until).filter(|until| *until != NO_END), services)?;
        Ok(())
    })
}

/// Takes limits off: those of the certificate that `which` names, and those that say `which` themselves: a file name, a
/// fingerprint or a subject. How many goes to `taken`, which may be NULL. None is TRUSTDIR_STATUS_NOT_FOUND.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_unlimit(
    directory: Option<&Directory>,
    which: *const c_char,
    taken: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let taken = handle::optional_number(taken);
        let directory = handle::required(directory, "directory")?.core();
        let limits = directory.unlimit(text::required(which, "which")?)?;
        if let Some(taken) = taken {
            *taken = limits.len();
        }
        Ok(())
    })
}

/// Lists the limits. A trustdir.toml that cannot be read fails, and refuses everybody until it is repaired; without one
/// there are no limits.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_limits(
    directory: Option<&Directory>,
    out: *mut *mut Limits,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(Limits { limits: directory.limits()?.into_iter().map(One::from).collect() });
        Ok(())
    })
}

/// The number of limits; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_len(limits: Option<&Limits>) -> usize {
    guard_or(0, || Some(limits?.limits.len()))
}

/// By what a limit names its entries: "sha256", "file" or "subject". Borrowed from the limits. NULL past the end and for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_key(limits: Option<&Limits>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(limits?.limits.get(index)?.key.as_ptr()))
}

/// The fingerprint, the file's name or the subject. Borrowed from the limits. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_value(limits: Option<&Limits>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(limits?.limits.get(index)?.value.as_ptr()))
}

/// The last second at which the entries are admitted, in seconds since 1970-01-01 UTC; INT64_MAX when the limit sets no
/// end. 0 past the end of the list and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_valid_until(limits: Option<&Limits>, index: usize) -> i64 {
    guard_or(0, || Some(limits?.limits.get(index)?.valid_until))
}

/// Whether a limit names services: then its entries are admitted by these alone, by none if there are 0. False past the
/// end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_has_services(limits: Option<&Limits>, index: usize) -> bool {
    guard_or(false, || Some(limits?.services(index).is_some()))
}

/// The number of services that a limit names; 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_services_len(limits: Option<&Limits>, index: usize) -> usize {
    guard_or(0, || Some(limits?.services(index)?.len()))
}

/// A service that a limit names. Borrowed from the limits. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_service(limits: Option<&Limits>, index: usize, service: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(limits?.services(index)?.get(service)?.as_ptr()))
}

/// The number of files whose entries a limit fits; 0 may be a misspelt limit. 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_files_len(limits: Option<&Limits>, index: usize) -> usize {
    guard_or(0, || Some(limits?.limits.get(index)?.files.len()))
}

/// The path of a file whose entries a limit fits. Borrowed from the limits. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_file(limits: Option<&Limits>, index: usize, file: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(limits?.limits.get(index)?.files.get(file)?.as_ptr()))
}

/// Frees the limits and everything borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_limits_free(limits: Option<Box<Limits>>) {
    guard_or((), || limits.map(drop));
}
