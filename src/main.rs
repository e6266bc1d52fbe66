//! The `trustdir` command; see `trustdir --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let code = trustdir::cli::main_from(std::env::args_os());
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
