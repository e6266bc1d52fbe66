//! Random choices that a seed repeats.

/// A xorshift generator (Marsaglia, 2003): not for secrets.
pub struct Random(u64);

impl Random {
    /// From `TRUSTDIR_SEED`, which the failing test prints, or the number that is always the same.
    pub fn new() -> Self {
        let seed = std::env::var("TRUSTDIR_SEED").map_or(20_260_301, |seed| seed.parse().unwrap());
        println!("repeat with TRUSTDIR_SEED={seed}");
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 16) as usize % bound
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}
