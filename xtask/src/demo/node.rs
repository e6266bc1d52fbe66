//! The node: started, watched through its log, stopped.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Child;

use crate::demo::world::{LIMIT, World};
use crate::process;

/// The configuration as the guide writes it; the Diffie-Hellman file that the guide asks for is not needed any more.
const CONFIGURATION: &str = r#"address = "127.0.0.1"
port = 0

[secure]
enable = true
verbose_logging = true
server_cert_path = "tls/localhost.cert.pem"
server_key_path = "tls/localhost.key.pem"
server_key_passphrase = "test"
server_dh_path = "tls/dh1024.pem"
client_certs_path = "tls/clients"
"#;

/// A running node.
pub(crate) struct Node {
    child: Child,
    log: PathBuf,
    pub(crate) port: u16,
}

/// One line of the node's log: `key=value key="value with spaces" …`.
pub(crate) struct Line(String);

impl Line {
    /// The value of a key, empty where there is none.
    pub(crate) fn value(&self, key: &str) -> String {
        self.pairs().into_iter().find(|(name, _)| name == key).map(|(_, value)| value).unwrap_or_default()
    }

    fn pairs(&self) -> Vec<(String, String)> {
        let (mut pairs, mut rest) = (Vec::new(), self.0.as_str());
        while let Some((key, after)) = rest.split_once('=') {
            let (value, more) = match after.strip_prefix('"') {
                Some(quoted) => unquote(quoted),
                None => after.split_once(' ').map_or((after.into(), ""), |(value, more)| (value.into(), more)),
            };
            let name = key.rsplit(' ').next().unwrap_or(key);
            pairs.push((name.to_string(), value));
            rest = more;
        }
        pairs
    }
}

/// The text up to the closing quotation mark, and what follows it.
fn unquote(text: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &text[at + 1..]),
            _ => value.push(c),
        }
    }
    (value, "")
}

impl Node {
    /// The process, for signals.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How much of the log there is: what [`Node::line_after`] looks at begins here.
    pub(crate) fn mark(&self) -> usize {
        self.log_text().len()
    }

    /// Waits for a line after the mark.
    pub(crate) fn line_after(&self, mark: usize, event: &str, fits: impl Fn(&Line) -> bool) -> Result<Line, String> {
        let find = || self.lines(mark).into_iter().find(|line| line.value("event") == event && fits(line));
        process::until(LIMIT, || Ok(find())).map_err(|why| format!("no fitting event={event} in the log: {why}"))
    }

    /// The complete lines after the mark.
    pub(crate) fn lines(&self, mark: usize) -> Vec<Line> {
        let text = self.log_text();
        let complete = text.rfind('\n').map_or(0, |end| end + 1);
        text.get(mark..complete).unwrap_or_default().lines().map(|line| Line(line.to_string())).collect()
    }

    /// The last lines, for the message of a failure.
    pub(crate) fn log_tail(&self) -> String {
        let text = self.log_text();
        let lines: Vec<&str> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(12)..];
        tail.iter().fold(String::from("the node's log ends:\n"), |text, line| text + "  " + line + "\n")
    }

    fn log_text(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // After a clean stop there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the configuration and starts the node; it listens on a port that the system chooses.
pub(crate) fn start(world: &mut World<'_>) -> Result<String, String> {
    fs::write(world.dir.join("config-rpc.toml"), CONFIGURATION).map_err(|e| format!("config-rpc.toml: {e}"))?;
    launch(world)
}

/// Starts the node by the configuration that is there.
pub(crate) fn launch(world: &mut World<'_>) -> Result<String, String> {
    let (port_file, log) = (world.dir.join("port"), world.dir.join("node.log"));
    let output = File::create(&log).map_err(|e| format!("node.log: {e}"))?;
    let errors = output.try_clone().map_err(|e| format!("node.log: {e}"))?;
    let mut command = world.workspace.command(&world.node_program);
    command.arg("config-rpc.toml").arg("--port-file").arg(&port_file).current_dir(&world.dir);
    let child = command.stdout(output).stderr(errors).spawn().map_err(|e| format!("rpc_node: {e}"))?;

    let node = world.node.insert(Node { child, log, port: 0 });
    node.port = process::until(LIMIT, || {
        if let Some(status) = node.child.try_wait().map_err(|e| e.to_string())? {
            return Err(format!("the node ended: {status}"));
        }
        Ok(fs::read_to_string(&port_file).ok().and_then(|text| text.trim().parse().ok()))
    })?;
    let line = node.line_after(0, "listening", |_| true)?;
    Ok(format!("port {}, policy: {}", node.port, line.value("policy")))
}

/// Nothing was restarted.
pub(crate) fn same_process(world: &mut World<'_>) -> Result<String, String> {
    let node = world.node()?;
    if let Some(status) = node.child.try_wait().map_err(|e| e.to_string())? {
        return Err(format!("the node has ended: {status}"));
    }
    let count = |event: &str| node.lines(0).iter().filter(|line| line.value("event") == event).count();
    let (starts, admitted, refused, closed) =
        (count("listening"), count("admitted"), count("refused"), count("closed"));
    if starts != 1 {
        return Err(format!("it began to listen {starts} times"));
    }
    let pid = node.id();
    Ok(format!("pid {pid}; its log has {admitted} admitted, {refused} refused, {closed} closed"))
}

/// alice is still connected: that must not keep the node from ending.
pub(crate) fn stop(world: &mut World<'_>) -> Result<String, String> {
    let node = world.node()?;
    process::signal(node.id(), "TERM");
    let status = process::wait(&mut node.child, LIMIT)?;
    if status.success() { Ok(status.to_string()) } else { Err(status.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_quoted_or_not() {
        let line = Line(
            r#"time=2026-01-01T00:00:00Z event=refused peer=[::1]:5 subject="CN=a \"b\" c=d" reason=EXPIRED message="x""#
                .into(),
        );
        assert_eq!(line.value("event"), "refused");
        assert_eq!(line.value("peer"), "[::1]:5");
        assert_eq!(line.value("subject"), r#"CN=a "b" c=d"#);
        assert_eq!(line.value("reason"), "EXPIRED");
        assert_eq!(line.value("c"), "");
    }
}
