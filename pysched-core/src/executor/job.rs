//! [`Job`]: one execution, as an executor gets it.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::thread;
use std::time::SystemTime;

use crate::TaskId;
use crate::error::TaskError;
use crate::execution::Work;
use crate::queue::ReadyKey;
use crate::unwind::catch;

/// One execution of one task, to be run by an [`Executor`](crate::Executor).
///
/// Jobs compare by urgency: of two, the *lesser* is to run first, by priority, then by the time
/// at which they were due, then in the order of adding. So the first of a
/// `BinaryHeap<Reverse<Job>>` is the most urgent.
///
/// Dropping a job ends its execution with
/// [`TaskError::WorkerDied`](crate::TaskError::WorkerDied): nothing is lost silently.
#[must_use = "a job that is dropped has failed"]
pub struct Job {
    key: ReadyKey,
    task: TaskId,
    due: SystemTime,

    /// `None` only while the job is taken apart.
    work: Option<Box<dyn Work>>,
}

thread_local! {
    /// The works of the jobs that were dropped by a panic, while [`rescue`] watches this thread.
    static RESCUED: RefCell<Option<Vec<Box<dyn Work>>>> = const { RefCell::new(None) };
}

/// Calls an executor. Gives its answer, or the text of its panic, and the works of the jobs that a
/// panic has dropped meanwhile.
///
/// This is how the text of a panic in `Executor::submit` reaches the future: by the time it is
/// caught, the job is gone.
pub(crate) fn rescue<R>(call: impl FnOnce() -> R) -> (Result<R, String>, Vec<Box<dyn Work>>) {
    RESCUED.set(Some(Vec::new()));
    let answer = catch(call);
    (answer, RESCUED.take().unwrap_or_default())
}

impl Job {
    pub(crate) fn new(key: ReadyKey, task: TaskId, due: SystemTime, work: Box<dyn Work>) -> Self {
        Self { key, task, due, work: Some(work) }
    }

    pub(crate) fn key(&self) -> ReadyKey {
        self.key
    }

    /// Runs the task's function on this thread and delivers its outcome to everyone who waits.
    ///
    /// Never panics: a panic of the function is its outcome. Does nothing if the execution was
    /// cancelled meanwhile.
    pub fn run(mut self) {
        if let Some(work) = self.work.take() {
            work.run();
        }
    }

    /// Ends the execution with an error, without running it.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, TaskError, Trigger};
    ///
    /// struct OutOfOrder;
    ///
    /// impl Executor for OutOfOrder {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         job.fail(TaskError::Refused("the machine room is closed".into()));
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let sched = Scheduler::builder().executor(OutOfOrder).build();
    /// sched.start()?;
    /// let future = sched.delay(Trigger::once(0), 0, || ())?.future();
    /// assert!(future.wait().unwrap_err().to_string().contains("the machine room is closed"));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn fail(mut self, error: TaskError) {
        if let Some(work) = self.work.take() {
            work.fail(error);
        }
    }

    /// The task that this is an execution of; [`TaskId::nil`] if it belongs to no scheduler.
    #[must_use]
    pub fn task(&self) -> TaskId {
        self.task
    }

    /// The priority of the task; lower is more urgent.
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.key.priority
    }

    /// When the execution was due.
    #[must_use]
    pub fn due(&self) -> SystemTime {
        self.due
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && thread::panicking()
        {
            let lost = RESCUED.with_borrow_mut(|rescued| match rescued {
                Some(works) => {
                    works.push(work);
                    None
                }
                None => Some(work),
            });
            drop(lost);
        }
    }
}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Job {}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("task", &self.task)
            .field("priority", &self.key.priority)
            .field("due", &self.due)
            .finish_non_exhaustive()
    }
}
