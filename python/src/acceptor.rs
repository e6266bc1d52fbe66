//! `trustdir.Acceptor`.

use std::sync::Arc;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use trustdir_core::tls::{self, AcceptorBuilder, OnRemoval, PlainHttp};

use crate::argument::{Alpn, Seconds, Version};
use crate::authority_dir::AuthorityDir;
use crate::callback::Callback;
use crate::connection::Connection;
use crate::counters::Counters;
use crate::decision::Decision;
use crate::error::Result;
use crate::identity::Identity;
use crate::open::OpenConnection;
use crate::policy::{client_auth, client_auth_word, set_policies};
use crate::trust_dir::TrustDir;

/// Makes a service's connections; does no input or output. `ServerContext` is for sockets and event loops.
///
/// Several threads may use one object.
///
/// Args:
///     identity: What the service shows, or several of it: each client is shown the one whose certificate carries the name
///         that it asks for.
///     settings: Whom it admits, and how it speaks: `AcceptorSettings`.
///
/// Raises:
///     InvalidArgumentError: The settings contradict each other.
///     VerificationError: The identity has expired.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> clients = trustdir.TrustDir("clients", create=True)
///     >>> acceptor = trustdir.Acceptor(ca.issue_server("nas.home.arpa"), clients=clients, alpn=["http/1.1"])
///     >>> connection = acceptor.accept()
///     >>> acceptor.counters().accepted
///     1
#[pyclass(frozen, module = "trustdir")]
pub struct Acceptor(tls::Acceptor);

#[pymethods]
impl Acceptor {
    #[new]
    #[pyo3(signature = (identity, **settings))]
    fn new(py: Python<'_>, identity: Identities, settings: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        let builder = builder(identity, settings)?;
        Ok(Self(py.detach(|| builder.build())?))
    }

    /// Takes other settings for all handshakes that begin from now on. Connections that are open keep what they have,
    /// and sessions are resumed by whom the new settings admit. All settings are new: give the directories again.
    ///
    /// Args:
    ///     identity: As for a new one.
    ///     settings: As for a new one.
    ///
    /// Raises:
    ///     InvalidArgumentError: The settings contradict each other; nothing has changed.
    ///     VerificationError: The identity has expired; nothing has changed.
    #[pyo3(signature = (identity, **settings))]
    fn reload(&self, py: Python<'_>, identity: Identities, settings: Option<&Bound<'_, PyDict>>) -> Result<()> {
        let builder = builder(identity, settings)?;
        Ok(py.detach(|| self.0.reload(&builder))?)
    }

    /// A connection for a socket that was just accepted. The time for its handshake runs from now.
    fn accept(&self) -> Result<Connection> {
        Ok(self.0.accept()?.into())
    }

    /// The open connections that stand on an entry, oldest first, those whose entry has gone among them.
    fn connections(&self, py: Python<'_>) -> Vec<OpenConnection> {
        py.detach(|| self.0.connections()).into_iter().map(OpenConnection).collect()
    }

    /// What it has done so far, in numbers.
    fn counters(&self) -> Counters {
        Counters(self.0.counters())
    }

    fn __repr__(&self) -> String {
        format!("<trustdir.Acceptor {}>", client_auth_word(self.0.policy().client_auth()))
    }
}

/// An identity, or a sequence of them.
struct Identities(Vec<trustdir_core::Identity>);

impl FromPyObject<'_, '_> for Identities {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        if let Ok(identity) = object.cast::<Identity>() {
            return Ok(Self(vec![identity.get().0.clone()]));
        }
        let identities: Vec<Bound<'_, Identity>> =
            object.extract().map_err(|_| PyTypeError::new_err("expected an Identity, or a sequence of them"))?;
        Ok(Self(identities.iter().map(|identity| identity.get().0.clone()).collect()))
    }
}

fn builder(identity: Identities, settings: Option<&Bound<'_, PyDict>>) -> Result<AcceptorBuilder> {
    let mut identities = identity.0.into_iter();
    let first = identities.next().ok_or_else(|| PyValueError::new_err("a service needs an identity"))?;
    let builder = identities.fold(tls::Acceptor::builder(first), AcceptorBuilder::identity);
    settings.into_iter().flatten().try_fold(builder, |builder, (name, value)| {
        set(builder, name.cast::<PyString>().map_err(PyErr::from)?.to_str()?, &value)
    })
}

fn set(builder: AcceptorBuilder, name: &str, value: &Bound<'_, PyAny>) -> Result<AcceptorBuilder> {
    let given = !value.is_none();
    Ok(match name {
        "clients" if given => builder.trust_dir(value.cast::<TrustDir>().map_err(PyErr::from)?.get().0.clone()),
        "authorities" if given => {
            builder.authorities(value.cast::<AuthorityDir>().map_err(PyErr::from)?.get().0.clone())
        }
        "client_auth" if given => builder.client_auth(client_auth(value.extract()?)?),
        "service" if given => builder.service(value.extract::<String>()?),
        "on_decision" if given => builder.on_decision(tell(value.extract()?)),
        "key_log" if given => builder.key_log(key_log(value.extract()?)),
        "clients" | "authorities" | "client_auth" | "service" | "on_decision" | "key_log" => builder,
        "alpn" => builder.alpn(&value.extract::<Alpn>()?.names()),
        "minimum_version" => builder.min_version(value.extract::<Version>()?.0),
        "maximum_version" => builder.max_version(value.extract::<Version>()?.0),
        "on_removal" => builder.on_removal(on_removal(value.extract()?)?),
        "plain_http" => builder.plain_http(plain_http(value.extract()?)?),
        "handshake_timeout" => builder.handshake_timeout(value.extract::<Seconds>()?.0),
        "handshake_bytes" => builder.handshake_bytes(value.extract()?),
        "max_chain" => builder.max_chain(value.extract()?),
        "max_fragment_size" => builder.max_fragment_size(value.extract()?),
        "policies" => set_policies(builder, value)?,
        "max_tiny_records" => builder.max_tiny_records(value.extract()?),
        _ => return Err(unknown("Acceptor", name).into()),
    })
}

pub fn unknown(of: &str, name: &str) -> PyErr {
    PyTypeError::new_err(format!("{of} has no setting {name:?}; {of}Settings lists them"))
}

pub fn key_log(callback: Callback) -> Arc<dyn Fn(&str) + Send + Sync> {
    Arc::new(move |line| callback.call(|py| Ok(PyString::new(py, line).unbind())))
}

fn tell(callback: Callback) -> Arc<dyn Fn(&trustdir_core::Decision) + Send + Sync> {
    Arc::new(move |decision| callback.call(|py| Py::new(py, Decision(decision.clone()))))
}

fn on_removal(word: &str) -> PyResult<OnRemoval> {
    match word {
        "close" => Ok(OnRemoval::Close),
        "finish" => Ok(OnRemoval::Finish),
        _ => Err(PyValueError::new_err(format!("on_removal is \"close\" or \"finish\", not {word:?}"))),
    }
}

fn plain_http(word: &str) -> Result<PlainHttp> {
    match word {
        "alert" => Ok(PlainHttp::alert()),
        "bad-request" => Ok(PlainHttp::bad_request()),
        address => Ok(PlainHttp::redirect(address)?),
    }
}
