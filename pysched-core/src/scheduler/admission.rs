//! What becomes of the runs of a task with rules that are due: `docs/rules.md` in code.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::engine::Engine;
use super::fire::Harvest;
use super::limits::Admission;
use super::shard::Shard;
use crate::TaskId;
use crate::execution::{Census, JobAnchor, Reason, Running, Status};
use crate::queue::ReadyKey;
use crate::task::{Misfire, Overlap, Rules, edit};
use crate::time::Moment;
use crate::trigger::{Due, Firing, Missed, Schedule};

/// How many executions of a task that is behind may be queued at once: it may have missed billions.
const CATCH_UP: usize = 1000;

/// How many missed runs of a calendar are counted at once, one by one.
const COUNTED: usize = 10_000;

/// What is due, and by which clocks.
#[derive(Debug, Clone, Copy)]
struct Look {
    now: Moment,
    wall: SystemTime,
}

impl Look {
    /// How late a run is.
    fn late(self, due: Due) -> Duration {
        match due.wall {
            None => self.now.since(due.moment),
            Some(time) => self.wall.duration_since(time).unwrap_or_default(),
        }
    }

    fn is_due(self, due: Due) -> bool {
        match due.wall {
            None => due.moment <= self.now,
            Some(time) => time <= self.wall,
        }
    }

    /// A look at an earlier time.
    fn back(self, span: Duration) -> Self {
        let now = Moment::from_origin(self.now.since_origin().saturating_sub(span));
        Self { now, wall: self.wall.checked_sub(span).unwrap_or(SystemTime::UNIX_EPOCH) }
    }
}

impl Shard {
    /// Deals with a task whose next run is due.
    pub(super) fn fire_ruled(
        &mut self,
        index: usize,
        due: Due,
        rules: &Arc<Rules>,
        now: Moment,
        wall: SystemTime,
    ) {
        let look = Look { now, wall };
        let catches_up = rules.misfire == Misfire::RunAll;
        let is_behind = catches_up && self.is_behind(index, due, look);
        let mut next = Some(due);
        while let Some(due) = next.filter(|&due| look.is_due(due)) {
            if self.slot(index).is_ending() {
                break;
            }
            if self.slot(index).schedule().is_some_and(Schedule::is_searching) {
                next = self.step(index, due, look).next;
                continue;
            }
            if catches_up && self.hold_without_room(index, due, rules, is_behind) {
                return;
            }
            let grace = rules.grace().filter(|&grace| look.late(due) > grace);
            next = if let Some(grace) = grace {
                // Those that are later than the grace, up to the newest such.
                let Firing { run, missed, next } =
                    self.step(index, due, look.back(grace.saturating_add(Duration::from_nanos(1))));
                self.pass_over_missed(index, missed, Status::Missed, now, |due| {
                    Reason::TooLate(wall.duration_since(due).unwrap_or_default())
                });
                if let Some(run) = run {
                    let reason = Reason::TooLate(look.late(run));
                    self.pass_over(index, run, Status::Missed, reason, now);
                }
                next
            } else if catches_up {
                self.take_oldest(index, due, rules, now)
            } else {
                let Firing { run, missed, next } = self.step(index, due, look);
                if let Some(run) = run {
                    let into = run.wall_on(self.timeline);
                    let coalesced = |_| Reason::Coalesced { into };
                    self.pass_over_missed(index, missed, Status::Missed, now, coalesced);
                    self.admit(index, run, next, now);
                }
                next
            };
        }
        if catches_up {
            self.slot_mut(index).more_mut().behind = false;
        }
        self.arm_next(index, next, now);
    }

    /// Whether a task that runs all that it misses has more to run than the one that is due.
    fn is_behind(&self, index: usize, due: Due, look: Look) -> bool {
        let slot = self.slot(index);
        let Look { now, wall } = look;
        slot.is_behind()
            || slot.schedule().is_some_and(|it| it.is_followed(due, now, wall, self.timeline))
    }

    /// Whether a task that runs all that it misses has room for another one.
    fn has_room(&self, index: usize, rules: &Rules) -> bool {
        let Census { holding, untouched, .. } = self.census(index);
        holding.saturating_add(untouched) < rules.overlap.capacity() && untouched < CATCH_UP
    }

    /// Puts the runs of a task off that runs all that it misses, if there is no room for them. But a run
    /// that is due on time while others run is a matter of overlap.
    fn hold_without_room(
        &mut self,
        index: usize,
        due: Due,
        rules: &Rules,
        is_behind: bool,
    ) -> bool {
        let is_full = self.census(index).holding >= rules.overlap.capacity();
        let holds = !self.has_room(index, rules) && (is_behind || !is_full);
        if holds {
            let more = self.slot_mut(index).more_mut();
            more.held = Some(due);
            more.behind = true;
        }
        holds
    }

    /// Deals with the oldest run of a task that runs all that it misses; gives the next.
    fn take_oldest(&mut self, index: usize, due: Due, rules: &Rules, now: Moment) -> Option<Due> {
        // Seen from its own time, it is the newest.
        let seen = Look { now: due.moment, wall: due.wall_on(self.timeline) };
        let Firing { run, next, .. } = self.step(index, due, seen);
        match run {
            Some(run) if self.has_room(index, rules) => {
                self.execute(index, run, next, false, false, now);
            }
            Some(run) => self.admit(index, run, next, now),
            None => {}
        }
        next
    }

    /// What the schedule of a task says about a run that is due.
    fn step(&mut self, index: usize, due: Due, look: Look) -> Firing {
        let timeline = self.timeline;
        match self.slot_mut(index).schedule_mut() {
            Some(schedule) => schedule.fire(due, look.now, look.wall, timeline),
            None => Firing::once(due),
        }
    }

    /// Makes a run an execution, or passes it over, as the overlap policy says. `next` is the run after
    /// it, as far as it is known.
    pub(super) fn admit(&mut self, index: usize, due: Due, next: Option<Due>, now: Moment) {
        let Some(rules) = self.slot(index).rules().cloned() else { return };
        let overlap = rules.overlap;
        let Census { holding, untouched, buffered, .. } = self.census(index);
        if holding < overlap.capacity() {
            match overlap {
                _ if untouched == 0 => self.execute(index, due, next, false, false, now),
                Overlap::BufferOne if buffered > 0 => {
                    self.pass_over(index, due, Status::Skipped, Reason::Overlap, now);
                }
                Overlap::BufferAll if buffered > 0 => {
                    self.execute(index, due, next, true, false, now);
                }
                // Nothing is coalesced that is to be caught up with.
                _ if rules.misfire == Misfire::RunAll => {
                    self.execute(index, due, next, false, false, now);
                }
                _ => {
                    self.supersede(index, due, now);
                }
            }
            return;
        }
        match overlap {
            Overlap::Allow(n) => {
                self.pass_over(index, due, Status::Skipped, Reason::Limit(n), now);
            }
            Overlap::BufferOne if untouched == 0 => {
                self.execute(index, due, next, true, false, now);
            }
            Overlap::BufferAll => self.execute(index, due, next, true, false, now),
            Overlap::CancelOther => {
                self.stop_all(index, Reason::NewerRun, now);
                if untouched == 0 {
                    self.execute(index, due, next, false, false, now);
                } else {
                    self.supersede(index, due, now);
                }
            }
            Overlap::Skip | Overlap::BufferOne | Overlap::AllowAll => {
                self.pass_over(index, due, Status::Skipped, Reason::Overlap, now);
            }
        }
    }

    /// Makes a run an execution.
    pub(super) fn execute(
        &mut self,
        index: usize,
        due: Due,
        next: Option<Due>,
        buffered: bool,
        forced: bool,
        now: Moment,
    ) {
        let timeline = self.timeline;
        let time = due.wall_on(timeline);
        let slot = self.slot_mut(index);
        let Some(record) = slot.record() else { return };
        edit(&**record, |ledger| ledger.execute(due.both_on(timeline), buffered, forced));
        slot.count_launch();
        if let Some(bonds) = slot.more_mut().bonds.as_deref_mut() {
            bonds.has_run = true;
        }
        if slot.is_ending() {
            slot.more_mut().reserve = next;
        }
        self.tell_fired(index, time, now);
    }

    /// Lets a run take the place of an execution that was not begun, if there is one; says whether.
    pub(super) fn supersede(&mut self, index: usize, due: Due, now: Moment) -> bool {
        let (time, at) = (due.wall_on(self.timeline), self.timeline.wall_at(now));
        let Some(record) = self.slot(index).record() else { return false };
        let both = due.both_on(self.timeline);
        let Some(missed) = edit(&**record, |ledger| ledger.supersede(both, at)) else {
            return false;
        };
        self.tell_fired(index, time, now);
        let reason = Reason::Coalesced { into: time };
        self.tell_fate(index, missed, Status::Missed, reason, 1, now);
        true
    }

    /// Records a run that does not become an execution.
    pub(super) fn pass_over(
        &mut self,
        index: usize,
        due: Due,
        status: Status,
        reason: Reason,
        now: Moment,
    ) {
        let (time, at) = (due.wall_on(self.timeline), self.timeline.wall_at(now));
        let Some(record) = self.slot(index).record() else { return };
        edit(&**record, |ledger| ledger.pass_over(time, at, status, reason));
        self.tell_fate(index, time, status, reason, 1, now);
    }

    /// Records runs that were missed. Of many, only the newest are recorded one by one.
    pub(super) fn pass_over_missed(
        &mut self,
        index: usize,
        missed: Missed,
        status: Status,
        now: Moment,
        reason: impl Fn(SystemTime) -> Reason,
    ) {
        let at = self.timeline.wall_at(now);
        let Some(newest) = self.record_missed(index, missed, status, at, &reason) else { return };
        let Newest { told, count } = newest;
        let rest = count - told.len() as u64;
        for (number, due) in told.into_iter().enumerate() {
            let count = if number == 0 { rest + 1 } else { 1 };
            self.tell_fate(index, due, status, reason(due), count, now);
        }
    }

    /// Records runs that were missed, and gives the newest of them, oldest first, and how many they are.
    pub(super) fn record_missed(
        &self,
        index: usize,
        missed: Missed,
        status: Status,
        at: SystemTime,
        reason: &dyn Fn(SystemTime) -> Reason,
    ) -> Option<Newest> {
        let slot = self.slot(index);
        let (record, schedule) = (slot.record()?, slot.schedule()?);
        if missed == Missed::None {
            return None;
        }
        edit(&**record, |ledger| {
            // At least one, to be told.
            let limit = ledger.limit().max(1);
            let mut times = schedule.missed(missed);
            let mut newest: Vec<_> = times.by_ref().take(limit).collect();
            newest.reverse();
            for &due in &newest {
                ledger.pass_over(due, at, status, reason(due));
            }
            let count = if let Missed::Intervals { count, .. } = missed {
                count
            } else {
                let rest = COUNTED.saturating_sub(newest.len());
                (newest.len() + times.take(rest).count()) as u64
            };
            Some(Newest { told: newest, count })
        })
    }

    /// Records all runs from `due` to now, which were not looked at and will not be.
    pub(super) fn drop_due(
        &mut self,
        index: usize,
        due: Due,
        status: Status,
        reason: Reason,
        now: Moment,
    ) -> Option<Due> {
        let look = Look { now, wall: self.timeline.wall_at(now) };
        if !look.is_due(due) {
            return Some(due);
        }
        let Firing { run, missed, next } = self.step(index, due, look);
        self.pass_over_missed(index, missed, status, now, |_| reason);
        if let Some(run) = run {
            self.pass_over(index, run, status, reason, now);
        }
        next
    }

    /// Arms the next run of a task, if there is one and it may have one, or goes on without.
    pub(super) fn arm_next(&mut self, index: usize, next: Option<Due>, now: Moment) {
        match next {
            Some(next) if !self.slot(index).is_ending() => self.arm_or_hold(index, next),
            _ => self.go_on(index, now),
        }
    }

    /// Queues what waits and may go. What a limit concerns is let in later, in the order of urgency.
    pub(super) fn launch_waiting(
        &mut self,
        index: usize,
        owner: &Arc<JobAnchor>,
        harvest: &mut Harvest,
    ) {
        let Some(rules) = self.slot(index).rules().cloned() else { return };
        if self.limits.concern(&rules.tags) {
            let contender = self.contender(index, &rules);
            match contender {
                Some(key) => harvest.contenders.push(Reverse((key, self.id(index)))),
                None => self.want_no_room(index),
            }
            return;
        }
        while let Some(next) = self.next_to_queue(index, &rules) {
            self.launch(index, next, false, owner, harvest);
        }
    }

    /// Queues the next execution of a task that a limit concerns, if there is room; gives how urgent the
    /// one after that is, which may be let in next.
    pub(super) fn let_in(
        &mut self,
        task: TaskId,
        owner: &Arc<JobAnchor>,
        harvest: &mut Harvest,
    ) -> Option<ReadyKey> {
        let index = self.index(task)?;
        let rules = self.slot(index).rules().cloned()?;
        let next = self.next_to_queue(index, &rules);
        let Some((next, key)) = next.zip(self.contender(index, &rules)) else {
            self.want_no_room(index);
            return None;
        };
        let Admission { is_in, admitted } = self.limits.enter((task, next.run), &rules.tags, key);
        if !admitted.is_empty() {
            self.outbox().admitted.extend(admitted);
        }
        if !is_in {
            return None;
        }
        self.launch(index, next, true, owner, harvest);
        let another = self.contender(index, &rules);
        if another.is_none() {
            self.want_no_room(index);
        }
        another
    }

    fn next_to_queue(&self, index: usize, rules: &Rules) -> Option<Running> {
        let slot = self.slot(index);
        let (capacity, only_forced) = (rules.overlap.capacity(), slot.is_paused());
        edit(&**slot.record()?, |ledger| ledger.next_to_queue(capacity, only_forced))
    }

    /// How urgent the next execution is that a task has to queue.
    fn contender(&self, index: usize, rules: &Rules) -> Option<ReadyKey> {
        let next = self.next_to_queue(index, rules)?;
        let slot = self.slot(index);
        let due = Moment::of_wall(next.due);
        Some(ReadyKey { priority: slot.priority, due, sequence: slot.sequence })
    }

    fn launch(
        &mut self,
        index: usize,
        next: Running,
        limited: bool,
        owner: &Arc<JobAnchor>,
        harvest: &mut Harvest,
    ) {
        let slot = self.slot(index);
        let Some(record) = slot.record() else { return };
        edit(&**record, |ledger| ledger.queue(next.run));
        let due = Moment::of_wall(next.due);
        let job = slot.limited_job(self.id(index), next.run, due, limited, owner);
        self.tally.launched(job.lane());
        harvest.push(job);
    }

    /// A task has nothing to enter a limit for.
    fn want_no_room(&mut self, index: usize) {
        let admitted = self.limits.forget(self.id(index));
        if !admitted.is_empty() {
            self.outbox().admitted.extend(admitted);
        }
    }

    pub(super) fn census(&self, index: usize) -> Census {
        let record = self.slot(index).record();
        record.map(|record| edit(&**record, |ledger| ledger.census())).unwrap_or_default()
    }
}

impl Engine {
    /// Lets in those of one look that a limit concerns, the most urgent first, whatever shards they are
    /// in. Called under the lock of the life, so that nothing is looked at meanwhile.
    pub(super) fn let_contenders_in(
        &self,
        owner: impl Fn(usize) -> Arc<JobAnchor>,
        harvest: &mut Harvest,
    ) {
        let mut contenders = BinaryHeap::from(mem::take(&mut harvest.contenders));
        while let Some(Reverse((_, task))) = contenders.pop() {
            let number = self.number(task.slot());
            let mut shard = self.shards[number].shard.lock();
            let before = harvest.jobs();
            let another = shard.let_in(task, &owner(number), harvest);
            self.in_flight.enter(number, harvest.jobs() - before);
            harvest.outboxes.extend(shard.take_outbox().map(|outbox| *outbox));
            contenders.extend(another.map(|key| Reverse((key, task))));
        }
    }
}

/// Runs that were missed.
pub(super) struct Newest {
    /// The newest of them, oldest first: as many as are retained, and one at least.
    pub(super) told: Vec<SystemTime>,

    /// How many there are.
    pub(super) count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn how_late_a_run_is_depends_on_the_clock_that_it_waits_for() {
        let wall = SystemTime::UNIX_EPOCH + 100 * SECOND;
        let look = Look { now: Moment::from_origin(10 * SECOND), wall };
        let interval = |at| Due::interval(Moment::from_origin(at));
        // Where its time lies on the other clock is of no account.
        let on_wall = |time| Due { moment: Moment::NEVER, wall: Some(time) };
        for (due, late) in [
            (interval(10 * SECOND), Some(Duration::ZERO)),
            (interval(7 * SECOND), Some(3 * SECOND)),
            (interval(11 * SECOND), None),
            (on_wall(wall), Some(Duration::ZERO)),
            (on_wall(wall - 3 * SECOND), Some(3 * SECOND)),
            (on_wall(wall + SECOND), None),
        ] {
            assert_eq!(look.is_due(due), late.is_some(), "{due:?}");
            assert_eq!(look.late(due), late.unwrap_or_default(), "{due:?}");
        }
    }

    #[test]
    fn a_look_back_goes_to_the_beginning_of_time_at_most() {
        let wall = SystemTime::UNIX_EPOCH + 100 * SECOND;
        let look = Look { now: Moment::from_origin(10 * SECOND), wall };
        let back = look.back(3 * SECOND);
        assert_eq!(back.now, Moment::from_origin(7 * SECOND));
        assert_eq!(back.wall, wall - 3 * SECOND);
        let back = look.back(Duration::MAX);
        assert_eq!((back.now, back.wall), (Moment::default(), SystemTime::UNIX_EPOCH));
    }
}
