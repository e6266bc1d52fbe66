//! `trustdir sign`: a certificate for somebody's request, with what the operator grants.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::escape;
use crate::file::{self, Mode};
use crate::{Certificate, CertificateRequest, Error, ErrorKind, Profile, Result, SignOptions, SubjectAltName};

use super::finding::report_notes;
use super::issue::Validity;
use super::output::{Output, argument};
use super::summary::{certificate_json, names, request_json, summary};
use super::{Outcome, files, lint, passphrase};

const EXAMPLES: &str = "\
Examples:
  trustdir sign nas.csr.pem --ca pki
  trustdir sign alice.csr.pem --ca pki --profile client --yes
  trustdir sign nas.csr.pem --ca pki --san nas.home.arpa --san 192.168.1.5 --days 90 --out tls

Without --san a server gets the DNS names and IP addresses that the request asks for, and a client none. REQUEST is
PEM or DER. Writes OUT/<name of REQUEST>.cert.pem and does not overwrite it.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Sign {
    /// The request's file
    request: PathBuf,
    /// The authority's directory, made by `trustdir ca init`
    #[arg(long, value_name = "DIR")]
    ca: PathBuf,
    /// What the certificate is for: server, client or both
    #[arg(long, value_name = "P", default_value_t = Profile::Server)]
    profile: Profile,
    /// Grant this name instead of those that were asked for; may be repeated
    #[arg(long, value_name = "NAME")]
    san: Vec<String>,
    #[command(flatten)]
    validity: Validity,
    /// Where to write the certificate
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Grant what is asked for without a question
    #[arg(long)]
    yes: bool,
    /// The file with the CA key's passphrase [or environment: TRUSTDIR_CA_PASSPHRASE]
    #[arg(long, value_name = "FILE")]
    ca_passphrase_file: Option<PathBuf>,
}

impl Sign {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let request = CertificateRequest::load(&self.request)?;
        show(&request, &self.request, output);
        let options = SignOptions { profile: self.profile, names: self.names()?, issue: self.validity.options() };
        let (granted, notes) = options.grants(&request).map_err(|error| error.at(&self.request))?;
        report_notes(&notes, &self.request, output);
        let file = files::plan(&self.out, &format!("{}.cert.pem", files::stem(&name(&self.request))))?;
        if !self.yes && self.san.is_empty() {
            let grant = format!("a {} certificate for {}, {}", word(self.profile), request.subject(), names(&granted));
            confirm(&grant, output)?;
        }

        let authority = passphrase::open_authority(&self.ca, self.ca_passphrase_file.as_deref())?;
        files::make_directory(&self.out, output)?;
        let certificate = authority.sign(&request, &options)?.certificate;
        let chain: String = authority.chain_of(certificate.clone()).iter().map(Certificate::to_pem).collect();
        file::create(&file, chain.as_bytes(), Mode::Public)?;

        output.line(format_args!("wrote {} ({})", file.display(), summary(&certificate)));
        output.set("certificate", certificate_json(&certificate, Some(&file)));
        lint::warn_of_issued(&certificate, &authority, &file, output);
        if self.profile == Profile::Client {
            output.next(format_args!("trustdir clients add CLIENTS_DIR {}", argument(&file)));
        } else {
            output.next(format_args!(
                "give it to whoever asked; its clients trust it by {}",
                authority.trust_anchor_path().display()
            ));
        }
        Ok(Outcome::Done)
    }

    /// The names that the operator grants, if any were named.
    fn names(&self) -> Result<Option<Vec<SubjectAltName>>> {
        let mut names = Vec::with_capacity(self.san.len());
        for name in &self.san {
            let name = name.parse()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok((!names.is_empty()).then_some(names))
    }
}

/// Shows what is asked for, before anything is decided.
fn show(request: &CertificateRequest, file: &Path, output: &mut Output) {
    let key = request.key_algorithm().map_or_else(|| "unknown".to_owned(), |algorithm| algorithm.to_string());
    output.line(format_args!("{}: request of {}, key {key}", file.display(), request.subject()));
    output.line(format_args!("it asks for {}", names(request.names())));
    output.set("request", request_json(request, file));
}

/// Asks the operator. A request decides nothing by itself, so where nobody can be asked it takes an option.
fn confirm(grant: &str, output: &Output) -> Result<()> {
    if !output.is_for_people() || !io::stdin().is_terminal() {
        let message = format!(
            "nobody was asked whether to grant {grant}; give --yes to grant that, or --san NAME for each name to grant"
        );
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let failed = |error| Error::new(ErrorKind::Io, format!("cannot ask on the terminal: {error}"));
    let mut terminal = io::stderr().lock();
    write!(terminal, "Grant {}? [y/N] ", escape(grant)).and_then(|()| terminal.flush()).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Error::new(ErrorKind::InvalidArgument, "not granted; nothing was signed")),
    }
}

fn word(profile: Profile) -> &'static str {
    match profile {
        Profile::Client => "client's",
        Profile::ServerAndClient => "server's and client's",
        _ => "server's",
    }
}

/// `nas` for `incoming/nas.csr.pem`.
fn name(request: &Path) -> String {
    let name = request.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let without = |name: &str, endings: &[&str]| {
        endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name).to_owned()
    };
    without(&without(&name, &[".pem", ".der"]), &[".csr", ".req", ".p10"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_named_after_the_request() {
        for file in ["in/nas.csr.pem", "nas.csr", "nas.pem", "nas.req.der", "nas"] {
            assert_eq!(name(Path::new(file)), "nas");
        }
    }
}
