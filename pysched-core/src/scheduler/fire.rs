//! Firing: how what is due becomes jobs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use super::shard::{Shard, is_live};
use super::slot::Standing;
use crate::execution::{Owner, Status, Ticket, Work};
use crate::executor::Job;
use crate::prefetch::Location;
use crate::task::AnyRecord;
use crate::time::Moment;
use crate::trigger::{Due, Firing};

/// Room for this many keys is kept between two looks at a queue.
const ROOM: usize = 1024;

/// How many tasks ahead their slots are fetched: about as many as the memory delivers at a time.
const AHEAD: usize = 8;

/// What became due in one look at the queues.
pub(super) struct Harvest {
    /// The executions to start, by lane.
    pub(super) lanes: Vec<VecDeque<Job>>,

    /// Records to flush once the lock is released.
    pub(super) touched: Vec<Arc<dyn AnyRecord>>,
}

impl Harvest {
    pub(super) fn new(lanes: usize) -> Self {
        Self { lanes: (0..lanes).map(|_| VecDeque::new()).collect(), touched: Vec::new() }
    }

    /// How many executions there are to start.
    pub(super) fn jobs(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }
}

impl Shard {
    /// Takes out everything that is due. Jobs of one look come in the order of urgency, as far as it
    /// is known before they are made.
    pub(super) fn fire_due(
        &mut self,
        owner: &Arc<dyn Owner>,
        now: Moment,
        wall: SystemTime,
        harvest: &mut Harvest,
    ) {
        let mut due = std::mem::take(&mut self.due);
        self.timers.drain_due(now, &mut due);
        let mut dead = 0;
        for (number, key) in due.iter().enumerate() {
            if let Some(ahead) = due.get(number + AHEAD) {
                self.slots.location(ahead.slot as usize).prefetch();
            }
            if is_live(&self.slots, key) {
                self.fire(key.slot as usize, now, wall, owner, harvest);
            } else {
                dead += 1;
            }
        }
        self.timers.buried(dead);
        due.clear();
        due.shrink_to(ROOM);
        self.due = due;
        self.head = self.next_due();
    }

    /// Fires one task: starts its run that is due, records those that were missed or skipped, and
    /// arms the next.
    fn fire(
        &mut self,
        index: usize,
        now: Moment,
        wall: SystemTime,
        owner: &Arc<dyn Owner>,
        harvest: &mut Harvest,
    ) {
        let slot = self.slot_mut(index);
        slot.standing = Standing::Unarmed;
        let due = slot.due();
        // The wall clock may have been set back by less than counts as a step.
        if let Some(early) = due.wall.and_then(|time| time.duration_since(wall).ok())
            && !early.is_zero()
        {
            self.arm(index, Due { moment: now.saturating_add(early), ..due });
            return;
        }
        if slot.record().is_none() {
            let lane = slot.lane as usize;
            harvest.lanes[lane].push_back(self.launch_light(index, due, owner));
            return;
        }
        self.fire_recorded(index, due, now, owner, harvest);
    }

    fn fire_recorded(
        &mut self,
        index: usize,
        due: Due,
        now: Moment,
        owner: &Arc<dyn Owner>,
        harvest: &mut Harvest,
    ) {
        let timeline = self.timeline;
        let slot = self.slot(index);
        let Some(record) = slot.record() else { return };
        let Firing { run, missed, interval, next } = match slot.schedule() {
            Some(schedule) => schedule.fire(due, now, timeline),
            None => Firing::once(due),
        };
        let due = run.wall_on(timeline);
        let at = || timeline.wall_at(now);
        if missed > 0 {
            record.miss(due, interval, missed, at());
        }
        let launched = record.launch(due);
        // One that still waits for a worker was not in time; this newer run takes its place.
        if launched.is_none() && !record.supersede(due, at()) {
            record.pass_over(due, at(), Status::Skipped);
        }
        if missed > 0 || launched.is_none() {
            harvest.touched.push(Arc::clone(record));
        }
        if let Some(number) = launched {
            let job = self.job(index, number, run.number_on(timeline), owner);
            let slot = self.slot_mut(index);
            slot.count_launch();
            harvest.lanes[slot.lane as usize].push_back(job);
        }
        if let Some(next) = next
            && !self.slot(index).is_ending()
        {
            self.arm(index, next);
        }
    }

    /// Queues the only execution of a task without a record.
    pub(super) fn launch_light(&mut self, index: usize, due: Due, owner: &Arc<dyn Owner>) -> Job {
        let timeline = self.timeline;
        let slot = self.slot_mut(index);
        slot.standing = Standing::Queued;
        slot.due = due.moment;
        self.job(index, 1, due.number_on(timeline), owner)
    }

    fn job(&self, index: usize, run: u64, due: Moment, owner: &Arc<dyn Owner>) -> Job {
        let slot = self.slot(index);
        let task = self.share.id(slot.sequence, index);
        let ticket = Ticket::new(task, run, slot.lane, Location::of(slot), Arc::clone(owner));
        Job::new(slot.priority, due, Work::Execution(ticket))
    }

    /// Passes over the next run of a task, which was cancelled.
    pub(super) fn skip_next(&mut self, index: usize) {
        let Some(due) = self.disarm(index) else { return };
        // It was one of the executions that the task may have, as if it had been launched.
        self.slot_mut(index).count_launch();
        // Seen from its own due time, nothing was missed.
        let next = self
            .schedule(index)
            .and_then(|(schedule, timeline)| schedule.fire(due, due.moment, timeline).next);
        if let Some(next) = next
            && !self.slot(index).is_ending()
        {
            self.arm(index, next);
        }
    }
}
