//! [`Ready`]: a pool of threads that take the most urgent closure from a heap behind a lock.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use super::Job;
use crate::contenders::{Body, Contender, Prioritise};

pub(crate) struct Ready {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    filled: Condvar,
}

struct State {
    entries: BinaryHeap<Entry>,

    /// How many there have been: among equals, the first goes first.
    sequence: u64,
}

struct Entry {
    priority: i32,
    sequence: u64,
    job: Job,
}

impl Ord for Entry {
    /// The lowest number is the greatest, which is what a [`BinaryHeap`] gives first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.priority, other.sequence).cmp(&(self.priority, self.sequence))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Entry {}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Shared {
    fn take(&self) -> Job {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = self.filled.wait_while(state, |state| state.entries.is_empty());
        let mut state = filled.unwrap_or_else(PoisonError::into_inner);
        state.entries.pop().expect("waited while it was empty").job
    }
}

impl Contender for Ready {
    const NAME: &'static str = "floor, by priority";

    fn start(workers: usize) -> Self {
        let state = State { entries: BinaryHeap::new(), sequence: 0 };
        let shared = Arc::new(Shared { state: Mutex::new(state), filled: Condvar::new() });
        for _ in 0..workers {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                loop {
                    shared.take()();
                }
            });
        }
        Self { shared }
    }
}

impl Prioritise for Ready {
    const BY_PRIORITY: bool = true;

    fn submit(&self, priority: i32, body: impl Body) {
        let job: Job = Box::new(body);
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        let sequence = state.sequence;
        state.sequence += 1;
        state.entries.push(Entry { priority, sequence, job });
        drop(state);
        self.shared.filled.notify_one();
    }
}
