//! What an authority makes: it issues, signs and renews.

use std::ffi::c_char;

use trustdir_core::{DistinguishedName, RenewOptions, SignOptions};

use crate::Result;
use crate::authority::Authority;
use crate::buffer::Buffer;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::guard;
use crate::handle;
use crate::identity::Identity;
use crate::issue_options::{self, IssueOptions};
use crate::request::{self, Request};
use crate::status::Status;
use crate::text;

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
    /// Signs other certificates. To judge by only: authorities are made by trustdir_authority_create and
    /// trustdir_authority_create_intermediate.
    Authority = 4,
}

const PROFILES: [(Profile, trustdir_core::Profile); 4] = [
    (Profile::Server, trustdir_core::Profile::Server),
    (Profile::Client, trustdir_core::Profile::Client),
    (Profile::Both, trustdir_core::Profile::ServerAndClient),
    (Profile::Authority, trustdir_core::Profile::Authority),
];

fn profile(profile: i32) -> Result<trustdir_core::Profile> {
    let known = PROFILES.iter().find(|(known, _)| *known as i32 == profile);
    known.map(|(_, profile)| *profile).ok_or_else(|| Error::unknown("profile", profile))
}

/// As [`profile`], where 0 leaves it to the certificate.
pub(crate) fn optional_profile(profile: i32) -> Result<Option<trustdir_core::Profile>> {
    (profile != 0).then(|| self::profile(profile)).transpose()
}

/// Hands out what is to be told, if the caller wants to hear it.
fn tell(slot: Option<&mut *mut Buffer>, notes: &[String]) {
    if let Some(slot) = slot {
        *slot = handle::give(Buffer::new(notes.join("\n").as_bytes()));
    }
}

/// Issues an identity for a server. `names` are its DNS names and IP addresses, `count` of them and at least one; the
/// first also becomes the common name. `options` may be NULL. Fails with TRUSTDIR_STATUS_NAME_MISMATCH for a name that
/// the authority's constraints do not allow.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issue_server(
    authority: Option<&Authority>,
    names: *const *const c_char,
    count: usize,
    options: Option<&IssueOptions>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let names = text::list(names, count, "names")?;
        *out = handle::give(authority.issue_server(&names, &issue_options::core(options))?.into());
        Ok(())
    })
}

/// As trustdir_authority_issue_server, for a service that is a client of others too.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issue_both(
    authority: Option<&Authority>,
    names: *const *const c_char,
    count: usize,
    options: Option<&IssueOptions>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let names = text::list(names, count, "names")?;
        *out = handle::give(authority.issue_both(&names, &issue_options::core(options))?.into());
        Ok(())
    })
}

/// Issues an identity for a client, with `name` as its common name. `names` are further names that it bears, `count`
/// of them, as trustdir_request_create takes them, such as its e-mail address; mostly NULL with count 0. `options` may
/// be NULL. It admits nobody until its certificate is installed in a directory.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issue_client(
    authority: Option<&Authority>,
    name: *const c_char,
    names: *const *const c_char,
    count: usize,
    options: Option<&IssueOptions>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let name = text::required(name, "name")?;
        let names = request::names(names, count)?;
        *out = handle::give(authority.issue_client_with(name, &names, &issue_options::core(options))?.into());
        Ok(())
    })
}

/// Issues an identity with a subject and names that no profile demands. `profile` is a trustdir_profile, `subject` is
/// RFC 4514 text or just a common name, and `names` are as trustdir_request_create takes them. `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_issue(
    authority: Option<&Authority>,
    profile: i32,
    subject: *const c_char,
    names: *const *const c_char,
    count: usize,
    options: Option<&IssueOptions>,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let profile = self::profile(profile)?;
        let subject = DistinguishedName::parse(text::required(subject, "subject")?)?;
        let names = request::names(names, count)?;
        *out = handle::give(authority.issue(profile, &subject, &names, &issue_options::core(options))?.into());
        Ok(())
    })
}

/// Signs a request: its key and its subject, byte for byte. `profile` is a trustdir_profile. `names` are the names to
/// grant, `count` of them, as trustdir_request_create takes them. NULL with count 0 grants a server the DNS names and
/// IP addresses that were asked for, or its common name when no name was; and a client none. `options` may be NULL.
/// `notes`, which may be NULL, receives text: what was asked for and not granted, or granted otherwise, a line each,
/// empty when there is nothing to say. Fails with TRUSTDIR_STATUS_INVALID_ARGUMENT when a server would get no name.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_sign(
    authority: Option<&Authority>,
    request: Option<&Request>,
    profile: i32,
    names: *const *const c_char,
    count: usize,
    options: Option<&IssueOptions>,
    notes: *mut *mut Buffer,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let notes = handle::optional_slot(notes);
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let request = handle::required(request, "request")?;
        let names = request::names(names, count)?;
        let options = SignOptions {
            profile: self::profile(profile)?,
            names: (!names.is_empty()).then_some(names),
            issue: issue_options::core(options),
        };
        let signed = authority.sign(request.core(), &options)?;
        tell(notes, &signed.notes);
        *out = handle::give(signed.certificate.into());
        Ok(())
    })
}

/// Renews a certificate that this authority issued, for the same key, so that only the certificate's file changes:
/// same subject and names, a new serial number. `profile` is a trustdir_profile, or 0 for what the old one says.
/// `options` may be NULL. `notes`, which may be NULL, receives text: what the old one lacked or had that is not issued
/// here, a line each. Fails with TRUSTDIR_STATUS_REVOKED for a revoked certificate.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_renew(
    authority: Option<&Authority>,
    certificate: Option<&Certificate>,
    profile: i32,
    options: Option<&IssueOptions>,
    notes: *mut *mut Buffer,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let notes = handle::optional_slot(notes);
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let certificate = handle::required(certificate, "certificate")?.core();
        let options = RenewOptions { profile: optional_profile(profile)?, issue: issue_options::core(options) };
        let signed = authority.renew(certificate, &options)?;
        tell(notes, &signed.notes);
        *out = handle::give(signed.certificate.into());
        Ok(())
    })
}

/// As trustdir_authority_renew, with a new key.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_renew_with_new_key(
    authority: Option<&Authority>,
    certificate: Option<&Certificate>,
    profile: i32,
    options: Option<&IssueOptions>,
    notes: *mut *mut Buffer,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let notes = handle::optional_slot(notes);
        let out = handle::slot(out, "out")?;
        let authority = handle::required(authority, "authority")?.core();
        let certificate = handle::required(certificate, "certificate")?.core();
        let options = RenewOptions { profile: optional_profile(profile)?, issue: issue_options::core(options) };
        let (identity, told) = authority.renew_with_new_key(certificate, &options)?;
        tell(notes, &told);
        *out = handle::give(identity.into());
        Ok(())
    })
}
