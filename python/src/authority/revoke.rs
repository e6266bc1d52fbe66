//! Revoking what was issued, and the list that says so.

use std::path::PathBuf;

use pyo3::prelude::*;
use trustdir_core::RevocationReason;

use super::Authority;
use crate::argument::{Days, Reason, Word};
use crate::certificate::Certificate;
use crate::error::Result;

#[pymethods]
impl Authority {
    /// Revokes a certificate that this authority issued. Who reads its list refuses it from the next `crl` on; a trust
    /// directory needs no list: remove the entry.
    ///
    /// Args:
    ///     certificate: The certificate.
    ///     reason: Why, as a `RevocationReason` or its word. Only `certificateHold` can be taken back.
    ///
    /// Raises:
    ///     AlreadyExistsError: It is revoked already.
    ///     InvalidArgumentError: Another authority issued it.
    #[pyo3(
        signature = (certificate, reason = Word(RevocationReason::Unspecified)),
        text_signature = "($self, certificate, reason='unspecified')"
    )]
    fn revoke(&self, py: Python<'_>, certificate: &Certificate, reason: Reason) -> Result<()> {
        Ok(py.detach(|| self.0.revoke(&certificate.0, reason.0))?)
    }

    /// Takes a certificate off hold.
    ///
    /// Args:
    ///     certificate: The certificate.
    ///
    /// Raises:
    ///     InvalidArgumentError: It is not on hold.
    fn unhold(&self, py: Python<'_>, certificate: &Certificate) -> Result<()> {
        Ok(py.detach(|| self.0.unhold(&certificate.0))?)
    }

    /// Writes the list of everything revoked, which its readers want anew before it ends.
    ///
    /// Args:
    ///     days: How long it is good, as `int` or `timedelta`.
    ///
    /// Returns:
    ///     The file, in the authority's directory.
    #[pyo3(signature = (*, days = Days(30)), text_signature = "($self, *, days=30)")]
    fn crl(&self, py: Python<'_>, days: Days) -> Result<PathBuf> {
        Ok(py.detach(|| self.0.crl(days.0))?)
    }

    /// Puts the newest list into a directory of trust anchors, under the name by which OpenSSL finds it.
    ///
    /// Args:
    ///     path: The directory.
    ///
    /// Returns:
    ///     The file.
    ///
    /// Raises:
    ///     NotFoundError: There is no list yet; `crl` writes it.
    fn install_crl(&self, py: Python<'_>, path: PathBuf) -> Result<PathBuf> {
        Ok(py.detach(|| self.0.install_crl(path))?)
    }
}
