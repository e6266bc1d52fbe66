//! Certificates.

use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::OnceLock;

use crate::Result;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::key;
use crate::name_constraints::NameConstraints;
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text::{self, Lazy};

/// A certificate. From `trustdir_certificate **out` it is yours: free it with trustdir_certificate_free. As a
/// `const trustdir_certificate *` returned by a function it is borrowed from that function's first argument; clone it
/// to keep it. It never changes and may be used from several threads at once.
#[derive(Debug)]
pub struct Certificate {
    certificate: trustdir_core::Certificate,
    pem: Lazy,
    subject: Lazy,
    issuer: Lazy,
    serial: Lazy,
    fingerprint: Lazy,
    names: OnceLock<Vec<CString>>,
    purposes: OnceLock<Vec<CString>>,
    key_algorithm: OnceLock<Option<CString>>,
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

    fn names(&self) -> &[CString] {
        self.names.get_or_init(|| self.certificate.names().iter().map(|name| text::owned(&name.to_string())).collect())
    }

    fn key_algorithm(&self) -> Option<&CString> {
        let known = self.key_algorithm.get_or_init(|| key::algorithm_text(self.certificate.key_algorithm()));
        known.as_ref()
    }

    fn purposes(&self) -> &[CString] {
        self.purposes.get_or_init(|| self.certificate.purposes().into_iter().map(text::owned).collect())
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
            names: OnceLock::new(),
            purposes: OnceLock::new(),
            key_algorithm: OnceLock::new(),
        }
    }
}

/// The caller's array of certificates.
pub(crate) fn list(
    certificates: *const Option<&Certificate>,
    count: usize,
    name: &str,
) -> Result<Vec<trustdir_core::Certificate>> {
    let certificates = handle::list(certificates, count, name)?;
    Ok(certificates.into_iter().map(|certificate| certificate.core().clone()).collect())
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

/// Reads the first certificate of a file's bytes, PEM or DER.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_from_bytes(
    bytes: *const u8,
    len: usize,
    out: *mut *mut Certificate,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let bytes = slice::bytes(bytes, len, "bytes")?;
        *out = handle::give(trustdir_core::Certificate::from_bytes(bytes)?.into());
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

/// The X.509 version, 1 to 3; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_version(certificate: Option<&Certificate>) -> u8 {
    guard_or(0, || Some(certificate?.certificate.version()))
}

/// The public key as DER SubjectPublicKeyInfo. Borrowed from the certificate. Empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_spki(certificate: Option<&Certificate>) -> Slice {
    guard_or(Slice::EMPTY, || Some(certificate?.certificate.spki().into()))
}

/// The sort of its public key, as trustdir_key_algorithm has it. Borrowed from the certificate. NULL for what trustdir
/// does not admit, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_key_algorithm(certificate: Option<&Certificate>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(certificate?.key_algorithm())))
}

/// Whether the issuer's key made its signature; false for NULL. Names, dates and powers are not looked at.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_is_signed_by(
    certificate: Option<&Certificate>,
    issuer: Option<&Certificate>,
) -> bool {
    guard_or(false, || Some(certificate?.certificate.is_signed_by(issuer?.core())))
}

/// The number of names that it is valid for; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_names_len(certificate: Option<&Certificate>) -> usize {
    guard_or(0, || Some(certificate?.names().len()))
}

/// A name that it is valid for, as "DNS:a.example" or "IP:10.0.0.1". Borrowed from the certificate. NULL past the end
/// and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_name(certificate: Option<&Certificate>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(certificate?.names().get(index)?.as_ptr()))
}

/// The number of purposes that it has; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_purposes_len(certificate: Option<&Certificate>) -> usize {
    guard_or(0, || Some(certificate?.purposes().len()))
}

/// What it is for: "authority", "server", "client", and "anything" when it does not say. Borrowed from the certificate.
/// NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_purpose(certificate: Option<&Certificate>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(certificate?.purposes().get(index)?.as_ptr()))
}

/// Whether it says to be an authority's; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_is_authority(certificate: Option<&Certificate>) -> bool {
    guard_or(false, || Some(certificate?.certificate.is_authority()))
}

/// Whether it says to be issued by itself; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_is_self_issued(certificate: Option<&Certificate>) -> bool {
    guard_or(false, || Some(certificate?.certificate.is_self_issued()))
}

/// Whether it limits how many authorities may follow below it; false for NULL. The limit goes to `path_length`, which
/// may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_path_length(certificate: Option<&Certificate>, path_length: *mut u32) -> bool {
    guard_or(false, || {
        let path_length = handle::optional_number(path_length);
        let limit = certificate?.certificate.path_length()?;
        if let Some(path_length) = path_length {
            *path_length = limit;
        }
        Some(true)
    })
}

/// For which names an authority and those below it may issue: nothing permitted and nothing excluded when it is not
/// limited. Fails with TRUSTDIR_STATUS_PARSE when that part of the certificate is broken.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_certificate_name_constraints(
    certificate: Option<&Certificate>,
    out: *mut *mut NameConstraints,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let certificate = handle::required(certificate, "certificate")?;
        *out = handle::give(certificate.certificate.name_constraints()?.into());
        Ok(())
    })
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
