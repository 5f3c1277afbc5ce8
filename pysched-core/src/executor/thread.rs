//! [`ThreadPoolExecutor`]: worker threads and the queue of what is ready.
//!
//! One lock guards the queue and three counts. A worker that finds the queue empty counts itself as
//! idle and sleeps. Whoever pushes jobs takes as many idle workers out of that count as there are
//! jobs, puts them into the count of those called, and wakes so many; a worker goes on only by
//! taking one off the called. So no two pushes rely on the same worker, and no worker is woken for
//! nothing. Threads are started when there is a job and nobody idle to take it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::SystemTime;

use super::{Executor, Job, Rejected};
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{ExecutionCell, TaskFuture, Work};
use crate::queue::{ReadyKey, ReadyQueue};
use crate::sync::{Condvar, Mutex};
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
    state: Mutex<State>,

    /// Notified once for each worker that is called, and for all when the pool closes.
    called: Condvar,

    /// Notified when a worker has ended.
    ended: Condvar,
}

struct State {
    queue: ReadyQueue<Job>,

    /// How many threads there are.
    workers: usize,

    /// How many have ever been hired; names them.
    hired: usize,

    /// Why the latest thread could not be started, if it could not.
    hiring_failed: Option<io::Error>,

    /// How many workers sleep and have not been called.
    idle: usize,

    /// How many workers have been called and have not gone on yet.
    called: usize,

    /// The latest time at which a scheduled job was due: where `run` queues.
    latest_due: Moment,

    closed: bool,
}

thread_local! {
    /// The pool that this thread works for, by its address.
    static EMPLOYER: Cell<*const Pool> = const { Cell::new(std::ptr::null()) };
}

impl ThreadPoolExecutor {
    /// Makes a pool of at most `max_workers` threads.
    ///
    /// # Panics
    ///
    /// If `max_workers` is 0: nothing would ever run.
    #[must_use]
    pub fn new(max_workers: usize) -> Self {
        assert!(max_workers > 0, "ThreadPoolExecutor::new(0): a pool needs at least one worker");
        let state = State {
            queue: ReadyQueue::new(),
            workers: 0,
            hired: 0,
            hiring_failed: None,
            idle: 0,
            called: 0,
            latest_due: Moment::default(),
            closed: false,
        };
        let pool = Pool {
            max_workers,
            state: Mutex::new(state),
            called: Condvar::new(),
            ended: Condvar::new(),
        };
        Self { pool: Arc::new(pool) }
    }

    /// Runs `f` on a worker and gives its future.
    ///
    /// It has priority 0 and queues behind the jobs of that priority that wait. If the pool cannot
    /// take it, the future says so with [`TaskError::Refused`].
    pub fn run<T>(&self, f: impl FnOnce() -> T + Send + 'static) -> TaskFuture<T>
    where
        T: Send + Sync + 'static,
    {
        let now = SystemTime::now();
        let cell = ExecutionCell::queued(TaskId::nil(), now);
        let future = TaskFuture::new(Arc::clone(&cell), None);
        let due = self.pool.state.lock().latest_due;
        let key = ReadyKey { priority: 0, due, sequence: u64::MAX };
        let job = Job::new(key, TaskId::nil(), now, Box::new(Errand { cell, f: Some(f) }));
        match self.submit(job) {
            Ok(()) => {}
            Err(Rejected::Full(job)) => job.fail(TaskError::Refused("the pool is full".into())),
            Err(Rejected::Refused(job, why)) => job.fail(TaskError::Refused(why)),
        }
        future
    }

    /// Ends the pool: it takes no more jobs, and its threads end.
    ///
    /// With `wait`, it first runs all that wait, and returns when its threads have ended. Without,
    /// it returns at once: what waits is cancelled, what runs finishes unattended. Called by one of
    /// its own workers, it never waits.
    pub fn shutdown(&self, wait: bool) {
        let cancelled = {
            let mut state = self.pool.state.lock();
            state.closed = true;
            self.pool.called.notify_all();
            if wait { Vec::new() } else { state.queue.drain() }
        };
        for job in cancelled {
            job.fail(TaskError::Cancelled);
        }
        let own_worker = EMPLOYER.get() == Arc::as_ptr(&self.pool);
        if wait && !own_worker {
            let mut state = self.pool.state.lock();
            while state.workers > 0 {
                state = self.pool.ended.wait(state);
            }
        }
    }
}

impl Executor for ThreadPoolExecutor {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.submit_all(&mut VecDeque::from([job]))
    }

    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        Pool::hire(&self.pool, jobs.len());
        let mut state = self.pool.state.lock();
        if let Some(why) = state.refusal() {
            drop(state);
            return match jobs.pop_front() {
                Some(job) => Err(Rejected::Refused(job, why)),
                None => Ok(()),
            };
        }
        let calls = jobs.len().min(state.idle);
        state.idle -= calls;
        state.called += calls;
        for job in jobs.drain(..) {
            state.latest_due = state.latest_due.max(job.key().due);
            state.queue.push(job.key(), job);
        }
        drop(state);
        for _ in 0..calls {
            self.pool.called.notify_one();
        }
        Ok(())
    }

    fn shutdown(&self, wait: bool) {
        Self::shutdown(self, wait);
    }
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
        let state = self.pool.state.lock();
        f.debug_struct("ThreadPoolExecutor")
            .field("max_workers", &self.pool.max_workers)
            .field("workers", &state.workers)
            .field("queued", &state.queue.len())
            .field("closed", &state.closed)
            .finish()
    }
}

impl State {
    /// Why no job can be taken.
    fn refusal(&self) -> Option<String> {
        if self.closed {
            return Some("the thread pool has been shut down".to_owned());
        }
        match &self.hiring_failed {
            Some(error) if self.workers == 0 => {
                Some(format!("the thread pool could not start a worker thread: {error}"))
            }
            _ => None,
        }
    }
}

impl Pool {
    /// Starts the threads that `jobs` more jobs need, as far as the pool may have them.
    fn hire(pool: &Arc<Self>, jobs: usize) {
        let (first, count) = {
            let mut state = pool.state.lock();
            let waiting = state.queue.len() + jobs;
            let missing = waiting.saturating_sub(state.idle + state.called);
            let count = missing.min(pool.max_workers.saturating_sub(state.workers));
            if count == 0 || state.closed {
                return;
            }
            state.workers += count;
            state.hired += count;
            (state.hired - count, count)
        };
        for number in first..first + count {
            let worker = Arc::clone(pool);
            let thread = thread::Builder::new().name(format!("pysched-pool-{number}"));
            let error = thread.spawn(move || worker.work()).err();
            if error.is_some() {
                Self::retire(&mut pool.state.lock(), &pool.ended);
            }
            pool.state.lock().hiring_failed = error;
        }
    }

    /// Takes a worker out of the count.
    fn retire(state: &mut State, ended: &Condvar) {
        state.workers -= 1;
        if state.workers == 0 {
            ended.notify_all();
        }
    }

    /// The life of a worker.
    fn work(self: Arc<Self>) {
        EMPLOYER.set(Arc::as_ptr(&self));
        while let Some(job) = self.next_job() {
            // `run` catches what the function does; this guards the worker against everything else.
            let _ = catch(|| job.run());
        }
        Self::retire(&mut self.state.lock(), &self.ended);
    }

    /// Waits for the most urgent job; `None` when the pool has closed and none is left.
    fn next_job(&self) -> Option<Job> {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.queue.pop() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            while state.called == 0 && !state.closed {
                state = self.called.wait(state);
            }
            // A closed pool calls everyone without counting.
            match state.called.checked_sub(1) {
                Some(rest) => state.called = rest,
                None => state.idle -= 1,
            }
        }
    }
}

/// A function given to [`ThreadPoolExecutor::run`].
struct Errand<T, F> {
    cell: Arc<ExecutionCell<T>>,

    /// `None` once the cell has been settled.
    f: Option<F>,
}

impl<T, F> Errand<T, F> {
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

impl<T, F> Work for Errand<T, F>
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

impl<T, F> Drop for Errand<T, F> {
    fn drop(&mut self) {
        self.give_up(TaskError::WorkerDied("the pool dropped the job without running it".into()));
    }
}
