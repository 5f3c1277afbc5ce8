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
//! on it; that tells of its end, once and for all (`close`). The loom models are at the end.

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
        debug_assert!(state.called, "only the driver that is called comes");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::ReadyKey;
    use crate::time::Moment;
    use proptest::prelude::*;

    /// By its priority; the odd ones are functions.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    struct Item(i32);

    impl Urgency for Item {
        fn key(&self) -> ReadyKey {
            ReadyKey { priority: self.0, due: Moment::default(), sequence: 0 }
        }
    }

    impl Kind for Item {
        fn is_async(&self) -> bool {
            self.0 % 2 == 0
        }
    }

    /// What an admission should do, as simply as it can be said.
    struct Model {
        limit: usize,
        waiting: Vec<Item>,
        admitted: Vec<Item>,
        going_on: usize,
    }

    impl Model {
        fn admit(&mut self) {
            self.waiting.sort_unstable();
            while self.admitted.len() + self.going_on < self.limit && !self.waiting.is_empty() {
                self.admitted.push(self.waiting.remove(0));
            }
            self.admitted.sort_unstable();
        }

        fn take(&mut self, is_async: bool) -> Option<Item> {
            let place = self.admitted.iter().position(|item| item.is_async() == is_async)?;
            self.going_on += 1;
            Some(self.admitted.remove(place))
        }
    }

    proptest! {
        #[test]
        fn the_most_urgent_is_let_in_and_begun_first(
            limit in 1..5_usize,
            steps in prop::collection::vec((0..5_u8, prop::collection::vec(0..9_i32, 0..4)), 0..60),
        ) {
            let admission = Admission::new(limit);
            let mut model =
                Model { limit, waiting: Vec::new(), admitted: Vec::new(), going_on: 0 };
            let (mut driver, mut threads) = (false, 0);
            let answer = |calls: Calls, threads: &mut usize, driver: &mut bool| {
                assert!(!(calls.driver && *driver), "two drivers are called");
                *driver |= calls.driver;
                *threads += calls.threads;
            };
            for (step, priorities) in steps {
                match step {
                    0 => for priority in priorities {
                        let calls = admission.push(Item(priority)).unwrap();
                        answer(calls, &mut threads, &mut driver);
                        model.waiting.push(Item(priority));
                        model.admit();
                    },
                    1 => {
                        let mut items: VecDeque<_> = priorities.into_iter().map(Item).collect();
                        model.waiting.extend(&items);
                        answer(admission.push_all(&mut items).unwrap(), &mut threads, &mut driver);
                        model.admit();
                    }
                    2 if driver => {
                        let futures = model.admitted.iter().filter(|it| it.is_async()).count();
                        let expected = match futures {
                            0 => Visit::Nothing,
                            1 => Visit::Last(model.take(true).unwrap()),
                            _ => Visit::More,
                        };
                        driver = expected == Visit::More;
                        prop_assert_eq!(admission.visit(), expected);
                    }
                    3 if threads > 0 => {
                        threads -= 1;
                        prop_assert_eq!(admission.next_function(), model.take(false));
                    }
                    4 => {
                        let over = usize::from(model.going_on > 0);
                        model.going_on -= over;
                        model.admit();
                        let (next, calls) = admission.next_future(over);
                        prop_assert_eq!(next, model.take(true));
                        answer(calls, &mut threads, &mut driver);
                    }
                    _ => {}
                }
                let futures = model.admitted.iter().filter(|it| it.is_async()).count();
                prop_assert!(futures == 0 || driver, "nobody is called for a future");
                prop_assert_eq!(threads, model.admitted.len() - futures);
                let queued = model.admitted.len() + model.waiting.len();
                prop_assert_eq!(admission.size(), (model.going_on, queued));
            }
        }
    }

    #[test]
    fn what_has_not_begun_is_given_back_at_the_end() {
        let admission = Admission::new(3);
        for priority in [8, 3, 6, 1, 4] {
            let _ = admission.push(Item(priority)).unwrap();
        }
        // 8, 3 and 6 have been let in.
        let (next, _) = admission.next_future(0);
        assert_eq!(next, Some(Item(6)));
        let left = admission.close(Closed::ShutDown, false);
        assert_eq!(left, [8, 3, 1, 4].map(Item));
        assert_eq!(admission.size(), (1, 0));
        assert_eq!(admission.push(Item(0)), Err((Item(0), Closed::ShutDown)));
        assert_eq!(admission.push_all(&mut VecDeque::from([Item(0)])), Err(Closed::ShutDown));
        assert_eq!(admission.leave(1), Calls::default());
        admission.wait();

        assert!(admission.close(Closed::RuntimeGone, false).is_empty());
        assert!(admission.close(Closed::ShutDown, true).is_empty());
        assert_eq!(admission.closed(), Some(Closed::RuntimeGone), "there is no way back");
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::queue::ReadyKey;
    use crate::time::Moment;
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;

    /// A future that says which it is.
    struct Future(usize);

    impl Urgency for Future {
        fn key(&self) -> ReadyKey {
            ReadyKey { priority: 0, due: Moment::default(), sequence: self.0 as u64 }
        }
    }

    impl Kind for Future {
        fn is_async(&self) -> bool {
            true
        }
    }

    /// A runtime with a thread for each task.
    struct Runtime {
        admission: Admission<Future>,
        begun: [AtomicUsize; 2],
        tasks: Mutex<Vec<thread::JoinHandle<()>>>,
    }

    impl Runtime {
        fn spawn(this: &Arc<Self>, task: impl FnOnce(&Arc<Self>) + 'static) {
            let own = Arc::clone(this);
            let task = thread::spawn(move || task(&own));
            this.tasks.lock().push(task);
        }

        fn answer(this: &Arc<Self>, calls: &Calls) {
            if calls.driver {
                Self::spawn(this, Self::drive);
            }
        }

        fn drive(this: &Arc<Self>) {
            loop {
                match this.admission.visit() {
                    Visit::Nothing => return,
                    Visit::Last(future) => return Self::turn(this, Some(future)),
                    Visit::More => Self::spawn(this, |this| Self::turn(this, None)),
                }
                thread::yield_now();
            }
        }

        fn turn(this: &Arc<Self>, first: Option<Future>) {
            let (mut next, mut over) = (first, 0);
            loop {
                if let Some(Future(number)) = next.take() {
                    this.begun[number].fetch_add(1, Ordering::Relaxed);
                    over = 1;
                }
                let (found, calls) = this.admission.next_future(over);
                Self::answer(this, &calls);
                if found.is_none() {
                    return;
                }
                (next, over) = (found, 0);
            }
        }
    }

    /// Two futures, pushed by two threads. Each begins once, by whichever tasks are called.
    #[test]
    fn loom_every_future_begins_once() {
        for limit in [1, 2] {
            let mut builder = loom::model::Builder::new();
            builder.preemption_bound = Some(2);
            builder.check(move || {
                let runtime = Arc::new(Runtime {
                    admission: Admission::new(limit),
                    begun: [AtomicUsize::new(0), AtomicUsize::new(0)],
                    tasks: Mutex::new(Vec::new()),
                });
                let other = thread::spawn({
                    let runtime = Arc::clone(&runtime);
                    move || {
                        let calls = runtime.admission.push(Future(1)).ok().unwrap();
                        Runtime::answer(&runtime, &calls);
                    }
                });
                let calls = runtime.admission.push(Future(0)).ok().unwrap();
                Runtime::answer(&runtime, &calls);
                other.join().unwrap();
                loop {
                    let task = runtime.tasks.lock().pop();
                    let Some(task) = task else { break };
                    task.join().unwrap();
                }
                let begun = runtime.begun.each_ref().map(|it| it.load(Ordering::Relaxed));
                assert_eq!(begun, [1, 1]);
                assert_eq!(runtime.admission.size(), (0, 0));
            });
        }
    }
}
