//! [`Clock`]: the seam between the scheduler and time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Parker;

/// Where a scheduler reads the time and how it waits for it.
///
/// A scheduler asks its clock for nothing else, so that a schedule can run in simulated,
/// accelerated or hand-driven time: [`ManualClock`](crate::ManualClock) and
/// [`FnClock`](crate::FnClock) do that, and so can a clock of your own. All methods may be called
/// from several threads at once. A panic in one of them is caught: the scheduler then goes by real
/// time until the clock answers again.
///
/// # Example
///
/// A clock on which an hour takes a minute:
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// use pysched::{Clock, Parker, Scheduler, Trigger};
///
/// struct Fast {
///     origin: Instant,
///     started: SystemTime,
/// }
///
/// const FACTOR: u32 = 60;
///
/// impl Clock for Fast {
///     fn now(&self) -> Duration {
///         self.origin.elapsed() * FACTOR
///     }
///
///     fn wall(&self) -> SystemTime {
///         self.started + self.now()
///     }
///
///     fn wait(&self, parker: &Parker, until: Option<Duration>) {
///         match until {
///             None => parker.park(),
///             Some(until) => parker.park_timeout(until.saturating_sub(self.now()) / FACTOR),
///         }
///     }
/// }
///
/// let clock = Fast { origin: Instant::now(), started: SystemTime::now() };
/// let sched = Scheduler::builder().clock(clock).build();
/// let handle = sched.delay(Trigger::once(1), 0, || "after a sixtieth of a second")?;
/// sched.start()?;
/// assert_eq!(handle.future().wait().unwrap(), &"after a sixtieth of a second");
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time since some fixed origin of this clock. Never goes back.
    fn now(&self) -> Duration;

    /// What a clock on the wall shows. May be set forward or back at any time.
    fn wall(&self) -> SystemTime;

    /// Blocks the calling thread until [`now`](Self::now) has reached `until`, for ever if there
    /// is none, or until `parker` is unparked.
    ///
    /// May return early for any reason: the scheduler looks at the time again and waits for the
    /// rest. It must not sleep on after `parker` was unparked, or tasks that are added meanwhile
    /// run late.
    fn wait(&self, parker: &Parker, until: Option<Duration>);

    /// Tells the clock of a scheduler that has been started and will wait on `parker`.
    ///
    /// Called once, on the thread that will wait, before its first [`wait`](Self::wait); the
    /// scheduler's `start` returns after it. Does nothing unless overridden; a clock that is moved
    /// by hand wants to know whom it has to wake.
    fn attach(&self, parker: &Parker) {
        let _ = parker;
    }

    /// Asks the clock to unpark `parker` whenever its wall clock is set or jumps, from now on until
    /// [`unwatch_wall`](Self::unwatch_wall); says whether it will.
    ///
    /// Called on the scheduler's thread when the first of its tasks waits for a time on the wall. If
    /// the answer is `false`, as it is unless overridden, the scheduler looks at the wall clock
    /// every 10 seconds of this clock's time for as long as tasks wait for it. A clock that is made
    /// of another one passes the call on, and that of [`unwatch_wall`](Self::unwatch_wall) too.
    ///
    /// ```
    /// use pysched::{Clock, ManualClock, Parker};
    ///
    /// // One that is set by hand knows when that happens.
    /// assert!(ManualClock::new().watch_wall(&Parker::new()));
    /// ```
    fn watch_wall(&self, parker: &Parker) -> bool {
        let _ = parker;
        false
    }

    /// Tells the clock that the scheduler that waits on `parker` need not be told any more when the
    /// wall clock is set. Does nothing unless overridden.
    ///
    /// Called once for each call of [`watch_wall`](Self::watch_wall), whatever that has answered, and
    /// before [`detach`](Self::detach).
    fn unwatch_wall(&self, parker: &Parker) {
        let _ = parker;
    }

    /// Tells the clock that the scheduler that waited on `parker` has ended. Does nothing unless
    /// overridden.
    fn detach(&self, parker: &Parker) {
        let _ = parker;
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn wall(&self) -> SystemTime {
        (**self).wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        (**self).wait(parker, until);
    }

    fn attach(&self, parker: &Parker) {
        (**self).attach(parker);
    }

    fn watch_wall(&self, parker: &Parker) -> bool {
        (**self).watch_wall(parker)
    }

    fn unwatch_wall(&self, parker: &Parker) {
        (**self).unwatch_wall(parker);
    }

    fn detach(&self, parker: &Parker) {
        (**self).detach(parker);
    }
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
