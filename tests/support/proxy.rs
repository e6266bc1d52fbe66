//! The TLS proxies of the guides, over Unix sockets: there is no port to collide on.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{DEADLINE, text, try_run};

/// A running proxy and the plain HTTP server behind it.
pub struct Proxy {
    child: Child,
    socket: PathBuf,
}

impl Proxy {
    /// Starts nginx in `dir` with these files, as the Rocket.Chat guide has it; a server that does not start ends the test with what nginx said.
    pub fn start(dir: &Path, certificate: &str, key: &str) -> Self {
        let dir_text = text(dir);
        Self::nginx(
            dir,
            &format!(
                "server {{
                    listen unix:{dir_text}/nginx.sock ssl;
                    ssl_certificate {dir_text}/{certificate}; ssl_certificate_key {dir_text}/{key}; ssl_protocols TLSv1.2 TLSv1.3;
                    location / {{
                        proxy_pass http://unix:{dir_text}/chat.sock:/; proxy_http_version 1.1;
                        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\";
                        proxy_set_header X-Forwarded-Proto https;
                    }}
                }}"
            ),
        )
    }

    /// Starts nginx in `dir` with what stands in its http section: a server at `nginx.sock` before a service at `chat.sock`.
    pub fn nginx(dir: &Path, section: &str) -> Self {
        upstream(&dir.join("chat.sock"));
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr notice;
            events {{}}
            http {{
                access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
                {section}
            }}"
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = program("nginx");
        command.arg("-p").arg(dir).args(["-c", "nginx.conf", "-e", "stderr"]).stderr(Stdio::piped());
        let mut child = spawn(command);
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        // It says so once it listens.
        while !log.contains("event method") {
            assert_ne!(said.read_line(&mut log).unwrap(), 0, "nginx has not started: {log}");
        }
        thread::spawn(move || said.read_to_end(&mut Vec::new()));
        Self { child, socket: dir.join("nginx.sock") }
    }

    /// Starts HAProxy in `dir` with this configuration, of a server at `haproxy.sock` before a service at `chat.sock`.
    pub fn haproxy(dir: &Path, config: &str) -> Self {
        upstream(&dir.join("chat.sock"));
        fs::write(dir.join("haproxy.cfg"), config).unwrap();
        let mut command = program("haproxy");
        command.args(["-db", "-f", "haproxy.cfg"]).current_dir(dir);
        let mut proxy = Self { child: spawn(command), socket: dir.join("haproxy.sock") };
        let deadline = Instant::now() + DEADLINE;
        while UnixStream::connect(&proxy.socket).is_err() {
            let ended = proxy.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "haproxy has not started: {ended:?}");
            thread::sleep(Duration::from_millis(5));
        }
        proxy
    }

    /// Starts a program that knows no sockets, as `start` has it listen at a port of 127.0.0.1: at one that nobody has.
    pub fn at_port(dir: &Path, mut start: impl FnMut(u16) -> Command) -> Self {
        let (child, port) = broker(&mut start);
        let socket = dir.join("proxy.sock");
        bridge(UnixListener::bind(&socket).unwrap(), port);
        Self { child, socket }
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What curl gets for the page of this host, trusting `root` alone; or what it says.
    pub fn curl(&self, host: &str, root: &Path) -> Result<String, String> {
        self.curl_as(&[], host, root)
    }

    /// As [`curl`](Self::curl), with what else it is told.
    pub fn curl_as(&self, more: &[&str], host: &str, root: &Path) -> Result<String, String> {
        let (socket, root, url) = (text(&self.socket), text(root), format!("https://{host}/"));
        let arguments = ["-sS", "--fail", "--max-time", "20", "--unix-socket", &socket, "--cacert", &root, &url];
        let output = try_run("curl", &[more, &arguments].concat(), Path::new("/"));
        let said = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Told to end, it takes along those that it has started itself.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// A proxy's program: only root has its directory in the `PATH`.
pub fn program(name: &str) -> Command {
    let path = Path::new("/usr/sbin").join(name);
    if path.exists() { Command::new(path) } else { Command::new(name) }
}

fn spawn(mut command: Command) -> Child {
    let child = command.spawn();
    child.unwrap_or_else(|error| panic!("{command:?}: {error}; install it, or run `cargo xtask setup`"))
}

/// Nobody takes so many ports in a row just before somebody else.
const TRIES: usize = 10;

/// Starts a program that listens at a port; whoever has that already makes it end, and then there is another try.
pub fn broker(start: &mut impl FnMut(u16) -> Command) -> (Child, u16) {
    let deadline = Instant::now() + DEADLINE;
    for _ in 0..TRIES {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = spawn(start(port));
        while child.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return (child, port);
            }
            assert!(Instant::now() < deadline, "{:?} has not started", start(port));
            thread::sleep(Duration::from_millis(5));
        }
    }
    panic!("{:?} does not start", start(0));
}

/// Passes on what comes at a socket to a port, and what comes back.
fn bridge(listener: UnixListener, port: u16) {
    let pass = move |near: UnixStream| -> std::io::Result<()> {
        let far = TcpStream::connect(("127.0.0.1", port))?;
        let (mut from, mut to) = (near.try_clone()?, far.try_clone()?);
        thread::spawn(move || std::io::copy(&mut from, &mut to).and(to.shutdown(Shutdown::Write)));
        let (mut near, mut far) = (near, far);
        std::io::copy(&mut far, &mut near)?;
        near.shutdown(Shutdown::Both)
    };
    thread::spawn(move || {
        for near in listener.incoming() {
            // A peer that has gone is not the bridge's business.
            thread::spawn(move || pass(near.unwrap()));
        }
    });
}

/// A service behind a proxy, at a socket: it answers every request with how it came, as the proxy tells it; over a
/// WebSocket it sends everything back.
fn upstream(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || answer(stream.try_clone().unwrap(), stream));
        }
    });
}

/// The same at a port.
pub fn upstream_at_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            thread::spawn(move || answer(stream.try_clone().unwrap(), stream));
        }
    });
    port
}

fn answer(from: impl Read, mut stream: impl Write) {
    let mut reader = BufReader::new(from);
    let lines = reader.by_ref().lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).map(|line| line.to_lowercase()).collect();
    let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    // A peer that has gone is not this server's business.
    let _ = if header("connection: ") == "upgrade" && header("upgrade: ") == "websocket" {
        // The answer to the one key that upgrade.js sends (RFC 6455, 4.2.2).
        let accept =
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
        let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{accept}");
        stream.write_all(answer.as_bytes()).and_then(|()| std::io::copy(&mut reader, &mut stream)).map(drop)
    } else {
        let mut body = format!("chat by {}", header("x-forwarded-proto: "));
        if !header("x-client-subject: ").is_empty() {
            body += &format!(", for {}", header("x-client-subject: "));
        }
        write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
}
