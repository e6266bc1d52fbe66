//! What takes long, shown while it does.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;

/// What is done by then is not worth a word.
const PATIENCE: Duration = Duration::from_millis(500);

/// Between two looks of whatever turns.
const TICK: Duration = Duration::from_millis(100);

/// What an RSA key of 4096 bits takes long for.
pub(super) const KEY: &str = "making the key";

/// Is told how much is done, and of how much.
pub(super) type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Does the work, and shows on a terminal what it is once it takes long: how far it is, if it says so. Standard error
/// gets it, without colours, and none of it stays.
pub(super) fn during<T>(what: &'static str, output: &Output, work: impl FnOnce(Progress<'_>) -> T) -> T {
    if output.is_for_people() && io::stderr().is_terminal() {
        shown(what, ProgressDrawTarget::stderr(), PATIENCE, work)
    } else {
        work(&|_, _| {})
    }
}

fn shown<T>(
    what: &'static str,
    target: ProgressDrawTarget,
    patience: Duration,
    work: impl FnOnce(Progress<'_>) -> T,
) -> T {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()).with_message(what);
    bar.set_style(style("{spinner} {msg}, {elapsed}"));
    let (ended, end) = mpsc::channel::<()>();
    let result = thread::scope(|scope| {
        let shown = &bar;
        scope.spawn(move || {
            if end.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(target);
                shown.enable_steady_tick(TICK);
            }
        });
        // Goes also when the work does not come back.
        let _ended = ended;
        work(&|done, of| {
            if bar.length() != Some(of as u64) {
                bar.set_style(style("{msg} [{bar:40}] {pos} of {len}, {eta} left").progress_chars("=> "));
                bar.set_length(of as u64);
            }
            bar.set_position(done as u64);
        })
    });
    bar.finish_and_clear();
    result
}

/// The templates here are good ones.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Instant;

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps all that was ever written.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl Paper {
        fn says(&self, words: &str) -> bool {
            self.0.lock().unwrap().contains(words)
        }

        fn target(&self) -> ProgressDrawTarget {
            ProgressDrawTarget::term_like(Box::new(self.clone()))
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            100
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, line: &str) -> io::Result<()> {
            self.write_str(line)
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    fn until(paper: &Paper, words: &str) {
        let begin = Instant::now();
        while !paper.says(words) {
            assert!(begin.elapsed() < Duration::from_secs(30), "{paper:?}");
            thread::yield_now();
        }
    }

    #[test]
    fn what_takes_long_is_shown() {
        let paper = Paper::default();
        let answer = shown("making a key", paper.target(), Duration::ZERO, |progress| {
            until(&paper, "making a key, ");
            progress(250, 1000);
            until(&paper, "making a key [==========>                             ] 250 of 1000");
            7
        });
        assert_eq!(answer, 7);
        assert!(!paper.says("\x1b"), "no colours: {paper:?}");
    }

    #[test]
    fn what_is_done_at_once_is_not() {
        let paper = Paper::default();
        shown("reading", paper.target(), Duration::from_secs(3600), |progress| progress(1, 2));
        assert!(paper.0.lock().unwrap().is_empty(), "{paper:?}");
    }
}
