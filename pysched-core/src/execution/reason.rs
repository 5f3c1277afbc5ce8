//! [`Reason`]: why an execution ended as it did, where no error says so.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use crate::TaskId;

/// Why a run was skipped, missed or cancelled.
///
/// ```
/// use std::time::Duration;
/// use pysched::{InlineExecutor, ManualClock, Reason, Scheduler, Trigger};
///
/// let clock = ManualClock::new();
/// let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
/// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
/// sched.start()?;
/// clock.advance(Duration::from_secs(120)); // two runs are due at once
///
/// let runs = sched.results(&handle);
/// assert_eq!(runs[0].reason, Some(Reason::Coalesced { into: runs[1].due }));
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Reason {
    /// Skipped: an earlier execution of the task was still running, and its
    /// [`Overlap`](crate::Overlap) does not let it wait.
    Overlap,

    /// Skipped: as many executions were running as [`Overlap::Allow`](crate::Overlap::Allow) names.
    Limit(NonZeroUsize),

    /// Skipped: the task or the scheduler was paused at its time, and ended before it was resumed.
    Paused,

    /// Missed: it could start only so long after its time, which is beyond its grace.
    TooLate(Duration),

    /// Missed: it could not start in time, and this newer run stood in for it.
    Coalesced {
        /// When that was due.
        into: SystemTime,
    },

    /// Missed: the task was given another trigger before it could start.
    Rescheduled,

    /// Cancelled: its task was cancelled, or replaced by another one of the same name.
    TaskCancelled,

    /// Cancelled: by its own future.
    FutureCancelled,

    /// Cancelled: in favour of a newer run, by
    /// [`Overlap::CancelOther`](crate::Overlap::CancelOther).
    NewerRun,

    /// Cancelled: the scheduler was shut down, or the executor that had it.
    ShutDown,

    /// Cancelled: the task that it was to follow has ended without succeeding.
    Predecessor(TaskId),
}

/// Why an execution was cancelled that has nothing else to it, in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    Task,
    Future,
    ShutDown,
}

impl Withdrawal {
    pub(crate) fn of(reason: Reason) -> Option<Self> {
        match reason {
            Reason::TaskCancelled => Some(Self::Task),
            Reason::FutureCancelled => Some(Self::Future),
            Reason::ShutDown => Some(Self::ShutDown),
            _ => None,
        }
    }
}

impl From<Withdrawal> for Reason {
    fn from(withdrawal: Withdrawal) -> Self {
        match withdrawal {
            Withdrawal::Task => Self::TaskCancelled,
            Withdrawal::Future => Self::FutureCancelled,
            Withdrawal::ShutDown => Self::ShutDown,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap => f.write_str("an earlier execution was still running"),
            Self::Limit(n) => write!(f, "{n} executions were running, which is as many as may"),
            Self::Paused => f.write_str("it was paused"),
            Self::TooLate(late) => write!(f, "it was {late:?} late, which is beyond its grace"),
            Self::Coalesced { .. } => f.write_str("a newer run stood in for it"),
            Self::Rescheduled => f.write_str("the task was rescheduled"),
            Self::TaskCancelled => f.write_str("the task was cancelled"),
            Self::FutureCancelled => f.write_str("its future was cancelled"),
            Self::NewerRun => f.write_str("a newer run took its place"),
            Self::ShutDown => f.write_str("the scheduler was shut down"),
            Self::Predecessor(id) => write!(f, "task {id}, which it follows, has not succeeded"),
        }
    }
}
