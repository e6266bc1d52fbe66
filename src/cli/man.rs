//! `trustdir man`: the help of every verb as manual pages.

use std::path::PathBuf;

use clap::Args;

use crate::file::{self, Mode};
use crate::{Error, Result};

use super::Outcome;
use super::output::{Output, argument, path_json};

const EXAMPLES: &str = "\
Examples:
  trustdir man man/man1
  man --manpath=man trustdir-clients-add

One page for each verb, trustdir.1, trustdir-up.1 and so on; what was there is written over.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Man {
    /// Where to write them, such as ~/.local/share/man/man1
    dir: PathBuf,
}

impl Man {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        file::create_directory(&self.dir, Mode::Public)?;
        let written = clap_mangen::generate_to(super::whole(), &self.dir);
        written.map_err(|error| Error::io("write manual pages to", &self.dir, error))?;
        let page = self.dir.join("trustdir.1");
        output.set("directory", path_json(&self.dir));
        output.set("file", path_json(&page));
        output.line(format_args!("wrote {} and a page for each verb", page.display()));
        output.next(format_args!("man -l {}", argument(&page)));
        Ok(Outcome::Done)
    }
}
