//! Private keys that every user of the machine can read.

use std::path::PathBuf;

use crate::Result;

use super::super::output::{Output, path_json};
use super::super::rights;

/// Those that are there, with the command that makes another one, unless they are replaced anyway. Whoever reads a key
/// by its group may go on.
pub(super) struct Exposed(Vec<(PathBuf, Option<String>)>);

impl Exposed {
    pub(super) fn among(keys: impl IntoIterator<Item = (PathBuf, Option<String>)>) -> Self {
        Self(keys.into_iter().filter(|(key, _)| rights::permits(key, rights::OTHERS)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Says what will be done.
    pub(super) fn show(&self, output: &mut Output) {
        output.set("closed", self.0.iter().map(|(key, _)| path_json(key)).collect::<Vec<_>>());
        for (key, _) in &self.0 {
            output.line(format_args!(
                "closes {} to the machine's other users; the service must own it or be in its group",
                key.display()
            ));
        }
    }

    pub(super) fn close(&self) -> Result<()> {
        self.0.iter().try_for_each(|(key, _)| rights::forbid(key, rights::OTHERS))
    }

    /// What is left to do: a mode takes back no copies.
    pub(super) fn next(&self) -> impl Iterator<Item = String> {
        let line = |key: &PathBuf, command: &String| {
            format!("{} may have been copied while everybody could read it; for a new one: {command}", key.display())
        };
        self.0.iter().filter_map(move |(key, command)| Some(line(key, command.as_ref()?)))
    }
}
