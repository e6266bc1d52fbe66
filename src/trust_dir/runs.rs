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
        &run[self.place(run, first)..]
    }

    /// Puts an item in, over the one that is equal to it if there is one.
    pub(super) fn insert(&mut self, item: T) {
        if self.len >= LONG << self.bits {
            self.split();
        }
        let number = self.run(&item);
        let at = self.place(&self.runs[number], &item);
        let run = &mut self.runs[number];
        if run.get(at) == Some(&item) {
            run[at] = item;
            return;
        }
        if run.len() == run.capacity() {
            // Doubling would cost half of the memory.
            run.reserve_exact(run.len() / 16 + 4);
        }
        run.insert(at, item);
        self.len += 1;
    }

    /// Puts many items in, none of which is there: sooner than one by one, and soonest if most of them are in order.
    pub(super) fn fill(&mut self, mut items: Vec<T>) {
        items.extend(self.iter());
        // This sort takes what is in order as a whole.
        items.sort_by(|a, b| (a.radix(), a).cmp(&(b.radix(), b)));
        self.len = items.len();
        while self.len > LONG << self.bits {
            self.bits += 1;
        }
        let mut rest = &items[..];
        self.runs = (0..1 << self.bits)
            .map(|number| {
                let (run, after) = rest.split_at(rest.partition_point(|item| self.run(item) <= number));
                rest = after;
                run.to_vec()
            })
            .collect();
    }

    pub(super) fn remove(&mut self, item: &T) {
        let number = self.run(item);
        let at = self.place(&self.runs[number], item);
        if self.runs[number].get(at) == Some(item) {
            self.runs[number].remove(at);
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

    /// Where an item is in its run, or would be: near where its radix falls, as radixes are evenly spread. A binary
    /// search of the whole run would wait for the memory of each of its steps.
    fn place(&self, run: &[T], item: &T) -> usize {
        let before = |other: &T| (other.radix(), other) < (item.radix(), item);
        let within = (u64::from(item.radix()) << self.bits) & u64::from(u32::MAX);
        let near = ((within * run.len() as u64) >> 32) as usize;
        let (mut low, mut high, mut step) = (near, near, 8);
        while low > 0 && !before(&run[low - 1]) {
            low = low.saturating_sub(step);
            step *= 2;
        }
        while high < run.len() && before(&run[high]) {
            high = run.len().min(high + step);
            step *= 2;
        }
        low + run[low..high].partition_point(before)
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
        let (kept, filled): (Vec<_>, Vec<_>) = set.iter().partition(|item| item.0 % 3 == 0);
        let mut filling = Runs::default();
        kept.into_iter().for_each(|item| filling.insert(item));
        filling.fill(filled);
        assert!(filling.len() == set.len() && filling.iter().eq(set.iter()));
        assert!(set.iter().all(|item| filling.from(item).first() == Some(item)));
        runs.retain(|item| item.1 == 0);
        assert!(runs.iter().eq(set.iter().filter(|item| item.1 == 0)));
        assert!(runs.bits > 4);
    }
}
