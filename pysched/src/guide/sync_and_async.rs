//! Sync and async: where a function runs, what ends it, and what to call from async code.
//!
//! A task is a function, asynchronous or not, and an executor runs either. What differs is who waits:
//!
//! | | `fn`, [`Task::new`] | `async fn`, [`Task::future`] |
//! | --- | --- | --- |
//! | [`ThreadPoolExecutor`] | runs on a thread | a thread polls it, and sleeps while it waits |
//! | [`TokioExecutor`] | runs on a thread of the runtime that may block | a task of the runtime, which takes no thread while it waits |
//! | `ProcessPoolExecutor` | runs in a worker process | a worker process polls it, and sleeps while it waits |
//! | [`InlineExecutor`] | runs on the scheduler's thread | the scheduler's thread polls it, and sleeps while it waits: only for what is ready soon |
//! | an [executor of your own](crate::Executor) | [`Job::run`] | [`Job::into_future`], on a runtime of your choice |
//!
//! The scheduler itself is no task of any runtime: its one thread keeps the time, to some ten microseconds, and
//! hands over what is due. Only who takes a `TokioExecutor` pays for a runtime, and without the feature `tokio`
//! there is no tokio.
//!
//! # On tokio
//!
//! ```
//! use std::time::Duration;
//!
//! use once_cell::sync::Lazy;
//! use pysched::{Scheduler, TokioExecutor, task};
//!
//! // Used first on the runtime, which it then runs on.
//! static SCHED: Lazy<Scheduler> =
//!     Lazy::new(|| Scheduler::builder().executor(TokioExecutor::current()).build());
//!
//! #[task(SCHED, recur, 0.01)]
//! async fn poll(service: &'static str) -> usize {
//!     tokio::time::sleep(Duration::from_millis(1)).await; // stands for a request
//!     service.len()
//! }
//!
//! #[task(SCHED, once, 0)]
//! fn compress(text: String) -> usize {
//!     text.len() // may take its time: it has a thread of its own
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     SCHED.start()?;
//!     let polled = poll::delay("weather")?;
//!     let compressed = compress::delay("a long text".into())?;
//!
//!     assert_eq!(compressed.future().await?, 11);
//!     assert_eq!(polled.next().await.unwrap().await?, 7); // the first that ends, then the next
//!     assert_eq!(poll("as ever").await, 7);
//!
//!     SCHED.shutdown_async().await;
//!     Ok(())
//! }
//! ```
//!
//! [`TokioExecutor::concurrency`] limits how many executions go on at a time. While there are that many, the
//! most urgent of the others is next, by priority and then by the time at which it was due.
//!
//! # On other runtimes, and on none
//!
//! What is awaited is awaited on any runtime: futures of executions, [`Handle::next`], [`Handle::stream`],
//! [`Scheduler::shutdown_async`]. To *run* async functions on a runtime other than tokio, an executor takes a
//! dozen lines; [`Job::into_future`] has one for smol. And a pool of threads runs them without any runtime,
//! as long as what they await does not ask for one, as the timers and sockets of tokio do: there they panic,
//! outside of their runtime, and the execution fails with that.
//!
//! # What ends a future
//!
//! A function on a thread cannot be ended; it is told to, by its [token](crate::Current::token). A future
//! can be, at each `.await` at which it waits: it is dropped there, with all that it holds.
//!
//! | | a function | a future |
//! | --- | --- | --- |
//! | [`Task::timeout`] is over | fails at once, runs on | fails at once, is dropped |
//! | [`TaskFuture::cancel`] while it runs | `false`, and its token tells it | `true`: it is dropped, and whatever it may still come to, it is cancelled |
//! | [`Overlap::CancelOther`](crate::Overlap::CancelOther) | its token tells it | is dropped |
//! | [`shutdown_timeout`](crate::Scheduler::shutdown_timeout) is out of patience | its token tells it, and it runs on | is dropped |
//! | [`Handle::cancel`], `shutdown` | finishes | finishes |
//!
//! ```
//! use std::time::Duration;
//! use pysched::{Scheduler, Task, TaskError};
//!
//! let task = Task::future(|| async {
//!     std::future::pending::<()>().await; // an answer that never comes
//! });
//! let sched = Scheduler::new();
//! sched.start()?;
//! let future = sched.add(task.timeout(Duration::from_millis(5)))?.future();
//! assert!(matches!(future.wait(), Err(TaskError::TimedOut(_))));
//! sched.shutdown(true); // no thread hangs
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! To drop what one *awaits* cancels nothing, ever: neither a [`TaskFuture`] nor [`Handle::next`] nor
//! [`Scheduler::shutdown_async`] in a `select!` or a timeout that takes another way. To cancel, call `cancel`.
//!
//! What an execution has spawned, with `tokio::spawn` or on a thread, is not dropped with it. It may be given
//! the token, and await [`Token::cancelled`](crate::Token::cancelled). [`current`](crate::current) knows the
//! execution after each `.await`, but not in what was spawned.
//!
//! # From async code
//!
//! Adding, cancelling, pausing and asking take a short lock, and wait for nobody. What blocks says so, in its
//! name or in the first lines of its documentation; there is something to await in its place:
//!
//! | blocks | await |
//! | --- | --- |
//! | [`TaskFuture::wait`], `wait_timeout` | the [`TaskFuture`] |
//! | [`Handle::wait`] | [`Handle::next`], [`Handle::stream`] |
//! | [`shutdown(true)`](crate::Scheduler::shutdown), `shutdown_timeout` | [`Scheduler::shutdown_async`] |
//! | [`Token::wait_timeout`](crate::Token::wait_timeout) | [`Token::cancelled`](crate::Token::cancelled) |
//!
//! A thread that runs a current-thread runtime, as `#[tokio::test]` has one, must not block until a future
//! on that same runtime is ready: nothing would run there meanwhile. It would hang, so it does not: `wait` panics
//! and says what to await, `shutdown(true)` does not wait for the shutdown, which goes on, and `shutdown_timeout`
//! cuts it short at once. So it is with the worker of a multi-threaded runtime that has only one, as on a machine
//! with one core.
//!
//! # When a runtime ends
//!
//! | | |
//! | --- | --- |
//! | a panic in a future | [`TaskError::Panicked`], as in any function; the series goes on |
//! | the runtime is dropped or shut down while a future waits | the future is dropped, [`TaskError::WorkerDied`] |
//! | …before it begins | [`TaskError::WorkerDied`] |
//! | …before it is due | [`TaskError::Refused`] when it is due; the scheduler goes on, with its other executors |
//! | nobody runs a current-thread runtime | executions wait until somebody does |
//! | the scheduler ends first | the runtime is left alone |
//!
//! # In tests
//!
//! With a [`TokioClock`] the scheduler follows the time of tokio, which `#[tokio::test(start_paused = true)]`
//! lets jump from one thing that is due to the next. A night passes in no time:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{Scheduler, Task, TokioClock, TokioExecutor, Trigger};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // #[tokio::test(start_paused = true)]
//! let sched = Scheduler::builder()
//!     .clock(TokioClock::current())
//!     .executor(TokioExecutor::current())
//!     .build();
//! sched.start()?;
//! let hourly = Task::future(|| async { tokio::time::sleep(Duration::from_secs(60)).await });
//! let hourly = sched.add(hourly.trigger(Trigger::recur(3600)))?;
//!
//! tokio::time::sleep(Duration::from_secs(8 * 3600 + 61)).await;
//! assert_eq!(hourly.futures().len(), 8);
//! # Ok(())
//! # }
//! ```
//!
//! Each test that is annotated with `#[tokio::test]` has a runtime of its own, which ends with it. A static
//! scheduler on [`TokioExecutor::current`] belongs to the test that came first, and to all others it says that
//! its runtime has been shut down. So where several tests share a process, each makes a scheduler, and adds to
//! that what the annotated function gives; it need not name a scheduler, nor be told of another:
//!
//! ```
//! use pysched::{Scheduler, TokioExecutor, task};
//!
//! #[task(once, 0)]
//! async fn length(text: String) -> usize {
//!     text.len()
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // #[tokio::test]
//! let sched = Scheduler::builder().executor(TokioExecutor::current()).build();
//! sched.start()?;
//! assert_eq!(sched.add(length::task("seven".into()))?.future().await?, 5);
//! # Ok(())
//! # }
//! ```
//!
//! [`Handle::cancel`]: crate::Handle::cancel
//! [`Handle::next`]: crate::Handle::next
//! [`Handle::stream`]: crate::Handle::stream
//! [`Handle::wait`]: crate::Handle::wait
//! [`InlineExecutor`]: crate::InlineExecutor
//! [`Job::into_future`]: crate::Job::into_future
//! [`Job::run`]: crate::Job::run
//! [`Scheduler::shutdown_async`]: crate::Scheduler::shutdown_async
//! [`Task::future`]: crate::Task::future
//! [`Task::new`]: crate::Task::new
//! [`Task::timeout`]: crate::Task::timeout
//! [`TaskError::Panicked`]: crate::TaskError::Panicked
//! [`TaskError::Refused`]: crate::TaskError::Refused
//! [`TaskError::WorkerDied`]: crate::TaskError::WorkerDied
//! [`TaskFuture::cancel`]: crate::TaskFuture::cancel
//! [`TaskFuture::wait`]: crate::TaskFuture::wait
//! [`TaskFuture`]: crate::TaskFuture
//! [`ThreadPoolExecutor`]: crate::ThreadPoolExecutor
//! [`TokioClock`]: crate::TokioClock
//! [`TokioExecutor::current`]: crate::TokioExecutor::current
//! [`TokioExecutor::concurrency`]: crate::TokioExecutor::concurrency
//! [`TokioExecutor`]: crate::TokioExecutor
