//! [`Handle`]: the hold that a user keeps on a task that was added.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use super::keeper::{Command, Keeper};
use super::record::{AnyRecord, Record};
use crate::error::Error;
use crate::execution::{ExecutionCell, Owner, WOULD_HANG};
use crate::{TaskFuture, TaskId, Trigger};

/// A task that was added to a scheduler, and the way to its results.
///
/// Dropping it changes nothing: the task goes on. It keeps the retained results of its task alive,
/// and works after the task is finished and after the scheduler is gone.
///
/// ```
/// use pysched::{Error, Scheduler, Trigger};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let handle = sched.delay(Trigger::recur(0.01), 0, || 7)?;
/// assert_eq!(handle.wait().wait().unwrap(), &7);
/// handle.cancel()?;
/// assert!(matches!(handle.cancel(), Err(Error::UnknownTask(_))));
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
pub struct Handle<T> {
    id: TaskId,
    keeper: Arc<dyn Keeper>,

    /// The record of the task, once it is known.
    record: OnceLock<Arc<Record<T>>>,

    /// Whether the scheduler counts this handle: it does as long as the task has, or may have had, no
    /// record.
    counted: bool,

    /// How many executions `wait` and `next` have gone past.
    seen: AtomicU64,
}

impl<T> Handle<T> {
    /// The id of the task.
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let id = sched.delay(Trigger::once(60), 0, || ())?.id();
    /// sched.cancel(id)?; // an id is enough, and is `Copy`
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// Ends the task: what has not started never will; an execution that runs finishes.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
    /// let future = handle.future();
    /// handle.cancel()?;
    /// assert!(future.cancelled());
    /// assert!(matches!(handle.cancel(), Err(Error::UnknownTask(_))));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished.
    pub fn cancel(&self) -> Result<(), Error> {
        self.keeper.steer(self.id, Command::Cancel)
    }

    /// Holds its runs back until it is resumed; see [`Scheduler::pause`](crate::Scheduler::pause).
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
    /// handle.pause()?;
    /// assert_eq!(handle.next_run(), None);
    /// handle.resume()?;
    /// assert!(handle.next_run().is_some());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished.
    pub fn pause(&self) -> Result<(), Error> {
        self.keeper.steer(self.id, Command::Pause)
    }

    /// Lets it run again; see [`Scheduler::resume`](crate::Scheduler::resume).
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
    /// handle.pause()?;
    /// handle.resume()?;
    /// assert!(!sched.task(&handle).unwrap().paused);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished.
    pub fn resume(&self) -> Result<(), Error> {
        self.keeper.steer(self.id, Command::Resume)
    }

    /// Runs it now, beside its schedule; see [`Scheduler::run_now`](crate::Scheduler::run_now).
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.delay(Trigger::recur(3600), 0, || "now")?;
    /// handle.run_now()?;
    /// assert_eq!(handle.wait().wait().unwrap(), &"now");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Scheduler::run_now`](crate::Scheduler::run_now).
    pub fn run_now(&self) -> Result<(), Error> {
        self.keeper.steer(self.id, Command::RunNow)
    }

    /// Gives it another trigger; see [`Scheduler::reschedule`](crate::Scheduler::reschedule).
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(3600), 0, || ())?;
    /// handle.reschedule(Trigger::recur(60))?;
    /// assert!(handle.next_run() < Some(SystemTime::now() + Duration::from_secs(61)));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Scheduler::reschedule`](crate::Scheduler::reschedule).
    pub fn reschedule(&self, trigger: Trigger) -> Result<(), Error> {
        self.keeper.steer(self.id, Command::Reschedule(trigger))
    }

    /// Forgets the waker of a future that has left it under `key`, and is gone.
    pub(super) fn forget(&self, key: Option<u64>) {
        if let Some((record, key)) = self.record.get().zip(key) {
            record.forget(key);
        }
    }

    /// When the task is due next; `None` if it is finished or paused, while its last execution is in flight,
    /// while runs that have come wait for room ([`Misfire::RunAll`](crate::Misfire::RunAll)), and between the
    /// executions of a fixed delay. For a combination whose next run is not known yet,
    /// when it is searched for further; the run comes after that.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
    /// assert!(handle.next_run() > Some(SystemTime::now() + Duration::from_secs(50)));
    /// handle.cancel()?;
    /// assert_eq!(handle.next_run(), None);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn next_run(&self) -> Option<SystemTime> {
        let mut next_run = None;
        self.keeper.with_next_run(self.id, &mut |next| next_run = next);
        next_run
    }
}

impl<T: Send + Sync + 'static> Handle<T> {
    /// The first handle of a task; with its record, if it has one from the start.
    pub(crate) fn new(
        id: TaskId,
        keeper: Arc<dyn Keeper>,
        record: Option<Arc<dyn AnyRecord>>,
    ) -> Self {
        let counted = record.is_none();
        let record = record.and_then(|record| record.into_any().downcast().ok());
        let record = record.map_or_else(OnceLock::new, OnceLock::from);
        Self { id, keeper, record, counted, seen: AtomicU64::new(0) }
    }

    /// Whether a record is that of a task whose result is a `T`.
    pub(crate) fn fits(record: &Arc<dyn AnyRecord>) -> bool {
        let record: &dyn Any = &**record;
        record.is::<Record<T>>()
    }

    /// The record of the task. A one-shot that nobody asks about needs none, so the first to ask
    /// has the scheduler give it one.
    fn record(&self) -> &Arc<Record<T>> {
        self.record.get_or_init(|| {
            let (id, history) = (self.id, self.keeper.history());
            let empty = || Arc::new(Record::<T>::new(id, None, history));
            let found = self.keeper.record(id, &mut || empty());
            // A task that is held is known, and by the type that it was added with.
            found.and_then(|record| record.into_any().downcast().ok()).unwrap_or_else(empty)
        })
    }

    /// The result of the execution that runs or comes next; once the task is finished, of its last.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| 7))?;
    /// let next = handle.future();
    /// sched.start()?;
    /// assert_eq!(next.wait().unwrap(), &7);
    /// assert_eq!(handle.future().wait().unwrap(), &7); // its last
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn future(&self) -> TaskFuture<T> {
        let record = self.record();
        let mut current = None;
        self.keeper.with_upcoming(self.id, &mut |next| current = record.current(next));
        self.future_of(current)
    }

    /// The results of the executions that have ended and are retained, oldest first.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.add(Task::new(|| 7).trigger(Trigger::recur(0.01)).times(2))?;
    /// handle.wait();
    /// handle.wait();
    /// assert!(handle.futures().iter().all(|future| future.wait().unwrap() == &7));
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn futures(&self) -> Vec<TaskFuture<T>> {
        // An execution is settled and recorded under the scheduler's lock. Once that has been free,
        // what the caller knows to have ended is among the recorded ones.
        self.keeper.with_next_run(self.id, &mut |_| ());
        self.record().futures(&self.owner())
    }

    /// Blocks until an execution has ended that no earlier `wait` or `next` on this handle returned.
    ///
    /// It blocks the calling thread. Async code awaits [`next`](Self::next), or takes a
    /// [`stream`](Self::stream).
    ///
    /// So successive calls return successive executions, from the first that is still retained.
    /// Each clone counts for itself, from where the original stood. Once the task is finished and
    /// all its executions have been returned, the last is returned again, at once.
    ///
    /// Runs that were skipped or missed have no result and are passed over; see
    /// [`Scheduler::results`](crate::Scheduler::results).
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let count = AtomicU32::new(0);
    /// let task = Task::new(move || count.fetch_add(1, Ordering::Relaxed));
    /// let sched = Scheduler::new();
    /// let handle = sched.add(task.trigger(Trigger::recur(0.001)).times(3))?;
    /// sched.start()?;
    /// let counted: Vec<u32> = (0..4).map(|_| *handle.wait().wait().unwrap()).collect();
    /// assert_eq!(counted, [0, 1, 2, 2]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`TaskFuture::wait`](crate::TaskFuture::wait).
    pub fn wait(&self) -> TaskFuture<T> {
        // Of several threads that wait on one handle, each gets an execution of its own: the one
        // that moves `seen` forward has it, the others look again.
        loop {
            let seen = self.seen.load(Ordering::Acquire);
            let record = self.record();
            let hangs = self.keeper.waits_for_this_thread(self.id) && !record.has_ended(seen);
            assert!(!hangs, "{WOULD_HANG}");
            let Some((number, cell)) = record.wait(seen) else {
                return self.future_of(None);
            };
            if number <= seen || self.claim(seen, number) {
                return self.future_of(Some(cell));
            }
        }
    }

    /// As [`wait`](Self::wait), for a future that leaves its waker under `key`. An execution is claimed
    /// only when it is given.
    pub(super) fn poll_next(
        &self,
        key: &mut Option<u64>,
        context: &Context<'_>,
    ) -> Poll<Option<TaskFuture<T>>> {
        loop {
            let seen = self.seen.load(Ordering::Acquire);
            match ready!(self.record().poll_ended(seen, key, context)) {
                None => return Poll::Ready(None),
                Some((number, cell)) if self.claim(seen, number) => {
                    return Poll::Ready(Some(self.future_of(Some(cell))));
                }
                // Another one was faster.
                Some(_) => {}
            }
        }
    }

    fn claim(&self, seen: u64, number: u64) -> bool {
        self.seen.compare_exchange(seen, number, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The future of `cell`. A finished task of which nothing at all ran has none: it ends as a
    /// cancelled one.
    fn future_of(&self, cell: Option<Arc<ExecutionCell<T>>>) -> TaskFuture<T> {
        let cell = cell.unwrap_or_else(|| ExecutionCell::cancelled(self.id));
        TaskFuture::new(cell, Some(self.owner()))
    }

    fn owner(&self) -> Weak<dyn Owner> {
        let owner: Arc<dyn Owner> = Arc::<dyn Keeper>::clone(&self.keeper);
        Arc::downgrade(&owner)
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        if self.counted {
            self.keeper.hold(self.id);
        }
        Self {
            id: self.id,
            keeper: Arc::clone(&self.keeper),
            record: self.record.clone(),
            counted: self.counted,
            seen: AtomicU64::new(self.seen.load(Ordering::Acquire)),
        }
    }
}

impl<T> Drop for Handle<T> {
    fn drop(&mut self) {
        if self.counted {
            self.keeper.release(self.id);
        }
    }
}

impl<T> From<&Handle<T>> for TaskId {
    fn from(handle: &Handle<T>) -> Self {
        handle.id
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("id", &self.id).finish_non_exhaustive()
    }
}
