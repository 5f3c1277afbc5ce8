//! [`Ledger`]: what the rules of a task do to its executions, whatever the type of their results.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::cell::{Failure, Outcome, Times};
use super::details::Details;
use super::flight::{Active, Census, Stage};
use super::history::History;
use super::progress::Attempt;
use super::{Execution, Reason, Status};
use crate::time::Moment;

/// The executions of a task, as its rules see them. `docs/rules.md` has the words.
///
/// What is given up here may be a user's, and so goes into the aftermath of the history.
pub(crate) trait Ledger {
    /// How many executions are how far.
    fn census(&self) -> Census;

    /// How many executions that are over are retained.
    fn limit(&self) -> usize;

    /// Makes a run an execution, which waits, and gives its number. `due` is as it is shown, and as a
    /// moment if it is that which counts, and not what the wall clock shows.
    fn execute(&mut self, due: (SystemTime, Option<Moment>), buffered: bool, forced: bool) -> u64;

    /// Lets a run take the place of the oldest execution that was not begun; gives the time of that.
    fn supersede(
        &mut self,
        due: (SystemTime, Option<Moment>),
        at: SystemTime,
    ) -> Option<SystemTime>;

    /// Has an execution that was not begun run though its task is paused: the newest that is due then, or
    /// the oldest of all.
    fn force(&mut self, due: Option<SystemTime>);

    /// Records a run that did not become an execution.
    fn pass_over(&mut self, due: SystemTime, at: SystemTime, status: Status, reason: Reason);

    /// An execution.
    fn get(&self, run: u64) -> Option<Running>;

    /// The oldest execution that waits and may be queued, as far as the capacity goes.
    fn next_to_queue(&self, capacity: usize, forced: bool) -> Option<Running>;

    /// Notes that an executor has been given an execution.
    fn queue(&mut self, run: u64);

    /// Notes that an executor has given a queued execution back, and that it waits.
    fn shelve(&mut self, run: u64);

    /// Records that a queued execution is too late. If another run comes, who waits for this one waits
    /// for that; otherwise it ends as missed.
    fn lose(&mut self, run: u64, at: SystemTime, reason: Reason, another: bool);

    /// Notes that an attempt has failed, and that another one comes.
    fn back_off(&mut self, run: u64, failure: Box<Failure>, at: SystemTime);

    /// Lets an execution that was backing off wait for a worker.
    fn retry(&mut self, run: u64);

    /// Notes that an attempt that runs has timed out, while its function goes on. With `again`, another
    /// attempt follows when that has returned; otherwise the execution is settled.
    fn time_out(&mut self, run: u64, limit: Duration, at: SystemTime, again: bool);

    /// Notes that the function of an overdue execution has returned. With another attempt to come, it is
    /// backing off now.
    fn returned(&mut self, run: u64);

    /// Ends an execution as cancelled: one that has run and was told to end, or that waits.
    fn cancel(&mut self, run: u64, at: SystemTime, reason: Reason, failure: Option<Box<Failure>>);

    /// Gives an execution the details that it had before it was in the ledger.
    fn attach(&mut self, run: u64, details: Arc<Details>);

    /// The details of an execution, made if there are none.
    fn details(&mut self, run: u64) -> Option<Arc<Details>>;

    /// Ends an execution as cancelled, while its function runs on.
    fn outlast(&mut self, run: u64, at: SystemTime, reason: Reason);

    /// Ends an execution that was to be tried again as its last attempt has failed; gives that.
    fn give_up(&mut self, run: u64) -> Option<Attempt>;

    /// The executions whose function may be running.
    fn on_workers(&self) -> Vec<u64>;

    /// The executions that were to be tried again, though the function of one may not have returned.
    fn between_attempts(&self) -> Vec<Running>;

    /// How far each execution is, in the order of [`History::in_flight`].
    fn stages(&self) -> Vec<Running>;

    /// The executions that were never begun.
    fn untouched(&self) -> Vec<Running>;

    /// Ends the future of a run that will not come, for that reason; with when it would have been due, if
    /// that is known.
    fn abandon(&mut self, due: Option<SystemTime>, at: SystemTime, reason: Reason);

    /// How the last run that is over has ended.
    fn latest_fate(&self) -> Option<Execution>;
}

/// How an execution stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    pub(crate) run: u64,
    pub(crate) due: SystemTime,

    /// The same as a moment, if it is that which counts.
    pub(crate) moment: Option<Moment>,
    pub(crate) stage: Stage,

    /// Which attempt is going on or comes next, from 1.
    pub(crate) attempt: u32,

    /// When the attempt began that is going on.
    pub(crate) started: Option<SystemTime>,
    pub(crate) holds: bool,
    pub(crate) forced: bool,

    /// Why it was told to end, if it was.
    pub(crate) told: Option<Reason>,
}

impl<T> From<&Active<T>> for Running {
    fn from(active: &Active<T>) -> Self {
        Self {
            run: active.run,
            due: active.due,
            moment: Some(active.moment).filter(|&moment| moment != Moment::NEVER),
            stage: active.stage,
            attempt: active.attempt(),
            started: active.started,
            holds: active.holds,
            forced: active.forced,
            told: active.details.as_ref().and_then(|details| details.told()),
        }
    }
}

impl<T> History<T> {
    /// Settles an execution whose function runs on.
    fn outlive(&mut self, run: u64, outcome: Outcome<T>, at: SystemTime) {
        let Some(active) = self.flight.take_if(run, |_| true) else { return };
        let stays = Active {
            holds: true,
            started: active.started,
            details: active.details.clone(),
            ..Active::new(run, active.due, Stage::Overdue, None)
        };
        self.settle(active, outcome, at);
        self.flight.put_back(stays);
    }

    fn set_stage(&mut self, run: u64, stage: Stage) {
        let found = self.flight.edit(run, |active| active.stage = stage);
        debug_assert!(found.is_some(), "an execution is in flight as long as it is dealt with");
    }
}

impl<T> Ledger for History<T> {
    fn census(&self) -> Census {
        self.flight.census()
    }

    fn limit(&self) -> usize {
        self.limit
    }

    fn execute(
        &mut self,
        (due, moment): (SystemTime, Option<Moment>),
        buffered: bool,
        forced: bool,
    ) -> u64 {
        let run = self.enter(due, Stage::Waiting, buffered, forced);
        self.flight.edit(run, |active| active.moment = moment.unwrap_or(Moment::NEVER));
        run
    }

    fn supersede(
        &mut self,
        (due, moment): (SystemTime, Option<Moment>),
        at: SystemTime,
    ) -> Option<SystemTime> {
        let run = self.flight.find(Active::is_untouched)?;
        self.flight.edit(run, |active| active.moment = moment.unwrap_or(Moment::NEVER));
        self.supersede(due, at)
    }

    fn force(&mut self, due: Option<SystemTime>) {
        let is_held_back = |it: &&Active<T>| it.is_untouched() && !it.forced;
        let found = match due {
            Some(due) => self.flight.iter().rev().find(|it| is_held_back(it) && it.due == due),
            None => self.flight.iter().find(is_held_back),
        };
        let run = found.map(|it| it.run);
        if let Some(run) = run {
            self.flight.edit(run, |active| active.forced = true);
        }
    }

    fn pass_over(&mut self, due: SystemTime, at: SystemTime, status: Status, reason: Reason) {
        self.pass_over(due, at, status, reason);
    }

    fn get(&self, run: u64) -> Option<Running> {
        self.flight.get(run).map(Running::from)
    }

    fn next_to_queue(&self, capacity: usize, forced: bool) -> Option<Running> {
        let Census { holding, untouched, waiting, queued, .. } = self.flight.census();
        // What holds a place already needs no other one.
        let has_room = holding + queued < capacity;
        let may_go = if has_room { waiting } else { waiting - (untouched - queued) };
        if may_go == 0 {
            // Not looked for, as there may be very many that wait.
            return None;
        }
        let may = |it: &&Active<T>| {
            it.stage == Stage::Waiting && (it.holds || has_room) && (it.forced || !forced)
        };
        self.flight.iter().find(may).map(Running::from)
    }

    fn queue(&mut self, run: u64) {
        self.set_stage(run, Stage::Queued);
    }

    fn shelve(&mut self, run: u64) {
        self.set_stage(run, Stage::Waiting);
    }

    fn lose(&mut self, run: u64, at: SystemTime, reason: Reason, another: bool) {
        let Some(active) = self.flight.take_if(run, |_| true) else { return };
        if another && self.upcoming.is_none() {
            if let Some(cell) = &active.cell {
                cell.set_run(0);
            }
            self.upcoming = active.cell;
            self.pass_over(active.due, at, Status::Missed, reason);
        } else if active.cell.as_ref().is_some_and(|cell| !cell.begin()) {
            // Its future was faster, and has cancelled it.
            self.settle(active, Outcome::cancelled(Reason::FutureCancelled), at);
        } else {
            self.settle(active, Outcome::missed(reason), at);
        }
    }

    fn back_off(&mut self, run: u64, failure: Box<Failure>, at: SystemTime) {
        let earlier = self.flight.edit(run, |active| {
            let attempt = Attempt {
                started: active.started.take(),
                finished: at,
                error: failure.text().to_owned(),
            };
            let token = active.details().fail(attempt);
            active.stage = Stage::BackingOff;
            (active.failure.replace(failure), token)
        });
        let Some((earlier, token)) = earlier else { return };
        self.evict_parts(None, None, Some(token));
        if let Some(earlier) = earlier {
            self.discard(Outcome::failed(earlier));
        }
    }

    fn retry(&mut self, run: u64) {
        self.set_stage(run, Stage::Waiting);
    }

    fn time_out(&mut self, run: u64, limit: Duration, at: SystemTime, again: bool) {
        let outcome = Outcome::<T>::timed_out(limit);
        if !again {
            self.outlive(run, outcome, at);
        } else if let Err(failure) = outcome.into_failure() {
            let started = self.flight.get(run).and_then(|active| active.started);
            self.back_off(run, failure, at);
            self.flight.edit(run, |active| {
                (active.stage, active.started) = (Stage::Overrun, started);
            });
        }
    }

    fn returned(&mut self, run: u64) {
        match self.flight.get(run).map(|active| active.stage) {
            Some(Stage::Overrun) => {
                self.flight.edit(run, |active| {
                    (active.stage, active.started) = (Stage::BackingOff, None);
                });
            }
            Some(Stage::Overdue) => {
                if let Some(active) = self.flight.take_if(run, |_| true) {
                    self.let_go(active.details);
                }
            }
            _ => debug_assert!(false, "only what is overdue returns like that"),
        }
    }

    fn cancel(&mut self, run: u64, at: SystemTime, reason: Reason, failure: Option<Box<Failure>>) {
        if let Some(failure) = failure {
            self.discard(Outcome::failed(failure));
        }
        if let Some(active) = self.flight.take_if(run, |_| true) {
            self.cancel(active, at, reason);
        }
    }

    fn attach(&mut self, run: u64, details: Arc<Details>) {
        self.flight.edit(run, |active| {
            debug_assert!(active.details.is_none(), "its details are shared by others");
            if let Some(cell) = &active.cell {
                cell.set_details(Arc::clone(&details));
            }
            active.details = Some(details);
        });
    }

    fn details(&mut self, run: u64) -> Option<Arc<Details>> {
        self.flight.edit(run, |active| Arc::clone(active.details()))
    }

    fn outlast(&mut self, run: u64, at: SystemTime, reason: Reason) {
        self.outlive(run, Outcome::cancelled(reason), at);
    }

    fn give_up(&mut self, run: u64) -> Option<Attempt> {
        let (failure, attempt, stage) = self.flight.edit(run, |active| {
            let failure = active.failure.take()?;
            let attempt = active.details().give_up()?;
            active.started = attempt.started;
            Some((failure, attempt, active.stage))
        })??;
        let (outcome, at) = (Outcome::failed(failure), attempt.finished);
        if stage == Stage::Overrun {
            self.outlive(run, outcome, at);
        } else if let Some(active) = self.flight.take_if(run, |_| true) {
            self.settle(active, outcome, at);
        }
        Some(attempt)
    }

    fn between_attempts(&self) -> Vec<Running> {
        let is = |it: &&Active<T>| it.holds && !matches!(it.stage, Stage::Running | Stage::Overdue);
        self.flight.iter().filter(is).map(Running::from).collect()
    }

    fn stages(&self) -> Vec<Running> {
        self.flight.iter().map(Running::from).collect()
    }

    fn untouched(&self) -> Vec<Running> {
        self.flight.iter().filter(|it| it.is_untouched()).map(Running::from).collect()
    }

    fn on_workers(&self) -> Vec<u64> {
        let running = self.flight.iter().filter(|active| active.stage.is_on_a_worker());
        running.map(|active| active.run).collect()
    }

    fn abandon(&mut self, due: Option<SystemTime>, at: SystemTime, reason: Reason) {
        if let Some(cell) = self.upcoming.take()
            && cell.begin()
        {
            if let Some(due) = due {
                cell.set_due(due);
            }
            cell.settle(Outcome::missed(reason), at);
            self.tell(cell);
        }
    }

    fn latest_fate(&self) -> Option<Execution> {
        self.newest()
    }
}

/// What an execution that has ended took.
impl Running {
    pub(crate) fn took(&self, at: SystemTime) -> Option<Duration> {
        let times = Times::in_order(self.due, self.started, Some(at));
        times.finished?.duration_since(times.started?).ok()
    }
}
