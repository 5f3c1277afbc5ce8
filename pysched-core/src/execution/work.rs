//! The two seams between an execution and the floors above: the work that an executor is given,
//! and the scheduler that the execution belongs to.

use std::time::SystemTime;

use super::Inside;
use crate::TaskId;
use crate::error::{Error, TaskError};
use crate::time::Moment;

/// What is inside a [`Job`](crate::Job). Consumed in exactly one way; dropping it ends the
/// execution as one that nobody could run.
pub(crate) trait Work: Send {
    /// Runs the function and delivers its outcome, on this thread. Never panics.
    fn run(self: Box<Self>);

    /// Ends the execution without running it. Never panics.
    fn fail(self: Box<Self>, error: TaskError);
}

/// A scheduler, as seen by its executions, futures and handles.
///
/// The closures are called under the scheduler's lock: they may take the lock of a task's record,
/// and may not run code of users.
pub(crate) trait Owner: Send + Sync {
    /// Marks this thread as running code on behalf of this scheduler.
    fn enter(&self) -> Inside;

    fn now(&self) -> Moment;

    /// Ends a series.
    fn cancel(&self, task: TaskId) -> Result<(), Error>;

    /// Goes on with `task` after one of its executions that has not started was withdrawn, which
    /// `settle` does, at the time that it is told; it says whether it came early enough.
    fn withdraw(&self, task: TaskId, settle: &mut dyn FnMut(SystemTime) -> bool);

    /// Calls `f` with the time of the next run of `task`, `None` where there is none.
    fn with_next_run(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>));

    /// Says that an execution of `task` has ended at `at`; `settle` records it.
    fn ended(&self, task: TaskId, at: Moment, settle: &mut dyn FnMut());

    /// Says that a job that was given to the executor of `lane` is over, with all that follows
    /// from it. The last word of every job.
    fn left(&self, lane: u32);
}
