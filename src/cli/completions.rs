//! `trustdir completions`: what a shell completes on Tab.

use clap::Args;
use clap_complete::Shell;

use crate::Result;

use super::Outcome;
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  trustdir completions bash > ~/.local/share/bash-completion/completions/trustdir
  trustdir completions zsh > ~/.zfunc/_trustdir
  trustdir completions fish > ~/.config/fish/completions/trustdir.fish";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Completions {
    /// bash, zsh, fish, elvish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::whole(), "trustdir", &mut script);
        let script = String::from_utf8_lossy(&script);
        output.set("shell", self.shell.to_string());
        output.set("script", script.as_ref());
        output.text(&script);
        Ok(Outcome::Done)
    }
}
