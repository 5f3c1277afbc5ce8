//! [`ExecutionCell`]: what an execution's worker, its futures and its history share.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::completion::Completion;
use super::details::Details;
use super::phase::Phase;
use super::{Execution, Reason, Status};
use crate::error::TaskError;
use crate::sync::Mutex;
use crate::time::Moment;
use crate::{TaskId, unwind};

/// One execution: its phase, its times, its outcome, and who waits for that.
///
/// The claim on the phase decides who may settle the outcome; see `phase.rs`.
#[derive(Debug)]
pub(crate) struct ExecutionCell<T> {
    task: TaskId,
    phase: Phase,
    facts: Mutex<Facts>,
    pub(super) completion: Completion<Outcome<T>>,
}

/// What is known of an execution beside its outcome.
#[derive(Debug)]
struct Facts {
    times: Times,

    /// Which execution of its task it is; 0 until it is launched.
    run: u64,
    details: Option<Arc<Details>>,
}

/// How an execution has ended: with a value or, out of line as it is rare, without.
#[derive(Debug)]
pub(crate) struct Outcome<T>(Result<T, Box<Failure>>);

/// Why there is no value.
#[derive(Debug)]
pub(crate) struct Failure {
    error: TaskError,

    /// What the record of the execution says of the error.
    text: Option<String>,

    /// Why it was cancelled or missed.
    reason: Option<Reason>,
}

impl Failure {
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

impl<T> Outcome<T> {
    pub(crate) fn cancelled(reason: Reason) -> Self {
        let reason = Some(reason);
        Self(Err(Box::new(Failure { error: TaskError::Cancelled, text: None, reason })))
    }

    /// The outcome of a run that did not take place, where no other comes.
    pub(crate) fn missed(reason: Reason) -> Self {
        let error = match reason.status() {
            Status::Cancelled => TaskError::Cancelled,
            _ => TaskError::Missed(reason.to_string()),
        };
        Self(Err(Box::new(Failure { error, text: None, reason: Some(reason) })))
    }

    /// The outcome of an execution that ran longer than that.
    pub(crate) fn timed_out(limit: Duration) -> Self {
        let error = TaskError::TimedOut(limit);
        let text = Some(error.to_string());
        Self(Err(Box::new(Failure { error, text, reason: None })))
    }

    pub(crate) fn failed(failure: Box<Failure>) -> Self {
        Self(Err(failure))
    }

    pub(crate) fn error(&self) -> Option<&TaskError> {
        self.result().err()
    }

    pub(crate) fn into_failure(self) -> Result<T, Box<Failure>> {
        self.0
    }

    pub(crate) fn reason(&self) -> Option<Reason> {
        self.0.as_ref().err()?.reason
    }

    pub(super) fn result(&self) -> Result<&T, &TaskError> {
        self.0.as_ref().map_err(|failure| &failure.error)
    }

    pub(crate) fn status(&self) -> Status {
        match self.result() {
            Ok(_) => Status::Succeeded,
            Err(TaskError::Cancelled) => Status::Cancelled,
            Err(TaskError::Missed(_)) => self.reason().map_or(Status::Missed, Reason::status),
            Err(_) => Status::Failed,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_ref().err().and_then(|failure| failure.text.as_deref())
    }

    /// Whether dropping it may run code of a user.
    pub(super) fn drops_quietly(&self) -> bool {
        match self.result() {
            Ok(_) => !std::mem::needs_drop::<T>(),
            Err(TaskError::Failed(_)) => false,
            Err(_) => true,
        }
    }
}

/// Runs code of users: call it without any lock.
impl<T> From<Result<T, TaskError>> for Outcome<T> {
    fn from(result: Result<T, TaskError>) -> Self {
        Self(result.map_err(|error| {
            let (text, reason) = match error {
                // By nobody else, or it would be known why.
                TaskError::Cancelled => (None, Some(Reason::ShutDown)),
                _ => (Some(text_of(&error)), None),
            };
            Box::new(Failure { error, text, reason })
        }))
    }
}

/// When an execution was due, was begun and had ended, as times or as numbers that stand for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times<T = SystemTime> {
    pub(crate) due: T,
    pub(crate) started: Option<T>,
    pub(crate) finished: Option<T>,
}

impl<T: Ord + Copy> Times<T> {
    /// The times of an execution on the wall clock, which may have been corrected between them: none
    /// comes before the one before it.
    pub(crate) fn in_order(due: T, started: Option<T>, finished: Option<T>) -> Self {
        let started = started.map(|at| at.max(due));
        let finished = finished.map(|at| started.map_or(at, |started| at.max(started)));
        Self { due, started, finished }
    }
}

impl Times<Moment> {
    /// What the numbers stand for.
    pub(crate) fn on_wall(self) -> Times {
        let Self { due, started, finished } = self;
        Times {
            due: due.on_wall(),
            started: started.map(Moment::on_wall),
            finished: finished.map(Moment::on_wall),
        }
    }
}

impl<T> ExecutionCell<T> {
    fn new(task: TaskId, times: Times) -> Arc<Self> {
        Arc::new(Self {
            task,
            phase: Phase::queued(),
            facts: Mutex::new(Facts { times, run: 0, details: None }),
            completion: Completion::new(),
        })
    }

    pub(crate) fn queued(task: TaskId, due: SystemTime) -> Arc<Self> {
        Self::new(task, Times { due, started: None, finished: None })
    }

    /// The cell of an execution that has begun.
    pub(super) fn begun(task: TaskId, due: SystemTime, started: Option<SystemTime>) -> Arc<Self> {
        let cell = Self::new(task, Times { due, started, finished: None });
        cell.phase.begin();
        cell
    }

    /// The cell of an execution that has ended. Nobody can have waited for it.
    pub(super) fn ended(
        task: TaskId,
        times: Times,
        outcome: Outcome<T>,
        details: Option<Arc<Details>>,
    ) -> Arc<Self> {
        let cell = Self::new(task, times);
        cell.facts.lock().details = details;
        if outcome.status() == Status::Cancelled {
            cell.phase.withdraw();
        } else {
            cell.phase.begin();
        }
        cell.store(outcome);
        cell.announce();
        cell
    }

    /// The cell of an execution that never was.
    pub(crate) fn cancelled(task: TaskId) -> Arc<Self> {
        let now = SystemTime::now();
        let times = Times { due: now, started: None, finished: Some(now) };
        Self::ended(task, times, Outcome::cancelled(Reason::TaskCancelled), None)
    }

    pub(super) fn task(&self) -> TaskId {
        self.task
    }

    pub(super) fn times(&self) -> Times {
        self.facts.lock().times
    }

    /// Which execution of its task it is; 0 if it was not launched yet.
    pub(super) fn run(&self) -> u64 {
        self.facts.lock().run
    }

    pub(super) fn set_run(&self, run: u64) {
        self.facts.lock().run = run;
    }

    pub(super) fn details(&self) -> Option<Arc<Details>> {
        self.facts.lock().details.clone()
    }

    /// Its details, made if there are none, for an execution that belongs to no history.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn details_or_new(&self) -> Arc<Details> {
        Arc::clone(self.facts.lock().details.get_or_insert_with(Details::new))
    }

    pub(super) fn set_details(&self, details: Arc<Details>) {
        self.facts.lock().details = Some(details);
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
        self.facts.lock().times.due = due;
    }

    pub(crate) fn set_started(&self, at: SystemTime) {
        self.facts.lock().times.started = Some(at);
    }

    /// Stores the outcome. Only whoever claimed the execution may call it, once; nobody is told
    /// before [`announce`](Self::announce).
    pub(crate) fn settle(&self, outcome: Outcome<T>, at: SystemTime) {
        self.facts.lock().times.finished = Some(at);
        self.store(outcome);
    }

    fn store(&self, outcome: Outcome<T>) {
        if let Err(second) = self.completion.settle(outcome) {
            debug_assert!(false, "an execution was settled twice");
            let _ = unwind::drop_quietly(second);
        }
    }

    /// Stores that the execution was cancelled, for whoever withdrew it.
    pub(crate) fn settle_cancelled(&self, at: SystemTime) {
        self.settle(Outcome::cancelled(Reason::FutureCancelled), at);
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
        let status = self.completion.get().map(Outcome::status);
        self.is_withdrawn() || status == Some(Status::Cancelled)
    }

    pub(super) fn is_queued(&self) -> bool {
        self.phase.is_queued()
    }

    pub(super) fn is_running(&self) -> bool {
        !self.is_settled() && self.phase.is_begun() && !self.is_between_attempts()
    }

    fn is_between_attempts(&self) -> bool {
        self.details().is_some_and(|details| details.is_between())
    }

    pub(crate) fn execution(&self) -> Execution {
        let outcome = self.completion.get();
        let status = match outcome {
            Some(outcome) => outcome.status(),
            None if self.phase.is_begun() && !self.is_between_attempts() => Status::Running,
            None => Status::Queued,
        };
        let text = outcome.and_then(Outcome::text);
        Execution::new(self.task, self.times(), status, text)
            .because(outcome.and_then(Outcome::reason))
            .detailed(self.details().as_deref())
    }
}

/// The text of an error, whose `Display` is code of a user and may panic.
fn text_of(error: &TaskError) -> String {
    unwind::catch(|| error.to_string())
        .unwrap_or_else(|message| format!("the error's Display panicked: {message}"))
}
