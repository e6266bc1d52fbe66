//! `trustdir issue …`: certificates and keys made by the private authority.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{Authority, Identity, IssueOptions, KeyAlgorithm, Profile, Result, SubjectAltName, TrustDir};

use super::clients::{self, EntryNamesArg};
use super::output::{Output, argument, path_json};
use super::passphrase::{self, Passphrase};
use super::summary::{certificate_json, entry_json, summary};
use super::{Outcome, files, lint, progress, time};

#[derive(Subcommand)]
pub(super) enum Issue {
    /// Issue a server's certificate for its names and addresses
    Server(Server),
    /// Issue a client's certificate
    Client(Client),
    /// Issue a certificate for a service that is a client of others too
    #[command(after_help = BOTH_EXAMPLES)]
    Both(Server),
}

impl Issue {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        match self {
            Self::Server(server) => server.run(Profile::Server, output),
            Self::Client(client) => client.run(output),
            Self::Both(server) => server.run(Profile::ServerAndClient, output),
        }
    }
}

const SERVER_EXAMPLES: &str = "\
Examples:
  trustdir issue server localhost 127.0.0.1 ::1 --ca pki --out tls
  trustdir issue server home.example.org 192.168.1.20 --ca pki --days 90
  trustdir issue server node.local --ca pki --passphrase-file server.pass

Writes OUT/<first name>.cert.pem and OUT/<first name>.key.pem (only its owner can read it), and overwrites neither.";

const BOTH_EXAMPLES: &str = "\
Examples:
  trustdir issue both broker.home.arpa 192.168.1.20 --ca pki --out tls
  trustdir issue both node.local --ca pki --passphrase-file server.pass

Writes OUT/<first name>.cert.pem and OUT/<first name>.key.pem (only its owner can read it), and overwrites neither.";

const CLIENT_EXAMPLES: &str = "\
Examples:
  trustdir issue client alice --ca pki
  trustdir issue client alice --ca pki --out handout --install tls/clients
  trustdir issue client old --ca pki --not-before 2026-01-01T00:00:00Z --not-after 2026-02-01T00:00:00Z

Writes OUT/<name>.cert.pem and OUT/<name>.key.pem (only its owner can read it), and overwrites neither.";

#[derive(Args)]
#[command(after_help = SERVER_EXAMPLES)]
pub(super) struct Server {
    /// DNS names and IP addresses under which clients reach it; the first is the common name
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    how: How,
}

impl Server {
    fn run(self, profile: Profile, output: &mut Output) -> Result<Outcome> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let (authority, files) = self.how.prepare(names.first().copied().unwrap_or_default(), output)?;
        let options = self.how.options();
        let identity = progress::during(progress::KEY, output, |_| match profile {
            Profile::ServerAndClient => authority.issue_both(&names, &options),
            _ => authority.issue_server(&names, &options),
        })?;
        files.save_issued(&identity, &authority, output)?;

        output.set("entry", Value::Null);
        output.next(format_args!(
            "give both files to the service; its clients trust it by {}",
            authority.trust_anchor_path().display()
        ));
        Ok(Outcome::Done)
    }
}

#[derive(Args)]
#[command(after_help = CLIENT_EXAMPLES)]
pub(super) struct Client {
    /// The client's common name
    name: String,
    /// A name for the SAN too, such as email:alice@home.arpa or URI:…; may be repeated
    #[arg(long, value_name = "NAME")]
    san: Vec<String>,
    #[command(flatten)]
    how: How,
    /// Admit the client at once: install the certificate into this directory
    #[arg(long, value_name = "CLIENTS_DIR")]
    install: Option<PathBuf>,
}

impl Client {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        let (authority, files) = self.how.prepare(&self.name, output)?;
        let install: Option<(&Path, TrustDir)> = match &self.install {
            Some(path) => Some((path, clients::open_or_create(path, EntryNamesArg::default(), output)?)),
            None => None,
        };
        let names = self.san.iter().map(|name| name.parse()).collect::<Result<Vec<SubjectAltName>>>()?;
        let options = self.how.options();
        let issue = |_: progress::Progress<'_>| authority.issue_client_with(&self.name, &names, &options);
        let identity = progress::during(progress::KEY, output, issue)?;
        files.save_issued(&identity, &authority, output)?;

        match &install {
            Some((path, dir)) => {
                let installed = dir.install(identity.certificate())?;
                output.line(format_args!("installed {}", clients::within(path, installed.file()).display()));
                output.set("entry", entry_json(path, installed.entry()));
                if clients::warn_of_refusal(path, &installed, output) {
                    return Ok(Outcome::Done);
                }
                output.next(format_args!(
                    "hand {} and its key to {}; it is admitted from now on",
                    files.certificate.display(),
                    self.name
                ));
            }
            None => {
                output.set("entry", Value::Null);
                output.next(format_args!("trustdir clients add CLIENTS_DIR {}", argument(&files.certificate)));
            }
        }
        Ok(Outcome::Done)
    }
}

/// What both kinds of identity are issued with.
#[derive(Args)]
struct How {
    /// The authority's directory, made by `trustdir ca init`
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// Where to write the certificate and the key
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    #[command(flatten)]
    validity: Validity,
    /// The new key: P-256, P-384, P-521, Ed25519, RSA-2048, RSA-3072 or RSA-4096 [default: P-256]
    #[arg(long, value_name = "A")]
    key_algorithm: Option<KeyAlgorithm>,
    /// The file with the CA key's passphrase [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    ca_passphrase_file: Option<PathBuf>,
    /// Encrypt the new key with the passphrase in this file [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl How {
    fn options(&self) -> IssueOptions {
        IssueOptions { key_algorithm: self.key_algorithm, ..self.validity.options() }
    }

    /// Gets ready whatever can fail, so that nothing is left half done: the files' names, the passphrases, the authority
    /// and last the directory for the files.
    fn prepare(&self, name: &str, output: &mut Output) -> Result<(Authority, Files)> {
        let passphrase = passphrase::given(self.passphrase_file.as_deref(), passphrase::VARIABLE)?;
        let files = Files::plan(&self.out, name, passphrase)?;
        let authority = passphrase::open_authority(&self.ca, self.ca_passphrase_file.as_deref())?;
        files::make_directory(&self.out, output)?;
        Ok((authority, files))
    }
}

/// When the certificate is valid.
#[derive(Args)]
pub(super) struct Validity {
    /// How long the certificate is valid
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "not_after")]
    days: Option<u32>,
    /// When it begins to be valid: RFC 3339 or Unix seconds
    #[arg(long, value_name = "T", value_parser = time::parse)]
    not_before: Option<i64>,
    /// When it expires: RFC 3339 or Unix seconds
    #[arg(long, value_name = "T", value_parser = time::parse)]
    not_after: Option<i64>,
}

impl Validity {
    pub(super) fn options(&self) -> IssueOptions {
        IssueOptions {
            days: self.days,
            not_before: self.not_before,
            not_after: self.not_after,
            ..IssueOptions::default()
        }
    }
}

/// The two files of an identity, and what encrypts the key.
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
    passphrase: Option<Passphrase>,
}

impl Files {
    /// Chooses the files, and refuses before a serial number is spent if they exist.
    pub(super) fn plan(out: &Path, name: &str, passphrase: Option<Passphrase>) -> Result<Self> {
        let stem = files::stem(name);
        let certificate = files::plan(out, &format!("{stem}.cert.pem"))?;
        let key = files::plan(out, &format!("{stem}.key.pem"))?;
        Ok(Self { certificate, key, passphrase })
    }

    pub(super) fn save(&self, identity: &Identity, output: &mut Output) -> Result<()> {
        identity.save(&self.certificate, &self.key, self.passphrase.as_ref().map(|p| p.as_slice()))?;

        let (certificate, algorithm) = (identity.certificate(), identity.key().algorithm());
        let encrypted = self.passphrase.is_some();
        let protection = if encrypted { "encrypted" } else { "not encrypted" };
        output.line(format_args!("wrote {} ({})", self.certificate.display(), summary(certificate)));
        output.line(format_args!("wrote {} (private key, {algorithm}, {protection})", self.key.display()));

        let mut answer = certificate_json(certificate, Some(&self.certificate));
        answer["key_file"] = path_json(&self.key);
        answer["key_encrypted"] = encrypted.into();
        output.set("identity", answer);
        output.set("warnings", json!([]));
        Ok(())
    }

    /// As [`save`](Self::save), and warns of what clients will not take, in it or in the authorities above.
    fn save_issued(&self, identity: &Identity, authority: &Authority, output: &mut Output) -> Result<()> {
        self.save(identity, output)?;
        lint::warn_of_issued(identity.certificate(), authority, &self.certificate, output);
        Ok(())
    }
}
