//! A rehash: done at once, or planned and then carried out.

use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::rehashed::Rehashed;
use crate::status::Status;

/// What a rehash is going to do. Yours: free it with trustdir_rehash_plan_free. One thread at a time. Until it is
/// carried out or freed, whoever writes to the directory by way of trustdir waits, so do not install in between.
pub struct RehashPlan {
    plan: Option<trustdir_core::RehashPlan>,
    rehashed: Rehashed,
}

const _: () = handle::one_thread_at_a_time::<RehashPlan>();

impl From<trustdir_core::RehashPlan> for RehashPlan {
    fn from(plan: trustdir_core::RehashPlan) -> Self {
        Self { rehashed: plan.rehashed().into(), plan: Some(plan) }
    }
}

/// Makes the directory one in which OpenSSL finds every certificate and revocation list by its hash, as `openssl
/// rehash` does, but closes gaps and never removes a file that is no link. What was changed goes to `out`. It can admit
/// clients where only subject hashes count: trustdir_directory_plan_rehash says whom. It may be killed at any moment:
/// whoever was found before is found then, too.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_rehash(
    directory: Option<&Directory>,
    out: *mut *mut Rehashed,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give((&directory.rehash()?).into());
        Ok(())
    })
}

/// Says what trustdir_directory_rehash would do, and can do it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_directory_plan_rehash(
    directory: Option<&Directory>,
    out: *mut *mut RehashPlan,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?.core();
        *out = handle::give(directory.plan_rehash()?.into());
        Ok(())
    })
}

/// What is going to be changed, or was when the plan has been carried out. Borrowed from the plan until it is freed.
/// NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehash_plan_rehashed(plan: Option<&RehashPlan>) -> Option<&Rehashed> {
    guard_or(None, || Some(Some(&plan?.rehashed)))
}

/// Changes it, once: a second time is TRUSTDIR_STATUS_INVALID_ARGUMENT, also after a failure. Fails, and leaves the
/// rest as it is, when somebody else changes the directory without its lock.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehash_plan_carry_out(plan: Option<&mut RehashPlan>, error: *mut *mut Error) -> Status {
    guard(error, || {
        let plan = handle::required(plan, "plan")?.plan.take();
        plan.ok_or_else(|| Error::invalid("plan has been carried out; make another one"))?.carry_out()?;
        Ok(())
    })
}

/// Frees the plan and everything borrowed from it, and changes nothing. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_rehash_plan_free(plan: Option<Box<RehashPlan>>) {
    guard_or((), || plan.map(drop));
}
