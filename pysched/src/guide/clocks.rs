//! Clocks: real time, time that a test moves, simulated time, a runtime's time, and a clock of your own.
//!
//! A scheduler asks its [`Clock`] for two times. The *monotonic* one never goes back; intervals and
//! delays run on it. The *wall clock* can be set; [`Trigger::at`], [`Task::starting`] and
//! [`Task::until`] speak of it. The times in an [`Execution`] are wall-clock times.
//!
//! | clock | time passes | use it for |
//! | --- | --- | --- |
//! | [`SystemClock`] | by itself | everything that is not a test: it is the default |
//! | [`ManualClock`] | when you say so | tests |
//! | `TokioClock` | as a tokio runtime says, paused or not; feature `tokio` | tests of async code |
//! | [`FnClock`] | as two functions of yours say | simulations, and code that comes from Python's `sched` |
//! | your own [`Clock`] | as you like | replays, accelerated time |
//!
//! # How punctual real time is
//!
//! A [`SystemClock`] wakes the scheduler a little early and has it spin for the rest, so that it is
//! less than a microsecond late most of the time, where a plain sleep is late by 50 to 100 µs. What
//! spinning may take is limited to a tenth of a core; and with more than 2000 deadlines a second,
//! those that lie within 0.75 ms are served together. [`Precision`] has the limits, and two other
//! sets of them:
//!
//! ```
//! use pysched::{Precision, Scheduler, SystemClock};
//!
//! let clock = SystemClock::new().precision(Precision::Economical); // late by milliseconds, but cheap
//! let sched = Scheduler::builder().clock(clock).build();
//! ```
//!
//! No task is ever early. How late it is besides depends on how busy the processors are: a scheduler
//! cannot wake up on a core that others hold. Systems other than Linux may end a sleep so late that
//! waking early does not make up for it; Windows does unless its timer resolution has been raised.
//!
//! # When the wall clock is set
//!
//! By hand, by NTP, or by the time that passed while the computer was suspended: tasks that wait for a
//! time on the wall are timed anew, also while the scheduler sleeps. One whose time has passed runs at
//! once, one whose time is further off than before waits on. Intervals do not notice.
//!
//! On Linux the kernel says when that happens. A thread, `pysched-clock`, waits for it, one for all
//! schedulers of the process and only while there are such tasks; nothing is asked at intervals. On
//! other systems the scheduler looks at both clocks every 10 seconds while there are such tasks. What
//! moves the wall clock by less than a tenth of a second is no setting but a correction; it makes no
//! task early, and one late by that much at most.
//!
//! # Testing with [`ManualClock`]
//!
//! Give a clone to the scheduler and keep one. [`advance`](crate::ManualClock::advance) returns
//! when everything that became due has been handed to its executor. With an [`InlineExecutor`] it
//! has then also been run, so a test needs neither sleeps nor retries:
//!
//! ```
//! use std::time::Duration;
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Trigger};
//!
//! let clock = ManualClock::new();
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let handle = sched.delay(Trigger::recur(60), 0, || ())?;
//! sched.start()?;
//!
//! for minute in 1..=3 {
//!     clock.advance(Duration::from_secs(60));
//!     assert_eq!(sched.results(&handle).len(), minute);
//! }
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! With a pool of threads, wait for the futures after `advance`.
//!
//! Time jumps: a single `advance` of three minutes is what a process sees that was stopped for
//! three minutes. Of the three runs above, two would be [`Missed`](crate::Status::Missed) and one
//! would run. To see each run, advance in steps.
//!
//! [`set_wall`](crate::ManualClock::set_wall) moves the wall clock alone, as an administrator
//! would. Intervals do not notice; what waits for a wall-clock time is timed anew:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Task, Trigger};
//!
//! let clock = ManualClock::new();
//! let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(12 * 3600);
//! clock.set_wall(noon - Duration::from_secs(60));
//!
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! let lunch = sched.delay(Trigger::at(noon), 0, || ())?;
//! let in_an_hour = sched.delay(Trigger::once(3600), 0, || ())?;
//! sched.start()?;
//!
//! clock.set_wall(noon);
//! lunch.wait();
//! assert!(!in_an_hour.future().done());
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! # Testing on tokio's paused time
//!
//! With the feature `tokio` there is a `TokioClock`. In a test that is annotated with
//! `#[tokio::test(start_paused = true)]`, time jumps whenever the runtime has nothing to do: to its next
//! timer, or with this clock to the next task of the scheduler, if that comes first. Nothing has to be
//! advanced by hand: `sleep(Duration::from_secs(86_400)).await` takes no time, and sees each run of a
//! day at its time. Await what is to come; what blocks the thread of the runtime keeps its time from
//! going on.
//!
//! A scheduler with any other clock stays in its own time there, which the runtime knows nothing of. As
//! nothing else is to do, paused time jumps past its tasks: a `timeout` on one of their futures is over at
//! once.
//!
//! # Simulating with [`FnClock`]
//!
//! Two functions: one tells the time in seconds, the other lets a number of seconds pass. If both
//! only count, a year of a schedule takes as long as its tasks do. The example `own_clock` does so.
//!
//! Use an [`InlineExecutor`] with it. Then time stands still while a task runs; beside a pool of
//! threads, simulated time would run ahead of the tasks. And as nobody can interrupt a function
//! that waits, a long wait is made of many short calls, between which a task that another thread
//! adds is noticed; [its page](crate::FnClock) says how soon.
//!
//! # Writing one
//!
//! Three methods. `wait` has to end when the [`Parker`] is unparked, which is how the scheduler is
//! told of an earlier task; it may return too early, and must not return too late:
//!
//! ```
//! use std::time::{Duration, Instant, SystemTime};
//! use pysched::{Clock, Parker, Scheduler, Trigger};
//!
//! /// Time that passes ten times as fast.
//! struct Fast {
//!     origin: Instant,
//!     started: SystemTime,
//! }
//!
//! impl Clock for Fast {
//!     fn now(&self) -> Duration {
//!         self.origin.elapsed() * 10
//!     }
//!
//!     fn wall(&self) -> SystemTime {
//!         self.started + self.now()
//!     }
//!
//!     fn wait(&self, parker: &Parker, until: Option<Duration>) {
//!         match until {
//!             None => parker.park(),
//!             Some(until) => parker.park_timeout(until.saturating_sub(self.now()) / 10),
//!         }
//!     }
//! }
//!
//! let begun = Instant::now();
//! let clock = Fast { origin: begun, started: SystemTime::now() };
//! let sched = Scheduler::builder().clock(clock).build();
//! let handle = sched.delay(Trigger::once(1), 0, || ())?;
//! sched.start()?;
//! handle.wait();
//! assert!(begun.elapsed() >= Duration::from_millis(100));
//! # Ok::<(), pysched::Error>(())
//! ```
//!
//! If your wall clock can be set, override [`watch_wall`](crate::Clock::watch_wall), and unpark the
//! `Parker` that it was given whenever that happens. Otherwise the scheduler looks every 10 seconds of
//! your clock's time while tasks wait for the wall. A clock that is made of another one passes both
//! this call and [`unwatch_wall`](crate::Clock::unwatch_wall) on to that.
//!
//! A panic in a clock is caught. The scheduler goes by real time until the clock answers again.
//!
//! [`Clock`]: crate::Clock
//! [`Execution`]: crate::Execution
//! [`FnClock`]: crate::FnClock
//! [`InlineExecutor`]: crate::InlineExecutor
//! [`ManualClock`]: crate::ManualClock
//! [`Parker`]: crate::Parker
//! [`Precision`]: crate::Precision
//! [`SystemClock`]: crate::SystemClock
//! [`Task::starting`]: crate::Task::starting
//! [`Task::until`]: crate::Task::until
//! [`Trigger::at`]: crate::Trigger::at
