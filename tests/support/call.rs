//! Our connector calling: an acceptor of ours in memory, or another program's server behind a socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use trustdir::Result;
use trustdir::tls::{Acceptor, Connection, Connector, Read};

use super::DEADLINE;
use super::wire::sent;

/// Both ends of one connection, with buffers for a wire.
pub struct Pair {
    pub client: Connection,
    pub server: Connection,
}

impl Pair {
    pub fn new(connector: &Connector, host: &str, acceptor: &Acceptor) -> Self {
        Self { client: connector.connect(host).unwrap(), server: acceptor.accept().unwrap() }
    }

    /// Carries what there is until there is no more; what client and server said last.
    pub fn carry(&mut self) -> (Result<()>, Result<()>) {
        let (mut client, mut server) = (self.client.recheck(), self.server.recheck());
        loop {
            let (up, down) = (sent(&mut self.client), sent(&mut self.server));
            if up.is_empty() && down.is_empty() {
                return (client, server);
            }
            server = self.server.read_tls(&up);
            client = self.client.read_tls(&down);
        }
    }

    /// The handshake and a word in both directions; the client's error, then the server's.
    pub fn establish(&mut self) -> Result<()> {
        for _ in 0..2 {
            let (client, server) = self.carry();
            client?;
            server?;
        }
        say(&mut self.client, &mut self.server)?;
        say(&mut self.server, &mut self.client)
    }
}

/// A word from one end to the other.
fn say(from: &mut Connection, to: &mut Connection) -> Result<()> {
    assert_eq!(from.write(b"hello")?, 5);
    to.read_tls(&sent(from))?;
    assert_eq!(to.read(&mut [0; 64])?, Read::Data(5));
    Ok(())
}

/// The whole of one short connection.
pub fn call(connector: &Connector, host: &str, acceptor: &Acceptor) -> Result<Pair> {
    let mut pair = Pair::new(connector, host, acceptor);
    pair.establish()?;
    Ok(pair)
}

/// Another program that serves on a port of its choice, until it is dropped.
pub struct Program {
    child: Child,
    pub port: u16,
}

impl Program {
    /// Starts it, and waits for the line in which it says its port last, behind a colon.
    pub fn start(program: &str, arguments: &[&str], dir: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let (mut line, mut said) = (String::new(), String::new());
        let port = loop {
            line.clear();
            if lines.read_line(&mut line).unwrap() == 0 {
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                panic!("{program} {arguments:?}: {said}");
            }
            said.push_str(&line);
            let port = line.trim().strip_prefix("ACCEPT ").and_then(|address| address.rsplit(':').next()?.parse().ok());
            if let Some(port) = port {
                break port;
            }
        };
        // What it says later must not block it.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, port }
    }

    /// `openssl s_server`, which answers each line with the same backwards.
    pub fn s_server(certificate: &Path, key: &Path, more: &[&str], dir: &Path) -> Self {
        let (certificate, key) = (super::text(certificate), super::text(key));
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", &certificate, "-key", &key];
        Self::start("openssl", &[&arguments[..], more].concat(), dir)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our client on a socket.
pub struct Call {
    socket: TcpStream,
    pub connection: Connection,
}

impl Call {
    pub fn to(port: u16, connector: &Connector, host: &str) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Self { socket, connection: connector.connect(host).unwrap() }
    }

    /// Sends what waits, and hands over what comes next; false when the other end has closed.
    fn turn(&mut self) -> Result<()> {
        let mut wire = [0; 4096];
        let _ = self.socket.write_all(&sent(&mut self.connection));
        // A reset is an end too.
        let count = self.socket.read(&mut wire).unwrap_or(0);
        if count == 0 {
            self.connection.received_eof();
        }
        let step = self.connection.read_tls(&wire[..count]);
        let _ = self.socket.write_all(&sent(&mut self.connection));
        step
    }

    pub fn handshake(&mut self) -> Result<()> {
        while self.connection.is_handshaking() {
            self.turn()?;
            if self.connection.is_handshaking() {
                self.connection.read(&mut [0; 16])?;
            }
        }
        Ok(())
    }

    /// What comes next; nothing when the other end has closed cleanly.
    pub fn read(&mut self) -> Result<Vec<u8>> {
        loop {
            let mut plain = [0; 1024];
            match self.connection.read(&mut plain)? {
                Read::Data(count) => return Ok(plain[..count].to_vec()),
                Read::Closed => return Ok(Vec::new()),
                Read::Pending => self.turn()?,
            }
        }
    }

    /// The handshake, and the answer to a line.
    pub fn ask(&mut self, line: &str) -> Result<String> {
        self.handshake()?;
        assert_eq!(self.connection.write(line.as_bytes())?, line.len());
        let mut answer = Vec::new();
        while !answer.ends_with(b"\n") {
            let piece = self.read()?;
            assert!(!piece.is_empty(), "the server has closed");
            answer.extend(piece);
        }
        Ok(String::from_utf8(answer).unwrap())
    }
}
