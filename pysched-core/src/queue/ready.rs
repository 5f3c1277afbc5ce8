//! *Which*: what waits for a free worker, the most urgent first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::{fmt, mem};

use super::shrink_when_mostly_unused;
use crate::time::Moment;

/// How urgent an item is. Smaller goes first, by the fields from first to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReadyKey {
    pub(crate) priority: i32,

    /// On the scale of the wall clock, since several schedulers may share one queue.
    pub(crate) due: Moment,

    pub(crate) sequence: u64,
}

/// A queue of items by [`ReadyKey`]; items with equal keys leave in the order in which they came.
pub(crate) struct ReadyQueue<T> {
    heap: BinaryHeap<Entry<T>>,

    /// How many items have ever been pushed.
    arrivals: u64,
}

impl<T> ReadyQueue<T> {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), arrivals: 0 }
    }

    pub(crate) fn push(&mut self, key: ReadyKey, item: T) {
        self.heap.push(Entry { key, arrival: self.arrivals, item });
        self.arrivals += 1;
    }

    /// Takes the item with the smallest key.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let entry = self.heap.pop()?;
        shrink_when_mostly_unused(&mut self.heap);
        Some(entry.item)
    }

    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Takes all items, in the order in which [`pop`](Self::pop) would have.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        // Ascending in the order of entries is descending in that of their keys.
        let entries = mem::take(&mut self.heap).into_sorted_vec();
        entries.into_iter().rev().map(|entry| entry.item).collect()
    }
}

/// Shows the keys that wait, in no order: items are usually closures, which have nothing to show.
impl<T> fmt::Debug for ReadyQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.heap.iter().map(|entry| entry.key)).finish()
    }
}

/// An item and its place. The greatest entry is the one with the smallest key, as [`BinaryHeap`]
/// puts the greatest first; the item plays no part.
struct Entry<T> {
    key: ReadyKey,

    /// How many items came before this one: no two entries are equal.
    arrival: u64,

    item: T,
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.key, other.arrival).cmp(&(self.key, self.arrival))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use super::super::SMALL;
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn key(priority: i32, due: u64, sequence: u64) -> ReadyKey {
        ReadyKey { priority, due: Moment::from_origin(Duration::from_nanos(due)), sequence }
    }

    #[test]
    fn priority_then_due_then_sequence_then_arrival() {
        let mut queue = ReadyQueue::new();
        queue.push(key(1, 0, 0), "priority 1");
        queue.push(key(0, 2, 0), "due 2");
        queue.push(key(0, 1, 1), "sequence 1");
        queue.push(key(0, 1, 0), "first");
        queue.push(key(0, 1, 0), "second");
        assert_eq!(queue.drain(), ["first", "second", "sequence 1", "due 2", "priority 1"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_burst_gives_its_memory_back() {
        let mut queue = ReadyQueue::new();
        (0..100_000).for_each(|n| queue.push(key(0, 0, n), n));
        assert!(queue.heap.capacity() >= 100_000);
        while queue.pop().is_some() {}
        assert!(queue.heap.capacity() <= SMALL);

        (0..100_000).for_each(|n| queue.push(key(0, 0, n), n));
        assert_eq!(queue.drain().len(), 100_000);
        assert_eq!(queue.heap.capacity(), 0);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(ReadyKey),
        Pop,
        Drain,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            20 => (0..3_i32, 0..3_u64, 0..3_u64)
                .prop_map(|(priority, due, sequence)| Step::Push(key(priority, due, sequence))),
            15 => Just(Step::Pop),
            1 => Just(Step::Drain),
        ]
    }

    proptest! {
        /// The model is a vector that a stable sort keeps in order.
        #[test]
        fn behaves_like_a_sorted_vector(steps in prop::collection::vec(step(), 0..500)) {
            let mut queue = ReadyQueue::new();
            let mut model: Vec<(ReadyKey, usize)> = Vec::new();
            for (item, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(key) => {
                        queue.push(key, item);
                        model.push((key, item));
                        model.sort_by_key(|&(key, _)| key);
                    }
                    Step::Pop => {
                        let expected = (!model.is_empty()).then(|| model.remove(0).1);
                        prop_assert_eq!(queue.pop(), expected);
                    }
                    Step::Drain => {
                        let expected: Vec<_> = model.drain(..).map(|(_, item)| item).collect();
                        prop_assert_eq!(queue.drain(), expected);
                    }
                }
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.is_empty(), model.is_empty());
            }
        }
    }
}
