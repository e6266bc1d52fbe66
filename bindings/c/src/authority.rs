//! The private certificate authority.

use std::ffi::c_char;

use trustdir_core::{AuthorityOptions, DistinguishedName, IssueOptions, SignOptions};

use crate::Result;
use crate::buffer::Buffer;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::request::{self, Request};
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

/// What a certificate is for.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum Profile {
    /// TLS services.
    Server = 1,
    /// TLS clients.
    Client = 2,
    /// Services that are clients of each other.
    Both = 3,
}

const PROFILES: [(Profile, trustdir_core::Profile); 3] = [
    (Profile::Server, trustdir_core::Profile::Server),
    (Profile::Client, trustdir_core::Profile::Client),
    (Profile::Both, trustdir_core::Profile::ServerAndClient),
];

fn profile(profile: i32) -> Result<trustdir_core::Profile> {
    let known = PROFILES.iter().find(|(known, _)| *known as i32 == profile);
    known.map(|(_, profile)| *profile).ok_or_else(|| Error::unknown("profile", profile))
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

/// Signs a request: its key and its subject, byte for byte. `profile` is a trustdir_profile. `names` are the names to
/// grant, `count` of them, as trustdir_request_create takes them. NULL with count 0 grants a server the DNS names and
/// IP addresses that were asked for, or its common name when no name was; and a client none. `days` is the validity, 0
/// for the default. `notes`, which may be NULL, receives text: what was asked for and not granted, or granted
/// otherwise, a line each, empty when there is nothing to say. Fails with TRUSTDIR_STATUS_INVALID_ARGUMENT when a
/// server would get no name.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_sign(
    authority: Option<&Authority>,
    request: Option<&Request>,
    profile: i32,
    names: *const *const c_char,
    count: usize,
    days: u32,
    notes: *mut *mut Buffer,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let notes = handle::optional_slot(notes);
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?;
        let request = handle::required(request, "request")?;
        let names = request::names(names, count)?;
        let options = SignOptions {
            profile: self::profile(profile)?,
            names: (!names.is_empty()).then_some(names),
            issue: issue_options(days),
        };
        let signed = authority.authority.sign(request.core(), &options)?;
        if let Some(notes) = notes {
            *notes = handle::give(Buffer::new(signed.notes.join("\n").as_bytes()));
        }
        *out = handle::give(signed.certificate.into());
        Ok(())
    })
}

/// Frees the authority and what is borrowed from it, and wipes its key from memory. Its directory stays. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_free(authority: Option<Box<Authority>>) {
    guard_or((), || authority.map(drop));
}
