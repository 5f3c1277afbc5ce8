//! [`Stats`]: what a scheduler has done so far and what it has in hand, in numbers.
//!
//! Each shard keeps a [`Tally`] under its lock; here they are put together when somebody asks.

mod display;
mod histogram;
mod tally;

use std::time::Duration;

pub(super) use tally::Tally;

use self::histogram::Histogram;
use self::tally::Lane;
use super::engine::Engine;
use crate::unwind::catch;

/// How a scheduler is doing, in numbers; see [`Scheduler::stats`](crate::Scheduler::stats).
///
/// Its `Display` is a few lines for a log or a terminal.
///
/// ```
/// use std::time::Duration;
/// use pysched::{InlineExecutor, ManualClock, Scheduler, Task, Trigger};
///
/// let clock = ManualClock::new();
/// let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
/// sched.start()?;
/// sched.delay(Trigger::recur(1), 0, || ())?;
/// sched.add(Task::fallible(|| "seven".parse::<u32>()).trigger(Trigger::once(2)))?;
/// clock.advance(Duration::from_secs(1));
/// clock.advance(Duration::from_secs(3)); // from here the series missed its runs 2 and 3
///
/// let stats = sched.stats();
/// assert_eq!(stats.uptime, Duration::from_secs(4));
/// assert_eq!(stats.tasks, 1); // the other one is finished
/// assert_eq!((stats.counts.succeeded, stats.counts.failed, stats.counts.missed), (2, 1, 2));
/// assert_eq!((stats.queued, stats.running), (0, 0));
/// assert_eq!(stats.lateness.max, Duration::from_secs(2)); // of the task that failed
/// println!("{stats}");
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// How long ago it was started, by its clock; zero before.
    pub uptime: Duration,

    /// How many tasks are alive.
    pub tasks: usize,

    /// How many of these are paused.
    pub paused: usize,

    /// What came of all runs so far.
    pub counts: Counts,

    /// How many executions are kept back by something other than the want of a worker: a pause, a limit, or the
    /// execution before. One that backs off until it is tried again is not among them, nor in the numbers that
    /// follow.
    pub waiting: usize,

    /// How many executions wait for a worker, of all executors together. Those that were cancelled
    /// while they did are among them until a worker comes to them.
    pub queued: usize,

    /// How many executions have begun and have not ended, those that are overdue left out.
    pub running: usize,

    /// How many executions have timed out while their function goes on.
    pub overdue: usize,

    /// The executors: first the scheduler's own, then the named ones as they were given.
    pub executors: Vec<ExecutorStats>,

    /// How long after they were due executions have begun, of all that have.
    pub lateness: Percentiles,

    /// How long functions ran, by the scheduler's clock, of all that have returned. Each attempt
    /// counts by itself.
    pub duration: Percentiles,
}

/// What came of all runs of a scheduler so far.
///
/// Each time at which a task should have run is counted in one of the first five, as soon as it has
/// its final [`Status`](crate::Status). Nothing is forgotten, whatever the history retains.
///
/// ```
/// use pysched::{Scheduler, Trigger};
///
/// let sched = Scheduler::new();
/// let handle = sched.delay(Trigger::once(60), 0, || ())?;
/// handle.cancel()?;
/// assert_eq!(sched.stats().counts.cancelled, 1);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Counts {
    /// Executions whose function returned a value.
    pub succeeded: u64,

    /// Executions that failed, for good: the function returned an error or panicked, took too long,
    /// or could not be run.
    pub failed: u64,

    /// Executions and runs to come that were cancelled.
    pub cancelled: u64,

    /// Runs that were passed over by the rules of their task.
    pub skipped: u64,

    /// Runs that could not start in time. Of a calendar that has missed more than 10,000 runs at
    /// once, only so many are counted.
    pub missed: u64,

    /// Attempts that failed and were followed by another one.
    pub retried: u64,

    /// Attempts that took longer than their timeout.
    pub timed_out: u64,

    /// Attempts that were lost with their worker.
    pub workers_died: u64,
}

/// What an executor of a scheduler has in hand.
///
/// ```
/// use pysched::{Scheduler, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new(4);
/// let sched = Scheduler::builder().named_executor("reports", pool).build();
/// let reports = &sched.stats().executors[1];
/// assert_eq!(reports.name, "reports");
/// assert_eq!(reports.workers, Some(0)); // its threads are started when there is work
/// assert_eq!((reports.queued, reports.busy), (0, 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ExecutorStats {
    /// Its name; empty for the scheduler's own.
    pub name: String,

    /// How many workers it has at the moment, threads or processes, of all that use it; `None` if it
    /// does not say, or has none of its own, as one on an async runtime.
    pub workers: Option<usize>,

    /// How many executions of this scheduler wait for a worker, or for room in the executor.
    pub queued: usize,

    /// How many executions of this scheduler are going on there, those that are overdue included, and those
    /// whose future waits.
    pub busy: usize,
}

/// How some time was distributed over all executions so far.
///
/// The mean and the maximum are exact. The percentiles are told to within a sixteenth of their value:
/// that many in a hundred took so long or less.
///
/// ```
/// use std::time::Duration;
/// use pysched::{InlineExecutor, ManualClock, Scheduler, Trigger};
///
/// let clock = ManualClock::new();
/// let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
/// sched.start()?;
/// for second in 1..=99 {
///     sched.delay(Trigger::once(second), 0, || ())?;
/// }
/// clock.advance(Duration::from_secs(100)); // so they are late by 1 s to 99 s
///
/// let lateness = sched.stats().lateness;
/// assert_eq!(lateness.count, 99);
/// assert_eq!(lateness.mean, Duration::from_secs(50));
/// assert_eq!(lateness.max, Duration::from_secs(99));
/// assert!(lateness.p50.abs_diff(Duration::from_secs(50)) <= Duration::from_secs(50) / 16);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Percentiles {
    /// How many there were. All else is zero if there were none.
    pub count: u64,

    /// The mean.
    pub mean: Duration,

    /// The median.
    pub p50: Duration,

    /// What nine in ten did not exceed.
    pub p90: Duration,

    /// What 99 in a hundred did not exceed.
    pub p99: Duration,

    /// The longest.
    pub max: Duration,
}

impl Percentiles {
    fn of(histogram: &Histogram) -> Self {
        let count = histogram.count();
        let mean = histogram.sum().checked_div(u128::from(count)).unwrap_or(0);
        let percentile = |percent| Duration::from_nanos(histogram.percentile(percent));
        Self {
            count,
            // It is not above the maximum.
            mean: Duration::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)),
            p50: percentile(50),
            p90: percentile(90),
            p99: percentile(99),
            max: Duration::from_nanos(histogram.max()),
        }
    }
}

impl Engine {
    pub(super) fn stats(&self) -> Stats {
        let now = self.clock.now();
        let started = self.life.lock().started;
        let (mut tally, mut tasks, mut paused, mut waiting) = (Tally::default(), 0, 0, 0);
        for place in &self.shards {
            let shard = place.shard.lock();
            tally.merge(&shard.tally);
            for (_, slot) in shard.slots.iter().filter(|(_, slot)| slot.is_live()) {
                tasks += 1;
                paused += usize::from(slot.is_paused());
                waiting += slot.waiting();
            }
        }
        let executors = self.lanes.iter().enumerate().map(|(number, lane)| {
            let Lane { queued, busy } = tally.at(number);
            // An executor of a user's that passes the question on may panic.
            let workers = catch(|| lane.executor.workers()).unwrap_or_default();
            ExecutorStats { name: lane.name.clone(), workers, queued, busy }
        });
        let Lane { queued, busy } = tally.everywhere();
        Stats {
            uptime: started.map_or(Duration::ZERO, |started| now.since(started)),
            tasks,
            paused,
            counts: tally.counts(),
            waiting,
            queued,
            running: busy - tally.overdue,
            overdue: tally.overdue,
            executors: executors.collect(),
            lateness: Percentiles::of(&tally.lateness),
            duration: Percentiles::of(&tally.duration),
        }
    }
}
