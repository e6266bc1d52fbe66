//! Directories of authorities.

use std::ffi::c_char;

use trustdir_core::AuthorityDir;

use crate::authority_directory_options::{self, AuthorityDirectoryOptions};
use crate::buffer::Buffer;
use crate::decision::Decision;
use crate::directory::Directory;
use crate::entries::Entries;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::slice::{self, Slice};
use crate::status::Status;
use crate::text;

/// A directory of trust anchors: whoever has a certificate from one of these authorities is admitted, unless a
/// revocation list in the directory revokes it. That is much wider than a trustdir_directory, whose entries admit only
/// themselves. An authority that is unfit (expired, not made to sign certificates, with an unknown critical extension
/// or a weak key) vouches for nobody, and a broken list refuses the clients of its authority. Yours: free it with
/// trustdir_authority_directory_free; what was built with it keeps it alive. It may be used from several threads at
/// once. A thread of the library watches the directory until the last handle to it is gone.
pub struct AuthorityDirectory {
    authorities: AuthorityDir,
    directory: Directory,
}

const _: () = handle::several_threads::<AuthorityDirectory>();

impl AuthorityDirectory {
    pub(crate) fn core(&self) -> &AuthorityDir {
        &self.authorities
    }
}

impl From<AuthorityDir> for AuthorityDirectory {
    fn from(authorities: AuthorityDir) -> Self {
        Self { directory: authorities.directory().clone().into(), authorities }
    }
}

/// Opens a directory of authorities, which must exist unless `options` say otherwise; an empty one vouches for nobody.
/// `options` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_open(
    path: *const c_char,
    options: Option<&AuthorityDirectoryOptions>,
    out: *mut *mut AuthorityDirectory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let path = text::path(path, "path")?;
        *out = handle::give(AuthorityDir::open_with(path, authority_directory_options::core(options))?.into());
        Ok(())
    })
}

/// Another handle to the same open directory, which lives on its own. Cheap.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_clone(
    directory: Option<&AuthorityDirectory>,
    out: *mut *mut AuthorityDirectory,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?;
        *out = handle::give(directory.authorities.clone().into());
        Ok(())
    })
}

/// The directory as one of certificates: to install, remove, list and find authorities. Its decisions are about the
/// authorities' own certificates. Borrowed from the directory of authorities; clone it to keep it. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_directory(directory: Option<&AuthorityDirectory>) -> Option<&Directory> {
    guard_or(None, || Some(Some(&directory?.directory)))
}

/// Lists the authorities, and as problems every file that is neither an authority that vouches nor a list that counts,
/// as they are now. Lists that are out of date are among the problems.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_list(
    directory: Option<&AuthorityDirectory>,
    out: *mut *mut Entries,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let authorities = handle::required(directory, "directory")?.core();
        *out = handle::give(Entries::new(&authorities.directory().list()?, &authorities.problems()?));
        Ok(())
    })
}

/// Decides about the certificates that a client sent, `count` of them in DER, its own first, at a time in seconds since
/// 1970-01-01 UTC. A refusal is TRUSTDIR_STATUS_OK as well: ask the decision. What cannot be read is refused.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_decide(
    directory: Option<&AuthorityDirectory>,
    chain: *const Slice,
    count: usize,
    unix_time: i64,
    out: *mut *mut Decision,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let directory = handle::required(directory, "directory")?;
        let chain = slice::list(chain, count, "chain")?;
        *out = handle::give(directory.authorities.decide(&chain, unix_time).into());
        Ok(())
    })
}

/// Writes a revocation list, given in PEM or DER, under the name by which OpenSSL finds it: in place of this
/// authority's older one there, or beside those of other authorities with the same hash. Its path goes to `path`, which
/// may be NULL when you do not need it; it is yours, free it with trustdir_buffer_free. A list that would lock clients
/// out is refused: TRUSTDIR_STATUS_EXPIRED when it is out of date, TRUSTDIR_STATUS_ALREADY_EXISTS when a newer one is
/// here, TRUSTDIR_STATUS_BAD_SIGNATURE when the authority of its name is here and has not signed it.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_install_crl(
    directory: Option<&AuthorityDirectory>,
    list: *const u8,
    len: usize,
    path: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let path = handle::optional_slot(path);
        let directory = handle::required(directory, "directory")?;
        let installed = directory.authorities.install_crl(slice::bytes(list, len, "list")?)?;
        if let Some(path) = path {
            *path = handle::give(Buffer::path(&installed));
        }
        Ok(())
    })
}

/// Brings everything in line with the directory now and closes connections that are no longer vouched for. Needed only
/// by hosts that have switched the watching thread off.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_refresh(
    directory: Option<&AuthorityDirectory>,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        handle::required(directory, "directory")?.authorities.refresh()?;
        Ok(())
    })
}

/// Frees the handle; the directory itself stays. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_authority_directory_free(directory: Option<Box<AuthorityDirectory>>) {
    guard_or((), || directory.map(drop));
}
