//! Overlap: what becomes of a run that is due while an earlier execution of its task still runs.
//!
//! By default it is skipped, and recorded as [`Skipped`](crate::Status::Skipped): most functions were not
//! written to run beside themselves. [`Task::overlap`] sets another policy:
//!
//! | policy | at once | a run that is due while as many run | for example |
//! | --- | --- | --- | --- |
//! | [`Overlap::Skip`], unless set | 1 | is skipped | polling, cleaning up |
//! | [`Overlap::BufferOne`] | 1 | waits, if no other one does; else it is skipped | building what has changed |
//! | [`Overlap::BufferAll`] | 1 | waits for all before it | what has to be done once for each time |
//! | [`Overlap::Allow(n)`](crate::Overlap::Allow) | n | is skipped | what takes long but may run side by side |
//! | [`Overlap::AllowAll`] | any number | | what takes no time to speak of |
//! | [`Overlap::CancelOther`] | 1 | has the running one told to end, and waits for that | where only the newest result counts |
//!
//! An execution counts as running from the start of its first attempt to the end of its last, between
//! two attempts as well. One that only waits for a worker, or for room under a limit, does not count: it is
//! [late](super::late_runs), and the newer run takes its place, unless the task is to make up for each.
//!
//! # A timeline
//!
//! A task that is due every minute, and whose first run, that of 1:00, takes until 3:20:
//!
//! | policy | 1:00 | 2:00 | 3:00 | 3:20, the first has ended | 4:00 |
//! | --- | --- | --- | --- | --- | --- |
//! | `Skip` | begins | skipped | skipped | | begins |
//! | `BufferOne` | begins | waits | skipped | that of 2:00 begins | begins |
//! | `BufferAll` | begins | waits | waits | that of 2:00 begins, and then that of 3:00 | begins |
//! | `Allow(2)` | begins | begins | skipped | | begins |
//! | `AllowAll` | begins | begins | begins | | begins |
//! | `CancelOther` | begins | waits; the first is told to end | takes the place of that of 2:00 | that of 3:00 begins | begins |
//!
//! The later ones are short in `BufferOne`, `BufferAll` and `CancelOther`, and in `Allow(2)` that of 2:00
//! takes until 3:20, too. The same as a program, up to 3:20:
//!
//! ```
//! use std::num::NonZeroUsize;
//! use std::sync::{Arc, RwLock};
//! use std::thread;
//! use std::time::Duration;
//! use pysched::{ManualClock, Overlap, Scheduler, Status, Task, ThreadPoolExecutor, Trigger};
//! use Status::{Cancelled, Missed, Skipped, Succeeded};
//!
//! let two = NonZeroUsize::new(2).unwrap();
//! for (overlap, expected) in [
//!     (Overlap::Skip, [Succeeded, Skipped, Skipped]),
//!     (Overlap::BufferOne, [Succeeded, Succeeded, Skipped]),
//!     (Overlap::BufferAll, [Succeeded, Succeeded, Succeeded]),
//!     (Overlap::Allow(two), [Succeeded, Succeeded, Skipped]),
//!     (Overlap::AllowAll, [Succeeded, Succeeded, Succeeded]),
//!     (Overlap::CancelOther, [Cancelled, Missed, Succeeded]),
//! ] {
//!     let clock = ManualClock::new();
//!     let pool = ThreadPoolExecutor::new(3);
//!     let sched = Scheduler::builder().clock(clock.clone()).executor(pool).build();
//!     sched.start()?;
//!
//!     // What begins waits at a gate, and then does as its token says.
//!     let gate = Arc::new(RwLock::new(()));
//!     let task = Task::fallible({
//!         let gate = Arc::clone(&gate);
//!         move || {
//!             drop(gate.read());
//!             pysched::current().token().check()
//!         }
//!     });
//!     let handle = sched.add(task.trigger(Trigger::recur(60)).overlap(overlap))?;
//!
//!     let closed = gate.write().unwrap();
//!     for _ in 0..3 {
//!         clock.advance(Duration::from_secs(60));
//!         while sched.stats().queued > 0 {
//!             thread::yield_now(); // until a worker has taken it
//!         }
//!     }
//!     drop(closed);
//!     while sched.results(&handle).len() < 3 {
//!         thread::yield_now();
//!     }
//!     let mut runs = sched.results(&handle);
//!     runs.sort_by_key(|run| run.due);
//!     let fates: Vec<Status> = runs.iter().map(|run| run.status).collect();
//!     assert_eq!(fates, expected, "{overlap:?}");
//! }
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! Why a run was skipped is in its [`Reason`](crate::Reason): `Overlap`, or `Limit(n)` under
//! `Allow(n)`. One that was told to end, and did, is cancelled because of a `NewerRun`; one that returned a
//! value nevertheless has succeeded. How a function listens is on the page
//! [failure](super::failure#being-told-to-end).
//!
//! `BufferAll` has no bound. A task that always takes longer than its interval falls behind for ever;
//! [`Stats::waiting`](crate::Stats::waiting) and [`TaskInfo::in_flight`](crate::TaskInfo::in_flight) show
//! it. A grace puts an end to it: what has waited for too long is missed.
//!
//! # Running it now
//!
//! [`Handle::run_now`] adds a run that is due now, and the policy decides about that as about any other.
//! If it would be skipped, nothing is recorded; the call says so instead:
//!
//! ```
//! use std::sync::mpsc;
//! use std::time::Duration;
//! use pysched::{Error, Scheduler, Task, Trigger};
//!
//! let (begun, has_begun) = mpsc::channel();
//! let task = Task::new(move || {
//!     begun.send(()).unwrap();
//!     pysched::current().token().wait_timeout(Duration::from_secs(60))
//! });
//! let sched = Scheduler::new();
//! sched.start()?;
//! let nightly = sched.add(task.trigger(Trigger::recur(86_400)))?;
//!
//! nightly.run_now()?;
//! has_begun.recv().unwrap();
//! assert!(matches!(nightly.run_now(), Err(Error::Overlap(_))));
//! # nightly.future().cancel();
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # Runs that hang
//!
//! An execution that has gone past its [timeout](crate::Task::timeout) on a thread has failed, but its
//! function goes on, and as long as it does, it counts as running. So the next run of a task that hangs
//! does not begin beside it and hang, too: a task takes no more workers than its policy allows, one unless
//! told otherwise. `AllowAll` allows any number, so it is not for functions that may hang.
//! In a worker process there is nothing to wait for: the process is ended. Nor is there with a future that
//! waits: it is dropped.
//!
//! # Limits of several tasks together
//!
//! A policy is about one task. A limit is about all tasks with a tag: so many executions of them are
//! queued or run at a time, and the others wait. Nothing is skipped for its sake. Of those that
//! wait, the most urgent goes first:
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicUsize, Ordering};
//! use pysched::{Scheduler, Task};
//!
//! let sched = Scheduler::builder().limit("database", 2).build();
//! let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
//! for _ in 0..10 {
//!     let (now, most) = (Arc::clone(&now), Arc::clone(&most));
//!     let task = Task::new(move || {
//!         most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
//!         now.fetch_sub(1, Ordering::SeqCst);
//!     });
//!     sched.add(task.tag("database"))?;
//! }
//! sched.start()?;
//! sched.shutdown(true); // runs all of them
//! assert!(most.load(Ordering::SeqCst) <= 2);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! What backs off between two attempts is not in it, so others can go meanwhile; what hangs is. A task with
//! several tags needs room under each limit. [`Scheduler::set_limit`] sets, changes and lifts one while the
//! scheduler runs.
//!
//! # The same elsewhere
//!
//! What others do unless told otherwise:
//!
//! | | at once | a run beyond that |
//! | --- | --- | --- |
//! | pysched | 1 | is skipped, and recorded |
//! | APScheduler 3.11 | 1, `max_instances` | is skipped, with a warning and an event |
//! | APScheduler 4.0.0a6 | 1, `max_running_jobs` | waits |
//! | Quartz 2 | any number | with `@DisallowConcurrentExecution`: waits, and has misfired after 60 s |
//! | Temporal's schedules | 1 | is skipped |
//!
//! The names of the policies are Temporal's, which has no `Allow(n)`, and has a `TerminateOther` that here
//! is `CancelOther` in a worker process.
//!
//! [`Handle::run_now`]: crate::Handle::run_now
//! [`Overlap::AllowAll`]: crate::Overlap::AllowAll
//! [`Overlap::BufferAll`]: crate::Overlap::BufferAll
//! [`Overlap::BufferOne`]: crate::Overlap::BufferOne
//! [`Overlap::CancelOther`]: crate::Overlap::CancelOther
//! [`Overlap::Skip`]: crate::Overlap::Skip
//! [`Scheduler::set_limit`]: crate::Scheduler::set_limit
//! [`Task::overlap`]: crate::Task::overlap
