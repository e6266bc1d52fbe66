//! What the benchmarks measure without the disk. Not an interface to build on.

use crate::{
    Authority, Certificate, CertificateRequest, DistinguishedName, Fingerprint, IssueOptions, Result, SubjectAltName,
    TrustDir, trust_dir,
};

/// A server's certificate, made and compared, but not entered in the ledger: nothing may rely on it.
pub fn make(
    authority: &Authority,
    subject: &DistinguishedName,
    names: &[SubjectAltName],
    spki: &[u8],
) -> Result<Certificate> {
    authority.make_server(subject, names, spki, &IssueOptions::default())
}

/// The certificate that a request would get, not entered in the ledger either.
pub fn sign(authority: &Authority, request: &CertificateRequest) -> Result<Certificate> {
    make(authority, request.subject(), request.names(), request.spki())
}

/// Whether the index has the certificate, without a look at its file.
pub fn look_up(directory: &TrustDir, fingerprint: &Fingerprint) -> bool {
    directory.knows(fingerprint)
}

/// The certificates that a file of a trust directory brings into its index, from the file's bytes.
pub fn read_entries(file: &[u8]) -> Vec<Fingerprint> {
    trust_dir::fingerprints(file)
}
