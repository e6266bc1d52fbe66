//! What becomes of certificates that are installed.

use std::ffi::{CString, c_char};
use std::ptr;

use crate::certificate::Certificate;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice;
use crate::status::Status;
use crate::text;

/// What became of a certificate that was to be installed. Yours: free it with trustdir_installed_free. It never changes
/// and may be used from several threads at once.
pub struct Installed {
    file: CString,
    certificate: Certificate,
    new: bool,
    warning: Option<Decision>,
    removed: Vec<CString>,
}

const _: () = handle::several_threads::<Installed>();

impl From<trustdir_core::Installed> for Installed {
    fn from(installed: trustdir_core::Installed) -> Self {
        Self {
            file: text::owned_path(installed.file()),
            certificate: installed.certificate().clone().into(),
            new: installed.is_new(),
            warning: installed.warning().cloned().map(Decision::from),
            removed: installed.removed().iter().map(|file| text::owned_path(file)).collect(),
        }
    }
}

/// As trustdir_directory_install, and says what became of the certificate: what will be refused all the same (expired,
/// of the wrong purpose, with a weak key, ...) is installed, with a warning.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_install_certificate(
    directory: Option<&Directory>,
    certificate: Option<&Certificate>,
    out: *mut *mut Installed,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        let certificate = handle::required(certificate, "certificate")?;
        *out = handle::give(directory.install(certificate.core())?.into());
        Ok(())
    })
}

/// Installs the first certificate in PEM text or DER, as trustdir_directory_install_certificate does. What stands
/// beside it, a private key or the rest of a chain, is not installed; a private key alone is TRUSTDIR_STATUS_PARSE.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_install_bytes(
    directory: Option<&Directory>,
    data: *const u8,
    len: usize,
    out: *mut *mut Installed,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(directory.install_bytes(slice::bytes(data, len, "data")?)?.into());
        Ok(())
    })
}

/// Installs the first certificate of a file, as trustdir_directory_install_bytes does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_install_file(
    directory: Option<&Directory>,
    path: *const c_char,
    out: *mut *mut Installed,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(directory.install_file(text::path(path, "path")?)?.into());
        Ok(())
    })
}

/// Installs a certificate in place of another one, whose connections are closed. There is no moment at which neither is
/// installed. `old` says which goes, as for trustdir_directory_remove. Fails as installing and removing do.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_replace(
    directory: Option<&Directory>,
    old: *const c_char,
    certificate: Option<&Certificate>,
    out: *mut *mut Installed,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        let old = text::required(old, "old")?;
        let certificate = handle::required(certificate, "certificate")?;
        let old = directory.find_one(old)?.fingerprint();
        *out = handle::give(directory.replace(&old, certificate.core())?.into());
        Ok(())
    })
}

/// The path of the entry's file, which may have been there already. Borrowed from the installed. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_file(installed: Option<&Installed>) -> *const c_char {
    guard_or(ptr::null(), || Some(installed?.file.as_ptr()))
}

/// The entry's certificate. Borrowed from the installed. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_certificate(installed: Option<&Installed>) -> Option<&Certificate> {
    guard_or(None, || Some(Some(&installed?.certificate)))
}

/// Whether it was written now, and not there already; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_is_new(installed: Option<&Installed>) -> bool {
    guard_or(false, || Some(installed?.new))
}

/// The refusal that awaits the client all the same, were it to come now. Borrowed from the installed. NULL when there
/// is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_warning(installed: Option<&Installed>) -> Option<&Decision> {
    guard_or(None, || Some(installed?.warning.as_ref()))
}

/// The number of files and links that went because the certificate replaces another one; one that was written over in
/// place is not among them. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_removed_len(installed: Option<&Installed>) -> usize {
    guard_or(0, || Some(installed?.removed.len()))
}

/// The path of a file or link that went. Borrowed from the installed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_removed(installed: Option<&Installed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(installed?.removed.get(index)?.as_ptr()))
}

/// Frees this record and everything borrowed from it; the entry stays. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_installed_free(installed: Option<Box<Installed>>) {
    guard_or((), || installed.map(drop));
}
