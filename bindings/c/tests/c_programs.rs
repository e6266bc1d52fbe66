//! Compiles and runs the C programs in `tests/c` of the repository. `cargo xtask test` runs them under valgrind too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::{compile_c, library, root, run, scratch};

fn program(name: &str, test: &str) -> PathBuf {
    compile_c(&root().join("tests/c").join(name), &scratch(test))
}

fn last_line(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

fn passes(name: &str) {
    let output = run(&mut Command::new(program(&format!("{name}.c"), name)));
    assert!(last_line(&output).ends_with(" passed, 0 failed"), "{output:?}");
}

#[test]
fn the_interface_works_from_c() {
    passes("api");
}

#[test]
fn an_authority_is_run_from_c() {
    passes("authority");
}

#[test]
fn export_and_lint_work_from_c() {
    passes("export");
}

#[test]
fn limits_and_records_work_from_c() {
    passes("limits");
}

#[test]
fn directories_work_from_c() {
    passes("directories");
}

#[test]
fn acceptors_are_set_up_and_reloaded_from_c() {
    passes("acceptor");
}

#[test]
fn servers_are_called_and_numbers_read_from_c() {
    passes("connector");
}

#[test]
fn unloading_does_not_crash_the_thread_that_used_it() {
    let unload = program("unload.c", "unload");
    for _ in 0..5 {
        let output = run(Command::new(&unload).arg(library()));
        assert_eq!(last_line(&output), "1 passed, 0 failed");
    }
}
