//! The entries of a directory at one moment.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::{Entry, Problem};

use crate::certificate::Certificate;
use crate::guard::guard_or;
use crate::handle;
use crate::text;

/// What a directory held at one moment: its entries, and the files that have problems, both sorted by file name.
/// Yours: free it with trustdir_entries_free. It never changes and may be used from several threads at once.
pub struct Entries {
    entries: Vec<Listed>,
    problems: Vec<CString>,
}

const _: () = handle::several_threads::<Entries>();

impl Entries {
    pub(crate) fn new(entries: &[Entry], problems: &[Problem]) -> Self {
        Self { entries: entries.iter().map(Listed::from).collect(), problems: problems.iter().map(problem).collect() }
    }
}

/// One entry, as it is told to C.
pub(crate) struct Listed {
    pub(crate) file: CString,
    pub(crate) certificate: Certificate,
    link_target: Option<CString>,
}

impl From<&Entry> for Listed {
    fn from(entry: &Entry) -> Self {
        Self {
            file: text::owned_path(entry.file()),
            certificate: entry.certificate().clone().into(),
            link_target: entry.link_target().map(text::owned_path),
        }
    }
}

pub(crate) fn problem(problem: &Problem) -> CString {
    text::owned(&format!("{}: {}", text::in_line(problem.file()), problem.message()))
}

/// The number of entries; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_len(entries: Option<&Entries>) -> usize {
    guard_or(0, || Some(entries?.entries.len()))
}

/// The path of an entry's file. Borrowed from the entries. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_file(entries: Option<&Entries>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(entries?.entries.get(index)?.file.as_ptr()))
}

/// Where the entry's file leads if it is a symbolic link, as written in the link. Borrowed from the entries. NULL when it
/// is none, past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_link_target(entries: Option<&Entries>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(entries?.entries.get(index)?.link_target.as_ref())))
}

/// The certificate of an entry. Borrowed from the entries. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_certificate(entries: Option<&Entries>, index: usize) -> Option<&Certificate> {
    guard_or(None, || Some(Some(&entries?.entries.get(index)?.certificate)))
}

/// The number of problems; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_problems_len(entries: Option<&Entries>) -> usize {
    guard_or(0, || Some(entries?.problems.len()))
}

/// A problem in one line: the file, what is wrong with it and what to do. Borrowed from the entries. NULL past the
/// end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_problem(entries: Option<&Entries>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(entries?.problems.get(index)?.as_ptr()))
}

/// Frees the entries and everything borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_entries_free(entries: Option<Box<Entries>>) {
    guard_or((), || entries.map(drop));
}
