//! What to do when a run of a series has become due, and when the wall clock was set.

use std::time::{Duration, SystemTime};

use super::{Due, Firing, Missed, Schedule};
use crate::time::{Moment, Timeline};
use crate::trigger::search::{Found, TICK};

/// How far a wall clock that is set back may go for it to count as a correction of the hour, as at the
/// end of summer time, in which runs at fixed times are not repeated. A clock that goes further back
/// was wrong, and what it now shows counts.
///
/// Rule: `cron(8)` of ISC cron 4.1, which has the same three hours.
const CORRECTION: Duration = Duration::from_hours(3);

/// How long a search pauses at least before it goes on, so that other tasks get on, too.
const PAUSE: Duration = Duration::from_millis(10);

impl Schedule {
    /// What to do about a series at intervals.
    pub(super) fn fire_interval(
        &mut self,
        due: Due,
        now: Moment,
        step: u64,
        timeline: Timeline,
    ) -> Firing {
        if self.jitter.is_some() {
            return self.fire_jittered(due, now, step, timeline);
        }
        let (run, missed, next) = self.nominal_runs(due, now, step, timeline);
        Firing { run: Some(run), missed, next }
    }

    /// The run of a series at intervals that is the newest by now, and what was before it and comes
    /// after it. Leaves the jitter aside.
    fn nominal_runs(
        &self,
        due: Due,
        now: Moment,
        step: u64,
        timeline: Timeline,
    ) -> (Due, Missed, Option<Due>) {
        let until = self.until.map_or(Moment::NEVER, |until| timeline.moment_at(until));
        let (first, now) = (due.moment.nanos(), now.min(until).nanos());
        let count = now.saturating_sub(first).checked_div(step).unwrap_or(0);
        // No more than what it is late by.
        let newest = first + count * step;
        let run = Due::interval(Moment::from_nanos(newest));
        let missed = if count == 0 {
            Missed::None
        } else {
            let interval = Duration::from_nanos(step);
            Missed::Intervals { before: run.wall_on(timeline), interval, count }
        };
        let next = Due::interval(Moment::from_nanos(newest.saturating_add(step)));
        (run, missed, self.allow(next, timeline))
    }

    #[cold]
    fn fire_jittered(&mut self, due: Due, now: Moment, step: u64, timeline: Timeline) -> Firing {
        let nominal = self.nominal().unwrap_or(due);
        let (mut newest, mut missed, mut next) = self.nominal_runs(nominal, now, step, timeline);
        let mut run = self.delayed(newest, now, timeline);
        if missed != Missed::None && run.moment > now {
            // The delay of the newest is not over: it comes next.
            let before = Moment::from_nanos(newest.moment.nanos() - 1);
            (newest, missed, next) = self.nominal_runs(nominal, before, step, timeline);
            run = self.delayed(newest, now, timeline);
        }
        let next = next.map(|next| self.delayed(next, now, timeline));
        Firing { run: Some(run), missed, next }
    }

    #[inline(never)]
    pub(super) fn fire_calendar(
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
        if let Found::Run(second) = next
            && second <= wall
        {
            let last = self.until.map_or(wall, |until| until.min(wall));
            newest = last.checked_add(TICK).and_then(|end| self.run_before(end)).unwrap_or(first);
            if newest > first
                && self.jitter.is_some()
                && self.delayed(Due::at(newest, now, timeline), now, timeline).wall > Some(wall)
            {
                // The delay of the newest is not over: it comes next.
                newest = self.run_before(newest).unwrap_or(first);
            }
            newest = newest.max(first);
            next = self.run_after(newest);
        }
        let (mut run, mut missed) = (due, Missed::None);
        if newest > first {
            run = self.delayed(Due::at(newest, now, timeline), now, timeline);
            missed = Missed::Calendar { first, before: newest };
        }
        Firing { run: Some(run), missed, next: self.follow(next, now, wall, timeline) }
    }

    /// Searches for the next run after a time, and gives it or when to go on with that.
    pub(super) fn search(
        &mut self,
        after: SystemTime,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> Option<Due> {
        self.follow(self.run_after(after), now, wall, timeline)
    }

    /// What is to be armed after a search.
    fn follow(
        &mut self,
        found: Found,
        now: Moment,
        wall: SystemTime,
        timeline: Timeline,
    ) -> Option<Due> {
        match found {
            Found::Never => None,
            Found::Run(time) => {
                let next = self.allow(Due::at(time, now, timeline), timeline)?;
                Some(self.delayed(next, now, timeline))
            }
            Found::NoneUntil(time) => {
                self.allow(Due::at(time, now, timeline), timeline)?;
                self.none_until = Some(Box::new(time));
                // Half way, so that a run soon after that time is known before it is due.
                let ahead = time.duration_since(wall).unwrap_or_default() / 2;
                Some(Due::at(wall + ahead.max(PAUSE), now, timeline))
            }
        }
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
        let nominal = match self.none_until {
            None => self.nominal().unwrap_or(due),
            Some(_) => due,
        };
        let goes_back = back.is_some_and(|back| back > CORRECTION || self.trigger.repeats());
        if goes_back
            && self.trigger.is_calendar()
            && let Found::Run(sooner) = self.run_after(wall)
            && nominal.wall > Some(sooner)
            && let Some(sooner) = self.allow(Due::at(sooner, now, timeline), timeline)
        {
            self.none_until = None;
            return self.delayed(sooner, now, timeline);
        }
        Due::at(time, now, timeline)
    }
}
