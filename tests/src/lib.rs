//! Shared pieces of the user-level tests.
//!
//! No test passes by sleeping: tests wait for signals, and where one might wait for ever it gives up
//! after [`PATIENCE`], which no working scheduler comes near.

pub mod faults;
pub mod futures;
pub mod process;
pub mod traces;

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use pysched::{
    Error, Executor, InlineExecutor, ManualClock, Scheduler, Status, Task, TaskError, TaskFuture,
    ThreadPoolExecutor, Trigger,
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

/// A scheduler, started, with this executor.
///
/// # Panics
///
/// If it cannot be started.
#[must_use]
pub fn started_on(executor: impl Executor) -> Scheduler {
    let sched = Scheduler::builder().executor(executor).build();
    sched.start().unwrap();
    sched
}

/// Makes sure that a scheduler has been shut down, and takes nothing more.
///
/// # Panics
///
/// If it does.
#[track_caller]
pub fn assert_closed(sched: &Scheduler) {
    assert!(sched.stopped());
    assert!(matches!(sched.delay(Trigger::once(0), 0, || ()), Err(Error::Shutdown)));
    assert!(matches!(sched.start(), Err(Error::Shutdown)));
}

/// A scheduler, started, whose time moves by hand, with this executor.
///
/// # Panics
///
/// If it cannot be started.
#[must_use]
pub fn by_hand_on(executor: impl Executor) -> (Scheduler, ManualClock) {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(executor).build();
    sched.start().unwrap();
    (sched, clock)
}

/// As [`by_hand_on`], with tasks that run on the scheduler's own thread: when `advance` returns,
/// everything that was due has run.
#[must_use]
pub fn by_hand() -> (Scheduler, ManualClock) {
    by_hand_on(InlineExecutor)
}

/// As [`by_hand_on`], with a pool of `workers` threads: when `advance` returns, everything that was
/// due has been queued.
#[must_use]
pub fn pool_by_hand(workers: usize) -> (Scheduler, ManualClock) {
    by_hand_on(ThreadPoolExecutor::new(workers))
}

/// A scheduler, started, with this executor, of which [`await_offers`] tells what it was offered.
///
/// # Panics
///
/// If it cannot be started.
#[must_use]
pub fn offering(executor: impl Executor) -> Scheduler {
    let sched =
        Scheduler::builder().executor(executor).named_executor("last", InlineExecutor).build();
    sched.start().unwrap();
    sched
}

/// Waits until the executor of an [`offering`] scheduler has been offered all that is due by now.
///
/// The jobs of one beat are offered in the order of the executors, so a job of the last one runs
/// when the others have been asked.
///
/// # Panics
///
/// If that takes too long.
pub fn await_offers(sched: &Scheduler) {
    let offered = sched.add(Task::new(|| ()).executor("last")).unwrap().future();
    outcome(&offered).unwrap();
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
    for _ in 0..workers {
        let gate = gate.clone();
        sched.delay(Trigger::once(0), i32::MIN, move || gate.wait()).unwrap();
    }
    gate.await_arrivals(workers);
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

/// Whether an execution that ends soon was cancelled: its outcome, its status and its future agree.
///
/// # Panics
///
/// If they do not, or if it does not end.
#[track_caller]
pub fn is_cancelled<T>(future: &TaskFuture<T>) -> bool {
    let cancelled = matches!(outcome(future), Err(TaskError::Cancelled));
    assert_eq!(future.cancelled(), cancelled);
    assert_eq!(future.execution().status == Status::Cancelled, cancelled);
    cancelled
}

/// How much of the resident memory may come and go by chance with a listener that every scheduler has
/// with the feature `metrics`: while it cannot keep up, it keeps waiting 65,536 events in its mailbox and
/// as many that its thread has taken out, of at most 160 bytes each.
pub const MAILBOX: usize = if cfg!(feature = "metrics") { 2 * 65_536 * 160 } else { 0 };

/// The resident memory of this process; 0 where it is not known how to ask for it, and under a sanitizer,
/// which keeps what is freed: `ci/sanitizers` says so by the environment variable `PYSCHED_SANITIZED`.
///
/// # Panics
///
/// If the operating system does not answer.
#[must_use]
pub fn resident_bytes() -> usize {
    if cfg!(not(target_os = "linux")) || std::env::var_os("PYSCHED_SANITIZED").is_some() {
        return 0;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
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
