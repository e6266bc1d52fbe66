//! The programs of tests/c, each compiled against the installed library and run in every way that finds faults of its own.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::artifacts::Prefix;
use crate::context::Context;
use crate::counts::{self, Counts};
use crate::process;
use crate::suites::{self, Outcome};
use crate::workspace::Workspace;

/// How a program is compiled and run.
struct Way {
    name: &'static str,
    flags: &'static [&'static str],
    runner: &'static [&'static str],
}

/// valgrind sees into the library too. The sanitizers see the program's side alone, since the library is not instrumented,
/// but also what valgrind does not: the stack, undefined behaviour, and each leak.
static WAYS: [Way; 2] = [
    Way {
        name: "valgrind",
        flags: &[],
        runner: &["valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite"],
    },
    Way {
        name: "sanitizers",
        flags: &["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"],
        runner: &["env"],
    },
];

/// At once: under valgrind a program has one processor, however many threads it has.
const WORKERS: usize = 2;

/// A program that is run in one way, and what came of it.
type Run = (PathBuf, &'static Way, Result<process::Outcome, String>);

/// The suite.
pub(crate) fn suite(context: &Context) -> Result<Outcome, String> {
    let (workspace, prefix) = (&context.workspace, context.prefix()?);
    let out = workspace.target.join("c-tests");
    fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let sources = suites::files(&workspace.root.join("tests/c"), "c")?;
    let queue = sources.iter().flat_map(|source| WAYS.iter().map(move |way| (source.clone(), way)));
    let queue: Mutex<VecDeque<_>> = Mutex::new(queue.collect());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || -> Vec<Run> {
        let mut done = Vec::new();
        while let Some((source, way)) = next() {
            let outcome = compile_and_run(workspace, prefix, &source, way, &out);
            done.push((source, way, outcome));
        }
        done
    };
    let mut runs: Vec<Run> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    });
    if runs.len() < sources.len() * WAYS.len() {
        return Err("a worker of the suite ended early".into());
    }
    runs.sort_by(|a, b| (&a.0, a.1.name).cmp(&(&b.0, b.1.name)));
    let (mut total, mut log) = (Counts::default(), String::new());
    for (source, way, outcome) in runs {
        let outcome = outcome?;
        let counts = counts::program(&outcome.text).unwrap_or_else(|| Counts::one(outcome.success()));
        let name = format!("{} ({})", workspace.show(&source), way.name);
        suites::add(&mut total, &mut log, &name, counts, &outcome);
    }
    Ok(Outcome::Ran { counts: total, log })
}

fn compile_and_run(
    workspace: &Workspace,
    prefix: &Prefix,
    source: &Path,
    way: &Way,
    out: &Path,
) -> Result<process::Outcome, String> {
    let name = source.file_stem().unwrap_or_default().to_string_lossy();
    let program = out.join(format!("{name}-{}", way.name));
    let mut gcc = workspace.command("gcc");
    gcc.args(["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]).args(way.flags);
    gcc.arg(source).arg("-o").arg(&program).arg("-I").arg(prefix.include()).arg("-L").arg(prefix.lib());
    // As needed: the program that unloads the library must not be linked with it as well.
    gcc.arg(format!("-Wl,-rpath,{},--as-needed", prefix.lib().display())).args(["-ltrustdir", "-ldl"]);
    let compiled = process::capture(gcc, suites::LIMIT)?;
    if !compiled.success() {
        return Ok(compiled);
    }
    let mut run: Command = workspace.command(way.runner[0]);
    run.args(&way.runner[1..]).arg(&program).arg(prefix.lib().join("libtrustdir.so")).current_dir(out);
    process::capture(suites::plain(run), suites::LIMIT)
}
