//! [`LateItems`]: what came too late to stand in the run of a ready queue.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::mem;

use crate::queue::ready::Urgency;
use crate::queue::shrunk_capacity;

/// A heap of items, the most urgent on top; those of equal keys in the order in which they came.
pub(super) struct LateItems<T> {
    heap: BinaryHeap<Late<T>>,

    /// How many items have ever come.
    arrivals: u64,
}

impl<T: Urgency> LateItems<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), arrivals: 0 }
    }

    pub(super) fn push(&mut self, item: T) {
        self.heap.push(Late { arrival: self.arrivals, item });
        self.arrivals += 1;
    }

    /// The most urgent item.
    pub(super) fn first(&self) -> Option<&T> {
        self.heap.peek().map(|late| &late.item)
    }

    /// Takes the most urgent item.
    pub(super) fn pop(&mut self) -> Option<T> {
        if let Some(capacity) = shrunk_capacity(self.heap.len(), self.heap.capacity()) {
            self.heap.shrink_to(capacity);
        }
        self.heap.pop().map(|late| late.item)
    }

    /// Takes all items, the most urgent first.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = T> + use<T> {
        // Faster than what `BinaryHeap` has for it, which takes one out after the other.
        let mut items = mem::take(&mut self.heap).into_vec();
        items.sort_unstable_by_key(|late| (late.item.key(), late.arrival));
        items.into_iter().map(|late| late.item)
    }
}

impl<T> LateItems<T> {
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.heap.capacity()
    }
}

/// An item and its place. The greatest is the one with the smallest key, as [`BinaryHeap`] puts the
/// greatest first.
struct Late<T> {
    /// How many items came before this one: no two are equal.
    arrival: u64,

    item: T,
}

impl<T: Urgency> Ord for Late<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.item.key(), other.arrival).cmp(&(self.item.key(), self.arrival))
    }
}

impl<T: Urgency> PartialOrd for Late<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Urgency> PartialEq for Late<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Urgency> Eq for Late<T> {}
