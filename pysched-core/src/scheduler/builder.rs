//! [`SchedulerBuilder`]: a scheduler with other parts than the usual ones.

use std::sync::Arc;
use std::{fmt, iter};

use super::Scheduler;
use super::engine::Engine;
use super::events::{Bus, Feed};
use super::limits::Limits;
use crate::executor::{Executor, ThreadPoolExecutor};
use crate::time::{AnyClock, Clock, SimulatedClock, SystemClock};
use crate::unwind::catch;

/// How many executions of each task are retained unless told otherwise.
const DEFAULT_HISTORY: usize = 32;

/// Builds a [`Scheduler`] with executors, a clock, and a length of history of your choice.
///
/// ```
/// use pysched::{ManualClock, Scheduler, ThreadPoolExecutor};
///
/// let sched = Scheduler::builder()
///     .executor(ThreadPoolExecutor::new(4))
///     .named_executor("reports", ThreadPoolExecutor::new(1))
///     .clock(ManualClock::new())
///     .history(100)
///     .build();
/// assert!(sched.stopped());
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct SchedulerBuilder {
    executor: Option<Box<dyn Executor>>,
    named: Vec<(String, Box<dyn Executor>)>,
    clock: Option<AnyClock>,
    history: usize,
    limits: Limits,
}

impl SchedulerBuilder {
    pub(super) fn new() -> Self {
        Self {
            executor: None,
            named: Vec::new(),
            clock: None,
            history: DEFAULT_HISTORY,
            limits: Limits::default(),
        }
    }

    /// Sets who runs the tasks that name no executor.
    /// [`ThreadPoolExecutor::default()`](ThreadPoolExecutor#impl-Default-for-ThreadPoolExecutor)
    /// unless set.
    ///
    /// The scheduler shuts it down when it is shut down itself. To share an executor with others,
    /// give an [`Arc`] of it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pysched::{Scheduler, ThreadPoolExecutor};
    ///
    /// let own = Scheduler::builder().executor(ThreadPoolExecutor::new(4)).build();
    ///
    /// let pool = Arc::new(ThreadPoolExecutor::new(4));
    /// let shared = Scheduler::builder().executor(Arc::clone(&pool)).build();
    /// shared.shutdown(true);
    /// assert_eq!(pool.run(|| "still there").wait().unwrap(), &"still there");
    /// ```
    pub fn executor(mut self, executor: impl Executor) -> Self {
        self.executor = Some(Box::new(executor));
        self
    }

    /// Adds an executor for the tasks that ask for it by `name`. It takes the place of an earlier
    /// one of the same name.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, ThreadPoolExecutor};
    ///
    /// let sched = Scheduler::builder().named_executor("reports", ThreadPoolExecutor::new(1)).build();
    /// sched.start()?;
    /// let report = sched.add(Task::new(|| "42 pages").executor("reports"))?;
    /// assert_eq!(report.future().wait().unwrap(), &"42 pages");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn named_executor(mut self, name: impl Into<String>, executor: impl Executor) -> Self {
        let name = name.into();
        self.named.retain(|(other, _)| *other != name);
        self.named.push((name, Box::new(executor)));
        self
    }

    /// Sets the clock. [`SystemClock`] unless set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{ManualClock, Scheduler, Trigger};
    ///
    /// let clock = ManualClock::new();
    /// let sched = Scheduler::builder().clock(clock.clone()).build();
    /// sched.start()?;
    /// let handle = sched.delay(Trigger::once(3600), 0, || "at once, for us")?;
    /// clock.advance(Duration::from_secs(3600));
    /// assert_eq!(handle.future().wait().unwrap(), &"at once, for us");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(AnyClock::new(clock));
        self
    }

    /// Sets how many executions of each task are retained, for
    /// [`Scheduler::results`] and [`Handle::futures`](crate::Handle::futures). 32 unless set.
    ///
    /// Of the tasks that are finished, about the latest 10,000 executions are remembered in all: more
    /// of one-shots, which are spread evenly over the parts of a scheduler, and fewer if long series
    /// that one thread has added together end together; of the task that finished last, always all
    /// that were retained.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::builder().history(2).build();
    /// let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(0.001)).times(5))?;
    /// sched.start()?;
    /// while sched.task(&handle).is_some() {
    ///     handle.wait();
    /// }
    /// assert_eq!(sched.results(&handle).len(), 2);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn history(mut self, executions_per_task: usize) -> Self {
        self.history = executions_per_task;
        self
    }

    /// Limits how many executions of all tasks with a tag are queued or run at a time; see
    /// [`Scheduler::set_limit`].
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::builder().limit("database", 2).build();
    /// for number in 0..10 {
    ///     sched.add(Task::new(move || number).tag("database"))?; // never more than two at a time
    /// }
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn limit(self, tag: impl Into<Arc<str>>, n: usize) -> Self {
        // Nobody waits yet who could be admitted.
        let _ = self.limits.set(&tag.into(), Some(n));
        self
    }

    /// Builds the scheduler. It is stopped: tasks can be added, and wait for
    /// [`start`](Scheduler::start).
    ///
    /// ```
    /// let sched = pysched::Scheduler::builder().build(); // as Scheduler::new()
    /// assert!(sched.stopped());
    /// ```
    #[must_use]
    pub fn build(self) -> Scheduler {
        let own = self.executor.unwrap_or_else(|| Box::new(ThreadPoolExecutor::default()));
        let clock = self.clock.unwrap_or_else(|| AnyClock::new(SystemClock::new()));
        let mut executors = vec![(String::new(), own)];
        executors.extend(self.named);
        Scheduler::over(Engine::new(clock, executors, self.history, self.limits))
    }
}

/// What a simulation asks of it, which brings executors and a clock of its own.
impl SchedulerBuilder {
    /// How many workers each executor has, the scheduler's own first; `None` where that is not known.
    pub(crate) fn sizes(&self) -> Vec<(String, Option<usize>)> {
        let size = |executor: &dyn Executor| catch(|| executor.most_workers()).ok().flatten();
        let own = self.executor.as_deref().and_then(size);
        let named = self.named.iter().map(|(name, it)| (name.clone(), size(&**it)));
        iter::once((String::new(), own)).chain(named).collect()
    }

    /// Builds a scheduler that runs in a simulation.
    pub(crate) fn simulated(
        self,
        clock: SimulatedClock,
        executors: Vec<(String, Box<dyn Executor>)>,
        feed: Arc<Feed>,
    ) -> Scheduler {
        let (clock, bus) = (AnyClock::Simulated(clock), Bus::with_feed(Some(feed)));
        // One shard: there is one thread, and what is due together is in one order.
        Scheduler::over(Engine::with_shards(0, clock, executors, self.history, self.limits, bus))
    }
}

impl fmt::Debug for SchedulerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.named.iter().map(|(name, _)| name).collect();
        f.debug_struct("SchedulerBuilder")
            .field("named_executors", &names)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}
