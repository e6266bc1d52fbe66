//! How a directory of authorities is opened.

use trustdir_core::AuthorityDirOptions;

use crate::Result;
use crate::directory_options;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;

/// What becomes of clients whose authority's revocation list is out of date. An authority without any list has revoked
/// nobody.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum StaleCrls {
    /// They are refused until there is a new list.
    Refuse = 0,
    /// They are admitted, unless the old list revokes them.
    Admit = 1,
}

const STALE_CRLS: [(StaleCrls, trustdir_core::StaleCrls); 2] =
    [(StaleCrls::Refuse, trustdir_core::StaleCrls::Refuse), (StaleCrls::Admit, trustdir_core::StaleCrls::Admit)];

fn stale_crls(number: i32) -> Result<trustdir_core::StaleCrls> {
    let known = STALE_CRLS.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, stale_crls)| stale_crls).ok_or_else(|| Error::unknown("stale_crls", number))
}

/// How a directory of authorities is opened. Where NULL is passed for it, and for what is not set, the defaults are
/// right for directories that trustdir makes. Yours: free it with trustdir_authority_directory_options_free; it may be
/// used for several directories. One thread at a time. A setter that fails changes nothing, so check its status.
#[derive(Default)]
pub struct AuthorityDirectoryOptions {
    options: AuthorityDirOptions,
}

const _: () = handle::one_thread_at_a_time::<AuthorityDirectoryOptions>();

/// What the caller chose.
pub(crate) fn core(options: Option<&AuthorityDirectoryOptions>) -> AuthorityDirOptions {
    options.map(|options| options.options.clone()).unwrap_or_default()
}

/// Starts with the defaults.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_options_new(
    out: *mut *mut AuthorityDirectoryOptions,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(AuthorityDirectoryOptions::default());
        Ok(())
    })
}

/// Which files are entries: a trustdir_entry_names. Under TRUSTDIR_ENTRY_NAMES_SUBJECT_HASH revocation lists are read
/// from names such as "89abcdef.r0", whatever the number, under TRUSTDIR_ENTRY_NAMES_ANY, the default, from every file.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_options_set_entry_names(
    options: Option<&mut AuthorityDirectoryOptions>,
    entry_names: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.entry_names = directory_options::entry_names(entry_names)?;
        Ok(())
    })
}

/// Whether a thread of the library watches for changes, as trustdir_directory_options_set_watch.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_options_set_watch(
    options: Option<&mut AuthorityDirectoryOptions>,
    watch: bool,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.watch = watch;
        Ok(())
    })
}

/// Whether the directory is made when it does not exist; the default is that this fails.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_options_set_create(
    options: Option<&mut AuthorityDirectoryOptions>,
    create: bool,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.create = create;
        Ok(())
    })
}

/// What becomes of clients whose authority's list is out of date: a trustdir_stale_crls. The default is
/// TRUSTDIR_STALE_CRLS_REFUSE.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_options_set_stale_crls(
    options: Option<&mut AuthorityDirectoryOptions>,
    stale_crls: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.stale_crls = self::stale_crls(stale_crls)?;
        Ok(())
    })
}

/// Frees the options, not what was opened with them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_options_free(options: Option<Box<AuthorityDirectoryOptions>>) {
    guard_or((), || options.map(drop));
}
