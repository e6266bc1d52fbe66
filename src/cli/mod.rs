//! The `trustdir` command (feature `cli`).
//!
//! [`main_from`] is the whole program: the binary and the Python wheel's console script both call it with their
//! arguments and exit with its answer.
//!
#![doc = include_str!("../../docs/command.md")]

mod ca;
mod check;
mod clients;
mod completions;
mod examine;
mod export;
mod files;
mod finding;
mod issue;
mod limit;
mod lint;
mod list;
mod man;
mod output;
mod passphrase;
mod progress;
mod rehash;
mod renew;
mod replace;
mod request;
mod revoke;
mod rights;
mod show;
mod sign;
mod summary;
mod time;
mod up;
mod watch;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

use crate::Result;

use output::Output;

/// The whole fits a screen of 24 lines, so that the verbs are seen at once.
const HELP: &str = "\
{about}

Usage: {usage}

{subcommands}

Each verb has --json, and --help with examples; `completions` and `man` are for
shells and manuals. Begin with: trustdir up --for nano ~/Nano
Exit: 0 done; 1 failed, refused, found something; 2 wrong usage; 3 renewal due.";

/// Access control for TLS services by a directory of certificates
#[derive(Parser)]
#[command(name = "trustdir", bin_name = "trustdir", version, max_term_width = 100)]
#[command(help_template = HELP, override_usage = "trustdir [--json] <COMMAND> | --help | --version")]
struct Cli {
    /// Answer with one JSON object on standard output, errors included
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up a service: authority, identity, clients and configuration
    Up(up::Up),
    /// Make the private certificate authority
    #[command(subcommand)]
    Ca(ca::Ca),
    /// Issue a server's or a client's certificate and private key
    #[command(subcommand)]
    Issue(issue::Issue),
    /// Make a private key and a request for its certificate
    Request(request::Request),
    /// Sign somebody's request for a certificate
    Sign(sign::Sign),
    /// Renew a certificate that the authority has issued
    Renew(renew::Renew),
    /// Revoke a certificate that the authority has issued
    Revoke(revoke::Revoke),
    /// Write the list of revoked certificates
    Crl(revoke::Crl),
    /// List what the authority has issued
    List(list::List),
    /// Show the certificates or the request in a file
    Show(show::Show),
    /// Pack certificates and keys for devices and other programs
    #[command(subcommand)]
    Export(export::Export),
    /// Say which clients refuse a certificate, why, and what to do
    Lint(lint::Lint),
    /// Say what is wrong with a service's TLS, by its files or by calling it
    Check(examine::Examine),
    /// Manage the directory of admitted clients
    #[command(subcommand)]
    Clients(clients::Clients),
    /// Write what a shell completes on Tab
    #[command(hide = true)]
    Completions(completions::Completions),
    /// Write the manual pages
    #[command(hide = true)]
    Man(man::Man),
}

/// The command with the verbs that its help only mentions.
fn whole() -> clap::Command {
    ["completions", "man"]
        .into_iter()
        .fold(Cli::command(), |command, verb| command.mut_subcommand(verb, |verb| verb.hide(false)))
}

/// How a verb that did not fail ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// Nothing failed, yet someone must look at what was found.
    Attention,
    /// A certificate needs renewal, and nothing was done.
    Due,
}

/// Runs the `trustdir` command with `args`, the program's own name first, and returns its exit code.
///
/// Writes to standard output and standard error as the [module](self) describes.
pub fn main_from(args: impl IntoIterator<Item = OsString>) -> i32 {
    let args: Vec<OsString> = args.into_iter().collect();
    match Cli::try_parse_from(&args) {
        Ok(cli) => {
            let mut output = Output::new(cli.json);
            let result = cli.command.run(&mut output);
            output.finish(result)
        }
        Err(error) => output::usage(&error, wants_json(&args)),
    }
}

impl Command {
    fn run(self, output: &mut Output) -> Result<Outcome> {
        match self {
            Self::Up(verb) => verb.run(output),
            Self::Ca(verb) => verb.run(output),
            Self::Issue(verb) => verb.run(output),
            Self::Request(verb) => verb.run(output),
            Self::Sign(verb) => verb.run(output),
            Self::Renew(verb) => verb.run(output),
            Self::Revoke(verb) => verb.run(output),
            Self::Crl(verb) => verb.run(output),
            Self::List(verb) => verb.run(output),
            Self::Show(verb) => verb.run(output),
            Self::Export(verb) => verb.run(output),
            Self::Lint(verb) => verb.run(output),
            Self::Check(verb) => verb.run(output),
            Self::Clients(verb) => verb.run(output),
            Self::Completions(verb) => verb.run(output),
            Self::Man(verb) => verb.run(output),
        }
    }
}

/// Whether `--json` was asked for on a command line that could not be parsed.
fn wants_json(args: &[OsString]) -> bool {
    args.iter().skip(1).take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}
