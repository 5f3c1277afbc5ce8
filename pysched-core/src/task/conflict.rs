//! [`Conflict`]: what to do about a task whose name another one has.

/// What becomes of a task that is added under a name that a live task of the scheduler has.
///
/// Only names that were claimed can conflict: by [`Task::name`](crate::Task::name) or by
/// [`Task::conflict`](crate::Task::conflict). The name that an annotated function has anyway may be that
/// of any number of tasks.
///
/// ```
/// use pysched::{Conflict, Error, Scheduler, Task, Trigger};
///
/// let sched = Scheduler::new();
/// let nightly = || Task::new(|| ()).name("nightly").trigger(Trigger::recur(86_400));
/// let first = sched.add(nightly())?;
///
/// assert!(matches!(sched.add(nightly()), Err(Error::NameTaken(_))));
/// assert_eq!(sched.add(nightly().conflict(Conflict::Keep))?.id(), first.id());
/// let second = sched.add(nightly().conflict(Conflict::Replace))?;
/// assert!(sched.task(&first).is_none() && sched.task(&second).is_some());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Conflict {
    /// It is refused, with [`Error::NameTaken`](crate::Error::NameTaken).
    #[default]
    Error,

    /// The other one is cancelled, and this one added. What runs of the other one finishes; until then
    /// [`Scheduler::named`](crate::Scheduler::named) finds both.
    Replace,

    /// The other one stays, and its handle is given back. Its result has to be of the same type.
    Keep,
}
