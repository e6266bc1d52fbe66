//! What callers may pass, and how it reaches the core: bytes-like objects, text, names, days and instants.
//!
//! Each type owns its value, so that the interpreter may run on while the core works with it.

use std::net::IpAddr;
use std::ops::Deref;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyDeltaAccess, PyString, PyTzInfo, PyTzInfoAccess};
use trustdir_core::{self as core, KeyAlgorithm, SubjectAltName};
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
            Err(_) => Bytes::extract(object)?.0,
        };
        Ok(Self(Zeroizing::new(bytes)))
    }
}

/// Any bytes-like object.
pub struct Bytes(pub Vec<u8>);

impl FromPyObject<'_, '_> for Bytes {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let buffer = PyBuffer::<u8>::get(&object)?;
        Ok(Self(buffer.to_vec(object.py())?))
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

/// A number of days as `int`, or as a `timedelta` of whole days.
pub struct Days(pub u32);

impl FromPyObject<'_, '_> for Days {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let invalid = || PyValueError::new_err("days is a positive number of whole days; use not_after for an instant");
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
pub struct Profile(pub core::Profile);

impl FromPyObject<'_, '_> for Profile {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let profile = object.cast::<PyString>()?.to_str()?.parse();
        Ok(Self(profile.map_err(Error::Core)?))
    }
}

/// The name of a kind of key, as `PrivateKey.algorithm` gives it.
pub struct Algorithm(pub KeyAlgorithm);

impl FromPyObject<'_, '_> for Algorithm {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let algorithm = object.cast::<PyString>()?.to_str()?.parse();
        Ok(Self(algorithm.map_err(Error::Core)?))
    }
}
