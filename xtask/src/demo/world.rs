//! What the steps share: a directory, the programs, the node, and the clients that stay connected.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::Duration;

use crate::demo::client::Held;
use crate::demo::node::Node;
use crate::process::{Outcome, capture};
use crate::venv;
use crate::workspace::Workspace;

/// The longest that any command or wait of the demo may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Where the demo happens.
pub(crate) struct World<'a> {
    pub(crate) workspace: &'a Workspace,
    /// The working directory of every command.
    pub(crate) dir: PathBuf,
    pub(crate) node_program: PathBuf,
    pub(crate) python: String,
    pub(crate) node: Option<Node>,
    /// Connections that stay open: one in each TLS version.
    pub(crate) rpcuser1: Vec<Held>,
    pub(crate) alice: Vec<Held>,
    trustdir: PathBuf,
    kept: bool,
}

impl<'a> World<'a> {
    /// A new directory below `target/NAME`, of this run's own.
    pub(crate) fn new(
        workspace: &'a Workspace,
        name: &str,
        trustdir: PathBuf,
        node_program: PathBuf,
    ) -> Result<Self, String> {
        let dir = workspace.target.join(format!("{name}/run-{}", process::id()));
        fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let python = venv::find_python(workspace)?.program;
        let (rpcuser1, alice) = (Vec::new(), Vec::new());
        Ok(Self { workspace, dir, node_program, python, node: None, rpcuser1, alice, trustdir, kept: false })
    }

    /// Keeps the directory for whoever looks for the cause of a failure.
    pub(crate) fn keep(&mut self) -> &Path {
        self.kept = true;
        &self.dir
    }

    /// The node, which a step before has started.
    pub(crate) fn node(&mut self) -> Result<&mut Node, String> {
        self.node.as_mut().ok_or_else(|| "the node does not run".to_string())
    }

    /// The end of what the node said.
    pub(crate) fn log_tail(&self) -> String {
        self.node.as_ref().map(Node::log_tail).unwrap_or_default()
    }

    /// Runs the trustdir command, which must succeed; its output.
    pub(crate) fn trustdir(&self, arguments: &[&str]) -> Result<String, String> {
        self.execute(&self.trustdir, arguments)?.ok(&format!("trustdir {}", arguments.join(" ")))
    }

    /// Runs openssl, which must succeed; its output.
    pub(crate) fn openssl(&self, arguments: &[&str]) -> Result<String, String> {
        self.execute(Path::new("openssl"), arguments)?.ok(&format!("openssl {}", arguments.join(" ")))
    }

    /// curl asks the node for the block count with the given client options.
    pub(crate) fn curl(&mut self, options: &[&str]) -> Result<Outcome, String> {
        let url = format!("https://localhost:{}/", self.node()?.port);
        let request = ["--data", r#"{"action":"block_count"}"#, "--cacert", "ca/cacert.pem", &url];
        let always = ["--silent", "--show-error", "--noproxy", "*", "--max-time", "10"];
        self.execute(Path::new("curl"), &[&always, options, &request].concat())
    }

    /// The Python client, as `who` or as nobody.
    pub(crate) fn python_client(&mut self, who: &str, arguments: &[&str]) -> Result<Command, String> {
        let url = format!("https://127.0.0.1:{}", self.node()?.port);
        let mut python = self.workspace.command(&self.python);
        python.arg(self.workspace.root.join("examples/rpc_client.py")).args(["--url", &url, "--ca", "ca/cacert.pem"]);
        python.args(["--cert", &format!("people/{who}.cert.pem"), "--key", &format!("people/{who}.key.pem")]);
        python.args(arguments).current_dir(&self.dir);
        Ok(python)
    }

    fn execute(&self, program: &Path, arguments: &[&str]) -> Result<Outcome, String> {
        let mut command = self.workspace.command(program);
        command.args(arguments).current_dir(&self.dir);
        capture(command, LIMIT)
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // It is below target, where nobody minds what is left.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}
