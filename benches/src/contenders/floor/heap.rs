//! [`Heap`]: boxed closures in a binary heap behind a lock, which nobody takes out.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Job, NAME};
use crate::contenders::{Body, Cancel, Contender, Once};

pub(crate) struct Heap {
    state: Mutex<State>,
}

struct State {
    entries: BinaryHeap<Entry>,

    /// Whether each task, in the order of adding, has been cancelled.
    cancelled: Vec<bool>,
}

struct Entry {
    due: Instant,

    /// Never called; it is there to be held.
    _job: Job,
}

impl Ord for Entry {
    /// The earliest is the greatest, which is what a [`BinaryHeap`] gives first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.due.cmp(&self.due)
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
        self.due == other.due
    }
}

impl Contender for Heap {
    const NAME: &'static str = NAME;

    fn start(_workers: usize) -> Self {
        let state = State { entries: BinaryHeap::new(), cancelled: Vec::new() };
        Self { state: Mutex::new(state) }
    }
}

impl Once for Heap {
    fn add(&self, delay: Duration, body: impl Body) {
        let entry = Entry { due: Instant::now() + delay, _job: Box::new(body) };
        self.state.lock().unwrap_or_else(PoisonError::into_inner).entries.push(entry);
    }
}

impl Cancel for Heap {
    type Ticket = usize;

    const FREES: bool = false;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> usize {
        let entry = Entry { due: Instant::now() + delay, _job: Box::new(body) };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.entries.push(entry);
        state.cancelled.push(false);
        state.cancelled.len() - 1
    }

    fn cancel(&self, ticket: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).cancelled[ticket] = true;
    }
}
