//! [`SimulatedClock`]: the time of a simulation, and how much of it running code takes.
//!
//! Whoever drives a simulation moves the time and calls what runs in it, all on one thread. A call takes no
//! time by itself; it may say that it does. The driver sets what has been said to zero before each call,
//! and the code that was called, or what wraps it, holds its outcome back until the driver calls again,
//! when that much time has passed.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use fastrand::Rng;

use super::{Clock, Moment, Parker, Timeline};
use crate::sync::Mutex;

/// Clones are the same clock. It starts at moment zero.
#[derive(Debug, Clone)]
pub(crate) struct SimulatedClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The present moment, in nanoseconds. Written by the driver alone.
    now: AtomicU64,
    timeline: Mutex<Timeline>,

    /// Whether code is being called that may take time.
    calls: AtomicBool,

    /// How long the present call works, in nanoseconds, as far as it has said.
    taken: AtomicU64,

    /// How many times as long work takes that the present call says, as the bits of a float.
    factor: AtomicU64,

    /// At which desk the code is that is being called, from 1; 0 if none is.
    caller: AtomicU32,

    /// When the execution that is being called is beyond its limit, in nanoseconds.
    limit: AtomicU64,

    /// With what message the next function that is called is to panic.
    fault: Mutex<Option<String>>,

    /// Where what tasks ask for comes from.
    random: Mutex<Rng>,

    /// Where what the scheduler takes comes from: two streams, so that it makes no difference how often
    /// somebody looks.
    lent: Mutex<Rng>,

    /// Whether that is lent.
    is_lent: AtomicBool,
}

impl SimulatedClock {
    pub(crate) fn starting_at(wall: SystemTime) -> Self {
        let shared = Shared {
            now: AtomicU64::new(0),
            timeline: Mutex::new(Timeline::through(Moment::default(), wall)),
            calls: AtomicBool::new(false),
            taken: AtomicU64::new(0),
            factor: AtomicU64::new(1.0_f64.to_bits()),
            caller: AtomicU32::new(0),
            limit: AtomicU64::new(Moment::NEVER.nanos()),
            fault: Mutex::new(None),
            random: Mutex::new(Rng::with_seed(0)),
            lent: Mutex::new(Rng::with_seed(0)),
            is_lent: AtomicBool::new(false),
        };
        let clock = Self { shared: Arc::new(shared) };
        clock.set_seed(0);
        clock
    }

    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        Moment::from_nanos(self.shared.now.load(Ordering::Relaxed))
    }

    /// The present moment, and what the wall clock shows.
    pub(crate) fn read(&self) -> (Moment, SystemTime) {
        let moment = self.moment();
        (moment, self.timeline().wall_at(moment))
    }

    pub(crate) fn timeline(&self) -> Timeline {
        *self.shared.timeline.lock()
    }

    /// Moves the time on to `moment`, or not at all if that is behind it.
    pub(crate) fn move_to(&self, moment: Moment) {
        self.shared.now.fetch_max(moment.min(Moment::LAST).nanos(), Ordering::Relaxed);
    }

    /// Has the wall clock show `wall` now.
    pub(crate) fn set_wall(&self, wall: SystemTime) {
        *self.shared.timeline.lock() = Timeline::through(self.moment(), wall);
    }

    /// Begins a call, which has not taken any time yet, and whose work takes `factor` times as long as it says.
    pub(crate) fn begin_call(&self, factor: f64) {
        self.shared.factor.store(factor.to_bits(), Ordering::Relaxed);
        self.shared.calls.store(true, Ordering::Relaxed);
        self.shared.limit.store(Moment::NEVER.nanos(), Ordering::Relaxed);
    }

    /// Ends a call; gives how much time it has taken.
    pub(crate) fn end_call(&self) -> Duration {
        self.shared.calls.store(false, Ordering::Relaxed);
        Duration::from_nanos(self.shared.taken.swap(0, Ordering::Relaxed))
    }

    /// Says at which desk the code is that is being called, or 0.
    pub(crate) fn set_caller(&self, desk: u32) {
        self.shared.caller.store(desk, Ordering::Relaxed);
    }

    /// At which desk the code is that is being called, or 0.
    pub(crate) fn caller(&self) -> u32 {
        self.shared.caller.load(Ordering::Relaxed)
    }

    /// Whether code is being called that may take time.
    pub(crate) fn calls(&self) -> bool {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// Says when the execution that is being called is beyond its limit.
    pub(crate) fn set_limit(&self, limit: Moment) {
        self.shared.limit.store(limit.nanos(), Ordering::Relaxed);
    }

    /// Says that the present call takes so much more time; gives whether its execution is beyond its limit
    /// then.
    pub(crate) fn take(&self, duration: Duration) -> bool {
        let factor = f64::from_bits(self.shared.factor.load(Ordering::Relaxed));
        let more = Moment::from_origin(times(duration, factor)).nanos();
        let taken = self.shared.taken.load(Ordering::Relaxed).saturating_add(more);
        self.shared.taken.store(taken, Ordering::Relaxed);
        let now = self.shared.now.load(Ordering::Relaxed);
        now.saturating_add(taken) >= self.shared.limit.load(Ordering::Relaxed)
    }

    /// How much time the present call takes, as far as it has said.
    pub(crate) fn taken(&self) -> Duration {
        Duration::from_nanos(self.shared.taken.load(Ordering::Relaxed))
    }

    /// Whether the present call takes any time, as far as it has said.
    pub(crate) fn has_taken(&self) -> bool {
        self.shared.taken.load(Ordering::Relaxed) > 0
    }

    /// Has all that is random be what follows from `seed`.
    pub(crate) fn set_seed(&self, seed: u64) {
        let mut random = Rng::with_seed(seed);
        *self.shared.lent.lock() = random.fork();
        *self.shared.random.lock() = random;
    }

    /// A random number.
    pub(crate) fn random(&self) -> u64 {
        self.shared.random.lock().u64(..)
    }

    /// Has what this thread takes for random follow from the seed, until what it gives is dropped. Not anew, if it
    /// does already, as in a task that adds another one.
    pub(crate) fn lend_randomness(&self) -> Lent {
        let lends = !self.shared.is_lent.swap(true, Ordering::Acquire);
        Lent(lends.then(|| {
            let before = fastrand::get_seed();
            fastrand::seed(self.shared.lent.lock().get_seed());
            (self.clone(), before)
        }))
    }

    /// Has the next function that is called panic.
    pub(crate) fn arm_fault(&self, message: String) {
        *self.shared.fault.lock() = Some(message);
    }

    /// Takes back a fault that nothing has come upon.
    pub(crate) fn disarm_fault(&self) {
        *self.shared.fault.lock() = None;
    }

    /// Called by each function before it does anything.
    ///
    /// # Panics
    ///
    /// If a fault was armed.
    pub(crate) fn meet_fault(&self) {
        let fault = self.shared.fault.lock().take();
        if let Some(message) = fault {
            // Not by the panic hook: nobody is to look for what was asked for.
            resume_unwind(Box::new(message));
        }
    }
}

/// While it lives, what its thread takes for random follows from the seed of a simulation.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub(crate) struct Lent(Option<(SimulatedClock, u64)>);

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some((clock, before)) = self.0.take() {
            // The next one goes on where this one ends.
            clock.shared.lent.lock().seed(fastrand::get_seed());
            fastrand::seed(before);
            clock.shared.is_lent.store(false, Ordering::Release);
        }
    }
}

/// A factor times a duration, exactly where that is one.
#[expect(clippy::float_cmp, reason = "one is what it is unless somebody has set it")]
fn times(duration: Duration, factor: f64) -> Duration {
    if factor == 1.0 {
        return duration;
    }
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

impl Clock for SimulatedClock {
    fn now(&self) -> Duration {
        self.moment().since_origin()
    }

    fn wall(&self) -> SystemTime {
        self.timeline().wall_at(self.moment())
    }

    fn wait(&self, _parker: &Parker, _until: Option<Duration>) {
        debug_assert!(false, "no thread sleeps in a simulation");
    }

    fn watch_wall(&self, _parker: &Parker) -> bool {
        // Whoever sets it has the scheduler look.
        true
    }
}
