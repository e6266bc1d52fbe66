//! Revoking what was issued, and the list that says so (RFC 5280, 5).

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Authority;
use crate::authority_dir::install_crl;
use crate::certificate::Certificate;
use crate::clock::{DAY, now};
use crate::error::{Error, ErrorKind, Result};
use crate::file;
use crate::ledger::serial;
use crate::pem;
use crate::seal::{RevocationTemplate, Revoked, seal_revocations};

/// Why a certificate was revoked (RFC 5280, 5.3.1), in the words of `openssl ca`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// No reason is given.
    Unspecified,
    /// Somebody else may have the private key.
    KeyCompromise,
    /// Somebody else may have the authority's private key.
    CaCompromise,
    /// The subject's name or relation has changed.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// It is needed no more.
    CessationOfOperation,
    /// On hold: the one reason that can be taken back.
    CertificateHold,
}

impl RevocationReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
    ];

    /// The reason as `openssl ca -crl_reason` writes it, such as `keyCompromise`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "CACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|reason| reason.as_str()).collect();
            let message = format!("{text:?} is no reason for revoking; use one of {}", known.join(", "));
            Error::new(ErrorKind::InvalidArgument, message)
        })
    }
}

impl Authority {
    /// Revokes a certificate that this authority has issued. Those who read its list ([`crl`](Self::crl))
    /// refuse it from the next list on; a trust directory needs no list: remove the entry.
    ///
    /// Revoking is final, but for [`RevocationReason::CertificateHold`].
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// use trustdir::{ErrorKind, RevocationReason};
    ///
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// ca.revoke(alice.certificate(), RevocationReason::KeyCompromise)?;
    /// let again = ca.revoke(alice.certificate(), RevocationReason::Unspecified).unwrap_err();
    /// assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    /// let list = ca.crl(30)?; // pki/crl.pem, good for 30 days
    /// assert!(list.ends_with("crl.pem"));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn revoke(&self, certificate: &Certificate, reason: RevocationReason) -> Result<()> {
        let serial = self.own_serial(certificate)?;
        self.ledger.repair(self.certificate())?; // a crash may have kept it out of the index
        self.ledger.mark(&serial, Some(reason), now())
    }

    /// Takes a certificate off hold.
    pub fn unhold(&self, certificate: &Certificate) -> Result<()> {
        self.ledger.mark(&self.own_serial(certificate)?, None, now())
    }

    /// Writes the list of everything revoked, good for this many days, as `crl.pem` in the directory.
    /// Its number goes up by one with each list.
    pub fn crl(&self, days: u32) -> Result<PathBuf> {
        let signer = self.signer()?;
        let this_update = now();
        let next_update = this_update + i64::from(days) * DAY;
        self.ledger.crl(|index, number| {
            let mut revoked = Vec::new();
            for line in index.lines() {
                if let Some((since, reason)) = line.revocation()? {
                    let reason = reason.unwrap_or(RevocationReason::Unspecified);
                    revoked.push(Revoked { serial: line.serial_content()?, since, reason });
                }
            }
            let template = RevocationTemplate { number, this_update, next_update, revoked: &revoked };
            let list = seal_revocations(&template, &signer)?;
            Ok(pem::encode(pem::CRL, &list).to_string())
        })?;
        Ok(self.ledger.crl_path())
    }

    /// Puts the newest list into a directory of trust anchors, under the name by which OpenSSL finds it
    /// (`<subject hash>.r0`, X509_LOOKUP_hash_dir(3)): in place of this authority's older one, or beside those of
    /// other authorities with the same hash.
    pub fn install_crl(&self, dir: impl AsRef<Path>) -> Result<PathBuf> {
        install_crl(dir.as_ref(), &file::read(&self.ledger.crl_path())?)
    }

    pub(super) fn own_serial(&self, certificate: &Certificate) -> Result<String> {
        if certificate.issuer() != self.certificate().subject() || !certificate.is_signed_by(self.certificate()) {
            let message = format!("{} was not issued by {}", certificate.subject(), self.certificate().subject());
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(certificate.subject().to_string()));
        }
        Ok(serial(certificate))
    }
}
