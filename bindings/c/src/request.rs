//! Certificate requests.

use std::ffi::{CString, c_char};
use std::ptr;

use trustdir_core::{CertificateRequest, DistinguishedName, SubjectAltName};

use crate::Result;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::key::{self, Key};
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text::{self, Lazy};

/// A request for a certificate (PKCS#10), its signature checked: whoever made it has the private key. What it asks for
/// is shown, not granted. Yours: free it with trustdir_request_free. It never changes and may be used from several
/// threads at once.
pub struct Request {
    request: CertificateRequest,
    pem: Lazy,
    subject: Lazy,
    key_algorithm: Option<CString>,
    names: Vec<CString>,
    ignored: Vec<CString>,
}

const _: () = handle::several_threads::<Request>();

impl Request {
    pub(crate) fn core(&self) -> &CertificateRequest {
        &self.request
    }
}

impl From<CertificateRequest> for Request {
    fn from(request: CertificateRequest) -> Self {
        Self {
            pem: Lazy::default(),
            subject: Lazy::default(),
            key_algorithm: key::algorithm_text(request.key_algorithm()),
            names: request.names().iter().map(|name| text::owned(&name.to_string())).collect(),
            ignored: request.ignored().iter().map(|what| text::owned(what)).collect(),
            request,
        }
    }
}

/// The caller's names of a certificate.
pub(crate) fn names(names: *const *const c_char, count: usize) -> Result<Vec<SubjectAltName>> {
    let names = text::list(names, count, "names")?;
    Ok(names.into_iter().map(str::parse).collect::<trustdir_core::Result<_>>()?)
}

/// Makes a request for the key, signed with it. `subject` is RFC 4514 text, or just a common name. `names` are the
/// names to ask for, `count` of them: DNS names and IP addresses, or "DNS:...", "IP:...", "email:..." and "URI:...".
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_create(
    key: Option<&Key>,
    subject: *const c_char,
    names: *const *const c_char,
    count: usize,
    out: *mut *mut Request,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let key = handle::required(key, "key")?;
        let subject = DistinguishedName::parse(text::required(subject, "subject")?)?;
        let names = self::names(names, count)?;
        *out = handle::give(CertificateRequest::create(key.core(), &subject, &names)?.into());
        Ok(())
    })
}

/// Reads the first request in PEM text; anything before it is ignored. Fails with TRUSTDIR_STATUS_BAD_SIGNATURE when
/// it was altered, and with TRUSTDIR_STATUS_UNSUPPORTED or TRUSTDIR_STATUS_WEAK_KEY for what no certificate is given to.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_from_pem(
    pem: *const u8,
    len: usize,
    out: *mut *mut Request,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let pem = slice::bytes(pem, len, "pem")?;
        *out = handle::give(CertificateRequest::from_pem(pem)?.into());
        Ok(())
    })
}

/// Reads a request in DER, as trustdir_request_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_from_der(
    der: *const u8,
    len: usize,
    out: *mut *mut Request,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let der = slice::bytes(der, len, "der")?;
        *out = handle::give(CertificateRequest::from_der(der)?.into());
        Ok(())
    })
}

/// Reads a request from a PEM or DER file, as trustdir_request_from_pem does.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_load(path: *const c_char, out: *mut *mut Request, error: *mut *mut Error) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(CertificateRequest::load(text::path(path, "path")?)?.into());
        Ok(())
    })
}

/// The request in DER. Borrowed from the request. Empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_der(request: Option<&Request>) -> Slice {
    guard_or(Slice::EMPTY, || Some(request?.request.as_der().into()))
}

/// The request in PEM. Borrowed from the request. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_pem(request: Option<&Request>) -> *const c_char {
    guard_or(ptr::null(), || {
        let request = request?;
        Some(request.pem.get(|| request.request.to_pem()))
    })
}

/// Whom it names, as RFC 4514 text, control characters escaped. Borrowed from the request. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_subject(request: Option<&Request>) -> *const c_char {
    guard_or(ptr::null(), || {
        let request = request?;
        Some(request.subject.get(|| request.request.subject().to_string()))
    })
}

/// The public key as DER SubjectPublicKeyInfo. Borrowed from the request. Empty for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_spki(request: Option<&Request>) -> Slice {
    guard_or(Slice::EMPTY, || Some(request?.request.spki().into()))
}

/// The sort of its public key, as trustdir_key_algorithm has it. Borrowed from the request. NULL for what trustdir does
/// not admit, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_key_algorithm(request: Option<&Request>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(request?.key_algorithm.as_ref())))
}

/// The number of names that it asks for; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_names_len(request: Option<&Request>) -> usize {
    guard_or(0, || Some(request?.names.len()))
}

/// A name that it asks for, as "DNS:a.example" or "IP:10.0.0.1". Borrowed from the request. NULL past the end and for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_name(request: Option<&Request>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(request?.names.get(index)?.as_ptr()))
}

/// Whether it asks to be an authority, which is never granted; false for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_asks_for_authority(request: Option<&Request>) -> bool {
    guard_or(false, || Some(request?.request.asks_for_authority()))
}

/// How many other things it asks for that are not looked at; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_ignored_len(request: Option<&Request>) -> usize {
    guard_or(0, || Some(request?.ignored.len()))
}

/// One of them, as "extension 1.2.3.4". Borrowed from the request. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_ignored(request: Option<&Request>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(request?.ignored.get(index)?.as_ptr()))
}

/// Frees the request and everything borrowed from it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_request_free(request: Option<Box<Request>>) {
    guard_or((), || request.map(drop));
}
