//! Removals as they are noticed, for event loops that wait on a descriptor.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::Removal;

use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// The entries of a directory that go while connections stand on them, in the order in which that is noticed: one
/// removal an entry, however many connections it had. Whichever thread notices adds them. 1,024 of them wait; what is
/// noticed beyond that is not listed, and trustdir_removals_missed says so. Yours: free it with trustdir_removals_free.
/// It does not keep the directory open. One thread at a time, which may be any.
pub struct Removals {
    removals: trustdir_core::Removals,
    taken: Option<One>,
}

const _: () = handle::one_thread_at_a_time::<Removals>();

struct One {
    fingerprint: CString,
    file: CString,
}

impl From<Removal> for One {
    fn from(removal: Removal) -> Self {
        Self { fingerprint: text::owned(&removal.fingerprint().to_string()), file: text::owned_path(removal.file()) }
    }
}

/// Starts to list the removals of a directory. Each call begins a list of its own. Fails when the process may open no
/// more descriptors.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_removals(
    directory: Option<&Directory>,
    out: *mut *mut Removals,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(Removals { removals: directory.removals()?, taken: None });
        Ok(())
    })
}

/// A descriptor that is readable exactly while a removal waits, for poll, epoll or an event loop. Never read from it or
/// close it: it is closed with the removals, so take it out of the loop before. -1 where there are none (not Unix), and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_removals_fd(removals: Option<&Removals>) -> i32 {
    guard_or(-1, || descriptor(&removals?.removals))
}

#[cfg(unix)]
fn descriptor(removals: &trustdir_core::Removals) -> Option<i32> {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    Some(removals.as_fd().as_raw_fd())
}

#[cfg(not(unix))]
fn descriptor(_: &trustdir_core::Removals) -> Option<i32> {
    None
}

/// Takes the next removal, for trustdir_removals_fingerprint and trustdir_removals_file, and says whether there was
/// one. Never waits: false means that there is none now. For each, call trustdir_connection_recheck for the connections
/// of that client, each in its own thread; trustdir_acceptor_connections names them. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_removals_next(removals: Option<&mut Removals>) -> bool {
    guard_or(false, || {
        let removals = removals?;
        removals.taken = removals.removals.next().map(One::from);
        Some(removals.taken.is_some())
    })
}

/// The SHA-256 of the certificate that was the entry, as 64 lower-case hexadecimal digits. Borrowed from the removals
/// until the next call of trustdir_removals_next. NULL before the first one, when that said false, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_removals_fingerprint(removals: Option<&Removals>) -> *const c_char {
    guard_or(ptr::null(), || Some(removals?.taken.as_ref()?.fingerprint.as_ptr()))
}

/// The path of the file that carried it last, as the fingerprint.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_removals_file(removals: Option<&Removals>) -> *const c_char {
    guard_or(ptr::null(), || Some(removals?.taken.as_ref()?.file.as_ptr()))
}

/// Whether removals were not listed, because too many waited, since this was last asked: then recheck every connection.
/// False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_removals_missed(removals: Option<&mut Removals>) -> bool {
    guard_or(false, || Some(removals?.removals.missed()))
}

/// Frees the removals and everything borrowed from them, and closes the descriptor. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_removals_free(removals: Option<Box<Removals>>) {
    guard_or((), || removals.map(drop));
}
