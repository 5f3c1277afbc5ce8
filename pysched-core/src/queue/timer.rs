//! *When*: what is due, earliest first, with lazy removal.
//!
//! # Cost
//!
//! The entries are in a heap ([`heap`]), of which those that are due are taken all together. A
//! push costs O(log n), and O(1) on average if due times come in no order; of n entries, the k
//! that are due cost O(k log(n/k)) to find and O(k log k) to put in order.
//!
//! To remove an entry from the middle of a heap, one has to know where it is; an index of positions
//! would have to be written at every step of every push and pop, to serve removals that many
//! programs never make. So a cancelled entry is not removed: it is *dead*, stays where it is, and
//! is dropped when it reaches the head, or is given out with those that are due. Whether an entry
//! is dead only the owner of the tasks knows, and tells through `is_live`.
//!
//! Dead entries would pile up where tasks are cancelled long before they are due. The queue counts
//! them, as its owner reports each one by [`forget`](TimerQueue::forget), and keeps this invariant:
//!
//! > Once `forget` returns, at most half of the entries are dead, or there are only a few entries.
//!
//! It does so by a sweep over all n entries as soon as more than n/2 are dead. Each of the dead was
//! reported by one call and is gone after the sweep, so a call pays for less than two entries: a
//! cancellation is O(1) amortised, and the heap is at most twice as large as it needs to be.
//!
//! # Copies
//!
//! A task that is paused and resumed, or rescheduled back and forth, is pushed with the key of an
//! entry that died but is still here; so may be a task that got the slot of one that was cancelled.
//! That entry is then alive again, for all that `is_live` can tell, and would survive every sweep.
//! It counts as dead all the same: of equal entries one is the live one and the others are its
//! copies. The sweep knows from the count whether there are any, and only then sorts what is left,
//! to find them: then a cancellation costs O(log n) amortised, no more than the push that it
//! undoes. Copies that are due are given out one after the other: the owner fires the first, by
//! which its slot is no longer armed, and finds the others dead.

mod heap;

use heap::Heap;

use super::SMALL;
use crate::time::Moment;

/// When an entry is due, and which task it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    pub(crate) due: Moment,

    /// Lower goes first among entries that are due.
    pub(crate) priority: i32,

    /// Where the owner keeps the task.
    pub(crate) slot: u32,
}

// Four to a cache line: the children that a heap compares at each level.
const _: () = assert!(size_of::<TimerKey>() == 16);

/// A queue of [`TimerKey`]s by time.
///
/// Its owner keeps two rules. A key is pushed only while no live entry is equal to it. And
/// `is_live`, which the methods take, holds for a key from its push until it is fired, having been
/// given out by `drain_due`, or `forget` is called for it, and no longer: both kill the copies too.
#[derive(Debug)]
pub(crate) struct TimerQueue {
    heap: Heap,

    /// How many entries are dead, copies of live ones included. Between `drain_due` and `buried`,
    /// those that have been given out are among them.
    dead: usize,
}

impl TimerQueue {
    pub(crate) const fn new() -> Self {
        Self { heap: Heap::new(), dead: 0 }
    }

    pub(crate) fn push(&mut self, key: TimerKey) {
        self.heap.push(key);
    }

    /// When the first live entry is due. Drops the dead ones before it.
    pub(crate) fn next_due(&mut self, is_live: impl Fn(&TimerKey) -> bool) -> Option<Moment> {
        // So many pops cost about what a sweep costs.
        let mut patience = SMALL.max(self.heap.len() / 16);
        while let Some(first) = self.heap.first()
            && !is_live(first)
        {
            if patience == 0 {
                self.sweep(&is_live);
                break;
            }
            patience -= 1;
            self.heap.pop();
            self.dead = self.dead.saturating_sub(1);
        }
        self.heap.shrink();
        self.heap.first().map(|key| key.due)
    }

    /// Moves every entry due at `now`, dead or not, to the end of `out`, by priority, then due
    /// time, then slot. The owner reports how many were dead by [`buried`](Self::buried), before it
    /// calls anything else but `push`.
    pub(crate) fn drain_due(&mut self, now: Moment, out: &mut Vec<TimerKey>) {
        let before = out.len();
        self.heap.take_due(now, out);
        self.heap.shrink();
        sort_by_urgency(&mut out[before..]);
    }

    /// Notes that one entry has just died: `is_live` no longer holds for it.
    pub(crate) fn forget(&mut self, is_live: impl Fn(&TimerKey) -> bool) {
        self.dead += 1;
        if self.heap.len() > SMALL && self.dead > self.heap.len() / 2 {
            self.sweep(is_live);
        }
    }

    /// Notes that so many of the entries that `drain_due` gave out turned out to be dead.
    pub(crate) fn buried(&mut self, count: usize) {
        self.dead = self.dead.saturating_sub(count);
    }

    /// Drops all dead entries.
    fn sweep(&mut self, is_live: impl Fn(&TimerKey) -> bool) {
        let before = self.heap.len();
        self.heap.retain(is_live);
        if before - self.heap.len() < self.dead {
            self.heap.dedup();
        }
        self.dead = 0;
        self.heap.shrink();
    }
}

/// By priority, then due time, then slot: each sort compares one integer, which is faster than one
/// sort that compares all three, although it goes over the keys once more.
fn sort_by_urgency(keys: &mut [TimerKey]) {
    keys.sort_unstable_by_key(|key| key.priority);
    for equals in keys.chunk_by_mut(|a, b| a.priority == b.priority) {
        equals.sort_unstable_by_key(|key| key.due);
        for equals in equals.chunk_by_mut(|a, b| a.due == b.due) {
            equals.sort_unstable_by_key(|key| key.slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;
    use std::collections::BTreeSet;
    use std::time::Duration;

    fn moment(nanos: u64) -> Moment {
        Moment::from_origin(Duration::from_nanos(nanos))
    }

    fn key(due: u64, priority: i32, slot: u32) -> TimerKey {
        TimerKey { due: moment(due), priority, slot }
    }

    fn urgency(key: &TimerKey) -> (i32, Moment, u32) {
        (key.priority, key.due, key.slot)
    }

    fn everything(_: &TimerKey) -> bool {
        true
    }

    fn nothing(_: &TimerKey) -> bool {
        false
    }

    fn drained(queue: &mut TimerQueue, now: u64) -> Vec<TimerKey> {
        let mut out = Vec::new();
        queue.drain_due(moment(now), &mut out);
        out
    }

    #[test]
    fn what_is_due_comes_by_priority_then_due_then_slot() {
        let sorted = [key(5, -1, 8), key(2, 0, 5), key(2, 0, 6), key(4, 0, 1), key(1, 9, 9)];
        let mut queue = TimerQueue::new();
        for index in [3, 1, 4, 0, 2] {
            queue.push(sorted[index]);
        }
        assert_eq!(queue.next_due(everything), Some(moment(1)));
        assert_eq!(drained(&mut queue, 5), sorted);
        assert_eq!(queue.next_due(everything), None);
    }

    #[test]
    fn nothing_is_given_out_before_its_time() {
        let mut queue = TimerQueue::new();
        queue.push(key(5, 0, 0));
        assert_eq!(drained(&mut queue, 4), []);
        assert_eq!(drained(&mut queue, 5), [key(5, 0, 0)]);
    }

    #[test]
    fn what_is_due_follows_what_was_there() {
        let mut queue = TimerQueue::new();
        let mut out = vec![key(9, 9, 9)];
        queue.push(key(1, 0, 0));
        queue.drain_due(moment(1), &mut out);
        assert_eq!(out, [key(9, 9, 9), key(1, 0, 0)]);
    }

    #[test]
    fn copies_are_given_out_together() {
        let mut queue = TimerQueue::new();
        queue.push(key(1, 0, 0));
        queue.forget(nothing);
        queue.push(key(1, 0, 0));
        assert_eq!(drained(&mut queue, 1), [key(1, 0, 0); 2]);
        queue.buried(1);
        assert_eq!(queue.dead, 0);
    }

    #[test]
    fn a_burst_gives_its_memory_back() {
        let burst = || {
            let mut queue = TimerQueue::new();
            (0..100_000).for_each(|n| queue.push(key(n.into(), 0, n)));
            assert!(queue.heap.capacity() >= 100_000);
            queue
        };

        let mut fired = burst();
        assert_eq!(drained(&mut fired, 90_000).len(), 90_001);
        assert!(fired.heap.capacity() <= 20_000);
        drained(&mut fired, 100_000);
        assert!(fired.heap.capacity() <= SMALL);

        let mut dropped = burst();
        assert_eq!(dropped.next_due(nothing), None);
        assert!(dropped.heap.capacity() <= SMALL);

        let mut cancelled = burst();
        for n in 0..100_000 {
            // Cancelled from the far end, so that none of them ever reaches the head.
            cancelled.forget(|key| key.slot < 99_999 - n);
        }
        assert!(cancelled.heap.capacity() <= 4 * SMALL);
    }

    #[test]
    fn many_dead_ones_at_the_head_are_swept() {
        let mut queue = TimerQueue::new();
        (0..10_000).for_each(|n| queue.push(key(n.into(), 0, n)));
        let alive = |key: &TimerKey| key.slot >= 4_000 && key.slot != 9_000;
        (0..4_001).for_each(|_| queue.forget(alive));
        assert_eq!(queue.next_due(alive), Some(moment(4_000)));
        // The one at the far end is gone too.
        assert_eq!(queue.heap.len(), 5_999);
        assert_eq!(queue.dead, 0);
    }

    #[test]
    fn a_series_that_is_rescheduled_again_and_again_stays_small() {
        let mut queue = TimerQueue::new();
        queue.push(key(0, 0, 0));
        for due in 1..10_000 {
            queue.forget(|key| key.due == moment(due));
            queue.push(key(due, 0, 0));
            assert!(queue.heap.len() <= SMALL + 1);
        }
        assert_eq!(queue.next_due(|key| key.due == moment(9_999)), Some(moment(9_999)));
    }

    #[test]
    fn tasks_that_are_paused_and_resumed_again_and_again_stay_few() {
        let mut queue = TimerQueue::new();
        (0..100).for_each(|task| queue.push(key(7, 0, task)));
        for step in 0..10_000 {
            // The others are alive, and so seem all the entries that they have left behind.
            let task = step % 100;
            queue.forget(|key| key.slot != task);
            queue.push(key(7, 0, task));
            assert!(queue.heap.len() <= 200);
        }
        let mut tasks = drained(&mut queue, 7);
        let all = tasks.len();
        tasks.dedup();
        assert_eq!(tasks.len(), 100);
        queue.buried(all - 100);
        assert_eq!(queue.dead, 0);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(TimerKey),
        Cancel(Index),
        DrainDue(Moment),
        NextDue,
    }

    /// Keys are drawn from few enough to meet the copies of cancelled ones.
    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            80 => (0..50_u64, -1..2_i32, 0..4_u32)
                .prop_map(|(due, priority, slot)| Step::Push(key(due, priority, slot))),
            60 => any::<Index>().prop_map(Step::Cancel),
            3 => (0..50_u64).prop_map(|now| Step::DrainDue(moment(now))),
            5 => Just(Step::NextDue),
        ]
    }

    proptest! {
        /// The model is the sorted set of the live keys.
        #[test]
        fn behaves_like_a_sorted_set(steps in prop::collection::vec(step(), 0..1_000)) {
            let mut queue = TimerQueue::new();
            let mut live = BTreeSet::new();
            for step in steps {
                match step {
                    Step::Push(key) => {
                        if live.insert(key) {
                            queue.push(key);
                        }
                    }
                    Step::Cancel(index) if !live.is_empty() => {
                        let victim = *live.iter().nth(index.index(live.len())).unwrap();
                        live.remove(&victim);
                        queue.forget(|key| live.contains(key));
                        prop_assert!(queue.heap.len() <= SMALL || queue.dead <= queue.heap.len() / 2);
                    }
                    Step::Cancel(_) => {}
                    Step::DrainDue(now) => {
                        let mut expected: Vec<_> =
                            live.iter().copied().filter(|key| key.due <= now).collect();
                        expected.sort_unstable_by_key(urgency);
                        let mut out = Vec::new();
                        queue.drain_due(now, &mut out);
                        prop_assert!(out.is_sorted_by_key(urgency));
                        let all = out.len();
                        out.retain(|key| live.remove(key));
                        prop_assert_eq!(&out, &expected);
                        queue.buried(all - out.len());
                    }
                    Step::NextDue => {
                        let expected = live.first().map(|key| key.due);
                        prop_assert_eq!(queue.next_due(|key| live.contains(key)), expected);
                    }
                }
                prop_assert_eq!(queue.dead, queue.heap.len() - live.len());
            }
        }
    }
}
