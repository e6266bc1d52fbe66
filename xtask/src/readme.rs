//! The suite `readme`: what README.md and the chapters in docs tell their readers to type works.
//!
//! Fenced blocks of `sh` and `python` run in their order, in one empty directory, with the built `trustdir` command on the
//! `PATH` and the Python environment in front; blocks of `cpp` must compile. A block marked `no_run` is not run, but a
//! `cargo xtask` command in it must exist. Blocks of `rust` are documentation tests of the crate.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::COMMANDS;
use crate::context::Context;
use crate::counts::Counts;
use crate::process;
use crate::suites::Outcome;
use crate::workspace::{Workspace, path_with};

/// No command of a README takes longer.
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    language: String,
    runs: bool,
    text: String,
}

/// What is read: the README as a whole, and of the chapters what is compiled or shown.
const DOCUMENTS: [&str; 2] = ["README.md", "docs/cpp.md"];

/// The versions of a program whose difference a chapter shows.
const MIGRATION: [&str; 2] = ["tests/migration/before.cpp", "tests/migration/after.cpp"];

/// Runs the README, and the chapters.
pub(crate) fn suite(context: &Context) -> Result<Outcome, String> {
    let workspace = &context.workspace;
    let trustdir = context.command()?;
    let venv = context.venv_with_wheel()?;
    let path = path_with(&[trustdir.parent().unwrap_or(Path::new(".")), &venv.programs()])?;
    let scratch = workspace.target.join("readme");
    let fresh = fs::remove_dir_all(&scratch).or_else(|e| if scratch.exists() { Err(e) } else { Ok(()) });
    fresh.and_then(|()| fs::create_dir_all(&scratch)).map_err(|e| format!("{}: {e}", scratch.display()))?;

    let (mut counts, mut log) = (Counts::default(), String::new());
    for (document, block) in documents(workspace)? {
        let result = match (block.language.as_str(), block.runs) {
            ("sh", true) => {
                let mut shell = workspace.command("bash");
                shell.args(["-euo", "pipefail", "-c", &block.text]);
                execute(shell, &scratch, &path)
            }
            ("python", true) => {
                let mut python = workspace.command(venv.python());
                python.args(["-c", &block.text]);
                execute(python, &scratch, &path)
            }
            ("cpp", true) => {
                let source = scratch.join(format!("{}-{}.cpp", counts.passed + counts.failed, block.line));
                fs::write(&source, &block.text).map_err(|e| format!("{}: {e}", source.display()))?;
                let mut compiler = workspace.command("c++");
                compiler
                    .args(["-std=c++17", "-fsyntax-only", "-isystem"])
                    .arg(workspace.root.join("include"))
                    .arg(source);
                execute(compiler, &scratch, &path)
            }
            ("sh", false) => known(&block.text),
            ("diff", true) => shows_difference(context, &block.text),
            _ => continue,
        };
        counts += Counts::one(result.is_ok());
        if let Err(message) = result {
            // Writing to a String cannot fail.
            let _ = writeln!(log, "{document}:{}: {message}", block.line);
        }
    }
    Ok(Outcome::Ran { counts, log })
}

fn documents(workspace: &Workspace) -> Result<Vec<(&'static str, Block)>, String> {
    let mut all = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(workspace.root.join(document)).map_err(|e| format!("{document}: {e}"))?;
        all.extend(blocks(&text).into_iter().map(|block| (document, block)));
    }
    Ok(all)
}

/// The block is what `diff` says, without the names and times above it.
fn shows_difference(context: &Context, shown: &str) -> Result<(), String> {
    let mut diff = context.workspace.command("diff");
    diff.arg("-U1").args(MIGRATION);
    // It fails where there is a difference.
    let said = process::capture(diff, LIMIT)?.text;
    let difference = said.splitn(3, '\n').nth(2).unwrap_or_default();
    if shown == difference { Ok(()) } else { Err(format!("this block should be:\n{difference}")) }
}

fn execute(mut command: Command, dir: &Path, path: &std::ffi::OsStr) -> Result<(), String> {
    command.current_dir(dir).env("PATH", path);
    process::capture(command, LIMIT)?.ok("this block").map(drop)
}

/// Every `cargo xtask COMMAND` in a block that is not run names a command.
fn known(text: &str) -> Result<(), String> {
    let named = text.lines().filter_map(|line| line.split_once("cargo xtask ")?.1.split_whitespace().next());
    for command in named {
        if !COMMANDS.contains(&command) {
            return Err(format!("cargo xtask has no command {command}"));
        }
    }
    Ok(())
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(info), None) => {
                let mut words = info.split([' ', ',']);
                let language = words.next().unwrap_or_default().to_string();
                let runs = !words.any(|word| word == "no_run");
                open = Some(Block { line: index + 1, language, runs, text: String::new() });
            }
            (None, Some(mut block)) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_language_and_mark() {
        let text = "# t\n```sh\nls\npwd\n```\ntext\n```sh no_run\ncargo xtask demo\n```\n```text\nx\n```\n";
        let found = blocks(text);
        let told: Vec<_> = found.iter().map(|b| (b.line, b.language.as_str(), b.runs, b.text.as_str())).collect();
        let wanted = [(2, "sh", true, "ls\npwd\n"), (7, "sh", false, "cargo xtask demo\n"), (10, "text", true, "x\n")];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        assert!(known("git clone x\ncd x\ncargo xtask test   # everything\n").is_ok());
        assert!(known("cargo xtask fly\n").is_err());
    }
}
