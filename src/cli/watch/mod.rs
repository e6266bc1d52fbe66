//! `trustdir clients watch`: who connects, and what changes in the directory, as it happens.

mod board;
mod log;
mod record;
mod stop;

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use clap::Args;
use serde_json::{Value, json};

use crate::{Entry, Error, Fingerprint, Result, TrustDir, TrustDirOptions};

use super::clients::{self, EntryNamesArg};
use super::output::{Output, argument};
use super::summary::{entry_json, summary};
use super::{Outcome, time};

use board::Board;
use log::Log;
use record::Record;

const EXAMPLES: &str = "\
Examples:
  trustdir clients watch tls/clients
  trustdir clients watch tls/clients --log decisions.log
  journalctl -f -o cat -u node | trustdir clients watch tls/clients --log -
  journalctl -f -o cat -u node | trustdir --json clients watch tls/clients --log -

The log is where the service writes its decisions, a line of JSON each; other lines are passed over, and its rotation is
followed. On a terminal there is a table, elsewhere (and with --json) a line for each thing that happens. Ctrl-C ends it.";

/// What is read of a long log before it is shown.
const WAITING: usize = 1024;

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Watch {
    /// The directory of client certificates
    #[arg(value_name = "DIR")]
    path: PathBuf,
    #[command(flatten)]
    entry_names: EntryNamesArg,
    /// The service's log, or - for standard input
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Begin with what the log has already
    #[arg(long, requires = "log")]
    all: bool,
}

/// What wakes the loop.
enum Event {
    /// A line of the log.
    Line(String),
    /// Something in the directory is not what it was.
    Changed,
    /// Somebody has had enough, or the log has ended.
    Stop(Result<()>),
}

/// The entries by certificate and file.
type Entries = HashMap<(Fingerprint, PathBuf), Entry>;

impl Watch {
    pub(super) fn run(self, output: &mut Output) -> Result<Outcome> {
        output.begin_stream();
        let (sender, events) = mpsc::sync_channel(WAITING);
        // Before any other thread is there that the signals could go to.
        stop::on_signals(&sender).map_err(|error| Error::io("wait for signals with", &self.path, error))?;
        let dir = clients::open(&self.path, self.entry_names, TrustDirOptions::default(), output)?;
        let changed = sender.clone();
        dir.observe(Box::new(move || drop(changed.send(Event::Changed))));
        if let Some(path) = &self.log {
            follow(Log::open(path, self.all)?, sender);
        }
        let mut watched = Watched { path: &self.path, dir, entries: Entries::new(), board: None };
        watched.entries = watched.list()?;
        if output.is_for_people() && io::stdout().is_terminal() {
            watched.board = Some(Board::new(&watched.entries));
        } else {
            let log = self.log.as_deref().map(argument);
            let watched_for = log.map_or("changes".to_owned(), |log| format!("changes and the decisions in {log}"));
            output.aside(format_args!("watching {} for {watched_for}; Ctrl-C ends it", self.path.display()));
        }
        watched.follow(&events, output)
    }
}

/// Reads the log in a thread of its own, since reading from a pipe blocks.
fn follow(mut log: Log, sender: SyncSender<Event>) {
    thread::spawn(move || {
        let ended = loop {
            match log.line() {
                Ok(Some(line)) => {
                    if sender.send(Event::Line(line)).is_err() {
                        return;
                    }
                }
                ended => break ended.map(|_| ()),
            }
        };
        // Nobody is there to hear it when all is over.
        let _ = sender.send(Event::Stop(ended));
    });
}

/// The directory, and what has been seen of it.
struct Watched<'a> {
    path: &'a Path,
    dir: TrustDir,
    entries: Entries,
    board: Option<Board>,
}

impl Watched<'_> {
    fn list(&self) -> Result<Entries> {
        let entries = self.dir.list()?.into_iter();
        Ok(entries.map(|entry| ((entry.certificate().fingerprint(), entry.file().to_owned()), entry)).collect())
    }

    fn follow(mut self, events: &Receiver<Event>, output: &mut Output) -> Result<Outcome> {
        self.draw();
        while let Ok(event) = events.recv() {
            // What came at once is shown at once.
            for event in std::iter::once(event).chain(events.try_iter().take(WAITING)) {
                match event {
                    Event::Line(line) => self.decided(&line, output),
                    Event::Changed => self.changed(output),
                    Event::Stop(ended) => return ended.map(|()| Outcome::Done),
                }
            }
            self.draw();
            if output.is_closed() {
                break;
            }
        }
        Ok(Outcome::Done)
    }

    fn draw(&mut self) {
        if let Some(board) = &mut self.board {
            board.draw(self.path);
        }
    }

    fn decided(&mut self, line: &str, output: &mut Output) {
        let Some(record) = Record::read(line) else { return };
        if let Some(board) = &mut self.board {
            return board.decided(&record);
        }
        output.stream(record.to_json(), format_args!("{record}"));
    }

    /// Says what has come and gone since the directory was listed last. One that cannot be listed now has nobody in it.
    fn changed(&mut self, output: &mut Output) {
        let now = self.list().unwrap_or_default();
        let before = std::mem::replace(&mut self.entries, now);
        if let Some(board) = &mut self.board {
            return board.listed(&self.entries);
        }
        for (what, some, others) in [("removed", &before, &self.entries), ("installed", &self.entries, &before)] {
            let mut changed: Vec<&Entry> =
                some.iter().filter(|(key, _)| !others.contains_key(key)).map(|(_, entry)| entry).collect();
            changed.sort_by_key(|entry| entry.file());
            for entry in changed {
                output.stream(self.change_json(what, entry), self.change(what, entry));
            }
        }
    }

    fn change(&self, what: &str, entry: &Entry) -> String {
        let file = clients::within(self.path, entry.file());
        format!("{} {what} {} ({})", time::timestamp(time::now()), file.display(), summary(entry.certificate()))
    }

    fn change_json(&self, what: &str, entry: &Entry) -> Value {
        let mut value = entry_json(self.path, entry);
        value["event"] = json!(what);
        value["time"] = json!(time::timestamp(time::now()));
        value
    }
}
