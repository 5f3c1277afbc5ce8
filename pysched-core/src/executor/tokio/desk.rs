//! [`Desk`]: a runtime, what is admitted to it, and which threads work for it.

use std::cell::Cell;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use ::tokio::runtime::{Handle, RuntimeFlavor};
use ::tokio::task::yield_now;

use super::admission::{Admission, Calls, Closed, Kind};
use super::driver::Driver;
use crate::error::TaskError;
use crate::executor::Job;
use crate::unwind::catch;

/// What a `TokioExecutor`, its drivers and its executions share.
pub(super) struct Desk {
    handle: Handle,
    pub(super) admission: Admission<Job>,
}

impl Kind for Job {
    fn is_async(&self) -> bool {
        Self::is_async(self)
    }
}

thread_local! {
    /// The desk whose executions this thread runs, by its address.
    static EMPLOYER: Cell<*const Desk> = const { Cell::new(std::ptr::null()) };

    /// Whether this thread submits. A runtime that drops who is called meanwhile was gone before.
    static SUBMITS: Cell<bool> = const { Cell::new(false) };
}

/// Marks this thread as running executions of a desk, until dropped.
pub(super) struct Employed {
    before: *const Desk,
}

impl Employed {
    pub(super) fn by(desk: &Desk) -> Self {
        Self { before: EMPLOYER.replace(desk) }
    }
}

impl Drop for Employed {
    fn drop(&mut self) {
        EMPLOYER.set(self.before);
    }
}

impl Desk {
    pub(super) fn new(handle: Handle) -> Arc<Self> {
        Arc::new(Self { handle, admission: Admission::new(usize::MAX) })
    }

    fn is_single_threaded(&self) -> bool {
        self.handle.runtime_flavor() == RuntimeFlavor::CurrentThread
    }

    fn workers(&self) -> usize {
        self.handle.metrics().num_workers()
    }

    /// Whether this thread is inside of the runtime, so that what it spawns there may be left to it.
    fn is_entered(&self) -> bool {
        Handle::try_current().is_ok_and(|current| current.id() == self.handle.id())
    }

    /// Whether nothing runs on the runtime while this thread blocks: it is the only one that runs tasks
    /// there. A thread that runs those of another runtime, and has entered this one by hand, is taken for it.
    pub(super) fn is_at_home(&self) -> bool {
        self.workers() == 1 && self.is_entered() && runs_tasks()
    }

    /// Whether this thread runs an execution of it.
    pub(super) fn employs_this_thread(&self) -> bool {
        std::ptr::eq(EMPLOYER.get(), self)
    }

    /// Whether a task that this thread spawns may begin while it blocks.
    pub(super) fn lets_others_begin(&self) -> bool {
        // A worker of a runtime with several keeps what it has spawned last to itself.
        self.is_single_threaded() || Handle::try_current().is_err()
    }

    pub(super) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        // Nobody joins it.
        drop(self.handle.spawn(future));
    }

    /// Spawns who is called for what has been submitted just now, which is refused if the runtime is gone.
    pub(super) fn answer_submission(self: &Arc<Self>, calls: &Calls) {
        let before = SUBMITS.replace(true);
        self.answer(calls);
        SUBMITS.set(before);
    }

    /// Spawns who is called.
    pub(super) fn answer(self: &Arc<Self>, calls: &Calls) {
        if calls.driver {
            self.spawn(Driver::new(Arc::clone(self)));
        }
        let mut threads = calls.threads;
        while threads > 0 {
            threads -= 1;
            let mut call = Call { desk: Some(Arc::clone(self)) };
            // It panics if the system has no thread for it, which the panic hook has reported then.
            let spawned = catch(|| drop(self.handle.spawn_blocking(move || call.answer())));
            if spawned.is_err()
                && let Some(job) = self.admission.next_function()
            {
                let what = "its tokio runtime could not start a thread that may block";
                job.fail(TaskError::WorkerDied(what.to_owned()));
                let calls = self.admission.leave(1);
                if calls.driver {
                    self.spawn(Driver::new(Arc::clone(self)));
                }
                threads += calls.threads;
            }
        }
    }

    /// Takes nothing more, as the runtime has dropped somebody who was called, and so is gone.
    pub(super) fn close_with_runtime(&self) {
        let error = if SUBMITS.replace(false) {
            TaskError::Refused(why(Closed::RuntimeGone))
        } else {
            let what = "its tokio runtime was shut down before it began";
            TaskError::WorkerDied(what.to_owned())
        };
        self.close(Closed::RuntimeGone, false, &error);
    }

    /// Takes nothing more. What has not begun fails, unless it is `kept` to be run.
    pub(super) fn close(&self, closed: Closed, kept: bool, error: &TaskError) {
        // Who is told may be on a thread that has yet to drop what else the runtime had.
        let _employed = Employed::by(self);
        for job in self.admission.close(closed, kept) {
            job.fail(error.clone());
        }
    }
}

/// Whether this thread runs the tasks of a runtime now, rather than being merely inside of one, as those are
/// that may block, that have entered it by hand, or that have given up their place in `block_in_place`.
fn runs_tasks() -> bool {
    // Whoever yields on such a thread is woken when it has run others, and elsewhere at once.
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let polled = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
    polled.is_pending() && !woken.0.load(Ordering::Relaxed)
}

/// Whether somebody has been woken.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Why nothing is taken any more.
pub(super) fn why(closed: Closed) -> String {
    let what = match closed {
        Closed::ShutDown => "the executor has been shut down",
        Closed::RuntimeGone => {
            "its tokio runtime has been shut down: give each runtime, as each test has one, a scheduler \
             of its own"
        }
    };
    what.to_owned()
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("handle", &self.handle).finish_non_exhaustive()
    }
}

/// The call of a thread that may block.
struct Call {
    /// `None` once it has been answered.
    desk: Option<Arc<Desk>>,
}

impl Call {
    fn answer(&mut self) {
        let Some(desk) = self.desk.take() else { return };
        // It may have been taken back.
        let Some(job) = desk.admission.next_function() else { return };
        let _employed = Employed::by(&desk);
        job.run();
        let calls = desk.admission.leave(1);
        desk.answer(&calls);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // Only a runtime that is gone drops it. One that has no thread for it keeps it.
        if let Some(desk) = self.desk.take() {
            desk.close_with_runtime();
        }
    }
}
