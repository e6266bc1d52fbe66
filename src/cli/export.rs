//! `trustdir export …`: what devices and other programs take in.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::export::{self, MobileConfig, Pkcs12Options, Pkcs12Profile};
use crate::file::{self, Mode};
use crate::{Certificate, Error, ErrorKind, Identity, Result};

use super::finding::Finding;
use super::issue;
use super::output::{Output, path_json};
use super::summary::{certificate_json, summary};
use super::{Outcome, files, passphrase};

#[derive(Subcommand)]
pub(super) enum Export {
    /// Pack a key and its certificates into a PKCS#12 file
    P12(P12),
    /// Pack authorities into a PKCS#12 file for Java
    Truststore(Truststore),
    /// Make a profile that iPhones, iPads and Macs install
    Mobileconfig(Mobileconfig),
    /// Put certificates, and a key, into one PEM file
    Bundle(Bundle),
    /// Write a certificate as DER, for Android and Windows
    Crt(Crt),
    /// Take a PKCS#12 file apart into certificates and key
    Pem(Pem),
}

impl Export {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        match self {
            Self::P12(verb) => verb.run(output),
            Self::Truststore(verb) => verb.run(output),
            Self::Mobileconfig(verb) => verb.run(output),
            Self::Bundle(verb) => verb.run(output),
            Self::Crt(verb) => verb.run(output),
            Self::Pem(verb) => verb.run(output),
        }?;
        Ok(Outcome::Done)
    }
}

const P12_EXAMPLES: &str = "\
Examples:
  trustdir export p12 alice.cert.pem alice.key.pem --ca pki/cacert.pem
  trustdir export p12 alice.cert.pem alice.key.pem --compat --out alice-phone.p12
  trustdir export p12 alice.cert.pem alice.key.pem --password-file alice.p12.pass

Writes CERT's name with .p12 into this folder unless --out says otherwise, and overwrites nothing.";

#[derive(Args)]
#[command(after_help = P12_EXAMPLES)]
pub(super) struct P12 {
    /// The certificate's file, with its chain if it has one
    cert: PathBuf,
    /// The private key's file
    key: PathBuf,
    /// Where to write the PKCS#12 file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Protect it by triple DES and SHA-1: for Apple's devices and older Windows and Java
    #[arg(long)]
    compat: bool,
    /// The name that devices show [default: the common name]
    #[arg(long)]
    name: Option<String>,
    /// Carry this authority too, as phones want; more than once for several
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// The file with the private key's passphrase [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The file with the PKCS#12 file's password [or environment: TRUSTDIR_P12_PASSWORD]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl P12 {
    fn run(self, output: &mut Output) -> Result<()> {
        let out = out_or(self.out, &self.cert, "p12")?;
        let (identity, _) = passphrase::open_identity(&self.cert, &self.key, self.passphrase_file.as_deref())?;
        let authorities = load(&self.ca)?;
        let password = passphrase::for_pkcs12(self.password_file.as_deref(), true)?;

        let profile = profile(self.compat);
        let options = Pkcs12Options { profile, name: self.name, authorities };
        identity.save_pkcs12(&out, &password, &options)?;
        // The chain may have an authority already that was named too.
        let more = options.authorities.iter().filter(|authority| !identity.chain().contains(authority));
        let certificates: Vec<_> = identity.chain().iter().chain(more).cloned().collect();
        report(&out, &certificates, "private key, encrypted", output);
        output.set("profile", profile_name(profile));
        output.next("take it to the device, its password by another way, and delete it when it is installed");
        Ok(())
    }
}

const TRUSTSTORE_EXAMPLES: &str = "\
Examples:
  trustdir export truststore pki/cacert.pem --out trust.p12
  java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit …

Nothing in it is secret, but Java wants a password; `changeit` is customary.";

#[derive(Args)]
#[command(after_help = TRUSTSTORE_EXAMPLES)]
pub(super) struct Truststore {
    /// The authorities' certificates
    #[arg(required = true, value_name = "CACERT")]
    authorities: Vec<PathBuf>,
    /// Where to write the PKCS#12 file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Protect it by triple DES and SHA-1: for Java before 8u301
    #[arg(long)]
    compat: bool,
    /// The file with the PKCS#12 file's password [or environment: TRUSTDIR_P12_PASSWORD]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Truststore {
    fn run(self, output: &mut Output) -> Result<()> {
        let out = files::vacant(self.out)?;
        let authorities = load(&self.authorities)?;
        let password = passphrase::for_pkcs12(self.password_file.as_deref(), true)?;
        let profile = profile(self.compat);
        file::create(&out, &export::truststore(&authorities, &password, profile)?, Mode::Public)?;
        report(&out, &authorities, "no private key", output);
        output.set("profile", profile_name(profile));
        Ok(())
    }
}

const MOBILECONFIG_EXAMPLES: &str = "\
Examples:
  trustdir export mobileconfig pki/cacert.pem --out home.mobileconfig
  trustdir export mobileconfig pki/cacert.pem --identity alice.p12 --name 'Home of Alice' --out alice.mobileconfig

Send it to the device by mail or AirDrop, or serve it as application/x-apple-aspen-config. On an iPhone or iPad, switch the
authority on afterwards: Settings, General, About, Certificate Trust Settings.";

#[derive(Args)]
#[command(after_help = MOBILECONFIG_EXAMPLES)]
pub(super) struct Mobileconfig {
    /// The authorities' certificates
    #[arg(required = true, value_name = "CACERT")]
    authorities: Vec<PathBuf>,
    /// A PKCS#12 file with a key and its certificates to install too; more than once for several
    #[arg(long, value_name = "P12")]
    identity: Vec<PathBuf>,
    /// Where to write the profile
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The name that the device shows [default: the first authority's]
    #[arg(long)]
    name: Option<String>,
    /// The file with the PKCS#12 files' password [or environment: TRUSTDIR_P12_PASSWORD]
    #[arg(long, value_name = "FILE", requires = "identity")]
    password_file: Option<PathBuf>,
    /// Put the password into the profile: nobody is asked, and whoever reads the file has the key
    #[arg(long, requires = "identity")]
    embed_password: bool,
}

impl Mobileconfig {
    fn run(self, output: &mut Output) -> Result<()> {
        let out = files::vacant(self.out)?;
        let authorities = load(&self.authorities)?;
        if let Some(other) = authorities.iter().find(|it| !it.is_authority() && !it.is_self_issued()) {
            let message = format!("{} is no authority; name the authority's certificate", other.subject());
            return Err(Error::new(ErrorKind::WrongPurpose, message).with_subject(other.subject().to_string()));
        }
        let name = self.name.or_else(|| authorities.first()?.subject().common_name());
        let mut profile = MobileConfig::new(name.unwrap_or_else(|| "Certificates".to_owned()));
        for authority in &authorities {
            profile = profile.with_authority(authority);
        }
        let mut identities = Vec::new();
        if !self.identity.is_empty() {
            let password = passphrase::for_pkcs12(self.password_file.as_deref(), false)?;
            for path in &self.identity {
                let identity = Identity::load_pkcs12(path, &password)?;
                profile = profile.with_identity(&identity, &password, self.embed_password)?;
                identities.push(identity.certificate().clone());
            }
        }
        profile.save(&out)?;

        report(&out, &authorities, if identities.is_empty() { "no private key" } else { "private key inside" }, output);
        for identity in &identities {
            output.line(format_args!("with the identity {}", summary(identity)));
        }
        output.set("identities", certificates_json(&identities));
        output.set("password_embedded", self.embed_password);
        output.next("open it on the device, then Settings, General, About, Certificate Trust Settings");
        Ok(())
    }
}

const BUNDLE_EXAMPLES: &str = "\
Examples:
  trustdir export bundle server.cert.pem intermediate.pem cacert.pem --out fullchain.pem
  trustdir export bundle alice.cert.pem --key alice.key.pem --out alice.pem
  trustdir export bundle home-ca.pem work-ca.pem --out authorities.pem

With --key, or when only one of the certificates is no authority's, its chain is put in order; else they are written as they
come. A file with a key is readable by its owner alone; TRUSTDIR_PASSPHRASE or --passphrase-file keeps that key encrypted.";

#[derive(Args)]
#[command(after_help = BUNDLE_EXAMPLES)]
pub(super) struct Bundle {
    /// The certificates' files
    #[arg(required = true, value_name = "CERT")]
    certificates: Vec<PathBuf>,
    /// Add this private key, which belongs to the first certificate
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where to write the PEM file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The file with the key's passphrase, before and after [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
}

impl Bundle {
    fn run(self, output: &mut Output) -> Result<()> {
        let out = files::vacant(self.out)?;
        let certificates = load(&self.certificates)?;
        let Some(key) = &self.key else {
            let certificates = in_order(certificates)?;
            export::save_bundle(&certificates, &out)?;
            report(&out, &certificates, "no private key", output);
            output.set("key_encrypted", Value::Null);
            return Ok(());
        };
        let (identity, passphrase) =
            passphrase::open_identity(&self.certificates[0], key, self.passphrase_file.as_deref())?;
        let identity = identity.with_issuers(&certificates)?;
        all_used(&certificates, identity.chain())?;
        identity.save_bundle(&out, passphrase.as_ref().map(|p| p.as_slice()))?;
        let encrypted = passphrase.is_some();
        let protection = if encrypted { "private key, encrypted" } else { "private key, not encrypted" };
        report(&out, identity.chain(), protection, output);
        output.set("key_encrypted", encrypted);
        Ok(())
    }
}

const CRT_EXAMPLES: &str = "\
Examples:
  trustdir export crt pki/cacert.pem
  trustdir export crt pki/cacert.pem --out home-ca.crt

Writes CERT's name with .crt into this folder unless --out says otherwise. Android installs it under Settings, Security,
Install a certificate, CA certificate.";

#[derive(Args)]
#[command(after_help = CRT_EXAMPLES)]
pub(super) struct Crt {
    /// The certificate's file
    cert: PathBuf,
    /// Where to write the DER file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Crt {
    fn run(self, output: &mut Output) -> Result<()> {
        let out = out_or(self.out, &self.cert, "crt")?;
        let all = Certificate::load_all(&self.cert)?;
        let certificate = &all[0]; // invariant: at least one, or an error
        export::save_der(certificate, &out)?;
        output.line(format_args!("wrote {} ({})", out.display(), summary(certificate)));
        output.set("certificate", certificate_json(certificate, Some(&out)));
        output.set("warnings", json!([]));
        if all.len() > 1 {
            let message = format!(
                "{} holds {} certificates and a .crt one: the first was written",
                self.cert.display(),
                all.len()
            );
            output.warn(&Finding::new("CHAIN", message).about(&self.cert, certificate));
        }
        Ok(())
    }
}

const PEM_EXAMPLES: &str = "\
Examples:
  trustdir export pem alice.p12
  trustdir export pem alice.p12 --password-file alice.p12.pass --passphrase-file alice.pass --out tls

Writes OUT/<P12's name>.cert.pem and OUT/<P12's name>.key.pem (only its owner can read it), and overwrites neither.";

#[derive(Args)]
#[command(after_help = PEM_EXAMPLES)]
pub(super) struct Pem {
    /// The PKCS#12 file
    p12: PathBuf,
    /// Where to write the certificates and the key
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// The file with the PKCS#12 file's password [or environment: TRUSTDIR_P12_PASSWORD]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Encrypt the key with the passphrase in this file [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Pem {
    fn run(self, output: &mut Output) -> Result<()> {
        let passphrase = passphrase::given(self.passphrase_file.as_deref(), passphrase::VARIABLE)?;
        let files = issue::Files::plan(&self.out, &stem(&self.p12), passphrase)?;
        let password = passphrase::for_pkcs12(self.password_file.as_deref(), false)?;
        let identity = Identity::load_pkcs12(&self.p12, &password)?;
        files::make_directory(&self.out, output)?;
        files.save(&identity, output)
    }
}

/// The file to write: named, or in this folder under the name of `source`.
fn out_or(out: Option<PathBuf>, source: &Path, extension: &str) -> Result<PathBuf> {
    files::vacant(out.unwrap_or_else(|| PathBuf::from(format!("{}.{extension}", stem(source)))))
}

/// `alice` of `handout/alice.cert.pem`.
fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    files::stem(stem.strip_suffix(".cert").unwrap_or(&stem))
}

fn load(files: &[PathBuf]) -> Result<Vec<Certificate>> {
    Ok(files.iter().map(Certificate::load_all).collect::<Result<Vec<_>>>()?.concat())
}

/// The chain, when a single one is no authority's; else as they come.
fn in_order(certificates: Vec<Certificate>) -> Result<Vec<Certificate>> {
    let mut end_entities = certificates.iter().filter(|certificate| !certificate.is_authority());
    let (Some(end_entity), None) = (end_entities.next(), end_entities.next()) else { return Ok(certificates) };
    let chain = export::full_chain(end_entity, &certificates);
    all_used(&certificates, &chain)?;
    Ok(chain)
}

/// Nothing that was named is left out in silence.
fn all_used(certificates: &[Certificate], chain: &[Certificate]) -> Result<()> {
    match certificates.iter().find(|certificate| !chain.contains(certificate)) {
        None => Ok(()),
        Some(foreign) => {
            let end_entity = chain.first().map(|first| first.subject().to_string()).unwrap_or_default();
            let message = format!("{} is not in the chain of {end_entity}; leave it out", foreign.subject());
            Err(Error::new(ErrorKind::InvalidArgument, message).with_subject(foreign.subject().to_string()))
        }
    }
}

fn profile(compat: bool) -> Pkcs12Profile {
    if compat { Pkcs12Profile::Compat } else { Pkcs12Profile::Modern }
}

fn profile_name(profile: Pkcs12Profile) -> &'static str {
    if profile == Pkcs12Profile::Compat { "compat" } else { "modern" }
}

fn certificates_json(certificates: &[Certificate]) -> Value {
    certificates.iter().map(|certificate| certificate_json(certificate, None)).collect()
}

/// Says what was written, and what is in it.
fn report(out: &Path, certificates: &[Certificate], key: &str, output: &mut Output) {
    output.line(format_args!("wrote {} ({key})", out.display()));
    for certificate in certificates {
        output.line(format_args!("with {}", summary(certificate)));
    }
    output.set("file", path_json(out));
    output.set("certificates", certificates_json(certificates));
}
