//! Shared pieces of the user-level tests.
//!
//! No test passes by sleeping: tests wait for signals, and where one might wait for ever it gives up
//! after [`PATIENCE`], which no working scheduler comes near.

pub mod faults;

use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use pysched::{
    Executor, InlineExecutor, ManualClock, Scheduler, Status, TaskError, TaskFuture,
    ThreadPoolExecutor, Trigger,
};

/// How long a test waits for what should come at once before it fails. Only a hang takes longer.
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

/// Keeps as many workers of a running scheduler busy until the gate that it returns is opened.
/// Returns when all of them are.
#[must_use]
pub fn occupy(sched: &Scheduler, workers: usize) -> Gate {
    let gate = Gate::new();
    for _ in 0..workers {
        let gate = gate.clone();
        sched.delay(Trigger::once(0), i32::MIN, move || gate.pass()).unwrap();
    }
    gate.await_arrivals(workers);
    gate
}

/// Runs `f` on a thread of its own, and fails if it does not return within `limit`.
///
/// # Panics
///
/// If `f` does, or if the time is up. The thread is then left behind.
#[track_caller]
pub fn within<R: Send + 'static>(limit: Duration, f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || sender.send(f()).ok());
    match receiver.recv_timeout(limit) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("a hang: no end within {limit:?}"),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(_) => unreachable!("it ends either by sending or by panicking"),
        },
    }
}

/// Checks that so many workers are alive: it takes all of them at once to get through.
///
/// # Panics
///
/// If one is missing.
#[track_caller]
pub fn assert_workers(sched: &Scheduler, workers: usize) {
    let meeting = Arc::new(Barrier::new(workers));
    let meet = || {
        let meeting = Arc::clone(&meeting);
        sched
            .delay(Trigger::once(0), 0, move || {
                meeting.wait();
            })
            .unwrap()
            .future()
    };
    for future in (0..workers).map(|_| meet()).collect::<Vec<_>>() {
        assert!(outcome(&future).is_ok(), "a worker is lost");
    }
}

/// The outcome of an execution that ends soon.
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

/// The resident memory of this process; nothing where the system is not asked for it.
///
/// # Panics
///
/// If the system does not tell.
#[must_use]
pub fn resident_bytes() -> usize {
    if cfg!(not(target_os = "linux")) {
        return 0;
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// A gate that is closed until somebody opens it. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    shared: Arc<(Mutex<GateState>, Condvar)>,
}

#[derive(Debug, Default)]
struct GateState {
    open: bool,

    /// How many have come to the gate.
    arrived: usize,
}

impl Gate {
    /// Makes a closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody pass, now and later.
    pub fn open(&self) {
        self.shared.0.lock().unwrap().open = true;
        self.shared.1.notify_all();
    }

    /// Waits until it is open, and passes.
    ///
    /// # Panics
    ///
    /// If that takes longer than [`PATIENCE`].
    pub fn pass(&self) {
        self.shared.0.lock().unwrap().arrived += 1;
        self.shared.1.notify_all();
        self.wait_for(|state| state.open);
    }

    /// Waits until so many have come to the gate.
    ///
    /// # Panics
    ///
    /// If that takes longer than [`PATIENCE`].
    #[track_caller]
    pub fn await_arrivals(&self, count: usize) {
        self.wait_for(|state| state.arrived >= count);
    }

    #[track_caller]
    fn wait_for(&self, condition: impl Fn(&GateState) -> bool) {
        let (state, changed) = &*self.shared;
        let state = state.lock().unwrap();
        let (_state, timed_out) =
            changed.wait_timeout_while(state, PATIENCE, |state| !condition(state)).unwrap();
        assert!(!timed_out.timed_out(), "a hang: nobody came to the gate, or nobody opened it");
    }
}

/// Opens a gate when dropped, so that a test that fails does not leave its tasks waiting.
#[derive(Debug)]
pub struct OpenOnDrop(pub Gate);

impl Drop for OpenOnDrop {
    fn drop(&mut self) {
        self.0.open();
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
    pub fn push(&self, entry: T) {
        self.entries.lock().unwrap().push(entry);
    }

    /// Takes all entries out.
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
