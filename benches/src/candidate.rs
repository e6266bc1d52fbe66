//! Things to measure, side by side: many short rounds that take turns.

use std::time::{Duration, Instant};

const ROUNDS: usize = 60;
const ROUND: Duration = Duration::from_millis(10);

/// A thing to measure. What is named `raw …` is the limit of those that follow it.
pub(crate) struct Candidate<'a> {
    name: &'static str,
    /// Does it once and says how long that took, in microseconds.
    work: Box<dyn Fn() -> f64 + 'a>,
    took: Vec<f64>,
}

impl<'a> Candidate<'a> {
    pub(crate) fn new(name: &'static str, work: impl Fn() + 'a) -> Self {
        Self::timed(name, move || microseconds(&work))
    }

    /// Work of which a part counts: it returns the microseconds of that.
    pub(crate) fn timed(name: &'static str, work: impl Fn() -> f64 + 'a) -> Self {
        Self { name, work: Box::new(work), took: Vec::new() }
    }

    fn round(&mut self) {
        let start = Instant::now();
        while start.elapsed() < ROUND {
            self.took.push((self.work)());
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Of all calls: one that was interrupted counts for one.
    pub(crate) fn median(&mut self) -> f64 {
        let middle = self.took.len() / 2;
        *self.took.select_nth_unstable_by(middle, f64::total_cmp).1
    }
}

pub(crate) fn microseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e6
}

/// Lets them take turns.
pub(crate) fn measure<'a, 'b: 'a>(candidates: impl IntoIterator<Item = &'a mut Candidate<'b>>) {
    let mut candidates: Vec<_> = candidates.into_iter().collect();
    for _ in 0..ROUNDS {
        candidates.iter_mut().for_each(|candidate| candidate.round());
    }
}

/// Measures them and prints the medians, each beside the last limit before it.
pub(crate) fn compare(title: &str, candidates: &mut [Candidate<'_>]) {
    measure(&mut *candidates);
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
