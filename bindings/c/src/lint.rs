//! Which clients refuse a certificate, why, and what to do.

use std::ffi::c_char;

use trustdir_core::lint;

use crate::certificate::{self, Certificate};
use crate::error::Error;
use crate::findings::Findings;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::issue;
use crate::request::Request;
use crate::status::Status;
use crate::text;

/// How to judge. Where NULL is passed for it, and for what is not set, the profile is guessed and the time is the
/// system's. Yours: free it with trustdir_lint_options_free; it may be used several times. One thread at a time. A
/// setter that fails changes nothing, so check its status.
#[derive(Default)]
pub struct LintOptions {
    options: lint::Options,
}

const _: () = handle::one_thread_at_a_time::<LintOptions>();

fn core(options: Option<&LintOptions>) -> lint::Options {
    options.map(|options| options.options).unwrap_or_default()
}

/// Starts with the defaults.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_options_new(out: *mut *mut LintOptions, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(LintOptions::default());
        Ok(())
    })
}

/// What the certificate is used for: a trustdir_profile, or 0 for what the certificate says.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_options_set_profile(
    options: Option<&mut LintOptions>,
    profile: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.profile = issue::optional_profile(profile)?;
        Ok(())
    })
}

/// The time to judge at, in seconds since 1970-01-01 UTC.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_options_set_time(
    options: Option<&mut LintOptions>,
    unix_time: i64,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.now = Some(unix_time);
        Ok(())
    })
}

/// Frees the options. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_options_free(options: Option<Box<LintOptions>>) {
    guard_or((), || options.map(drop));
}

/// Checks a file (PEM or DER: certificates, a chain, requests, private keys) or a folder with all that is below it,
/// such as the directory of an authority. What cannot be read is a finding and no error; only a path that cannot be
/// looked at at all is one. `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_path(
    path: *const c_char,
    options: Option<&LintOptions>,
    out: *mut *mut Findings,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(lint::path(text::path(path, "path")?, &core(options))?.into());
        Ok(())
    })
}

/// Checks one certificate by itself. `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_certificate(
    certificate: Option<&Certificate>,
    options: Option<&LintOptions>,
    out: *mut *mut Findings,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificate = handle::required(certificate, "certificate")?;
        *out = handle::give(lint::certificate(certificate.core(), &core(options)).into());
        Ok(())
    })
}

/// Checks a chain as a service sends it, `count` certificates, end entity first; its root may be left out. The profile
/// is the end entity's. `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_chain(
    chain: *const Option<&Certificate>,
    count: usize,
    options: Option<&LintOptions>,
    out: *mut *mut Findings,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let chain = certificate::list(chain, count, "chain")?;
        *out = handle::give(lint::chain(&chain, &core(options)).into());
        Ok(())
    })
}

/// Checks what peers refuse when this identity is shown to them, the gravest first, as a server's or a client's also if
/// it says CA:TRUE. An issuer that is not in its chain is a note, since it may be a root, which peers must have.
/// `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_identity(
    identity: Option<&Identity>,
    options: Option<&LintOptions>,
    out: *mut *mut Findings,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let identity = handle::required(identity, "identity")?;
        *out = handle::give(identity.core().lint(&core(options)).into());
        Ok(())
    })
}

/// Checks a request: what a certificate would be refused for if it were issued as asked. `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_lint_request(
    request: Option<&Request>,
    options: Option<&LintOptions>,
    out: *mut *mut Findings,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let request = handle::required(request, "request")?;
        *out = handle::give(lint::request(request.core(), &core(options)).into());
        Ok(())
    })
}
