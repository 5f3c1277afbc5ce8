//! Firing: how what is due becomes jobs.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use super::attempts::Overrun;
use super::events::EventKind;
use super::outbox::Outbox;
use super::shard::Shard;
use super::slot::{Slot, Standing};
use crate::TaskId;
use crate::execution::{JobAnchor, Reason, Status, Ticket, Work};
use crate::executor::Job;
use crate::prefetch::Location;
use crate::queue::{ReadyKey, TimerKey};
use crate::task::{AnyRecord, Rules};
use crate::time::{Moment, Timeline};
use crate::trigger::{Due, Firing, Missed};

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

    /// What else is left to be done then.
    pub(super) outboxes: Vec<Outbox>,

    /// Executions that have run for too long, and by which rules.
    pub(super) overruns: Vec<(Overrun, Option<Arc<Rules>>)>,

    /// Tasks that have something to queue if a limit has room for it.
    pub(super) contenders: Vec<Reverse<(ReadyKey, TaskId)>>,

    /// Room for what is due in one shard after the other, kept from one look to the next.
    due: Vec<TimerKey>,
}

impl Harvest {
    pub(super) fn new(lanes: usize) -> Self {
        let lanes = (0..lanes).map(|_| VecDeque::new()).collect();
        Self {
            lanes,
            touched: Vec::new(),
            outboxes: Vec::new(),
            overruns: Vec::new(),
            contenders: Vec::new(),
            due: Vec::new(),
        }
    }

    /// Adds an execution to start.
    pub(super) fn push(&mut self, job: Job) {
        self.lanes[job.lane() as usize].push_back(job);
    }

    /// Gives back the room that a burst has needed.
    pub(super) fn shrink(&mut self) {
        self.due.shrink_to(ROOM);
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
        owner: &Arc<JobAnchor>,
        now: Moment,
        wall: SystemTime,
        harvest: &mut Harvest,
    ) {
        let mut due = mem::take(&mut harvest.due);
        self.timers.drain_due(now, &mut due);
        let mut dead = 0;
        for (number, key) in due.iter().enumerate() {
            if let Some(ahead) = due.get(number + AHEAD) {
                self.slots.location(ahead.slot as usize).prefetch();
            }
            if !self.fire(key, now, wall, owner, harvest) {
                dead += 1;
            }
        }
        self.timers.buried(dead);
        due.clear();
        harvest.due = due;
    }

    /// Does everything that there is to do by now, and says so by the head.
    pub(super) fn look(
        &mut self,
        owner: &Arc<JobAnchor>,
        now: Moment,
        wall: SystemTime,
        harvest: &mut Harvest,
    ) {
        self.ring_deadlines(now, harvest);
        if !self.paused {
            if self.open {
                self.fire_due(owner, now, wall, harvest);
            }
            self.look_at_nudged(owner, now, wall, harvest);
        }
        harvest.outboxes.extend(self.take_outbox().map(|outbox| *outbox));
        self.head = self.next_due();
    }

    /// Looks at the tasks that may have something to queue.
    fn look_at_nudged(
        &mut self,
        owner: &Arc<JobAnchor>,
        now: Moment,
        wall: SystemTime,
        harvest: &mut Harvest,
    ) {
        while let Some(index) = self.nudged.pop() {
            let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.is_live()) else {
                continue;
            };
            let Some(rules) = slot.rules().cloned() else { continue };
            if self.open
                && !slot.is_paused()
                && let Some(due) = slot.more_mut().held.take()
            {
                self.fire_ruled(index, due, &rules, now, wall);
                self.touch(index);
            }
            self.launch_if_live(index, owner, harvest);
        }
    }

    /// Has the record of a task flushed once the lock is released, if there is something to flush.
    pub(super) fn touch(&mut self, index: usize) {
        let record = self.slots.get(index).and_then(Slot::record);
        let Some(record) = record.filter(|record| record.has_aftermath()).cloned() else { return };
        self.outbox().touched.push(record);
    }

    /// Fires the task of an entry, if that is live: starts its run that is due, records those that
    /// were missed or skipped, and arms the next. Says whether the entry was live.
    fn fire(
        &mut self,
        key: &TimerKey,
        now: Moment,
        wall: SystemTime,
        owner: &Arc<JobAnchor>,
        harvest: &mut Harvest,
    ) -> bool {
        let (index, timeline) = (key.slot as usize, self.timeline);
        let Some(slot) = self.slots.get_mut(index).filter(|slot| slot.waits_for(key)) else {
            return false;
        };
        let due = slot.disarm(&mut self.on_wall);
        // The wall clock may have been set back by less than counts as a step.
        if let Some(early) = due.wall.and_then(|time| time.duration_since(wall).ok())
            && !early.is_zero()
        {
            self.arm(index, Due { moment: now.saturating_add(early), ..due });
            return true;
        }
        if let Some(rules) = slot.rules().cloned() {
            self.fire_ruled(index, due, &rules, now, wall);
            self.touch(index);
            self.launch_if_live(index, owner, harvest);
            return true;
        }
        let task = self.share.id(slot.sequence, index);
        if slot.record().is_none() {
            let job = slot.launch_light(task, due, timeline, owner);
            self.tally.launched(slot.lane);
            harvest.lanes[slot.lane as usize].push_back(job);
            self.tell(index, now, || EventKind::Fired { due: due.wall_on(timeline) });
            return true;
        }
        let firing = match slot.schedule_mut() {
            Some(schedule) => schedule.fire(due, now, wall, timeline),
            None => Firing::once(due),
        };
        if let Firing { run: Some(run), missed: Missed::None, next } = firing
            && let Some(job) = slot.launch_recorded(task, run, timeline, owner)
        {
            // What nearly every run of a series comes to.
            self.tally.launched(slot.lane);
            harvest.lanes[slot.lane as usize].push_back(job);
            let next = next.filter(|_| !slot.is_ending()).map(|next| slot.arm(key.slot, next));
            if let Some(next) = next {
                self.enqueue(next);
            }
            self.tell(index, now, || EventKind::Fired { due: run.wall_on(timeline) });
        } else {
            self.fire_late(index, firing, now, owner, harvest);
        }
        true
    }

    /// Does what is to be done when runs were missed, when the execution before has not ended, or when
    /// there is no run.
    fn fire_late(
        &mut self,
        index: usize,
        Firing { run, missed, next }: Firing,
        now: Moment,
        owner: &Arc<JobAnchor>,
        harvest: &mut Harvest,
    ) {
        let timeline = self.timeline;
        let Some(slot) = self.slots.get(index) else { return };
        // What is of a user's is dropped once the lock is released.
        harvest.touched.extend(slot.record().cloned());
        let Some(run) = run else {
            match next {
                Some(next) => self.arm(index, next),
                None => self.go_on(index, now),
            }
            return;
        };
        let due = run.wall_on(timeline);
        if missed != Missed::None {
            let coalesced = |_| Reason::Coalesced { into: due };
            self.pass_over_missed(index, missed, Status::Missed, now, coalesced);
        }
        let task = self.id(index);
        let slot = self.slot_mut(index);
        if let Some(job) = slot.launch_recorded(task, run, timeline, owner) {
            self.tally.launched(job.lane());
            harvest.push(job);
            self.tell_fired(index, due, now);
        } else if self.supersede(index, run, now) {
            // One that still waited for a worker was not in time; this newer run has taken its place.
            self.slot_mut(index).since = run.nominal_moment(timeline);
        } else {
            self.pass_over(index, run, Status::Skipped, Reason::Overlap, now);
        }
        if let Some(next) = next
            && !self.slot(index).is_ending()
        {
            self.arm(index, next);
        }
    }

    /// Queues the only execution of a task that was just added.
    pub(super) fn launch_at_once(&mut self, index: usize, due: Due, owner: &Arc<JobAnchor>) -> Job {
        let (task, timeline) = (self.id(index), self.timeline);
        let lane = self.slot(index).lane;
        self.tally.launched(lane);
        self.tell(index, due.moment, || EventKind::Fired { due: due.wall_on(timeline) });
        self.slot_mut(index).launch_light(task, due, timeline, owner)
    }

    /// Passes over the next run of a task, which was cancelled.
    pub(super) fn skip_next(&mut self, index: usize) {
        let Some(due) = self.take_next(index) else { return self.skip_following(index) };
        // It was one of the executions that the task may have, as if it had been launched.
        self.slot_mut(index).count_launch();
        let timeline = self.timeline;
        let schedule = self.slot_mut(index).schedule_mut();
        let next = schedule.and_then(|schedule| schedule.skip(due, timeline));
        if let Some(next) = next
            && !self.slot(index).is_ending()
        {
            self.arm_or_hold(index, next);
        }
    }

    /// Queues what a task with rules has to queue, if it is still there.
    fn launch_if_live(&mut self, index: usize, owner: &Arc<JobAnchor>, harvest: &mut Harvest) {
        if self.slots.get(index).is_some_and(Slot::is_live) {
            self.launch_waiting(index, owner, harvest);
        }
    }
}

impl Slot {
    /// Queues the only execution of a task without a record.
    fn launch_light(
        &mut self,
        task: TaskId,
        due: Due,
        timeline: Timeline,
        owner: &Arc<JobAnchor>,
    ) -> Job {
        self.standing = Standing::Queued;
        self.due = due.moment;
        self.since = due.nominal_moment(timeline);
        self.job(task, 1, due.number_on(timeline), owner)
    }

    /// Queues the next execution of a task with a record, if none is in flight.
    fn launch_recorded(
        &mut self,
        task: TaskId,
        due: Due,
        timeline: Timeline,
        owner: &Arc<JobAnchor>,
    ) -> Option<Job> {
        let run = self.record()?.launch(due.wall_on(timeline))?;
        self.since = due.nominal_moment(timeline);
        self.count_launch();
        Some(self.job(task, run, due.number_on(timeline), owner))
    }

    fn job(&self, task: TaskId, run: u64, due: Moment, owner: &Arc<JobAnchor>) -> Job {
        self.limited_job(task, run, due, false, owner)
    }

    /// A job that a limit may count.
    pub(super) fn limited_job(
        &self,
        task: TaskId,
        run: u64,
        due: Moment,
        limited: bool,
        owner: &Arc<JobAnchor>,
    ) -> Job {
        let location = Location::of(self);
        let kinds = (limited, self.is_async);
        let ticket = Ticket::new(task, run, self.lane, location, kinds, Arc::clone(owner));
        Job::new(self.priority, due, Work::Execution(ticket))
    }
}
