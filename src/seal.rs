//! The one way in which a certificate is made: composed by rcgen, raw names and key spliced in, signed
//! once, read again and compared before it is handed out.
//!
//! rcgen models names and keys and loses bytes doing so; it is therefore given stand-ins, and a signer
//! that signs nothing.

use aws_lc_rs::digest;
use rcgen::{
    CertificateParams, CertificateRevocationListParams, DnType, Issuer, KeyIdMethod, PublicKeyData, RevokedCertParams,
    SerialNumber, SignatureAlgorithm,
};
use time::OffsetDateTime;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _};

use crate::authority::RevocationReason;
use crate::certificate::{Certificate, SubjectAltName};
use crate::der::{self, CertificateParts};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{KeyAlgorithm, PrivateKey, spki_algorithm};
use crate::name::DistinguishedName;
use crate::profile::{Limits, Profile, san_type};
use crate::signature;

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
    pub key_id: Vec<u8>,
    pub key: &'a PrivateKey,
}

/// Makes the certificate, or fails; what comes out has been compared with what was asked for.
pub(crate) fn seal(template: &Template<'_>, signer: &Signer<'_>) -> Result<Certificate> {
    let key_algorithm = spki_algorithm(template.spki)
        .ok_or_else(|| Error::new(ErrorKind::Unsupported, "the public key is of a sort that no client takes"))?;
    let frame = compose(template, key_algorithm, signer)?;
    let tbs = splice(&CertificateParts::read(&frame)?, template, signer)?;
    let signature = der::element(der::BIT_STRING, &[&[0], &signer.key.sign(&tbs)?]);
    let algorithm = signer.key.signature_algorithm();
    let sealed = Certificate::from_der(&der::element(der::SEQUENCE, &[&tbs, algorithm, &signature]))?;
    compare(&sealed, template, signer)?;
    Ok(sealed)
}

/// A key identifier for a public key: RFC 7093, 2, method 1.
pub(crate) fn key_id(spki: &[u8]) -> Result<Vec<u8>> {
    let mut fields = der::Reader::new(der::single(spki, der::SEQUENCE)?.content);
    fields.expect(der::SEQUENCE)?;
    let bits = fields.expect(der::BIT_STRING)?.content.get(1..).unwrap_or_default();
    Ok(digest::digest(&digest::SHA256, bits).as_ref()[..20].to_vec())
}

/// The frame: everything in its place, with stand-ins for names, key and signature.
fn compose(template: &Template<'_>, key_algorithm: KeyAlgorithm, signer: &Signer<'_>) -> Result<Vec<u8>> {
    let mut params = CertificateParams::default();
    template.profile.apply(key_algorithm, &template.limits, &mut params);
    params.distinguished_name = rcgen::DistinguishedName::new();
    if !template.subject.is_empty() {
        params.distinguished_name.push(DnType::CommonName, "stand-in");
    }
    params.serial_number = Some(SerialNumber::from_slice(&template.serial));
    params.not_before = date(template.not_before)?;
    params.not_after = date(template.not_after)?;
    params.subject_alt_names = template.names.iter().map(san_type).collect::<Result<_>>()?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(template.key_id.clone());
    params.use_authority_key_identifier_extension = true;

    let mut issuer = CertificateParams::default();
    issuer.key_identifier_method = KeyIdMethod::PreSpecified(signer.key_id.clone());
    let certificate = params.signed_by(&StandIn, &Issuer::new(issuer, StandIn)).map_err(refused)?;
    Ok(certificate.der().to_vec())
}

/// The frame's TBSCertificate with the real algorithm, names and key, byte for byte.
fn splice(frame: &CertificateParts<'_>, template: &Template<'_>, signer: &Signer<'_>) -> Result<Vec<u8>> {
    let version = der::element(0xa0, &[&der::element(der::INTEGER, &[&[2]])]);
    let serial = der::element(der::INTEGER, &[frame.serial]);
    Ok(der::element(
        der::SEQUENCE,
        &[
            &version,
            &serial,
            signer.key.signature_algorithm(),
            signer.subject.as_der(),
            frame.validity,
            template.subject.as_der(),
            template.spki,
            frame.tail,
        ],
    ))
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
        ("authority key identifier", made.authority_key_id() == Some(&signer.key_id)),
        ("subject key identifier", made.subject_key_id() == Some(&template.key_id)),
        ("basic constraints", made.is_authority() == (template.profile == Profile::Authority)),
        ("path length", made.path_length() == template.limits.path_length.map(u32::from)),
        ("name constraints", made.name_constraints()? == template.limits.constraints),
        ("signature", made.is_signed_with(signer.key.spki())),
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
    pub number: u64,
    pub this_update: i64,
    pub next_update: i64,
    pub revoked: &'a [Revoked],
}

/// One revoked certificate: its serial in hexadecimal, when and why.
pub(crate) struct Revoked {
    pub serial: String,
    pub since: i64,
    pub reason: RevocationReason,
}

/// Makes the list in the same way: composed, spliced, signed once, read again and compared.
pub(crate) fn seal_revocations(template: &RevocationTemplate<'_>, signer: &Signer<'_>) -> Result<Vec<u8>> {
    let params = CertificateRevocationListParams {
        this_update: date(template.this_update)?,
        next_update: date(template.next_update)?,
        crl_number: SerialNumber::from(template.number),
        issuing_distribution_point: None,
        revoked_certs: template.revoked.iter().map(revoked_params).collect::<Result<_>>()?,
        key_identifier_method: KeyIdMethod::PreSpecified(signer.key_id.clone()),
    };
    let frame = params.signed_by(&Issuer::new(CertificateParams::default(), StandIn)).map_err(refused)?;

    // TBSCertList: version, algorithm, issuer, and the rest, which stays (RFC 5280, 5.1).
    let mut fields = der::Reader::new(der::single(frame.der(), der::SEQUENCE)?.content);
    let mut fields = der::Reader::new(fields.expect(der::SEQUENCE)?.content);
    let version = fields.expect(der::INTEGER)?.whole;
    fields.expect(der::SEQUENCE)?;
    fields.expect(der::SEQUENCE)?;
    let algorithm = signer.key.signature_algorithm();
    let tbs = der::element(der::SEQUENCE, &[version, algorithm, signer.subject.as_der(), fields.rest()]);
    let bits = &signer.key.sign(&tbs)?;
    let signature = der::element(der::BIT_STRING, &[&[0], bits]);
    let list = der::element(der::SEQUENCE, &[&tbs, algorithm, &signature]);

    let (_, made) = CertificateRevocationList::from_der(&list)
        .map_err(|error| Error::new(ErrorKind::Parse, format!("the new list cannot be read: {error}")))?;
    let identifier = der::single(algorithm, der::SEQUENCE)?.content;
    let same = made.issuer().as_raw() == signer.subject.as_der()
        && made.crl_number().is_some_and(|number| *number == template.number.into())
        && made.iter_revoked_certificates().count() == template.revoked.len()
        && signature::verify(signer.key.spki(), identifier, &tbs, bits).is_ok();
    if !same {
        return Err(Error::new(ErrorKind::Unsupported, "the new list is not what was asked for; it was thrown away"));
    }
    Ok(list)
}

fn revoked_params(revoked: &Revoked) -> Result<RevokedCertParams> {
    let digits = revoked.serial.as_bytes();
    let serial: Option<Vec<u8>> =
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    let serial = serial.filter(|_| digits.len().is_multiple_of(2) && !digits.is_empty()).ok_or_else(|| {
        Error::new(ErrorKind::Parse, format!("the serial {:?} in the index is not hexadecimal", revoked.serial))
    })?;
    Ok(RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date(revoked.since)?,
        reason_code: match revoked.reason {
            // The reason code extension should be absent then (RFC 5280, 5.3.1).
            RevocationReason::Unspecified => None,
            RevocationReason::KeyCompromise => Some(rcgen::RevocationReason::KeyCompromise),
            RevocationReason::CaCompromise => Some(rcgen::RevocationReason::CaCompromise),
            RevocationReason::AffiliationChanged => Some(rcgen::RevocationReason::AffiliationChanged),
            RevocationReason::Superseded => Some(rcgen::RevocationReason::Superseded),
            RevocationReason::CessationOfOperation => Some(rcgen::RevocationReason::CessationOfOperation),
            RevocationReason::CertificateHold => Some(rcgen::RevocationReason::CertificateHold),
        },
        invalidity_date: None,
    })
}

fn date(seconds: i64) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .filter(|date| (1950..=9999).contains(&date.year()))
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "certificates know the years 1950 to 9999 only"))
}

fn refused(error: rcgen::Error) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("it cannot be composed: {error}"))
}

/// Stands in for keys while rcgen composes; signs nothing.
struct StandIn;

impl PublicKeyData for StandIn {
    fn der_bytes(&self) -> &[u8] {
        &[]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for StandIn {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(Vec::new())
    }
}
