//! [`Parker`]: the place where a scheduler's thread sleeps, and the token that wakes it.
//!
//! The token makes the order of sleeping and waking irrelevant: an `unpark` that comes before the
//! `park` is kept, and the `park` returns at once. Several tokens are one. That is all the
//! scheduler needs in order never to miss a wake-up: whoever changes what it waits for does so
//! under the scheduler's lock and unparks afterwards, and the sleeper looks again under that lock
//! before each sleep. `loom` checks it in `scheduler/alarm.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(any(feature = "tokio", all(test, loom)))]
use super::stand_in::StandIn;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex};

/// A place to sleep that others can end: what [`Clock::wait`](crate::Clock::wait) waits on.
///
/// Like [`std::thread::park`], but for one waiter instead of one thread, so that a clock can hold
/// on to it. Clones are the same place.
///
/// ```
/// use std::time::Duration;
/// use pysched::Parker;
///
/// let parker = Parker::new();
/// parker.unpark();
/// parker.park(); // the token was there: returns at once
/// parker.park_timeout(Duration::from_millis(1)); // nobody wakes it: returns after a millisecond
/// ```
#[derive(Debug, Clone, Default)]
pub struct Parker {
    place: Arc<Place>,
}

#[derive(Debug, Default)]
struct Place {
    state: Mutex<State>,
    unparked: Condvar,

    /// Whether the next `park` returns at once. Changes only under the lock of `state`; a waiter
    /// that spins looks at it without.
    token: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// How many threads are asleep; waking nobody would cost a system call.
    asleep: usize,

    /// How often `unpark` was called; lets a clock tell whether its sleeper has been called since.
    unparks: u64,

    /// Who is told of each token, in the moment in which it is left.
    #[cfg(any(feature = "tokio", all(test, loom)))]
    stand_in: Option<Arc<StandIn>>,
}

impl Parker {
    /// Makes a new place to sleep, without a token.
    ///
    /// ```
    /// assert!(!pysched::Parker::new().take_token());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sleeps until there is a token, and takes it. May also return for no reason. It blocks the calling
    /// thread: it is for clocks, which the scheduler calls on its own.
    ///
    /// ```
    /// let parker = pysched::Parker::new();
    /// let other = parker.clone();
    /// let thread = std::thread::spawn(move || other.unpark());
    /// parker.park();
    /// thread.join().unwrap();
    /// ```
    pub fn park(&self) {
        let mut state = self.place.state.lock();
        if !self.has_token() {
            state.asleep += 1;
            state = self.place.unparked.wait(state);
            state.asleep -= 1;
        }
        self.place.token.store(false, Ordering::Relaxed);
    }

    /// Sleeps as [`park`](Self::park), for at most `limit` of real time.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// pysched::Parker::new().park_timeout(Duration::from_millis(1)); // nobody wakes it
    /// ```
    pub fn park_timeout(&self, limit: Duration) {
        let _ = self.parked_timeout(limit);
    }

    /// As [`park_timeout`](Self::park_timeout); says whether there was a token.
    pub(crate) fn parked_timeout(&self, limit: Duration) -> bool {
        let mut state = self.place.state.lock();
        if !self.has_token() && !limit.is_zero() {
            state.asleep += 1;
            state = self.place.unparked.wait_timeout(state, limit);
            state.asleep -= 1;
        }
        self.place.token.swap(false, Ordering::Relaxed)
    }

    /// Sleeps as [`park`](Self::park), until `deadline` at the latest.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// pysched::Parker::new().park_deadline(Instant::now() + Duration::from_millis(1));
    /// ```
    pub fn park_deadline(&self, deadline: Instant) {
        self.park_timeout(deadline.saturating_duration_since(Instant::now()));
    }

    /// Leaves a token, and so ends the sleep of whoever parks here now or next.
    ///
    /// ```
    /// let parker = pysched::Parker::new();
    /// parker.unpark();
    /// parker.unpark(); // two tokens are one
    /// assert!(parker.take_token());
    /// assert!(!parker.take_token());
    /// ```
    pub fn unpark(&self) {
        if self.leave_token() {
            self.wake();
        }
    }

    /// The first half of [`unpark`](Self::unpark), which wakes nobody yet; says whether the second
    /// half is needed, [`wake`](Self::wake). For a caller that holds a lock which the sleeper takes
    /// as soon as it is awake.
    #[must_use = "the sleeper may have to be woken"]
    pub(crate) fn leave_token(&self) -> bool {
        let mut state = self.place.state.lock();
        state.unparks += 1;
        self.place.token.store(true, Ordering::Relaxed);
        #[cfg(any(feature = "tokio", all(test, loom)))]
        if let Some(stand_in) = &state.stand_in {
            stand_in.called();
        }
        state.asleep > 0
    }

    pub(crate) fn wake(&self) {
        self.place.unparked.notify_one();
    }

    /// Takes the token without sleeping; says whether there was one.
    ///
    /// ```
    /// let parker = pysched::Parker::new();
    /// assert!(!parker.take_token());
    /// parker.unpark();
    /// assert!(parker.take_token());
    /// ```
    #[must_use = "the token is gone"]
    pub fn take_token(&self) -> bool {
        let _changing = self.place.state.lock();
        self.place.token.swap(false, Ordering::Relaxed)
    }

    /// Whether there is a token, which is left there. Much cheaper than to take it.
    pub(crate) fn has_token(&self) -> bool {
        self.place.token.load(Ordering::Relaxed)
    }

    /// Whether both are the same place.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.place, &other.place)
    }

    pub(crate) fn unparks(&self) -> u64 {
        self.place.state.lock().unparks
    }

    /// Says who stands in for the sleeper, and so is told of each token from now on.
    #[cfg(any(feature = "tokio", all(test, loom)))]
    pub(super) fn set_stand_in(&self, stand_in: Option<&Arc<StandIn>>) {
        self.place.state.lock().stand_in = stand_in.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_left_before_is_found() {
        let parker = Parker::new();
        parker.unpark();
        parker.unpark();
        assert!(parker.take_token());
        assert!(!parker.take_token());
        assert_eq!(parker.unparks(), 2);
    }

    #[test]
    fn an_unpark_ends_a_sleep() {
        let parker = Parker::new();
        let sleeper = std::thread::spawn({
            let parker = parker.clone();
            move || parker.park_timeout(Duration::from_mins(1))
        });
        parker.unpark();
        let begun = Instant::now();
        sleeper.join().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
