//! How urgent something is that is ready.

use std::collections::VecDeque;

use crate::prefetch::Location;
use crate::time::Moment;

/// How urgent an item is. Smaller goes first, by the fields from first to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReadyKey {
    pub(crate) priority: i32,

    /// On the scale of the wall clock, since several schedulers may share one queue.
    pub(crate) due: Moment,

    pub(crate) sequence: u64,
}

/// What a ready queue holds.
pub(crate) trait Urgency {
    /// Where it stands among others. The same each time.
    fn key(&self) -> ReadyKey;

    /// What it will need in memory when its turn comes.
    fn needs(&self) -> Location {
        Location::NONE
    }
}

/// Puts items in order, those of equal keys as they are. It finds what is in order already: one
/// look at each item tells that all are, and sorted pieces are merged.
pub(crate) fn sort_by_urgency<T: Urgency>(items: &mut VecDeque<T>) {
    items.make_contiguous().sort_by_key(T::key);
}
