//! Other people's verifiers of certificates, a process for as many of them as they take.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{text, try_run};

/// One certificate of a server, and one of its names.
pub struct Candidate {
    pub file: PathBuf,
    pub der: Vec<u8>,
    pub host: String,
}

/// Who says something about a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verifier {
    /// `openssl verify`.
    Openssl,
    /// `openssl verify -x509_strict`.
    OpensslStrict,
    /// rustls-webpki.
    Webpki,
    /// `certtool --verify` of GnuTLS.
    GnuTls,
    /// `verify_directly_issued_by` of Python's `cryptography`: names and signature alone.
    PythonIssued,
    /// The verifier of Python's `cryptography`.
    Python,
}

/// What it says: nothing, or why it refuses.
pub type Verdict = Result<(), String>;

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Openssl => "openssl verify",
            Self::OpensslStrict => "openssl verify -x509_strict",
            Self::Webpki => "rustls-webpki",
            Self::GnuTls => "certtool --verify",
            Self::PythonIssued => "cryptography, verify_directly_issued_by",
            Self::Python => "cryptography, server verifier",
        })
    }
}

/// What every verifier says about every candidate, with the authority as the only anchor.
pub fn verdicts(authority: &Path, candidates: &[Candidate]) -> Vec<(Verifier, Vec<Verdict>)> {
    let (issued, trusted) = python(authority, candidates);
    vec![
        (Verifier::Openssl, openssl(authority, candidates, &[])),
        (Verifier::OpensslStrict, openssl(authority, candidates, &["-x509_strict"])),
        (Verifier::Webpki, candidates.iter().map(|candidate| webpki(authority, candidate)).collect()),
        (Verifier::GnuTls, candidates.iter().map(|candidate| gnutls(authority, candidate)).collect()),
        (Verifier::PythonIssued, issued),
        (Verifier::Python, trusted),
    ]
}

fn openssl(authority: &Path, candidates: &[Candidate], options: &[&str]) -> Vec<Verdict> {
    let authority = text(authority);
    let files: Vec<String> = candidates.iter().map(|candidate| text(&candidate.file)).collect();
    // An authority that is not a root is an anchor too.
    let fixed = ["verify", "-partial_chain", "-purpose", "sslserver", "-no-CApath", "-CAfile", &authority];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let output = try_run("openssl", &[&fixed, options, &files].concat(), Path::new("/"));
    let (ok, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let verdict = |file: &str| {
        if ok.lines().any(|line| line == format!("{file}: OK")) {
            return Ok(());
        }
        // The reasons stand before the line that names the file, behind the one of the file before.
        let (before, _) = errors.split_once(&format!("error {file}: verification failed")).unwrap_or((&errors, ""));
        let reasons = before.rsplit_once(": verification failed").map_or(before, |(_, reasons)| reasons);
        Err(reasons.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    files.iter().map(|file| verdict(file)).collect()
}

fn webpki(authority: &Path, candidate: &Candidate) -> Verdict {
    let anchor = trustdir::Certificate::load(authority).unwrap().as_der().to_vec().into();
    let anchors = [webpki::anchor_from_trusted_cert(&anchor).map_err(|error| error.to_string())?];
    let certificate = CertificateDer::from(&candidate.der[..]);
    let entity = webpki::EndEntityCert::try_from(&certificate).map_err(|error| error.to_string())?;
    let now = UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap());
    let (algorithms, usage) = (webpki::ALL_VERIFICATION_ALGS, webpki::KeyUsage::server_auth());
    let path = entity.verify_for_usage(algorithms, &anchors, &[], now, usage, None, None);
    path.map_err(|error| error.to_string())?;
    let host = ServerName::try_from(candidate.host.as_str()).unwrap();
    entity.verify_is_valid_for_subject_name(&host).map_err(|error| error.to_string())
}

fn gnutls(authority: &Path, candidate: &Candidate) -> Verdict {
    let authority = format!("--load-ca-certificate={}", text(authority));
    let (file, host) = (format!("--infile={}", text(&candidate.file)), format!("--verify-hostname={}", candidate.host));
    let arguments = ["--verify", &authority, &file, &host, "--verify-purpose=1.3.6.1.5.5.7.3.1"];
    let output = try_run("certtool", &arguments, Path::new("/"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let trusted = output.status.success() && said.contains("The certificate is trusted");
    if trusted { Ok(()) } else { Err(said.split_whitespace().collect::<Vec<_>>().join(" ")) }
}

fn python(authority: &Path, candidates: &[Candidate]) -> (Vec<Verdict>, Vec<Verdict>) {
    // Set by `cargo xtask test`, which sees to its packages.
    let program = std::env::var("TRUSTDIR_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let mut python = Command::new(&program);
    python.args(["-c", include_str!("verify.py")]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut python = python.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut lines = python.stdin.take().unwrap();
    let asked: String = candidates
        .iter()
        .map(|candidate| format!("{}\t{}\t{}\n", text(authority), text(&candidate.file), candidate.host))
        .collect();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A script that cannot start takes no question; its end says why.
            let _ = lines.write_all(asked.as_bytes());
        });
        let output = python.wait_with_output().unwrap();
        let answers = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && answers.lines().count() == candidates.len(),
            "{program} needs the package cryptography 45 or newer: run `cargo xtask test rust`, or name another Python in TRUSTDIR_TEST_PYTHON"
        );
        let verdict = |said: &str| if said == "ok" { Ok(()) } else { Err(said.to_owned()) };
        answers
            .lines()
            .map(|line| line.split_once('\t').unwrap())
            .map(|(issued, trusted)| (verdict(issued), verdict(trusted)))
            .unzip()
    })
}
