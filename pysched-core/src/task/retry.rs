//! [`Retry`]: whether, and when, an execution that has failed is tried again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::TaskError;
use crate::unwind::catch;

/// How often, and after which pauses, an execution that has failed is tried again.
///
/// A pause keeps no worker: the next attempt goes through the queue of the scheduler, as every run does.
/// Attempts are numbered from 1, see [`Execution::attempt`](crate::Execution::attempt), and the failed ones
/// are listed in [`Execution::attempts`](crate::Execution::attempts). Whatever fails is tried again: an
/// error, a panic, a timeout, a dead worker; but not what was cancelled.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
/// use pysched::{Retry, Scheduler, Task};
///
/// let calls = AtomicU32::new(0);
/// let task = Task::fallible(move || match calls.fetch_add(1, Ordering::Relaxed) {
///     0 | 1 => Err("no connection"),
///     _ => Ok("a page"),
/// });
/// let sched = Scheduler::new();
/// sched.start()?;
/// let handle = sched.add(task.retry(Retry::times(3).fixed(Duration::from_millis(1))))?;
/// let future = handle.future();
/// assert_eq!(future.wait().unwrap(), &"a page");
/// assert_eq!(future.execution().attempt, 3);
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "it does nothing until it is given to `Task::retry`"]
pub struct Retry {
    times: u32,
    backoff: Backoff,

    /// Whether pauses that grow are shortened at random.
    jitter: bool,
    predicate: Option<Arc<Predicate>>,
}

/// Whether an error is one to try again after.
type Predicate = dyn Fn(&TaskError) -> bool + Send + Sync;

/// How long the pauses are.
#[derive(Debug, Clone, Copy)]
enum Backoff {
    Fixed(Duration),

    /// Doubled each time, up to the longest.
    Exponential {
        first: Duration,
        longest: Duration,
    },
}

impl Retry {
    /// The first pause, unless told otherwise.
    pub const FIRST: Duration = Duration::from_secs(1);

    /// The longest pause, unless told otherwise.
    pub const LONGEST: Duration = Duration::from_mins(1);

    /// Up to `n` attempts after the first. The pauses grow from 1 s to 1 min, unless told otherwise.
    ///
    /// ```
    /// use pysched::{Retry, Task};
    ///
    /// let task = Task::new(|| ()).retry(Retry::times(3)); // called four times at most
    /// ```
    pub const fn times(n: u32) -> Self {
        let backoff = Backoff::Exponential { first: Self::FIRST, longest: Self::LONGEST };
        Self { times: n, backoff, jitter: true, predicate: None }
    }

    /// Sets pauses that are all the same.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::Retry;
    ///
    /// let every_ten_seconds = Retry::times(3).fixed(Duration::from_secs(10));
    /// ```
    pub const fn fixed(mut self, pause: Duration) -> Self {
        self.backoff = Backoff::Fixed(pause);
        self
    }

    /// Sets pauses that are doubled each time: `first`, twice that, four times that, up to `max`.
    ///
    /// Each is shortened at random by up to a half, so that many that have failed together do not come
    /// back together, unless [told otherwise](Self::without_jitter). The rule is "equal jitter" in
    /// [Exponential Backoff And Jitter](https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)
    /// (2015).
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::Retry;
    ///
    /// let patient = Retry::times(10).exponential(Duration::from_secs(2), Duration::from_secs(600));
    /// ```
    pub const fn exponential(mut self, first: Duration, max: Duration) -> Self {
        self.backoff = Backoff::Exponential { first, longest: max };
        self
    }

    /// Takes the growing pauses as they are, in full.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::Retry;
    ///
    /// let second = Duration::from_secs(1);
    /// let exact = Retry::times(3).exponential(second, 60 * second).without_jitter();
    /// ```
    pub const fn without_jitter(mut self) -> Self {
        self.jitter = false;
        self
    }

    /// Tries again only after errors that `predicate` is true of. If it panics, nothing is tried again.
    ///
    /// It is called on the thread that the attempt ended on; for a timeout of a function on a thread, that
    /// is the scheduler's own, which does nothing else meanwhile. So it should not block.
    ///
    /// ```
    /// use std::io;
    /// use pysched::{Retry, TaskError};
    ///
    /// let unless_absent = Retry::times(3).when(|error| match error {
    ///     TaskError::Failed(error) => error
    ///         .downcast_ref::<io::Error>()
    ///         .is_none_or(|error| error.kind() != io::ErrorKind::NotFound),
    ///     _ => true,
    /// });
    /// ```
    pub fn when(mut self, predicate: impl Fn(&TaskError) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// The pause after the attempt of this number, from 1, has failed with `error`; `None` if there is
    /// no other attempt. Runs code of users.
    pub(crate) fn after(&self, attempt: u32, error: &TaskError) -> Option<Duration> {
        if attempt > self.times || matches!(error, TaskError::Cancelled) {
            return None;
        }
        if let Some(predicate) = &self.predicate
            && !catch(|| predicate(error)).unwrap_or(false)
        {
            return None;
        }
        Some(self.pause(attempt, fastrand::f64()))
    }

    /// The pause after the attempt of this number; `random` is from 0 to 1.
    fn pause(&self, attempt: u32, random: f64) -> Duration {
        match self.backoff {
            Backoff::Fixed(pause) => pause,
            Backoff::Exponential { first, longest } => {
                // Beyond 2^31 times the first, it is the longest in any case that makes sense.
                let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
                let full = first.saturating_mul(factor).min(longest);
                if !self.jitter {
                    return full;
                }
                // Floating point may round the longest of all up to more than there is.
                let seconds = full.as_secs_f64() * (1.0 - random / 2.0);
                Duration::try_from_secs_f64(seconds).unwrap_or(full)
            }
        }
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("times", &self.times)
            .field("backoff", &self.backoff)
            .field("jitter", &self.jitter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn pauses_are_doubled_up_to_the_longest() {
        let retry = Retry::times(9).exponential(seconds(1), seconds(10)).without_jitter();
        let pauses: Vec<_> = (1..=6).map(|attempt| retry.pause(attempt, 1.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
    }

    #[test]
    fn as_many_attempts_as_were_asked_for() {
        let error = TaskError::Panicked(String::new());
        let retry = Retry::times(2).fixed(seconds(5));
        let pauses = [1, 2, 3].map(|attempt| retry.after(attempt, &error));
        assert_eq!(pauses, [Some(seconds(5)), Some(seconds(5)), None]);
        assert_eq!(Retry::times(0).after(1, &error), None);
        assert_eq!(retry.after(1, &TaskError::Cancelled), None);
    }

    #[test]
    fn a_predicate_decides_and_may_panic() {
        let error = TaskError::Panicked(String::new());
        let panicked = |error: &TaskError| matches!(error, TaskError::Panicked(_));
        assert!(Retry::times(1).when(panicked).after(1, &error).is_some());
        assert!(Retry::times(1).when(move |it| !panicked(it)).after(1, &error).is_none());
        assert!(Retry::times(1).when(|_| panic!("undecided")).after(1, &error).is_none());
    }

    #[test]
    fn the_longest_pause_of_all_may_be_jittered() {
        let retry = Retry::times(1).exponential(Duration::MAX, Duration::MAX);
        assert_eq!(retry.pause(1, 0.0), Duration::MAX);
        assert!(retry.pause(1, 1.0) < Duration::MAX);
    }

    proptest! {
        #[test]
        fn jitter_takes_half_at_most(
            attempt in any::<u32>(),
            first in any::<Duration>(),
            longest in any::<Duration>(),
            random in 0.0..1.0,
        ) {
            let retry = Retry::times(u32::MAX).exponential(first, longest);
            let full = retry.clone().without_jitter().pause(attempt, random);
            let pause = retry.pause(attempt, random);
            // Floating point loses some digits of long pauses.
            prop_assert!(pause.as_secs_f64() <= full.as_secs_f64() * 1.000_001);
            prop_assert!(pause.as_secs_f64() >= full.as_secs_f64() * 0.499_999);
        }
    }
}
