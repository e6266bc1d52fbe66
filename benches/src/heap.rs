//! How much of the heap is in use.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering};

/// A count for each of a few threads, on cache lines of their own: counting must not slow what is measured.
#[repr(align(128))]
struct Count(AtomicIsize);

struct Counting([Count; 8]);

#[global_allocator]
static HEAP: Counting = Counting([const { Count(AtomicIsize::new(0)) }; 8]);

static PAUSED: AtomicBool = AtomicBool::new(false);

impl Counting {
    fn add(&self, bytes: isize) {
        if PAUSED.load(Ordering::Relaxed) {
            return;
        }
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
        }
        let mine = MINE.try_with(|mine| {
            if mine.get() == usize::MAX {
                mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % 8);
            }
            mine.get()
        });
        self.0[mine.unwrap_or_default()].0.fetch_add(bytes, Ordering::Relaxed);
    }
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.add(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.add(-layout.size().cast_signed());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        self.add(size.cast_signed() - layout.size().cast_signed());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Bytes that Rust code holds now.
pub(crate) fn bytes() -> usize {
    HEAP.0.iter().map(|count| count.0.load(Ordering::Relaxed)).sum::<isize>().cast_unsigned()
}

/// Does something without a count of what it allocates, which it gives back before it returns.
pub(crate) fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    PAUSED.store(true, Ordering::Relaxed);
    let result = work();
    PAUSED.store(false, Ordering::Relaxed);
    result
}
