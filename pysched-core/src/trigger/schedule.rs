//! [`Schedule`]: a trigger put to work. From the moment of adding it knows which run comes next.
//!
//! Each nominal run of a series is computed from the previous nominal run in whole nanoseconds, so
//! that the k-th is exactly `start + k * interval`: rounding cannot add up, and neither can
//! lateness, since the actual time of a run enters nowhere (except for a fixed delay, whose point
//! it is).

use std::time::{Duration, SystemTime};

use super::jitter::Jitter;
use super::search::TICK;
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

    pub(super) fn interval(moment: Moment) -> Self {
        Self { moment, wall: None }
    }

    /// A run at a time on the wall clock; at once if that is past.
    fn at(time: SystemTime, now: Moment, timeline: Timeline) -> Self {
        Self { moment: timeline.moment_at(time).max(now), wall: Some(time) }
    }

    /// The due time as a number, by which runs of different schedulers are put in order.
    pub(crate) fn number_on(self, timeline: Timeline) -> Moment {
        self.wall.map_or_else(|| timeline.number_at(self.moment), Moment::of_wall)
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
        Self { run, missed: Missed::None, next: None }
    }
}

/// How far a wall clock that is set back may go for it to count as a correction of the hour, as at the
/// end of summer time, in which runs at fixed times are not repeated. A clock that goes further back
/// was wrong, and what it now shows counts.
///
/// Rule: `cron(8)` of ISC cron 4.1, which has the same three hours.
const CORRECTION: Duration = Duration::from_hours(3);

/// A trigger with its limits, at work.
#[derive(Debug)]
pub(crate) struct Schedule {
    trigger: Trigger,
    until: Option<SystemTime>,

    /// How many executions may still be launched.
    remaining: Option<u64>,

    /// When it was added, from which intervals count in a combination.
    added: SystemTime,
    jitter: Option<Box<Jittered>>,
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
        let at = |time| Due::at(time, now, Timeline::through(now, wall));
        let first = match trigger.kind {
            Kind::Once(delay) => {
                let delay = delay.duration()?;
                match starting {
                    None => Due::interval(now.saturating_add(delay)),
                    Some(starting) => starting.checked_add(delay).map_or(Due::NEVER, at),
                }
            }
            Kind::At(time) => at(starting.map_or(time, |starting| starting.max(time))),
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
        let jitter = limits
            .jitter
            .map(|max| Box::new(Jittered { jitter: Jitter::new(max), nominal: first }));
        let mut schedule = Self { trigger, until, remaining: bounds.times, added: wall, jitter };
        match schedule.excess(first, timeline) {
            None => {
                let first = schedule.delayed(first);
                Ok((schedule, first))
            }
            Some(excess) => Err(Error::NeverRuns(format!(
                "its end (`until`) is {excess:?} before its first run; give a later end"
            ))),
        }
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
            _ => self.fire_calendar(due, now, wall, timeline),
        }
    }

    fn fire_interval(&mut self, due: Due, now: Moment, step: u64, timeline: Timeline) -> Firing {
        let until = self.until.map_or(Moment::NEVER, |until| timeline.moment_at(until));
        let nominal = self.nominal().unwrap_or(due);
        let (first, last) = (nominal.moment.nanos(), now.min(until).nanos());
        let mut missed = last.saturating_sub(first).checked_div(step).unwrap_or(0);
        // No more than what it is late by.
        let run = |missed| Due::interval(Moment::from_nanos(first + missed * step));
        if missed > 0 && self.jitter.is_some() && self.delayed(run(missed)).moment > now {
            // The delay of the newest is not over: it comes next.
            missed -= 1;
        }
        let newest = run(missed);
        let next = Due::interval(Moment::from_nanos(newest.moment.nanos().saturating_add(step)));
        let interval = Duration::from_nanos(step);
        Firing {
            run: if missed == 0 { due } else { self.delayed(newest) },
            missed: match missed {
                0 => Missed::None,
                count => Missed::Intervals { before: newest.wall_on(timeline), interval, count },
            },
            next: self.allow(next, timeline).map(|next| self.delayed(next)),
        }
    }

    fn fire_calendar(
        &mut self,
        due: Due,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> Firing {
        let nominal = self.nominal().unwrap_or(due);
        let first = nominal.wall_on(timeline);
        let mut newest = first;
        let mut next = self.run_after(first);
        if next.is_some_and(|next| next <= wall) {
            let last = self.until.map_or(wall, |until| until.min(wall));
            newest = last.checked_add(TICK).and_then(|end| self.run_before(end)).unwrap_or(first);
            if newest > first
                && self.jitter.is_some()
                && self.delayed(Due::at(newest, now, timeline)).wall > Some(wall)
            {
                // The delay of the newest is not over: it comes next.
                newest = self.run_before(newest).unwrap_or(first);
            }
            newest = newest.max(first);
            next = self.run_after(newest);
        }
        let was_missed = newest > first;
        Firing {
            run: if was_missed { self.delayed(Due::at(newest, now, timeline)) } else { due },
            missed: if was_missed {
                Missed::Calendar { first, before: newest }
            } else {
                Missed::None
            },
            next: next
                .and_then(|next| self.allow(Due::at(next, now, timeline), timeline))
                .map(|next| self.delayed(next)),
        }
    }

    /// The times of missed runs, the newest first.
    pub(crate) fn missed(&self, missed: Missed) -> impl Iterator<Item = SystemTime> + '_ {
        let mut back = 0_u64;
        let mut newest = None;
        std::iter::from_fn(move || match missed {
            Missed::None => None,
            Missed::Intervals { before, interval, count } => {
                back += 1;
                let span = interval.as_nanos().checked_mul(u128::from(back))?;
                let span = Duration::from_nanos(u64::try_from(span).ok()?);
                (back <= count).then(|| before.checked_sub(span).unwrap_or(SystemTime::UNIX_EPOCH))
            }
            Missed::Calendar { first, before } => {
                newest = self.run_before(newest.unwrap_or(before));
                newest.filter(|time| *time >= first)
            }
        })
    }

    /// When a run that waits for the wall clock is due after that was set: back by `back`, or forward.
    pub(crate) fn set(
        &mut self,
        due: Due,
        back: Option<Duration>,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> Due {
        let Some(time) = due.wall else { return due };
        let goes_back = back.is_some_and(|back| back > CORRECTION || self.trigger.repeats());
        if goes_back
            && self.is_calendar()
            && let Some(sooner) = self.run_after(wall)
            && self.nominal().unwrap_or(due).wall > Some(sooner)
            && let Some(sooner) = self.allow(Due::at(sooner, now, timeline), timeline)
        {
            return self.delayed(sooner);
        }
        Due::at(time, now, timeline)
    }

    /// Whether it may have more runs than one.
    pub(crate) fn is_series(&self) -> bool {
        !matches!(self.trigger.kind, Kind::Once(_) | Kind::At(_))
    }

    /// Whether its runs are times on the wall clock, of which each is found from the one before.
    fn is_calendar(&self) -> bool {
        self.is_series() && !matches!(self.trigger.kind, Kind::Recur(_) | Kind::RecurAfter(_))
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
        Some(self.delayed(next))
    }

    /// Counts one execution that is launched; `false` if no other may follow.
    pub(crate) fn count_launch(&mut self) -> bool {
        let Some(remaining) = &mut self.remaining else { return true };
        *remaining = remaining.saturating_sub(1);
        *remaining > 0
    }

    /// The first run of a calendar after a time.
    fn run_after(&self, after: SystemTime) -> Option<SystemTime> {
        self.trigger.next_run(after, self.added)
    }

    /// The last run of a calendar before a time.
    fn run_before(&self, before: SystemTime) -> Option<SystemTime> {
        self.trigger.previous_run(before, Some(self.added))
    }

    /// When the armed run would be due without its jitter.
    fn nominal(&self) -> Option<Due> {
        self.jitter.as_ref().map(|jittered| jittered.nominal)
    }

    /// Adds the jitter of a run, which is the one to be armed.
    fn delayed(&mut self, nominal: Due) -> Due {
        if self.jitter.is_none() {
            return nominal;
        }
        let room = match (&self.trigger.kind, nominal.wall) {
            (Kind::Recur(interval), _) => interval.duration().ok(),
            (_, Some(time)) if self.is_calendar() => {
                self.run_after(time).and_then(|next| next.duration_since(time).ok())
            }
            _ => None,
        };
        let Some(jittered) = &mut self.jitter else { return nominal };
        jittered.nominal = nominal;
        let number = nominal.wall.map_or(nominal.moment, Moment::of_wall);
        let delay = jittered.jitter.delay(number, room.unwrap_or(Duration::MAX));
        Due {
            moment: nominal.moment.saturating_add(delay),
            wall: nominal.wall.map(|time| time.checked_add(delay).unwrap_or(time)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where the tests begin: well away from the clock's origin and from the epoch.
    const START: Duration = Duration::from_secs(1_000);

    fn wall(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(millis)
    }

    fn moment(millis: u64) -> Moment {
        Moment::from_origin(START + Duration::from_millis(millis))
    }

    fn timeline() -> Timeline {
        Timeline::through(moment(0), wall(0))
    }

    fn plan(trigger: Trigger, bounds: Bounds) -> Result<(Schedule, Due), Error> {
        Schedule::plan(trigger, bounds, moment(0), wall(0), timeline())
    }

    fn fire(schedule: &mut Schedule, due: Due, now: Moment) -> Firing {
        schedule.fire(due, now, timeline().wall_at(now), timeline())
    }

    /// How many runs were missed, one interval apart.
    fn missed(firing: &Firing) -> u64 {
        match firing.missed {
            Missed::None => 0,
            Missed::Intervals { count, .. } => count,
            Missed::Calendar { .. } => panic!("{firing:?}"),
        }
    }

    fn starting(millis: u64) -> Bounds {
        Bounds { starting: Some(wall(millis)), ..Bounds::default() }
    }

    fn until(millis: u64) -> Bounds {
        Bounds { until: Some(wall(millis)), ..Bounds::default() }
    }

    #[test]
    fn once_counts_from_now_or_from_its_start() {
        let (_, first) = plan(Trigger::once(5), Bounds::default()).unwrap();
        assert_eq!(first, Due::interval(moment(5_000)));
        let (mut schedule, first) = plan(Trigger::once(5), starting(2_000)).unwrap();
        assert_eq!(first, Due { moment: moment(7_000), wall: Some(wall(7_000)) });
        assert_eq!(fire(&mut schedule, first, moment(7_000)).next, None);
    }

    #[test]
    fn a_time_that_is_past_is_due_now_and_keeps_its_name() {
        let past = wall(0) - Duration::from_secs(3);
        let (_, first) = plan(Trigger::at(past), Bounds::default()).unwrap();
        assert_eq!(first, Due { moment: moment(0), wall: Some(past) });
    }

    #[test]
    fn a_series_begins_at_its_start_and_joins_in_if_that_is_past() {
        let (_, first) = plan(Trigger::recur(10), starting(4_000)).unwrap();
        assert_eq!(first.moment, moment(4_000));
        let past = Bounds { starting: Some(wall(0) - Duration::from_secs(4)), ..Bounds::default() };
        let (_, first) = plan(Trigger::recur(10), past).unwrap();
        assert_eq!(first.moment, moment(6_000));
        let on_the_grid =
            Bounds { starting: Some(wall(0) - Duration::from_secs(20)), ..Bounds::default() };
        let (_, first) = plan(Trigger::recur(10), on_the_grid).unwrap();
        assert_eq!(first.moment, moment(0));
    }

    #[test]
    fn the_end_belongs_to_the_series() {
        let (mut schedule, first) = plan(Trigger::recur(1), until(2_000)).unwrap();
        let second = fire(&mut schedule, first, first.moment).next.unwrap();
        assert_eq!(second.moment, moment(2_000));
        assert_eq!(fire(&mut schedule, second, second.moment).next, None);
        assert!(matches!(plan(Trigger::recur(1), until(999)), Err(Error::NeverRuns(_))));
        assert!(plan(Trigger::recur(1), until(1_000)).is_ok());
    }

    #[test]
    fn a_fixed_delay_counts_from_the_end_of_the_run() {
        let (mut schedule, first) = plan(Trigger::recur_after(1), until(5_000)).unwrap();
        assert_eq!(fire(&mut schedule, first, moment(1_500)).next, None);
        let next = schedule.after_end(moment(3_250), timeline());
        assert_eq!(next, Some(Due::interval(moment(4_250))));
        assert_eq!(schedule.after_end(moment(4_001), timeline()), None);
    }

    #[test]
    fn only_so_many_launches_are_allowed() {
        let bounds = Bounds { times: Some(2), ..Bounds::default() };
        let (mut schedule, _) = plan(Trigger::recur_after(1), bounds).unwrap();
        assert!(schedule.count_launch());
        assert!(schedule.after_end(moment(0), timeline()).is_some());
        assert!(!schedule.count_launch());
        assert_eq!(schedule.after_end(moment(0), timeline()), None);
        let none = Bounds { times: Some(0), ..Bounds::default() };
        assert!(matches!(plan(Trigger::once(0), none), Err(Error::NeverRuns(_))));
    }

    #[test]
    fn ten_lost_years_are_one_step() {
        let (mut schedule, first) = plan(Trigger::recur(0.001), Bounds::default()).unwrap();
        let late = Duration::from_hours(10 * 365 * 24);
        let now = first.moment.saturating_add(late + Duration::from_micros(700));
        let firing = fire(&mut schedule, first, now);
        assert_eq!(u128::from(missed(&firing)), late.as_millis());
        assert_eq!(firing.run.moment, first.moment.saturating_add(late));
        let next = firing.run.moment.saturating_add(Duration::from_millis(1));
        assert_eq!(firing.next, Some(Due::interval(next)));
    }

    #[test]
    fn what_lies_beyond_the_clock_never_runs() {
        let far = Bounds {
            starting: SystemTime::UNIX_EPOCH.checked_add(Duration::from_hours(1_000 * 365 * 24)),
            ..Bounds::default()
        };
        assert!(matches!(plan(Trigger::recur(1), far), Err(Error::NeverRuns(_))));
        assert!(matches!(plan(Trigger::once(0), far), Err(Error::NeverRuns(_))));
    }

    /// Numbers of every magnitude, as far as an interval reaches.
    fn nanos() -> impl Strategy<Value = u64> {
        (any::<u64>(), 1..u64::BITS).prop_map(|(nanos, shift)| nanos >> shift)
    }

    proptest! {
        /// The model counts in 128 bits, where nothing can overflow.
        #[test]
        fn no_distance_is_too_far(interval in nanos(), due in nanos(), late in nanos()) {
            let interval = interval.max(1);
            let trigger = Trigger::recur(Duration::from_nanos(interval));
            let (mut schedule, _) = plan(trigger, Bounds::default()).unwrap();
            let (due, now) = (Moment::from_nanos(due), Moment::from_nanos(due + late));
            let firing = fire(&mut schedule, Due::interval(due), now);

            let missed = u128::from(late) / u128::from(interval);
            let run = u128::from(due.nanos()) + missed * u128::from(interval);
            prop_assert_eq!(u128::from(self::missed(&firing)), missed);
            prop_assert_eq!(u128::from(firing.run.moment.nanos()), run);
            let next = u64::try_from(run + u128::from(interval)).ok();
            let next = next.filter(|next| *next < Moment::NEVER.nanos());
            prop_assert_eq!(firing.next.map(|next| next.moment.nanos()), next);
        }

        /// The model walks the nominal times one by one; `fire` has to jump to the same place.
        #[test]
        fn a_series_is_walked_as_by_hand(
            interval in 1..50_u64,
            end in prop::option::of(50..2_000_u64),
            pauses in prop::collection::vec(0..200_u64, 1..40),
        ) {
            let bounds = end.map_or(Bounds::default(), until);
            let trigger = Trigger::recur(Duration::from_millis(interval));
            let (mut schedule, first) = plan(trigger, bounds).unwrap();
            let mut due = Some(first);
            let mut nominal = (1..).map(|k| k * interval)
                .take_while(|time| end.is_none_or(|end| *time <= end)).peekable();
            let mut now = 0;
            for pause in pauses {
                let Some(armed) = due else { break };
                prop_assert_eq!(armed.moment, moment(*nominal.peek().unwrap()));
                now += pause;
                let mut by_now = Vec::new();
                while let Some(time) = nominal.next_if(|time| *time <= now) {
                    by_now.push(time);
                }
                let Some(newest) = by_now.pop() else { continue };
                let firing = fire(&mut schedule, armed, moment(now));
                prop_assert_eq!(firing.run, Due::interval(moment(newest)));
                prop_assert_eq!(missed(&firing), by_now.len() as u64);
                let next = nominal.peek().map(|time| Due::interval(moment(*time)));
                prop_assert_eq!(firing.next, next);
                due = firing.next;
            }
        }
    }
}
