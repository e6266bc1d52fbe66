//! `cargo xtask`: the one way to set up, run and check everything in this repository.
//!
//! Standard library only, so that it compiles in a second on a machine that has nothing but cargo.

use std::env;
use std::process::ExitCode;

use crate::context::Context;

mod artifacts;
mod bench;
mod c_programs;
mod context;
mod counts;
mod demo;
mod package;
mod process;
mod readme;
mod report;
mod setup;
mod suites;
mod venv;
mod workspace;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo                              set up, then show the main job step by step
  test [SUITE…] [--without NAME]…   set up, then run the tests of every language
  bench                             measure beside OpenSSL, in one run
  setup                             only set up: packages, virtual environment
  list                              name the suites";

/// The commands that a README may show.
pub(crate) const COMMANDS: [&str; 5] = ["demo", "test", "bench", "setup", "list"];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<(), String> {
    let (command, rest) = arguments.split_first().ok_or(USAGE)?;
    match command.as_str() {
        "demo" if rest.is_empty() => demo::run(&Context::new()?),
        "test" => report::test(&Context::new()?, &report::Selection::parse(rest)?),
        "bench" if rest.is_empty() => bench::run(&Context::new()?),
        "setup" if rest.is_empty() => {
            let context = Context::new()?;
            setup::require(&context.workspace, setup::ALL)?;
            setup::wish(&context.workspace);
            context.venv().map(|_| ())
        }
        "list" if rest.is_empty() => {
            suites::ALL.iter().for_each(|suite| println!("{:<12} {}", suite.name, suite.about));
            Ok(())
        }
        "-h" | "--help" | "help" => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.to_string()),
    }
}
