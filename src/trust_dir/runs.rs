//! A sorted set in short runs: near the size of its items, and nothing in it takes long.

/// What is kept in [`Runs`]: in this order, and evenly spread by its radix, which the order begins with.
pub(super) trait Radix: Copy + Ord {
    fn radix(&self) -> u32;
}

/// The runs' average length at which they are split.
const LONG: usize = 256;

/// Items in 2^`bits` runs by the first bits of their radix; each run is sorted.
pub(super) struct Runs<T> {
    bits: u32,
    runs: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self { bits: 0, runs: vec![Vec::new()], len: 0 }
    }
}

impl<T: Radix> Runs<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.runs.iter().flatten()
    }

    /// The items of `first`'s run from `first` on, or from where it would be.
    pub(super) fn from(&self, first: &T) -> &[T] {
        let run = &self.runs[self.run(first)];
        &run[run.partition_point(|item| item < first)..]
    }

    /// Puts an item in, over the one that is equal to it if there is one.
    pub(super) fn insert(&mut self, item: T) {
        if self.len >= LONG << self.bits {
            self.split();
        }
        let at = self.run(&item);
        let run = &mut self.runs[at];
        match run.binary_search(&item) {
            Ok(at) => run[at] = item,
            Err(at) => {
                if run.len() == run.capacity() {
                    // Doubling would cost half of the memory.
                    run.reserve_exact(run.len() / 16 + 4);
                }
                run.insert(at, item);
                self.len += 1;
            }
        }
    }

    pub(super) fn remove(&mut self, item: &T) {
        let at = self.run(item);
        let run = &mut self.runs[at];
        if let Ok(at) = run.binary_search(item) {
            run.remove(at);
            self.len -= 1;
        }
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        self.runs.iter_mut().for_each(|run| run.retain(&mut keep));
        self.len = self.runs.iter().map(Vec::len).sum();
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let runs = self.runs.capacity() * size_of::<Vec<T>>();
        runs + self.runs.iter().map(|run| run.capacity() * size_of::<T>()).sum::<usize>()
    }

    fn run(&self, item: &T) -> usize {
        // A shift by all 32 bits is none, and there is one run.
        (u64::from(item.radix()) << self.bits >> 32) as usize
    }

    fn split(&mut self) {
        self.bits += 1;
        let halves = std::mem::take(&mut self.runs).into_iter().enumerate().flat_map(|(number, mut lower)| {
            let upper = lower.partition_point(|item| u64::from(item.radix()) << self.bits >> 32 == 2 * number as u64);
            let upper = lower.split_off(upper);
            lower.shrink_to_fit();
            [lower, upper]
        });
        self.runs = halves.collect();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    impl Radix for (u32, u32) {
        fn radix(&self) -> u32 {
            self.0
        }
    }

    /// Against the standard library's set, over many splits, with radixes that meet.
    #[test]
    fn it_is_a_sorted_set() {
        let (mut runs, mut set, mut random) = (Runs::default(), BTreeSet::new(), 1_u64);
        for round in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let item = ((random >> 32) as u32 & 0xffff_0fff, (random >> 20) as u32 & 1);
            if round % 3 == 2 {
                let gone = *set.range(item..).next().unwrap_or(&item);
                set.remove(&gone);
                runs.remove(&gone);
            } else {
                set.insert(item);
                runs.insert(item);
            }
            assert_eq!(runs.len(), set.len());
            let next = runs.from(&item).first().filter(|next| next.0 == item.0);
            assert_eq!(next, set.range(item..).next().filter(|next| next.0 == item.0));
        }
        assert!(runs.iter().eq(set.iter()));
        runs.retain(|item| item.1 == 0);
        assert!(runs.iter().eq(set.iter().filter(|item| item.1 == 0)));
        assert!(runs.bits > 4);
    }
}
