//! [`Schedule`]: a trigger put to work. From the moment of adding it knows which run comes next.
//!
//! Each nominal run of a series is computed from the previous nominal run in whole nanoseconds, so
//! that the k-th is exactly `start + k * interval`: rounding cannot add up, and neither can
//! lateness, since the actual time of a run enters nowhere (except for a fixed delay, whose point
//! it is).

use std::time::{Duration, SystemTime};

use super::{Kind, Trigger};
use crate::error::Error;
use crate::time::{Moment, Timeline};

/// Within which limits a trigger's runs count.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) starting: Option<SystemTime>,
    pub(crate) until: Option<SystemTime>,
    pub(crate) times: Option<u64>,
}

/// When a run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) moment: Moment,

    /// The wall-clock time that it waits for, where it is the wall clock that decides; `moment` is
    /// then where that time lies as far as is known.
    pub(crate) wall: Option<SystemTime>,
}

impl Due {
    fn interval(moment: Moment) -> Self {
        Self { moment, wall: None }
    }

    /// The due time to record and to show.
    pub(crate) fn wall_on(self, timeline: Timeline) -> SystemTime {
        self.wall.unwrap_or_else(|| timeline.wall_at(self.moment))
    }
}

/// What is to be done when a run has become due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Firing {
    /// The run to start.
    pub(crate) run: Due,

    /// How many runs before it were missed, one `interval` apart; the newest one `interval` before
    /// `run`.
    pub(crate) missed: u64,
    pub(crate) interval: Duration,

    /// The run after it, if that is known already.
    pub(crate) next: Option<Due>,
}

/// A trigger with its limits, at work.
#[derive(Debug)]
pub(crate) struct Schedule {
    trigger: Trigger,
    until: Option<SystemTime>,

    /// How many executions may still be launched.
    remaining: Option<u64>,
}

impl Schedule {
    /// Puts a trigger to work at `now`, when the wall clock shows `wall`. Also gives its first run.
    pub(crate) fn plan(
        trigger: Trigger,
        bounds: Bounds,
        now: Moment,
        wall: SystemTime,
    ) -> Result<(Self, Due), Error> {
        let timeline = Timeline::through(now, wall);
        let first = match trigger.0 {
            Kind::Once(delay) => once(delay.duration()?, bounds.starting, now, timeline),
            Kind::At(time) => {
                let time = bounds.starting.map_or(time, |starting| starting.max(time));
                Due { moment: timeline.moment_at(time).max(now), wall: Some(time) }
            }
            Kind::Recur(interval) | Kind::RecurAfter(interval) => {
                let interval = interval.positive()?;
                Due::interval(match bounds.starting {
                    None => now.saturating_add(interval),
                    Some(starting) => grid_point(starting, interval, now, wall),
                })
            }
        };
        if first.moment == Moment::NEVER {
            return Err(Error::NeverRuns(
                "its first run lies beyond the range of the clock".into(),
            ));
        }
        if bounds.times == Some(0) {
            return Err(Error::NeverRuns("times(0) allows no execution; give at least 1".into()));
        }
        let schedule = Self { trigger, until: bounds.until, remaining: bounds.times };
        match schedule.excess(first, timeline) {
            None => Ok((schedule, first)),
            Some(excess) => Err(Error::NeverRuns(format!(
                "its end (`until`) is {excess:?} before its first run; give a later end"
            ))),
        }
    }

    pub(crate) fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// What to do at `now` about the run that was due at `due`.
    ///
    /// Of the runs of a fixed rate that are due by now, the newest is to start and the others are
    /// missed. This takes the same time for two runs and for the billions of ten lost years.
    pub(crate) fn fire(&self, due: Due, now: Moment, timeline: Timeline) -> Firing {
        let Kind::Recur(interval) = self.trigger.0 else {
            return Firing { run: due, missed: 0, interval: Duration::ZERO, next: None };
        };
        // `plan` has refused intervals that are no positive duration.
        let interval = interval.positive().unwrap_or(Duration::MAX);
        let mut late = now.since(due.moment);
        if let Some(until) = self.until {
            late = late.min(timeline.moment_at(until).since(due.moment));
        }
        let missed = u64::try_from(late.as_nanos() / interval.as_nanos()).unwrap_or(u64::MAX);
        let behind = times(interval, missed);
        let run = Due::interval(due.moment.saturating_add(behind));
        let next = self.allow(Due::interval(run.moment.saturating_add(interval)), timeline);
        Firing { run, missed, interval, next }
    }

    /// Whether the next run is known only once an execution has ended.
    pub(crate) fn is_fixed_delay(&self) -> bool {
        matches!(self.trigger.0, Kind::RecurAfter(_))
    }

    /// The next run of a task whose execution has ended at `ended`, where that decides.
    pub(crate) fn after_end(&self, ended: Moment, timeline: Timeline) -> Option<Due> {
        let Kind::RecurAfter(interval) = self.trigger.0 else { return None };
        let interval = interval.positive().ok()?;
        self.allow(Due::interval(ended.saturating_add(interval)), timeline)
    }

    /// Counts one execution that is launched; `false` if no other may follow.
    pub(crate) fn count_launch(&mut self) -> bool {
        let Some(remaining) = &mut self.remaining else { return true };
        *remaining = remaining.saturating_sub(1);
        *remaining > 0
    }

    fn allow(&self, due: Due, timeline: Timeline) -> Option<Due> {
        let allowed = due.moment != Moment::NEVER
            && self.remaining != Some(0)
            && self.excess(due, timeline).is_none();
        allowed.then_some(due)
    }

    /// By how much `due` is beyond the end.
    fn excess(&self, due: Due, timeline: Timeline) -> Option<Duration> {
        let excess = due.wall_on(timeline).duration_since(self.until?).ok()?;
        (!excess.is_zero()).then_some(excess)
    }
}

/// The run of a task that runs once, `delay` after its start.
fn once(delay: Duration, starting: Option<SystemTime>, now: Moment, timeline: Timeline) -> Due {
    match starting.and_then(|starting| starting.checked_add(delay)) {
        Some(time) => Due { moment: timeline.moment_at(time).max(now), wall: Some(time) },
        None => Due::interval(now.saturating_add(delay)),
    }
}

/// The first of the times `starting`, `starting + interval`, … that is not before now.
fn grid_point(starting: SystemTime, interval: Duration, now: Moment, wall: SystemTime) -> Moment {
    match starting.duration_since(wall) {
        Ok(ahead) => now.saturating_add(ahead),
        Err(behind) => {
            let into = behind.duration().as_nanos() % interval.as_nanos();
            let rest = if into == 0 { 0 } else { interval.as_nanos() - into };
            now.saturating_add(Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX)))
        }
    }
}

/// `interval * count`, at most the longest duration that a moment can hold.
fn times(interval: Duration, count: u64) -> Duration {
    let nanos = interval.as_nanos().saturating_mul(u128::from(count));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
