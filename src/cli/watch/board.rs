//! The table on a terminal: a line for each client, whoever connected last first.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use console::Term;

use crate::error::escape;

use super::super::finding::count;
use super::Entries;
use super::record::Record;

/// Strangers choose what they are called, so they do not get more memory than this many lines.
const MOST_STRANGERS: usize = 1000;

/// One client, by the fingerprint of its certificate.
#[derive(Default)]
struct Row {
    client: String,
    is_entry: bool,
    admitted: u64,
    refused: u64,
    /// When it was decided on last, and how; a number that grows orders the lines.
    last: usize,
    time: String,
    reason: String,
}

/// Everybody who is in the directory or has been seen.
pub(super) struct Board {
    terminal: Term,
    rows: HashMap<String, Row>,
    decisions: usize,
}

impl Board {
    pub(super) fn new(entries: &Entries) -> Self {
        let mut board = Self { terminal: Term::stdout(), rows: HashMap::new(), decisions: 0 };
        board.listed(entries);
        board
    }

    /// Takes over who is in the directory.
    pub(super) fn listed(&mut self, entries: &Entries) {
        let mut there = HashSet::new();
        for entry in entries.values() {
            let fingerprint = entry.certificate().fingerprint().to_string();
            let row = self.rows.entry(fingerprint.clone()).or_default();
            row.client = entry.certificate().subject().brief();
            there.insert(fingerprint);
        }
        self.rows.iter_mut().for_each(|(fingerprint, row)| row.is_entry = there.contains(fingerprint));
        self.rows.retain(|_, row| row.is_entry || row.last > 0);
    }

    pub(super) fn decided(&mut self, record: &Record) {
        self.decisions += 1;
        let row = self.rows.entry(record.sha256.clone().unwrap_or_default()).or_default();
        row.client = record.client().to_owned();
        *(if record.admitted { &mut row.admitted } else { &mut row.refused }) += 1;
        (row.last, row.time, row.reason) = (self.decisions, record.time.clone(), record.reason.clone());
        let strangers = self.rows.iter().filter(|(_, row)| !row.is_entry);
        if strangers.clone().count() > MOST_STRANGERS
            && let Some(oldest) = strangers.min_by_key(|(_, row)| row.last).map(|(key, _)| key.clone())
        {
            self.rows.remove(&oldest);
        }
    }

    /// Draws all that there is room for.
    pub(super) fn draw(&self, dir: &Path) {
        let (height, width) = self.terminal.size();
        let lines = self.lines(dir, usize::from(height).saturating_sub(1), usize::from(width));
        // A terminal that has gone ends the command by its signal.
        let _ = self.terminal.clear_screen().and_then(|()| self.terminal.write_line(&lines.join("\n")));
    }

    fn lines(&self, dir: &Path, height: usize, width: usize) -> Vec<String> {
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| a.client.cmp(&b.client)));
        let clients = rows.iter().filter(|row| row.is_entry).count();
        let mut lines = vec![
            format!(
                "{}: {}, {}; Ctrl-C ends this",
                dir.display(),
                count(clients, "client"),
                count(self.decisions, "decision")
            ),
            line(["LAST", "REASON", "ADMITTED", "REFUSED", "HERE", "CLIENT"]),
        ];
        lines.extend(rows.iter().map(|row| {
            let [admitted, refused] = [row.admitted, row.refused].map(|count| count.to_string());
            let here = if row.is_entry { "yes" } else { "no" };
            line([&row.time, &row.reason, &admitted, &refused, here, &row.client])
        }));
        let shown = lines.into_iter().take(height);
        shown.map(|line| escape(&line).chars().take(width).collect()).collect()
    }
}

fn line([time, reason, admitted, refused, here, client]: [&str; 6]) -> String {
    format!("{time:<20}  {reason:<14}  {admitted:>8}  {refused:>7}  {here:<4}  {client}")
}
