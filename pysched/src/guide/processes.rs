//! Threads or processes: which executor to take, and what a worker process is.
//!
//! | | [`ThreadPoolExecutor`](crate::ThreadPoolExecutor) | [`ProcessPoolExecutor`](crate::ProcessPoolExecutor) |
//! | --- | --- | --- |
//! | runs | anything | functions with `#[task]` whose arguments and result are serde types |
//! | a crash, `abort`, `exit` | ends the program | ends this execution, with [`TaskError::WorkerDied`] |
//! | a leak | stays | goes with the worker: `memory_limit`, `max_tasks_per_worker` |
//! | a task that hangs | keeps its thread for ever, and can only be [told to end](crate::Current::token); a future that waits is dropped | is killed: [`Task::timeout`], [`TaskFuture::cancel`] |
//! | shares | all memory | nothing; arguments and results are copied, as JSON |
//! | costs | about a microsecond a task | some ten microseconds, and the copies |
//! | systems | all | Unix |
//!
//! Take threads, unless a task runs code that may crash or hang: a C library, a parser of what others
//! send, a plugin, a computation without an end in sight. A scheduler may have both, and each task
//! [names](crate::Task::executor) the one it wants.
//!
//! # The first line of `main`
//!
//! A worker is the program itself, executed once more. [`init`] is where the two part: in a worker it
//! takes over and never returns, in all others it returns at once. So it has to come before anything
//! that should not happen twice.
//!
//! ```standalone_crate
//! use pysched::{ProcessPoolExecutor, Scheduler, Task, TaskError, Trigger, task};
//!
//! #[task(once, 0)]
//! fn parse(bytes: Vec<u8>) -> Result<String, std::string::FromUtf8Error> {
//!     String::from_utf8(bytes)
//! }
//!
//! #[task(once, 0)]
//! fn crash() {
//!     std::process::abort();
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     pysched::init();
//!
//!     let sched = Scheduler::builder()
//!         .named_executor("isolated", ProcessPoolExecutor::new(2)?)
//!         .build();
//!     sched.start()?;
//!     let parsed = sched.add(parse::task(b"bytes".to_vec()).executor("isolated"))?;
//!     assert_eq!(parsed.future().wait().unwrap(), "bytes");
//!
//!     let crashed = sched.add(crash::task().executor("isolated"))?.future();
//!     let error = crashed.wait().unwrap_err();
//!     assert!(matches!(error, TaskError::WorkerDied(_)));
//!     assert!(error.to_string().contains("SIGABRT"));
//!
//!     // On a thread, any closure does.
//!     assert_eq!(sched.delay(Trigger::once(0), 0, || 7)?.future().wait().unwrap(), &7);
//!     // In a process, it is refused at once, and told why.
//!     assert!(sched.add(Task::new(|| 7).executor("isolated")).is_err());
//!     sched.shutdown(true);
//!     Ok(())
//! }
//! ```
//!
//! If `main` lacks the line, [`ProcessPoolExecutor::new`] returns an error that shows it; nothing is
//! ever started twice.
//!
//! # In tests
//!
//! The `main` of a test binary belongs to the test harness. There, one line anywhere in the binary does
//! the same, in a file of `tests/` or in a module of unit tests:
//!
//! ```
//! # #[cfg(any())]
//! pysched::worker_test!();
//! ```
//!
//! It adds a test of the name `pysched_worker_process`, which does nothing unless it is a worker.
//!
//! # What can travel
//!
//! A function with `#[task]` is *portable* if all its parameters and its return type are
//! `serde::Serialize` and `serde::Deserialize`; the attribute finds that out. Its error type need not
//! be: an error travels as its text. What is not portable is refused when it is added, with the name
//! of the task and of the argument; so is a value that JSON cannot hold, such as a map whose keys are
//! not texts or numbers. NaN and the infinities are no numbers in JSON: in a float they are refused
//! as an argument, and as a result they fail the execution.
//!
//! # What a task knows there
//!
//! [`current`] tells a function in a worker what it tells on a thread: the id and the name of its task,
//! which attempt it is, when it was due. And it takes [progress](crate::Current::set_progress), which
//! the parent is sent at most every 10 ms. Only its [token](crate::Current::token) never tells it to
//! end: instead, its process is ended.
//!
//! ```standalone_crate
//! use pysched::{ProcessPoolExecutor, task};
//!
//! #[task(once, 0)]
//! fn copy(files: u64) -> u32 {
//!     let current = pysched::current();
//!     for file in 1..=files {
//!         // …
//!         current.set_progress(file, files);
//!     }
//!     current.attempt()
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     pysched::init();
//!     let pool = ProcessPoolExecutor::new(1)?;
//!     let future = pool.run(copy::task(3))?;
//!     assert_eq!(future.wait().unwrap(), &1);
//!     assert_eq!(future.execution().progress.unwrap().done, 3);
//!     Ok(())
//! }
//! ```
//!
//! # What a worker shares with its parent, and what not
//!
//! * *Memory*: nothing. A `static` in a worker is its own, and a scheduler in a `static` is another
//!   scheduler there, which nobody has started. So a task in a worker cannot add tasks to the
//!   scheduler that it came from: return what is to be done, and have
//!   [`on_done`](crate::TaskFuture::on_done) do it.
//! * *Standard streams*: output and errors go where those of the parent go; the input is empty.
//! * *Descriptors*: none but the streams.
//! * *Environment and working directory*: those of the parent, unless the
//!   [builder](crate::ProcessPoolBuilder) says otherwise.
//! * *Signals*: each worker is the leader of a process group of its own, so the terminal's Ctrl-C goes
//!   to the parent alone, which decides. What a task starts belongs to the group, and ends with a
//!   worker that is killed or dies.
//!
//! # How a worker ends
//!
//! | why | how | the execution |
//! | --- | --- | --- |
//! | it crashed, exited, was killed | by itself | [`TaskError::WorkerDied`], with signal or code, and the task's name |
//! | [`Task::timeout`] | `SIGTERM` to its group, `SIGKILL` after the [grace](crate::ProcessPoolBuilder::grace) | [`TaskError::TimedOut`] |
//! | [`TaskFuture::cancel`] while it runs, or a newer run under [`Overlap::CancelOther`](crate::Overlap::CancelOther) | the same | [`TaskError::Cancelled`] |
//! | it sent what is no reply | `SIGKILL` | [`TaskError::WorkerDied`] |
//! | it has run [its number of tasks](crate::ProcessPoolBuilder::max_tasks_per_worker), or the pool was shut down | it is told, and has the grace to go | none |
//! | the parent is gone, whatever ended it | `SIGKILL` to its group, by its own hand | none is left to ask |
//!
//! In all but the last two it is replaced at once. If workers cannot be started, or end before they
//! have done anything, a few are tried; then the tasks that wait fail with [`TaskError::Refused`],
//! which says why, and for a while nothing is started. An execution that was on its way to a worker
//! that died before it had read any of it goes to the next: one that has begun is not run twice, unless
//! the task has a [`retry`](crate::Task::retry).
//!
//! A panic is no end: it is caught in the worker, and comes back as
//! [`TaskError::Panicked`].
//!
//! [`current`]: crate::current()
//! [`init`]: crate::init()
//! [`ProcessPoolExecutor::new`]: crate::ProcessPoolExecutor::new
//! [`Task::timeout`]: crate::Task::timeout
//! [`TaskError::Cancelled`]: crate::TaskError::Cancelled
//! [`TaskError::Panicked`]: crate::TaskError::Panicked
//! [`TaskError::Refused`]: crate::TaskError::Refused
//! [`TaskError::TimedOut`]: crate::TaskError::TimedOut
//! [`TaskError::WorkerDied`]: crate::TaskError::WorkerDied
//! [`TaskFuture::cancel`]: crate::TaskFuture::cancel
