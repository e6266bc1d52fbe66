//! The native half of the Python package `trustdir`: the core's nouns as classes, nothing decided here.

mod acceptor;
mod argument;
mod authority;
mod authority_dir;
mod callback;
mod certificate;
mod connection;
mod connector;
mod constraints;
mod counters;
mod crl;
mod decision;
mod entry;
mod error;
mod export;
mod identity;
mod issued;
mod key;
mod limit;
mod lint;
mod notice;
mod open;
mod policy;
mod progress;
mod rehash;
mod removals;
mod request;
mod trust_dir;

use std::ffi::OsString;

use pyo3::prelude::*;

/// The native half of `trustdir`; import its names from there.
#[pymodule(gil_used = false)]
mod _trustdir {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;
    use trustdir_core::lint::Severity;
    use trustdir_core::{Reason, RevocationReason};

    #[pymodule_export]
    use crate::acceptor::Acceptor;
    #[pymodule_export]
    use crate::authority::Authority;
    #[pymodule_export]
    use crate::authority_dir::AuthorityDir;
    #[pymodule_export]
    use crate::certificate::Certificate;
    #[pymodule_export]
    use crate::connection::Connection;
    #[pymodule_export]
    use crate::connector::Connector;
    #[pymodule_export]
    use crate::constraints::NameConstraints;
    #[pymodule_export]
    use crate::counters::Counters;
    #[pymodule_export]
    use crate::crl::Crl;
    #[pymodule_export]
    use crate::decision::Decision;
    #[pymodule_export]
    use crate::entry::{Entry, Installed, Problem};
    #[pymodule_export]
    use crate::export::{MobileConfig, full_chain, save_bundle, save_der, truststore};
    #[pymodule_export]
    use crate::identity::Identity;
    #[pymodule_export]
    use crate::issued::Issued;
    #[pymodule_export]
    use crate::key::PrivateKey;
    #[pymodule_export]
    use crate::limit::Limit;
    #[pymodule_export]
    use crate::lint::{Finding, lint};
    #[pymodule_export]
    use crate::main_from;
    #[pymodule_export]
    use crate::notice::Notice;
    #[pymodule_export]
    use crate::open::OpenConnection;
    #[pymodule_export]
    use crate::policy::Policy;
    #[pymodule_export]
    use crate::rehash::Rehashed;
    #[pymodule_export]
    use crate::removals::{Removal, Removals};
    #[pymodule_export]
    use crate::request::{CertificateRequest, Signed};
    #[pymodule_export]
    use crate::trust_dir::TrustDir;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("REASONS", PyTuple::new(module.py(), Reason::ALL.map(Reason::as_str))?)?;
        let reasons = RevocationReason::ALL.map(RevocationReason::as_str);
        module.add("REVOCATION_REASONS", PyTuple::new(module.py(), reasons)?)?;
        module.add("SEVERITIES", PyTuple::new(module.py(), Severity::ALL.map(Severity::as_str))?)
    }
}

/// Runs the `trustdir` command; the first argument is the name of the program.
///
/// Args:
///     args: The whole command line.
///
/// Returns:
///     The exit status.
#[pyfunction]
fn main_from(py: Python<'_>, args: Vec<OsString>) -> i32 {
    py.detach(|| trustdir_core::cli::main_from(args))
}
