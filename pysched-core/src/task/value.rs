//! [`Task`]: a task as a value, before it is added to a scheduler.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::body::Body;
use super::{Conflict, Converted, Misfire, Overlap, Retry, Rules};

use crate::TaskId;
use crate::error::TaskError;
use crate::portable::{Registered, Registration};
use crate::sync::Mutex;
use crate::trigger::{Bounds, Trigger};

/// What to run, when, and under which rules: a value to give to
/// [`Scheduler::add`](crate::Scheduler::add).
///
/// ```
/// use pysched::{Scheduler, Task, Trigger};
///
/// let sched = Scheduler::new();
/// sched.start()?;
///
/// let task = Task::new(|| "done").name("greeting").trigger(Trigger::recur(0.01)).times(3);
/// let handle = sched.add(task)?;
/// for _ in 0..3 {
///     assert_eq!(handle.wait().wait().unwrap(), &"done");
/// }
/// assert!(sched.task(&handle).is_none(), "after three executions it is finished");
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "a task does nothing until it is added to a scheduler"]
pub struct Task<T> {
    /// `None` only while it is cloned, which lets the clones share the function.
    body: Mutex<Option<Body>>,
    trigger: Trigger,
    priority: i32,

    /// Out of line, as most tasks have none of it.
    rare: Option<Box<Rare>>,
    result: PhantomData<fn() -> T>,
}

/// What few tasks are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rare {
    pub(crate) name: Option<String>,
    pub(crate) executor: Option<String>,
    pub(crate) bounds: Bounds,

    /// How long an attempt may take.
    pub(crate) timeout: Option<Duration>,

    /// How much later than its time a run may begin, at random.
    pub(crate) jitter: Option<Duration>,
    pub(crate) rules: Option<Rules>,

    /// What to do if its name is taken; `None` if it does not mind.
    pub(crate) conflict: Option<Conflict>,

    /// The tasks that it follows.
    pub(crate) predecessors: Vec<TaskId>,

    /// Where it comes from, if that is a `#[task]` function.
    pub(crate) registered: Option<Registered>,
}

impl<T: Send + Sync + 'static> Task<T> {
    /// A task that calls `f`, once and at once unless told otherwise.
    ///
    /// `f` is called once for each execution. If it panics, that execution has failed with
    /// [`TaskError::Panicked`]; a recurring task goes on with the next one. What it returns is the result,
    /// whatever that is: a future would be one that nobody awaits. An `async` function or closure goes to
    /// [`future`](Self::future).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pysched::{Scheduler, Task};
    ///
    /// let shared = Arc::new(String::from("hello"));
    /// let task = Task::new({
    ///     let shared = Arc::clone(&shared);
    ///     move || shared.len()
    /// });
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// assert_eq!(sched.add(task)?.future().wait().unwrap(), &5);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn new<F>(f: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
    {
        Self::of(Body::new(move || Ok(f())))
    }

    /// A task whose function can fail: `Err(e)` is an execution that has failed with
    /// [`TaskError::Failed`].
    ///
    /// ```
    /// use pysched::{Scheduler, Task, TaskError};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.add(Task::fallible(|| std::fs::read_to_string("no such file")))?;
    /// assert!(matches!(handle.future().wait(), Err(TaskError::Failed(_))));
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn fallible<F, E>(f: F) -> Self
    where
        F: Fn() -> Result<T, E> + Send + Sync + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::of(Body::new(move || f().map_err(|error| TaskError::Failed(error.into().into()))))
    }

    /// A task whose function is asynchronous: `f` gives a future, which is awaited.
    ///
    /// On a `TokioExecutor` (feature `tokio`) it runs on the runtime. Every other executor runs it as well:
    /// a thread, or a worker process, polls the future, and sleeps while that waits; what the future awaits
    /// has to work there, which a tokio timer does not outside of its runtime.
    ///
    /// It can be ended while it waits: a [`timeout`](Self::timeout), [`TaskFuture::cancel`] and
    /// [`Overlap::CancelOther`] drop the future at the `.await` that it waits at. `f` is called once for
    /// each execution, where that is polled first. A `Result` is a value like any other: see
    /// [`fallible_future`](Self::fallible_future).
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// async fn fetch(page: u32) -> String {
    ///     format!("page {page}")
    /// }
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.add(Task::future(|| fetch(7)))?;
    /// assert_eq!(handle.future().wait().unwrap(), "page 7");
    ///
    /// // Each execution gets a clone of what it shares with the others.
    /// let site = std::sync::Arc::new(String::from("example.org"));
    /// let task = Task::future(move || {
    ///     let site = site.clone();
    ///     async move { format!("{site}, {}", fetch(8).await) }
    /// });
    /// assert_eq!(sched.add(task)?.future().wait().unwrap(), "example.org, page 8");
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// [`TaskFuture::cancel`]: crate::TaskFuture::cancel
    pub fn future<F, Fut>(f: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = T> + Send + 'static,
    {
        Self::of(Body::future(move || Converted::new(f(), Ok)))
    }

    /// A task whose function is asynchronous and can fail, as [`fallible`](Self::fallible).
    ///
    /// ```
    /// use pysched::{Scheduler, Task, TaskError};
    ///
    /// let task = Task::fallible_future(|| async { "three".parse::<i32>() });
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let error = sched.add(task)?.future().wait().unwrap_err().to_string();
    /// assert_eq!(error, "the task failed: invalid digit found in string");
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn fallible_future<F, Fut, E>(f: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let outcome = |returned: Result<T, E>| {
            returned.map_err(|error| TaskError::Failed(error.into().into()))
        };
        Self::of(Body::future(move || Converted::new(f(), outcome)))
    }

    fn of(body: Body) -> Self {
        Self {
            body: Mutex::new(Some(body)),
            trigger: Trigger::once(0),
            priority: 0,
            rare: None,
            result: PhantomData,
        }
    }
}

impl<T> Task<T> {
    /// Sets when it runs. [`Trigger::once(0)`](Trigger::once), at once, unless set.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(3)))?;
    /// assert_eq!(sched.task(&handle).unwrap().trigger, Trigger::recur(3));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = trigger;
        self
    }

    /// Sets the priority: of the tasks that are due, the one with the *lowest* number runs first.
    /// 0 unless set.
    ///
    /// Priorities decide whenever a worker becomes free. They never interrupt a task that runs.
    ///
    /// ```
    /// use pysched::{InlineExecutor, Scheduler, Task};
    ///
    /// let (sender, order) = std::sync::mpsc::channel();
    /// let sched = Scheduler::builder().executor(InlineExecutor).build();
    /// for priority in [3, -1, 2] {
    ///     let sender = sender.clone();
    ///     sched.add(Task::new(move || sender.send(priority).unwrap()).priority(priority))?;
    /// }
    /// sched.start()?;
    /// assert_eq!(order.iter().take(3).collect::<Vec<_>>(), [-1, 2, 3]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Gives it a name, which no other live task of its scheduler may have: if one has, the task is
    /// refused, unless [`conflict`](Self::conflict) says otherwise.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.add(Task::new(|| ()).name("sweep"))?;
    /// assert_eq!(sched.tasks()[0].name.as_deref(), Some("sweep"));
    /// assert!(matches!(sched.add(Task::new(|| ()).name("sweep")), Err(Error::NameTaken(_))));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        let rare = self.rare();
        rare.name = Some(name.into());
        rare.conflict.get_or_insert_default();
        self
    }

    /// Sets what to do if another live task has its name.
    /// [`Conflict::Error`] for a [`name`](Self::name) that was given, unless set. The name that an
    /// annotated function has anyway conflicts with nothing, unless this is set.
    ///
    /// ```
    /// use pysched::{Conflict, Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let task = || Task::new(|| ()).name("sweep").trigger(Trigger::recur(60));
    /// let first = sched.add(task())?;
    /// let same = sched.add(task().conflict(Conflict::Keep))?;
    /// assert_eq!(same.id(), first.id());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn conflict(mut self, conflict: Conflict) -> Self {
        self.rare().conflict = Some(conflict);
        self
    }

    /// Gives it a tag, beside those that it has. Tasks can be [chosen](crate::Scheduler::tagged) by their
    /// tags, and [limited](crate::SchedulerBuilder::limit).
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::builder().limit("database", 2).build();
    /// for table in ["users", "orders", "items"] {
    ///     let task = Task::new(move || println!("sweeps {table}"));
    ///     sched.add(task.tag("database").trigger(Trigger::recur(3600)))?;
    /// }
    /// assert_eq!(sched.tagged("database").pause(), 3);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn tag(mut self, tag: impl Into<Arc<str>>) -> Self {
        let (tag, tags) = (tag.into(), &mut self.rules().tags);
        if let Err(place) = tags.binary_search(&tag) {
            tags.insert(place, tag);
        }
        self
    }

    /// Lets it run each time that the task of `id` has succeeded. Given several, it runs each time that
    /// all of them have since its last run.
    ///
    /// Its trigger says how long after: at once, or [`Trigger::once`] of a delay; any other is
    /// refused when it is added, and so are [`times`](Self::times), [`starting`](Self::starting),
    /// [`until`](Self::until) and [`jitter`](Self::jitter). When the other task is finished, so is this
    /// one; if that has never succeeded, this one is cancelled. If it is finished already and its last
    /// execution has succeeded, this one runs as if that had been just now.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// let extract = sched.add(Task::new(|| println!("extracts")))?;
    /// let load = sched.add(Task::new(|| println!("loads")).after(&extract))?;
    /// sched.start()?;
    /// load.wait().wait().unwrap();
    /// assert!(extract.future().done());
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn after(mut self, id: impl Into<TaskId>) -> Self {
        self.rare().predecessors.push(id.into());
        self
    }

    /// Sets what to do with runs that are due while an earlier execution of it runs.
    /// [`Overlap::Skip`] unless set.
    ///
    /// ```
    /// use pysched::{Overlap, Task, Trigger};
    ///
    /// let task = Task::new(|| ()).trigger(Trigger::recur(60)).overlap(Overlap::BufferOne);
    /// ```
    pub fn overlap(mut self, overlap: Overlap) -> Self {
        self.rules().overlap = overlap;
        self
    }

    /// Sets what to do with runs that could not start at their time. [`Misfire::RunOnce`] unless set.
    ///
    /// ```
    /// use pysched::{Misfire, Task, Trigger};
    ///
    /// let task = Task::new(|| ()).trigger(Trigger::recur(60)).misfire(Misfire::RunAll);
    /// ```
    pub fn misfire(mut self, misfire: Misfire) -> Self {
        self.rules().misfire = misfire;
        self
    }

    /// Sets how late a run may start. What would be later is recorded as
    /// [`Missed`](crate::Status::Missed). Without, no run is ever too late, but under
    /// [`Misfire::Skip`].
    ///
    /// It is looked at when the run becomes due, and again when a worker is free for it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Task, Trigger};
    ///
    /// let task = Task::new(|| ()).trigger(Trigger::recur(60)).grace(Duration::from_secs(5));
    /// ```
    pub fn grace(mut self, grace: Duration) -> Self {
        self.rules().grace = Some(grace);
        self
    }

    /// Delays each run at random by up to `max`, as [`Trigger::jitter`] does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Task, Trigger};
    ///
    /// let task = Task::new(|| ()).trigger(Trigger::recur(60)).jitter(Duration::from_secs(5));
    /// ```
    pub fn jitter(mut self, max: Duration) -> Self {
        self.rare().jitter = Some(max);
        self
    }

    /// Sets whether, and when, an execution that has failed is tried again. It is not, unless set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Retry, Task};
    ///
    /// let task = Task::new(|| ()).retry(Retry::times(3).fixed(Duration::from_secs(10)));
    /// ```
    pub fn retry(mut self, retry: Retry) -> Self {
        self.rules().retry = Some(retry);
        self
    }

    /// Sets which executor of the scheduler runs it, by the name given to
    /// [`SchedulerBuilder::named_executor`](crate::SchedulerBuilder::named_executor). The
    /// scheduler's own unless set.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Task, ThreadPoolExecutor};
    ///
    /// let sched = Scheduler::builder()
    ///     .named_executor("reports", ThreadPoolExecutor::new(1))
    ///     .build();
    /// sched.add(Task::new(|| ()).executor("reports"))?;
    ///
    /// let error = sched.add(Task::new(|| ()).executor("report")).unwrap_err();
    /// assert!(matches!(error, Error::UnknownExecutor(_)));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn executor(mut self, name: impl Into<String>) -> Self {
        self.rare().executor = Some(name.into());
        self
    }

    /// Lets the schedule begin at `at` on the wall clock, instead of at the moment of adding.
    ///
    /// A recurring task has its first run at `at` itself and then one every interval; if `at` is
    /// past, it joins in at the next of these times. [`Trigger::once`] counts its delay from `at`,
    /// and [`Trigger::at`] runs no earlier than `at`.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let at = SystemTime::now() + Duration::from_secs(60);
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| ()).trigger(Trigger::at(at)).starting(at))?;
    /// assert_eq!(handle.next_run(), Some(at));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn starting(mut self, at: SystemTime) -> Self {
        self.rare().bounds.starting = Some(at);
        self
    }

    /// Ends the series: no run that would be due after `end` takes place. A run due exactly at
    /// `end` does.
    ///
    /// If that leaves no run at all, [`Scheduler::add`](crate::Scheduler::add) returns
    /// [`Error::NeverRuns`](crate::Error::NeverRuns).
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Error, Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let in_a_minute = SystemTime::now() + Duration::from_secs(60);
    /// sched.add(Task::new(|| ()).trigger(Trigger::recur(25)).until(in_a_minute))?; // two runs
    ///
    /// let never = sched.add(Task::new(|| ()).trigger(Trigger::recur(90)).until(in_a_minute));
    /// assert!(matches!(never, Err(Error::NeverRuns(_))));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn until(mut self, end: SystemTime) -> Self {
        self.rare().bounds.until = Some(end);
        self
    }

    /// Ends the series after `n` executions. Those that were cancelled count; runs that were skipped
    /// or missed do not.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(0.001)).times(2))?;
    /// sched.start()?;
    /// handle.wait();
    /// handle.wait();
    /// assert_eq!(handle.futures().len(), 2);
    /// assert!(sched.task(&handle).is_none());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn times(mut self, n: u64) -> Self {
        self.rare().bounds.times = Some(n);
        self
    }

    /// Sets how long each attempt may take, from when it is begun.
    ///
    /// One that takes longer fails with [`TaskError::TimedOut`], at once, whatever its function does, and
    /// is tried again if the task has a [`retry`](Self::retry). What becomes of the function depends on
    /// where it runs:
    ///
    /// * On a thread it cannot be ended. Its [token](crate::Current::token) tells it to end, and until it
    ///   has returned it keeps its thread and counts as running: a retry waits for that, and so does a
    ///   run that may not [overlap](Self::overlap) with it. The time is that of the scheduler's clock.
    /// * The future of an [asynchronous](Self::future) one is dropped at the `.await` that it waits at,
    ///   with the same clock. One that does not wait, but computes, is as a function on a thread.
    /// * In a worker process of a `ProcessPoolExecutor` it is ended with its process. The time is real
    ///   time, whatever clock the scheduler has, and begins when the worker is sent the task.
    /// * On an [`InlineExecutor`](crate::InlineExecutor) it holds up the scheduler's own thread, also
    ///   where it awaits, so that it is known only when it has returned.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Scheduler, Task, TaskError};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let task = Task::new(|| {
    ///     let token = pysched::current().token();
    ///     while !token.wait_timeout(Duration::from_millis(1)) {
    ///         // a step of something long
    ///     }
    /// });
    /// let future = sched.add(task.timeout(Duration::from_millis(20)))?.future();
    /// assert!(matches!(future.wait(), Err(TaskError::TimedOut(_))));
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.rare().timeout = Some(limit);
        self
    }

    /// Remembers which `#[task]` function it calls, and with which arguments.
    pub(crate) fn register(
        mut self,
        registration: &'static Registration,
        arguments: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        let rare = self.rare();
        rare.name = Some(registration.name().to_owned());
        rare.registered = Some(Registered { registration, arguments });
        self
    }

    /// Which `#[task]` function it calls, and with which arguments.
    #[doc(hidden)]
    #[must_use]
    pub fn registered(&self) -> Option<&Registered> {
        self.rare.as_ref()?.registered.as_ref()
    }

    fn rules(&mut self) -> &mut Rules {
        self.rare().rules.get_or_insert_default()
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn into_parts(self) -> (Body, Trigger, i32, Option<Box<Rare>>) {
        let body = self.body.into_inner().unwrap_or_else(gone);
        (body, self.trigger, self.priority, self.rare)
    }
}

/// Stands for a body that is not there; there is none such.
fn gone() -> Body {
    debug_assert!(false, "a task has a body");
    Body::new(|| Err::<(), _>(TaskError::Cancelled))
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        let yours = {
            let mut body = self.body.lock();
            let (mine, yours) = body.take().unwrap_or_else(gone).split();
            *body = Some(mine);
            yours
        };
        Self {
            body: Mutex::new(Some(yours)),
            trigger: self.trigger.clone(),
            priority: self.priority,
            rare: self.rare.clone(),
            result: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rare = self.rare.as_deref();
        let bounds = rare.map(|rare| rare.bounds).unwrap_or_default();
        f.debug_struct("Task")
            .field("name", &rare.and_then(|rare| rare.name.as_ref()))
            .field("trigger", &self.trigger)
            .field("priority", &self.priority)
            .field("executor", &rare.and_then(|rare| rare.executor.as_ref()))
            .field("times", &bounds.times)
            .field("timeout", &rare.and_then(|rare| rare.timeout))
            .field("rules", &rare.and_then(|rare| rare.rules.as_ref()))
            .field("conflict", &rare.and_then(|rare| rare.conflict))
            .finish_non_exhaustive()
    }
}
