//! [`Progress`]: how far an execution says that it has come; [`Attempt`]: one that has failed.

use std::time::SystemTime;

/// How far a running execution has come, as it says itself by
/// [`Current::set_progress`](crate::Current::set_progress).
///
/// ```
/// use pysched::{Scheduler, Task};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let future = sched.add(Task::new(|| pysched::current().set_progress(3, 4)))?.future();
/// future.wait().unwrap();
/// assert_eq!(future.execution().progress.unwrap().fraction(), 0.75);
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Progress {
    /// How much is done.
    pub done: u64,

    /// Of how much; 0 if that is not known.
    pub total: u64,
}

impl Progress {
    /// The part that is done, from 0 to 1; 0 as long as the total is not known.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a fraction is for people and for bars")]
    pub fn fraction(self) -> f64 {
        if self.total == 0 { 0.0 } else { self.done.min(self.total) as f64 / self.total as f64 }
    }
}

/// An attempt that has failed, and after which the execution was tried again.
///
/// ```
/// use std::time::Duration;
/// use pysched::{Retry, Scheduler, Task};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let task = Task::fallible(|| Err::<(), _>("no connection"));
/// let future = sched.add(task.retry(Retry::times(1).fixed(Duration::ZERO)))?.future();
/// assert!(future.wait().is_err());
/// let execution = future.execution();
/// assert_eq!(execution.attempts.len(), 1, "beside the one that decided");
/// assert_eq!(execution.attempts[0].error, "the task failed: no connection");
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Attempt {
    /// When the function was called; `None` if nobody could call it.
    pub started: Option<SystemTime>,

    /// When the attempt had failed.
    pub finished: SystemTime,

    /// What went wrong.
    pub error: String,
}
