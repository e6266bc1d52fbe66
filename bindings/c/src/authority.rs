//! The private certificate authority.

use std::ffi::c_char;

use trustdir_core::{AuthorityOptions, DistinguishedName, IssueOptions};

use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::slice;
use crate::status::Status;
use crate::text;

/// A private certificate authority that lives in a directory of its own. Yours: free it with trustdir_authority_free.
/// It may be used from several threads at once, and from several processes.
pub struct Authority {
    authority: trustdir_core::Authority,
    certificate: Certificate,
}

const _: () = handle::several_threads::<Authority>();

impl From<trustdir_core::Authority> for Authority {
    fn from(authority: trustdir_core::Authority) -> Self {
        let certificate = authority.certificate().clone().into();
        Self { authority, certificate }
    }
}

/// 0 stands for the default.
fn days(days: u32) -> Option<u32> {
    (days != 0).then_some(days)
}

fn issue_options(validity: u32) -> IssueOptions {
    IssueOptions { days: days(validity), ..IssueOptions::default() }
}

/// Makes an authority in `dir`, which is created when it is missing. `name` is its subject in RFC 4514 text, or NULL
/// for a default; `days` is its validity, 0 for the default. With a passphrase its key is stored encrypted. Fails with
/// TRUSTDIR_STATUS_ALREADY_EXISTS when there is an authority in `dir`, and then changes nothing.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_create(
    dir: *const c_char,
    name: *const c_char,
    days: u32,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let dir = text::path(dir, "dir")?;
        let options = AuthorityOptions {
            name: text::optional(name, "name")?.map(DistinguishedName::parse).transpose()?,
            days: self::days(days),
            passphrase: slice::passphrase(passphrase, passphrase_len)?.map(|bytes| bytes.to_vec().into()),
            ..AuthorityOptions::default()
        };
        *out = handle::give(trustdir_core::Authority::create(dir, options)?.into());
        Ok(())
    })
}

/// Opens the authority in `dir`. The passphrase is NULL with length 0 when its key is not encrypted. Fails with
/// TRUSTDIR_STATUS_NOT_FOUND, TRUSTDIR_STATUS_PASSPHRASE_REQUIRED or TRUSTDIR_STATUS_WRONG_PASSPHRASE.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_open(
    dir: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Authority,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let dir = text::path(dir, "dir")?;
        let passphrase = slice::passphrase(passphrase, passphrase_len)?;
        *out = handle::give(trustdir_core::Authority::open(dir, passphrase)?.into());
        Ok(())
    })
}

/// The authority's own certificate. Borrowed from the authority. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_certificate(authority: Option<&Authority>) -> Option<&Certificate> {
    guard_or(None, || Some(Some(&authority?.certificate)))
}

/// Issues an identity for a server. `names` are its DNS names and IP addresses, `count` of them and at least one; the
/// first also becomes the common name. `days` is the validity, 0 for the default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issue_server(
    authority: Option<&Authority>,
    names: *const *const c_char,
    count: usize,
    days: u32,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?;
        let names = text::list(names, count, "names")?;
        *out = handle::give(authority.authority.issue_server(&names, &issue_options(days))?.into());
        Ok(())
    })
}

/// Issues an identity for a client, with `name` as its common name. `days` is the validity, 0 for the default. It
/// admits nobody until its certificate is installed in a directory.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issue_client(
    authority: Option<&Authority>,
    name: *const c_char,
    days: u32,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?;
        let name = text::required(name, "name")?;
        *out = handle::give(authority.authority.issue_client(name, &issue_options(days))?.into());
        Ok(())
    })
}

/// Frees the authority and what is borrowed from it, and wipes its key from memory. Its directory stays. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_free(authority: Option<Box<Authority>>) {
    guard_or((), || authority.map(drop));
}
