//! What may be chosen when a certificate is made.

use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::key;
use crate::status::Status;

/// How to issue, sign or renew. Where NULL is passed for it, and for what is not set, the defaults are right for most.
/// Yours: free it with trustdir_issue_options_free; it may be used for several certificates. One thread at a time. A
/// setter that fails changes nothing, so check its status.
#[derive(Default)]
pub struct IssueOptions {
    options: trustdir_core::IssueOptions,
}

const _: () = handle::one_thread_at_a_time::<IssueOptions>();

/// What the caller chose.
pub(crate) fn core(options: Option<&IssueOptions>) -> trustdir_core::IssueOptions {
    options.map(|options| options.options.clone()).unwrap_or_default()
}

/// 0 stands for the default.
pub(crate) fn days(days: u32) -> Option<u32> {
    (days != 0).then_some(days)
}

/// Starts with the defaults.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issue_options_new(out: *mut *mut IssueOptions, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(IssueOptions::default());
        Ok(())
    })
}

/// The validity in days, from now or from its start; 0 for the default, which is 397, or for a renewal as long as the
/// old certificate's, and never longer than the authority's.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issue_options_set_days(
    options: Option<&mut IssueOptions>,
    days: u32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.days = self::days(days);
        Ok(())
    })
}

/// The start of the validity, in seconds since 1970-01-01 UTC. The default is an hour ago, since clocks differ.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issue_options_set_not_before(
    options: Option<&mut IssueOptions>,
    unix_time: i64,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.not_before = Some(unix_time);
        Ok(())
    })
}

/// The end of the validity, in seconds since 1970-01-01 UTC, instead of days.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issue_options_set_not_after(
    options: Option<&mut IssueOptions>,
    unix_time: i64,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.not_after = Some(unix_time);
        Ok(())
    })
}

/// The key to make: a trustdir_key_type. The default is TRUSTDIR_KEY_TYPE_P256, or for a renewal what the old key is.
/// Of no effect where the key is there already.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issue_options_set_key_type(
    options: Option<&mut IssueOptions>,
    key_type: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.key_algorithm = Some(key::algorithm(key_type)?);
        Ok(())
    })
}

/// Frees the options. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_issue_options_free(options: Option<Box<IssueOptions>>) {
    guard_or((), || options.map(drop));
}
