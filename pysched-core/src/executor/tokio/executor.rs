//! [`TokioExecutor`]: executions on a tokio runtime.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use ::tokio::runtime::Handle;

use super::admission::Closed;
use super::desk::{Desk, why};
use crate::error::TaskError;
use crate::executor::{Executor, Job, Rejected};

/// Runs tasks on a tokio runtime: asynchronous functions as tasks of it, others on its threads that may
/// block.
///
/// ```
/// use std::time::Duration;
/// use pysched::{Scheduler, Task, TokioExecutor, Trigger};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sched = Scheduler::builder().executor(TokioExecutor::current()).build();
/// sched.start()?;
///
/// let task = Task::future(|| async {
///     tokio::time::sleep(Duration::from_millis(1)).await;
///     "awake"
/// });
/// let awake = sched.add(task.trigger(Trigger::once(0.01)))?.future();
/// assert_eq!(awake.await?, "awake");
///
/// let thread = sched.add(Task::new(|| "may block"))?.future();
/// assert_eq!(thread.await?, "may block");
/// # Ok(())
/// # }
/// ```
///
/// The runtime keeps its own threads, of which none is blocked by the scheduler; the scheduler's own thread
/// keeps the time. A future is polled on the runtime from its first poll on. When it waits, it is dropped
/// there if its execution times out or is cancelled; a function on a thread that may block is told to end
/// by its [token](crate::Token), as in a [`ThreadPoolExecutor`](crate::ThreadPoolExecutor).
///
/// # The end of the runtime
///
/// Executions that are on a runtime when that is shut down or dropped fail with
/// [`TaskError::WorkerDied`], as do those that it was to begin; what comes later is refused with
/// [`TaskError::Refused`]. The scheduler goes on, with its other executors.
///
/// # Blocking
///
/// A current-thread runtime runs only while a thread is inside of its `block_on`. What would block that
/// thread until a future on that same runtime is ready, would wait for ever, and so would what waits for a
/// function that may first have to wait for such a future, as the [`concurrency`](Self::concurrency) is limited. So
/// [`TaskFuture::wait`](crate::TaskFuture::wait) and [`Handle::wait`](crate::Handle::wait) panic there, and
/// [`shutdown(true)`](crate::Scheduler::shutdown) does not wait, nor does
/// [`shutdown_timeout`](crate::Scheduler::shutdown_timeout), which cuts the shutdown short at once. The same goes
/// for the only worker of a multi-threaded runtime. On one with several they keep one of these from other work.
/// Await instead.
pub struct TokioExecutor {
    desk: Arc<Desk>,
}

impl TokioExecutor {
    /// Runs tasks on the runtime of this handle.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, TokioExecutor};
    ///
    /// let runtime = tokio::runtime::Runtime::new()?;
    /// let executor = TokioExecutor::new(runtime.handle().clone());
    /// let sched = Scheduler::builder().executor(executor).build();
    /// sched.start()?;
    /// assert_eq!(sched.add(Task::future(|| async { 7 }))?.future().wait().unwrap(), &7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(handle: Handle) -> Self {
        Self { desk: Desk::new(handle) }
    }

    /// Runs tasks on the runtime that the calling code runs on.
    ///
    /// ```
    /// use pysched::{Scheduler, TokioExecutor};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let sched = Scheduler::builder().executor(TokioExecutor::current()).build();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a runtime, as [`Handle::current`] does. There, give [`new`](Self::new) the handle of one.
    #[must_use]
    #[track_caller]
    pub fn current() -> Self {
        Self::new(Handle::current())
    }

    /// Limits how many executions go on at a time, those that block a thread included. While there are that
    /// many, the others wait, and the most urgent of them is next. Without, there is no limit but that of
    /// the runtime on [threads that block], in front of which the most urgent is next as well.
    ///
    /// An execution counts until it is over, also while it awaits another one of this executor. If all that may
    /// go on do so, they wait for ever.
    ///
    /// ```
    /// use pysched::{Scheduler, TokioExecutor};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let executor = TokioExecutor::current().concurrency(100);
    /// let sched = Scheduler::builder().executor(executor).build();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `limit` is 0: nothing would ever run.
    ///
    /// [threads that block]: tokio::runtime::Builder::max_blocking_threads
    #[must_use]
    pub fn concurrency(self, limit: usize) -> Self {
        assert!(
            limit > 0,
            "TokioExecutor::concurrency(0): nothing would ever run; give at least 1"
        );
        let calls = self.desk.admission.set_limit(limit);
        self.desk.answer(&calls);
        self
    }

    /// Ends the executor: it takes no more jobs. The runtime is left alone.
    ///
    /// With `wait`, it runs all that it has taken, and blocks until that has ended; not on a thread that
    /// would keep it from that, as one that runs an execution of it does, or all tasks of the runtime.
    /// Without, it returns at once: what waits is cancelled, what runs finishes unattended.
    ///
    /// ```
    /// use pysched::TokioExecutor;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// TokioExecutor::current().shutdown(false);
    /// # }
    /// ```
    pub fn shutdown(&self, wait: bool) {
        let desk = &self.desk;
        desk.close(Closed::ShutDown, wait, &TaskError::Cancelled);
        if wait && !desk.employs_this_thread() && !desk.is_at_home() {
            desk.admission.wait();
        }
    }
}

impl Executor for TokioExecutor {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        match self.desk.admission.push(job) {
            Ok(calls) => {
                self.desk.answer_submission(&calls);
                Ok(())
            }
            Err((job, closed)) => Err(Rejected::Refused(job, why(closed))),
        }
    }

    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        match self.desk.admission.push_all(jobs) {
            Ok(calls) => {
                self.desk.answer_submission(&calls);
                Ok(())
            }
            Err(closed) => match jobs.pop_front() {
                Some(job) => Err(Rejected::Refused(job, why(closed))),
                None => Ok(()),
            },
        }
    }

    fn takes_from_any_thread(&self) -> bool {
        self.desk.lets_others_begin()
    }

    fn waits_for_this_thread(&self, is_async: bool) -> bool {
        // A function has a thread of its own, but may have to wait for futures to be over.
        (is_async || self.desk.admission.is_limited()) && self.desk.is_at_home()
    }

    fn most_workers(&self) -> Option<usize> {
        Some(self.desk.admission.limit())
    }

    fn shutdown(&self, wait: bool) {
        Self::shutdown(self, wait);
    }
}

impl Drop for TokioExecutor {
    fn drop(&mut self) {
        self.shutdown(false);
    }
}

impl fmt::Debug for TokioExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (running, queued) = self.desk.admission.size();
        f.debug_struct("TokioExecutor")
            .field("running", &running)
            .field("queued", &queued)
            .field("closed", &self.desk.admission.closed())
            .finish_non_exhaustive()
    }
}
