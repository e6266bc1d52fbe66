//! Which clients refuse a certificate, why, and what to do.
//!
//! A certificate that `curl` takes may be refused by iPhones, browsers, Go or rustls: each has rules of its own, and
//! most of them hold for private authorities too. Here they are checked before a client does: Apple's (support
//! article 103769), those of the browsers, Go, webpki, OpenSSL at security level 2, and RFC 5280 as Python 3.13
//! enforces it. Rules for public authorities alone, such as the 200 days of 2026, are not among them.
//!
//! A finding of [`Severity::Refused`] names who refuses. What an [`Authority`](crate::Authority) issues with
//! defaults has no finding above a note.
//!
//! ```
//! # let dir = tempfile::tempdir().unwrap();
//! # let dir = dir.path();
//! use trustdir::lint::{self, Client, Options, Rule};
//! use trustdir::{Authority, AuthorityOptions, IssueOptions};
//!
//! let ca = Authority::create(dir.join("pki"), AuthorityOptions::default())?;
//! let options = IssueOptions { days: Some(3000), ..IssueOptions::default() };
//! let server = ca.issue_server(&["nas.home.arpa"], &options)?;
//!
//! let findings = lint::certificate(server.certificate(), &Options::default());
//! assert_eq!(findings[0].rule(), Rule::ValidityOver825Days);
//! assert_eq!(findings[0].refused_by(), [Client::Apple]);
//! assert_eq!(findings[0].message(), "it is valid for 3000 days; Apple refuses over 825");
//! # Ok::<(), trustdir::Error>(())
//! ```

mod authority;
mod certificate;
mod chain;
mod client;
mod contents;
mod end_entity;
mod facts;
mod finding;
mod folder;
mod identity;
mod key;
mod names;
mod rule;

use std::path::Path;

use crate::clock;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::request::CertificateRequest;
use crate::{Certificate, file};

use self::chain::Beside;
use self::contents::Contents;
use self::facts::Facts;
use self::finding::Report;

pub use self::client::Client;
pub use self::finding::{Finding, Severity};
pub use self::rule::Rule;

/// How to judge; `Default` guesses the profile and takes the time of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What the certificate is used for. Without it, extended key usage and basicConstraints say so, and where
    /// they say nothing a note says what was guessed.
    pub profile: Option<Profile>,
    /// The time in Unix seconds; now by default.
    pub now: Option<i64>,
}

/// Checks one certificate by itself.
pub fn certificate(certificate: &Certificate, options: &Options) -> Vec<Finding> {
    judge(certificate, options.profile, options)
}

/// Checks a chain as a service sends it, end entity first; its root may be left out. The profile is the end
/// entity's, the others are judged as authorities.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// use trustdir::lint::{self, Options, Rule};
/// use trustdir::{Authority, AuthorityOptions, IssueOptions};
///
/// let ca = Authority::create(dir.join("pki"), AuthorityOptions::default())?;
/// let server = ca.issue_server(&["nas.home.arpa"], &IssueOptions::default())?;
/// let reversed = [ca.certificate().clone(), server.certificate().clone()];
/// let findings = lint::chain(&reversed, &Options::default());
/// assert!(findings.iter().any(|finding| finding.rule() == Rule::ChainOrder));
/// # Ok::<(), trustdir::Error>(())
/// ```
pub fn chain(chain: &[Certificate], options: &Options) -> Vec<Finding> {
    chain::check(chain, Beside::default(), options)
}

/// Checks a request: what a certificate would be refused for if it were issued as asked.
pub fn request(request: &CertificateRequest, options: &Options) -> Vec<Finding> {
    let mut report = Report::about(request.subject());
    let common_name = request.subject().common_name();
    certificate::key(request.spki(), &mut report);
    if request.asks_for_authority() {
        let message = "it asks to be an authority, which trustdir never grants and other tools may";
        report.warning(Rule::RequestAsksAuthority, message, "make the request again without basicConstraints CA:TRUE");
    }
    let for_server = match options.profile {
        Some(profile) => matches!(profile, Profile::Server | Profile::ServerAndClient),
        None => facts::has_host(request.names()) || common_name.as_deref().is_some_and(names::is_host),
    };
    if for_server {
        names::check(request.names(), common_name.as_deref(), &mut report);
    }
    report.into_findings()
}

/// Checks a file (PEM or DER: certificates, a chain, requests, private keys) or a folder with all that is below it,
/// such as the directory of an authority (`openssl ca`, easy-rsa, mkcert, minica) or of a service.
///
/// What cannot be read is a finding and no error; only a path that cannot be looked at at all is one. In a folder,
/// certificates are judged with the authorities that lie beside them, and what an authority keeps under `newcerts`
/// only while it is neither expired nor revoked. Links to directories are not followed, and names that begin with a
/// dot are passed over. The findings are in the order of the files and subjects, the gravest of each first.
///
/// ```
/// # let dir = tempfile::tempdir().unwrap();
/// # let dir = dir.path();
/// use trustdir::lint::{self, Options};
///
/// trustdir::Authority::create(dir.join("pki"), Default::default())?;
/// assert_eq!(lint::path(dir.join("pki"), &Options::default())?, []);
/// # Ok::<(), trustdir::Error>(())
/// ```
pub fn path(path: impl AsRef<Path>, options: &Options) -> Result<Vec<Finding>> {
    let path = path.as_ref();
    let metadata = path.metadata().map_err(|source| Error::io("inspect", path, source))?;
    let mut findings = if metadata.is_dir() {
        folder::check(path, options)?
    } else {
        file::open(path)?;
        Contents::load(path).check(Beside::default(), options)
    };
    findings.sort_by(|a, b| place(a).cmp(&place(b)));
    Ok(findings)
}

fn place(finding: &Finding) -> (Option<&Path>, Option<&str>, Severity) {
    (finding.path(), finding.subject(), finding.severity())
}

/// Checks one certificate as the profile's, or as what it seems to be.
fn judge(certificate: &Certificate, profile: Option<Profile>, options: &Options) -> Vec<Finding> {
    let facts = Facts::read(certificate);
    let mut report = Report::about(certificate.subject());
    let (guess, said) = facts.profile();
    let profile = profile.unwrap_or_else(|| {
        if !said {
            let message = format!("nothing in it says what it is for; it is judged as the profile {guess}");
            report.note(Rule::PurposeUnsaid, message, "name its profile, or issue it again with extendedKeyUsage");
        }
        guess
    });
    certificate::check(&facts, profile, options.now.unwrap_or_else(clock::now), &mut report);
    report.into_findings()
}
