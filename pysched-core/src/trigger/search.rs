//! The next run of a trigger, and the one before, of every kind.

use std::time::{Duration, SystemTime};

use super::combine::Search;
use super::{Kind, Limits, Trigger};
use crate::Interval;
use crate::error::Error;

/// The least difference of two times.
pub(super) const TICK: Duration = Duration::from_nanos(1);

/// What a search for the next run has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Run(SystemTime),

    /// There is none up to this time. Beyond it, nobody has looked yet.
    NoneUntil(SystemTime),
    Never,
}

impl Trigger {
    /// The first run after `after`, if intervals count from `anchor`. A long search is given up.
    pub(super) fn next_run(&self, after: SystemTime, anchor: SystemTime) -> Option<SystemTime> {
        self.next_in(after, &mut Search::new(Some(anchor)))
    }

    /// The same in the thread of a scheduler, where a long search is put off.
    pub(super) fn search(&self, after: SystemTime, anchor: SystemTime) -> Found {
        let mut search = Search::brief(anchor);
        match (self.next_in(after, &mut search), search.frontier()) {
            (Some(run), _) => Found::Run(run),
            (None, Some(frontier)) => Found::NoneUntil(frontier),
            (None, None) => Found::Never,
        }
    }

    /// The first run after `after` of a task that is added at `anchor`; says why there is none.
    pub(super) fn first_run(
        &self,
        after: SystemTime,
        anchor: SystemTime,
    ) -> Result<SystemTime, Error> {
        let mut search = Search::new(Some(anchor));
        let first = self.next_in(after, &mut search);
        // Also if another part has a run: nobody means a part that never runs.
        if search.gave_up() {
            return Err(Error::NeverRuns(format!(
                "`{self}` has parts whose runs could not be found in a million times that were looked \
                 at; make them meet, or leave them out"
            )));
        }
        first.ok_or_else(|| {
            Error::NeverRuns(format!("`{self}` has no run after the time at which it was added"))
        })
    }

    /// The last run before `before`. Without an anchor, intervals have no runs but after their
    /// `starting`.
    pub(super) fn previous_run(
        &self,
        before: SystemTime,
        anchor: Option<SystemTime>,
    ) -> Option<SystemTime> {
        self.previous_in(before, &mut Search::new(anchor))
    }

    /// The first run after `after`, as a part of a search.
    pub(super) fn next_in(&self, after: SystemTime, search: &mut Search) -> Option<SystemTime> {
        let Limits { starting, until, .. } = self.limits();
        // A run at the very start counts.
        let from = starting.and_then(|starting| starting.checked_sub(TICK));
        let from = from.map_or(after, |from| from.max(after));
        let next = match &self.kind {
            Kind::Once(delay) => {
                let only = only_run(*delay, starting, search.anchor);
                only.filter(|time| *time > after)
            }
            Kind::Recur(interval) | Kind::RecurAfter(interval) => {
                let grid = Grid::new(*interval, starting, search.anchor)?;
                grid.next(after)
            }
            Kind::At(time) => Some(not_before(*time, starting)).filter(|time| *time > after),
            Kind::AtEach(times) => times.get(times.partition_point(|time| *time <= from)).copied(),
            #[cfg(feature = "cron")]
            Kind::Zoned(zoned) => zoned.next(from),
            Kind::Any(parts) => search.next_of_any(parts, from),
            Kind::All(parts) => search.next_of_all(parts, from),
            Kind::Except(parts) => search.next_except(parts, from),
        };
        if until.is_some() && search.frontier() >= until {
            search.end();
        }
        next.filter(|time| until.is_none_or(|until| *time <= until))
    }

    /// The last run before `before`, as a part of a search.
    pub(super) fn previous_in(
        &self,
        before: SystemTime,
        search: &mut Search,
    ) -> Option<SystemTime> {
        let Limits { starting, until, .. } = self.limits();
        // A run at the very end counts.
        let to = until.and_then(|until| until.checked_add(TICK));
        let to = to.map_or(before, |to| to.min(before));
        let previous = match &self.kind {
            Kind::Once(delay) => {
                only_run(*delay, starting, search.anchor).filter(|time| *time < to)
            }
            Kind::Recur(interval) | Kind::RecurAfter(interval) => {
                Grid::new(*interval, starting, search.anchor)?.previous(to)
            }
            Kind::At(time) => Some(not_before(*time, starting)).filter(|time| *time < to),
            Kind::AtEach(times) => {
                let later = times.partition_point(|time| *time < to);
                later.checked_sub(1).map(|index| times[index])
            }
            #[cfg(feature = "cron")]
            Kind::Zoned(zoned) => zoned.previous(to),
            Kind::Any(parts) => search.previous_of_any(parts, to),
            Kind::All(parts) => search.previous_of_all(parts, to),
            Kind::Except(parts) => search.previous_except(parts, to),
        };
        if search.frontier().is_some_and(|frontier| Some(frontier) <= starting) {
            search.end();
        }
        previous.filter(|time| starting.is_none_or(|starting| *time >= starting))
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.as_deref().copied().unwrap_or_default()
    }
}

/// The run of `at`: at its time, or at its start if that is later.
pub(super) fn not_before(time: SystemTime, starting: Option<SystemTime>) -> SystemTime {
    starting.map_or(time, |starting| starting.max(time))
}

/// The run of `once`.
fn only_run(
    delay: Interval,
    starting: Option<SystemTime>,
    anchor: Option<SystemTime>,
) -> Option<SystemTime> {
    starting.or(anchor)?.checked_add(delay.duration().ok()?)
}

/// The runs of `recur`: at `first`, and one every `step`.
struct Grid {
    first: SystemTime,
    step: Duration,
}

impl Grid {
    fn new(
        interval: Interval,
        starting: Option<SystemTime>,
        anchor: Option<SystemTime>,
    ) -> Option<Self> {
        let step = interval.positive().ok()?;
        let first = match starting {
            Some(starting) => starting,
            None => anchor?.checked_add(step)?,
        };
        Some(Self { first, step })
    }

    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        match after.duration_since(self.first) {
            Err(_) => Some(self.first),
            Ok(since) => self.run(since.as_nanos() / self.step.as_nanos() + 1),
        }
    }

    fn previous(&self, before: SystemTime) -> Option<SystemTime> {
        let since = before.duration_since(self.first).ok()?;
        self.run(since.as_nanos().checked_sub(1)? / self.step.as_nanos())
    }

    fn run(&self, number: u128) -> Option<SystemTime> {
        let nanos = self.step.as_nanos().checked_mul(number)?;
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        let rest = u32::try_from(nanos % 1_000_000_000).ok()?;
        self.first.checked_add(Duration::new(seconds, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(number)
    }

    #[test]
    fn a_time_before_its_start_is_put_off_to_that() {
        let trigger = Trigger::at(second(5)).starting(second(9));
        assert_eq!(trigger.upcoming(second(0)).collect::<Vec<_>>(), [second(9)]);
        assert_eq!(trigger.previous(second(10)), Some(second(9)));
        assert_eq!(trigger.previous(second(9)), None);
        let ended = trigger.until(second(8));
        assert_eq!((ended.upcoming(second(0)).next(), ended.previous(second(10))), (None, None));
    }
}
