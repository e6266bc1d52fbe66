//! `trustdir.Policy`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyMapping;
use trustdir_core::ClientAuth;
use trustdir_core::tls::AcceptorBuilder;

use crate::argument::Instant;
use crate::authority_dir::{AuthorityDir, Chain};
use crate::certificate::Presented;
use crate::decision::Decision;
use crate::trust_dir::TrustDir;

/// Whom a service admits: for the hosts of one that have a policy of their own (`AcceptorSettings.policies`), and for
/// services whose TLS is another library's.
///
/// Args:
///     clients: The directory of the certificates that are admitted.
///     authorities: The directory of authorities whose clients are admitted too.
///     client_auth: Whether clients show a certificate: `"required"` if one of the directories is given, else `"off"`; or
///         `"optional"`.
///     service: The service's name, for entries that are limited to services.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> admins = trustdir.Policy(clients=trustdir.TrustDir("admins", create=True))
///     >>> context = trustdir.ServerContext(
///     ...     ca.issue_server("home.arpa", "admin.home.arpa"), policies={"admin.home.arpa": admins}
///     ... )
///     >>> admins.decide([]).reason, admins.decide(ca.issue_client("bob").certificate).reason
///     (<Reason.NO_CERTIFICATE: 'NO_CERTIFICATE'>, <Reason.NOT_INSTALLED: 'NOT_INSTALLED'>)
#[pyclass(frozen, module = "trustdir")]
pub struct Policy(trustdir_core::Policy);

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (*, clients = None, authorities = None, client_auth = None, service = None))]
    fn new(
        clients: Option<&Bound<'_, TrustDir>>,
        authorities: Option<&Bound<'_, AuthorityDir>>,
        client_auth: Option<&str>,
        service: Option<String>,
    ) -> PyResult<Self> {
        let admits = clients.is_some() || authorities.is_some();
        let usual = if admits { ClientAuth::Required } else { ClientAuth::Off };
        let mut policy = trustdir_core::Policy::new(client_auth.map_or(Ok(usual), self::client_auth)?);
        if let Some(clients) = clients {
            policy = policy.with_clients(clients.get().0.clone());
        }
        if let Some(authorities) = authorities {
            policy = policy.with_authorities(authorities.get().0.clone());
        }
        if let Some(service) = service {
            policy = policy.with_service(service);
        }
        Ok(Self(policy))
    }

    /// Decides about the certificates that a client sent, as a handshake would.
    ///
    /// Args:
    ///     chain: The certificates, the client's own first, as objects or as DER, such as
    ///         `ssl.SSLSocket.get_unverified_chain()` gives; or its own alone.
    ///     at: For what instant to decide, as an aware `datetime`; now if not given.
    ///     hold: Whether the decision holds the entry for as long as it is kept: then `TrustDir.removals` lists the entry
    ///         when it goes. Keep it with the connection that it is about.
    #[pyo3(signature = (chain, *, at = None, hold = false))]
    fn decide(&self, py: Python<'_>, chain: Chain, at: Option<Instant>, hold: bool) -> Decision {
        let at = at.unwrap_or_else(Instant::now).0;
        let chain: Vec<&[u8]> = chain.0.iter().map(Presented::der).collect();
        let decide = if hold { trustdir_core::Policy::decide_and_hold } else { trustdir_core::Policy::decide };
        Decision(py.detach(|| decide(&self.0, &chain, at)))
    }

    /// Whether clients show a certificate: `"off"`, `"optional"` or `"required"`.
    #[getter]
    fn client_auth(&self) -> &'static str {
        client_auth_word(self.0.client_auth())
    }

    /// The service's name.
    #[getter]
    fn service(&self) -> Option<&str> {
        self.0.service()
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Policy {}>", self.client_auth())
    }
}

/// Gives an acceptor the policies of its hosts.
pub fn set_policies(builder: AcceptorBuilder, policies: &Bound<'_, PyAny>) -> PyResult<AcceptorBuilder> {
    policies.cast::<PyMapping>()?.items()?.iter().try_fold(builder, |builder, item| {
        let (host, policy): (String, Bound<'_, Policy>) = item.extract()?;
        Ok(builder.policy_for(&host, policy.get().0.clone()))
    })
}

const CLIENT_AUTH: [(&str, ClientAuth); 3] =
    [("off", ClientAuth::Off), ("optional", ClientAuth::Optional), ("required", ClientAuth::Required)];

pub fn client_auth_word(client_auth: ClientAuth) -> &'static str {
    CLIENT_AUTH.iter().find(|(_, other)| *other == client_auth).map_or("", |(word, _)| word)
}

pub fn client_auth(word: &str) -> PyResult<ClientAuth> {
    let known = CLIENT_AUTH.iter().find(|(known, _)| *known == word).map(|(_, client_auth)| *client_auth);
    known.ok_or_else(|| {
        PyValueError::new_err(format!("client_auth is \"off\", \"optional\" or \"required\", not {word:?}"))
    })
}
