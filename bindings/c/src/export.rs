//! Certificates and keys in the forms that other programs read.

use std::ffi::c_char;

use trustdir_core::export;

use crate::buffer::Buffer;
use crate::certificate::{self, Certificate};
use crate::error::Error;
use crate::guard::guard;
use crate::handle;
use crate::identity::Identity;
use crate::pkcs12;
use crate::slice;
use crate::status::Status;
use crate::text;

/// The identity with its chain completed from `pool`, `count` certificates of authorities, up to and with the
/// self-signed one: what web servers and proxies send. The rest of the pool is left out.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_with_issuers(
    identity: Option<&Identity>,
    pool: *const Option<&Certificate>,
    count: usize,
    out: *mut *mut Identity,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let identity = handle::required(identity, "identity")?.core();
        *out = handle::give(identity.with_issuers(&certificate::list(pool, count, "pool")?)?.into());
        Ok(())
    })
}

/// Writes the chain and then the key, encrypted when a passphrase is given, in one PEM: what curl and HAProxy read.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_to_bundle(
    identity: Option<&Identity>,
    passphrase: *const u8,
    passphrase_len: usize,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let identity = handle::required(identity, "identity")?.core();
        let bundle = identity.to_bundle(slice::passphrase(passphrase, passphrase_len)?)?;
        *out = handle::give(Buffer::new(bundle.as_bytes()));
        Ok(())
    })
}

/// Writes it to a new file, readable by its owner only. An existing file is never overwritten:
/// TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_identity_save_bundle(
    identity: Option<&Identity>,
    path: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let identity = handle::required(identity, "identity")?.core();
        let path = text::path(path, "path")?;
        Ok(identity.save_bundle(path, slice::passphrase(passphrase, passphrase_len)?)?)
    })
}

/// Writes the chain that begins with a certificate as PEM, completed from `pool`, `count` certificates of authorities,
/// up to and with the self-signed one: what web servers and proxies take for a signed request.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_export_full_chain(
    certificate: Option<&Certificate>,
    pool: *const Option<&Certificate>,
    count: usize,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificate = handle::required(certificate, "certificate")?.core();
        let chain = export::full_chain(certificate, &certificate::list(pool, count, "pool")?);
        let pem: String = chain.iter().map(trustdir_core::Certificate::to_pem).collect();
        *out = handle::give(Buffer::new(pem.as_bytes()));
        Ok(())
    })
}

/// Writes certificates, `count` of them, as PEM one after another to a new file: a chain, or several authorities. What
/// occurs twice is written once. An existing file is never overwritten: TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_export_save_bundle(
    certificates: *const Option<&Certificate>,
    count: usize,
    path: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let certificates = certificate::list(certificates, count, "certificates")?;
        Ok(export::save_bundle(&certificates, text::path(path, "path")?)?)
    })
}

/// Writes a certificate as DER to a new file: the .crt that Android and Windows install. An existing file is never
/// overwritten: TRUSTDIR_STATUS_ALREADY_EXISTS.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_export_save_der(
    certificate: Option<&Certificate>,
    path: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let certificate = handle::required(certificate, "certificate")?.core();
        Ok(export::save_der(certificate, text::path(path, "path")?)?)
    })
}

/// Makes a PKCS#12 file of certificates alone, `count` of them and at least one, marked as trusted: the value of Java's
/// javax.net.ssl.trustStore. Nothing in it is secret, but Java wants a password; "changeit" is customary. `profile` is
/// a trustdir_pkcs12_profile.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_export_truststore(
    certificates: *const Option<&Certificate>,
    count: usize,
    password: *const c_char,
    profile: i32,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificates = certificate::list(certificates, count, "certificates")?;
        let password = text::required(password, "password")?;
        let file = export::truststore(&certificates, password, pkcs12::profile(profile)?)?;
        *out = handle::give(Buffer::new(&file));
        Ok(())
    })
}
