//! Executions: one run of a task each, from the moment it is queued to its recorded fate.

mod awaited;
mod cancelled;
mod cell;
mod completion;
mod current;
mod details;
mod ended;
mod entry;
mod flight;
mod future;
mod history;
mod inside;
mod ledger;
mod phase;
mod progress;
mod reason;
mod stop;
mod token;
mod wakers;
mod work;

use std::time::SystemTime;

pub(crate) use awaited::Awaited;
pub use cancelled::Cancelled;
pub(crate) use cell::{ExecutionCell, Failure, Outcome, Times};
pub(crate) use completion::Completion;
#[cfg(all(feature = "process", unix))]
pub(crate) use current::About;
pub use current::{Current, current};
pub(crate) use current::{Subject, enlist, strike_off};
pub(crate) use details::Details;
pub use ended::Ended;
pub(crate) use flight::{Census, Stage};
pub use future::TaskFuture;
pub(crate) use future::WOULD_HANG;
pub(crate) use history::{Aftermath, History, Swept};
pub(crate) use inside::{Inside, is_inside};
pub(crate) use ledger::{Ledger, Running};
pub use progress::{Attempt, Progress};
pub use reason::Reason;
pub(crate) use reason::Withdrawal;
pub(crate) use stop::Stop;
pub use token::Token;
pub(crate) use wakers::Wakers;
#[cfg(all(feature = "process", unix))]
pub(crate) use work::{Absent, Listener};
pub(crate) use work::{Advance, Errand, JobAnchor, Owner, Run, Ticket, Work};

use crate::TaskId;

/// What is known of one execution, as it stood when it was asked for.
///
/// ```
/// use pysched::{Scheduler, Status, Trigger};
///
/// let sched = Scheduler::new();
/// let handle = sched.delay(Trigger::once(0), 0, || 42)?;
/// assert_eq!(handle.future().execution().status, Status::Queued);
///
/// sched.start()?;
/// handle.wait();
/// let execution = &sched.results(&handle)[0];
/// assert_eq!(execution.status, Status::Succeeded);
/// assert!(execution.started >= Some(execution.due), "never early");
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Execution {
    /// The task that this is an execution of; [`TaskId::nil`] for a function given directly to a
    /// [`ThreadPoolExecutor`](crate::ThreadPoolExecutor).
    pub task: TaskId,

    /// When the trigger wanted it to run.
    pub due: SystemTime,

    /// When the function was called.
    pub started: Option<SystemTime>,

    /// When the function had returned or was past its limit, or when it was settled that it would not be
    /// called.
    pub finished: Option<SystemTime>,

    /// 1 for the first attempt, one more for each retry.
    pub attempt: u32,

    /// The attempts before that one, all of which have failed; of more than 100, the newest.
    pub attempts: Vec<Attempt>,

    /// How it stands.
    pub status: Status,

    /// What went wrong, if something did.
    pub error: Option<String>,

    /// Why it was skipped, missed or cancelled, if it was.
    pub reason: Option<Reason>,

    /// How far it has come, if it says so itself.
    pub progress: Option<Progress>,
}

impl Execution {
    pub(crate) fn new(task: TaskId, times: Times, status: Status, error: Option<&str>) -> Self {
        let Times { due, started, finished } = times;
        let error = error.map(str::to_owned);
        Self {
            task,
            due,
            started,
            finished,
            attempt: 1,
            attempts: Vec::new(),
            status,
            error,
            reason: None,
            progress: None,
        }
    }

    pub(crate) fn because(mut self, reason: Option<Reason>) -> Self {
        self.reason = reason;
        self
    }

    /// With what only some executions have.
    pub(crate) fn detailed(mut self, details: Option<&Details>) -> Self {
        if let Some(details) = details {
            self.attempt = details.attempt();
            self.attempts = details.attempts();
            self.progress = details.progress();
        }
        self
    }

    /// The record of a run that was decided `at` that time not to take place.
    pub(crate) fn passed_over(
        task: TaskId,
        due: SystemTime,
        at: SystemTime,
        status: Status,
    ) -> Self {
        Self::new(task, Times { due, started: None, finished: Some(at) }, status, None)
    }
}

/// How an execution stands.
///
/// Every time at which a task should have run ends in exactly one of the last five.
///
/// ```
/// use pysched::{Scheduler, Status, Task, Trigger};
///
/// let sched = Scheduler::new();
/// let future = sched.add(Task::new(|| ()))?.future();
/// let late = sched.delay(Trigger::once(60), 0, || ())?.future();
/// assert_eq!(future.execution().status, Status::Queued);
///
/// sched.start()?;
/// future.wait().unwrap();
/// assert_eq!(future.execution().status, Status::Succeeded);
/// sched.shutdown(true);
/// assert_eq!(late.execution().status, Status::Cancelled);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Status {
    /// Not yet due, or due and waiting for a worker.
    Queued,

    /// The function has been called and has not returned.
    Running,

    /// The function returned a value.
    Succeeded,

    /// The function returned an error, panicked or took too long, or nobody could run it.
    Failed,

    /// It was cancelled: before it started, or while it ran, if it then ended for that reason.
    Cancelled,

    /// It was not run by the rules of its task, as others were running, or as it was paused.
    Skipped,

    /// It could not start in time, and a later run stood in for it, or it was too late.
    Missed,
}

impl Status {
    /// Whether the execution has come to its end.
    ///
    /// ```
    /// use pysched::Status;
    ///
    /// assert!(!Status::Running.is_final());
    /// assert!(Status::Skipped.is_final());
    /// ```
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}
