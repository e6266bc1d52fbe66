//! Trust directories.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use trustdir_core::{ClientAuth, Policy, TrustDir, TrustDirOptions};

use crate::buffer::Buffer;
use crate::certificate::Certificate;
use crate::decision::Decision;
use crate::directory_options::{self, DirectoryOptions};
use crate::entries::Entries;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::hook::Progress;
use crate::slice;
use crate::status::Status;
use crate::text;

/// A directory whose certificates are the clients to admit, each admitting exactly itself. Yours: free it with
/// trustdir_directory_free; what was built with it keeps it alive. It may be used from several threads at once. A
/// thread of the library watches the directory until the last handle to it is gone.
pub struct Directory {
    directory: TrustDir,
    path: CString,
}

const _: () = handle::several_threads::<Directory>();

impl Directory {
    pub(crate) fn core(&self) -> &TrustDir {
        &self.directory
    }
}

impl From<TrustDir> for Directory {
    fn from(directory: TrustDir) -> Self {
        let path = text::owned_path(directory.path());
        Self { directory, path }
    }
}

/// Opens a directory, which must exist; an empty one admits nobody. `entry_names` is a trustdir_entry_names.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_open(
    path: *const c_char,
    entry_names: i32,
    out: *mut *mut Directory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        let entry_names = directory_options::entry_names(entry_names)?;
        let options = TrustDirOptions { entry_names, ..TrustDirOptions::default() };
        *out = handle::give(TrustDir::open_with(path, options)?.into());
        Ok(())
    })
}

/// Opens a directory, which must exist unless `options` say otherwise; an empty one admits nobody. `options` may be
/// NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_open_with(
    path: *const c_char,
    options: Option<&DirectoryOptions>,
    out: *mut *mut Directory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        *out = handle::give(TrustDir::open_with(path, directory_options::core(options))?.into());
        Ok(())
    })
}

/// As trustdir_directory_open_with, for large directories: `progress(done, total, userdata)` hears how many files of
/// how many have been read, now and then, during this call only. It is called from several threads, also at once, must
/// return quickly and must not throw or jump out. `userdata` may be NULL; it stays yours.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_open_with_progress(
    path: *const c_char,
    options: Option<&DirectoryOptions>,
    progress: Option<extern "C" fn(done: usize, total: usize, userdata: *mut c_void)>,
    userdata: *mut c_void,
    out: *mut *mut Directory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        let progress = Progress::new(handle::required(progress, "progress")?, userdata);
        let options = directory_options::core(options);
        let directory = TrustDir::open_with_progress(path, options, &|done, total| progress.tell(done, total))?;
        *out = handle::give(directory.into());
        Ok(())
    })
}

/// Another handle to the same open directory, which lives on its own. Cheap.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_clone(
    directory: Option<&Directory>,
    out: *mut *mut Directory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?;
        *out = handle::give(directory.directory.clone().into());
        Ok(())
    })
}

/// The path that the directory was opened with. Borrowed from the directory. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_path(directory: Option<&Directory>) -> *const c_char {
    guard_or(ptr::null(), || Some(directory?.path.as_ptr()))
}

/// Admits a client: writes its certificate into the directory. One that is there already is left as it is. The path
/// of its file goes to `entry`, which may be NULL when you do not need it; it is yours, free it with
/// trustdir_buffer_free. trustdir_directory_install_certificate says more.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_install(
    directory: Option<&Directory>,
    certificate: Option<&Certificate>,
    entry: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let entry = handle::optional_slot(entry);
        let directory = handle::required(directory, "directory")?;
        let certificate = handle::required(certificate, "certificate")?;
        let installed = directory.directory.install(certificate.core())?;
        if let Some(entry) = entry {
            *entry = handle::give(Buffer::path(installed.file()));
        }
        Ok(())
    })
}

/// Refuses a client from now on: removes every file and link that holds its certificate, and closes its open
/// connections. `which` is a file name in the directory, a fingerprint (or at least 8 digits of its start), a common
/// name or a subject in RFC 4514 text. The number of files removed goes to `removed`, which may be NULL. Fails with
/// TRUSTDIR_STATUS_NOT_FOUND when nothing fits and TRUSTDIR_STATUS_INVALID_ARGUMENT when several certificates do, and
/// then removes nothing.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_remove(
    directory: Option<&Directory>,
    which: *const c_char,
    removed: *mut usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let removed = handle::optional_number(removed);
        let directory = &handle::required(directory, "directory")?.directory;
        let files = directory.remove(&directory.find_one(text::required(which, "which")?)?.fingerprint())?;
        if let Some(removed) = removed {
            *removed = files.len();
        }
        Ok(())
    })
}

/// Looks at the directory now, instead of when the watching thread reports a change, and has idle connections of
/// removed clients closed. Never needed for correctness: every decision looks at the files itself.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_refresh(directory: Option<&Directory>, error: *mut *mut Error) -> Status {
    guard(error, || {
        handle::required(directory, "directory")?.directory.refresh()?;
        Ok(())
    })
}

/// A number that grows whenever the set of entries changes; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_generation(directory: Option<&Directory>) -> u64 {
    guard_or(0, || Some(directory?.directory.generation()))
}

/// Reads the directory again and lists its entries and the files that have problems, as they are now.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_list(
    directory: Option<&Directory>,
    out: *mut *mut Entries,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = &handle::required(directory, "directory")?.directory;
        *out = handle::give(Entries::new(&directory.list()?, &directory.problems()?));
        Ok(())
    })
}

/// The entries that `which` names: a file's name, else a fingerprint or eight digits or more of its beginning, else a
/// common name or a whole subject as RFC 4514 text. None is TRUSTDIR_STATUS_OK as well. Files that have problems are not
/// listed.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_find(
    directory: Option<&Directory>,
    which: *const c_char,
    out: *mut *mut Entries,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = &handle::required(directory, "directory")?.directory;
        *out = handle::give(Entries::new(&directory.find(text::required(which, "which")?)?, &[]));
        Ok(())
    })
}

/// Whether the certificate is an entry at this moment; that its client is admitted is more, see
/// trustdir_directory_decide. false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_contains(
    directory: Option<&Directory>,
    certificate: Option<&Certificate>,
) -> bool {
    guard_or(false, || Some(directory?.directory.contains(&certificate?.core().fingerprint())))
}

/// Decides about a client certificate in DER at a time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK
/// as well: ask the decision. A certificate that cannot be read is refused. The decision is that of a service without a
/// name: see trustdir_directory_decide_for.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_decide(
    directory: Option<&Directory>,
    der: *const u8,
    len: usize,
    unix_time: i64,
    out: *mut *mut Decision,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?;
        let der = slice::bytes(der, len, "der")?;
        *out = handle::give(directory.directory.decide(der, unix_time).into());
        Ok(())
    })
}

/// As trustdir_directory_decide, for the service of this name: an entry that is limited to services is admitted by
/// those alone.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_decide_for(
    directory: Option<&Directory>,
    service: *const c_char,
    der: *const u8,
    len: usize,
    unix_time: i64,
    out: *mut *mut Decision,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.directory.clone();
        let service = text::required(service, "service")?;
        let der = slice::bytes(der, len, "der")?;
        let policy = Policy::new(ClientAuth::Required).with_clients(directory).with_service(service);
        *out = handle::give(policy.decide(&[der], unix_time).into());
        Ok(())
    })
}

/// Frees the handle; the directory itself stays. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_free(directory: Option<Box<Directory>>) {
    guard_or((), || directory.map(drop));
}
