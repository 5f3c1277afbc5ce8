//! Failure: errors, panics, retries, timeouts, and functions that do not end.
//!
//! An attempt fails in one of four ways. Whichever it is, it ends one execution and nothing else: the
//! series goes on, and so does the scheduler.
//!
//! | what happens | the future has | what becomes of the worker |
//! | --- | --- | --- |
//! | the function returns an `Err` | [`TaskError::Failed`], with the error itself | takes the next task |
//! | it panics | [`TaskError::Panicked`], with the message | takes the next task |
//! | it runs longer than its [timeout](crate::Task::timeout) | [`TaskError::TimedOut`], with the limit | a thread goes on, a future that waits is dropped, a process is ended |
//! | its worker is gone | [`TaskError::WorkerDied`], with what is known | a process is replaced, a runtime is not |
//!
//! The `Err` of [`Task::fallible`] and [`Task::fallible_future`](crate::Task::fallible_future) counts, and
//! that of an annotated function that returns a `Result`. A `Result` that a function of [`Task::new`] or
//! [`Task::future`](crate::Task::future) returns is a value like any other.
//!
//! # Retries
//!
//! [`Task::retry`] says how often, and after which pauses, a failed execution is tried again. All
//! attempts are one execution: one run, one future, one fate, which is that of the last attempt.
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Retry, Scheduler, Status, Task};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! sched.start()?;
//!
//! let task = Task::fallible(|| match pysched::current().attempt() {
//!     1 | 2 => Err("no connection"),
//!     _ => Ok("a page"),
//! });
//! let second = Duration::from_secs(1);
//! let retry = Retry::times(3).exponential(second, 60 * second).without_jitter();
//! let page = sched.add(task.retry(retry))?.future();
//!
//! clock.advance(Duration::ZERO); // the first attempt; a pause of 1 s
//! clock.advance(second); // the second; a pause of 2 s
//! assert!(!page.done());
//! clock.advance(2 * second); // the third
//! assert_eq!(page.wait().unwrap(), &"a page");
//!
//! let execution = page.execution();
//! assert_eq!((execution.status, execution.attempt), (Status::Succeeded, 3));
//! let errors: Vec<&str> = execution.attempts.iter().map(|it| it.error.as_str()).collect();
//! assert_eq!(errors, ["the task failed: no connection"; 2]);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! * [`Retry::times(n)`](crate::Retry::times) is `n` attempts after the first. The pauses are 1 s, 2 s, 4 s
//!   and so on up to a minute, each shortened at random by up to a half, so that what has failed together
//!   does not come back together. [`fixed`](crate::Retry::fixed) and
//!   [`exponential`](crate::Retry::exponential) set others.
//! * [`Execution::attempts`](crate::Execution::attempts) has the newest 100 of those that have failed.
//! * Between two attempts no worker is kept, and no room under a limit. The next one waits for a worker as
//!   any run does, by priority. Meanwhile the execution counts as running for
//!   [overlap](super::overlap).
//! * The due time stays, and a grace does not count any more.
//! * Nothing is tried again that was cancelled, nor anything while the scheduler shuts down: the execution
//!   then has failed with the error of its last attempt. A pause of the task holds the next attempt back.
//! * [`Retry::when`](crate::Retry::when) gives up on errors for which there is no point in trying again:
//!
//! ```
//! use std::io;
//! use std::time::Duration;
//! use pysched::{Retry, Scheduler, Task, TaskError};
//!
//! let unless_absent = Retry::times(5).fixed(Duration::from_millis(1)).when(|error| match error {
//!     TaskError::Failed(error) => error
//!         .downcast_ref::<io::Error>()
//!         .is_none_or(|error| error.kind() != io::ErrorKind::NotFound),
//!     _ => true,
//! });
//! let sched = Scheduler::new();
//! sched.start()?;
//! let task = Task::fallible(|| std::fs::read("no such file")).retry(unless_absent);
//! let read = sched.add(task)?.future();
//! assert!(read.wait().is_err());
//! assert_eq!(read.execution().attempt, 1);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! What is tried again may be done twice: an attempt that has failed may have done half of its work, and
//! one that has timed out on a thread may even do all of it. So a task with retries should be one that may
//! be repeated.
//!
//! # Timeouts
//!
//! [`Task::timeout`] limits each attempt, from its start. When the limit is over, the attempt has failed,
//! and the execution with it unless it is tried again. What becomes of the function depends on where
//! it runs:
//!
//! | | on a thread | a future, on threads or a runtime | in a worker process |
//! | --- | --- | --- | --- |
//! | the function | is told to end, and goes on until it returns | is dropped at the `.await` that it waits at, or comes to | is ended, with its process |
//! | its worker | is kept until then | is free then | is replaced |
//! | a retry, and the next run | wait until then | wait until then | do not |
//! | what it returns after all | is dropped | is dropped | |
//!
//! A thread cannot be killed. So a timeout on a thread tells whoever waits that there is nothing to
//! wait for, and ends the function only if that listens. An [`InlineExecutor`](crate::InlineExecutor) runs
//! functions on the scheduler's own thread, which can do nothing else meanwhile: there, a timeout is
//! found out when the function returns.
//!
//! # Being told to end
//!
//! Each attempt has a [`Token`]. A function gets it from [`current()`](crate::current()), however deep
//! inside, and looks at it where it can stop:
//!
//! ```
//! use std::sync::mpsc;
//! use std::time::Duration;
//! use pysched::{ManualClock, Scheduler, Task, TaskError, ThreadPoolExecutor};
//!
//! /// A step of something long.
//! fn step() -> Result<(), TaskError> {
//!     pysched::current().token().check()?;
//!     // …
//!     Ok(())
//! }
//!
//! let clock = ManualClock::new();
//! let pool = ThreadPoolExecutor::new(1);
//! let sched = Scheduler::builder().clock(clock.clone()).executor(pool).build();
//! sched.start()?;
//! let (begun, has_begun) = mpsc::channel();
//! let task = Task::fallible(move || -> Result<(), TaskError> {
//!     begun.send(()).unwrap();
//!     loop {
//!         step()?;
//!     }
//! });
//! let future = sched.add(task.timeout(Duration::from_secs(600)))?.future();
//! has_begun.recv().unwrap();
//! clock.advance(Duration::from_secs(600));
//! assert!(matches!(future.wait(), Err(TaskError::TimedOut(_))));
//! sched.shutdown(true); // returns, as the function has
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! [`Token::wait_timeout`] sleeps unless told to end, in place of [`std::thread::sleep`], and
//! [`Token::on_cancel`] calls something that can interrupt the rest: that closes a socket, say. These set
//! a token:
//!
//! | who | the execution has then |
//! | --- | --- |
//! | a timeout | failed, at once |
//! | [`TaskFuture::cancel`] while it runs | been cancelled if it fails or panics after that, and succeeded if it returns a value |
//! | [`Overlap::CancelOther`](crate::Overlap::CancelOther) | the same |
//! | [`Scheduler::shutdown_timeout`], when its limit is over | whatever comes of it |
//!
//! A future is not only told: at its next `.await` that waits it is dropped. After the last three it then
//! has been cancelled, and after the first two of these three also if it comes to a value before.
//!
//! [`Handle::cancel`] ends a series and sets no token: what runs is finished. In a worker process a token is
//! never set; there, the process is ended.
//!
//! # Functions that hang
//!
//! A function that neither returns nor listens cannot be helped on a thread. This is what it costs:
//!
//! * its worker, for ever. Others go on. Of its task no other execution begins, unless its
//!   [overlap](super::overlap) lets several run, so that it takes one worker and not, run by run, all
//!   of them;
//! * its room under the limits of its tags;
//! * [`shutdown(true)`](crate::Scheduler::shutdown) waits for it. `shutdown_timeout` does not, and names it.
//!
//! And this is how it shows: with a timeout, as [`Stats::overdue`](crate::Stats::overdue) until it returns,
//! and as [`EventKind::TimedOut`](crate::EventKind::TimedOut); its next runs are recorded as skipped.
//! Without one, `explain` says for how long it has been running. What may hang belongs into a worker
//! process, or on a [named executor](crate::SchedulerBuilder::named_executor) of its own, where it is in
//! nobody's way.
//!
//! # Workers that die
//!
//! A worker process may crash, or be killed by the system for want of memory. Then the attempt has
//! failed with [`TaskError::WorkerDied`], which names the signal or the exit code, and there is another
//! process in its place. It is tried again as after any failure, and only if the task has a retry: nobody
//! else knows whether it may be repeated. The page "threads or processes" says more, in builds with the
//! feature `process`.
//!
//! # After a task that fails
//!
//! A task that is to run [after](crate::Task::after) others runs each time that all of them have succeeded.
//! One failure of a series changes nothing for it: it runs after the next success. But when one of them is
//! finished and has not succeeded since, nothing can come any more: the follower is finished, too, and
//! cancelled if it has never run. So a chain ends as a whole:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Reason, Scheduler, Status, Task};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! sched.start()?;
//! let extract = sched.add(Task::fallible(|| Err::<(), _>("no such table")))?;
//! let transform = sched.add(Task::new(|| ()).after(&extract))?;
//! let load = sched.add(Task::new(|| ()).after(&transform))?;
//! clock.advance(Duration::ZERO); // returns when what is due has run
//!
//! assert_eq!(sched.results(&extract)[0].status, Status::Failed);
//! for (task, predecessor) in [(&transform, &extract), (&load, &transform)] {
//!     let run = task.future().execution();
//!     assert_eq!(run.status, Status::Cancelled);
//!     assert_eq!(run.reason, Some(Reason::Predecessor(predecessor.id())));
//! }
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! A predecessor with a retry has failed only when its last attempt has.
//!
//! # The same elsewhere
//!
//! What others do unless told otherwise:
//!
//! | | what fails | what runs too long |
//! | --- | --- | --- |
//! | pysched | is not tried again; [`Retry`](crate::Retry) is asked for | no limit; [`Task::timeout`] is asked for |
//! | APScheduler 3.11 | is told to listeners; has no retries | has no limits |
//! | APScheduler 4.0.0a6 | is the outcome of the job; has no retries | has no limits yet |
//! | Quartz 2 | is not tried again; the job may ask to be run again at once | no limit; a plugin tries to interrupt it |
//! | Temporal | an activity is tried again after 1 s, 2 s, 4 s and so on up to 100 s, without end; a workflow is not | an activity must have a limit for an attempt or for all |
//!
//! [`Handle::cancel`]: crate::Handle::cancel
//! [`Scheduler::shutdown_timeout`]: crate::Scheduler::shutdown_timeout
//! [`Task::fallible`]: crate::Task::fallible
//! [`Task::new`]: crate::Task::new
//! [`Task::retry`]: crate::Task::retry
//! [`Task::timeout`]: crate::Task::timeout
//! [`TaskError::Failed`]: crate::TaskError::Failed
//! [`TaskError::Panicked`]: crate::TaskError::Panicked
//! [`TaskError::TimedOut`]: crate::TaskError::TimedOut
//! [`TaskError::WorkerDied`]: crate::TaskError::WorkerDied
//! [`TaskFuture::cancel`]: crate::TaskFuture::cancel
//! [`Token`]: crate::Token
//! [`Token::on_cancel`]: crate::Token::on_cancel
//! [`Token::wait_timeout`]: crate::Token::wait_timeout
