//! Certificates.

use std::ffi::c_char;
use std::ptr;

use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text::{self, Lazy};

/// A certificate. From `trustdir_certificate **out` it is yours: free it with trustdir_certificate_free. As a
/// `const trustdir_certificate *` returned by a function it is borrowed from that function's first argument; clone it
/// to keep it. It never changes and may be used from several threads at once.
pub struct Certificate {
    certificate: trustdir_core::Certificate,
    pem: Lazy,
    subject: Lazy,
    issuer: Lazy,
    serial: Lazy,
    fingerprint: Lazy,
}

const _: () = handle::several_threads::<Certificate>();

impl Certificate {
    pub(crate) fn core(&self) -> &trustdir_core::Certificate {
        &self.certificate
    }

    pub(crate) fn subject(&self) -> *const c_char {
        self.subject.get(|| self.certificate.subject().to_string())
    }

    pub(crate) fn issuer(&self) -> *const c_char {
        self.issuer.get(|| self.certificate.issuer().to_string())
    }

    pub(crate) fn serial(&self) -> *const c_char {
        self.serial.get(|| self.certificate.serial())
    }

    pub(crate) fn fingerprint(&self) -> *const c_char {
        self.fingerprint.get(|| self.certificate.fingerprint().to_string())
    }
}

impl From<trustdir_core::Certificate> for Certificate {
    fn from(certificate: trustdir_core::Certificate) -> Self {
        Self {
            certificate,
            pem: Lazy::default(),
            subject: Lazy::default(),
            issuer: Lazy::default(),
            serial: Lazy::default(),
            fingerprint: Lazy::default(),
        }
    }
}

/// Reads the first certificate in PEM text; anything before it is ignored.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_from_pem(
    pem: *const u8,
    len: usize,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let pem = slice::bytes(pem, len, "pem")?;
        *out = handle::give(trustdir_core::Certificate::from_pem(pem)?.into());
        Ok(())
    })
}

/// Reads a certificate in DER.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_from_der(
    der: *const u8,
    len: usize,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let der = slice::bytes(der, len, "der")?;
        *out = handle::give(trustdir_core::Certificate::from_der(der)?.into());
        Ok(())
    })
}

/// Reads a certificate from a PEM or DER file.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_load(
    path: *const c_char,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(trustdir_core::Certificate::load(text::path(path, "path")?)?.into());
        Ok(())
    })
}

/// Another handle to the same certificate, which lives on its own. Cheap: the certificate is shared.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_clone(
    certificate: Option<&Certificate>,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificate = handle::required(certificate, "certificate")?;
        *out = handle::give(certificate.certificate.clone().into());
        Ok(())
    })
}

/// The certificate in DER, byte for byte as it was signed. Borrowed from the certificate. Empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_der(certificate: Option<&Certificate>) -> Slice {
    guard_or(Slice::EMPTY, || Some(certificate?.certificate.as_der().into()))
}

/// The certificate in PEM. Borrowed from the certificate. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_pem(certificate: Option<&Certificate>) -> *const c_char {
    guard_or(ptr::null(), || {
        let certificate = certificate?;
        Some(certificate.pem.get(|| certificate.certificate.to_pem()))
    })
}

/// The subject as RFC 4514 text, control characters escaped. Borrowed from the certificate. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_subject(certificate: Option<&Certificate>) -> *const c_char {
    guard_or(ptr::null(), || Some(certificate?.subject()))
}

/// The issuer as RFC 4514 text, control characters escaped. Borrowed from the certificate. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_issuer(certificate: Option<&Certificate>) -> *const c_char {
    guard_or(ptr::null(), || Some(certificate?.issuer()))
}

/// The serial number in lower-case hexadecimal. Borrowed from the certificate. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_serial(certificate: Option<&Certificate>) -> *const c_char {
    guard_or(ptr::null(), || Some(certificate?.serial()))
}

/// The SHA-256 of the DER, as 64 lower-case hexadecimal digits. Borrowed from the certificate. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_fingerprint(certificate: Option<&Certificate>) -> *const c_char {
    guard_or(ptr::null(), || Some(certificate?.fingerprint()))
}

/// The start of its validity, in seconds since 1970-01-01 UTC; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_not_before(certificate: Option<&Certificate>) -> i64 {
    guard_or(0, || Some(certificate?.certificate.not_before()))
}

/// The end of its validity, in seconds since 1970-01-01 UTC; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_not_after(certificate: Option<&Certificate>) -> i64 {
    guard_or(0, || Some(certificate?.certificate.not_after()))
}

/// The hash of the subject by which OpenSSL 1.0 and later names files in a directory ("%08x.0"). Fails for a name that
/// OpenSSL refuses to hash; `*out` is then 0.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_subject_hash(
    certificate: Option<&Certificate>,
    out: *mut u32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::number(out, "out")?;
        let certificate = handle::required(certificate, "certificate")?;
        *out = certificate.certificate.subject().subject_hash()?.0;
        Ok(())
    })
}

/// The hash of the subject by which OpenSSL before 1.0 named files in a directory.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_subject_hash_old(
    certificate: Option<&Certificate>,
    out: *mut u32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::number(out, "out")?;
        let certificate = handle::required(certificate, "certificate")?;
        *out = certificate.certificate.subject().subject_hash_old().0;
        Ok(())
    })
}

/// Frees the certificate and everything borrowed from it. NULL is fine. Not for borrowed certificates.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_free(certificate: Option<Box<Certificate>>) {
    guard_or((), || certificate.map(drop));
}
