//! What the machine must have beyond git, curl, cargo, a compiler and Python; fetched by apt where that is allowed.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::process;
use crate::venv;
use crate::workspace::Workspace;

/// Packages may have to come over a slow line.
const APT_LIMIT: Duration = Duration::from_secs(600);

/// One thing that must be there, how to see it, and what brings it.
pub(crate) struct Need {
    /// For messages.
    pub(crate) name: &'static str,
    present: fn(&Workspace) -> bool,
    packages: fn() -> Vec<String>,
}

/// gcc and g++.
pub(crate) static COMPILERS: Need = Need {
    name: "gcc and g++",
    present: |ws| compiles(ws, "gcc", "c", "stdio.h") && compiles(ws, "g++", "c++", "string"),
    packages: || named(&["gcc", "g++", "libc6-dev"]),
};

/// The `openssl` command: it makes the guides' files and plays the peer.
pub(crate) static OPENSSL: Need = Need {
    name: "the openssl command",
    present: |ws| runs(ws, "openssl", "version"),
    packages: || named(&["openssl"]),
};

/// curl, the peer that most users have.
pub(crate) static CURL: Need =
    Need { name: "curl", present: |ws| runs(ws, "curl", "--version"), packages: || named(&["curl"]) };

/// A Python that is new enough and can make virtual environments.
pub(crate) static PYTHON: Need = Need {
    name: "Python 3.11 or newer with venv",
    present: |ws| venv::find_python(ws).is_ok_and(|python| python.makes_environments(ws)),
    packages: venv::packages,
};

/// Boost.Asio and Boost.Beast are headers alone.
pub(crate) static BOOST: Need = Need {
    name: "Boost's headers",
    present: |ws| compiles(ws, "g++", "c++", "boost/beast/version.hpp"),
    packages: || named(&["libboost-dev"]),
};

/// The C++ stream also serves Asio without Boost.
pub(crate) static ASIO: Need = Need {
    name: "Asio's headers",
    present: |ws| compiles(ws, "g++", "c++", "asio/version.hpp"),
    packages: || named(&["libasio-dev"]),
};

/// The C++ tests use Asio's own TLS stream as the client.
pub(crate) static LIBSSL: Need = Need {
    name: "OpenSSL's headers",
    present: |ws| compiles(ws, "g++", "c++", "openssl/ssl.h"),
    packages: || named(&["libssl-dev"]),
};

/// valgrind, and the symbols without which it refuses to start.
pub(crate) static VALGRIND: Need = Need {
    name: "valgrind",
    present: |ws| runs(ws, "valgrind", "--version") && runs(ws, "valgrind", "/bin/true"),
    packages: || named(&["valgrind", "libc6-dbg"]),
};

/// How programs without CMake find libraries.
pub(crate) static PKG_CONFIG: Need =
    Need { name: "pkg-config", present: |ws| runs(ws, "pkg-config", "--version"), packages: || named(&["pkg-config"]) };

/// Makes and unpacks Debian packages.
pub(crate) static DPKG: Need =
    Need { name: "dpkg-deb", present: |ws| runs(ws, "dpkg-deb", "--version"), packages: || named(&["dpkg"]) };

/// Writes the reference of the C and C++ headers.
pub(crate) static DOXYGEN: Need =
    Need { name: "doxygen", present: |ws| runs(ws, "doxygen", "--version"), packages: || named(&["doxygen"]) };

/// GnuTLS's verifier of certificates.
pub(crate) static CERTTOOL: Need =
    Need { name: "certtool", present: |ws| runs(ws, "certtool", "--version"), packages: || named(&["gnutls-bin"]) };

/// Kills the command, and fails its calls, where the crash tests want it.
pub(crate) static STRACE: Need =
    Need { name: "strace", present: |ws| runs(ws, "strace", "--version"), packages: || named(&["strace"]) };

/// The server of pimatic's guide.
pub(crate) static NODEJS: Need =
    Need { name: "Node.js", present: |ws| runs(ws, "node", "--version"), packages: || named(&["nodejs"]) };

/// The proxy of the Rocket.Chat guide; only root has its directory in the `PATH`.
pub(crate) static NGINX: Need =
    Need { name: "nginx", present: |ws| runs(ws, "/usr/sbin/nginx", "-v"), packages: || named(&["nginx-light"]) };

/// Another proxy for which `trustdir up` writes a snippet.
pub(crate) static HAPROXY: Need =
    Need { name: "haproxy", present: |ws| runs(ws, "/usr/sbin/haproxy", "-v"), packages: || named(&["haproxy"]) };

/// One more, without its service.
pub(crate) static APACHE: Need =
    Need { name: "apache2", present: |ws| runs(ws, "/usr/sbin/apache2", "-v"), packages: || named(&["apache2-bin"]) };

/// A browser, and what has it trust a root. Not every distribution has it as a package.
pub(crate) static CHROMIUM: Need = Need {
    name: "chromium and certutil",
    // certutil has no option that succeeds without a database.
    present: |ws| runs(ws, "chromium", "--version") && ws.command("certutil").arg("-H").output().is_ok(),
    packages: || named(&["chromium", "libnss3-tools"]),
};

/// One more proxy for which `trustdir up` writes snippets.
pub(crate) static CADDY: Need =
    Need { name: "caddy", present: |ws| runs(ws, "caddy", "version"), packages: || named(&["caddy"]) };

/// The broker of a snippet and of the example for MQTT; its service is not started.
pub(crate) static MOSQUITTO: Need = Need {
    name: "mosquitto",
    present: |_| Path::new("/usr/sbin/mosquitto").exists(),
    packages: || named(&["mosquitto"]),
};

/// The database of a snippet, where Debian has its programs.
pub(crate) static POSTGRESQL: Need = Need {
    name: "PostgreSQL",
    present: |_| {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        versions.into_iter().any(|version| version.path().join("bin/initdb").exists())
    },
    packages: || named(&["postgresql"]),
};

/// Another language's client.
pub(crate) static GO: Need =
    Need { name: "Go", present: |ws| runs(ws, "go", "version"), packages: || named(&["golang-go"]) };

/// What single tests of Rust can do without; it is told, for they alone would be silent.
const WISHES: &[&Need] = &[&CHROMIUM, &CADDY];

/// The same, and too large to be fetched for them.
const LARGE: &[&Need] = &[&POSTGRESQL, &GO];

/// Everything that the tests need.
pub(crate) const ALL: &[&Need] = &[
    &COMPILERS,
    &OPENSSL,
    &CURL,
    &PYTHON,
    &BOOST,
    &ASIO,
    &LIBSSL,
    &VALGRIND,
    &PKG_CONFIG,
    &DPKG,
    &DOXYGEN,
    &CERTTOOL,
    &STRACE,
    &NODEJS,
    &NGINX,
    &HAPROXY,
    &APACHE,
    &MOSQUITTO,
];

/// What the demo needs.
pub(crate) const DEMO: &[&Need] = &[&COMPILERS, &OPENSSL, &CURL, &PYTHON, &BOOST];

/// Gets what is missing, in one go; what then is still missing is an error that names the packages.
pub(crate) fn require(workspace: &Workspace, needs: &[&'static Need]) -> Result<(), String> {
    let absent = obtain(workspace, needs);
    if absent.is_empty() { Ok(()) } else { Err(complaint(&absent)) }
}

/// Gets what is missing if apt can, and tells what is missing still.
pub(crate) fn obtain(workspace: &Workspace, needs: &[&'static Need]) -> Vec<&'static Need> {
    let absent = missing(workspace, needs);
    let packages = packages_of(&absent);
    if packages.is_empty() {
        return absent;
    }
    let Some(prefix) = apt(workspace) else {
        eprintln!("set-up: no apt-get, or neither root nor sudo without a password, so nothing is installed");
        return absent;
    };
    println!("set-up: apt-get install {}", packages.join(" "));
    // A fresh image has no package lists; a machine in use needs no update.
    let first = process::capture(install(workspace, &prefix, &packages), APT_LIMIT);
    if !first.is_ok_and(|outcome| outcome.success()) {
        let update = process::show(apt_get(workspace, &prefix, &["update", "--quiet=2"]));
        let second = update.and_then(|()| process::show(install(workspace, &prefix, &packages)));
        second.unwrap_or_else(|message| eprintln!("set-up: {message}"));
    }
    missing(workspace, needs)
}

/// Gets what single tests can do without, where apt has it, and tells what is missing still.
pub(crate) fn wish(workspace: &Workspace) {
    let absent = missing(workspace, WISHES);
    if let Some(prefix) = apt(workspace).filter(|_| !absent.is_empty()) {
        for need in &absent {
            let packages = (need.packages)();
            println!("set-up: apt-get install {}", packages.join(" "));
            // What has not come is told below.
            let _ = process::capture(install(workspace, &prefix, &packages), APT_LIMIT);
        }
    }
    for need in missing(workspace, &[&absent, LARGE].concat()) {
        let packages = (need.packages)().join(" ");
        println!("set-up: there is no {} ({packages}), so the tests with it are SKIPPED", need.name);
    }
}

fn missing(workspace: &Workspace, needs: &[&'static Need]) -> Vec<&'static Need> {
    needs.iter().copied().filter(|need| !(need.present)(workspace)).collect()
}

/// One line: what is missing and which command brings it.
pub(crate) fn complaint(absent: &[&Need]) -> String {
    let names: Vec<&str> = absent.iter().map(|need| need.name).collect();
    format!("this needs {}; install with: apt-get install {}", names.join(" and "), packages_of(absent).join(" "))
}

fn packages_of(needs: &[&Need]) -> Vec<String> {
    needs.iter().flat_map(|need| (need.packages)()).collect()
}

/// What goes before `apt-get`: nothing for root, `sudo -n` where that works, None where neither can.
fn apt(workspace: &Workspace) -> Option<Vec<&'static str>> {
    if !runs(workspace, "apt-get", "--version") {
        return None;
    }
    let mut id = workspace.command("id");
    id.arg("-u");
    let user = id.output().map(|output| output.stdout).unwrap_or_default();
    if user.trim_ascii() == b"0" {
        return Some(vec!["env"]);
    }
    let mut sudo = workspace.command("sudo");
    sudo.args(["-n", "true"]);
    process::succeeds(sudo).then(|| vec!["sudo", "-n", "env"])
}

fn apt_get(workspace: &Workspace, prefix: &[&str], arguments: &[&str]) -> Command {
    let mut command = workspace.command(prefix[0]);
    // Offline, systemd starts none of the services that packages bring: nginx would take port 80.
    command.args(&prefix[1..]).args(["DEBIAN_FRONTEND=noninteractive", "SYSTEMD_OFFLINE=1", "apt-get"]).args(arguments);
    command
}

fn install(workspace: &Workspace, prefix: &[&str], packages: &[String]) -> Command {
    let mut command = apt_get(workspace, prefix, &["install", "--yes", "--quiet=2", "--no-install-recommends"]);
    command.args(packages);
    command
}

fn runs(workspace: &Workspace, program: &str, argument: &str) -> bool {
    let mut command = workspace.command(program);
    command.arg(argument);
    process::succeeds(command)
}

/// Whether the compiler finds a header, wherever it looks for it.
fn compiles(workspace: &Workspace, compiler: &str, language: &str, header: &str) -> bool {
    let mut command = workspace.command(compiler);
    // The file that is compiled is empty; `-include` names the header. `-M` reads and generates nothing.
    command.args(["-M", "-x", language, "-include", header, "/dev/null"]);
    process::succeeds(command)
}

fn named(packages: &[&str]) -> Vec<String> {
    packages.iter().map(ToString::to_string).collect()
}
