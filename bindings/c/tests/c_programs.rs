//! Compiles and runs the C programs in `tests/c` of the repository. `cargo xtask test` runs them under valgrind too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use support::{compile_c, compile_c_with, library, root, run, scratch};

fn program(name: &str, test: &str) -> PathBuf {
    compile_c(&root().join("tests/c").join(name), &scratch(test))
}

fn last_line(output: &Output) -> String {
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
fn whatever_can_be_asked_is_answered_in_c() {
    passes("queries");
}

#[test]
fn unloading_does_not_crash_the_thread_that_used_it() {
    let unload = program("unload.c", "unload");
    for _ in 0..5 {
        let output = run(Command::new(&unload).arg(library()));
        assert_eq!(last_line(&output), "1 passed, 0 failed");
    }
}

#[test]
fn running_out_of_memory_aborts_or_fails_and_never_crashes() {
    let dir = scratch("alloc");
    let program = compile_c(&support::crate_dir().join("tests/alloc.c"), &dir);
    let output = run(Command::new(program).arg(dir.join("ca")));
    assert!(last_line(&output).ends_with(" passed, 0 failed"), "{output:?}");
}

#[test]
fn threads_share_what_may_be_shared() {
    passes("threads");
}

/// `openssl s_server`, which answers each line with the same backwards, on a port of its choice until it is dropped.
struct Reverser {
    child: Child,
    port: String,
}

impl Reverser {
    fn new(dir: &Path, more: &[&str]) -> Self {
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", "node.pem", "-key", "node.key"];
        let mut openssl = Command::new("openssl");
        openssl.args(arguments).args(more).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = openssl.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port = lines.find_map(|line| Some(line.strip_prefix("ACCEPT ")?.rsplit(':').next()?.to_owned()));
        // What it says later must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("openssl s_server tells its port") }
    }
}

impl Drop for Reverser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Certificates as the guides make them: self-signed, without a name.
fn self_signed(dir: &Path, name: &str) {
    let (key, certificate) = (format!("{name}.key"), format!("{name}.pem"));
    let subject = format!("/CN={name}");
    let new =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &certificate, "-subj", &subject];
    run(Command::new("openssl").args(new).current_dir(dir));
}

#[test]
fn the_example_calls_a_pinned_server_and_no_other() {
    let dir = scratch("call");
    let call = compile_c(&root().join("examples/call.c"), &dir);
    self_signed(&dir, "node");
    self_signed(&dir, "alice");
    let say = |server: &Reverser, files: &[&str]| {
        let mut call = Command::new(&call);
        call.args(["127.0.0.1", &server.port]).args(files).current_dir(&dir);
        let mut child = call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"hello\nworld\n").unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for version in ["-tls1_2", "-tls1_3"] {
        let server = Reverser::new(&dir, &[version]);
        assert_eq!(say(&server, &["node.pem"]), (Some(0), "olleh\ndlrow\n".into(), String::new()), "{version}");
        let (code, answer, error) = say(&server, &["alice.pem"]);
        assert_eq!((code, answer.as_str()), (Some(1), ""), "{error}");
        assert!(error.starts_with("CN=node ") && error.contains(" is not pinned"), "{error}");

        // One that asks who calls.
        let server = Reverser::new(&dir, &[version, "-Verify", "1", "-CAfile", "alice.pem", "-verify_return_error"]);
        assert_eq!(say(&server, &["node.pem", "alice.pem", "alice.key"]).1, "olleh\ndlrow\n", "{version}");
        let (code, answer, error) = say(&server, &["node.pem"]);
        assert_eq!((code, answer.as_str()), (Some(1), ""), "{error}");
        assert!(error.contains("alert"), "{error}");
    }
}

/// A server of the examples, on a port of its choice until it is dropped.
struct Serving {
    child: Child,
    lines: Receiver<String>,
}

impl Serving {
    fn new(program: &Path, dir: &Path) -> Self {
        let mut serve = Command::new(program);
        serve.args(["0", "server.pem", "server.key", "clients"]).current_dir(dir).stdout(Stdio::piped());
        let mut child = serve.spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
        Self { child, lines }
    }

    /// The rest of the next line that begins so.
    fn says(&self, what: &str) -> String {
        let deadline = Duration::from_secs(20);
        let mut lines = std::iter::from_fn(|| self.lines.recv_timeout(deadline).ok());
        let line = lines.find_map(|line| line.strip_prefix(what).map(str::to_owned));
        line.unwrap_or_else(|| panic!("it never says {what:?}"))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_examples_make_an_authority_and_serve_whom_it_issued_until_his_file_goes() {
    let dir = scratch("serve");
    let example = |name: &str| compile_c(&root().join("examples").join(name), &dir);
    let (make_ca, serve, call) = (example("make_ca.c"), example("serve.c"), example("call.c"));
    run(Command::new(&make_ca).args([".", "localhost", "alice"]).current_dir(&dir));
    let again = Command::new(&make_ca).args([".", "localhost", "alice"]).current_dir(&dir).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "it overwrites nothing");

    let serving = Serving::new(&serve, &dir);
    let port = serving.says("listening on port ");
    let start = |files: &[&str]| {
        let mut call = Command::new(&call);
        call.args(["127.0.0.1", &port, "server.pem"]).args(files).current_dir(&dir);
        call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let own = ["client.pem", "client.key"];
    let mut child = start(&own);
    let (mut input, sent) = (child.stdin.take().unwrap(), "words\n".repeat(100_000));
    let copy = sent.clone();
    let writing = std::thread::spawn(move || input.write_all(copy.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success() && output.stdout == sent.as_bytes(), "{}", output.stdout.len());
    assert_eq!(serving.says("admitted: "), "CN=alice");

    let output = start(&[]).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(serving.says("ended: ").contains("no certificate"));

    // Idle: neither side has anything to say.
    let mut idle = start(&own);
    let input = idle.stdin.take();
    assert_eq!(serving.says("admitted: "), "CN=alice");
    let file = std::fs::read_dir(dir.join("clients")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(&file).unwrap();
    assert!(serving.says("removed: ").ends_with(".0"));
    idle.wait().unwrap();
    drop(input);
    let output = start(&own).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// A socket that has no room at every other piece of what is said.
const RELUCTANT: &str = "
#include <errno.h>
#include <sys/types.h>
ssize_t __real_send(int, const void *, size_t, int);
ssize_t __wrap_send(int socket, const void *data, size_t len, int flags)
{
    static unsigned turn;
    if (len < 1000 || turn++ % 2 != 0)
        return __real_send(socket, data, len, flags);
    errno = EAGAIN;
    return -1;
}
";

#[test]
fn the_example_serves_who_reads_slowly_to_the_end() {
    let dir = scratch("slowly");
    let shim = dir.join("reluctant.c");
    std::fs::write(&shim, RELUCTANT).unwrap();
    let examples = root().join("examples");
    let [make_ca, call] = ["make_ca.c", "call.c"].map(|name| compile_c(&examples.join(name), &dir));
    let flags = [shim.to_str().unwrap(), "-Wl,--wrap=send"];
    let serving = compile_c_with(&examples.join("serve.c"), &dir, &flags);
    run(Command::new(&make_ca).args([".", "localhost", "alice"]).current_dir(&dir));
    let serving = Serving::new(&serving, &dir);
    let port = serving.says("listening on port ");

    let sent = "words\n".repeat(10_000);
    std::fs::write(dir.join("words"), &sent).unwrap();
    let mut hear = Command::new("timeout"); // who waits for ever is ended
    hear.arg("20").arg(&call).args(["127.0.0.1", &port, "server.pem", "client.pem", "client.key"]).current_dir(&dir);
    let output = run(hear.stdin(std::fs::File::open(dir.join("words")).unwrap()));
    assert!(output.stdout == sent.as_bytes(), "{}", output.stdout.len());
}
