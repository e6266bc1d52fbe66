//! Who looks at files at the moment. Of two who have looked at one file, the later one knows better, whoever is done
//! first: a file that is written in place changes under the same name, and its stamp may not tell.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::live::lock;

/// What was entered while others were looking, at how many files it is sifted.
const MANY: usize = 1024;

#[derive(Default)]
pub(super) struct Looks {
    next: AtomicU64,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// When those began who are not done yet.
    under_way: BTreeSet<u64>,
    /// When whoever has entered a file last has looked at it; those files that somebody else may yet enter.
    entered: HashMap<OsString, u64>,
}

/// Somebody who looks at files and enters what is there, until dropped.
pub(super) struct Looking<'a> {
    looks: &'a Looks,
    began: u64,
}

impl Looks {
    pub(super) fn begin(&self) -> Looking<'_> {
        let mut table = lock(&self.table);
        let began = self.next.fetch_add(1, Ordering::SeqCst);
        table.under_way.insert(began);
        Looking { looks: self, began }
    }
}

impl Looking<'_> {
    /// To be asked before a file is looked at, for [`is_latest`](Self::is_latest).
    pub(super) fn now(&self) -> u64 {
        self.looks.next.fetch_add(1, Ordering::SeqCst)
    }

    /// Whether nobody who looked at the file after that moment has entered it. The caller has the index locked.
    pub(super) fn is_latest(&self, name: &OsStr, looked: u64) -> bool {
        let mut table = lock(&self.looks.table);
        if table.entered.get(name).is_some_and(|entered| *entered > looked) {
            return false;
        }
        if table.under_way.len() > 1 {
            table.entered.insert(name.to_owned(), looked);
        }
        true
    }
}

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        let mut table = lock(&self.looks.table);
        let Table { under_way, entered } = &mut *table;
        under_way.remove(&self.began);
        match under_way.first() {
            None => *entered = HashMap::new(),
            Some(oldest) if entered.len() > MANY => entered.retain(|_, looked| *looked > *oldest),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_look_counts() {
        let looks = Looks::default();
        let (alice, bob) = (OsStr::new("alice"), OsStr::new("bob"));
        let (slow, quick) = (looks.begin(), looks.begin());
        let (early, late) = (slow.now(), quick.now());
        assert!(quick.is_latest(alice, late));
        assert!(!slow.is_latest(alice, early) && slow.is_latest(bob, early));
        assert!(slow.is_latest(alice, slow.now()));
        drop(quick);
        assert!(!slow.is_latest(alice, early));
        drop(slow);
        assert!(lock(&looks.table).entered.is_empty() && lock(&looks.table).under_way.is_empty());
    }

    #[test]
    fn what_nobody_may_enter_any_more_is_forgotten() {
        let looks = Looks::default();
        let (first, second) = (looks.begin(), looks.begin());
        for number in 0..MANY + 2 {
            assert!(first.is_latest(OsStr::new(&number.to_string()), first.now()));
        }
        let third = looks.begin();
        drop((first, second));
        assert!(lock(&looks.table).entered.is_empty());
        drop(third);
    }
}
