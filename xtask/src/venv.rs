//! The Python virtual environment under `target/`: build tools, test tools and the trustdir wheel.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crate::process;
use crate::workspace::Workspace;

/// The oldest Python that the stable-ABI wheel serves.
const OLDEST: (u32, u32) = (3, 11);

/// pip may have to download and to build; a machine without network is told after this time at the latest.
const PIP_LIMIT: Duration = Duration::from_secs(900);

/// A Python interpreter outside the environment.
pub(crate) struct Python {
    pub(crate) program: String,
    version: (u32, u32),
}

/// `$PYTHON`, else the first of the usual names that is new enough.
pub(crate) fn find_python(workspace: &Workspace) -> Result<Python, String> {
    let usual = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"].map(String::from);
    let candidates = env::var("PYTHON").map_or_else(|_| usual.to_vec(), |chosen| vec![chosen]);
    let mut found = candidates.into_iter().filter_map(|program| {
        let mut ask = workspace.command(&program);
        ask.args(["-c", "import sys; print(*sys.version_info[:2])"]);
        let output = ask.output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (major, minor) = text.trim().split_once(' ')?;
        let version = (major.parse().ok()?, minor.parse().ok()?);
        (version >= OLDEST).then_some(Python { program, version })
    });
    found.next().ok_or_else(|| format!("no Python {}.{} or newer", OLDEST.0, OLDEST.1))
}

/// What apt would bring; the interpreter that is there decides whose `venv` is meant.
pub(crate) fn packages() -> Vec<String> {
    let version = Workspace::locate().and_then(|ws| find_python(&ws)).map(|python| python.version);
    version.map_or_else(
        |_| vec!["python3".into(), "python3-venv".into()],
        |(major, minor)| vec![format!("python{major}.{minor}-venv")],
    )
}

impl Python {
    /// Debian ships Python without the module that puts pip into an environment.
    pub(crate) fn makes_environments(&self, workspace: &Workspace) -> bool {
        let mut command = workspace.command(&self.program);
        command.args(["-c", "import venv, ensurepip"]);
        process::succeeds(command)
    }
}

/// The environment, with the tools of `requirements.txt` in it.
pub(crate) struct Venv {
    dir: PathBuf,
}

impl Venv {
    /// Makes it or finds it as it was left.
    pub(crate) fn ensure(workspace: &Workspace) -> Result<Self, String> {
        let python = find_python(workspace)?;
        let venv = Self { dir: workspace.target.join("venv") };
        let files = [workspace.root.join("xtask/requirements.txt")];
        // Its programs name their interpreter by its absolute path, so that an environment cannot be moved.
        let identity = format!("{} {:?}\n", venv.dir.display(), python.version);
        let wanted = files.iter().try_fold(identity, |text, file| {
            fs::read_to_string(file).map(|more| text + &more).map_err(|e| format!("{}: {e}", file.display()))
        })?;
        venv.once("tools", &wanted, || {
            println!("set-up: virtual environment {} ({})", workspace.show(&venv.dir), python.program);
            let mut make = workspace.command(&python.program);
            make.args(["-m", "venv", "--clear"]).arg(&venv.dir);
            process::capture(make, PIP_LIMIT)?.ok("python -m venv")?;
            let mut pip = venv.pip(workspace, &["install", "--quiet"]);
            files.iter().for_each(|file| {
                pip.arg("--requirement").arg(file);
            });
            process::capture(pip, PIP_LIMIT)?.ok("pip install").map(drop)
        })?;
        Ok(venv)
    }

    /// `pip install ./python`, as a user does it, unless nothing changed since.
    pub(crate) fn install_wheel(&self, workspace: &Workspace) -> Result<(), String> {
        let sources = ["src", "python", "Cargo.toml", "Cargo.lock"];
        let state = sources.iter().fold(DefaultHasher::new(), |mut hasher, name| {
            hash_tree(&workspace.root.join(name), &mut hasher);
            hasher
        });
        self.once("wheel", &format!("{:016x}\n", state.finish()), || {
            println!("set-up: pip install ./python");
            let mut pip = self.pip(workspace, &["install", "--quiet", "./python"]);
            // As a user does it, but for the link-time optimisation, which triples the time and changes no result.
            pip.env("CARGO_PROFILE_RELEASE_LTO", "off");
            process::capture(pip, PIP_LIMIT)?.ok("pip install ./python").map(drop)
        })
    }

    /// The environment's interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.programs().join("python")
    }

    /// The directory of the environment's programs.
    pub(crate) fn programs(&self) -> PathBuf {
        self.dir.join("bin")
    }

    fn pip(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = workspace.command(self.python());
        command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]).args(arguments);
        command
    }

    /// Does the work unless the stamp says that it was done for the same `state`.
    fn once(&self, name: &str, state: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
        let stamp = self.dir.join(format!(".{name}.stamp"));
        if self.python().exists() && fs::read_to_string(&stamp).is_ok_and(|done| done == state) {
            return Ok(());
        }
        work()?;
        fs::write(&stamp, state).map_err(|e| format!("{}: {e}", stamp.display()))
    }
}

/// Names, sizes and times of all source files below `path`, in a fixed order.
fn hash_tree(path: &Path, hasher: &mut DefaultHasher) {
    let Ok(metadata) = fs::metadata(path) else { return };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if metadata.is_dir() {
        if name.starts_with('.') || name == "__pycache__" || name == "tests" || name.ends_with(".egg-info") {
            return;
        }
        let mut children: Vec<_> = fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).collect();
        children.sort();
        children.iter().for_each(|child| hash_tree(child, hasher));
    } else if !name.ends_with(".so") {
        let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        (path, metadata.len(), modified).hash(hasher);
    }
}
