//! [`Shard`]: a share of the tasks of a scheduler, and when they are due. Guarded by one lock.
//!
//! A plain data structure: it takes the time as an argument and runs no code of users. What a
//! change leaves to be done without the lock, its caller finds in what it gets back. How tasks are
//! fired is in `fire.rs`, how they go on and end in `ending.rs`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossbeam_utils::CachePadded;

use super::bonds::Bonds;
use super::deadlines::{Deadline, Deadlines, Key};
use super::events::Bus;
use super::finished::FinishedTasks;
use super::limits::Limits;
use super::outbox::Outbox;
use super::slot::{Armed, More, Slot, Standing};
use super::slots::Slots;
use super::stats::Tally;
use super::stops::Stops;
use crate::execution::{Execution, Status, Times};
use crate::id::SchedulerId;
use crate::queue::{TimerKey, TimerQueue};
use crate::task::{Body, Rules};
use crate::time::{Moment, Timeline};
use crate::trigger::Due;
use crate::{TaskId, TaskInfo};

/// How far the wall clock may move against the monotonic one before it counts as set. Less is the
/// everyday correction of a clock, and the noise of reading two clocks one after the other.
pub(super) const STEP: Duration = Duration::from_millis(100);

/// How many executions of finished tasks are remembered, of all tasks together.
const REMEMBERED: usize = 10_000;

/// Which share of the tasks a shard has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) scheduler: SchedulerId,

    /// Which of the shards it is.
    pub(super) number: u32,

    /// There are two to the power of this many shards.
    pub(super) bits: u32,
}

impl Share {
    pub(super) fn id(self, sequence: u64, index: usize) -> TaskId {
        TaskId::new(self.scheduler, sequence, narrow(index) << self.bits | self.number)
    }

    /// How many tasks a shard can hold.
    fn capacity(self) -> usize {
        usize::try_from(u32::MAX >> self.bits).unwrap_or(usize::MAX)
    }

    /// Where in the shard a task is, if anywhere.
    fn index(self, task: TaskId) -> usize {
        (task.slot() >> self.bits) as usize
    }

    /// Whether what is found there is the task, and not one that has come in its place.
    fn is_of(self, slot: &Slot, task: TaskId) -> bool {
        slot.sequence == task.sequence() && self.scheduler == task.scheduler()
    }

    /// A live task and where it is: in the slots alone, so that the rest of the shard can be changed
    /// meanwhile.
    #[inline]
    pub(super) fn find(self, slots: &Slots<Slot>, task: TaskId) -> Option<(usize, &Slot)> {
        let index = self.index(task);
        let slot = slots.get(index)?;
        (self.is_of(slot, task) && slot.is_live()).then_some((index, slot))
    }

    /// As [`find`](Self::find), to change it.
    #[inline]
    pub(super) fn find_mut(
        self,
        slots: &mut Slots<Slot>,
        task: TaskId,
    ) -> Option<(usize, &mut Slot)> {
        let index = self.index(task);
        let slot = slots.get_mut(index)?;
        (self.is_of(slot, task) && slot.is_live()).then_some((index, slot))
    }
}

/// An index as ids and timer keys hold it.
#[expect(clippy::cast_possible_truncation, reason = "`insert` has made sure of it")]
fn narrow(index: usize) -> u32 {
    index as u32
}

/// A share of the tasks of a scheduler.
pub(super) struct Shard {
    pub(super) share: Share,

    /// Whether tasks are added and fired.
    pub(super) open: bool,

    /// Whether the scheduler is paused: tasks are added, and not fired.
    pub(super) paused: bool,

    /// How many executions of each task are retained.
    pub(super) history: usize,
    pub(super) finished: FinishedTasks,

    /// No armed task is due before this.
    pub(super) head: Moment,

    /// How many armed tasks wait for the wall clock. Changes with their standing only: in
    /// `enqueue` and in `Slot::disarm`.
    pub(super) on_wall: usize,

    /// Whether the heart notices that the wall clock is set while it sleeps. Written by the heart.
    pub(super) watched: bool,
    pub(super) timeline: Timeline,

    /// When the clocks were last compared.
    observed: Moment,
    pub(super) slots: Slots<Slot>,

    /// Tasks that may have something to queue, for the heart to look at.
    pub(super) nudged: Vec<usize>,

    /// In a box, as is the tally: all else should lie in as few cache lines as it can, since they go from
    /// one processor to another with the lock.
    pub(super) deadlines: Box<Deadlines>,

    /// Of executions that are polled. In a box as well.
    pub(super) stops: Box<Stops>,

    /// What is left to be done without the lock. In a box, as hardly any change leaves anything.
    outbox: Option<Box<Outbox>>,

    /// The rules of tasks that were told none, and are paused, say.
    pub(super) default_rules: Arc<Rules>,

    /// Shared by all shards, with a lock of its own, which is taken last, as is that of the bus.
    pub(super) limits: Arc<Limits>,

    /// Where all that happens is told.
    pub(super) bus: Arc<Bus>,

    /// What has happened so far.
    pub(super) tally: Box<CachePadded<Tally>>,

    /// Holds one live entry for each slot that is armed, and none else.
    pub(super) timers: TimerQueue,
}

/// What all shards of a scheduler share.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) limits: Arc<Limits>,
    pub(super) bus: Arc<Bus>,
}

/// What is needed to put a new task into a slot.
pub(super) struct Entrant {
    pub(super) body: Body,

    /// Whether its function gives a future.
    pub(super) is_async: bool,
    pub(super) sequence: u64,
    pub(super) priority: i32,
    pub(super) lane: u32,
    pub(super) more: Option<Box<More>>,
    pub(super) delay: u64,
    pub(super) first: Due,

    /// Whether it waits for its first run; otherwise that is launched at once, or armed.
    pub(super) armed: bool,
}

pub(super) fn is_live(slots: &Slots<Slot>, key: &TimerKey) -> bool {
    slots.get(key.slot as usize).is_some_and(|slot| slot.waits_for(key))
}

impl Shard {
    pub(super) fn new(
        share: Share,
        now: Moment,
        wall: SystemTime,
        history: usize,
        common: Common,
    ) -> Self {
        Self {
            share,
            open: true,
            paused: false,
            history,
            // Twice its share, as tasks do not finish as evenly as they are spread.
            finished: FinishedTasks::new((2 * REMEMBERED) >> share.bits),
            head: Moment::NEVER,
            on_wall: 0,
            watched: false,
            timeline: Timeline::through(now, wall),
            observed: now,
            slots: Slots::new(),
            nudged: Vec::new(),
            deadlines: Box::default(),
            stops: Box::default(),
            outbox: None,
            default_rules: Arc::default(),
            limits: common.limits,
            bus: common.bus,
            tally: Box::default(),
            timers: TimerQueue::new(),
        }
    }

    /// Adds a task that is held by one handle, and gives its index. One that waits for the wall clock
    /// is armed afterwards.
    pub(super) fn insert(&mut self, entrant: Entrant) -> usize {
        let Entrant { body, is_async, sequence, priority, lane, more, delay, first, armed } =
            entrant;
        debug_assert!(!armed || first.wall.is_none());
        let index = self.slots.insert(Slot {
            is_async,
            body: Some(body),
            more,
            sequence,
            due: first.moment,
            since: Moment::default(),
            delay,
            priority,
            lane,
            held: 1,
            standing: if armed { Standing::Armed } else { Standing::Unarmed },
        });
        assert!(index < self.share.capacity(), "a scheduler holds fewer than 2^32 live tasks");
        if armed {
            self.timers.push(TimerKey { due: first.moment, priority, slot: narrow(index) });
            self.head = self.head.min(first.moment);
        }
        index
    }

    /// Where a live task is kept.
    pub(super) fn index(&self, task: TaskId) -> Option<usize> {
        self.share.find(&self.slots, task).map(|(index, _)| index)
    }

    /// Where a task is kept that is live or held.
    pub(super) fn held_index(&self, task: TaskId) -> Option<usize> {
        let index = self.share.index(task);
        self.slots.get(index).filter(|slot| self.share.is_of(slot, task)).map(|_| index)
    }

    pub(super) fn id(&self, index: usize) -> TaskId {
        self.share.id(self.slot(index).sequence, index)
    }

    pub(super) fn slot(&self, index: usize) -> &Slot {
        self.slots.get(index).expect("the slot was looked up under the same lock")
    }

    pub(super) fn slot_mut(&mut self, index: usize) -> &mut Slot {
        self.slots.get_mut(index).expect("the slot was looked up under the same lock")
    }

    /// When the next run of a task is due.
    pub(super) fn next_run(&self, index: usize) -> Option<SystemTime> {
        let slot = self.slot(index);
        if slot.is_armed() {
            return Some(slot.due().wall_on(self.timeline));
        }
        let more = slot.more.as_deref().filter(|more| !more.paused)?;
        let following = more.bonds.as_deref().and_then(Bonds::next);
        following.map(|due| self.timeline.wall_at(due))
    }

    /// When the next run of a task is due, be it known for certain or not.
    pub(super) fn upcoming(&self, index: usize) -> Option<SystemTime> {
        let slot = self.slot(index);
        let held = || slot.held().map(|due| due.wall_on(self.timeline));
        // Whenever its predecessors have succeeded.
        let tied = || self.is_tied(index).then(|| self.timeline.wall_at(self.observed));
        self.next_run(index).or_else(held).or_else(tied)
    }

    pub(super) fn info(&self, index: usize) -> TaskInfo {
        let slot = self.slot(index);
        TaskInfo {
            id: self.id(index),
            name: slot.name().map(str::to_owned),
            trigger: slot.trigger(),
            priority: slot.priority,
            next_run: self.next_run(index),
            paused: slot.is_paused(),
            tags: slot.rules().map(|rules| rules.tag_names()).unwrap_or_default(),
            in_flight: self.in_flight(index),
        }
    }

    /// The executions of a task that have not ended, oldest first.
    pub(super) fn in_flight(&self, index: usize) -> Vec<Execution> {
        let slot = self.slot(index);
        match slot.record() {
            Some(record) => record.in_flight(),
            None => self.light_in_flight(index).into_iter().collect(),
        }
    }

    fn light_in_flight(&self, index: usize) -> Option<Execution> {
        let slot = self.slot(index);
        let (started, status) = match slot.standing {
            Standing::Queued => (None, Status::Queued),
            Standing::Running => match slot.started() {
                None => (None, Status::Queued),
                started => (started, Status::Running),
            },
            Standing::Armed | Standing::Over(_) | Standing::Unarmed => return None,
        };
        let details = slot.more.as_deref().and_then(|more| more.details.as_deref());
        let times = self.times(slot, started, None);
        Some(Execution::new(self.id(index), times, status, None).detailed(details))
    }

    /// The times of the execution of a light task.
    pub(super) fn times(
        &self,
        slot: &Slot,
        started: Option<Moment>,
        finished: Option<Moment>,
    ) -> Times {
        let due = slot.due().wall_on(self.timeline);
        let started = started.map(|at| self.timeline.wall_at(at));
        Times::in_order(due, started, finished.map(|at| self.timeline.wall_at(at)))
    }

    /// The same as numbers, if there are exact ones: they take a few instructions.
    pub(super) fn numbers(
        &self,
        slot: &Slot,
        started: Option<Moment>,
        finished: Moment,
    ) -> Option<Times<Moment>> {
        let number = |at| self.timeline.exact_number_at(at);
        let due = match slot.due() {
            Due { wall: Some(time), .. } => Moment::exactly_of_wall(time)?,
            Due { wall: None, moment } => number(moment)?,
        };
        let started = match started {
            Some(at) => Some(number(at)?),
            None => None,
        };
        Some(Times::in_order(due, started, Some(number(finished)?)))
    }

    /// The indices of all live tasks.
    pub(super) fn indices(&self) -> Vec<usize> {
        self.slots.iter().filter(|(_, slot)| slot.is_live()).map(|(index, _)| index).collect()
    }

    /// When there is something to do: when the earliest task is due, or a deadline comes.
    pub(super) fn next_due(&mut self) -> Moment {
        let deadline = self.deadlines.next();
        if self.paused {
            return deadline;
        }
        if !self.nudged.is_empty() {
            return Moment::default();
        }
        let slots = &self.slots;
        self.timers.next_due(|key| is_live(slots, key)).unwrap_or(Moment::NEVER).min(deadline)
    }

    /// Whether executions have yet to be queued, or deadlines are to come.
    pub(super) fn has_business(&self) -> bool {
        self.has_deadlines() || self.slots.iter().any(|(_, slot)| slot.waiting() > 0)
    }

    /// Whether deadlines are to come.
    pub(super) fn has_deadlines(&self) -> bool {
        !self.deadlines.is_empty()
    }

    /// Has the heart look whether a task has something to queue.
    pub(super) fn nudge(&mut self, index: usize) {
        if self.slot(index).rules().is_some() && self.nudged.last() != Some(&index) {
            self.nudged.push(index);
            if !self.paused {
                self.head = Moment::default();
            }
        }
    }

    /// As [`nudge`](Self::nudge), if the task is still there.
    pub(super) fn nudge_task(&mut self, task: TaskId) {
        if let Some(index) = self.index(task) {
            self.nudge(index);
        }
    }

    pub(super) fn set_deadline(&mut self, at: Moment, deadline: Deadline) -> Key {
        self.head = self.head.min(at);
        self.deadlines.set(at, deadline)
    }

    pub(super) fn outbox(&mut self) -> &mut Outbox {
        self.outbox.get_or_insert_default()
    }

    /// Whether something is left to be done without the lock.
    #[inline]
    pub(super) fn has_outbox(&self) -> bool {
        self.outbox.is_some()
    }

    /// Takes out what is left to be done without the lock.
    pub(super) fn take_outbox(&mut self) -> Option<Box<Outbox>> {
        self.outbox.take()
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
        let back = self.timeline.wall_at(now).duration_since(wall).ok();
        let before = self.timeline;
        self.timeline = Timeline::through(now, wall);
        let timeline = self.timeline;
        // What has come is named by its due time, and keeps the one that was told.
        for index in self.slots.iter().map(|(index, _)| index).collect::<Vec<_>>() {
            self.slot_mut(index).fix_due(before);
        }
        for index in self.indices() {
            let set = |slot: &mut Slot, due| match slot.schedule_mut() {
                Some(schedule) => schedule.set(due, back, now, wall, timeline),
                None => due,
            };
            if self.slot(index).due().wall.is_some()
                && let Some(due) = self.disarm(index)
            {
                let due = set(self.slot_mut(index), due);
                self.arm(index, due);
            } else if let Some(due) = self.slot(index).held()
                && due.wall.is_some()
                && !self.slot(index).is_behind()
            {
                let slot = self.slot_mut(index);
                let due = set(slot, due);
                slot.more_mut().held = Some(due);
            }
        }
        true
    }

    /// Arms the next run of a task, or holds it if the task is paused.
    pub(super) fn arm_or_hold(&mut self, index: usize, due: Due) {
        if self.slot(index).is_paused() {
            self.slot_mut(index).more_mut().held = Some(due);
        } else {
            self.arm(index, due);
        }
    }

    pub(super) fn arm(&mut self, index: usize, due: Due) {
        let armed = self.slot_mut(index).arm(narrow(index), due);
        self.enqueue(armed);
    }

    /// Puts the entry of a task that was armed into the timer queue.
    #[inline]
    pub(super) fn enqueue(&mut self, Armed { key, is_on_wall }: Armed) {
        self.head = self.head.min(key.due);
        self.timers.push(key);
        if is_on_wall {
            self.on_wall += 1;
            if !self.watched {
                // Calls the heart, as what is due at once does.
                self.head = Moment::default();
            }
        }
    }

    /// Takes the next run of a task back.
    pub(super) fn disarm(&mut self, index: usize) -> Option<Due> {
        let slot = self.slots.get_mut(index).filter(|slot| slot.is_armed())?;
        let due = slot.disarm(&mut self.on_wall);
        let slots = &self.slots;
        self.timers.forget(|key| is_live(slots, key));
        Some(due)
    }
}
