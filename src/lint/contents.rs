//! What one file holds, and what is wrong with it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::chain::{self, Beside};
use super::finding::{Finding, Report};
use super::{Options, Rule, client, key};
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};
use crate::key::PrivateKey;
use crate::request::CertificateRequest;
use crate::{file, pem};

/// How files are called that ought to hold what we read.
const EXTENSIONS: [&str; 7] = ["pem", "crt", "cer", "der", "key", "csr", "req"];

/// One file.
pub(super) struct Contents {
    pub path: PathBuf,
    pub certificates: Vec<Certificate>,
    pub key: Option<PrivateKey>,
    requests: Vec<CertificateRequest>,
    /// What was found when it was read.
    report: Report,
}

impl Contents {
    /// Reads a file. What is wrong with it is kept for [`check`](Self::check).
    pub(super) fn load(path: &Path) -> Self {
        let mut contents = Self {
            path: path.to_owned(),
            certificates: Vec::new(),
            key: None,
            requests: Vec::new(),
            report: Report::default(),
        };
        match file::read_secret(path) {
            Err(error) => {
                contents.unreadable(error.message_without_path(), "make it a readable regular file, or remove it")
            }
            Ok(bytes) if bytes.is_empty() => {
                contents.unreadable("the file is empty", "write it again; what should have made it has failed");
            }
            Ok(bytes) if pem::is_pem(&bytes) => contents.read_pem(&bytes),
            Ok(bytes) => contents.read_der(&bytes),
        }
        contents
    }

    fn read_pem(&mut self, bytes: &[u8]) {
        let blocks = match pem::blocks(bytes) {
            Ok(blocks) => blocks,
            Err(error) => return self.unreadable(error.message(), "replace the file by an undamaged copy"),
        };
        for block in &blocks {
            match block.label.as_str() {
                _ if block.is_certificate() => self.certificate(Certificate::from_der(&block.der), block.line),
                label if label.ends_with("CERTIFICATE REQUEST") => {
                    self.request(CertificateRequest::from_der(&block.der));
                }
                "TRUSTED CERTIFICATE" => {
                    let remedy = "rewrite it with `openssl x509 -in OLD -out NEW`";
                    self.unreadable("a TRUSTED CERTIFICATE, which only OpenSSL and trust directories read", remedy);
                }
                "DH PARAMETERS" | "X9.42 DH PARAMETERS" => key::dh_parameters(block, &mut self.report),
                // Lists, public keys, curves: nothing here that a client would refuse.
                _ => {}
            }
        }
        if blocks.iter().any(pem::Block::is_private_key) {
            let key = PrivateKey::from_pem(bytes, None);
            let encrypted = matches!(&key, Err(error) if error.kind() == ErrorKind::PassphraseRequired);
            self.private_key(key, encrypted);
        }
    }

    fn read_der(&mut self, bytes: &[u8]) {
        let certificate = Certificate::from_der(bytes);
        let request = CertificateRequest::from_der(bytes);
        let key = PrivateKey::from_der(bytes, None);
        let encrypted = matches!(&key, Err(error) if error.kind() == ErrorKind::PassphraseRequired);
        match (certificate, request, key) {
            (Ok(certificate), ..) => self.certificates.push(certificate),
            (_, Ok(request), _) => self.requests.push(request),
            (_, _, Ok(key)) => self.private_key(Ok(key), false),
            (_, _, Err(error)) if encrypted => self.private_key(Err(error), true),
            (_, Err(error), _) if told(&error) => self.request(Err(error)),
            (_, _, Err(error)) if told(&error) => self.private_key(Err(error), false),
            (Err(error), ..) => {
                let why = if bytes.is_ascii() { String::new() } else { format!(" ({error})") };
                let message = format!("no certificate, request or private key{why}");
                let expected = self.path.extension().and_then(OsStr::to_str);
                if expected.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
                    self.unreadable(&message, "replace or remove it");
                } else {
                    self.report.note(Rule::Unreadable, message, "move it away if nothing needs it here");
                }
            }
        }
    }

    fn certificate(&mut self, certificate: Result<Certificate>, line: usize) {
        match certificate {
            Ok(certificate) => self.certificates.push(certificate),
            Err(error) => self.unreadable(&format!("line {line}: {error}"), "replace or remove it"),
        }
    }

    fn request(&mut self, request: Result<CertificateRequest>) {
        const REMEDY: &str = "make the request again, with SHA-256 and a key on P-256 or RSA of at least 2048 bits";
        let (rule, error) = match request {
            Ok(request) => return self.requests.push(request),
            Err(error) => match error.kind() {
                ErrorKind::WeakKey => (Rule::WeakKey, error),
                ErrorKind::BadSignature => (Rule::BadSignature, error),
                _ => (Rule::Unreadable, error),
            },
        };
        match rule {
            Rule::WeakKey => self.report.refused(rule, client::WEAK_KEY, error.message(), REMEDY),
            _ => self.report.warning(rule, error.message(), REMEDY),
        }
    }

    fn private_key(&mut self, key: Result<PrivateKey>, encrypted: bool) {
        key::mode(&self.path, encrypted, &mut self.report);
        self.key = key::read(key, &mut self.report);
    }

    fn unreadable(&mut self, message: &str, remedy: &str) {
        self.report.warning(Rule::Unreadable, message, remedy);
    }

    /// Checks what the file holds.
    pub(super) fn check(self, beside: Beside<'_>, options: &Options) -> Vec<Finding> {
        let Self { path, certificates, key, requests, mut report } = self;
        if let Some(key) = &key {
            key::matches(&certificates, key, "in the file", &mut report);
        }
        let mut findings = report.into_findings();
        if chain::is_chain(&certificates) {
            findings.extend(chain::check(&certificates, beside, options));
        } else {
            let each = certificates.chunks(1);
            findings.extend(each.flat_map(|certificate| chain::check(certificate, beside, options)));
        }
        findings.extend(requests.iter().flat_map(|request| super::request(request, options)));
        findings.into_iter().map(|finding| finding.at(&path)).collect()
    }
}

/// Whether an error says more than that the bytes are something else.
fn told(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WeakKey | ErrorKind::BadSignature)
}
