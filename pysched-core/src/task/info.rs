//! [`TaskInfo`]: what is known of a live task.

use std::time::SystemTime;

use crate::execution::Execution;
use crate::{TaskId, Trigger};

/// What is known of a live task, as it stood when it was asked for.
///
/// ```
/// use pysched::{Scheduler, Task, Trigger};
///
/// let sched = Scheduler::new();
/// let handle = sched.add(Task::new(|| ()).name("nightly").trigger(Trigger::recur(3600)))?;
/// let info = sched.task(&handle).unwrap();
/// assert_eq!(info.name.as_deref(), Some("nightly"));
/// assert_eq!(info.next_run, handle.next_run());
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct TaskInfo {
    /// The id that the scheduler knows it by.
    pub id: TaskId,

    /// The name that it was given.
    pub name: Option<String>,

    /// When it runs.
    pub trigger: Trigger,

    /// Its priority; lower runs first.
    pub priority: i32,

    /// When it is due next; `None` while it is paused or its last execution is in flight, while runs that have
    /// come wait for room ([`Misfire::RunAll`](crate::Misfire::RunAll)), and between the executions of a fixed
    /// delay.
    pub next_run: Option<SystemTime>,

    /// Whether its runs are held back.
    pub paused: bool,

    /// The tags that it was given, in order.
    pub tags: Vec<String>,

    /// Its executions that are due and have not ended, oldest first.
    pub in_flight: Vec<Execution>,
}
