//! What jobs, futures and handles may ask of the engine.

use std::sync::Arc;
use std::time::SystemTime;

use super::attempts::{Attempt, Follow, Stopped};
use super::ending::{Begun, Leftover};
use super::engine::Engine;
use super::shard::Shard;
use crate::TaskId;
use crate::error::{Error, TaskError};
#[cfg(all(feature = "process", unix))]
use crate::execution::Absent;
use crate::execution::{Inside, Owner, Progress, Run, Stop, Subject, Ticket};
use crate::task::{AnyRecord, Command, Delivery, Keeper, Sink};
use crate::unwind::{catch, drop_quietly};

impl Engine {
    /// Claims the execution of a ticket, does what there is to do with it, and says that it is over.
    fn claim(&self, ticket: &Ticket, runs: bool, act: impl FnOnce(Begun, &dyn Sink)) {
        let _inside = Inside::run(ticket.task, ticket.run);
        if let Some(mut begun) = self.begin(ticket, runs) {
            let attempt = begun.take_attempt();
            #[cfg(feature = "tracing")]
            let span = self.bus.span(ticket.task, || self.subject(ticket.task, ticket.run));
            #[cfg(feature = "tracing")]
            let _entered = span.enter();
            let conclusion = self.conclusion(ticket, attempt);
            act(begun, &conclusion);
            conclusion.clear();
        }
        self.left(ticket);
    }

    /// Claims the execution of a ticket: to run it, if `runs`, otherwise to let it fail. `None` if it was
    /// cancelled or is not to run now.
    #[inline]
    pub(super) fn begin(&self, ticket: &Ticket, runs: bool) -> Option<Begun> {
        let now = self.clock.now();
        let place = self.place(ticket.task);
        let mut shard = place.shard.lock();
        let begun = shard.begin(ticket, runs, now);
        self.unlock(place, shard, false);
        begun
    }

    /// What the outcome of a ticket's execution is to be delivered to.
    pub(super) fn conclusion<'a>(
        &'a self,
        ticket: &'a Ticket,
        attempt: Option<Box<Attempt>>,
    ) -> Conclusion<'a> {
        Conclusion { engine: self, ticket, attempt }
    }
}

/// The end of an execution.
///
/// It takes these steps, in this order: the function and what it captured are let go; under the lock
/// of the shard the outcome is recorded and the series goes on; without any lock those who wait are
/// told; the scheduler is told that this job is over. So whoever has waited for an execution finds
/// the scheduler up to date, and whoever has waited for a scheduler to shut down finds every future
/// done.
pub(super) struct Conclusion<'a> {
    engine: &'a Engine,
    ticket: &'a Ticket,

    /// Of a task with rules.
    attempt: Option<Box<Attempt>>,
}

impl Conclusion<'_> {
    /// Lets go of what it holds, when all is delivered.
    #[inline]
    pub(super) fn clear(self) {
        if let Some(attempt) = self.attempt {
            // The last reference to a predicate of a user may be in it.
            let _ = drop_quietly(attempt);
        }
    }
}

impl Sink for Conclusion<'_> {
    fn deliver(&self, delivery: &mut dyn Delivery) {
        self.engine.deliver(self.ticket, self.attempt.as_deref(), delivery);
    }

    fn stop(&self) -> Arc<Stop> {
        self.engine.stop_of(self.ticket)
    }

    fn is_told(&self) -> bool {
        self.engine.is_told(self.ticket)
    }
}

impl Engine {
    /// Records how the execution of a ticket has ended, and goes on with its task. Runs code of users.
    pub(super) fn deliver(
        &self,
        ticket: &Ticket,
        attempt: Option<&Attempt>,
        delivery: &mut dyn Delivery,
    ) {
        let now = self.clock.now();
        // Before the lock is taken: a predicate is a user's.
        let is_settled = |attempt: &Attempt| {
            let (task, run) = (ticket.task, ticket.run);
            attempt.overdue(now).is_some() && self.attempt(task, run).is_none()
        };
        let follow = match attempt {
            // It has timed out, and what follows was decided then.
            Some(attempt) if is_settled(attempt) => Follow::default(),
            Some(attempt) => attempt.follow(delivery.error(), now),
            None => Follow::default(),
        };
        let conclude = |shard: &mut Shard| shard.conclude(ticket, now, delivery, follow);
        self.change(ticket.task, conclude).clear();
    }

    /// What the future of a ticket's execution, which runs, is reached by.
    pub(super) fn stop_of(&self, ticket: &Ticket) -> Arc<Stop> {
        self.place(ticket.task).shard.lock().stop_of(ticket)
    }

    /// Whether a ticket's execution, which runs, has been told to end.
    pub(super) fn is_told(&self, ticket: &Ticket) -> bool {
        self.place(ticket.task).shard.lock().is_told(ticket)
    }
}

impl Owner for Engine {
    fn execute(&self, ticket: &Ticket) {
        self.claim(ticket, true, Begun::run);
    }

    fn give_up(&self, ticket: &Ticket, error: TaskError) {
        let mut error = Some(error);
        self.claim(ticket, false, |begun, sink| {
            let Some(error) = error.take() else { return };
            begun.conclude(Err(error), sink);
        });
        // Still here if the execution was cancelled before. It may hold an error of a user.
        let _ = drop_quietly(error);
    }

    fn begin_run(&self, ticket: Ticket) -> Option<Run> {
        super::polled::begin(self, ticket)
    }

    fn withdraw(&self, task: TaskId, settle: &mut dyn FnMut(SystemTime) -> bool) {
        let now = self.clock.now();
        self.change(task, |shard| {
            if settle(shard.timeline.wall_at(now)) {
                shard.withdraw(task, now)
            } else {
                Leftover::default()
            }
        })
        .clear();
    }

    fn stop(&self, task: TaskId, run: u64, runs: &dyn Fn() -> bool) -> bool {
        let now = self.clock.now();
        let (stopped, known) = self.change(task, |shard| {
            let slot = shard.index(task).map(|index| shard.slot(index));
            let known = slot.map(|slot| (slot.lane, slot.is_async));
            (shard.stop(task, run, now), known)
        });
        let (Stopped::Told, Some((lane, is_async))) = (stopped, known) else {
            return stopped == Stopped::Over;
        };
        let executor = &self.lanes[lane as usize].executor;
        // An executor of a user's may panic, or shut the scheduler down.
        let _inside = self.enter();
        let runs_elsewhere = || catch(|| executor.keeps_time()).unwrap_or(false);
        // A future that was told to end comes to nothing else; see `Delivery::gives_way`.
        (is_async && !runs_elsewhere())
            || catch(|| executor.interrupt((task, run), runs)).unwrap_or(false)
    }

    fn waits_for_this_thread(&self, task: TaskId) -> bool {
        // Most schedulers have no such executor, and need not look for the task.
        self.lanes.iter().any(|lane| lane.waits_for_this_thread(true)) && {
            let known = self.change(task, |shard| {
                let slot = shard.index(task).map(|index| shard.slot(index));
                slot.map(|slot| (slot.lane, slot.is_async))
            });
            known.is_some_and(|(lane, is_async)| {
                self.lanes[lane as usize].waits_for_this_thread(is_async)
            })
        }
    }

    fn subject(&self, task: TaskId, run: u64) -> Option<Subject> {
        self.place(task).shard.lock().subject(task, run)
    }

    fn progressed(&self, task: TaskId, run: u64, progress: Progress) {
        let now = self.clock.now();
        let shard = self.place(task).shard.lock();
        shard.tell_progress(task, run, progress, now);
    }

    #[cfg(all(feature = "process", unix))]
    fn begin_elsewhere(self: Arc<Self>, ticket: Ticket) -> Option<Box<dyn Absent>> {
        super::elsewhere::begin(self, ticket)
    }
}

impl Keeper for Engine {
    fn steer(&self, task: TaskId, command: Command) -> Result<(), Error> {
        self.steer(task, command)
    }

    fn with_next_run(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>)) {
        let shard = self.place(task).shard.lock();
        f(shard.index(task).and_then(|index| shard.next_run(index)));
    }

    fn with_upcoming(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>)) {
        let shard = self.place(task).shard.lock();
        f(shard.index(task).and_then(|index| shard.upcoming(index)));
    }

    fn record(
        &self,
        task: TaskId,
        make: &mut dyn FnMut() -> Arc<dyn AnyRecord>,
    ) -> Option<Arc<dyn AnyRecord>> {
        self.place(task).shard.lock().record(task, make)
    }

    fn history(&self) -> usize {
        self.history
    }

    fn hold(&self, task: TaskId) {
        self.place(task).shard.lock().hold(task);
    }

    fn release(&self, task: TaskId) {
        let leftover = self.place(task).shard.lock().release(task);
        leftover.clear();
    }
}
