//! What can be done to a task after it was added: pause, resume, run now, reschedule.

use std::sync::Arc;
use std::time::SystemTime;

use super::ending::Leftover;
use super::engine::Engine;
use super::events::EventKind;
use super::life::Stage;
use super::shard::Shard;
use super::slot::Standing;
use crate::TaskId;
use crate::error::Error;
use crate::execution::{Census, Reason, Status};
use crate::task::{Command, Overlap, Rules, edit};
use crate::time::{Moment, SimulatedClock, Timeline};
use crate::trigger::{Bounds, Due, Schedule, Trigger};

impl Engine {
    /// Does to a task what somebody wants.
    pub(super) fn steer(&self, task: TaskId, command: Command) -> Result<(), Error> {
        match command {
            Command::Cancel => self.cancel(task, Reason::TaskCancelled),
            Command::Pause => self.pause(task),
            Command::Resume => {
                let now = self.clock.now();
                self.steer_now(task, |shard, index| {
                    shard.resume(index, now);
                    Ok(())
                })
            }
            Command::RunNow => {
                let now = self.clock.now();
                self.steer_now(task, |shard, index| shard.run_now(index, now))
            }
            Command::Reschedule(trigger) => self.reschedule(task, trigger),
        }
    }

    fn pause(&self, task: TaskId) -> Result<(), Error> {
        let now = self.clock.now();
        let leftover = self.change(task, |shard| {
            let index = shard.index(task).ok_or(Error::UnknownTask(task))?;
            shard.pause(index, now);
            if shard.open {
                return Ok(Leftover::default());
            }
            // What is paused is not run by a shutdown, be it before it or now.
            Ok::<_, Error>(shard.end_series(index, false, Reason::ShutDown, now))
        })?;
        leftover.clear();
        Ok(())
    }

    fn steer_now(
        &self,
        task: TaskId,
        steer: impl FnOnce(&mut Shard, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.change(task, |shard| {
            let index = shard.index(task).ok_or(Error::UnknownTask(task))?;
            steer(shard, index)?;
            shard.touch(index);
            Ok(())
        })
    }

    #[inline]
    pub(super) fn cancel(&self, task: TaskId, reason: Reason) -> Result<(), Error> {
        let now = self.clock.now();
        let place = self.place(task);
        let mut shard = place.shard.lock();
        let index = shard.index(task).ok_or(Error::UnknownTask(task))?;
        let leftover = shard.end_series(index, true, reason, now);
        self.unlock(place, shard, false);
        leftover.clear();
        Ok(())
    }

    fn reschedule(&self, task: TaskId, trigger: Trigger) -> Result<(), Error> {
        let trigger = trigger.validated()?;
        let _lent = self.clock.simulated().map(SimulatedClock::lend_randomness);
        let (now, wall) = self.clock.read();
        // The search for a first run may take its time, which nobody else should wait for: its result
        // without the limits of the task is checked, and the search under the lock finds it at once.
        let timeline = Timeline::through(now, wall);
        Schedule::plan(trigger.clone(), Bounds::default(), now, wall, timeline)?;
        self.change(task, |shard| {
            let index = shard.index(task).ok_or(Error::UnknownTask(task))?;
            shard.observe(now, wall);
            shard.reschedule(index, trigger, now, wall)?;
            shard.touch(index);
            Ok(())
        })
    }
}

impl Shard {
    /// Gives a task a record and rules, if it has none; `None` if it has begun its only run.
    pub(super) fn govern(&mut self, index: usize) -> Option<Arc<Rules>> {
        if let Some(rules) = self.slot(index).rules() {
            return Some(Arc::clone(rules));
        }
        if self.slot(index).record().is_none() {
            if self.slot(index).standing == Standing::Running {
                return None;
            }
            self.record_own(index)?;
        }
        let rules = Arc::clone(&self.default_rules);
        self.slot_mut(index).more_mut().rules = Some(Arc::clone(&rules));
        Some(rules)
    }

    fn pause(&mut self, index: usize, now: Moment) {
        let was_paused = self.slot(index).is_paused();
        // One that has begun its only run has no other that could be held back.
        let _ = self.govern(index);
        self.slot_mut(index).more_mut().paused = true;
        if let Some(due) = self.disarm(index) {
            self.slot_mut(index).more_mut().held = Some(due);
        }
        if !was_paused {
            self.tell(index, now, || EventKind::Paused);
        }
    }

    fn resume(&mut self, index: usize, now: Moment) {
        if !self.slot(index).is_paused() {
            return;
        }
        let more = self.slot_mut(index).more_mut();
        more.paused = false;
        if !more.behind
            && let Some(due) = more.held.take()
        {
            self.arm(index, due);
        }
        self.tell(index, now, || EventKind::Resumed);
        self.nudge(index);
    }

    fn run_now(&mut self, index: usize, now: Moment) -> Result<(), Error> {
        let last = Error::LastRun(self.id(index));
        let is_single = self.slot(index).schedule().is_none_or(|schedule| !schedule.is_series());
        if is_single && self.slot(index).record().is_none() {
            return match self.slot(index).standing {
                Standing::Armed => {
                    self.disarm(index);
                    self.arm(index, Due::interval(now));
                    Ok(())
                }
                Standing::Queued => Ok(()),
                _ => Err(last),
            };
        }
        let Some(rules) = self.govern(index) else { return Err(last) };
        let Census { holding, untouched, buffered, .. } = self.census(index);
        let has_one = is_single && !self.is_tied(index);
        if self.slot(index).is_ending() || (has_one && !self.has_next(index)) {
            // It is about to run, if it has not begun.
            return self.force_last(index, untouched);
        }
        let is_full = holding >= rules.overlap.capacity();
        let is_skipped = match rules.overlap {
            Overlap::Skip | Overlap::Allow(_) => is_full,
            Overlap::BufferOne => buffered > 0 || is_full && untouched > 0,
            _ => false,
        };
        if is_skipped {
            return Err(Error::Overlap(self.id(index)));
        }
        if has_one {
            // Instead of later.
            self.take_next(index);
        }
        self.admit(index, Due::interval(now), None, now);
        self.force(index, Some(Due::interval(now)));
        if self.slot(index).is_ending() {
            // It was the last that the task may have, unless it does not take place.
            let next = self.take_next(index);
            self.slot_mut(index).more_mut().reserve = next;
        }
        Ok(())
    }

    /// Has the last execution that a task may have run, if it has not begun.
    fn force_last(&mut self, index: usize, untouched: usize) -> Result<(), Error> {
        if untouched == 0 {
            return Err(Error::LastRun(self.id(index)));
        }
        self.force(index, None);
        Ok(())
    }

    /// Has an execution that was not begun run though the task is paused: the one that is due then, or the
    /// oldest.
    fn force(&mut self, index: usize, due: Option<Due>) {
        let due = due.map(|due| due.wall_on(self.timeline));
        if let Some(record) = self.slot(index).record() {
            edit(&**record, |ledger| ledger.force(due));
        }
        self.nudge(index);
    }

    /// Whether a task has a next run, be it armed or held.
    fn has_next(&self, index: usize) -> bool {
        let slot = self.slot(index);
        slot.is_armed() || slot.held().is_some()
    }

    /// Takes the next run of a task back, be it armed or held. Without it, the task is behind with none.
    pub(super) fn take_next(&mut self, index: usize) -> Option<Due> {
        let armed = self.disarm(index);
        let more = self.slot_mut(index).more.as_deref_mut();
        armed.or_else(|| {
            more.and_then(|more| {
                more.behind = false;
                more.held.take()
            })
        })
    }

    fn reschedule(
        &mut self,
        index: usize,
        trigger: Trigger,
        now: Moment,
        wall: SystemTime,
    ) -> Result<(), Error> {
        let last = Error::LastRun(self.id(index));
        if self.is_tied(index) {
            return Err(Error::InvalidTrigger(format!(
                "task {} runs when those have succeeded that it follows, and not by a trigger: cancel it, \
                 and add one that follows none",
                self.id(index)
            )));
        }
        let has_next = self.has_next(index) || self.slot(index).is_fixed_delay();
        let slot = self.slot(index);
        if slot.is_ending() || !has_next {
            return Err(last);
        }
        let bounds = slot.schedule().map(Schedule::bounds).unwrap_or_default();
        let (schedule, first) = Schedule::plan(trigger, bounds, now, wall, self.timeline)?;
        if self.govern(index).is_none() {
            return Err(last);
        }
        if let Some(due) = self.take_next(index) {
            self.drop_due(index, due, Status::Missed, Reason::Rescheduled, now);
        }
        self.slot_mut(index).more_mut().schedule = Some(schedule);
        self.arm_or_hold(index, first);
        self.tell(index, now, || EventKind::Rescheduled);
        Ok(())
    }
}

impl Engine {
    /// Fires nothing until it is resumed, or fires again.
    pub(super) fn pause_all(&self, paused: bool) {
        let (now, wall) = self.clock.read();
        let mut outboxes = Vec::new();
        let changed = {
            // So that the heart finds all shards paused, or none.
            let life = self.life.lock();
            let changed = self.paused.swap(paused, std::sync::atomic::Ordering::SeqCst) != paused;
            if changed {
                let kind =
                    if paused { EventKind::SchedulerPaused } else { EventKind::SchedulerResumed };
                self.tell(wall, kind);
                for place in &self.shards {
                    let mut shard = place.shard.lock();
                    if life.stage >= Stage::Draining {
                        // Nothing fires any more. What waits would do so for ever.
                        if paused {
                            shard.cancel_all_that_waits(now);
                            outboxes.extend(shard.take_outbox().map(|outbox| *outbox));
                        }
                        continue;
                    }
                    shard.paused = paused;
                    shard.head = shard.next_due();
                    if !paused {
                        // Earlier than the heart knows.
                        let _ = place.head.advance(shard.head, &self.alarm);
                    }
                }
            }
            drop(life);
            changed
        };
        for outbox in outboxes {
            self.post(outbox);
        }
        if changed && !paused {
            self.parker.unpark();
        }
    }
}
