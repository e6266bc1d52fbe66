//! Readers of the configuration files that the guides describe.

mod nano;

pub use nano::NanoConfig;
