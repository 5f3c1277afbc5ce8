//! [`Keeper`]: a scheduler, as seen by the handles of its tasks.

use std::sync::Arc;
use std::time::SystemTime;

use super::record::AnyRecord;
use crate::TaskId;
use crate::error::Error;
use crate::execution::Owner;
use crate::trigger::Trigger;

/// What can be done to a task after it was added.
#[derive(Debug)]
pub(crate) enum Command {
    Cancel,
    Pause,
    Resume,
    RunNow,
    Reschedule(Trigger),
}

/// A scheduler, as seen by the handles of its tasks. The closures are called under its lock: they may
/// take the lock of a record, and may not run code of users.
pub(crate) trait Keeper: Owner {
    /// Does to a task what somebody wants.
    fn steer(&self, task: TaskId, command: Command) -> Result<(), Error>;

    /// Calls `f` with the time of the next run of `task`, `None` where there is none.
    fn with_next_run(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>));

    /// Calls `f` with the time of the run of `task` that comes next, be it known for certain or not; `None`
    /// if none comes.
    fn with_upcoming(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>));

    /// The record of a task that is held. If it has none yet, it is given one: the one that `make`
    /// makes, unless its function knows better.
    fn record(
        &self,
        task: TaskId,
        make: &mut dyn FnMut() -> Arc<dyn AnyRecord>,
    ) -> Option<Arc<dyn AnyRecord>>;

    /// How many executions of each task are retained.
    fn history(&self) -> usize;

    /// Holds a task: what it leaves is kept until it is released as often as it was held.
    fn hold(&self, task: TaskId);

    fn release(&self, task: TaskId);
}
