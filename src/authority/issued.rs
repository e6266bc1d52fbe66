//! What an authority has issued, as its ledger tells.

use std::collections::HashMap;
use std::path::PathBuf;

use super::{Authority, RevocationReason};
use crate::certificate::Certificate;
use crate::clock::{DAY, now};
use crate::error::Result;

/// How a certificate stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssuedStatus {
    /// Neither revoked nor over.
    Valid,
    /// Its validity is over.
    Expired,
    /// Revoked.
    Revoked {
        /// When, in Unix seconds.
        since: i64,
        /// Why.
        reason: RevocationReason,
    },
}

impl IssuedStatus {
    /// `VALID`, `EXPIRED` or `REVOKED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Expired => "EXPIRED",
            Self::Revoked { .. } => "REVOKED",
        }
    }
}

/// One certificate that an authority has issued.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Issued {
    /// Its serial number, as [`Certificate::serial`] has it.
    pub serial: String,
    /// Its subject: RFC 4514 text or, without the certificate, as the index has it (`/CN=alice`).
    pub subject: String,
    /// The end of its validity in Unix seconds.
    pub not_after: i64,
    /// How it stands.
    pub status: IssuedStatus,
    /// The certificate, if the directory has kept it.
    pub certificate: Option<Certificate>,
    /// Where the directory keeps it.
    pub file: PathBuf,
}

impl Issued {
    /// Whether it is meant by `name`: its common name, its subject, one of its names (with or without `DNS:`), its
    /// serial number or its SHA-256 fingerprint.
    pub fn is_named(&self, name: &str) -> bool {
        let Some(certificate) = &self.certificate else {
            return self.serial.eq_ignore_ascii_case(name) || self.subject == name;
        };
        let bare = |text: &str| text.split_once(':').is_some_and(|(_, bare)| bare.eq_ignore_ascii_case(name));
        let mut names = certificate.names().iter().map(ToString::to_string);
        self.serial.eq_ignore_ascii_case(name)
            || self.subject == name
            || certificate.subject().common_name().as_deref() == Some(name)
            || names.any(|text| text.eq_ignore_ascii_case(name) || bare(&text))
            || name.parse().is_ok_and(|fingerprint| certificate.fingerprint() == fingerprint)
    }
}

impl Issued {
    /// Whether it is good for what `old` was good for, and longer.
    fn follows(&self, old: &Issued) -> bool {
        let same = match (&self.certificate, &old.certificate) {
            (Some(new), Some(old)) => new.names() == old.names() && new.purposes() == old.purposes(),
            _ => false,
        };
        same && self.not_after > old.not_after
    }
}

impl Authority {
    /// Everything that was issued, in the order of the index.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// use trustdir::{IssuedStatus, RevocationReason};
    ///
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// ca.revoke(alice.certificate(), RevocationReason::Superseded)?;
    /// let issued = ca.issued()?;
    /// assert_eq!(issued[0].subject, "CN=alice");
    /// assert!(matches!(issued[0].status, IssuedStatus::Revoked { reason: RevocationReason::Superseded, .. }));
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn issued(&self) -> Result<Vec<Issued>> {
        let now = now();
        let index = self.ledger.index()?;
        let read = index.lines().map(|line| {
            let not_after = line.not_after()?;
            let status = match line.revocation()? {
                Some((since, reason)) => {
                    IssuedStatus::Revoked { since, reason: reason.unwrap_or(RevocationReason::Unspecified) }
                }
                None if not_after < now => IssuedStatus::Expired,
                None => IssuedStatus::Valid,
            };
            let certificate = self.ledger.issued(line.serial());
            let subject = certificate.as_ref().map(|certificate| certificate.subject().to_string());
            Ok(Issued {
                serial: line.serial().to_lowercase(),
                subject: subject.unwrap_or_else(|| line.subject().to_owned()),
                not_after,
                status,
                certificate,
                file: self.ledger.issued_path(line.serial()),
            })
        });
        read.map(|issued: Result<Issued>| issued.map_err(|error| error.at(self.dir()))).collect()
    }

    /// The certificates that [`Issued::is_named`] by `name`, the newest last.
    pub fn find(&self, name: &str) -> Result<Vec<Issued>> {
        Ok(self.issued()?.into_iter().filter(|issued| issued.is_named(name)).collect())
    }

    /// What needs to be renewed: certificates whose validity ends within this many days, or has ended within as many,
    /// and that are neither revoked nor followed by a later one of the same subject, names and purpose.
    pub fn expiring(&self, days: u32) -> Result<Vec<Issued>> {
        let (now, span) = (now(), i64::from(days) * DAY);
        let all = self.issued()?;
        let due = |issued: &&Issued| {
            let ends = (now - span..=now + span).contains(&issued.not_after);
            ends && !matches!(issued.status, IssuedStatus::Revoked { .. })
        };
        // By subject first: comparing everything with everything would take long for a large ledger.
        let mut latest: HashMap<&str, Vec<&Issued>> = HashMap::new();
        for issued in all.iter().filter(|issued| issued.status == IssuedStatus::Valid) {
            latest.entry(&issued.subject).or_default().push(issued);
        }
        let followed =
            |old: &Issued| latest.get(old.subject.as_str()).into_iter().flatten().any(|new| new.follows(old));
        Ok(all.iter().filter(due).filter(|issued| !followed(issued)).cloned().collect())
    }
}
