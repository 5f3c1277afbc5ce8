//! What every public type is: `Send`, `Sync` and `Debug`, whatever a task returns, and more where
//! it counts.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::hash::Hash;
use std::str::FromStr;

use pysched::{
    Cancelled, Clock, Counts, Ended, Error, Execution, Executor, ExecutorStats, FnClock, Handle,
    InlineExecutor, Interval, Job, JobFuture, ManualClock, Next, Parker, Percentiles, Rejected,
    Scheduler, SchedulerBuilder, Shutdown, Stats, Status, SystemClock, Task, TaskError, TaskFuture,
    TaskId, TaskInfo, TaskStream, ThreadPoolExecutor, Trigger, Unfinished, UnfinishedExecution,
};

/// A result that is `Send` and `Sync`, as all have to be, and nothing else.
struct Opaque;

fn shared<T: Send + Sync + Debug + ?Sized>() {}

fn owned<T: Send + Sync + Debug + Clone + 'static>() {}

fn named<T: Copy + Eq + Ord + Hash + Display + FromStr>() {}

fn error<T: std::error::Error + Send + Sync + Clone + 'static>() {}

fn executor<T: Executor>() {}

fn clock<T: Clock>() {}

fn sent<T: Send + Debug>() {}

fn awaited<T: Future + Unpin>() {}

#[test]
fn everything_can_be_shared_and_shown() {
    shared::<Counts>();
    shared::<Ended<Opaque>>();
    shared::<Error>();
    shared::<Execution>();
    shared::<ExecutorStats>();
    shared::<FnClock>();
    shared::<Handle<Opaque>>();
    shared::<InlineExecutor>();
    shared::<Interval>();
    shared::<ManualClock>();
    shared::<Parker>();
    shared::<Percentiles>();
    shared::<Scheduler>();
    shared::<SchedulerBuilder>();
    shared::<Stats>();
    shared::<Status>();
    shared::<SystemClock>();
    shared::<Task<Opaque>>();
    shared::<TaskError>();
    shared::<TaskFuture<Opaque>>();
    shared::<TaskId>();
    shared::<TaskInfo>();
    shared::<ThreadPoolExecutor>();
    shared::<Trigger>();
    shared::<Unfinished>();
    shared::<UnfinishedExecution>();
    shared::<dyn Clock>();
    shared::<dyn Executor>();
}

/// A job goes from thread to thread; nobody needs it on two at once.
#[test]
fn jobs_can_be_sent_and_shown() {
    fn sent<T: Send + Debug>() {}
    sent::<Job>();
    sent::<Rejected>();
}

#[test]
fn what_is_held_or_passed_on_can_be_cloned() {
    owned::<Execution>();
    owned::<Handle<Opaque>>();
    owned::<Interval>();
    owned::<ManualClock>();
    owned::<Parker>();
    owned::<Scheduler>();
    owned::<Status>();
    owned::<Task<Opaque>>();
    owned::<TaskFuture<Opaque>>();
    owned::<TaskInfo>();
    owned::<Trigger>();
}

#[test]
fn ids_are_keys_and_text() {
    named::<TaskId>();
}

#[test]
fn errors_are_errors() {
    error::<Error>();
    error::<TaskError>();
    error::<Unfinished>();
}

#[test]
fn shared_executors_and_clocks_are_executors_and_clocks() {
    executor::<ThreadPoolExecutor>();
    executor::<InlineExecutor>();
    executor::<std::sync::Arc<dyn Executor>>();
    clock::<SystemClock>();
    clock::<ManualClock>();
    clock::<FnClock>();
    clock::<std::sync::Arc<dyn Clock>>();
}

#[test]
fn a_result_that_can_be_cloned_can_be_awaited() {
    awaited::<TaskFuture<String>>();
}

#[test]
fn what_is_awaited_can_be_moved_to_where_it_is() {
    shared::<Cancelled>();
    awaited::<Cancelled>();
    shared::<Next<'_, Opaque>>();
    awaited::<Next<'_, Opaque>>();
    shared::<Shutdown>();
    awaited::<Shutdown>();
    shared::<TaskStream<Opaque>>();
    // It has the future of a user, which no other thread may look at while it is polled.
    sent::<JobFuture>();
    awaited::<JobFuture>();
}

#[cfg(feature = "tokio")]
#[test]
fn the_executor_and_the_clock_of_a_runtime_are_what_all_are() {
    shared::<pysched::TokioExecutor>();
    executor::<pysched::TokioExecutor>();
    executor::<std::sync::Arc<pysched::TokioExecutor>>();
    shared::<pysched::TokioClock>();
    owned::<pysched::TokioClock>();
    clock::<pysched::TokioClock>();
}
