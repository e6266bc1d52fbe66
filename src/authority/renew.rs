//! Renewing what was issued: the same subject and names, always a new serial.

use super::{Authority, Grant, Signed};
use crate::alt_name::{SubjectAltName, host_name};
use crate::certificate::Certificate;
use crate::clock::{DAY, now};
use crate::error::{Error, ErrorKind, Result};
use crate::identity::Identity;
use crate::key::PrivateKey;
use crate::profile::{IssueOptions, Profile};

/// What may be chosen when a certificate is renewed; `Default` keeps what the old one says.
#[derive(Clone, Debug, Default)]
pub struct RenewOptions {
    /// What the new one is for, where the old one does not say it (no extended key usage).
    pub profile: Option<Profile>,
    /// Validity; by default as many days as the old one's, and no more than the profile's. A new key is of the old
    /// one's sort unless another one is chosen here.
    pub issue: IssueOptions,
}

impl Authority {
    /// Renews a certificate that this authority issued, for the same key: only the certificate changes, and the
    /// file of the key stays as it is.
    ///
    /// A revoked certificate is not renewed. What the old one lacked, a new one has: a server's common name becomes
    /// a SAN, and [`Signed::notes`] says so.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let ca = trustdir::Authority::create(dir.path().join("pki"), Default::default())?;
    /// let alice = ca.issue_client("alice", &Default::default())?;
    /// let renewed = ca.renew(alice.certificate(), &Default::default())?.certificate;
    /// assert_eq!(renewed.spki(), alice.certificate().spki());
    /// assert_ne!(renewed.serial(), alice.certificate().serial());
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn renew(&self, certificate: &Certificate, options: &RenewOptions) -> Result<Signed> {
        options.issue.check_no_key("the key stays as it is; renew with a new key")?;
        self.renew_for(certificate, certificate.spki(), options)
    }

    /// Renews a certificate that this authority issued, with a new key.
    pub fn renew_with_new_key(
        &self,
        certificate: &Certificate,
        options: &RenewOptions,
    ) -> Result<(Identity, Vec<String>)> {
        let algorithm = options.issue.key_algorithm.or(certificate.key_algorithm()).ok_or_else(|| {
            Error::new(ErrorKind::WeakKey, "its key is of a sort that is made no more; choose a key algorithm")
        })?;
        let key = PrivateKey::generate(algorithm)?;
        let Signed { certificate, notes } = self.renew_for(certificate, key.spki(), options)?;
        Ok((Identity::new(self.chain_of(certificate), key)?, notes))
    }

    fn renew_for(&self, old: &Certificate, spki: &[u8], options: &RenewOptions) -> Result<Signed> {
        let refused = |kind, message: String| Error::new(kind, message).with_subject(old.subject().to_string());
        if old.is_authority() {
            let message = format!("{} is an authority; renew it with `trustdir ca renew`", old.subject());
            return Err(refused(ErrorKind::InvalidArgument, message));
        }
        self.check_renewable(old)?;
        let profile = match (purpose(old), options.profile) {
            (Some(said), Some(wish)) if said != wish => {
                let message = format!("{} is for a {said}; a renewal does not make it another", old.subject());
                return Err(refused(ErrorKind::InvalidArgument, message));
            }
            (said, wish) => said.or(wish).ok_or_else(|| {
                let message = format!("{} does not say what it is for; say server, client or both", old.subject());
                refused(ErrorKind::InvalidArgument, message)
            })?,
        };
        let mut notes = Vec::new();
        let mut names = old.names().to_vec();
        names.retain(|name| match name {
            SubjectAltName::Other(_) => {
                notes.push(format!("{name} is a name of a sort that is not issued here; it is left out"));
                false
            }
            _ => true,
        });
        if names.is_empty() && profile != Profile::Client {
            let common_name = old.subject().common_name().unwrap_or_default();
            let name = host_name(&common_name)?;
            notes.push(format!("it had no SAN; the common name is granted as {name}, since no client reads it there"));
            names.push(name);
        }
        let mut issue = options.issue.clone();
        if issue.days.is_none() && issue.not_after.is_none() {
            // In whole days, so that the hour by which certificates are dated back does not add up.
            let days = ((old.not_after() - old.not_before()) / DAY).clamp(1, i64::from(profile.days()));
            let length = days * DAY;
            let end = issue.not_before.unwrap_or_else(now).saturating_add(length);
            issue.not_after = Some(end.min(self.ends()));
        }
        let grant = Grant { profile, subject: old.subject(), names: &names, spki };
        Ok(Signed { certificate: self.seal(&grant, &issue)?, notes })
    }
}

impl Authority {
    /// Only what this authority has issued, and has not revoked, is renewed.
    pub(super) fn check_renewable(&self, old: &Certificate) -> Result<()> {
        let (serial, index) = (self.own_serial(old)?, self.ledger.index()?);
        match index.find(&serial).map(|line| line.revocation()).transpose()? {
            None | Some(None) => return Ok(()),
            Some(Some(_)) => {}
        }
        let message = format!("{} was revoked and is not renewed; issue a new one", old.subject());
        Err(Error::new(ErrorKind::Revoked, message).with_subject(old.subject().to_string()))
    }
}

/// What the certificate's extended key usage says it is for.
fn purpose(certificate: &Certificate) -> Option<Profile> {
    match (certificate.usage().server?, certificate.usage().client?) {
        (true, true) => Some(Profile::ServerAndClient),
        (true, false) => Some(Profile::Server),
        (false, true) => Some(Profile::Client),
        (false, false) => None,
    }
}
