//! Where an authority's directory keeps its files: as `openssl ca` has it, and as other tools do.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Paths within the directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub certificate: &'static str,
    pub key: &'static str,
    /// Every certificate that was issued, by its serial.
    pub issued: &'static str,
    pub index: &'static str,
}

/// What `openssl ca` and trustdir make.
pub(super) const OWN: Layout =
    Layout { certificate: "cacert.pem", key: "private/cakey.pem", issued: "newcerts", index: "index.txt" };

/// What others make; where they keep no index, ours goes under the name that `openssl ca` gives it.
const KNOWN: [Layout; 7] = [
    OWN,
    // pimatic's `ssl-setup`
    Layout { certificate: "certs/cacert.pem", index: "database.txt", ..OWN },
    // easy-rsa 3
    Layout { certificate: "ca.crt", key: "private/ca.key", issued: "certs_by_serial", ..OWN },
    // mkcert
    Layout { certificate: "rootCA.pem", key: "rootCA-key.pem", ..OWN },
    // minica
    Layout { certificate: "minica.pem", key: "minica-key.pem", ..OWN },
    // people who follow guides
    Layout { certificate: "rootCA.pem", key: "rootCA.key", ..OWN },
    // the Rocket.Chat guide
    Layout { certificate: "Rocket.Chat-root.crt", key: "Rocket.Chat-root.key", ..OWN },
];

impl Layout {
    /// The layout that the directory has, by its certificate and its key.
    pub(super) fn of(dir: &Path) -> Option<Self> {
        let whole = |layout: &&Self| dir.join(layout.certificate).exists() && dir.join(layout.key).exists();
        // Our own keeps its layout while its key is elsewhere: locked away, or on another disk.
        KNOWN.iter().find(whole).copied().or_else(|| dir.join(OWN.certificate).exists().then_some(OWN))
    }

    /// The authority and those above it, in one file beside its certificate.
    pub(super) fn issuers(&self, dir: &Path) -> PathBuf {
        dir.join(self.certificate).with_file_name("cachain.pem")
    }
}

/// Whether a directory of this name keeps what an authority has issued.
pub(crate) fn is_archive(name: &OsStr) -> bool {
    KNOWN.iter().any(|layout| name == layout.issued)
}

/// Whether a file of this name tells what an authority has issued and revoked.
pub(crate) fn is_index(name: &OsStr) -> bool {
    KNOWN.iter().any(|layout| name == layout.index)
}
