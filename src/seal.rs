//! The one way in which a certificate is made: written, signed once, read again and compared before it is
//! handed out.
//!
//! Names and keys are copied as the bytes that they are: a model of them would lose some.

use std::time::Duration;

use aws_lc_rs::digest;
use rustls_pki_types::UnixTime;
use webpki::{CertRevocationList, OwnedCertRevocationList};

use crate::alt_name::SubjectAltName;
use crate::authority::RevocationReason;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{PrivateKey, spki_algorithm};
use crate::ledger::CrlNumber;
use crate::name::DistinguishedName;
use crate::profile::{Limits, Profile};
use crate::{der, extension};

/// X.509 v3, and CRL v2.
const VERSION_3: &[u8] = b"\xa0\x03\x02\x01\x02";
const VERSION_2: &[u8] = b"\x02\x01\x01";
const ENUMERATED: u8 = 0x0a;

/// What the new certificate shall say.
pub(crate) struct Template<'a> {
    pub profile: Profile,
    pub serial: [u8; 16],
    pub subject: &'a DistinguishedName,
    pub names: &'a [SubjectAltName],
    pub not_before: i64,
    pub not_after: i64,
    pub spki: &'a [u8],
    /// Its subject key identifier; an authority keeps the one that it has.
    pub key_id: Vec<u8>,
    /// For an authority.
    pub limits: Limits,
}

/// Who signs it.
pub(crate) struct Signer<'a> {
    pub subject: &'a DistinguishedName,
    pub key_id: &'a [u8],
    pub key: &'a PrivateKey,
}

/// Makes the certificate, or fails; what comes out has been compared with what was asked for.
pub(crate) fn seal(template: &Template<'_>, signer: &Signer<'_>) -> Result<Certificate> {
    let made = Certificate::from_der(&sign(&write(template, signer)?, signer)?)?;
    compare(&made, template, signer)?;
    Ok(made)
}

/// A key identifier for a public key: RFC 7093, 2, method 1.
pub(crate) fn key_id(spki: &[u8]) -> Result<Vec<u8>> {
    let mut fields = der::Reader::new(der::single(spki, der::SEQUENCE)?.content);
    fields.expect(der::SEQUENCE)?;
    let bits = fields.expect(der::BIT_STRING)?.content.get(1..).unwrap_or_default();
    Ok(digest::digest(&digest::SHA256, bits).as_ref()[..20].to_vec())
}

/// The TBSCertificate (RFC 5280, 4.1.2).
fn write(template: &Template<'_>, signer: &Signer<'_>) -> Result<Vec<u8>> {
    let key_algorithm = spki_algorithm(template.spki)
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, "the public key is of a sort that no client takes"))?;
    let mut names = Vec::new();
    if !template.names.is_empty() {
        extension::write_subject_alt_name(&mut names, template.names, template.subject.is_empty())?;
    }
    let validity = [der::time(template.not_before)?, der::time(template.not_after)?];
    let extensions = |out: &mut Vec<u8>| {
        template.profile.write_extensions(out, key_algorithm, &template.limits);
        out.extend_from_slice(&names);
        extension::write_subject_key_id(out, &template.key_id);
        extension::write_authority_key_id(out, signer.key_id);
    };
    let mut tbs = Vec::with_capacity(1024);
    der::wrap(&mut tbs, der::SEQUENCE, |out| {
        out.extend_from_slice(VERSION_3);
        der::put(out, der::INTEGER, &template.serial);
        out.extend_from_slice(signer.key.signature_algorithm());
        out.extend_from_slice(signer.subject.as_der());
        der::wrap(out, der::SEQUENCE, |out| validity.iter().for_each(|time| out.extend_from_slice(time)));
        out.extend_from_slice(template.subject.as_der());
        out.extend_from_slice(template.spki);
        der::wrap(out, 0xa3, |out| der::wrap(out, der::SEQUENCE, extensions));
    });
    Ok(tbs)
}

/// What is to be signed, with its signature: a certificate and a list have the same form.
fn sign(tbs: &[u8], signer: &Signer<'_>) -> Result<Vec<u8>> {
    let signature = signer.key.sign(tbs)?;
    let mut signed = Vec::with_capacity(tbs.len() + signature.len() + 32);
    der::wrap(&mut signed, der::SEQUENCE, |out| {
        out.extend_from_slice(tbs);
        out.extend_from_slice(signer.key.signature_algorithm());
        der::wrap(out, der::BIT_STRING, |out| {
            out.push(0);
            out.extend_from_slice(&signature);
        });
    });
    Ok(signed)
}

/// Reads back what was made. Nothing is silently altered.
fn compare(made: &Certificate, template: &Template<'_>, signer: &Signer<'_>) -> Result<()> {
    let checks = [
        ("issuer", made.issuer() == signer.subject),
        ("subject", made.subject() == template.subject),
        ("public key", made.spki() == template.spki),
        ("serial", made.serial_bytes() == template.serial),
        ("validity", (made.not_before(), made.not_after()) == (template.not_before, template.not_after)),
        ("names", made.names() == template.names),
        ("authority key identifier", made.authority_key_id() == Some(signer.key_id)),
        ("subject key identifier", made.subject_key_id() == Some(&template.key_id)),
        ("basic constraints", made.is_authority() == (template.profile == Profile::Authority)),
        ("path length", made.path_length() == template.limits.path_length),
        ("name constraints", made.name_constraints()? == template.limits.constraints),
    ];
    match checks.iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((what, _)) => {
            let message = format!("the {what} of the new certificate is not what was asked for; it was thrown away");
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

/// What a new revocation list shall say.
pub(crate) struct RevocationTemplate<'a> {
    pub number: &'a CrlNumber,
    pub this_update: i64,
    pub next_update: i64,
    pub revoked: &'a [Revoked],
}

/// One revoked certificate: the content of its serial, when and why.
pub(crate) struct Revoked {
    pub serial: Vec<u8>,
    pub since: i64,
    pub reason: RevocationReason,
}

/// Makes the list in the same way (RFC 5280, 5.1): written, signed once, read again and compared.
pub(crate) fn seal_revocations(template: &RevocationTemplate<'_>, signer: &Signer<'_>) -> Result<Vec<u8>> {
    let revoked: Vec<Vec<u8>> = template.revoked.iter().map(revoked_entry).collect::<Result<_>>()?;
    let mut extensions = Vec::new();
    extension::write_authority_key_id(&mut extensions, signer.key_id);
    extension::write(&mut extensions, extension::CRL_NUMBER, false, |out| {
        der::put(out, der::INTEGER, template.number.content());
    });
    let tbs = der::element(
        der::SEQUENCE,
        &[
            VERSION_2,
            signer.key.signature_algorithm(),
            signer.subject.as_der(),
            &der::time(template.this_update)?,
            &der::time(template.next_update)?,
            // An empty list is left out.
            &if revoked.is_empty() { Vec::new() } else { der::sequence(&revoked) },
            &der::element(0xa0, &[&der::element(der::SEQUENCE, &[&extensions])]),
        ],
    );
    let list = sign(&tbs, signer)?;
    compare_revocations(&list, template, signer)?;
    Ok(list)
}

/// Other eyes read it: those of the library that will refuse certificates by it.
fn compare_revocations(list: &[u8], template: &RevocationTemplate<'_>, signer: &Signer<'_>) -> Result<()> {
    let made = OwnedCertRevocationList::from_der(list)
        .map_err(|error| Error::new(ErrorKind::Parse, format!("the new list cannot be read: {error}")))?;
    let made = CertRevocationList::from(made);
    let tells = |revoked: &Revoked| {
        let since = Duration::from_secs(u64::try_from(revoked.since).unwrap_or_default());
        made.find_serial(&revoked.serial)
            .is_ok_and(|found| found.is_some_and(|found| found.revocation_date == UnixTime::since_unix_epoch(since)))
    };
    let same = made.issuer() == der::single(signer.subject.as_der(), der::SEQUENCE)?.content
        && template.revoked.iter().all(tells);
    if same {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unsupported, "the new list is not what was asked for; it was thrown away"))
}

fn revoked_entry(revoked: &Revoked) -> Result<Vec<u8>> {
    let mut fields = vec![der::element(der::INTEGER, &[&revoked.serial]), der::time(revoked.since)?];
    // CRLReason (RFC 5280, 5.3.1); unspecified should be left out.
    let code: Option<u8> = match revoked.reason {
        RevocationReason::Unspecified => None,
        RevocationReason::KeyCompromise => Some(1),
        RevocationReason::CaCompromise => Some(2),
        RevocationReason::AffiliationChanged => Some(3),
        RevocationReason::Superseded => Some(4),
        RevocationReason::CessationOfOperation => Some(5),
        RevocationReason::CertificateHold => Some(6),
    };
    if let Some(code) = code {
        let mut reason = Vec::new();
        extension::write(&mut reason, extension::REASON_CODE, false, |out| der::put(out, ENUMERATED, &[code]));
        fields.push(der::sequence(&[reason]));
    }
    Ok(der::sequence(&fields))
}
