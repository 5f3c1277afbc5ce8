//! Seeing what happens: results and reasons, explanations, events, numbers, progress, and how they leave
//! the process.
//!
//! | to know | ask |
//! | --- | --- |
//! | what became of the runs of a task, and why | [`Scheduler::results`] |
//! | the same in words, and what it waits for | [`Scheduler::explain`] |
//! | which tasks there are, when they run next, and what of them runs now | [`Scheduler::tasks`], [`Scheduler::task`] |
//! | how the scheduler is doing, in numbers | [`Scheduler::stats`] |
//! | each thing that happens, when it does | [`Scheduler::subscribe`] |
//! | the same in a log, a trace or a dashboard | the features `tracing` and `metrics` |
//!
//! # Results and reasons
//!
//! Each time at which a task should have run ends in exactly one [`Status`](crate::Status). Whatever is not
//! `Succeeded` says why: by an error if the function was called, or else by a [`Reason`](crate::Reason).
//!
//! | status | reason | why |
//! | --- | --- | --- |
//! | `Succeeded` | | the function returned a value |
//! | `Failed` | | an error, a panic, a timeout, a dead worker: in `error`, and in `attempts` those before |
//! | `Skipped` | `Overlap` | an earlier execution was still running |
//! | | `Limit(n)` | `n` executions were, which is as many as may |
//! | | `Paused` | the task was paused, and cancelled before it was resumed |
//! | `Missed` | `TooLate(by)` | it could only have started so late |
//! | | `Coalesced { into }` | a newer run stood in for it, which was due then |
//! | | `Rescheduled` | the task was given another trigger first |
//! | `Cancelled` | `TaskCancelled` | the task was cancelled, or replaced by another one of its name |
//! | | `FutureCancelled` | its future was cancelled |
//! | | `NewerRun` | it was told to end in favour of a newer run |
//! | | `ShutDown` | the scheduler was shut down |
//! | | `Predecessor(id)` | the task that it follows has ended without succeeding |
//!
//! The pages [late runs](super::late_runs), [overlap](super::overlap) and [failure](super::failure) say how
//! each comes about. The history of a task goes back by 32 runs unless
//! [told otherwise](crate::SchedulerBuilder::history).
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Task, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let task = Task::fallible(|| Err::<(), _>("disk full")).name("backup");
//! let backup = sched.add(task.trigger(Trigger::recur(60)))?;
//! sched.start()?;
//! clock.advance(Duration::from_secs(125));
//!
//! let runs = sched.results(&backup);
//! assert_eq!(runs[0].reason.unwrap().to_string(), "a newer run stood in for it");
//! assert_eq!(runs[1].error.as_deref(), Some("the task failed: disk full"));
//!
//! // The same for people; the words may change.
//! let words = sched.explain(&backup);
//! assert!(words.contains("is due in 55s"), "{words}");
//! assert!(words.contains("has failed: disk full"), "{words}");
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # Events
//!
//! [`Scheduler::subscribe`] has a function called with each [`Event`](crate::Event): when it happened, to
//! which task, and its [`EventKind`](crate::EventKind).
//!
//! | kind | when | fields |
//! | --- | --- | --- |
//! | `Added` | a task was added | |
//! | `Fired` | its time had come, and it was decided that it is to run | `due` |
//! | `Started` | an attempt begins | `due`, `attempt` from 1, `late` |
//! | `Progressed` | the function has told how far it has come | `due`, `progress` |
//! | `TimedOut` | an attempt ran longer than its limit; `Retried` or `Failed` follows | `due`, `attempt`, `limit` |
//! | `WorkerDied` | whoever ran an attempt is gone; `Retried` or `Failed` follows | `due`, `attempt`, `error` |
//! | `Retried` | an attempt has failed, and another one comes | `due`, `attempt`, `error`, `pause` |
//! | `Succeeded` | the function has returned a value | `due`, `attempt`, `took` |
//! | `Failed` | the last attempt has failed | `due`, `attempt`, `took`, `error` |
//! | `Cancelled`, `Skipped`, `Missed` | a run is not to be | `due`, `reason`, `count` |
//! | `Paused`, `Resumed`, `Rescheduled` | somebody did so to a task | |
//! | `Finished` | a task is over: no event of it follows | |
//! | `ClockStepped` | the wall clock was set | `from`, `to` |
//! | `SchedulerStarted`, `SchedulerPaused`, `SchedulerResumed`, `ShutDown` | somebody did so to the scheduler | |
//! | `Lagged` | this listener was too slow, and has missed events | `missed` |
//!
//! ```
//! use std::sync::mpsc;
//! use pysched::{EventKind, Scheduler, Task};
//!
//! let (sender, failures) = mpsc::channel();
//! let sched = Scheduler::new();
//! let subscription = sched.subscribe(move |event| {
//!     if let EventKind::Failed { error, .. } = &event.kind {
//!         let name = event.name.as_deref().unwrap_or("a task");
//!         sender.send(format!("{name}: {error}")).unwrap(); // or to whoever is on call
//!     }
//! });
//! sched.start()?;
//! sched.add(Task::fallible(|| Err::<(), _>("disk full")).name("backup"))?;
//! assert_eq!(failures.recv().unwrap(), "backup: the task failed: disk full");
//!
//! drop(subscription); // or `detach` it, to listen until the end
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! A listener has a thread of its own. It may be slow, hang or panic, and is in nobody's way; it may call
//! whatever it likes of the scheduler. All listeners get the same events in the same order, and those of one
//! task in that in which they came to pass. If more than 65,536 wait for it, the rest is dropped, and
//! `Lagged` says how many. [`Subscription`](crate::Subscription) has the details. While nobody listens, events
//! cost next to nothing.
//!
//! # Numbers
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! sched.start()?;
//! sched.delay(Trigger::recur(60), 0, || ())?;
//! clock.advance(Duration::from_secs(60));
//! clock.advance(Duration::from_secs(125)); // from here it missed the second run
//!
//! let stats = sched.stats();
//! assert_eq!((stats.counts.succeeded, stats.counts.missed), (2, 1));
//! assert_eq!(stats.lateness.max, Duration::from_secs(5));
//! println!("{stats}"); // a few lines for a log
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! [`Stats`](crate::Stats) also has what waits, is queued, runs and is overdue at the moment, how busy each
//! executor is, and how long functions ran. The counts forget nothing, whatever the history retains.
//!
//! # Progress
//!
//! A function that takes long can say how far it has come. That shows in the
//! [`Execution`](crate::Execution) while it runs, and is an event:
//!
//! ```
//! use pysched::{Scheduler, Task};
//!
//! let sched = Scheduler::new();
//! sched.start()?;
//! let task = Task::new(|| {
//!     let current = pysched::current();
//!     for page in 1..=40 {
//!         // …
//!         current.set_progress(page, 40);
//!     }
//! });
//! let future = sched.add(task)?.future();
//! future.wait().unwrap();
//! assert_eq!(future.execution().progress.unwrap().fraction(), 1.0);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! The example `progress` draws bars of such events.
//!
//! # Logs, traces and metrics
//!
//! With the feature `tracing`, each event above is an event of `tracing`, and each execution a span,
//! inside of which the function runs, and a future at each poll. With the feature `metrics`, the same is
//! counted and measured for the recorder that is installed. `docs/observability.md` in the repository
//! lists all names, levels, fields and labels. Install the subscriber or the recorder before the scheduler
//! is started.
//!
//! With the feature `serde`, [`TaskInfo`](crate::TaskInfo), [`Execution`](crate::Execution),
//! [`Stats`](crate::Stats) and [`Event`](crate::Event) can be serialised. Kinds, statuses and reasons are in
//! `snake_case`, ids and triggers are text.
//!
//! # The same elsewhere
//!
//! What others keep and tell unless told otherwise:
//!
//! | | of past runs | a listener |
//! | --- | --- | --- |
//! | pysched | the newest 32 of each task, with their reasons | has a thread of its own; a panic is its own affair |
//! | APScheduler 3.11 | nothing; errors, missed and skipped runs are logged | is called by the scheduler's thread or a worker's; what it raises is logged |
//! | APScheduler 4.0.0a6 | nothing; a result is kept as long as its job asks for | is called in the event loop; what it raises is logged |
//! | Quartz 2 | nothing; a plugin logs each run | is called by the worker; if it throws before a job, that is not run |
//! | Temporal | the last 10 actions of a schedule; of each workflow all events, for 3 days after its end | there is none: histories, queries and metrics are asked for |
//!
//! [`Scheduler::explain`]: crate::Scheduler::explain
//! [`Scheduler::results`]: crate::Scheduler::results
//! [`Scheduler::stats`]: crate::Scheduler::stats
//! [`Scheduler::subscribe`]: crate::Scheduler::subscribe
//! [`Scheduler::task`]: crate::Scheduler::task
//! [`Scheduler::tasks`]: crate::Scheduler::tasks
