//! [`ThreadPoolExecutor`]: worker threads that run what is ready by priority.
//!
//! How workers and jobs meet is in `work_queue.rs`. Threads are hired when there is a job that no
//! worker is free for, and stay until the pool is shut down. The loom models are in `models.rs`.

#[cfg(all(test, loom))]
mod models;

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::work_queue::WorkQueue;
use super::{Executor, Job, Rejected};
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{Errand, ExecutionCell, TaskFuture, Work};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex, thread, thread_local};
use crate::time::Moment;
use crate::unwind::{catch, drop_quietly};

/// A pool of threads that run what is ready by priority: the executor that schedulers use unless
/// told otherwise.
///
/// Whenever a worker becomes free, it takes the most urgent job of all that wait, whatever came
/// first. The queue has no bound. Threads are started when they are first needed and then kept. A
/// panic in a job costs no worker.
///
/// It can also be used directly, like Python's `concurrent.futures.ThreadPoolExecutor`:
///
/// ```
/// use pysched::ThreadPoolExecutor;
///
/// let pool = ThreadPoolExecutor::new(2);
/// let (product, length) = (pool.run(|| 6 * 7), pool.run(|| "forty-two".len()));
/// assert_eq!(product.wait().unwrap(), &42);
/// assert_eq!(length.wait().unwrap(), &9);
/// pool.shutdown(true);
/// ```
///
/// Dropping it is `shutdown(false)`.
pub struct ThreadPoolExecutor {
    pool: Arc<Pool>,
}

struct Pool {
    max_workers: usize,
    queue: WorkQueue<Job>,
    staff: Mutex<Staff>,

    /// Whether it has all the workers that it may have.
    complete: AtomicBool,

    /// Notified when the last worker has ended.
    deserted: Condvar,
}

/// The threads of a pool.
#[derive(Default)]
struct Staff {
    /// How many there are.
    workers: usize,

    /// How many there have ever been; names them.
    hired: usize,

    /// Whether nobody is hired any more.
    closed: bool,
}

thread_local! {
    /// The pool that this thread works for, by its address.
    static EMPLOYER: Cell<*const Pool> = const { Cell::new(std::ptr::null()) };
}

impl ThreadPoolExecutor {
    /// Makes a pool of at most `max_workers` threads.
    ///
    /// ```
    /// use pysched::{Scheduler, ThreadPoolExecutor};
    ///
    /// let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(4)).build();
    /// ```
    ///
    /// # Panics
    ///
    /// If `max_workers` is 0: nothing would ever run.
    #[must_use]
    pub fn new(max_workers: usize) -> Self {
        assert!(max_workers > 0, "ThreadPoolExecutor::new(0): a pool needs at least one worker");
        let pool = Pool {
            max_workers,
            queue: WorkQueue::new(),
            staff: Mutex::new(Staff::default()),
            complete: AtomicBool::new(false),
            deserted: Condvar::new(),
        };
        Self { pool: Arc::new(pool) }
    }

    /// Runs `f` on a worker and gives its future.
    ///
    /// It counts as due now, with priority 0. If the pool cannot take it, the future says so with
    /// [`TaskError::Refused`].
    ///
    /// ```
    /// use pysched::ThreadPoolExecutor;
    ///
    /// let pool = ThreadPoolExecutor::new(1);
    /// let text = String::from("moved");
    /// let length = pool.run(move || text.len()); // `FnOnce`: it runs a single time
    /// assert_eq!(length.wait().unwrap(), &5);
    /// ```
    pub fn run<T>(&self, f: impl FnOnce() -> T + Send + 'static) -> TaskFuture<T>
    where
        T: Send + Sync + 'static,
    {
        let now = SystemTime::now();
        let cell = ExecutionCell::queued(TaskId::nil(), now);
        let future = TaskFuture::new(Arc::clone(&cell), None);
        let errand = Box::new(Direct { cell, f: Some(f) });
        let job = Job::new(0, Moment::of_wall(now), Work::Errand(errand));
        match self.submit(job) {
            Ok(()) => {}
            Err(Rejected::Full(job)) => job.fail(TaskError::Refused("the pool is full".into())),
            Err(Rejected::Refused(job, why)) => job.fail(TaskError::Refused(why)),
        }
        future
    }

    /// Ends the pool: it takes no more jobs, and its threads end.
    ///
    /// With `wait`, it first runs all that wait, and returns when its threads are done, though the
    /// operating system may take a moment longer to remove them. Without, it returns at once: what
    /// waits is cancelled, what runs finishes unattended. Called by one of its own workers, it never
    /// waits. With `wait`, it blocks the calling thread: on a runtime's, await the futures first.
    ///
    /// ```
    /// use pysched::{TaskError, ThreadPoolExecutor};
    ///
    /// let pool = ThreadPoolExecutor::new(1);
    /// let before = pool.run(|| 7);
    /// pool.shutdown(true);
    /// assert!(before.done());
    /// let after = pool.run(|| 7);
    /// assert!(matches!(after.wait(), Err(TaskError::Refused(_))));
    /// ```
    pub fn shutdown(&self, wait: bool) {
        let pool = &self.pool;
        // In this order: once nobody is hired any more, nothing is taken any more either, or it
        // would lie in a queue without workers.
        pool.queue.close();
        pool.staff.lock().closed = true;
        if !wait {
            for job in pool.queue.drain() {
                job.fail(TaskError::Cancelled);
            }
        } else if EMPLOYER.with(Cell::get) != Arc::as_ptr(pool) {
            let mut staff = pool.staff.lock();
            while staff.workers > 0 {
                staff = pool.deserted.wait(staff);
            }
        }
    }
}

impl Executor for ThreadPoolExecutor {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        if let Err(error) = Pool::hire(&self.pool, 1) {
            return Err(Rejected::Refused(job, error));
        }
        self.pool.queue.push(job).map_err(|job| Rejected::Refused(job, closed()))?;
        Pool::hire_for_the_rest(&self.pool);
        Ok(())
    }

    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        let why = match Pool::hire(&self.pool, jobs.len()) {
            Err(error) => error,
            Ok(()) if self.pool.queue.push_all(jobs) => {
                Pool::hire_for_the_rest(&self.pool);
                return Ok(());
            }
            Ok(()) => closed(),
        };
        match jobs.pop_front() {
            Some(job) => Err(Rejected::Refused(job, why)),
            None => Ok(()),
        }
    }

    fn takes_from_any_thread(&self) -> bool {
        true
    }

    fn workers(&self) -> Option<usize> {
        Some(self.pool.staff.lock().workers)
    }

    fn most_workers(&self) -> Option<usize> {
        Some(self.pool.max_workers)
    }

    fn shutdown(&self, wait: bool) {
        Self::shutdown(self, wait);
    }
}

/// Why a pool that has been shut down takes nothing.
fn closed() -> String {
    "the thread pool has been shut down".to_owned()
}

impl Default for ThreadPoolExecutor {
    /// A pool of as many threads as there are processors that this process may use.
    fn default() -> Self {
        Self::new(num_cpus::get())
    }
}

impl Drop for ThreadPoolExecutor {
    fn drop(&mut self) {
        self.shutdown(false);
    }
}

impl fmt::Debug for ThreadPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolExecutor")
            .field("max_workers", &self.pool.max_workers)
            .field("workers", &self.pool.staff.lock().workers)
            .field("queued", &self.pool.queue.len())
            .field("closed", &self.pool.queue.is_closed())
            .finish()
    }
}

impl Pool {
    /// Starts the threads that `jobs` more jobs need, as far as the pool may have them. Fails only
    /// if that leaves it without any.
    fn hire(pool: &Arc<Self>, jobs: usize) -> Result<(), String> {
        if pool.complete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let shortage = pool.queue.shortage(jobs);
        if shortage == 0 {
            return Ok(());
        }
        let mut staff = pool.staff.lock();
        if staff.closed {
            return Ok(());
        }
        for _ in 0..shortage.min(pool.max_workers.saturating_sub(staff.workers)) {
            let worker = Arc::clone(pool);
            pool.queue.expect_worker();
            let thread = thread::Builder::new().name(format!("pysched-pool-{}", staff.hired));
            match thread.spawn(move || worker.work()) {
                Ok(_) => {
                    staff.workers += 1;
                    staff.hired += 1;
                    if staff.workers == pool.max_workers {
                        pool.complete.store(true, Ordering::Relaxed);
                    }
                }
                Err(error) if staff.workers == 0 => {
                    pool.queue.expect_no_worker();
                    return Err(format!(
                        "the thread pool could not start a worker thread: {error}"
                    ));
                }
                // The others will have to do; it is tried again with the next job.
                Err(_) => {
                    pool.queue.expect_no_worker();
                    break;
                }
            }
        }
        Ok(())
    }

    /// Starts the threads that are still missing once jobs have come: threads that bring one each may
    /// all have counted on the same worker.
    fn hire_for_the_rest(pool: &Arc<Self>) {
        // What could not be hired is tried again with the next job; there is a worker already.
        let _ = Self::hire(pool, 0);
    }

    /// The life of a worker.
    fn work(self: Arc<Self>) {
        EMPLOYER.with(|employer| employer.set(Arc::as_ptr(&self)));
        let mut next = self.queue.first_pop();
        while let Some(job) = next {
            // `run` catches what the function does; this guards the worker against everything else.
            let _ = catch(|| job.run());
            next = self.queue.pop();
        }
        let mut staff = self.staff.lock();
        staff.workers -= 1;
        if staff.workers == 0 {
            self.deserted.notify_all();
        }
    }
}

/// A function given to [`ThreadPoolExecutor::run`].
struct Direct<T, F> {
    cell: Arc<ExecutionCell<T>>,

    /// `None` once the cell has been settled.
    f: Option<F>,
}

impl<T, F> Direct<T, F> {
    fn settle(&mut self, outcome: impl FnOnce(F) -> Result<T, TaskError>) {
        let Some(f) = self.f.take() else { return };
        if self.cell.begin() {
            let outcome = outcome(f);
            self.cell.settle(outcome.into(), SystemTime::now());
            self.cell.announce();
        } else {
            // Cancelled; as everywhere, a captured value may panic when it is dropped.
            let _ = drop_quietly(f);
        }
    }

    fn give_up(&mut self, error: TaskError) {
        self.settle(|f| {
            let _ = drop_quietly(f);
            Err(error)
        });
    }
}

impl<T, F> Errand for Direct<T, F>
where
    T: Send + Sync + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    fn run(mut self: Box<Self>) {
        let cell = Arc::clone(&self.cell);
        self.settle(|f| {
            cell.set_started(SystemTime::now());
            catch(f).map_err(TaskError::Panicked)
        });
    }

    fn fail(mut self: Box<Self>, error: TaskError) {
        self.give_up(error);
    }
}

impl<T, F> Drop for Direct<T, F> {
    fn drop(&mut self) {
        self.give_up(TaskError::WorkerDied("the pool dropped the job without running it".into()));
    }
}
