//! [`GuardedClock`]: any clock, made safe against panics.

use std::any::Any;
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

#[cfg(feature = "tokio")]
use super::TokioClock;
use super::{Clock, Moment, Parker, SimulatedClock, SystemClock};
use crate::sync::Mutex;
use crate::unwind::catch;

/// How long a wait that panicked is made up for before the clock is asked again.
const PAUSE_AFTER_PANIC: Duration = Duration::from_millis(10);

/// How much time may pass while both times of a clock are read, and how often they are if it is more: one that
/// takes longer each time cannot be read as of one time.
const APART: Duration = Duration::from_millis(1);
const READINGS: usize = 4;

/// A clock as it was given.
pub(crate) enum AnyClock {
    /// Ours, which does not panic: it is read at each addition, and twice for each run.
    System(SystemClock),

    /// Ours, which is asked for more than a clock has to offer.
    #[cfg(feature = "tokio")]
    Tokio(TokioClock),

    /// Ours, which nobody waits on.
    Simulated(SimulatedClock),

    Other(Box<dyn Clock>),
}

impl AnyClock {
    pub(crate) fn new(clock: impl Clock) -> Self {
        let any = &clock as &dyn Any;
        if let Some(clock) = any.downcast_ref::<SystemClock>() {
            return Self::System(clock.clone());
        }
        #[cfg(feature = "tokio")]
        if let Some(clock) = any.downcast_ref::<TokioClock>() {
            return Self::Tokio(clock.clone());
        }
        Self::Other(Box::new(clock))
    }

    fn get(&self) -> &dyn Clock {
        match self {
            Self::System(clock) => clock,
            #[cfg(feature = "tokio")]
            Self::Tokio(clock) => clock,
            Self::Simulated(clock) => clock,
            Self::Other(clock) => &**clock,
        }
    }
}

/// The clock of a scheduler. Where the user's clock panics, real time goes on from its last good
/// reading, so that no task waits for a clock that is broken.
pub(crate) struct GuardedClock {
    clock: AnyClock,

    /// The latest reading that was kept.
    kept: Mutex<Reading>,
}

/// What the clock showed at one time.
#[derive(Debug, Clone, Copy)]
struct Reading {
    moment: Moment,
    wall: SystemTime,

    /// When that was, in real time.
    at: Instant,
}

impl GuardedClock {
    pub(crate) fn new(clock: AnyClock) -> Self {
        let origin =
            Reading { moment: Moment::default(), wall: SystemTime::now(), at: Instant::now() };
        let guarded = Self { clock, kept: Mutex::new(origin) };
        guarded.read_and_keep();
        guarded
    }

    #[inline]
    pub(crate) fn now(&self) -> Moment {
        match &self.clock {
            AnyClock::System(clock) => clock.moment(),
            #[cfg(feature = "tokio")]
            AnyClock::Tokio(clock) => self.guarded_now(clock),
            AnyClock::Simulated(clock) => clock.moment(),
            AnyClock::Other(clock) => self.guarded_now(&**clock),
        }
    }

    /// The clock of a simulation, if it is one.
    #[inline]
    pub(crate) fn simulated(&self) -> Option<&SimulatedClock> {
        match &self.clock {
            AnyClock::Simulated(clock) => Some(clock),
            _ => None,
        }
    }

    fn guarded_now(&self, clock: &dyn Clock) -> Moment {
        let moment = catch(|| clock.now()).map_or_else(
            |_| {
                let kept = *self.kept.lock();
                kept.moment.saturating_add(kept.at.elapsed())
            },
            Moment::from_origin,
        );
        // A clock that is beyond the last moment stands still there: what never comes stays so.
        moment.min(Moment::LAST)
    }

    pub(crate) fn wall(&self) -> SystemTime {
        // Where it panics, it has gone on from its last good reading as fast as `now` did.
        catch(|| self.clock.get().wall()).unwrap_or_else(|_| {
            let now = self.now();
            let kept = *self.kept.lock();
            kept.wall.checked_add(now.since(kept.moment)).unwrap_or(kept.wall)
        })
    }

    /// Reads both [`now`](Self::now) and [`wall`](Self::wall), as they are at one time.
    ///
    /// Between two readings this thread may be held up, and a clock moved by hand: that would look as a wall
    /// clock that was set, and would be believed until both are read again. So both are, if more than a
    /// millisecond has passed.
    pub(crate) fn read(&self) -> (Moment, SystemTime) {
        if let AnyClock::Simulated(clock) = &self.clock {
            return clock.read();
        }
        let mut moment = self.now();
        #[cfg(feature = "tokio")]
        if let AnyClock::Tokio(clock) = &self.clock {
            return (moment, clock.wall_at(moment.since_origin()));
        }
        for _ in 1..READINGS {
            let wall = self.wall();
            let after = self.now();
            if after.since(moment) <= APART {
                return (moment, wall);
            }
            moment = after;
        }
        (moment, self.wall())
    }

    /// Reads both, and remembers them for the time of a panic.
    pub(crate) fn read_and_keep(&self) -> (Moment, SystemTime) {
        if let AnyClock::Simulated(clock) = &self.clock {
            // It does not panic.
            return clock.read();
        }
        let (moment, wall) = self.read();
        *self.kept.lock() = Reading { moment, wall, at: Instant::now() };
        (moment, wall)
    }

    pub(crate) fn wait(&self, parker: &Parker, until: Moment) {
        let limit = (until != Moment::NEVER).then(|| until.since_origin());
        if catch(|| self.clock.get().wait(parker, limit)).is_err() {
            parker.park_timeout(until.since(self.now()).min(PAUSE_AFTER_PANIC));
        }
    }

    /// Waits as [`wait`](Self::wait) does, but for at most `limit` of real time: for something that
    /// comes whatever the clock shows.
    ///
    /// Most clocks need not know. But on one whose time stands still until the heart waits, what the
    /// heart waits for may take such time.
    pub(crate) fn wait_at_most(&self, parker: &Parker, until: Moment, limit: Duration) {
        #[cfg(feature = "tokio")]
        if let AnyClock::Tokio(clock) = &self.clock {
            let until = (until != Moment::NEVER).then(|| until.since_origin());
            if catch(|| clock.wait_at_most(parker, until, limit)).is_ok() {
                return;
            }
        }
        parker.park_timeout(until.since(self.now()).min(limit));
    }

    pub(crate) fn attach(&self, parker: &Parker) {
        // A clock that panics here knows nothing of this scheduler; it is asked for the time as
        // before, and the panic has been printed by the panic hook.
        let _ = catch(|| self.clock.get().attach(parker));
    }

    /// Asks for being told of a wall clock that was set; says whether that is so.
    pub(crate) fn watch_wall(&self, parker: &Parker) -> bool {
        // One that panics tells of nothing, as far as is known.
        catch(|| self.clock.get().watch_wall(parker)).unwrap_or(false)
    }

    pub(crate) fn unwatch_wall(&self, parker: &Parker) {
        // As above.
        let _ = catch(|| self.clock.get().unwatch_wall(parker));
    }

    pub(crate) fn detach(&self, parker: &Parker) {
        // As above.
        let _ = catch(|| self.clock.get().detach(parker));
    }
}

impl fmt::Debug for GuardedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedClock").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// A clock that is moved on, by nine seconds, before each of so many readings of its wall time.
    #[derive(Debug, Clone, Default)]
    struct Moving {
        now: Arc<AtomicU64>,
        moves: Arc<AtomicU64>,
    }

    impl Clock for Moving {
        fn now(&self) -> Duration {
            Duration::from_secs(self.now.load(Ordering::Relaxed))
        }

        fn wall(&self) -> SystemTime {
            let moves = self.moves.load(Ordering::Relaxed);
            if moves > 0 {
                self.moves.store(moves - 1, Ordering::Relaxed);
                self.now.fetch_add(9, Ordering::Relaxed);
            }
            SystemTime::UNIX_EPOCH + self.now()
        }

        fn wait(&self, parker: &Parker, _until: Option<Duration>) {
            parker.park();
        }
    }

    #[test]
    fn a_clock_that_is_moved_between_two_readings_is_read_again() {
        let clock = Moving::default();
        let guarded = GuardedClock::new(AnyClock::new(clock.clone()));
        for moves in 0..3 {
            clock.moves.store(moves, Ordering::Relaxed);
            let (moment, wall) = guarded.read();
            assert_eq!(wall, SystemTime::UNIX_EPOCH + moment.since_origin(), "moved {moves} times");
        }
    }

    #[test]
    fn a_clock_that_never_stands_still_is_not_read_for_ever() {
        let clock = Moving::default();
        let guarded = GuardedClock::new(AnyClock::new(clock.clone()));
        clock.moves.store(u64::MAX, Ordering::Relaxed);
        let _ = guarded.read();
        let readings = u64::MAX - clock.moves.load(Ordering::Relaxed);
        assert_eq!(readings, READINGS as u64);
    }
}
