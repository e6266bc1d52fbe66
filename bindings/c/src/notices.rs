//! What somebody should know about the files of a directory.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::Notice;

use crate::certificate::Certificate;
use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// What keeps a client out of a directory and what lets one in unawares, problems first. Yours: free it with
/// trustdir_notices_free. It never changes and may be used from several threads at once.
pub struct Notices {
    notices: Vec<One>,
}

const _: () = handle::several_threads::<Notices>();

struct One {
    kind: CString,
    problem: bool,
    file: CString,
    message: CString,
    certificate: Option<Certificate>,
}

impl From<Notice> for One {
    fn from(notice: Notice) -> Self {
        Self {
            kind: text::owned(notice.kind().as_str()),
            problem: notice.is_problem(),
            file: text::owned_path(notice.file()),
            message: text::owned(notice.message()),
            certificate: notice.certificate().cloned().map(Certificate::from),
        }
    }
}

/// Looks for everything that keeps a client out or lets one in unawares. Problems are files that cannot be read or that
/// hold private keys, certificates that are refused now and, where only subject hashes count, files that admit nobody.
/// The others are certificates that would be authorities under OpenSSL, and clients whose admission depends on which
/// file names count.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_check(
    directory: Option<&Directory>,
    out: *mut *mut Notices,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(Notices { notices: directory.check()?.into_iter().map(One::from).collect() });
        Ok(())
    })
}

/// The number of notices; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_len(notices: Option<&Notices>) -> usize {
    guard_or(0, || Some(notices?.notices.len()))
}

/// What a notice is about: "FILE", "PRIVATE_KEY", "ENTRY_NAMES", "AUTHORITY" or, for an entry that is refused now, the
/// name of the reason, as trustdir_reason_text has it. Later versions may add kinds. Borrowed from the notices. NULL
/// past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_kind(notices: Option<&Notices>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(notices?.notices.get(index)?.kind.as_ptr()))
}

/// Whether somebody has to do something; else it is only good to know. False past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_is_problem(notices: Option<&Notices>, index: usize) -> bool {
    guard_or(false, || Some(notices?.notices.get(index)?.problem))
}

/// The path of the file that it is about. Borrowed from the notices. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_file(notices: Option<&Notices>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(notices?.notices.get(index)?.file.as_ptr()))
}

/// What is the matter with the file and what to do, in one line; text from certificates is escaped. Borrowed from the
/// notices. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_message(notices: Option<&Notices>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(notices?.notices.get(index)?.message.as_ptr()))
}

/// The certificate. Borrowed from the notices. NULL when none was read, past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_certificate(notices: Option<&Notices>, index: usize) -> Option<&Certificate> {
    guard_or(None, || Some(notices?.notices.get(index)?.certificate.as_ref()))
}

/// Frees the notices and everything borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_notices_free(notices: Option<Box<Notices>>) {
    guard_or((), || notices.map(drop));
}
