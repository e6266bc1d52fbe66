//! Extensions as DER (RFC 5280, 4.2): those that we write, and what we look at in those that we read.

use crate::alt_name::SubjectAltName;
use crate::constraints::NameConstraints;
use crate::der;
use crate::error::{Error, ErrorKind, Result};

/// OIDs as contents: id-ce and the last arc, or id-kp and the last arc.
pub(crate) const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
pub(crate) const SUBJECT_ALT_NAME: &[u8] = b"\x55\x1d\x11";
pub(crate) const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
pub(crate) const CRL_NUMBER: &[u8] = b"\x55\x1d\x14";
pub(crate) const REASON_CODE: &[u8] = b"\x55\x1d\x15";
pub(crate) const NAME_CONSTRAINTS: &[u8] = b"\x55\x1d\x1e";
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = b"\x55\x1d\x1f";
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
pub(crate) const SUBJECT_KEY_ID: &[u8] = b"\x55\x1d\x0e";
pub(crate) const AUTHORITY_KEY_ID: &[u8] = b"\x55\x1d\x23";
pub(crate) const ANY_PURPOSE: &[u8] = b"\x55\x1d\x25\x00";
pub(crate) const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
pub(crate) const CLIENT_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";

/// Bits of keyUsage (RFC 5280, 4.2.1.3), the first one highest.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_ENCIPHERMENT: u8 = 0x20;
pub(crate) const KEY_CERT_SIGN: u8 = 0x04;
pub(crate) const CRL_SIGN: u8 = 0x02;

/// One extension as it stands in a certificate.
pub(crate) struct Extension<'a> {
    pub oid: &'a [u8],
    pub critical: bool,
    pub content: &'a [u8],
}

/// Reads the content of a list of extensions.
pub(crate) fn read(list: &[u8]) -> impl Iterator<Item = Result<Extension<'_>>> {
    let mut list = der::Reader::new(list);
    std::iter::from_fn(move || (!list.is_empty()).then(|| read_one(&mut list)))
}

fn read_one<'a>(list: &mut der::Reader<'a>) -> Result<Extension<'a>> {
    let mut fields = der::Reader::new(list.expect(der::SEQUENCE)?.content);
    let oid = fields.expect(der::OID)?.content;
    let critical = match fields.optional(der::BOOLEAN)? {
        Some(flag) => der::boolean(flag.content)?,
        None => false,
    };
    let content = fields.expect(der::OCTET_STRING)?.content;
    fields.finish()?;
    Ok(Extension { oid, critical, content })
}

/// CA and pathLenConstraint of basicConstraints.
pub(crate) fn read_basic_constraints(content: &[u8]) -> Result<(bool, Option<u32>)> {
    let mut fields = der::Reader::new(der::single(content, der::SEQUENCE)?.content);
    let authority = match fields.optional(der::BOOLEAN)? {
        Some(flag) => der::boolean(flag.content)?,
        None => false,
    };
    let Some(length) = fields.optional(der::INTEGER)? else { return Ok((authority, None)) };
    let count = length.to_u32();
    count
        .map(|count| (authority, Some(count)))
        .ok_or_else(|| Error::new(ErrorKind::Parse, "its path length is no count"))
}

/// The bits of keyUsage, digitalSignature lowest.
pub(crate) fn read_key_usage(content: &[u8]) -> Result<u16> {
    let bits = der::single(content, der::BIT_STRING)?.content;
    let octets = bits.get(1..).unwrap_or_default().iter().take(2);
    Ok(octets.enumerate().fold(0, |usage, (at, octet)| usage | u16::from(octet.reverse_bits()) << (8 * at)))
}

/// What extendedKeyUsage names.
#[derive(Clone, Copy, Default)]
pub(crate) struct Purposes {
    pub any: bool,
    pub server: bool,
    pub client: bool,
}

pub(crate) fn read_extended_key_usage(content: &[u8]) -> Result<Purposes> {
    let mut list = der::Reader::new(der::single(content, der::SEQUENCE)?.content);
    let mut purposes = Purposes::default();
    while !list.is_empty() {
        match list.expect(der::OID)?.content {
            ANY_PURPOSE => purposes.any = true,
            SERVER_AUTH => purposes.server = true,
            CLIENT_AUTH => purposes.client = true,
            _ => {}
        }
    }
    Ok(purposes)
}

/// The keyIdentifier of authorityKeyIdentifier, if there is one.
pub(crate) fn read_authority_key_id(content: &[u8]) -> Result<Option<&[u8]>> {
    let mut fields = der::Reader::new(der::single(content, der::SEQUENCE)?.content);
    Ok(fields.optional(0x80)?.map(|id| id.content))
}

/// Writes one extension, whose content `write` appends.
pub(crate) fn write(out: &mut Vec<u8>, oid: &[u8], critical: bool, write: impl FnOnce(&mut Vec<u8>)) {
    der::wrap(out, der::SEQUENCE, |out| {
        der::put(out, der::OID, oid);
        if critical {
            der::put(out, der::BOOLEAN, &[0xff]);
        }
        der::wrap(out, der::OCTET_STRING, write);
    });
}

pub(crate) fn write_basic_constraints(out: &mut Vec<u8>, authority: bool, path_length: Option<u32>) {
    let fields = |out: &mut Vec<u8>| {
        if authority {
            der::put(out, der::BOOLEAN, &[0xff]);
        }
        if let Some(length) = path_length {
            out.extend(der::integer(u64::from(length)));
        }
    };
    write(out, BASIC_CONSTRAINTS, true, |out| der::wrap(out, der::SEQUENCE, fields));
}

pub(crate) fn write_key_usage(out: &mut Vec<u8>, bits: u8) {
    let unused = bits.trailing_zeros() as u8;
    write(out, KEY_USAGE, true, |out| der::put(out, der::BIT_STRING, &[unused, bits]));
}

pub(crate) fn write_extended_key_usage(out: &mut Vec<u8>, purposes: &[&[u8]]) {
    let list = |out: &mut Vec<u8>| purposes.iter().for_each(|oid| der::put(out, der::OID, oid));
    write(out, EXTENDED_KEY_USAGE, false, |out| der::wrap(out, der::SEQUENCE, list));
}

pub(crate) fn write_subject_key_id(out: &mut Vec<u8>, id: &[u8]) {
    write(out, SUBJECT_KEY_ID, false, |out| der::put(out, der::OCTET_STRING, id));
}

pub(crate) fn write_authority_key_id(out: &mut Vec<u8>, id: &[u8]) {
    write(out, AUTHORITY_KEY_ID, false, |out| der::wrap(out, der::SEQUENCE, |out| der::put(out, 0x80, id)));
}

/// Critical when there is no other name (RFC 5280, 4.2.1.6).
pub(crate) fn write_subject_alt_name(out: &mut Vec<u8>, names: &[SubjectAltName], critical: bool) -> Result<()> {
    let mut list = Vec::with_capacity(32 * names.len());
    names.iter().try_for_each(|name| name.write(&mut list))?;
    write(out, SUBJECT_ALT_NAME, critical, |out| der::put(out, der::SEQUENCE, &list));
    Ok(())
}

pub(crate) fn write_name_constraints(out: &mut Vec<u8>, constraints: &NameConstraints) {
    write(out, NAME_CONSTRAINTS, true, |out| out.extend(constraints.to_der()));
}
