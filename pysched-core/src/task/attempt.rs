//! [`Attempt`]: one execution on its way through an executor.

use std::fmt;
use std::sync::Arc;

use super::record::{AnyRecord, Launch, Record};
use crate::error::TaskError;
use crate::execution::{ExecutionCell, Outcome, Owner, Work};
use crate::unwind::{catch, drop_quietly};

/// One execution, from being launched to being settled, whatever the executor does with it.
///
/// The end of an execution takes these steps, in this order: the function and what it captured are
/// let go; under the scheduler's lock the outcome is recorded and the series goes on; without any
/// lock those who wait are told; the scheduler is told that this job is over. So whoever has waited
/// for an execution finds the scheduler up to date, and whoever has waited for a scheduler to shut
/// down finds every future done.
pub(super) struct Attempt<T: Send + Sync + 'static> {
    record: Arc<Record<T>>,
    cell: Arc<ExecutionCell<T>>,
    launch: Launch,
    owner: Arc<dyn Owner>,

    /// Whether the job is over; it ends as a lost one if it is dropped before.
    over: bool,
}

impl<T: Send + Sync + 'static> Attempt<T> {
    pub(super) fn new(
        record: Arc<Record<T>>,
        cell: Arc<ExecutionCell<T>>,
        launch: Launch,
        owner: Arc<dyn Owner>,
    ) -> Self {
        Self { record, cell, launch, owner, over: false }
    }

    /// Ends the job, with an outcome unless somebody else has cancelled it.
    fn leave(&mut self, outcome: Option<Result<T, TaskError>>) {
        self.over = true;
        let at = self.owner.now();
        let settled = outcome.is_some();
        let mut outcome = outcome.map(Outcome::from);
        self.owner.ended(self.launch.task, at, &mut || {
            if let Some(outcome) = outcome.take() {
                self.cell.settle(outcome, self.launch.timeline.wall_at(at));
                self.record.end(&self.cell);
            }
        });
        if settled {
            self.cell.announce();
        }
        self.record.flush();
        self.owner.left(self.launch.lane);
    }

    /// Ends the job with an error, unless it was cancelled.
    fn give_up(&mut self, error: TaskError) {
        let _inside = self.owner.enter();
        let begun = self.record.begin(&self.cell, self.launch.last);
        let outcome = begun.map(|body| {
            let _ = drop_quietly(body);
            Err(error)
        });
        self.leave(outcome);
    }
}

impl<T: Send + Sync + 'static> Work for Attempt<T> {
    fn run(mut self: Box<Self>) {
        let _inside = self.owner.enter();
        let outcome = self.record.begin(&self.cell, self.launch.last).map(|body| {
            self.cell.set_started(self.launch.timeline.wall_at(self.owner.now()));
            let outcome = catch(|| body()).unwrap_or_else(|text| Err(TaskError::Panicked(text)));
            match (drop_quietly(body), outcome) {
                (Err(text), Ok(value)) => {
                    let _ = drop_quietly(value);
                    Err(TaskError::Panicked(text))
                }
                (_, outcome) => outcome,
            }
        });
        self.leave(outcome);
        // The last reference to the record may go here, and with it the results of a user.
        let _ = drop_quietly(self);
    }

    fn fail(mut self: Box<Self>, error: TaskError) {
        self.give_up(error);
        let _ = drop_quietly(self);
    }
}

impl<T: Send + Sync + 'static> Drop for Attempt<T> {
    fn drop(&mut self) {
        if !self.over {
            self.give_up(TaskError::WorkerDied(
                "the executor dropped the job without running it".to_owned(),
            ));
        }
    }
}

impl<T: Send + Sync + 'static> fmt::Debug for Attempt<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attempt").field(&self.cell.execution()).finish()
    }
}
