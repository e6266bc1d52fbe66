//! What a file's mode lets others do.

use std::path::Path;

use crate::Result;

/// Every right of users who are neither its owner nor in its group.
pub(super) const OTHERS: u32 = 0o007;

/// Whether the file's mode has one of these bits.
#[cfg(unix)]
pub(super) fn permits(path: &Path, bits: u32) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & bits != 0)
}

/// Takes these bits out of the file's mode.
#[cfg(unix)]
pub(super) fn forbid(path: &Path, bits: u32) -> Result<()> {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let changed = fs::metadata(path)
        .and_then(|metadata| fs::set_permissions(path, Permissions::from_mode(metadata.permissions().mode() & !bits)));
    changed.map_err(|error| crate::Error::io("change the mode of", path, error))
}

#[cfg(not(unix))]
pub(super) fn permits(_: &Path, _: u32) -> bool {
    false
}

#[cfg(not(unix))]
pub(super) fn forbid(_: &Path, _: u32) -> Result<()> {
    Ok(())
}
