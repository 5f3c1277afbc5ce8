//! [`Event`]: something that has happened in a scheduler.

use std::time::{Duration, SystemTime};

use crate::TaskId;
use crate::execution::{Progress, Reason};

/// Something that has happened in a scheduler, for those who
/// [subscribe](crate::Scheduler::subscribe).
///
/// Of the events of one task, each comes after those that came to pass before it.
///
/// | event | when |
/// | --- | --- |
/// | [`Added`](EventKind::Added) | a task was added |
/// | [`Fired`](EventKind::Fired) | its time had come, and it was decided that it is to run |
/// | [`Started`](EventKind::Started) | an attempt of it began |
/// | [`Progressed`](EventKind::Progressed) | the function has told how far it has come |
/// | [`TimedOut`](EventKind::TimedOut) | an attempt ran longer than its limit; `Retried` or `Failed` follows |
/// | [`WorkerDied`](EventKind::WorkerDied) | whoever ran an attempt is gone; `Retried` or `Failed` follows |
/// | [`Retried`](EventKind::Retried) | an attempt has failed, and another one comes |
/// | [`Succeeded`](EventKind::Succeeded), [`Failed`](EventKind::Failed), [`Cancelled`](EventKind::Cancelled), [`Skipped`](EventKind::Skipped), [`Missed`](EventKind::Missed) | the fate of a run was settled: one of these for each |
/// | [`Paused`](EventKind::Paused), [`Resumed`](EventKind::Resumed), [`Rescheduled`](EventKind::Rescheduled) | somebody did so to a task |
/// | [`Finished`](EventKind::Finished) | a task is over: no event of it follows |
/// | [`ClockStepped`](EventKind::ClockStepped) | the wall clock was set |
/// | [`SchedulerStarted`](EventKind::SchedulerStarted), [`SchedulerPaused`](EventKind::SchedulerPaused), [`SchedulerResumed`](EventKind::SchedulerResumed), [`ShutDown`](EventKind::ShutDown) | somebody did so to the scheduler |
/// | [`Lagged`](EventKind::Lagged) | this listener was too slow, and has missed events |
///
/// The fields of each are documented there. With the feature `serde`, events can be serialised.
///
/// ```
/// use std::sync::mpsc;
/// use pysched::{EventKind, Scheduler, Task};
///
/// let (sender, events) = mpsc::channel();
/// let sched = Scheduler::new();
/// let _subscription = sched.subscribe(move |event| sender.send(event.clone()).unwrap());
/// sched.add(Task::new(|| 7).name("seven"))?;
/// sched.start()?;
/// let succeeded = events.iter().find(|it| matches!(it.kind, EventKind::Succeeded { .. })).unwrap();
/// assert_eq!(succeeded.name.as_deref(), Some("seven"));
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Event {
    /// When it happened, by the clock of the scheduler.
    pub at: SystemTime,

    /// The task that it happened to; `None` if it concerns the scheduler.
    pub task: Option<TaskId>,

    /// The name of that task.
    pub name: Option<String>,

    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// An event that concerns the scheduler, or a listener, and no task.
    pub(in crate::scheduler) fn of_scheduler(at: SystemTime, kind: EventKind) -> Self {
        Self { at, task: None, name: None, kind }
    }
}

/// What has happened; see [`Event`].
///
/// ```
/// use pysched::EventKind;
///
/// fn is_bad(kind: &EventKind) -> bool {
///     matches!(kind, EventKind::Failed { .. } | EventKind::Missed { .. })
/// }
/// assert!(!is_bad(&EventKind::Finished));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum EventKind {
    /// A task was added.
    Added,

    /// A run has become due, and is an execution now: an executor has been given it, or it waits for
    /// what the rules of its task have it wait for.
    #[non_exhaustive]
    Fired {
        /// The nominal time of the run.
        due: SystemTime,
    },

    /// The function is about to be called.
    #[non_exhaustive]
    Started {
        /// The nominal time of the run.
        due: SystemTime,

        /// Which attempt it is, from 1.
        attempt: u32,

        /// How long after its nominal time.
        late: Duration,
    },

    /// The function has told how far it has come.
    #[non_exhaustive]
    Progressed {
        /// The nominal time of the run.
        due: SystemTime,

        /// How far.
        progress: Progress,
    },

    /// An attempt has failed, and another one comes.
    #[non_exhaustive]
    Retried {
        /// The nominal time of the run.
        due: SystemTime,

        /// The attempt that has failed, from 1.
        attempt: u32,

        /// What went wrong.
        error: String,

        /// How long until the next one.
        pause: Duration,
    },

    /// The function has returned a value.
    #[non_exhaustive]
    Succeeded {
        /// The nominal time of the run.
        due: SystemTime,

        /// How many attempts it took.
        attempt: u32,

        /// How long the last of them took.
        took: Duration,
    },

    /// The last attempt has failed.
    #[non_exhaustive]
    Failed {
        /// The nominal time of the run.
        due: SystemTime,

        /// How many attempts there were.
        attempt: u32,

        /// How long the last of them took; `None` if nobody could call the function.
        took: Option<Duration>,

        /// What went wrong.
        error: String,
    },

    /// An attempt ran longer than its limit.
    #[non_exhaustive]
    TimedOut {
        /// The nominal time of the run.
        due: SystemTime,

        /// Which attempt it is, from 1.
        attempt: u32,

        /// The limit.
        limit: Duration,
    },

    /// Whoever was to run an attempt is gone.
    #[non_exhaustive]
    WorkerDied {
        /// The nominal time of the run.
        due: SystemTime,

        /// Which attempt it is, from 1.
        attempt: u32,

        /// What is known of it.
        error: String,
    },

    /// A run was passed over by the rules of its task.
    #[non_exhaustive]
    Skipped {
        /// The nominal time of the run.
        due: SystemTime,

        /// Why.
        reason: Reason,

        /// How many runs this tells of: this one and those before it for which there was no room in
        /// the history of the task.
        count: u64,
    },

    /// A run could not start in time.
    #[non_exhaustive]
    Missed {
        /// The nominal time of the run.
        due: SystemTime,

        /// Why.
        reason: Reason,

        /// As for [`Skipped`](Self::Skipped).
        count: u64,
    },

    /// A run was cancelled.
    #[non_exhaustive]
    Cancelled {
        /// The nominal time of the run.
        due: SystemTime,

        /// Why.
        reason: Reason,

        /// As for [`Skipped`](Self::Skipped).
        count: u64,
    },

    /// A task was paused.
    Paused,

    /// A task was resumed.
    Resumed,

    /// A task was given another trigger.
    Rescheduled,

    /// A task is over.
    Finished,

    /// The wall clock was set.
    #[non_exhaustive]
    ClockStepped {
        /// What it would have shown.
        from: SystemTime,

        /// What it shows.
        to: SystemTime,
    },

    /// The scheduler was started.
    SchedulerStarted,

    /// The scheduler fires nothing until it is resumed.
    SchedulerPaused,

    /// The scheduler fires again.
    SchedulerResumed,

    /// The scheduler has begun to shut down.
    ShutDown,

    /// This listener was too slow: so many events were dropped here, the first of them at the time of
    /// this event.
    #[non_exhaustive]
    Lagged {
        /// How many.
        missed: u64,
    },
}
