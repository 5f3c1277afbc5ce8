//! *When*: the heap of what is due, earliest first, with lazy removal.
//!
//! # Cost
//!
//! A push and a pop are those of a binary heap, O(log n). To remove an entry from the middle of a
//! heap, one has to know where it is; an index of positions would have to be written at every step
//! of every push and pop, to serve removals that many programs never make. So a cancelled entry is
//! not removed: it is *dead*, stays where it is, and is dropped when it reaches the head. Whether
//! an entry is dead only the owner of the tasks knows, and tells through `is_live`.
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
//! entry that died but is still here. That entry is then alive again, for all that `is_live` can
//! tell, and would survive every sweep. It counts as dead all the same: of equal entries one is the
//! live one and the others are its copies. The sweep knows from the count whether there are any,
//! and only then sorts what is left, to find them: then a cancellation costs O(log n) amortised, no
//! more than the push that it undoes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;

use super::{SMALL, shrink_when_mostly_unused};
use crate::time::Moment;

/// When an entry is due, and which task it is for. Smaller is earlier.
///
/// The derived order is that of the fields. The slot comes last and decides nothing, as two tasks
/// never share a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    pub(crate) due: Moment,

    /// Lower goes first among entries due at the same moment.
    pub(crate) priority: i32,

    /// Lower goes first among entries due at the same moment with the same priority.
    pub(crate) sequence: u64,

    /// Where the owner keeps the task.
    pub(crate) slot: u32,
}

// A heap is moved about by its entries: 24 bytes is as far as this key can be packed.
const _: () = assert!(size_of::<TimerKey>() == 24);

/// A queue of [`TimerKey`]s by time.
///
/// Its owner keeps two rules. A key is pushed only while no live entry is equal to it. And
/// `is_live`, which the methods take, holds for a key from its push until `pop_due` returns it or
/// `forget` is called for it, and no longer: both kill the copies too.
#[derive(Debug)]
pub(crate) struct TimerQueue {
    heap: BinaryHeap<Reverse<TimerKey>>,

    /// How many entries are dead, copies of live ones included.
    dead: usize,
}

impl TimerQueue {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), dead: 0 }
    }

    pub(crate) fn push(&mut self, key: TimerKey) {
        self.heap.push(Reverse(key));
    }

    /// When the first live entry is due. Drops the dead ones before it.
    pub(crate) fn next_due(&mut self, is_live: impl Fn(&TimerKey) -> bool) -> Option<Moment> {
        self.live_head(is_live).map(|key| key.due)
    }

    /// Takes the first live entry if it is due at `now`. Drops the dead ones before it.
    pub(crate) fn pop_due(
        &mut self,
        now: Moment,
        is_live: impl Fn(&TimerKey) -> bool,
    ) -> Option<TimerKey> {
        let head = self.live_head(is_live).filter(|key| key.due <= now)?;
        self.remove_head();
        Some(head)
    }

    /// Notes that one entry has just died: `is_live` no longer holds for it.
    pub(crate) fn forget(&mut self, is_live: impl Fn(&TimerKey) -> bool) {
        self.dead += 1;
        if self.heap.len() > SMALL && self.dead > self.heap.len() / 2 {
            self.sweep(is_live);
        }
    }

    fn live_head(&mut self, is_live: impl Fn(&TimerKey) -> bool) -> Option<TimerKey> {
        while let Some(&Reverse(head)) = self.heap.peek() {
            if is_live(&head) {
                return Some(head);
            }
            self.remove_head();
            self.dead = self.dead.saturating_sub(1);
        }
        None
    }

    /// Drops all dead entries.
    fn sweep(&mut self, is_live: impl Fn(&TimerKey) -> bool) {
        let before = self.heap.len();
        self.heap.retain(|Reverse(key)| is_live(key));
        if before - self.heap.len() < self.dead {
            let mut entries = mem::take(&mut self.heap).into_vec();
            entries.sort_unstable();
            entries.dedup();
            self.heap = entries.into();
        }
        self.dead = 0;
        shrink_when_mostly_unused(&mut self.heap);
    }

    fn remove_head(&mut self) {
        self.heap.pop();
        shrink_when_mostly_unused(&mut self.heap);
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

    fn key(due: u64, priority: i32, sequence: u64) -> TimerKey {
        TimerKey { due: moment(due), priority, sequence, slot: 0 }
    }

    fn everything(_: &TimerKey) -> bool {
        true
    }

    fn nothing(_: &TimerKey) -> bool {
        false
    }

    #[test]
    fn due_then_priority_then_sequence() {
        let sorted = [key(1, 9, 9), key(2, -1, 8), key(2, 0, 5), key(2, 0, 6), key(3, -9, 0)];
        let mut queue = TimerQueue::new();
        for index in [3, 1, 4, 0, 2] {
            queue.push(sorted[index]);
        }
        for expected in sorted {
            assert_eq!(queue.next_due(everything), Some(expected.due));
            assert_eq!(queue.pop_due(Moment::NEVER, everything), Some(expected));
        }
        assert_eq!(queue.next_due(everything), None);
    }

    #[test]
    fn nothing_is_popped_before_its_time() {
        let mut queue = TimerQueue::new();
        queue.push(key(5, 0, 0));
        assert_eq!(queue.pop_due(moment(4), everything), None);
        assert_eq!(queue.pop_due(moment(5), everything), Some(key(5, 0, 0)));
    }

    #[test]
    fn a_burst_gives_its_memory_back() {
        let burst = || {
            let mut queue = TimerQueue::new();
            (0..100_000).for_each(|n| queue.push(key(n, 0, n)));
            assert!(queue.heap.capacity() >= 100_000);
            queue
        };

        let mut popped = burst();
        while popped.pop_due(Moment::NEVER, everything).is_some() {}
        assert!(popped.heap.capacity() <= SMALL);

        let mut dropped = burst();
        assert_eq!(dropped.next_due(nothing), None);
        assert!(dropped.heap.capacity() <= SMALL);

        let mut cancelled = burst();
        for n in 0..100_000 {
            // Cancelled from the far end, so that none of them ever reaches the head.
            cancelled.forget(|key| key.sequence < 99_999 - n);
        }
        assert!(cancelled.heap.capacity() <= 4 * SMALL);
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
            queue.forget(|key| key.sequence != task);
            queue.push(key(7, 0, task));
            assert!(queue.heap.len() <= 200);
        }
        for task in 0..100 {
            let popped = queue.pop_due(Moment::NEVER, |key| key.sequence >= task);
            assert_eq!(popped, Some(key(7, 0, task)));
        }
        assert_eq!(queue.next_due(nothing), None);
        assert_eq!(queue.dead, 0);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(TimerKey),
        Cancel(Index),
        PopDue(Moment),
        NextDue,
    }

    /// Keys are drawn from few enough to meet the copies of cancelled ones.
    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            80 => (0..50_u64, -1..2_i32, 0..4_u64)
                .prop_map(|(due, priority, sequence)| Step::Push(key(due, priority, sequence))),
            60 => any::<Index>().prop_map(Step::Cancel),
            5 => (0..50_u64).prop_map(|now| Step::PopDue(moment(now))),
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
                    Step::PopDue(now) => {
                        let expected = live.first().copied().filter(|key| key.due <= now);
                        prop_assert_eq!(queue.pop_due(now, |key| live.contains(key)), expected);
                        expected.map(|key| live.remove(&key));
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
