//! Acceptors, which make the server side of TLS connections.

use std::ffi::c_char;

use trustdir_core::tls;

use crate::acceptor_builder::AcceptorBuilder;
use crate::connection::Connection;
use crate::decision::Decision;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::policy::Policy;
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text;

/// Makes the server side of TLS connections. Yours: free it with trustdir_acceptor_free; its connections live on. It
/// may be used from several threads at once.
pub struct Acceptor {
    acceptor: tls::Acceptor,
}

const _: () = handle::several_threads::<Acceptor>();

impl Acceptor {
    pub(crate) fn core(&self) -> &tls::Acceptor {
        &self.acceptor
    }
}

impl From<tls::Acceptor> for Acceptor {
    fn from(acceptor: tls::Acceptor) -> Self {
        Self { acceptor }
    }
}

/// Another handle to the same acceptor, which lives on its own. Cheap.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_clone(
    acceptor: Option<&Acceptor>,
    out: *mut *mut Acceptor,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let acceptor = handle::required(acceptor, "acceptor")?;
        *out = handle::give(acceptor.acceptor.clone().into());
        Ok(())
    })
}

/// Makes the TLS side of one connection that the service has accepted. It does no input or output of its own.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_accept(
    acceptor: Option<&Acceptor>,
    out: *mut *mut Connection,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let acceptor = handle::required(acceptor, "acceptor")?;
        *out = handle::give(acceptor.acceptor.accept()?.into());
        Ok(())
    })
}

/// Takes the settings of a builder for all handshakes that begin from now on: renewed identities, other policies,
/// limits, versions and so on. Connections and handshakes that have begun keep what they have, and sessions are resumed
/// by whom the new settings admit. When this fails nothing changes. All settings are the builder's: one without a
/// directory asks no client for a certificate.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_reload(
    acceptor: Option<&Acceptor>,
    builder: Option<&AcceptorBuilder>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let acceptor = handle::required(acceptor, "acceptor")?;
        let builder = handle::required(builder, "builder")?;
        acceptor.acceptor.reload(builder.core())?;
        Ok(())
    })
}

/// Whom the acceptor admits at this moment to the host of this name (SNI), as a policy that is yours: free it with
/// trustdir_policy_free.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_policy_for(
    acceptor: Option<&Acceptor>,
    host: *const c_char,
    out: *mut *mut Policy,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let acceptor = handle::required(acceptor, "acceptor")?;
        let host = text::required(host, "host")?;
        *out = handle::give(acceptor.acceptor.policy_for(host).into());
        Ok(())
    })
}

/// Decides about the certificates that a client sent, as a handshake would: `count` of them in DER, its own first, at a
/// time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision. For a host with a
/// policy of its own use trustdir_acceptor_policy_for and trustdir_policy_decide.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_decide(
    acceptor: Option<&Acceptor>,
    chain: *const Slice,
    count: usize,
    unix_time: i64,
    out: *mut *mut Decision,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let acceptor = handle::required(acceptor, "acceptor")?;
        let chain = slice::list(chain, count, "chain")?;
        *out = handle::give(acceptor.acceptor.policy().decide(&chain, unix_time).into());
        Ok(())
    })
}

/// Frees the handle; connections made by it live on. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_free(acceptor: Option<Box<Acceptor>>) {
    guard_or((), || acceptor.map(drop));
}
