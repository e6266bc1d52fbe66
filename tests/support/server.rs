//! A server over our acceptor: a thread a connection, echo, and a log that tests wait on.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use trustdir::tls::{Acceptor, Connection, Read};
use trustdir::{Decision, Reason};

use super::DEADLINE;

/// One thing that happened, as a node's log would have it.
#[derive(Clone, Debug)]
pub struct Event {
    pub what: What,
    pub reason: Option<Reason>,
    pub subject: Option<String>,
    pub entry: Option<std::path::PathBuf>,
    pub message: String,
    pub resumed: bool,
    pub version: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Admitted,
    Refused,
    /// An admitted connection has ended.
    Closed,
    /// Plaintext was released.
    Data,
}

#[derive(Default)]
struct Log {
    events: Mutex<Vec<Event>>,
    changed: Condvar,
    /// Run by every revoked connection's hook, besides closing it.
    hook: Mutex<Option<Hook>>,
}

type Hook = Box<dyn Fn() + Send + Sync>;

pub struct Server {
    pub port: u16,
    log: Arc<Log>,
}

impl Server {
    pub fn start(acceptor: Acceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Log::default());
        let shared = log.clone();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (acceptor, log) = (acceptor.clone(), shared.clone());
                thread::spawn(move || serve(socket.unwrap(), acceptor.accept().unwrap(), log));
            }
        });
        Self { port, log }
    }

    pub fn on_revoked(&self, hook: impl Fn() + Send + Sync + 'static) {
        *self.log.hook.lock().unwrap() = Some(Box::new(hook));
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Waits until the log has an event that matches, from the `from`th on.
    pub fn wait_from(&self, from: usize, what: impl Fn(&Event) -> bool) -> Event {
        let deadline = Instant::now() + DEADLINE;
        let mut events = self.log.events.lock().unwrap();
        loop {
            if let Some(event) = events.iter().skip(from).find(|event| what(event)) {
                return event.clone();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain; the log is {:#?}", &events[from..]);
            events = self.log.changed.wait_timeout(events, left).unwrap().0;
        }
    }

    pub fn wait(&self, what: impl Fn(&Event) -> bool) -> Event {
        self.wait_from(0, what)
    }

    pub fn events(&self) -> Vec<Event> {
        self.log.events.lock().unwrap().clone()
    }

    /// How much has been logged: where later events begin.
    pub fn mark(&self) -> usize {
        self.log.events.lock().unwrap().len()
    }
}

impl Log {
    fn push(&self, what: What, connection: &Connection, message: String) {
        let decision = connection.decision();
        let event = Event {
            what,
            reason: decision.map(Decision::reason),
            subject: decision.and_then(Decision::subject),
            entry: decision.and_then(Decision::entry).map(Into::into),
            message,
            resumed: connection.resumed(),
            version: connection.version().map(trustdir::tls::TlsVersion::as_str),
        };
        self.events.lock().unwrap().push(event);
        self.changed.notify_all();
    }
}

fn serve(mut socket: TcpStream, mut connection: Connection, log: Arc<Log>) {
    let (waker, hooks) = (socket.try_clone().unwrap(), log.clone());
    // Wakes the blocked read below; the connection itself is touched by its own thread only.
    connection.on_revoked(Box::new(move || {
        let _ = waker.shutdown(Shutdown::Read);
        if let Some(hook) = &*hooks.hook.lock().unwrap() {
            hook();
        }
    }));
    let mut admitted = false;
    let failed = loop {
        let mut wire = [0; 4096];
        let left = connection.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
        socket.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1)))).unwrap();
        let count = match socket.read(&mut wire) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
            read => Some(read.unwrap_or(0)),
        };
        let mut step = if count.is_none() {
            connection.expire(Instant::now())
        } else if count == Some(0) {
            connection.received_eof();
            connection.recheck()
        } else {
            connection.read_tls(&wire[..count.unwrap_or(0)])
        };
        if !admitted && step.is_ok() && connection.decision().is_some() {
            admitted = true;
            log.push(What::Admitted, &connection, connection.decision().unwrap().message().to_owned());
        }
        let mut closed = count == Some(0);
        while step.is_ok() {
            let mut plain = [0; 1024];
            match connection.read(&mut plain) {
                Ok(Read::Data(count)) => {
                    log.push(What::Data, &connection, String::new());
                    step = connection.write(&plain[..count]).map(drop);
                }
                Ok(Read::Pending) => break,
                Ok(Read::Closed) => {
                    connection.close_notify();
                    closed = true;
                    break;
                }
                Err(error) => step = Err(error),
            }
        }
        flush(&mut socket, &mut connection);
        match step {
            Err(error) => break Some(error),
            Ok(()) if closed => break None,
            Ok(()) => {}
        }
    };
    let what = if admitted { What::Closed } else { What::Refused };
    let message = failed.as_ref().map(ToString::to_string).unwrap_or_default();
    let _ = socket.shutdown(Shutdown::Write);
    // The peer may still be sending: a close with unread bytes would reset the alert away.
    let _ = std::io::copy(&mut socket, &mut std::io::sink());
    log.push(what, &connection, message);
}

fn flush(socket: &mut TcpStream, connection: &mut Connection) {
    let mut wire = [0; 4096];
    loop {
        let count = connection.write_tls(&mut wire);
        if count == 0 || socket.write_all(&wire[..count]).is_err() {
            return;
        }
    }
}
