//! `cargo xtask test`: runs the suites one after the other and tells what came of each.

use std::time::Instant;

use crate::context::Context;
use crate::counts::Counts;
use crate::setup::{self, Need};
use crate::suites::{self, Outcome, Suite};

/// Which suites to run, and which may be left out.
pub(crate) struct Selection {
    only: Vec<String>,
    without: Vec<String>,
}

impl Selection {
    /// `[SUITE…] [--without NAME]…`
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut selection = Self { only: Vec::new(), without: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let (list, name) = match argument.as_str() {
                "--without" => (&mut selection.without, arguments.next().ok_or("--without needs the name of a suite")?),
                _ => (&mut selection.only, argument),
            };
            if !suites::ALL.iter().any(|suite| suite.name == name) {
                return Err(format!("no suite is named {name}; `cargo xtask list` names them"));
            }
            list.push(name.clone());
        }
        Ok(selection)
    }

    fn runs(&self, suite: &Suite) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == suite.name)
    }

    fn omits(&self, suite: &Suite) -> bool {
        self.without.iter().any(|name| name == suite.name)
    }
}

/// One line of the table at the end.
struct Row {
    suite: &'static str,
    told: String,
    good: bool,
    seconds: f32,
}

/// Runs what was selected. It is an error when a test failed, a suite ran no test, or one could not run.
pub(crate) fn test(context: &Context, selection: &Selection) -> Result<(), String> {
    let start = Instant::now();
    let chosen: Vec<&Suite> = suites::ALL.iter().filter(|suite| selection.runs(suite)).collect();
    let absent = setup::obtain(&context.workspace, &needs(chosen.iter().filter(|suite| !selection.omits(suite))));
    let rows: Vec<Row> = chosen.iter().map(|suite| run(context, suite, selection.omits(suite), &absent)).collect();
    print_table(&rows, start.elapsed().as_secs_f32());
    let bad: Vec<&str> = rows.iter().filter(|row| !row.good).map(|row| row.suite).collect();
    if bad.is_empty() { Ok(()) } else { Err(format!("not good: {}", bad.join(", "))) }
}

/// Everything that the suites need, each thing once.
fn needs<'a>(suites: impl Iterator<Item = &'a &'a Suite>) -> Vec<&'static Need> {
    let mut needs: Vec<&'static Need> = Vec::new();
    for need in suites.flat_map(|suite| suite.needs.iter().copied()) {
        if !needs.iter().any(|known| known.name == need.name) {
            needs.push(need);
        }
    }
    needs
}

fn run(context: &Context, suite: &Suite, omitted: bool, absent: &[&Need]) -> Row {
    if omitted {
        return Row { suite: suite.name, told: "left out by --without".into(), good: true, seconds: 0.0 };
    }
    println!("-- {}: {}", suite.name, suite.about);
    let start = Instant::now();
    let lacks = |need: &&Need| absent.iter().any(|other| other.name == need.name);
    let lacking: Vec<&Need> = suite.needs.iter().copied().filter(lacks).collect();
    let outcome = match lacking.is_empty() {
        true => (suite.run)(context).unwrap_or_else(Outcome::NotRun),
        false => Outcome::NotRun(setup::complaint(&lacking)),
    };
    let seconds = start.elapsed().as_secs_f32();
    let (told, good) = match outcome {
        Outcome::NotRun(why) => (format!("not run, because {why}"), false),
        Outcome::Ran { counts, log } => {
            // An ending that was bad without a test to blame for is a failure all the same.
            let good = counts.failed == 0 && counts.passed > 0;
            if counts.failed > 0 {
                // Indented, so that no line of it can be taken for a closing line.
                log.lines().for_each(|line| println!("  | {line}"));
            }
            println!("{}", closing_line(suite.name, counts));
            (told(counts), good)
        }
    };
    Row { suite: suite.name, told, good, seconds }
}

/// `name: N passed, N failed`, with the skipped ones where there are any.
fn closing_line(name: &str, counts: Counts) -> String {
    let skipped = if counts.skipped > 0 { format!(", {} skipped", counts.skipped) } else { String::new() };
    format!("{name}: {} passed, {} failed{skipped}", counts.passed, counts.failed)
}

fn told(counts: Counts) -> String {
    match (counts.passed, counts.failed) {
        (0, 0) => "ran no test".into(),
        (passed, 0) => format!("ok, {passed} tests"),
        (passed, failed) => format!("FAILED, {failed} of {}", passed + failed),
    }
}

fn print_table(rows: &[Row], seconds: f32) {
    println!("\n{:<12} {:>8}  result", "suite", "time");
    for row in rows {
        let mut lines = row.told.lines();
        println!("{:<12} {:>6.1} s  {}", row.suite, row.seconds, lines.next().unwrap_or_default());
        lines.for_each(|line| println!("{:<12} {:>8}  | {line}", "", ""));
    }
    println!("{:<12} {seconds:>6.1} s", "together");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closing_line_has_its_form() {
        let counts = Counts { passed: 3, failed: 0, skipped: 0 };
        assert_eq!(closing_line("rust", counts), "rust: 3 passed, 0 failed");
        let counts = Counts { skipped: 2, ..counts };
        assert_eq!(closing_line("rust", counts), "rust: 3 passed, 0 failed, 2 skipped");
    }

    #[test]
    fn names_are_checked_before_anything_runs() {
        let strings = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(Selection::parse(&strings(&["rust", "--without", "c"])).is_ok());
        assert!(Selection::parse(&strings(&["--without"])).is_err());
        assert!(Selection::parse(&strings(&["--without", "cobol"])).is_err());
    }
}
