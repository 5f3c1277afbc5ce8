//! [`Job`]: one execution, as an executor gets it.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::fmt;
use std::thread;
use std::time::SystemTime;

use super::JobFuture;
use crate::TaskId;
use crate::error::TaskError;
#[cfg(all(feature = "process", unix))]
use crate::execution::Absent;
use crate::execution::{Run, Work};
use crate::prefetch::Location;
use crate::queue::{ReadyKey, Urgency};
use crate::sync::thread_local;
use crate::time::Moment;
use crate::unwind::catch;

/// One execution of one task, to be run by an [`Executor`](crate::Executor).
///
/// Jobs compare by urgency: of two, the *lesser* is to run first, by priority, then by the time
/// at which they were due, then in the order of adding. So the first of a
/// `BinaryHeap<Reverse<Job>>` is the most urgent.
///
/// Dropping a job ends its execution with
/// [`TaskError::WorkerDied`]: nothing is lost silently.
///
/// ```
/// use std::cmp::Reverse;
/// use std::collections::BinaryHeap;
/// use std::sync::{Arc, Mutex};
/// use pysched::{Executor, Job, Rejected, Scheduler, Task};
///
/// /// Keeps its jobs until somebody runs them.
/// #[derive(Default)]
/// struct Shelf(Mutex<BinaryHeap<Reverse<Job>>>);
///
/// impl Executor for Shelf {
///     fn submit(&self, job: Job) -> Result<(), Rejected> {
///         self.0.lock().unwrap().push(Reverse(job));
///         Ok(())
///     }
///
///     fn shutdown(&self, _wait: bool) {
///         self.0.lock().unwrap().clear(); // these have failed
///     }
/// }
///
/// impl Shelf {
///     fn run_all(&self) -> Vec<i32> {
///         let take = || self.0.lock().unwrap().pop();
///         let run = |Reverse(job): Reverse<Job>| {
///             let priority = job.priority();
///             job.run();
///             priority
///         };
///         std::iter::from_fn(take).map(run).collect()
///     }
/// }
///
/// let shelf = Arc::new(Shelf::default());
/// let sched = Scheduler::builder().executor(Arc::clone(&shelf)).build();
/// let handles = [9, 1, 5].map(|priority| sched.add(Task::new(|| ()).priority(priority)).unwrap());
/// sched.start()?;
/// while shelf.0.lock().unwrap().len() < 3 {
///     std::thread::yield_now();
/// }
/// assert_eq!(shelf.run_all(), [1, 5, 9]);
/// assert!(handles.iter().all(|handle| handle.future().wait().is_ok()));
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "a job that is dropped has failed"]
pub struct Job {
    priority: i32,

    /// When it was due, on the scale of the wall clock.
    due: Moment,

    /// `None` only while the job is taken apart.
    work: Option<Work>,
}

// A burst of a million of them is sorted, and moved from thread to thread.
const _: () = assert!(size_of::<Job>() <= 64);

thread_local! {
    /// Where the work of jobs goes that a panicking executor drops: `Some` only while this thread is
    /// inside [`catch_orphans`].
    static ORPHANS: RefCell<Option<Vec<Work>>> = const { RefCell::new(None) };
}

/// What is left of a panic in an executor.
#[must_use = "its jobs are to be failed"]
pub(crate) struct Orphans {
    /// The text of the panic.
    text: String,

    /// The jobs that it dropped on its way.
    works: Vec<Work>,
}

impl Orphans {
    /// Ends the jobs with an error that has the text, and gives that.
    pub(crate) fn fail(self) -> TaskError {
        let error = TaskError::Refused(format!("it panicked: {}", self.text));
        for work in self.works {
            work.fail(error.clone());
        }
        error
    }
}

/// Calls into an executor. If that panics, gives the text and the jobs that it had in hand, so that
/// the text can reach their futures.
pub(crate) fn catch_orphans<R>(submit: impl FnOnce() -> R) -> Result<R, Orphans> {
    // An inline executor may submit to another one in the middle of this.
    // A thread that is ending has none, and the jobs in its hands are plainly lost.
    let exchange = |with| ORPHANS.try_with(|orphans| orphans.replace(with));
    let outer = exchange(Some(Vec::new())).unwrap_or_default();
    let outcome = catch(submit);
    let works = exchange(outer).ok().flatten().unwrap_or_default();
    outcome.map_err(|text| Orphans { text, works })
}

impl Job {
    /// A job that is `due` on the scale of the wall clock.
    pub(crate) fn new(priority: i32, due: Moment, work: Work) -> Self {
        Self { priority, due, work: Some(work) }
    }

    /// The executor of its scheduler that it is for.
    pub(crate) fn lane(&self) -> u32 {
        match &self.work {
            Some(Work::Execution(ticket)) => ticket.lane,
            Some(Work::Errand(_)) | None => 0,
        }
    }

    /// Runs the task's function on this thread and delivers its outcome to everyone who waits.
    ///
    /// Never panics: a panic of the function is its outcome. Does nothing if the execution was
    /// cancelled meanwhile.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Task};
    ///
    /// struct NewThread;
    ///
    /// impl Executor for NewThread {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         std::thread::spawn(move || job.run());
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let sched = Scheduler::builder().executor(NewThread).build();
    /// sched.start()?;
    /// assert_eq!(sched.add(Task::new(|| 7))?.future().wait().unwrap(), &7);
    /// # Ok::<(), pysched::Error>(())
    /// ```
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

    /// Whether the task's function is asynchronous, so that
    /// [`into_future`](Self::into_future) can wait without a thread.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Task};
    ///
    /// struct Log(std::sync::mpsc::Sender<bool>);
    ///
    /// impl Executor for Log {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         self.0.send(job.is_async()).unwrap();
    ///         job.run();
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let (sender, told) = std::sync::mpsc::channel();
    /// let sched = Scheduler::builder().executor(Log(sender)).build();
    /// sched.add(Task::new(|| ()))?;
    /// sched.add(Task::future(|| async {}))?;
    /// sched.start()?;
    /// assert_eq!([told.recv().unwrap(), told.recv().unwrap()], [false, true]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn is_async(&self) -> bool {
        self.work.as_ref().is_some_and(Work::is_async)
    }

    /// The execution as a future, for an executor that is made of an async runtime.
    ///
    /// The execution begins with the first poll, and is over when the future is ready; dropping that before
    /// is dropping the job. A function that is not asynchronous runs during the first poll, and so blocks
    /// the thread that polls: [`run`](Self::run) such a job where that is allowed.
    ///
    /// An executor for any runtime, here smol:
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Task};
    ///
    /// struct SmolExecutor;
    ///
    /// impl Executor for SmolExecutor {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         if job.is_async() {
    ///             smol::spawn(job.into_future()).detach();
    ///         } else {
    ///             smol::unblock(move || job.run()).detach();
    ///         }
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let sched = Scheduler::builder().executor(SmolExecutor).build();
    /// sched.start()?;
    /// let task = Task::future(|| async {
    ///     smol::Timer::after(std::time::Duration::from_millis(1)).await;
    ///     7
    /// });
    /// assert_eq!(smol::block_on(sched.add(task)?.future()).unwrap(), 7);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn into_future(self) -> JobFuture {
        JobFuture::new(self)
    }

    /// Claims an execution of an asynchronous function in order to poll it; `None` if it was cancelled. What
    /// is not asynchronous runs now.
    /// Claims the execution in a simulation, where every function is polled; `None` if there is none.
    pub(crate) fn begin_simulated(mut self) -> Option<Run> {
        self.work.take().and_then(Work::begin_simulated)
    }

    pub(super) fn begin_run(mut self) -> Option<Run> {
        self.work.take().and_then(Work::begin_run)
    }

    /// Tells this execution from all others that run at the same time.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn identity(&self) -> (TaskId, u64) {
        match &self.work {
            Some(Work::Execution(ticket)) => (ticket.task, ticket.run),
            Some(Work::Errand(errand)) => errand.identity(),
            None => (TaskId::nil(), 0),
        }
    }

    /// Claims the execution in order to run it in another process; `None` if it was cancelled, or has
    /// failed as it cannot leave this one.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn begin_elsewhere(mut self) -> Option<Box<dyn Absent>> {
        self.work.take().and_then(Work::begin_elsewhere)
    }

    /// The task that this is an execution of; [`TaskId::nil`] if it belongs to no scheduler.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Task};
    ///
    /// struct Log(std::sync::mpsc::Sender<pysched::TaskId>);
    ///
    /// impl Executor for Log {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         self.0.send(job.task()).unwrap();
    ///         job.run();
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let (sender, told) = std::sync::mpsc::channel();
    /// let sched = Scheduler::builder().executor(Log(sender)).build();
    /// let handle = sched.add(Task::new(|| ()))?;
    /// sched.start()?;
    /// assert_eq!(told.recv().unwrap(), handle.id());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn task(&self) -> TaskId {
        match &self.work {
            Some(Work::Execution(ticket)) => ticket.task,
            Some(Work::Errand(_)) | None => TaskId::nil(),
        }
    }

    /// The priority of the task; lower is more urgent.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Task};
    ///
    /// struct Log(std::sync::mpsc::Sender<i32>);
    ///
    /// impl Executor for Log {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         self.0.send(job.priority()).unwrap();
    ///         job.run();
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let (sender, told) = std::sync::mpsc::channel();
    /// let sched = Scheduler::builder().executor(Log(sender)).build();
    /// sched.add(Task::new(|| ()).priority(-3))?;
    /// sched.start()?;
    /// assert_eq!(told.recv().unwrap(), -3);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// When the execution was due, to the nanosecond; what was due before 1970 counts as due when
    /// that began. If a newer run of its task takes its place before it starts, the
    /// [`Execution`](crate::Execution) tells of that one; the job keeps its time and its urgency.
    ///
    /// ```
    /// use pysched::{Executor, Job, Rejected, Scheduler, Task};
    ///
    /// struct Log(std::sync::mpsc::Sender<std::time::SystemTime>);
    ///
    /// impl Executor for Log {
    ///     fn submit(&self, job: Job) -> Result<(), Rejected> {
    ///         self.0.send(job.due()).unwrap();
    ///         job.run();
    ///         Ok(())
    ///     }
    ///
    ///     fn shutdown(&self, _wait: bool) {}
    /// }
    ///
    /// let (sender, told) = std::sync::mpsc::channel();
    /// let sched = Scheduler::builder().executor(Log(sender)).build();
    /// let handle = sched.add(Task::new(|| ()))?;
    /// let due = handle.next_run();
    /// sched.start()?;
    /// assert_eq!(told.recv().unwrap(), due.unwrap());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn due(&self) -> SystemTime {
        self.due.on_wall()
    }
}

impl Urgency for Job {
    fn key(&self) -> ReadyKey {
        let sequence = match &self.work {
            Some(Work::Execution(ticket)) => ticket.task.sequence(),
            Some(Work::Errand(_)) | None => 0,
        };
        ReadyKey { priority: self.priority, due: self.due, sequence }
    }

    fn needs(&self) -> Location {
        match &self.work {
            Some(Work::Execution(ticket)) => ticket.location,
            Some(Work::Errand(_)) | None => Location::NONE,
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        // Outside of `catch_orphans`, and while the thread is ending, the job is plainly lost.
        let _ = ORPHANS.try_with(|orphans| {
            if let Some(orphans) = &mut *orphans.borrow_mut() {
                orphans.extend(self.work.take());
            }
        });
    }
}

impl Ord for Job {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Job {}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("task", &self.task())
            .field("priority", &self.priority)
            .field("due", &self.due())
            .finish_non_exhaustive()
    }
}
