//! [`ExecutionCell`]: what an execution's worker, its futures and its history share.

use std::sync::Arc;
use std::time::SystemTime;

use super::completion::Completion;
use super::phase::Phase;
use super::{Execution, Status};
use crate::error::TaskError;
use crate::sync::Mutex;
use crate::{TaskId, unwind};

/// One execution: its phase, its times, its outcome, and who waits for that.
///
/// The claim on the phase decides who may settle the outcome; see `phase.rs`.
#[derive(Debug)]
pub(crate) struct ExecutionCell<T> {
    task: TaskId,
    phase: Phase,
    times: Mutex<Times>,
    pub(super) completion: Completion<Outcome<T>>,
}

/// How an execution has ended.
#[derive(Debug)]
pub(crate) struct Outcome<T> {
    result: Result<T, TaskError>,

    /// What the record of the execution says of the error.
    text: Option<String>,
}

impl<T> Outcome<T> {
    pub(super) fn result(&self) -> Result<&T, &TaskError> {
        self.result.as_ref()
    }
}

/// Runs code of users: call it without any lock.
impl<T> From<Result<T, TaskError>> for Outcome<T> {
    fn from(result: Result<T, TaskError>) -> Self {
        let text = match &result {
            Ok(_) | Err(TaskError::Cancelled) => None,
            Err(error) => Some(text_of(error)),
        };
        Self { result, text }
    }
}

#[derive(Debug, Clone, Copy)]
struct Times {
    due: SystemTime,
    started: Option<SystemTime>,
    finished: Option<SystemTime>,
}

impl<T> ExecutionCell<T> {
    pub(crate) fn queued(task: TaskId, due: SystemTime) -> Arc<Self> {
        let times = Times { due, started: None, finished: None };
        Arc::new(Self {
            task,
            phase: Phase::queued(),
            times: Mutex::new(times),
            completion: Completion::new(),
        })
    }

    /// The cell of an execution that never was.
    pub(crate) fn cancelled(task: TaskId) -> Arc<Self> {
        let now = SystemTime::now();
        let cell = Self::queued(task, now);
        cell.withdraw();
        cell.settle_cancelled(now);
        cell.announce();
        cell
    }

    pub(super) fn task(&self) -> TaskId {
        self.task
    }

    /// Claims the execution in order to run it; `false` if it was cancelled.
    pub(crate) fn begin(&self) -> bool {
        self.phase.begin()
    }

    /// Claims the execution in order to cancel it; `false` if it has begun or was cancelled.
    pub(crate) fn withdraw(&self) -> bool {
        self.phase.withdraw()
    }

    pub(crate) fn set_due(&self, due: SystemTime) {
        self.times.lock().due = due;
    }

    pub(crate) fn set_started(&self, at: SystemTime) {
        self.times.lock().started = Some(at);
    }

    /// Stores the outcome. Only whoever claimed the execution may call it, once; nobody is told
    /// before [`announce`](Self::announce).
    pub(crate) fn settle(&self, outcome: Outcome<T>, at: SystemTime) {
        self.times.lock().finished = Some(at);
        if let Err(second) = self.completion.settle(outcome) {
            debug_assert!(false, "an execution was settled twice");
            let _ = unwind::drop_quietly(second);
        }
    }

    /// Stores that the execution was cancelled, for whoever withdrew it.
    pub(crate) fn settle_cancelled(&self, at: SystemTime) {
        self.settle(Err(TaskError::Cancelled).into(), at);
    }

    /// Tells everyone who waits. Runs code of users: call it without any lock.
    pub(crate) fn announce(&self) {
        self.completion.announce();
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.completion.get().is_some()
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.phase.is_withdrawn()
    }

    /// Whether it will never run because it was cancelled, be it by a canceller or by an executor
    /// that was shut down.
    pub(super) fn is_cancelled(&self) -> bool {
        let result = self.completion.get().map(|outcome| &outcome.result);
        self.is_withdrawn() || matches!(result, Some(Err(TaskError::Cancelled)))
    }

    pub(super) fn is_queued(&self) -> bool {
        self.phase.is_queued()
    }

    pub(super) fn is_running(&self) -> bool {
        !self.is_settled() && self.phase.is_begun()
    }

    pub(crate) fn execution(&self) -> Execution {
        let outcome = self.completion.get();
        let status = match outcome.map(|outcome| &outcome.result) {
            Some(Ok(_)) => Status::Succeeded,
            Some(Err(TaskError::Cancelled)) => Status::Cancelled,
            Some(Err(_)) => Status::Failed,
            None if self.phase.is_begun() => Status::Running,
            None => Status::Queued,
        };
        let times = *self.times.lock();
        Execution {
            task: self.task,
            due: times.due,
            started: times.started,
            finished: times.finished,
            attempt: 1,
            status,
            error: outcome.and_then(|outcome| outcome.text.clone()),
        }
    }
}

/// The text of an error, whose `Display` is code of a user and may panic.
fn text_of(error: &TaskError) -> String {
    unwind::catch(|| error.to_string())
        .unwrap_or_else(|message| format!("the error's Display panicked: {message}"))
}
