//! [`Misfire`]: what to do with runs that could not start at their time.

use std::time::Duration;

/// What becomes of runs that could not start at their time: because the process, the machine or the
/// scheduler was held up, because they were paused, or because no worker was free.
///
/// Whatever the policy, a run later than the task's [`grace`](crate::Task::grace) is never run. What is
/// not run is recorded as [`Missed`](crate::Status::Missed), with the reason.
///
/// ```
/// use std::time::Duration;
/// use pysched::{InlineExecutor, ManualClock, Misfire, Scheduler, Status, Task, Trigger};
///
/// let clock = ManualClock::new();
/// let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
/// let task = Task::new(|| ()).trigger(Trigger::recur(60)).misfire(Misfire::RunAll);
/// let handle = sched.add(task)?;
/// sched.start()?;
///
/// clock.advance(Duration::from_secs(200)); // as if the machine had been asleep
/// let fates: Vec<Status> = sched.results(&handle).iter().map(|run| run.status).collect();
/// assert_eq!(fates, [Status::Succeeded; 3]);
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// The guide's page "late runs" compares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Misfire {
    /// The newest of them is run once, for all of them.
    #[default]
    RunOnce,

    /// Each of them is run, oldest first, never more at once than [`Overlap`](crate::Overlap) allows.
    RunAll,

    /// None of them is run. A run that starts no later than the task's grace, or
    /// [`TOLERANCE`](Self::TOLERANCE) if it has none, is not one of them; but of several that are due at
    /// once, only the newest can be such.
    Skip,
}

impl Misfire {
    /// How late a run may start that is not to count as missed by [`Skip`](Self::Skip), if the task has
    /// no grace of its own: a second. Without any, a machine that is busy for a moment would drop runs.
    pub const TOLERANCE: Duration = Duration::from_secs(1);

    /// How late a run of a task with this grace may start.
    pub(crate) fn grace(self, grace: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Skip => grace.or(Some(Self::TOLERANCE)),
            Self::RunOnce | Self::RunAll => grace,
        }
    }
}
