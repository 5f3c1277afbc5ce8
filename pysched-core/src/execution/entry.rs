//! [`Active`] and [`Entry`]: the executions that a history holds, in flight and over. They have a cell
//! of their own only if somebody asked for their future.

use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use super::cell::{ExecutionCell, Outcome, Times};
use super::{Execution, Status};
use crate::TaskId;

/// An execution in flight.
#[derive(Debug)]
pub(super) struct Active<T> {
    pub(super) run: u64,
    pub(super) due: SystemTime,

    /// Whether it has been claimed in order to run or to fail; it can no longer be cancelled.
    pub(super) begun: bool,
    pub(super) started: Option<SystemTime>,
    pub(super) cell: Option<Arc<ExecutionCell<T>>>,
}

/// An execution that is over, or that never began.
#[derive(Debug)]
pub(super) enum Entry<T> {
    Ended(Ended<T>),

    /// No future speaks of it.
    PassedOver(PassedOver),
}

// A series retains dozens of them, and writes one at each run.
const _: () = assert!(size_of::<Entry<()>>() <= 72);

/// A run that was skipped or missed.
#[derive(Debug)]
pub(super) struct PassedOver {
    pub(super) due: SystemTime,

    /// When that was decided.
    pub(super) at: SystemTime,
    pub(super) status: Status,
}

/// An execution that has ended.
#[derive(Debug)]
pub(super) struct Ended<T> {
    /// The how-manieth of its task it was to end, from 1.
    pub(super) number: u64,
    pub(super) times: Times,
    pub(super) outcome: Kept<T>,
}

/// Where the outcome of an execution is.
#[derive(Debug)]
pub(super) enum Kept<T> {
    Here(Outcome<T>),

    /// With a future.
    InCell(Arc<ExecutionCell<T>>),
}

impl<T> Active<T> {
    /// The cell of the execution, made if this is the first time that it is asked for.
    pub(super) fn cell(&mut self, task: TaskId) -> &Arc<ExecutionCell<T>> {
        let Self { due, begun, started, .. } = *self;
        self.cell.get_or_insert_with(|| {
            if begun {
                ExecutionCell::begun(task, due, started)
            } else {
                ExecutionCell::queued(task, due)
            }
        })
    }
}

impl<T> Ended<T> {
    /// As for [`Active`].
    pub(super) fn cell(&mut self, task: TaskId) -> Arc<ExecutionCell<T>> {
        if let Kept::Here(outcome) = &mut self.outcome {
            let outcome = mem::replace(outcome, Outcome::cancelled());
            self.outcome = Kept::InCell(ExecutionCell::ended(task, self.times, outcome));
        }
        match &self.outcome {
            Kept::InCell(cell) => Arc::clone(cell),
            Kept::Here(_) => ExecutionCell::cancelled(task),
        }
    }

    fn execution(&self, task: TaskId) -> Execution {
        match &self.outcome {
            Kept::Here(outcome) => {
                Execution::new(task, self.times, outcome.status(), outcome.text())
            }
            Kept::InCell(cell) => cell.execution(),
        }
    }
}

impl<T> Entry<T> {
    pub(super) fn execution(&self, task: TaskId) -> Execution {
        match self {
            Self::Ended(ended) => ended.execution(task),
            Self::PassedOver(PassedOver { due, at, status }) => {
                Execution::passed_over(task, *due, *at, *status)
            }
        }
    }
}
