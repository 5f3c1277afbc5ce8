//! The seam between an execution and the floors above: the scheduler that it belongs to, and what an
//! executor is given.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use crossbeam_utils::CachePadded;

#[cfg(all(feature = "process", unix))]
use super::current::About;
use super::current::Subject;
use super::progress::Progress;
use crate::TaskId;
use crate::error::TaskError;
#[cfg(all(feature = "process", unix))]
use crate::portable::{self, Parcel};
use crate::prefetch::Location;

/// A scheduler, as seen by its executions and their futures.
pub(crate) trait Owner: Any + Send + Sync {
    /// Runs the execution of a ticket, on this thread, and delivers its outcome. Never panics.
    fn execute(&self, ticket: &Ticket);

    /// Ends the execution of a ticket without running it. Never panics.
    fn give_up(&self, ticket: &Ticket, error: TaskError);

    /// Claims the execution of a ticket, of an asynchronous function, in order to poll it; `None` if it
    /// was cancelled. Never panics.
    fn begin_run(&self, ticket: Ticket) -> Option<Run>;

    /// Goes on with `task` after one of its executions that has not started was withdrawn, which
    /// `settle` does, at the time that it is told; it says whether it came early enough. Called under
    /// the scheduler's lock, it may not run code of users.
    fn withdraw(&self, task: TaskId, settle: &mut dyn FnMut(SystemTime) -> bool);

    /// Cancels an execution of `task` that has begun: tells it to end, and has whoever runs it end it, if
    /// that can; `runs` says whether it still runs. Says whether it ends as cancelled, soon. Runs code of
    /// users.
    fn stop(&self, task: TaskId, run: u64, runs: &dyn Fn() -> bool) -> bool;

    /// Whether an execution of `task` is run by the calling thread, and so by nobody while that blocks. Runs
    /// code of users.
    fn waits_for_this_thread(&self, task: TaskId) -> bool {
        let _ = task;
        false
    }

    /// What a running execution is told about itself.
    fn subject(&self, task: TaskId, run: u64) -> Option<Subject>;

    /// Takes note of how far an execution has come.
    fn progressed(&self, task: TaskId, run: u64, progress: Progress);

    /// Claims the execution of a ticket in order to run it in another process; `None` if it was
    /// cancelled. Never panics.
    #[cfg(all(feature = "process", unix))]
    fn begin_elsewhere(self: Arc<Self>, ticket: Ticket) -> Option<Box<dyn Absent>>;
}

/// An execution that was claimed, to be polled to its end. Dropping it before ends it as one whose runtime
/// is gone.
pub(crate) type Run = Pin<Box<dyn Advance + Send>>;

/// What is polled as a future is.
pub(crate) trait Advance {
    /// Goes on with it; ready once it is over. Runs code of users; never panics.
    ///
    /// If it will be polled `again` at once, whatever wakes it, the waker need not do anything, and nobody
    /// else need be able to reach it until then.
    fn advance(self: Pin<&mut Self>, context: &mut Context<'_>, again: bool) -> Poll<()>;
}

/// Takes note of how far an execution has come. Runs code of users: call it without any lock.
#[cfg(all(feature = "process", unix))]
pub(crate) type Listener = Box<dyn FnOnce(Progress) + Send>;

/// An execution that was claimed and runs in another process. Dropping it ends it as one whose worker
/// is gone.
#[cfg(all(feature = "process", unix))]
pub(crate) trait Absent: Send {
    /// Tells it from others that run at the same time: its task, and which execution of that it is.
    fn identity(&self) -> (TaskId, u64);

    /// What it is to be told about itself, beside the name of its task, which its parcel has.
    fn about(&self) -> About;

    /// Who takes note of how far it has come; never panics.
    fn listener(&self) -> Listener;

    /// What is to be run; `None` if that cannot leave this process.
    fn parcel(&self) -> Option<&Arc<Parcel>>;

    /// Delivers what became of it, on this thread. Never panics.
    fn conclude(self: Box<Self>, outcome: portable::Outcome);
}

/// What jobs hold on to, in place of their owner itself: a pointer of one word, of which a burst has
/// one for each task, and a count of references in a cache line of its own.
pub(crate) struct JobAnchor(CachePadded<Arc<dyn Owner>>);

impl JobAnchor {
    pub(crate) fn new(owner: Arc<dyn Owner>) -> Arc<Self> {
        Arc::new(Self(CachePadded::new(owner)))
    }
}

/// The right to run one execution, once. Dropping it ends the execution as one that nobody could run.
pub(crate) struct Ticket {
    pub(crate) task: TaskId,

    /// Which execution of the task.
    pub(crate) run: u64,

    /// The executor that it was launched for.
    pub(crate) lane: u32,

    /// Where the scheduler keeps the task.
    pub(crate) location: Location,

    /// Whether a limit counts it, until it is over.
    pub(crate) limited: bool,

    /// Whether its function gives a future, which can be polled.
    pub(crate) is_async: bool,

    /// Whether it has been used. By the values that a `bool` never has, tickets are told from other
    /// work: in place of an empty owner this keeps jobs within 64 bytes.
    used: bool,
    owner: Arc<JobAnchor>,
}

impl Ticket {
    pub(crate) fn new(
        task: TaskId,
        run: u64,
        lane: u32,
        location: Location,
        (limited, is_async): (bool, bool),
        owner: Arc<JobAnchor>,
    ) -> Self {
        Self { task, run, lane, location, limited, is_async, used: false, owner }
    }

    pub(crate) fn owner(&self) -> &dyn Owner {
        &**self.owner.0
    }

    pub(crate) fn run(mut self) {
        self.used = true;
        self.owner.0.execute(&self);
    }

    pub(crate) fn fail(mut self, error: TaskError) {
        self.used = true;
        self.owner.0.give_up(&self, error);
    }

    fn begin_run(mut self) -> Option<Run> {
        self.used = true;
        let owner = Arc::clone(&self.owner);
        owner.0.begin_run(self)
    }

    #[cfg(all(feature = "process", unix))]
    fn begin_elsewhere(mut self) -> Option<Box<dyn Absent>> {
        self.used = true;
        let owner = Arc::clone(&self.owner.0);
        owner.begin_elsewhere(self)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.used {
            let text = "the executor dropped the job without running it".to_owned();
            self.owner.0.give_up(self, TaskError::WorkerDied(text));
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("task", &self.task)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

/// A function that belongs to no scheduler. Dropping it ends it as one that nobody could run.
pub(crate) trait Errand: Send {
    /// Runs the function and delivers its outcome, on this thread. Never panics.
    fn run(self: Box<Self>);

    /// Ends it without running it. Never panics.
    fn fail(self: Box<Self>, error: TaskError);

    /// Tells it from all other executions that run at the same time.
    #[cfg(all(feature = "process", unix))]
    fn identity(&self) -> (TaskId, u64) {
        (TaskId::nil(), 0)
    }

    /// Claims it in order to run it in another process, unless it was cancelled or cannot leave this
    /// one. Never panics.
    #[cfg(all(feature = "process", unix))]
    fn begin_elsewhere(self: Box<Self>) -> Option<Box<dyn Absent>> {
        self.fail(TaskError::Refused("a closure cannot run in another process".to_owned()));
        None
    }
}

/// What is inside a [`Job`](crate::Job).
pub(crate) enum Work {
    Execution(Ticket),
    Errand(Box<dyn Errand>),
}

impl Work {
    /// Runs the function and delivers its outcome, on this thread. Never panics.
    pub(crate) fn run(self) {
        match self {
            Self::Execution(ticket) => ticket.run(),
            Self::Errand(errand) => errand.run(),
        }
    }

    /// Ends it without running it. Never panics.
    pub(crate) fn fail(self, error: TaskError) {
        match self {
            Self::Execution(ticket) => ticket.fail(error),
            Self::Errand(errand) => errand.fail(error),
        }
    }

    /// Whether it is an execution of an asynchronous function.
    pub(crate) fn is_async(&self) -> bool {
        match self {
            Self::Execution(ticket) => ticket.is_async,
            Self::Errand(_) => false,
        }
    }

    /// Claims an execution of an asynchronous function, in order to poll it. `None` if it was cancelled.
    /// What is not asynchronous runs now. Never panics.
    pub(crate) fn begin_run(self) -> Option<Run> {
        match self {
            Self::Execution(ticket) if ticket.is_async => ticket.begin_run(),
            work => {
                work.run();
                None
            }
        }
    }

    /// Claims it in a simulation, where functions are polled, too.
    pub(crate) fn begin_simulated(self) -> Option<Run> {
        match self {
            Self::Execution(ticket) => ticket.begin_run(),
            work @ Self::Errand(_) => {
                work.run();
                None
            }
        }
    }

    /// Claims it in order to run it in another process; `None` if it was cancelled, or has failed as
    /// it cannot leave this one. Never panics.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn begin_elsewhere(self) -> Option<Box<dyn Absent>> {
        match self {
            Self::Execution(ticket) => ticket.begin_elsewhere(),
            Self::Errand(errand) => errand.begin_elsewhere(),
        }
    }
}
