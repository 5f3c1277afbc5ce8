//! Testing your schedule: a year of it in a moment, with all that may go wrong.
//!
//! A schedule is tested by running it. [`Simulation`] runs the real one, with its triggers, rules, retries and
//! futures, in virtual time: time stands still while code runs, and then goes on, at once, to the next moment at
//! which anything happens. There are no threads, no sleeping, and no chance: the same test does the same each
//! time, on each machine.
//!
//! # Have one function set the schedule up
//!
//! It takes the scheduler, and what the tasks do. `main` calls it, and so do the tests. In a test, what a task
//! does is to say how long it [works](crate::sim::Simulation::work):
//!
//! ```
//! use std::time::Duration;
//! use pysched::sim::Simulation;
//! use pysched::{Error, Overlap, Scheduler, Task, Trigger};
//!
//! const MINUTE: Duration = Duration::from_secs(60);
//!
//! /// The schedule of the service.
//! fn set_up(
//!     sched: &Scheduler,
//!     sync: impl Fn() + Send + Sync + 'static,
//! ) -> Result<(), Error> {
//!     let sync = Task::new(sync).name("sync").trigger(Trigger::recur(15 * MINUTE));
//!     sched.add(sync.overlap(Overlap::Skip))?;
//!     Ok(())
//! }
//!
//! // #[test]
//! fn a_slow_sync_never_overlaps_and_leaves_no_gap_of_an_hour() {
//!     let sim = Simulation::new().seed(7);
//!     let worker = sim.clone();
//!     let sync = move || worker.work(MINUTE * (worker.random() % 40) as u32);
//!     set_up(&sim.scheduler(), sync).unwrap();
//!
//!     sim.run_for(365 * 24 * 60 * MINUTE);
//!
//!     let report = sim.report();
//!     let sync = report.task("sync").unwrap();
//!     assert_eq!(sync.max_overlap(), 1);
//!     assert!(sync.longest_gap() < 60 * MINUTE);
//!     assert_eq!(sync.count() + sync.skipped(), 365 * 24 * 4);
//! }
//! # a_slow_sync_never_overlaps_and_leaves_no_gap_of_an_hour();
//! ```
//!
//! [`Simulation::of`] takes the [`SchedulerBuilder`](crate::SchedulerBuilder) of your service, for its executors,
//! limits and history. `sim.scheduler()` is a [`Scheduler`](crate::Scheduler) as any other: tasks may be added,
//! paused, cancelled and asked for between two runs.
//!
//! # What can be asked afterwards
//!
//! | question | answer |
//! | --- | --- |
//! | how often and when did it run? | [`count`](crate::sim::TaskReport::count), [`starts`](crate::sim::TaskReport::starts), [`attempts`](crate::sim::TaskReport::attempts) |
//! | was there a time without it? | [`longest_gap`](crate::sim::TaskReport::longest_gap) |
//! | was it late, did it take long? | [`longest_delay`](crate::sim::TaskReport::longest_delay), [`longest_run`](crate::sim::TaskReport::longest_run) |
//! | did it run beside itself, or too much at a time? | [`TaskReport::max_overlap`], [`Report::max_overlap`] |
//! | what did not run, and why? | [`passed_over`](crate::sim::TaskReport::passed_over), [`skipped`](crate::sim::TaskReport::skipped), [`missed`](crate::sim::TaskReport::missed) |
//! | what happened, from the first to the last? | [`Simulation::trace`], which prints as a timeline |
//!
//! A report prints as a table, a line a task. Print it when an assertion fails, and the trace around the time in
//! question.
//!
//! # What may go wrong
//!
//! [`Simulation::fault_at`] and [`fault_in`](crate::sim::Simulation::fault_in) have it go wrong when you say so:
//!
//! | fault | what happens |
//! | --- | --- |
//! | [`Fault::outage`] | the process stands still, and time goes on |
//! | [`Fault::suspend`] | the machine sleeps: only the wall clock goes on |
//! | [`Fault::clock_forward`], [`clock_back`](crate::sim::Fault::clock_back), [`clock_set`](crate::sim::Fault::clock_set) | somebody sets the wall clock |
//! | [`Fault::workers_paused`] | no worker begins or goes on |
//! | [`Fault::slow_start`], [`slow_work`](crate::sim::Fault::slow_work) | workers take their time |
//! | [`Fault::panic`] | the next execution of a task panics |
//!
//! ```
//! use std::time::Duration;
//! use pysched::sim::{Fault, Simulation};
//! use pysched::{Misfire, Task, Trigger};
//!
//! const HOUR: Duration = Duration::from_secs(3600);
//!
//! let sim = Simulation::new();
//! let report = Task::new(|| ()).name("report").trigger(Trigger::recur(HOUR)).misfire(Misfire::RunAll);
//! sim.scheduler().add(report)?;
//! sim.fault_in(10 * HOUR - HOUR / 2, Fault::outage(3 * HOUR));
//! sim.run_for(24 * HOUR);
//!
//! let report = sim.report();
//! let report = report.task("report").unwrap();
//! assert_eq!(report.count(), 24); // each hour has its report, three of them late
//! assert_eq!(report.longest_delay(), 2 * HOUR + HOUR / 2);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # Futures
//!
//! A future that awaits [`Simulation::sleep`] lets others go on meanwhile, and can be cancelled there; a function
//! runs to its end when it begins, and others see its outcome when the time is over for which it has worked.
//! Futures that await channels, or other executions, work as anywhere. Timers and sockets of a runtime do not:
//! they know nothing of virtual time.
//!
//! # What it is not for
//!
//! It runs your schedule, not your threads: what two tasks do to shared data at the same time is not tried. How
//! punctual a machine is, and how fast, it cannot say either. And where a test wants no more than to move the time
//! on for a scheduler with threads, there is [`ManualClock`](crate::ManualClock).
//!
//! `cargo run --example simulate` has the year of a nightly schedule: two nights in which clocks are changed, an
//! outage, and a task that is slow at times.
//!
//! [`Simulation`]: crate::sim::Simulation
//! [`Simulation::fault_at`]: crate::sim::Simulation::fault_at
//! [`Simulation::of`]: crate::sim::Simulation::of
//! [`Simulation::sleep`]: crate::sim::Simulation::sleep
//! [`Simulation::trace`]: crate::sim::Simulation::trace
//! [`Report::max_overlap`]: crate::sim::Report::max_overlap
//! [`TaskReport::max_overlap`]: crate::sim::TaskReport::max_overlap
//! [`Fault::outage`]: crate::sim::Fault::outage
//! [`Fault::suspend`]: crate::sim::Fault::suspend
//! [`Fault::clock_forward`]: crate::sim::Fault::clock_forward
//! [`Fault::workers_paused`]: crate::sim::Fault::workers_paused
//! [`Fault::slow_start`]: crate::sim::Fault::slow_start
//! [`Fault::panic`]: crate::sim::Fault::panic
