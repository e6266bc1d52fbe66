//! Which end of a connection is ours, and what differs by it.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::server::ClientHello;
use rustls::{AlertDescription, ServerConfig};

use super::acceptor::Acceptor;
use super::account::OnDecision;
use super::alert;
use super::connector::Connector;
use super::counters::Tally;
use super::open::{OnRemoval, OpenConnections};
use super::plain_http::Greeting;
use super::scope::Scope;
use super::setup::{HandshakeLimits, Setup, Site};
use crate::admission::{Decision, Peer};
use crate::clock::now;

/// The end that is ours.
pub(super) enum Side {
    Server(Serving),
    Client(Calling),
}

/// A server of one client.
pub(super) struct Serving {
    acceptor: Acceptor,
    /// As it was when the ClientHello arrived; before that, when the connection was made.
    setup: Arc<Setup>,
    /// Counted from when the connection was made, and therefore those of that moment.
    limits: HandshakeLimits,
    /// What serves the name that the client asks for.
    site: Option<Arc<Site>>,
}

/// A client of one server.
pub(super) struct Calling {
    pub connector: Connector,
    pub name: ServerName<'static>,
}

impl Serving {
    pub(super) fn new(acceptor: Acceptor) -> Self {
        let setup = acceptor.setup();
        Self { limits: setup.limits, setup, acceptor, site: None }
    }

    /// Answers the ClientHello.
    pub(super) fn choose(&mut self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        self.setup = self.acceptor.setup();
        self.site.insert(self.setup.site(hello.server_name()).clone()).config.clone()
    }

    /// Looks at the first bytes of a client.
    pub(super) fn greeting(&self, received: &[u8]) -> Greeting {
        self.setup.plain_http.greet(received)
    }
}

impl Side {
    /// Who is at the other end.
    pub(super) fn peer(&self) -> Peer {
        match self {
            Self::Server(_) => Peer::Client,
            Self::Client(_) => Peer::Server,
        }
    }

    pub(super) fn limits(&self) -> HandshakeLimits {
        match self {
            Self::Server(serving) => serving.limits,
            Self::Client(calling) => calling.connector.limits(),
        }
    }

    pub(super) fn on_removal(&self) -> OnRemoval {
        match self {
            Self::Server(serving) => serving.setup.on_removal,
            Self::Client(_) => OnRemoval::Close,
        }
    }

    /// How many tiny records a second the peer may send.
    pub(super) fn tiny_records(&self) -> Option<u32> {
        match self {
            Self::Server(serving) => serving.setup.tiny_records,
            Self::Client(_) => None,
        }
    }

    /// Who is told of decisions.
    pub(super) fn on_decision(&self) -> Option<&OnDecision> {
        match self {
            Self::Server(serving) => serving.setup.on_decision.as_ref(),
            Self::Client(_) => None,
        }
    }

    /// Where the connection is counted.
    pub(super) fn tally(&self) -> &Arc<Tally> {
        match self {
            Self::Server(serving) => serving.acceptor.tally(),
            Self::Client(calling) => calling.connector.tally(),
        }
    }

    /// The connections of the same acceptor or connector.
    pub(super) fn open(&self) -> &Arc<OpenConnections> {
        match self {
            Self::Server(serving) => serving.acceptor.open(),
            Self::Client(calling) => calling.connector.open(),
        }
    }

    /// Decides about the certificates that the peer sent; a server has to have the ClientHello.
    pub(super) fn decide(&self, chain: &[&[u8]]) -> Option<Decision> {
        match self {
            Self::Server(serving) => Some(serving.site.as_ref()?.policy.decide_and_hold(chain, now())),
            Self::Client(calling) => Some(calling.connector.servers().decide_and_hold(&calling.name, chain, now())),
        }
    }

    /// What rustls's callbacks have to know after the admission: a client may get its tickets at any time.
    pub(super) fn scope(&self, admission: &Decision) -> Scope {
        let decision = matches!(self, Self::Client(_)).then(|| Box::new(admission.clone()));
        Scope { decision, session: None }
    }

    /// What an alert means that the peer has sent.
    pub(super) fn alert(&self, alert: AlertDescription) -> String {
        let ended = format!("the {} ended the connection with the alert {}", self.peer(), alert::name(alert));
        let Self::Client(calling) = self else { return ended };
        let required = alert == AlertDescription::CertificateRequired;
        if !required && !alert::is_about_certificate(alert) {
            return ended;
        }
        let why = match (calling.connector.has_identity(), required) {
            (false, _) => "it admits nobody without a certificate; give the connector an identity",
            (true, true) => "it takes no signature by this identity's key; give the connector another identity",
            (true, false) => "it does not admit this client's certificate; have it installed there",
        };
        format!("{ended}: {why}")
    }

    /// What it means that the peer speaks something else.
    pub(super) fn not_tls(&self) -> &'static str {
        match self {
            Self::Server(_) => "the client does not speak TLS; it may have opened http:// on an https port",
            Self::Client(_) => "the server does not speak TLS; check the port",
        }
    }
}
