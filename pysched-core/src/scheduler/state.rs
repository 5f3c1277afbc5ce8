//! [`State`]: everything a scheduler knows of its tasks. Guarded by the scheduler's one lock.
//!
//! A plain data structure: it takes the time as an argument and runs no code of users. What a
//! change leaves to be done without the lock, its caller finds in the records it gets back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use slab::Slab;

use super::alarm::Alarm;
use super::finished::FinishedTasks;
use crate::execution::{Execution, Owner, Status};
use crate::executor::Job;
use crate::id::SchedulerId;
use crate::queue::{ReadyKey, TimerKey, TimerQueue};
use crate::task::{AnyRecord, Launch};
use crate::time::{Moment, Timeline};
use crate::trigger::{Due, Firing, Schedule};
use crate::{TaskId, TaskInfo};

/// How far the wall clock may move against the monotonic one before it counts as set. Less is the
/// everyday correction of a clock, and the noise of reading two clocks one after the other.
const STEP: Duration = Duration::from_millis(100);

/// A slab of more than this many slots is given back once it is empty.
const SMALL: usize = 64;

/// Where a scheduler stands in its life. It only ever goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Built; tasks can be added and wait.
    Created,
    Running,

    /// Fires nothing more; what is queued or running ends.
    Draining,

    /// What was queued has been cancelled or has ended.
    Closed,
}

/// The tasks of a scheduler and when they are due.
pub(super) struct State {
    pub(super) stage: Stage,

    /// Whether the heart's thread is alive.
    pub(super) heart_beats: bool,
    pub(super) alarm: Alarm,
    pub(super) finished: FinishedTasks,

    /// What a shutdown that waits has found due, until the heart hands it over.
    pub(super) last_harvest: Option<Harvest>,
    timeline: Timeline,

    /// When the clocks were last compared.
    observed: Moment,
    slots: Slab<Slot>,

    /// Holds one live entry for each slot that is armed, and none else.
    timers: TimerQueue,

    /// How many tasks have ever been added.
    added: u64,
}

/// A live task.
pub(super) struct Slot {
    pub(super) record: Arc<dyn AnyRecord>,
    pub(super) schedule: Schedule,
    pub(super) name: Option<String>,
    pub(super) priority: i32,

    /// Which executor runs it.
    pub(super) lane: u32,

    /// Tells this task from those that had the slot before.
    sequence: u64,

    /// The next run, for which an entry is in the timer queue.
    armed: Option<Due>,

    /// Whether no run follows but those in flight.
    ending: bool,
}

/// What is needed to put a new task into a slot.
pub(super) struct Entrant {
    pub(super) record: Arc<dyn AnyRecord>,
    pub(super) schedule: Schedule,
    pub(super) first: Due,
    pub(super) name: Option<String>,
    pub(super) priority: i32,
    pub(super) lane: u32,
}

/// What became due in one look at the queue.
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

fn is_live(slots: &Slab<Slot>, key: &TimerKey) -> bool {
    slots.get(key.slot as usize).is_some_and(|slot| {
        slot.priority == key.priority && slot.armed.is_some_and(|due| due.moment == key.due)
    })
}

impl State {
    pub(super) fn new(now: Moment, wall: SystemTime) -> Self {
        Self {
            stage: Stage::Created,
            heart_beats: false,
            alarm: Alarm::awake(),
            finished: FinishedTasks::default(),
            last_harvest: None,
            timeline: Timeline::through(now, wall),
            observed: now,
            slots: Slab::new(),
            timers: TimerQueue::new(),
            added: 0,
        }
    }

    pub(super) fn timeline(&self) -> Timeline {
        self.timeline
    }

    /// Adds a task and arms it.
    pub(super) fn insert(&mut self, scheduler: SchedulerId, entrant: Entrant) -> TaskId {
        self.added += 1;
        let sequence = self.added;
        let Entrant { record, schedule, first, name, priority, lane } = entrant;
        let slot =
            Slot { record, schedule, name, priority, lane, sequence, armed: None, ending: false };
        let index = self.slots.insert(slot);
        self.arm(index, first);
        TaskId::new(scheduler, sequence, narrow(index))
    }

    pub(super) fn index(&self, task: TaskId) -> Option<usize> {
        let index = task.slot() as usize;
        let slot = self.slots.get(index)?;
        (slot.sequence == task.sequence()).then_some(index)
    }

    /// When the next run of a task is due.
    pub(super) fn next_run(&self, index: usize) -> Option<SystemTime> {
        self.slots[index].armed.map(|due| due.wall_on(self.timeline))
    }

    /// When a task is armed for.
    pub(super) fn armed(&self, index: usize) -> Option<Moment> {
        self.slots[index].armed.map(|due| due.moment)
    }

    pub(super) fn info(&self, scheduler: SchedulerId, index: usize) -> TaskInfo {
        let slot = &self.slots[index];
        TaskInfo {
            id: TaskId::new(scheduler, slot.sequence, narrow(index)),
            name: slot.name.clone(),
            trigger: slot.schedule.trigger().clone(),
            priority: slot.priority,
            next_run: self.next_run(index),
            paused: false,
        }
    }

    pub(super) fn slot(&self, index: usize) -> &Slot {
        &self.slots[index]
    }

    /// How many tasks are alive.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The indices of all live tasks.
    pub(super) fn indices(&self) -> Vec<usize> {
        self.slots.iter().map(|(index, _)| index).collect()
    }

    /// When the earliest task is due.
    pub(super) fn next_due(&mut self) -> Moment {
        let slots = &self.slots;
        self.timers.next_due(|key| is_live(slots, key)).unwrap_or(Moment::NEVER)
    }

    /// Notes the times of both clocks. If the wall clock has been set, tasks that wait for it are
    /// timed anew; says whether that was so.
    pub(super) fn observe(&mut self, now: Moment, wall: SystemTime) -> bool {
        // Readings reach the lock in any order: one from before the clock was set must not undo
        // what a later one has brought.
        if now < self.observed {
            return false;
        }
        self.observed = now;
        if self.timeline.deviation(now, wall) <= STEP {
            return false;
        }
        self.timeline = Timeline::through(now, wall);
        for index in self.indices() {
            if let Some(Due { wall: Some(time), .. }) = self.slots[index].armed {
                self.disarm(index);
                let moment = self.timeline.moment_at(time).max(now);
                self.arm(index, Due { moment, wall: Some(time) });
            }
        }
        true
    }

    /// Takes out everything that is due.
    pub(super) fn fire_due(
        &mut self,
        scheduler: SchedulerId,
        owner: &Arc<dyn Owner>,
        now: Moment,
        wall: SystemTime,
        harvest: &mut Harvest,
    ) {
        let mut keys = Vec::new();
        let mut dead = 0;
        self.timers.drain_due(now, &mut keys);
        for key in keys {
            if !is_live(&self.slots, &key) {
                dead += 1;
                continue;
            }
            let index = key.slot as usize;
            let Some(due) = self.slots[index].armed.take() else { continue };
            // The wall clock may have been set back by less than counts as a step.
            if let Some(early) = due.wall.and_then(|time| time.duration_since(wall).ok())
                && !early.is_zero()
            {
                self.arm(index, Due { moment: now.saturating_add(early), ..due });
                continue;
            }
            let task = TaskId::new(scheduler, self.slots[index].sequence, key.slot);
            // A run that has waited for the wall clock is recorded by it, small corrections
            // included, so that it never seems to have started early.
            let timeline = match due.wall {
                Some(_) => Timeline::through(now, wall),
                None => self.timeline,
            };
            self.fire(task, due, now, timeline, owner, harvest);
        }
        self.timers.buried(dead);
    }

    /// Fires one task: starts its run that is due, records those that were missed or skipped, and
    /// arms the next.
    fn fire(
        &mut self,
        task: TaskId,
        due: Due,
        now: Moment,
        timeline: Timeline,
        owner: &Arc<dyn Owner>,
        harvest: &mut Harvest,
    ) {
        let index = task.slot() as usize;
        let slot = &mut self.slots[index];
        let Firing { run, missed, interval, next } = slot.schedule.fire(due, now, timeline);
        let due = run.wall_on(timeline);
        let at = timeline.wall_at(now);
        if missed > 0 {
            slot.record.miss(task, due, interval, missed, at);
            harvest.touched.push(Arc::clone(&slot.record));
        }
        if slot.record.active() > 0 {
            // One that still waits for a worker was not in time; this newer run takes its place.
            if !slot.record.supersede(due, at) {
                slot.record.pass_over(Execution::passed_over(task, due, at, Status::Skipped));
            }
            harvest.touched.push(Arc::clone(&slot.record));
        } else {
            let more = slot.schedule.count_launch();
            slot.ending |= !more;
            let last = slot.ending || (next.is_none() && !slot.schedule.is_fixed_delay());
            let launch = Launch { task, due, lane: slot.lane, last, timeline };
            let record = Arc::clone(&slot.record);
            let work = record.launch(launch, Arc::clone(owner));
            let (priority, sequence) = (slot.priority, slot.sequence);
            let key = ReadyKey { priority, due: Moment::of_wall(due), sequence };
            harvest.lanes[slot.lane as usize].push_back(Job::new(key, task, due, work));
        }
        match next {
            Some(next) if !self.slots[index].ending => self.arm(index, next),
            _ => {}
        }
    }

    /// Goes on with a task of which an execution has ended or was withdrawn at `at`: arms its next
    /// run if this decides when that is, or forgets it if it is finished. The caller holds the
    /// record, so that nothing of a user's is dropped here.
    pub(super) fn go_on(&mut self, task: TaskId, at: Moment) {
        let Some(index) = self.index(task) else { return };
        let slot = &self.slots[index];
        if slot.armed.is_some() || slot.record.active() > 0 {
            return;
        }
        match slot.schedule.after_end(at, self.timeline) {
            Some(next) if !slot.ending => self.arm(index, next),
            _ => drop(self.remove(index, task)),
        }
    }

    /// Passes over the next run of a task, which was cancelled.
    pub(super) fn skip_next(&mut self, task: TaskId) {
        let Some(index) = self.index(task) else { return };
        if let Some(due) = self.disarm(index) {
            let slot = &mut self.slots[index];
            // It was one of the executions that the task may have, as if it had been launched.
            slot.ending |= !slot.schedule.count_launch();
            // Seen from its own due time, nothing was missed.
            let next = slot.schedule.fire(due, due.moment, self.timeline).next;
            if let Some(next) = next {
                self.arm(index, next);
            }
        }
    }

    /// Ends the series of a task: cancels its next run, and with `queued` also what has not begun.
    /// Gives its record back, to be flushed.
    pub(super) fn end_series(
        &mut self,
        index: usize,
        scheduler: SchedulerId,
        queued: bool,
        now: Moment,
    ) -> Arc<dyn AnyRecord> {
        let task = TaskId::new(scheduler, self.slots[index].sequence, narrow(index));
        let next = self.disarm(index).map(|due| due.wall_on(self.timeline));
        let slot = &mut self.slots[index];
        slot.ending = true;
        slot.record.withdraw(task, next, queued, self.timeline.wall_at(now));
        if slot.record.active() == 0 {
            return self.remove(index, task);
        }
        if queued {
            // What is left in flight has begun, and holds the function itself.
            slot.record.close();
        }
        Arc::clone(&slot.record)
    }

    /// Forgets a finished task but for its history.
    fn remove(&mut self, index: usize, task: TaskId) -> Arc<dyn AnyRecord> {
        let slot = self.slots.remove(index);
        slot.record.close();
        self.finished.push(task, slot.record.executions());
        if self.slots.is_empty() && self.slots.capacity() > SMALL {
            self.slots = Slab::new();
        }
        slot.record
    }

    fn arm(&mut self, index: usize, due: Due) {
        let slot = &mut self.slots[index];
        debug_assert!(slot.armed.is_none());
        slot.armed = Some(due);
        self.timers.push(TimerKey {
            due: due.moment,
            priority: slot.priority,
            slot: narrow(index),
        });
    }

    fn disarm(&mut self, index: usize) -> Option<Due> {
        let due = self.slots[index].armed.take();
        if due.is_some() {
            let slots = &self.slots;
            self.timers.forget(|key| is_live(slots, key));
        }
        due
    }
}

/// The index of a slot, as ids and timer keys hold it.
fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("a scheduler holds fewer than 2^32 live tasks")
}
