//! Runs a command under `strace`, which kills it at a system call of our choice or makes that call fail.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The calls by which a program changes what is on the disk. The names are those of every architecture that Linux has.
const CHANGES: &str = "?open,openat,?creat,write,pwrite64,writev,fsync,fdatasync,ftruncate,?rename,renameat,renameat2,\
                       ?link,linkat,?unlink,unlinkat,?mkdir,mkdirat,?chmod,fchmod,fchmodat";

/// One call that a command makes: its name and how many of that name it is.
#[derive(Clone, Debug)]
pub struct Point {
    call: String,
    number: usize,
    arguments: String,
}

impl Point {
    /// Whether it writes to the standard output or error, which nobody's files depend on.
    pub fn speaks(&self) -> bool {
        self.call == "write" && (self.arguments.starts_with("1, ") || self.arguments.starts_with("2, "))
    }

    fn changes(&self) -> bool {
        let opens = self.call.contains("open");
        !opens || ["O_CREAT", "O_TMPFILE", "O_TRUNC"].iter().any(|flag| self.arguments.contains(flag))
    }
}

/// Runs the command in `dir` and returns the calls by which it changes anything, in their order.
pub fn points(program: &str, arguments: &[&str], dir: &Path) -> Vec<Point> {
    let log = dir.join("strace.log");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "signal=none", "-o"]).arg(&log);
    let output = run(strace.arg(format!("--trace={CHANGES}")).arg(program).args(arguments), dir);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let log = std::fs::read_to_string(log).unwrap();
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    // strace counts by thread, and so would we have to.
    let threads: std::collections::HashSet<_> = log.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(threads.len(), 1, "the command has started threads");
    let calls = log.lines().filter_map(|line| line.split_once(char::is_whitespace)?.1.trim_start().split_once('('));
    let points = calls.map(|(call, arguments)| {
        let number = numbers.entry(call).or_default();
        *number += 1;
        Point { call: call.to_owned(), number: *number, arguments: arguments.to_owned() }
    });
    points.filter(Point::changes).collect()
}

/// Runs the command again, with a fault at that point: `signal=SIGKILL` or `error=ENOSPC`.
pub fn with_fault(point: &Point, fault: &str, program: &str, arguments: &[&str], dir: &Path) -> Output {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
    strace.arg(format!("inject={}:{fault}:when={}", point.call, point.number));
    run(strace.arg(program).args(arguments), dir)
}

fn run(strace: &mut Command, dir: &Path) -> Output {
    strace.current_dir(dir).stdin(Stdio::null()).env_remove("TRUSTDIR_CA_PASSPHRASE").env_remove("TRUSTDIR_PASSPHRASE");
    strace.output().unwrap_or_else(|error| panic!("strace: {error}; install it, or run `cargo xtask setup`"))
}
