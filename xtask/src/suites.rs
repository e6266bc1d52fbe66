//! The suites: what `cargo xtask test` runs, in this order.

use std::env;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::artifacts;
use crate::c_programs;
use crate::context::Context;
use crate::counts::{self, Counts};
use crate::demo;
use crate::package;
use crate::process;
use crate::readme;
use crate::setup::{self, Need};
use crate::workspace::path_with;

/// Tests that hang are stopped after this time, so that a CI job ends with a report.
pub(crate) const LIMIT: Duration = Duration::from_secs(900);

/// One line of the closing table.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [&'static Need],
    /// An error says why the suite could not run at all.
    pub(crate) run: fn(&Context) -> Result<Outcome, String>,
}

/// What came of a suite.
pub(crate) enum Outcome {
    /// It ran; the log is shown when something failed.
    Ran { counts: Counts, log: String },
    /// It could not run, because …
    NotRun(String),
}

/// Every suite.
pub(crate) static ALL: &[Suite] = &[
    Suite {
        name: "rust",
        about: "unit and integration tests of every crate",
        needs: &[
            &setup::COMPILERS,
            &setup::OPENSSL,
            &setup::LIBSSL,
            &setup::CURL,
            &setup::PYTHON,
            &setup::CERTTOOL,
            &setup::STRACE,
            &setup::NODEJS,
            &setup::NGINX,
            &setup::HAPROXY,
            &setup::APACHE,
        ],
        run: rust,
    },
    Suite {
        name: "rustdoc",
        about: "the examples in the Rust documentation",
        needs: &[&setup::COMPILERS],
        run: rustdoc,
    },
    Suite {
        name: "c",
        about: "the C interface under valgrind and sanitizers",
        needs: &[&setup::COMPILERS, &setup::PYTHON, &setup::VALGRIND, &setup::OPENSSL],
        run: c_programs::suite,
    },
    Suite {
        name: "cpp",
        about: "the C++ headers and the Asio stream over real sockets",
        needs: &[
            &setup::COMPILERS,
            &setup::PYTHON,
            &setup::BOOST,
            &setup::ASIO,
            &setup::LIBSSL,
            &setup::OPENSSL,
            &setup::CURL,
        ],
        run: cpp,
    },
    Suite {
        name: "package",
        about: "the installed library: CMake, pkg-config, Debian packages",
        needs: &[&setup::COMPILERS, &setup::PYTHON, &setup::ASIO, &setup::PKG_CONFIG, &setup::DPKG],
        run: package::suite,
    },
    Suite { name: "doxygen", about: "the reference of the C and C++ headers", needs: &[&setup::DOXYGEN], run: doxygen },
    Suite {
        name: "python",
        about: "the Python package, installed by pip",
        needs: &[&setup::COMPILERS, &setup::PYTHON, &setup::OPENSSL, &setup::CURL, &setup::MOSQUITTO],
        run: python,
    },
    Suite {
        name: "automation",
        about: "examples/automation.py against the example node, and WebSockets",
        needs: &[&setup::COMPILERS, &setup::PYTHON, &setup::BOOST],
        run: automation,
    },
    Suite {
        name: "guide",
        about: "the node by `trustdir up`, from an empty directory",
        needs: setup::DEMO,
        run: demo::guide,
    },
    Suite { name: "demo", about: "the main job, step by step", needs: setup::DEMO, run: demo::suite },
    Suite {
        name: "readme",
        about: "every command and program of README.md, and of the chapters in docs",
        needs: &[&setup::COMPILERS, &setup::PYTHON, &setup::BOOST, &setup::OPENSSL, &setup::CURL],
        run: readme::suite,
    },
];

fn rust(context: &Context) -> Result<Outcome, String> {
    setup::wish(&context.workspace);
    let mut probe = context.workspace.command("cargo-nextest");
    probe.args(["nextest", "--version"]);
    let (verb, read): (&[&str], fn(&str) -> Counts) = if process::succeeds(probe) {
        (&["nextest", "run"], counts::nextest)
    } else {
        (&["test", "--tests", "--no-fail-fast"], counts::cargo_test)
    };
    let mut build = everything(context, verb);
    build.arg("--no-run");
    if let Err(message) = shown(build) {
        return Ok(failed(message));
    }
    let mut tests = everything(context, verb);
    tests.env("TRUSTDIR_TEST_PYTHON", context.venv()?.python());
    if verb[0] == "nextest" {
        tests.args(["--no-fail-fast", "--status-level", "fail"]);
    }
    ran(plain(tests), read)
}

fn rustdoc(context: &Context) -> Result<Outcome, String> {
    ran(plain(everything(context, &["test", "--doc", "--no-fail-fast"])), counts::cargo_test)
}

/// `cargo VERB` for all crates with all features: one selection, so that nothing is built twice.
fn everything(context: &Context, verb: &[&str]) -> Command {
    let mut cargo = context.workspace.cargo(verb);
    cargo.args(["--workspace", "--all-features"]);
    cargo
}

/// Builds tests/cpp against the installed library and runs each of its tests.
fn cpp(context: &Context) -> Result<Outcome, String> {
    context.prefix()?;
    let build = match artifacts::cmake_project(context, "the C++ tests", "tests/cpp") {
        Ok(build) => build,
        Err(message) => return Ok(failed(message)),
    };
    let mut ctest = artifacts::tool(context, "ctest")?;
    ctest.args(["--verbose", "--no-tests=error", "--test-dir"]).arg(build);
    ran(plain(ctest), counts::ctest)
}

/// A warning of doxygen's is a failure.
fn doxygen(context: &Context) -> Result<Outcome, String> {
    let mut doxygen = context.workspace.command("doxygen");
    doxygen.arg("docs/Doxyfile").env("DOXYGEN_OUT", context.workspace.target.join("doxygen"));
    let outcome = process::capture(doxygen, LIMIT)?;
    Ok(Outcome::Ran { counts: Counts::one(outcome.success()), log: outcome.text })
}

/// Runs pytest from outside `python/`, against what pip installed.
fn python(context: &Context) -> Result<Outcome, String> {
    let venv = context.venv_with_wheel()?;
    let workspace = &context.workspace;
    let mut pytest = workspace.command(venv.python());
    pytest.args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider", "--color=no", "--rootdir"]);
    pytest.arg(workspace.root.join("python")).arg(workspace.root.join("python/tests"));
    pytest.current_dir(&workspace.target).env("PYTHONDONTWRITEBYTECODE", "1");
    pytest.env("PATH", path_with(&[&venv.programs()])?);
    ran(plain(pytest), counts::pytest)
}

/// The examples as a user starts them, and their types.
fn automation(context: &Context) -> Result<Outcome, String> {
    let venv = context.venv_with_wheel()?;
    let node = context.node()?;
    let examples = context.workspace.root.join("examples");
    let python = || {
        let mut python = context.workspace.command(venv.python());
        python.current_dir(&context.workspace.target).env("PYTHONDONTWRITEBYTECODE", "1");
        plain(python)
    };
    let mut types = python();
    types.args(["-m", "mypy", "--strict", "--cache-dir", "/dev/null"]).arg(examples.join("automation.py"));
    let mut script = python();
    script.arg(examples.join("automation.py")).arg("--node").arg(node);
    let (mut total, mut log) = (Counts::default(), String::new());
    let mut web_sockets = python();
    web_sockets.arg(context.workspace.root.join("tests/node/websockets.py")).arg(node);
    for command in [types, script, web_sockets] {
        let name = process::describe(&command);
        let outcome = process::capture(command, Duration::from_secs(120))?;
        add(&mut total, &mut log, &name, Counts::one(outcome.success()), &outcome);
    }
    Ok(Outcome::Ran { counts: total, log })
}

/// Runs a test runner to its end and reads its counts.
fn ran(command: Command, read: fn(&str) -> Counts) -> Result<Outcome, String> {
    let name = process::describe(&command);
    let outcome = process::capture(command, LIMIT)?;
    let (mut total, mut log) = (Counts::default(), String::new());
    add(&mut total, &mut log, &name, read(&outcome.text), &outcome);
    Ok(Outcome::Ran { counts: total, log })
}

/// Adds one program's counts; an end that was bad without a test to blame is a failure all the same.
pub(crate) fn add(total: &mut Counts, log: &mut String, name: &str, counts: Counts, outcome: &process::Outcome) {
    *total += counts;
    if !outcome.success() && counts.failed == 0 {
        total.failed += 1;
    }
    log.push_str(&format!("{name}: {}\n{}", outcome.ending(), outcome.text));
}

fn failed(log: String) -> Outcome {
    Outcome::Ran { counts: Counts::one(false), log }
}

/// A build whose progress a person may want to see.
fn shown(mut command: Command) -> Result<(), String> {
    if !io::stderr().is_terminal() {
        command.env("CARGO_TERM_QUIET", "true");
    }
    process::show(command)
}

/// No colours, whatever the CI asks for: they would stand between the words that are counted.
pub(crate) fn plain(mut command: Command) -> Command {
    command.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1");
    for name in ["FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS"] {
        if env::var_os(name).is_some() {
            command.env_remove(name);
        }
    }
    command
}

pub(crate) fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == extension));
    files.sort();
    Ok(files)
}
