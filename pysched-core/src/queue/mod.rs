//! The two queues, plain data structures without threads: *when* and *which*.

mod ready;
mod timer;

use std::collections::BinaryHeap;

pub(crate) use ready::{ReadyKey, ReadyQueue};
pub(crate) use timer::{TimerKey, TimerQueue};

/// Heaps of up to this many entries are left as they are: too small to be worth cleaning up.
const SMALL: usize = 64;

/// Gives memory back once three quarters of it are unused.
///
/// Room for as many entries again is kept. So half of what is left has to go, or as much has to
/// come, before the heap moves again, and each push and pop pays for a constant share of a move.
fn shrink_when_mostly_unused<T: Ord>(heap: &mut BinaryHeap<T>) {
    if heap.capacity() > SMALL && heap.len() < heap.capacity() / 4 {
        heap.shrink_to((2 * heap.len()).max(SMALL));
    }
}
