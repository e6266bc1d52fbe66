//! The extensions that we write, as DER (RFC 5280, 4.2).

use crate::alt_name::SubjectAltName;
use crate::constraints::NameConstraints;
use crate::der;
use crate::error::Result;

/// OIDs as contents: id-ce and the last arc, or id-kp and the last arc.
pub(crate) const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
pub(crate) const SUBJECT_ALT_NAME: &[u8] = b"\x55\x1d\x11";
pub(crate) const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
pub(crate) const CRL_NUMBER: &[u8] = b"\x55\x1d\x14";
pub(crate) const REASON_CODE: &[u8] = b"\x55\x1d\x15";
pub(crate) const NAME_CONSTRAINTS: &[u8] = b"\x55\x1d\x1e";
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
const SUBJECT_KEY_ID: &[u8] = b"\x55\x1d\x0e";
const AUTHORITY_KEY_ID: &[u8] = b"\x55\x1d\x23";
pub(crate) const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
pub(crate) const CLIENT_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";

/// Bits of keyUsage (RFC 5280, 4.2.1.3), the first one highest.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_ENCIPHERMENT: u8 = 0x20;
pub(crate) const KEY_CERT_SIGN: u8 = 0x04;
pub(crate) const CRL_SIGN: u8 = 0x02;

/// One extension around its content.
pub(crate) fn extension(oid: &[u8], critical: bool, content: &[u8]) -> Vec<u8> {
    let flag = if critical { &b"\x01\x01\xff"[..] } else { b"" };
    der::element(der::SEQUENCE, &[&der::element(der::OID, &[oid]), flag, &der::element(der::OCTET_STRING, &[content])])
}

pub(crate) fn basic_constraints(authority: bool, path_length: Option<u8>) -> Vec<u8> {
    let flag = if authority { &b"\x01\x01\xff"[..] } else { b"" };
    let length = path_length.map_or_else(Vec::new, |length| der::integer(u64::from(length)));
    extension(BASIC_CONSTRAINTS, true, &der::element(der::SEQUENCE, &[flag, &length]))
}

pub(crate) fn key_usage(bits: u8) -> Vec<u8> {
    let unused = bits.trailing_zeros() as u8;
    extension(KEY_USAGE, true, &der::element(der::BIT_STRING, &[&[unused, bits]]))
}

pub(crate) fn extended_key_usage(purposes: &[&[u8]]) -> Vec<u8> {
    let purposes: Vec<Vec<u8>> = purposes.iter().map(|oid| der::element(der::OID, &[oid])).collect();
    extension(EXTENDED_KEY_USAGE, false, &der::sequence(&purposes))
}

pub(crate) fn subject_key_id(id: &[u8]) -> Vec<u8> {
    extension(SUBJECT_KEY_ID, false, &der::element(der::OCTET_STRING, &[id]))
}

pub(crate) fn authority_key_id(id: &[u8]) -> Vec<u8> {
    extension(AUTHORITY_KEY_ID, false, &der::element(der::SEQUENCE, &[&der::element(0x80, &[id])]))
}

/// Critical when there is no other name (RFC 5280, 4.2.1.6).
pub(crate) fn subject_alt_name(names: &[SubjectAltName], critical: bool) -> Result<Vec<u8>> {
    let names: Vec<Vec<u8>> = names.iter().map(SubjectAltName::to_der).collect::<Result<_>>()?;
    Ok(extension(SUBJECT_ALT_NAME, critical, &der::sequence(&names)))
}

pub(crate) fn name_constraints(constraints: &NameConstraints) -> Vec<u8> {
    extension(NAME_CONSTRAINTS, true, &constraints.to_der())
}
