//! What issuing costs beside its bare cryptography and beside libcrypto, all in one run: `cargo xtask bench`.
//!
//! Each figure is the median of many short rounds, and the rounds of all candidates take turns, so that what the
//! machine does meanwhile hits all of them alike. Trust the ratios.

mod candidate;
mod command;
mod pki;
mod reading;

fn main() {
    pki::run();
    reading::run();
    command::run();
}
