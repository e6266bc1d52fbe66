//! The wall between Rust and C: every exported body runs inside one of these functions.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Result;
use crate::error::Error;
use crate::handle;
use crate::status::Status;

/// Runs the body of a function that can fail. An error, or a panic, becomes a status and, where the caller asked for
/// it, an error object; in all other cases the caller's error variable is NULL afterwards.
pub(crate) fn guard<T: Into<Status>>(error: *mut *mut Error, body: impl FnOnce() -> Result<T>) -> Status {
    let error = handle::optional_slot(error);
    // What a panic may leave half changed is an object of the caller's, who is told by the status not to use it again.
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(done)) => return done.into(),
        Ok(Err(failure)) => failure,
        Err(payload) => Error::new(Status::Panic, &panic_text(payload)),
    };
    let status = failure.status();
    if let Some(error) = error {
        *error = handle::give(failure);
    }
    status
}

/// Runs the body of a function that has no status to return: NULL arguments (`None`) and panics give the fallback.
pub(crate) fn guard_or<T>(fallback: T, body: impl FnOnce() -> Option<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(answer) => answer.unwrap_or(fallback),
        Err(payload) => {
            panic_text(payload);
            fallback
        }
    }
}

fn panic_text(payload: Box<dyn Any + Send>) -> String {
    let text = match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => match payload.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(payload) => {
                // Its destructor could panic as well, and here nothing would catch that.
                mem::forget(payload);
                "no text".to_owned()
            }
        },
    };
    format!("a defect in trustdir: {text}; free the objects given to this call and report it")
}

#[cfg(test)]
#[allow(clippy::panic, reason = "the guard is here to catch them")]
mod tests {
    use std::panic::panic_any;
    use std::ptr;

    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    // As an exported function is: C calls it, and a panic that leaves it would end the process.
    extern "C" fn explode(how: i32, out: *mut *mut u8, error: *mut *mut Error) -> Status {
        guard(error, || {
            let out = handle::slot(out, "out")?;
            match how {
                0 => *out = handle::give(1),
                1 => panic!("wires {} and {}", "red", "blue"),
                2 => panic!("static text"),
                3 => panic_any(Bomb),
                _ => return Err(Error::invalid("how is unknown")),
            }
            Ok(())
        })
    }

    extern "C" fn count(how: i32) -> usize {
        guard_or(0, || match how {
            0 => Some(5),
            1 => panic_any(Bomb),
            _ => None,
        })
    }

    fn run(how: i32) -> (Status, bool, Option<String>) {
        let mut out = ptr::dangling_mut();
        let mut error = ptr::dangling_mut();
        let status = explode(how, &raw mut out, &raw mut error);
        let message = handle::taken(error).map(|error| error.message().to_string_lossy().into_owned());
        (status, handle::taken(out).is_none(), message)
    }

    #[test]
    fn a_panic_becomes_a_status_with_its_text() {
        let (status, out_is_null, message) = run(1);
        assert_eq!((status, out_is_null), (Status::Panic, true));
        assert!(message.is_some_and(|m| m.contains("wires red and blue")));
        assert!(run(2).2.is_some_and(|m| m.contains("static text")));
        assert!(run(3).2.is_some_and(|m| m.contains("no text")));
    }

    #[test]
    fn success_and_failure_set_both_variables() {
        assert_eq!(run(0), (Status::Ok, false, None));
        assert_eq!(run(9), (Status::InvalidArgument, true, Some("how is unknown".to_owned())));
    }

    #[test]
    fn without_an_error_variable_the_status_is_enough() {
        let mut out = ptr::null_mut();
        assert_eq!(explode(1, &raw mut out, ptr::null_mut()), Status::Panic);
        assert_eq!(explode(1, ptr::null_mut(), ptr::null_mut()), Status::NullArgument);
    }

    #[test]
    fn accessors_fall_back() {
        assert_eq!((count(0), count(1), count(2)), (5, 0, 0));
    }
}
