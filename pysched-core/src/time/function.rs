//! [`FnClock`]: a clock made of two functions, as Python's `sched` takes them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::{Clock, Parker};

/// One call of `delayfunc` should take no longer than this of real time.
const LONGEST_CALL: Duration = Duration::from_millis(10);

/// What the first call of `delayfunc` is asked to wait.
const FIRST_SLICE: Duration = Duration::from_millis(1);

/// A clock made of a function that tells the time and one that lets time pass, both in seconds.
///
/// With a `timefunc` and a `delayfunc` that only count, a whole schedule runs as fast as its tasks
/// do. `timefunc` must not go back; a reading that does, or is not a number, is replaced by the
/// latest good one. The wall clock starts at the real time of creation and follows `timefunc`.
///
/// # Tasks added while it waits
///
/// A `delayfunc` cannot be interrupted, so a long wait is made of many calls: the first is short,
/// and each is twice as long as the one before for as long as a call returns within a few
/// milliseconds of *real* time. A task that another thread adds is noticed between two calls. With
/// a `delayfunc` that really sleeps, that is within about 10 ms; with one that only counts, a wait
/// of any length is a few dozen calls. While there is no task at all, `delayfunc` is not called
/// and the scheduler really sleeps.
///
/// In simulated time use an [`InlineExecutor`](crate::InlineExecutor), so that time stands still
/// while a task runs; with a pool of threads, simulated time runs ahead of the tasks.
///
/// # Example
///
/// A day in a moment:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use pysched::{FnClock, InlineExecutor, Scheduler, Task, Trigger};
///
/// let time = Arc::new(Mutex::new(0.0));
/// let clock = FnClock::new(
///     { let time = Arc::clone(&time); move || *time.lock().unwrap() },
///     { let time = Arc::clone(&time); move |seconds| *time.lock().unwrap() += seconds },
/// );
/// let sched = Scheduler::builder().clock(clock).executor(InlineExecutor).build();
/// let hourly = sched.add(Task::new(|| ()).trigger(Trigger::recur(3600)).times(24))?;
/// sched.start()?;
/// for _ in 0..24 {
///     hourly.wait();
/// }
/// assert!(*time.lock().unwrap() >= 86_400.0);
/// # Ok::<(), pysched::Error>(())
/// ```
pub struct FnClock {
    timefunc: Box<dyn Fn() -> f64 + Send + Sync>,
    delayfunc: Box<dyn Fn(f64) + Send + Sync>,

    /// The first reading: moment zero.
    origin: f64,

    /// The real wall-clock time of the first reading.
    started: SystemTime,

    /// The latest reading since the origin, in nanoseconds; readings never fall below it.
    latest: AtomicU64,

    /// How long the next call of `delayfunc` may be asked to wait, in nanoseconds.
    slice: AtomicU64,
}

impl FnClock {
    /// Makes a clock of `timefunc`, the time in seconds since any origin, and `delayfunc`, which
    /// returns when so many seconds of that time have passed.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use pysched::{Clock, FnClock};
    ///
    /// let origin = Instant::now();
    /// let clock = FnClock::new(
    ///     move || origin.elapsed().as_secs_f64(),
    ///     |seconds| std::thread::sleep(Duration::from_secs_f64(seconds)),
    /// );
    /// assert!(clock.now() < Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn new(
        timefunc: impl Fn() -> f64 + Send + Sync + 'static,
        delayfunc: impl Fn(f64) + Send + Sync + 'static,
    ) -> Self {
        let origin = timefunc();
        Self {
            timefunc: Box::new(timefunc),
            delayfunc: Box::new(delayfunc),
            origin: if origin.is_finite() { origin } else { 0.0 },
            started: SystemTime::now(),
            latest: AtomicU64::new(0),
            slice: AtomicU64::new(nanoseconds(FIRST_SLICE)),
        }
    }

    /// Calls `delayfunc` once, for at most `rest`.
    fn delay_a_slice(&self, rest: Duration) {
        let slice = Duration::from_nanos(self.slice.load(Ordering::Relaxed));
        // Far from the origin a short delay may be lost in the rounding of `time + delay`; a clock
        // that adds it up would then stand still for ever. The least delay is what rounding keeps.
        let reading = (self.timefunc)();
        let least = if reading.is_finite() { reading.next_up() - reading } else { 0.0 };
        let begun = Instant::now();
        (self.delayfunc)(rest.min(slice).as_secs_f64().max(least));
        let took = begun.elapsed();
        if took > LONGEST_CALL {
            self.slice.store(nanoseconds(slice / 2).max(1000), Ordering::Relaxed);
        } else if took < LONGEST_CALL / 2 && rest >= slice {
            self.slice.store(nanoseconds(slice.saturating_mul(2)), Ordering::Relaxed);
        }
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Clock for FnClock {
    fn now(&self) -> Duration {
        let since_origin = (self.timefunc)() - self.origin;
        // NaN and readings before the origin count as no progress.
        let reading = Duration::try_from_secs_f64(since_origin).map_or(0, nanoseconds);
        let latest = self.latest.fetch_max(reading, Ordering::Relaxed);
        Duration::from_nanos(latest.max(reading))
    }

    fn wall(&self) -> SystemTime {
        self.started.checked_add(self.now()).unwrap_or(self.started)
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        let Some(until) = until else { return parker.park() };
        loop {
            let rest = until.saturating_sub(self.now());
            if rest.is_zero() || parker.take_token() {
                return;
            }
            self.delay_a_slice(rest);
        }
    }

    fn watch_wall(&self, _: &Parker) -> bool {
        // It goes with `now` and cannot be set: there is nothing to tell.
        true
    }
}

impl fmt::Debug for FnClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnClock").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Mutex;
    use std::sync::Arc;

    /// A simulated clock that starts at `start`, and how often its `delayfunc` was called.
    fn simulated(start: f64) -> (FnClock, Arc<Mutex<(f64, u32)>>) {
        let shared = Arc::new(Mutex::new((start, 0)));
        let (reader, writer) = (Arc::clone(&shared), Arc::clone(&shared));
        let clock = FnClock::new(
            move || reader.lock().0,
            move |seconds| {
                let mut state = writer.lock();
                state.0 += seconds;
                state.1 += 1;
            },
        );
        (clock, shared)
    }

    #[test]
    fn a_year_is_a_few_calls() {
        let (clock, shared) = simulated(0.0);
        clock.wait(&Parker::new(), Some(Duration::from_hours(365 * 24)));
        assert!(clock.now() >= Duration::from_hours(365 * 24));
        assert!(shared.lock().1 < 100, "{} calls", shared.lock().1);
    }

    #[test]
    fn a_delay_below_the_rounding_of_the_reading_still_ends() {
        let (clock, _) = simulated(1e15);
        clock.wait(&Parker::new(), Some(Duration::from_nanos(1)));
        assert!(clock.now() >= Duration::from_nanos(1));
    }

    #[test]
    fn a_token_ends_the_wait_between_two_calls() {
        let (clock, shared) = simulated(0.0);
        let parker = Parker::new();
        parker.unpark();
        clock.wait(&parker, Some(Duration::from_mins(1)));
        assert_eq!(shared.lock().1, 0);
    }

    #[test]
    fn bad_readings_are_no_progress() {
        let reading = Arc::new(Mutex::new(10.0));
        let clock = FnClock::new(
            {
                let reading = Arc::clone(&reading);
                move || *reading.lock()
            },
            |_| (),
        );
        *reading.lock() = 12.0;
        assert_eq!(clock.now(), Duration::from_secs(2));
        for bad in [f64::NAN, f64::NEG_INFINITY, 3.0, 11.0] {
            *reading.lock() = bad;
            assert_eq!(clock.now(), Duration::from_secs(2), "{bad}");
        }
    }
}
