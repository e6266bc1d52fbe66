//! What is built before anything runs: the command, the installed C library and the example node.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::process;
use crate::workspace::Workspace;

/// A compiler that hangs is stopped; a slow machine is not.
const BUILD_LIMIT: Duration = Duration::from_secs(1800);

/// Where `cmake --install` put the library.
pub(crate) struct Prefix {
    /// The directory that `CMAKE_PREFIX_PATH` names.
    pub(crate) dir: PathBuf,
}

impl Prefix {
    /// The headers.
    pub(crate) fn include(&self) -> PathBuf {
        self.dir.join("include")
    }

    /// The libraries.
    pub(crate) fn lib(&self) -> PathBuf {
        self.dir.join("lib")
    }
}

/// `cargo build --features cli`.
pub(crate) fn command(workspace: &Workspace) -> Result<PathBuf, String> {
    timed("the trustdir command", || {
        let mut cargo = workspace.cargo(&["build", "--quiet"]);
        cargo.args(["--features", "cli"]);
        process::show(cargo)
    })?;
    Ok(workspace.programs.join("trustdir"))
}

/// Configures, builds and installs the root CMake project to `target/prefix`.
pub(crate) fn install(context: &Context) -> Result<Prefix, String> {
    let workspace = &context.workspace;
    let prefix = Prefix { dir: workspace.target.join("prefix") };
    let build = workspace.target.join("cmake/trustdir");
    let options = [
        format!("-DCMAKE_INSTALL_PREFIX={}", prefix.dir.display()),
        "-DCMAKE_INSTALL_LIBDIR=lib".into(),
        "-DCMAKE_BUILD_TYPE=Debug".into(),
    ];
    timed("the C library", || {
        configure_and_build(context, &workspace.root, &build, &options)?;
        run(cmake(context)?, &["--install".into(), build.display().to_string()])
    })?;
    Ok(prefix)
}

/// Builds the example node against the installed library, as its users would.
pub(crate) fn node(context: &Context) -> Result<PathBuf, String> {
    let build = cmake_project(context, "the example node", "examples/rpc_node")?;
    Ok(build.join("rpc_node"))
}

/// Builds a CMake project of this repository that finds the library by `find_package`; tells its build directory.
pub(crate) fn cmake_project(context: &Context, what: &str, source: &str) -> Result<PathBuf, String> {
    let prefix = context.prefix()?;
    let workspace = &context.workspace;
    let build = workspace.target.join("cmake").join(Path::new(source).file_name().unwrap_or_default());
    let options = [format!("-DCMAKE_PREFIX_PATH={}", prefix.dir.display()), "-DCMAKE_BUILD_TYPE=Debug".into()];
    timed(what, || configure_and_build(context, &workspace.root.join(source), &build, &options))?;
    Ok(build)
}

/// `cmake` from the machine if it has one, else from the virtual environment.
pub(crate) fn cmake(context: &Context) -> Result<Command, String> {
    tool(context, "cmake")
}

/// A build tool from the machine, else from the virtual environment.
pub(crate) fn tool(context: &Context, name: &str) -> Result<Command, String> {
    let mut own = context.workspace.command(name);
    own.arg("--version");
    if process::succeeds(own) {
        return Ok(context.workspace.command(name));
    }
    Ok(context.workspace.command(context.venv()?.programs().join(name)))
}

/// Configures a project, unless it is already as wanted, and builds it.
pub(crate) fn configure_and_build(
    context: &Context,
    source: &Path,
    build: &Path,
    options: &[String],
) -> Result<(), String> {
    let ninja = tool(context, "ninja")?.get_program().to_string_lossy().into_owned();
    let (from, to) = (source.display().to_string(), build.display().to_string());
    let mut configure = cmake(context)?;
    configure.args(["-S", &from, "-B", &to, "-G", "Ninja", &format!("-DCMAKE_MAKE_PROGRAM={ninja}")]).args(options);
    // CMake keeps what it was first told, such as the place of a repository that has moved: then it begins afresh.
    let (stamp, wanted) = (build.join("configured"), process::describe(&configure));
    if fs::read_to_string(&stamp).ok().as_ref() != Some(&wanted) {
        let fail = |e: io::Error| format!("{to}: {e}");
        if build.exists() {
            fs::remove_dir_all(build).map_err(fail)?;
        }
        run(configure, &[])?;
        fs::write(&stamp, &wanted).map_err(fail)?;
    }
    run(cmake(context)?, &["--build".to_string(), to])
}

fn run(mut command: Command, arguments: &[String]) -> Result<(), String> {
    command.args(arguments);
    let what = process::describe(&command);
    process::capture(command, BUILD_LIMIT)?.ok(&what).map(drop)
}

/// Says what is being built, unless it was there already.
fn timed(what: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let start = Instant::now();
    println!("build: {what}");
    work().map_err(|message| format!("{what} does not build: {message}"))?;
    if start.elapsed() > Duration::from_secs(2) {
        println!("build: {what}: {:.0} s", start.elapsed().as_secs_f32());
    }
    Ok(())
}
