//! Apple configuration profiles.

use std::ffi::c_char;

use trustdir_core::export;

use crate::buffer::Buffer;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
use crate::status::Status;
use crate::text;

/// An Apple configuration profile (.mobileconfig): authorities to trust and identities to show, which an iPhone, an
/// iPad or a Mac installs in one step. Installed again after a renewal it replaces itself. A web server hands it out as
/// application/x-apple-aspen-config. Yours: free it with trustdir_mobile_config_free. One thread at a time.
pub struct MobileConfig {
    profile: export::MobileConfig,
}

const _: () = handle::one_thread_at_a_time::<MobileConfig>();

/// Starts an empty profile under the name that the device shows.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_mobile_config_new(
    name: *const c_char,
    out: *mut *mut MobileConfig,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let profile = export::MobileConfig::new(text::required(name, "name")?);
        *out = handle::give(MobileConfig { profile });
        Ok(())
    })
}

/// Adds a certificate to trust: a self-signed one as a root, any other as an intermediate one. On an iPhone or iPad its
/// owner switches it on afterwards, under Settings, General, About, Certificate Trust Settings.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_mobile_config_add_authority(
    profile: Option<&mut MobileConfig>,
    authority: Option<&Certificate>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let profile = handle::required(profile, "profile")?;
        let authority = handle::required(authority, "authority")?;
        profile.profile = profile.profile.clone().with_authority(authority.core());
        Ok(())
    })
}

/// Adds a client's key and chain as a PKCS#12 file in the form that Apple reads. The device asks for the password,
/// unless `embed` puts it beside the key: then whoever reads the profile has the key. A failure adds nothing.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_mobile_config_add_identity(
    profile: Option<&mut MobileConfig>,
    identity: Option<&Identity>,
    password: *const c_char,
    embed: bool,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let profile = handle::required(profile, "profile")?;
        let identity = handle::required(identity, "identity")?.core();
        let password = text::required(password, "password")?;
        profile.profile = profile.profile.clone().with_identity(identity, password, embed)?;
        Ok(())
    })
}

/// Writes the profile as an XML property list.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_mobile_config_to_xml(
    profile: Option<&MobileConfig>,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let profile = handle::required(profile, "profile")?;
        *out = handle::give(Buffer::new(profile.profile.to_xml().as_bytes()));
        Ok(())
    })
}

/// Writes it to a new file, readable by its owner only when it holds a key. An existing file is never overwritten:
/// TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_mobile_config_save(
    profile: Option<&MobileConfig>,
    path: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let profile = handle::required(profile, "profile")?;
        Ok(profile.profile.save(text::path(path, "path")?)?)
    })
}

/// Frees the profile and wipes the keys in it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_mobile_config_free(profile: Option<Box<MobileConfig>>) {
    guard_or((), || profile.map(drop));
}
