//! What callers may pass, and how it reaches the core: bytes-like objects, text, names, days, instants and words.
//!
//! Each type owns its value, so that the interpreter may run on while the core works with it.

use std::net::IpAddr;
use std::ops::Deref;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDateTime, PyDelta, PyDeltaAccess, PyString, PyTzInfo, PyTzInfoAccess};
use trustdir_core::export::Pkcs12Profile;
use trustdir_core::tls::TlsVersion;
use trustdir_core::{
    self as core, EntryNames, KeyAlgorithm, KeyDerivation, NameConstraint, RevocationReason, StaleCrls, SubjectAltName,
};
use zeroize::Zeroizing;

use crate::error::Error;

/// `str`, taken as UTF-8, or any bytes-like object: a PEM file's content, or a passphrase.
pub struct Text(Zeroizing<Vec<u8>>);

impl Text {
    pub fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.0
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl FromPyObject<'_, '_> for Text {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let bytes = match object.cast::<PyString>() {
            Ok(text) => text.to_str()?.as_bytes().to_vec(),
            Err(_) => return Ok(Self(Bytes::extract(object)?.0)),
        };
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// Any bytes-like object; it may hold a private key.
pub struct Bytes(pub Zeroizing<Vec<u8>>);

impl FromPyObject<'_, '_> for Bytes {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let buffer = PyBuffer::<u8>::get(&object)?;
        Ok(Self(Zeroizing::new(buffer.to_vec(object.py())?)))
    }
}

/// Any bytes-like object, as it is read at once; `bytes` are not copied.
pub enum Data {
    Shared(PyBackedBytes),
    Copied(Vec<u8>),
}

impl Deref for Data {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Copied(bytes) => bytes,
        }
    }
}

impl FromPyObject<'_, '_> for Data {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.cast::<PyBytes>() {
            Ok(bytes) => Ok(Self::Shared(bytes.to_owned().into())),
            Err(_) => Ok(Self::Copied(PyBuffer::<u8>::get(&object)?.to_vec(object.py())?)),
        }
    }
}

/// A DNS name as `str`, or an address as `str` or an `ipaddress` object.
pub struct HostName(String);

impl Deref for HostName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromPyObject<'_, '_> for HostName {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self(text.to_str()?.to_owned()));
        }
        match object.extract::<IpAddr>() {
            Ok(address) => Ok(Self(address.to_string())),
            Err(_) => Err(PyTypeError::new_err(format!(
                "a host name is a str or an ipaddress object, not {}; pass several as separate arguments",
                object.get_type().name()?
            ))),
        }
    }
}

/// A name of a certificate: a host as [`HostName`] has it, or as `Certificate.names` gives it.
pub struct AltName(pub SubjectAltName);

impl FromPyObject<'_, '_> for AltName {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self(text.to_str()?.parse().map_err(Error::Core)?));
        }
        match object.extract::<IpAddr>() {
            Ok(address) => Ok(Self(SubjectAltName::Ip(address))),
            Err(_) => {
                let message = format!("a name is a str or an ipaddress object, not {}", object.get_type().name()?);
                Err(PyTypeError::new_err(message))
            }
        }
    }
}

/// A name constraint as `NameConstraints` gives it, or an `ipaddress` network or address.
pub struct Subtree(pub NameConstraint);

impl FromPyObject<'_, '_> for Subtree {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = match object.cast::<PyString>() {
            Ok(text) => text.to_str()?.to_owned(),
            Err(_) => match (object.getattr("with_prefixlen"), object.extract::<IpAddr>()) {
                (Ok(network), _) => network.extract()?,
                (_, Ok(address)) => address.to_string(),
                _ => {
                    let message =
                        format!("a constraint is a str or an ipaddress object, not {}", object.get_type().name()?);
                    return Err(PyTypeError::new_err(message));
                }
            },
        };
        Ok(Self(text.parse().map_err(Error::Core)?))
    }
}

/// A number of days as `int`, or as a `timedelta` of whole days.
pub struct Days(pub u32);

impl FromPyObject<'_, '_> for Days {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let invalid =
            || PyValueError::new_err("days is a positive number of whole days, such as 90 or timedelta(days=90)");
        let days = match object.cast::<PyDelta>() {
            Ok(delta) if delta.get_seconds() != 0 || delta.get_microseconds() != 0 => {
                return Err(invalid());
            }
            Ok(delta) => i64::from(delta.get_days()),
            Err(_) => object.extract().map_err(|error: PyErr| {
                if error.is_instance_of::<PyOverflowError>(object.py()) { invalid() } else { error }
            })?,
        };
        match u32::try_from(days) {
            Ok(days @ 1..) => Ok(Self(days)),
            _ => Err(invalid()),
        }
    }
}

/// How many authorities may follow below one.
pub struct PathLength(pub u8);

impl FromPyObject<'_, '_> for PathLength {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        object.extract().map(Self).map_err(|error| match error.is_instance_of::<PyOverflowError>(object.py()) {
            true => PyValueError::new_err("path_length is a number from 0 to 255"),
            false => error,
        })
    }
}

/// A time to wait, as seconds or as a `timedelta`.
pub struct Seconds(pub Duration);

impl FromPyObject<'_, '_> for Seconds {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let seconds: f64 = match object.cast::<PyDelta>() {
            Ok(delta) => delta.call_method0("total_seconds")?.extract()?,
            Err(_) => object.extract()?,
        };
        let invalid = |_| PyValueError::new_err("a time is a positive number of seconds, or a timedelta");
        Duration::try_from_secs_f64(seconds).map(Self).map_err(invalid)
    }
}

/// A version of TLS, as a member of `ssl.TLSVersion`.
pub struct Version(pub TlsVersion);

impl FromPyObject<'_, '_> for Version {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match object.extract::<u16>()? {
            0x0303 => Ok(Self(TlsVersion::Tls12)),
            0x0304 => Ok(Self(TlsVersion::Tls13)),
            _ => Err(PyValueError::new_err("the versions are ssl.TLSVersion.TLSv1_2 and ssl.TLSVersion.TLSv1_3")),
        }
    }
}

/// The names of application protocols, in a sequence.
pub struct Alpn(Vec<String>);

impl Alpn {
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl FromPyObject<'_, '_> for Alpn {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        // A str is a sequence of them too: of its letters, which nobody means. pyo3 refuses it.
        object.extract().map(Self)
    }
}

/// The reason of a decision, by the word of `Reason`.
pub struct DecisionReason(pub core::Reason);

impl FromPyObject<'_, '_> for DecisionReason {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let text = object.cast::<PyString>()?;
        let word = text.to_str()?;
        let known = core::Reason::ALL.into_iter().find(|reason| reason.as_str() == word);
        known
            .map(Self)
            .ok_or_else(|| PyValueError::new_err(format!("{word:?} is no reason; trustdir.Reason lists them")))
    }
}

/// An aware `datetime`, as Unix seconds.
pub struct Instant(pub i64);

impl Instant {
    pub fn now() -> Self {
        // Before 1970 nothing is valid yet, which is what 0 says too.
        Self(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs().cast_signed()))
    }
}

impl FromPyObject<'_, '_> for Instant {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let instant = object.cast::<PyDateTime>()?;
        if instant.get_tzinfo().is_none() {
            return Err(PyValueError::new_err(
                "a datetime without a time zone names no instant; pass an aware one, such as datetime.now(UTC)",
            ));
        }
        let seconds: f64 = instant.call_method0("timestamp")?.extract()?;
        // Exact: the years 1 to 9999 in seconds are far inside the range of both types.
        Ok(Self(seconds.floor() as i64))
    }
}

/// Unix seconds as an aware `datetime` in UTC.
pub fn datetime(py: Python<'_>, seconds: i64) -> PyResult<Bound<'_, PyDateTime>> {
    // Exact: the years 0 to 9999 in seconds fit a double.
    PyDateTime::from_timestamp(py, seconds as f64, Some(&*PyTzInfo::utc(py)?))
}

/// What a certificate is for, by its word.
pub type Profile = Word<core::Profile>;

/// The name of a kind of key, as `PrivateKey.algorithm` gives it.
pub type Algorithm = Word<KeyAlgorithm>;

/// Why a certificate is revoked, by the word of `RevocationReason`.
pub type Reason = Word<RevocationReason>;

/// One of the words that the core knows; its error lists them.
pub struct Word<T>(pub T);

impl<T: FromStr<Err = core::Error>> FromPyObject<'_, '_> for Word<T> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let word = object.cast::<PyString>()?.to_str()?.parse();
        Ok(Self(word.map_err(Error::Core)?))
    }
}

/// The function that derives a key from a passphrase, by its name.
pub fn derivation(name: &str) -> PyResult<KeyDerivation> {
    match name {
        "scrypt" => Ok(KeyDerivation::Scrypt),
        "pbkdf2" => Ok(KeyDerivation::Pbkdf2),
        _ => Err(PyValueError::new_err(format!("derivation is \"scrypt\" or \"pbkdf2\", not {name:?}"))),
    }
}

/// Which files of a directory are entries, by its word.
pub fn entry_names(word: &str) -> PyResult<EntryNames> {
    match word {
        "any" => Ok(EntryNames::Any),
        "subject-hash" => Ok(EntryNames::SubjectHash),
        _ => Err(PyValueError::new_err(format!("entry_names is \"any\" or \"subject-hash\", not {word:?}"))),
    }
}

/// What becomes of clients whose authority's list is out of date, by its word.
pub fn stale_crls(word: &str) -> PyResult<StaleCrls> {
    match word {
        "refuse" => Ok(StaleCrls::Refuse),
        "admit" => Ok(StaleCrls::Admit),
        _ => Err(PyValueError::new_err(format!("stale_crls is \"refuse\" or \"admit\", not {word:?}"))),
    }
}

/// How a PKCS#12 file is protected, by its word.
pub fn protection(word: &str) -> PyResult<Pkcs12Profile> {
    match word {
        "modern" => Ok(Pkcs12Profile::Modern),
        "compat" => Ok(Pkcs12Profile::Compat),
        _ => Err(PyValueError::new_err(format!("profile is \"modern\" or \"compat\", not {word:?}"))),
    }
}
