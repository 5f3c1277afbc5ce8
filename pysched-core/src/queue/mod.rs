//! The two queues, plain data structures without threads: *when* and *which*.

mod ready;
mod timer;

use std::collections::BinaryHeap;

pub(crate) use ready::{ReadyKey, ReadyQueue};
pub(crate) use timer::{TimerKey, TimerQueue};

/// Up to this many entries are left as they are: too few to be worth cleaning up.
const SMALL: usize = 64;

/// To what a collection should shrink, if three quarters of its capacity are unused.
///
/// Room for as many entries again is kept. So half of what is left has to go, or as much has to
/// come, before the collection moves again, and each push and pop pays for a constant share of a
/// move.
fn shrunk_capacity(len: usize, capacity: usize) -> Option<usize> {
    (capacity > SMALL && len < capacity / 4).then(|| (2 * len).max(SMALL))
}

fn shrink_when_mostly_unused<T: Ord>(heap: &mut BinaryHeap<T>) {
    if let Some(capacity) = shrunk_capacity(heap.len(), heap.capacity()) {
        heap.shrink_to(capacity);
    }
}
