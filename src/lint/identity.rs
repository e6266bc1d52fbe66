//! What peers will object to in an identity.

use super::facts::Facts;
use super::finding::Report;
use super::{Beside, Finding, Options, Rule, chain};
use crate::identity::Identity;
use crate::profile::Profile;

impl Identity {
    /// What peers refuse when this identity is shown to them, and what else is wrong with it, the gravest first. It
    /// is judged as a server's, or a client's, also if it says CA:TRUE.
    ///
    /// Whether an issuer that is not in the chain is a root, which peers must have, or an intermediate authority, which
    /// belongs in the chain, cannot be seen from here: that is a note.
    ///
    /// ```
    /// # let dir = tempfile::tempdir().unwrap();
    /// use trustdir::lint::{Options, Rule};
    /// use trustdir::{Authority, Profile};
    ///
    /// let ca = Authority::create(dir.path().join("pki"), Default::default())?;
    /// let server = ca.issue_server(&["nas.home.arpa"], &Default::default())?;
    /// let later = server.certificate().not_after() + 1;
    /// let options = Options { profile: Some(Profile::Server), now: Some(later) };
    /// assert_eq!(server.lint(&options)[0].rule(), Rule::Expired);
    /// # Ok::<(), trustdir::Error>(())
    /// ```
    pub fn lint(&self, options: &Options) -> Vec<Finding> {
        let guess = Facts::read(self.certificate()).profile().0;
        let profile = options.profile.or_else(|| (guess == Profile::Authority).then_some(Profile::Server));
        let mut findings = chain::check(self.chain(), Beside::default(), &Options { profile, ..*options });
        if let Some(last) = self.chain().last().filter(|last| !last.is_self_issued()) {
            let mut report = Report::about(last.subject());
            let message = format!("its issuer {} is not in the chain, so peers must have it", last.issuer().brief());
            report.note(Rule::ChainMissingIssuer, message, "append its certificate unless it is a root");
            findings.extend(report.into_findings());
        }
        findings.sort_by_key(Finding::severity);
        findings
    }
}
