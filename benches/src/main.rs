//! What issuing, deciding and serving cost beside bare cryptography and beside OpenSSL, all in one run: `cargo xtask bench`.
//!
//! Each figure is the median of many short rounds, and the rounds of all candidates take turns, so that what the
//! machine does meanwhile hits all of them alike. Trust the ratios.

mod candidate;
mod command;
mod directory;
mod handshake;
mod heap;
mod pki;
mod reading;
mod tls;

fn main() {
    let only = std::env::args().nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("pki") {
        pki::run();
        reading::run();
        command::run();
    }
    if wanted("directory") {
        directory::run();
    }
    if wanted("tls") {
        tls::run();
    }
}
