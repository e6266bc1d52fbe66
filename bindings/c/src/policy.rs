//! Policies: whom a service admits.

use std::ffi::c_char;

use crate::Result;
use crate::authority_directory::AuthorityDirectory;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text;

/// Whether clients show a certificate.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum ClientAuth {
    /// They are not asked for one.
    Off = 0,
    /// They may come without one; one that is sent must be admitted by the directory.
    Optional = 1,
    /// Only clients whose certificate the directory admits.
    Required = 2,
}

const CLIENT_AUTH: [(ClientAuth, trustdir_core::ClientAuth); 3] = [
    (ClientAuth::Off, trustdir_core::ClientAuth::Off),
    (ClientAuth::Optional, trustdir_core::ClientAuth::Optional),
    (ClientAuth::Required, trustdir_core::ClientAuth::Required),
];

/// Whom a service admits: for the hosts of an acceptor that have a policy of their own, and for services whose TLS is
/// another library's. Yours: free it with trustdir_policy_free. One thread at a time. A setter that fails changes
/// nothing, so check its status.
pub struct Policy {
    policy: trustdir_core::Policy,
}

const _: () = handle::one_thread_at_a_time::<Policy>();

impl Policy {
    pub(crate) fn core(&self) -> &trustdir_core::Policy {
        &self.policy
    }

    /// The core's setters take the policy by value; a copy keeps this one whole whatever happens.
    fn set(&mut self, setting: impl FnOnce(trustdir_core::Policy) -> trustdir_core::Policy) {
        self.policy = setting(self.policy.clone());
    }
}

impl From<trustdir_core::Policy> for Policy {
    fn from(policy: trustdir_core::Policy) -> Self {
        Self { policy }
    }
}

pub(crate) fn client_auth(number: i32) -> Result<trustdir_core::ClientAuth> {
    let known = CLIENT_AUTH.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, client_auth)| client_auth).ok_or_else(|| Error::unknown("client_auth", number))
}

/// Starts with no directory: whoever shows a certificate is refused. `client_auth` is a trustdir_client_auth.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_new(client_auth: i32, out: *mut *mut Policy, error: *mut *mut Error) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        *out = handle::give(trustdir_core::Policy::new(self::client_auth(client_auth)?).into());
        Ok(())
    })
}

/// The directory that decides about clients. The policy keeps it alive, so the handle may be freed.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_set_directory(
    policy: Option<&mut Policy>,
    directory: Option<&Directory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let policy = handle::required(policy, "policy")?;
        let directory = handle::required(directory, "directory")?;
        policy.set(|settings| settings.with_clients(directory.core().clone()));
        Ok(())
    })
}

/// The directory of authorities whose clients are admitted, besides those of the directory of clients, which is asked
/// first and has the last word on its entries. Kept alive as that is.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_set_authorities(
    policy: Option<&mut Policy>,
    authorities: Option<&AuthorityDirectory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let policy = handle::required(policy, "policy")?;
        let authorities = handle::required(authorities, "authorities")?;
        policy.set(|settings| settings.with_authorities(authorities.core().clone()));
        Ok(())
    })
}

/// The service's name: an entry that is limited to services (see trustdir_directory_limit) is admitted by those alone,
/// and by none without a name.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_set_service(
    policy: Option<&mut Policy>,
    service: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let policy = handle::required(policy, "policy")?;
        let service = text::required(service, "service")?;
        policy.set(|settings| settings.with_service(service));
        Ok(())
    })
}

/// Decides about the certificates that a client sent, as a handshake would: `count` of them in DER, its own first, at a
/// time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_decide(
    policy: Option<&Policy>,
    chain: *const Slice,
    count: usize,
    unix_time: i64,
    out: *mut *mut Decision,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let policy = handle::required(policy, "policy")?;
        let chain = slice::list(chain, count, "chain")?;
        *out = handle::give(policy.policy.decide(&chain, unix_time).into());
        Ok(())
    })
}

/// Frees the policy, not what was made with it. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_free(policy: Option<Box<Policy>>) {
    guard_or((), || policy.map(drop));
}
