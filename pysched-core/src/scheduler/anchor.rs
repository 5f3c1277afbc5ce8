//! [`Anchors`]: what handles and jobs hold on to, in place of the engine itself.
//!
//! Each handle and each job keeps the engine alive. If they counted their references in one place,
//! every thread that adds or ends a task would write to it. So there are two anchors for each shard,
//! one for its jobs and one for its handles, each with a count of its own in a cache line of its own.

use std::sync::Arc;
use std::time::SystemTime;

use crossbeam_utils::CachePadded;

use super::engine::Engine;
use crate::TaskId;
use crate::error::{Error, TaskError};
#[cfg(all(feature = "process", unix))]
use crate::execution::Absent;
use crate::execution::{JobAnchor, Owner, Progress, Run, Subject, Ticket};
use crate::task::{AnyRecord, Command, Keeper};

/// Two anchors for each shard. They hold the engine, which must not hold them.
pub(super) struct Anchors {
    jobs: Box<[Arc<JobAnchor>]>,
    handles: Box<[Arc<Anchor>]>,
}

/// The engine, as seen by its handles.
pub(super) struct Anchor(CachePadded<Arc<Engine>>);

impl Anchors {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        let shards = 0..engine.shards.len();
        let of_jobs = |_| JobAnchor::new(Arc::<Engine>::clone(engine));
        let of_handles = |_| Arc::new(Anchor(CachePadded::new(Arc::clone(engine))));
        Self {
            jobs: shards.clone().map(of_jobs).collect(),
            handles: shards.map(of_handles).collect(),
        }
    }

    /// The anchor of a shard, for its jobs.
    pub(super) fn owner(&self, shard: usize) -> Arc<JobAnchor> {
        Arc::clone(&self.jobs[shard])
    }

    /// The anchor of a shard, for its handles.
    pub(super) fn keeper(&self, shard: usize) -> Arc<dyn Keeper> {
        Arc::<Anchor>::clone(&self.handles[shard])
    }
}

impl Owner for Anchor {
    fn execute(&self, ticket: &Ticket) {
        self.0.execute(ticket);
    }

    fn give_up(&self, ticket: &Ticket, error: TaskError) {
        self.0.give_up(ticket, error);
    }

    fn begin_run(&self, ticket: Ticket) -> Option<Run> {
        self.0.begin_run(ticket)
    }

    fn withdraw(&self, task: TaskId, settle: &mut dyn FnMut(SystemTime) -> bool) {
        self.0.withdraw(task, settle);
    }

    fn stop(&self, task: TaskId, run: u64, runs: &dyn Fn() -> bool) -> bool {
        self.0.stop(task, run, runs)
    }

    fn waits_for_this_thread(&self, task: TaskId) -> bool {
        self.0.waits_for_this_thread(task)
    }

    fn subject(&self, task: TaskId, run: u64) -> Option<Subject> {
        self.0.subject(task, run)
    }

    fn progressed(&self, task: TaskId, run: u64, progress: Progress) {
        self.0.progressed(task, run, progress);
    }

    #[cfg(all(feature = "process", unix))]
    fn begin_elsewhere(self: Arc<Self>, ticket: Ticket) -> Option<Box<dyn Absent>> {
        Arc::clone(&self.0).begin_elsewhere(ticket)
    }
}

impl Keeper for Anchor {
    fn steer(&self, task: TaskId, command: Command) -> Result<(), Error> {
        self.0.steer(task, command)
    }

    fn with_next_run(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>)) {
        self.0.with_next_run(task, f);
    }

    fn with_upcoming(&self, task: TaskId, f: &mut dyn FnMut(Option<SystemTime>)) {
        self.0.with_upcoming(task, f);
    }

    fn record(
        &self,
        task: TaskId,
        make: &mut dyn FnMut() -> Arc<dyn AnyRecord>,
    ) -> Option<Arc<dyn AnyRecord>> {
        self.0.record(task, make)
    }

    fn history(&self) -> usize {
        self.0.history()
    }

    fn hold(&self, task: TaskId) {
        self.0.hold(task);
    }

    fn release(&self, task: TaskId) {
        self.0.release(task);
    }
}
