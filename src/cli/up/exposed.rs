//! Private keys that every user of the machine can read.

use std::path::PathBuf;

use crate::Result;

use super::super::output::{Output, path_json};
use super::super::rights;

/// Those that are there. Whoever reads a key by its group may go on.
pub(super) struct Exposed(Vec<PathBuf>);

impl Exposed {
    pub(super) fn among(keys: impl IntoIterator<Item = PathBuf>) -> Self {
        Self(keys.into_iter().filter(|key| rights::permits(key, rights::OTHERS)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says what will be done.
    pub(super) fn show(&self, output: &mut Output) {
        output.set("closed", self.0.iter().map(path_json).collect::<Vec<_>>());
        for key in &self.0 {
            output.line(format_args!(
                "closes {} to the machine's other users; the service must own it or be in its group",
                key.display()
            ));
        }
    }

    pub(super) fn close(&self) -> Result<()> {
        self.0.iter().try_for_each(|key| rights::forbid(key, rights::OTHERS))
    }
}
