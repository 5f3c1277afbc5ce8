//! [`WorkQueue`]: what is ready, and the workers that wait for it.
//!
//! One lock guards the queue, the number of *idle* workers, and whether one is *called*. A worker that
//! finds the queue empty counts itself as idle and sleeps. To call one is to take it off the idle, and
//! to wake one; until the queue is closed, a worker goes on only by answering a call, whomever it woke.
//!
//! Workers call each other: a push calls one, and whoever takes an item while more are left calls the
//! next, before it runs what it has taken. At most one is called at a time. So a batch wakes as many
//! workers as it keeps busy: if the first has done its jobs before the second is awake, no third is
//! called. The price is that of many workers the last is awake a few wake-ups later than the first.
//!
//! The invariants:
//!
//! * Nobody is idle while items wait, unless a worker is called. That one will take an item, or find
//!   that others have taken them all. So no item waits beside workers who all sleep.
//! * A worker that takes an item leaves the queue in that state, before its lock is released: so a long
//!   job keeps nobody from being woken.
//!
//! A worker that was busy may take the item that another was called for; that one then finds the
//! queue empty and goes back to sleep. The loom models are at the end.

use std::collections::VecDeque;

use crate::prefetch::Location;
use crate::queue::{ReadyQueue, Urgency, sort_by_urgency};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// A queue of what is ready, on which workers wait.
#[derive(Debug)]
pub(super) struct WorkQueue<T> {
    state: Mutex<State<T>>,

    /// Notified once for each call, and for all workers when the queue closes.
    called: Condvar,
}

#[derive(Debug)]
struct State<T> {
    ready: ReadyQueue<T>,

    /// How many workers sleep and have not been called.
    idle: usize,

    /// Whether a worker has been called and has not gone on yet.
    called: bool,

    /// How many workers have been hired and have not asked for an item yet.
    coming: usize,

    /// Whether nothing is taken any more.
    closed: bool,
}

impl<T: Urgency> WorkQueue<T> {
    pub(super) fn new() -> Self {
        let ready = ReadyQueue::new();
        let state = State { ready, idle: 0, called: false, coming: 0, closed: false };
        Self { state: Mutex::new(state), called: Condvar::new() }
    }

    /// How many items, if `more` of them came, no worker would be free for.
    pub(super) fn shortage(&self, more: usize) -> usize {
        let state = self.state.lock();
        let free = state.idle + usize::from(state.called) + state.coming;
        (state.ready.len() + more).saturating_sub(free)
    }

    /// Counts on a worker who is being hired, and who will begin with [`first_pop`](Self::first_pop).
    pub(super) fn expect_worker(&self) {
        self.state.lock().coming += 1;
    }

    /// Counts no longer on a worker who could not be hired.
    pub(super) fn expect_no_worker(&self) {
        self.state.lock().coming -= 1;
    }

    /// Takes an item, or gives it back if the queue is closed.
    pub(super) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(item);
        }
        state.ready.push(item);
        self.call_for_the_rest(state);
        Ok(())
    }

    /// Takes all items, or none if the queue is closed; says whether it took them.
    pub(super) fn push_all(&self, items: &mut VecDeque<T>) -> bool {
        if self.is_closed() {
            // It is asked again for each of them.
            return false;
        }
        // Before the lock is taken: it looks at all of them.
        sort_by_urgency(items);
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        state.ready.push_sorted(items);
        self.call_for_the_rest(state);
        true
    }

    /// Waits for the most urgent item; `None` once the queue is closed and empty.
    pub(super) fn pop(&self) -> Option<T> {
        self.take(self.state.lock())
    }

    /// Like [`pop`](Self::pop), for a worker who was expected.
    pub(super) fn first_pop(&self) -> Option<T> {
        let mut state = self.state.lock();
        state.coming -= 1;
        self.take(state)
    }

    fn take<'a>(&'a self, mut state: MutexGuard<'a, State<T>>) -> Option<T> {
        loop {
            if let Some(item) = state.ready.pop() {
                let soon = state.ready.needs_soon();
                self.call_for_the_rest(state);
                soon.into_iter().for_each(Location::prefetch);
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            while !state.called && !state.closed {
                state = self.called.wait(state);
            }
            // A queue that closes wakes everyone, and takes nobody off the idle.
            if state.called {
                state.called = false;
            } else {
                state.idle -= 1;
            }
        }
    }

    /// Calls a worker if items wait, one is idle, and none is called; releases the lock.
    fn call_for_the_rest(&self, mut state: MutexGuard<'_, State<T>>) {
        let calls = !state.called && state.idle > 0 && !state.ready.is_empty();
        if calls {
            state.idle -= 1;
            state.called = true;
        }
        drop(state);
        if calls {
            self.called.notify_one();
        }
    }

    /// Takes nothing more, and lets the workers go when the queue is empty.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.called.notify_all();
    }

    /// Takes out what waits, the most urgent first.
    pub(super) fn drain(&self) -> Vec<T> {
        self.state.lock().ready.drain()
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().ready.len()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::queue::ReadyKey;
    use crate::sync::models::check;
    use crate::time::Moment;
    use loom::sync::Arc;
    use loom::thread;

    impl Urgency for i32 {
        fn key(&self) -> ReadyKey {
            ReadyKey { priority: *self, due: Moment::default(), sequence: 0 }
        }
    }

    fn push(queue: &WorkQueue<i32>, items: &[i32]) -> bool {
        match items {
            [item] => queue.push(*item).is_ok(),
            _ => queue.push_all(&mut items.to_vec().into()),
        }
    }

    /// Workers that take until the queue is closed. Loom reports a deadlock if an item is left to
    /// sleeping workers, or if a worker is not let go.
    fn model(workers: usize, pushes: &'static [&'static [i32]]) {
        check(3, move || {
            let queue = Arc::new(WorkQueue::new());
            let workers: Vec<_> = (0..workers)
                .map(|_| {
                    let queue = Arc::clone(&queue);
                    thread::spawn(move || std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>())
                })
                .collect();
            for items in pushes {
                assert!(push(&queue, items));
            }
            queue.close();
            assert!(!push(&queue, &[0]), "closed");
            let mut taken: Vec<_> =
                workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect();
            taken.sort_unstable();
            assert_eq!(taken, pushes.concat());
        });
    }

    #[test]
    fn loom_every_item_is_taken_once() {
        model(1, &[&[1], &[2]]);
        model(2, &[&[1, 2]]);
        model(2, &[&[1], &[2]]);
    }

    #[test]
    fn loom_two_items_never_rely_on_one_worker() {
        together(&[&[1], &[2]]);
        together(&[&[1, 2]]);
    }

    /// Two workers, of whom none goes on before both have an item. Loom reports a deadlock if one of
    /// them is never called.
    fn together(pushes: &'static [&'static [i32]]) {
        loom::model(move || {
            let queue = Arc::new(WorkQueue::new());
            // Each worker holds its item until the other has one too.
            let meeting = Arc::new((Mutex::new(0), Condvar::new()));
            let workers = [(); 2].map(|()| {
                let (queue, meeting) = (Arc::clone(&queue), Arc::clone(&meeting));
                thread::spawn(move || {
                    queue.pop().unwrap();
                    let mut present = meeting.0.lock();
                    *present += 1;
                    meeting.1.notify_all();
                    while *present < 2 {
                        present = meeting.1.wait(present);
                    }
                })
            });
            for items in pushes {
                assert!(push(&queue, items));
            }
            for worker in workers {
                worker.join().unwrap();
            }
        });
    }
}
