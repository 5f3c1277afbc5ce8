//! A background task scheduler inside your process: annotate a function, or give a closure, and it
//! runs on time, once, every so often or by the calendar, on threads, on an async runtime or in worker
//! processes, by priority.
//!
//! No async runtime is needed and nothing polls: one thread sleeps until the next task is due, and
//! while there is none, nothing wakes up. A task never starts before its time, a series never
//! drifts, and what happens to each run is recorded.
//!
//! This page is the guide. Where there is more to say, it has a page of its own in [`guide`].
//!
//! # Quickstart
//!
//! ```
//! use once_cell::sync::Lazy;
//! use pysched::{Scheduler, task};
//!
//! static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
//!
//! #[task(SCHED, recur, 0.05, 2)] // every 50 ms, with priority 2
//! fn double(number: u64) -> u64 {
//!     2 * number
//! }
//!
//! let handle = double::delay(21)?; // adds it to SCHED
//! SCHED.start()?;
//! assert_eq!(handle.wait().wait().unwrap(), &42);
//! assert_eq!(double(4), 8); // the function stays what it was
//! SCHED.shutdown(true);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! Tasks can be added before or after [`start`](Scheduler::start), from any thread, also from
//! inside a task.
//!
//! # Tasks
//!
//! There are three ways to make one, from the shortest to the most complete:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use once_cell::sync::Lazy;
//! use pysched::{Scheduler, Task, Trigger, task};
//!
//! static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
//!
//! // An annotated function. `delay` takes what the function takes.
//! #[task(SCHED, once, "1h 30m", name = "reminder")]
//! fn remind(whom: String) {
//!     println!("{whom}, it is time");
//! }
//! remind::delay("Ada".to_owned())?;
//!
//! // A closure: when, with which priority, and what.
//! SCHED.delay(Trigger::recur(60), 0, || println!("a minute has passed"))?;
//!
//! // A value that can be adjusted before it is added. `remind::task(..)` makes one, too.
//! let task = Task::new(|| println!("five times at most, within the next hour"))
//!     .trigger(Trigger::recur(Duration::from_secs(600)))
//!     .priority(-1)
//!     .times(5)
//!     .until(SystemTime::now() + Duration::from_secs(3600));
//! SCHED.add(task)?;
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! An `async fn` is annotated as any other, and [`Task::future`] makes a task of what gives a future.
//!
//! The result is a [`Handle`]: it names the task, cancels it, and leads to its results. Dropping it
//! changes nothing. A function that recurs is called again and again, so it is `Fn`: each run of an
//! annotated function gets a clone of its arguments.
//!
//! Nothing is wrong silently. What can never run is refused when it is added:
//!
//! ```
//! use pysched::{Scheduler, Trigger};
//!
//! let error = Scheduler::new().delay(Trigger::recur(-3), 0, || ()).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "invalid interval: -3s is negative: expected between 0s and 292 years; give a number of \
//!      seconds or a Duration in that range",
//! );
//! ```
//!
//! # Triggers
//!
//! | trigger | in the attribute | runs |
//! | --- | --- | --- |
//! | [`Trigger::once(5)`](Trigger::once) | `once, 5` or `cron, 5` | once, 5 s after it was added |
//! | [`Trigger::recur(5)`](Trigger::recur) | `recur, 5` | after 5 s, 10 s, 15 s, …, however long each run takes |
//! | [`Trigger::recur_after(5)`](Trigger::recur_after) | `recur_after, 5` | 5 s after it was added, and 5 s after each run has ended |
//! | [`Trigger::at(time)`](Trigger::at), [`at_each`](Trigger::at_each) | | when the wall clock shows `time`, or each of several |
//! | [`cron!("0 9 * * MON-FRI")`](cron!), [`Trigger::cron(text)?`](Trigger::cron) | `cron, "0 9 * * MON-FRI"` | at 9:00 from Monday to Friday, in UTC or [in a time zone](#calendars) |
//! | [`Trigger::calendar(..)`](Trigger::calendar) | | every so many days, weeks, months or years |
//! | [`Trigger::any`], [`all`](Trigger::all), [`except`](Trigger::except) | | as a combination of others says |
//!
//! Each can be narrowed by [`starting`](Trigger::starting) and [`until`](Trigger::until), and spread by
//! [`jitter`](Trigger::jitter). [`upcoming`](Trigger::upcoming) tells its runs beforehand, and
//! [`describe`](Trigger::describe) says what it means.
//!
//! An [`Interval`] is a number of seconds, whole or not, a [`Duration`](std::time::Duration), or
//! text such as `"1h 30m"`. In the attribute, a bad one is a compile error, and so is a bad cron
//! expression in the attribute or in [`cron!`].
//!
//! # Late and overlapping runs
//!
//! Unless told otherwise, a recurring task does not overlap itself, and does not run in a burst to catch
//! up. What is due while the previous run is running is recorded as [`Status::Skipped`]; if several runs
//! could not start in time, say because the process was stopped or no worker was free, the newest
//! starts and the others are recorded as [`Status::Missed`]:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Status, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let handle = sched.delay(Trigger::recur(60), 0, || ())?;
//! sched.start()?;
//!
//! clock.advance(Duration::from_secs(200)); // the runs at 60 s, 120 s and 180 s are due at once
//! let fates: Vec<Status> = sched.results(&handle).iter().map(|run| run.status).collect();
//! assert_eq!(fates, [Status::Missed, Status::Missed, Status::Succeeded]);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! | rule | says | unless set |
//! | --- | --- | --- |
//! | [`Task::misfire`] | which of several late runs take place: the newest, all, or none | [`Misfire::RunOnce`] |
//! | [`Task::grace`] | how late a run may start | any time |
//! | [`Task::overlap`] | what becomes of a run that is due while others run: it is skipped, waits, runs beside them, or ends them | [`Overlap::Skip`] |
//! | [`Scheduler::set_limit`] | how many executions of all tasks with a [tag](Task::tag) run at once; the others wait | any number |
//!
//! The pages [late runs](guide::late_runs) and [overlap](guide::overlap) show each of them at work. In
//! the attribute they are options: `misfire = skip`, `grace = "5m"`, `overlap = buffer_one`, `tag = "db"`.
//!
//! # Calendars
//!
//! With the feature `cron`, which is on by default, a cron expression names the times that clocks on the
//! wall show, in UTC unless a time zone is given. In the attribute and in `cron!` the compiler checks
//! it, and nothing is left to be read when the program runs:
//!
#![cfg_attr(feature = "cron", doc = "```")]
#![cfg_attr(not(feature = "cron"), doc = "```ignore")]
//! use once_cell::sync::Lazy;
//! use pysched::{Dst, Scheduler, Trigger, cron, task};
//!
//! static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
//!
//! #[task(SCHED, cron, "0 9 * * MON-FRI", 1, tz = "Europe/Rome")]
//! fn open() {}
//!
//! open::delay()?;
//! SCHED.delay(cron!("*/15 8-18 * * *"), 0, || println!("every quarter of an hour"))?;
//!
//! let trigger = Trigger::cron_in("30 2 LW * ?", "Europe/Rome")?.dst(Dst::Shift);
//! let error = Trigger::cron("30 25 * * *").unwrap_err();
//! assert_eq!(
//!     error.to_string().lines().next(),
//!     Some("invalid cron expression: in the hour, at column 4, found `25`: expected 0 to 23"),
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `Trigger::cron` has all of the syntax. What happens in the nights when clocks are changed, and when
//! the clock of the computer is set, is on the guide's page "time zones and DST".
//!
//! # Priorities
//!
//! A lower number is more urgent. The priority decides between tasks that are due: whenever a
//! worker becomes free, it takes the most urgent of all that wait, whichever came first. Equal ones
//! run in the order in which they were due, then in that of adding. A task that runs is never
//! interrupted.
//!
//! ```
//! use std::sync::mpsc;
//! use pysched::{Scheduler, ThreadPoolExecutor, Trigger};
//!
//! let (sender, order) = mpsc::channel();
//! let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(1)).build();
//! for (name, priority) in [("low", 10), ("urgent", -5), ("normal", 0), ("also normal", 0)] {
//!     let sender = sender.clone();
//!     sched.delay(Trigger::once(0), priority, move || sender.send(name).unwrap())?;
//! }
//! sched.start()?;
//! let order: Vec<_> = order.iter().take(4).collect();
//! assert_eq!(order, ["urgent", "normal", "also normal", "low"]);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # Results
//!
//! Each execution has a [`TaskFuture`]: wait for it with or without a limit, ask how it stands, be
//! called when it is done, `.await` it, or cancel it. [`Handle::future`] gives that of the execution
//! that runs or comes next, and [`Handle::wait`] blocks until one has ended, a later one at each call.
//! [`guide::results`] says more.
//!
//! ```
//! use pysched::{Scheduler, Task};
//!
//! let sched = Scheduler::new();
//! sched.start()?;
//! let future = sched.add(Task::new(|| 6 * 7))?.future();
//! assert_eq!(future.wait().unwrap(), &42);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! [`Scheduler::tasks`] lists what is alive, and [`Scheduler::results`] the latest executions of a
//! task, 32 unless [told otherwise](SchedulerBuilder::history). Of finished tasks, the latest
//! 10,000 executions are remembered in all. So neither a long series nor many short tasks fill the
//! memory.
//!
//! # Failure
//!
//! A panic or an `Err` ends one execution and nothing else: its future has the [`TaskError`], a
//! series goes on, and the worker takes the next task. The `Err` of an annotated function that
//! returns a `Result`, or of [`Task::fallible`], is a failed execution.
//!
//! ```
//! use pysched::{Scheduler, Task, TaskError};
//!
//! let sched = Scheduler::new();
//! sched.start()?;
//!
//! let parsed = sched.add(Task::fallible(|| "forty-two".parse::<u32>()))?;
//! assert!(matches!(parsed.future().wait(), Err(TaskError::Failed(_))));
//!
//! let printed = sched.add(Task::new(|| -> u32 { panic!("out of paper") }))?;
//! let error = printed.future().wait().unwrap_err().to_string();
//! assert_eq!(error, "the task panicked: out of paper");
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! [`Task::retry`] has an execution that has failed tried again, after pauses in which it keeps no worker.
//! [`Task::timeout`] limits how long an attempt may take. A thread cannot be killed, so what runs on one
//! has failed when its limit is over, and is told to end: by its [`Token`], which it may look at, or not.
//! One that never returns keeps its worker, but only that one. A worker process is ended. [`Task::after`] has
//! a task run each time that others have succeeded.
//!
//! ```
//! use std::time::Duration;
//! use pysched::{Retry, Scheduler, Task, TaskError};
//!
//! let sched = Scheduler::new();
//! sched.start()?;
//!
//! let flaky = Task::fallible(|| match pysched::current().attempt() {
//!     1 => Err("no connection"),
//!     attempt => Ok(attempt),
//! });
//! let flaky = sched.add(flaky.retry(Retry::times(3).fixed(Duration::from_millis(1))))?;
//! assert_eq!(flaky.future().wait().unwrap(), &2);
//!
//! let endless = Task::fallible(|| -> Result<(), TaskError> {
//!     loop {
//!         pysched::current().token().check()?; // `Err` as soon as it is to end
//!     }
//! });
//! let endless = sched.add(endless.timeout(Duration::from_millis(20)))?;
//! assert!(matches!(endless.future().wait(), Err(TaskError::TimedOut(_))));
//! sched.shutdown(true); // it has ended
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! The page [failure](guide::failure) has all of it. When to take worker processes in place of threads is
//! on the page "threads or processes", in builds with the feature `process`.
//!
//! # Control
//!
//! | call | does |
//! | --- | --- |
//! | [`pause`](Scheduler::pause), [`resume`](Scheduler::resume) | holds the runs of a task back, and lets it go on as after a standstill |
//! | [`run_now`](Scheduler::run_now) | runs it now, beside its schedule, also while it is paused |
//! | [`reschedule`](Scheduler::reschedule) | gives it another trigger |
//! | [`cancel`](Scheduler::cancel) | ends it; what runs is finished |
//! | [`TaskFuture::cancel`] | cancels one execution; if it runs, it is told to end |
//! | [`pause_all`](Scheduler::pause_all), [`resume_all`](Scheduler::resume_all) | the same for the whole scheduler |
//!
//! All but the last two are methods of the [`Handle`], too, and of a [`Selection`]: all tasks
//! [of a name](Scheduler::named) or [with a tag](Scheduler::tagged). A name belongs to one live task;
//! [`Task::conflict`] says what to do if it is taken.
//!
//! ```
//! use pysched::{Scheduler, Task, Trigger};
//!
//! let sched = Scheduler::new();
//! sched.start()?;
//! let nightly = |name| Task::new(|| ()).name(name).tag("nightly").trigger(Trigger::recur(86_400));
//! let (sweep, _) = (sched.add(nightly("sweep"))?, sched.add(nightly("backup"))?);
//!
//! assert_eq!(sched.tagged("nightly").pause(), 2);
//! sweep.run_now()?;
//! sweep.wait().wait().unwrap();
//! assert_eq!(sched.named("backup").resume(), 1);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # Seeing what happens
//!
//! Every run that does not succeed says why, in [`Execution::error`] or as a [`Reason`];
//! [`Scheduler::explain`] says it in words, with what the task waits for.
//! [`Scheduler::stats`] has the numbers, and [`Scheduler::subscribe`] calls a function with each
//! [`Event`], among them the progress that functions [tell](Current::set_progress):
//!
//! ```
//! use std::sync::mpsc;
//! use pysched::{EventKind, Scheduler, Task};
//!
//! let (sender, failures) = mpsc::channel();
//! let sched = Scheduler::new();
//! let _subscription = sched.subscribe(move |event| {
//!     if let EventKind::Failed { error, .. } = &event.kind {
//!         sender.send(error.clone()).unwrap();
//!     }
//! });
//! sched.start()?;
//! let backup = sched.add(Task::fallible(|| Err::<(), _>("disk full")).name("backup"))?;
//! assert_eq!(failures.recv().unwrap(), "the task failed: disk full");
//! assert!(sched.explain(&backup).contains("disk full"));
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! The page [observing](guide::observing) has the table of events and what the features `tracing` and
//! `metrics` make of them.
//!
//! # Shutdown
//!
//! [`shutdown(true)`](Scheduler::shutdown) cancels what is not due yet, finishes the rest, and
//! returns; `shutdown(false)` returns at once;
//! [`shutdown_timeout`](Scheduler::shutdown_timeout) waits up to a limit and says what was left, and
//! [`shutdown_async`](Scheduler::shutdown_async) is awaited.
//! Dropping the last clone of a scheduler is `shutdown(false)`. A static is never dropped: shut it
//! down at the end of `main`, or what runs is cut off by the end of the process.
//! [`guide::shutdown`] has the details.
//!
//! # Executors
//!
//! | executor | runs tasks |
//! | --- | --- |
//! | [`ThreadPoolExecutor`] | on its own threads, by default as many as there are processors |
//! | [`InlineExecutor`] | on the scheduler's thread: for tests, and for tasks that take no time |
//! | `TokioExecutor` | on a tokio runtime, functions on its threads that may block; feature `tokio` |
//! | `ProcessPoolExecutor` | in worker processes, which may crash and can be killed; feature `process`, Unix |
//! | your own [`Executor`] | wherever you like; its page has one |
//!
//! Each of them runs functions and async functions. What that means where, and what to await in place of what
//! blocks, is in `guide::sync_and_async`, which comes with the feature `tokio`.
//!
//! A scheduler can have several. A task goes to the one it names, so that slow tasks are in
//! nobody's way:
//!
//! ```
//! use pysched::{Scheduler, Task, ThreadPoolExecutor};
//!
//! let sched = Scheduler::builder()
//!     .executor(ThreadPoolExecutor::new(4))
//!     .named_executor("reports", ThreadPoolExecutor::new(1))
//!     .build();
//! sched.add(Task::new(|| println!("slow")).executor("reports"))?;
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! Every thread that this crate starts has a name that begins with `pysched-`: `pysched-heart` is a
//! scheduler's own, `pysched-pool-0` a worker. On Linux, `pysched-clock` sleeps until the wall clock is
//! set; there is one in the process while tasks of any scheduler wait for that clock. `pysched-events-0`
//! calls a listener that was given to [`Scheduler::subscribe`].
//!
//! # Clocks and tests
//!
//! When a task is due, only the [`Clock`] of its scheduler decides. In tests, a [`ManualClock`]
//! moves when it is told to, so that nothing has to sleep:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let tomorrow = sched.delay(Trigger::once(86_400), 0, || "a day later")?;
//! sched.start()?;
//!
//! clock.advance(Duration::from_secs(86_399));
//! assert!(!tomorrow.future().done());
//! clock.advance(Duration::from_secs(1)); // returns when it has run
//! assert!(tomorrow.future().done());
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! To run a schedule of weeks or years, with all that may go wrong, take a [`Simulation`](sim::Simulation): the same
//! scheduler in virtual time, without threads. [`guide::testing`] shows how.
//!
//! [`FnClock`] is made of two functions and serves whoever has a time of their own; `TokioClock`, with the feature `tokio`, follows
//! the time of a runtime, paused or not; [`guide::clocks`] compares them and
//! shows how to write one.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! | --- | --- | --- |
//! | `macros` | yes | the `#[task]` attribute; with `cron`, also the macro [`cron!`] |
//! | `cron` | yes | calendars: cron expressions and time zones |
//! | `bundled-time-zones` | no | a time zone database in the program, for systems that have none |
//! | `process` | no | `ProcessPoolExecutor`; brings `serde` |
//! | `serde` | no | [`Event`], [`Execution`], [`TaskInfo`], [`Stats`] and [`Trigger`] can be serialised; annotated functions whose arguments and results can be encoded are registered with the code that does so |
//! | `tokio` | no | `TokioExecutor`, `TokioClock`, and the guide's page on them |
//! | `tracing` | no | all [events](Event) as events of `tracing`, and a span for each execution |
//! | `metrics` | no | counters, gauges and histograms of `metrics` |

#[doc(inline)]
pub use pysched_core::sim;
#[doc(inline)]
pub use pysched_core::{
    Attempt, Cancelled, Clock, Conflict, Counts, Current, Ended, Error, Event, EventKind,
    Execution, Executor, ExecutorStats, FnClock, Handle, InlineExecutor, Interval, Job, JobFuture,
    ManualClock, Misfire, Next, Overlap, Parker, Percentiles, Precision, Progress, Reason,
    Rejected, Retry, Scheduler, SchedulerBuilder, Selection, Shutdown, Stats, Status, Subscription,
    SystemClock, Task, TaskError, TaskFuture, TaskId, TaskInfo, TaskStream, ThreadPoolExecutor,
    Token, Trigger, Unfinished, UnfinishedExecution, current,
};
#[cfg(feature = "cron")]
#[doc(inline)]
pub use pysched_core::{Calendar, CronError, Dst, MonthEnd};
#[cfg(feature = "process")]
#[doc(inline)]
pub use pysched_core::{ProcessPoolBuilder, ProcessPoolExecutor, init, worker_test};
#[cfg(feature = "tokio")]
#[doc(inline)]
pub use pysched_core::{TokioClock, TokioExecutor};
#[cfg(all(feature = "macros", feature = "cron"))]
#[doc(inline)]
pub use pysched_macros::cron;
#[cfg(feature = "macros")]
#[doc(inline)]
pub use pysched_macros::task;

#[doc(hidden)]
pub use pysched_core::__private;

pub mod guide;

/// The README's code blocks are tests.
#[cfg(all(doctest, feature = "process", feature = "tokio"))]
#[doc = include_str!("../../README.md")]
struct Readme;
