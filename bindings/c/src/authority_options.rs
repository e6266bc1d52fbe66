//! What may be chosen when an authority is made.

use std::ffi::c_char;

use trustdir_core::DistinguishedName;

use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::issue_options;
use crate::key;
use crate::name_constraints::NameConstraints;
use crate::slice;
use crate::status::Status;
use crate::text;

/// How to make an authority. Where NULL is passed for it, and for what is not set, the defaults are right for a home or
/// a team. Yours: free it with trustdir_authority_options_free; it may be used for several authorities. One thread at
/// a time. A setter that fails changes nothing, so check its status.
#[derive(Default)]
pub struct AuthorityOptions {
    options: trustdir_core::AuthorityOptions,
}

const _: () = handle::one_thread_at_a_time::<AuthorityOptions>();

/// What the caller chose.
pub(crate) fn core(options: Option<&AuthorityOptions>) -> trustdir_core::AuthorityOptions {
    options.map(|options| options.options.clone()).unwrap_or_default()
}

/// Starts with the defaults.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_new(out: *mut *mut AuthorityOptions, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(AuthorityOptions::default());
        Ok(())
    })
}

/// The authority's name: RFC 4514 text with a common name, or just a common name. The default has a random part, so
/// that no two authorities share it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_set_name(
    options: Option<&mut AuthorityOptions>,
    name: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.name = Some(DistinguishedName::parse(text::required(name, "name")?)?);
        Ok(())
    })
}

/// The validity in days; 0 for the default, which is ten years and never longer than the issuer's.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_set_days(
    options: Option<&mut AuthorityOptions>,
    days: u32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.days = issue_options::days(days);
        Ok(())
    })
}

/// Has the authority's key stored encrypted. NULL with length 0, the default, stores it readable by its owner only.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_set_passphrase(
    options: Option<&mut AuthorityOptions>,
    passphrase: *const u8,
    passphrase_len: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        options.options.passphrase = passphrase.map(|bytes| bytes.to_vec().into());
        Ok(())
    })
}

/// The authority's own key: a trustdir_key_type. The default is TRUSTDIR_KEY_TYPE_P256.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_set_key_type(
    options: Option<&mut AuthorityOptions>,
    key_type: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.key_algorithm = key::algorithm(key_type)?;
        Ok(())
    })
}

/// How many authorities may follow below it. The default is no limit for a root, and none at all below an
/// intermediate one.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_set_path_length(
    options: Option<&mut AuthorityOptions>,
    path_length: u8,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.path_length = Some(path_length);
        Ok(())
    })
}

/// For which names it may issue, copied; the default is for any.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_set_constraints(
    options: Option<&mut AuthorityOptions>,
    constraints: Option<&NameConstraints>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.constraints = handle::required(constraints, "constraints")?.core().clone();
        Ok(())
    })
}

/// Frees the options and wipes their passphrase. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_options_free(options: Option<Box<AuthorityOptions>>) {
    guard_or((), || options.map(drop));
}
