//! The scheduler behind the `pysched` crate, which is the one to use and whose front page holds the
//! guide.
//!
//! The modules, from the top floor down; each uses only those below it: `sim`, `scheduler`, `executor`,
//! `task`, `execution`, `portable`, `trigger`, `queue`, `time`, `error` and `id`, and at the bottom
//! `prefetch`, `sync` and `unwind`.

mod error;
mod execution;
mod executor;
mod id;
mod portable;
mod prefetch;
mod queue;
mod scheduler;
pub mod sim;
mod sync;
mod task;
mod time;
mod trigger;
mod unwind;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use error::{Error, TaskError};
pub use execution::{
    Attempt, Cancelled, Current, Ended, Execution, Progress, Reason, Status, TaskFuture, Token,
    current,
};
#[cfg(feature = "tokio")]
pub use executor::TokioExecutor;
pub use executor::{Executor, InlineExecutor, Job, JobFuture, Rejected, ThreadPoolExecutor};
#[cfg(feature = "process")]
pub use executor::{ProcessPoolBuilder, ProcessPoolExecutor, init};
pub use id::TaskId;
pub use scheduler::{
    Counts, Event, EventKind, ExecutorStats, Percentiles, Scheduler, SchedulerBuilder, Selection,
    Shutdown, Stats, Subscription, Unfinished, UnfinishedExecution,
};
pub use task::{Conflict, Handle, Misfire, Next, Overlap, Retry, Task, TaskInfo, TaskStream};
#[cfg(feature = "tokio")]
pub use time::TokioClock;
pub use time::{Clock, FnClock, Interval, ManualClock, Parker, Precision, SystemClock};
pub use trigger::Trigger;
#[cfg(feature = "cron")]
pub use trigger::{Calendar, CronError, Dst, MonthEnd};
