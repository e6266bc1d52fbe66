//! What a rehash changes.

use std::ffi::{CString, c_char};
use std::path::PathBuf;
use std::ptr;

use crate::certificate::Certificate;
use crate::entries::{self, Listed};
use crate::guard::guard_or;
use crate::handle;
use crate::text;

/// What a rehash changes. From `trustdir_rehashed **out` it is yours: free it with trustdir_rehashed_free. From
/// trustdir_rehash_plan_rehashed it is borrowed. It never changes and may be used from several threads at once.
pub struct Rehashed {
    linked: Vec<(CString, CString)>,
    renamed: Vec<(CString, CString)>,
    removed: Vec<CString>,
    left: Vec<CString>,
    newly_admitted: Vec<Listed>,
}

const _: () = handle::several_threads::<Rehashed>();

fn pairs(paths: &[(PathBuf, PathBuf)]) -> Vec<(CString, CString)> {
    paths.iter().map(|(one, other)| (text::owned_path(one), text::owned_path(other))).collect()
}

impl From<&trustdir_core::Rehashed> for Rehashed {
    fn from(rehashed: &trustdir_core::Rehashed) -> Self {
        Self {
            linked: pairs(&rehashed.linked),
            renamed: pairs(&rehashed.renamed),
            removed: rehashed.removed.iter().map(|file| text::owned_path(file)).collect(),
            left: rehashed.left.iter().map(entries::problem).collect(),
            newly_admitted: rehashed.newly_admitted.iter().map(Listed::from).collect(),
        }
    }
}

/// Whether the directory is as a rehash leaves it, but for what is left; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_is_unchanged(rehashed: Option<&Rehashed>) -> bool {
    guard_or(false, || {
        let Rehashed { linked, renamed, removed, .. } = rehashed?;
        Some(linked.is_empty() && renamed.is_empty() && removed.is_empty())
    })
}

/// The number of links that are made; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_linked_len(rehashed: Option<&Rehashed>) -> usize {
    guard_or(0, || Some(rehashed?.linked.len()))
}

/// The path of a link that is made. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_linked(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.linked.get(index)?.0.as_ptr()))
}

/// The path of the file that such a link leads to. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_linked_to(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.linked.get(index)?.1.as_ptr()))
}

/// The number of files and links that get another number or hash; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_renamed_len(rehashed: Option<&Rehashed>) -> usize {
    guard_or(0, || Some(rehashed?.renamed.len()))
}

/// The old path of a file or link that is renamed. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_renamed(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.renamed.get(index)?.0.as_ptr()))
}

/// Its new path. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_renamed_to(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.renamed.get(index)?.1.as_ptr()))
}

/// The number of links that go, because they lead nowhere, or where another one leads; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_removed_len(rehashed: Option<&Rehashed>) -> usize {
    guard_or(0, || Some(rehashed?.removed.len()))
}

/// The path of a link that goes. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_removed(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.removed.get(index)?.as_ptr()))
}

/// The number of files that stay as they are though they are not as they should be; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_left_len(rehashed: Option<&Rehashed>) -> usize {
    guard_or(0, || Some(rehashed?.left.len()))
}

/// What stays, and why, in one line: the file, what is wrong with it and what to do. Borrowed from the rehashed. NULL
/// past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_left(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.left.get(index)?.as_ptr()))
}

/// The number of files whose clients are admitted from then on where only subject hashes count
/// (TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH and OpenSSL), and were not before; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_newly_admitted_len(rehashed: Option<&Rehashed>) -> usize {
    guard_or(0, || Some(rehashed?.newly_admitted.len()))
}

/// The path of such a file. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_newly_admitted_file(rehashed: Option<&Rehashed>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(rehashed?.newly_admitted.get(index)?.file.as_ptr()))
}

/// The certificate in such a file. Borrowed from the rehashed. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_newly_admitted_certificate(
    rehashed: Option<&Rehashed>,
    index: usize,
) -> Option<&Certificate> {
    guard_or(None, || Some(Some(&rehashed?.newly_admitted.get(index)?.certificate)))
}

/// Frees this record and everything borrowed from it. NULL is fine. Not for what is borrowed from a plan.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehashed_free(rehashed: Option<Box<Rehashed>>) {
    guard_or((), || rehashed.map(drop));
}
