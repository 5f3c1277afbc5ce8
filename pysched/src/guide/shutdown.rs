//! Shutdown: what happens to which task, and from where it may be called.
//!
//! | | not due yet | due, or waits for a worker | runs | returns |
//! | --- | --- | --- | --- | --- |
//! | [`shutdown(true)`](crate::Scheduler::shutdown) | cancelled | runs | finishes | when all have ended; no thread has any work left |
//! | [`shutdown(false)`](crate::Scheduler::shutdown) | cancelled | cancelled | finishes unattended | at once |
//! | [`shutdown_timeout(limit)`](crate::Scheduler::shutdown_timeout) | cancelled | runs, as far as there is time | finishes | when all have ended, at the latest after `limit` |
//! | [`shutdown_async()`](crate::Scheduler::shutdown_async) | cancelled | runs | finishes | at once, with a future that is ready when all have ended |
//! | dropping the last clone | as by `shutdown(false)` | | | |
//!
//! The moment of the call decides what is due: a task that was added with no delay just before is.
//! What waits for an earlier execution, or for room under a limit, runs as well; what is paused does not, and
//! nothing is tried again. A scheduler that was never started runs nothing; all its tasks are cancelled.
//!
//! Every future is done sooner or later: with a value, with the error of the task, or with
//! [`TaskError::Cancelled`](crate::TaskError::Cancelled). Afterwards [`add`](crate::Scheduler::add)
//! and [`start`](crate::Scheduler::start) give [`Error::Shutdown`](crate::Error::Shutdown), and
//! [`results`](crate::Scheduler::results) still answers.
//!
//! ```
//! use pysched::{Scheduler, TaskError, Trigger};
//!
//! let sched = Scheduler::new();
//! let soon = sched.delay(Trigger::once(0), 0, || "done")?.future();
//! let late = sched.delay(Trigger::once(3600), 0, || "never")?.future();
//! sched.start()?;
//! soon.wait().unwrap();
//!
//! sched.shutdown(true);
//! assert!(matches!(late.wait(), Err(TaskError::Cancelled)));
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # With a limit
//!
//! A thread cannot be killed. What has not returned by the end of the limit is
//! [told to end](super::failure#being-told-to-end) and goes on unattended, and [`Unfinished`] names it;
//! then it is up to you to end the process. A future is dropped where it waits, and goes on nowhere.
//!
//! ```
//! use std::sync::mpsc;
//! use std::time::Duration;
//! use pysched::{Scheduler, Task};
//!
//! let sched = Scheduler::new();
//! sched.start()?;
//! let (started, has_started) = mpsc::sync_channel(0);
//! sched.add(Task::new(move || {
//!     started.send(()).unwrap();
//!     std::thread::sleep(Duration::from_millis(200));
//! }).name("backup"))?;
//! has_started.recv().unwrap();
//!
//! let unfinished = sched.shutdown_timeout(Duration::from_millis(1)).unwrap_err();
//! assert_eq!(
//!     unfinished.to_string(),
//!     "the scheduler was shut down with 1 unfinished execution: \"backup\" (running)",
//! );
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # From async code
//!
//! [`shutdown_async`](crate::Scheduler::shutdown_async) begins the shutdown when it is called, whether or
//! not what it gives is awaited, and blocks no thread. It needs no runtime of its own, and works on any.
//!
//! ```
//! use pysched::{Error, Scheduler, Task};
//!
//! async fn run() -> Result<(), Error> {
//!     let sched = Scheduler::new();
//!     sched.start()?;
//!     let last = sched.add(Task::new(|| "done"))?.future();
//!     sched.shutdown_async().await;
//!     assert_eq!(last.wait().unwrap(), &"done"); // at once
//!     Ok(())
//! }
//! ```
//!
//! For a limit, use that of the runtime; then [`shutdown_timeout`](crate::Scheduler::shutdown_timeout) with
//! a limit of zero cuts it short, and says what was left.
//!
//! # From inside a task
//!
//! A task may shut its own scheduler down. Such a call never waits, since it would wait for itself:
//! `shutdown(true)` then begins the same shutdown and returns, and `shutdown_timeout` cuts it short
//! at once. The same holds for callbacks and clocks that the scheduler calls.
//!
//! ```
//! use pysched::{Scheduler, Task};
//!
//! let sched = Scheduler::new();
//! let inner = sched.clone();
//! let last = sched.add(Task::new(move || inner.shutdown(true)))?;
//! sched.start()?;
//! assert!(last.future().wait().is_ok());
//! sched.shutdown(true); // once more, to wait for the threads
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! It may be called as often as you like, by several threads at once, and before `start`. Of two
//! calls with different arguments, the one that cancels more wins.
//!
//! # Static schedulers
//!
//! Rust does not drop statics. When `main` returns, the process ends whatever the workers are
//! doing. So call `shutdown` where `main` ends:
//!
//! ```
//! use once_cell::sync::Lazy;
//! use pysched::Scheduler;
//!
//! static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
//!
//! fn main() -> Result<(), pysched::Error> {
//!     SCHED.start()?;
//!     // …
//!     SCHED.shutdown(true);
//!     Ok(())
//! }
//! ```
//!
//! [`Unfinished`]: crate::Unfinished
