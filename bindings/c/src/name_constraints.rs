//! For which names an authority may issue.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::{NameConstraint, SubjectAltName};

use crate::Result;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// For which names an authority and those below it may issue (RFC 5280, 4.2.1.10): of each sort that is permitted
/// something, only names in one of the permitted subtrees; and no names in any of the excluded ones. Yours: free it
/// with trustdir_name_constraints_free. One thread at a time.
#[derive(Default)]
pub struct NameConstraints {
    constraints: trustdir_core::NameConstraints,
    permitted: Vec<CString>,
    excluded: Vec<CString>,
}

const _: () = handle::one_thread_at_a_time::<NameConstraints>();

impl NameConstraints {
    pub(crate) fn core(&self) -> &trustdir_core::NameConstraints {
        &self.constraints
    }
}

impl From<trustdir_core::NameConstraints> for NameConstraints {
    fn from(constraints: trustdir_core::NameConstraints) -> Self {
        let texts = |subtrees: &[NameConstraint]| subtrees.iter().map(shown).collect();
        Self { permitted: texts(&constraints.permitted), excluded: texts(&constraints.excluded), constraints }
    }
}

fn shown(subtree: &NameConstraint) -> CString {
    text::owned(&subtree.to_string())
}

fn subtree(subtree: *const c_char) -> Result<NameConstraint> {
    Ok(text::required(subtree, "subtree")?.parse()?)
}

/// Starts with no constraints.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_new(out: *mut *mut NameConstraints, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(NameConstraints::default());
        Ok(())
    })
}

/// Starts with what a home or a small network needs, and nothing of the rest of the Internet: home.arpa, internal,
/// local, localhost, and the private, link-local and loopback addresses. Permit names of your own besides, such as a
/// dynamic DNS name.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_home(out: *mut *mut NameConstraints, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(trustdir_core::NameConstraints::home(&[]).into());
        Ok(())
    })
}

/// Permits a subtree: "home.arpa" or "DNS:home.arpa" (that name and all below it), "IP:192.168.0.0/16", and
/// "email:a@b.example", "email:b.example" (every mailbox at that host) or "email:.b.example" (at hosts below it).
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_permit(
    constraints: Option<&mut NameConstraints>,
    subtree: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let constraints = handle::required(constraints, "constraints")?;
        let subtree = self::subtree(subtree)?;
        constraints.permitted.push(shown(&subtree));
        constraints.constraints.permitted.push(subtree);
        Ok(())
    })
}

/// Excludes a subtree, as trustdir_name_constraints_permit takes it; this counts more than what is permitted.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_exclude(
    constraints: Option<&mut NameConstraints>,
    subtree: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let constraints = handle::required(constraints, "constraints")?;
        let subtree = self::subtree(subtree)?;
        constraints.excluded.push(shown(&subtree));
        constraints.constraints.excluded.push(subtree);
        Ok(())
    })
}

/// Whether a certificate with this name, as trustdir_request_create takes it, may be issued: the answer goes to `out`.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_allow(
    constraints: Option<&NameConstraints>,
    name: *const c_char,
    out: *mut bool,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::number(out, "out")?;
        let constraints = handle::required(constraints, "constraints")?;
        let name: SubjectAltName = text::required(name, "name")?.parse()?;
        *out = constraints.constraints.allow(&name);
        Ok(())
    })
}

/// The number of permitted subtrees; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_permitted_len(constraints: Option<&NameConstraints>) -> usize {
    guard_or(0, || Some(constraints?.permitted.len()))
}

/// A permitted subtree, as "DNS:home.arpa". Borrowed from the constraints. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_permitted(
    constraints: Option<&NameConstraints>,
    index: usize,
) -> *const c_char {
    guard_or(ptr::null(), || Some(constraints?.permitted.get(index)?.as_ptr()))
}

/// The number of excluded subtrees; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_excluded_len(constraints: Option<&NameConstraints>) -> usize {
    guard_or(0, || Some(constraints?.excluded.len()))
}

/// An excluded subtree. Borrowed from the constraints. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_excluded(
    constraints: Option<&NameConstraints>,
    index: usize,
) -> *const c_char {
    guard_or(ptr::null(), || Some(constraints?.excluded.get(index)?.as_ptr()))
}

/// Frees the constraints and everything borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_name_constraints_free(constraints: Option<Box<NameConstraints>>) {
    guard_or((), || constraints.map(drop));
}
