//! How tasks are steered from outside: the part of the scheduler's face that changes what becomes of
//! them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{Scheduler, Selection};
use crate::error::Error;
use crate::task::Command;
use crate::{TaskId, Trigger};

/// Steers tasks.
impl Scheduler {
    /// Ends a task: what has not started never will; an execution that runs finishes, and nothing
    /// follows it.
    ///
    /// The futures of what has not started end with
    /// [`TaskError::Cancelled`](crate::TaskError::Cancelled). If the task becomes due at this very
    /// moment, it either runs or is cancelled, never both; its future says which.
    ///
    /// ```
    /// use pysched::{Error, Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(3), 0, || ())?;
    /// sched.cancel(&handle)?;
    /// assert!(matches!(sched.cancel(&handle), Err(Error::UnknownTask(id)) if id == handle.id()));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished or was never added here.
    pub fn cancel(&self, id: impl Into<TaskId>) -> Result<(), Error> {
        self.engine().steer(id.into(), Command::Cancel)
    }

    /// Holds the runs of a task back until it is [resumed](Self::resume).
    ///
    /// What runs goes on; what waits for a worker waits until then. Pausing a task that is paused does
    /// nothing. [`pause_all`](Self::pause_all) is for the whole scheduler.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{InlineExecutor, ManualClock, Scheduler, Status, Trigger};
    ///
    /// let clock = ManualClock::new();
    /// let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    /// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
    /// sched.start()?;
    /// sched.pause(&handle)?;
    /// clock.advance(Duration::from_secs(120));
    /// assert!(sched.task(&handle).unwrap().paused);
    /// assert!(sched.results(&handle).is_empty());
    ///
    /// sched.resume(&handle)?;
    /// clock.advance(Duration::ZERO); // returns when what is due has run
    /// let fates: Vec<Status> = sched.results(&handle).iter().map(|run| run.status).collect();
    /// assert_eq!(fates, [Status::Missed, Status::Succeeded]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished or was never added here.
    pub fn pause(&self, id: impl Into<TaskId>) -> Result<(), Error> {
        self.engine().steer(id.into(), Command::Pause)
    }

    /// Lets a paused task run again. The runs whose time has come meanwhile could not start in time, so
    /// what becomes of them is up to its [`Misfire`](crate::Misfire).
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::recur(60), 0, || ())?;
    /// sched.pause(&handle)?;
    /// sched.resume(&handle)?;
    /// assert!(!sched.task(&handle).unwrap().paused);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`pause`](Self::pause).
    pub fn resume(&self, id: impl Into<TaskId>) -> Result<(), Error> {
        self.engine().steer(id.into(), Command::Resume)
    }

    /// Runs a task now, beside its schedule, and whether or not it is paused.
    ///
    /// A task that runs once, and has not begun, is run now instead of later. Of a series, it is one of
    /// the executions that [`times`](crate::Task::times) allows. It is due now, and subject to the task's
    /// [`Overlap`](crate::Overlap). While the whole scheduler is [paused](Self::pause_all), it waits for the end of
    /// that.
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let nightly = sched.delay(Trigger::recur(86_400), 0, || "done")?;
    /// let next = nightly.next_run();
    /// sched.run_now(&nightly)?;
    /// assert_eq!(nightly.wait().wait().unwrap(), &"done");
    /// assert_eq!(nightly.next_run(), next);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished or was never added here; [`Error::Overlap`] if an
    /// execution of it runs, and its policy has others skipped; [`Error::LastRun`] if the last run that
    /// it may have has begun.
    pub fn run_now(&self, id: impl Into<TaskId>) -> Result<(), Error> {
        self.engine().steer(id.into(), Command::RunNow)
    }

    /// Gives a task another trigger, as if it were added now with that. What it was told beside its
    /// trigger stays, and so do its history and its handles.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let handle = sched.delay(Trigger::once(3600), 0, || ())?;
    /// sched.reschedule(&handle, Trigger::recur(60))?;
    /// assert!(handle.next_run() < Some(SystemTime::now() + Duration::from_secs(61)));
    /// assert_eq!(sched.task(&handle).unwrap().trigger, Trigger::recur(60));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::UnknownTask`] if the task is finished or was never added here; [`Error::LastRun`] if the
    /// last run that it may have has begun; otherwise as [`add`](Self::add). The task is as before then.
    pub fn reschedule(&self, id: impl Into<TaskId>, trigger: Trigger) -> Result<(), Error> {
        self.engine().steer(id.into(), Command::Reschedule(trigger))
    }

    /// Fires nothing until [`resume_all`](Self::resume_all): no task, however it was or will be added,
    /// becomes an execution. What an executor has been given already runs.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Scheduler, Task};
    ///
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// sched.pause_all();
    /// let future = sched.add(Task::new(|| ()))?.future();
    /// assert!(future.wait_timeout(Duration::from_millis(10)).is_none());
    /// sched.resume_all();
    /// future.wait().unwrap();
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn pause_all(&self) {
        self.engine().pause_all(true);
    }

    /// Fires again after [`pause_all`](Self::pause_all). As after any other standstill, the
    /// [`Misfire`](crate::Misfire) of each task says what becomes of the runs that it has missed. Tasks
    /// that were paused one by one stay so.
    ///
    /// ```
    /// let sched = pysched::Scheduler::new();
    /// sched.pause_all();
    /// sched.resume_all();
    /// assert!(!sched.is_paused());
    /// ```
    pub fn resume_all(&self) {
        self.engine().pause_all(false);
    }

    /// Whether it was paused as a whole.
    ///
    /// ```
    /// let sched = pysched::Scheduler::new();
    /// sched.pause_all();
    /// assert!(sched.is_paused());
    /// ```
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.engine().paused.load(Ordering::SeqCst)
    }

    /// The live tasks of this name, to do something to all of them.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// sched.add(Task::new(|| ()).name("nightly").trigger(Trigger::recur(86_400)))?;
    /// assert_eq!(sched.named("nightly").pause(), 1);
    /// assert_eq!(sched.named("weekly").pause(), 0);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn named(&self, name: &str) -> Selection {
        Selection::of(self.clone(), self.engine().select(|slot| slot.name() == Some(name)))
    }

    /// The live tasks with this tag, to do something to all of them.
    ///
    /// ```
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// for minutes in [5, 10] {
    ///     sched.add(Task::new(|| ()).tag("reports").trigger(Trigger::recur(60 * minutes)))?;
    /// }
    /// assert_eq!(sched.tagged("reports").cancel(), 2);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn tagged(&self, tag: &str) -> Selection {
        Selection::of(self.clone(), self.engine().select(|slot| slot.has_tag(tag)))
    }

    /// Limits how many executions of all tasks with a tag are queued or run at a time, or lifts the limit.
    /// Those beyond it wait, and of these the most urgent goes first. What has begun is not stopped.
    ///
    /// What was queued while a tag had no limit is not counted when it is given one: until that has
    /// ended, more may run. Set limits before the start, or by
    /// [`SchedulerBuilder::limit`](crate::SchedulerBuilder::limit).
    ///
    /// ```
    /// use pysched::Scheduler;
    ///
    /// let sched = Scheduler::new();
    /// sched.set_limit("database", 2);
    /// sched.set_limit("database", 0); // lets none begin
    /// sched.set_limit("database", None);
    /// ```
    pub fn set_limit(&self, tag: impl Into<Arc<str>>, limit: impl Into<Option<usize>>) {
        self.engine().set_limit(&tag.into(), limit.into());
    }
}
