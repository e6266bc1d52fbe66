//! Bytes that cross the interface.

use std::slice;

use crate::Result;
use crate::error::Error;
use crate::handle;

/// Bytes borrowed from an object: `data` is followed by no terminator, and is NULL when `len` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Slice {
    /// The first byte, or NULL.
    pub data: *const u8,
    /// How many bytes there are.
    pub len: usize,
}

impl Slice {
    pub(crate) const EMPTY: Self = Self { data: std::ptr::null(), len: 0 };
}

impl From<&[u8]> for Slice {
    fn from(bytes: &[u8]) -> Self {
        if bytes.is_empty() { Self::EMPTY } else { Self { data: bytes.as_ptr(), len: bytes.len() } }
    }
}

/// The caller's bytes, under the rules of [`array`].
pub(crate) fn bytes<'a>(data: *const u8, len: usize, name: &str) -> Result<&'a [u8]> {
    array(data, len, name)
}

/// The caller's array of bytes, each of them under the rules of [`array`].
pub(crate) fn list<'a>(slices: *const Slice, count: usize, name: &str) -> Result<Vec<&'a [u8]>> {
    let slices = array(slices, count, name)?.iter().enumerate();
    slices.map(|(index, slice)| bytes(slice.data, slice.len, &format!("{name}[{index}]"))).collect()
}

/// The caller's array. NULL is the empty one when `len` is 0 and an error otherwise.
pub(crate) fn array<'a, T>(data: *const T, len: usize, name: &str) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check(data, len, name)?;
    // SAFETY: `data` is not NULL and `len` is in range (checked); by the header's conventions it points to `len`
    // readable elements that nobody changes during the call.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// The caller's room for bytes, under the same rules.
pub(crate) fn bytes_mut<'a>(data: *mut u8, len: usize, name: &str) -> Result<&'a mut [u8]> {
    if len == 0 {
        return Ok(&mut []);
    }
    check(data, len, name)?;
    // SAFETY: as in `bytes`, writable and used by nobody else during the call. The caller need not have initialised
    // it: every function that takes room for bytes only writes to it.
    Ok(unsafe { slice::from_raw_parts_mut(data, len) })
}

/// The caller's passphrase, under the rules of [`optional`].
pub(crate) fn passphrase<'a>(data: *const u8, len: usize) -> Result<Option<&'a [u8]>> {
    optional(data, len, "passphrase")
}

/// The caller's bytes, where NULL with length 0 means that there are none.
pub(crate) fn optional<'a>(data: *const u8, len: usize, name: &str) -> Result<Option<&'a [u8]>> {
    if data.is_null() && len == 0 {
        return Ok(None);
    }
    bytes(data, len, name).map(Some)
}

/// The caller's variable for bytes that are lent, made empty at once.
pub(crate) fn variable<'a>(variable: *mut Slice, name: &str) -> Result<&'a mut Slice> {
    handle::required(handle::initialised(variable, Slice::EMPTY), name)
}

fn check<T>(data: *const T, len: usize, name: &str) -> Result<()> {
    if data.is_null() {
        return Err(Error::null(name));
    }
    // No object is larger, so such a length is a negative number or an uninitialised variable.
    if isize::try_from(len.saturating_mul(size_of::<T>())).is_err() {
        return Err(Error::invalid(format!("{name} has the impossible length {len}; pass how many there are")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;
    use crate::status::Status;

    #[test]
    fn null_is_empty_only_without_a_length() {
        assert_eq!(bytes(ptr::null(), 0, "der").ok(), Some(&[][..]));
        assert_eq!(bytes(ptr::null(), 1, "der").err().map(|e| e.status()), Some(Status::NullArgument));
        assert_eq!(bytes_mut(ptr::null_mut(), 1, "data").err().map(|e| e.status()), Some(Status::NullArgument));
        assert_eq!(bytes(b"x".as_ptr(), usize::MAX, "der").err().map(|e| e.status()), Some(Status::InvalidArgument));
        assert_eq!(bytes(b"xyz".as_ptr(), 3, "der").ok(), Some(&b"xyz"[..]));
    }

    #[test]
    fn a_list_names_the_missing_element() {
        let slices = [Slice::from(&b"a"[..]), Slice::EMPTY, Slice { data: ptr::null(), len: 1 }];
        assert_eq!(list(slices.as_ptr(), 2, "chain").ok(), Some(vec![&b"a"[..], b""]));
        let failure = list(slices.as_ptr(), 3, "chain").err().map(|e| e.message().to_owned());
        assert_eq!(failure.as_deref(), Some(c"chain[2] is NULL"));
    }

    #[test]
    fn only_null_and_zero_means_no_passphrase() {
        assert_eq!(passphrase(ptr::null(), 0).ok(), Some(None));
        assert_eq!(passphrase(b"".as_ptr(), 0).ok(), Some(Some(&[][..])));
        assert_eq!(passphrase(ptr::null(), 4).err().map(|e| e.status()), Some(Status::NullArgument));
    }
}
