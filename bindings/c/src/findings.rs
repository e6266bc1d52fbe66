//! What a lint found.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use trustdir_core::lint::Finding;

use crate::guard::guard_or;
use crate::handle;
use crate::text;

/// How much a finding matters. Later versions may add numbers.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Not known.
    Unknown = 0,
    /// Some client refuses outright, and is named.
    Refused = 1,
    /// Nobody refuses, and yet it is wrong or soon will be.
    Warning = 2,
    /// Worth knowing.
    Note = 3,
}

impl Severity {
    const ALL: [Self; 4] = [Self::Unknown, Self::Refused, Self::Warning, Self::Note];

    fn text(self) -> &'static CStr {
        match self {
            Self::Unknown => c"UNKNOWN",
            Self::Refused => c"REFUSED",
            Self::Warning => c"WARNING",
            Self::Note => c"NOTE",
        }
    }
}

impl From<trustdir_core::lint::Severity> for Severity {
    fn from(severity: trustdir_core::lint::Severity) -> Self {
        match severity {
            trustdir_core::lint::Severity::Refused => Self::Refused,
            trustdir_core::lint::Severity::Warning => Self::Warning,
            trustdir_core::lint::Severity::Note => Self::Note,
            // What the core learns before this interface has a number for it.
            _ => Self::Unknown,
        }
    }
}

/// The faults that a lint found, who refuses because of them, and what to do. Yours: free it with
/// trustdir_findings_free. It never changes and may be used from several threads at once.
pub struct Findings {
    findings: Vec<One>,
}

const _: () = handle::several_threads::<Findings>();

struct One {
    severity: Severity,
    rule: CString,
    message: CString,
    remedy: CString,
    refused_by: Vec<CString>,
    subject: Option<CString>,
    path: Option<CString>,
}

impl From<&Finding> for One {
    fn from(finding: &Finding) -> Self {
        Self {
            severity: finding.severity().into(),
            rule: text::owned(finding.rule().as_str()),
            message: text::owned(finding.message()),
            remedy: text::owned(finding.remedy()),
            refused_by: finding.refused_by().iter().map(|client| text::owned(client.as_str())).collect(),
            subject: finding.subject().map(text::owned),
            path: finding.path().map(text::owned_path),
        }
    }
}

impl From<Vec<Finding>> for Findings {
    fn from(findings: Vec<Finding>) -> Self {
        Self { findings: findings.iter().map(One::from).collect() }
    }
}

/// The number of findings; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_len(findings: Option<&Findings>) -> usize {
    guard_or(0, || Some(findings?.findings.len()))
}

/// How much it matters. TRUSTDIR_SEVERITY_UNKNOWN past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_severity(findings: Option<&Findings>, index: usize) -> Severity {
    guard_or(Severity::Unknown, || Some(findings?.findings.get(index)?.severity))
}

/// The code of the rule that is broken, such as "NO_SAN". Later versions may add rules. Borrowed from the findings.
/// NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_rule(findings: Option<&Findings>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(findings?.findings.get(index)?.rule.as_ptr()))
}

/// What is wrong, in one line. Borrowed from the findings. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_message(findings: Option<&Findings>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(findings?.findings.get(index)?.message.as_ptr()))
}

/// What to do, in one line. Borrowed from the findings. NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_remedy(findings: Option<&Findings>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(findings?.findings.get(index)?.remedy.as_ptr()))
}

/// How many refuse because of it: some when it is TRUSTDIR_SEVERITY_REFUSED, else none. 0 past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_refused_by_len(findings: Option<&Findings>, index: usize) -> usize {
    guard_or(0, || Some(findings?.findings.get(index)?.refused_by.len()))
}

/// The code of one who refuses, such as "APPLE" or "OPENSSL". Later versions may add some. Borrowed from the findings.
/// NULL past the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_refused_by(
    findings: Option<&Findings>,
    index: usize,
    client: usize,
) -> *const c_char {
    guard_or(ptr::null(), || Some(findings?.findings.get(index)?.refused_by.get(client)?.as_ptr()))
}

/// The subject of the certificate or request (RFC 4514 text). Borrowed from the findings. NULL when it has none, past
/// the end and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_subject(findings: Option<&Findings>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(findings?.findings.get(index)?.subject.as_ref())))
}

/// The path of the file that it is in. Borrowed from the findings. NULL where no file was looked at, past the end and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_path(findings: Option<&Findings>, index: usize) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(findings?.findings.get(index)?.path.as_ref())))
}

/// Frees the findings and everything borrowed from them. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_findings_free(findings: Option<Box<Findings>>) {
    guard_or((), || findings.map(drop));
}

/// The name of a severity: "REFUSED", "WARNING", "NOTE"; "UNKNOWN" for unknown numbers. Static text, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_severity_text(severity: i32) -> *const c_char {
    guard_or(ptr::null(), || {
        let known = Severity::ALL.into_iter().find(|known| *known as i32 == severity);
        Some(known.unwrap_or(Severity::Unknown).text().as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use trustdir_core::lint::Severity as Core;

    use super::Severity;

    #[test]
    fn texts_are_those_of_the_core() {
        assert_eq!(Core::ALL.len(), Severity::ALL.len() - 1);
        for core in Core::ALL {
            assert_eq!(Severity::from(core).text().to_str(), Ok(core.as_str()));
        }
    }
}
