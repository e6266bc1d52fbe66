//! `trustdir.NameConstraints`.

use pyo3::prelude::*;
use trustdir_core as core;

use crate::argument::{AltName, Subtree};

/// For which names an authority may issue. In a certificate, names of a sort that is not mentioned are free; an
/// authority that is made here is closed: once anything is permitted, no other DNS name, address or mailbox is.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki", permitted=["home.arpa", "192.168.0.0/16"])
///     >>> constraints = ca.certificate.name_constraints
///     >>> assert constraints is not None
///     >>> constraints.permitted
///     ['DNS:home.arpa', 'IP:192.168.0.0/16', 'email:invalid']
///     >>> constraints.allow("nas.home.arpa"), constraints.allow("bank.example")
///     (True, False)
#[pyclass(frozen, eq, hash, module = "trustdir")]
#[derive(PartialEq, Hash)]
pub struct NameConstraints(pub core::NameConstraints);

/// What `Authority.create` is told.
pub fn wished(permitted: Vec<Subtree>, excluded: Vec<Subtree>, home: bool) -> core::NameConstraints {
    let [permitted, excluded] = [permitted, excluded].map(|list| list.into_iter().map(|one| one.0).collect::<Vec<_>>());
    let permitted = if home { core::NameConstraints::home(&permitted).permitted } else { permitted };
    core::NameConstraints { permitted, excluded }
}

#[pymethods]
impl NameConstraints {
    /// Of each sort that stands here, only names in one of its subtrees, such as `"DNS:home.arpa"`.
    #[getter]
    fn permitted(&self) -> Vec<String> {
        self.0.permitted.iter().map(ToString::to_string).collect()
    }

    /// No names in any of these.
    #[getter]
    fn excluded(&self) -> Vec<String> {
        self.0.excluded.iter().map(ToString::to_string).collect()
    }

    /// Whether a certificate with this name may be issued.
    ///
    /// Args:
    ///     name: The name, as `str` or `ipaddress` object, as for `CertificateRequest.create`.
    fn allow(&self, name: AltName) -> bool {
        self.0.allow(&name.0)
    }

    fn __repr__(&self) -> String {
        let [permitted, excluded] = [self.permitted(), self.excluded()].map(|list| list.join(", "));
        format!("<trustdir.NameConstraints permitted: {permitted}; excluded: {excluded}>")
    }
}
