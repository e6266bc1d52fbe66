//! Readers of the configuration files that the guides describe, and what the command changes in them.

#[cfg(feature = "cli")]
mod json;
mod nano;
#[cfg(feature = "cli")]
mod nano_text;
#[cfg(feature = "cli")]
mod pimatic;
#[cfg(feature = "cli")]
mod toml;

pub use nano::NanoConfig;
#[cfg(feature = "cli")]
pub(crate) use nano_text::{NanoFiles, with_tls};
#[cfg(feature = "cli")]
pub(crate) use pimatic::PimaticConfig;

/// How the lines of a text end, so that new ones end alike.
#[cfg(feature = "cli")]
fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}
