//! Random moments and choices.

use std::hash::{BuildHasher as _, RandomState};

/// A stream of numbers (xorshift64).
pub struct Dice(u64);

impl Dice {
    /// Another stream in each run.
    pub fn new() -> Self {
        Self(RandomState::new().hash_one(0) | 1)
    }

    /// The same stream in each run.
    pub fn seeded(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number from 0 to `end`, `end` excluded.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }
}
