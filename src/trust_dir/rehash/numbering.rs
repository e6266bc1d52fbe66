//! The order of the names of one hash, and the steps that lead there.
//!
//! Links to files come first, since `openssl rehash` numbers them from 0 and unlinks what is in their way; then what
//! lies there under its hash alone; behind them what OpenSSL cannot load, for there it may stop looking. Names are only
//! added and written over until all is in its place, and the last goes first: what OpenSSL found before is found after
//! every step.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;

use super::name::Key;

/// One change of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A second name for a file or link, over what is there.
    Copy { from: OsString, to: OsString },
    /// A link to a file, over what is there.
    Link { name: OsString, target: OsString },
    /// A link goes, or one of several names.
    Remove { name: OsString },
}

/// A file or link whose name may change: an index into the present names.
pub(super) type Thing = usize;

/// What is to be found under a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    /// A file, by a link: an index into [`Bucket::files`].
    File(usize),
    /// What lies under the name of a hash itself.
    Kept(Thing),
}

/// What has a number now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// The item itself: what is kept, or the right link to a file.
    Proper(Item),
    /// Another link to an item.
    Double(Item),
    /// A link that leads nowhere, or where it should not.
    Astray,
    /// What hides all that is behind it: it cannot be loaded, or belongs under another hash.
    InTheWay(Thing),
}

impl Slot {
    /// What OpenSSL finds there.
    fn shows(self) -> Option<Item> {
        match self {
            Self::Proper(item) | Self::Double(item) => Some(item),
            Self::Astray | Self::InTheWay(_) => None,
        }
    }
}

/// All that belongs under one hash, and all that lies there.
#[derive(Clone, Debug, Default)]
pub(super) struct Bucket {
    /// The files to be linked, in the order of their names.
    pub files: Vec<OsString>,
    /// What is kept without a link, wherever it lies now.
    pub kept: Vec<Thing>,
    pub slots: BTreeMap<u32, Slot>,
}

/// How the numbers are to be.
pub(super) struct Order<'a> {
    key: Key,
    bucket: &'a Bucket,
    /// What each number is to show, from 0 on.
    places: Vec<Item>,
    /// What would be hidden while its number still shows something else, and the number behind all that it gets meanwhile.
    spare: BTreeMap<u32, Item>,
}

/// The directory's names while the steps are taken.
pub(super) struct Names<'a> {
    /// Where each thing lies.
    pub things: &'a mut [OsString],
    pub steps: &'a mut Vec<Step>,
    /// Names that things have besides.
    pub retired: &'a mut Vec<OsString>,
}

impl<'a> Order<'a> {
    pub(super) fn of(key: Key, bucket: &'a Bucket) -> Self {
        let places = places(bucket);
        let slot = |number: u32| bucket.slots.get(&number).copied();
        let shown = |number: u32| slot(number).and_then(Slot::shows);
        let end = number(places.len());
        let wrong = (0..end).filter_map(|at| shown(at).filter(|_| slot(at) != Some(Slot::Proper(places[at as usize]))));
        let at: HashMap<Item, u32> = (0..).zip(&places).map(|(at, item)| (*item, at)).collect();
        // Whose own number shows something else would be missed until that is written over.
        let is_taken = |item: &Item| shown(at[item]).is_some() && slot(at[item]) != Some(Slot::Proper(*item));
        let hidden: BTreeSet<Item> = wrong.filter(is_taken).collect();
        let spare = (end..).filter(|number| shown(*number).is_none()).zip(hidden).collect();
        Self { key, bucket, places, spare }
    }

    fn end(&self) -> u32 {
        number(self.places.len())
    }

    fn shown(&self, number: u32) -> Option<Item> {
        self.bucket.slots.get(&number).and_then(|slot| slot.shows())
    }

    /// Puts what is in the way behind all others too.
    pub(super) fn clear(&self, names: &mut Names<'_>) {
        let last = |last: Option<&u32>| last.map_or(0, |last| last + 1);
        let mut free =
            last(self.bucket.slots.keys().next_back()).max(last(self.spare.keys().next_back())).max(self.end());
        for (number, slot) in &self.bucket.slots {
            if let Slot::InTheWay(thing) = *slot
                && (*number < self.end() || self.spare.contains_key(number))
            {
                names.copy(thing, self.key.name(free));
                free += 1;
            }
        }
    }

    /// Fills every number from 0 on: first those that show nothing. All have been [cleared](Self::clear) before.
    pub(super) fn fill(&self, names: &mut Names<'_>) {
        let places = || (0..).zip(&self.places);
        for (number, item) in places().filter(|(number, _)| self.shown(*number).is_none()) {
            self.show(*item, number, names);
        }
        for (number, item) in &self.spare {
            self.show(*item, *number, names);
        }
        let right = |number: u32, item: Item| self.bucket.slots.get(&number) == Some(&Slot::Proper(item));
        for (number, item) in places().filter(|(number, item)| self.shown(*number).is_some() && !right(*number, **item))
        {
            self.show(*item, number, names);
        }
    }

    fn show(&self, item: Item, number: u32, names: &mut Names<'_>) {
        let name = self.key.name(number);
        match item {
            Item::File(file) => names.steps.push(Step::Link { name, target: self.bucket.files[file].clone() }),
            Item::Kept(thing) => {
                let old = names.copy(thing, name);
                // Under this hash the numbers decide what goes.
                if Key::read(&old).is_none_or(|(key, number)| key != self.key || key.name(number) != old) {
                    names.retired.push(old);
                }
            }
        }
    }

    /// Removes what is left over behind the end.
    pub(super) fn tidy(&self, names: &mut Names<'_>) {
        let left = self.bucket.slots.range(self.end()..).filter(|(_, slot)| !matches!(slot, Slot::InTheWay(_)));
        let numbers: BTreeSet<u32> = left.map(|(number, _)| *number).chain(self.spare.keys().copied()).collect();
        names.steps.extend(numbers.into_iter().rev().map(|number| Step::Remove { name: self.key.name(number) }));
    }
}

impl Names<'_> {
    /// Gives a thing another name and returns the one it had.
    fn copy(&mut self, thing: Thing, to: OsString) -> OsString {
        let from = std::mem::replace(&mut self.things[thing], to.clone());
        self.steps.push(Step::Copy { from: from.clone(), to });
        from
    }
}

/// What each number is to show: what is at a right one stays.
fn places(bucket: &Bucket) -> Vec<Item> {
    let links = bucket.files.len();
    let end = links + bucket.kept.len();
    let mut places: Vec<Option<Item>> = vec![None; end];
    let mut settled = BTreeSet::new();
    for (number, slot) in bucket.slots.range(..number(end)) {
        let at = *number as usize;
        if let Slot::Proper(item) = slot
            && matches!(item, Item::File(_)) == (at < links)
            && settled.insert(*item)
        {
            places[at] = Some(*item);
        }
    }
    let files = (0..links).map(Item::File);
    let kept = bucket.kept.iter().map(|thing| Item::Kept(*thing));
    let mut others = files.chain(kept).filter(|item| !settled.contains(item));
    places.into_iter().filter_map(|place| place.or_else(|| others.next())).collect()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::super::name::Sort;
    use super::*;

    const KEY: Key = Key { sort: Sort::Certificate, hash: 7 };

    /// What each name leads to, if OpenSSL can load it, and whether it is the thing itself or the right link.
    type Directory = BTreeMap<OsString, Option<(Item, bool)>>;

    /// What OpenSSL finds: it counts up to the first number that is missing or cannot be loaded.
    fn visible(directory: &Directory) -> BTreeSet<Item> {
        (0..).map_while(|number| directory.get(&KEY.name(number))?.map(|(item, _)| item)).collect()
    }

    fn take(step: &Step, directory: &mut Directory) {
        match step {
            Step::Copy { from, to } => drop(directory.insert(to.clone(), directory[from])),
            Step::Link { name, target } => {
                let file = target.to_str().unwrap().parse().unwrap();
                directory.insert(name.clone(), Some((Item::File(file), true)));
            }
            Step::Remove { name } => drop(directory.remove(name).unwrap()),
        }
    }

    /// Numbers as good as random (Numerical Recipes' generator), the same in every run.
    struct Dice(u32);

    impl Dice {
        fn below(&mut self, end: u32) -> u32 {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (self.0 >> 8) % end
        }
    }

    #[test]
    fn every_bucket_becomes_dense_and_loses_nobody_on_the_way() {
        let mut dice = Dice(1);
        for round in 0..20_000 {
            let files = dice.below(4) as usize;
            let mut bucket =
                Bucket { files: (0..files).map(|file| file.to_string().into()).collect(), ..Bucket::default() };
            let (mut names, mut directory) = (Vec::new(), Directory::new());
            for number in 0..dice.below(8) {
                let name = KEY.name(number);
                let file = Item::File(dice.below(files.max(1) as u32) as usize);
                let (slot, found) = match dice.below(7) {
                    0 if files > 0 => (Slot::Proper(file), Some((file, true))),
                    1 if files > 0 => (Slot::Double(file), Some((file, false))),
                    2 => (Slot::Astray, None),
                    3 => {
                        let item = Item::Kept(names.len());
                        bucket.kept.push(names.len());
                        names.push(name.clone());
                        (Slot::Proper(item), Some((item, true)))
                    }
                    4 if !bucket.kept.is_empty() => {
                        let item = Item::Kept(bucket.kept[dice.below(bucket.kept.len() as u32) as usize]);
                        (Slot::Double(item), Some((item, false)))
                    }
                    5 => {
                        names.push(name.clone());
                        (Slot::InTheWay(names.len() - 1), None)
                    }
                    _ => continue,
                };
                bucket.slots.insert(number, slot);
                directory.insert(name, found);
            }
            // One that lies under the name of another hash.
            if dice.below(3) == 0 {
                names.push("other".into());
                bucket.kept.push(names.len() - 1);
                directory.insert("other".into(), Some((Item::Kept(names.len() - 1), true)));
            }
            let before = visible(&directory);
            let (mut steps, mut retired, order) = (Vec::new(), Vec::new(), Order::of(KEY, &bucket));
            let mut names = Names { things: &mut names, steps: &mut steps, retired: &mut retired };
            order.clear(&mut names);
            order.fill(&mut names);
            order.tidy(&mut names);
            steps.extend(retired.into_iter().map(|name| Step::Remove { name }));
            for step in &steps {
                take(step, &mut directory);
                let now = visible(&directory);
                assert!(now.is_superset(&before), "round {round}: {step:?} of {steps:?}\n{bucket:?}");
            }
            let kept = bucket.kept.iter().map(|thing| Item::Kept(*thing));
            let all: BTreeSet<_> = (0..files).map(Item::File).chain(kept).collect();
            assert_eq!(visible(&directory), all, "round {round}: {bucket:?}");
            let shown: Vec<_> = (0..all.len() as u32).map(|number| directory[&KEY.name(number)]).collect();
            assert!(shown.iter().all(|shown| matches!(shown, Some((_, true)))), "round {round}: {directory:?}");
            let links_first = shown[..files].iter().all(|shown| matches!(shown, Some((Item::File(_), _))));
            assert!(links_first, "round {round}: {directory:?}");
            assert!(!directory.contains_key(OsStr::new("other")), "round {round}");
            let rest = directory.values().filter(|found| found.is_some()).count();
            assert_eq!(rest, all.len(), "round {round}: something is there twice: {directory:?}");
        }
    }
}
