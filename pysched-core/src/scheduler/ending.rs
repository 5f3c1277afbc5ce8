//! How executions begin and end, and with them their tasks.

use std::sync::Arc;

use super::attempts::{Attempt, Follow};
use super::events::EventKind;
use super::shard::Shard;
use super::slot::{Slot, Standing};
use crate::TaskId;
use crate::execution::{Execution, Reason, Run, Status, Swept, Ticket, Times, Withdrawal};
use crate::portable;
#[cfg(all(feature = "process", unix))]
use crate::portable::Parcel;
use crate::task::{AnyRecord, Body, Claim, Delivery, Landing, Sink, edit};
use crate::time::Moment;
use crate::unwind::drop_quietly;

/// An execution that was claimed.
pub(super) enum Begun {
    /// Of a light task: its function.
    Light(Body),

    /// Of a task with a record; with what is to be known when it ends, if the task has rules.
    Recorded(Claim, Option<Box<Attempt>>),
}

impl Begun {
    /// Delivers what became of it without being run here. Runs code of users.
    pub(super) fn conclude(self, outcome: portable::Outcome, sink: &dyn Sink) {
        match self {
            Self::Light(body) => body.conclude(outcome, sink),
            Self::Recorded(claim, _) => claim.conclude(outcome, sink),
        }
    }

    /// Runs the function. Runs code of users.
    #[inline]
    pub(super) fn run(self, sink: &dyn Sink) {
        match self {
            Self::Light(body) => body.run(sink),
            Self::Recorded(claim, _) => claim.run(sink),
        }
    }

    /// If the function gives a future, the call of it, to be polled. Otherwise it is let go.
    pub(super) fn polled(self, landing: Landing) -> Result<Run, Landing> {
        match self {
            Self::Light(body) => body.polled(landing),
            Self::Recorded(claim, _) => claim.polled(landing),
        }
    }

    /// Takes out what is to be known when it ends.
    pub(super) fn take_attempt(&mut self) -> Option<Box<Attempt>> {
        match self {
            Self::Light(_) => None,
            Self::Recorded(_, attempt) => attempt.take(),
        }
    }
}

/// What is to be flushed and dropped once no lock is held.
#[derive(Default)]
#[must_use = "it has to be cleared when the lock is released"]
pub(super) struct Leftover {
    pub(super) record: Option<Arc<dyn AnyRecord>>,
    pub(super) body: Option<Body>,

    /// Has the arguments of a registered function, as the body has.
    #[cfg(all(feature = "process", unix))]
    pub(super) parcel: Option<Arc<Parcel>>,
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
    /// Claims an execution: to run it, if `runs`, from `now` on, otherwise to let it fail. `None` if it was
    /// cancelled or is not to run now.
    pub(super) fn begin(&mut self, ticket: &Ticket, runs: bool, now: Moment) -> Option<Begun> {
        self.tally.taken(ticket.lane);
        let timeline = self.timeline;
        let (index, slot) = self.share.find_mut(&mut self.slots, ticket.task)?;
        let begun = if let Some(record) = slot.record() {
            if let Some(rules) = slot.rules().cloned() {
                return self.begin_ruled(ticket, index, rules, runs, now);
            }
            let more = slot.is_armed() || slot.is_fixed_delay();
            let last = slot.is_ending() || !more;
            let started = runs.then(|| timeline.wall_at(now));
            Begun::Recorded(record.begin(ticket.run, started, last)?, None)
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
        if runs && self.bus.is_listening() {
            self.tell_plain_start(index, ticket.run, now);
        }
        Some(begun)
    }

    /// Goes on with a task of which an execution was withdrawn by its future.
    pub(super) fn withdraw(&mut self, task: TaskId, now: Moment) -> Leftover {
        // A cancelled execution of a task that is finished is in nobody's way.
        let Some(index) = self.index(task) else { return Leftover::default() };
        let Some(record) = self.slot(index).record().cloned() else { return Leftover::default() };
        let leftover = self.leftover(index);
        let Swept { upcoming, settled } = record.sweep(self.upcoming(index));
        for due in settled {
            self.tell_fate(index, due, Status::Cancelled, Reason::FutureCancelled, 1, now);
        }
        if upcoming {
            self.skip_next(index);
        }
        self.nudge(index);
        self.go_on(index, now);
        leftover
    }

    /// Records how an execution has ended at `now`, and goes on with its task.
    pub(super) fn conclude(
        &mut self,
        ticket: &Ticket,
        now: Moment,
        delivery: &mut dyn Delivery,
        follow: Follow,
    ) -> Leftover {
        self.forget_stop(ticket);
        let Some((index, slot)) = self.share.find(&self.slots, ticket.task) else {
            return Leftover::default();
        };
        let status = delivery.status();
        if slot.rules().is_some() {
            return self.conclude_ruled(index, ticket, now, delivery, follow);
        }
        self.tally.ended(ticket.lane, slot.started(), now);
        self.tally.settled(status, 1);
        if status == Status::Failed {
            self.tally.mishap(delivery.error());
        }
        if self.bus.is_listening() {
            self.tell_plain_end(index, ticket.run, delivery, now);
        }
        let Some(record) = slot.record() else {
            return self.conclude_light(index, ticket.task, status, delivery, now);
        };
        let signals = status == Status::Succeeded && slot.is_bound();
        let flush = delivery.settle(&**record, ticket.run, self.timeline.wall_at(now));
        if slot.is_armed() && !flush && !signals {
            // What nearly every run of a series comes to.
            return Leftover::default();
        }
        let leftover = self.leftover(index);
        if signals {
            self.signal_success(index);
        }
        self.go_on(index, now);
        leftover
    }

    /// Records how the only run of a light task has ended, for the history and for its handles.
    #[inline]
    fn conclude_light(
        &mut self,
        index: usize,
        task: TaskId,
        status: Status,
        delivery: &mut dyn Delivery,
        now: Moment,
    ) -> Leftover {
        let slot = self.slot(index);
        let (started, is_held) = (slot.started(), slot.held > 0);
        let (has_more, details) = match slot.more.as_deref() {
            Some(more) => (true, more.details.clone()),
            None => (false, None),
        };
        let numbers = self.numbers(slot, started, now);
        let times = |shard: &Self| {
            let times = || shard.times(shard.slot(index), started, Some(now));
            numbers.map_or_else(times, Times::on_wall)
        };
        if self.history > 0 {
            let is_plain = status == Status::Succeeded && details.is_none();
            if let Some(numbers) = numbers.filter(|_| is_plain) {
                self.finished.push_one(task, numbers, status, None);
            } else {
                let reason = (status == Status::Cancelled).then_some(Reason::ShutDown);
                let execution = Execution::new(task, times(self), status, delivery.text());
                let execution = execution.because(reason).detailed(details.as_deref());
                self.finished.push(task, vec![execution]);
            }
        }
        if has_more {
            self.wind_up(index, status == Status::Succeeded);
        }
        if !is_held {
            return self.remove(index);
        }
        let record = delivery.record(task, self.history, times(self), details);
        let slot = self.slot_mut(index);
        slot.standing = Standing::Over(None);
        slot.more_mut().record = Some(record);
        // The slot keeps it all for the handles.
        Leftover::default()
    }

    /// Remembers that the only run of a light task was cancelled.
    pub(super) fn remember_cancelled(&mut self, index: usize, reason: Reason, now: Moment) {
        let task = self.id(index);
        self.tally.settled(Status::Cancelled, 1);
        self.tell(index, now, || {
            let due = self.slot(index).due().wall_on(self.timeline);
            EventKind::Cancelled { due, reason, count: 1 }
        });
        self.tell(index, now, || EventKind::Finished);
        if self.history == 0 {
            return;
        }
        let slot = self.slot(index);
        let why = Withdrawal::of(reason);
        if let Some(numbers) = self.numbers(slot, None, now) {
            self.finished.push_one(task, numbers, Status::Cancelled, why);
        } else {
            let times = self.times(slot, None, Some(now));
            let execution = Execution::new(task, times, Status::Cancelled, None);
            self.finished.push(task, vec![execution.because(Some(reason))]);
        }
    }

    /// What of a task may be a user's, to be held while the task may be forgotten.
    #[inline]
    pub(super) fn leftover(&self, index: usize) -> Leftover {
        let slot = self.slot(index);
        Leftover {
            record: slot.record().cloned(),
            body: None,
            #[cfg(all(feature = "process", unix))]
            parcel: slot.parcel().cloned(),
        }
    }

    /// Lets go of what only some tasks have, when one is over.
    pub(super) fn wind_up(&mut self, index: usize, has_succeeded: bool) {
        if has_succeeded {
            self.signal_success(index);
        }
        self.signal_end(index);
        let task = self.id(index);
        let more = self.slot_mut(index).more_mut();
        let (details, rules) = (more.details.take(), more.rules.clone());
        let name = if more.is_named { more.name.clone() } else { None };
        #[cfg(all(feature = "process", unix))]
        let parcel = more.parcel.clone();
        if let Some(rules) = &rules
            && self.limits.concern(&rules.tags)
        {
            let admitted = self.limits.forget(task);
            self.outbox().admitted.extend(admitted);
        }
        if details.is_some() || rules.is_some() || name.is_some() {
            let outbox = self.outbox();
            outbox.details.extend(details);
            outbox.rules.extend(rules);
            outbox.names.extend(name.map(|name| (name, task)));
        }
        #[cfg(all(feature = "process", unix))]
        if let Some(parcel) = parcel {
            self.outbox().parcels.push(parcel);
        }
    }

    /// Forgets a task at once.
    pub(super) fn remove(&mut self, index: usize) -> Leftover {
        let Some(Slot { body, more, .. }) = self.slots.remove(index) else {
            return Leftover::default();
        };
        match more {
            None => Leftover { body, ..Leftover::default() },
            Some(more) => Leftover {
                body,
                record: more.record,
                #[cfg(all(feature = "process", unix))]
                parcel: more.parcel,
            },
        }
    }

    /// Goes on with a task that has a record and of which an execution has ended or was withdrawn at
    /// `at`: arms its next run if this decides when that is, or forgets it if it is finished. The
    /// caller holds what is [left over](Self::leftover), so that nothing of a user's is dropped here.
    pub(super) fn go_on(&mut self, index: usize, at: Moment) {
        let slot = self.slot(index);
        if slot.is_armed()
            || slot.held().is_some()
            || slot.record().is_some_and(|record| record.is_active())
            || self.is_tied(index)
        {
            return;
        }
        let timeline = self.timeline;
        let slot = self.slot_mut(index);
        let next = slot.schedule_mut().and_then(|schedule| schedule.after_end(at, timeline));
        match next {
            Some(next) if !slot.is_ending() => self.arm_or_hold(index, next),
            _ => self.finish(index, at),
        }
    }

    /// Forgets a finished task that has a record, but for its history.
    pub(super) fn finish(&mut self, index: usize, now: Moment) {
        let task = self.id(index);
        let Some(record) = self.slot(index).record().cloned() else { return };
        if self.slot(index).rules().is_some() {
            self.finish_ruled(index, &record, now);
        }
        record.close();
        self.tell(index, now, || EventKind::Finished);
        self.wind_up(index, false);
        self.finished.push(task, record.executions());
        if self.slot(index).held > 0 {
            self.slot_mut(index).standing = Standing::Over(None);
        } else {
            // The caller holds what is left over.
            self.slots.remove(index);
        }
    }

    /// What is left to be said of a task with rules that is finished.
    fn finish_ruled(&mut self, index: usize, record: &Arc<dyn AnyRecord>, now: Moment) {
        self.give_up_following(index, now);
        let at = self.timeline.wall_at(now);
        edit(&**record, |ledger| {
            // Somebody may wait for a run that does not come; the last one that was decided says why, and
            // stands for it.
            let fate = ledger.latest_fate().and_then(|fate| Some((fate.due, fate.reason?)));
            let (due, reason) = fate.unzip();
            ledger.abandon(due, at, reason.unwrap_or(Reason::TaskCancelled));
        });
        self.outbox().touched.push(Arc::clone(record));
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
}
