//! `cargo xtask bench`: what things cost beside OpenSSL. Never a test: a machine that is busy fails nobody.

use crate::context::Context;
use crate::process;
use crate::setup;

/// Builds everything optimised and runs the benchmarks, a package of their own since they link OpenSSL.
pub(crate) fn run(context: &Context) -> Result<(), String> {
    let workspace = &context.workspace;
    setup::require(workspace, &[&setup::COMPILERS, &setup::OPENSSL, &setup::LIBSSL])?;
    let mut command = workspace.cargo(&["build", "--quiet", "--release"]);
    command.args(["--package", "trustdir", "--features", "cli"]);
    process::show(command)?;
    let mut benches = workspace.cargo(&["run", "--quiet", "--release"]);
    benches.arg("--manifest-path").arg(workspace.root.join("benches/Cargo.toml"));
    benches.arg("--target-dir").arg(workspace.target.join("benches"));
    benches.env("TRUSTDIR_BENCH_COMMAND", workspace.target.join("release/trustdir"));
    process::show(benches)
}
