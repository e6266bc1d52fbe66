//! The settings of acceptors.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use trustdir_core::tls;

use crate::Result;
use crate::acceptor::Acceptor;
use crate::authority_directory::AuthorityDirectory;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::hook::{KeyLog, OnDecision};
use crate::identity::Identity;
use crate::policy::{self, Policy};
use crate::status::Status;
use crate::text;
use crate::tls_version::tls_version;

/// What becomes of open connections when the entry that admitted them goes. New handshakes are refused either way.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum OnRemoval {
    /// They are closed: not one more byte is read or written.
    Close = 0,
    /// They go on until either side ends them, and trustdir_connection_is_revoked says so.
    Finish = 1,
}

/// How clients are answered that open http:// on an https port. They are refused in each case.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum PlainHttp {
    /// By a TLS alert, as whatever else is not TLS.
    Alert = 0,
    /// By a plain "400 Bad Request" that says why.
    BadRequest = 1,
    /// By a redirection (308) to the same path under another address.
    Redirect = 2,
}

const ON_REMOVAL: [(OnRemoval, tls::OnRemoval); 2] =
    [(OnRemoval::Close, tls::OnRemoval::Close), (OnRemoval::Finish, tls::OnRemoval::Finish)];

/// Collects the settings of an acceptor. Yours: free it with trustdir_acceptor_builder_free. One thread at a time. A
/// setter that fails changes nothing, so check its status.
pub struct AcceptorBuilder {
    builder: tls::AcceptorBuilder,
}

const _: () = handle::one_thread_at_a_time::<AcceptorBuilder>();

impl AcceptorBuilder {
    pub(crate) fn core(&self) -> &tls::AcceptorBuilder {
        &self.builder
    }

    /// The core's setters take the builder by value; a copy keeps this one whole whatever happens.
    fn set(&mut self, setting: impl FnOnce(tls::AcceptorBuilder) -> tls::AcceptorBuilder) {
        self.builder = setting(self.builder.clone());
    }
}

impl From<tls::AcceptorBuilder> for AcceptorBuilder {
    fn from(builder: tls::AcceptorBuilder) -> Self {
        Self { builder }
    }
}

fn on_removal(number: i32) -> Result<tls::OnRemoval> {
    let known = ON_REMOVAL.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, on_removal)| on_removal).ok_or_else(|| Error::unknown("on_removal", number))
}

fn plain_http(number: i32, redirect_to: Option<&str>) -> Result<tls::PlainHttp> {
    match (number, redirect_to) {
        (number, Some(to)) if number == PlainHttp::Redirect as i32 => Ok(tls::PlainHttp::redirect(to)?),
        (number, None) if number == PlainHttp::Redirect as i32 => Err(Error::null("redirect_to")),
        (number, None) if number == PlainHttp::Alert as i32 => Ok(tls::PlainHttp::alert()),
        (number, None) if number == PlainHttp::BadRequest as i32 => Ok(tls::PlainHttp::bad_request()),
        (number, None) => Err(Error::unknown("answer", number)),
        (_, Some(_)) => Err(Error::invalid("redirect_to is for TRUSTDIR_PLAIN_HTTP_REDIRECT; pass NULL")),
    }
}

/// Starts with the server's identity, which is copied into the builder.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_new(
    identity: Option<&Identity>,
    out: *mut *mut AcceptorBuilder,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let identity = handle::required(identity, "identity")?;
        *out = handle::give(tls::Acceptor::builder(identity.core().clone()).into());
        Ok(())
    })
}

/// One more identity, which is copied. A client is shown the one whose certificate carries the name that it asks for
/// (SNI) exactly, else one that carries it as a wildcard, else the first; among several, one whose signatures it can
/// verify.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_add_identity(
    builder: Option<&mut AcceptorBuilder>,
    identity: Option<&Identity>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let identity = handle::required(identity, "identity")?;
        builder.set(|settings| settings.identity(identity.core().clone()));
        Ok(())
    })
}

/// These identities, `count` of them and at least one, instead of those so far, the first one for clients that ask for
/// no other's name: for a builder that is kept, when they have been renewed. They are copied.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_identities(
    builder: Option<&mut AcceptorBuilder>,
    identities: *const Option<&Identity>,
    count: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let identities = handle::list(identities, count, "identities")?;
        builder.set(|settings| settings.identities(identities.into_iter().map(|identity| identity.core().clone())));
        Ok(())
    })
}

/// Whom the host of this name admits, instead of whom the other settings do; "*.example.org" stands for all names with
/// one label more. Check the request's host against trustdir_connection_server_name: the policy is that of the name
/// that the handshake was made with. The policy is copied.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_policy_for(
    builder: Option<&mut AcceptorBuilder>,
    host: *const c_char,
    policy: Option<&Policy>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let host = text::required(host, "host")?;
        let policy = handle::required(policy, "policy")?;
        builder.set(|settings| settings.policy_for(host, policy.core().clone()));
        Ok(())
    })
}

/// Whether clients show a certificate. `client_auth` is a trustdir_client_auth. The default is
/// TRUSTDIR_CLIENT_AUTH_REQUIRED with a directory (of clients or of authorities), and TRUSTDIR_CLIENT_AUTH_OFF without;
/// what contradicts the directory fails in trustdir_acceptor_builder_build.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_client_auth(
    builder: Option<&mut AcceptorBuilder>,
    client_auth: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let client_auth = policy::client_auth(client_auth)?;
        builder.set(|settings| settings.client_auth(client_auth));
        Ok(())
    })
}

/// The directory that decides about clients. The builder, its acceptors and their connections keep it alive, so the
/// handle may be freed.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_directory(
    builder: Option<&mut AcceptorBuilder>,
    directory: Option<&Directory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let directory = handle::required(directory, "directory")?;
        builder.set(|settings| settings.trust_dir(directory.core().clone()));
        Ok(())
    })
}

/// The directory of authorities whose clients are admitted, besides those of the directory of clients, which is asked
/// first and has the last word on its entries. Kept alive as that is.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_authorities(
    builder: Option<&mut AcceptorBuilder>,
    authorities: Option<&AuthorityDirectory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let authorities = handle::required(authorities, "authorities")?;
        builder.set(|settings| settings.authorities(authorities.core().clone()));
        Ok(())
    })
}

/// What becomes of open connections when the entry that admitted them goes: a trustdir_on_removal. The default is
/// TRUSTDIR_ON_REMOVAL_CLOSE.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_on_removal(
    builder: Option<&mut AcceptorBuilder>,
    on_removal: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let on_removal = self::on_removal(on_removal)?;
        builder.set(|settings| settings.on_removal(on_removal));
        Ok(())
    })
}

/// Has each decision told by `tell(decision, userdata)`, once: about each handshake that comes to one, and again when
/// the client of an open connection is admitted no more. Handshakes that fail undecided are not told. It is called by
/// the thread that works on the connection, by several at once if there are several, with no lock held and after the
/// counters have it; it may use the acceptor, should be quick, and must not throw, jump out or use the connection. The
/// decision is gone when it returns. `userdata` and `userdata_free` are as in trustdir_acceptor_builder_set_key_log.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_on_decision(
    builder: Option<&mut AcceptorBuilder>,
    tell: Option<extern "C" fn(decision: &Decision, userdata: *mut c_void)>,
    userdata: *mut c_void,
    userdata_free: Option<extern "C" fn(userdata: *mut c_void)>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let tell = OnDecision::new(tell, userdata, userdata_free)?;
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.on_decision(Arc::new(move |decision| tell.tell(decision))));
        Ok(())
    })
}

/// The service's name: an entry that is limited to services (see trustdir_directory_limit) is admitted by those alone,
/// and by none without a name.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_service(
    builder: Option<&mut AcceptorBuilder>,
    service: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let service = text::required(service, "service")?;
        builder.set(|settings| settings.service(service));
        Ok(())
    })
}

/// The lowest and the highest version of TLS to accept, each a trustdir_tls_version. The default is both.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_versions(
    builder: Option<&mut AcceptorBuilder>,
    min: i32,
    max: i32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let (min, max) = (tls_version(min, "min")?, tls_version(max, "max")?);
        builder.set(|settings| settings.min_version(min).max_version(max));
        Ok(())
    })
}

/// The application protocols to offer (ALPN), such as "http/1.1", the preferred one first; `count` of them.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_alpn(
    builder: Option<&mut AcceptorBuilder>,
    protocols: *const *const c_char,
    count: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let protocols = text::list(protocols, count, "protocols")?;
        builder.set(|settings| settings.alpn(&protocols));
        Ok(())
    })
}

/// How clients are answered that open http:// on this https port: a trustdir_plain_http. `redirect_to` is the address
/// that TRUSTDIR_PLAIN_HTTP_REDIRECT needs, such as "https://rpc.example.org:7076", and NULL with the others. The default
/// is TRUSTDIR_PLAIN_HTTP_ALERT.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_plain_http(
    builder: Option<&mut AcceptorBuilder>,
    answer: i32,
    redirect_to: *const c_char,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        let answer = plain_http(answer, text::optional(redirect_to, "redirect_to")?)?;
        builder.set(|settings| settings.plain_http(answer));
        Ok(())
    })
}

/// How long a handshake may take, in milliseconds; 30,000 by default. See trustdir_connection_deadline.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_handshake_timeout(
    builder: Option<&mut AcceptorBuilder>,
    milliseconds: u64,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.handshake_timeout(Duration::from_millis(milliseconds)));
        Ok(())
    })
}

/// How many bytes of ciphertext a client may send before it is decided about; 64 KiB by default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_handshake_bytes(
    builder: Option<&mut AcceptorBuilder>,
    bytes: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.handshake_bytes(bytes));
        Ok(())
    })
}

/// How many certificates a client may send; 10 by default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_max_chain(
    builder: Option<&mut AcceptorBuilder>,
    certificates: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.max_chain(certificates));
        Ok(())
    })
}

/// How many tiny records (under 64 bytes of payload; key updates are such) a client may send a second, twice as many at
/// once, and one more for each answer; 10,000 by default, at least 10, and 0 for any number.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_max_tiny_records(
    builder: Option<&mut AcceptorBuilder>,
    per_second: u32,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.max_tiny_records((per_second > 0).then_some(per_second)));
        Ok(())
    })
}

/// The largest TLS record to send in bytes, from 32 to 16,389, with its header of five and without what its encryption
/// adds (24 at most); as large as TLS allows by default.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_max_fragment_size(
    builder: Option<&mut AcceptorBuilder>,
    bytes: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.max_fragment_size(bytes));
        Ok(())
    })
}

/// Has each session's secrets told by `log(line, userdata)`, a line in the format of SSLKEYLOGFILE without its end:
/// whoever has them reads and alters all that is sent. For debugging only; nothing but this call switches it on. It is
/// called from each thread that works on a connection, at once if there are several, and must not throw, jump out or
/// use a connection. The line is gone when it returns. `userdata` may be NULL. `userdata_free(userdata)`, unless NULL, is
/// called exactly once: when the builder, what it built or reloaded and the connections of that are all freed or have
/// taken another one, or when this call fails.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_set_key_log(
    builder: Option<&mut AcceptorBuilder>,
    log: Option<extern "C" fn(line: *const c_char, userdata: *mut c_void)>,
    userdata: *mut c_void,
    userdata_free: Option<extern "C" fn(userdata: *mut c_void)>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let log = KeyLog::new(log, userdata, userdata_free)?;
        let builder = handle::required(builder, "builder")?;
        builder.set(|settings| settings.key_log(Arc::new(move |line: &str| log.tell(line))));
        Ok(())
    })
}

/// Checks the settings and makes an acceptor. The builder stays yours and may build again. Any failure means that the
/// service must not listen.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_build(
    builder: Option<&AcceptorBuilder>,
    out: *mut *mut Acceptor,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let builder = handle::required(builder, "builder")?;
        *out = handle::give(builder.builder.build()?.into());
        Ok(())
    })
}

/// Frees the builder, not what it built. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_acceptor_builder_free(builder: Option<Box<AcceptorBuilder>>) {
    guard_or((), || builder.map(drop));
}
