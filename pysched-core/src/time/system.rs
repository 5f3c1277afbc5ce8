//! [`SystemClock`]: real time.

use std::time::{Duration, Instant, SystemTime};

use super::slack::Sharp;
use super::{Clock, Parker};

/// The computer's own clocks: what a scheduler uses unless told otherwise.
///
/// [`Instant`] gives the time that intervals are measured with, [`SystemTime`] the wall clock.
/// Waiting costs nothing: the thread sleeps in the kernel until the deadline or an unpark.
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
    origin: Instant,
}

impl SystemClock {
    /// Makes a clock whose origin is now.
    ///
    /// ```
    /// use pysched::{Scheduler, SystemClock};
    ///
    /// let sched = Scheduler::builder().clock(SystemClock::new()).build(); // as without it
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        match until {
            None => parker.park(),
            Some(until) => {
                let _sharp = Sharp::new();
                parker.park_timeout(until.saturating_sub(self.now()));
            }
        }
    }
}
