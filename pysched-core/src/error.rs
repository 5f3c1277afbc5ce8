//! What can go wrong: [`Error`] for calls, [`TaskError`] for executions.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::TaskId;

/// Why a call on a scheduler was refused.
///
/// Every message names the input, says what was expected and what to do.
///
/// ```
/// use pysched::{Error, Scheduler, Trigger};
///
/// let sched = Scheduler::new();
/// let error = sched.delay(Trigger::recur(-3), 0, || ()).unwrap_err();
/// assert!(matches!(error, Error::InvalidInterval(_)));
/// assert!(error.to_string().contains("-3"));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// An interval or a delay that no clock can wait for. Holds the value as it was given, and
    /// what is wrong with it.
    InvalidInterval(String),

    /// A trigger that cannot be: a combination of none, a date that does not exist, a text that is not
    /// a trigger. Says what of it is wrong.
    InvalidTrigger(String),

    /// A time zone that this system does not know. Holds its name and the nearest known ones.
    UnknownTimeZone(String),

    /// No live task has this id: it was never added here, has finished, or was cancelled.
    UnknownTask(TaskId),

    /// A task asks for an executor that the scheduler does not have. Holds what was asked for and
    /// what there is.
    UnknownExecutor(String),

    /// Two `#[task]` functions have one name. Holds the name and both places.
    DuplicateTask(String),

    /// The task cannot run in another process, as its executor would have it. Says what of it
    /// cannot leave this one.
    NotPortable(String),

    /// This system cannot do what is asked for.
    Unsupported(String),

    /// A worker process could not be started, or `main` does not begin with `pysched::init()`.
    WorkerProcess(String),

    /// The task would never run: its `until` is before its first run, `times` is 0, or no time is left
    /// that its trigger names. Also a combination with a part whose runs a long search did not find.
    NeverRuns(String),

    /// A text that is not the id of a task.
    InvalidTaskId(String),

    /// A live task of this scheduler has the name already. Says which.
    NameTaken(String),

    /// The task cannot be run now, as an execution of it is running, and its
    /// [`Overlap`](crate::Overlap) has others skipped.
    Overlap(TaskId),

    /// The last run of this task has begun: no other can follow it.
    LastRun(TaskId),

    /// The scheduler has been shut down.
    Shutdown,

    /// The operating system refused to start a thread.
    Thread(Arc<io::Error>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidInterval(what) => write!(f, "invalid interval: {what}"),
            Self::InvalidTrigger(what) => write!(f, "invalid trigger: {what}"),
            Self::UnknownTask(id) => write!(
                f,
                "no live task has the id {id}: it was never added to this scheduler, has finished, \
                 or was cancelled; `Scheduler::tasks` lists those that are live"
            ),
            Self::UnknownExecutor(what) => write!(f, "unknown executor: {what}"),
            Self::DuplicateTask(what) => write!(f, "two tasks of one name: {what}"),
            Self::NotPortable(what) | Self::UnknownTimeZone(what) => f.write_str(what),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::WorkerProcess(what) => write!(f, "no worker process: {what}"),
            Self::NeverRuns(what) => write!(f, "the task would never run: {what}"),
            Self::InvalidTaskId(text) => write!(
                f,
                "invalid task id {text:?}: expected 32 hexadecimal digits, as `TaskId` displays \
                 them"
            ),
            Self::NameTaken(what) => write!(f, "the name is taken: {what}"),
            Self::Overlap(id) => write!(
                f,
                "task {id} cannot run now: an execution of it is running, and its overlap policy has \
                 others skipped; wait for that, or give it another `Overlap`"
            ),
            Self::LastRun(id) => write!(
                f,
                "the last run of task {id} has begun, and nothing can follow it; add the task again"
            ),
            Self::Shutdown => f.write_str(
                "the scheduler has been shut down: it accepts no more tasks; build a new one",
            ),
            Self::Thread(error) => write!(f, "could not start a thread: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Thread(error) => Some(&**error),
            _ => None,
        }
    }
}

/// How an execution failed: the error side of a [`TaskFuture`](crate::TaskFuture).
///
/// ```
/// use pysched::{Task, TaskError, ThreadPoolExecutor};
///
/// let pool = ThreadPoolExecutor::new(1);
/// let future = pool.run(|| panic!("no such file"));
/// let outcome: Result<&(), &TaskError> = future.wait();
/// assert_eq!(outcome.unwrap_err().to_string(), "the task panicked: no such file");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TaskError {
    /// The function of [`Task::fallible`](crate::Task::fallible) returned this error.
    Failed(Arc<dyn std::error::Error + Send + Sync>),

    /// The function, or the `Drop` of a value it had captured, panicked with this message.
    Panicked(String),

    /// The execution was cancelled: before it started, or while it ran, if it then ended for that reason.
    Cancelled,

    /// The execution went past this limit.
    TimedOut(Duration),

    /// Whoever was to run the execution is gone: a worker died, or an executor dropped the job.
    WorkerDied(String),

    /// The executor did not take the execution; the text says why.
    Refused(String),

    /// The run was missed or skipped, and no other comes; the text says why.
    Missed(String),
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "the task failed: {error}"),
            Self::Panicked(message) => write!(f, "the task panicked: {message}"),
            Self::Cancelled => f.write_str("the task was cancelled"),
            Self::TimedOut(limit) => write!(f, "the task ran longer than its limit of {limit:?}"),
            Self::WorkerDied(what) => write!(f, "the task's worker died: {what}"),
            Self::Refused(why) => write!(f, "the executor did not take the task: {why}"),
            Self::Missed(why) => write!(f, "the run did not take place: {why}"),
        }
    }
}

impl std::error::Error for TaskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed(error) => Some(&**error),
            _ => None,
        }
    }
}
