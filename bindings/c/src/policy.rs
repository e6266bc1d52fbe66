//! Policies: whom a service admits.

use std::ffi::{CString, c_char};
use std::ptr;

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
    service: Option<CString>,
}

const _: () = handle::one_thread_at_a_time::<Policy>();

impl Policy {
    pub(crate) fn core(&self) -> &trustdir_core::Policy {
        &self.policy
    }

    /// The core's setters take the policy by value; a copy keeps this one whole whatever happens.
    fn set(&mut self, setting: impl FnOnce(trustdir_core::Policy) -> trustdir_core::Policy) {
        *self = setting(self.policy.clone()).into();
    }
}

impl From<trustdir_core::Policy> for Policy {
    fn from(policy: trustdir_core::Policy) -> Self {
        Self { service: policy.service().map(text::owned), policy }
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

/// Whether clients show a certificate: a trustdir_client_auth. TRUSTDIR_CLIENT_AUTH_OFF for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_client_auth(policy: Option<&Policy>) -> ClientAuth {
    guard_or(ClientAuth::Off, || {
        let client_auth = policy?.policy.client_auth();
        CLIENT_AUTH.into_iter().find(|(_, known)| *known == client_auth).map(|(client_auth, _)| client_auth)
    })
}

/// The directory that decides about clients, as a handle of your own: free it with trustdir_directory_free. `*out` is
/// NULL, and the status TRUSTDIR_STATUS_OK, when there is none.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_directory(
    policy: Option<&Policy>,
    out: *mut *mut Directory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        if let Some(clients) = handle::required(policy, "policy")?.policy.clients() {
            *out = handle::give(clients.clone().into());
        }
        Ok(())
    })
}

/// The directory of authorities whose clients are admitted, as trustdir_policy_directory: free it with
/// trustdir_authority_directory_free.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_authorities(
    policy: Option<&Policy>,
    out: *mut *mut AuthorityDirectory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        if let Some(authorities) = handle::required(policy, "policy")?.policy.authorities() {
            *out = handle::give(authorities.clone().into());
        }
        Ok(())
    })
}

/// The service's name. Borrowed from the policy, until it is changed. NULL when it has none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_policy_service(policy: Option<&Policy>) -> *const c_char {
    guard_or(ptr::null(), || Some(text::optional_ptr(policy?.service.as_ref())))
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
