//! The `trustdir` command (feature `cli`).
//!
//! [`main_from`] is the whole program: the binary and the Python wheel's console script both call it with their
//! arguments and exit with its answer.
//!
//! # Exit codes
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | refused, failed, or `check`, `clients check` or `lint` found something that needs attention |
//! | 2 | the command line itself is wrong |
//! | 3 | `renew --if-needed --dry-run`: the certificate needs renewal |
//!
//! # Output
//!
//! For people, one line per thing done goes to standard output; errors and warnings go to standard error, each on
//! one line that begins with `trustdir: `. Control characters in names and paths are shown escaped.
//!
//! With `--json` (anywhere on the command line) standard output carries exactly one JSON object whatever happened,
//! errors included, and standard error stays empty: a program has one stream to read and the exit code to branch
//! on. Only `--help` and `--version` answer as ever. Keys are only ever added. What is not known is `null`; paths
//! that are not UTF-8 are converted with replacement characters.
//!
//! | verb | keys |
//! |---|---|
//! | `up` | `service` (or `null`), `directory`, `dry_run`, `authority`: *certificate* with `file`, or `null` before it is made, `identity`: *certificate* with `file`, `key_file`, `reason`: why it was issued, or `null` (before it is issued, of the old one); `changes`: list of `file`, `created`, `backup`, `diff`: lines with `-` and `+`; `closed`: keys that every user could read, and now cannot; `clients`: the directory or `null`; `created`; `next`: what is left to do; `warnings` |
//! | `ca init`, `ca intermediate`, `ca import` | `authority`: *certificate* with `file`, `directory`, `key_encrypted`; `warnings` |
//! | `ca renew` | `authority`: *certificate* with `file`, `directory` |
//! | `ca show` | `authority`: *details* with `file`, `directory`, `above`: list of *details*, `issued_count`, `valid_count`; `warnings` |
//! | `issue server`, `issue client`, `issue both` | `identity`: *certificate* with `file`, `key_file`, `key_encrypted`; `entry`: *entry* or `null`; `warnings`; with `--install` also `created` |
//! | `request` | `request`: *request* with `key_file`, `key_encrypted` |
//! | `sign` | `request`: *request*; `notes`; `certificate`: *certificate* with `file`; `warnings` |
//! | `renew` | `notes`; `certificate`: *certificate* with `file`, `key_file` and `key_encrypted` (of a new key, else `null`), `replaced_serial`; `renewed`; `warnings`; where nothing was renewed (`--if-needed`) `certificate`: *certificate* with `file`, `renewed`, `needs_renewal` |
//! | `list` | `issued`: list of *certificate* with `status` (`"VALID"`, `"EXPIRED"`, `"REVOKED"`), `revoked_at`, `revocation_reason`, `file` (`null` when the directory has not kept it), `ledger_file` |
//! | `show` | `certificates`: list of *details* with `file`, or `request`: *request* |
//! | `revoke` | `certificate`: *certificate* with `file`; `revoked`: the reason, or `null` when it is off hold |
//! | `crl` | `file`, `days`; with `--install` also `installed`: the file there |
//! | `export p12` | `file`, `profile`: `"modern"` or `"compat"`, `certificates`: list of *certificate*, the key's own first |
//! | `export truststore` | `file`, `profile`, `certificates` |
//! | `export mobileconfig` | `file`, `certificates`, `identities`: list of *certificate*, `password_embedded` |
//! | `export bundle` | `file`, `certificates` in the order of the file, `key_encrypted`: `null` without a key |
//! | `export crt` | `certificate`: *certificate* with `file`; `warnings` |
//! | `export pem` | `identity`: *certificate* with `file`, `key_file`, `key_encrypted`; `warnings` |
//! | `lint` | `findings`: list of *lint finding* |
//! | `check` | `checked`: list of what was looked at, `problems`, `notes` |
//! | `completions` | `shell`, `script` |
//! | `man` | `directory`, `file`: the first of the pages |
//! | `clients add` | `directory`, `created`: whether it was missing, `added`: list of *entry* with `source`, `warnings` |
//! | `clients remove` | `directory`, `removed`: list of *certificate* with `files` |
//! | `clients list` | `directory`, `entry_names`: `"any"` or `"subject-hash"`, `clients`: list of *entry*, one for each file; `client_count`: how many certificates, and `problem_count`, both as in `clients check` |
//! | `clients show` | `directory`, `client`: *details* with `files`, `reason` |
//! | `clients replace` | `directory`, `entry`: *entry*, `replaced`: *certificate* with `files`: what was removed, `warnings` |
//! | `clients rehash` | `directory`, `done`, `linked`: list of `file`, `target`, `renamed`: list of `file`, `to`, `removed`: list of files, `left`: list of `file`, `message`, `newly_admitted`: list of *entry* |
//! | `clients limit` | `directory`, `limit`: *limit* |
//! | `clients unlimit` | `directory`, `unlimited`: list of *limit*, `warnings`: what still limits the client |
//! | `clients watch` | not one object, but one for each thing that happens: `event`: `"decision"` with the keys of the service's record, or `"installed"` or `"removed"`: *entry* with `time` |
//! | `clients check` | `directory`, `entry_names`, `client_count`: how many certificates, `problems`, `notes` |
//!
//! - *certificate*: `subject`, `issuer` (RFC 4514), `common_name`, `serial`, `not_before`, `not_after` (RFC 3339),
//!   `fingerprint` (SHA-256, lower-case hex), `names` (`"DNS:localhost"`), `key_algorithm`, `is_authority`.
//! - *details*: a *certificate* with `version`, `purposes` (`"server"`, `"client"`, `"authority"`, `"anything"`),
//!   `subject_hash`, `path_length`, `permitted`, `excluded` (name constraints, `"DNS:home.arpa"`).
//! - *request*: `file`, `subject`, `common_name`, `key_algorithm`, `names` (that it asks for), `asks_for_authority`,
//!   `ignored`: a list of what else it asks for.
//! - *entry*: a *certificate* with `file`, `link_target` and, in `clients list`, `reason` (`"ADMITTED"`,
//!   `"EXPIRED"` …; for one of the services that it is limited to), `valid_until` (RFC 3339) and `services`: all its
//!   limits together, `null` without.
//! - *limit*: `of` (`"sha256"`, `"file"` or `"subject"`), `value`, `valid_until`, `services`, `files`: the entries that
//!   it fits.
//! - `problems`, `notes` and `warnings` are lists of *findings*: `kind`, `message`, `file`, `subject`,
//!   `fingerprint`. The kind is the reason of a refusal (`"EXPIRED"`, `"WEAK_KEY"` …) or one of `"FILE"` (a file
//!   that cannot be an entry), `"PRIVATE_KEY"` (an entry whose file holds a key too), `"ENTRY_NAMES"` (admission
//!   depends on which file names count), `"AUTHORITY"` (a CA:TRUE certificate), `"NAMES"` (names that a service had are not known any more), `"CHAIN"` (only the first
//!   certificate of a file was installed or written), `"LIMIT"` (a limit that fits nobody, or that stays), `"REQUEST"` (asked for and not granted, or granted otherwise).
//!   A warning about a certificate that was just made has a rule of `lint` as its kind. `check` adds the kinds of errors
//!   (`"KEY_MISMATCH"`, `"NOT_FOUND"` …), the rules of `lint`, and `"CLIENT_AUTH"`, `"CONFIG"`, `"DH_PARAMETERS"`,
//!   `"DISABLED"`, `"ENCODING"`, `"FORWARDED"`, `"HOSTNAME"`, `"NODE_TLS"`, `"NOT_AN_AUTHORITY"`, `"NO_CERTIFICATE"`, `"NO_CRL"`,
//!   `"PASSPHRASE_READABLE"`, `"PROTOCOL"`, `"RESUMPTION"`, `"VARIABLE"`, `"WEBSOCKET"`.
//! - *lint finding*: `rule` (`"NO_SAN"` …), `severity` (`"REFUSED"`, `"WARNING"` or `"NOTE"`), `message`, `remedy`,
//!   `refused_by` (`["APPLE", "RUSTLS"]` …), `file`, `subject`; see [`crate::lint`] for what they mean.
//! - A failure adds `error`: `kind` (`"WRONG_PASSPHRASE"`, `"NOT_FOUND"` …; `"USAGE"` with exit code 2),
//!   `message`, `path`, `subject`, beside the keys of what was done before it. An ambiguous `clients remove` also
//!   gives `matches`, a list of *entry*.
//!
//! # Passphrases
//!
//! Never an argument, where every user of the machine could read it, but a file (`--passphrase-file`,
//! `--ca-passphrase-file`; one trailing newline is not part of the passphrase), the environment
//! (`TRUSTDIR_CA_PASSPHRASE` for the CA's key, `TRUSTDIR_PASSPHRASE` for any other key, `TRUSTDIR_P12_PASSWORD` for a
//! PKCS#12 file), or a prompt where there is a terminal. An empty passphrase is an error, not the absence of one.
//!
//! # Requests
//!
//! A request only asks; the operator grants. `sign` shows what is asked for and what would be granted and asks on the
//! terminal. Where there is none, and with `--json`, the decision is `--yes` or one `--san` for each name.

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
