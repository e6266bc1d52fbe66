//! Renewing what was issued.

use pyo3::prelude::*;
use trustdir_core::RenewOptions;

use super::{Authority, issue_options};
use crate::argument::{Algorithm, Days, Instant, Profile};
use crate::certificate::Certificate;
use crate::error::Result;
use crate::identity::Identity;
use crate::request::Signed;

#[pymethods]
impl Authority {
    /// Renews a certificate that this authority issued, for the same key: the file of the key stays as it is.
    ///
    /// Args:
    ///     certificate: The old certificate.
    ///     profile: What the new one is for, where the old one does not say it: `"server"`, `"client"` or `"both"`.
    ///     days: How long the new one is valid, as `int` or `timedelta`; as long as the old one if not given.
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///
    /// Returns:
    ///     The certificate, and notes of what it says otherwise than the old one.
    ///
    /// Raises:
    ///     VerificationError: The old one was revoked.
    ///
    /// Example:
    ///     >>> import trustdir
    ///     >>> ca = trustdir.Authority.create("pki")
    ///     >>> for issued in ca.expiring(days=400):
    ///     ...     if issued.certificate:
    ///     ...         print("renew", ca.renew(issued.certificate).certificate.subject)
    #[pyo3(signature = (certificate, *, profile = None, days = None, not_before = None, not_after = None))]
    fn renew(
        &self,
        py: Python<'_>,
        certificate: &Certificate,
        profile: Option<Profile>,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
    ) -> Result<Signed> {
        let issue = issue_options(days, not_before, not_after, None);
        let options = RenewOptions { profile: profile.map(|profile| profile.0), issue };
        Ok(Signed(py.detach(|| self.0.renew(&certificate.0, &options))?))
    }

    /// Renews a certificate that this authority issued, with a new key.
    ///
    /// Args:
    ///     certificate: The old certificate.
    ///     profile: What the new one is for, as for `renew`.
    ///     days: How long the new one is valid, as `int` or `timedelta`; as long as the old one if not given.
    ///     not_before: From when it is valid, as an aware `datetime`; an hour ago if not given.
    ///     not_after: Until when it is valid, instead of `days`.
    ///     algorithm: The kind of the key; that of the old one if not given.
    ///
    /// Returns:
    ///     The new certificate and key, and notes as `renew` gives them.
    #[pyo3(signature = (certificate, *, profile = None, days = None, not_before = None, not_after = None, algorithm = None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn renew_with_new_key(
        &self,
        py: Python<'_>,
        certificate: &Certificate,
        profile: Option<Profile>,
        days: Option<Days>,
        not_before: Option<Instant>,
        not_after: Option<Instant>,
        algorithm: Option<Algorithm>,
    ) -> Result<(Identity, Vec<String>)> {
        let issue = issue_options(days, not_before, not_after, algorithm);
        let options = RenewOptions { profile: profile.map(|profile| profile.0), issue };
        let (identity, notes) = py.detach(|| self.0.renew_with_new_key(&certificate.0, &options))?;
        Ok((Identity(identity), notes))
    }
}
