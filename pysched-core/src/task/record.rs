//! [`Record`]: what a live task and its handles share, and [`AnyRecord`], the same for any result.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use super::attempt::Attempt;
use super::value::Body;
use crate::execution::{Aftermath, Execution, ExecutionCell, History, Owner, Work};
use crate::sync::{Condvar, Mutex};
use crate::time::Timeline;
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
    /// The function; `None` once no further execution will be begun. What it captured is dropped
    /// then, whoever may still hold the task's handles.
    body: Option<Body<T>>,

    /// A function that is to be dropped once no lock is held.
    discarded: Option<Body<T>>,

    history: History<T>,

    /// How many threads wait on `ended`.
    waiting: usize,
}

/// What the scheduler tells of an execution that it launches.
pub(crate) struct Launch {
    pub(crate) task: TaskId,
    pub(crate) due: SystemTime,

    /// The executor that is to run it.
    pub(crate) lane: u32,

    /// Whether it is known to be the last of its task.
    pub(crate) last: bool,
    pub(crate) timeline: Timeline,
}

/// A [`Record`] whose result type is forgotten: how the scheduler sees its tasks.
pub(crate) trait AnyRecord: Send + Sync {
    /// Begins an execution.
    fn launch(self: Arc<Self>, launch: Launch, owner: Arc<dyn Owner>) -> Box<dyn Work>;

    /// Records a run that was skipped or missed.
    fn pass_over(&self, execution: Execution);

    /// Records the `count` runs before the one at `due`, an `interval` apart, as missed.
    fn miss(&self, task: TaskId, due: SystemTime, interval: Duration, count: u64, at: SystemTime);

    /// Lets a run that is due at `due` take the place of the one that is queued, which is recorded as
    /// missed; `false` if none is queued.
    fn supersede(&self, due: SystemTime, at: SystemTime) -> bool;

    /// Cancels the run that would come at `next`, and with `queued` also what was launched and has
    /// not begun.
    fn withdraw(&self, task: TaskId, next: Option<SystemTime>, queued: bool, at: SystemTime);

    /// Lets go of the function: nothing will be launched any more, and what was has begun.
    fn close(&self);

    /// Moves executions that others have settled to those that ended; says whether the upcoming one
    /// was among them.
    fn sweep(&self) -> bool;

    /// How many executions are queued or running.
    fn active(&self) -> usize;

    /// The executions that are queued or running.
    fn in_flight(&self) -> Vec<Execution>;

    /// The retained executions, oldest first.
    fn executions(&self) -> Vec<Execution>;

    /// Announces and drops what earlier changes left behind. Runs code of users.
    fn flush(&self);
}

impl<T: Send + Sync + 'static> Record<T> {
    pub(crate) fn new(body: Body<T>, history: usize) -> Self {
        let history = History::new(history);
        let state = State { body: Some(body), discarded: None, history, waiting: 0 };
        Self { state: Mutex::new(state), ended: Condvar::new() }
    }

    /// Claims `cell` in order to run it. Holding the lock meanwhile is what keeps `close` from
    /// taking the function away between the claim and the call.
    pub(super) fn begin(&self, cell: &ExecutionCell<T>, last: bool) -> Option<Body<T>> {
        let mut state = self.state.lock();
        let body = if last { state.body.take() } else { state.body.clone() };
        match body {
            Some(body) if cell.begin() => Some(body),
            body => {
                // Cancelled. A clone can be dropped here, for the record has the other one.
                state.discarded = state.discarded.take().or(if last { body } else { None });
                None
            }
        }
    }

    /// Moves a cell that has just been settled to those that ended.
    pub(super) fn end(&self, cell: &Arc<ExecutionCell<T>>) {
        let mut state = self.state.lock();
        state.history.end(cell);
        self.tell(&state);
    }

    /// Wakes those in `wait`, after a change that may concern them.
    fn tell(&self, state: &State<T>) {
        if state.waiting > 0 {
            self.ended.notify_all();
        }
    }

    /// The execution that runs or, at `next`, comes next; otherwise the latest that ended.
    pub(super) fn current(
        &self,
        task: TaskId,
        next: Option<SystemTime>,
    ) -> Option<Arc<ExecutionCell<T>>> {
        self.state.lock().history.current(task, next)
    }

    pub(super) fn futures(&self, owner: &Weak<dyn Owner>) -> Vec<TaskFuture<T>> {
        let state = self.state.lock();
        let future = |cell: &Arc<_>| TaskFuture::new(Arc::clone(cell), Some(Weak::clone(owner)));
        state.history.cells().map(future).collect()
    }

    /// Blocks until an execution has ended that is not among the `seen` first ones, or until the
    /// task is finished, and gives it and its number.
    pub(super) fn wait(&self, seen: u64) -> Option<(u64, Arc<ExecutionCell<T>>)> {
        let mut state = self.state.lock();
        loop {
            if let Some(found) = state.history.ended_after(seen) {
                return Some(found);
            }
            if state.body.is_none() && state.history.active() == 0 {
                return state.history.latest().map(|cell| (state.history.ended(), cell));
            }
            state.waiting += 1;
            state = self.ended.wait(state);
            state.waiting -= 1;
        }
    }
}

impl<T: Send + Sync + 'static> AnyRecord for Record<T> {
    fn launch(self: Arc<Self>, launch: Launch, owner: Arc<dyn Owner>) -> Box<dyn Work> {
        let cell = self.state.lock().history.launch(launch.task, launch.due);
        Box::new(Attempt::new(self, cell, launch, owner))
    }

    fn pass_over(&self, execution: Execution) {
        self.state.lock().history.pass_over(execution);
    }

    fn miss(&self, task: TaskId, due: SystemTime, interval: Duration, count: u64, at: SystemTime) {
        self.state.lock().history.miss(task, due, interval, count, at);
    }

    fn supersede(&self, due: SystemTime, at: SystemTime) -> bool {
        // A claim to run is made under this lock too (`begin`), and one to cancel under the
        // scheduler's, so that what is renamed here is still to come.
        self.state.lock().history.supersede(due, at)
    }

    fn withdraw(&self, task: TaskId, next: Option<SystemTime>, queued: bool, at: SystemTime) {
        let mut state = self.state.lock();
        state.history.withdraw(task, next, queued, at);
        self.tell(&state);
    }

    fn close(&self) {
        let mut state = self.state.lock();
        if let Some(body) = state.body.take() {
            state.discarded = Some(body);
        }
        self.tell(&state);
    }

    fn sweep(&self) -> bool {
        let mut state = self.state.lock();
        let upcoming = state.history.sweep();
        self.tell(&state);
        upcoming
    }

    fn active(&self) -> usize {
        self.state.lock().history.active()
    }

    fn in_flight(&self) -> Vec<Execution> {
        self.state.lock().history.in_flight()
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
        let _ = drop_quietly(discarded);
        for cell in announce {
            cell.announce();
            let _ = drop_quietly(cell);
        }
        for cell in evicted {
            let _ = drop_quietly(cell);
        }
    }
}

impl<T> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}
