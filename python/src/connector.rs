//! `trustdir.Connector`.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use trustdir_core::tls::{self, ConnectorBuilder};

use crate::acceptor::{key_log, unknown};
use crate::argument::{Alpn, HostName, Seconds, Version};
use crate::authority_dir::AuthorityDir;
use crate::certificate::{Certificate, Certificates};
use crate::connection::Connection;
use crate::counters::Counters;
use crate::error::Result;
use crate::identity::Identity;
use crate::open::OpenConnection;
use crate::trust_dir::TrustDir;

/// Makes a client's connections; does no input or output. `ClientContext` is for sockets and event loops.
///
/// It trusts whom it is told to and nobody else: the system's authorities do not count. Several threads may use one object.
///
/// Args:
///     settings: Whom it trusts, and how it speaks: `ConnectorSettings`.
///
/// Raises:
///     InvalidArgumentError: There is nobody to trust, or the settings contradict each other.
///
/// Example:
///     >>> import trustdir
///     >>> ca = trustdir.Authority.create("pki")
///     >>> nas = ca.issue_server("nas.home.arpa")
///     >>> server = trustdir.Acceptor(nas).accept()
///     >>> client = trustdir.Connector(pins=nas.certificate).connect("nas.home.arpa")
///     >>> while client.write(b"hello") == 0:  # the handshake goes on
///     ...     server.read_tls(client.write_tls())
///     ...     client.read_tls(server.write_tls())
///     >>> server.read_tls(client.write_tls())
///     >>> server.read(1024)
///     b'hello'
#[pyclass(frozen, module = "trustdir")]
pub struct Connector(tls::Connector);

#[pymethods]
impl Connector {
    #[new]
    #[pyo3(signature = (**settings))]
    fn new(py: Python<'_>, settings: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        let builder =
            settings.into_iter().flatten().try_fold(tls::Connector::builder(), |builder, (name, value)| {
                set(builder, name.cast::<PyString>().map_err(PyErr::from)?.to_str()?, &value)
            })?;
        Ok(Self(py.detach(|| builder.build())?))
    }

    /// A connection for a socket that is connected to this host. The time for its handshake runs from now.
    ///
    /// Args:
    ///     host: A DNS name, or an address.
    ///
    /// Raises:
    ///     InvalidArgumentError: That is no host.
    fn connect(&self, host: HostName) -> Result<Connection> {
        Ok(self.0.connect(&host)?.into())
    }

    /// The open connections that stand on an entry of a directory, oldest first.
    fn connections(&self, py: Python<'_>) -> Vec<OpenConnection> {
        py.detach(|| self.0.connections()).into_iter().map(OpenConnection).collect()
    }

    /// What its connections have done so far; a server counts as a client does in an acceptor's counters.
    fn counters(&self) -> Counters {
        Counters(self.0.counters())
    }

    fn __repr__(&self) -> &'static str {
        "<trustdir.Connector>"
    }
}

fn set(builder: ConnectorBuilder, name: &str, value: &Bound<'_, PyAny>) -> Result<ConnectorBuilder> {
    let given = !value.is_none();
    Ok(match name {
        "authorities" => match value.cast::<AuthorityDir>() {
            Ok(directory) => builder.authorities(directory.get().0.clone()),
            Err(_) => certificates(value, "AuthorityDir")?.into_iter().fold(builder, ConnectorBuilder::authority),
        },
        "pins" => match value.cast::<TrustDir>() {
            Ok(directory) => builder.trust_dir(directory.get().0.clone()),
            Err(_) => certificates(value, "TrustDir")?.into_iter().fold(builder, ConnectorBuilder::pin),
        },
        "identity" if given => builder.identity(value.cast::<Identity>().map_err(PyErr::from)?.get().0.clone()),
        "key_log" if given => builder.key_log(key_log(value.extract()?)),
        "identity" | "key_log" => builder,
        "alpn" => builder.alpn(&value.extract::<Alpn>()?.names()),
        "minimum_version" => builder.min_version(value.extract::<Version>()?.0),
        "maximum_version" => builder.max_version(value.extract::<Version>()?.0),
        "handshake_timeout" => builder.handshake_timeout(value.extract::<Seconds>()?.0),
        "handshake_bytes" => builder.handshake_bytes(value.extract()?),
        "max_chain" => builder.max_chain(value.extract()?),
        "max_fragment_size" => builder.max_fragment_size(value.extract()?),
        _ => return Err(unknown("Connector", name).into()),
    })
}

/// A certificate, or a sequence of them.
fn certificates(value: &Bound<'_, PyAny>, directory: &str) -> PyResult<Vec<trustdir_core::Certificate>> {
    if let Ok(certificate) = value.cast::<Certificate>() {
        return Ok(vec![certificate.get().0.clone()]);
    }
    let message = || format!("expected a Certificate, a sequence of them, or an object of class {directory}");
    Ok(value.extract::<Certificates>().map_err(|_| PyTypeError::new_err(message()))?.0)
}
