//! What protects a PKCS#12 file: looked at before any password is tried, so that a stranger's file can neither
//! make us compute for hours nor fail without a name.

use pkcs8::der::Decode as _;
use pkcs8::pkcs5::EncryptionScheme;

use crate::der::{self, Element, Reader};
use crate::error::{Error, ErrorKind, Result};
use crate::key::is_excessive;
use crate::pem;

/// What is encrypted within is not seen before the password: at least there is not much of it.
const MAX_FILE: usize = 256 * 1024;
/// As many rounds as the reader does for one key.
const MAX_ROUNDS: u32 = 1_000_000;
/// A file with one key has two or three encrypted parts.
const MAX_PARTS: usize = 16;
/// Deeper than the parts of a PKCS#12 file lie; certificates go on below.
const MAX_DEPTH: u8 = 24;

/// The arcs of PKCS#5 and of PKCS#12's own schemes (RFC 8018, A; RFC 7292, C).
const PKCS5: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05";
const PKCS12_PBE: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01";
/// Within [`PKCS5`].
const PBES2: &[u8] = b"\x0d";
const PBMAC1: &[u8] = b"\x0e";
/// Within [`PKCS12_PBE`].
const SHA1_3DES: &[u8] = b"\x03";
const SHA1_RC2_40: &[u8] = b"\x06";

/// Refuses a file that is no PKCS#12, that uses algorithms we do not take, or that asks for too much work. Answers
/// whether a MAC proves a password.
pub(super) fn check(file: &[u8]) -> Result<bool> {
    if file.len() > MAX_FILE {
        let message = "the PKCS#12 file is larger than 256 KiB: it holds more than a key and its certificates";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let (safe, mac) = parts(file)?;
    if let Some(mac) = mac {
        check_mac(mac.content)?;
    }
    let mut schemes = Vec::new();
    collect(safe.content, 0, &mut schemes);
    if schemes.len() > MAX_PARTS {
        return Err(excessive());
    }
    schemes.into_iter().try_for_each(check_scheme)?;
    Ok(mac.is_some())
}

/// authSafe and macData of the PFX (RFC 7292, 4).
fn parts(file: &[u8]) -> Result<(Element<'_>, Option<Element<'_>>)> {
    let foreign = |what: &str| Error::new(ErrorKind::Parse, format!("this is no PKCS#12 file{what}"));
    if pem::is_pem(file) {
        return Err(foreign(", but PEM: name its certificate and its key instead"));
    }
    if file.starts_with(b"\x30\x80") {
        let message = format!("this is BER with indefinite lengths, which is not supported; {REWRITE}");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let mut fields =
        Reader::new(der::single(file, der::SEQUENCE).map_err(|_| foreign(", or it is truncated"))?.content);
    match fields.expect(der::INTEGER) {
        Ok(version) if version.content == [3] => {}
        _ => return Err(foreign(": it does not begin as one (RFC 7292, 4)")),
    }
    let safe = fields.expect(der::SEQUENCE)?;
    let mac = fields.optional(der::SEQUENCE)?;
    fields.finish()?;
    Ok((safe, mac))
}

/// MacData (RFC 7292, 4): the digest, the salt, and rounds that are 1 when they are not said.
fn check_mac(mac: &[u8]) -> Result<()> {
    let mut fields = Reader::new(mac);
    let mut digest = Reader::new(fields.expect(der::SEQUENCE)?.content);
    let oid = Reader::new(digest.expect(der::SEQUENCE)?.content).expect(der::OID)?.content;
    if oid.strip_prefix(PKCS5) == Some(PBMAC1) {
        return Err(unsupported("PBMAC1"));
    }
    fields.expect(der::OCTET_STRING)?;
    fields.optional(der::INTEGER)?.map_or(Ok(()), check_rounds)
}

/// Every AlgorithmIdentifier of the two arcs that lies open to view.
fn collect<'a>(bytes: &'a [u8], depth: u8, schemes: &mut Vec<Element<'a>>) {
    let mut elements = Reader::new(bytes);
    while let Ok(element) = elements.any() {
        if is_scheme(element) {
            schemes.push(element);
        } else if depth < MAX_DEPTH && (element.tag == der::OCTET_STRING || element.tag & 0x20 != 0) {
            collect(element.content, depth + 1, schemes);
        }
    }
}

fn is_scheme(element: Element<'_>) -> bool {
    let oid = Reader::new(element.content).expect(der::OID).map_or(&[][..], |oid| oid.content);
    element.tag == der::SEQUENCE && (oid.starts_with(PKCS5) || oid.starts_with(PKCS12_PBE))
}

fn check_scheme(scheme: Element<'_>) -> Result<()> {
    let mut fields = Reader::new(scheme.content);
    let oid = fields.expect(der::OID)?.content;
    if oid.strip_prefix(PKCS5) == Some(PBES2) {
        let scheme = EncryptionScheme::from_der(scheme.whole).ok();
        let parameters = scheme.as_ref().and_then(EncryptionScheme::pbes2);
        let parameters = parameters.ok_or_else(|| unsupported("PBES2 with an unknown cipher or derivation"))?;
        return if is_excessive(&parameters.kdf) { Err(excessive()) } else { Ok(()) };
    }
    match oid.strip_prefix(PKCS12_PBE) {
        Some(SHA1_3DES | SHA1_RC2_40) => {
            let mut parameters = Reader::new(fields.expect(der::SEQUENCE)?.content);
            parameters.expect(der::OCTET_STRING)?;
            check_rounds(parameters.expect(der::INTEGER)?)
        }
        other => Err(unsupported(match other {
            Some(b"\x01") => "128-bit RC4",
            Some(b"\x02") => "40-bit RC4",
            Some(b"\x04") => "two-key triple DES",
            Some(b"\x05") => "128-bit RC2",
            _ => "PBES1 with MD5 or DES",
        })),
    }
}

fn check_rounds(rounds: Element<'_>) -> Result<()> {
    match rounds.to_u32() {
        Some(1..=MAX_ROUNDS) => Ok(()),
        _ => Err(excessive()),
    }
}

pub(super) fn excessive() -> Error {
    let message = format!("the PKCS#12 file asks for an excessive amount of work before it opens; {REWRITE}");
    Error::new(ErrorKind::Unsupported, message)
}

pub(super) fn unsupported(scheme: &str) -> Error {
    let message = format!("the PKCS#12 file is protected by {scheme}, which is not supported; {REWRITE}");
    Error::new(ErrorKind::Unsupported, message)
}

/// Leaves no key on the disk.
const REWRITE: &str =
    "rewrite it with `openssl pkcs12 -legacy -in OLD.p12 -nodes | openssl pkcs12 -export -out NEW.p12`";
