//! The scheduler: its face here, the engine behind it in the other files.

mod add;
mod admission;
mod alarm;
mod anchor;
mod attempts;
mod bonds;
mod builder;
mod control;
mod deadlines;
mod drain;
#[cfg(all(feature = "process", unix))]
mod elsewhere;
mod ending;
mod engine;
mod events;
mod explain;
mod finished;
mod fire;
mod heart;
mod idle;
mod life;
mod limits;
#[cfg(all(test, loom))]
mod models;
mod names;
mod outbox;
mod over;
mod owner;
mod polled;
mod recording;
mod selection;
mod series_end;
mod shard;
mod shutdown;
mod shutdown_future;
mod slot;
mod slots;
mod stats;
mod steering;
mod stops;
mod tell;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use builder::SchedulerBuilder;
pub use events::{Event, EventKind, Subscription};
pub use selection::Selection;
pub use shutdown::{Unfinished, UnfinishedExecution};
pub use shutdown_future::Shutdown;
pub use stats::{Counts, ExecutorStats, Percentiles, Stats};

use anchor::Anchors;
use engine::Engine;
pub(crate) use events::Feed;
pub(crate) use heart::Pulse;
use life::Stage;

use crate::error::Error;
use crate::execution::Execution;
use crate::task::Body;
use crate::{Handle, Task, TaskId, TaskInfo, Trigger};

/// Runs tasks on time: the door to everything else.
///
/// A scheduler has one thread of its own, which sleeps until the next task is due and then hands it
/// to an executor, by default a pool of threads. While nothing is due, nothing wakes up.
///
/// Clones are the same scheduler. When the last one of a scheduler is dropped, it is shut down as
/// by [`shutdown(false)`](Self::shutdown); a scheduler for the whole program belongs in a static.
///
/// ```
/// use once_cell::sync::Lazy;
/// use pysched::{Scheduler, Trigger};
///
/// static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
///
/// SCHED.start()?;
/// let handle = SCHED.delay(Trigger::once(0.01), 0, || 6 * 7)?;
/// assert_eq!(handle.future().wait().unwrap(), &42);
/// SCHED.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Clone)]
pub struct Scheduler {
    face: Arc<Face>,
}

/// What the clones of a scheduler share and its own threads do not: dropped when the last user has
/// let go of it.
struct Face {
    engine: Arc<Engine>,

    /// What the handles of its tasks hold on to.
    anchors: Anchors,
}

impl Drop for Face {
    fn drop(&mut self) {
        self.engine.shutdown(false);
    }
}

impl Scheduler {
    /// Makes a scheduler with a [`ThreadPoolExecutor`](crate::ThreadPoolExecutor) of as many
    /// threads as there are processors, on the [`SystemClock`](crate::SystemClock), stopped.
    ///
    /// ```
    /// let sched = pysched::Scheduler::new();
    /// assert!(sched.stopped());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins to build a scheduler of other parts.
    ///
    /// ```
    /// use pysched::{Scheduler, ThreadPoolExecutor};
    ///
    /// let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(1)).build();
    /// ```
    pub fn builder() -> SchedulerBuilder {
        SchedulerBuilder::new()
    }

    fn over(engine: Arc<Engine>) -> Self {
        let anchors = Anchors::new(&engine);
        Self { face: Arc::new(Face { engine, anchors }) }
    }

    /// Takes its heart, if it is in a simulation and has been started.
    pub(crate) fn pulse(&self) -> Option<Pulse> {
        self.engine().by_hand.lock().take()
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.face.engine
    }

    /// Starts running tasks, and returns at once. Does nothing if it has been started.
    ///
    /// "At once" is as soon as the scheduler's thread runs, which async code may wait for as well.
    ///
    /// Tasks can be added before: their delays count from when they were added, and what has
    /// become due meanwhile runs at once.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| 7))?;
    /// sched.start()?;
    /// assert_eq!(handle.future().wait().unwrap(), &7);
    ///
    /// sched.shutdown(true);
    /// assert!(matches!(sched.start(), Err(Error::Shutdown)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Shutdown`] after a shutdown; [`Error::Thread`] if the operating system refuses the
    /// thread.
    pub fn start(&self) -> Result<(), Error> {
        self.engine().start()
    }

    /// Whether it does not run: before `start` and after a shutdown was asked for.
    ///
    /// ```
    /// let sched = pysched::Scheduler::new();
    /// assert!(sched.stopped());
    /// sched.start()?;
    /// assert!(!sched.stopped());
    /// sched.shutdown(true);
    /// assert!(sched.stopped());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn stopped(&self) -> bool {
        self.engine().life.lock().stage != Stage::Running
    }

    /// Adds a task that calls `f` whenever `trigger` says so. Of the tasks that are due, the one
    /// with the lowest `priority` runs first. For everything else that a task can be told, see
    /// [`add`](Self::add).
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.delay(Trigger::recur(0.01), 0, || "tick")?;
    /// assert_eq!(handle.wait().wait().unwrap(), &"tick");
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// What `f` returns is the result, also where that is a future, which nobody would await: for an `async`
    /// closure, [`add`](Self::add) a [`Task::future`].
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn delay<T, F>(&self, trigger: Trigger, priority: i32, f: F) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
        F: Fn() -> T + Send + Sync + 'static,
    {
        let body = Body::new(move || Ok(f()));
        self.engine().add_body(body, trigger, priority, None, &self.face.anchors)
    }

    /// Adds a task. May be called from any thread, also from inside a task.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.add(Task::new(|| 7).name("seven").trigger(Trigger::once(0.01)))?;
    /// assert_eq!(handle.future().wait().unwrap(), &7);
    ///
    /// let never = sched.add(Task::new(|| 7).times(0));
    /// assert!(matches!(never, Err(Error::NeverRuns(_))));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// * [`Error::InvalidInterval`]: the interval is negative, not a number, or beyond the clock's
    ///   range, or a recurring task's is zero.
    /// * [`Error::NeverRuns`]: its limits leave no run.
    /// * [`Error::UnknownExecutor`]: the scheduler has no executor of that name.
    /// * [`Error::NameTaken`]: another live task has the name that it was given.
    /// * [`Error::UnknownTask`]: it is to follow a task that was never added here, or is forgotten.
    /// * [`Error::DuplicateTask`]: another `#[task]` function has the same name.
    /// * [`Error::Shutdown`]: the scheduler has been shut down.
    pub fn add<T>(&self, task: Task<T>) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        self.engine().add(task, &self.face.anchors)
    }

    /// Says in words what a task waits for, and what became of its last run and why.
    ///
    /// For people; the words may change. [`results`](Self::results) has the same for programs.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| ()).name("sweep").trigger(Trigger::recur(60)))?;
    /// sched.pause(&handle)?;
    /// let words = sched.explain(&handle);
    /// assert!(words.contains("paused"), "{words}");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn explain(&self, id: impl Into<TaskId>) -> String {
        self.engine().explain(id.into())
    }

    /// What is known of a live task; `None` if it is finished or was never added here.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(60)).priority(2))?;
    /// assert_eq!(sched.task(&handle).unwrap().priority, 2);
    /// handle.cancel()?;
    /// assert!(sched.task(&handle).is_none());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn task(&self, id: impl Into<TaskId>) -> Option<TaskInfo> {
        self.engine().task(id.into())
    }

    /// The live tasks, by their next run; those without one come last.
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let later = sched.delay(Trigger::once(60), 0, || ())?;
    /// let sooner = sched.delay(Trigger::once(30), 0, || ())?;
    /// let ids: Vec<_> = sched.tasks().iter().map(|info| info.id).collect();
    /// assert_eq!(ids, [sooner.id(), later.id()]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskInfo> {
        self.engine().tasks()
    }

    /// The retained executions of a task, oldest first. Also of a finished task, for as long as it
    /// is among the latest.
    ///
    /// ```
    /// use pysched::{Scheduler, Status, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.delay(Trigger::once(0), 0, || ())?;
    /// handle.wait();
    /// assert_eq!(sched.results(&handle)[0].status, Status::Succeeded);
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn results(&self, id: impl Into<TaskId>) -> Vec<Execution> {
        self.engine().results(id.into())
    }

    /// Has `listener` called with each [`Event`] from now on, until the [`Subscription`] is dropped.
    ///
    /// It is called on a thread of its own, one event after the other, so it may take its time; nothing
    /// else waits for it. `Subscription` says what becomes of a listener that is too slow or panics.
    /// Before [`start`](Self::start) there are events, too, such as those of tasks that are added.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use pysched::{EventKind, Scheduler};
    ///
    /// let (sender, events) = mpsc::channel();
    /// let sched = Scheduler::new();
    /// let subscription = sched.subscribe(move |event| sender.send(event.clone()).unwrap());
    /// sched.start()?;
    /// assert_eq!(events.recv().unwrap().kind, EventKind::SchedulerStarted);
    /// sched.shutdown(true);
    /// assert_eq!(events.recv().unwrap().kind, EventKind::ShutDown);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// If the operating system refuses the thread, the listener is never called, and
    /// [`Subscription::is_alive`] says so. After a shutdown nothing happens that it could be told.
    pub fn subscribe(&self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.engine().bus.subscribe(Box::new(listener))
    }

    /// How it is doing, in numbers: what came of all runs so far, what it has in hand, how late
    /// executions begin and how long they take.
    ///
    /// Every number is exact, or says how exact it is. They are collected from one part of the tasks
    /// after the other while the rest goes on, so an execution that begins meanwhile may be counted as
    /// it was before or as it is after. It takes less than a millisecond for each 100,000 tasks.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// sched.add(Task::new(|| 7))?.future().wait().unwrap();
    /// let stats = sched.stats();
    /// assert_eq!((stats.counts.succeeded, stats.running, stats.tasks), (1, 0, 0));
    /// assert_eq!(stats.duration.count, 1);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.engine().stats()
    }

    /// Shuts down: cancels every run that is not due yet, and fires nothing more.
    ///
    /// With `wait`, everything that is due, queued or running is finished first; when it returns,
    /// every future is done and no thread has any work left. Without, it returns at once: what has
    /// not started is cancelled, and what runs finishes unattended, or [times out](crate::Task::timeout).
    ///
    /// With `wait`, it blocks the calling thread: on a runtime's, await
    /// [`shutdown_async`](Self::shutdown_async) instead. On the thread of a current-thread runtime that a
    /// `TokioExecutor` of this scheduler runs on, it does not wait, as nothing would run there meanwhile.
    ///
    /// It may be called any number of times, by several threads, before `start`, and from inside a
    /// task. A call from inside a task (or from a callback or a clock of this scheduler) never
    /// waits, as it would wait for itself; the shutdown goes on without it. A task that shuts
    /// *another* scheduler down waits as anybody else would, so two schedulers must not have tasks
    /// that wait for each other's end.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// sched.shutdown(true);
    /// assert!(matches!(sched.delay(Trigger::once(1), 0, || ()), Err(Error::Shutdown)));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn shutdown(&self, wait: bool) {
        self.engine().shutdown(wait);
    }

    /// Shuts down as [`shutdown(true)`](Self::shutdown), for at most `limit`, then as
    /// [`shutdown(false)`](Self::shutdown). What is running then is told to end, by its
    /// [token](crate::Current::token); a future is dropped where it waits, and so has been cancelled.
    ///
    /// From inside a task it does not wait at all, nor where [`shutdown(true)`](Self::shutdown) does not:
    /// it cuts the shutdown short at once. Elsewhere it blocks the calling thread: on a runtime's, give
    /// [`shutdown_async`](Self::shutdown_async) the limit instead.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.add(Task::new(|| 7))?.future();
    /// future.wait().unwrap();
    /// assert!(sched.shutdown_timeout(Duration::from_secs(10)).is_ok());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unfinished`], which says by task what had not ended.
    pub fn shutdown_timeout(&self, limit: Duration) -> Result<(), Unfinished> {
        self.engine().shutdown_timeout(limit)
    }
}

impl Default for Scheduler {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("stopped", &self.stopped())
            .field("tasks", &self.engine().len())
            .finish_non_exhaustive()
    }
}
