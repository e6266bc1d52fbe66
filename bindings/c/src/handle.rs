//! Pointers to handles: what the caller passes in, and where the caller wants a result.

use std::ptr;

use crate::Result;
use crate::error::Error;
use crate::slice;

/// The argument, or the error that names it.
pub(crate) fn required<T>(argument: Option<T>, name: &str) -> Result<T> {
    argument.ok_or_else(|| Error::null(name))
}

/// The caller's array of handles. NULL is the empty list when `count` is 0 and an error otherwise.
pub(crate) fn list<'a, T>(handles: *const Option<&'a T>, count: usize, name: &str) -> Result<Vec<&'a T>> {
    let handles = slice::array(handles, count, name)?.iter().enumerate();
    handles.map(|(index, handle)| required(*handle, &format!("{name}[{index}]"))).collect()
}

/// Moves a value to the heap for C, which gives it back to the `_free` function of its type.
pub(crate) fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// The caller's `T **`, set to NULL at once so that no failure leaves it as it was.
pub(crate) fn slot<'a, T>(slot: *mut *mut T, name: &str) -> Result<&'a mut *mut T> {
    required(optional_slot(slot), name)
}

/// As [`slot`], for a result that the caller may decline with NULL.
pub(crate) fn optional_slot<'a, T>(slot: *mut *mut T) -> Option<&'a mut *mut T> {
    initialised(slot, ptr::null_mut())
}

/// The caller's pointer to a number, set to 0 at once.
pub(crate) fn number<'a, T: Copy + Default>(number: *mut T, name: &str) -> Result<&'a mut T> {
    required(optional_number(number), name)
}

/// As [`number`], for a result that the caller may decline with NULL.
pub(crate) fn optional_number<'a, T: Copy + Default>(number: *mut T) -> Option<&'a mut T> {
    initialised(number, T::default())
}

/// Refers to the caller's variable, which C need not have initialised: written first, and never read or dropped.
pub(crate) fn initialised<'a, T: Copy>(variable: *mut T, value: T) -> Option<&'a mut T> {
    if variable.is_null() {
        return None;
    }
    // SAFETY: the header's conventions: a pointer that is not NULL points to a variable of its type, aligned,
    // writable, and used by nobody else during the call. `T: Copy` has no destructor to run on old contents.
    unsafe {
        variable.write(value);
        Some(&mut *variable)
    }
}

/// Takes back what [`give`] gave, as a `_free` function would.
#[cfg(test)]
pub(crate) fn taken<T>(handle: *mut T) -> Option<Box<T>> {
    // SAFETY: the tests pass only NULL and, once, what `give` returned.
    (!handle.is_null()).then(|| unsafe { Box::from_raw(handle) })
}

/// States, and lets the compiler check, that a type's handles may be used from several threads at once.
pub(crate) const fn several_threads<T: Send + Sync>() {}

/// States, and lets the compiler check, that a type's handles may move between threads, used by one at a time.
pub(crate) const fn one_thread_at_a_time<T: Send>() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_emptied_at_once_and_null_is_named() {
        let mut old = give(7_u8);
        let keep = old;
        assert!(slot(&raw mut old, "out").is_ok());
        assert!(old.is_null());
        assert_eq!(taken(keep).as_deref(), Some(&7));

        let mut count = 9_usize;
        assert_eq!(number(&raw mut count, "count").ok(), Some(&mut 0));
        let failure = number(ptr::null_mut::<usize>(), "count").err();
        assert_eq!(failure.map(|e| e.message().to_owned()).as_deref(), Some(c"count is NULL"));
    }
}
