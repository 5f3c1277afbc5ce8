//! Shared pieces of the user-level tests.
//!
//! No test passes by sleeping: tests wait for signals, and where one might wait for ever it gives up
//! after [`PATIENCE`], which no working scheduler comes near.

pub mod faults;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pysched::{
    InlineExecutor, ManualClock, Scheduler, TaskError, TaskFuture, ThreadPoolExecutor, Trigger,
};

/// How long a test waits for what should come at once before it fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// So many milliseconds.
#[must_use]
pub fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// So many seconds.
#[must_use]
pub fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A scheduler, started, whose time moves by hand, and whose tasks run on its own thread: when
/// `advance` returns, everything that was due has run.
///
/// # Panics
///
/// If it cannot be started.
#[must_use]
pub fn by_hand() -> (Scheduler, ManualClock) {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    sched.start().unwrap();
    (sched, clock)
}

/// A scheduler, started, whose time moves by hand, with a pool of `workers` threads: when `advance`
/// returns, everything that was due has been queued.
///
/// # Panics
///
/// If it cannot be started.
#[must_use]
pub fn pool_by_hand(workers: usize) -> (Scheduler, ManualClock) {
    let clock = ManualClock::new();
    let pool = ThreadPoolExecutor::new(workers);
    let sched = Scheduler::builder().clock(clock.clone()).executor(pool).build();
    sched.start().unwrap();
    (sched, clock)
}

/// Keeps as many workers of a running scheduler busy until the gate that it returns is opened.
/// Returns when all of them are.
///
/// # Panics
///
/// If fewer workers are free.
#[must_use]
pub fn occupy(sched: &Scheduler, workers: usize) -> Gate {
    let gate = Gate::new();
    let (sender, receiver) = crossbeam::channel::unbounded();
    for _ in 0..workers {
        let (gate, sender) = (gate.clone(), sender.clone());
        let busy = move || {
            sender.send(()).unwrap();
            gate.wait();
        };
        sched.delay(Trigger::once(0), i32::MIN, busy).unwrap();
    }
    for _ in 0..workers {
        receiver.recv_timeout(PATIENCE).expect("a worker should be free");
    }
    gate
}

/// The outcome of an execution that ends soon.
///
/// # Errors
///
/// As `TaskFuture::wait`.
///
/// # Panics
///
/// If it does not.
#[track_caller]
pub fn outcome<T>(future: &TaskFuture<T>) -> Result<&T, &TaskError> {
    future.wait_timeout(PATIENCE).expect("the execution should have ended")
}

/// A gate that is closed until somebody opens it. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    shared: Arc<(Mutex<Passage>, Condvar)>,
}

#[derive(Debug, Default)]
struct Passage {
    open: bool,

    /// How many have come to the gate, open or not.
    arrived: usize,
}

impl Gate {
    /// Makes a closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody pass, now and later.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while it is locked.
    pub fn open(&self) {
        self.shared.0.lock().unwrap().open = true;
        self.shared.1.notify_all();
    }

    /// Waits until the gate is open.
    ///
    /// # Panics
    ///
    /// If nobody opens it.
    pub fn wait(&self) {
        self.shared.0.lock().unwrap().arrived += 1;
        self.shared.1.notify_all();
        self.wait_until(|passage| passage.open, "the gate should have been opened");
    }

    /// Waits until so many have come to the gate.
    ///
    /// # Panics
    ///
    /// If they do not.
    #[track_caller]
    pub fn await_arrivals(&self, count: usize) {
        self.wait_until(|passage| passage.arrived >= count, "more should have come to the gate");
    }

    #[track_caller]
    fn wait_until(&self, condition: impl Fn(&Passage) -> bool, otherwise: &str) {
        let (passage, changed) = &*self.shared;
        let guard = passage.lock().unwrap();
        let (_guard, result) =
            changed.wait_timeout_while(guard, PATIENCE, |passage| !condition(passage)).unwrap();
        assert!(!result.timed_out(), "{otherwise}");
    }
}

/// A list that tasks write to. Clones are the same list.
#[derive(Debug)]
pub struct Log<T> {
    entries: Arc<Mutex<Vec<T>>>,
}

impl<T> Log<T> {
    /// Makes an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Arc::default() }
    }

    /// Adds an entry at the end.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while it is locked.
    pub fn push(&self, entry: T) {
        self.entries.lock().unwrap().push(entry);
    }

    /// Takes all entries out.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while it is locked.
    #[must_use]
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.entries.lock().unwrap())
    }
}

impl<T> Clone for Log<T> {
    fn clone(&self) -> Self {
        Self { entries: Arc::clone(&self.entries) }
    }
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A source of numbers that look random and are the same in every run.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Makes a source; another seed gives other numbers.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 up to `bound`, exclusive.
    pub fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % bound
    }
}
