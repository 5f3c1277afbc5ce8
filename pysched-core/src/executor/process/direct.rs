//! Tasks that are given to the pool itself, and belong to no scheduler.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use super::check;
use super::pool::Pool;
use crate::error::{Error, TaskError};
use crate::execution::{
    About, Absent, Errand, ExecutionCell, Listener, Owner, Progress, Run, Subject, TaskFuture,
    Ticket, Work,
};
use crate::executor::{Job, Rejected};
use crate::portable::{Outcome, Parcel, typed};
use crate::task::Body;
use crate::time::Moment;
use crate::unwind::drop_quietly;
use crate::{Task, TaskId};

/// An execution of a task that was given to the pool itself.
struct Direct<T: 'static> {
    cell: Arc<ExecutionCell<T>>,

    /// The function, which is not called here, but let go when the execution ends, as everywhere.
    /// `None` once it has.
    body: Option<Body>,

    /// Whether it has been claimed.
    begun: bool,

    /// When it was given to the pool.
    due: SystemTime,
    parcel: Arc<Parcel>,
    owner: Arc<Employment>,
}

/// The pool, as seen by the future of one execution.
struct Employment {
    pool: Weak<Pool>,

    /// Tells this execution from all others. Nobody else sees it.
    key: TaskId,
}

/// Runs a task once.
pub(super) fn run<T>(pool: &Arc<Pool>, task: Task<T>) -> Result<TaskFuture<T>, Error>
where
    T: Send + Sync + 'static,
{
    let (body, _, priority, rare) = task.into_parts();
    let rare = rare.unwrap_or_default();
    let parcel = Parcel::new(rare.registered, rare.name, rare.timeout)?;
    check(&parcel)?;
    let now = SystemTime::now();
    let cell = ExecutionCell::queued(TaskId::nil(), now);
    let owner = Arc::new(Employment { pool: Arc::downgrade(pool), key: pool.key() });
    let known: Weak<Employment> = Arc::downgrade(&owner);
    let future = TaskFuture::new(Arc::clone(&cell), Some(known));
    let parcel = Arc::new(parcel);
    let direct = Direct { cell, body: Some(body), begun: false, due: now, parcel, owner };
    let job = Job::new(priority, Moment::of_wall(now), Work::Errand(Box::new(direct)));
    match pool.submit(job) {
        Ok(()) => {}
        Err(Rejected::Full(job)) => job.fail(TaskError::Refused("the pool is full".to_owned())),
        Err(Rejected::Refused(job, why)) => job.fail(TaskError::Refused(why)),
    }
    Ok(future)
}

impl<T: 'static> Direct<T> {
    /// Claims it; `false` if it was cancelled.
    fn begin(&mut self) -> bool {
        self.begun = self.cell.begin();
        if !self.begun {
            let _ = drop_quietly(self.body.take());
        }
        self.begun
    }

    /// Delivers what became of it, once.
    fn settle(&mut self, store: impl FnOnce(&ExecutionCell<T>, SystemTime)) {
        let Some(body) = self.body.take() else { return };
        // As everywhere, a captured value may panic when it is dropped.
        let _ = drop_quietly(body);
        store(&self.cell, SystemTime::now());
        self.cell.announce();
    }

    fn give_up(&mut self, error: TaskError) {
        if self.body.is_some() && (self.begun || self.begin()) {
            self.settle(|cell, now| cell.settle(Err(error).into(), now));
        }
    }
}

impl<T: Send + Sync + 'static> Errand for Direct<T> {
    fn run(mut self: Box<Self>) {
        debug_assert!(false, "only its own pool has it, and does not run it here");
        self.give_up(TaskError::Refused("it was to run in a worker process".to_owned()));
    }

    fn fail(mut self: Box<Self>, error: TaskError) {
        self.give_up(error);
    }

    fn identity(&self) -> (TaskId, u64) {
        (self.owner.key, 0)
    }

    fn begin_elsewhere(mut self: Box<Self>) -> Option<Box<dyn Absent>> {
        if !self.begin() {
            return None;
        }
        self.cell.set_started(SystemTime::now());
        Some(self)
    }
}

impl<T: Send + Sync + 'static> Absent for Direct<T> {
    fn identity(&self) -> (TaskId, u64) {
        (self.owner.key, 0)
    }

    fn about(&self) -> About {
        About { task: TaskId::nil(), attempt: 1, due: self.due }
    }

    fn listener(&self) -> Listener {
        let cell = Arc::clone(&self.cell);
        Box::new(move |progress| cell.details_or_new().set_progress(progress))
    }

    fn parcel(&self) -> Option<&Arc<Parcel>> {
        Some(&self.parcel)
    }

    fn conclude(mut self: Box<Self>, outcome: Outcome) {
        self.settle(|cell, now| match typed(outcome) {
            // What runs is cancelled by its future, or not at all.
            Err(TaskError::Cancelled) => cell.settle_cancelled(now),
            outcome => cell.settle(outcome.into(), now),
        });
    }
}

impl<T: 'static> Drop for Direct<T> {
    fn drop(&mut self) {
        self.give_up(TaskError::WorkerDied("the pool dropped the task".to_owned()));
    }
}

impl Owner for Employment {
    fn execute(&self, _: &Ticket) {
        debug_assert!(false, "there are no tickets of it");
    }

    fn give_up(&self, _: &Ticket, _: TaskError) {
        debug_assert!(false, "there are no tickets of it");
    }

    fn begin_run(&self, _: Ticket) -> Option<Run> {
        debug_assert!(false, "there are no tickets of it");
        None
    }

    fn withdraw(&self, _: TaskId, settle: &mut dyn FnMut(SystemTime) -> bool) {
        settle(SystemTime::now());
    }

    fn stop(&self, _: TaskId, _: u64, runs: &dyn Fn() -> bool) -> bool {
        self.pool.upgrade().is_some_and(|pool| pool.interrupt((self.key, 0), runs))
    }

    fn subject(&self, _: TaskId, _: u64) -> Option<Subject> {
        None
    }

    fn progressed(&self, _: TaskId, _: u64, _: Progress) {}

    fn begin_elsewhere(self: Arc<Self>, _: Ticket) -> Option<Box<dyn Absent>> {
        debug_assert!(false, "there are no tickets of it");
        None
    }
}
