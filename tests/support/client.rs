//! Clients that are other people's programs: `openssl s_client` and `curl`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::{ClientFiles, DEADLINE, World, text};

/// The protocol version to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    V12,
    V13,
}

pub const BOTH: [Tls; 2] = [Tls::V12, Tls::V13];

/// A running `openssl s_client`, spoken to line by line.
pub struct SClient {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl SClient {
    pub fn connect(world: &World, address: &str, tls: Tls, client: Option<&ClientFiles>, more: &[&str]) -> Self {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", address, "-quiet", "-no_ign_eof", "-verify_return_error"]);
        command.arg("-CAfile").arg(world.ca.certificate_path());
        command.arg(if tls == Tls::V12 { "-tls1_2" } else { "-tls1_3" });
        if let Some(client) = client {
            command.arg("-cert").arg(&client.certificate).arg("-key").arg(&client.key);
            if let Some(chain) = &client.chain {
                command.arg("-cert_chain").arg(chain);
            }
        }
        let child = command.args(more).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if line.is_err() || sender.send(line.unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { stdin: child.stdin.take(), child, lines }
    }

    pub fn send(&mut self, line: &str) {
        // A server that has refused us may have closed already.
        let _ = writeln!(self.stdin.as_mut().unwrap(), "{line}");
    }

    /// Sends a line and waits for its echo; `None` when the connection ends first.
    pub fn echo(&mut self, line: &str) -> Option<String> {
        self.send(line);
        self.line()
    }

    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(timeout) => panic!("no answer and no end: {timeout}"),
        }
    }

    /// Waits for the connection to end without a word more, and returns what openssl said of it.
    pub fn end(mut self) -> String {
        let line = self.line();
        assert_eq!(line, None, "the connection is open and speaks");
        self.errors()
    }

    /// Closes from our side, as a client that is done.
    pub fn close(mut self) -> String {
        drop(self.stdin.take());
        self.errors()
    }

    fn errors(&mut self) -> String {
        let mut errors = String::new();
        drop(self.stdin.take());
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        self.child.wait().unwrap();
        errors
    }
}

impl Drop for SClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects once, sends a line and says whether it came back; with a session to offer or to keep.
pub fn once(
    world: &World,
    address: &str,
    tls: Tls,
    client: Option<&ClientFiles>,
    session: Option<(&str, &Path)>,
) -> Result<(), String> {
    let session = session.map(|(option, file)| (option, text(file)));
    let more: Vec<&str> = session.iter().flat_map(|(option, file)| [*option, file.as_str()]).collect();
    let mut connection = SClient::connect(world, address, tls, client, &more);
    match connection.echo("hello") {
        Some(echo) => {
            assert_eq!(echo, "hello");
            connection.close();
            Ok(())
        }
        None => Err(connection.end()),
    }
}
