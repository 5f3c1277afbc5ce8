//! [`Deadlines`]: what is to happen to executions, and when. A plain data structure.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::time::Moment;

/// Where an entry is: when it is due, and the how-manieth it was to be set.
pub(super) type Key = (Moment, u64);

/// What is to happen to executions of a shard, the earliest first.
///
/// An execution has one deadline at most: its timeout while it runs, its next attempt while it backs off.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    entries: BTreeMap<Key, Deadline>,

    /// Where the entry of an execution is.
    places: HashMap<(usize, u64), Key>,

    /// Numbers those of one moment in the order in which they were set.
    set: u64,

    /// Whether some task had a timeout when the scheduler was shut down, so that further ones may be set as long
    /// as anything is in flight.
    pub(super) expected: bool,
}

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Deadline {
    /// Where the task is, and which one it is.
    pub(super) index: usize,
    pub(super) sequence: u64,
    pub(super) event: Alert,
}

/// What happens at a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alert {
    /// An attempt of this execution has run for too long.
    Timeout(u64, Duration),

    /// The next attempt of this execution is due.
    Retry(u64),

    /// A run is due that predecessors have brought about.
    Follow,
}

impl Alert {
    fn run(self) -> Option<u64> {
        match self {
            Self::Timeout(run, _) | Self::Retry(run) => Some(run),
            Self::Follow => None,
        }
    }
}

impl Deadlines {
    pub(super) fn set(&mut self, at: Moment, deadline: Deadline) -> Key {
        self.set += 1;
        if let Some(run) = deadline.event.run() {
            self.clear(deadline.index, run);
            self.places.insert((deadline.index, run), (at, self.set));
        }
        self.entries.insert((at, self.set), deadline);
        (at, self.set)
    }

    /// Takes back a deadline that is none of an execution.
    pub(super) fn take_back(&mut self, key: Key) {
        self.entries.remove(&key);
    }

    /// Takes back the deadline of an execution, if it has one.
    pub(super) fn clear(&mut self, index: usize, run: u64) {
        if self.places.is_empty() {
            return;
        }
        if let Some(place) = self.places.remove(&(index, run)) {
            self.entries.remove(&place);
        }
    }

    /// Whether an execution has a deadline.
    pub(super) fn has(&self, index: usize, run: u64) -> bool {
        self.places.contains_key(&(index, run))
    }

    /// When the deadline of an execution comes, if it has one.
    pub(super) fn of(&self, index: usize, run: u64) -> Option<Moment> {
        self.places.get(&(index, run)).map(|place| place.0)
    }

    /// Takes out the earliest that is not after `now`.
    pub(super) fn pop(&mut self, now: Moment) -> Option<Deadline> {
        let entry = self.entries.first_entry().filter(|entry| entry.key().0 <= now)?;
        let deadline = entry.remove();
        if let Some(run) = deadline.event.run() {
            self.places.remove(&(deadline.index, run));
        }
        Some(deadline)
    }

    /// When the earliest comes.
    pub(super) fn next(&self) -> Moment {
        self.entries.first_key_value().map_or(Moment::NEVER, |((at, _), _)| *at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_has_one_deadline() {
        let at = |second| Moment::from_origin(Duration::from_secs(second));
        let deadline = |event| Deadline { index: 3, sequence: 7, event };
        let mut deadlines = Deadlines::default();
        deadlines.set(at(5), deadline(Alert::Timeout(1, Duration::ZERO)));
        deadlines.set(at(4), deadline(Alert::Retry(2)));
        deadlines.set(at(6), deadline(Alert::Retry(1)));
        deadlines.set(at(4), deadline(Alert::Follow));
        let key = deadlines.set(at(2), deadline(Alert::Follow));
        deadlines.take_back(key);
        assert_eq!(deadlines.next(), at(4));
        assert!(deadlines.pop(at(3)).is_none());
        assert_eq!(deadlines.pop(at(9)), Some(deadline(Alert::Retry(2))));
        assert_eq!(deadlines.pop(at(9)), Some(deadline(Alert::Follow)));
        deadlines.clear(3, 1);
        deadlines.clear(3, 1);
        assert!(deadlines.is_empty() && deadlines.places.is_empty());
        assert_eq!(deadlines.next(), Moment::NEVER);
    }
}
