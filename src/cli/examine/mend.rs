//! The command that mends a service's identity.

use std::path::{Path, PathBuf};

use super::super::output::argument;
use super::super::up;

/// Who makes the identity.
pub(super) enum Mend {
    /// `trustdir up` for this service, which also knows its names.
    Up { service: Option<&'static str>, dir: PathBuf },
    /// Some authority, for these names.
    Issue { names: Vec<String> },
    /// It is an authority's own.
    Authority { dir: PathBuf },
}

impl Mend {
    /// Of a configuration: `trustdir up` goes on with what it has written.
    pub(super) fn of(service: &'static str, config: &Path, names: &[String]) -> Self {
        if up::has_written(config) {
            // What lies among a proxy's own may be a link to it.
            let own = if config.is_symlink() { config.canonicalize().ok() } else { None };
            return Self::up(service, crate::file::parent(own.as_deref().unwrap_or(config)));
        }
        let bare = |name: &String| name.trim_start_matches('[').trim_end_matches(']').to_owned();
        Self::Issue { names: names.iter().map(bare).collect() }
    }

    pub(super) fn up(service: &'static str, dir: &Path) -> Self {
        Self::Up { service: Some(service), dir: dir.to_owned() }
    }

    /// Makes it anew.
    pub(super) fn anew(&self) -> String {
        match self {
            Self::Up { service, dir } => {
                let service = service.map(|name| format!(" --for {name}")).unwrap_or_default();
                format!("trustdir up{service} {}", argument(dir))
            }
            Self::Authority { dir } => format!("trustdir ca renew {}", argument(dir)),
            Self::Issue { names } if names.is_empty() => "trustdir issue server NAME --ca CA".to_owned(),
            Self::Issue { names } => {
                let names: Vec<String> = names.iter().map(argument).collect();
                format!("trustdir issue server {} --ca CA", names.join(" "))
            }
        }
    }

    /// Gives it another term.
    pub(super) fn renewed(&self, certificate: &Path) -> String {
        match self {
            Self::Up { .. } | Self::Authority { .. } => self.anew(),
            Self::Issue { .. } => format!("trustdir renew {} --ca CA", argument(certificate)),
        }
    }
}
