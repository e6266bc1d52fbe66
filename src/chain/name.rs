//! Whether a server's certificate bears the name that a client asked for (RFC 6125; RFC 9525).

use rustls_pki_types::{CertificateDer, ServerName};
use webpki::EndEntityCert;

use super::Refusal;
use crate::admission::Reason;
use crate::alt_name::SubjectAltName;
use crate::certificate::Certificate;

/// As many names as a message shows.
const SHOWN: usize = 4;

/// Compares with the names of its subjectAltName; its common name does not count.
pub(crate) fn bears(certificate: &Certificate, name: &ServerName<'_>) -> Result<(), Refusal> {
    let der = CertificateDer::from(certificate.as_der());
    let entity = EndEntityCert::try_from(&der);
    if entity.and_then(|entity| entity.verify_is_valid_for_subject_name(name)).is_ok() {
        return Ok(());
    }
    let what = format!(
        "does not bear the name {}, only {}; connect by a name that it bears, or issue one for this name",
        name.to_str(),
        listed(certificate.names())
    );
    Err(Refusal(Reason::NameMismatch, what))
}

fn listed(names: &[SubjectAltName]) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(ToString::to_string).collect();
    match names.len().saturating_sub(SHOWN) {
        0 if shown.is_empty() => "a common name, which does not count".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
