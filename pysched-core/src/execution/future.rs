//! [`TaskFuture`]: the result of one execution, now or later.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use super::{Ended, Execution, ExecutionCell, Outcome, Owner};
use crate::error::TaskError;

/// The result of one execution, which may still have to run.
///
/// Modelled on Python's `concurrent.futures.Future`: wait for it, with or without a limit, ask how
/// it stands, be called when it is done, or cancel it. Any number of threads may do so at once. Clones
/// are the same result; dropping them cancels nothing, whether or not they have been polled. Where
/// `T: Clone`, it can also be awaited, on any async runtime; each clone may be on another.
///
/// ```
/// use pysched::{Task, TaskError, Scheduler};
///
/// let sched = Scheduler::new();
/// sched.start()?;
///
/// let sum = sched.add(Task::new(|| 1 + 2))?.future();
/// assert_eq!(sum.wait().unwrap(), &3);
///
/// let number = sched.add(Task::fallible(|| "three".parse::<i32>()))?.future();
/// let error = number.wait().unwrap_err();
/// assert!(matches!(error, TaskError::Failed(_)));
/// assert_eq!(error.to_string(), "the task failed: invalid digit found in string");
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// # Waiting inside a task
///
/// A task may wait on the future of another one, but it keeps its worker meanwhile: if all workers
/// of a pool wait for tasks that need a worker of the same pool, none of them ever goes on.
pub struct TaskFuture<T> {
    cell: Arc<ExecutionCell<T>>,

    /// The scheduler that runs the execution; `None` if it was given directly to an executor.
    owner: Option<Weak<dyn Owner>>,

    /// The name under which this very clone has left its waker with the cell.
    waker_key: Option<u64>,
}

/// The panic of those who would wait for themselves.
pub(crate) const WOULD_HANG: &str = "this thread is the only one that runs tasks of the runtime that this \
    task is for, as of a current-thread runtime or a simulation, so that to wait for it here would take for \
    ever: await the future instead of calling `wait`, or `next` in place of `Handle::wait`; a simulation is to \
    run first, and then has what is waited for";

impl<T> TaskFuture<T> {
    pub(crate) fn new(cell: Arc<ExecutionCell<T>>, owner: Option<Weak<dyn Owner>>) -> Self {
        Self { cell, owner, waker_key: None }
    }

    /// Blocks until the execution has ended, and returns its result.
    ///
    /// It blocks the calling thread: on a runtime's, await the future instead, or, if its result is not
    /// `Clone`, [`Handle::next`](crate::Handle::next), and wait then, which returns at once.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.add(Task::new(|| "done".to_owned()))?.future();
    /// let lent: &String = future.wait().unwrap();
    /// assert_eq!(lent, "done");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The [`TaskError`] that says how it failed, or that it was cancelled.
    ///
    /// # Panics
    ///
    /// If it would wait for ever, as the execution is to run on this very thread: that of a current-thread
    /// runtime, or the only worker of another. See `TokioExecutor`.
    pub fn wait(&self) -> Result<&T, &TaskError> {
        if let Some(owner) = self.owner.as_ref().filter(|_| !self.done()) {
            let hangs =
                owner.upgrade().is_some_and(|it| it.waits_for_this_thread(self.cell.task()));
            assert!(!hangs, "{WOULD_HANG}");
        }
        self.cell.completion.wait().result()
    }

    /// Blocks as [`wait`](Self::wait), for at most `limit`; `None` if that was not enough. On a runtime's
    /// thread, await the future, with the runtime's own limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let future = sched.delay(Trigger::once(60), 0, || ())?.future();
    /// assert!(future.wait_timeout(Duration::from_millis(1)).is_none());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> Option<Result<&T, &TaskError>> {
        self.cell.completion.wait_timeout(limit).map(Outcome::result)
    }

    /// Awaits that the execution has ended, whatever the type of its result. Then [`wait`](Self::wait) lends
    /// that, and does not block.
    ///
    /// Dropping what this gives cancels nothing.
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.add(Task::future(|| async { Mutex::new(7) }))?.future(); // not `Clone`
    /// let number = smol::block_on(async {
    ///     future.ended().await;
    ///     *future.wait().unwrap().lock().unwrap()
    /// });
    /// assert_eq!(number, 7);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn ended(&self) -> Ended<T> {
        Ended::new(self.clone())
    }

    /// Asks for the outcome, and to be woken when it comes.
    pub(super) fn poll_outcome(&mut self, context: &Context<'_>) -> Poll<&Outcome<T>> {
        self.cell.completion.poll(&mut self.waker_key, context)
    }

    /// Whether the execution has ended, in whatever way.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// let future = sched.add(Task::new(|| ()))?.future();
    /// assert!(!future.done());
    /// sched.start()?;
    /// future.wait().unwrap();
    /// assert!(future.done());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn done(&self) -> bool {
        self.cell.is_settled()
    }

    /// Whether the function has been called and has not returned.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use pysched::ThreadPoolExecutor;
    ///
    /// let (started, has_started) = mpsc::channel();
    /// let (end, ended) = mpsc::channel();
    /// let pool = ThreadPoolExecutor::new(1);
    /// let future = pool.run(move || {
    ///     started.send(()).unwrap();
    ///     ended.recv().unwrap();
    /// });
    /// has_started.recv().unwrap();
    /// assert!(future.running());
    /// end.send(()).unwrap();
    /// future.wait().unwrap();
    /// assert!(!future.running());
    /// ```
    #[must_use]
    pub fn running(&self) -> bool {
        self.cell.is_running()
    }

    /// Whether the execution was cancelled.
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let future = sched.delay(Trigger::once(60), 0, || ())?.future();
    /// assert!(!future.cancelled());
    /// sched.shutdown(true); // cancels what is not due yet
    /// assert!(future.cancelled());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.cell.is_cancelled()
    }

    /// How the execution stands.
    ///
    /// ```
    /// use pysched::{Scheduler, Status, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.add(Task::new(|| -> u32 { panic!("out of paper") }))?.future();
    /// assert!(future.wait().is_err());
    /// let execution = future.execution();
    /// assert_eq!(execution.status, Status::Failed);
    /// assert_eq!(execution.error.as_deref(), Some("the task panicked: out of paper"));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn execution(&self) -> Execution {
        self.cell.execution()
    }
}

impl<T: Send + Sync + 'static> TaskFuture<T> {
    /// Cancels the execution; `true` if it will never run, or never to its end.
    ///
    /// What has not started never does, and what has failed is not tried again. What has started depends
    /// on what it is, and its [token](crate::Current::token) tells it to end in any case:
    ///
    /// * A function on a thread cannot be stopped: `false`. If it then fails, it counts as cancelled; if
    ///   it returns a value, it has succeeded.
    /// * The future of an asynchronous function is dropped at the `.await` that it waits at: `true`.
    ///   Whatever it may still come to, it counts as cancelled.
    /// * What runs in a worker process of a `ProcessPoolExecutor` ends soon, with its process, and then
    ///   counts as cancelled: `true`.
    ///
    /// Only this execution is cancelled: a recurring task goes on with the next one. To end a
    /// series, use [`Handle::cancel`](crate::Handle::cancel).
    ///
    /// ```
    /// use pysched::{Scheduler, TaskError, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let future = sched.delay(Trigger::once(60), 0, || ())?.future();
    /// assert!(future.cancel());
    /// assert!(future.cancelled());
    /// assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use = "the execution may have started already, or have ended"]
    pub fn cancel(&self) -> bool {
        let cell = &self.cell;
        if !cell.is_queued() {
            return cell.is_cancelled() || self.stop();
        }
        let mut withdrawn = false;
        let mut settle = |at| {
            withdrawn = cell.withdraw();
            if withdrawn {
                cell.settle_cancelled(at);
            }
            withdrawn
        };
        // Withdrawn and settled under the scheduler's lock, so that nobody there, a shutdown least
        // of all, finds an execution that is neither to be run nor done.
        match self.owner.as_ref().and_then(Weak::upgrade) {
            Some(owner) => owner.withdraw(cell.task(), &mut settle),
            None => {
                settle(SystemTime::now());
            }
        }
        if withdrawn {
            cell.announce();
        }
        cell.is_cancelled() || self.stop()
    }

    /// Ends the execution after it has begun, where that is possible.
    fn stop(&self) -> bool {
        let owner = self.owner.as_ref().and_then(Weak::upgrade);
        let cell = &self.cell;
        !cell.is_settled()
            && owner.is_some_and(|it| it.stop(cell.task(), cell.run(), &|| cell.is_running()))
    }

    /// Calls `f` when the execution has ended: on the thread that ended it, or here and now if it
    /// has. A panic in `f` is caught there, and changes nothing.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.delay(Trigger::once(0.01), 0, || 7)?.future();
    /// future.on_done(move |future| sender.send(*future.wait().unwrap()).unwrap());
    /// assert_eq!(receiver.recv().unwrap(), 7);
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn on_done(&self, f: impl FnOnce(&TaskFuture<T>) + Send + 'static) {
        let future = self.clone();
        self.cell.completion.on_done(move || f(&future));
    }
}

impl<T> Clone for TaskFuture<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.cell), self.owner.clone())
    }
}

impl<T> Drop for TaskFuture<T> {
    fn drop(&mut self) {
        if let Some(key) = self.waker_key {
            self.cell.completion.forget(key);
        }
    }
}

impl<T: Clone> Future for TaskFuture<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.poll_outcome(context);
        polled.map(|outcome| outcome.result().cloned().map_err(Clone::clone))
    }
}

impl<T> fmt::Debug for TaskFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskFuture").field(&self.execution()).finish()
    }
}
