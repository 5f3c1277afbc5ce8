//! [`current`]: what a function learns about the execution that it is.
//!
//! While a function runs, its thread knows the ids of the task and of the execution, which costs a
//! few instructions. All else is looked up when the function asks, in the scheduler, which is found by its
//! id in a register of those that live.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use super::details::Details;
use super::inside;
use super::progress::Progress;
use super::token::Token;
use super::work::Owner;
use crate::TaskId;
use crate::id::SchedulerId;

/// The schedulers that live. Under a lock of std in any case, as no static may have one of loom's.
static LIVING: LazyLock<Mutex<HashMap<SchedulerId, Weak<dyn Owner>>>> =
    LazyLock::new(Mutex::default);

fn living() -> MutexGuard<'static, HashMap<SchedulerId, Weak<dyn Owner>>> {
    LIVING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the executions of a scheduler find it.
pub(crate) fn enlist(scheduler: SchedulerId, owner: Weak<dyn Owner>) {
    living().insert(scheduler, owner);
}

/// Forgets a scheduler.
pub(crate) fn strike_off(scheduler: SchedulerId) {
    let gone = living().remove(&scheduler);
    drop(gone);
}

/// The execution that the calling function is.
///
/// Outside of an execution, as when an annotated function is simply called, it names no task, its token
/// is never cancelled, and its progress is told to nobody: a function need not know how it was
/// called.
///
/// ```
/// use pysched::{Scheduler, Task};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let task = Task::new(|| {
///     let current = pysched::current();
///     (current.task(), current.name().map(str::to_owned), current.attempt())
/// });
/// let handle = sched.add(task.name("who am I"))?;
/// let expected = (handle.id(), Some("who am I".to_owned()), 1);
/// assert_eq!(handle.future().wait().unwrap(), &expected);
/// assert!(!pysched::current().is_execution());
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use]
pub fn current() -> Current {
    let (execution, told) = inside::innermost();
    if let Some(told) = told {
        return told;
    }
    let Some((task, run)) = execution else { return Current::nobody() };
    let owner = living().get(&task.scheduler()).cloned();
    let subject = owner.as_ref().and_then(Weak::upgrade).and_then(|owner| owner.subject(task, run));
    let Some(subject) = subject else { return Current::nobody() };
    let report = owner.map_or(Report::Nobody, |owner| Report::Scheduler(owner, run));
    let current = Current { inner: Arc::new(Inner { task, subject, report }) };
    inside::remember(current.clone());
    current
}

/// What a running execution knows of itself; see [`current`].
///
/// Clones speak of the same execution. It may be sent to other threads that work for it, which have no
/// [`current`] execution themselves.
#[derive(Clone)]
pub struct Current {
    inner: Arc<Inner>,
}

struct Inner {
    task: TaskId,
    subject: Subject,
    report: Report,
}

/// What there is to know about an execution.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) name: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) due: SystemTime,

    /// Of this attempt.
    pub(crate) token: Token,
    pub(crate) details: Arc<Details>,
}

impl Subject {
    pub(crate) fn new(name: Option<String>, due: SystemTime, details: Arc<Details>) -> Self {
        let (attempt, token) = details.own_attempt();
        Self { name, attempt, due, token, details }
    }
}

/// What another process is told of an execution that it is to run, beside the name of its task.
#[cfg(all(feature = "process", unix))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct About {
    /// [`TaskId::nil`] if it belongs to no scheduler.
    pub(crate) task: TaskId,
    pub(crate) attempt: u32,
    pub(crate) due: SystemTime,
}

/// Whom progress is told.
enum Report {
    Nobody,

    /// The scheduler, of the execution of this number.
    Scheduler(Weak<dyn Owner>, u64),

    /// The process that has sent the execution here.
    #[cfg(all(feature = "process", unix))]
    Parent(Box<dyn Fn(Progress) + Send + Sync>),
}

impl Current {
    fn nobody() -> Self {
        let subject = Subject::new(None, SystemTime::now(), Details::new());
        Self { inner: Arc::new(Inner { task: TaskId::nil(), subject, report: Report::Nobody }) }
    }

    /// What an execution knows of itself that another process has sent.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn elsewhere(
        about: About,
        name: Option<&str>,
        report: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Self {
        let About { task, attempt, due } = about;
        let subject = Subject::new(name.map(str::to_owned), due, Details::new());
        let subject = Subject { attempt, ..subject };
        Self { inner: Arc::new(Inner { task, subject, report: Report::Parent(Box::new(report)) }) }
    }

    /// Whether this is an execution at all.
    ///
    /// ```
    /// assert!(!pysched::current().is_execution());
    /// ```
    #[must_use]
    pub fn is_execution(&self) -> bool {
        !matches!(self.inner.report, Report::Nobody)
    }

    /// The id of the task; [`TaskId::nil`] if this is no execution, or one of a task that a
    /// `ProcessPoolExecutor` was given without a scheduler.
    ///
    /// ```
    /// use pysched::TaskId;
    ///
    /// assert_eq!(pysched::current().task(), TaskId::nil());
    /// ```
    #[must_use]
    pub fn task(&self) -> TaskId {
        self.inner.task
    }

    /// The name of the task.
    ///
    /// ```
    /// assert_eq!(pysched::current().name(), None);
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.inner.subject.name.as_deref()
    }

    /// Which attempt this is, from 1; see [`Retry`](crate::Retry).
    ///
    /// ```
    /// assert_eq!(pysched::current().attempt(), 1);
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.inner.subject.attempt
    }

    /// When the execution was due; the present time if this is none.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// assert!(pysched::current().due() <= SystemTime::now());
    /// ```
    #[must_use]
    pub fn due(&self) -> SystemTime {
        self.inner.subject.due
    }

    /// What tells the function that it is to end.
    ///
    /// In a worker process it never does: there, the process is ended.
    ///
    /// ```
    /// assert!(!pysched::current().token().is_cancelled());
    /// ```
    #[must_use]
    pub fn token(&self) -> Token {
        self.inner.subject.token.clone()
    }

    /// Tells how far the function has come: so much is `done` of `total`, 0 if that is not known.
    ///
    /// It shows in [`Execution::progress`](crate::Execution::progress), and in
    /// [`EventKind::Progressed`](crate::EventKind::Progressed).
    ///
    /// A worker process sends it to its parent at most every 10 ms, so that a loop may tell it as often
    /// as it likes: a call that sends nothing costs a lock and a look at the clock. What is held back so
    /// goes with a later call, or at last when the function has returned, which is before the outcome is
    /// known. What other threads tell after that is told to nobody.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// fn copy(files: u64) {
    ///     let current = pysched::current();
    ///     for file in 1..=files {
    ///         // …
    ///         current.set_progress(file, files);
    ///     }
    /// }
    ///
    /// copy(3); // as ever
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.add(Task::new(|| copy(3)))?.future();
    /// future.wait().unwrap();
    /// assert_eq!(future.execution().progress.unwrap().done, 3);
    /// # sched.shutdown(true);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn set_progress(&self, done: u64, total: u64) {
        let progress = Progress { done, total };
        let Inner { task, subject, report } = &*self.inner;
        match report {
            Report::Nobody => {}
            Report::Scheduler(owner, run) => {
                subject.details.set_progress(progress);
                if let Some(owner) = owner.upgrade() {
                    owner.progressed(*task, *run, progress);
                }
            }
            #[cfg(all(feature = "process", unix))]
            Report::Parent(tell) => tell(progress),
        }
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current")
            .field("task", &self.inner.task)
            .field("name", &self.inner.subject.name)
            .field("attempt", &self.inner.subject.attempt)
            .field("due", &self.inner.subject.due)
            .finish_non_exhaustive()
    }
}
