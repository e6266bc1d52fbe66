//! One TLS service, whatever program serves it: its identity, and whom it lets in.

use std::path::{Path, PathBuf};

use rustls_pki_types::ServerName;

use crate::lint::{self, Options, Rule};
use crate::{Certificate, Error, ErrorKind, Identity, Profile, SubjectAltName, TrustDir, TrustDirOptions};
use crate::{EntryNames, chain, clock};

use super::super::limit;
use super::super::output::argument;
use super::super::passphrase::{self, Passphrase};
use super::super::rights;
use super::mend::Mend;
use super::verdict::Verdict;

/// Where a service's identity is, and what is known of it.
pub(super) struct Site {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) passphrase: Option<Passphrase>,
    /// The names that its configuration gives it.
    pub(super) names: Vec<String>,
    /// What mends it.
    pub(super) mend: Mend,
}

impl Site {
    /// Chain, dates, names, key and file modes.
    pub(super) fn check(&self, verdict: &mut Verdict) {
        verdict.checked.push(self.certificate.clone());
        let chain = match Certificate::load_all(&self.certificate) {
            Ok(chain) => chain,
            Err(error) => return self.unusable(&self.certificate, &error, verdict),
        };
        let combined = self.key == self.certificate;
        if !combined {
            verdict.checked.push(self.key.clone());
        }
        if let Ok(mut findings) = lint::path(&self.key, &Options::default()) {
            // The certificates beside it are looked at below.
            findings.retain(|one| !combined || one.rule() == Rule::KeyReadable);
            verdict.lint(&self.key, None, None, &findings);
        }
        // Without one of its own, the program asks for it, or has it from elsewhere.
        let given = passphrase::given(None, passphrase::VARIABLE).ok().flatten();
        let secret = self.passphrase.as_ref().or(given.as_ref()).map(|bytes| bytes.as_slice());
        let options = Options { profile: Some(Profile::Server), ..Options::default() };
        match Identity::load(&self.certificate, &self.key, secret) {
            Ok(identity) => {
                let findings = identity.lint(&options);
                verdict.lint(&self.certificate, Some(identity.certificate()), Some(&self.mend), &findings);
            }
            Err(error) => {
                self.unusable(&self.key, &error, verdict);
                let findings = lint::chain(&chain, &options);
                verdict.lint(&self.certificate, chain.first(), Some(&self.mend), &findings);
            }
        }
        for name in &self.names {
            bears(&chain[0], name, &self.certificate, &self.mend.anew(), verdict);
        }
    }

    fn unusable(&self, file: &Path, error: &Error, verdict: &mut Verdict) {
        let kind = match error.kind() {
            // The program that serves it has been told, or asks when it starts.
            ErrorKind::PassphraseRequired => {
                let message = "the key is encrypted, so whether it is the certificate's is not known; TRUSTDIR_PASSPHRASE would tell";
                return verdict.note("PASSPHRASE_REQUIRED", file, message);
            }
            // It may be as good as ever for who may read it.
            ErrorKind::Io if file.exists() => {
                let message = format!("{}; look at it as its owner or as root", error.message_without_path());
                return verdict.problem("IO", file, message);
            }
            kind => kind.as_str(),
        };
        let message = format!("{}; `{}` makes it anew", error.message_without_path(), self.mend.anew());
        verdict.problem(kind, file, message);
    }
}

/// Whether the certificate is good for a name under which it is asked for.
pub(super) fn bears(certificate: &Certificate, name: &str, file: &Path, mend: &str, verdict: &mut Verdict) {
    let Ok(server) = ServerName::try_from(name) else { return };
    // Without a SAN it bears no name at all, which the lint says.
    if !certificate.names().is_empty() && chain::bears(certificate, &server).is_err() {
        let names: Vec<String> = certificate.names().iter().map(SubjectAltName::to_string).collect();
        let message = format!(
            "the certificate does not bear the name {name}, only {}; `{mend}` makes one that does",
            names.join(", ")
        );
        verdict.problem("NAME_MISMATCH", file, message);
    }
}

/// The health of a directory of clients.
pub(super) fn clients(path: &Path, entry_names: EntryNames, verdict: &mut Verdict) {
    verdict.checked.push(path.to_owned());
    let options = TrustDirOptions { entry_names, watch: false, create: false };
    let checked = TrustDir::open_to_repair(path, options, &|_, _| {}).and_then(|dir| Ok((dir.check()?, dir)));
    match checked {
        Ok((notices, dir)) => {
            notices.iter().for_each(|notice| verdict.notice(path, notice));
            verdict.notes.extend(limit::unfitting(path, &dir).unwrap_or_default());
            let mut files: Vec<_> =
                dir.list().unwrap_or_default().iter().map(|entry| entry.file().to_owned()).collect();
            files.dedup();
            let all = std::iter::once(path).chain(files.iter().map(PathBuf::as_path));
            for open in all.filter(|file| rights::permits(file, 0o002)) {
                let message = format!("everybody here may write this and be admitted; `chmod o-w {}`", argument(open));
                verdict.problem("WRITABLE", open, message);
            }
        }
        Err(error) => {
            let message = format!(
                "{}; nobody is admitted; `trustdir clients add {} CERTIFICATE` makes it",
                error.message_without_path(),
                argument(path)
            );
            verdict.problem(error.kind().as_str(), path, message);
        }
    }
}

/// The authorities whose clients a service lets in: whoever holds a key of theirs makes clients.
pub(super) fn vouchers(path: &Path, verdict: &mut Verdict) {
    verdict.checked.push(path.to_owned());
    let authorities = match Certificate::load_all(path) {
        Ok(authorities) => authorities,
        Err(error) => return verdict.problem(error.kind().as_str(), path, error.message_without_path()),
    };
    for authority in &authorities {
        let subject = authority.subject();
        if !authority.is_authority() {
            let message = format!(
                "{subject} is no authority (CA:TRUE) and lets nobody in; name the authority that issues the clients' certificates"
            );
            verdict.problem("NOT_AN_AUTHORITY", path, message);
        } else if authority.not_after() < clock::now() {
            let message =
                format!("{subject} has expired, and all its clients with it; renew it with `trustdir ca renew`");
            verdict.problem("EXPIRED", path, message);
        } else {
            let message = format!(
                "whoever has a certificate of {subject} gets in, and whoever has its key makes such certificates"
            );
            verdict.note("AUTHORITY", path, message);
        }
    }
}

/// A certificate without its key, or a key without its certificate.
pub(super) fn no_partner(kind: &'static str, file: &str, setting: &str, conf: &Path, verdict: &mut Verdict) {
    verdict.problem(kind, conf, format!("{file} has no {setting} beside it and cannot be served; name one"));
}

/// The service has authorities, and asks nobody.
pub(super) fn nobody_asked(takes: &str, conf: &Path, verdict: &mut Verdict) {
    verdict.note("CLIENT_AUTH", conf, format!("no client is asked for a certificate: that takes {takes}"));
}

/// Nothing tells the service of certificates that were revoked.
pub(super) fn no_list(setting: &str, conf: &Path, verdict: &mut Verdict) {
    let message = format!(
        "no {setting}: a client stays admitted until its certificate expires; `trustdir crl --ca CA` writes the list"
    );
    verdict.note("NO_CRL", conf, message);
}
