//! The rules for private keys and for the Diffie-Hellman parameters beside them.

use std::path::Path;

use super::Rule;
use super::certificate::ISSUE;
use super::client;
use super::finding::Report;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind};
use crate::key::PrivateKey;
use crate::{der, pem};

/// Reads a file's private key; `None` when it is encrypted, or faulty and reported.
pub(super) fn read(key: Result<PrivateKey, Error>, report: &mut Report) -> Option<PrivateKey> {
    const REMEDY: &str = "make a new key, P-256 or RSA of at least 2048 bits";
    match key {
        Ok(key) => return Some(key),
        Err(error) if matches!(error.kind(), ErrorKind::PassphraseRequired | ErrorKind::WrongPassphrase) => {}
        Err(error) if error.kind() == ErrorKind::WeakKey => {
            report.refused(Rule::WeakKey, client::WEAK_KEY, error.message(), REMEDY);
        }
        Err(error) => report.warning(Rule::Unreadable, error.message(), REMEDY),
    }
    None
}

/// Checks who else can read a file with a private key.
#[cfg(unix)]
pub(super) fn mode(path: &Path, encrypted: bool, report: &mut Report) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = path.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o777;
    let remedy = "take the rights of others away (chmod 600)";
    if mode & 0o007 != 0 && !encrypted {
        let message = format!("every user of the machine can use the private key (mode {mode:o})");
        report.warning(Rule::KeyReadable, message, remedy);
    } else if mode & 0o077 != 0 {
        let who = if mode & 0o007 != 0 { "everybody" } else { "its group" };
        let message = format!("the private key's file is open to {who} (mode {mode:o})");
        report.note(Rule::KeyReadable, message, remedy);
    }
}

/// Checks who else can read a file with a private key: not known here.
#[cfg(not(unix))]
pub(super) fn mode(_path: &Path, _encrypted: bool, _report: &mut Report) {}

/// Checks that a key is the first certificate's; `place` says where the key is.
pub(super) fn matches(certificates: &[Certificate], key: &PrivateKey, place: &str, report: &mut Report) {
    match certificates.iter().position(|certificate| certificate.spki() == key.spki()) {
        Some(0) => {}
        Some(at) => {
            let message = format!("the private key {place} belongs to certificate {} of the file", at + 1);
            report.refused(Rule::ChainOrder, client::ALL, message, "put the service's own certificate first");
        }
        None if certificates.is_empty() => {}
        None => {
            let message = format!("the private key {place} does not belong to the certificate");
            report.refused(Rule::KeyMismatch, client::ALL, message, format!("find the right one, or {ISSUE}"));
        }
    }
}

/// Checks Diffie-Hellman parameters (PKCS#3 and X9.42, which both begin with the prime).
pub(super) fn dh_parameters(block: &pem::Block, report: &mut Report) {
    let prime = der::single(&block.der, der::SEQUENCE)
        .and_then(|parameters| der::Reader::new(parameters.content).expect(der::INTEGER));
    let Ok(prime) = prime else { return };
    let digits = prime.content.iter().skip_while(|byte| **byte == 0);
    let bits = digits.clone().next().map_or(0, |first| digits.count() * 8 - first.leading_zeros() as usize);
    if bits < 2048 {
        let message = format!("Diffie-Hellman parameters of {bits} bits, which OpenSSL refuses as too small");
        let remedy = "do without them: TLS 1.3 and ECDHE need none";
        report.refused(Rule::WeakDhParameters, client::OPENSSL, message, remedy);
    }
}
