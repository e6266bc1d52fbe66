//! What issuing costs beside its bare cryptography and beside libcrypto, all in one run: `cargo xtask bench`.
//!
//! Each figure is the median of many short rounds, and the rounds of all candidates take turns, so that what the
//! machine does meanwhile hits all of them alike. Trust the ratios.

mod command;
mod pki;

fn main() {
    pki::run();
    command::run();
}
