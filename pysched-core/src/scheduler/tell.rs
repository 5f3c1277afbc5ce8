//! What happens is told to the tally, and to those who listen.

use std::time::{Duration, SystemTime};

use super::attempts::mishap;
use super::events::{Event, EventKind};
use super::shard::Shard;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{Attempt, Progress, Reason, Running, Status};
use crate::task::{AnyRecord, Delivery, edit};
use crate::time::Moment;

impl Shard {
    /// Tells those who listen what has happened to a task.
    #[inline]
    pub(super) fn tell(&self, index: usize, now: Moment, kind: impl FnOnce() -> EventKind) {
        if self.bus.is_listening() {
            self.publish(index, now, kind());
        }
    }

    #[cold]
    fn publish(&self, index: usize, now: Moment, kind: EventKind) {
        let name = self.slot(index).name().filter(|_| self.bus.names(&kind)).map(str::to_owned);
        let (at, task) = (self.timeline.wall_at(now), Some(self.id(index)));
        self.bus.publish(Event { at, task, name, kind });
    }

    pub(super) fn tell_fired(&self, index: usize, due: SystemTime, now: Moment) {
        self.tell(index, now, || EventKind::Fired { due });
    }

    pub(super) fn tell_started(
        &self,
        index: usize,
        due: SystemTime,
        attempt: u32,
        late: Duration,
        now: Moment,
    ) {
        self.tell(index, now, || EventKind::Started { due, attempt, late });
    }

    /// The fate of a run that was not run to its end, or of `count` of which this is the newest that is
    /// told.
    pub(super) fn tell_fate(
        &mut self,
        index: usize,
        due: SystemTime,
        status: Status,
        reason: Reason,
        count: u64,
        now: Moment,
    ) {
        self.tally.settled(status, count);
        self.tell(index, now, || match status {
            Status::Skipped => EventKind::Skipped { due, reason, count },
            Status::Missed => EventKind::Missed { due, reason, count },
            _ => EventKind::Cancelled { due, reason, count },
        });
    }

    /// What went wrong with an attempt, beside that it did.
    pub(super) fn tell_mishap(
        &mut self,
        index: usize,
        running: Running,
        error: Option<&TaskError>,
        now: Moment,
    ) {
        let Running { due, attempt, .. } = running;
        let Some(kind) = error.and_then(|error| mishap(due, attempt, error)) else { return };
        self.tally.mishap(error);
        self.tell(index, now, || kind);
    }

    pub(super) fn tell_retried(
        &mut self,
        index: usize,
        running: Running,
        error: &str,
        pause: Duration,
        now: Moment,
    ) {
        let Running { due, attempt, .. } = running;
        self.tally.retried();
        self.tell(index, now, || EventKind::Retried {
            due,
            attempt,
            error: error.to_owned(),
            pause,
        });
    }

    /// How an execution has ended that has run.
    pub(super) fn tell_end(
        &mut self,
        index: usize,
        running: Running,
        status: Status,
        took: Option<Duration>,
        error: String,
        now: Moment,
    ) {
        let Running { due, attempt, .. } = running;
        self.tally.settled(status, 1);
        self.tell(index, now, || match status {
            Status::Succeeded => {
                EventKind::Succeeded { due, attempt, took: took.unwrap_or_default() }
            }
            Status::Cancelled => EventKind::Cancelled { due, reason: Reason::ShutDown, count: 1 },
            _ => EventKind::Failed { due, attempt, took, error },
        });
    }

    /// That an execution has failed as its last attempt has, which was the so-manieth.
    pub(super) fn tell_given_up(
        &mut self,
        index: usize,
        due: SystemTime,
        attempt: u32,
        last: Attempt,
        now: Moment,
    ) {
        let Attempt { started, finished, error } = last;
        let took = started.map(|started| finished.duration_since(started).unwrap_or_default());
        self.tally.settled(Status::Failed, 1);
        self.tell(index, now, || EventKind::Failed { due, attempt, took, error });
    }

    /// That the function of a task without rules is about to be called.
    #[cold]
    pub(super) fn tell_plain_start(&self, index: usize, run: u64, now: Moment) {
        let Some(due) = self.due_of(index, run) else { return };
        let late = self.timeline.wall_at(now).duration_since(due).unwrap_or_default();
        self.tell_started(index, due, 1, late, now);
    }

    /// How the execution of a task without rules has ended.
    #[cold]
    pub(super) fn tell_plain_end(
        &self,
        index: usize,
        run: u64,
        delivery: &dyn Delivery,
        now: Moment,
    ) {
        let Some(due) = self.due_of(index, run) else { return };
        let took = self.slot(index).started().map(|started| now.since(started));
        let error = || delivery.text().unwrap_or_default().to_owned();
        if let Some(kind) = delivery.error().and_then(|error| mishap(due, 1, error)) {
            self.tell(index, now, || kind);
        }
        self.tell(index, now, || match delivery.status() {
            Status::Succeeded => {
                EventKind::Succeeded { due, attempt: 1, took: took.unwrap_or_default() }
            }
            Status::Cancelled => EventKind::Cancelled { due, reason: Reason::ShutDown, count: 1 },
            _ => EventKind::Failed { due, attempt: 1, took, error: error() },
        });
        if self.slot(index).record().is_none() {
            self.tell(index, now, || EventKind::Finished);
        }
    }

    /// When an execution in flight was due.
    pub(super) fn due_of(&self, index: usize, run: u64) -> Option<SystemTime> {
        let slot = self.slot(index);
        match slot.record() {
            Some(record) => edit(&**record, |ledger| ledger.get(run)).map(|running| running.due),
            None => Some(slot.due().wall_on(self.timeline)),
        }
    }

    /// How far a running execution says that it has come.
    pub(super) fn tell_progress(&self, task: TaskId, run: u64, progress: Progress, now: Moment) {
        if !self.bus.is_listening() {
            return;
        }
        let Some(index) = self.index(task) else { return };
        let Some(due) = self.due_of(index, run) else { return };
        self.publish(index, now, EventKind::Progressed { due, progress });
    }

    /// What a task leaves that is about to be ended: its next run, and with `queued` the executions that
    /// have not begun.
    pub(super) fn tell_withdrawn(
        &mut self,
        index: usize,
        record: &dyn AnyRecord,
        next: Option<SystemTime>,
        queued: bool,
        reason: Reason,
        now: Moment,
    ) {
        if queued {
            for running in edit(record, |ledger| ledger.untouched()) {
                self.tell_fate(index, running.due, Status::Cancelled, reason, 1, now);
            }
        }
        if let Some(due) = next {
            self.tell_fate(index, due, Status::Cancelled, reason, 1, now);
        }
    }
}
