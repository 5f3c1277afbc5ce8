//! *Which*: what waits for a free worker, the most urgent first.
//!
//! # Cost
//!
//! Most of what waits comes in order: in batches that are sorted, and one by one as it becomes due.
//! It stands in a *run*, a sorted ring buffer: what comes to its end and what leaves from its front
//! costs O(1), and a batch that finds the queue empty is taken over as it is. So is one that finds
//! the queue less than about four times as large: what was there becomes the *older* run beside
//! it, for which its own two runs are merged, but nothing of the batch is touched.
//!
//! What is more urgent than the end of the run is put into its place there as long as the run is
//! short. In a longer one that would move too many; there the item is *late* and goes into a heap
//! beside the run, and a pop takes the most urgent of all heads. A heap moves several items at
//! each pop, so it is never popped while it has more than a quarter as many items as the run: they
//! are sorted and merged into the run then. For that each of h late items pays for moving at most
//! five, itself and four of the run, and for its share of sorting h: O(log h) amortised.
//!
//! # Equal keys
//!
//! Items of equal keys leave in the order in which they came. All of the older run came before all
//! of the rest. Among the late ones, arrivals are counted. Between a late one and one in the run
//! nothing has to be: what is late comes before the end of the run, and what joins the run
//! meanwhile comes after its end, so of equal items that in the run came first. The end itself is
//! less urgent than all that is late, and leaves after it: nothing is late beside an empty run.

mod key;
mod late;

use std::collections::VecDeque;
use std::{fmt, mem};

use late::LateItems;

pub(crate) use key::{ReadyKey, Urgency, sort_by_urgency};

use super::{SMALL, shrunk_capacity};
use crate::prefetch::Location;

/// How many items ahead one looks for what will be needed: enough for some workers to have it in
/// time, and few enough for it to be still there then.
const AHEAD: usize = 4;

/// How many items ahead one is fetched itself: before its turn to be asked what it needs, which is
/// under the lock of whoever guards the queue.
const FAR_AHEAD: usize = 16;

/// A queue of items by [`ReadyKey`]; items with equal keys leave in the order in which they came.
pub(crate) struct ReadyQueue<T> {
    /// In order. All of these came before the others.
    older: VecDeque<T>,

    /// In order. Empty only if nothing is late.
    run: VecDeque<T>,

    /// What is more urgent than the end of the run, if that was too long to put it into its place.
    late: LateItems<T>,
}

impl<T: Urgency> ReadyQueue<T> {
    pub(crate) const fn new() -> Self {
        Self { older: VecDeque::new(), run: VecDeque::new(), late: LateItems::new() }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.ends_before(&item) {
            self.run.push_back(item);
        } else {
            self.push_inside(item);
        }
    }

    /// Takes an item that comes before the end of the run. Kept out of `push`, which is so small
    /// without it that it takes half the time.
    #[inline(never)]
    fn push_inside(&mut self, item: T) {
        if self.late.is_empty() && self.run.len() <= SMALL {
            let place = self.run.partition_point(|other| other.key() <= item.key());
            self.run.insert(place, item);
        } else {
            self.late.push(item);
        }
    }

    /// Takes all items, and leaves `items` empty. They should be in order, or are put in order.
    pub(crate) fn push_all(&mut self, items: &mut VecDeque<T>) {
        sort_by_urgency(items);
        self.push_sorted(items);
    }

    /// Like [`push_all`](Self::push_all), but relies on it that [`sort_by_urgency`] has seen the
    /// items: whoever holds a lock need not look at all of them.
    pub(crate) fn push_sorted(&mut self, items: &mut VecDeque<T>) {
        debug_assert!(items.iter().is_sorted_by_key(T::key));
        let Some(first) = items.front() else { return };
        if self.run.is_empty() {
            self.run = mem::take(items);
        } else if self.ends_before(first) && items.len() <= SMALL.max(self.run.len()) {
            self.run.append(items);
        } else if is_large_beside(items.len(), self.len()) {
            self.make_older();
            self.run = mem::take(items);
        } else {
            items.drain(..).for_each(|item| self.push(item));
        }
    }

    /// Takes the item with the smallest key.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let run = match (self.older.front(), self.run.front()) {
            (Some(older), Some(first)) if first.key() < older.key() => &mut self.run,
            (Some(_), _) => &mut self.older,
            (None, _) => &mut self.run,
        };
        if let Some(late) = self.late.first()
            && late.key() < run.front()?.key()
        {
            return self.pop_late();
        }
        if let Some(capacity) = shrunk_capacity(run.len(), run.capacity()) {
            run.shrink_to(capacity);
        }
        run.pop_front()
    }

    /// The item with the smallest key.
    pub(crate) fn peek(&self) -> Option<&T> {
        // Of equal items the older comes before the run, and the run before what is late.
        let heads = [self.older.front(), self.run.front(), self.late.first()];
        heads.into_iter().flatten().min_by_key(|item| item.key())
    }

    /// What will be needed in memory by one of the next items, as far as it is known which they are,
    /// and for a later one itself.
    pub(crate) fn needs_soon(&self) -> [Location; 2] {
        let run = if self.older.is_empty() { &self.run } else { &self.older };
        let needed = run.get(AHEAD).map_or(Location::NONE, T::needs);
        [needed, run.get(FAR_AHEAD).map_or(Location::NONE, Location::of)]
    }

    pub(crate) fn len(&self) -> usize {
        self.older.len() + self.run.len() + self.late.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.older.is_empty() && self.run.is_empty()
    }

    /// Takes all items, in the order in which [`pop`](Self::pop) would have.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        self.make_older();
        mem::take(&mut self.older).into()
    }

    /// Whether the run can go on with an item that comes now.
    fn ends_before(&self, item: &T) -> bool {
        self.run.back().is_none_or(|last| last.key() <= item.key())
    }

    /// Takes the most urgent of the late items, which is the most urgent of all.
    #[inline(never)]
    fn pop_late(&mut self) -> Option<T> {
        if !is_large_beside(self.late.len(), self.run.len()) {
            return self.late.pop();
        }
        self.merge_late();
        self.run.pop_front()
    }

    /// Moves the late items into the run.
    fn merge_late(&mut self) {
        if !self.late.is_empty() {
            self.run.extend(self.late.take_all());
            sort_by_urgency(&mut self.run);
        }
    }

    /// Makes one older run of all that waits.
    fn make_older(&mut self) {
        self.merge_late();
        if self.older.is_empty() {
            mem::swap(&mut self.older, &mut self.run);
        } else {
            self.older.append(&mut self.run);
            sort_by_urgency(&mut self.older);
        }
    }
}

/// Whether to merge so many items with so many others. Very few are not worth it beside none.
fn is_large_beside(count: usize, others: usize) -> bool {
    4 * count > others + SMALL
}

/// Says how many items wait. They are usually closures, which have nothing to show.
impl<T> fmt::Debug for ReadyQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.older.len() + self.run.len() + self.late.len();
        f.debug_struct("ReadyQueue").field("len", &len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Moment;
    use proptest::prelude::*;
    use std::time::Duration;

    /// A key, and what tells items of equal keys apart.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Item(ReadyKey, usize);

    impl Urgency for Item {
        fn key(&self) -> ReadyKey {
            self.0
        }
    }

    fn key(priority: i32, due: u64, sequence: u64) -> ReadyKey {
        ReadyKey { priority, due: Moment::from_origin(Duration::from_nanos(due)), sequence }
    }

    fn item(priority: i32, name: usize) -> Item {
        Item(key(priority, 0, 0), name)
    }

    fn popped(queue: &mut ReadyQueue<Item>) -> Vec<Item> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn priority_then_due_then_sequence_then_arrival() {
        let sorted = [key(0, 1, 0), key(0, 1, 0), key(0, 1, 1), key(0, 2, 0), key(1, 0, 0)];
        let sorted: Vec<_> = sorted.into_iter().zip(0..).map(|(key, n)| Item(key, n)).collect();
        let mut queue = ReadyQueue::new();
        for index in [4, 3, 2, 0, 1] {
            queue.push(sorted[index]);
        }
        assert_eq!(popped(&mut queue), sorted);
        for index in [3, 4, 0, 2, 1] {
            queue.push(sorted[index]);
        }
        assert_eq!(queue.drain(), sorted);
        assert!(queue.is_empty());
    }

    #[test]
    fn an_empty_queue_takes_a_batch_over() {
        let mut queue = ReadyQueue::new();
        let mut batch: VecDeque<_> = (0..1_000).map(|n| item(0, n)).collect();
        let buffer = batch.as_slices().0.as_ptr();
        queue.push_all(&mut batch);
        assert_eq!(queue.run.as_slices().0.as_ptr(), buffer);
        assert_eq!(batch.capacity(), 0);
    }

    #[test]
    fn a_batch_beside_a_few_items_is_taken_over() {
        let mut queue = ReadyQueue::new();
        let mut expected: Vec<_> = (0..10).map(|n| item(0, n)).collect();
        for &item in &expected {
            queue.push(item);
        }
        for name in [10, 11] {
            let mut batch: VecDeque<_> = (0..1_000).map(|n| item(n / 100, name)).collect();
            expected.extend(batch.iter());
            let buffer = batch.as_slices().0.as_ptr();
            queue.push_all(&mut batch);
            assert_eq!(queue.run.as_slices().0.as_ptr(), buffer);
        }
        assert_eq!((queue.older.len(), queue.run.len()), (1_010, 1_000));
        expected.sort_by_key(Item::key);
        assert_eq!(popped(&mut queue), expected);
    }

    #[test]
    fn a_batch_in_no_order_is_sorted() {
        let mut queue = ReadyQueue::new();
        queue.push_all(&mut [item(2, 0), item(1, 1), item(2, 2), item(1, 3)].into());
        assert_eq!(popped(&mut queue), [item(1, 1), item(1, 3), item(2, 0), item(2, 2)]);
    }

    #[test]
    fn what_comes_in_order_is_never_late() {
        let mut queue = ReadyQueue::new();
        for n in 0..1_000 {
            queue.push(item(1, n));
        }
        queue.push_all(&mut (1_000..1_100).map(|n| item(1, n)).collect());
        assert_eq!((queue.run.len(), queue.late.len()), (1_100, 0));
        assert_eq!(popped(&mut queue), (0..1_100).map(|n| item(1, n)).collect::<Vec<_>>());
    }

    #[test]
    fn a_few_late_items_leave_the_run_alone() {
        let mut queue = ReadyQueue::new();
        queue.push_all(&mut (0..1_000).map(|n| item(5, n)).collect());
        queue.push_all(&mut (1_000..1_050).map(|n| item(1, n)).collect());
        assert_eq!((queue.run.len(), queue.late.len()), (1_000, 50));
        assert_eq!(queue.pop(), Some(item(1, 1_000)));
        assert_eq!((queue.run.len(), queue.late.len()), (1_000, 49));
    }

    #[test]
    fn many_late_items_join_the_run_in_order_of_arrival() {
        let mut queue = ReadyQueue::new();
        let mut expected: Vec<_> = (0..500).map(|n| item(if n < 400 { 1 } else { 3 }, n)).collect();
        queue.push_all(&mut expected.iter().copied().collect());
        for n in 500..700 {
            let late = item(1 + i32::from(n % 3 == 0), n);
            queue.push(late);
            expected.push(late);
        }
        assert!(queue.late.len() > 100);
        expected.sort_by_key(Item::key);
        assert_eq!(queue.pop(), Some(expected.remove(0)));
        let late = item(0, 700);
        queue.push(late);
        assert_eq!(queue.pop(), Some(late));
        assert!(queue.late.is_empty());
        assert_eq!(popped(&mut queue), expected);
    }

    #[test]
    fn what_comes_while_the_run_is_empty_stays_behind_the_late_ones() {
        let mut queue = ReadyQueue::new();
        queue.push(item(2, 0));
        queue.push(item(1, 1));
        queue.push(item(1, 2));
        queue.push(item(0, 3));
        assert_eq!([queue.pop(), queue.pop()], [Some(item(0, 3)), Some(item(1, 1))]);
        queue.push(item(2, 4));
        queue.push(item(1, 5));
        let rest = [item(1, 2), item(1, 5), item(2, 0), item(2, 4)];
        assert_eq!(popped(&mut queue), rest);
    }

    #[test]
    fn a_burst_gives_its_memory_back() {
        let mut queue = ReadyQueue::new();
        queue.push_all(&mut (0..100_000).map(|n| item(1, n)).collect());
        assert!(queue.run.capacity() >= 100_000);
        (0..20_000).for_each(|n| queue.push(item(0, n)));
        assert!(queue.late.capacity() >= 20_000);
        popped(&mut queue);
        assert!(queue.run.capacity() <= SMALL);
        assert!(queue.late.capacity() <= SMALL);

        (0..100_000).rev().for_each(|n| queue.push(item(n, 0)));
        assert_eq!(queue.drain().len(), 100_000);
        assert_eq!((queue.run.capacity(), queue.late.capacity()), (0, 0));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Push(ReadyKey),
        PushAll(Vec<ReadyKey>),
        Pop(usize),
        Drain,
    }

    fn keys() -> impl Strategy<Value = ReadyKey> {
        (0..3_i32, 0..3_u64, 0..3_u64)
            .prop_map(|(priority, due, sequence)| key(priority, due, sequence))
    }

    /// Batches in order and in none, from a few items to more than all that wait.
    fn batch() -> impl Strategy<Value = Vec<ReadyKey>> {
        (prop::collection::vec(keys(), 0..200), any::<bool>()).prop_map(|(mut keys, sorted)| {
            if sorted {
                keys.sort();
            }
            keys
        })
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            20 => keys().prop_map(Step::Push),
            2 => batch().prop_map(Step::PushAll),
            10 => (1..4_usize).prop_map(Step::Pop),
            1 => (50..500_usize).prop_map(Step::Pop),
            1 => Just(Step::Drain),
        ]
    }

    proptest! {
        /// The model is a vector that a stable sort keeps in order.
        #[test]
        fn behaves_like_a_sorted_vector(steps in prop::collection::vec(step(), 0..300)) {
            let mut queue = ReadyQueue::new();
            let mut model: Vec<Item> = Vec::new();
            let mut names = 0..;
            for step in steps {
                match step {
                    Step::Push(key) => {
                        let item = Item(key, names.next().unwrap());
                        queue.push(item);
                        model.push(item);
                    }
                    Step::PushAll(keys) => {
                        let items: Vec<_> = keys.into_iter().zip(&mut names).collect();
                        let items = items.into_iter().map(|(key, name)| Item(key, name));
                        model.extend(items.clone());
                        let mut items: VecDeque<_> = items.collect();
                        queue.push_all(&mut items);
                        prop_assert!(items.is_empty());
                    }
                    Step::Pop(count) => {
                        for expected in model.drain(..count.min(model.len())) {
                            prop_assert_eq!(queue.pop(), Some(expected));
                        }
                    }
                    Step::Drain => prop_assert_eq!(queue.drain(), mem::take(&mut model)),
                }
                model.sort_by_key(Item::key);
                prop_assert_eq!(queue.len(), model.len());
                prop_assert_eq!(queue.is_empty(), model.is_empty());
            }
        }
    }
}
