//! [`Stops`]: by which the executions are reached that are polled, in order to end them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::shard::Shard;
use crate::execution::{Stop, Ticket};
use crate::queue::shrunk_capacity;

/// The stops of a shard, by the sequences of their tasks and the numbers of their executions.
///
/// Most executions never have one: it is made when a future has to wait for the first time, or is told to
/// end, whichever comes first, and forgotten when that is over.
#[derive(Debug, Default)]
pub(super) struct Stops {
    known: HashMap<(u64, u64), Arc<Stop>, BuildHasherDefault<Spread>>,
}

/// A hash of numbers that nobody chooses, and that are next to each other: spreads them.
#[derive(Debug, Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, number: u64) {
        // Odd, and near to the golden section of 2^64, as in Fibonacci hashing (Knuth, TAOCP 3, 6.4).
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
}

impl Stops {
    fn of(&mut self, sequence: u64, run: u64) -> &Arc<Stop> {
        self.known.entry((sequence, run)).or_insert_with(Stop::new)
    }

    fn forget(&mut self, sequence: u64, run: u64) {
        self.known.remove(&(sequence, run));
        if let Some(capacity) = shrunk_capacity(self.known.len(), self.known.capacity()) {
            self.known.shrink_to(capacity);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

impl Shard {
    /// The stop of a ticket's execution, which has begun.
    pub(super) fn stop_of(&mut self, ticket: &Ticket) -> Arc<Stop> {
        Arc::clone(self.stops.of(ticket.task.sequence(), ticket.run))
    }

    /// Whether a ticket's execution, which has begun, has been told to end.
    pub(super) fn is_told(&self, ticket: &Ticket) -> bool {
        let stop = self.stops.known.get(&(ticket.task.sequence(), ticket.run));
        stop.is_some_and(|stop| stop.is_told())
    }

    /// Has an execution that has begun end where it waits, if it is polled.
    pub(super) fn tell_stop(&mut self, index: usize, run: u64) {
        let slot = self.slot(index);
        if slot.is_async {
            let sequence = slot.sequence;
            let stop = Arc::clone(self.stops.of(sequence, run));
            stop.tell();
            self.outbox().stops.push(stop);
        }
    }

    /// Forgets the stop of an execution that is over. It has no waker any more.
    pub(super) fn forget_stop(&mut self, ticket: &Ticket) {
        if ticket.is_async && !self.stops.is_empty() {
            self.stops.forget(ticket.task.sequence(), ticket.run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_is_the_same_until_it_is_forgotten() {
        let mut stops = Stops::default();
        stops.of(7, 1).tell();
        assert!(stops.of(7, 1).is_told());
        assert!(!stops.of(7, 2).is_told() && !stops.of(8, 1).is_told());
        stops.forget(7, 1);
        assert!(!stops.of(7, 1).is_told());
    }

    #[test]
    fn a_burst_gives_its_memory_back() {
        let mut stops = Stops::default();
        (0..10_000).for_each(|sequence| drop(Arc::clone(stops.of(sequence, 1))));
        assert!(stops.known.capacity() >= 10_000);
        (0..10_000).for_each(|sequence| stops.forget(sequence, 1));
        assert!(stops.is_empty());
        assert!(stops.known.capacity() < 1000);
    }
}
