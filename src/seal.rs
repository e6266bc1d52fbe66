//! The one way in which a certificate is made: composed by rcgen, raw names and key spliced in, signed
//! once, read again and compared before it is handed out.
//!
//! rcgen models names and keys and loses bytes doing so; it is therefore given stand-ins, and a signer
//! that signs nothing.

use aws_lc_rs::digest;
use rcgen::{CertificateParams, DnType, Issuer, KeyIdMethod, PublicKeyData, SerialNumber, SignatureAlgorithm};
use time::OffsetDateTime;

use crate::certificate::{Certificate, SubjectAltName};
use crate::der::{self, CertificateParts};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{KeyAlgorithm, PrivateKey, spki_algorithm};
use crate::name::DistinguishedName;
use crate::profile::{Profile, san_type};

/// What the new certificate shall say.
pub(crate) struct Template<'a> {
    pub profile: Profile,
    pub serial: [u8; 16],
    pub subject: &'a DistinguishedName,
    pub names: &'a [SubjectAltName],
    pub not_before: i64,
    pub not_after: i64,
    pub spki: &'a [u8],
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
    let refused = |error: rcgen::Error| {
        Error::new(ErrorKind::InvalidArgument, format!("the certificate cannot be composed: {error}"))
    };
    let date = |seconds| {
        OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .filter(|date| (1950..=9999).contains(&date.year()))
            .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "certificates know the years 1950 to 9999 only"))
    };
    let mut params = CertificateParams::default();
    template.profile.apply(key_algorithm, &mut params);
    params.distinguished_name = rcgen::DistinguishedName::new();
    if !template.subject.is_empty() {
        params.distinguished_name.push(DnType::CommonName, "stand-in");
    }
    params.serial_number = Some(SerialNumber::from_slice(&template.serial));
    params.not_before = date(template.not_before)?;
    params.not_after = date(template.not_after)?;
    params.subject_alt_names = template.names.iter().map(san_type).collect::<Result<_>>()?;
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id(template.spki)?);
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
        ("subject key identifier", made.subject_key_id() == Some(&key_id(template.spki)?)),
        ("basic constraints", made.is_authority() == (template.profile == Profile::Authority)),
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
