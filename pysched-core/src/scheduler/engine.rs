//! [`Engine`]: the state of a scheduler, its lock, and what may be done to it from any thread.
//!
//! # Ground rules
//!
//! * One lock, `state`, guards all tasks. It is held for a few queue operations, never while code
//!   of users runs: not a task, a clock, an executor, a callback, nor the `Drop` of a value.
//! * Locks are taken in this order: the engine's, then a record's, then a cell's. An executor's
//!   lock is never taken under the engine's.
//! * What a change leaves to be announced and dropped stays in the records it touched, until the
//!   lock has been released and they are flushed.
//! * The heart alone hands jobs to executors (`heart.rs`), so that they get them in order. Each job
//!   is counted into `in_flight` before the lock is released under which it was taken out.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::drain::InFlight;
use super::state::{Entrant, Stage, State};
use crate::error::Error;
use crate::execution::{Execution, Inside, Owner};
use crate::executor::Executor;
use crate::id::SchedulerId;
use crate::sync::{Condvar, Mutex};
use crate::task::{Handle, Record, Task};
use crate::time::{Clock, GuardedClock, Moment, Parker};
use crate::trigger::Schedule;
use crate::unwind::catch;
use crate::{TaskId, TaskInfo};

/// What all clones of a scheduler, its heart, its handles and its jobs share.
pub(super) struct Engine {
    pub(super) id: SchedulerId,
    pub(super) clock: GuardedClock,

    /// Where the heart sleeps.
    pub(super) parker: Parker,

    /// The executors. The first is the scheduler's own, under the empty name.
    pub(super) lanes: Vec<Lane>,
    pub(super) state: Mutex<State>,

    /// Jobs that have been taken out of the state and are not over.
    pub(super) in_flight: InFlight,

    /// Whether nothing is fired any more; the same as a stage beyond running, without the lock.
    pub(super) draining: AtomicBool,

    /// Whether some thread waits for the shutdown, and will close the executors. Set before
    /// `draining`, so that whoever ends the last job does not close them first.
    pub(super) awaited: AtomicBool,

    /// Whether the executors have been told not to wait for anything.
    closed: AtomicBool,

    /// Notified when the heart's thread has ended.
    pub(super) heart_ended: Condvar,

    /// How many executions of each task are retained.
    history: usize,
}

/// An executor and what the heart needs to know of it.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) executor: Box<dyn Executor>,

    /// Whether it has given jobs back, which are to be offered again when one has ended.
    pub(super) starved: AtomicBool,
}

impl Engine {
    pub(super) fn new(
        clock: Box<dyn Clock>,
        executors: Vec<(String, Box<dyn Executor>)>,
        history: usize,
    ) -> Arc<Self> {
        let lane = |(name, executor)| Lane { name, executor, starved: AtomicBool::new(false) };
        let clock = GuardedClock::new(clock);
        let state = State::new(clock.now(), clock.wall());
        Arc::new(Self {
            id: SchedulerId::unique(),
            clock,
            parker: Parker::new(),
            lanes: executors.into_iter().map(lane).collect(),
            state: Mutex::new(state),
            in_flight: InFlight::none(),
            draining: AtomicBool::new(false),
            awaited: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            heart_ended: Condvar::new(),
            history,
        })
    }

    pub(super) fn add<T>(self: &Arc<Self>, task: Task<T>) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        let parts = task.into_parts();
        if let Some(registered) = &parts.registered {
            registered.registration.check()?;
        }
        let lane = self.lane(parts.executor.as_deref())?;
        let (now, wall) = (self.clock.now(), self.clock.wall());
        // Made first, so that what cannot be added is dropped after the lock has been released.
        let record = Arc::new(Record::new(parts.body, self.history));
        let (id, ring) = {
            let mut state = self.state.lock();
            if state.stage > Stage::Running {
                return Err(Error::Shutdown);
            }
            let retimed = state.observe(now, wall);
            let (schedule, first) =
                Schedule::plan(parts.trigger, parts.bounds, now, wall, state.timeline())?;
            let entrant = Entrant {
                record: Arc::clone(&record) as _,
                schedule,
                first,
                name: parts.name,
                priority: parts.priority,
                lane,
            };
            let id = state.insert(self.id, entrant);
            let earliest = if retimed { state.next_due() } else { first.moment };
            (id, state.alarm.must_ring(earliest) && self.parker.leave_token())
        };
        if ring {
            self.parker.wake();
        }
        Ok(Handle::new(id, record, Arc::clone(self) as _))
    }

    fn lane(&self, name: Option<&str>) -> Result<u32, Error> {
        let Some(name) = name else { return Ok(0) };
        let found = self.lanes.iter().skip(1).position(|lane| lane.name == name);
        found.and_then(|index| u32::try_from(index + 1).ok()).ok_or_else(|| {
            let names: Vec<_> =
                self.lanes.iter().skip(1).map(|lane| format!("{:?}", lane.name)).collect();
            Error::UnknownExecutor(match names.as_slice() {
                [] => format!(
                    "the task asks for {name:?}, but this scheduler has no named executors; add it \
                     with SchedulerBuilder::named_executor"
                ),
                names => format!(
                    "the task asks for {name:?}, but this scheduler has only {}; add it with \
                     SchedulerBuilder::named_executor",
                    names.join(", ")
                ),
            })
        })
    }

    pub(super) fn task(&self, task: TaskId) -> Option<TaskInfo> {
        let state = self.state.lock();
        self.index(&state, task).map(|index| state.info(self.id, index))
    }

    pub(super) fn tasks(&self) -> Vec<TaskInfo> {
        let mut tasks: Vec<_> = {
            let state = self.state.lock();
            state.indices().into_iter().map(|index| state.info(self.id, index)).collect()
        };
        tasks.sort_by_key(|info| (info.next_run.is_none(), info.next_run, info.priority, info.id));
        tasks
    }

    pub(super) fn results(&self, task: TaskId) -> Vec<Execution> {
        let record = {
            let state = self.state.lock();
            match self.index(&state, task) {
                Some(index) => Arc::clone(&state.slot(index).record),
                None => return state.finished.executions(task),
            }
        };
        record.executions()
    }

    /// Where a task of this scheduler is kept, if it is alive.
    pub(super) fn index(&self, state: &State, task: TaskId) -> Option<usize> {
        if task.scheduler() == self.id { state.index(task) } else { None }
    }

    /// Tells the executors that nothing more will come. Runs code of users, who may call the
    /// scheduler's `shutdown` in it: that is a call from inside, and tells them nothing again.
    pub(super) fn close_executors(&self, wait: bool) {
        if !wait && self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        let _inside = self.enter();
        for lane in &self.lanes {
            // An executor that panics here is not asked again; the panic hook has reported it.
            let _ = catch(|| lane.executor.shutdown(wait));
        }
    }
}

impl Owner for Engine {
    fn enter(&self) -> Inside {
        Inside::enter(self.id)
    }

    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn cancel(&self, task: TaskId) -> Result<(), Error> {
        let now = self.clock.now();
        let record = {
            let mut state = self.state.lock();
            let index = self.index(&state, task).ok_or(Error::UnknownTask(task))?;
            state.end_series(index, self.id, true, now)
        };
        record.flush();
        Ok(())
    }

    fn withdraw(&self, task: TaskId, settle: &mut dyn FnMut(SystemTime) -> bool) {
        let now = self.clock.now();
        let mut ring = false;
        let record = {
            let mut state = self.state.lock();
            if !settle(state.timeline().wall_at(now)) {
                return;
            }
            // A cancelled execution of a task that is finished is in nobody's way.
            let Some(index) = self.index(&state, task) else { return };
            let record = Arc::clone(&state.slot(index).record);
            if record.sweep() {
                state.skip_next(task);
            }
            state.go_on(task, now);
            if let Some(index) = self.index(&state, task)
                && let Some(due) = state.armed(index)
            {
                ring = state.alarm.must_ring(due) && self.parker.leave_token();
            }
            record
        };
        if ring {
            self.parker.wake();
        }
        record.flush();
    }

    fn with_next_run(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>)) {
        let state = self.state.lock();
        f(self.index(&state, task).and_then(|index| state.next_run(index)));
    }

    fn ended(&self, task: TaskId, at: Moment, settle: &mut dyn FnMut()) {
        let ring = {
            let mut state = self.state.lock();
            settle();
            state.go_on(task, at);
            self.index(&state, task)
                .and_then(|index| state.armed(index))
                .is_some_and(|due| state.alarm.must_ring(due) && self.parker.leave_token())
        };
        if ring {
            self.parker.wake();
        }
    }

    fn left(&self, lane: u32) {
        self.in_flight.leave();
        if self.lanes[lane as usize].starved.load(Ordering::SeqCst) {
            self.parker.unpark();
        }
        if self.is_over_unawaited() {
            self.close_executors(false);
        }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("id", &self.id).finish_non_exhaustive()
    }
}
