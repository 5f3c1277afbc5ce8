//! [`Entry`]: the executions that a history retains. They have a cell of their own only if somebody
//! asked for their future.

use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use super::cell::{ExecutionCell, Outcome, Times};
use super::details::Details;
use super::{Execution, Reason, Status};
use crate::TaskId;

/// An execution that is over, or that never began.
#[derive(Debug)]
pub(super) enum Entry<T> {
    Ended(Ended<T>),

    /// No future speaks of it.
    PassedOver(PassedOver),
}

// A series retains dozens of them, and writes one at each run.
const _: () = assert!(size_of::<Entry<()>>() <= 80);

/// A run that was skipped or missed.
#[derive(Debug)]
pub(super) struct PassedOver {
    pub(super) due: SystemTime,

    /// When that was decided.
    pub(super) at: SystemTime,
    pub(super) status: Status,
    pub(super) reason: Reason,
}

/// An execution that has ended.
#[derive(Debug)]
pub(super) struct Ended<T> {
    /// The how-manieth of its task it was to end, from 1.
    pub(super) number: u64,
    pub(super) times: Times,
    pub(super) outcome: Kept<T>,
    pub(super) details: Option<Arc<Details>>,
}

/// Where the outcome of an execution is.
#[derive(Debug)]
pub(super) enum Kept<T> {
    Here(Outcome<T>),

    /// With a future.
    InCell(Arc<ExecutionCell<T>>),
}

impl<T> Ended<T> {
    /// The cell of the execution, made if this is the first time that it is asked for.
    pub(super) fn cell(&mut self, task: TaskId) -> Arc<ExecutionCell<T>> {
        if let Kept::Here(outcome) = &mut self.outcome {
            // Stands in for a moment.
            let outcome = mem::replace(outcome, Outcome::cancelled(Reason::TaskCancelled));
            let details = self.details.take();
            self.outcome = Kept::InCell(ExecutionCell::ended(task, self.times, outcome, details));
        }
        match &self.outcome {
            Kept::InCell(cell) => Arc::clone(cell),
            Kept::Here(_) => ExecutionCell::cancelled(task),
        }
    }

    pub(super) fn execution(&self, task: TaskId) -> Execution {
        match &self.outcome {
            Kept::Here(outcome) => {
                Execution::new(task, self.times, outcome.status(), outcome.text())
                    .because(outcome.reason())
                    .detailed(self.details.as_deref())
            }
            Kept::InCell(cell) => cell.execution(),
        }
    }
}

impl<T> Entry<T> {
    pub(super) fn execution(&self, task: TaskId) -> Execution {
        match self {
            Self::Ended(ended) => ended.execution(task),
            Self::PassedOver(PassedOver { due, at, status, reason }) => {
                Execution::passed_over(task, *due, *at, *status).because(Some(*reason))
            }
        }
    }
}
