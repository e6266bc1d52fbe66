//! nginx as the TLS proxy of the Rocket.Chat guide, over Unix sockets: there is no port to collide on.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use super::{text, try_run};

/// A running nginx and the plain HTTP server behind it.
pub struct Nginx {
    child: Child,
    socket: PathBuf,
}

impl Nginx {
    /// Starts it in `dir` with these files; a server that does not start ends the test with what nginx said.
    pub fn start(dir: &Path, certificate: &str, key: &str) -> Self {
        let dir_text = text(dir);
        Self::serve(
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

    /// Starts it in `dir` with what stands in its http section: a server at `nginx.sock` before a service at `chat.sock`.
    pub fn serve(dir: &Path, section: &str) -> Self {
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
        // Only root has its directory in the PATH.
        let program = if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" };
        let mut command = Command::new(program);
        command.arg("-p").arg(dir).args(["-c", "nginx.conf", "-e", "stderr"]).stderr(Stdio::piped());
        let child = command.spawn();
        let mut child =
            child.unwrap_or_else(|error| panic!("{program}: {error}; install it, or run `cargo xtask setup`"));
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        // It says so once it listens.
        while !log.contains("event method") {
            assert_ne!(said.read_line(&mut log).unwrap(), 0, "nginx has not started: {log}");
        }
        thread::spawn(move || said.read_to_end(&mut Vec::new()));
        Self { child, socket: dir.join("nginx.sock") }
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

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers every request with how it came, as the proxy tells it.
fn upstream(socket: &Path) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            let mut body = format!("chat by {}", header("X-Forwarded-Proto: "));
            if header("Connection: ") == "upgrade" && !header("Upgrade: ").is_empty() {
                body += &format!(", upgraded to {}", header("Upgrade: "));
            }
            if !header("X-Client-Subject: ").is_empty() {
                body += &format!(", for {}", header("X-Client-Subject: "));
            }
            let _ =
                write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
}
