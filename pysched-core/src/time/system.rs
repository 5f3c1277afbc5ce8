//! [`SystemClock`]: real time.

use std::hint;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::elapsed::Origin;
use super::pace::{Pace, Plan};
use super::slack::Sharp;
#[cfg(target_os = "linux")]
use super::watch;
use super::{Clock, Moment, Parker, Precision};
use crate::sync::Mutex;

/// The computer's own clocks: what a scheduler uses unless told otherwise.
///
/// The monotonic clock, which [`Instant`](std::time::Instant) reads too, gives the time that intervals
/// are measured with, [`SystemTime`] the wall clock.
///
/// Waiting is mostly sleeping: with nothing to wait for, the thread sleeps in the kernel until it is
/// unparked; with a deadline, until shortly before that, and spins for the rest. How much of that
/// there may be is its [`Precision`]. What has been spent, and how late the system wakes threads, is
/// known to a clock and its clones in common: schedulers that are given clones share one budget, and
/// those that are given clocks of their own have one each.
///
/// The wall clock may be set, by hand, by NTP, or since the computer was asleep. Tasks that wait for
/// a time on it are then timed anew. On Linux the kernel says when that happens, to a thread named
/// `pysched-clock` that exists while such tasks do, one for all schedulers; it makes no wake-ups
/// until then. On other systems, and where Linux cannot say so, the scheduler looks every 10 seconds
/// while such tasks wait.
///
/// ```
/// use pysched::{Clock, SystemClock};
///
/// let clock = SystemClock::new();
/// let earlier = clock.now();
/// assert!(clock.now() >= earlier);
/// ```
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Origin,
    precision: Precision,

    /// Locked for a few instructions before a sleep and after it, never during it.
    pace: Arc<Mutex<Pace>>,
}

impl SystemClock {
    /// Makes a clock whose origin is now, of the default precision.
    ///
    /// ```
    /// use pysched::{Scheduler, SystemClock};
    ///
    /// let sched = Scheduler::builder().clock(SystemClock::new()).build(); // as without it
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let precision = Precision::default();
        let pace = Arc::new(Mutex::new(Pace::new(precision.terms())));
        Self { origin: Origin::now(), precision, pace }
    }

    /// Sets how punctual waits are, and what they may cost. Clones that were made before keep what
    /// they have.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Clock, Parker, Precision, SystemClock};
    ///
    /// let clock = SystemClock::new().precision(Precision::Precise);
    /// let until = clock.now() + Duration::from_millis(1);
    /// clock.wait(&Parker::new(), Some(until));
    /// assert!(clock.now() >= until);
    /// ```
    #[must_use]
    pub fn precision(self, precision: Precision) -> Self {
        let pace = Arc::new(Mutex::new(Pace::new(precision.terms())));
        Self { precision, pace, ..self }
    }

    /// What the clock shows, as a number.
    pub(super) fn moment(&self) -> Moment {
        Moment::from_nanos(self.origin.elapsed())
    }

    /// Sleeps as planned; says whether it did so until the end, and was not woken before.
    fn sleep(&self, parker: &Parker, now: Duration, plan: Plan) -> bool {
        let unparked = {
            let _sharp = (self.precision != Precision::Economical).then(Sharp::new);
            parker.parked_timeout(plan.wake.saturating_sub(now))
        };
        let woken = self.now();
        if unparked || woken < plan.wake {
            return false;
        }
        self.pace.lock().woke(plan, woken);
        true
    }

    /// Spins as planned, or until there is a token.
    fn spin(&self, parker: &Parker, plan: Plan) {
        let begun = self.now();
        let mut now = begun;
        while now < plan.end && !parker.has_token() {
            hint::spin_loop();
            now = self.now();
        }
        // What is beyond the end was not spun: the thread was not running.
        self.pace.lock().spun(begun, now.min(plan.end));
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.moment().since_origin()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        let Some(until) = until else { return parker.park() };
        let now = self.now();
        if now < until {
            let plan = self.pace.lock().plan(now, until);
            if now < plan.wake && !self.sleep(parker, now, plan) {
                // Whoever waits looks at what has changed, and waits again.
                return;
            }
            self.spin(parker, plan);
        }
        let _ = parker.take_token();
    }

    #[cfg(target_os = "linux")]
    fn watch_wall(&self, parker: &Parker) -> bool {
        watch::register(parker)
    }

    #[cfg(target_os = "linux")]
    fn unwatch_wall(&self, parker: &Parker) {
        watch::unregister(parker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const ALL: [Precision; 3] = [Precision::Precise, Precision::Balanced, Precision::Economical];

    #[test]
    fn never_early() {
        for precision in ALL {
            let clock = SystemClock::new().precision(precision);
            let parker = Parker::new();
            for micros in (0..2000).step_by(20) {
                let until = clock.now() + Duration::from_micros(micros);
                // It may wake for no reason; nobody unparks it.
                while clock.now() < until {
                    clock.wait(&parker, Some(until));
                }
            }
        }
    }

    #[test]
    fn a_token_ends_any_wait() {
        for precision in ALL {
            let clock = SystemClock::new().precision(precision);
            let parker = Parker::new();
            for wait in [None, Some(Duration::from_hours(1)), Some(Duration::ZERO)] {
                parker.unpark();
                clock.wait(&parker, wait.map(|wait| clock.now() + wait));
                assert!(!parker.has_token());
            }
            assert!(clock.now() < Duration::from_mins(30));
        }
    }

    #[test]
    fn an_unpark_ends_a_sleep() {
        let clock = SystemClock::new();
        let parker = Parker::new();
        let waiter = thread::spawn({
            let (clock, parker) = (clock.clone(), parker.clone());
            move || clock.wait(&parker, Some(Duration::from_hours(1)))
        });
        parker.unpark();
        waiter.join().unwrap();
        assert!(clock.now() < Duration::from_mins(30));
    }

    #[test]
    fn an_unpark_ends_a_spin() {
        let clock = SystemClock::new();
        let parker = Parker::new();
        let spinner = thread::spawn({
            let (clock, parker) = (clock.clone(), parker.clone());
            move || clock.spin(&parker, Plan::spin_until(Duration::from_hours(1)))
        });
        parker.unpark();
        spinner.join().unwrap();
        assert!(clock.now() < Duration::from_mins(30));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_timers_of_the_thread_that_waited_are_as_before() {
        let slack = || rustix::thread::current_timer_slack().unwrap();
        let before = slack();
        let clock = SystemClock::new();
        clock.wait(&Parker::new(), Some(clock.now() + Duration::from_millis(1)));
        assert_eq!(slack(), before);
        assert_eq!(thread::spawn(slack).join().unwrap(), before);
    }
}
