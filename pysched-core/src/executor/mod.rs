//! Executors: who runs a task that is due. They know nothing of triggers.

mod inline;
mod job;
mod job_future;
#[cfg(feature = "process")]
#[cfg_attr(not(unix), path = "process/unsupported.rs")]
mod process;
mod thread;
// The models of what goes on in there need no runtime, and could not be built with one.
#[cfg(any(feature = "tokio", all(test, loom)))]
mod tokio;
mod work_queue;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

pub use inline::InlineExecutor;
pub use job::Job;
pub(crate) use job::catch_orphans;
pub use job_future::JobFuture;
#[cfg(all(feature = "process", unix))]
pub use process::WorkerTest;
#[cfg(all(feature = "fuzzing", unix))]
pub use process::fuzzing;
#[cfg(feature = "process")]
pub use process::{ProcessPoolBuilder, ProcessPoolExecutor, init};
pub use thread::ThreadPoolExecutor;
#[cfg(feature = "tokio")]
pub use tokio::TokioExecutor;

use crate::TaskId;
use crate::error::Error;
use crate::portable::Parcel;

/// Runs the jobs that a scheduler gives it.
///
/// A [`Job`] is one execution of one task. An executor does one of four things with it:
///
/// * [`Job::run`] it, now or later, on any thread, or poll it as [`Job::into_future`], on any runtime;
/// * give it back with [`Rejected::Full`]: the scheduler keeps it and offers it again when a job of
///   this executor has ended, or else after at most 100 ms, the most urgent first;
/// * give it back with [`Rejected::Refused`], or [`Job::fail`] it: the execution has failed;
/// * drop it: the execution has failed with
///   [`TaskError::WorkerDied`](crate::TaskError::WorkerDied).
///
/// Jobs are offered one at a time, of those due together the most urgent first, unless the executor
/// [`takes_from_any_thread`](Self::takes_from_any_thread). They compare by urgency, so that an
/// executor with a queue of its own can keep to it. A panic in an executor is caught and fails the
/// job that it was given.
///
/// # Example
///
/// An executor that gives each job a thread of its own, and never runs more than a few at once:
///
/// ```
/// use std::sync::Arc;
/// use pysched::{Executor, Job, Rejected, Scheduler, Trigger};
///
/// struct ThreadPerJob {
///     limit: usize,
///     running: Arc<()>, // one reference more for each thread
/// }
///
/// impl Executor for ThreadPerJob {
///     fn submit(&self, job: Job) -> Result<(), Rejected> {
///         if Arc::strong_count(&self.running) > self.limit {
///             return Err(Rejected::Full(job));
///         }
///         let running = Arc::clone(&self.running);
///         std::thread::spawn(move || {
///             let _running = running;
///             job.run();
///         });
///         Ok(())
///     }
///
///     fn shutdown(&self, _wait: bool) {} // the threads end by themselves
/// }
///
/// let executor = ThreadPerJob { limit: 2, running: Arc::new(()) };
/// let sched = Scheduler::builder().executor(executor).build();
/// sched.start()?;
/// let handles: Vec<_> =
///     (0..10).map(|n| sched.delay(Trigger::once(0), 0, move || n)).collect::<Result<_, _>>()?;
/// let sum: i32 = handles.iter().map(|handle| *handle.future().wait().unwrap()).sum();
/// assert_eq!(sum, 45);
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
pub trait Executor: Send + Sync + 'static {
    /// Takes a job, without waiting until it has run, or gives it back.
    ///
    /// Called on the scheduler's own thread, unless
    /// [`takes_from_any_thread`](Self::takes_from_any_thread): while it blocks, nothing else runs on
    /// time.
    ///
    /// # Errors
    ///
    /// The job, and why it was not taken.
    fn submit(&self, job: Job) -> Result<(), Rejected>;

    /// Takes jobs from the front, the most urgent, until none is left or one is not taken.
    ///
    /// Submits them one by one unless overridden. Taking all of them before the first one starts
    /// lets an executor keep to the order of urgency even if it has several workers.
    ///
    /// # Errors
    ///
    /// The first job that was not taken, and why.
    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        while let Some(job) = jobs.pop_front() {
            self.submit(job)?;
        }
        Ok(())
    }

    /// Whether `submit` may also be called by the threads that add tasks, `false` unless overridden.
    ///
    /// A task that is due as soon as it is added then goes straight to the executor, while the
    /// scheduler's own thread sleeps on: one wake-up less on its way. Say so only of an executor
    /// whose `submit` returns at once, and runs nothing itself.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Trigger};
    ///
    /// struct NewThread;
    ///
    /// impl Executor for NewThread {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         std::thread::spawn(move || job.run());
    ///         Ok(())
    ///     }
    ///
    ///     fn takes_from_any_thread(&self) -> bool {
    ///         true
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let sched = Scheduler::builder().executor(NewThread).build();
    /// sched.start()?;
    /// let handle = sched.delay(Trigger::once(0), 0, || 7)?;
    /// assert_eq!(handle.future().wait().unwrap(), &7);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    fn takes_from_any_thread(&self) -> bool {
        false
    }

    /// Whether this executor can run a task, which it is asked before that is added.
    ///
    /// Not public: what it is asked about changes with what tasks can be told.
    ///
    /// # Errors
    ///
    /// Why not.
    #[doc(hidden)]
    fn admits(&self, parcel: &Parcel) -> Result<(), Error> {
        let _ = parcel;
        Ok(())
    }

    /// Ends an execution, the one of that number of its task, if `runs` says that it still does, and if this executor
    /// can; says whether it ends as cancelled.
    ///
    /// Not public, as [`admits`](Self::admits).
    #[doc(hidden)]
    fn interrupt(&self, execution: (TaskId, u64), runs: &dyn Fn() -> bool) -> bool {
        let _ = (execution, runs);
        false
    }

    /// Whether it ends runs itself that take longer than their timeout. If not, the scheduler settles
    /// them when that is over.
    ///
    /// Not public, as [`admits`](Self::admits).
    #[doc(hidden)]
    fn keeps_time(&self) -> bool {
        false
    }

    /// Whether its jobs, of asynchronous functions or of others, are run by the calling thread, and so by
    /// nobody while that blocks.
    ///
    /// Not public, as [`admits`](Self::admits).
    #[doc(hidden)]
    fn waits_for_this_thread(&self, is_async: bool) -> bool {
        let _ = is_async;
        false
    }

    /// How many workers it has at the moment, unless it does not say.
    ///
    /// Not public, as [`admits`](Self::admits).
    #[doc(hidden)]
    fn workers(&self) -> Option<usize> {
        None
    }

    /// How many jobs it runs at a time at most, unless it does not say.
    ///
    /// Not public, as [`admits`](Self::admits).
    #[doc(hidden)]
    fn most_workers(&self) -> Option<usize> {
        None
    }

    /// Ends the executor: it takes no more jobs.
    ///
    /// With `wait`, it runs those that it has taken and returns when they have ended. Without, it
    /// returns at once and drops those that have not started. May be called more than once and by
    /// several threads.
    /// [`Scheduler::shutdown_async`](crate::Scheduler::shutdown_async) only ever calls it without.
    ///
    /// A scheduler that shuts down and waits calls it after all of its jobs are over. So an executor
    /// must not put jobs off until it is shut down: both would wait for ever.
    fn shutdown(&self, wait: bool);
}

/// An executor that several own. None of them shuts it down: a scheduler that does leaves it to
/// the others, and whoever drops the last `Arc` drops the executor.
///
/// ```
/// use std::sync::Arc;
/// use pysched::{Scheduler, ThreadPoolExecutor};
///
/// let pool = Arc::new(ThreadPoolExecutor::new(2));
/// let one = Scheduler::builder().executor(Arc::clone(&pool)).build();
/// let other = Scheduler::builder().executor(Arc::clone(&pool)).build();
/// one.shutdown(true);
/// assert_eq!(pool.run(|| 7).wait().unwrap(), &7);
/// ```
impl<E: Executor + ?Sized> Executor for Arc<E> {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        (**self).submit(job)
    }

    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        (**self).submit_all(jobs)
    }

    fn takes_from_any_thread(&self) -> bool {
        (**self).takes_from_any_thread()
    }

    fn admits(&self, parcel: &Parcel) -> Result<(), Error> {
        (**self).admits(parcel)
    }

    fn interrupt(&self, execution: (TaskId, u64), runs: &dyn Fn() -> bool) -> bool {
        (**self).interrupt(execution, runs)
    }

    fn keeps_time(&self) -> bool {
        (**self).keeps_time()
    }

    fn waits_for_this_thread(&self, is_async: bool) -> bool {
        (**self).waits_for_this_thread(is_async)
    }

    fn workers(&self) -> Option<usize> {
        (**self).workers()
    }

    fn most_workers(&self) -> Option<usize> {
        (**self).most_workers()
    }

    fn shutdown(&self, _wait: bool) {}
}

/// A job that an executor did not take, and why.
///
/// ```
/// use pysched::{Executor, Job, Rejected, Scheduler, Task};
///
/// struct Closed;
///
/// impl Executor for Closed {
///     fn submit(&self, job: Job) -> Result<(), Rejected> {
///         Err(Rejected::Refused(job, "it is Sunday".into()))
///     }
///
///     fn shutdown(&self, _wait: bool) {}
/// }
///
/// let sched = Scheduler::builder().executor(Closed).build();
/// sched.start()?;
/// let error = sched.add(Task::new(|| ()))?.future().wait().unwrap_err().to_string();
/// assert_eq!(error, "the executor did not take the task: it is Sunday");
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Rejected {
    /// There is no room now. The scheduler keeps the job and offers it again.
    Full(Job),

    /// The job will never be taken; the text says why. The execution fails with
    /// [`TaskError::Refused`](crate::TaskError::Refused).
    Refused(Job, String),
}

impl fmt::Debug for dyn Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Executor")
    }
}
