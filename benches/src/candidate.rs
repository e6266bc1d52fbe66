//! Things to measure, side by side: many short rounds that take turns.

use std::time::{Duration, Instant};

const ROUNDS: usize = 60;
const ROUND: Duration = Duration::from_millis(10);

/// A thing to measure. What is named `raw …` is the limit of those that follow it.
pub(crate) struct Candidate<'a> {
    name: &'static str,
    work: Box<dyn Fn() + 'a>,
    /// Microseconds of one call, round by round.
    rounds: Vec<f64>,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(name: &'static str, work: impl Fn() + 'a) -> Self {
        Self { name, work: Box::new(work), rounds: Vec::new() }
    }

    fn round(&mut self) {
        let start = Instant::now();
        let mut calls = 0_u32;
        while start.elapsed() < ROUND {
            (self.work)();
            calls += 1;
        }
        self.rounds.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }

    fn median(&mut self) -> f64 {
        self.rounds.sort_by(f64::total_cmp);
        self.rounds[self.rounds.len() / 2]
    }
}

/// Measures them and prints the medians, each beside the last limit before it.
pub(crate) fn compare(title: &str, candidates: &mut [Candidate<'_>]) {
    for _ in 0..ROUNDS {
        candidates.iter_mut().for_each(Candidate::round);
    }
    println!("{title:<28} {:>9} {:>12}", "us", "of its limit");
    let mut limit = f64::NAN;
    for candidate in candidates {
        let median = candidate.median();
        if candidate.name.starts_with("raw") {
            limit = median;
        }
        println!("{:<28} {median:>9.2} {:>11.0} %", candidate.name, limit / median * 100.0);
    }
}
