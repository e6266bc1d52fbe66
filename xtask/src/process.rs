//! Running other programs: to see their output, to keep it, with a limit of time, and to stop them.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at that tells nobody when it changes.
const TICK: Duration = Duration::from_millis(5);

/// What a program said and how it ended.
pub(crate) struct Outcome {
    /// Standard output and standard error, as they came.
    pub(crate) text: String,
    /// None when it was stopped because its time was over.
    pub(crate) status: Option<ExitStatus>,
}

impl Outcome {
    pub(crate) fn success(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// "exit status: 1", or that time was over.
    pub(crate) fn ending(&self) -> String {
        self.status.map_or_else(|| "stopped: out of time".to_string(), |status| status.to_string())
    }

    /// The text, or as an error the ending and the text.
    pub(crate) fn ok(self, what: &str) -> Result<String, String> {
        if self.success() { Ok(self.text) } else { Err(format!("{what}: {}\n{}", self.ending(), self.text.trim_end())) }
    }
}

/// Runs a program whose output the user sees as it comes.
pub(crate) fn show(mut command: Command) -> Result<(), String> {
    let name = describe(&command);
    let status = command.status().map_err(|e| format!("{name}: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("{name}: {status}")) }
}

/// Runs a program and keeps its output; at the end of `limit` it and its descendants are killed.
pub(crate) fn capture(mut command: Command, limit: Duration) -> Result<Outcome, String> {
    let name = describe(&command);
    let fail = |e: io::Error| format!("{name}: {e}");
    let (reader, writer) = io::pipe().map_err(fail)?;
    command.stdout(writer.try_clone().map_err(fail)?).stderr(writer);
    let mut child = command.spawn().map_err(fail)?;
    drop(command); // it holds the writing ends
    collect(&mut child, reader, limit).map_err(fail)
}

fn collect(child: &mut Child, reader: io::PipeReader, limit: Duration) -> io::Result<Outcome> {
    let chunks = read_in_background(reader);
    let mut deadline = Instant::now() + limit;
    let (mut bytes, mut open, mut status, mut killed) = (Vec::new(), true, None, false);
    while open || status.is_none() {
        if !open {
            thread::sleep(TICK);
        } else {
            match chunks.recv_timeout(TICK) {
                Ok(chunk) => bytes.extend_from_slice(&chunk),
                Err(RecvTimeoutError::Disconnected) => open = false,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        if status.is_none() {
            status = child.try_wait()?;
            if status.is_some() {
                // A descendant may keep the pipe open for ever: what it says after this is not waited for.
                deadline = deadline.min(Instant::now() + Duration::from_secs(2));
            }
        }
        if Instant::now() > deadline {
            if status.is_some() {
                break;
            }
            kill_tree(child);
            killed = true;
            deadline = Instant::now() + limit;
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Outcome { text, status: status.filter(|_| !killed) })
}

fn read_in_background(mut reader: impl Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count) = reader.read(&mut buffer) {
            if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// True when the program can be started and says that it succeeded. Its output is dropped.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Sends a signal by the shell, whose `kill` is there where `/bin/kill` is not.
pub(crate) fn signal(pid: u32, name: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("kill -{name} {pid}")]);
    succeeds(shell);
}

/// Waits for the child's end until the deadline.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Result<ExitStatus, String> {
    until(limit, || child.try_wait().map_err(|e| e.to_string()))
}

/// Asks again and again until there is an answer, an error or no time left.
pub(crate) fn until<T>(limit: Duration, mut ask: impl FnMut() -> Result<Option<T>, String>) -> Result<T, String> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > deadline {
            return Err(format!("nothing after {:.1} s", limit.as_secs_f32()));
        }
        thread::sleep(TICK);
    }
}

/// Kills a child and all that it started: a test runner's children outlive the runner otherwise.
fn kill_tree(child: &mut Child) {
    for pid in descendants(child.id()) {
        signal(pid, "KILL");
    }
    // It may have ended by itself in between.
    let _ = child.kill();
}

fn descendants(of: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let pid = entry.file_name().to_string_lossy().parse();
        // The command's name is in brackets and may hold anything; state and parent follow it.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let (Ok(pid), Some(parent)) = (pid, parent) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let (mut found, mut next) = (Vec::new(), vec![of]);
    while let Some(pid) = next.pop() {
        let own = children.remove(&pid).unwrap_or_default();
        found.extend_from_slice(&own);
        next.extend(own);
    }
    found
}

/// The program and its arguments, for messages.
pub(crate) fn describe(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_string();
    command.get_args().fold(name, |text, argument| format!("{text} {}", argument.to_string_lossy()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_are_kept_and_the_status_is_told() {
        let outcome = capture(shell("echo out; echo err >&2; exit 3"), Duration::from_secs(10)).unwrap();
        assert!(outcome.text.contains("out\n") && outcome.text.contains("err\n"));
        assert_eq!(outcome.status.unwrap().code(), Some(3));
        assert!(!outcome.success());
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_its_children() {
        let start = Instant::now();
        let outcome = capture(shell("sleep 60 & echo child=$!; sleep 60"), Duration::from_millis(300)).unwrap();
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(outcome.status.is_none());
        let child = outcome.text.trim().strip_prefix("child=").unwrap();
        let gone = until(Duration::from_secs(5), || Ok((!succeeds(shell(&format!("kill -0 {child}")))).then_some(())));
        assert!(gone.is_ok());
    }

    #[test]
    fn a_descendant_that_keeps_the_pipe_open_is_not_waited_for() {
        let start = Instant::now();
        let outcome = capture(shell("sleep 20 & echo pid=$!"), Duration::from_secs(60)).unwrap();
        assert!(outcome.success() && start.elapsed() < Duration::from_secs(15));
        let pid = outcome.text.trim().strip_prefix("pid=").unwrap().parse().unwrap();
        signal(pid, "KILL");
    }
}
