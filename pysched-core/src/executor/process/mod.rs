//! [`ProcessPoolExecutor`]: worker processes, so that what a task does to its process takes nothing
//! else with it.
//!
//! From the top down: the executor and its builder; the pool (`pool.rs`), which knows what waits and
//! whose desk (`desk.rs`) is free; an attendant (`attendant.rs`) for each worker, a thread that hands
//! it work and buries it; how a worker is started (`start.rs`), meets its parent (`hello.rs`), ends in
//! words (`ending.rs`), and lives (`worker.rs`, `requests.rs`, `replies.rs`); what is said over the pipes
//! (`frame.rs`, `call.rs`).

mod attendant;
mod builder;
mod call;
mod descriptors;
mod desk;
mod direct;
mod ending;
mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod hello;
mod pool;
mod replies;
mod requests;
mod start;
#[cfg(test)]
mod tests;
mod worker;
mod worker_test;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

pub use builder::ProcessPoolBuilder;
pub use worker::init;
pub use worker_test::WorkerTest;

use self::builder::Options;
use self::pool::Pool;
use super::{Executor, Job, Rejected};
use crate::error::Error;
use crate::portable::{NotPortable, Parcel};
use crate::{Task, TaskFuture, TaskId};

/// A pool of worker processes that run what is ready by priority.
///
/// What a task does to its process, it does to a worker: if it crashes, exits, or runs out of memory,
/// that ends this execution with [`TaskError::WorkerDied`](crate::TaskError::WorkerDied) and nothing
/// else, and the worker is replaced. And it can be ended: by [`Task::timeout`], or by
/// [`TaskFuture::cancel`] while it runs.
///
/// Any function with `#[task]` runs in it as it is, if its parameters and its return type implement
/// `serde::Serialize` and `serde::Deserialize`. Closures and other tasks are refused when they are
/// added. The workers execute the program itself again; [`init`] as the first line of `main` lets them
/// do so.
///
/// ```standalone_crate
/// use once_cell::sync::Lazy;
/// use pysched::{ProcessPoolExecutor, Scheduler, TaskError, task};
///
/// static SCHED: Lazy<Scheduler> = Lazy::new(|| {
///     let pool = ProcessPoolExecutor::new(2).expect("main begins with pysched::init()");
///     Scheduler::builder().executor(pool).build()
/// });
///
/// #[task(SCHED, once, 0)]
/// fn length(text: String) -> usize {
///     text.len()
/// }
///
/// #[task(SCHED, once, 0)]
/// fn crash() {
///     std::process::abort();
/// }
///
/// fn main() -> Result<(), pysched::Error> {
///     pysched::init();
///     SCHED.start()?;
///     let crashed = crash::delay()?.future();
///     assert!(matches!(crashed.wait(), Err(TaskError::WorkerDied(_))));
///     assert_eq!(length::delay("still there".into())?.future().wait().unwrap(), &11);
///     SCHED.shutdown(true);
///     Ok(())
/// }
/// ```
///
/// Workers start when they are needed, and are kept. Each is a process group of its own, which the
/// terminal's Ctrl-C does not reach; none outlives this process, whatever ends that. Dropping the
/// executor is `shutdown(false)`. What is shared with workers and what is not, and how to use the pool
/// in tests, is in the guide, "threads or processes".
pub struct ProcessPoolExecutor {
    pool: Arc<Pool>,
}

impl ProcessPoolExecutor {
    /// Makes a pool of at most `max_workers` processes.
    ///
    /// # Errors
    ///
    /// As [`ProcessPoolBuilder::build`]. Without [`init`] in `main`:
    ///
    /// ```standalone_crate
    /// use pysched::ProcessPoolExecutor;
    ///
    /// let error = ProcessPoolExecutor::new(2).unwrap_err();
    /// assert!(error.to_string().contains("pysched::init();"));
    /// ```
    pub fn new(max_workers: usize) -> Result<Self, Error> {
        Self::builder().max_workers(max_workers).build()
    }

    /// Begins to build a pool with limits, an environment and a start of your choice.
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder::new()
    }

    fn over(options: Options, warm: bool) -> Result<Self, Error> {
        if !start::can_start() {
            let how = "worker processes execute this program again, and would run its `main`: make \
                       the first line of `main`\n\n    pysched::init();\n\nor, in tests, put this line \
                       anywhere in the test binary\n\n    pysched::worker_test!();\n";
            return Err(Error::WorkerProcess(how.to_owned()));
        }
        let executor = Self { pool: Pool::new(options) };
        if warm {
            executor.pool.warm_up().map_err(Error::WorkerProcess)?;
        }
        Ok(executor)
    }

    /// Runs a task once, now, in a worker, and gives its future.
    ///
    /// Its trigger does not matter; its priority and its timeout do. If the pool cannot take it, the
    /// future says so with [`TaskError::Refused`](crate::TaskError::Refused).
    ///
    /// ```standalone_crate
    /// use pysched::{ProcessPoolExecutor, Task, task};
    ///
    /// #[task(recur, 3)]
    /// fn process() -> u32 {
    ///     std::process::id()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     pysched::init();
    ///     let pool = ProcessPoolExecutor::new(1)?;
    ///     assert_ne!(pool.run(process::task())?.wait().unwrap(), &std::process::id());
    ///
    ///     let closure = Task::new(|| 7);
    ///     assert!(pool.run(closure).is_err());
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotPortable`] if the task cannot leave this process; it says why.
    pub fn run<T>(&self, task: Task<T>) -> Result<TaskFuture<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        direct::run(&self.pool, task)
    }

    /// Ends the pool: it takes no more tasks, and its workers end.
    ///
    /// With `wait`, it first runs all that wait, and returns when all workers have ended. Without, it
    /// returns at once: what waits is cancelled, what runs finishes unattended, unless this process
    /// ends first. Called by one of its own threads, as from [`TaskFuture::on_done`], it never waits.
    /// With `wait`, it blocks the calling thread: on a runtime's, await the futures first.
    pub fn shutdown(&self, wait: bool) {
        self.pool.close(wait);
        if wait && !attendant::attends(&self.pool) {
            self.pool.wait();
        }
    }
}

/// Whether a task can leave this process.
fn check(parcel: &Parcel) -> Result<(), Error> {
    let check = || parcel.registered().and_then(|_| parcel.arguments()).map(drop);
    check().map_err(|error: NotPortable| Error::NotPortable(error.to_string()))
}

impl Executor for ProcessPoolExecutor {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.pool.submit(job)
    }

    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        self.pool.submit_all(jobs)
    }

    fn takes_from_any_thread(&self) -> bool {
        true
    }

    fn admits(&self, parcel: &Parcel) -> Result<(), Error> {
        check(parcel)
    }

    fn interrupt(&self, execution: (TaskId, u64), runs: &dyn Fn() -> bool) -> bool {
        self.pool.interrupt(execution, runs)
    }

    fn keeps_time(&self) -> bool {
        true
    }

    fn workers(&self) -> Option<usize> {
        Some(self.pool.size().0)
    }

    fn most_workers(&self) -> Option<usize> {
        Some(self.pool.options.max_workers)
    }

    fn shutdown(&self, wait: bool) {
        Self::shutdown(self, wait);
    }
}

impl Drop for ProcessPoolExecutor {
    fn drop(&mut self) {
        self.shutdown(false);
    }
}

impl fmt::Debug for ProcessPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workers, queued) = self.pool.size();
        f.debug_struct("ProcessPoolExecutor")
            .field("max_workers", &self.pool.options.max_workers)
            .field("workers", &workers)
            .field("queued", &queued)
            .field("closed", &self.pool.is_closed())
            .finish()
    }
}
