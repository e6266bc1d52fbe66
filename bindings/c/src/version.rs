//! The version of the library that a program runs with.

use std::ffi::{CStr, c_char};
use std::ptr;

use crate::guard::guard_or;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => c"",
};

const NUMBER: u32 = (part(env!("CARGO_PKG_VERSION_MAJOR")) << 16)
    | (part(env!("CARGO_PKG_VERSION_MINOR")) << 8)
    | part(env!("CARGO_PKG_VERSION_PATCH"));

const fn part(text: &str) -> u32 {
    match u32::from_str_radix(text, 10) {
        Ok(part) => part,
        Err(_) => 0,
    }
}

/// The version of the library at run time, as "0.1.0". Static text.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_version() -> *const c_char {
    guard_or(ptr::null(), || Some(VERSION.as_ptr()))
}

/// The version of the library at run time, as 0x00MMmmpp; compare it with TRUSTDIR_VERSION_NUMBER, which is the
/// version of the header at compile time.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_version_number() -> u32 {
    guard_or(0, || Some(NUMBER))
}
