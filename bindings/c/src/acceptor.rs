//! Acceptors, which make the server side of TLS connections, and their builder.

use std::ffi::c_char;

use trustdir_core::tls;

use crate::Result;
use crate::authority_directory::AuthorityDirectory;
use crate::connection::Connection;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::identity::Identity;
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

/// A version of the TLS protocol.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12 = 12,
    /// TLS 1.3.
    Tls13 = 13,
}

/// What becomes of open connections when the entry that admitted them goes. New handshakes are refused either way.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum OnRemoval {
    /// They are closed: not one more byte is read or written.
    Close = 0,
    /// They go on until either side ends them, and trustdir_connection_is_revoked says so.
    Finish = 1,
}

const CLIENT_AUTH: [(ClientAuth, trustdir_core::ClientAuth); 3] = [
    (ClientAuth::Off, trustdir_core::ClientAuth::Off),
    (ClientAuth::Optional, trustdir_core::ClientAuth::Optional),
    (ClientAuth::Required, trustdir_core::ClientAuth::Required),
];

const TLS_VERSIONS: [(TlsVersion, tls::TlsVersion); 2] =
    [(TlsVersion::Tls12, tls::TlsVersion::Tls12), (TlsVersion::Tls13, tls::TlsVersion::Tls13)];

const ON_REMOVAL: [(OnRemoval, tls::OnRemoval); 2] =
    [(OnRemoval::Close, tls::OnRemoval::Close), (OnRemoval::Finish, tls::OnRemoval::Finish)];

/// Collects the settings of an acceptor. Yours: free it with trustdir_acceptor_builder_free. One thread at a time. A
/// setter that fails changes nothing, so check its status.
pub struct AcceptorBuilder {
    builder: tls::AcceptorBuilder,
}

const _: () = handle::one_thread_at_a_time::<AcceptorBuilder>();

impl AcceptorBuilder {
    /// The core's setters take the builder by value; a copy keeps this one whole whatever happens.
    fn set(&mut self, setting: impl FnOnce(tls::AcceptorBuilder) -> tls::AcceptorBuilder) {
        self.builder = setting(self.builder.clone());
    }
}

/// Makes the server side of TLS connections. Yours: free it with trustdir_acceptor_free; its connections live on. It
/// never changes and may be used from several threads at once.
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

fn client_auth(number: i32) -> Result<trustdir_core::ClientAuth> {
    let known = CLIENT_AUTH.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, client_auth)| client_auth).ok_or_else(|| Error::unknown("client_auth", number))
}

fn tls_version(number: i32, name: &str) -> Result<tls::TlsVersion> {
    let known = TLS_VERSIONS.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, version)| version).ok_or_else(|| Error::unknown(name, number))
}

fn on_removal(number: i32) -> Result<tls::OnRemoval> {
    let known = ON_REMOVAL.into_iter().find(|(known, _)| *known as i32 == number);
    known.map(|(_, on_removal)| on_removal).ok_or_else(|| Error::unknown("on_removal", number))
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
        *out = handle::give(AcceptorBuilder { builder: tls::Acceptor::builder(identity.core().clone()) });
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
        let client_auth = self::client_auth(client_auth)?;
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

/// Decides about the certificates that a client sent, as a handshake would: `count` of them in DER, its own first, at a
/// time in seconds since 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision.
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
