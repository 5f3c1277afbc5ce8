//! Late runs: what makes a run late, which late runs still take place, and how to find out why one did
//! not.
//!
//! A run is due at the time that its trigger names, and late by as much as it starts after that. Most
//! runs are late by microseconds, which is no matter. These are the ways to be late by more:
//!
//! | what holds it up | what is found when that is over |
//! | --- | --- |
//! | the scheduler was not started yet, or was paused; the process was stopped; the machine slept | all runs that have come meanwhile, at once |
//! | the task was paused | the same, of that task |
//! | the wall clock was set forward, past times of a [calendar](crate::Trigger::cron) | the same, of all calendars |
//! | no worker is free, or there is no room under the [limit of a tag](crate::SchedulerBuilder::limit) | one run that waits, whose place the next one takes; under `RunAll`, all of them |
//!
//! A run that is due while an earlier execution of its task still runs is another matter: that is
//! [overlap](super::overlap). The delay of a [jitter](crate::Trigger::jitter) is no lateness either: a
//! run with jitter is due when its delay is over. On Linux, intervals do not go on while the machine
//! sleeps, so only calendars and [`Trigger::at`] are late after that.
//!
//! # Which of them are run
//!
//! [`Task::misfire`] says so. Of three runs that are found at once, the newest of them late by 20 s:
//!
//! | policy | the oldest | the next | the newest |
//! | --- | --- | --- | --- |
//! | [`Misfire::RunOnce`], unless set | missed | missed | runs, for all three |
//! | [`Misfire::RunAll`] | runs | runs after that | runs after that |
//! | [`Misfire::Skip`] | missed | missed | missed |
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Misfire, Scheduler, Status, Task, Trigger};
//! use Status::{Missed, Succeeded};
//!
//! for (misfire, expected) in [
//!     (Misfire::RunOnce, [Missed, Missed, Succeeded]),
//!     (Misfire::RunAll, [Succeeded, Succeeded, Succeeded]),
//!     (Misfire::Skip, [Missed, Missed, Missed]),
//! ] {
//!     let clock = ManualClock::new();
//!     let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//!     let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(60)).misfire(misfire))?;
//!     sched.start()?;
//!
//!     clock.advance(Duration::from_secs(200)); // as if the process had been stopped
//!     let fates: Vec<Status> = sched.results(&handle).iter().map(|run| run.status).collect();
//!     assert_eq!(fates, expected, "{misfire:?}");
//! }
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! `RunOnce` is right for what brings something up to date: a backup, a clean-up, a report on the
//! state of things. It is late, but it is done, and once is enough. `RunAll` is right where each run has
//! a period of its own, such as the bill for each day; [`Current::due`] tells a run which one it is. `Skip`
//! is right for what makes no sense later, such as a reminder.
//!
//! While a task under `RunAll` catches up, as many of its runs are under way as its [overlap
//! policy](super::overlap) allows, one unless told otherwise, and none is skipped. What comes meanwhile is
//! caught up with, too.
//!
//! Under `Skip`, a run that starts within a second of its time is not late, or a machine that is busy for
//! a moment would lose runs. [`Misfire::TOLERANCE`] is that second; a grace takes its place.
//!
//! # Grace
//!
//! Under any policy, [`Task::grace`] says how late a run may start. What would be later is recorded as
//! missed, with how late it was:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Reason, Scheduler, Status, Task, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
//! let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(3600)).grace(minutes(10)))?;
//! sched.start()?;
//!
//! clock.advance(minutes(65)); // 5 minutes late
//! clock.advance(minutes(75)); // 20 minutes late
//! let runs = sched.results(&handle);
//! assert_eq!(runs[0].status, Status::Succeeded);
//! assert_eq!(runs[1].status, Status::Missed);
//! assert_eq!(runs[1].reason, Some(Reason::TooLate(minutes(20))));
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! It is looked at twice: when the run is found to be due, and when a worker takes it. So a run that
//! has waited too long for a worker is not begun either. After the first attempt it counts no more:
//! a [retry](super::failure) is as late as it has to be.
//!
//! Without a grace, no run is too late, unless under `Skip`. A nightly job whose machine was off until
//! noon then runs at noon. If it must not, give it a grace.
//!
//! # Pausing
//!
//! [`Handle::pause`] holds the runs of a task back until [`Handle::resume`]. The same by id is
//! [`Scheduler::pause`], for all tasks of a name or a tag [`Selection::pause`], and for everything
//! [`Scheduler::pause_all`]. What runs goes on. What waits for a worker waits on while its task is paused;
//! while the scheduler as a whole is, what its executors have been given already is run. To resume is
//! the end of a standstill like any other, so `misfire` and `grace` decide:
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
//! handle.pause()?;
//! assert_eq!(handle.next_run(), None);
//! clock.advance(Duration::from_secs(200));
//! assert!(sched.results(&handle).is_empty()); // nobody has looked at them yet
//!
//! handle.run_now()?; // also while it is paused
//! clock.advance(Duration::ZERO); // returns when what is due has run
//! assert_eq!(sched.results(&handle).len(), 1);
//!
//! handle.resume()?;
//! clock.advance(Duration::ZERO);
//! let fates: Vec<Status> = sched.results(&handle)[1..].iter().map(|run| run.status).collect();
//! assert_eq!(fates, [Status::Missed, Status::Missed, Status::Succeeded]);
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! If what came in the pause is of no interest at all, [`Handle::reschedule`] with the same trigger
//! drops it, and the series begins anew.
//!
//! # Why a run was missed
//!
//! Nothing is dropped silently: [`Scheduler::results`] has each run that was missed, as far as the history
//! goes back, [`Stats`](crate::Stats) counts them all, and [listeners](super::observing) are told. Each has
//! its [`Reason`]:
//!
//! | reason | why it was missed |
//! | --- | --- |
//! | [`TooLate`](crate::Reason::TooLate) | it was later than its grace, by so much in all |
//! | [`Coalesced`](crate::Reason::Coalesced) | a newer run stood in for it: the one that was due then |
//! | [`Rescheduled`](crate::Reason::Rescheduled) | the task was given another trigger before anybody had looked at it |
//!
//! Of a task that is cancelled in a pause, the runs that had come are [`Skipped`](crate::Status::Skipped),
//! as [`Paused`](crate::Reason::Paused). Runs that were missed are none of those that [`Task::times`] counts.
//!
//! [`Scheduler::explain`] says it in words, and what the task waits for now:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Task, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let task = Task::new(|| ()).name("backup").trigger(Trigger::recur(3600));
//! let backup = sched.add(task.grace(Duration::from_secs(60)))?;
//! sched.start()?;
//! clock.advance(Duration::from_secs(3690));
//!
//! let words = sched.explain(&backup);
//! assert!(words.contains("is due in 58m 30s"), "{words}");
//! assert!(words.contains("was missed: it was 90s late, which is beyond its grace"), "{words}");
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # The same elsewhere
//!
//! What others do unless told otherwise:
//!
//! | | a run may be late by | of several that are late | after a pause |
//! | --- | --- | --- | --- |
//! | pysched | any time | the newest runs, the others are recorded as missed | as after any standstill |
//! | APScheduler 3.11 | 1 s, counted when a worker takes it | the newest, and nothing is told of the others | goes on with the next run |
//! | APScheduler 4.0.0a6 | any time | the newest | goes on where it was |
//! | Quartz 2 | 60 s, without being a misfire | depends on the trigger: a cron trigger fires once at once, a simple one that repeats for ever goes on with the next | the same |
//! | Temporal's schedules | a year | each is looked at, and the overlap policy decides | goes on with the next run |
//!
//! [`Current::due`]: crate::Current::due
//! [`Handle::pause`]: crate::Handle::pause
//! [`Handle::reschedule`]: crate::Handle::reschedule
//! [`Handle::resume`]: crate::Handle::resume
//! [`Misfire::RunAll`]: crate::Misfire::RunAll
//! [`Misfire::RunOnce`]: crate::Misfire::RunOnce
//! [`Misfire::Skip`]: crate::Misfire::Skip
//! [`Misfire::TOLERANCE`]: crate::Misfire::TOLERANCE
//! [`Reason`]: crate::Reason
//! [`Scheduler::explain`]: crate::Scheduler::explain
//! [`Scheduler::pause`]: crate::Scheduler::pause
//! [`Scheduler::pause_all`]: crate::Scheduler::pause_all
//! [`Scheduler::results`]: crate::Scheduler::results
//! [`Selection::pause`]: crate::Selection::pause
//! [`Task::grace`]: crate::Task::grace
//! [`Task::misfire`]: crate::Task::misfire
//! [`Task::times`]: crate::Task::times
//! [`Trigger::at`]: crate::Trigger::at
