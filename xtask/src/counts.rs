//! How many tests passed: what the runners print, read back.

use std::ops::AddAssign;

/// The result of one suite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Counts {
    /// One test.
    pub(crate) fn one(passed: bool) -> Self {
        Self { passed: u32::from(passed), failed: u32::from(!passed), skipped: 0 }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`, once per test program.
pub(crate) fn cargo_test(text: &str) -> Counts {
    sum(text.lines().filter(|line| line.trim_start().starts_with("test result:")))
}

/// `Summary [ 0.1s] 3 tests run: 2 passed (1 slow), 1 failed, 1 skipped`, once.
pub(crate) fn nextest(text: &str) -> Counts {
    sum(text.lines().filter(|line| line.contains(" run:") && line.trim_start().starts_with("Summary")))
}

/// `== 1 failed, 3 passed in 0.02s ==`: the last line of that kind.
pub(crate) fn pytest(text: &str) -> Counts {
    sum(text.lines().rev().find(|line| line.contains(" in ") && has_count(line)))
}

/// `1: 12 passed, 0 failed` of every program that ctest runs; of programs that count nothing, ctest's own
/// `67% tests passed, 1 tests failed out of 3`.
pub(crate) fn ctest(text: &str) -> Counts {
    let counted = sum(text.lines().filter(|line| number_before(line, "passed").is_some()));
    if counted != Counts::default() {
        return counted;
    }
    let Some(line) = text.lines().rev().find(|line| line.contains("tests passed,")) else { return counted };
    let failed = number_before(line, "tests failed").unwrap_or_default();
    let all = line.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(failed);
    Counts { passed: all.saturating_sub(failed), failed, skipped: 0 }
}

/// `12 passed, 0 failed` in whatever words a test program of ours wraps it: the last line of that kind.
pub(crate) fn program(text: &str) -> Option<Counts> {
    let line = text.lines().rev().find(|line| number_before(line, "passed").is_some())?;
    Some(sum(Some(line)))
}

fn has_count(line: &str) -> bool {
    ["passed", "failed", "error", "errors", "skipped"].iter().any(|word| number_before(line, word).is_some())
}

fn sum<'a>(lines: impl IntoIterator<Item = &'a str>) -> Counts {
    let mut total = Counts::default();
    for line in lines {
        let count = |words: &[&str]| words.iter().filter_map(|word| number_before(line, word)).sum();
        total += Counts {
            passed: count(&["passed"]),
            failed: count(&["failed", "error", "errors", "timed out", "exec failed"]),
            skipped: count(&["skipped", "ignored"]),
        };
    }
    total
}

/// The number in "… 12 word …".
fn number_before(line: &str, word: &str) -> Option<u32> {
    let words: Vec<&str> = line.split([' ', ',', ';', '(', ')', '=', ':']).filter(|part| !part.is_empty()).collect();
    let wanted: Vec<&str> = word.split(' ').collect();
    let at = words.windows(wanted.len()).position(|window| window == wanted)?;
    words.get(at.checked_sub(1)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u32, failed: u32, skipped: u32) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn cargo_prints_a_line_per_program() {
        let text = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(cargo_test(text), counts(5, 1, 1));
        assert_eq!(cargo_test("error: could not compile"), counts(0, 0, 0));
    }

    #[test]
    fn nextest_prints_a_summary() {
        let text = "     Summary [   0.012s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed out, 5 skipped\n";
        assert_eq!(nextest(text), counts(2, 2, 5));
        assert_eq!(nextest("     Summary [   0.012s] 1 test run: 1 passed, 0 skipped\n"), counts(1, 0, 0));
        assert_eq!(nextest("  Summary [ 1s] 3/9 tests run: 2 passed, 1 failed, 0 skipped\n"), counts(2, 1, 0));
    }

    #[test]
    fn pytest_prints_a_last_line() {
        assert_eq!(pytest("x.py ..\n==== 1 failed, 12 passed, 2 skipped in 3.14s ====\n"), counts(12, 1, 2));
        assert_eq!(pytest("3 passed in 0.10s"), counts(3, 0, 0));
        assert_eq!(pytest("=== 2 errors in 0.10s ==="), counts(0, 2, 0));
        assert_eq!(pytest("no tests ran in 0.01s"), counts(0, 0, 0));
    }

    #[test]
    fn ctest_prints_what_failed_and_what_there_was() {
        assert_eq!(ctest("67% tests passed, 1 tests failed out of 3\n\nTotal Test time"), counts(2, 1, 0));
        assert_eq!(ctest("100% tests passed, 0 tests failed out of 4\n"), counts(4, 0, 0));
        let counted =
            "1: ok a\n1: 12 passed, 0 failed\n2: 3 passed, 1 failed\n50% tests passed, 1 tests failed out of 2\n";
        assert_eq!(ctest(counted), counts(15, 1, 0));
        assert_eq!(ctest("No tests were found!!!"), counts(0, 0, 0));
    }

    #[test]
    fn our_programs_print_what_they_like_around_it() {
        assert_eq!(program("ok 1\nnull-safety: 12 passed, 0 failed\n"), Some(counts(12, 0, 0)));
        assert_eq!(program("all is well\n"), None);
    }
}
