//! [`ManualClock`]: time that moves only when it is told to.
//!
//! `advance` is of use in tests only if what became due has been dispatched when it returns. The
//! protocol for that: a scheduler's thread is *awake* from [`attach`](Clock::attach) on, *asleep*
//! while it is inside [`wait`](Clock::wait) with nothing to do there, and awake again before it
//! leaves, until [`detach`](Clock::detach). It counts as asleep only while its deadline is ahead
//! and nobody has unparked it since it fell asleep; the parker's count of unparks tells that
//! without a race. `advance` moves the time, wakes the sleepers whose deadline it reached, and waits
//! until everyone sleeps. The loom model is one of a whole scheduler, in `scheduler/models.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::{Clock, Moment, Parker, Timeline};
use crate::sync::thread::{self, ThreadId};
use crate::sync::{Condvar, Mutex};

/// How long `advance` waits for schedulers to catch up. Only a task that runs on the scheduler's
/// own thread, and does not return, is slower than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// A clock for tests: time stands still until [`advance`](Self::advance) moves it.
///
/// Clones are the same clock: give one to the scheduler and keep one. It starts at the wall-clock
/// time of its creation. One clock may serve several schedulers.
///
/// Time jumps: `advance` by an hour is one step of an hour, as when a laptop was asleep, and a task
/// that recurs every minute then runs once for all the runs it missed
/// (see [`Status::Missed`](crate::Status::Missed)). To see each run, advance in steps.
///
/// ```
/// use std::time::Duration;
/// use pysched::{InlineExecutor, ManualClock, Scheduler, Trigger};
///
/// let clock = ManualClock::new();
/// let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
/// let handle = sched.delay(Trigger::once(3600), 0, || "an hour later")?;
/// sched.start()?;
///
/// clock.advance(Duration::from_secs(3599));
/// assert!(!handle.future().done());
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(handle.future().wait().unwrap(), &"an hour later");
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,

    /// Notified whenever a sleeper falls asleep or is gone.
    asleep: Condvar,
}

#[derive(Debug)]
struct State {
    now: Moment,
    timeline: Timeline,
    sleepers: Vec<Sleeper>,
}

/// A scheduler's thread, as far as this clock knows it.
#[derive(Debug)]
struct Sleeper {
    parker: Parker,

    /// Which thread that is.
    thread: ThreadId,

    /// What it sleeps for; `None` while it is awake.
    sleep: Option<Sleep>,
}

#[derive(Debug)]
struct Sleep {
    until: Moment,

    /// The parker's count of unparks when this sleep began.
    unparks: u64,
}

impl Sleeper {
    fn is_settled(&self, now: Moment) -> bool {
        self.sleep
            .as_ref()
            .is_some_and(|sleep| sleep.until > now && sleep.unparks == self.parker.unparks())
    }
}

impl ManualClock {
    /// Makes a clock that stands still at the present wall-clock time.
    ///
    /// ```
    /// use pysched::{Clock, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// assert_eq!(clock.wall(), clock.wall());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let now = Moment::default();
        let timeline = Timeline::through(now, SystemTime::now());
        let state = State { now, timeline, sleepers: Vec::new() };
        Self { shared: Arc::new(Shared { state: Mutex::new(state), asleep: Condvar::new() }) }
    }

    /// Moves the time forward by `duration`, in one step.
    ///
    /// Returns when the schedulers that use this clock have handed everything that became due to
    /// their executors, and so, with an [`InlineExecutor`](crate::InlineExecutor), have run it. It
    /// does not wait for workers of a pool; for that, wait on the futures. Called from inside a
    /// task on the scheduler's own thread, or while such a task blocks for more than five seconds, it
    /// moves the time and returns.
    ///
    /// It blocks the calling thread until then. In the test of async code, call it on a thread for
    /// blocking calls (`spawn_blocking`), if a task that is due needs the runtime to get on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Clock, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let before = clock.wall();
    /// clock.advance(Duration::from_millis(1500));
    /// assert_eq!(clock.now(), Duration::from_millis(1500));
    /// assert_eq!(clock.wall(), before + Duration::from_millis(1500));
    /// ```
    pub fn advance(&self, duration: Duration) {
        let later = |now: Moment| now.saturating_add(duration).min(Moment::LAST);
        self.change(|state| state.now = later(state.now), false);
    }

    /// Sets the wall clock, as an administrator or NTP would. Intervals do not notice; tasks that
    /// wait for a wall-clock time are timed anew. Returns when that has been done, and blocks as
    /// [`advance`](Self::advance) until then.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Clock, ManualClock};
    ///
    /// let clock = ManualClock::new();
    /// let new_year = SystemTime::UNIX_EPOCH + Duration::from_secs(1_798_761_600);
    /// clock.set_wall(new_year);
    /// assert_eq!(clock.wall(), new_year);
    /// assert_eq!(clock.now(), Duration::ZERO);
    /// ```
    pub fn set_wall(&self, time: SystemTime) {
        self.change(|state| state.timeline = Timeline::through(state.now, time), true);
    }

    /// The time since this clock was made, as moved by [`advance`](Self::advance).
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// clock.advance(Duration::from_secs(5));
    /// assert_eq!(clock.now(), Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.state.lock().now.since_origin()
    }

    /// What the wall clock shows.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use pysched::ManualClock;
    ///
    /// let clock = ManualClock::new();
    /// clock.set_wall(SystemTime::UNIX_EPOCH);
    /// assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH);
    /// ```
    #[must_use]
    pub fn wall(&self) -> SystemTime {
        let state = self.shared.state.lock();
        state.timeline.wall_at(state.now)
    }

    /// Applies a change and waits for the sleepers that it concerns.
    fn change(&self, apply: impl FnOnce(&mut State), wake_all: bool) {
        let mut state = self.shared.state.lock();
        apply(&mut state);
        let now = state.now;
        for sleeper in &state.sleepers {
            if wake_all || sleeper.sleep.as_ref().is_some_and(|sleep| sleep.until <= now) {
                sleeper.parker.unpark();
            }
        }
        let me = thread::current().id();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let settled = state.sleepers.iter().all(|it| it.thread == me || it.is_settled(now));
            let rest = deadline.saturating_duration_since(Instant::now());
            if settled || rest.is_zero() {
                return;
            }
            state = self.shared.asleep.wait_timeout(state, rest);
        }
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.now()
    }

    fn wall(&self) -> SystemTime {
        self.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        let until = until.map_or(Moment::NEVER, Moment::from_origin);
        let set_sleep = |state: &mut State, sleep: Option<Sleep>| {
            if let Some(sleeper) = state.sleepers.iter_mut().find(|it| it.parker.is(parker)) {
                sleeper.sleep = sleep;
            }
        };
        {
            let mut state = self.shared.state.lock();
            // The count is read before the token is looked for: an unpark between the two shows in
            // the count, one before both has left its token.
            let unparks = parker.unparks();
            if until <= state.now || parker.take_token() {
                return;
            }
            set_sleep(&mut state, Some(Sleep { until, unparks }));
            self.shared.asleep.notify_all();
        }
        parker.park();
        set_sleep(&mut self.shared.state.lock(), None);
    }

    fn attach(&self, parker: &Parker) {
        let thread = thread::current().id();
        let sleeper = Sleeper { parker: parker.clone(), thread, sleep: None };
        self.shared.state.lock().sleepers.push(sleeper);
    }

    fn watch_wall(&self, _: &Parker) -> bool {
        // `set_wall` wakes whoever is attached.
        true
    }

    fn detach(&self, parker: &Parker) {
        self.shared.state.lock().sleepers.retain(|sleeper| !sleeper.parker.is(parker));
        self.shared.asleep.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn time_moves_only_when_told_to() {
        let clock = ManualClock::new();
        let wall = clock.wall();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now(), Duration::from_millis(1500));
        assert_eq!(clock.wall(), wall + Duration::from_millis(1500));
    }

    #[test]
    fn the_wall_clock_can_be_set_without_moving_the_time() {
        let clock = ManualClock::new();
        clock.set_wall(SystemTime::UNIX_EPOCH);
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(2));
        assert_eq!(clock.now(), Duration::from_secs(2));
    }

    #[test]
    fn advance_returns_when_the_sleeper_sleeps_again() {
        let clock = ManualClock::new();
        let parker = Parker::new();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (attached, until_attached) = mpsc::channel();
        let sleeper = thread::spawn({
            let (clock, parker, seen) = (clock.clone(), parker.clone(), Arc::clone(&seen));
            move || {
                clock.attach(&parker);
                attached.send(()).unwrap();
                for second in 1..=3 {
                    let until = Duration::from_secs(second);
                    while clock.now() < until {
                        clock.wait(&parker, Some(until));
                    }
                    seen.lock().push(second);
                }
                clock.detach(&parker);
            }
        });
        until_attached.recv().unwrap();
        for second in 1..=3 {
            clock.advance(Duration::from_secs(1));
            if second < 3 {
                assert_eq!(*seen.lock(), (1..=second).collect::<Vec<_>>());
            }
        }
        sleeper.join().unwrap();
    }
}
