//! [`Record`]: what a live task and its handles share, and [`AnyRecord`], the same for any result.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use super::body::{Function, Landing, Sink};
use crate::execution::{
    Aftermath, Details, Execution, ExecutionCell, History, Ledger, Outcome, Owner, Reason, Run,
    Swept, Times,
};
use crate::portable;
use crate::prefetch::Location;
use crate::sync::{Condvar, Mutex};
use crate::unwind::drop_quietly;
use crate::{TaskFuture, TaskId};

/// A task's function and executions.
///
/// Its lock is taken after the scheduler's, or alone; no code of users runs under it. Changes leave
/// an aftermath behind, which whoever made them clears with `flush` once no lock is held.
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
        let state = State { body, discarded: None, history, waiting: 0 };
        Self { state: Mutex::new(state), ended: Condvar::new() }
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
        let state = State { body: None, discarded: None, history, waiting: 0 };
        Self { state: Mutex::new(state), ended: Condvar::new() }
    }

    /// Records how an execution has ended; says whether there is something to flush.
    pub(super) fn end(&self, run: u64, outcome: Outcome<T>, at: SystemTime) -> bool {
        let mut state = self.state.lock();
        state.history.end(run, outcome, at);
        self.tell(&state);
        state.discarded.is_some() || state.history.has_aftermath()
    }

    /// Wakes those in `wait`, after a change that may concern them.
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
            if state.body.is_none() && !state.history.is_active() {
                let latest = state.history.latest();
                return latest.map(|cell| (state.history.ended(), cell));
            }
            state.waiting += 1;
            state = self.ended.wait(state);
            state.waiting -= 1;
        }
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
        let state = self.state.lock();
        state.discarded.is_some() || state.history.has_aftermath()
    }

    fn executions(&self) -> Vec<Execution> {
        self.state.lock().history.executions()
    }

    fn flush(&self) {
        let (aftermath, discarded) = {
            let mut state = self.state.lock();
            (state.history.take_aftermath(), state.discarded.take())
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
