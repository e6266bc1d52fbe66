//! Text and paths that cross the interface: NUL-terminated in C, counted in Rust.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_char};
use std::path::Path;
use std::sync::OnceLock;

use crate::Result;
use crate::error::Error;
use crate::slice;

/// Text for C. A NUL inside is written as `\x00`: cutting the text there could turn one name into another.
pub(crate) fn owned(text: &str) -> CString {
    terminated(text.as_bytes())
}

/// A path for C, byte for byte where the system's paths are bytes.
pub(crate) fn owned_path(path: &Path) -> CString {
    terminated(&path_bytes(path))
}

/// A path inside a message, which stays one line whatever the file is called.
pub(crate) fn in_line(path: &Path) -> String {
    let mut line = String::new();
    for character in path.to_string_lossy().chars() {
        if character.is_control() {
            line.extend(character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    line
}

fn terminated(bytes: &[u8]) -> CString {
    CString::new(bytes).unwrap_or_else(|_| {
        let escaped = bytes.iter().flat_map(|byte| match byte {
            0 => br"\x00".as_slice(),
            _ => std::slice::from_ref(byte),
        });
        // The escaped bytes hold no NUL, so the default is never taken.
        CString::new(escaped.copied().collect::<Vec<_>>()).unwrap_or_default()
    })
}

/// A pointer to the text, or NULL.
pub(crate) fn optional_ptr(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// Text made when it is first asked for, at an address that lasts as long as the object that holds it.
#[derive(Debug, Default)]
pub(crate) struct Lazy(OnceLock<CString>);

impl Lazy {
    pub(crate) fn get(&self, make: impl FnOnce() -> String) -> *const c_char {
        self.0.get_or_init(|| owned(&make())).as_ptr()
    }
}

/// The caller's text.
pub(crate) fn required<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    optional(text, name)?.ok_or_else(|| Error::null(name))
}

/// The caller's text, where NULL means none.
pub(crate) fn optional<'a>(text: *const c_char, name: &str) -> Result<Option<&'a str>> {
    let Some(text) = c_str(text) else { return Ok(None) };
    let text = text.to_str().map_err(|_| Error::invalid(format!("{name} is not UTF-8; convert it first")))?;
    Ok(Some(text))
}

/// The caller's path.
pub(crate) fn path<'a>(path: *const c_char, name: &str) -> Result<&'a Path> {
    let path = c_str(path).ok_or_else(|| Error::null(name))?;
    if path.is_empty() {
        return Err(Error::invalid(format!("{name} is an empty path")));
    }
    native_path(path, name)
}

/// The caller's array of texts. NULL is the empty list when `count` is 0 and an error otherwise.
pub(crate) fn list<'a>(texts: *const *const c_char, count: usize, name: &str) -> Result<Vec<&'a str>> {
    let texts = slice::array(texts, count, name)?.iter().enumerate();
    texts.map(|(index, &text)| required(text, &format!("{name}[{index}]"))).collect()
}

fn c_str<'a>(text: *const c_char) -> Option<&'a CStr> {
    // SAFETY: by the header's conventions a text that is not NULL ends with a NUL and is not changed during the call.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

#[cfg(unix)]
fn path_bytes(path: &Path) -> Cow<'_, [u8]> {
    Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

#[cfg(not(unix))]
fn path_bytes(path: &Path) -> Cow<'_, [u8]> {
    Cow::Owned(path.to_string_lossy().into_owned().into_bytes())
}

#[cfg(unix)]
fn native_path<'a>(path: &'a CStr, _name: &str) -> Result<&'a Path> {
    let path: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(path.to_bytes());
    Ok(Path::new(path))
}

#[cfg(not(unix))]
fn native_path<'a>(path: &'a CStr, name: &str) -> Result<&'a Path> {
    let path = path.to_str().map_err(|_| Error::invalid(format!("{name} is not UTF-8; convert it first")))?;
    Ok(Path::new(path))
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::status::Status;

    #[test]
    fn a_nul_inside_is_escaped_and_nothing_is_cut() {
        assert_eq!(owned("CN=alice").as_c_str(), c"CN=alice");
        assert_eq!(owned("CN=alice\0.example\0").as_c_str(), c"CN=alice\\x00.example\\x00");
    }

    #[test]
    fn null_and_bad_utf8_are_named() {
        let status = |result: Result<&str>| result.err().map(|e| (e.status(), e.message().to_owned()));
        assert_eq!(required(c"x".as_ptr(), "name").ok(), Some("x"));
        assert_eq!(status(required(ptr::null(), "name")), Some((Status::NullArgument, c"name is NULL".to_owned())));
        assert_eq!(status(required(c"\xff".as_ptr(), "name")).map(|(s, _)| s), Some(Status::InvalidArgument));
        assert_eq!(optional(ptr::null(), "name").ok(), Some(None));
        assert_eq!(path(c"".as_ptr(), "path").err().map(|e| e.status()), Some(Status::InvalidArgument));
    }

    #[test]
    fn a_list_names_the_missing_element() {
        let texts = [c"a".as_ptr(), ptr::null()];
        assert_eq!(list(texts.as_ptr(), 1, "names").ok(), Some(vec!["a"]));
        let failure = list(texts.as_ptr(), 2, "names").err().map(|e| e.message().to_owned());
        assert_eq!(failure.as_deref(), Some(c"names[1] is NULL"));
        assert_eq!(list(ptr::null(), 0, "names").ok(), Some(vec![]));
        assert_eq!(list(ptr::null(), 1, "names").err().map(|e| e.status()), Some(Status::NullArgument));
    }

    #[cfg(unix)]
    #[test]
    fn paths_keep_their_bytes() {
        let path = path(c"/tmp/\xff".as_ptr(), "path").map(owned_path);
        assert_eq!(path.ok().as_deref(), Some(c"/tmp/\xff"));
        assert_eq!(in_line(Path::new("/tmp/a\nb")), "/tmp/a\\u{a}b");
    }
}
