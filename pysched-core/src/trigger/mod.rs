//! Triggers: when a task runs. Pure logic that takes the time as an argument.

mod schedule;

use std::time::SystemTime;

use crate::Interval;
use crate::time::Moment;

pub(crate) use schedule::{Bounds, Due, Firing, Schedule};

/// When a task runs: once, every so often, or at a given time.
///
/// Intervals are measured on the monotonic clock, from the moment of adding; setting the wall clock
/// does not disturb them. Only [`Task::starting`](crate::Task::starting) is a time on the wall.
///
/// ```
/// use std::time::Duration;
/// use pysched::{Scheduler, Trigger};
///
/// let sched = Scheduler::new();
/// sched.delay(Trigger::once(5), 0, || "after 5 seconds")?;
/// sched.delay(Trigger::recur(0.25), 0, || "four times a second")?;
/// sched.delay(Trigger::recur_after(Duration::from_secs(60)), 0, || "a minute after the last")?;
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Once(Interval),
    Recur(Interval),
    RecurAfter(Interval),
    At(SystemTime),
}

impl Trigger {
    /// One run, `delay` after the task is added.
    ///
    /// ```
    /// # use pysched::Trigger;
    /// let in_five_seconds = Trigger::once(5);
    /// let at_once = Trigger::once(0);
    /// ```
    #[must_use]
    pub fn once(delay: impl Into<Interval>) -> Self {
        Self(Kind::Once(delay.into()))
    }

    /// A run every `interval`: the k-th is due at exactly *start + k × interval*, however long each
    /// takes. Nothing drifts.
    ///
    /// If a run is due while the previous one has not returned, it is
    /// [`Skipped`](crate::Status::Skipped). If several could not start in time, also for want of a
    /// worker, the newest runs and the others are [`Missed`](crate::Status::Missed).
    ///
    /// ```
    /// # use pysched::{Interval, Trigger};
    /// let every_three_seconds = Trigger::recur(3);
    /// let every_ninety_minutes = Trigger::recur("1h 30m".parse::<Interval>()?);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn recur(interval: impl Into<Interval>) -> Self {
        Self(Kind::Recur(interval.into()))
    }

    /// A run `interval` after the previous one has ended ("fixed delay"). Runs never overlap.
    ///
    /// ```
    /// # use pysched::Trigger;
    /// let a_second_of_rest_between_two_runs = Trigger::recur_after(1);
    /// ```
    #[must_use]
    pub fn recur_after(interval: impl Into<Interval>) -> Self {
        Self(Kind::RecurAfter(interval.into()))
    }

    /// One run when the wall clock shows `time`; at once if it already shows a later one.
    ///
    /// Follows the wall clock, wherever that is set: it never runs before the clock shows `time`, even
    /// if that is set back meanwhile, and runs at once if the clock is set forward past it, or jumps
    /// as the computer resumes from a suspend. On Linux the scheduler is woken for that; where the
    /// system does not tell, it looks every 10 seconds while such tasks wait. Corrections of up to a
    /// tenth of a second do not count as setting; a task may be late by that much.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// # use pysched::Trigger;
    /// let tomorrow = Trigger::at(SystemTime::now() + Duration::from_secs(86_400));
    /// ```
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self(Kind::At(time))
    }

    /// The nanoseconds after which it runs, and when that is, if it is one run after a delay.
    pub(crate) fn after(&self, now: Moment) -> Option<(u64, Due)> {
        let Kind::Once(delay) = self.0 else { return None };
        let nanos = delay.nanos()?;
        let moment = Moment::from_nanos(now.nanos().saturating_add(nanos));
        (moment < Moment::NEVER).then_some((nanos, Due::interval(moment)))
    }

    /// Whether it waits for a time on the wall clock.
    pub(crate) fn names_a_time(&self) -> bool {
        matches!(self.0, Kind::At(_))
    }
}
