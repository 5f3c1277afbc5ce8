//! [`Selection`]: several tasks, to do something to all of them.

use std::fmt;
use std::sync::Arc;

use super::Scheduler;
use super::engine::Engine;
use super::slot::Slot;
use crate::error::Error;
use crate::task::Command;
use crate::{TaskId, Trigger};

/// The tasks that had a name or a tag when they were [selected](Scheduler::tagged).
///
/// What is done to it is done to each of them that is still alive, one after the other.
///
/// ```
/// use pysched::{Scheduler, Task, Trigger};
///
/// let sched = Scheduler::new();
/// let task = || Task::new(|| ()).tag("reports").trigger(Trigger::recur(3600));
/// let (one, other) = (sched.add(task())?, sched.add(task())?);
/// let reports = sched.tagged("reports");
/// assert_eq!(reports.ids(), [one.id(), other.id()]);
/// assert_eq!(reports.reschedule(&Trigger::recur(60))?, 2);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "nothing has been done to them yet"]
pub struct Selection {
    scheduler: Scheduler,

    /// In the order of adding.
    tasks: Vec<TaskId>,
}

#[expect(
    clippy::must_use_candidate,
    reason = "they do something, and how many there were is an extra"
)]
impl Selection {
    pub(super) fn of(scheduler: Scheduler, tasks: Vec<TaskId>) -> Self {
        Self { scheduler, tasks }
    }

    /// Their ids, in the order of adding.
    ///
    /// ```
    /// assert!(pysched::Scheduler::new().tagged("nothing").ids().is_empty());
    /// ```
    #[must_use]
    pub fn ids(&self) -> Vec<TaskId> {
        self.tasks.clone()
    }

    /// [Pauses](Scheduler::pause) each; says how many there were.
    ///
    /// ```
    /// assert_eq!(pysched::Scheduler::new().tagged("nothing").pause(), 0);
    /// ```
    pub fn pause(&self) -> usize {
        self.each(|| Command::Pause)
    }

    /// [Resumes](Scheduler::resume) each; says how many there were.
    ///
    /// ```
    /// assert_eq!(pysched::Scheduler::new().tagged("nothing").resume(), 0);
    /// ```
    pub fn resume(&self) -> usize {
        self.each(|| Command::Resume)
    }

    /// [Runs](Scheduler::run_now) each now that can be; says how many.
    ///
    /// ```
    /// assert_eq!(pysched::Scheduler::new().tagged("nothing").run_now(), 0);
    /// ```
    pub fn run_now(&self) -> usize {
        self.each(|| Command::RunNow)
    }

    /// [Cancels](Scheduler::cancel) each; says how many there were.
    ///
    /// ```
    /// assert_eq!(pysched::Scheduler::new().tagged("nothing").cancel(), 0);
    /// ```
    pub fn cancel(&self) -> usize {
        self.each(|| Command::Cancel)
    }

    /// Gives each [another trigger](Scheduler::reschedule) that may have one; says how many.
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// assert_eq!(Scheduler::new().tagged("nothing").reschedule(&Trigger::recur(60))?, 0);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the trigger, or why a task would never run by it. Those before that task have
    /// it by then.
    pub fn reschedule(&self, trigger: &Trigger) -> Result<usize, Error> {
        let mut done = 0;
        for &task in &self.tasks {
            match self.engine().steer(task, Command::Reschedule(trigger.clone())) {
                Ok(()) => done += 1,
                // It is over, or as good as that.
                Err(Error::UnknownTask(_) | Error::LastRun(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// Gives each a command that fails only where it does not apply; says how many took it.
    fn each(&self, command: impl Fn() -> Command) -> usize {
        let take = |task: &&TaskId| self.engine().steer(**task, command()).is_ok();
        self.tasks.iter().filter(take).count()
    }

    fn engine(&self) -> &Arc<Engine> {
        self.scheduler.engine()
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Selection").field(&self.tasks).finish()
    }
}

impl Engine {
    /// The live tasks of which something holds, in the order of adding.
    pub(super) fn select(&self, is: impl Fn(&Slot) -> bool) -> Vec<TaskId> {
        let mut tasks = Vec::new();
        for place in &self.shards {
            let shard = place.shard.lock();
            let found = shard.indices().into_iter().filter(|&index| is(shard.slot(index)));
            tasks.extend(found.map(|index| shard.id(index)));
        }
        tasks.sort_unstable();
        tasks
    }

    /// Sets or lifts the limit of a tag.
    pub(super) fn set_limit(&self, tag: &Arc<str>, limit: Option<usize>) {
        for task in self.limits.set(tag, limit) {
            self.change(task, |shard| shard.nudge_task(task));
        }
    }
}
