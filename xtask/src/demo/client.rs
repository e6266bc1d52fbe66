//! A Python client that keeps its connection and obeys orders.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::demo::world::{LIMIT, World};

/// `examples/rpc_client.py --hold` in a process of its own.
pub(crate) struct Held {
    /// "1.3" or "1.2".
    pub(crate) tls: &'static str,
    child: Child,
    orders: ChildStdin,
    answers: Receiver<String>,
}

impl Held {
    /// Starts the client as `who`, without a connection yet.
    pub(crate) fn start(world: &mut World<'_>, who: &str, tls: &'static str) -> Result<Self, String> {
        let mut python = world.python_client(who, &["--tls", tls, "--hold"])?;
        python.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().map_err(|e| format!("python: {e}"))?;
        let orders = child.stdin.take().ok_or("python has no standard input")?;
        let output = child.stdout.take().ok_or("python has no standard output")?;
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { tls, child, orders, answers })
    }

    /// Gives an order and waits for its answer, which must begin with `wanted`; the rest of it.
    pub(crate) fn order(&mut self, order: &str, wanted: &str) -> Result<String, String> {
        writeln!(self.orders, "{order}").map_err(|e| format!("{order}: {e}"))?;
        let answer =
            self.answers.recv_timeout(LIMIT * 2).map_err(|_| format!("{order}: the client does not answer"))?;
        let rest = answer.strip_prefix(wanted).map(|rest| rest.trim().to_string());
        rest.ok_or_else(|| format!("TLS {}: {order}: {answer}", self.tls))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
