//! How the executions of a task with rules begin, time out, are tried again, are told to end, and end.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::deadlines::{Alert, Deadline};
use super::ending::{Begun, Leftover};
use super::engine::Engine;
use super::events::EventKind;
use super::fire::Harvest;
use super::shard::Shard;
use super::slot::{End, Standing};
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{Details, Reason, Running, Stage, Status, Subject, Ticket};
use crate::task::{AnyRecord, Delivery, Rules, edit};
use crate::time::Moment;
use crate::unwind::drop_quietly;

/// What was decided, without any lock, to follow on an attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Follow {
    /// After which pause another one follows.
    pub(super) again: Option<Duration>,

    /// Which limit it was beyond.
    pub(super) overdue: Option<Duration>,

    /// When it began, if it did, by the clock that nobody sets.
    pub(super) begun: Option<Moment>,
}

/// What is known of an attempt that has begun, to decide what follows on it.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) rules: Arc<Rules>,

    /// From 1.
    pub(super) number: u32,
    pub(super) begun: Moment,
}

impl Attempt {
    /// When it is beyond its limit, if it has one.
    pub(super) fn limit(&self) -> Option<Moment> {
        self.rules.timeout.map(|limit| self.begun.saturating_add(limit))
    }

    /// Beyond which limit it is at `now`.
    pub(super) fn overdue(&self, now: Moment) -> Option<Duration> {
        self.rules.timeout.filter(|&limit| now.since(self.begun) >= limit)
    }

    /// What follows after it has come to `error`, or to a value, at `now`. Runs code of users.
    pub(super) fn follow(&self, error: Option<&TaskError>, now: Moment) -> Follow {
        let overdue = self.overdue(now);
        let timed_out = overdue.map(TaskError::TimedOut);
        let error = timed_out.as_ref().or(error);
        let retry = self.rules.retry.as_ref();
        let again = retry.zip(error).and_then(|(retry, error)| retry.after(self.number, error));
        Follow { again, overdue, begun: Some(self.begun) }
    }
}

/// What has come of cancelling an execution that had begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// Nothing: it is over, or past its limit.
    No,

    /// It runs, and was told to end.
    Told,

    /// It has ended as cancelled.
    Over,
}

/// An execution that has run for too long, before it was decided what follows.
pub(super) struct Overrun {
    task: TaskId,
    run: u64,
    limit: Duration,
}

impl Shard {
    /// Claims an execution of a task with rules, or says what it leaves if it is not to run now.
    pub(super) fn begin_ruled(
        &mut self,
        ticket: &Ticket,
        index: usize,
        rules: Arc<Rules>,
        runs: bool,
        now: Moment,
    ) -> Option<Begun> {
        let timeline = self.timeline;
        let at = timeline.wall_at(now);
        let slot = self.slot(index);
        let (record, is_paused) = (slot.record().cloned()?, slot.is_paused());
        let running = edit(&*record, |ledger| ledger.get(ticket.run))?;
        if running.stage != Stage::Queued {
            return None;
        }
        if is_paused && !running.forced && runs {
            edit(&*record, |ledger| ledger.shelve(ticket.run));
            // One behind it may have been asked for, and go in spite of the pause.
            self.nudge(index);
            return None;
        }
        let late = match running.moment {
            Some(moment) => now.since(moment),
            None => at.duration_since(running.due).unwrap_or_default(),
        };
        if runs && !running.holds && rules.grace().is_some_and(|grace| late > grace) {
            self.lose(index, record, ticket.run, Reason::TooLate(late), now);
            return None;
        }
        let claim = record.begin(ticket.run, runs.then_some(at), false)?;
        let is_last = self.census(index).untouched == 0;
        let slot = self.slot_mut(index);
        let more = slot.more_mut();
        if is_last {
            // It takes place, and so nothing can take its place.
            more.reserve = None;
        }
        let is_held = more.held.is_some() && !more.paused;
        let sequence = slot.sequence;
        if runs && let Some(limit) = rules.timeout {
            let deadline = Deadline { index, sequence, event: Alert::Timeout(ticket.run, limit) };
            self.set_deadline(now.saturating_add(limit), deadline);
        }
        if is_held {
            // One fewer is queued.
            self.nudge(index);
        }
        self.tally.begun(ticket.lane);
        if runs {
            if !running.holds {
                self.tally.called(Moment::default(), Moment::from_origin(late));
            }
            self.tell_started(index, running.due, running.attempt, late, now);
        }
        let attempt = Attempt { rules, number: running.attempt, begun: now };
        Some(Begun::Recorded(claim, Some(Box::new(attempt))))
    }

    /// Records that a queued execution is too late.
    fn lose(
        &mut self,
        index: usize,
        record: Arc<dyn AnyRecord>,
        run: u64,
        reason: Reason,
        now: Moment,
    ) {
        let at = self.timeline.wall_at(now);
        let is_open = self.open;
        let slot = self.slot_mut(index);
        // It was no execution in the end, so that another one may be in its place.
        let more = slot.more_mut();
        if let Some(reserve) = more.reserve.take().filter(|_| is_open) {
            more.end = End::Open;
            if let Some(schedule) = &mut more.schedule {
                schedule.uncount_launch();
            }
            self.arm_or_hold(index, reserve);
        } else if let Some(schedule) = &mut more.schedule {
            schedule.uncount_launch();
        }
        let slot = self.slot(index);
        let another = slot.is_armed() || slot.held().is_some() || slot.is_fixed_delay();
        let another = another && is_open;
        let due = edit(&*record, |ledger| ledger.get(run)).map(|it| it.due);
        edit(&*record, |ledger| ledger.lose(run, at, reason, another));
        self.outbox().touched.push(record);
        if let Some(due) = due {
            self.tell_fate(index, due, Status::Missed, reason, 1, now);
        }
        self.nudge(index);
        self.go_on(index, now);
    }

    /// Records how an attempt of a task with rules has ended.
    pub(super) fn conclude_ruled(
        &mut self,
        index: usize,
        ticket: &Ticket,
        now: Moment,
        delivery: &mut dyn Delivery,
        mut follow: Follow,
    ) -> Leftover {
        let run = ticket.run;
        let leftover = self.leftover(index);
        let Some(record) = self.slot(index).record().cloned() else { return leftover };
        let Some(running) = edit(&*record, |ledger| ledger.get(run)) else { return leftover };
        // It may have ended without its function having been called.
        follow.begun = follow.begun.filter(|_| running.started.is_some());
        let (from, to) = match follow.begun {
            Some(begun) => (Some(begun), now),
            None => (running.started.map(Moment::of_wall), self.timeline.number_at(now)),
        };
        match running.stage {
            Stage::Running => {
                self.tally.ended(ticket.lane, from, to);
                self.deadlines.clear(index, run);
                if let Some(limit) = follow.overdue {
                    // The scheduler's thread has not come to it, as it ran the function itself, say.
                    delivery.replace(TaskError::TimedOut(limit));
                }
                self.settle_attempt(index, &*record, running, now, delivery, follow);
            }
            // Its outcome is that it has timed out, whatever it has come to since.
            Stage::Overrun | Stage::Overdue => {
                self.tally.returned(ticket.lane, from.unwrap_or(to), to);
                edit(&*record, |ledger| ledger.returned(run));
                if running.stage == Stage::Overrun {
                    self.try_again(index, &*record, run, now);
                }
            }
            Stage::Waiting | Stage::Queued | Stage::BackingOff => {
                debug_assert!(false, "what has not begun does not end");
            }
        }
        self.nudge(index);
        self.go_on(index, now);
        leftover
    }

    fn settle_attempt(
        &mut self,
        index: usize,
        record: &dyn AnyRecord,
        running: Running,
        now: Moment,
        delivery: &mut dyn Delivery,
        Follow { again, begun, .. }: Follow,
    ) {
        let (run, at) = (running.run, self.timeline.wall_at(now));
        if running.told.is_some() && delivery.gives_way() {
            delivery.replace(TaskError::Cancelled);
        }
        let status = delivery.status();
        let text = delivery.text().unwrap_or_default().to_owned();
        if status != Status::Succeeded
            && let Some(reason) = running.told
        {
            // However it has come to its end, that was what it was told.
            let failure = delivery.take_failure();
            edit(record, |ledger| ledger.cancel(run, at, reason, failure));
            self.tell_fate(index, running.due, Status::Cancelled, reason, 1, now);
            return;
        }
        self.tell_mishap(index, running, delivery.error(), now);
        let again = again.filter(|_| self.open && !self.slot(index).is_cancelled());
        if let Some(pause) = again
            && let Some(failure) = delivery.take_failure()
        {
            edit(record, |ledger| ledger.back_off(run, failure, at));
            self.tell_retried(index, running, &text, pause, now);
            self.set_retry(index, run, now.saturating_add(pause));
            return;
        }
        delivery.settle(record, run, at);
        // The record has only what the wall clock showed, which may have been set since.
        let took = begun.map(|begun| now.since(begun)).or_else(|| running.took(at));
        self.tell_end(index, running, status, took, text, now);
        if status == Status::Succeeded {
            self.signal_success(index);
        }
    }

    fn set_retry(&mut self, index: usize, run: u64, at: Moment) {
        let sequence = self.slot(index).sequence;
        self.set_deadline(at, Deadline { index, sequence, event: Alert::Retry(run) });
    }

    /// Goes on with an execution whose attempt timed out, and whose function has returned since.
    fn try_again(&mut self, index: usize, record: &dyn AnyRecord, run: u64, now: Moment) {
        if !self.open || self.slot(index).is_cancelled() {
            // It has failed as its last attempt has.
            self.give_up_retries(index, now);
        } else if !self.deadlines.has(index, run) {
            // The pause was over before.
            edit(record, |ledger| ledger.retry(run));
        }
    }

    /// Settles that an execution has run for too long; with `again`, another attempt follows after that,
    /// but not before its function has returned.
    fn time_out(&mut self, overrun: &Overrun, again: Option<Duration>, now: Moment) {
        let Overrun { task, run, limit } = *overrun;
        let Some(index) = self.index(task) else { return };
        let Some(record) = self.slot(index).record().cloned() else { return };
        let again = again.filter(|_| self.open && !self.slot(index).is_cancelled());
        let at = self.timeline.wall_at(now);
        let running = edit(&*record, |ledger| {
            let running = ledger.get(run).filter(|it| it.stage == Stage::Running)?;
            let token = ledger.details(run)?.token();
            match running.told {
                Some(reason) => ledger.outlast(run, at, reason),
                None => ledger.time_out(run, limit, at, again.is_some()),
            }
            Some((running, token))
        });
        // Otherwise it has returned in the meantime.
        let Some((running, token)) = running else { return };
        self.tally.overdue();
        if let Some(reason) = running.told {
            self.tell_fate(index, running.due, Status::Cancelled, reason, 1, now);
        } else {
            self.tell_overdue(index, running, limit, again, now);
        }
        self.tell_stop(index, run);
        let outbox = self.outbox();
        outbox.tokens.push(token);
        outbox.touched.push(record);
    }

    /// Tells that an attempt has timed out, and what follows on it.
    fn tell_overdue(
        &mut self,
        index: usize,
        running: Running,
        limit: Duration,
        again: Option<Duration>,
        now: Moment,
    ) {
        let error = TaskError::TimedOut(limit);
        self.tell_mishap(index, running, Some(&error), now);
        if let Some(pause) = again {
            self.set_retry(index, running.run, now.saturating_add(pause));
            self.tell_retried(index, running, &error.to_string(), pause, now);
        } else {
            let took = running.took(self.timeline.wall_at(now));
            self.tell_end(index, running, Status::Failed, took, error.to_string(), now);
        }
    }

    /// Deals with what is to happen to executions by now.
    pub(super) fn ring_deadlines(&mut self, now: Moment, harvest: &mut Harvest) {
        while let Some(Deadline { index, sequence, event }) = self.deadlines.pop(now) {
            let Some(slot) = self.slots.get(index).filter(|it| it.sequence == sequence) else {
                continue;
            };
            match event {
                Alert::Timeout(run, limit) => {
                    let rules = slot.rules().cloned();
                    let overrun = Overrun { task: self.share.id(sequence, index), run, limit };
                    harvest.overruns.push((overrun, rules));
                }
                Alert::Retry(run) => {
                    let record = slot.record().cloned();
                    let stage = |record: &Arc<dyn AnyRecord>| {
                        edit(&**record, |ledger| ledger.get(run)).map(|it| it.stage)
                    };
                    // Of one whose function has not returned yet, it is seen then that it is due.
                    if let Some(record) = record
                        && stage(&record) == Some(Stage::BackingOff)
                    {
                        edit(&*record, |ledger| ledger.retry(run));
                        self.nudge(index);
                    }
                }
                Alert::Follow => {
                    self.follow(index, now);
                    self.touch(index);
                    // It may have been the last run that its predecessors bring about.
                    self.go_on(index, now);
                }
            }
        }
    }

    /// Tells the executions of a task that run to end, and cancels those that are to be tried again.
    pub(super) fn stop_all(&mut self, index: usize, reason: Reason, now: Moment) {
        let Some(record) = self.slot(index).record().cloned() else { return };
        for running in edit(&*record, |ledger| ledger.between_attempts()) {
            self.cancel_attempts(index, &*record, running, reason, now);
        }
        for run in edit(&*record, |ledger| ledger.on_workers()) {
            self.tell_to_end(index, &*record, run, Some(reason), true);
        }
        self.nudge(index);
    }

    /// Tells a running execution to end. With a reason, it is cancelled if it fails then. With
    /// `interrupts`, whoever runs it is to end it, if that can.
    pub(super) fn tell_to_end(
        &mut self,
        index: usize,
        record: &dyn AnyRecord,
        run: u64,
        reason: Option<Reason>,
        interrupts: bool,
    ) {
        let Some(details) = edit(record, |ledger| ledger.details(run)) else { return };
        if let Some(reason) = reason {
            details.tell(reason);
        }
        self.tell_stop(index, run);
        let (lane, task) = (self.slot(index).lane, self.id(index));
        let outbox = self.outbox();
        outbox.tokens.push(details.token());
        if interrupts {
            outbox.interrupts.push((lane, task, run));
        }
        outbox.details.push(details);
    }

    /// Tells the functions of a task that run to end, which changes no outcome.
    pub(super) fn tell_task_to_end(&mut self, index: usize) {
        if let Some(record) = self.slot(index).record().cloned() {
            for run in edit(&*record, |ledger| ledger.on_workers()) {
                self.tell_to_end(index, &*record, run, None, false);
            }
        } else if self.slot(index).standing == Standing::Running {
            let details = self.slot_mut(index).more_mut().details.get_or_insert_with(Details::new);
            let token = details.token();
            self.outbox().tokens.push(token);
            // A light task has one execution.
            self.tell_stop(index, 1);
        }
    }

    /// Cancels an execution that waits, or has failed and was to be tried again. The function of one that
    /// has timed out is not waited for.
    pub(super) fn cancel_attempts(
        &mut self,
        index: usize,
        record: &dyn AnyRecord,
        running: Running,
        reason: Reason,
        now: Moment,
    ) {
        let at = self.timeline.wall_at(now);
        self.deadlines.clear(index, running.run);
        edit(record, |ledger| match running.stage {
            Stage::Overrun => ledger.outlast(running.run, at, reason),
            _ => ledger.cancel(running.run, at, reason, None),
        });
        self.tell_fate(index, running.due, Status::Cancelled, reason, 1, now);
    }

    /// Cancels an execution that has begun: one that is to be tried again at once, and one that runs as
    /// far as it can be.
    pub(super) fn stop(&mut self, task: TaskId, run: u64, now: Moment) -> Stopped {
        let Some(index) = self.index(task) else { return Stopped::No };
        let Some(record) = self.slot(index).record().cloned() else { return Stopped::No };
        let Some(running) = edit(&*record, |ledger| ledger.get(run)) else { return Stopped::No };
        // So that it is looked at, when it ends, why it did.
        self.govern(index);
        match running.stage {
            Stage::Running => {
                // The caller sees to the executor, to learn what that can do.
                self.tell_to_end(index, &*record, run, Some(Reason::FutureCancelled), false);
                Stopped::Told
            }
            Stage::Overdue => Stopped::No,
            Stage::Overrun | Stage::BackingOff | Stage::Waiting | Stage::Queued => {
                self.cancel_attempts(index, &*record, running, Reason::FutureCancelled, now);
                self.outbox().touched.push(record);
                self.nudge(index);
                self.go_on(index, now);
                Stopped::Over
            }
        }
    }

    /// Has the executions fail that have failed and were to be tried again.
    pub(super) fn give_up_retries(&mut self, index: usize, now: Moment) {
        let Some(record) = self.slot(index).record().cloned() else { return };
        for running in edit(&*record, |ledger| ledger.between_attempts()) {
            self.deadlines.clear(index, running.run);
            if let Some(last) = edit(&*record, |ledger| ledger.give_up(running.run)) {
                self.tell_given_up(index, running.due, running.attempt - 1, last, now);
            }
        }
        self.outbox().touched.push(record);
        // Others may have their places.
        self.nudge(index);
    }

    /// What a running execution is told about itself.
    pub(super) fn subject(&mut self, task: TaskId, run: u64) -> Option<Subject> {
        let index = self.index(task)?;
        let timeline = self.timeline;
        let slot = self.slot_mut(index);
        let name = slot.name().map(str::to_owned);
        if let Some(record) = slot.record() {
            return edit(&**record, |ledger| {
                let Running { due, .. } = ledger.get(run)?;
                Some(Subject::new(name, due, ledger.details(run)?))
            });
        }
        let due = slot.due().wall_on(timeline);
        let details = slot.more_mut().details.get_or_insert_with(Details::new);
        Some(Subject::new(name, due, Arc::clone(details)))
    }
}

impl Engine {
    /// Decides what follows on executions that have run for too long. Runs code of users.
    pub(super) fn time_out(&self, overruns: Vec<(Overrun, Option<Arc<Rules>>)>) {
        for (overrun, rules) in overruns {
            // Unless it has returned, and the predicate was asked there.
            let Some(attempt) = self.attempt(overrun.task, overrun.run) else {
                let _ = drop_quietly(rules);
                continue;
            };
            let error = TaskError::TimedOut(overrun.limit);
            let retry = rules.as_ref().and_then(|rules| rules.retry.as_ref());
            let again = retry.and_then(|retry| retry.after(attempt, &error));
            let now = self.clock.now();
            self.change(overrun.task, |shard| shard.time_out(&overrun, again, now));
            // The task may be over by now, and this the last reference to a predicate of a user.
            let _ = drop_quietly(rules);
        }
    }

    /// The number of the attempt of an execution that runs and has not timed out.
    pub(super) fn attempt(&self, task: TaskId, run: u64) -> Option<u32> {
        let running = self.running(task, run).filter(|running| running.stage == Stage::Running);
        running.map(|running| running.attempt)
    }

    /// Whether the function of an execution may be running.
    pub(super) fn is_running(&self, task: TaskId, run: u64) -> bool {
        self.running(task, run).is_some_and(|running| running.stage.is_on_a_worker())
    }

    fn running(&self, task: TaskId, run: u64) -> Option<Running> {
        let shard = self.place(task).shard.lock();
        let record = shard.index(task).and_then(|index| shard.slot(index).record())?;
        edit(&**record, |ledger| ledger.get(run))
    }
}

/// What is told of how an attempt has gone wrong, beside that it has.
pub(super) fn mishap(due: SystemTime, attempt: u32, error: &TaskError) -> Option<EventKind> {
    match error {
        TaskError::TimedOut(limit) => Some(EventKind::TimedOut { due, attempt, limit: *limit }),
        TaskError::WorkerDied(what) => {
            Some(EventKind::WorkerDied { due, attempt, error: what.clone() })
        }
        _ => None,
    }
}
