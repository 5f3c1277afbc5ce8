//! How series end before their time: by a cancel, or by a shutdown.

use super::ending::Leftover;
use super::shard::Shard;
use super::slot::Standing;
use crate::execution::{Reason, Running, Stage, Status, Withdrawal};
use crate::task::edit;
use crate::time::Moment;
use crate::trigger::{Due, Schedule};

impl Shard {
    /// Ends the series of a task: cancels its next run, and with `queued` also what has not begun.
    pub(super) fn end_series(
        &mut self,
        index: usize,
        queued: bool,
        reason: Reason,
        now: Moment,
    ) -> Leftover {
        if self.paused {
            // What has come in the meantime was skipped, and that is to be recorded.
            self.govern(index);
        }
        let Some(record) = self.slot(index).record().cloned() else {
            return self.end_light(index, queued, reason, now);
        };
        let at = self.timeline.wall_at(now);
        let leftover = self.leftover(index);
        let mut next = self.take_next(index);
        if self.slot(index).rules().is_some() {
            next = self.end_ruled(index, next, reason, now);
        }
        self.slot_mut(index).end(queued);
        if !queued {
            self.cancel_held_back(index, reason, now);
        }
        let next = next.map(|due| due.wall_on(self.timeline));
        self.tell_withdrawn(index, &*record, next, queued, reason, now);
        record.withdraw(next, queued, at, reason);
        if !record.is_active() {
            self.finish(index, now);
        } else if queued {
            // What is left in flight has begun, and holds the function itself.
            record.close();
        }
        leftover
    }

    /// Cancels the executions of a task that were not begun, and of which something holds.
    fn cancel_untouched(
        &mut self,
        index: usize,
        reason: Reason,
        now: Moment,
        is: impl Fn(&Running) -> bool,
    ) {
        let Some(record) = self.slot(index).record().cloned() else { return };
        for running in edit(&*record, |ledger| ledger.untouched()) {
            if is(&running) {
                self.cancel_attempts(index, &*record, running, reason, now);
            }
        }
        self.outbox().touched.push(record);
    }

    /// Cancels the executions of a task that a shutdown does not run, though it waits for all others:
    /// those that a pause or a limit of none holds back.
    fn cancel_held_back(&mut self, index: usize, reason: Reason, now: Moment) {
        let slot = self.slot(index);
        let is_paused = slot.is_paused();
        let is_barred =
            self.paused || slot.rules().is_some_and(|rules| self.limits.bar(&rules.tags));
        if is_paused || is_barred {
            self.cancel_untouched(index, reason, now, |it| {
                (is_barred && it.stage == Stage::Waiting) || (is_paused && !it.forced)
            });
        }
    }

    /// Cancels what waits of all tasks, which a shutdown will not run.
    pub(super) fn cancel_all_that_waits(&mut self, now: Moment) {
        for index in self.indices() {
            if self.slot(index).waiting() > 0 {
                let waits = |it: &Running| it.stage == Stage::Waiting;
                self.cancel_untouched(index, Reason::ShutDown, now, waits);
                self.go_on(index, now);
            }
        }
    }

    /// Deals with what only tasks with rules have when one is ended; gives the run that it still waits
    /// for.
    fn end_ruled(
        &mut self,
        index: usize,
        mut next: Option<Due>,
        reason: Reason,
        now: Moment,
    ) -> Option<Due> {
        let is_paused = self.paused || self.slot(index).is_paused();
        let (status, why) =
            if is_paused { (Status::Skipped, Reason::Paused) } else { (Status::Cancelled, reason) };
        let mut following = self.take_following(index);
        next = next.or_else(|| following.pop_front().map(Due::interval));
        let is_series = self.slot(index).schedule().is_some_and(Schedule::is_series);
        // A run that is the only one, and is not skipped, is the one that the task waits for.
        if let Some(due) = next
            && (is_series || is_paused)
        {
            next = self.drop_due(index, due, status, why, now);
            if next.is_none()
                && let Some(record) = self.slot(index).record()
            {
                // Who waits for the run that would have come, waits for none that comes.
                let (due, at) = (due.wall_on(self.timeline), self.timeline.wall_at(now));
                edit(&**record, |ledger| ledger.abandon(Some(due), at, why));
            }
        }
        for due in following.into_iter().map(Due::interval) {
            if self.drop_due(index, due, status, why, now).is_some() {
                self.pass_over(index, due, Status::Cancelled, reason, now);
            }
        }
        self.give_up_retries(index, now);
        next
    }

    fn end_light(&mut self, index: usize, queued: bool, reason: Reason, now: Moment) -> Leftover {
        let armed = self.disarm(index).is_some();
        let waits = queued && self.slot(index).standing == Standing::Queued;
        if !armed && !waits {
            return Leftover::default();
        }
        self.remember_cancelled(index, reason, now);
        if self.slot(index).more.is_some() {
            self.wind_up(index, false);
        }
        let slot = self.slot_mut(index);
        if slot.held == 0 {
            return self.remove(index);
        }
        slot.standing = Standing::Over(Withdrawal::of(reason));
        slot.since = now;
        Leftover { body: slot.body.take(), ..Leftover::default() }
    }
}
