//! Callbacks of the caller's.

use std::ffi::{c_char, c_void};

use crate::Result;
use crate::decision::Decision;
use crate::handle;
use crate::text;

type Function = extern "C" fn(userdata: *mut c_void);

/// What the caller gives to a function of its own. Dropping it frees it, so that happens exactly once.
struct Userdata {
    pointer: *mut c_void,
    free: Option<Function>,
}

// SAFETY: by the header's conventions a callback may come from any thread, so the caller gives userdata and functions
// that allow it. Nothing here reads the userdata.
unsafe impl Send for Userdata {}

// SAFETY: as above; what may be called from several threads at once says so.
unsafe impl Sync for Userdata {}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            free(self.pointer);
        }
    }
}

/// A C function that is called once, if ever. The userdata is freed after the call, or when the call never comes.
pub(crate) struct Hook {
    function: Function,
    userdata: Userdata,
}

impl Hook {
    /// Takes over the userdata, whatever becomes of the hook.
    pub(crate) fn new(
        function: Option<Function>,
        pointer: *mut c_void,
        free: Option<Function>,
        name: &str,
    ) -> Result<Self> {
        let userdata = Userdata { pointer, free };
        Ok(Self { function: handle::required(function, name)?, userdata })
    }

    pub(crate) fn call(self) {
        (self.function)(self.userdata.pointer);
    }
}

/// A C function that hears the secrets of sessions.
pub(crate) struct KeyLog {
    function: KeyLogFunction,
    userdata: Userdata,
}

type KeyLogFunction = extern "C" fn(line: *const c_char, userdata: *mut c_void);

impl KeyLog {
    /// Takes over the userdata, whatever becomes of the function.
    pub(crate) fn new(function: Option<KeyLogFunction>, pointer: *mut c_void, free: Option<Function>) -> Result<Self> {
        let userdata = Userdata { pointer, free };
        Ok(Self { function: handle::required(function, "log")?, userdata })
    }

    pub(crate) fn tell(&self, line: &str) {
        (self.function)(text::owned(line).as_ptr(), self.userdata.pointer);
    }
}

/// A C function that hears of decisions.
pub(crate) struct OnDecision {
    function: OnDecisionFunction,
    userdata: Userdata,
}

type OnDecisionFunction = extern "C" fn(decision: &Decision, userdata: *mut c_void);

impl OnDecision {
    /// Takes over the userdata, whatever becomes of the function.
    pub(crate) fn new(
        function: Option<OnDecisionFunction>,
        pointer: *mut c_void,
        free: Option<Function>,
    ) -> Result<Self> {
        let userdata = Userdata { pointer, free };
        Ok(Self { function: handle::required(function, "tell")?, userdata })
    }

    pub(crate) fn tell(&self, decision: &trustdir_core::Decision) {
        (self.function)(&decision.clone().into(), self.userdata.pointer);
    }
}

/// A C function that hears how far a call has come, during that call.
pub(crate) struct Progress {
    function: ProgressFunction,
    userdata: *mut c_void,
}

type ProgressFunction = extern "C" fn(done: usize, total: usize, userdata: *mut c_void);

// SAFETY: the header says that the function is called from several threads at once, so the caller gives userdata that
// allows it. Nothing here reads the userdata.
unsafe impl Sync for Progress {}

impl Progress {
    pub(crate) fn new(function: ProgressFunction, userdata: *mut c_void) -> Self {
        Self { function, userdata }
    }

    pub(crate) fn tell(&self, done: usize, total: usize) {
        (self.function)(done, total, self.userdata);
    }
}

#[cfg(test)]
mod tests {
    use std::ptr;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    extern "C" fn tens(count: *mut c_void) {
        count_up(count, 10);
    }

    extern "C" fn ones(count: *mut c_void) {
        count_up(count, 1);
    }

    fn count_up(count: *mut c_void, by: u32) {
        // SAFETY: the tests pass an `AtomicU32` that outlives the hook.
        unsafe { &*count.cast::<AtomicU32>() }.fetch_add(by, Ordering::Relaxed);
    }

    fn counted(run: impl FnOnce(*mut c_void)) -> u32 {
        let count = AtomicU32::new(0);
        run((&raw const count).cast_mut().cast());
        count.into_inner()
    }

    #[test]
    fn userdata_is_freed_exactly_once() {
        assert_eq!(counted(|count| Hook::new(Some(tens), count, Some(ones), "hook").map_or((), Hook::call)), 11);
        assert_eq!(counted(|count| drop(Hook::new(Some(tens), count, Some(ones), "hook"))), 1);
        assert_eq!(counted(|count| drop(Hook::new(None, count, Some(ones), "hook"))), 1);
        assert_eq!(counted(|count| Hook::new(Some(tens), count, None, "hook").map_or((), Hook::call)), 10);
        drop(Hook::new(Some(tens), ptr::null_mut(), None, "hook"));
    }
}
