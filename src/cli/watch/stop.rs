//! The end of watching: Ctrl-C, or `kill`.

use std::io;
use std::sync::mpsc::SyncSender;

use super::Event;

/// Has these signals end the loop instead of the process, so that it ends with its own exit code.
#[cfg(unix)]
pub(super) fn on_signals(sender: &SyncSender<Event>) -> io::Result<()> {
    use nix::sys::signal::{SigSet, Signal};
    let mut signals = SigSet::empty();
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().for_each(|signal| signals.add(signal));
    // Every thread from here on is one that they do not reach, but for the one that waits for them.
    signals.thread_block()?;
    let sender = sender.clone();
    std::thread::spawn(move || {
        let ended = signals.wait();
        // Nobody is there to hear it when all is over.
        let _ = sender.send(Event::Stop(Ok(())));
        ended
    });
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn on_signals(_: &SyncSender<Event>) -> io::Result<()> {
    Ok(())
}
