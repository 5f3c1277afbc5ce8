//! [`Admission`]: what waits for a runtime, what is let in, and who is called for that.
//!
//! Everything that is taken *waits* until fewer executions are going on than the limit allows; the most
//! urgent is *admitted* first. What is admitted is either a future, for a driver (`driver.rs`), or a
//! function, for a thread that may block. Of those that are admitted the most urgent begins first, too.
//!
//! Futures are begun by *turns*, tasks of the runtime that take one after the other. Turns are spawned by a
//! *driver*, a task that is *called* from the moment on that somebody is told to spawn it. Whenever it is
//! polled while more than one future is left, it spawns a turn and yields. With the last one it stops being
//! called, and is a turn itself. So it never runs code of users while it is called, and is never behind
//! any: a turn that a future keeps busy, or that is left by its thread in `block_in_place`, keeps nobody from
//! the other futures.
//!
//! The invariants, whenever the lock is free:
//!
//! * Nothing waits while there is room.
//! * While futures are admitted and not taken, a driver is called; never more than one is.
//! * For each function that is admitted and not taken, one thread has been called.
//!
//! Calls are answered without the lock, by spawning. A runtime that has been shut down drops what is spawned
//! on it; that tells of its end, once and for all (`close`). The loom model is in `models.rs`.

#[cfg(all(test, loom))]
mod models;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use crate::queue::{ReadyQueue, Urgency, sort_by_urgency};
use crate::sync::{Condvar, Mutex};

/// What is executed, one of two ways.
pub(super) trait Kind {
    /// Whether it is a future, rather than a function that may block.
    fn is_async(&self) -> bool;
}

/// See the top of this file.
#[derive(Debug)]
pub(super) struct Admission<T> {
    state: Mutex<State<T>>,

    /// Notified when the last execution has ended after the end of admission.
    empty: Condvar,
}

#[derive(Debug)]
struct State<T> {
    /// What there is no room for.
    waiting: ReadyQueue<T>,

    /// Admitted, for drivers.
    futures: ReadyQueue<T>,

    /// Admitted, for threads that may block.
    functions: ReadyQueue<T>,

    /// How many are admitted and not over.
    running: usize,

    /// How many may be.
    limit: usize,

    /// Whether a driver is called.
    called: bool,

    /// Why nothing is taken any more, if so.
    closed: Option<Closed>,
}

/// Why nothing is taken any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// The executor has been shut down.
    ShutDown,

    /// Its runtime has.
    RuntimeGone,
}

/// Who is to be spawned.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "what nobody is spawned for never begins"]
pub(super) struct Calls {
    /// Whether a driver is.
    pub(super) driver: bool,

    /// How many threads that may block.
    pub(super) threads: usize,
}

/// What a driver finds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Visit<T> {
    /// No future. It is no longer called.
    Nothing,

    /// The last one, which it has taken. It is no longer called.
    Last(T),

    /// Several.
    More,
}

impl<T: Urgency + Kind> Admission<T> {
    pub(super) fn new(limit: usize) -> Self {
        let state = State {
            waiting: ReadyQueue::new(),
            futures: ReadyQueue::new(),
            functions: ReadyQueue::new(),
            running: 0,
            limit,
            called: false,
            closed: None,
        };
        Self { state: Mutex::new(state), empty: Condvar::new() }
    }

    pub(super) fn set_limit(&self, limit: usize) -> Calls {
        let mut state = self.state.lock();
        state.limit = limit;
        state.admit()
    }

    pub(super) fn limit(&self) -> usize {
        self.state.lock().limit
    }

    pub(super) fn is_limited(&self) -> bool {
        self.limit() < usize::MAX
    }

    /// Takes an item, or gives it back if nothing is taken any more.
    pub(super) fn push(&self, item: T) -> Result<Calls, (T, Closed)> {
        let mut state = self.state.lock();
        if let Some(closed) = state.closed {
            return Err((item, closed));
        }
        state.waiting.push(item);
        Ok(state.admit())
    }

    /// Takes all items, or none if nothing is taken any more.
    pub(super) fn push_all(&self, items: &mut VecDeque<T>) -> Result<Calls, Closed> {
        if let Some(closed) = self.closed() {
            // It is asked again for each of them.
            return Err(closed);
        }
        // Before the lock is taken: it looks at all of them.
        sort_by_urgency(items);
        let are_futures = items.iter().all(T::is_async);
        let mut state = self.state.lock();
        if let Some(closed) = state.closed {
            return Err(closed);
        }
        if are_futures && state.room() >= items.len() && state.waiting.is_empty() {
            state.running += items.len();
            state.futures.push_sorted(items);
            return Ok(Calls { driver: state.call(), threads: 0 });
        }
        state.waiting.push_sorted(items);
        Ok(state.admit())
    }

    /// Says what the driver finds that is called.
    pub(super) fn visit(&self) -> Visit<T> {
        let mut state = self.state.lock();
        if cfg!(any(debug_assertions, loom)) {
            assert!(state.called, "only the driver that is called comes");
        }
        if state.futures.len() > 1 {
            return Visit::More;
        }
        state.called = false;
        state.futures.pop().map_or(Visit::Nothing, Visit::Last)
    }

    /// Takes the most urgent future, after so many others of the same turn are `over`.
    pub(super) fn next_future(&self, over: usize) -> (Option<T>, Calls) {
        let mut state = self.state.lock();
        let threads = self.end(&mut state, over);
        // Before anybody is called for one that has been let in just now.
        let next = state.futures.pop();
        (next, Calls { driver: state.call(), threads })
    }

    /// Takes the most urgent function; there is one for each thread that was called, unless they have been
    /// taken back.
    pub(super) fn next_function(&self) -> Option<T> {
        self.state.lock().functions.pop()
    }

    /// Says that so many executions are over.
    pub(super) fn leave(&self, over: usize) -> Calls {
        let mut state = self.state.lock();
        let threads = self.end(&mut state, over);
        Calls { driver: state.call(), threads }
    }

    /// Admits nothing more: what has not begun is given back, the most urgent first of each kind, unless it
    /// is `kept` to be run.
    pub(super) fn close(&self, closed: Closed, kept: bool) -> Vec<T> {
        let mut state = self.state.lock();
        let before = state.closed.replace(closed);
        if before == Some(Closed::RuntimeGone) {
            state.closed = before;
        }
        if kept {
            return Vec::new();
        }
        let mut items = state.futures.drain();
        items.extend(state.functions.drain());
        state.running -= items.len();
        items.extend(state.waiting.drain());
        self.notify(&state);
        items
    }

    /// Waits until nothing is going on any more. Nothing is, for good, once it is closed.
    pub(super) fn wait(&self) {
        let mut state = self.state.lock();
        while state.running > 0 {
            state = self.empty.wait(state);
        }
    }

    /// How many are going on, and how many are not there yet.
    pub(super) fn size(&self) -> (usize, usize) {
        let state = self.state.lock();
        let admitted = state.futures.len() + state.functions.len();
        (state.running - admitted, admitted + state.waiting.len())
    }

    pub(super) fn closed(&self) -> Option<Closed> {
        self.state.lock().closed
    }

    /// Takes note that executions are over, and lets others in; says how many threads are to be called.
    fn end(&self, state: &mut State<T>, over: usize) -> usize {
        if over == 0 {
            return 0;
        }
        state.running -= over;
        let threads = state.let_in();
        self.notify(state);
        threads
    }

    fn notify(&self, state: &State<T>) {
        if state.running == 0 && state.closed.is_some() {
            self.empty.notify_all();
        }
    }
}

impl<T: Urgency + Kind> State<T> {
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.running)
    }

    /// Lets in what there is room for; says how many threads are to be called.
    fn let_in(&mut self) -> usize {
        let mut threads = 0;
        while self.room() > 0
            && let Some(item) = self.waiting.pop()
        {
            self.running += 1;
            if item.is_async() {
                self.futures.push(item);
            } else {
                self.functions.push(item);
                threads += 1;
            }
        }
        threads
    }

    fn admit(&mut self) -> Calls {
        let threads = self.let_in();
        Calls { driver: self.call(), threads }
    }

    /// Calls a driver if one is needed and none is called; says whether it has.
    fn call(&mut self) -> bool {
        let calls = !self.called && !self.futures.is_empty();
        self.called |= calls;
        calls
    }
}
