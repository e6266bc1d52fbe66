//! `trustdir request`: a private key, and a request for its certificate.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::file::{self, Mode};
use crate::{CertificateRequest, DistinguishedName, KeyAlgorithm, PrivateKey, Result, SubjectAltName};

use super::output::{Output, argument, path_json};
use super::passphrase;
use super::summary::{names, request_json};
use super::{Outcome, files, progress};

const EXAMPLES: &str = "\
Examples:
  trustdir request nas.home.arpa 192.168.1.5
  trustdir request mail.example.org --subject 'CN=mail.example.org,O=Example' --key-algorithm RSA-3072
  trustdir request --subject alice --passphrase-file alice.pass --out handout

Writes OUT/<name>.key.pem (only its owner can read it; it never leaves this machine) and OUT/<name>.csr.pem (for the CA),
and overwrites neither. <name> is the first NAME or, without one, the subject's common name.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Request {
    /// Names to ask for: DNS names, IP addresses, email:…, URI:…; the first is the common name
    #[arg(required_unless_present = "subject", value_name = "NAME")]
    names: Vec<String>,
    /// Whom the certificate shall name: RFC 4514 text, or just a common name
    #[arg(long, value_name = "DN", value_parser = DistinguishedName::parse)]
    subject: Option<DistinguishedName>,
    /// P-256, P-384, P-521, Ed25519, RSA-2048, RSA-3072 or RSA-4096
    #[arg(long, value_name = "A", default_value_t = KeyAlgorithm::EcdsaP256)]
    key_algorithm: KeyAlgorithm,
    /// Where to write the key and the request
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Encrypt the new key with the passphrase in this file [or environment: TRUSTDIR_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Request {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let sans: Vec<SubjectAltName> = self.names.iter().map(|name| name.parse()).collect::<Result<_>>()?;
        let first = self.names.first().map_or("", String::as_str);
        let first = ["DNS:", "IP:", "email:", "URI:"].iter().find_map(|sort| first.strip_prefix(sort)).unwrap_or(first);
        let subject = match self.subject {
            Some(subject) => subject,
            // A common name holds 64 characters (RFC 5280, ub-common-name) and nobody reads it any more.
            None => DistinguishedName::from_common_name(&first.chars().take(64).collect::<String>()),
        };
        let name = if first.is_empty() {
            subject.common_name().unwrap_or_else(|| subject.to_string())
        } else {
            first.to_owned()
        };
        let stem = files::stem(&name);
        let key_file = files::plan(&self.out, &format!("{stem}.key.pem"))?;
        let file = files::plan(&self.out, &format!("{stem}.csr.pem"))?;
        let passphrase = passphrase::given(self.passphrase_file.as_deref(), passphrase::VARIABLE)?;

        let key = progress::during(progress::KEY, output, |_| PrivateKey::generate(self.key_algorithm))?;
        let request = CertificateRequest::create(&key, &subject, &sans)?;
        files::make_directory(&self.out, output)?;
        save(&key, passphrase.as_ref().map(|p| p.as_slice()), &key_file, &request, &file)?;

        let encrypted = passphrase.is_some();
        let protection = if encrypted { "encrypted" } else { "not encrypted" };
        output.line(format_args!("wrote {} (private key, {}, {protection})", key_file.display(), key.algorithm()));
        let asked = names(request.names());
        output.line(format_args!("wrote {} (request of {subject}, asks for {asked})", file.display()));
        output.next(format_args!("the CA's operator runs: trustdir sign {} --ca DIR", argument(&file)));

        let mut answer = request_json(&request, &file);
        answer["key_file"] = path_json(&key_file);
        answer["key_encrypted"] = encrypted.into();
        output.set("request", answer);
        Ok(Outcome::Done)
    }
}

/// Writes both files or none, the key first.
fn save(
    key: &PrivateKey,
    passphrase: Option<&[u8]>,
    key_file: &Path,
    request: &CertificateRequest,
    request_file: &Path,
) -> Result<()> {
    file::create(key_file, key.to_pem(passphrase)?.as_bytes(), Mode::Private)?;
    file::create(request_file, request.to_pem().as_bytes(), Mode::Public).inspect_err(|_| {
        // The key was made a moment ago and nothing refers to it.
        let _ = std::fs::remove_file(key_file);
    })
}
