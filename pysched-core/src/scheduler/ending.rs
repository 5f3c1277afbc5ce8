//! How executions begin and end, and with them their tasks.

use std::sync::Arc;

use super::shard::Shard;
use super::slot::Standing;
use crate::TaskId;
use crate::execution::{Execution, Status, Ticket};
use crate::portable;
#[cfg(all(feature = "process", unix))]
use crate::portable::Parcel;
use crate::task::{AnyRecord, Body, Claim, Delivery, Sink};
use crate::time::Moment;
use crate::trigger::Schedule;
use crate::unwind::drop_quietly;

/// An execution that was claimed.
pub(super) enum Begun {
    /// Of a light task: its function.
    Light(Body),

    /// Of a task with a record.
    Recorded(Claim),
}

impl Begun {
    /// Delivers what became of it without being run here. Runs code of users.
    pub(super) fn conclude(self, outcome: portable::Outcome, sink: &dyn Sink) {
        match self {
            Self::Light(body) => body.conclude(outcome, sink),
            Self::Recorded(claim) => claim.conclude(outcome, sink),
        }
    }
}

/// What is to be flushed and dropped once no lock is held.
#[derive(Default)]
#[must_use = "it has to be cleared when the lock is released"]
pub(super) struct Leftover {
    record: Option<Arc<dyn AnyRecord>>,
    body: Option<Body>,

    /// Has the arguments of a registered function, as the body has.
    #[cfg(all(feature = "process", unix))]
    parcel: Option<Arc<Parcel>>,
}

impl Leftover {
    /// Runs code of users.
    #[inline]
    pub(super) fn clear(self) {
        if !self.is_empty() {
            self.clear_now();
        }
    }

    #[inline]
    fn is_empty(&self) -> bool {
        #[cfg(all(feature = "process", unix))]
        if self.parcel.is_some() {
            return false;
        }
        self.record.is_none() && self.body.is_none()
    }

    fn clear_now(self) {
        if let Some(record) = self.record {
            record.flush();
            // The last reference may go here, and with it the results of a user.
            let _ = drop_quietly(record);
        }
        if self.body.is_some() {
            let _ = drop_quietly(self.body);
        }
    }
}

impl Shard {
    /// Claims an execution: to run it, if `runs`, from `now` on, otherwise to let it fail. `None` if
    /// it was cancelled.
    pub(super) fn begin(&mut self, ticket: &Ticket, runs: bool, now: Moment) -> Option<Begun> {
        self.tally.taken(ticket.lane);
        let index = self.index(ticket.task)?;
        let timeline = self.timeline;
        let Some(slot) = self.slots.get_mut(index) else { return None };
        let begun = if let Some(record) = slot.record() {
            let more = slot.is_armed() || slot.schedule().is_some_and(Schedule::is_fixed_delay);
            let last = slot.is_ending() || !more;
            let started = runs.then(|| timeline.wall_at(now));
            Begun::Recorded(record.begin(ticket.run, started, last)?)
        } else {
            if slot.standing != Standing::Queued {
                return None;
            }
            slot.standing = Standing::Running;
            Begun::Light(slot.body.take()?)
        };
        self.tally.begun(ticket.lane);
        if runs {
            self.tally.called(slot.since, now);
        }
        slot.since = if runs { now } else { Moment::NEVER };
        Some(begun)
    }

    /// Goes on with a task of which an execution was withdrawn by its future.
    pub(super) fn withdraw(&mut self, task: TaskId, now: Moment) -> Leftover {
        self.tally.settled(Status::Cancelled, 1);
        // A cancelled execution of a task that is finished is in nobody's way.
        let Some(index) = self.index(task) else { return Leftover::default() };
        let Some(record) = self.slot(index).record().cloned() else { return Leftover::default() };
        let leftover = self.leftover(index);
        if record.sweep() {
            self.skip_next(index);
        }
        self.go_on(index, now);
        leftover
    }

    /// Records how an execution has ended at `now`, and goes on with its task.
    pub(super) fn conclude(
        &mut self,
        ticket: &Ticket,
        now: Moment,
        delivery: &mut dyn Delivery,
    ) -> Leftover {
        let status = delivery.status();
        let Some(index) = self.index(ticket.task) else { return Leftover::default() };
        let Some(slot) = self.slots.get(index) else { return Leftover::default() };
        self.tally.ended(ticket.lane, slot.started(), now);
        self.tally.settled(status, 1);
        if let Some(record) = slot.record() {
            let flush = delivery.settle(&**record, ticket.run, self.timeline.wall_at(now));
            if slot.is_armed() && !flush {
                // What nearly every run of a series comes to.
                return Leftover::default();
            }
            let leftover = self.leftover(index);
            self.go_on(index, now);
            return leftover;
        }
        let (started, is_held) = (slot.started(), slot.held > 0);
        self.remember(index, ticket.task, started, now, status, delivery.text());
        if is_held {
            let times = self.times(self.slot(index), started, Some(now));
            let record = delivery.record(ticket.task, self.history);
            let run = record.adopt(times.due, times.started);
            delivery.settle(&*record, run, times.finished.unwrap_or(times.due));
            let slot = self.slot_mut(index);
            slot.standing = Standing::Over;
            slot.more.get_or_insert_default().record = Some(record);
            self.leftover(index)
        } else {
            self.remove(index)
        }
    }

    /// Remembers how the execution of a light task has ended, unless nothing is to be retained.
    fn remember(
        &mut self,
        index: usize,
        task: TaskId,
        started: Option<Moment>,
        finished: Moment,
        status: Status,
        text: Option<&str>,
    ) {
        if self.history == 0 {
            return;
        }
        let slot = self.slot(index);
        if text.is_none()
            && let Some(numbers) = self.numbers(slot, started, finished)
        {
            self.finished.push_one(task, numbers, status);
        } else {
            let times = self.times(slot, started, Some(finished));
            self.finished.push(task, vec![Execution::new(task, times, status, text)]);
        }
    }

    /// What of a task may be a user's, to be held while the task may be forgotten.
    fn leftover(&self, index: usize) -> Leftover {
        let slot = self.slot(index);
        Leftover {
            record: slot.record().cloned(),
            body: None,
            #[cfg(all(feature = "process", unix))]
            parcel: slot.parcel().cloned(),
        }
    }

    /// Forgets a task at once.
    fn remove(&mut self, index: usize) -> Leftover {
        let leftover = self.leftover(index);
        let body = self.slots.remove(index).and_then(|slot| slot.body);
        Leftover { body, ..leftover }
    }

    /// Goes on with a task that has a record and of which an execution has ended or was withdrawn at
    /// `at`: arms its next run if this decides when that is, or forgets it if it is finished. The
    /// caller holds what is [left over](Self::leftover), so that nothing of a user's is dropped here.
    pub(super) fn go_on(&mut self, index: usize, at: Moment) {
        let slot = self.slot(index);
        if slot.is_armed() || slot.record().is_some_and(|record| record.is_active()) {
            return;
        }
        let timeline = self.timeline;
        let slot = self.slot_mut(index);
        let next = slot.schedule_mut().and_then(|schedule| schedule.after_end(at, timeline));
        match next {
            Some(next) if !slot.is_ending() => self.arm(index, next),
            _ => self.finish(index),
        }
    }

    /// Forgets a finished task that has a record, but for its history.
    fn finish(&mut self, index: usize) {
        let task = self.id(index);
        let Some(record) = self.slot(index).record().cloned() else { return };
        record.close();
        self.finished.push(task, record.executions());
        if self.slot(index).held > 0 {
            self.slot_mut(index).standing = Standing::Over;
        } else {
            // The caller holds what is left over.
            self.slots.remove(index);
        }
    }

    /// Ends the series of a task: cancels its next run, and with `queued` also what has not begun.
    pub(super) fn end_series(&mut self, index: usize, queued: bool, now: Moment) -> Leftover {
        let Some(record) = self.slot(index).record().cloned() else {
            return self.end_light(index, queued, now);
        };
        let at = self.timeline.wall_at(now);
        let leftover = self.leftover(index);
        let next = self.disarm(index).map(|due| due.wall_on(self.timeline));
        self.slot_mut(index).end();
        let cancelled = record.withdraw(next, queued, at);
        self.tally.settled(Status::Cancelled, cancelled);
        if !record.is_active() {
            self.finish(index);
        } else if queued {
            // What is left in flight has begun, and holds the function itself.
            record.close();
        }
        leftover
    }

    fn end_light(&mut self, index: usize, queued: bool, now: Moment) -> Leftover {
        let armed = self.disarm(index).is_some();
        let waits = queued && self.slot(index).standing == Standing::Queued;
        if !armed && !waits {
            return Leftover::default();
        }
        self.tally.settled(Status::Cancelled, 1);
        self.remember(index, self.id(index), None, now, Status::Cancelled, None);
        let slot = self.slot_mut(index);
        if slot.held == 0 {
            return self.remove(index);
        }
        slot.standing = Standing::Over;
        slot.since = now;
        Leftover { body: slot.body.take(), ..Leftover::default() }
    }

    /// Counts one more handle of a task that has one.
    pub(super) fn hold(&mut self, task: TaskId) {
        if let Some(index) = self.held_index(task) {
            self.slot_mut(index).held += 1;
        }
    }

    /// Lets go of a task for one of its handles. What is left of it, if that was the last, is to be
    /// dropped.
    pub(super) fn release(&mut self, task: TaskId) -> Leftover {
        let Some(index) = self.held_index(task) else { return Leftover::default() };
        let slot = self.slot_mut(index);
        slot.held -= 1;
        if slot.held > 0 || slot.is_live() {
            return Leftover::default();
        }
        self.remove(index)
    }

    /// The record of a task. If it has none yet, it is given one: of its own function if that is
    /// still here, otherwise by `make`.
    pub(super) fn record(
        &mut self,
        task: TaskId,
        make: &mut dyn FnMut() -> Arc<dyn AnyRecord>,
    ) -> Option<Arc<dyn AnyRecord>> {
        let index = self.held_index(task)?;
        if let Some(record) = self.slot(index).record() {
            return Some(Arc::clone(record));
        }
        let (history, timeline) = (self.history, self.timeline);
        let slot = self.slot_mut(index);
        let record = match slot.body.take() {
            Some(body) => body.into_record(task, history),
            None => make(),
        };
        let due = slot.due().wall_on(timeline);
        match slot.standing {
            Standing::Armed | Standing::Unarmed => {}
            Standing::Queued => {
                record.launch(due);
                slot.standing = Standing::Unarmed;
            }
            Standing::Running => {
                record.adopt(due, slot.started().map(|at| timeline.wall_at(at)));
                slot.standing = Standing::Unarmed;
            }
            // With a result, it would have been given a record then.
            Standing::Over => {
                // It was counted then.
                let _ = record.withdraw(Some(due), true, timeline.wall_at(slot.since));
            }
        }
        slot.more.get_or_insert_default().record = Some(Arc::clone(&record));
        Some(record)
    }

    /// Gives a series its record. Its handles have that, and need not be counted.
    pub(super) fn record_series(&mut self, index: usize) -> Option<Arc<dyn AnyRecord>> {
        let (task, history) = (self.id(index), self.history);
        let slot = self.slot_mut(index);
        slot.held = 0;
        let record = slot.body.take()?.into_record(task, history);
        slot.more.get_or_insert_default().record = Some(Arc::clone(&record));
        Some(record)
    }
}
