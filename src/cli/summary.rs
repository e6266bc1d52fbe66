//! A certificate in a few words, or as JSON.

use std::path::Path;

use serde_json::{Value, json};

use crate::{Certificate, CertificateRequest, Entry, NameConstraint, SubjectAltName};

use super::output::{Output, path_json};
use super::{clients, time};

/// `CN=alice, expires 2027-01-31, SHA-256 …`, for a line that says what was written.
pub(super) fn summary(certificate: &Certificate) -> String {
    let mut text = certificate.subject().to_string();
    if !certificate.names().is_empty() {
        let names: Vec<String> = certificate.names().iter().map(ToString::to_string).collect();
        text = format!("{text}, {}", names.join(", "));
    }
    format!("{text}, expires {}, SHA-256 {}", time::date(certificate.not_after()), certificate.fingerprint())
}

/// `DNS:nas.home.arpa, IP:192.168.1.5`, or `no name`.
pub(super) fn names(names: &[SubjectAltName]) -> String {
    if names.is_empty() {
        return "no name".to_owned();
    }
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The request's facts and its file.
pub(super) fn request_json(request: &CertificateRequest, file: &Path) -> Value {
    json!({
        "file": path_json(file),
        "subject": request.subject().to_string(),
        "common_name": request.subject().common_name(),
        "key_algorithm": request.key_algorithm().map(|algorithm| algorithm.to_string()),
        "names": request.names().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "asks_for_authority": request.asks_for_authority(),
        "ignored": request.ignored(),
    })
}

/// The certificate's facts, with the file that carries it.
pub(super) fn certificate_json(certificate: &Certificate, file: Option<&Path>) -> Value {
    let mut value = json!({
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "common_name": certificate.subject().common_name(),
        "serial": certificate.serial(),
        "not_before": time::timestamp(certificate.not_before()),
        "not_after": time::timestamp(certificate.not_after()),
        "fingerprint": certificate.fingerprint().to_string(),
        "names": certificate.names().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "key_algorithm": certificate.key_algorithm().map(|algorithm| algorithm.to_string()),
        "is_authority": certificate.is_authority(),
    });
    if let Some(file) = file {
        value["file"] = path_json(file);
    }
    value
}

/// All that is worth showing of a certificate.
pub(super) fn details(certificate: &Certificate, file: &Path, output: &mut Output) {
    let key =
        certificate.key_algorithm().map_or_else(|| "of a sort that is not admitted".to_owned(), |key| key.to_string());
    let validity =
        format!("{} to {}", time::timestamp(certificate.not_before()), time::timestamp(certificate.not_after()));
    let hash = certificate.subject().subject_hash().map_or_else(|_| "none".to_owned(), |hash| hash.to_string());
    output.line(format_args!("{}: {}", file.display(), certificate.subject()));
    let fingerprint = certificate.fingerprint().to_string();
    let mut rows = vec![
        ("issuer", certificate.issuer().to_string()),
        ("names", names(certificate.names())),
        ("for", certificate.purposes().join(", ")),
        ("valid", validity),
        ("serial", certificate.serial()),
        ("key", key),
        ("version", certificate.version().to_string()),
        ("subject hash", hash),
        ("SHA-256", fingerprint),
    ];
    if let Some(length) = certificate.path_length() {
        rows.push(("path length", length.to_string()));
    }
    if let Ok(constraints) = certificate.name_constraints() {
        rows.extend(constraints.permitted.iter().map(|names| ("permitted", names.to_string())));
        rows.extend(constraints.excluded.iter().map(|names| ("excluded", names.to_string())));
    }
    for (what, value) in rows {
        output.line(format_args!("  {:<13} {value}", format!("{what}:")));
    }
}

/// The certificate's facts and more of them.
pub(super) fn details_json(certificate: &Certificate, file: Option<&Path>) -> Value {
    let mut value = certificate_json(certificate, file);
    let constraints = certificate.name_constraints().unwrap_or_default();
    let texts = |subtrees: &[NameConstraint]| subtrees.iter().map(ToString::to_string).collect::<Vec<_>>();
    value["version"] = certificate.version().into();
    value["purposes"] = certificate.purposes().into();
    value["subject_hash"] = certificate.subject().subject_hash().ok().map(|hash| hash.to_string()).into();
    value["path_length"] = certificate.path_length().into();
    value["permitted"] = texts(&constraints.permitted).into();
    value["excluded"] = texts(&constraints.excluded).into();
    value
}

/// The certificate of an entry of `dir`, its file and, if that is a link, where it leads.
pub(super) fn entry_json(dir: &Path, entry: &Entry) -> Value {
    let mut value = certificate_json(entry.certificate(), Some(&clients::within(dir, entry.file())));
    value["link_target"] = entry.link_target().map(path_json).into();
    value
}
