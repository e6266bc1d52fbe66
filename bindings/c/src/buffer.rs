//! Bytes that the caller owns.

use std::path::Path;
use std::ptr;

use zeroize::Zeroizing;

use crate::guard::guard_or;
use crate::handle;
use crate::text;

/// Bytes or text made for you, such as a private key in PEM. Yours: free it with trustdir_buffer_free, which also
/// wipes it. One thread at a time.
pub struct Buffer {
    /// Ends with a NUL that does not count.
    terminated: Zeroizing<Vec<u8>>,
}

const _: () = handle::one_thread_at_a_time::<Buffer>();

impl Buffer {
    /// Copies into memory of the final size: growing would leave unwiped copies of a secret behind.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut terminated = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
        terminated.extend_from_slice(bytes);
        terminated.push(0);
        Self { terminated }
    }

    pub(crate) fn path(path: &Path) -> Self {
        Self::new(text::owned_path(path).as_bytes())
    }
}

/// The bytes, always followed by a NUL that trustdir_buffer_len does not count, so that text can be used as a string.
/// Borrowed from the buffer. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_buffer_data(buffer: Option<&Buffer>) -> *const u8 {
    guard_or(ptr::null(), || Some(buffer?.terminated.as_ptr()))
}

/// The number of bytes, without the NUL after them; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_buffer_len(buffer: Option<&Buffer>) -> usize {
    guard_or(0, || Some(buffer?.terminated.len() - 1))
}

/// Wipes and frees the buffer. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_buffer_free(buffer: Option<Box<Buffer>>) {
    guard_or((), || buffer.map(drop));
}
