//! [`Schedule`]: a trigger put to work. From the moment of adding it knows which run comes next.
//!
//! Each nominal run of a series is computed from the previous nominal run in whole nanoseconds, so
//! that the k-th is exactly `start + k * interval`: rounding cannot add up, and neither can
//! lateness, since the actual time of a run enters nowhere (except for a fixed delay, whose point
//! it is).

mod series;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use super::combine::Search;
use super::jitter::Jitter;
use super::search::{self, Found, TICK};
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

impl Bounds {
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether one of them is a time on the wall clock.
    pub(crate) fn name_a_time(&self) -> bool {
        self.starting.is_some() || self.until.is_some()
    }
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
    /// A run that never comes.
    const NEVER: Self = Self { moment: Moment::NEVER, wall: None };

    pub(crate) fn interval(moment: Moment) -> Self {
        Self { moment, wall: None }
    }

    /// A run at a time on the wall clock; at once if that is past.
    fn at(time: SystemTime, now: Moment, timeline: Timeline) -> Self {
        Self { moment: timeline.moment_at(time).max(now), wall: Some(time) }
    }

    /// When it is due, be that past. A time before the clock's origin counts as that.
    #[inline]
    pub(crate) fn nominal_moment(self, timeline: Timeline) -> Moment {
        self.wall.map_or(self.moment, |time| timeline.moment_at(time))
    }

    /// The due time as it is shown, and as a moment if it is that which counts, and not what the wall
    /// clock shows.
    pub(crate) fn both_on(self, timeline: Timeline) -> (SystemTime, Option<Moment>) {
        (self.wall_on(timeline), self.wall.is_none().then_some(self.moment))
    }

    /// The due time as a number, by which runs of different schedulers are put in order.
    pub(crate) fn number_on(self, timeline: Timeline) -> Moment {
        self.wall.map_or_else(|| timeline.number_at(self.moment), Moment::of_wall)
    }

    /// The due time to record and to show.
    #[inline]
    pub(crate) fn wall_on(self, timeline: Timeline) -> SystemTime {
        self.wall.unwrap_or_else(|| timeline.wall_at(self.moment))
    }
}

/// What is to be done when a run has become due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Firing {
    /// The run to start; none if it was time to look for the next one.
    pub(crate) run: Option<Due>,

    /// The runs before it that were missed.
    pub(crate) missed: Missed,

    /// The run after it, if that is known already.
    pub(crate) next: Option<Due>,
}

/// Runs that were due before the one to start, and did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    None,

    /// So many of a series at intervals, the newest one `interval` before `before`.
    Intervals {
        before: SystemTime,
        interval: Duration,
        count: u64,
    },

    /// Those of a calendar from `first` up to, but without, `before`.
    Calendar {
        first: SystemTime,
        before: SystemTime,
    },
}

impl Firing {
    /// The only run of a task.
    pub(crate) fn once(run: Due) -> Self {
        Self { run: Some(run), missed: Missed::None, next: None }
    }
}

/// A trigger with its limits, at work.
#[derive(Debug)]
pub(crate) struct Schedule {
    trigger: Trigger,

    /// The end that the task was given, and that of this and the trigger which comes first.
    ends: Option<SystemTime>,
    until: Option<SystemTime>,

    /// How many executions may still be launched.
    remaining: Option<u64>,

    /// When it was added, from which intervals count in a combination.
    added: SystemTime,
    jitter: Option<Box<Jittered>>,

    /// If what is armed is no run, but a time to look for one: until when there is none. In a box, as
    /// hardly any schedule has it.
    none_until: Option<Box<SystemTime>>,
}

/// Random delays, and which run is armed with one.
#[derive(Debug)]
struct Jittered {
    jitter: Jitter,

    /// When the armed run would be due without its delay.
    nominal: Due,
}

impl Schedule {
    /// Puts a trigger to work at `now`, when the wall clock shows `wall`. Also gives its first run.
    ///
    /// `timeline` is what the due times of intervals are told on, which may be a little off `wall`.
    /// A series starts and ends on that timeline, so that its first run is due at exactly its
    /// start, and a last one at exactly its end is not lost.
    pub(crate) fn plan(
        trigger: Trigger,
        bounds: Bounds,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> Result<(Self, Due), Error> {
        let limits = trigger.limits();
        let starting = bounds.starting.max(limits.starting);
        let until = [bounds.until, limits.until].into_iter().flatten().min();
        let here = || Timeline::through(now, wall);
        let at = |time| Due::at(time, now, here());
        let first = match trigger.kind {
            Kind::Once(delay) => {
                let delay = delay.duration()?;
                match starting {
                    None => Due::interval(now.saturating_add(delay)),
                    Some(starting) => starting.checked_add(delay).map_or(Due::NEVER, at),
                }
            }
            Kind::At(time) => at(search::not_before(time, starting)),
            Kind::Recur(interval) | Kind::RecurAfter(interval) => {
                let interval = interval.positive()?;
                Due::interval(match starting {
                    None => now.saturating_add(interval),
                    Some(starting) => grid_point(starting, interval, now, timeline.wall_at(now)),
                })
            }
            _ => {
                let from = starting.and_then(|starting| starting.checked_sub(TICK));
                at(trigger.first_run(from.map_or(wall, |from| from.max(wall)), wall)?)
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
        let mut schedule = Self {
            trigger,
            ends: bounds.until,
            until,
            remaining: bounds.times,
            added: wall,
            jitter: None,
            none_until: None,
        };
        match schedule.excess(first, timeline) {
            None => {
                let first = match limits.jitter {
                    None => first,
                    Some(max) => schedule.with_jitter(max, first, now, here()),
                };
                Ok((schedule, first))
            }
            Some(excess) => Err(Error::NeverRuns(format!(
                "its end (`until`) is {excess:?} before its first run; give a later end"
            ))),
        }
    }

    /// Whether it is sure to come to an end.
    pub(crate) fn has_end(&self) -> bool {
        self.remaining.is_some() || self.until.is_some() || self.trigger.has_end()
    }

    pub(crate) fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// What to do at `now`, when the wall clock shows `wall`, about the run that was due at `due`.
    ///
    /// Of the runs that are due by now, the newest is to start and the others are missed. This takes
    /// the same time for two runs and for the billions of ten lost years.
    pub(crate) fn fire(
        &mut self,
        due: Due,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> Firing {
        match self.trigger.kind {
            Kind::Recur(interval) => {
                // An interval that has none, or 0, `plan` has refused.
                let step = interval.nanos().unwrap_or(u64::MAX);
                self.fire_interval(due, now, step, timeline)
            }
            Kind::Once(_) | Kind::RecurAfter(_) | Kind::At(_) => Firing::once(due),
            _ => match self.none_until.take() {
                None => self.fire_calendar(due, now, wall, timeline),
                Some(none_until) => {
                    let next = self.search(*none_until, now, wall, timeline);
                    Firing { run: None, missed: Missed::None, next }
                }
            },
        }
    }

    /// Passes over the next run, which is due at `due`, and gives the one after it.
    pub(crate) fn skip(&mut self, due: Due, timeline: Timeline) -> Option<Due> {
        let (mut due, now, wall) = (due, due.moment, due.wall_on(timeline));
        if let Some(none_until) = self.none_until.take() {
            // It has to be known. That someone cancels a run is rare enough for a long search.
            match self.trigger.next_run(*none_until, self.added) {
                Some(run) => due = Due::at(run, now, timeline),
                None => return self.search(*none_until, now, wall, timeline),
            }
        }
        // Seen from its own due time, nothing was missed.
        self.fire(due, due.moment, wall.max(due.wall_on(timeline)), timeline).next
    }

    /// The times of missed runs, the newest first.
    pub(crate) fn missed(&self, missed: Missed) -> impl Iterator<Item = SystemTime> + '_ {
        let mut back = 0_u64;
        let mut newest = None;
        let mut search = Search::brief(self.added);
        std::iter::from_fn(move || match missed {
            Missed::None => None,
            Missed::Intervals { before, interval, count } => {
                back += 1;
                let span = interval.as_nanos().checked_mul(u128::from(back))?;
                let span = Duration::from_nanos(u64::try_from(span).ok()?);
                (back <= count).then(|| before.checked_sub(span).unwrap_or(SystemTime::UNIX_EPOCH))
            }
            Missed::Calendar { first, before } => {
                newest = self.trigger.previous_in(newest.unwrap_or(before), &mut search);
                newest.filter(|time| *time >= first)
            }
        })
    }

    /// Whether it may have more runs than one.
    pub(crate) fn is_series(&self) -> bool {
        !matches!(self.trigger.kind, Kind::Once(_) | Kind::At(_))
    }

    /// Whether the next run is known only once an execution has ended.
    pub(crate) fn is_fixed_delay(&self) -> bool {
        matches!(self.trigger.kind, Kind::RecurAfter(_))
    }

    /// The next run of a task whose execution has ended at `ended`, where that decides.
    pub(crate) fn after_end(&mut self, ended: Moment, timeline: Timeline) -> Option<Due> {
        let Kind::RecurAfter(interval) = self.trigger.kind else { return None };
        let interval = interval.positive().ok()?;
        let next = self.allow(Due::interval(ended.saturating_add(interval)), timeline)?;
        Some(self.delayed(next, ended, timeline))
    }

    /// Counts one execution that is launched; `false` if no other may follow.
    pub(crate) fn count_launch(&mut self) -> bool {
        let Some(remaining) = &mut self.remaining else { return true };
        *remaining = remaining.saturating_sub(1);
        *remaining > 0
    }

    /// Takes back that an execution was launched, which was the last that may be.
    pub(crate) fn uncount_launch(&mut self) {
        if let Some(remaining) = &mut self.remaining {
            *remaining = remaining.saturating_add(1);
        }
    }

    /// What is left of the limits that the task was given, for another trigger.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { starting: None, until: self.ends, times: self.remaining }
    }

    /// Whether what is armed is no run, but a time to look for one.
    pub(crate) fn is_searching(&self) -> bool {
        self.none_until.is_some()
    }

    /// Whether a run after the one at `due` is due by now, too.
    pub(crate) fn is_followed(
        &self,
        due: Due,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> bool {
        let nominal = self.nominal().unwrap_or(due);
        let end = self.until.map_or(wall, |until| until.min(wall));
        match self.trigger.kind {
            Kind::Recur(interval) => {
                let until = self.until.map_or(Moment::NEVER, |until| timeline.moment_at(until));
                let step = interval.duration().unwrap_or(Duration::MAX);
                nominal.moment.saturating_add(step) <= now.min(until)
            }
            Kind::Once(_) | Kind::RecurAfter(_) | Kind::At(_) => false,
            _ => match self.run_after(nominal.wall_on(timeline)) {
                Found::Run(next) => next <= end,
                Found::NoneUntil(_) | Found::Never => false,
            },
        }
    }

    /// The first run of a calendar after a time.
    fn run_after(&self, after: SystemTime) -> Found {
        self.trigger.search(after, self.added)
    }

    /// The last run of a calendar before a time; none if that takes too long to find.
    fn run_before(&self, before: SystemTime) -> Option<SystemTime> {
        self.trigger.previous_in(before, &mut Search::brief(self.added))
    }

    /// When the armed run would be due without its jitter.
    fn nominal(&self) -> Option<Due> {
        self.jitter.as_ref().map(|jittered| jittered.nominal)
    }

    /// Lets runs be delayed from the first one on, and gives that.
    fn with_jitter(&mut self, max: Duration, first: Due, now: Moment, timeline: Timeline) -> Due {
        self.jitter = Some(Box::new(Jittered { jitter: Jitter::new(max), nominal: first }));
        self.delayed(first, now, timeline)
    }

    /// Adds the jitter of a run, which is the one to be armed.
    fn delayed(&mut self, nominal: Due, now: Moment, timeline: Timeline) -> Due {
        if self.jitter.is_none() {
            return nominal;
        }
        let room = match (&self.trigger.kind, nominal.wall) {
            (Kind::Recur(interval), _) => interval.duration().ok(),
            (_, Some(time)) if self.trigger.is_calendar() => match self.run_after(time) {
                Found::Run(next) | Found::NoneUntil(next) => next.duration_since(time).ok(),
                Found::Never => None,
            },
            _ => None,
        };
        let Some(jittered) = &mut self.jitter else { return nominal };
        jittered.nominal = nominal;
        let number = nominal.wall.map_or(nominal.moment, Moment::of_wall);
        let delay = jittered.jitter.delay(number, room.unwrap_or(Duration::MAX));
        match nominal.wall {
            None => Due::interval(nominal.moment.saturating_add(delay)),
            // From its time and not its moment, which is not before now even if the time is.
            Some(time) => Due::at(time.checked_add(delay).unwrap_or(time), now, timeline),
        }
    }

    fn allow(&self, due: Due, timeline: Timeline) -> Option<Due> {
        let allowed = due.moment != Moment::NEVER
            && self.remaining != Some(0)
            && self.excess(due, timeline).is_none();
        allowed.then_some(due)
    }

    /// By how much `due` is beyond the end.
    fn excess(&self, due: Due, timeline: Timeline) -> Option<Duration> {
        let until = self.until?;
        let excess = due.wall_on(timeline).duration_since(until).ok()?;
        (!excess.is_zero()).then_some(excess)
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
