//! The two queues, plain data structures without threads: *when* and *which*.

mod ready;
mod timer;

pub(crate) use ready::{ReadyKey, ReadyQueue, Urgency, sort_by_urgency};
pub(crate) use timer::{TimerKey, TimerQueue};

/// So few entries that no cost counts: they may be dead or unused, or be moved about one by one.
const SMALL: usize = 64;

/// To what a collection should shrink, if three quarters of its capacity are unused.
///
/// Room for as many entries again is kept. So half of what is left has to go, or as much has to
/// come, before the collection moves again, and each push and pop pays for a constant share of a
/// move.
pub(crate) fn shrunk_capacity(len: usize, capacity: usize) -> Option<usize> {
    (capacity > SMALL && len < capacity / 4).then(|| (2 * len).max(SMALL))
}
