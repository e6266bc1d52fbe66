//! Whose certificate is judged.

use std::fmt;

use crate::certificate::Usage;

/// The end of a connection that shows the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    Client,
    Server,
}

impl Peer {
    /// The extended key usage that names it.
    pub(crate) fn purpose(self) -> &'static str {
        match self {
            Self::Client => "clientAuth",
            Self::Server => "serverAuth",
        }
    }

    /// Whether an extended key usage names it or anything; `None` when there is none.
    pub(crate) fn is_meant(self, usage: Usage) -> Option<bool> {
        match self {
            Self::Client => usage.client,
            Self::Server => usage.server,
        }
    }

    /// What is to be done when its certificate has expired.
    pub(crate) fn renew(self) -> &'static str {
        match self {
            Self::Client => "install a renewed certificate",
            Self::Server => "the server needs a renewed certificate",
        }
    }

    /// How one is trusted for whom no authority can vouch.
    pub(crate) fn pin_it(self) -> &'static str {
        match self {
            Self::Client => "install it among the clients",
            Self::Server => "pin it",
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}
