//! [`Record`]: what a live task and its handles share, and [`AnyRecord`], the same for any result.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::SystemTime;

use super::body::{Function, Landing, Sink};
use crate::execution::{
    Aftermath, Details, Execution, ExecutionCell, History, Ledger, Outcome, Owner, Reason, Run,
    Swept, Times, Wakers,
};
use crate::portable;
use crate::prefetch::Location;
use crate::sync::{Condvar, Mutex};
use crate::unwind::{catch, drop_quietly};
use crate::{TaskFuture, TaskId};

/// A task's function and executions.
///
/// Its lock is taken after the scheduler's, or alone; no code of users runs under it. Changes leave
/// an aftermath behind, which whoever made them clears with `flush` once no lock is held.
///
/// Those who wait for an execution to end are of two kinds. Threads are notified by the change itself.
/// Futures are part of the aftermath, as a waker is a user's: each says how many executions it has gone
/// past, and there is something to flush as soon as more have ended, or none will. A future looks for an
/// execution and leaves its waker under one lock, so a change either is seen by it or sees it. The loom
/// model is at the end.
pub(crate) struct Record<T> {
    state: Mutex<State<T>>,

    /// Notified when an execution has ended.
    ended: Condvar,
}

struct State<T> {
    /// The function, which gives a `T`; `None` once no further execution will be begun. What it
    /// captured is dropped then, whoever may still hold the task's handles.
    body: Option<Arc<dyn Function>>,

    /// A function that is to be dropped once no lock is held.
    discarded: Option<Arc<dyn Function>>,

    history: History<T>,

    /// How many threads wait on `ended`.
    waiting: usize,

    /// Of futures that wait for an execution to end that is not among so many first ones.
    wakers: Wakers<u64>,
}

impl<T> State<T> {
    fn new(body: Option<Arc<dyn Function>>, history: History<T>) -> Self {
        Self { body, discarded: None, history, waiting: 0, wakers: Wakers::default() }
    }

    /// Whether no execution will end any more.
    fn is_finished(&self) -> bool {
        self.body.is_none() && !self.history.is_active()
    }

    /// Whether there is something to flush.
    #[inline]
    fn has_aftermath(&self) -> bool {
        self.discarded.is_some()
            || self.history.has_aftermath()
            || (!self.wakers.is_empty() && self.wakes())
    }

    /// Whether a future has what it waits for.
    #[cold]
    fn wakes(&self) -> bool {
        self.wakers.any(self.is_over())
    }

    /// Whether whoever waits after so many executions waits no longer.
    fn is_over(&self) -> impl Fn(&u64) -> bool + use<T> {
        let (ended, is_finished) = (self.history.ended(), self.is_finished());
        move |seen| ended > *seen || is_finished
    }
}

/// An execution that was claimed, and has to be run or to fail. It has the function, which nobody who
/// closes the record takes away any more.
pub(crate) struct Claim {
    function: Arc<dyn Function>,

    /// Where its end is going to be recorded.
    records_at: Location,
}

impl Claim {
    /// Runs code of users.
    pub(crate) fn run(self, sink: &dyn Sink) {
        // It comes while the function runs.
        self.records_at.prefetch();
        self.function.run(sink);
    }

    /// If the function gives a future, the call of it, to be polled.
    pub(crate) fn polled(self, ending: Landing) -> Result<Run, Landing> {
        self.function.polled(ending)
    }

    /// Runs code of users.
    pub(crate) fn conclude(self, outcome: portable::Outcome, sink: &dyn Sink) {
        self.function.conclude(outcome, sink);
    }
}

/// A [`Record`] whose result type is forgotten: how the scheduler sees its tasks.
pub(crate) trait AnyRecord: Any + Send + Sync {
    /// Queues an execution that is due at `due` and gives its number; `None` if one is in flight.
    fn launch(&self, due: SystemTime) -> Option<u64>;

    /// Claims an execution in order to run it, or, without a time of its start, to let it fail; with
    /// `last`, no other will follow. `None` if it was cancelled.
    fn begin(&self, run: u64, started: Option<SystemTime>, last: bool) -> Option<Claim>;

    /// Takes note of an execution that was begun before there was this record, and gives its number.
    fn adopt(&self, due: SystemTime, started: Option<SystemTime>) -> u64;

    /// Applies the rules of the task to its executions; see [`edit`].
    fn edit(&self, edit: &mut dyn FnMut(&mut dyn Ledger));

    /// Cancels the run that would come at `next`, and with `queued` also what is in flight and does not
    /// run.
    fn withdraw(&self, next: Option<SystemTime>, queued: bool, at: SystemTime, reason: Reason);

    /// Lets go of the function: nothing will be launched any more, and what was has begun.
    fn close(&self);

    /// Moves executions that their futures have settled to those that ended; the one that is to come is
    /// due at `next`.
    fn sweep(&self, next: Option<SystemTime>) -> Swept;

    /// Whether an execution is queued or running.
    fn is_active(&self) -> bool;

    /// The executions that have not ended, oldest first.
    fn in_flight(&self) -> Vec<Execution>;

    /// Whether there is something to flush.
    fn has_aftermath(&self) -> bool;

    /// The retained executions, oldest first.
    fn executions(&self) -> Vec<Execution>;

    /// Announces and drops what earlier changes left behind. Runs code of users.
    fn flush(&self);

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// Applies the rules of a task to its executions, and gives what comes of it. What is left behind is to be
/// flushed.
pub(crate) fn edit<R>(record: &dyn AnyRecord, edit: impl FnOnce(&mut dyn Ledger) -> R) -> R {
    let (mut edit, mut result) = (Some(edit), None);
    record.edit(&mut |ledger| {
        if let Some(edit) = edit.take() {
            result = Some(edit(ledger));
        }
    });
    result.expect("a record calls what it is given")
}

impl<T: Send + Sync + 'static> Record<T> {
    /// The record of a task whose function, if it is still to be run, gives a `T`.
    pub(crate) fn new(task: TaskId, body: Option<Arc<dyn Function>>, history: usize) -> Self {
        let history = History::new(task, history);
        Self { state: Mutex::new(State::new(body, history)), ended: Condvar::new() }
    }

    /// The record of a task whose only execution has ended.
    pub(super) fn of_one(
        task: TaskId,
        history: usize,
        times: Times,
        outcome: Outcome<T>,
        details: Option<Arc<Details>>,
    ) -> Self {
        let history = History::of_one(task, history, times, outcome, details);
        Self { state: Mutex::new(State::new(None, history)), ended: Condvar::new() }
    }

    /// Records how an execution has ended; says whether there is something to flush.
    pub(super) fn end(&self, run: u64, outcome: Outcome<T>, at: SystemTime) -> bool {
        let mut state = self.state.lock();
        state.history.end(run, outcome, at);
        self.tell(&state);
        state.has_aftermath()
    }

    /// Wakes the threads in `wait`, after a change that may concern them.
    fn tell(&self, state: &State<T>) {
        if state.waiting > 0 {
            self.ended.notify_all();
        }
    }

    /// The execution that runs or, at `next`, comes next; otherwise the latest that ended.
    pub(super) fn current(&self, next: Option<SystemTime>) -> Option<Arc<ExecutionCell<T>>> {
        self.state.lock().history.current(next)
    }

    pub(super) fn futures(&self, owner: &Weak<dyn Owner>) -> Vec<TaskFuture<T>> {
        let cells = self.state.lock().history.cells();
        cells.into_iter().map(|cell| TaskFuture::new(cell, Some(Weak::clone(owner)))).collect()
    }

    /// Blocks until an execution has ended that is not among the `seen` first ones, or until the
    /// task is finished, and gives it and its number.
    pub(super) fn wait(&self, seen: u64) -> Option<(u64, Arc<ExecutionCell<T>>)> {
        let mut state = self.state.lock();
        loop {
            if let Some(found) = state.history.ended_after(seen) {
                return Some(found);
            }
            if state.is_finished() {
                let latest = state.history.latest();
                return latest.map(|cell| (state.history.ended(), cell));
            }
            state.waiting += 1;
            state = self.ended.wait(state);
            state.waiting -= 1;
        }
    }

    /// Whether [`wait`](Self::wait) would return at once.
    pub(super) fn has_ended(&self, seen: u64) -> bool {
        let mut state = self.state.lock();
        state.history.ended_after(seen).is_some() || state.is_finished()
    }

    /// As [`wait`](Self::wait) for a future, whose waker is left under `key`; `None` if the task is
    /// finished, and all its executions are among the `seen` first ones.
    pub(super) fn poll_ended(
        &self,
        seen: u64,
        key: &mut Option<u64>,
        context: &Context<'_>,
    ) -> Poll<Option<(u64, Arc<ExecutionCell<T>>)>> {
        let found = |state: &mut State<T>| match state.history.ended_after(seen) {
            None if !state.is_finished() => Poll::Pending,
            found => Poll::Ready(found),
        };
        let mut state = self.state.lock();
        let polled = found(&mut state);
        if polled.is_ready() || state.wakers.renew(*key, seen, context.waker()) {
            return polled;
        }
        drop(state);
        // Cloned and dropped outside of the lock, as wakers are made by users.
        let waker = context.waker().clone();
        let mut state = self.state.lock();
        let polled = found(&mut state);
        if polled.is_pending() {
            let before = state.wakers.put(key, seen, waker);
            drop(state);
            drop(before);
        }
        polled
    }
}

impl<T> Record<T> {
    /// Forgets the waker of a future that is gone.
    pub(super) fn forget(&self, key: u64) {
        let waker = self.state.lock().wakers.forget(key);
        drop(waker);
    }
}

impl<T: Send + Sync + 'static> AnyRecord for Record<T> {
    fn launch(&self, due: SystemTime) -> Option<u64> {
        let mut state = self.state.lock();
        (!state.history.is_active()).then(|| state.history.launch(due))
    }

    fn begin(&self, run: u64, started: Option<SystemTime>, last: bool) -> Option<Claim> {
        let mut state = self.state.lock();
        if !state.history.begin(run, started) {
            return None;
        }
        debug_assert!(state.body.is_some(), "a record is closed when nothing waits to begin");
        let function = if last { state.body.take() } else { state.body.clone() };
        Some(Claim { function: function?, records_at: state.history.next_place() })
    }

    fn adopt(&self, due: SystemTime, started: Option<SystemTime>) -> u64 {
        let mut state = self.state.lock();
        let run = state.history.launch(due);
        state.history.begin(run, started);
        run
    }

    fn edit(&self, edit: &mut dyn FnMut(&mut dyn Ledger)) {
        let mut state = self.state.lock();
        edit(&mut state.history);
        self.tell(&state);
    }

    fn withdraw(&self, next: Option<SystemTime>, queued: bool, at: SystemTime, reason: Reason) {
        let mut state = self.state.lock();
        state.history.withdraw(next, queued, at, reason);
        self.tell(&state);
    }

    fn close(&self) {
        let mut state = self.state.lock();
        if let Some(body) = state.body.take() {
            state.discarded = Some(body);
        }
        self.tell(&state);
    }

    fn sweep(&self, next: Option<SystemTime>) -> Swept {
        let mut state = self.state.lock();
        let swept = state.history.sweep(next);
        self.tell(&state);
        swept
    }

    fn is_active(&self) -> bool {
        self.state.lock().history.is_active()
    }

    fn in_flight(&self) -> Vec<Execution> {
        self.state.lock().history.in_flight()
    }

    fn has_aftermath(&self) -> bool {
        self.state.lock().has_aftermath()
    }

    fn executions(&self) -> Vec<Execution> {
        self.state.lock().history.executions()
    }

    fn flush(&self) {
        let (aftermath, discarded, wakers) = {
            let mut state = self.state.lock();
            let is_over = state.is_over();
            let wakers = state.wakers.take(is_over);
            (state.history.take_aftermath(), state.discarded.take(), wakers)
        };
        let Aftermath { announce, evicted } = aftermath;
        // A captured value, or the result of an old execution, that panics when dropped has no
        // future left that could tell; the panic hook has reported it.
        if discarded.is_some() {
            let _ = drop_quietly(discarded);
        }
        for cell in announce {
            cell.announce();
            let _ = drop_quietly(cell);
        }
        for outcome in evicted {
            let _ = drop_quietly(outcome);
        }
        for waker in wakers {
            // As in a completion: the others are to be woken, too.
            let _ = catch(|| waker.wake());
        }
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

impl<T> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::execution::{Status, Stop};
    use crate::task::{Body, Delivery};
    use std::cell::Cell;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    /// Settles the execution `run` in a record; says whether that is to be flushed.
    struct Settler<'a> {
        record: &'a dyn AnyRecord,
        run: u64,

        /// `None` until the outcome has been delivered.
        flush: Cell<Option<bool>>,
    }

    impl<'a> Settler<'a> {
        fn new(record: &'a dyn AnyRecord, run: u64) -> Self {
            Self { record, run, flush: Cell::new(None) }
        }
    }

    impl Sink for Settler<'_> {
        fn deliver(&self, delivery: &mut dyn Delivery) {
            let flush = delivery.settle(self.record, self.run, at(9));
            assert_eq!(self.flush.replace(Some(flush)), None, "it is delivered once");
        }

        fn stop(&self) -> Arc<Stop> {
            Stop::new()
        }

        fn is_told(&self) -> bool {
            false
        }
    }

    /// Runs an execution that has been launched; says whether something is to be flushed.
    fn run(record: &dyn AnyRecord, run: u64, closes: bool) -> bool {
        let claim = record.begin(run, Some(at(run)), false).unwrap();
        if closes {
            record.close();
            record.flush();
        }
        let settler = Settler::new(record, run);
        claim.run(&settler);
        settler.flush.get().expect("the outcome was delivered")
    }

    #[test]
    fn nothing_is_launched_while_an_execution_is_in_flight() {
        let record = Body::new(|| Ok(7)).into_record(TaskId::nil(), 9);
        let first = record.launch(at(1)).unwrap();
        assert_eq!(record.launch(at(2)), None, "it is queued");
        let claim = record.begin(first, Some(at(1)), false).unwrap();
        assert!(record.begin(first, Some(at(1)), false).is_none(), "it is claimed once");
        assert_eq!(record.launch(at(2)), None, "it runs");
        claim.run(&Settler::new(&*record, first));
        assert_eq!(record.launch(at(3)), Some(first + 1));
    }

    #[test]
    fn whoever_has_claimed_an_execution_runs_it_though_the_record_is_closed() {
        let calls = Arc::new(AtomicU32::new(0));
        let function = {
            let calls = Arc::clone(&calls);
            move || Ok(calls.fetch_add(1, Ordering::Relaxed))
        };
        let record = Body::new(function).into_record(TaskId::nil(), 9);
        let number = record.launch(at(1)).unwrap();
        run(&*record, number, true);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&calls), 1, "the function has been dropped");
        assert_eq!(record.executions()[0].status, Status::Succeeded);
    }

    #[test]
    fn the_end_of_a_run_tells_what_is_to_be_flushed() {
        let numbers = Body::new(|| Ok(7)).into_record(TaskId::nil(), 1);
        let texts = Body::new(|| Ok("seven".to_owned())).into_record(TaskId::nil(), 1);
        let ends = |record: &dyn AnyRecord| {
            let number = record.launch(at(1)).unwrap();
            run(record, number, false)
        };
        assert_eq!([(); 3].map(|()| ends(&*numbers)), [false; 3]);
        assert!(!ends(&*texts));
        assert!(ends(&*texts), "a result of a user has dropped out of the history");
        texts.flush();

        let number = numbers.launch(at(1)).unwrap();
        let typed = (&*numbers as &dyn Any).downcast_ref::<Record<i32>>().unwrap();
        let cell = typed.current(None).unwrap();
        assert!(run(&*numbers, number, false), "somebody may wait for the future");
        numbers.flush();
        assert!(cell.is_settled());
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::models::block_on;
    use loom::sync::Arc as LoomArc;
    use loom::thread;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second)
    }

    /// Flushes only where that is asked for, as the scheduler does.
    #[test]
    fn loom_whoever_awaits_the_end_of_an_execution_is_woken() {
        loom::model(|| {
            let record = LoomArc::new(Record::<i32>::new(TaskId::nil(), None, 1));
            let run = record.adopt(at(1), Some(at(1)));
            let worker = thread::spawn({
                let record = LoomArc::clone(&record);
                move || {
                    if record.end(run, Ok(7).into(), at(2)) {
                        record.flush();
                    }
                }
            });
            let mut key = None;
            let mut poll = |seen| {
                let ended = block_on(|context| record.poll_ended(seen, &mut key, context));
                ended.map(|(number, _)| number)
            };
            assert_eq!((poll(0), poll(1)), (Some(1), None));
            worker.join().unwrap();
        });
    }

    /// A function that is let go, after which nothing comes.
    #[test]
    fn loom_whoever_awaits_a_task_that_is_closed_is_woken() {
        loom::model(|| {
            let body = crate::task::Body::new(|| Ok(7)).into_record(TaskId::nil(), 1);
            let record = LoomArc::new(body);
            let closer = thread::spawn({
                let record = LoomArc::clone(&record);
                move || {
                    record.close();
                    if record.has_aftermath() {
                        record.flush();
                    }
                }
            });
            let typed = (&**record as &dyn Any).downcast_ref::<Record<i32>>().unwrap();
            let mut key = None;
            let ended = block_on(|context| typed.poll_ended(0, &mut key, context));
            assert!(ended.is_none());
            closer.join().unwrap();
        });
    }
}
