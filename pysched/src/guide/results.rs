//! Results: futures, series, histories, and how to wait for them.
//!
//! A *task* is what was added; an *execution* is one run of it. A [`Handle`] speaks of the task, a
//! [`TaskFuture`] of one execution.
//!
//! | to get | call |
//! | --- | --- |
//! | the execution that runs or comes next; of a finished task, the last | [`Handle::future`] |
//! | one execution after the other, as they end | [`Handle::wait`]; awaited, [`Handle::next`] or [`Handle::stream`] |
//! | those that ended and are retained, with their values | [`Handle::futures`] |
//! | those that ended and are retained, with all that was skipped or missed | [`Scheduler::results`] |
//!
//! # One execution
//!
//! [`TaskFuture::wait`] lends the value, so it need not be `Clone`, and any number of threads may
//! wait. `Err` says how it failed.
//!
//! ```
//! use std::time::Duration;
//! use pysched::{Scheduler, TaskError, Trigger};
//!
//! let sched = Scheduler::new();
//! let future = sched.delay(Trigger::once(0), 0, || vec![1, 2, 3])?.future();
//!
//! assert!(future.wait_timeout(Duration::from_millis(1)).is_none()); // it has not been started
//! sched.start()?;
//! assert_eq!(future.wait().unwrap().len(), 3);
//!
//! let never = sched.delay(Trigger::once(3600), 0, || ())?.future();
//! assert!(never.cancel()); // true: it will never run
//! assert!(matches!(never.wait(), Err(TaskError::Cancelled)));
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! [`TaskFuture::cancel`] cancels this one execution: a series goes on with the next.
//! [`Handle::cancel`] ends the series. Neither interrupts a function on a thread; the first
//! [tells it to end](super::failure#being-told-to-end), drops a future where it waits, and ends a worker
//! process. If the execution
//! starts at the very moment it is cancelled, exactly one of the two happens, and the future says which.
//!
//! # A series
//!
//! ```
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use pysched::{Scheduler, Task, Trigger};
//!
//! let count = AtomicU32::new(0);
//! let task = Task::new(move || count.fetch_add(1, Ordering::Relaxed));
//! let sched = Scheduler::new();
//! let handle = sched.add(task.trigger(Trigger::recur(0.01)).times(3))?;
//! sched.start()?;
//! let counted: Vec<u32> = (0..3).map(|_| *handle.wait().wait().unwrap()).collect();
//! assert_eq!(counted, [0, 1, 2]);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! A handle remembers how far it has waited, and each clone does so for itself. Executions that are
//! no longer retained are passed over: whoever waits more slowly than the series runs sees the
//! latest [32](crate::SchedulerBuilder::history).
//!
//! # Being called, and awaiting
//!
//! [`TaskFuture::on_done`] calls a function on the thread that ended the execution, or at once if
//! it has ended. Keep it short: the worker waits for it. Where the value is `Clone`, a `TaskFuture`
//! is also a [`Future`], for any async runtime:
//!
//! ```
//! use pysched::{Scheduler, Task, TaskError};
//!
//! async fn sum(sched: &Scheduler) -> Result<i32, TaskError> {
//!     let (one, two) = (sched.add(Task::new(|| 1)), sched.add(Task::new(|| 2)));
//!     Ok(one.unwrap().future().await? + two.unwrap().future().await?)
//! }
//! ```
//!
//! Whatever the value is, [`Handle::next`] awaits the next execution that ends, and [`Handle::stream`] gives
//! one after the other. What they give is done, so that [`TaskFuture::wait`] lends its value at once:
//!
//! ```
//! use pysched::{Handle, Scheduler, Task, Trigger};
//!
//! async fn total(readings: &Handle<f64>) -> f64 {
//!     let mut total = 0.0;
//!     while let Some(reading) = readings.next().await {
//!         total += reading.wait().copied().unwrap_or(0.0); // one that has failed counts for nothing
//!     }
//!     total
//! }
//! ```
//!
//! To drop any of them before it is ready cancels nothing and loses nothing. Everything that `wait`s
//! blocks its thread, which on a runtime has others to serve:
//!
//! | on a runtime's thread, in place of | await |
//! | --- | --- |
//! | [`TaskFuture::wait`], `wait_timeout` | the `TaskFuture`, or `Handle::next` |
//! | [`Handle::wait`] | [`Handle::next`], [`Handle::stream`] |
//! | [`shutdown(true)`](crate::Scheduler::shutdown), `shutdown_timeout` | [`Scheduler::shutdown_async`](crate::Scheduler::shutdown_async) |
//! | [`Token::wait_timeout`](crate::Token::wait_timeout) | [`Token::cancelled`](crate::Token::cancelled) |
//!
//! # Waiting inside a task
//!
//! A task may add another one and wait for it, but it keeps its worker meanwhile. If all workers of
//! a pool wait for tasks that need a worker of the same pool, none of them ever goes on. Let the
//! second task run elsewhere, on a [named executor](crate::SchedulerBuilder::named_executor), or go
//! on in `on_done` instead of waiting:
//!
//! ```
//! use pysched::{Scheduler, Task, ThreadPoolExecutor};
//!
//! let sched = Scheduler::builder()
//!     .executor(ThreadPoolExecutor::new(1))
//!     .named_executor("parts", ThreadPoolExecutor::new(1))
//!     .build();
//! sched.start()?;
//! let inner = sched.clone();
//! let whole = sched.add(Task::new(move || {
//!     let part = inner.add(Task::new(|| 20).executor("parts")).unwrap();
//!     part.future().wait().unwrap() + 22
//! }))?;
//! assert_eq!(whole.future().wait().unwrap(), &42);
//! # sched.shutdown(true);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! A closure that owns a clone of its scheduler keeps it alive: such a scheduler ends by
//! [`shutdown`](crate::Scheduler::shutdown), not by being dropped.
//!
//! [`Handle::cancel`]: crate::Handle::cancel
//! [`Handle::future`]: crate::Handle::future
//! [`Handle::futures`]: crate::Handle::futures
//! [`Handle::next`]: crate::Handle::next
//! [`Handle::stream`]: crate::Handle::stream
//! [`Handle::wait`]: crate::Handle::wait
//! [`Handle`]: crate::Handle
//! [`Scheduler::results`]: crate::Scheduler::results
//! [`TaskFuture::cancel`]: crate::TaskFuture::cancel
//! [`TaskFuture::on_done`]: crate::TaskFuture::on_done
//! [`TaskFuture::wait`]: crate::TaskFuture::wait
//! [`TaskFuture`]: crate::TaskFuture
