//! The contenders: pysched, its peers, and for each work a floor, which is the least that could do
//! it.
//!
//! What a contender can do is a trait, so that a work is written once for all that can do it, and
//! is compiled for each of them as if it had been written for that one.

mod cron;
mod delay_queue;
mod delay_timer;
mod floor;
mod processes;
mod pysched;
mod pysched_simulation;
mod pysched_tokio;
mod scheduled_thread_pool;
mod smol;
mod tokio;
mod tokio_cron_scheduler;
mod tokio_paused;
mod unordered;

use std::time::Duration;

pub(crate) use cron::{
    CronCrate, Croner, Cronexpr, Finder, JiffCron, PyschedCron, Reader, Rome, Saffron, Time, Utc,
    Zone,
};
pub(crate) use delay_queue::{DelayQueue, DelayQueueSeries};
pub(crate) use delay_timer::DelayTimer;
pub(crate) use floor::{Channel, Handover, Heap, Job, Moments, NAME as FLOOR, Ready};
pub(crate) use processes::{Failure, Pipes, Processes, Procspawn, PyschedProcesses, Python, echo};
pub(crate) use pysched::{Pysched, PyschedTask};
pub(crate) use pysched_simulation::PyschedSimulation;
pub(crate) use pysched_tokio::PyschedTokio;
pub(crate) use scheduled_thread_pool::ScheduledThreadPool;
pub(crate) use smol::Smol;
pub(crate) use tokio::{Tokio, runtime};
pub(crate) use tokio_cron_scheduler::TokioCronScheduler;
pub(crate) use tokio_paused::TokioPaused;
pub(crate) use unordered::Unordered;

/// How long anything is waited for before the sample fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What a task does: as much as the pickiest contender asks for.
pub(crate) trait Body: Fn() + Clone + Send + Sync + 'static {}

impl<F: Fn() + Clone + Send + Sync + 'static> Body for F {}

/// Something that runs tasks.
pub(crate) trait Contender: Send + Sync + 'static {
    const NAME: &'static str;

    /// Whether it runs one task at a time, however many workers it is given.
    const SERIAL: bool = false;

    /// Starts it, with `workers` threads that run tasks.
    fn start(workers: usize) -> Self;

    /// What a thread has to hold while it adds tasks, if anything.
    fn context(&self) -> impl Sized {}
}

/// It runs a task once, after a delay.
pub(crate) trait Once: Contender {
    /// Adds a task that is due `delay` from now.
    fn add(&self, delay: Duration, body: impl Body);

    /// Returns when `tasks` that have been added are registered with their timer, where adding
    /// returns before.
    fn settle(&self, tasks: usize) -> Result<(), String> {
        let _ = tasks;
        Ok(())
    }
}

/// It can be told not to run a task after all.
pub(crate) trait Cancel: Once {
    /// What it takes to cancel a task.
    type Ticket: Send;

    /// Whether what the task captured is dropped by that, and not when it would have been due.
    const FREES: bool;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> Self::Ticket;

    fn cancel(&self, ticket: Self::Ticket);
}

/// It runs a task again and again.
pub(crate) trait Recur: Contender {
    /// Adds a task that is due every `interval` from now, the first time in one `interval`.
    fn recur(&self, interval: Duration, body: impl Body);
}

/// It runs what is due by priority, or at least takes one.
pub(crate) trait Prioritise: Contender {
    /// Whether the lowest number goes first, and among equals the one that was added first.
    const BY_PRIORITY: bool;

    /// Adds a task that is due now.
    fn submit(&self, priority: i32, body: impl Body);
}

/// It has time that goes on as fast as what is to be done allows.
pub(crate) trait VirtualTime {
    const NAME: &'static str;

    /// Runs what is to be run, and returns when all of it has.
    fn simulate(plan: Plan, body: impl Body);
}

/// What is to be run in virtual time: tasks whose beginnings are spread over an interval, again and again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) tasks: u32,
    pub(crate) interval: Duration,

    /// How often each runs.
    pub(crate) runs: u32,
}

impl Plan {
    /// How long after each other the tasks begin.
    fn phase(self) -> Duration {
        self.interval / self.tasks
    }

    /// When the last task runs for the last time.
    fn end(self) -> Duration {
        self.interval * self.runs + self.phase() * (self.tasks - 1)
    }
}
