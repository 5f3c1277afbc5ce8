//! Shutting down: from any thread, from inside a task, twice, or all at once.
//!
//! 1. Under the lock, what is due by now is taken out for the last time, for the heart to hand over;
//!    the stage goes to draining, from when on `add` refuses and the heart fires nothing more; every
//!    run that is not due yet is cancelled. Without waiting, so is everything that has not begun,
//!    and the stage goes on to closed.
//! 2. The heart hands over that last harvest and what is left of its backlog. It queues what was kept
//!    back by the rules of its task as soon as that may go, and ends when nothing of the kind is left and
//!    no timeout is to come.
//! 3. When the last job is over and the heart has ended, the executors are told to end: by the thread that
//!    is blocked until then, or, if none is, by the thread that the later of both was over on.
//! 4. That latter thread then also tells those who await the end ([`Shutdown`](super::Shutdown)), of
//!    which there may be some beside threads that are blocked. How it is noticed which thread that is, and
//!    that there always is one, is in `over.rs`: each that ends a job, the heart, and whoever shuts down,
//!    looks once it has done its part, also where nothing was ever started, and when the last clone is
//!    dropped.
//!
//! A thread that runs code on behalf of this scheduler never waits for it: it would wait for
//! itself, and two tasks that shut down at once would wait for each other. The same shutdown goes
//! on without it. Nor does a thread that runs what it would wait for between two of its own steps, as that of
//! a current-thread runtime does.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::engine::Engine;
use super::events::EventKind;
use super::fire::Harvest;
use super::life::Stage;
use crate::execution::{Execution, JobAnchor, Reason, Status, is_inside};

/// What [`Scheduler::shutdown_timeout`](crate::Scheduler::shutdown_timeout) had to leave behind.
///
/// ```
/// use std::{sync::mpsc, time::Duration};
/// use pysched::{Scheduler, Status, Task};
///
/// let (started, wait_for_start) = mpsc::sync_channel(1);
/// let sched = Scheduler::new();
/// sched.start()?;
/// sched.add(Task::new(move || {
///     started.send(()).unwrap();
///     std::thread::sleep(Duration::from_millis(200));
/// }).name("slow"))?;
/// wait_for_start.recv().unwrap();
///
/// let unfinished = sched.shutdown_timeout(Duration::from_millis(1)).unwrap_err();
/// assert_eq!(unfinished.executions[0].execution.status, Status::Running);
/// assert!(unfinished.to_string().contains("slow"));
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Unfinished {
    /// The executions that had not ended. Those that were running have been told to end, by their
    /// [tokens](crate::Current::token): functions go on unattended, futures are dropped where they wait.
    /// Those that were queued have been cancelled.
    pub executions: Vec<UnfinishedExecution>,
}

/// An execution that had not ended when a shutdown ran out of time.
///
/// ```
/// use std::{sync::mpsc, time::Duration};
/// use pysched::{Scheduler, Task};
///
/// let (started, wait_for_start) = mpsc::sync_channel(1);
/// let sched = Scheduler::new();
/// sched.start()?;
/// let handle = sched.add(Task::new(move || {
///     started.send(()).unwrap();
///     std::thread::sleep(Duration::from_millis(200));
/// }))?;
/// wait_for_start.recv().unwrap();
///
/// let unfinished = sched.shutdown_timeout(Duration::ZERO).unwrap_err();
/// assert_eq!(unfinished.executions[0].name, None);
/// assert_eq!(unfinished.executions[0].execution.task, handle.id());
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedExecution {
    /// The name of its task.
    pub name: Option<String>,

    /// How it stood when the time was up.
    pub execution: Execution,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.executions.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "the scheduler was shut down with {count} unfinished execution{plural}")?;
        for (index, UnfinishedExecution { name, execution }) in self.executions.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { ", " })?;
            match name {
                Some(name) => write!(f, "{name:?}")?,
                None => write!(f, "task {}", execution.task)?,
            }
            f.write_str(match execution.status {
                Status::Queued => " (queued)",
                _ => " (running)",
            })?;
        }
        Ok(())
    }
}

impl std::error::Error for Unfinished {}

impl Engine {
    /// Shuts down; with `wait`, returns when everything that was queued or running has ended.
    pub(super) fn shutdown(self: &Arc<Self>, wait: bool) {
        let waits = wait && self.may_wait();
        self.stop_firing(!wait);
        if waits {
            self.wait_until_drained(None);
            self.close_executors(true);
        } else if !wait {
            self.close_executors(false);
        }
        self.close_if_over();
    }

    /// Shuts down as with `wait`, and leaves all that comes after to whoever ends the last of it.
    pub(super) fn shutdown_unattended(self: &Arc<Self>) {
        self.stop_firing(false);
        self.close_if_over();
    }

    /// Shuts down as with `wait`, and without once `limit` is over.
    pub(super) fn shutdown_timeout(self: &Arc<Self>, limit: Duration) -> Result<(), Unfinished> {
        let waits = self.may_wait();
        self.stop_firing(false);
        // A limit beyond what the clock can name is no limit.
        if waits && self.wait_until_drained(Instant::now().checked_add(limit)) {
            self.close_executors(true);
            self.close_if_over();
            return Ok(());
        }
        let executions = self.unfinished();
        self.shutdown(false);
        self.tell_all_to_end();
        if executions.is_empty() { Ok(()) } else { Err(Unfinished { executions }) }
    }

    /// Whether this thread may wait for the shutdown that it is about to begin. If so, the executors
    /// are left to it.
    fn may_wait(&self) -> bool {
        let may =
            !is_inside(self.id) && !self.lanes.iter().any(|lane| lane.waits_for_this_thread(true));
        if may {
            self.awaited.store(true, Ordering::SeqCst);
        }
        may
    }

    /// Fires what is due for the last time, and cancels what is not; with `queued`, cancels
    /// everything that has not begun.
    fn stop_firing(self: &Arc<Self>, queued: bool) {
        let (now, wall) = self.clock.read();
        let event = self.bus.announcement(|| wall, EventKind::ShutDown);
        let owner = JobAnchor::new(Arc::<Self>::clone(self));
        let (mut leftovers, mut outboxes) = (Vec::new(), Vec::new());
        {
            let mut life = self.life.lock();
            let goal = if queued { Stage::Closed } else { Stage::Draining };
            if life.stage < goal {
                if let Some(event) = event.filter(|_| life.stage < Stage::Draining) {
                    self.bus.publish(event);
                }
                self.refusing.store(true, Ordering::SeqCst);
                // Nothing runs that would be waited for, if nothing ever has.
                let queued = queued || life.stage == Stage::Created;
                let mut harvest = Harvest::new(self.lanes.len());
                for (number, place) in self.shards.iter().enumerate() {
                    let mut shard = place.shard.lock();
                    shard.open = false;
                    if life.stage == Stage::Running && !queued && !shard.paused {
                        let before = harvest.jobs();
                        shard.observe(now, wall);
                        shard.ring_deadlines(now, &mut harvest);
                        shard.fire_due(&owner, now, wall, &mut harvest);
                        self.in_flight.enter(number, harvest.jobs() - before);
                    }
                    for index in shard.indices() {
                        let rules = shard.slot(index).rules();
                        if rules.is_some_and(|rules| rules.timeout.is_some()) {
                            self.had_timeouts.store(true, Ordering::SeqCst);
                        }
                        leftovers.push(shard.end_series(index, queued, Reason::ShutDown, now));
                    }
                    outboxes.extend(shard.take_outbox().map(|outbox| *outbox));
                    shard.head = shard.next_due();
                    // The heart looks at all of them before it sleeps.
                    let _ = place.head.advance(shard.head, &self.alarm);
                }
                self.let_contenders_in(|_| Arc::clone(&owner), &mut harvest);
                outboxes.append(&mut harvest.outboxes);
                if life.stage == Stage::Running && !queued {
                    life.last_harvest = Some(harvest);
                }
                life.stage = goal;
                self.over.drain();
            }
        }
        self.parker.unpark();
        for leftover in leftovers {
            leftover.clear();
        }
        for outbox in outboxes {
            self.post(outbox);
        }
    }

    /// Waits until the heart has ended and no job is left; says whether that was before `deadline`.
    fn wait_until_drained(&self, deadline: Option<Instant>) -> bool {
        let mut life = self.life.lock();
        while life.heart_beats {
            let rest = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            life = match rest {
                None => self.heart_ended.wait(life),
                Some(Duration::ZERO) => return false,
                Some(rest) => self.heart_ended.wait_timeout(life, rest),
            };
        }
        drop(life);
        self.in_flight.wait_for_none(deadline)
    }

    /// Tells everything that runs to end.
    fn tell_all_to_end(&self) {
        for place in &self.shards {
            let mut shard = place.shard.lock();
            for index in shard.indices() {
                shard.tell_task_to_end(index);
            }
            self.unlock(place, shard, false);
        }
    }

    fn unfinished(&self) -> Vec<UnfinishedExecution> {
        let mut unfinished = Vec::new();
        for place in &self.shards {
            let shard = place.shard.lock();
            for index in shard.indices() {
                let name = shard.slot(index).name();
                let of_task =
                    |execution| UnfinishedExecution { name: name.map(str::to_owned), execution };
                unfinished.extend(shard.in_flight(index).into_iter().map(of_task));
            }
        }
        unfinished
    }
}
