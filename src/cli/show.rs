//! `trustdir show`: what is in a file of certificates or requests.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::{Certificate, CertificateRequest, ErrorKind, Result};

use super::Outcome;
use super::output::Output;
use super::summary::{details, details_json, names, request_json};

const EXAMPLES: &str = "\
Examples:
  trustdir show server.cert.pem
  trustdir show nas.csr.pem --json

FILE holds certificates (PEM or DER, a whole chain too) or a request.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Show {
    /// The file
    file: PathBuf,
}

impl Show {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let certificates = match Certificate::load_all(&self.file) {
            Err(error) if error.kind() == ErrorKind::Parse => {
                // Perhaps a request; if it is not, the first error says what is there.
                let request = CertificateRequest::load(&self.file).map_err(|_| error)?;
                let key = request.key_algorithm().map_or_else(|| "unknown".to_owned(), |key| key.to_string());
                output.line(format_args!("{}: request of {}", self.file.display(), request.subject()));
                output.line(format_args!("  key:         {key}"));
                output.line(format_args!("  asks for:    {}", names(request.names())));
                for ignored in request.ignored() {
                    output.line(format_args!("  and for:     {ignored}"));
                }
                output.set("request", request_json(&request, &self.file));
                return Ok(Outcome::Done);
            }
            result => result?,
        };
        output.set("certificates", json!([]));
        for certificate in &certificates {
            details(certificate, &self.file, output);
            output.push("certificates", details_json(certificate, Some(&self.file)));
        }
        Ok(Outcome::Done)
    }
}
