//! What OpenSSL's TRUSTED CERTIFICATE says beside the certificate: for what it is trusted and for what rejected.

use crate::der::{self, Reader};
use crate::error::Result;
use crate::extension::{ANY_PURPOSE, CLIENT_AUTH};

/// Takes the certificate off the front of what a PEM block holds, and says why OpenSSL would refuse it to TLS clients
/// whatever the certificate itself says (`d2i_X509_AUX`, and `obj_trust` in `x509_trs.c`).
///
/// What follows the trust settings is passed over, as there.
pub(super) fn split(block: &[u8]) -> Result<(&[u8], Option<&'static str>)> {
    let mut block = Reader::new(block);
    let certificate = block.expect(der::SEQUENCE)?.whole;
    if block.is_empty() {
        return Ok((certificate, None));
    }
    let mut settings = Reader::new(block.expect(der::SEQUENCE)?.content);
    let trusted = settings.optional(der::SEQUENCE)?.map(|list| names_clients(list.content)).transpose()?;
    let rejected = settings.optional(0xa0)?.map(|list| names_clients(list.content)).transpose()?;
    for other in [der::UTF8_STRING, der::OCTET_STRING, 0xa1] {
        settings.optional(other)?; // its alias, its key identifier and what nobody has defined
    }
    settings.finish()?;
    let objection = match (trusted, rejected) {
        (_, Some(true)) => Some("rejected for TLS clients"),
        (Some(false), _) => Some("trusted for other purposes than TLS clients only"),
        _ => None,
    };
    Ok((certificate, objection))
}

/// Whether a list of purposes names TLS clients, or any purpose.
fn names_clients(list: &[u8]) -> Result<bool> {
    let mut list = Reader::new(list);
    let mut named = false;
    while !list.is_empty() {
        named |= [CLIENT_AUTH, ANY_PURPOSE].contains(&list.expect(der::OID)?.content);
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(settings: &[u8]) -> Option<&'static str> {
        split(&[b"\x30\x00", settings].concat()).unwrap().1
    }

    /// The settings that `openssl x509 -addtrust … -addreject … -trustout` writes.
    #[test]
    fn a_purpose_is_rejected_first_and_trusted_if_no_other_is() {
        let (client, server) = (der::element(der::OID, &[CLIENT_AUTH]), der::element(der::OID, &[b"\x2a\x03"]));
        let settings = |trusted: &[u8], rejected: &[u8]| der::element(der::SEQUENCE, &[trusted, rejected]);
        let trusted = |purpose: &[u8]| der::element(der::SEQUENCE, &[purpose]);
        let rejected = |purpose: &[u8]| der::element(0xa0, &[purpose]);
        for (settings, refused) in [
            (settings(&[], &[]), false),
            (settings(&trusted(&client), &[]), false),
            (settings(&trusted(&server), &[]), true),
            (settings(&trusted(&[]), &[]), true),
            (settings(&[], &rejected(&client)), true),
            (settings(&[], &rejected(&server)), false),
            (settings(&trusted(&client), &rejected(&client)), true),
            (settings(&trusted(&[client.as_slice(), &server].concat()), &rejected(&server)), false),
        ] {
            assert_eq!(objection(&settings).is_some(), refused, "{settings:02x?}");
        }
        assert!(objection(&[]).is_none());
    }

    #[test]
    fn what_is_no_setting_is_damage() {
        for bad in
            [&b"\x30"[..], b"\x02\x01\x00", b"\x30\x02\x30\x01", b"\x30\x04\x30\x02\x02\x00", b"\x30\x02\x05\x00"]
        {
            assert!(split(&[b"\x30\x00", bad].concat()).is_err(), "{bad:02x?}");
        }
    }
}
