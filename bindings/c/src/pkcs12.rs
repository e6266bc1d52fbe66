//! Identities as PKCS#12 files, the one form that every device takes in.

use std::ffi::c_char;

use trustdir_core::export;

use crate::Result;
use crate::buffer::Buffer;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::slice;
use crate::status::Status;
use crate::text;

/// How a PKCS#12 file is protected.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum Pkcs12Profile {
    /// AES-256 under PBKDF2, as OpenSSL 3 writes: for current Windows and Java, and everything that uses OpenSSL 1.1
    /// or later.
    Modern = 1,
    /// Triple DES and SHA-1: for Apple's devices and older Windows and Java. It protects little: choose a password that
    /// cannot be guessed, and delete the file when it is installed.
    Compat = 2,
}

const PROFILES: [(Pkcs12Profile, export::Pkcs12Profile); 2] =
    [(Pkcs12Profile::Modern, export::Pkcs12Profile::Modern), (Pkcs12Profile::Compat, export::Pkcs12Profile::Compat)];

pub(crate) fn profile(profile: i32) -> Result<export::Pkcs12Profile> {
    let known = PROFILES.iter().find(|(known, _)| *known as i32 == profile);
    known.map(|(_, profile)| *profile).ok_or_else(|| Error::unknown("profile", profile))
}

/// How to write a PKCS#12 file. Where NULL is passed for it, and for what is not set, the defaults are used. Yours:
/// free it with trustdir_pkcs12_options_free; it may be used for several files. One thread at a time. A setter that
/// fails changes nothing, so check its status.
#[derive(Default)]
pub struct Pkcs12Options {
    options: export::Pkcs12Options,
}

const _: () = handle::one_thread_at_a_time::<Pkcs12Options>();

fn core(options: Option<&Pkcs12Options>) -> export::Pkcs12Options {
    options.map(|options| options.options.clone()).unwrap_or_default()
}

/// Starts with the defaults.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_pkcs12_options_new(out: *mut *mut Pkcs12Options, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(Pkcs12Options::default());
        Ok(())
    })
}

/// How it is protected: a trustdir_pkcs12_profile. The default is TRUSTDIR_PKCS12_PROFILE_MODERN.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_pkcs12_options_set_profile(
    options: Option<&mut Pkcs12Options>,
    profile: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(options, "options")?.options.profile = self::profile(profile)?;
        Ok(())
    })
}

/// The name that devices show. The default is the common name.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_pkcs12_options_set_name(
    options: Option<&mut Pkcs12Options>,
    name: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.name = Some(text::required(name, "name")?.to_owned());
        Ok(())
    })
}

/// Adds a certificate to carry besides the chain: phones want the authority's.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_pkcs12_options_add_authority(
    options: Option<&mut Pkcs12Options>,
    authority: Option<&Certificate>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let options = handle::required(options, "options")?;
        options.options.authorities.push(handle::required(authority, "authority")?.core().clone());
        Ok(())
    })
}

/// Frees the options. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_pkcs12_options_free(options: Option<Box<Pkcs12Options>>) {
    guard_or((), || options.map(drop));
}

/// Writes the key, its chain and the authorities of `options` as a PKCS#12 file, encrypted with `password`. PKCS#12 has
/// passwords as text; an empty one is TRUSTDIR_STATUS_INVALID_ARGUMENT. `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_to_pkcs12(
    identity: Option<&Identity>,
    password: *const c_char,
    options: Option<&Pkcs12Options>,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let identity = handle::required(identity, "identity")?.core();
        let file = identity.to_pkcs12(text::required(password, "password")?, &core(options))?;
        *out = handle::give(Buffer::new(&file));
        Ok(())
    })
}

/// Writes it to a new file, readable by its owner only. An existing file is never overwritten:
/// TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_save_pkcs12(
    identity: Option<&Identity>,
    path: *const c_char,
    password: *const c_char,
    options: Option<&Pkcs12Options>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let identity = handle::required(identity, "identity")?.core();
        let path = text::path(path, "path")?;
        Ok(identity.save_pkcs12(path, text::required(password, "password")?, &core(options))?)
    })
}

/// Reads a PKCS#12 file that holds one private key, as OpenSSL, Windows and Java write it; `password` is empty when it
/// has none. Certificates that are not in the key's chain are left out. Fails with TRUSTDIR_STATUS_WRONG_PASSPHRASE,
/// TRUSTDIR_STATUS_KEY_MISMATCH, TRUSTDIR_STATUS_PARSE or TRUSTDIR_STATUS_UNSUPPORTED.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_from_pkcs12(
    pkcs12: *const u8,
    len: usize,
    password: *const c_char,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let pkcs12 = slice::bytes(pkcs12, len, "pkcs12")?;
        let password = text::required(password, "password")?;
        *out = handle::give(trustdir_core::Identity::from_pkcs12(pkcs12, password)?.into());
        Ok(())
    })
}

/// Loads a PKCS#12 file, as trustdir_identity_from_pkcs12 does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_load_pkcs12(
    path: *const c_char,
    password: *const c_char,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        let password = text::required(password, "password")?;
        *out = handle::give(trustdir_core::Identity::load_pkcs12(path, password)?.into());
        Ok(())
    })
}
