//! How a directory is opened.

use trustdir_core::TrustDirOptions;

use crate::Result;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;

/// Which files of a directory are entries.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum EntryNames {
    /// Every file that holds a certificate.
    Any = 0,
    /// Only files and links named by the subject hash ("89abcdef.0"), as OpenSSL reads a directory.
    SubjectHash = 1,
}

const ENTRY_NAMES: [(EntryNames, trustdir_core::EntryNames); 2] = [
    (EntryNames::Any, trustdir_core::EntryNames::Any),
    (EntryNames::SubjectHash, trustdir_core::EntryNames::SubjectHash),
];

pub(crate) fn entry_names(number: i32) -> Result<trustdir_core::EntryNames> {
    let known = ENTRY_NAMES.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, names)| names).ok_or_else(|| Error::unknown("entry_names", number))
}

/// How a directory is opened. Where NULL is passed for it, and for what is not set, the defaults are right for
/// directories that trustdir makes. Yours: free it with trustdir_directory_options_free; it may be used for several
/// directories. One thread at a time. A setter that fails changes nothing, so check its status.
#[derive(Default)]
pub struct DirectoryOptions {
    options: TrustDirOptions,
}

const _: () = handle::one_thread_at_a_time::<DirectoryOptions>();

/// What the caller chose.
pub(crate) fn core(options: Option<&DirectoryOptions>) -> TrustDirOptions {
    options.map(|options| options.options.clone()).unwrap_or_default()
}

/// Starts with the defaults.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_options_new(out: *mut *mut DirectoryOptions, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(DirectoryOptions::default());
        Ok(())
    })
}

/// Which files are entries: a trustdir_entry_names. The default is TRUSTDIR_ENTRY_NAMES_ANY.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_options_set_entry_names(
    options: Option<&mut DirectoryOptions>,
    entry_names: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.entry_names = self::entry_names(entry_names)?;
        Ok(())
    })
}

/// Whether a thread of the library watches for changes; the default is that one does. Without it removals are seen at
/// the next decision all the same, and so are new files; idle connections are closed, and an entry written over another
/// one in place is seen, no sooner than trustdir_directory_refresh.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_options_set_watch(
    options: Option<&mut DirectoryOptions>,
    watch: bool,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.watch = watch;
        Ok(())
    })
}

/// Whether the directory is made when it does not exist; the default is that this fails.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_options_set_create(
    options: Option<&mut DirectoryOptions>,
    create: bool,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.create = create;
        Ok(())
    })
}

/// Frees the options, not what was opened with them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_options_free(options: Option<Box<DirectoryOptions>>) {
    guard_or((), || options.map(drop));
}
