//! What to do when a run of a series has become due, and when the wall clock was set.

use std::time::{Duration, SystemTime};

use super::{Due, Firing, Missed, Schedule};
use crate::time::{Moment, Timeline};
use crate::trigger::search::TICK;

/// How far a wall clock that is set back may go for it to count as a correction of the hour, as at the
/// end of summer time, in which runs at fixed times are not repeated. A clock that goes further back
/// was wrong, and what it now shows counts.
///
/// Rule: `cron(8)` of ISC cron 4.1, which has the same three hours.
const CORRECTION: Duration = Duration::from_hours(3);

impl Schedule {
    /// What to do about a series at intervals, whose jitter is left aside.
    pub(super) fn fire_interval(
        &self,
        due: Due,
        now: Moment,
        step: u64,
        timeline: Timeline,
    ) -> Firing {
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
        Firing { run, missed, next: self.allow(next, timeline) }
    }

    /// The same with its jitter.
    #[cold]
    pub(super) fn fire_jittered(
        &mut self,
        due: Due,
        now: Moment,
        step: u64,
        timeline: Timeline,
    ) -> Firing {
        let nominal = self.nominal().unwrap_or(due);
        let mut firing = self.fire_interval(nominal, now, step, timeline);
        let mut run = self.delayed(firing.run, now, timeline);
        if firing.missed != Missed::None && run.moment > now {
            // The delay of the newest is not over: it comes next.
            let before = Moment::from_nanos(firing.run.moment.nanos() - 1);
            firing = self.fire_interval(nominal, before, step, timeline);
            run = self.delayed(firing.run, now, timeline);
        }
        let next = firing.next.map(|next| self.delayed(next, now, timeline));
        Firing { run, next, ..firing }
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
        if next.is_some_and(|next| next <= wall) {
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
        let was_missed = newest > first;
        Firing {
            run: if was_missed {
                self.delayed(Due::at(newest, now, timeline), now, timeline)
            } else {
                due
            },
            missed: if was_missed {
                Missed::Calendar { first, before: newest }
            } else {
                Missed::None
            },
            next: next
                .and_then(|next| self.allow(Due::at(next, now, timeline), timeline))
                .map(|next| self.delayed(next, now, timeline)),
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
        let goes_back = back.is_some_and(|back| back > CORRECTION || self.trigger.repeats());
        if goes_back
            && self.trigger.is_calendar()
            && let Some(sooner) = self.run_after(wall)
            && self.nominal().unwrap_or(due).wall > Some(sooner)
            && let Some(sooner) = self.allow(Due::at(sooner, now, timeline), timeline)
        {
            return self.delayed(sooner, now, timeline);
        }
        Due::at(time, now, timeline)
    }
}
