//! `trustdir renew`: a new certificate for what an authority has issued.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::file::{self, Mode};
use crate::lint::{self, Finding, Options, Rule};
use crate::{Certificate, Error, ErrorKind, Identity, Profile, RenewOptions, Result, pem};

use super::finding::report_notes;
use super::issue::Validity;
use super::lint::warn_of_issued;
use super::output::{Output, path_json};
use super::summary::{certificate_json, summary};
use super::{Outcome, files, passphrase, progress};

const EXAMPLES: &str = "\
Examples:
  trustdir renew tls/server.cert.pem --ca pki
  trustdir renew tls/server.cert.pem --ca pki --days 90 --out new
  trustdir renew tls/server.cert.pem --ca pki --new-key --out new
  trustdir renew tls/server.cert.pem --ca pki --if-needed   (from a timer; see examples/systemd)

Without --out the file gets the new certificate in place of the old one, and its key stays as it is. A new key is
written beside its certificate into OUT, and nothing is overwritten. A certificate needs renewal in its last 30 days, or in
the last third of a shorter life. Exit code 3, with --dry-run alone: it needs renewal.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Renew {
    /// The certificate's file
    certificate: PathBuf,
    /// The authority's directory, made by `trustdir ca init`
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// What the certificate is for, if the old one does not say it: server, client or both
    #[arg(long, value_name = "P")]
    profile: Option<Profile>,
    #[command(flatten)]
    validity: Validity,
    /// Make a new key too
    #[arg(long, requires = "out")]
    new_key: bool,
    /// Write into this directory, and leave the old file as it is
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Do nothing while it has long enough to live
    #[arg(long)]
    if_needed: bool,
    /// Only say whether it needs renewal, with exit code 3 if it does
    #[arg(long, requires = "if_needed")]
    dry_run: bool,
    /// The file with the CA key's passphrase [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    ca_passphrase_file: Option<PathBuf>,
    /// Encrypt the new key with the passphrase in this file [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE", requires = "new_key")]
    passphrase_file: Option<PathBuf>,
}

/// What a renewal gave.
struct Renewed {
    chain: Vec<Certificate>,
    /// The chain with its key, when that is new too.
    identity: Option<Identity>,
    notes: Vec<String>,
}

impl Renew {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let old = Certificate::load(&self.certificate)?;
        if self.if_needed
            && let Some(outcome) = self.answer_without(&old, output)
        {
            return Ok(outcome);
        }
        let place = self.place()?;
        let authority = passphrase::open_authority(&self.ca, self.ca_passphrase_file.as_deref())?;
        let secret = passphrase::given(self.passphrase_file.as_deref(), passphrase::VARIABLE)?;
        let options = RenewOptions { profile: self.profile, issue: self.validity.options() };
        let renewed = if self.new_key {
            progress::during(progress::KEY, output, |_| authority.renew_with_new_key(&old, &options))
                .map(|(identity, notes)| Renewed { chain: identity.chain().to_vec(), identity: Some(identity), notes })
        } else {
            authority.renew(&old, &options).map(|signed| Renewed {
                chain: authority.chain_of(signed.certificate),
                identity: None,
                notes: signed.notes,
            })
        };
        let renewed = renewed.map_err(|error| error.at(&self.certificate))?;
        report_notes(&renewed.notes, &self.certificate, output);
        let key_file = place.write(&renewed, secret.as_ref().map(|bytes| bytes.as_slice()), output)?;
        let certificate = &renewed.chain[0];
        output.line(format_args!("renewed {} ({})", place.certificate().display(), summary(certificate)));
        if let (Some(file), Some(identity)) = (&key_file, &renewed.identity) {
            let protection = if secret.is_some() { "encrypted" } else { "not encrypted" };
            let algorithm = identity.key().algorithm();
            output.line(format_args!("wrote {} (private key, {algorithm}, {protection})", file.display()));
        }
        let mut answer = certificate_json(certificate, Some(place.certificate()));
        answer["key_file"] = key_file.map_or(Value::Null, path_json);
        answer["key_encrypted"] = renewed.identity.is_some().then_some(secret.is_some()).into();
        answer["replaced_serial"] = old.serial().into();
        output.set("certificate", answer);
        output.set("renewed", true);
        warn_of_issued(certificate, &authority, place.certificate(), output);
        if !self.new_key {
            output.next(
                "have the service read its certificate again; a trust directory with the old one needs the new one",
            );
        }
        Ok(Outcome::Done)
    }

    /// The answer where nothing is renewed.
    fn answer_without(&self, old: &Certificate, output: &mut Output) -> Option<Outcome> {
        let due = |finding: &Finding| matches!(finding.rule(), Rule::Expired | Rule::ExpiresSoon);
        let options = Options { profile: self.profile, ..Options::default() };
        let is_due = lint::certificate(old, &options).iter().any(due);
        if is_due && !self.dry_run {
            return None;
        }
        let what = if is_due { "needs renewal" } else { "needs no renewal yet" };
        output.line(format_args!("{} {what} ({})", self.certificate.display(), summary(old)));
        output.set("certificate", certificate_json(old, Some(&self.certificate)));
        output.set("renewed", false);
        output.set("needs_renewal", is_due);
        Some(if is_due { Outcome::Due } else { Outcome::Done })
    }

    /// Where the result goes, chosen before a serial number is spent.
    fn place(&self) -> Result<Place> {
        match &self.out {
            Some(out) => {
                let stem = stem(&self.certificate);
                let certificate = files::plan(out, &format!("{stem}.cert.pem"))?;
                let key = files::plan(out, &format!("{stem}.key.pem"))?;
                Ok(Place::New { out: out.clone(), certificate, key })
            }
            None => {
                let bytes = file::read_secret(&self.certificate)?;
                if !pem::is_pem(&bytes) {
                    let message = "this is DER, and what is written is PEM; write elsewhere with --out";
                    return Err(Error::new(ErrorKind::InvalidArgument, message).at(&self.certificate));
                }
                if pem::holds_private_key(&bytes) {
                    let message = "this holds a private key too, which would be lost; write elsewhere with --out";
                    return Err(Error::new(ErrorKind::InvalidArgument, message).at(&self.certificate));
                }
                Ok(Place::Here(self.certificate.clone()))
            }
        }
    }
}

enum Place {
    Here(PathBuf),
    New { out: PathBuf, certificate: PathBuf, key: PathBuf },
}

impl Place {
    fn certificate(&self) -> &Path {
        match self {
            Self::Here(certificate) | Self::New { certificate, .. } => certificate,
        }
    }

    /// Writes the certificate, and the key if it is new; answers where the key is then.
    fn write(&self, renewed: &Renewed, secret: Option<&[u8]>, output: &mut Output) -> Result<Option<PathBuf>> {
        let chain: String = renewed.chain.iter().map(Certificate::to_pem).collect();
        match (self, &renewed.identity) {
            (Self::Here(path), _) => {
                // A link stays a link.
                let path = std::fs::canonicalize(path).map_err(|error| Error::io("find", path, error))?;
                let _lock = file::lock_directory(file::parent(&path))?;
                file::replace(&path, chain.as_bytes(), Mode::Public).map(|()| None)
            }
            (Self::New { out, certificate, .. }, None) => {
                files::make_directory(out, output)?;
                file::create(certificate, chain.as_bytes(), Mode::Public).map(|()| None)
            }
            (Self::New { out, certificate, key }, Some(identity)) => {
                files::make_directory(out, output)?;
                identity.save(certificate, key, secret)?;
                Ok(Some(key.clone()))
            }
        }
    }
}

/// `server` for `tls/server.cert.pem`.
fn stem(certificate: &Path) -> String {
    let name = certificate.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let endings = [".cert.pem", ".crt.pem", ".pem", ".crt", ".cer", ".der"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
    files::stem(stem)
}
